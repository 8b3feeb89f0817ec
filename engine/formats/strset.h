/* strset.h - finds a byte string in an array of byte strings by hash.
 *
 * The array is borrowed; the set holds indices into it only. The hash is seeded from the system's
 * random source, so that a file cannot be made whose strings all fall into one chain. */
#ifndef XUXIE_ENGINE_FORMATS_STRSET_H
#define XUXIE_ENGINE_FORMATS_STRSET_H

#include <stddef.h>
#include <stdint.h>

#include "engine/formats/weights.h"

struct strset {
    const struct meta_string *key; /* borrowed */
    uint32_t *slot;                /* index + 1, 0: free; open addressing, at most half full */
    size_t mask;
    uint64_t seed;
};

#define STRSET_NONE SIZE_MAX

/* For at most max_keys (< 2^31) strings of key[]. False when memory is out. */
bool strset_init(struct strset *s, const struct meta_string *key, size_t max_keys);
void strset_free(struct strset *s); /* zeroed structs are fine */

/* Puts key[i] in. Returns i, or the index of the equal string that was there before. */
size_t strset_add(struct strset *s, size_t i);
/* The index of an equal string, or STRSET_NONE. */
size_t strset_find(const struct strset *s, const char *bytes, size_t n);

/* A number nobody can predict; for hash seeds. */
uint64_t strset_seed(void);

#endif
