/* history_list.c - see history_list.h. Hits come in blocks as the store gives them; a row is a
 * pointer into one. */
#include "config.h"

#include "src/history_list.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/mem.h"

enum { BLOCK_HITS = 64 };

struct block {
    struct history_hit *hits;
    size_t n;
};

struct history_list {
    struct store *store;
    struct history_query query;
    bool begun;                    /* a line was given */
    struct history_search *search; /* NULL: nothing more comes */
    bool fresh;                    /* what it finds first takes the place of all rows */
    struct block *blocks;
    size_t n_blocks, cap_blocks;
    struct history_hit **rows;
    size_t n_rows, cap_rows;
    unsigned era;
    char *problem;
};

struct history_list *history_list_new(struct store *store)
{
    struct history_list *l = x_calloc(1, sizeof *l);
    l->store = store;
    return l;
}

static void clear(struct history_list *l)
{
    for (size_t i = 0; i < l->n_blocks; i++)
        history_hits_free(l->blocks[i].hits, l->blocks[i].n);
    l->n_blocks = l->n_rows = 0;
}

void history_list_free(struct history_list *l)
{
    if (!l)
        return;
    clear(l);
    history_search_free(l->search);
    history_query_free(&l->query);
    free(l->blocks);
    free(l->rows);
    free(l->problem);
    free(l);
}

static void set_problem(struct history_list *l, const char *text)
{
    free(l->problem);
    l->problem = text ? x_strdup(text) : NULL;
}

static void begin(struct history_list *l)
{
    struct history_filter filter;
    struct err err = ERR_INIT;
    history_search_free(l->search);
    l->search = NULL;
    set_problem(l, l->query.problem);
    history_query_filter(&l->query, &filter);
    l->fresh = true;
    if (history_search_new(l->store, &filter, &l->search, &err) != 0) {
        l->search = NULL;
        set_problem(l, err.msg); /* rows stay: the line is half typed, mostly */
    }
}

void history_list_search(struct history_list *l, const char *line, size_t n, int64_t now_ms)
{
    struct history_query query;
    history_query_parse(line, n, now_ms, &query);
    if (l->begun && history_query_equal(&query, &l->query)) {
        if (!l->search)
            set_problem(l, query.problem);
        history_query_free(&query);
        return;
    }
    history_query_free(&l->query);
    l->query = query;
    l->begun = true;
    begin(l);
}

void history_list_again(struct history_list *l)
{
    if (l->begun)
        begin(l);
}

static void add(struct history_list *l, struct history_hit *hits, size_t n)
{
    if (l->n_blocks == l->cap_blocks) {
        l->cap_blocks = l->cap_blocks ? 2 * l->cap_blocks : 16;
        l->blocks = x_realloc(l->blocks, l->cap_blocks * sizeof l->blocks[0]);
    }
    l->blocks[l->n_blocks++] = (struct block){hits, n};
    if (l->n_rows + n > l->cap_rows) {
        l->cap_rows = 2 * (l->n_rows + n);
        l->rows = x_realloc(l->rows, l->cap_rows * sizeof l->rows[0]);
    }
    for (size_t i = 0; i < n; i++)
        l->rows[l->n_rows++] = &hits[i];
}

/* One block; true when rows are new. */
static bool next_block(struct history_list *l, int max_ms)
{
    struct history_hit *hits = NULL;
    struct err err = ERR_INIT;
    size_t n = 0;
    bool done = false, changed = false;
    if (history_search_next(l->search, BLOCK_HITS, max_ms, &hits, &n, &done, &err) != 0) {
        set_problem(l, err.msg);
        done = true;
    }
    if (l->fresh && (n > 0 || done)) {
        clear(l);
        l->fresh = false;
        l->era++;
        changed = true;
    }
    if (n > 0) {
        add(l, hits, n);
        changed = true;
    } else {
        history_hits_free(hits, 0);
    }
    if (done) {
        history_search_free(l->search);
        l->search = NULL;
        changed = true;
    }
    return changed;
}

bool history_list_working(const struct history_list *l, size_t wanted)
{
    return l->search && (l->fresh || l->n_rows < wanted);
}

bool history_list_step(struct history_list *l, size_t wanted, int max_ms)
{
    int64_t until = clock_mono_ms() + max_ms;
    bool changed = false;
    while (history_list_working(l, wanted)) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0)
            break;
        changed |= next_block(l, (int)left);
    }
    return changed;
}

size_t history_list_count(const struct history_list *l)
{
    return l->n_rows;
}

const struct history_hit *history_list_at(const struct history_list *l, size_t i)
{
    return i < l->n_rows ? l->rows[i] : NULL;
}

size_t history_list_find(const struct history_list *l, store_ref generation)
{
    for (size_t i = 0; i < l->n_rows; i++)
        if (l->rows[i]->generation == generation)
            return i;
    return SIZE_MAX;
}

unsigned history_list_era(const struct history_list *l)
{
    return l->era;
}

bool history_list_complete(const struct history_list *l)
{
    return l->begun && !l->search;
}

const struct history_query *history_list_query(const struct history_list *l)
{
    return &l->query;
}

const char *history_list_problem(const struct history_list *l)
{
    return l->problem;
}

void history_list_set_star(struct history_list *l, size_t i, bool on)
{
    if (i < l->n_rows)
        l->rows[i]->starred = on;
}

void history_list_set_note(struct history_list *l, size_t i, bool on)
{
    if (i < l->n_rows)
        l->rows[i]->has_note = on;
}
