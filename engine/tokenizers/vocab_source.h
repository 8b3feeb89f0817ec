/* vocab_source.h - what a tokenizer is built from, read and checked, wherever it came from: a
 * model's metadata (vocab_weights.c), GPT-2's vocab.json and merges.txt (vocab_folder.c), BERT's
 * vocab.txt (vocab_lines.c), SentencePiece's tokenizer.model (spm_file.c) or Hugging Face's
 * tokenizer.json (hf_file.c). Lives only while a tokenizer is being built; texts point into the
 * file's bytes. */
#ifndef XUXIE_ENGINE_TOKENIZERS_VOCAB_SOURCE_H
#define XUXIE_ENGINE_TOKENIZERS_VOCAB_SOURCE_H

#include <jansson.h>
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

/* What a vocabulary of WordPiece leaves open. */
struct bert_options {
    bool lower_case, strip_accents, spaced_chinese, split_digits;
    bool keep_controls; /* do not clean */
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
    int32_t before, after; /* put around a text on request though add_bos is not set; -1 */
    bool add_space_prefix; /* SentencePiece: a text begins with a space */
    float *scores;         /* SentencePiece: [tokens.n], owned, or NULL */
    struct bert_options bert;
    struct meta_string *shown_texts; /* owned: the bytes tokens stand for, where not by spelling */
    char *shown_bytes;               /* owned bytes shown_texts points into */
    bool jieba;                      /* tokenizer.json: words are cut by jieba first */
    size_t n_tokens_file;
    char *tokens_file;               /* owned bytes tokens.s points into */
    struct meta_string *token_texts; /* owned, or NULL: tokens.s is borrowed */
    struct meta_string *merge_texts; /* likewise */
    char *merges_file;               /* owned bytes merges.s points into */
    void *json;                      /* owned root tokens.s points into */
    char *added_bytes;               /* owned texts of added tokens */
    char *chat_template;             /* owned, not NUL-terminated; NULL: none. Never run */
    size_t n_chat_template;
};

int vocab_source_from_weights(const struct weights *w, struct vocab_source *src, struct err *err);
/* Nothing but what is true of every vocabulary: no special tokens. */
void vocab_source_init(struct vocab_source *src, const char *kind);
/* A published folder: of tokenizer.json, tokenizer.model, vocab.txt and vocab.json with merges.txt
 * the one that tells most, and tokenizer_config.json. */
int vocab_source_from_folder(const char *path, struct vocab_source *src, struct err *err);
int vocab_source_from_gpt2_folder(const char *path, struct vocab_source *src, struct err *err);
/* The two files' bytes (merges is followed by a NUL); `merges` is taken, also on failure. */
int vocab_source_from_texts(const char *vocab_shown, const char *vocab, size_t n_vocab,
                            const char *merges_shown, char *merges, size_t n_merges,
                            struct vocab_source *src, struct err *err);
/* The bytes of a vocab.txt, of a tokenizer.model (both are taken, also on failure) and of a
 * tokenizer.json. */
int vocab_source_from_lines(const char *shown, char *text, size_t n, struct vocab_source *src,
                            struct err *err);
int vocab_source_from_spm(const char *shown, char *data, size_t n, struct vocab_source *src,
                          struct err *err);
int vocab_source_from_hf(const char *shown, const char *text, size_t n, struct vocab_source *src,
                         struct err *err);
/* Adds what added_tokens.json and tokenizer_config.json (each may be NULL) name beside a vocabulary
 * that was read, below n_rows; token_texts is then owned. On failure src is still to be freed. */
int vocab_add_tokens(const char *file_shown, const json_t *file, const char *config_shown,
                     const json_t *config, int64_t n_rows, struct vocab_source *src,
                     struct err *err);
/* The chat template of a checkpoint's folder or of a GGUF file, when there is one. */
void vocab_chat_from_folder(const char *folder, struct vocab_source *src);
void vocab_chat_from_weights(const struct weights *w, struct vocab_source *src);
/* BERT's special tokens, by their names. */
void vocab_source_mark_bert(struct vocab_source *src);
/* Makes a source read from a tokenizer.json the standard one ("gpt2") where it can. */
void hf_make_standard(struct vocab_source *src);
/* JSON whose nesting was counted first; *out is an object or array, owned by the caller. */
int vocab_load_json(const char *shown, const char *text, size_t n, json_t **out, struct err *err);
void vocab_source_free(struct vocab_source *src); /* zeroed structs are fine */

/* Fills by_text and refuses empty vocabularies, overlong tokens and tokens with the same text.
 * Both readers end with it. */
int vocab_source_index(struct vocab_source *src, struct err *err);

/* Sets the message "FILE: PLACE: text" for element i of list; returns code. */
int text_refuse(const struct text_list *list, size_t i, enum err_code code, struct err *err,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
