/* Tests of src/base/utf8.c: against tables, and against libunistring on random bytes. */
#include "config.h"

#include "src/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <unistr.h>

#include "tests/unit/random_text.h"

static void test_decode_table(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n, length;
        uint32_t cp;
    } cases[] = {
        {"", 0, 0, 0},
        {"\0", 1, 1, 0},
        {"a", 1, 1, 'a'},
        {"\x7F", 1, 1, 0x7F},
        {"\xC2\x80", 2, 2, 0x80},
        {"\xDF\xBF", 2, 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 3, 0x800},
        {"\xE9\x9B\xAA", 3, 3, 0x96EA},
        {"\xED\x9F\xBF", 3, 3, 0xD7FF},
        {"\xEE\x80\x80", 3, 3, 0xE000},
        {"\xEF\xBF\xBF", 3, 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
        {"\x80", 1, 0, 0},             /* begins nothing */
        {"\xC0\x80", 2, 0, 0},         /* overlong */
        {"\xC1\xBF", 2, 0, 0},         /* overlong */
        {"\xE0\x9F\xBF", 3, 0, 0},     /* overlong */
        {"\xED\xA0\x80", 3, 0, 0},     /* surrogate */
        {"\xF0\x8F\xBF\xBF", 4, 0, 0}, /* overlong */
        {"\xF4\x90\x80\x80", 4, 0, 0}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 0, 0},
        {"\xFF", 1, 0, 0},
        {"\xE9\x9B", 2, 0, 0}, /* incomplete */
        {"\xE9\x9B\x41", 3, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint32_t cp = 12345;
        assert_int_equal(utf8_decode(cases[i].bytes, cases[i].n, &cp), cases[i].length);
        assert_int_equal(cp, cases[i].length ? cases[i].cp : 12345);
    }
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x110000; cp++) {
        char bytes[4];
        uint32_t back;
        size_t n = utf8_encode(cp, bytes);
        bool valid = cp < 0xD800 || (cp > 0xDFFF && cp <= 0x10FFFF);
        assert_int_equal(utf8_decode(bytes, n, &back), n);
        assert_int_equal(back, valid ? cp : 0xFFFD);
        assert_int_equal(utf8_claimed_length((unsigned char)bytes[0]), n);
        for (size_t cut = 1; cut < n; cut++) {
            assert_int_equal(utf8_decode(bytes, cut, &back), 0);
            assert_int_equal(utf8_incomplete_tail(bytes, cut), cut);
        }
        assert_int_equal(utf8_incomplete_tail(bytes, n), 0);
    }
}

static void test_incomplete_tail(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t tail;
    } cases[] = {
        {"", 0},
        {"abc", 0},
        {"ab\xE9", 1},
        {"ab\xE9\x9B", 2},
        {"ab\xF0\x9F\x91", 3},
        {"\x9B", 0},         /* nothing began */
        {"\x9B\xAA\x80", 0}, /* nothing began */
        {"\xE0\x80", 0},     /* overlong: can never become valid */
        {"\xED\xA0", 0},     /* surrogate */
        {"\xF4\x90", 0},     /* too large */
        {"\xC0", 0},
        {"\xE9\x41\xE9", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(utf8_incomplete_tail(cases[i].bytes, strlen(cases[i].bytes)),
                         cases[i].tail);
}

static void test_floor_and_count(void **state)
{
    (void)state;
    const char *s = "a雪\xF0\x9F\x91\xA8";
    static const size_t floors[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8, 8};
    for (size_t at = 0; at < ARRAY_LEN(floors); at++)
        assert_int_equal(utf8_floor(s, 8, at), floors[at]);
    assert_int_equal(utf8_floor("\x80\x80\x80\x80\x80", 5, 4), 1);
    assert_int_equal(utf8_count(s, 8), 3);
    assert_int_equal(utf8_count("\xE9\x9B", 2), 2);
}

static void test_against_libunistring(void **state)
{
    (void)state;
    struct random r = {1};
    for (int round = 0; round < 20000; round++) {
        struct str s = STR_INIT;
        random_anything(&r, &s, random_below(&r, 12));
        const uint8_t *bytes = (const uint8_t *)str_cstr(&s);
        const uint8_t *bad = u8_check(bytes, s.len);
        size_t valid = bad ? (size_t)(bad - bytes) : s.len;
        assert_int_equal(utf8_valid_prefix(bytes, s.len), valid);
        for (size_t i = 0; i < valid;) {
            uint32_t cp;
            ucs4_t expected;
            size_t len = utf8_decode(bytes + i, s.len - i, &cp);
            assert_int_equal(len, u8_mbtouc(&expected, bytes + i, s.len - i));
            assert_int_equal(cp, expected);
            i += len;
        }
        str_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_table),         cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_incomplete_tail),      cmocka_unit_test(test_floor_and_count),
        cmocka_unit_test(test_against_libunistring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
