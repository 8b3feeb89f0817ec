/* Tests of src/base/uwidth.c: tables, utf8proc and libunistring as second opinions, and the
 * interposed wcwidth (this program links uwidth_interpose.c as xuxie does). */
#include "config.h"

#include "src/base/uwidth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>
#include <unigbrk.h>
#include <utf8proc.h>

#include "tests/unit/random_text.h"

static int reset_ambiguous(void **state)
{
    (void)state;
    uwidth_set_ambiguous(1);
    return 0;
}

static void test_code_points(void **state)
{
    (void)state;
    static const struct {
        uint32_t cp;
        int narrow, wide; /* with ambiguous characters 1 and 2 columns */
    } cases[] = {
        {0x00, -1, -1},  {0x1B, -1, -1},   {0x7F, -1, -1},     {0x9B, -1, -1},
        {' ', 1, 1},     {'~', 1, 1},      {0xA0, 1, 1},       {0xAD, 0, 0},
        {0xB1, 1, 2},    {0xE9, 1, 2},     {0x301, 0, 0},      {0x1100, 2, 2},
        {0x1161, 0, 0},  {0x11A8, 0, 0},   {0x200B, 0, 0},     {0x200D, 0, 0},
        {0x2014, 1, 2},  {0x2018, 1, 2},   {0x201C, 1, 2},     {0x2026, 1, 2},
        {0x202E, 0, 0},  {0x2028, 0, 0},   {0x2460, 1, 2},     {0x2500, 1, 2},
        {0x25CC, 1, 1},  {0x3000, 2, 2},   {0x3002, 2, 2},     {0x3042, 2, 2},
        {0x3099, 0, 0},  {0x3400, 2, 2},   {0x96EA, 2, 2},     {0xAC00, 2, 2},
        {0xD7B0, 0, 0},  {0xD800, -1, -1}, {0xE000, 1, 2},     {0xFE0F, 0, 0},
        {0xFEFF, 0, 0},  {0xFF01, 2, 2},   {0xFF61, 1, 1},     {0xFFFD, 1, 2},
        {0x1F1E6, 1, 1}, {0x1F468, 2, 2},  {0x1FAE8, 2, 2},    {0x20000, 2, 2},
        {0x31350, 2, 2}, {0x323AF, 2, 2},  {0x2EBF0, 2, 2},    {0x3FFFD, 2, 2},
        {0xE0101, 0, 0}, {0x10FFFD, 1, 2}, {0x110000, -1, -1}, {0xFFFFFFFF, -1, -1},
    };
    for (int ambiguous = 1; ambiguous <= 2; ambiguous++) {
        uwidth_set_ambiguous(ambiguous);
        assert_int_equal(uwidth_ambiguous(), ambiguous);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            int expected = ambiguous == 1 ? cases[i].narrow : cases[i].wide;
            if (uwidth_cp(cases[i].cp) != expected)
                fail_msg("U+%04X: %d columns, not %d", (unsigned)cases[i].cp,
                         uwidth_cp(cases[i].cp), expected);
        }
    }
}

/* Where the two differ is listed at the top of uwidth.c. */
static void test_agrees_with_utf8proc(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        int theirs = utf8proc_charwidth((utf8proc_int32_t)cp);
        int category = utf8proc_category((utf8proc_int32_t)cp);
        bool jamo = (cp >= 0x1160 && cp <= 0x11FF) || (cp >= 0xD7B0 && cp <= 0xD7FF);
        bool hexagram = cp >= 0x4DC0 && cp <= 0x4DFF;
        if (jamo || hexagram || cp == 0xAD || category == UTF8PROC_CATEGORY_CN ||
            category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CS)
            continue;
        if (uwidth_cp(cp) != theirs)
            fail_msg("U+%04X: %d, utf8proc %d", (unsigned)cp, uwidth_cp(cp), theirs);
    }
}

