/* Tests of ui/wrap.c: what a reader sees, by table; the laws, on random text; and an independent
 * wrapping made from libunistring's analysis of the whole paragraph at once. */
#include "config.h"

#include "ui/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <unilbrk.h>

#include "src/base/uwidth.h"
#include "tests/unit/random_text.h"

/* The rows of a paragraph joined by '|'. */
static const char *wrapped(const char *text, int width, struct str *out)
{
    struct wrap w;
    wrap_init(&w);
    wrap_paragraph(&w, text, strlen(text), width);
    str_clear(out);
    for (size_t i = 0; i < w.n_rows; i++) {
        if (i > 0)
            str_putc(out, '|');
        str_append(out, text + w.rows[i].begin, w.rows[i].end - w.rows[i].begin);
    }
    wrap_free(&w);
    return str_cstr(out);
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        int width;
        const char *text, *rows;
    } cases[] = {
        {10, "", ""},
        {10, "雪", "雪"},
        {10, "那一夜雪下得很大", "那一夜雪下|得很大"},
        {10, "那一夜雪下，得很大", "那一夜雪|下，得很大"}, /* no row begins with ， */
        {10, "那一夜雪（下得很大", "那一夜雪|（下得很大"}, /* no row ends with （ */
        {9, "那一夜雪下", "那一夜雪|下"},
        {10, "hello world again", "hello |world |again"},
        {5, "hello world", "hello |world"}, /* the space hangs over the border */
        {5, "hello     world", "hello     |world"},
        {4, "unbreakable", "unbr|eaka|ble"},
        {6, "ab unbreakable", "ab |unbrea|kable"},
        {10, "他说：“你好，世界！”", "他说：“你|好，世|界！”"},
        {8, "他说：“你好，世界！”", "他说：|“你好，|世界！”"},
        {7, "好。”“——走吧", "好。”|“——走吧"},
        {8, "他说：「你好」。", "他说：|「你|好」。"},
        {12, "don’t “know” that", "don’t “know” |that"}, /* quotes of Latin text are left alone */
        {5, "真的……是吗", "真|的……|是吗"},
        {5, "第一——二三", "第一|——二|三"},
        {6, "e\xCC\x81tude", "e\xCC\x81tude"},
        {3, "👨\u200D👩\u200D👧雪", "👨\u200D👩\u200D👧|雪"}, /* wider than the pane */
        {1, "雪夜", "雪|夜"},
        {1, "abc", "a|b|c"},
        {4, "𱍐𱍐𱍐", "𱍐𱍐|𱍐"}, /* Ext H: Unicode 15 */
        {4, "　　那一夜", "　　|那一|夜"},
    };
    struct str out = STR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(wrapped(cases[i].text, cases[i].width, &out), cases[i].rows);
    str_free(&out);
}

/* Columns of a row without the spaces that may hang. */
static size_t columns_of(const char *s, size_t n)
{
    while (n > 0 && s[n - 1] == ' ')
        n--;
    return uwidth_str(s, n);
}

static size_t n_clusters(const char *s, size_t n)
{
    size_t count = 0;
    int columns;
    for (size_t i = 0; i < n; count++)
        i += uwidth_cluster(s + i, n - i, &columns);
    return count;
}

static void test_laws(void **state)
{
    (void)state;
    struct random r = {5};
    struct wrap w;
    wrap_init(&w);
    for (int round = 0; round < 20000; round++) {
        struct str s = STR_INIT;
        int width = 1 + (int)random_below(&r, random_below(&r, 4) ? 20 : 120);
        random_plain(&r, &s, random_below(&r, 60));
        wrap_paragraph(&w, str_cstr(&s), s.len, width);
        assert_true(w.n_rows >= 1);
        size_t at = 0;
        for (size_t i = 0; i < w.n_rows; i++) {
            const char *row = str_cstr(&s) + at;
            size_t n = w.rows[i].end - w.rows[i].begin;
            assert_int_equal(w.rows[i].begin, at);
            assert_true(n > 0 || s.len == 0);
            at += n;
            if (columns_of(row, n) > (size_t)width)
                assert_int_equal(n_clusters(row, n), 1);
        }
        assert_int_equal(at, s.len);
        str_free(&s);
    }
    wrap_free(&w);
}

/* Punctuation that begins no row unless the pane leaves no choice. */
static bool is_closing(const char *s, size_t n)
{
    static const char *const closing[] = {",",  "。", "！", "？", "；", "：", "、",
                                          "」", "》", "）", "……", "，", "』", ")"};
    for (size_t i = 0; i < ARRAY_LEN(closing); i++)
        if (n >= strlen(closing[i]) && memcmp(s, closing[i], strlen(closing[i])) == 0)
            return true;
    return false;
}

static bool is_opening(const char *s, size_t n)
{
    static const char *const opening[] = {"「", "《", "（", "『"};
    for (size_t i = 0; i < ARRAY_LEN(opening); i++) {
        size_t len = strlen(opening[i]);
        if (n >= len && memcmp(s + n - len, opening[i], len) == 0)
            return true;
    }
    return false;
}

