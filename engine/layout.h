/* layout.h - several arrays in one block of memory. Laid out twice by the same code: once with base
 * NULL, which only counts, so that the block can be sized beforehand; once over the block. */
#ifndef XUXIE_ENGINE_LAYOUT_H
#define XUXIE_ENGINE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/mem.h"

struct layout {
    char *base; /* 64-byte aligned, or NULL to count */
    size_t n_bytes;
    bool overflow;
};

/* The next n * size bytes, at a 64-byte border; NULL when counting or after an overflow. */
static inline void *layout_take(struct layout *l, size_t n, size_t size)
{
    const size_t at = l->n_bytes;
    size_t bytes;
    if (!mul_size(n, size, &bytes) || !add_size(bytes, 63, &bytes) ||
        !add_size(at, bytes & ~(size_t)63, &l->n_bytes))
        l->overflow = true;
    return l->base && !l->overflow ? l->base + at : NULL;
}

/* What was taken in all, SIZE_MAX when that is no number. */
static inline size_t layout_bytes(const struct layout *l)
{
    return l->overflow ? SIZE_MAX : l->n_bytes;
}

#endif
