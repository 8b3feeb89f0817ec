/* pretok.h - splits a text into the pieces that byte-level BPE merges within. Hand-written scanners
 * that do what the regular expressions of the original tokenizers do, in linear time; categories
 * are utf8proc's. Rows of a table, by the names of tokenizer.ggml.pre. Pure. */
#ifndef XUXIE_ENGINE_TOKENIZERS_PRETOK_H
#define XUXIE_ENGINE_TOKENIZERS_PRETOK_H

#include <stdbool.h>
#include <stddef.h>

struct pretok {
    const char *name;  /* "gpt-2" */
    const char *regex; /* what the scanner stands for, as tokenizer.json spells it; or NULL */
    /* The length of the first piece of text[0..n), n > 0; at least 1. Bytes that are not valid
     * UTF-8 count as one character each that is neither letter, number nor space. */
    size_t (*first)(const char *text, size_t n);
    bool nfc;           /* the text is brought into the normal form C first */
    bool ignore_merges; /* a piece that is in the vocabulary is taken as it is */
    bool add_bos;       /* a GGUF file that does not say otherwise wants the BOS before a text */
};

/* NULL: not known. "" is the default. Other names that llama.cpp has for the same are known too. */
const struct pretok *pretok_find(const char *name);
/* The row whose scanner does what this regular expression does; NULL: not known. */
const struct pretok *pretok_of_regex(const char *regex);

#endif
