/* vocab_target.h - what the targets of vocabulary files share: the input is the file and
 * a text (mutate.h). Whatever opens must encode, and its ids must decode. */
#ifndef XUXIE_TESTS_FUZZ_VOCAB_TARGET_H
#define XUXIE_TESTS_FUZZ_VOCAB_TARGET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer_kind.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static inline void require(int condition)
{
    if (!condition)
        abort();
}

static inline void round_trip(const struct tokenizer *t, const char *text, size_t n_text, int flags)
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

/* `open` takes the file, which is followed by a NUL. */
static inline void vocab_target(const uint8_t *data, size_t n_bytes,
                                int (*open)(char *file, size_t n, struct vocab_source *src,
                                            struct err *err))
{
    struct vocab_source src;
    struct tokenizer *t;
    struct err err = ERR_INIT;
    size_t n, n_text;
    const uint8_t *at = data, *end = data + n_bytes;
    next_part(&at, end, &n);
    const char *text = (const char *)next_part(&at, end, &n_text);
    char *copy = malloc(n + 1);
    require(copy != NULL);
    memcpy(copy, data, n);
    copy[n] = '\0';
    if (open(copy, n, &src, &err) != 0) {
        require(err.msg[0] != '\0');
        return;
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
}

#endif
