/* test_bigram.c - terms, queries and matches: each kind of character, and a property: the terms of
 * what is found are among the terms of the text, so the index can never hide a hit. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/bigram.h"
#include "tests/unit/random_text.h"

static void expect_terms(const char *text, const char *expected)
{
    struct str out = STR_INIT;
    bigram_terms(&out, text, strlen(text));
    if (strcmp(str_cstr(&out), expected) != 0)
        fail_msg("%s: [%s], not [%s]", text, str_cstr(&out), expected);
    str_free(&out);
}

static void test_terms(void **state)
{
    (void)state;
    expect_terms("", "");
    expect_terms("，。！ \n", "");
    expect_terms("月", " 月");
    expect_terms("荷塘", " 荷 荷塘 塘");
    expect_terms("荷塘月", " 荷 荷塘 塘 塘月 月");
    expect_terms("荷，塘", " 荷 塘");
    expect_terms("The cat's 2 hats", " the t· th· the· cat c· ca· cat· s s· 2 2· hats h· ha· hat·");
    expect_terms("GPT模型v2", " gpt g· gp· gpt· 模 模型 型 v2 v· v2·");
    expect_terms("ＧＰＴ－２", " gpt g· gp· gpt· 2 2·"); /* full width */
    expect_terms("ﬁne Straße",
                 " fine f· fi· fin· strasse s· st· str· stras·"); /* ligature, sharp s */
    expect_terms("Café naïve", " cafe c· ca· caf· naive n· na· nai· naive·"); /* accents, */
    expect_terms("Cafe\xCC\x81", " cafe c· ca· caf·");                        /* also decomposed */
    expect_terms("Мой йод", " мой м· мо· мой· йод й· йо· йод·"); /* Cyrillic keeps its own */
    expect_terms("МОИ\xCC\x86", " мой м· мо· мой·");
    expect_terms("ΣΊΣΥΦΟΣ", " σισυφοσ σ· σι· σισ· σισυφ·");
    expect_terms("ガギ", " ガ ガギ ギ");
    expect_terms("ｶﾞｷﾞ", " ガ ガギ ギ");   /* half-width kana */
    expect_terms("か\xE3\x82\x99", " が"); /* combining sound mark */
    expect_terms("한글", " 한 한글 글");
    expect_terms("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", " 한"); /* jamo */
    expect_terms("食べるラーメン", " 食 食べ べ べる る るラ ラ ラー ー ーメ メ メン ン");
    expect_terms("𠀀𠀁", " 𠀀 𠀀𠀁 𠀁"); /* extension B */
    expect_terms("𰀀", " 𰀀");       /* extension G */
    expect_terms("豈", " 豈");           /* U+F900 is U+8C48 */
    expect_terms("二〇二四年", " 二 二〇 〇 〇二 二 二四 四 四年 年");
    expect_terms("人々", " 人 人々 々");
    expect_terms("❤️", " ❤"); /* variation selector */
    expect_terms("ab\xE2\x80\x8B"
                 "cd",
                 " abcd a· ab· abc·"); /* zero-width space */
    expect_terms("a\xFF"
                 "b",
                 " a a· b b·"); /* not UTF-8 */
    expect_terms("สวัสดี", " ส สว ว วั ั ัส ส สด ด ดี ี");
}

static void test_long_word(void **state)
{
    (void)state;
    char word[200], cut[200];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    snprintf(cut, sizeof cut, " %.*s x· xx· xxx· xxxxx·", BIGRAM_WORD_MAX, word);
    expect_terms(word, cut);
}

static void expect_match(const char *query, const char *expected)
{
    struct bigram_query *q = NULL;
    struct err err = ERR_INIT;
    if (bigram_query_new(query, &q, &err) != 0)
        fail_msg("%s: %s", query, err.msg);
    if (strcmp(bigram_query_match(q), expected) != 0)
        fail_msg("%s: [%s], not [%s]", query, bigram_query_match(q), expected);
    bigram_query_free(q);
}

