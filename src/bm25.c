/* bm25.c - see bm25.h. Okapi BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework:
 * BM25 and Beyond", Foundations and Trends in Information Retrieval 3(4), 2009, section 3, with the
 * usual k1 = 1.2 and b = 0.75. The weight of a term is log(1 + (N - n + 0.5) / (n + 0.5)): their
 * (3.1) falls below zero for what more than half of the texts hold, which small sets often do.
 *
 * Terms are those of the search index (bigram.h): characters, pairs of characters, words, but
 * not the beginnings of words. Each text
 * is kept as the list of its terms' hashes, in order; a query looks through all of them for its own
 * few. Two terms of one hash (64 bits) would count as one.
 */
#include "config.h"

#include "src/bm25.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/bigram.h"

struct bm25 {
    uint64_t *terms; /* of all texts, one behind the other */
    size_t n_terms, capacity;
    size_t *ends; /* of each text in terms */
    size_t n_texts, cap_texts;
};

struct bm25 *bm25_new(void)
{
    return x_calloc(1, sizeof(struct bm25));
}

void bm25_free(struct bm25 *b)
{
    if (!b)
        return;
    free(b->terms);
    free(b->ends);
    free(b);
}

/* Appends the hashes of a text's terms. */
static void add_terms(struct bm25 *b, const char *text, size_t n)
{
    struct str list = STR_INIT;
    bigram_terms(&list, text, n);
    for (const char *p = str_cstr(&list); *(p += strspn(p, " "));) {
        size_t length = strcspn(p, " ");
        if (bigram_is_beginning(p, length)) { /* the word itself counts */
            p += length;
            continue;
        }
        if (b->n_terms == b->capacity) {
            b->capacity = 2 * b->capacity + 256;
            b->terms = x_realloc(b->terms, b->capacity * sizeof b->terms[0]);
        }
        b->terms[b->n_terms++] = XXH3_64bits(p, length);
        p += length;
    }
    str_free(&list);
}

void bm25_add(struct bm25 *b, const char *text, size_t n)
{
    add_terms(b, text, n);
    if (b->n_texts == b->cap_texts) {
        b->cap_texts = b->cap_texts ? 2 * b->cap_texts : 64;
        b->ends = x_realloc(b->ends, b->cap_texts * sizeof b->ends[0]);
    }
    b->ends[b->n_texts++] = b->n_terms;
}

/* ---- a query --------------------------------------------------------------------------------- */

/* The query's terms, each once, in a hash table. */
struct wanted {
    struct slot {
        uint64_t term;
        size_t index; /* from 1; 0: the slot is free */
    } * slots;
    size_t mask, n;
};

/* The slot of a term, or the free one where it belongs. */
static struct slot *find(const struct wanted *w, uint64_t term)
{
    size_t i = (size_t)term & w->mask;
    while (w->slots[i].index && w->slots[i].term != term)
        i = (i + 1) & w->mask;
    return &w->slots[i];
}

static struct wanted make_wanted(const char *query, size_t n)
{
    struct bm25 terms = {0};
    struct wanted w = {.mask = 15};
    add_terms(&terms, query, n);
    while (w.mask < 2 * terms.n_terms)
        w.mask = 2 * w.mask + 1;
    w.slots = x_calloc(w.mask + 1, sizeof w.slots[0]);
    for (size_t i = 0; i < terms.n_terms; i++) {
        struct slot *slot = find(&w, terms.terms[i]);
        if (!slot->index)
            *slot = (struct slot){terms.terms[i], ++w.n};
    }
    free(terms.terms);
    return w;
}

/* A term of the query in a text. */
struct match {
    size_t text, term;
    double frequency;
};

void bm25_scores(const struct bm25 *b, const char *query, size_t n, double *scores)
{
    const double k1 = 1.2, length_share = 0.75;
    struct wanted w = make_wanted(query, n);
    size_t *n_texts_with = x_calloc(w.n + 1, sizeof n_texts_with[0]);
    size_t *last = x_calloc(w.n + 1, sizeof last[0]); /* a term's newest match, from 1 */
    struct match *matches = NULL;
    size_t n_matches = 0, capacity = 0;
    for (size_t text = 0, i = 0; text < b->n_texts; text++) {
        size_t first = n_matches;
        for (; i < b->ends[text]; i++) {
            size_t term = find(&w, b->terms[i])->index;
            if (!term)
                continue;
            if (last[term] > first) {
                matches[last[term] - 1].frequency++;
                continue;
            }
            if (n_matches == capacity) {
                capacity = 2 * capacity + 256;
                matches = x_realloc(matches, capacity * sizeof matches[0]);
            }
            matches[n_matches++] = (struct match){text, term, 1};
            last[term] = n_matches;
            n_texts_with[term]++;
        }
        scores[text] = 0;
    }
    const double average = b->n_texts ? (double)b->n_terms / (double)b->n_texts : 0;
    for (size_t i = 0; i < n_matches; i++) {
        const struct match *m = &matches[i];
        double n_with = (double)n_texts_with[m->term], f = m->frequency;
        double length = (double)(b->ends[m->text] - (m->text ? b->ends[m->text - 1] : 0));
        double weight = log(1 + ((double)b->n_texts - n_with + 0.5) / (n_with + 0.5));
        double norm = k1 * (1 - length_share + length_share * length / average);
        scores[m->text] += weight * f * (k1 + 1) / (f + norm);
    }
    free(matches);
    free(last);
    free(n_texts_with);
    free(w.slots);
}
