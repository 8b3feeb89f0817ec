/* test_wordpiece.c - BERT's WordPiece: the reference data's vectors, small cases whose ids are
 * those of transformers' BertTokenizer, and vocab.txt files that are refused. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/mem.h"
#include "tests/unit/token_vectors.h"

/* 0 [PAD] 1 [UNK] 2 [CLS] 3 [SEP] 4 [MASK] 5 un 6 ##aff 7 ##able 8 , 9 雪 10 夜 11 e 12 ##x 13 I */
static const char small[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\n,\n雪\n夜\ne\n"
                            "##x\nI\n";

static int open_lines(const char *text, size_t n, struct tokenizer **t, struct err *err)
{
    struct vocab_source src;
    int rc = vocab_source_from_lines("v.txt", exact_copy(text, n), n, &src, err);
    if (rc != 0)
        return rc;
    rc = tokenizer_from_source(&src, t, err);
    vocab_source_free(&src);
    return rc;
}

static void test_small(void **state)
{
    (void)state;
    static const struct {
        const char *text, *ids;
        int flags;
    } cases[] = {
        {"unaffable", "5 6 7", 0},
        {"unaffablex", "5 6 7 12", 0},
        {"UNAFFABLE, UN", "5 6 7 8 5", 0},
        {"雪夜", "9 10", 0},
        {"雪un夜", "9 5 10", 0},
        {"unq", "1", 0},
        {" \t\n ", "", 0},
        {"", "", 0},
        {"É e\xCC\x81", "11 11", 0},
        {"e\xE2\x80\x8Dx", "11 12", 0},
        {"un\xFF"
         "aff",
         "5 6", 0},
        {"un[MASK]un", "5 4 5", 0},
        {"un", "2 5 3", TOKENIZE_SPECIAL},
        {"i", "1", 0},
    };
    struct tokenizer *t;
    assert_int_equal(open_lines(small, sizeof small - 1, &t, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t ids[16];
        char got[128] = "";
        size_t n;
        size_t n_text = strlen(cases[i].text);
        char *text = exact_copy(cases[i].text, n_text);
        assert_int_equal(
            tokenizer_encode(t, text, n_text, cases[i].flags, ids, ARRAY_LEN(ids), &n, NULL), 0);
        for (size_t k = 0; k < n && k < ARRAY_LEN(ids); k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", k ? " " : "",
                     (int)ids[k]);
        assert_string_equal(got, cases[i].ids);
        free(text);
    }
    tokenizer_free(t);
}

static void test_long_word_is_unknown(void **state)
{
    (void)state;
    struct tokenizer *t;
    char text[201];
    int32_t id;
    size_t n;
    assert_int_equal(open_lines("[UNK]\na\n##a\n", 12, &t, NULL), 0);
    memset(text, 'a', sizeof text);
    assert_int_equal(tokenizer_encode(t, text, 100, 0, &id, 1, &n, NULL), 0);
    assert_int_equal(n, 100);
    assert_int_equal(tokenizer_encode(t, text, 101, 0, &id, 1, &n, NULL), 0);
    assert_int_equal(n, 1);
    assert_int_equal(id, 0);
    tokenizer_free(t);
}

/* What the writing room shows, token by token. */
static void test_pieces(void **state)
{
    (void)state;
    static const struct {
        int32_t prev, id;
        const char *piece;
    } cases[] = {
        {-1, 5, "un"}, {5, 6, "aff"}, {6, 5, " un"}, {9, 10, "夜"}, {9, 8, ","},
        {5, 9, " 雪"}, {9, 5, " un"}, {5, 4, ""},    {5, 99, ""},   {99, 5, "un"},
    };
    struct tokenizer *t;
    assert_int_equal(open_lines(small, sizeof small - 1, &t, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n;
        const char *piece = tokenizer_piece_after(t, cases[i].prev, cases[i].id, false, &n);
        assert_int_equal(n, strlen(cases[i].piece));
        assert_memory_equal(piece, cases[i].piece, n);
    }
    tokenizer_free(t);
}

static void test_rules(void **state)
{
    (void)state;
    static const int32_t ids[] = {2, 5, 6, 8, 9, 10, 99, 3};
    static const struct {
        enum tokenizer_rule rule;
        const char *text;
    } cases[] = {
        {RULE_BERT, "[CLS] unaff, 雪 夜 [UNK] [SEP]"},
        {RULE_MODELSCOPE, "unaff, 雪夜 [UNK]"},
        {RULE_GPT2_CHINESE, "unaff,雪夜[UNK]"},
    };
    struct tokenizer *t;
    char *text;
    size_t n;
    assert_int_equal(open_lines(small, sizeof small - 1, &t, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(
            tokenizer_decode(t, ids, ARRAY_LEN(ids), false, cases[i].rule, &text, &n, NULL), 0);
        assert_string_equal(text, cases[i].text);
        free(text);
        assert_int_equal(tokenizer_decode(t, ids, 0, false, cases[i].rule, &text, &n, NULL), 0);
        assert_int_equal(n, 0);
        free(text);
    }
    tokenizer_free(t);
}

static void test_hostile_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *words; /* NULL: taken */
    } cases[] = {
        {"", 0, "the vocabulary is empty"},
        {"a\nb\n", 4, "no token [UNK]"},
        {"[UNK]\na\na\n", 10, "line 3: this token has the text of token 1"},
        {"[UNK]\n\nb\n", 9, NULL},
        {"[UNK]\r\nb", 8, NULL},
        {"[UNK]\na\0b\n", 10, "line 2: a NUL byte"},
        {"[UNK]\n\xD1\xA9\xD2\xB9\xFF\n", 12, "line 2: not UTF-8"},
        {"version https://git-lfs\n", 24, "no token [UNK]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tokenizer *t = NULL;
        struct err err = ERR_INIT;
        int rc = open_lines(cases[i].text, cases[i].n, &t, &err);
        if (!cases[i].words ? rc != 0 : rc != E_INPUT || !strstr(err.msg, cases[i].words))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
        tokenizer_free(t);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    const struct tokenizer_options cased = {.no_lower_case = true};
    check_vectors("bert-base-chinese", "bert-base-chinese", NULL, "ids", "decoded", RULE_BERT);
    check_vectors("bert-base-chinese-nolower", "bert-base-chinese", &cased, "ids", "decoded",
                  RULE_BERT);
    check_vectors("gpt2-chinese-small", "gpt2-chinese-small", NULL, "ids", "decoded",
                  RULE_GPT2_CHINESE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),         cmocka_unit_test(test_long_word_is_unknown),
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_hostile_lines), cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
