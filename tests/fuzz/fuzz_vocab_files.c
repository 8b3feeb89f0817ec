/* fuzz_vocab_files.c - tokenizers in files, by the first byte modulo 3: vocab.txt, tokenizer.model
 * or tokenizer.json, then a NUL byte twice, then a text to encode. Whatever opens must encode, and
 * its ids must decode. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int condition)
{
    if (!condition)
        abort();
}

static int open_source(int kind, char *file, size_t n, struct vocab_source *src, struct err *err)
{
    if (kind == 0)
        return vocab_source_from_lines("v", file, n, src, err);
    if (kind == 1)
        return vocab_source_from_spm("v", file, n, src, err);
    int rc = vocab_source_from_hf("v", file, n, src, err);
    free(file);
    return rc;
}

static void round_trip(const struct tokenizer *t, const char *text, size_t n_text, int flags)
{
    static int32_t ids[4096];
    size_t n;
    char *shown;
    size_t n_shown;
    require(tokenizer_encode(t, text, n_text, flags, ids, 4096, &n, NULL) == 0);
    n = n < 4096 ? n : 4096;
    for (size_t i = 0; i < n; i++)
        require(ids[i] >= 0 && ids[i] < tokenizer_count(t));
    require(tokenizer_decode(t, ids, n, flags & TOKENIZE_SPECIAL, RULE_PLAIN, &shown, &n_shown,
                             NULL) == 0);
    free(shown);
    if (tokenizer_decode(t, ids, n, false, RULE_MODELSCOPE, &shown, &n_shown, NULL) == 0)
        free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct vocab_source src;
    struct tokenizer *t;
    struct err err = ERR_INIT;
    if (n_bytes == 0)
        return 0;
    const uint8_t *file = data + 1;
    const uint8_t *end = memmem(file, n_bytes - 1, "\0\0", 2);
    size_t n = end ? (size_t)(end - file) : n_bytes - 1;
    const char *text = end ? (const char *)end + 2 : "雪 a<s>";
    size_t n_text = end ? n_bytes - 3 - n : strlen(text);
    char *copy = malloc(n + 1);
    require(copy != NULL);
    memcpy(copy, file, n);
    copy[n] = '\0';
    if (open_source(data[0] % 3, copy, n, &src, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    if (tokenizer_from_source(&src, &t, &err) == 0) {
        round_trip(t, text, n_text, 0);
        round_trip(t, text, n_text, TOKENIZE_SPECIAL | TOKENIZE_CONTINUES);
        round_trip(t, text, n_text, TOKENIZE_LITERAL);
        tokenizer_free(t);
    } else {
        require(err.msg[0] != '\0');
    }
    vocab_source_free(&src);
    return 0;
}
