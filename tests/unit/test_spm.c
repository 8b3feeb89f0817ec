/* test_spm.c - SentencePiece's BPE: the reference data's vectors; a real file cut and bent at every
 * byte. */
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

static int open_model(const char *data, size_t n, struct tokenizer **t, struct err *err)
{
    struct vocab_source src;
    int rc = vocab_source_from_spm("t.model", exact_copy(data, n), n, &src, err);
    if (rc != 0)
        return rc;
    rc = tokenizer_from_source(&src, t, err);
    vocab_source_free(&src);
    return rc;
}

/* Pieces <unk> <s> ▁ a b ▁a ab, scores falling; BPE, spaces kept. */
static const char tiny[] = "\x0A\x0E\x0A\x05<unk>\x15\0\0\0\0\x18\x02"
                           "\x0A\x0C\x0A\x03<s>\x15\0\0\0\0\x18\x03"
                           "\x0A\x0A\x0A\x03\xE2\x96\x81\x15\0\0\x80\xC0"
                           "\x0A\x08\x0A\x01"
                           "a\x15\0\0\x80\xC0"
                           "\x0A\x08\x0A\x01"
                           "b\x15\0\0\x80\xC0"
                           "\x0A\x0B\x0A\x04\xE2\x96\x81"
                           "a\x15\0\0\0\xC0"
                           "\x0A\x09\x0A\x02"
                           "ab\x15\0\0\x80\xBF"
                           "\x12\x02\x18\x02"
                           "\x1A\x02\x20\0";

static void test_tiny(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int flags;
        size_t n;
        int32_t ids[6];
    } cases[] = {
        {"ab", 0, 2, {2, 6}},
        {"a", 0, 1, {5}},
        {"aab", 0, 2, {5, 6}},
        {"ab", TOKENIZE_CONTINUES, 1, {6}},
        {"axyb", 0, 3, {5, 0, 4}},
        {"", 0, 0, {0}},
        {"a", TOKENIZE_SPECIAL, 2, {1, 5}},
        {"\xFF"
         "a",
         TOKENIZE_CONTINUES,
         2,
         {0, 3}},
    };
    struct tokenizer *t;
    struct err err = ERR_INIT;
    if (open_model(tiny, sizeof tiny - 1, &t, &err) != 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t ids[8];
        size_t n;
        assert_int_equal(tokenizer_encode(t, cases[i].text, strlen(cases[i].text), cases[i].flags,
                                          ids, ARRAY_LEN(ids), &n, NULL),
                         0);
        assert_int_equal(n, cases[i].n);
        assert_memory_equal(ids, cases[i].ids, n * sizeof *ids);
    }
    size_t n;
    const char *piece = tokenizer_piece_after(t, -1, 5, false, &n);
    assert_int_equal(n, 1);
    assert_memory_equal(piece, "a", n);
    piece = tokenizer_piece_after(t, 3, 5, false, &n);
    assert_int_equal(n, 2);
    assert_memory_equal(piece, " a", n);
    tokenizer_free(t);
}

/* Whatever a byte is changed to, the file is taken or refused with a message. */
static void test_bent(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0x7F, 0x80, 0xFF};
    for (size_t i = 0; i < sizeof tiny - 1; i++) {
        for (size_t v = 0; v <= ARRAY_LEN(values); v++) {
            char data[sizeof tiny];
            struct tokenizer *t = NULL;
            struct err err = ERR_INIT;
            size_t n = v < ARRAY_LEN(values) ? sizeof tiny - 1 : i;
            memcpy(data, tiny, sizeof tiny);
            if (v < ARRAY_LEN(values))
                data[i] = (char)values[v];
            if (open_model(data, n, &t, &err) != 0)
                assert_true(err.msg[0] != '\0');
            tokenizer_free(t);
        }
    }
}

static void test_refused_settings(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t n;
        const char *words;
    } cases[] = {
        {"", 0, "trainer_spec.model_type"},
        {"\x12\x02\x18\x01", 4, "trainer_spec.model_type"},
        {"\x12\x05\x18\x02\xC0\x01\x01", 7, "treat_whitespace_as_suffix"},
        {"\x12\x02\x18\x02\x1A\x03\x12\x01x", 9, "precompiled_charsmap"},
        {"\x12\x02\x18\x02", 4, "remove_extra_whitespaces"},
        {"\x12\x02\x18\x02\x1A\x04\x20\0\x28\0", 10, "escape_whitespaces"},
        {"\x12\x02\x18\x02\x1A\x02\x20\0", 8, "vocabulary is empty"},
        {"\x0A\xFF\xFF\xFF\xFF\x0F", 6, "byte 0"},
        {"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 11, "byte 0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tokenizer *t = NULL;
        struct err err = ERR_INIT;
        int rc = open_model(cases[i].data, cases[i].n, &t, &err);
        if (rc == 0 || !strstr(err.msg, cases[i].words))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
}

static void test_long_text_is_not_quadratic(void **state)
{
    (void)state;
    size_t n_text = 1 << 20;
    char *text = malloc(n_text);
    struct tokenizer *t;
    size_t n;
    assert_non_null(text);
    assert_int_equal(open_model(tiny, sizeof tiny - 1, &t, NULL), 0);
    for (size_t i = 0; i < n_text; i++)
        text[i] = "ab"[i % 2];
    assert_int_equal(tokenizer_encode(t, text, n_text, 0, NULL, 0, &n, NULL), 0);
    assert_int_equal(n, n_text / 2 + 1);
    tokenizer_free(t);
    free(text);
}

static void test_vectors(void **state)
{
    (void)state;
    check_vectors("spm-small", "spm-small", NULL, "ids", "decoded", RULE_PLAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_bent),
        cmocka_unit_test(test_refused_settings),
        cmocka_unit_test(test_long_text_is_not_quadratic),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
