/* test_line_views.c - views as lists with numbers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/str.h"
#include "src/line_views.h"

static struct {
    size_t n;
    struct str printed, sent, line;
    char *page;
    int n_closed;
} w;

static void on_print(void *ctx, const char *text, size_t n)
{
    (void)ctx;
    str_append(&w.printed, text, n);
}

static size_t on_count(void *ctx)
{
    (void)ctx;
    return w.n;
}

static void on_row(void *ctx, size_t i, struct ui_row *out)
{
    (void)ctx;
    ui_printf(out->text, UI_PLAIN, "row\n%zu", i + 1);
    ui_printf(out->side, UI_DIM, "side");
}

static void on_page(void *ctx, size_t i, struct ui_page *out)
{
    (void)ctx;
    assert_true(out->plain);
    out->title = "title";
    out->key = i;
    ui_printf(out->text, UI_STRONG, "page %zu %s", i + 1, w.page);
}

static void on_line(void *ctx, const char *text, size_t n)
{
    (void)ctx;
    str_clear(&w.line);
    str_append(&w.line, text, n);
}

static bool on_submit(void *ctx, const char *text, size_t n, size_t selected)
{
    (void)ctx;
    str_clear(&w.sent);
    str_append(&w.sent, text, n);
    str_printf(&w.sent, "@%zu", selected);
    return true;
}

static void on_close(void *ctx)
{
    (void)ctx;
    w.n_closed++;
}

static struct line_views *open_list(size_t n, bool finds)
{
    const struct ui_browser door = {.ctx = &w,
                                    .title = "List",
                                    .count = on_count,
                                    .row = on_row,
                                    .page = on_page,
                                    .on_line = on_line,
                                    .finds = finds,
                                    .on_submit = on_submit,
                                    .on_close = on_close};
    memset(&w, 0, sizeof w);
    w.n = n;
    w.page = "a";
    struct line_views *v = line_views_new(on_print, NULL);
    assert_false(line_views_open(v));
    assert_null(line_views_prompt(v));
    line_views_browse(v, &door);
    assert_true(line_views_open(v));
    assert_string_equal(line_views_prompt(v), "List> ");
    line_views_show(v);
    return v;
}

static void close_list(struct line_views *v)
{
    line_views_free(v);
    str_free(&w.printed);
    str_free(&w.sent);
    str_free(&w.line);
}

static bool printed(const char *text)
{
    return strstr(str_cstr(&w.printed), text) != NULL;
}

static void type(struct line_views *v, const char *text)
{
    str_clear(&w.printed);
    line_views_submit(v, text);
    line_views_show(v);
}

static void test_rows_and_pages(void **state)
{
    (void)state;
    struct line_views *v = open_list(25, true);
    assert_true(printed(">   1  row 1  (side)\n"));
    assert_true(printed("   10  row 10"));
    assert_false(printed("row 11"));
    type(v, "");
    assert_true(printed("row 11") && printed("row 20") && !printed("row 21"));
    type(v, "");
    assert_true(printed("row 25"));
    type(v, "");
    assert_true(printed("row 1 "));
    type(v, "12");
    assert_true(printed("--- title\npage 12 a"));
    assert_int_equal(line_views_selected(v), 11);
    assert_int_equal(line_views_pane(v), UI_PANE_PAGE);
    type(v, ""); /* back to the list */
    assert_true(printed("row 1"));
    type(v, "26");
    assert_true(printed("no such number"));
    close_list(v);
}

/* A page that grows at its end goes on where it ended; any other change prints it anew. */
static void test_streaming(void **state)
{
    (void)state;
    struct line_views *v = open_list(3, true);
    type(v, "2");
    str_clear(&w.printed);
    w.page = "abc";
    line_views_changed(v);
    line_views_show(v);
    assert_string_equal(str_cstr(&w.printed), "bc");
    line_views_show(v); /* nothing is new */
    assert_string_equal(str_cstr(&w.printed), "bc");
    str_clear(&w.printed);
    w.page = "x";
    line_views_changed(v);
    line_views_show(v);
    assert_true(printed("--- title\npage 2 x"));
    close_list(v);
}

static void test_lines(void **state)
{
    (void)state;
    struct line_views *v = open_list(3, true);
    type(v, "雪夜");
    assert_string_equal(str_cstr(&w.line), "雪夜");
    assert_int_equal(w.sent.len, 0);
    assert_true(printed("* List"));
    close_list(v);
    v = open_list(3, false); /* its line is sent */
    line_views_select(v, 1);
    type(v, "雪夜");
    assert_string_equal(str_cstr(&w.sent), "雪夜@1");
    close_list(v);
}

static void test_levels(void **state)
{
    (void)state;
    struct line_views *v = open_list(3, true);
    const struct ui_browser above = {
        .ctx = &v, .title = "Above", .count = on_count, .row = on_row, .page = on_page};
    line_views_browse(v, &above);
    assert_ptr_equal(line_views_ctx(v), &v);
    assert_string_equal(line_views_prompt(v), "Above> ");
    line_views_close(v);
    assert_ptr_equal(line_views_ctx(v), &w);
    assert_int_equal(w.n_closed, 0);
    str_clear(&w.printed);
    line_views_show(v);
    assert_true(printed("* List"));
    line_views_close(v);
    assert_int_equal(w.n_closed, 1);
    assert_false(line_views_open(v));
    line_views_close(v);
    close_list(v);
}

static void test_empty(void **state)
{
    (void)state;
    struct line_views *v = open_list(0, true);
    assert_true(line_views_selected(v) == SIZE_MAX);
    type(v, "1");
    assert_true(printed("no such number"));
    type(v, "");
    close_list(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_pages), cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_lines),          cmocka_unit_test(test_levels),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
