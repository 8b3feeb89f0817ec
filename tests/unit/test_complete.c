/* test_complete.c - candidates of the house and what they have in common. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "ui/complete.h"

struct house {
    const char *const *words;
    size_t n_words;
};

static size_t on_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out)
{
    const struct house *h = ctx;
    const char *space = memchr(line, ' ', cursor);
    *start = space != NULL ? (size_t)(space - line) + 1 : 0;
    *out = x_calloc(h->n_words + 1, sizeof **out);
    for (size_t i = 0; i < h->n_words; i++)
        (*out)[i].text = x_strdup(h->words[i]);
    return h->n_words;
}

static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *words[3];
        size_t n_words;
        const char *common;
        size_t begin;
    } cases[] = {
        {"/s", {"/set", "/save-as"}, 2, "/s", 0},
        {"/se", {"/set"}, 1, "/set", 0},
        {"/m 雪", {"雪夜", "雪花"}, 2, "雪", 3},
        {"/m ",
         {"雪夜", "雨夜"},
         2,
         "",
         3}, /* both begin with the same bytes, not the same character */
        {"/M", {"/model"}, 1, "/model", 0},
        {"/abc", {"/a", "/ab"}, 2, "/abc", 0}, /* never takes away what was typed */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct house h = {cases[i].words, cases[i].n_words};
        struct ui_host host = {.ctx = &h, .on_complete = on_complete};
        struct completion c;
        size_t n = strlen(cases[i].line);
        assert_true(complete_ask(&host, cases[i].line, n, n, &c));
        assert_string_equal(c.common, cases[i].common);
        assert_int_equal(c.begin, cases[i].begin);
        assert_int_equal(c.end, n);
        assert_int_equal(c.n_items, cases[i].n_words);
        complete_free(&c);
    }
}

static void test_nothing(void **state)
{
    (void)state;
    struct house h = {NULL, 0};
    struct ui_host host = {.ctx = &h, .on_complete = on_complete}, none = {0};
    struct completion c;
    assert_false(complete_ask(&host, "x", 1, 1, &c));
    assert_false(complete_ask(&none, "x", 1, 1, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
