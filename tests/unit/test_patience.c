/* test_patience.c - tokenizer_encode_until(): every kind asks often enough whether anybody still
 * waits, ends at once when not, and gives the same tokens when so. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/tokenizers/jieba.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/mem.h"
#include "tests/unit/shared_dir.h"

enum { TEXT_BYTES = 1 << 18 };

static char text[TEXT_BYTES];

struct waiter {
    int n_asked, ends_at; /* 0: never */
};

static bool ask(void *arg)
{
    struct waiter *w = arg;
    assert_true(w->ends_at == 0 || w->n_asked < w->ends_at); /* not again once it said so */
    return ++w->n_asked == w->ends_at;
}

static void fill(const char *words)
{
    size_t n = strlen(words);
    for (size_t i = 0; i < TEXT_BYTES; i++)
        text[i] = words[i % n];
    for (size_t i = TEXT_BYTES; i > 0 && (text[i - 1] & 0x80); i--)
        text[i - 1] = '.'; /* ends with a whole character */
}

static void check_text(const struct tokenizer *t, const char *name, const char *words)
{
    struct waiter w = {0};
    struct err err = ERR_INIT;
    size_t n, n_plain;
    int32_t *ids = malloc((TEXT_BYTES + 8) * sizeof *ids);
    int32_t *plain = malloc((TEXT_BYTES + 8) * sizeof *plain);
    fill(words);
    assert_int_equal(
        tokenizer_encode(t, text, TEXT_BYTES, 0, plain, TEXT_BYTES + 8, &n_plain, NULL), 0);
    assert_int_equal(
        tokenizer_encode_until(t, text, TEXT_BYTES, 0, ids, TEXT_BYTES + 8, &n, ask, &w, NULL), 0);
    assert_int_equal(n, n_plain);
    assert_memory_equal(ids, plain, (n < TEXT_BYTES + 8 ? n : TEXT_BYTES + 8) * sizeof *ids);
    printf("# %s: asked %d times for %zu tokens of %d bytes\n", name, w.n_asked, n, TEXT_BYTES);
    assert_true(w.n_asked >= TEXT_BYTES / 16 / PATIENCE_STEPS);
    const int all = w.n_asked;
    for (int i = 1; i <= all; i += 1 + all / 6) {
        w = (struct waiter){.ends_at = i};
        n = 12345;
        assert_int_equal(
            tokenizer_encode_until(t, text, TEXT_BYTES, 0, ids, TEXT_BYTES + 8, &n, ask, &w, &err),
            E_CANCELLED);
        assert_int_equal(w.n_asked, i);
        assert_int_equal(n, 12345);
    }
    free(ids);
    free(plain);
}

static void check_tokenizer(const char *path, const char *name, bool jieba)
{
    struct tokenizer *t;
    struct err err = ERR_INIT;
    const struct tokenizer_options options = {.no_jieba = !jieba && strstr(path, "jieba")};
    if (tokenizer_open_with(path, &options, &t, &err))
        fail_msg("%s", err.msg);
    printf("# %s: %s\n", name, tokenizer_kind(t));
    check_text(t, name, "那一夜，雪下得很大。Old men, old stories: e\xCC\x81t\xC3\xA9 7!\n");
    check_text(t, name, "a"); /* one word, one piece */
    tokenizer_free(t);
}

static void test_bundled(void **state)
{
    (void)state;
    char path[4096];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/data/preview-q8_0.gguf", top ? top : ".");
    check_tokenizer(path, "preview", false);
}

static void test_others(void **state)
{
    (void)state;
    static const char *const names[] = {
        "fixtures/c1_hf_gpt2_bert_bin/vocab.txt",       /* WordPiece */
        "fixtures/gguf/e1_llama2_mha_fp32.gguf",        /* SentencePiece */
        "fixtures/gguf/e4_qwen3_qknorm_bf16.gguf",      /* byte-level BPE, normal form C */
        "fixtures/e4_qwen3_qknorm_bf16/tokenizer.json", /* the same by its steps */
        "fixtures/e2_llama3_gqa_ropescaled_bf16/tokenizer.json",
        "fixtures/tokens/jiebabpe-v2/tokenizer.json", /* steps of its own */
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[4096];
        if (!shared_path(path, sizeof path, names[i]))
            skip();
        check_tokenizer(path, names[i], false);
    }
}

static void test_with_jieba(void **state)
{
    (void)state;
    char path[4096];
    const char *env = getenv("XUXIE_JIEBA"), *dictionary = env ? env : "data/jieba.bin";
    if (access(dictionary, R_OK) != 0 ||
        !shared_path(path, sizeof path, "fixtures/tokens/jiebabpe-v3/tokenizer.json"))
        skip();
    jieba_set_path(dictionary);
    check_tokenizer(path, "jieba", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundled),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_with_jieba),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
