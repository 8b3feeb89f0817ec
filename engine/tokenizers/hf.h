/* hf.h - the parts of a Hugging Face tokenizer.json (private to the hf_*.c files): normalizers,
 * pre-tokenizers and decoders as lists of steps, Sequences flattened. What is not understood is
 * refused by its name when the file is read; no step fails later but for want of memory. */
#ifndef XUXIE_ENGINE_TOKENIZERS_HF_H
#define XUXIE_ENGINE_TOKENIZERS_HF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tokenizers/pretok.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/vocab_source.h"

enum { HF_TEXT_BYTES = 64, HF_MAX_STEPS = 32 };

enum hf_type {
    /* normalizers */
    HF_NFC,
    HF_NFD,
    HF_NFKC,
    HF_NFKD,
    HF_LOWERCASE,
    HF_REPLACE, /* also a decoder */
    HF_STRIP,   /* also a decoder */
    HF_STRIP_ACCENTS,
    HF_PREPEND,
    HF_NMT,
    HF_BERT_NORMALIZER,
    /* pre-tokenizers */
    HF_METASPACE,  /* also a decoder */
    HF_BYTE_LEVEL, /* also a normalizer and a decoder */
    HF_WHITESPACE,
    HF_WHITESPACE_SPLIT,
    HF_PUNCTUATION,
    HF_DIGITS,
    HF_SPLIT,
    HF_BERT_PRE_TOKENIZER,
    /* decoders */
    HF_BPE_DECODER,
    HF_WORDPIECE,
    HF_FUSE,
    HF_BYTE_FALLBACK,
};

enum hf_prepend { HF_NEVER, HF_ALWAYS, HF_FIRST };

enum hf_behavior {
    HF_REMOVED,
    HF_ISOLATED,
    HF_MERGED_WITH_PREVIOUS,
    HF_MERGED_WITH_NEXT,
    HF_CONTIGUOUS
};

struct hf_text {
    char s[HF_TEXT_BYTES];
    size_t n;
};

struct hf_step {
    enum hf_type type;
    struct hf_text from, to; /* Replace; Split, Prepend, Strip, decoders: from */
    enum hf_behavior behavior;
    enum hf_prepend prepend; /* Metaspace; ByteLevel: add_prefix_space as HF_ALWAYS */
    bool invert;             /* Split */
    bool left, right;        /* Strip */
    int64_t start, stop;     /* Strip as a decoder */
    bool split;   /* Metaspace splits, ByteLevel uses its expression, Digits one by one */
    bool cleanup; /* WordPiece */
    const struct pretok *pretok; /* Split by a known expression */
    struct bert_options bert;
};

struct hf_steps {
    struct hf_step step[HF_MAX_STEPS];
    size_t n;
};

/* The steps of root's "normalizer", "pre_tokenizer" and "decoder"; none for null. */
int hf_read_normalizer(const char *shown, const json_t *root, struct hf_steps *out,
                       struct err *err);
int hf_read_pre_tokenizer(const char *shown, const json_t *root, struct hf_steps *out,
                          struct err *err);
int hf_read_decoder(const char *shown, const json_t *root, struct hf_steps *out, struct err *err);
/* The tokens that the "post_processor" puts before and after a text; -1: none. */
int hf_read_post_processor(const char *shown, const json_t *root, int32_t *before, int32_t *after,
                           struct err *err);

/* Brings the text in b through all normalizers. A text that goes on from another is not prepended
 * to. */
void hf_normalize(const struct hf_steps *steps, bool continues, struct textbuf *b);

struct hf_span {
    size_t at, n;
};

/* The pieces of a text. Starts zeroed. */
struct hf_pieces {
    struct textbuf text;
    struct hf_span *span;
    size_t n, cap;
};

void hf_pieces_free(struct hf_pieces *p);
/* Splits text[0..n) by all pre-tokenizers into *out; `other` is memory for the way. begins: the
 * text stands at the beginning of what was given to be tokenized. False: no memory. */
bool hf_pre_tokenize(const struct hf_steps *steps, const char *text, size_t n, bool begins,
                     bool continues, struct hf_pieces *out, struct hf_pieces *other);

/* Appends what one token stands for. */
void hf_decode_token(const struct hf_steps *decoder, const char *token, size_t n,
                     struct textbuf *out);

/* How tokens are joined, all in all. */
enum hf_joint { HF_JOIN_PLAIN, HF_JOIN_TRIM_ONE, HF_JOIN_TRIM_ALL, HF_JOIN_SPACE, HF_JOIN_SUFFIX };
enum hf_joint hf_decoder_joint(const struct hf_steps *decoder);
/* HF_JOIN_SPACE: does no space stand before the token? HF_JOIN_SUFFIX: does one stand after it? */
bool hf_token_is_marked(const struct hf_steps *decoder, const char *token, size_t n);

/* "FILE: WHAT "NAME": not supported". */
int hf_refuse(const char *shown, const char *what, const char *name, struct err *err);

#endif