static void test_query(void **state)
{
    (void)state;
    expect_match("月", "\"月\"");
    expect_match("荷塘", "\"荷塘\"");
    expect_match("荷塘月色", "\"荷塘\" AND \"塘月\" AND \"月色\"");
    expect_match("GPT模型", "\"gpt\" AND \"模型\"");
    expect_match("荷塘 cat", "\"荷塘\" AND \"cat\"");
    expect_match("荷塘　CAT", "\"荷塘\" AND \"cat\"");
    expect_match("\"the cat\" -dog", "\"the\" AND \"cat\"");
    expect_match("“the cat” x", "\"the\" AND \"cat\" AND \"x\"");
    expect_match("ca*", "\"ca·\"");
    expect_match("cats*", "\"cat·\"");
    expect_match("\"the\" catalogue*", "\"the\" AND \"catal·\"");
    expect_match("荷塘*", "\"荷塘\"");
    expect_match("a\"b", "\"a\" AND \"b\"");
    expect_match("NEAR(a b) OR c:d ^e {f}",
                 "\"near\" AND \"a\" AND \"b\" AND \"or\" AND \"c\" AND \"d\" AND \"e\" AND \"f\"");
    expect_match("走进，荷", "\"走进\" AND \"荷\"");
    static const char *const empty[] = {"，。！", "-cat", "\"",       "\"\"", "-",
                                        " \t",    "- -",  "-\"a b\"", "…… ——"};
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        struct bigram_query *q = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(bigram_query_new(empty[i], &q, &err), E_INPUT);
        assert_true(strlen(err.msg) > 20);
        assert_null(q);
    }
    struct bigram_query *q = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(bigram_query_new("\x1B[2J-", &q, &err), 0); /* "2J" is a word */
    bigram_query_free(q);
    assert_int_equal(bigram_query_new("\x1B[-", &q, &err), E_INPUT);
    assert_null(strchr(err.msg, '\x1B'));
}

/* However much is asked for, the expression stays small. */
static void test_large_query(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    struct bigram_query *q = NULL;
    for (int i = 0; i < 3000; i++) {
        char c[4];
        str_append(&text, c, utf8_encode(0x4E00 + (uint32_t)i, c));
        if (i > 1500 && i % 3 == 0)
            str_putc(&text, ' ');
    }
    assert_int_equal(bigram_query_new(str_cstr(&text), &q, NULL), 0);
    assert_true(strlen(bigram_query_match(q)) < 1200);
    struct bigram_text t = {0};
    bigram_fold(&t, str_cstr(&text), text.len);
    assert_true(bigram_found(q, &t, 1, NULL));
    struct bigram_mark marks[8];
    assert_int_equal(bigram_marks(q, &t, marks, 8), 8);
    bigram_text_free(&t);
    bigram_query_free(q);
    str_free(&text);
}

/* What stands between [ and ] in `expected` is marked. */
static void expect_marks(const char *query, const char *expected)
{
    struct bigram_query *q = NULL;
    struct bigram_text t = {0};
    struct bigram_mark marks[8];
    struct str text = STR_INIT, out = STR_INIT;
    for (const char *p = expected; *p; p++)
        if (*p != '[' && *p != ']')
            str_putc(&text, *p);
    assert_int_equal(bigram_query_new(query, &q, NULL), 0);
    bigram_fold(&t, str_cstr(&text), text.len);
    size_t n = bigram_marks(q, &t, marks, 8), at = 0;
    for (size_t i = 0; i < n; i++) {
        str_append(&out, str_cstr(&text) + at, marks[i].begin - at);
        str_putc(&out, '[');
        str_append(&out, str_cstr(&text) + marks[i].begin, marks[i].n);
        str_putc(&out, ']');
        at = marks[i].begin + marks[i].n;
    }
    str_puts(&out, str_cstr(&text) + at);
    if (strcmp(str_cstr(&out), expected) != 0)
        fail_msg("%s: %s, not %s", query, str_cstr(&out), expected);
    bigram_text_free(&t);
    bigram_query_free(q);
    str_free(&text);
    str_free(&out);
}

static void test_marks(void **state)
{
    (void)state;
    expect_marks("荷塘", "那[荷塘]，月下的[荷塘]");
    expect_marks("荷塘 塘月", "[荷塘月]色"); /* overlapping: one */
    expect_marks("荷 塘", "[荷塘]月");       /* touching: one */
    expect_marks("cat", "the [Cat] catalogue [ＣＡＴ]'s? concat [cat]");
    expect_marks("cat*", "[Cat] [cat]alogue concat");
    expect_marks("cafe", "a [Cafe\xCC\x81] and a [Café]");
    expect_marks("\"the cat\"", "[The  \n cat] the, dog");
    expect_marks("走进荷塘", "走进，荷塘 [走进荷塘]");
    expect_marks("走进，荷塘", "[走进 荷塘] 走进荷塘");
    expect_marks("GPT模型", "[gpt模型] GPT 模型 xgpt模型");
}

