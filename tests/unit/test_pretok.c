/* test_pretok.c - splitting as the regular expressions of GPT-2, Llama 3 and Qwen2 do. The expected
 * pieces are those of the `tokenizers` library 0.23 (pre_tokenizers.ByteLevel and .Split), save for
 * the lines on invalid UTF-8, which it does not take. */
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

static const char *const llama3[] = {
    "Hello| world",
    "I|'M| WE|'RE| they|'Ll| '|ſx|'S|x",
    "abc|123|456|7| |12",
    "3|.|14",
    " |12",
    " | |12",
    "a| | b",
    "a| \n\n| | b",
    "a| \n \n",
    "  \n",
    "!?\n\n|abc",
    "$abc",
    "\tabc",
    "\t|\tabc",
    "(中文|)| ，|雪",
    "，雪下",
    "！！\r\n\r\n|好",
    " !|x",
    "\n|abc",
    "　雪",
    "  ",
    "x|  ",
    "a|\r\n|b",
    "'t|is| '|x| '",
    "½Ⅷ٣|1|a",
    "नमस|्त|े",
    "a|\xC2\x85"
    "b",
    "e|\xCC\x81"
    "x",
    "😀👍|a",
    "_a|__|b",
    "\n  \n| x",
    " | !|x",
    "1|'d",
    "a|\xC2\xA0"
    "b",
};

static const char *const qwen2[] = {
    "Hello| world",
    "I|'M| WE|'RE| they|'Ll| '|ſx|'S|x",
    "abc|1|2|3|4|5|6|7| |1|2",
    "3|.|1|4",
    " |1|2",
    " | |1|2",
    "a| | b",
    "a| \n\n| | b",
    "a| \n \n",
    "  \n",
    "!?\n\n|abc",
    "$abc",
    "\tabc",
    "\t|\tabc",
    "(中文|)| ，|雪",
    "，雪下",
    "！！\r\n\r\n|好",
    " !|x",
    "\n|abc",
    "　雪",
    "  ",
    "x|  ",
    "a|\r\n|b",
    "'t|is| '|x| '",
    "½|Ⅷ|٣|1|a",
    "नमस|्त|े",
    "a|\xC2\x85"
    "b",
    "e|\xCC\x81"
    "x",
    "😀👍|a",
    "_a|__|b",
    "\n  \n| x",
    " | !|x",
    "1|'d",
    "a|\xC2\xA0"
    "b",
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

static void check_all(const char *name, const char *const *row, size_t n)
{
    const struct pretok *p = pretok_find(name);
    assert_non_null(p);
    assert_string_equal(p->name, name);
    assert_ptr_equal(pretok_of_regex(p->regex), p);
    for (size_t i = 0; i < n; i++)
        check(p, row[i]);
}

static void test_gpt2(void **state)
{
    (void)state;
    check_all("gpt-2", gpt2, ARRAY_LEN(gpt2));
}

static void test_llama3(void **state)
{
    (void)state;
    check_all("llama-bpe", llama3, ARRAY_LEN(llama3));
}

static void test_qwen2(void **state)
{
    (void)state;
    check_all("qwen2", qwen2, ARRAY_LEN(qwen2));
}

static void test_every_byte_moves_on(void **state)
{
    (void)state;
    static const char *const names[] = {"gpt-2", "llama-bpe", "qwen2"};
    for (size_t row = 0; row < ARRAY_LEN(names); row++) {
        const struct pretok *p = pretok_find(names[row]);
        for (int a = 0; a < 256; a++) {
            for (int b = 0; b < 256; b++) {
                char text[2] = {(char)a, (char)b};
                size_t n = p->first(text, 2);
                assert_in_range(n, 1, 2);
                assert_int_equal(p->first(text + 1, 1), 1);
            }
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
    assert_ptr_equal(pretok_find("llama3"), pretok_find("llama-bpe"));
    assert_ptr_equal(pretok_find("deepseek-r1-qwen"), pretok_find("qwen2"));
    assert_true(pretok_find("llama-v3")->add_bos);
    assert_false(pretok_find("qwen2")->add_bos);
    assert_null(pretok_of_regex("(a+)+$"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2),  cmocka_unit_test(test_llama3),
        cmocka_unit_test(test_qwen2), cmocka_unit_test(test_every_byte_moves_on),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
