/* strset.c - see strset.h. Linear probing; never more than half full, so a search for what is not
 * there ends after two steps or so. */
#include "config.h"

#include "engine/formats/strset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

uint64_t strset_seed(void)
{
    uint64_t seed = 0;
    if (getentropy(&seed, sizeof seed) != 0)
        seed = (uintptr_t)&seed; /* a kernel without the call: the stack's address varies too */
    return seed;
}

bool strset_init(struct strset *s, const struct meta_string *key, size_t max_keys)
{
    size_t n_slots = 8;
    while (n_slots < 2 * max_keys)
        n_slots *= 2;
    uint32_t *slot = calloc(n_slots, sizeof *slot);
    if (!slot)
        return false;
    *s = (struct strset){.key = key, .slot = slot, .mask = n_slots - 1, .seed = strset_seed()};
    return true;
}

void strset_free(struct strset *s)
{
    free(s->slot);
    *s = (struct strset){0};
}

/* The slot that holds the string, or the free one where it would go. */
static uint32_t *probe(const struct strset *s, const char *bytes, size_t n)
{
    size_t at = (size_t)XXH3_64bits_withSeed(bytes, n, s->seed) & s->mask;
    for (;; at = (at + 1) & s->mask) {
        uint32_t *slot = &s->slot[at];
        if (*slot == 0)
            return slot;
        const struct meta_string *k = &s->key[*slot - 1];
        if (k->n == n && (n == 0 || memcmp(k->s, bytes, n) == 0))
            return slot;
    }
}

size_t strset_add(struct strset *s, size_t i)
{
    uint32_t *slot = probe(s, s->key[i].s, s->key[i].n);
    if (*slot == 0)
        *slot = (uint32_t)(i + 1);
    return *slot - 1;
}

size_t strset_find(const struct strset *s, const char *bytes, size_t n)
{
    if (!s->slot)
        return STRSET_NONE;
    uint32_t *slot = probe(s, bytes, n);
    return *slot == 0 ? STRSET_NONE : *slot - 1;
}
