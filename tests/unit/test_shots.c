/* test_shots.c - how many examples and which. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/shots.h"

/* n examples, the last one off; tags given to the first two. */
static struct template *make(size_t n, const char *tag_a, const char *tag_b)
{
    struct template *t = template_new("t");
    const char *tags[] = {tag_a, tag_b};
    for (size_t i = 0; i < n; i++) {
        struct template_example e = {.output = x_strdup("x"),
                                     .note = x_strdup(""),
                                     .source = x_strdup(""),
                                     .off = i + 1 == n};
        if (i < 2 && tags[i]) {
            e.tags = x_calloc(1, sizeof e.tags[0]);
            e.tags[0] = x_strdup(tags[i]);
            e.n_tags = 1;
        }
        template_add_example(t, &e);
    }
    return t;
}

static void assert_at(const struct template *t, enum template_mode mode, int k)
{
    assert_int_equal(t->mode, mode);
    if (mode == TEMPLATE_FEW)
        assert_int_equal(t->k, k);
}

static void test_slider(void **state)
{
    (void)state;
    struct template *t = make(4, NULL, NULL); /* three are on */
    assert_int_equal(shots_available(t), 3);
    shots_set(t, 0);
    assert_at(t, TEMPLATE_ZERO, 0);
    shots_fewer(t);
    assert_at(t, TEMPLATE_ZERO, 0);
    shots_more(t);
    assert_at(t, TEMPLATE_ONE, 1);
    shots_more(t);
    assert_at(t, TEMPLATE_FEW, 2);
    shots_more(t);
    assert_at(t, TEMPLATE_FEW, 3);
    shots_more(t); /* there are no more: as many as fit */
    assert_at(t, TEMPLATE_FEW, SHOTS_FIT);
    shots_more(t);
    assert_at(t, TEMPLATE_FEW, SHOTS_FIT);
    shots_fewer(t);
    assert_at(t, TEMPLATE_FEW, 3);
    shots_fewer(t);
    shots_fewer(t);
    assert_at(t, TEMPLATE_ONE, 1);
    shots_set(t, 9); /* more than there are */
    shots_fewer(t);
    assert_at(t, TEMPLATE_FEW, 3);
    shots_toggle_fit(t);
    assert_at(t, TEMPLATE_FEW, SHOTS_FIT);
    shots_toggle_fit(t);
    assert_at(t, TEMPLATE_FEW, 3);
    template_free(t);
}

static void test_no_examples(void **state)
{
    (void)state;
    struct template *t = make(1, NULL, NULL); /* the only one is off */
    shots_set(t, 0);
    shots_more(t);
    assert_at(t, TEMPLATE_FEW, SHOTS_FIT);
    shots_fewer(t);
    assert_at(t, TEMPLATE_ZERO, 0);
    template_free(t);
}

static void test_modes(void **state)
{
    (void)state;
    struct template *t = make(6, NULL, NULL);
    shots_set(t, 4);
    shots_next_mode(t);
    assert_at(t, TEMPLATE_ZERO, 0);
    shots_next_mode(t);
    assert_at(t, TEMPLATE_ONE, 1);
    shots_next_mode(t);
    assert_at(t, TEMPLATE_FEW, 4); /* as it was */
    assert_true(shots_mode_name(t)[0] != '\0');
    template_free(t);
}

static void test_selection(void **state)
{
    (void)state;
    struct template *t = make(4, "乙", "甲");
    enum template_select order[] = {SELECT_RANDOM,  SELECT_TAG,   SELECT_TAG,
                                    SELECT_SIMILAR, SELECT_FIRST, SELECT_RANDOM};
    char seen[2][16];
    size_t n_seen = 0;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        shots_next_selection(t);
        assert_int_equal(t->select, order[i]);
        assert_int_equal(t->select_tag != NULL, t->select == SELECT_TAG);
        assert_true(shots_selection_name(t)[0] != '\0');
        if (t->select == SELECT_TAG)
            snprintf(seen[n_seen++], sizeof seen[0], "%s", t->select_tag);
    }
    assert_int_equal(n_seen, 2);
    assert_string_not_equal(seen[0], seen[1]);
    template_free(t);
    t = make(3, NULL, NULL); /* without tags that step is left out */
    shots_next_selection(t);
    shots_next_selection(t);
    assert_int_equal(t->select, SELECT_SIMILAR);
    template_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slider),
        cmocka_unit_test(test_no_examples),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
