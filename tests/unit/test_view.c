/* Tests of ui/view.c: against a naive view that wraps the whole text each time; the eye's place
 * under growth, resizing and truncation. */
#include "config.h"

#include "ui/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/uwidth.h"
#include "tests/unit/random_text.h"
#include "ui/wrap.h"

/* All rows of a text. */
struct rows {
    struct view_row *rows;
    size_t n;
};

static struct rows all_rows(const struct textlog *t, int columns)
{
    struct rows all = {NULL, 0};
    struct wrap w;
    wrap_init(&w);
    for (size_t p = 0; p < textlog_paragraphs(t); p++) {
        size_t n;
        const char *text = textlog_paragraph(t, p, &n);
        wrap_paragraph(&w, text, n, columns);
        all.rows = x_realloc(all.rows, (all.n + w.n_rows) * sizeof *all.rows);
        for (size_t i = 0; i < w.n_rows; i++)
            all.rows[all.n++] =
                (struct view_row){p, w.rows[i].begin, w.rows[i].end, i + 1 == w.n_rows, false};
    }
    wrap_free(&w);
    return all;
}

static void append(struct textlog *t, const char *text)
{
    textlog_append(t, 0, text, strlen(text));
}

static struct textlog *numbered_lines(int n)
{
    struct textlog *t = textlog_new();
    struct str s = STR_INIT;
    for (int i = 0; i < n; i++)
        str_printf(&s, "%sline %d", i ? "\n" : "", i);
    append(t, str_cstr(&s));
    str_free(&s);
    return t;
}

/* The first row shown, as text. */
static const char *first_row(struct view *v, const struct textlog *t, struct str *out)
{
    size_t n;
    const struct view_row *rows = view_rows(v, &n);
    str_clear(out);
    str_append(out, textlog_paragraph(t, rows[0].paragraph, &n) + rows[0].begin,
               rows[0].end - rows[0].begin);
    return str_cstr(out);
}

static void test_short_text(void **state)
{
    (void)state;
    struct textlog *t = numbered_lines(2);
    struct view *v = view_new(t);
    size_t n;
    int begin, end;
    view_resize(v, 4, 20);
    const struct view_row *rows = view_rows(v, &n);
    assert_int_equal(n, 4);
    assert_false(rows[1].filler);
    assert_true(rows[2].filler);
    view_thumb(v, &begin, &end);
    assert_int_equal(begin, 0);
    assert_int_equal(end, 4);
    view_scroll(v, -5);
    assert_true(view_following(v)); /* nothing is hidden */
    view_to_top(v);
    assert_true(view_following(v));
    assert_int_equal(view_below(v), 0);
    view_free(v);
    view_free(NULL);
    textlog_free(t);
}

static void test_scrolling(void **state)
{
    (void)state;
    struct textlog *t = numbered_lines(100);
    struct view *v = view_new(t);
    struct str s = STR_INIT;
    int begin, end;
    view_resize(v, 10, 20);
    assert_string_equal(first_row(v, t, &s), "line 90");
    view_thumb(v, &begin, &end);
    assert_true(begin > 0 && end == 10);
    view_scroll(v, -1);
    assert_string_equal(first_row(v, t, &s), "line 89");
    assert_false(view_following(v));
    assert_int_equal(view_below(v), 1);
    append(t, "\nline 100\nline 101"); /* the eye stays where it is */
    view_changed(v);
    assert_string_equal(first_row(v, t, &s), "line 89");
    assert_int_equal(view_below(v), 3);
    view_scroll(v, -1000);
    assert_string_equal(first_row(v, t, &s), "line 0");
    assert_int_equal(view_below(v), 92);
    view_thumb(v, &begin, &end);
    assert_true(begin == 0 && end < 10);
    view_scroll(v, 1000);
    assert_string_equal(first_row(v, t, &s), "line 92");
    assert_true(view_following(v));
    append(t, "\nline 102");
    view_changed(v);
    assert_string_equal(first_row(v, t, &s), "line 93");
    view_to_top(v);
    view_reveal(v, 50, 0);
    assert_string_equal(first_row(v, t, &s), "line 47");
    view_reveal(v, 55, 3); /* it is visible already */
    assert_string_equal(first_row(v, t, &s), "line 47");
    view_reveal(v, 5000, 0);
    assert_true(view_following(v));
    view_scroll(v, -20);
    textlog_truncate(t, 500);
    view_changed(v);
    view_rows(v, &(size_t){0});
    assert_true(view_following(v)); /* what was looked at is gone */
    str_free(&s);
    view_free(v);
    textlog_free(t);
}