static void test_marks_touching(void **state)
{
    (void)state;
    struct bigram_query *q = NULL;
    struct bigram_text t = {0};
    struct bigram_mark marks[2];
    assert_int_equal(bigram_query_new("月", &q, NULL), 0);
    bigram_fold(&t, "月月月。月。月", 21);
    assert_int_equal(bigram_marks(q, &t, marks, 2), 2); /* no more than asked for */
    assert_int_equal(marks[0].begin, 0);
    assert_int_equal(marks[0].n, 9);
    assert_int_equal(marks[1].begin, 12);
    bigram_text_free(&t);
    bigram_query_free(q);
}

static void test_found_in_fields(void **state)
{
    (void)state;
    struct bigram_query *q = NULL;
    struct bigram_text t[2] = {{0}};
    int counts[2];
    assert_int_equal(bigram_query_new("荷塘 cat -dog", &q, NULL), 0);
    bigram_fold(&t[0], "荷塘 荷塘", 13);
    assert_false(bigram_found(q, t, 2, NULL)); /* the second was never filled */
    bigram_fold(&t[1], "a cat", 5);
    assert_true(bigram_found(q, t, 2, counts));
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    bigram_fold(&t[1], "a cat, a dog", 12);
    assert_false(bigram_found(q, t, 2, counts));
    bigram_text_free(&t[0]);
    bigram_text_free(&t[1]);
    bigram_query_free(q);
}

/* ---- properties ---- */

static void random_text(struct random *r, struct str *out, size_t n_max)
{
    str_clear(out);
    for (size_t n = random_below(r, n_max); n > 0; n--) {
        if (random_below(r, 12) == 0)
            str_putc(out, (char)random_next(r)); /* any byte */
        else
            str_puts(out, random_plain_piece(r));
    }
}

/* All terms of the expression are terms of the text. */
static bool has_terms(const char *match, const char *terms)
{
    while (match) {
        const char *begin = strchr(match, '"') + 1, *end = strchr(begin, '"');
        struct str term = STR_INIT;
        str_printf(&term, " %.*s ", (int)(end - begin), begin);
        bool found = strstr(terms, str_cstr(&term)) != NULL;
        str_free(&term);
        if (!found)
            return false;
        match = strstr(end + 1, "AND ");
    }
    return true;
}

static void test_index_hides_nothing(void **state)
{
    (void)state;
    struct random r = {7};
    struct str text = STR_INIT, query = STR_INIT;
    struct bigram_text t = {0};
    int n_found = 0;
    for (int i = 0; i < 20000; i++) {
        random_text(&r, &text, 30);
        if (random_below(&r, 2) == 0 && text.len > 0) { /* a piece of it */
            size_t from = utf8_floor(text.data, text.len, random_below(&r, text.len));
            size_t to =
                utf8_floor(text.data, text.len, from + random_below(&r, text.len - from + 1));
            str_clear(&query);
            if (to > from)
                str_append(&query, text.data + from, to - from);
            if (random_below(&r, 3) == 0)
                str_putc(&query, '*');
        } else {
            random_text(&r, &query, 4);
        }
        struct bigram_query *q = NULL;
        char *text_of_query = str_take(&query);
        if (text_of_query && bigram_query_new(text_of_query, &q, NULL) == 0) {
            bigram_fold(&t, str_cstr(&text), text.len);
            if (bigram_found(q, &t, 1, NULL)) {
                struct str terms = STR_INIT;
                struct bigram_mark marks[8];
                bigram_terms(&terms, str_cstr(&text), text.len);
                str_putc(&terms, ' ');
                if (!has_terms(bigram_query_match(q), str_cstr(&terms)))
                    fail_msg("[%s] in [%s]: %s, terms %s", text_of_query, str_cstr(&text),
                             bigram_query_match(q), str_cstr(&terms));
                size_t n = bigram_marks(q, &t, marks, 8);
                assert_true(n > 0);
                for (size_t k = 0; k < n; k++) {
                    assert_true(marks[k].n > 0);
                    assert_true(marks[k].begin + marks[k].n <= text.len);
                    assert_true(k == 0 || marks[k].begin > marks[k - 1].begin + marks[k - 1].n);
                }
                str_free(&terms);
                n_found++;
            }
        }
        free(text_of_query);
        bigram_query_free(q);
    }
    print_message("# %d of 20000 random queries found something\n", n_found);
    assert_true(n_found > 4000);
    bigram_text_free(&t);
    str_free(&text);
    str_free(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms),           cmocka_unit_test(test_long_word),
        cmocka_unit_test(test_query),           cmocka_unit_test(test_large_query),
        cmocka_unit_test(test_marks),           cmocka_unit_test(test_marks_touching),
        cmocka_unit_test(test_found_in_fields), cmocka_unit_test(test_index_hides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
