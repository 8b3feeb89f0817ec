/* test_bpe.c - tokenizers end to end: the reference vectors of GPT-2 both ways, special tokens,
 * hostile metadata, hostile vocab.json and merges.txt, long words. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/tokenizers/tokenizer.h"
#include "engine/tokenizers/vocab_source.h"
#include "src/base/mem.h"
#include "tests/unit/gguf_build.h"
#include "tests/unit/shared_dir.h"

/* ---- against the reference ---- */

static void check_line(const struct tokenizer *t, size_t number, json_t *line)
{
    const char *text = json_string_value(json_object_get(line, "text"));
    size_t n_text = json_string_length(json_object_get(line, "text"));
    json_t *expected = json_object_get(line, "ids");
    size_t n_expected = json_array_size(expected);
    int32_t *ids = calloc(n_text + 2, sizeof *ids);
    assert_non_null(ids);
    size_t n = 0;
    assert_int_equal(tokenizer_encode(t, text, n_text, 0, ids, n_text + 2, &n, NULL), 0);
    if (n != n_expected)
        fail_msg("line %zu: %zu ids, not %zu", number, n, n_expected);
    for (size_t i = 0; i < n; i++)
        if (ids[i] != json_integer_value(json_array_get(expected, i)))
            fail_msg("line %zu: id %zu is %d", number, i, (int)ids[i]);

    const char *decoded = json_string_value(json_object_get(line, "decoded"));
    size_t n_decoded = json_string_length(json_object_get(line, "decoded"));
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *piece = tokenizer_piece(t, ids[i], true, &len);
        if (at + len > n_decoded || memcmp(decoded + at, piece, len) != 0)
            fail_msg("line %zu: token %zu decodes differently", number, i);
        at += len;
    }
    assert_int_equal(at, n_decoded);
    free(ids);
}

static void test_gpt2_vectors(void **state)
{
    (void)state;
    char folder[512];
    char vectors[512];
    if (!shared_path(folder, sizeof folder, "fixtures/tokens/gpt2") ||
        !shared_path(vectors, sizeof vectors, "fixtures/tokens/gpt2/public.jsonl"))
        skip();
    struct tokenizer *t = NULL;
    struct err err = ERR_INIT;
    if (tokenizer_open(folder, &t, &err) != 0)
        fail_msg("%s", err.msg);
    assert_string_equal(tokenizer_kind(t), "gpt2");
    assert_int_equal(tokenizer_count(t), 50257);
    assert_int_equal(tokenizer_eos(t), 50256);
    FILE *f = fopen(vectors, "r");
    assert_non_null(f);
    size_t n_lines = 0;
    for (json_t *line; (line = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL));
         n_lines++) {
        check_line(t, n_lines + 1, line);
        json_decref(line);
    }
    assert_int_equal(n_lines, 221);
    fclose(f);
    tokenizer_free(t);
}

