/* store_text.h - what is stored once: texts, their spellings, tokenizers, prompts. "put" finds the
 * row or makes it. For apply functions: called inside a transaction; SQLite result codes. */
#ifndef XUXIE_SRC_STORE_TEXT_H
#define XUXIE_SRC_STORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "src/store_sql.h"

/* Any bytes; two texts are one row exactly when their bytes are equal. */
int text_put(struct sql *q, const char *body, size_t n, int64_t *row);
/* NULL is no tokenizer: row 0. */
int tokenizer_put(struct sql *q, const char *identity, int64_t *row);
/* ids packed (store_pack.h). */
int spelling_put(struct sql *q, int64_t text, int64_t tokenizer, const void *ids, size_t n_bytes,
                 int64_t *row);

struct prompt_part {
    const char *text;
    size_t n_text;
    const char *ids; /* packed */
    size_t n_ids_bytes;
};
/* The chain of parts; prompts with the same beginning share it. Two chains are taken for the same
 * when their XXH3-128 is: this is for finding one's own prompts again, not against forgery.
 * Row 0 for no parts. */
int prompt_put(struct sql *q, int64_t tokenizer, const struct prompt_part *parts, size_t n,
               int64_t *row);

#endif
