/* lexicon.h - texts and their ids, kept for as long as a tokenizer lives. */
#ifndef XUXIE_ENGINE_TOKENIZERS_LEXICON_H
#define XUXIE_ENGINE_TOKENIZERS_LEXICON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/strset.h"

struct lexicon {
    char *bytes;
    struct meta_string *text; /* by id, pointing into bytes */
    size_t n;
    size_t longest; /* bytes of the longest text in it */
    struct strset by_text;
};

/* A copy of texts[0..n), n > 0; those that `keep` has 0 for (keep may be NULL) and empty ones are
 * never found. False when memory is out. */
bool lexicon_init(struct lexicon *l, const struct meta_string *texts, size_t n,
                  const uint8_t *keep);
void lexicon_free(struct lexicon *l); /* zeroed structs are fine */
/* -1: not there. */
int32_t lexicon_find(const struct lexicon *l, const char *text, size_t n);

#endif