static void test_preview_model(void **state)
{
    (void)state;
    char path[512];
    if (!shared_path(path, sizeof path, "model/preview.gguf"))
        skip();
    struct tokenizer *t = NULL;
    struct err err = ERR_INIT;
    if (tokenizer_open(path, &t, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(tokenizer_count(t), 8192);
    assert_int_equal(tokenizer_eos(t), 8191);
    assert_true(tokenizer_is_end(t, 8191));
    assert_true(tokenizer_is_control(t, 8191));
    assert_false(tokenizer_adds_bos(t));
    static const char text[] = "那一夜,雪下得很大。 \xFF\xE9 end\n";
    int32_t ids[sizeof text + 2];
    size_t n;
    assert_int_equal(tokenizer_encode(t, text, sizeof text - 1, 0, ids, ARRAY_LEN(ids), &n, NULL),
                     0);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *piece = tokenizer_piece(t, ids[i], false, &len);
        assert_memory_equal(piece, text + at, len);
        at += len;
    }
    assert_int_equal(at, sizeof text - 1);
    tokenizer_free(t);
}

/* ---- small vocabularies of our own ---- */

struct flaw {
    const char *key; /* the metadata this case replaces or leaves out */
    void (*put)(struct build *b);
    const char *words; /* in the message; NULL: accepted */
};

static const char *const small_tokens[] = {"a",
                                           "b",
                                           "c",
                                           "ab",
                                           "abc",
                                           "<end>",
                                           "\xC4\xA0",
                                           "<e>",
                                           "bc",
                                           "\xC4\xA0"
                                           "a",
                                           "",
                                           "aa"};
static const char *const small_merges[] = {"a b", "ab c", "b c", "\xC4\xA0 a", "a a"};
static const int32_t small_types[] = {1, 1, 1, 1, 1, 3, 1, 4, 1, 1, 5, 1};

static void put_model(struct build *b)
{
    b_kv_str(b, "tokenizer.ggml.model", "gpt2");
}
static void put_pre(struct build *b)
{
    b_kv_str(b, "tokenizer.ggml.pre", "gpt-2");
}
static void put_tokens(struct build *b)
{
    b_kv_strs(b, "tokenizer.ggml.tokens", small_tokens, ARRAY_LEN(small_tokens));
}
static void put_types(struct build *b)
{
    b_kv_i32s(b, "tokenizer.ggml.token_type", small_types, ARRAY_LEN(small_types));
}
static void put_merges(struct build *b)
{
    b_kv_strs(b, "tokenizer.ggml.merges", small_merges, ARRAY_LEN(small_merges));
}
static void put_bos(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.bos_token_id", 5);
}
static void put_eos(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.eos_token_id", 5);
}
static void put_add_bos(struct build *b)
{
    b_key(b, "tokenizer.ggml.add_bos_token", T_BOOL);
    b_num(b, 1, 1);
}

static const struct flaw small_parts[] = {
    {"tokenizer.ggml.model", put_model, NULL},
    {"tokenizer.ggml.pre", put_pre, NULL},
    {"tokenizer.ggml.tokens", put_tokens, NULL},
    {"tokenizer.ggml.token_type", put_types, NULL},
    {"tokenizer.ggml.merges", put_merges, NULL},
    {"tokenizer.ggml.bos_token_id", put_bos, NULL},
    {"tokenizer.ggml.eos_token_id", put_eos, NULL},
    {"tokenizer.ggml.add_bos_token", put_add_bos, NULL},
};

/* The small vocabulary with one part replaced by (or joined by) flaw's. */
static int open_small(const struct flaw *flaw, struct tokenizer **t, struct err *err)
{
    struct build body = {0};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(small_parts); i++) {
        if (flaw && strcmp(flaw->key, small_parts[i].key) == 0)
            continue;
        small_parts[i].put(&body);
        n++;
    }
    if (flaw && flaw->put) {
        flaw->put(&body);
        n++;
    }
    struct build b = {0};
    b_head(&b, 3, 0, n);
    b_raw(&b, body.p, body.n);
    struct weights *w = NULL;
    assert_int_equal(weights_from_bytes("t.gguf", b.p, b.n, &w, err), 0);
    int rc = tokenizer_from_weights(w, t, err);
    weights_close(w);
    b_free(&b);
    b_free(&body);
    return rc;
}

static void expect_ids(const struct tokenizer *t, const char *text, int flags, const char *expected)
{
    int32_t ids[64];
    char got[256] = "";
    size_t n;
    size_t at = 0;
    assert_int_equal(tokenizer_encode(t, text, strlen(text), flags, ids, ARRAY_LEN(ids), &n, NULL),
                     0);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, i ? " %d" : "%d", (int)ids[i]);
    if (strcmp(got, expected) != 0)
        fail_msg("\"%s\": %s, not %s", text, got, expected);
}

