/* merge.c - see merge.h. Candidates wait in a binary heap ordered by (rank, place); entries whose
 * pair is gone by the time they come up are dropped then. */
#include "config.h"

#include "engine/tokenizers/merge.h"

#include <stdlib.h>

#include <xxhash.h>

#include "engine/formats/strset.h"
#include "engine/tokenizers/textbuf.h"

bool merges_init(struct merges *m, size_t n)
{
    size_t n_slots = 8;
    while (n_slots < 2 * n)
        n_slots *= 2;
    m->slot = malloc(n_slots * sizeof *m->slot);
    if (!m->slot)
        return false;
    for (size_t i = 0; i < n_slots; i++)
        m->slot[i].id = NO_TOKEN;
    m->mask = n_slots - 1;
    m->seed = strset_seed();
    return true;
}

void merges_free(struct merges *m)
{
    free(m->slot);
    *m = (struct merges){0};
}

static struct merge *find_slot(const struct merges *m, uint64_t pair)
{
    size_t at = (size_t)XXH3_64bits_withSeed(&pair, sizeof pair, m->seed) & m->mask;
    while (m->slot[at].id != NO_TOKEN && m->slot[at].pair != pair)
        at = (at + 1) & m->mask;
    return &m->slot[at];
}

static uint64_t pair_of(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

const struct merge *merges_add(struct merges *m, int32_t left, int32_t right, int32_t id,
                               uint32_t rank)
{
    uint64_t pair = pair_of(left, right);
    struct merge *slot = find_slot(m, pair);
    if (slot->id != NO_TOKEN)
        return slot;
    *slot = (struct merge){pair, rank, id};
    return NULL;
}

void merge_work_free(struct merge_work *w)
{
    free(w->symbol);
    free(w->heap);
    *w = (struct merge_work){0};
}

bool merge_work_reserve(struct merge_work *w, size_t n_symbols)
{
    return array_grow((void **)&w->symbol, &w->cap_symbols, n_symbols, sizeof *w->symbol);
}

bool merge_push(struct merge_work *w, uint64_t entry)
{
    if (!array_grow((void **)&w->heap, &w->cap_heap, w->n_heap + 1, sizeof *w->heap))
        return false;
    size_t at = w->n_heap++;
    while (at > 0 && w->heap[(at - 1) / 2] > entry) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = entry;
    return true;
}

uint64_t merge_pop(struct merge_work *w)
{
    uint64_t top = w->heap[0];
    uint64_t last = w->heap[--w->n_heap];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= w->n_heap)
            break;
        if (child + 1 < w->n_heap && w->heap[child + 1] < w->heap[child])
            child++;
        if (w->heap[child] >= last)
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return top;
}

void merge_join(struct merge_work *w, uint32_t at, int32_t id)
{
    struct symbol *s = &w->symbol[at];
    struct symbol *right = &w->symbol[s->next];
    s->id = id;
    s->next = right->next;
    right->id = GONE;
    if (s->next != MERGE_NONE)
        w->symbol[s->next].prev = at;
}

/* The merge of the symbol at `at` with its right neighbour; NULL: none. */
static const struct merge *merge_at(const struct merges *m, const struct merge_work *w, uint32_t at)
{
    const struct symbol *s = &w->symbol[at];
    if (s->id < 0 || s->next == MERGE_NONE || w->symbol[s->next].id < 0)
        return NULL;
    const struct merge *found = find_slot(m, pair_of(s->id, w->symbol[s->next].id));
    return found->id == NO_TOKEN ? NULL : found;
}

static bool push_candidate(const struct merges *m, struct merge_work *w, uint32_t at)
{
    const struct merge *found = merge_at(m, w, at);
    return !found || merge_push(w, (uint64_t)found->rank << 32 | at);
}

bool merge_all(const struct merges *m, struct merge_work *w, size_t n)
{
    w->n_heap = 0;
    for (size_t i = 0; i < n; i++)
        if (patience_lost(w->patience) || !push_candidate(m, w, (uint32_t)i))
            return false;
    while (w->n_heap > 0) {
        if (patience_lost(w->patience))
            return false;
        uint64_t entry = merge_pop(w);
        uint32_t at = (uint32_t)entry;
        const struct merge *found = merge_at(m, w, at);
        if (!found || found->rank != entry >> 32)
            continue;
        merge_join(w, at, found->id);
        uint32_t prev = w->symbol[at].prev;
        if ((prev != MERGE_NONE && !push_candidate(m, w, prev)) || !push_candidate(m, w, at))
            return false;
    }
    return true;
}
