/* pretok.h - splits a text into the pieces that byte-level BPE merges within. Hand-written scanners
 * that do what the regular expressions of the original tokenizers do, in linear time; categories
 * are utf8proc's. Rows of a table, by the names of tokenizer.ggml.pre. Pure. */
#ifndef XUXIE_ENGINE_TOKENIZERS_PRETOK_H
#define XUXIE_ENGINE_TOKENIZERS_PRETOK_H

#include <stddef.h>

struct pretok {
    const char *name; /* "gpt-2" */
    /* The length of the first piece of text[0..n), n > 0; at least 1. Bytes that are not valid
     * UTF-8 count as one character each that is neither letter, number nor space. */
    size_t (*first)(const char *text, size_t n);
};

/* NULL: not known. "" is the default. */
const struct pretok *pretok_find(const char *name);

#endif
