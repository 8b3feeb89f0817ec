/* tokenizer.h - text to token ids and back. A vtable per kind; rows of tokenizer.c's table.
 *
 * Immutable after opening: any number of threads may encode and decode at once, each with its own
 * buffers. Ids are int32_t, 0 <= id < tokenizer_count().
 */
#ifndef XUXIE_ENGINE_TOKENIZERS_TOKENIZER_H
#define XUXIE_ENGINE_TOKENIZERS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/weights.h"
#include "src/base/err.h"

struct tokenizer;

enum tokenizer_flags {
    TOKENIZE_SPECIAL = 1, /* add what the model wants around a text (BOS, EOS, CLS) */
    TOKENIZE_LITERAL = 2, /* special tokens written out in the text are ordinary characters */
};

/* From a model's metadata (tokenizer.ggml.*). The weights must outlive the tokenizer. */
int tokenizer_from_weights(const struct weights *w, struct tokenizer **out, struct err *err);
/* From a path: a GGUF file, or a folder with vocab.json and merges.txt (GPT-2). */
int tokenizer_open(const char *path, struct tokenizer **out, struct err *err);
void tokenizer_free(struct tokenizer *t);

const char *tokenizer_kind(const struct tokenizer *t); /* "gpt2" (byte-level BPE) */
int32_t tokenizer_count(const struct tokenizer *t);
void tokenizer_identity(const struct tokenizer *t, char out[33]);

/* Encodes n_bytes of text (any bytes; invalid UTF-8 is encoded byte by byte where the kind can).
 * Writes at most `capacity` ids; *n_ids is the number the text needs. E_RESOURCE when memory is
 * out. An upper bound for byte-level kinds: n_bytes + 2. */
int tokenizer_encode(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                     int32_t *ids, size_t capacity, size_t *n_ids, struct err *err);

/* The bytes a token stands for, borrowed; "" (0 bytes) for control tokens unless `special` asks for
 * their spelling. Not necessarily whole characters. */
const char *tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, size_t *n_bytes);

bool tokenizer_is_control(const struct tokenizer *t, int32_t id);
/* Does generation end at this token? */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id);
int32_t tokenizer_bos(const struct tokenizer *t); /* -1: none */
int32_t tokenizer_eos(const struct tokenizer *t);
/* The token an empty prompt begins with (bos, else eos), -1: none. */
int32_t tokenizer_start(const struct tokenizer *t);
bool tokenizer_adds_bos(const struct tokenizer *t);

#endif