/* Chinese prose as it is written: never two stops in a row, brackets around words. */
static void random_prose(struct random *r, struct str *out)
{
    static const char *const words[] = {"雪", "夜里", "老人说", "门", "孩子", "灯", "不答", "的"};
    static const char *const stops[] = {",", "。", "！", "？", "；", "、", "……"};
    static const char *const quotes[][2] = {
        {"“", "”"}, {"‘", "’"}, {"「", "」"}, {"《", "》"}, {"（", "）"}};
    for (size_t n = 1 + random_below(r, 30); n > 0; n--) {
        const char *const *q = quotes[random_below(r, ARRAY_LEN(quotes))];
        bool quoted = random_below(r, 4) == 0;
        str_puts(out, quoted ? q[0] : "");
        str_puts(out, words[random_below(r, ARRAY_LEN(words))]);
        str_puts(out, quoted ? q[1] : "");
        if (random_below(r, 2) == 0)
            str_puts(out, stops[random_below(r, ARRAY_LEN(stops))]);
    }
}

static void test_kinsoku(void **state)
{
    (void)state;
    struct random r = {6};
    struct wrap w;
    wrap_init(&w);
    for (int round = 0; round < 10000; round++) {
        struct str s = STR_INIT;
        random_prose(&r, &s);
        int width = 12 + (int)random_below(&r, 60);
        wrap_paragraph(&w, s.data, s.len, width);
        for (size_t i = 1; i < w.n_rows; i++) {
            size_t at = w.rows[i].begin;
            bool closing = is_closing(s.data + at, s.len - at) ||
                           strncmp(s.data + at, "”", 3) == 0 || strncmp(s.data + at, "’", 3) == 0;
            bool opening = is_opening(s.data, at) || strncmp(s.data + at - 3, "“", 3) == 0 ||
                           strncmp(s.data + at - 3, "‘", 3) == 0;
            if (closing || opening)
                fail_msg("width %d: a row breaks badly before \"%s\"", width, s.data + at);
        }
        str_free(&s);
    }
    wrap_free(&w);
}

/* Greedy wrapping by the break opportunities of the whole paragraph. */
static size_t next_row(const struct str *s, const char *breaks, size_t begin, int width)
{
    size_t opportunity = 0, columns = 0;
    for (size_t i = begin; i < s->len;) {
        int w;
        size_t len = uwidth_cluster(s->data + i, s->len - i, &w);
        if (i > begin && breaks[i] == UC_BREAK_POSSIBLE)
            opportunity = i;
        bool space = len == 1 && s->data[i] == ' ';
        if (!space && columns + (size_t)w > (size_t)width)
            return opportunity ? opportunity : i > begin ? i : i + len;
        columns += (size_t)w;
        i += len;
    }
    return s->len;
}

static void test_against_whole_analysis(void **state)
{
    (void)state;
    struct random r = {7};
    struct wrap w;
    wrap_init(&w);
    for (int round = 0; round < 5000; round++) {
        struct str s = STR_INIT;
        for (size_t n = 1 + random_below(&r, 60); n > 0; n--) {
            const char *piece = random_plain_piece(&r);
            if (!strstr("“”‘’", piece)) /* they are ours: test_table and test_kinsoku */
                str_puts(&s, piece);
        }
        str_puts(&s, "。");
        char breaks[4096];
        assert_true(s.len <= sizeof breaks);
        u8_possible_linebreaks((const uint8_t *)s.data, s.len, "UTF-8", breaks);
        int width = 24 + (int)random_below(&r, 60);
        wrap_paragraph(&w, s.data, s.len, width);
        size_t begin = 0;
        for (size_t i = 0; i < w.n_rows; i++) {
            size_t end = next_row(&s, breaks, begin, width);
            if (w.rows[i].end != end)
                fail_msg("width %d, row %zu ends at %u, not %zu: %s", width, i, w.rows[i].end, end,
                         s.data);
            begin = end;
        }
        assert_int_equal(begin, s.len);
        str_free(&s);
    }
    wrap_free(&w);
}

/* Growing piece by piece gives the rows of the whole, at every step. */
static void test_extend(void **state)
{
    (void)state;
    struct random r = {8};
    for (int round = 0; round < 500; round++) {
        struct wrap grown, whole;
        struct str s = STR_INIT;
        int width = 1 + (int)random_below(&r, 40);
        wrap_init(&grown);
        wrap_init(&whole);
        wrap_paragraph(&grown, "", 0, width);
        for (int step = 0; step < 60; step++) {
            random_plain(&r, &s, random_below(&r, 4));
            wrap_extend(&grown, str_cstr(&s), s.len, width);
            wrap_paragraph(&whole, str_cstr(&s), s.len, width);
            assert_int_equal(grown.n_rows, whole.n_rows);
            assert_int_equal(grown.n_settled, whole.n_settled);
            assert_memory_equal(grown.rows, whole.rows, whole.n_rows * sizeof *whole.rows);
        }
        wrap_free(&grown);
        wrap_free(&whole);
        str_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),   cmocka_unit_test(test_laws),
        cmocka_unit_test(test_kinsoku), cmocka_unit_test(test_against_whole_analysis),
        cmocka_unit_test(test_extend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