/* Away and back: a narrower and a wider window show the same text at the top. */
static void test_resize_keeps_the_place(void **state)
{
    (void)state;
    struct random r = {13};
    struct textlog *t = textlog_new();
    struct str s = STR_INIT, text = STR_INIT;
    for (int i = 0; i < 200; i++) {
        random_plain(&r, &text, random_below(&r, 40));
        str_putc(&text, '\n');
    }
    append(t, text.data);
    struct view *v = view_new(t);
    view_resize(v, 20, 60);
    view_scroll(v, -150);
    size_t n;
    struct view_row top = view_rows(v, &n)[0];
    for (int i = 0; i < 200; i++) {
        view_resize(v, 1 + (int)random_below(&r, 40), 1 + (int)random_below(&r, 200));
        const struct view_row *rows = view_rows(v, &n);
        assert_false(view_following(v));
        assert_int_equal(rows[0].paragraph, top.paragraph);
        assert_true(rows[0].begin <= top.begin);
        assert_true(top.begin < rows[0].end || top.begin == top.end);
    }
    view_resize(v, 20, 60);
    const struct view_row *rows = view_rows(v, &n);
    assert_int_equal(rows[0].paragraph, top.paragraph);
    assert_int_equal(rows[0].begin, top.begin);
    str_free(&s);
    str_free(&text);
    view_free(v);
    textlog_free(t);
}

/* ---- random operations ---- */

static size_t index_of(const struct rows *all, struct view_row row)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->rows[i].paragraph == row.paragraph && all->rows[i].begin == row.begin &&
            all->rows[i].end == row.end && all->rows[i].last == row.last)
            return i;
    fail_msg("the view shows a row that does not exist");
    return 0;
}

static void check(struct view *v, const struct textlog *t, int rows, int columns)
{
    struct rows all = all_rows(t, columns);
    size_t n;
    int begin, end;
    const struct view_row *shown = view_rows(v, &n);
    assert_int_equal(n, rows);
    size_t first = index_of(&all, shown[0]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(shown[i].filler, first + i >= all.n);
        if (!shown[i].filler)
            assert_int_equal(index_of(&all, shown[i]), first + i);
    }
    size_t hidden = all.n > first + n ? all.n - first - n : 0;
    assert_int_equal(view_following(v), hidden == 0);
    if (first + n > all.n) /* no room is wasted while text is hidden above */
        assert_int_equal(first, 0);
    assert_int_equal(view_below(v), hidden < 9999 ? hidden : 9999);
    view_thumb(v, &begin, &end);
    assert_true(begin >= 0 && begin < end && end <= rows);
    if (rows > 2) {
        assert_int_equal(begin == 0, first == 0);
        assert_int_equal(end == rows, hidden == 0);
    }
    free(all.rows);
}

static void test_against_naive_view(void **state)
{
    (void)state;
    struct random r = {14};
    for (int round = 0; round < 200; round++) {
        struct textlog *t = textlog_new();
        struct view *v = view_new(t);
        int rows = 1, columns = 1;
        for (int step = 0; step < 60; step++) {
            struct str piece = STR_INIT;
            long by = (long)random_below(&r, 30) - 15;
            size_t n;
            bool held = !view_following(v);
            struct view_row top = view_rows(v, &n)[0];
            switch (random_below(&r, 8)) {
            case 0:
                rows = 1 + (int)random_below(&r, 20);
                columns = 1 + (int)random_below(&r, 40);
                view_resize(v, rows, columns);
                break;
            case 1: view_scroll(v, by); break;
            case 2:
                textlog_truncate(t, random_below(&r, textlog_length(t) + 1));
                view_changed(v);
                break;
            case 3: view_to_top(v); break;
            case 4:
                view_reveal(v, random_below(&r, textlog_paragraphs(t) + 1), random_below(&r, 100));
                break;
            default:
                random_anything(&r, &piece, random_below(&r, 30));
                append(t, str_cstr(&piece));
                view_changed(v);
                if (held) { /* growth moves nothing */
                    struct view_row now = view_rows(v, &n)[0];
                    assert_int_equal(now.paragraph, top.paragraph);
                    assert_int_equal(now.begin, top.begin);
                }
                break;
            }
            str_free(&piece);
            check(v, t, rows, columns);
        }
        view_free(v);
        textlog_free(t);
    }
}

static void test_ambiguous_width_changes(void **state)
{
    (void)state;
    struct textlog *t = textlog_new();
    struct view *v = view_new(t);
    size_t n;
    append(t, "——————————");
    view_resize(v, 5, 10);
    assert_true(view_rows(v, &n)[0].last);
    uwidth_set_ambiguous(2);
    view_changed(v);
    assert_false(view_rows(v, &n)[0].last);
    uwidth_set_ambiguous(1);
    view_free(v);
    textlog_free(t);
}

/* More paragraphs than the cache of rows has slots. */
static void test_tall_window(void **state)
{
    (void)state;
    struct textlog *t = numbered_lines(2000);
    struct view *v = view_new(t);
    size_t n;
    view_resize(v, 1000, 3);
    view_scroll(v, -500);
    check(v, t, 1000, 3);
    view_to_top(v);
    check(v, t, 1000, 3);
    view_rows(v, &n);
    view_free(v);
    textlog_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_text),
        cmocka_unit_test(test_scrolling),
        cmocka_unit_test(test_resize_keeps_the_place),
        cmocka_unit_test(test_against_naive_view),
        cmocka_unit_test(test_ambiguous_width_changes),
        cmocka_unit_test(test_tall_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
