/* vocab_source.h - what a tokenizer is built from, read and checked, wherever it came from: a
 * model's metadata (vocab_weights.c) or a folder's vocab.json and merges.txt (vocab_folder.c).
 * Lives only while a tokenizer is being built; texts point into the file's bytes. */
#ifndef XUXIE_ENGINE_TOKENIZERS_VOCAB_SOURCE_H
#define XUXIE_ENGINE_TOKENIZERS_VOCAB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/infile.h"
#include "engine/formats/strset.h"
#include "engine/formats/weights.h"
#include "src/base/err.h"

/* The numbers are those of tokenizer.ggml.token_type. */
enum token_type {
    TOKEN_UNDEFINED = 0,
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN = 2,
    TOKEN_CONTROL = 3,
    TOKEN_USER = 4, /* user-defined: found literally, but shown */
    TOKEN_UNUSED = 5,
    TOKEN_BYTE = 6,
};

/* How a message names an element of a list. */
enum text_place {
    PLACE_BYTE, /* FIELD[i] at byte N */
    PLACE_LINE, /* line N */
    PLACE_ID,   /* token i */
};

struct text_list {
    const struct meta_string *s;
    size_t n;
    enum text_place place;
    const char *field;              /* "tokenizer.ggml.merges" */
    const char *base;               /* the bytes of the file; NULL for PLACE_ID */
    char shown[INFILE_QUOTE_BYTES]; /* the file, for messages */
};

struct vocab_source {
    char kind[32];                    /* tokenizer.ggml.model: "gpt2" */
    char pre[64];                     /* pre-tokenizer: "gpt-2" */
    uint64_t kind_offset, pre_offset; /* where the file says so */
    struct text_list tokens;
    uint8_t *type;         /* enum token_type [tokens.n], owned */
    struct strset by_text; /* token text -> id */
    struct text_list merges;
    int32_t bos, eos, eot, eom, unk; /* -1: none */
    bool add_bos, add_eos;
    struct meta_string *token_texts; /* owned, or NULL: tokens.s is borrowed */
    struct meta_string *merge_texts; /* likewise */
    char *merges_file;               /* owned bytes merges.s points into */
    void *json;                      /* owned root tokens.s points into */
};

int vocab_source_from_weights(const struct weights *w, struct vocab_source *src, struct err *err);
int vocab_source_from_folder(const char *path, struct vocab_source *src, struct err *err);
/* The two files' bytes (merges is followed by a NUL); `merges` is taken, also on failure. */
int vocab_source_from_texts(const char *vocab_shown, const char *vocab, size_t n_vocab,
                            const char *merges_shown, char *merges, size_t n_merges,
                            struct vocab_source *src, struct err *err);
void vocab_source_free(struct vocab_source *src); /* zeroed structs are fine */

/* Fills by_text and refuses empty vocabularies, overlong tokens and tokens with the same text.
 * Both readers end with it. */
int vocab_source_index(struct vocab_source *src, struct err *err);

/* Sets the message "FILE: PLACE: text" for element i of list; returns code. */
int text_refuse(const struct text_list *list, size_t i, enum err_code code, struct err *err,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
