/* history_list.h - the rows of the History view: what a search line finds, coming in slices while
 * the person types on.
 *
 * Rows of the line before stay until the first of the new one are there, so that a list never
 * flashes empty between two keys. UI thread.
 */
#ifndef XUXIE_SRC_HISTORY_LIST_H
#define XUXIE_SRC_HISTORY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/history_query.h"
#include "src/store_history.h"

struct history_list;

struct history_list *history_list_new(struct store *store); /* borrowed */
void history_list_free(struct history_list *l);             /* NULL-safe */

/* Begins to look for what the line says; a line that means the same as the one before changes
 * nothing. */
void history_list_search(struct history_list *l, const char *line, size_t n, int64_t now_ms);
/* Looks once more for the same: there may be new ones. */
void history_list_again(struct history_list *l);

/* Goes on looking for about max_ms, until `wanted` rows are there. True: rows are new. */
bool history_list_step(struct history_list *l, size_t wanted, int max_ms);
/* Is there more to do for so many rows? */
bool history_list_working(const struct history_list *l, size_t wanted);

size_t history_list_count(const struct history_list *l);
const struct history_hit *history_list_at(const struct history_list *l, size_t i);
/* The row of a generation; SIZE_MAX when it is not among them. */
size_t history_list_find(const struct history_list *l, store_ref generation);
/* Grows when rows were replaced, not only added. */
unsigned history_list_era(const struct history_list *l);
/* Has everything been found? */
bool history_list_complete(const struct history_list *l);
const struct history_query *history_list_query(const struct history_list *l);
/* What is wrong with the line, or with the database; NULL: nothing. */
const char *history_list_problem(const struct history_list *l);
/* What the person just did shows at once. */
void history_list_set_star(struct history_list *l, size_t i, bool on);
void history_list_set_note(struct history_list *l, size_t i, bool on);

#endif
