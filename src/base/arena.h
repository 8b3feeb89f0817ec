/* arena.h - one block of zeroed memory taken at once and handed out front to back; freed at once.
 *
 * The engine sizes its arena with plan.c before taking it, so that a model that does not fit is
 * refused with a figure instead of dying half-way, and the token loop never allocates.
 * Memory comes from mmap and is only backed by pages when touched. Not shared between threads while
 * allocating; the memory itself may be.
 */
#ifndef XUXIE_BASE_ARENA_H
#define XUXIE_BASE_ARENA_H

#include <stddef.h>

#include "src/base/err.h"

struct arena {
    char *base;
    size_t size_bytes;
    size_t used_bytes;
};

/* Reserves size_bytes (rounded up to pages), asking for huge pages. E_RESOURCE with the figure when
 * the system refuses. */
int arena_init(struct arena *a, size_t size_bytes, struct err *err);
void arena_free(struct arena *a); /* NULL-safe, may be called twice */

/* The next n_bytes at a 64-byte border; NULL when the arena is used up (a planning error: callers
 * assert). */
void *arena_take(struct arena *a, size_t n_bytes);

#endif
