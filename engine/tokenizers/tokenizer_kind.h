/* tokenizer_kind.h - what tokenizer.c and the kinds of tokenizers share. A new kind is one .c file
 * that ends in one struct tokenizer_kind, and one row of tokenizer.c's table. */
#ifndef XUXIE_ENGINE_TOKENIZERS_TOKENIZER_KIND_H
#define XUXIE_ENGINE_TOKENIZERS_TOKENIZER_KIND_H

#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/tokenizer.h"
#include "engine/tokenizers/vocab.h"

/* Where ids go: those beyond the capacity are counted only. */
struct id_sink {
    int32_t *ids;
    size_t capacity;
    size_t n;
    struct patience *patience; /* never NULL where a kind is given it */
};

static inline void id_sink_put(struct id_sink *sink, int32_t id)
{
    if (sink->n < sink->capacity)
        sink->ids[sink->n] = id;
    sink->n++;
}

/* How a token follows the one before it in a text (-1: it begins the text). */
enum token_join {
    JOIN_PLAIN,    /* as it is */
    JOIN_SPACE,    /* with a space before it */
    JOIN_TRIM_ONE, /* without a space it begins with */
    JOIN_TRIM_ALL, /* without all spaces it begins with */
};

struct tokenizer_kind {
    const char *name; /* tokenizer.ggml.model */
    vocab_spell *spell;
    /* The kind's own tables; src is borrowed for the call. */
    int (*build)(const struct vocab_source *src, void **tables, struct err *err);
    void (*free)(void *tables);
    /* A stretch of text without special tokens; fewer than 2^31 bytes. flags: enum
     * tokenizer_flags. Fails in any way it likes once sink->patience is lost, which it asks now and
     * then. */
    int (*encode)(const void *tables, const char *text, size_t n_bytes, int flags,
                  struct id_sink *sink, struct err *err);
    /* encode() is given the text whole and looks for special tokens itself. */
    bool finds_special;
    /* A token as the vocabulary writes it, for the display rules; NULL: the kind has none. */
    const char *(*written)(const void *tables, int32_t id, size_t *n_bytes);
    enum token_join (*join)(const void *tables, int32_t prev, int32_t id); /* NULL: JOIN_PLAIN */
};

extern const struct tokenizer_kind tokenizer_bpe;
extern const struct tokenizer_kind tokenizer_wordpiece;
extern const struct tokenizer_kind tokenizer_spm;
extern const struct tokenizer_kind tokenizer_hf;

/* The alphabet of byte-level BPE (bpe.c): the character byte b is written as, and how it spells a
 * token (a vocab_spell). */
uint32_t bpe_char_of_byte(unsigned b);
size_t bpe_spell_bytes(const char *text, size_t n, char *out);

/* What all ways to open a tokenizer end in; src is borrowed for the call. */
int tokenizer_from_source(const struct vocab_source *src, struct tokenizer **out, struct err *err);

#endif
