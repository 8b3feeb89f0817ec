/* textbuf.h - a growing byte buffer that never aborts: when memory is out it keeps what it has and
 * remembers the failure, which the caller asks for once at the end. Starts zeroed.
 *
 * And the patience of whoever waits for a long text: one for each call of tokenizer_encode_until(),
 * which all loops over the text ask. Once it is lost they end as if memory were out. */
#ifndef XUXIE_ENGINE_TOKENIZERS_TEXTBUF_H
#define XUXIE_ENGINE_TOKENIZERS_TEXTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patience {
    bool (*stop)(void *arg); /* NULL: never ends */
    void *arg;
    uint32_t n_asked; /* stop() is asked every PATIENCE_STEPS times */
    bool lost;
};

enum { PATIENCE_STEPS = 4096 };

/* p may be NULL. */
static inline bool patience_lost(struct patience *p)
{
    if (!p)
        return false;
    if (!p->lost && ++p->n_asked % PATIENCE_STEPS == 0 && p->stop)
        p->lost = p->stop(p->arg);
    return p->lost;
}

struct textbuf {
    char *data;
    size_t n, cap;
    struct patience *patience; /* NULL: without end */
    bool failed;               /* memory was out, or patience: data lack something */
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
