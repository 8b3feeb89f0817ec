/* test_pretok.c - splitting as GPT-2's regular expression does. The expected pieces are those of
 * the `tokenizers` library 0.23 (pre_tokenizers.ByteLevel), save for the lines on invalid UTF-8,
 * which it does not take. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/tokenizers/pretok.h"
#include "src/base/mem.h"
#include "tests/unit/gguf_build.h"

/* Pieces with a bar between them. */
static const char *const gpt2[] = {
    "Hello| world",
    "I|'m| you|'re| we|'ve| he|'ll| it|'s| don|'t| I|'d",
    "I|'|M| WE|'|RE",
    "'s|'t|'re|'re|'|x",
    "!'|s| '|s",
    "''|s",
    "a| b| | c",
    "a|  | b",
    " ",
    "  ",
    "   | a",
    "a| ",
    "a|  ",
    "a|\n|b",
    "a|\n\n|\n|b",
    "a| |\n|b",
    "a|\n| b",
    "\t|\t|x",
    "x|\r\n",
    "abc|123|abc",
    " abc| 123| !?",
    "abc|_|def",
    "3|.|14",
    "那一夜|，|雪下得很大|。",
    "　|雪|　",
    "　|　|雪",
    "e|\xCC\x81|x",
    "½Ⅷ٣1|a",
    " ½",
    "नमस|्|त|े",
    "a|\xC2\xA0|b",
    "a|\xC2\x85|\xE2\x80\xA8|b",
    "a|\x1C|b",
    "a|\xE2\x80\x8B|b",
    "😀!| 😀",
    "a|\xFF|b",
    "a| \xFF\xFE!|b",
    "\xED\xA0\x80|a",
    "雪|\xE9\x9B",
};

static void check(const struct pretok *p, const char *row)
{
    char text[256];
    size_t n = 0;
    for (const char *c = row; *c; c++)
        if (*c != '|')
            text[n++] = *c;
    struct build b = {0};
    b_raw(&b, text, n);
    char *exact = b_exact(&b, n);
    const char *expected = row;
    for (size_t at = 0; at < n;) {
        size_t len = p->first(exact + at, n - at);
        size_t wanted = strcspn(expected, "|");
        if (len != wanted || memcmp(exact + at, expected, len) != 0)
            fail_msg("\"%s\": a piece of %zu bytes at %zu", row, len, at);
        at += len;
        expected += wanted + (expected[wanted] == '|');
    }
    free(exact);
    b_free(&b);
}

static void test_gpt2(void **state)
{
    (void)state;
    const struct pretok *p = pretok_find("gpt-2");
    for (size_t i = 0; i < ARRAY_LEN(gpt2); i++)
        check(p, gpt2[i]);
}

static void test_every_byte_moves_on(void **state)
{
    (void)state;
    const struct pretok *p = pretok_find("gpt-2");
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char text[2] = {(char)a, (char)b};
            size_t n = p->first(text, 2);
            assert_in_range(n, 1, 2);
            assert_int_equal(p->first(text + 1, 1), 1);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_non_null(pretok_find("gpt-2"));
    assert_non_null(pretok_find("default"));
    assert_non_null(pretok_find(""));
    assert_null(pretok_find("qwen9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2),
        cmocka_unit_test(test_every_byte_moves_on),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