/* Ambiguous = 2 widens some characters by one column and changes nothing else. */
static void test_ambiguous_only_widens(void **state)
{
    (void)state;
    size_t n_wider = 0;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        uwidth_set_ambiguous(1);
        int narrow = uwidth_cp(cp);
        uwidth_set_ambiguous(2);
        int wide = uwidth_cp(cp);
        assert_true(wide == narrow || (narrow == 1 && wide == 2));
        n_wider += wide != narrow;
    }
    /* EastAsianWidth-15.0.0.txt: 138739 code points are A; 368 are marks, U+00AD is format */
    assert_int_equal(n_wider, 138739 - 368 - 1);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},           {"abc", 3},      {"那一夜", 6}, {"e\xCC\x81", 1},
        {"雪\n\x1B夜", 4}, {"\xFF\xE9", 2}, {"“好”", 4},   {"👨\u200D👩\u200D👧", 6},
        {"🇨🇳", 2},         {"☎\uFE0F", 1},  {"한글", 4},   {"\u1112\u1161\u11AB", 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(uwidth_str(cases[i].text, strlen(cases[i].text)), cases[i].columns);
}

static void test_cluster_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
        int columns;
    } cases[] = {
        {"", 0, 0},
        {"a\xCC\x81z", 3, 1},
        {"雪夜", 3, 2},
        {"雪\xCC\x81\xCC\x82夜", 7, 2},
        {"👨\u200D👩\u200D👧雪", 18, 6},
        {"👍🏽!", 8, 4},
        {"🇨🇳🇨🇳", 8, 2},
        {"\u1112\u1161\u11AB", 9, 2},
        {"が", 3, 2},
        {"か\u3099か", 6, 2},
        {"\n\xCC\x81", 1, 0},
        {"\r\n", 2, 0},
        {"\xFF\xCC\x81", 1, 1},
        {"\xE9\x9B", 1, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int columns = -1;
        assert_int_equal(uwidth_cluster(cases[i].text, strlen(cases[i].text), &columns),
                         cases[i].bytes);
        assert_int_equal(columns, cases[i].columns);
    }
}

/* No cluster is longer than the promise, however it is written. */
static void test_cluster_bounds(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    for (int i = 0; i < 1000; i++)
        str_puts(&s, "👨\u200D");
    int columns;
    uwidth_cluster(s.data, s.len, &columns);
    assert_in_range(columns, 14, 16);
    str_clear(&s);
    str_putc(&s, 'e');
    for (int i = 0; i < 1000; i++)
        str_puts(&s, "\xCC\x81");
    assert_int_equal(uwidth_cluster(s.data, s.len, &columns), 1 + 31 * 2);
    assert_int_equal(columns, 1);
    str_free(&s);
}

/* libunistring cuts the same clusters (its Unicode is 14, ours 15: no piece used here differs). */
static void test_clusters_against_libunistring(void **state)
{
    (void)state;
    struct random r = {3};
    for (int round = 0; round < 5000; round++) {
        struct str s = STR_INIT;
        random_plain(&r, &s, 1 + random_below(&r, 8));
        char breaks[512];
        assert_true(s.len <= sizeof breaks);
        u8_grapheme_breaks((const uint8_t *)s.data, s.len, breaks);
        size_t total = 0;
        for (size_t i = 0; i < s.len;) {
            int columns;
            size_t len = uwidth_cluster(s.data + i, s.len - i, &columns);
            total += (size_t)columns;
            assert_true(breaks[i]);
            for (size_t j = 1; j < len; j++)
                if (breaks[i + j])
                    fail_msg("libunistring breaks inside a cluster of \"%s\" at %zu", s.data,
                             i + j);
            i += len;
        }
        assert_int_equal(total, uwidth_str(s.data, s.len));
        str_free(&s);
    }
}

static void test_interposed(void **state)
{
    (void)state;
    assert_int_equal(wcwidth(L'\0'), 0);
    assert_int_equal(wcwidth(L'\x1B'), -1);
    assert_int_equal(wcwidth(0x31350), 2); /* -1 in glibc 2.36 */
    assert_int_equal(wcwidth(0x201C), 1);
    assert_int_equal(wcswidth(L"a雪“", 8), 4);
    assert_int_equal(wcswidth(L"a雪“", 2), 3);
    assert_int_equal(wcswidth(L"a\n", 8), -1);
    uwidth_set_ambiguous(2);
    assert_int_equal(wcwidth(0x201C), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_code_points, reset_ambiguous),
        cmocka_unit_test(test_agrees_with_utf8proc),
        cmocka_unit_test_teardown(test_ambiguous_only_widens, reset_ambiguous),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_cluster_table),
        cmocka_unit_test(test_cluster_bounds),
        cmocka_unit_test(test_clusters_against_libunistring),
        cmocka_unit_test_teardown(test_interposed, reset_ambiguous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
