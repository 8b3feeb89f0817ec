/* tokenizer_kind.h - what tokenizer.c and the kinds of tokenizers share. A new kind is one .c file
 * that ends in one struct tokenizer_kind, and one row of tokenizer.c's table. */
#ifndef XUXIE_ENGINE_TOKENIZERS_TOKENIZER_KIND_H
#define XUXIE_ENGINE_TOKENIZERS_TOKENIZER_KIND_H

#include "engine/tokenizers/tokenizer.h"
#include "engine/tokenizers/vocab.h"

/* Where ids go: those beyond the capacity are counted only. */
struct id_sink {
    int32_t *ids;
    size_t capacity;
    size_t n;
};

static inline void id_sink_put(struct id_sink *sink, int32_t id)
{
    if (sink->n < sink->capacity)
        sink->ids[sink->n] = id;
    sink->n++;
}

struct tokenizer_kind {
    const char *name; /* tokenizer.ggml.model */
    vocab_spell *spell;
    /* The kind's own tables; src is borrowed for the call. */
    int (*build)(const struct vocab_source *src, void **tables, struct err *err);
    void (*free)(void *tables);
    /* A stretch of text without special tokens; fewer than 2^31 bytes. flags: enum
     * tokenizer_flags. */
    int (*encode)(const void *tables, const char *text, size_t n_bytes, int flags,
                  struct id_sink *sink, struct err *err);
    /* encode() is given the text whole and looks for special tokens itself. */
    bool finds_special;
};

extern const struct tokenizer_kind tokenizer_bpe;

/* The alphabet of byte-level BPE (bpe.c): the character byte b is written as, and how it spells a
 * token (a vocab_spell). */
uint32_t bpe_char_of_byte(unsigned b);
size_t bpe_spell_bytes(const char *text, size_t n, char *out);

/* What all ways to open a tokenizer end in; src is borrowed for the call. */
int tokenizer_from_source(const struct vocab_source *src, struct tokenizer **out, struct err *err);

#endif