static void test_merging_and_special_tokens(void **state)
{
    (void)state;
    struct tokenizer *t = NULL;
    struct err err = ERR_INIT;
    if (open_small(NULL, &t, &err) != 0)
        fail_msg("%s", err.msg);
    expect_ids(t, "", 0, "");
    expect_ids(t, "a", 0, "0");
    expect_ids(t, "abc", 0, "4");
    expect_ids(t, "abcbcab", 0, "4 8 3");
    expect_ids(t, "aaa", 0, "11 0");
    expect_ids(t, "aab", 0, "0 3");
    expect_ids(t, "a a  a", 0, "0 9 6 9");
    expect_ids(t, "a<end>b", 0, "0 5 1");
    expect_ids(t, "a<e>b<end><en", 0, "0 7 1 5"); /* '<', 'e', 'n' have no token */
    expect_ids(t, "a<end>b", TOKENIZE_LITERAL, "0 1");
    expect_ids(t, "ab", TOKENIZE_SPECIAL, "5 3");
    int32_t few[1] = {-5};
    size_t n;
    assert_int_equal(tokenizer_encode(t, "abcab", 5, 0, few, 1, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_int_equal(few[0], 4);

    size_t len;
    assert_memory_equal(tokenizer_piece(t, 9, false, &len), " a", 2);
    assert_int_equal(len, 2);
    assert_string_equal(tokenizer_piece(t, 5, false, &len), "");
    assert_memory_equal(tokenizer_piece(t, 5, true, &len), "<end>", 5);
    assert_memory_equal(tokenizer_piece(t, 7, false, &len), "<e>", 3);
    tokenizer_piece(t, 12, true, &len);
    assert_int_equal(len, 0);
    tokenizer_piece(t, -1, true, &len);
    assert_int_equal(len, 0);
    assert_int_equal(tokenizer_start(t), 5);
    assert_int_equal(tokenizer_bos(t), 5);
    assert_true(tokenizer_is_end(t, 5));
    assert_false(tokenizer_is_end(t, -1));
    assert_false(tokenizer_is_control(t, 99));
    assert_true(tokenizer_adds_bos(t));

    struct tokenizer *again = NULL;
    struct tokenizer *other = NULL;
    static const struct flaw no_pre = {"tokenizer.ggml.pre", NULL, NULL};
    char id[3][33];
    assert_int_equal(open_small(NULL, &again, NULL), 0);
    assert_int_equal(open_small(&no_pre, &other, NULL), 0);
    tokenizer_identity(t, id[0]);
    tokenizer_identity(again, id[1]);
    tokenizer_identity(other, id[2]);
    assert_string_equal(id[0], id[1]);
    assert_string_not_equal(id[0], id[2]);
    tokenizer_free(other);
    tokenizer_free(again);
    tokenizer_free(t);
    tokenizer_free(NULL);
}

/* ---- hostile metadata ---- */

static void kind_llama(struct build *b)
{
    b_kv_str(b, "tokenizer.ggml.model", "llama");
}
static void kind_number(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.model", 1);
}
static void kind_long(struct build *b)
{
    char text[3000];
    memset(text, '\033', sizeof text);
    text[sizeof text - 1] = '\0';
    b_kv_str(b, "tokenizer.ggml.model", text);
}
static void pre_unknown(struct build *b)
{
    b_kv_str(b, "tokenizer.ggml.pre", "qwen9");
}
static void pre_default(struct build *b)
{
    b_kv_str(b, "tokenizer.ggml.pre", "default");
}
static void tokens_i32(struct build *b)
{
    b_kv_i32s(b, "tokenizer.ggml.tokens", small_types, ARRAY_LEN(small_types));
}
static void tokens_none(struct build *b)
{
    b_kv_strs(b, "tokenizer.ggml.tokens", NULL, 0);
}
static void tokens_equal(struct build *b)
{
    static const char *const tokens[] = {"a", "b", "b"};
    b_kv_strs(b, "tokenizer.ggml.tokens", tokens, 3);
}
static void token_long(struct build *b)
{
    char *text = malloc(70001);
    assert_non_null(text);
    memset(text, 'x', 70000);
    text[70000] = '\0';
    const char *tokens[] = {"a", text};
    b_kv_strs(b, "tokenizer.ggml.tokens", tokens, 2);
    free(text);
}
static void types_u8(struct build *b)
{
    b_key(b, "tokenizer.ggml.token_type", T_ARR);
    b_u32(b, T_U8);
    b_u64(b, ARRAY_LEN(small_types));
    b_data(b, ARRAY_LEN(small_types));
}
static void types_short(struct build *b)
{
    b_kv_i32s(b, "tokenizer.ggml.token_type", small_types, 3);
}
static void types_wild(struct build *b)
{
    static const int32_t types[12] = {1, 1, 77};
    b_kv_i32s(b, "tokenizer.ggml.token_type", types, 12);
}
static void types_byte(struct build *b)
{
    static const int32_t types[12] = {6};
    b_kv_i32s(b, "tokenizer.ggml.token_type", types, 12);
}
static void scores_short(struct build *b)
{
    b_key(b, "tokenizer.ggml.scores", T_ARR);
    b_u32(b, T_F32);
    b_u64(b, 2);
    b_u64(b, 0);
}
static void scores_double(struct build *b)
{
    b_key(b, "tokenizer.ggml.scores", T_ARR);
    b_u32(b, T_F64);
    b_u64(b, 1);
    b_u64(b, 0);
}
static void merges(struct build *b, const char *merge, size_t n)
{
    b_key(b, "tokenizer.ggml.merges", T_ARR);
    b_u32(b, T_STR);
    b_u64(b, n);
    for (size_t i = 0; i < n; i++)
        b_str(b, merge);
}
static void merge_no_space(struct build *b)
{
    merges(b, "ab", 1);
}
static void merge_three(struct build *b)
{
    merges(b, "a b c", 1);
}
static void merge_half(struct build *b)
{
    merges(b, "a ", 1);
}
static void merge_empty(struct build *b)
{
    merges(b, "", 1);
}
static void merge_unknown(struct build *b)
{
    merges(b, "a z", 1);
}
static void merge_to_unknown(struct build *b)
{
    merges(b, "c a", 1);
}
static void merges_equal(struct build *b)
{
    merges(b, "a b", 5000);
}
static void merges_numbers(struct build *b)
{
    b_kv_i32s(b, "tokenizer.ggml.merges", small_types, 3);
}
static void merges_none(struct build *b)
{
    merges(b, "", 0);
}
static void bos_out(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.bos_token_id", 12);
}
static void eos_out(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.eos_token_id", UINT32_MAX);
}
static void eos_text(struct build *b)
{
    b_kv_str(b, "tokenizer.ggml.eos_token_id", "5");
}
static void eot_out(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.eot_token_id", 1u << 31);
}
static void unk_out(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.unknown_token_id", UINT32_MAX);
}
static void add_bos_number(struct build *b)
{
    b_kv_u32(b, "tokenizer.ggml.add_bos_token", 1);
}
static void template(struct build *b)
{
    b_kv_str(b, "tokenizer.chat_template", "{% for x in range(10**9) %}{{ x }}{% endfor %}");
}

static const struct flaw flaws[] = {
    {"tokenizer.ggml.model", NULL, "no tokenizer"},
    {"tokenizer.ggml.model", kind_llama, "tokenizer.ggml.scores: the file has no such metadata"},
    {"tokenizer.ggml.model", kind_number, "a text is needed"},
    {"tokenizer.ggml.model", kind_long, "\\u{1B}"},
    {"tokenizer.ggml.pre", pre_unknown, "\"qwen9\" is not supported"},
    {"tokenizer.ggml.pre", pre_default, NULL},
    {"tokenizer.ggml.pre", NULL, NULL},
    {"tokenizer.ggml.tokens", NULL, "tokenizer.ggml.tokens: the file has no such metadata"},
    {"tokenizer.ggml.tokens", tokens_i32, "a list of texts is needed"},
    {"tokenizer.ggml.tokens", tokens_none, "the vocabulary is empty"},
    {"tokenizer.ggml.tokens", tokens_equal, "has the text of token 1"},
    {"tokenizer.ggml.tokens", token_long, "70000 bytes; at most 65536"},
    {"tokenizer.ggml.token_type", types_u8, "32-bit whole numbers"},
    {"tokenizer.ggml.token_type", types_short, "3 elements for 12 tokens"},
    {"tokenizer.ggml.token_type", types_wild, "token_type[2] at byte"},
    {"tokenizer.ggml.token_type", types_byte, "byte token \"a\""},
    {"tokenizer.ggml.token_type", NULL, NULL},
    {"tokenizer.ggml.scores", scores_short, "2 elements for 12 tokens"},
    {"tokenizer.ggml.scores", scores_double, "32-bit decimal numbers"},
    {"tokenizer.ggml.merges", NULL, "tokenizer.ggml.merges: the file has no such metadata"},
    {"tokenizer.ggml.merges", merge_no_space, "tokenizer.ggml.merges[0] at byte"},
    {"tokenizer.ggml.merges", merge_three, "one space"},
    {"tokenizer.ggml.merges", merge_half, "one space"},
    {"tokenizer.ggml.merges", merge_empty, "one space"},
    {"tokenizer.ggml.merges", merge_unknown, "\"a z\" is of a text"},
    {"tokenizer.ggml.merges", merge_to_unknown, "\"c a\" makes a text"},
    {"tokenizer.ggml.merges", merges_equal, "merges[1] at byte"},
    {"tokenizer.ggml.merges", merges_numbers, "a list of texts is needed"},
    {"tokenizer.ggml.merges", merges_none, NULL},
    {"tokenizer.ggml.bos_token_id", bos_out, "12; from 0 to 11 is allowed"},
    {"tokenizer.ggml.eos_token_id", eos_out, "4294967295; from 0 to 11"},
    {"tokenizer.ggml.eos_token_id", eos_text, "a whole number is needed"},
    {"tokenizer.ggml.eot_token_id", eot_out, "2147483648; from 0 to 11"},
    {"tokenizer.ggml.unknown_token_id", unk_out, NULL},
    {"tokenizer.ggml.add_bos_token", add_bos_number, "yes-or-no"},
    {"tokenizer.chat_template", template, NULL},
};

static void test_hostile_metadata(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(flaws); i++) {
        struct tokenizer *t = NULL;
        struct err err = ERR_INIT;
        int rc = open_small(&flaws[i], &t, &err);
        if (!flaws[i].words ? rc != 0 : rc == 0 || !strstr(err.msg, flaws[i].words))
            fail_msg("%s, case %zu: %d %s", flaws[i].key, i, rc, err.msg);
        assert_true(strlen(err.msg) < 400);
        tokenizer_free(t);
    }
}

/* ---- vocab.json and merges.txt ---- */

static int read_texts(const char *vocab, size_t n_vocab, const char *merges_txt,
                      struct vocab_source *src, struct err *err)
{
    struct build copy = {0};
    b_raw(&copy, merges_txt, strlen(merges_txt) + 1);
    return vocab_source_from_texts("vocab.json", vocab, n_vocab, "merges.txt", (char *)copy.p,
                                   copy.n - 1, src, err);
}

static const struct {
    const char *vocab;
    const char *words;
} vocabs[] = {
    {"", "JSON"},
    {"{\"a\": 0", "JSON"},
    {"\xFF\xFE{\0", "JSON"},
    {"[1]", "an object"},
    {"{}", "empty"},
    {"{\"a\": -1}", "id -1"},
    {"{\"a\": 0, \"b\": 2147483648}", "id 2147483648"},
    {"{\"a\": 1000000000}", "id 1000000000"},
    {"{\"a\": 18446744073709551616}", "JSON"},
    {"{\"a\": 1.5}", "not a whole number"},
    {"{\"a\": \"0\"}", "not a whole number"},
    {"{\"a\": 0, \"b\": 0}", "taken"},
    {"{\"a\": 0, \"a\": 1}", "JSON"},
    {"{\"a\": {\"b\": 0}}", "not a whole number"},
};

static void test_hostile_vocab_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vocabs); i++) {
        struct vocab_source src;
        struct err err = ERR_INIT;
        int rc = read_texts(vocabs[i].vocab, strlen(vocabs[i].vocab), "", &src, &err);
        if (rc != E_INPUT || !strstr(err.msg, vocabs[i].words) ||
            strncmp(err.msg, "vocab.json: ", 12) != 0)
            fail_msg("%s: %d %s", vocabs[i].vocab, rc, err.msg);
    }
    struct build deep = {0};
    for (int i = 0; i < 100000; i++)
        b_raw(&deep, "[", 1);
    struct vocab_source src;
    struct err err = ERR_INIT;
    assert_int_equal(read_texts((char *)deep.p, deep.n, "", &src, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "nested more than 64 deep"));
    b_free(&deep);
}

