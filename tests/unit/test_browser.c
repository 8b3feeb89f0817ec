/* test_browser.c - the model of a view: how it is laid out, how its list and page move. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/browser.h"

static struct {
    size_t n;
    int n_pages;
    uint64_t key;
    size_t lines, reveal;
} w;

static size_t on_count(void *ctx)
{
    (void)ctx;
    return w.n;
}

static void on_row(void *ctx, size_t i, struct ui_row *out)
{
    (void)ctx, (void)i, (void)out;
}

static void on_page(void *ctx, size_t i, struct ui_page *out)
{
    (void)ctx;
    w.n_pages++;
    out->key = w.key ? w.key : i;
    out->reveal = w.reveal;
    for (size_t k = 1; k <= w.lines; k++)
        ui_printf(out->text, UI_PLAIN, "line %zu\n", k);
}

static struct browser *make(size_t n, int rows, int columns)
{
    const struct ui_browser door = {.count = on_count, .row = on_row, .page = on_page};
    const struct rect r = {1, 0, rows, columns};
    memset(&w, 0, sizeof w);
    w.n = n;
    w.lines = 100;
    w.reveal = SIZE_MAX;
    struct browser *b = browser_new(&door);
    browser_resize(b, &r, true);
    browser_refresh_page(b);
    return b;
}

static bool contains(const struct rect *out, const struct rect *in)
{
    return in->rows == 0 ||
           (in->y >= out->y && in->x >= out->x && in->rows > 0 && in->columns > 0 &&
            in->y + in->rows <= out->y + out->rows && in->x + in->columns <= out->x + out->columns);
}

static bool overlap(const struct rect *a, const struct rect *b)
{
    return a->rows > 0 && b->rows > 0 && a->y < b->y + b->rows && b->y < a->y + a->rows &&
           a->x < b->x + b->columns && b->x < a->x + a->columns;
}

static void test_layout(void **state)
{
    (void)state;
    for (int framed = 0; framed < 2; framed++) {
        for (int rows = framed ? 3 : 1; rows < 70; rows++) {
            for (int columns = framed ? 40 : 20; columns < 240; columns++) {
                for (int pane = 0; pane < 2; pane++) {
                    const struct rect r = {1, 0, rows, columns};
                    struct browser_layout l;
                    browser_lay_out(&l, &r, framed != 0, (enum ui_pane)pane);
                    assert_true(contains(&r, &l.list) && contains(&r, &l.page));
                    assert_false(overlap(&l.list, &l.page));
                    const struct rect *at = pane == UI_PANE_LIST ? &l.list : &l.page;
                    assert_true(at->rows > 0 && at->columns > 0);
                    assert_int_equal(l.shape == BROWSER_SINGLE,
                                     l.list.rows == 0 || l.page.rows == 0);
                }
            }
        }
    }
}

static void test_moving(void **state)
{
    (void)state;
    struct browser *b = make(1000000, 19, 80);
    size_t rows = (size_t)b->layout.list.rows;
    assert_int_equal(b->layout.shape, BROWSER_STACKED);
    assert_int_equal(browser_selected(b), 0);
    assert_true(browser_move(b, UI_ROW_UP));
    assert_int_equal(browser_selected(b), 0);
    browser_move(b, UI_ROW_DOWN);
    assert_int_equal(browser_selected(b), 1);
    assert_int_equal(b->top, 0);
    browser_move(b, UI_PAGE_DOWN);
    assert_int_equal(browser_selected(b), rows);
    assert_int_equal(b->top, 1);
    browser_move(b, UI_BOTTOM);
    assert_int_equal(browser_selected(b), 999999);
    assert_int_equal(b->top, 1000000 - rows);
    browser_move(b, UI_ROW_DOWN);
    assert_int_equal(browser_selected(b), 999999);
    browser_move(b, UI_TOP);
    assert_int_equal(b->top, 0);
    browser_scroll(b, UI_PANE_LIST, 10); /* the selection stays where it is */
    assert_int_equal(b->top, 10);
    assert_int_equal(browser_selected(b), 0);
    browser_scroll(b, UI_PANE_LIST, -100);
    assert_int_equal(b->top, 0);
    assert_false(browser_move(b, UI_STAR));
    browser_free(b);
}

static void test_shrinking_list(void **state)
{
    (void)state;
    struct browser *b = make(100, 19, 80);
    browser_select(b, 99);
    w.n = 3;
    assert_int_equal(browser_selected(b), 2);
    browser_resize(b, &(struct rect){1, 0, 19, 80}, true);
    assert_int_equal(b->top, 0);
    w.n = 0;
    assert_true(browser_selected(b) == SIZE_MAX);
    browser_move(b, UI_ROW_DOWN);
    browser_move(b, UI_BOTTOM);
    assert_true(browser_selected(b) == SIZE_MAX);
    browser_free(b);
}

static void test_click(void **state)
{
    (void)state;
    struct browser *b = make(100, 30, 120);
    enum ui_pane pane;
    assert_int_equal(b->layout.shape, BROWSER_BESIDE);
    browser_click(b, b->layout.list.y + 4, b->layout.list.x + 3);
    assert_int_equal(browser_selected(b), 4);
    assert_true(browser_pane_at(b, b->layout.page.y, b->layout.page.x, &pane));
    assert_int_equal(pane, UI_PANE_PAGE);
    assert_false(browser_pane_at(b, b->layout.frame.y, 0, &pane)); /* a border */
    browser_click(b, b->layout.page.y + 2, b->layout.page.x + 2);
    assert_int_equal(b->pane, UI_PANE_PAGE);
    assert_int_equal(browser_selected(b), 4);
    browser_free(b);
}

static size_t first_line(struct browser *b)
{
    size_t n;
    return view_rows(b->page, &n)[0].paragraph;
}

/* The page is asked for once for a row, stays scrolled while its key is the same, and begins at its
 * top with another. */
static void test_page(void **state)
{
    (void)state;
    struct browser *b = make(10, 19, 80);
    assert_int_equal(w.n_pages, 1);
    browser_refresh_page(b);
    assert_int_equal(w.n_pages, 1);
    browser_scroll(b, UI_PANE_PAGE, 20);
    assert_int_equal(first_line(b), 20);
    browser_changed(b); /* the same page, longer */
    w.lines = 200;
    browser_refresh_page(b);
    assert_int_equal(w.n_pages, 2);
    assert_int_equal(first_line(b), 20);
    browser_select(b, 1);
    browser_refresh_page(b);
    assert_int_equal(first_line(b), 0);
    w.key = 99;
    w.reveal = strlen("line 1\n") * 9 + strlen("line 10\n") * 41; /* line 51 */
    browser_changed(b);
    browser_refresh_page(b);
    assert_true(first_line(b) > 30 && first_line(b) <= 50);
    browser_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),         cmocka_unit_test(test_moving),
        cmocka_unit_test(test_shrinking_list), cmocka_unit_test(test_click),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
