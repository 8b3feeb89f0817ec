/* vocab.h - the tokens of a tokenizer: what bytes each stands for, its type, and the search for
 * special tokens written out in a text. Immutable after vocab_init. */
#ifndef XUXIE_ENGINE_TOKENIZERS_VOCAB_H
#define XUXIE_ENGINE_TOKENIZERS_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tokenizers/vocab_source.h"

struct vocab {
    int32_t n;
    char *bytes;      /* what the tokens stand for, one after the other */
    size_t *start;    /* [n + 1] where each begins in bytes, after a space of its own */
    uint8_t *type;    /* [n] enum token_type */
    int32_t *special; /* control and user-defined tokens, sorted by their bytes */
    size_t n_special;
    bool begins_special[256]; /* does a special token begin with this byte? */
};

/* How a kind of tokenizer spells ordinary tokens: the bytes that `text` stands for into out (n
 * bytes of room; never more than n), and their number. */
typedef size_t vocab_spell(const char *text, size_t n, char *out);

int vocab_init(struct vocab *v, const struct vocab_source *src, vocab_spell *spell,
               struct err *err);
void vocab_free(struct vocab *v); /* zeroed structs are fine */

/* A space stands before the bytes returned. */
const char *vocab_bytes(const struct vocab *v, int32_t id, size_t *n_bytes);

/* The first special token in text[from..n), the longest where several begin at one place: *at is
 * where it begins. Returns its id, or -1. */
int32_t vocab_find_special(const struct vocab *v, const char *text, size_t n, size_t from,
                           size_t *at);

#endif
