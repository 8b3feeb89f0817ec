/* Tests of ui/layout.c: every size there can be gives rectangles inside the screen that do not
 * overlap, and the rooms have the sizes that were promised. */
#include "config.h"

#include "ui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "src/base/limits.h"
#include "src/base/mem.h"

static bool is_there(const struct rect *r)
{
    return r->rows > 0 && r->columns > 0;
}

static void assert_within(const struct rect *r, const struct rect *outer)
{
    assert_true(r->rows >= 0 && r->columns >= 0);
    if (!is_there(r))
        return;
    assert_true(r->y >= outer->y && r->y + r->rows <= outer->y + outer->rows);
    assert_true(r->x >= outer->x && r->x + r->columns <= outer->x + outer->columns);
}

static bool overlap(const struct rect *a, const struct rect *b)
{
    return is_there(a) && is_there(b) && a->y < b->y + b->rows && b->y < a->y + a->rows &&
           a->x < b->x + b->columns && b->x < a->x + a->columns;
}

static void check(int rows, int columns, int prompt_rows, bool message)
{
    struct layout l;
    layout_make(&l, rows, columns, prompt_rows, message);
    bool full = rows >= 10 && columns >= 40, small = rows >= 5 && columns >= 20;
    assert_int_equal(l.size, full ? LAYOUT_FULL : small ? LAYOUT_SMALL : LAYOUT_TINY);
    struct rect screen = {0, 0, rows, columns};
    const struct rect *outer_text = full ? &l.frame_text : &l.text;
    const struct rect *outer_prompt = full ? &l.frame_prompt : &l.prompt;
    const struct rect *const bands[] = {&l.status, outer_text, &l.message, outer_prompt, &l.hints};
    int total = 0;
    for (size_t i = 0; i < ARRAY_LEN(bands); i++) {
        assert_within(bands[i], &screen);
        total += bands[i]->rows;
        for (size_t j = 0; j < i; j++)
            assert_false(overlap(bands[i], bands[j]));
    }
    assert_int_equal(total, rows); /* nothing is wasted */
    assert_within(&l.text, outer_text);
    assert_within(&l.prompt, outer_prompt);
    assert_true(l.prompt.rows >= 1 && l.prompt.columns >= 1);
    if (l.size == LAYOUT_TINY)
        return;
    assert_true(l.text.rows >= 1 && l.text.columns >= 1);
    assert_true(l.prompt.rows <= rows / 3);
    assert_true(l.prompt.rows <= (prompt_rows > 1 ? prompt_rows : 1));
    assert_int_equal(l.message.rows, message ? 1 : 0);
    assert_int_equal(l.status.rows, 1);
}

static void test_every_size(void **state)
{
    (void)state;
    static const int prompts[] = {-1, 0, 1, 2, 3, 7, 1000};
    for (int rows = 1; rows <= 200; rows++)
        for (int columns = 1; columns <= 200; columns++)
            for (size_t i = 0; i < ARRAY_LEN(prompts); i++) {
                check(rows, columns, prompts[i], false);
                check(rows, columns, prompts[i], true);
            }
    check(1, 1000, 5, true);
    check(1000, 1, 5, true);
    check(1000, 1000, 2000, true);
}

static void test_impossible_sizes(void **state)
{
    (void)state;
    struct layout l;
    layout_make(&l, 0, 0, 1, false);
    assert_int_equal(l.size, LAYOUT_TINY);
    assert_int_equal(l.prompt.rows, 1);
    assert_int_equal(l.prompt.columns, 1);
    layout_make(&l, 24, 10000, 1, false);
    assert_int_equal(l.columns, LIMIT_SCREEN_COLUMNS);
    assert_int_equal(l.frame_text.columns, LIMIT_SCREEN_COLUMNS);
}

static void test_usual_screen(void **state)
{
    (void)state;
    struct layout l;
    layout_make(&l, 24, 80, 1, false);
    const struct rect text = {2, 1, 17, 78}, prompt = {21, 1, 1, 78};
    assert_memory_equal(&l.text, &text, sizeof text);
    assert_memory_equal(&l.prompt, &prompt, sizeof prompt);
    assert_int_equal(l.status.y, 0);
    assert_int_equal(l.hints.y, 23);
    layout_make(&l, 24, 80, 100, true);
    assert_int_equal(l.prompt.rows, 8);
    assert_int_equal(l.message.y, 12);
    assert_int_equal(l.text.rows, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_impossible_sizes),
        cmocka_unit_test(test_usual_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
