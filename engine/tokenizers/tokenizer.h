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
    TOKENIZE_SPECIAL = 1,   /* add what the model wants around a text (BOS, EOS, CLS) */
    TOKENIZE_LITERAL = 2,   /* special tokens written out in the text are ordinary characters */
    TOKENIZE_CONTINUES = 4, /* the text goes on from another: no space is put before it where the
                             * kind puts one before every text */
};

/* How a list of tokens is shown as text. */
enum tokenizer_rule {
    RULE_PLAIN,        /* the tokens' bytes, as tokenizer_piece_after() has them */
    RULE_BERT,         /* BERT vocabularies: as transformers' BertTokenizer decodes */
    RULE_MODELSCOPE,   /* then without spaces between Chinese words, as ModelScope prints it */
    RULE_GPT2_CHINESE, /* as GPT2-Chinese's generate.py prints it */
};

/* Choices that a tokenizer's files leave open. Opening one that does not leave it open is E_USAGE. */
struct tokenizer_options {
    bool no_lower_case; /* WordPiece: keep capitals and accents, whatever the files say */
    bool no_jieba;      /* jieba + BPE: BPE alone */
};

/* From a model's metadata (tokenizer.ggml.*), or from the files of a checkpoint's folder. The
 * weights must outlive the tokenizer. */
int tokenizer_from_weights(const struct weights *w, struct tokenizer **out, struct err *err);
/* From a path: a GGUF file, tokenizer.json, tokenizer.model or vocab.txt, or a folder with one of
 * these or with vocab.json and merges.txt. options may be NULL. */
int tokenizer_open_with(const char *path, const struct tokenizer_options *options,
                        struct tokenizer **out, struct err *err);
int tokenizer_open(const char *path, struct tokenizer **out, struct err *err);
void tokenizer_free(struct tokenizer *t);

const char *tokenizer_kind(const struct tokenizer *t); /* "gpt2" (byte-level BPE) */
int32_t tokenizer_count(const struct tokenizer *t);
/* Tokens from this id on are padding, marked as unused: at least 1, at most tokenizer_count(). */
int32_t tokenizer_used(const struct tokenizer *t);
void tokenizer_identity(const struct tokenizer *t, char out[33]);

/* Encodes n_bytes of text (any bytes; invalid UTF-8 is encoded byte by byte where the kind can).
 * Writes at most `capacity` ids; *n_ids is the number the text needs. E_RESOURCE when memory is
 * out. An upper bound for byte-level kinds: n_bytes + 2. */
int tokenizer_encode(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                     int32_t *ids, size_t capacity, size_t *n_ids, struct err *err);

/* The same for whoever may lose patience with a long text: stop(arg) is asked every few thousand
 * steps; when it says true the call returns E_CANCELLED. */
int tokenizer_encode_until(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                           int32_t *ids, size_t capacity, size_t *n_ids, bool (*stop)(void *arg),
                           void *arg, struct err *err);

/* The bytes a token stands for, borrowed; "" (0 bytes) for control tokens unless `special` asks for
 * their spelling. Not necessarily whole characters. */
const char *tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, size_t *n_bytes);

/* The bytes a token adds to a text in which it follows prev (-1: it begins the text), borrowed.
 * Kinds whose tokens are words (WordPiece) put a space between them; kinds that begin every text
 * with a space (SentencePiece) show none at its beginning. */
const char *tokenizer_piece_after(const struct tokenizer *t, int32_t prev, int32_t id, bool special,
                                  size_t *n_bytes);

/* The text of a list of tokens, *text malloc'ed and followed by a NUL that is not counted. Control
 * tokens are left out unless `special`; RULE_BERT and RULE_GPT2_CHINESE show them as their programs
 * do. E_INPUT for ids out of range (a WordPiece vocabulary calls those [UNK]) and for rules that
 * the kind does not have. */
int tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, bool special,
                     enum tokenizer_rule rule, char **text, size_t *n_bytes, struct err *err);

bool tokenizer_is_control(const struct tokenizer *t, int32_t id);
/* Does generation end at this token? */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id);
/* The control or user-defined token that is written so, -1: none. */
int32_t tokenizer_special(const struct tokenizer *t, const char *text);
/* The chat template that came with the model, borrowed, not NUL-terminated; NULL, 0 bytes: none. A
 * foreign text: to be compared, never to be run. */
const char *tokenizer_chat_template(const struct tokenizer *t, size_t *n_bytes);
int32_t tokenizer_bos(const struct tokenizer *t); /* -1: none */
int32_t tokenizer_eos(const struct tokenizer *t);
/* The token an empty prompt begins with (bos, else eos), -1: none. */
int32_t tokenizer_start(const struct tokenizer *t);
bool tokenizer_adds_bos(const struct tokenizer *t);

#endif
