/* Tests of src/base/text_safe.c. The properties: the output is valid UTF-8 without a character that
 * is not plain (but joiners), rendering again changes nothing, cutting the input changes nothing,
 * text_is_safe says exactly whether the function is the identity. */
#include "config.h"

#include "src/base/text_safe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <unictype.h>

#include "src/base/uwidth.h"
#include "tests/unit/random_text.h"

#define ACUTE "\xCC\x81"

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"那一夜,雪下得很大。\n\t\"word\"", "那一夜,雪下得很大。\n\t\"word\""},
        {"\x1B[31mred\x1B[0m", "␛[31mred␛[0m"},
        {"\x1B]52;c;cm0gLXJm\x07", "␛]52;c;cm0gLXJm␇"},
        {"a\rb\bc\x7F", "a␍b␈c␡"},
        {"\x9B"
         "31m",
         "\uFFFD31m"}, /* C1 as a byte */
        {"\xC2\x9B"
         "31m\xC2\x85",
         "<U+009B>31m<U+0085>"}, /* C1 as characters */
        {"a\u202Eb\u2066c\u200Fd\u061Ce", "a<U+202E>b<U+2066>c<U+200F>d<U+061C>e"},
        {"a\u2028b\u2029c", "a<U+2028>b<U+2029>c"},
        {"a\u200Bb\u2060c\uFEFFd", "a<U+200B>b<U+2060>c<U+FEFF>d"},
        {"a\u00ADb", "a<U+00AD>b"},
        {"\U000E0041\U000E007F", "<U+E0041><U+E007F>"},
        {"\uFFF9\uFFFB", "<U+FFF9><U+FFFB>"},
        {"\uFDD0\uFFFE\U0010FFFF", "<U+FDD0><U+FFFE><U+10FFFF>"},
        {"\xFF\xC0\x80\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
        {"中\xE4\xB8", "中\uFFFD\uFFFD"},
        /* joiners: in emoji and in scripts that join, and nowhere else */
        {"👨\u200D👩\u200D👧", "👨\u200D👩\u200D👧"},
        {"🏳\uFE0F\u200D🌈", "🏳\uFE0F\u200D🌈"},
        {"👍🏽\u200D", "👍🏽\u200D"},
        {"می\u200Cخواهم", "می\u200Cخواهم"},
        {"क्\u200Dष", "क्\u200Dष"},
        {"a\u200Db\u200C雪\u200D", "a<U+200D>b<U+200C>雪<U+200D>"},
        {"👨\u200D\u200D", "👨\u200D<U+200D>"},
        {"\u200D", "<U+200D>"},
        /* marks: four to a base, and never without one */
        {"e" ACUTE ACUTE ACUTE ACUTE "x", "e" ACUTE ACUTE ACUTE ACUTE "x"},
        {"e" ACUTE ACUTE ACUTE ACUTE ACUTE ACUTE "x", "e" ACUTE ACUTE ACUTE ACUTE "x"},
        {ACUTE "a", "◌" ACUTE "a"},
        {"a\n" ACUTE "\t" ACUTE, "a\n◌" ACUTE "\t◌" ACUTE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str out = STR_INIT;
        text_safe(&out, cases[i].text, strlen(cases[i].text));
        assert_string_equal(str_cstr(&out), cases[i].shown);
        assert_int_equal(text_is_safe(cases[i].text, strlen(cases[i].text)),
                         strcmp(cases[i].text, cases[i].shown) == 0);
        str_free(&out);
    }
}

static void test_nul(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    text_safe(&out, "a\0b", 3);
    assert_string_equal(str_cstr(&out), "a␀b");
    str_free(&out);
}

/* Every character that Unicode calls invisible or a control, by libunistring's word. */
static void test_plain_against_libunistring(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        bool control =
            uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cs |
                                                     UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);
        bool hidden = uc_is_property_bidi_control(cp) || uc_is_property_join_control(cp) ||
                      uc_is_property_not_a_character(cp);
        bool plain = text_safe_is_plain(cp);
        if (cp == '\n' || cp == '\t')
            assert_true(plain);
        else if (control || hidden)
            assert_false(plain);
        else if (uc_is_graph(cp) && !uc_is_general_category(cp, UC_FORMAT))
            assert_true(plain);
    }
    assert_false(text_safe_is_plain(0x110000));
}

static void assert_shown(const struct str *s)
{
    int n_marks = 0;
    bool base = false;
    for (size_t i = 0; i < s->len;) {
        uint32_t cp;
        size_t len = utf8_decode(s->data + i, s->len - i, &cp);
        assert_true(len > 0);
        assert_true(text_safe_is_plain(cp) || cp == 0x200C || cp == 0x200D);
        if (uwidth_cp(cp) == 0) {
            assert_true(base);
            assert_true(++n_marks <= 4);
        } else {
            base = cp != '\n' && cp != '\t';
            n_marks = 0;
        }
        i += len;
    }
}

static void test_properties(void **state)
{
    (void)state;
    struct random r = {4};
    for (int round = 0; round < 20000; round++) {
        struct str in = STR_INIT, out = STR_INIT, again = STR_INIT, cut = STR_INIT;
        random_anything(&r, &in, random_below(&r, 20));
        text_safe(&out, str_cstr(&in), in.len);
        assert_shown(&out);
        text_safe(&again, str_cstr(&out), out.len);
        assert_string_equal(str_cstr(&again), str_cstr(&out));
        assert_true(text_is_safe(str_cstr(&out), out.len));
        bool same = in.len == out.len && memcmp(str_cstr(&in), str_cstr(&out), in.len) == 0;
        assert_int_equal(text_is_safe(str_cstr(&in), in.len), same);
        for (size_t i = 0; i < in.len;) { /* cut anywhere but within a character */
            size_t n = 1 + random_below(&r, in.len - i);
            n -= utf8_incomplete_tail(in.data + i, n);
            uint32_t cp;
            if (n == 0)
                n = utf8_decode(in.data + i, in.len - i, &cp);
            n = n ? n : 1;
            text_safe(&cut, in.data + i, n);
            i += n;
        }
        assert_string_equal(str_cstr(&cut), str_cstr(&out));
        str_free(&in);
        str_free(&out);
        str_free(&again);
        str_free(&cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_plain_against_libunistring),
        cmocka_unit_test(test_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
