/* Tests of ui/edit_view.c. A picture shows the rows joined by '|' with the cursor as '^' before the
 * cell it stands on. */
#include "config.h"

#include "ui/edit_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/uwidth.h"
#include "tests/unit/random_text.h"

static const char *picture(const struct edit_view *v, struct str *out)
{
    str_clear(out);
    for (size_t i = 0; i < v->n_rows; i++) {
        int column = 0;
        bool drawn = i != v->cursor_row;
        if (i > 0)
            str_putc(out, '|');
        for (size_t at = v->rows[i].begin; at < v->rows[i].end;) {
            int w;
            size_t n = uwidth_cluster(v->text + at, v->rows[i].end - at, &w);
            if (!drawn && column >= v->cursor_column) {
                assert_int_equal(column, v->cursor_column);
                str_putc(out, '^');
                drawn = true;
            }
            str_append(out, v->text + at, n);
            at += n;
            column += w;
        }
        if (!drawn) {
            assert_int_equal(column, v->cursor_column);
            str_putc(out, '^');
        }
    }
    return str_cstr(out);
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        int width;
        const char *prompt, *line;
        size_t point;
        const char *picture;
    } cases[] = {
        {10, "", "", 0, "^"},
        {10, "> ", "", 0, "> ^"},
        {10, "> ", "hello", 0, "> ^hello"},
        {10, "> ", "hello", 2, "> he^llo"},
        {10, "> ", "hello", 5, "> hello^"},
        {7, "> ", "hello", 5, "> hello|^"}, /* a full row: the cursor begins the next */
        {7, "> ", "hello", 4, "> hell^o"},
        {6, "> ", "hello", 5, "> hell|o^"},
        {6, "", "雪夜来客", 6, "雪夜^来|客"},
        {5, "", "雪夜来客", 6, "雪夜|^来客"}, /* a wide one that does not fit */
        {1, "", "雪夜", 3, "雪|^夜"},
        {1, "", "ab", 1, "a|^b"},
        {10, "", "a\nb", 1, "a^|b"},
        {10, "", "a\nb", 2, "a|^b"},
        {10, "", "a\n", 2, "a|^"},
        {10, "", "\n\n", 1, "|^|"},
        {3, "", "abc\nd", 3, "abc|^|d"}, /* a full row, then the newline under the cursor */
        {3, "", "abc\nd", 4, "abc|^d"},
        {20, "", "a\tb\x01\x1B\x7F", 2, "a    ^b^A^[^?"},
        {10, "",
         "\x01"
         "b",
         0, "^^Ab"},
        {3, "", "ab\x01", 2, "ab^^|A"},
        {20, "", "a\u202E\x9B", 1, "a^<U+202E>\uFFFD"},
        {10, "", "e\xCC\x81x", 1, "^e\xCC\x81x"}, /* inside a cluster: its beginning */
        {10, "", "e\xCC\x81x", 3, "e\xCC\x81^x"},
        {6, "", "ab👨\u200D👩\u200D👧c", 2, "ab|^👨\u200D👩\u200D👧|c"},
        {10, "(reverse-i-search)`雪': ", "雪夜", 3, "(reverse-i|-search)`|雪': 雪^夜"},
        {10, "", "雪", 2, "^雪"}, /* in the middle of a character */
        {10, "", "雪", 99, "雪^"},
        {10, "a\nb", "c", 0, "a|b^c"},
    };
    struct edit_view v;
    struct str out = STR_INIT;
    edit_view_init(&v);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        edit_view_layout(&v, cases[i].prompt, cases[i].line, strlen(cases[i].line), cases[i].point,
                         cases[i].width);
        assert_string_equal(picture(&v, &out), cases[i].picture);
        assert_int_equal(v.n_prompt, strlen(cases[i].prompt));
    }
    str_free(&out);
    edit_view_free(&v);
}

static void test_locate(void **state)
{
    (void)state;
    /* rows:  "> 雪a", "b^A夜", "", "end" */
    const char *prompt = "> ", *line = "雪ab\x01夜\n\nend";
    size_t n = strlen(line);
    static const struct {
        size_t row;
        int column;
        size_t byte;
    } cases[] = {
        {0, 0, 0},  {0, 1, 0},  {0, 2, 0},  {0, 3, 0},  {0, 4, 3},   {0, 9, 3},  {1, 0, 4},
        {1, 1, 5},  {1, 2, 5},  {1, 3, 6},  {1, 4, 6},  {1, 5, 9},   {1, 50, 9}, {2, 0, 10},
        {2, 7, 10}, {3, 0, 11}, {3, 2, 13}, {3, 3, 14}, {3, 80, 14}, {4, 0, 14},
    };
    struct edit_view v;
    struct str out = STR_INIT;
    edit_view_init(&v);
    edit_view_layout(&v, prompt, line, n, 3, 5);
    assert_string_equal(picture(&v, &out), "> 雪^a|b^A夜||end");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(edit_view_locate(&v, prompt, line, n, 5, cases[i].row, cases[i].column),
                         cases[i].byte);
    str_free(&out);
    edit_view_free(&v);
}

static void test_laws(void **state)
{
    (void)state;
    struct random r = {12};
    struct edit_view v;
    edit_view_init(&v);
    for (int round = 0; round < 20000; round++) {
        struct str line = STR_INIT;
        random_anything(&r, &line, random_below(&r, 30));
        const char *prompt = random_below(&r, 2) ? "续写> " : "";
        size_t point = random_below(&r, line.len + 1);
        int width = 1 + (int)random_below(&r, 30);
        edit_view_layout(&v, prompt, str_cstr(&line), line.len, point, width);
        assert_true(v.n_rows >= 1);
        assert_int_equal(utf8_valid_prefix(v.text, v.n_text), v.n_text);
        size_t at = 0;
        for (size_t i = 0; i < v.n_rows; i++) {
            const struct edit_row *row = &v.rows[i];
            assert_true(row->begin == at || (row->begin == at + 1 && v.text[at] == '\n'));
            assert_true(row->end >= row->begin && row->end <= v.n_text);
            assert_null(memchr(v.text + row->begin, '\n', row->end - row->begin));
            int first;
            size_t n_first = uwidth_cluster(v.text + row->begin, row->end - row->begin, &first);
            size_t columns = uwidth_str(v.text + row->begin, row->end - row->begin);
            assert_true(columns <= (size_t)width || row->begin + n_first == row->end);
            at = row->end;
        }
        assert_int_equal(at, v.n_text);
        assert_true(v.cursor_row < v.n_rows);
        assert_in_range(v.cursor_column, 0, width - 1);
        /* a click on the cursor finds the cluster it stands on */
        size_t found = edit_view_locate(&v, prompt, str_cstr(&line), line.len, width, v.cursor_row,
                                        v.cursor_column);
        assert_true(found <= line.len);
        edit_view_layout(&v, prompt, str_cstr(&line), line.len, found, width);
        str_free(&line);
    }
    edit_view_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_locate),
        cmocka_unit_test(test_laws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
