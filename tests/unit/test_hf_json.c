/* test_hf_json.c - Hugging Face's tokenizer.json: small files of every supported part, whose ids
 * and texts are those of the `tokenizers` library 0.23; files that are refused, by name; the
 * reference data's vectors. */
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

struct row {
    const char *name;
    const char *parts; /* of the file, up to the model's vocabulary; NULL: as in the row before */
    const char *text, *ids, *decoded;
};

/* clang-format off */
static const char vocab[] = "{\"<unk>\":0,\"a\":1,\"b\":2,\"c\":3,\"ab\":4,\"▁\":5,\"▁a\":6,\"1\":7,\"2\":8,\"12\":9,\"!\":10,\"##b\":11,\"A\":12,\"雪\":13,\".\":14,\"é\":15,\"e\":16,\"<0xE5>\":17,\"<0xA4>\":18,\"<0x9C>\":19,\"abc\":20,\"b!\":21,\"Ġ\":22,\"Ġa\":23,\"x</w>\":24,\"</w>\":25,\"b</w>\":26,\"ab</w>\":27,\"a</w>\":28}";

static const struct row rows[] = {
    {"BPE alone", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "abc", "20", "abc"},
    {"BPE alone", NULL, "a b", "1 0 2", "a <unk> b"},
    {"BPE alone", NULL, "zz", "0 0", "<unk> <unk>"},
    {"BPE alone", NULL, "ab12!", "4 9 10", "ab 12 !"},
    {"BPE alone", NULL, "雪夜", "13 0", "雪 <unk>"},
    {"fused unknowns", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":true,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "zza", "0 1", "<unk> a"},
    {"fused unknowns", NULL, "azzzb", "1 0 2", "a <unk> b"},
    {"byte fallback", "\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"▁\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}]},\"pre_tokenizer\":null,\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":true,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "ab", "5 4", "ab"},
    {"byte fallback", NULL, "a  b", "6 5 5 2", "a  b"},
    {"byte fallback", NULL, "夜", "5 17 18 19", "夜"},
    {"byte fallback", NULL, "z", "5 0", "<unk>"},
    {"lower case, accents", "\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]},\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "ÁB", "4", "ab"},
    {"lower case, accents", NULL, "éA", "16 1", "e a"},
    {"strip, NFKC", "\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true},{\"type\":\"NFKC\"}]},\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "  ａb  ", "4", "ab"},
    {"strip, NFKC", NULL, "①②", "9", "12"},
    {"Bert normalizer", "\"added_tokens\":[],\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},\"model\":{\"type\":\"WordPiece\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":\"##\",\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"max_input_chars_per_word\":100", "AB雪a.", "4 13 1 14", "ab 雪 a."},
    {"Bert normalizer", NULL, "abb ab", "4 11 4", "abb ab"},
    {"Bert normalizer", NULL, "É!", "16 10", "e!"},
    {"Metaspace always", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\",\"split\":true},\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\",\"split\":true},\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a a", "6 6", "a a"},
    {"Metaspace always", NULL, "  ab", "5 5 4", " ab"},
    {"Metaspace always", NULL, "▁a", "6", "a"},
    {"Metaspace first", "\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true},{\"id\":29,\"content\":\"<m>\",\"single_word\":false,\"lstrip\":true,\"rstrip\":true,\"normalized\":false,\"special\":true},{\"id\":30,\"content\":\"hi\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":true,\"special\":false}],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"first\",\"split\":true},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a<m> a", "6 29 1", "▁a <m> a"},
    {"Metaspace first", NULL, "aHia", "6 0 0 1", "▁a <unk> <unk> a"},
    {"Metaspace whole", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"never\",\"split\":false},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a ab", "1 5 4", "a ▁ ab"},
    {"Metaspace whole", NULL, "ab a", "4 6", "ab ▁a"},
    {"Whitespace", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a b!c", "1 2 10 3", "a b ! c"},
    {"Whitespace", NULL, "ab12 !!a", "4 9 10 10 1", "ab 12 ! ! a"},
    {"Whitespace", NULL, "a_b", "1 0 2", "a <unk> b"},
    {"WhitespaceSplit, Punctuation", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},{\"type\":\"Punctuation\",\"behavior\":\"MergedWithPrevious\"}]},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "ab!b c.!a", "4 10 2 3 14 10 1", "ab ! b c . ! a"},
    {"Digits", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Digits\",\"individual_digits\":true},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a12b", "1 7 8 2", "a 1 2 b"},
    {"Digits together", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Digits\",\"individual_digits\":false},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a12b", "1 9 2", "a 12 b"},
    {"Split with next", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},\"behavior\":\"MergedWithNext\",\"invert\":false},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "abc", "1 2 3", "a b c"},
    {"Split with next", NULL, "abbc", "1 2 2 3", "a b b c"},
    {"Split removed", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},\"behavior\":\"Removed\",\"invert\":false},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "abc", "1 3", "a c"},
    {"Split removed", NULL, "abbc", "1 3", "a c"},
    {"Split contiguous", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},\"behavior\":\"Contiguous\",\"invert\":false},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "abbc", "1 2 2 3", "a b b c"},
    {"Split inverted", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},\"behavior\":\"Removed\",\"invert\":true},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "abbc", "2 2", "b b"},
    {"byte level", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "ab a", "22 4 22 1", " ab a"},
    {"byte level", NULL, "12", "22 9", " 12"},
    {"suffix", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"},\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":\"</w>\",\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b</w>\"]]", "ab b", "27 26", "ab b"},
    {"suffix", NULL, "x a", "24 28", "x a"},
    {"prefix", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":\"##\",\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"##b\"]]", "ab a", "4 1", "ab a"},
    {"ignore merges", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":true,\"merges\":[]", "abc", "20", "abc"},
    {"ignore merges", NULL, "abca", "1 2 3 1", "a b c a"},
    {"WordLevel", "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"decoder\":null,\"model\":{\"type\":\"WordLevel\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false", "ab zz abc", "4 0 20", "ab <unk> abc"},
    {"added tokens", "\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true},{\"id\":29,\"content\":\"<m>\",\"single_word\":false,\"lstrip\":true,\"rstrip\":true,\"normalized\":false,\"special\":true},{\"id\":30,\"content\":\"hi\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":true,\"special\":false}],\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a <m> b", "1 29 2", "a <m> b"},
    {"added tokens", NULL, "Hi hi", "30 0 30", "hi <unk> hi"},
    {"added tokens", NULL, "<unk>a", "0 1", "<unk> a"},
    {"Nmt", "\"added_tokens\":[],\"normalizer\":{\"type\":\"Nmt\"},\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"merges\":[[\"a\",\"b\"],[\"▁\",\"a\"],[\"1\",\"2\"],[\"ab\",\"c\"]]", "a\011b\342\200\213c", "1 0 2 0 3", "a <unk> b <unk> c"},
    {"Nmt", NULL, "a\001b", "4", "ab"},
};
/* clang-format on */

static int open_json(const char *json, size_t n, struct tokenizer **t, struct err *err)
{
    struct vocab_source src;
    char *copy = exact_copy(json, n);
    int rc = vocab_source_from_hf("t.json", copy, n, &src, err);
    if (rc == 0) {
        rc = tokenizer_from_source(&src, t, err);
        vocab_source_free(&src);
    }
    free(copy);
    return rc;
}

static void check_row(const struct row *row, const char *parts)
{
    char json[8192];
    int32_t ids[64];
    char got[256] = "";
    char *text;
    size_t n;
    size_t n_text;
    struct tokenizer *t;
    struct err err = ERR_INIT;
    int len = snprintf(json, sizeof json, "{%s,\"vocab\":%s}}", parts, vocab);
    assert_in_range(len, 1, sizeof json - 1);
    if (open_json(json, (size_t)len, &t, &err) != 0)
        fail_msg("%s: %s", row->name, err.msg);
    char *exact = exact_copy(row->text, strlen(row->text));
    assert_int_equal(tokenizer_encode(t, exact, strlen(row->text), 0, ids, 64, &n, NULL), 0);
    assert_in_range(n, 0, 64);
    for (size_t i = 0; i < n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", i ? " " : "", (int)ids[i]);
    if (strcmp(got, row->ids) != 0)
        fail_msg("%s: \"%s\": %s instead of %s", row->name, row->text, got, row->ids);
    assert_int_equal(tokenizer_decode(t, ids, n, true, RULE_PLAIN, &text, &n_text, NULL), 0);
    if (strcmp(text, row->decoded) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", row->name, text, row->decoded);
    free(text);
    free(exact);
    tokenizer_free(t);
}

static void test_parts(void **state)
{
    (void)state;
    const char *parts = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        parts = rows[i].parts ? rows[i].parts : parts;
        check_row(&rows[i], parts);
    }
}

#define BPE(vocabulary, merges)                                                                    \
    "{\"model\":{\"type\":\"BPE\",\"vocab\":{" vocabulary "},\"merges\":[" merges "]}}"
#define WITH(part) "{" part ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "JSON at byte"},
        {"[]", "\"vocab\" is missing"},
        {"{\"model\":1}", "\"vocab\" is missing"},
        {"{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}", "\"Unigram\" is not supported"},
        {BPE("", ""), "empty"},
        {BPE("\"a\":-1", ""), "token \"a\""},
        {BPE("\"a\":1.5", ""), "token \"a\""},
        {BPE("\"a\":\"5\"", ""), "token \"a\""},
        {BPE("\"a\":1000000000", ""), "has the id 1000000000"},
        {BPE("\"a\":0,\"b\":0", ""), "id 0 is taken"},
        {BPE("\"a\":0,\"a\":1", ""), "JSON at byte"},
        {BPE("\"a\":0", "\"aa\""), "merges[0] is not two tokens"},
        {BPE("\"a\":0", "\"a a a\""), "merges[0] is not two tokens"},
        {BPE("\"a\":0", "5"), "merges[0] is not two tokens"},
        {BPE("\"a\":0", "[\"a\",\"b\"]"), "not in the vocabulary"},
        {BPE("\"a\":0,\"aa\":1", "\"a a\",\"a a\""), "the same as merges[0]"},
        {WITH("\"normalizer\":{\"type\":\"Precompiled\"}"), "normalizer: \"Precompiled\""},
        {WITH("\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"X\"}]}"),
         "normalizer: \"X\""},
        {WITH("\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":"
              "\"\"}"),
         "\"String\" is missing"},
        {WITH("\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}"),
         "pre_tokenizer: \"UnicodeScripts\""},
        {WITH("\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$\"},"
              "\"behavior\":\"Isolated\"}"),
         "regular expression: \"(a+)+$\""},
        {WITH("\"decoder\":{\"type\":\"CTC\"}"), "decoder: \"CTC\""},
        {WITH("\"post_processor\":{\"type\":\"Other\"}"), "post_processor: \"Other\""},
        {WITH("\"added_tokens\":[{\"id\":0,\"content\":\"\"}]"), "added_tokens[0]"},
        {WITH("\"added_tokens\":[{\"id\":1000000000,\"content\":\"x\"}]"), "id 1000000000"},
        {WITH("\"added_tokens\":[{\"id\":1,\"content\":\"x\",\"single_word\":true}]"),
         "single_word"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tokenizer *t = NULL;
        struct err err = ERR_INIT;
        int rc = open_json(cases[i].json, strlen(cases[i].json), &t, &err);
        if (rc == 0 || !strstr(err.msg, cases[i].words))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
}

static void test_deep(void **state)
{
    (void)state;
    size_t n = 100000;
    char *json = malloc(n);
    struct tokenizer *t = NULL;
    struct err err = ERR_INIT;
    assert_non_null(json);
    memset(json, '[', n);
    assert_int_equal(open_json(json, n, &t, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "nested more than"));
    free(json);
}

static void test_vectors(void **state)
{
    (void)state;
    static const char *const sets[] = {"llama3-small", "qwen2-small"};
    static const char *const jieba[] = {"jiebabpe-big", "jiebabpe-v2", "jiebabpe-v3"};
    const struct tokenizer_options plain = {.no_jieba = true};
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        check_vectors(sets[i], sets[i], NULL, "ids", "decoded", RULE_PLAIN);
    for (size_t i = 0; i < ARRAY_LEN(jieba); i++)
        check_vectors(jieba[i], jieba[i], &plain, "ids_without_jieba", NULL, RULE_PLAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
