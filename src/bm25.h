/* bm25.h - how like a query each of a set of texts is, by the words and characters they share.
 * Pure; one thread. */
#ifndef XUXIE_SRC_BM25_H
#define XUXIE_SRC_BM25_H

#include <stddef.h>

struct bm25;

struct bm25 *bm25_new(void);
void bm25_free(struct bm25 *b); /* NULL-safe */
/* Adds a text (any bytes); they are numbered from 0. */
void bm25_add(struct bm25 *b, const char *text, size_t n);
/* A score for each text, 0 when it shares nothing with the query; higher is liker. */
void bm25_scores(const struct bm25 *b, const char *query, size_t n, double *scores);

#endif
