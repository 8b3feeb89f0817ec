/* bigram.h - what of a text can be searched for, and how: pure functions, no I/O, no database.
 *
 * A text is folded: compatibility forms become plain ones (full-width Latin, half-width kana,
 * ligatures), letters lower case, Latin and Greek ones lose their accents. What is left is
 *  - characters of scripts that put no blanks between words (Han, kana, hangul, Thai, ...) and
 *    symbols (emoji, arrows): each stands for itself, and any part of a run can be found;
 *  - words: letters and digits of the other scripts, found whole;
 *  - everything between (blanks, punctuation), of which it only matters that it is there.
 *
 * The index text is a list of terms with blanks between: of each run of characters the characters
 * and the overlapping pairs; of words the words and their first 1, 2, 3 and 5 letters, which end in
 * a middle dot. (FTS5 could look for beginnings itself, but takes a second for "t" among a million
 * English texts, and cannot be stopped.) It is made for FTS5's tokenizer `ascii`, to which each
 * term is one token.
 *
 * A query is clauses separated by blanks, all of which must occur; "..." is one clause with blanks
 * in it; -clause must not occur; word* is the beginning of a word. Nothing else is syntax. Inside a
 * clause the same characters and words must follow each other; where it has punctuation or blanks,
 * the text must have some too, whichever.
 *
 * The terms of a clause all occur wherever the clause does; the reverse is not so ("ab bc" of abc
 * may stand apart). So hits of the index are candidates, and bigram_found decides.
 */
#ifndef XUXIE_SRC_BIGRAM_H
#define XUXIE_SRC_BIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* A word is known by this many characters. */
enum { BIGRAM_WORD_MAX = 48 };

/* Appends the terms of a text, each with a blank before it. Bytes that are no UTF-8 separate. */
void bigram_terms(struct str *out, const char *text, size_t n);
/* Is this term only there so that word* finds the beginnings of words? */
bool bigram_is_beginning(const char *term, size_t n);

/* A text prepared for matching. Starts zeroed; filling it again reuses its memory. */
struct bigram_text {
    uint32_t *chars; /* folded; 0 stands for what separates, and begins and ends the text */
    uint32_t *begin; /* of each, the byte in the original text it came from, ... */
    uint32_t *end;   /* ... and the byte behind */
    size_t n, cap;
};
void bigram_fold(struct bigram_text *t, const char *text, size_t n);
void bigram_text_free(struct bigram_text *t);

struct bigram_query;
/* E_INPUT: it says nothing that could be looked for (only punctuation, or only -clauses). */
int bigram_query_new(const char *text, struct bigram_query **out, struct err *err);
void bigram_query_free(struct bigram_query *q); /* NULL-safe */

/* For FTS5's MATCH: the terms of all clauses that must occur. */
const char *bigram_query_match(const struct bigram_query *q);
size_t bigram_query_n_clauses(const struct bigram_query *q); /* that must occur */
/* The same of one of them. */
const char *bigram_clause_match(const struct bigram_query *q, size_t clause);

/* Do the texts together hold every clause that must occur and none that must not? counts (may be
 * NULL): how often each clause that must occur does, bigram_query_n_clauses() of them. */
bool bigram_found(const struct bigram_query *q, const struct bigram_text *texts, size_t n_texts,
                  int *counts);

struct bigram_mark {
    size_t begin, n; /* bytes of the original text */
};
/* Where the clauses that must occur stand in a text: at most max, in order, those that touch or
 * overlap made one. Returns how many. */
size_t bigram_marks(const struct bigram_query *q, const struct bigram_text *t,
                    struct bigram_mark *marks, size_t max);

#endif
