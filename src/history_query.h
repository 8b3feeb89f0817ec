/* history_query.h - what a person types to search the history: words, with filters among them.
 *
 *     灯 story:雪夜 starred: tag:好 since:2026-01-01 chars:>200
 *
 * A filter is a key, a colon and its value without blanks, or in quotation marks ("..."). Keys have
 * a Chinese name too (故事, 星标, 字数, ...), and the colon may be the wide one. What is no filter
 * belongs to the words, as store_history.h takes them. Pure.
 */
#ifndef XUXIE_SRC_HISTORY_QUERY_H
#define XUXIE_SRC_HISTORY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/store_history.h"

struct history_query {
    char *words;                                     /* "" when there are only filters */
    char *story, *template, *model, *origin, *tag;   /* NULL: any */
    int64_t from_ms, until_ms, min_chars, max_chars; /* 0: no limit */
    bool starred, ranked;
    char *problem; /* one sentence about the first filter that was left out; NULL: all is well */
};

/* Never fails: what cannot be read is left out and told in `problem`, because it is half typed most
 * of the time. now_ms: what "since:7d" counts from. */
void history_query_parse(const char *line, size_t n, int64_t now_ms, struct history_query *out);
void history_query_free(struct history_query *q);
/* The store's form; its strings are borrowed from q. */
void history_query_filter(const struct history_query *q, struct history_filter *out);
/* Do both find the same? */
bool history_query_equal(const struct history_query *a, const struct history_query *b);

/* The i-th key with its colon ("story:") and what it does (translated); NULL past the end. In the
 * person's language where `chinese`. */
const char *history_query_key(size_t i, bool chinese, const char **help);

#endif
