/* textbuf.h - a growing byte buffer that never aborts: when memory is out it keeps what it has and
 * remembers the failure, which the caller asks for once at the end. Starts zeroed. */
#ifndef XUXIE_ENGINE_TOKENIZERS_TEXTBUF_H
#define XUXIE_ENGINE_TOKENIZERS_TEXTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textbuf {
    char *data;
    size_t n, cap;
    bool failed; /* memory was out: data lack something */
};

void textbuf_free(struct textbuf *b);
/* Room for n more bytes; false when memory is out. */
bool textbuf_reserve(struct textbuf *b, size_t n);
void textbuf_put(struct textbuf *b, const char *bytes, size_t n);
void textbuf_put_char(struct textbuf *b, uint32_t cp);

/* *p as an array of at least n elements of `size` bytes; *cap is its length. False, and the old
 * array untouched, when memory is out. */
bool array_grow(void **p, size_t *cap, size_t n, size_t size);

#endif
