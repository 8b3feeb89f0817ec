/* merge.h - what byte pair encodings share: the table of merges, the linked list of symbols a piece
 * of text is at first, and the queue of candidates. A piece of n symbols takes O(n log n) steps
 * however long it is. */
#ifndef XUXIE_ENGINE_TOKENIZERS_MERGE_H
#define XUXIE_ENGINE_TOKENIZERS_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tokenizers/textbuf.h"

enum { NO_TOKEN = -1, GONE = -2 };
#define MERGE_NONE UINT32_MAX /* no neighbour */

struct merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank;
    int32_t id; /* what the two become; NO_TOKEN: a free slot */
};

/* Immutable once filled. Starts zeroed. */
struct merges {
    struct merge *slot; /* open addressing, at most half full */
    size_t mask;
    uint64_t seed;
};

struct symbol {
    int32_t id; /* NO_TOKEN: not in the vocabulary; GONE: became part of its left neighbour */
    uint32_t prev, next;
};

/* Memory of one call, kept from piece to piece. Starts zeroed. */
struct merge_work {
    struct symbol *symbol;
    size_t cap_symbols;
    uint64_t *heap; /* key << 32 | place; the smallest on top */
    size_t n_heap, cap_heap;
    struct patience *patience; /* NULL: without end */
};

/* For at most n merges. False when memory is out. */
bool merges_init(struct merges *m, size_t n);
void merges_free(struct merges *m);
/* NULL, or the merge of the same pair that was there before. */
const struct merge *merges_add(struct merges *m, int32_t left, int32_t right, int32_t id,
                               uint32_t rank);

void merge_work_free(struct merge_work *w);
bool merge_work_reserve(struct merge_work *w, size_t n_symbols);
bool merge_push(struct merge_work *w, uint64_t entry);
uint64_t merge_pop(struct merge_work *w);
/* Joins the symbol at `at` with its right neighbour. */
void merge_join(struct merge_work *w, uint32_t at, int32_t id);

/* Of all neighbours among symbol[0..n), linked in order, joins the pair of the lowest rank, the
 * leftmost first, until no pair is known. The first symbol stays at 0. False: no memory, or
 * patience. */
bool merge_all(const struct merges *m, struct merge_work *w, size_t n);

#endif
