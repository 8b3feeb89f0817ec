/* textbuf.c - see textbuf.h. */
#include "config.h"

#include "engine/tokenizers/textbuf.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

bool array_grow(void **p, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return true;
    size_t new_cap = n + n / 2 + 64;
    size_t n_bytes;
    void *grown = mul_size(new_cap, size, &n_bytes) ? realloc(*p, n_bytes) : NULL;
    if (!grown)
        return false;
    *p = grown;
    *cap = new_cap;
    return true;
}

void textbuf_free(struct textbuf *b)
{
    free(b->data);
    *b = (struct textbuf){.patience = b->patience};
}

bool textbuf_reserve(struct textbuf *b, size_t n)
{
    size_t wanted;
    if (!b->failed && !patience_lost(b->patience) && add_size(b->n, n, &wanted) &&
        array_grow((void **)&b->data, &b->cap, wanted, 1))
        return true;
    b->failed = true;
    return false;
}

void textbuf_put(struct textbuf *b, const char *bytes, size_t n)
{
    if (n == 0 || !textbuf_reserve(b, n))
        return;
    memcpy(b->data + b->n, bytes, n);
    b->n += n;
}

void textbuf_put_char(struct textbuf *b, uint32_t cp)
{
    if (textbuf_reserve(b, 4))
        b->n += utf8_encode(cp, b->data + b->n);
}