static char dir[] = "/tmp/test_bpe.XXXXXX";
static char path[128];

static void write_part(const char *name, const char *text)
{
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void expect_folder_refusal(const char *words)
{
    struct tokenizer *t = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(tokenizer_open(dir, &t, &err), E_INPUT);
    if (!strstr(err.msg, words))
        fail_msg("%s", err.msg);
}

static void test_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    expect_folder_refusal("/vocab.json: there is no such file");
    write_part("vocab.json", "{\"a\": 0, \"b\": 1, \"ab\": 2, \"<|endoftext|>\": 3}");
    expect_folder_refusal("/merges.txt: there is no such file");
    write_part("merges.txt", "#version: 0.2\na b\n\nab\n");
    expect_folder_refusal("/merges.txt: line 4: the merge \"ab\" is not two tokens");
    write_part("merges.txt", "#version: 0.2\r\na b\r\na b\r\n");
    expect_folder_refusal("line 3: this merge is number 0 already");
    write_part("merges.txt", "\x01\x02 \xFF");
    expect_folder_refusal("line 1: the merge \"\\u{1}\\u{2} \\xFF\"");
    write_part("merges.txt", "#version: 0.2\r\na b");
    struct tokenizer *t = NULL;
    assert_int_equal(tokenizer_open(dir, &t, NULL), 0);
    expect_ids(t, "ab<|endoftext|>ba", 0, "2 3 1 0");
    assert_int_equal(tokenizer_bos(t), 3);
    assert_true(tokenizer_is_control(t, 3));
    tokenizer_free(t);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_folder_refusal("pipe");
    unlink(path);
    snprintf(path, sizeof path, "%s/vocab.json", dir);
    unlink(path);
    rmdir(dir);
}

/* ---- long words ---- */

static void test_long_word_is_not_quadratic(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    struct tokenizer *t = NULL;
    assert_int_equal(open_small(NULL, &t, NULL), 0);
    char *text = malloc(N);
    int32_t *ids = malloc((N + 2) * sizeof *ids);
    assert_non_null(text);
    assert_non_null(ids);
    memset(text, 'a', N);
    size_t n;
    clock_t begin = clock();
    assert_int_equal(tokenizer_encode(t, text, N, 0, ids, N + 2, &n, NULL), 0);
    assert_int_equal(n, N / 2);
    assert_int_equal(ids[N / 2 - 1], 11);
    assert_true((clock() - begin) / CLOCKS_PER_SEC < 20); /* a second; minutes when quadratic */
    free(ids);
    free(text);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2_vectors),
        cmocka_unit_test(test_preview_model),
        cmocka_unit_test(test_merging_and_special_tokens),
        cmocka_unit_test(test_hostile_metadata),
        cmocka_unit_test(test_hostile_vocab_json),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_long_word_is_not_quadratic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
