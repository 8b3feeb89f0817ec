/* diff.h - what differs between two texts, as a reader sees it. Pure functions.
 *
 * Units. Chinese is compared character by character, scripts with spaces word by word: a unit ends
 * where Unicode has both a word border (UAX #29) and a grapheme border; bytes that are not UTF-8
 * are units of their own. Two units are the same when their bytes are.
 *
 * Cost. Up to some thousand units the difference is a shortest one (Myers 1986). Larger texts are
 * first compared paragraph by paragraph, and no search goes on for long: the result is then right
 * but may be longer than needed. Time grows with the length of the texts, whatever they hold. One
 * thread; memory as x_malloc has it.
 */
#ifndef XUXIE_SRC_DIFF_H
#define XUXIE_SRC_DIFF_H

#include <stddef.h>

enum diff_kind { DIFF_SAME, DIFF_REMOVED, DIFF_ADDED };

/* Runs follow one another: each begins where the one before ended, in both texts. What is removed
 * stands before what is added in its place; no two neighbours are of one kind. */
struct diff_run {
    enum diff_kind kind;
    size_t a_begin, a_end; /* bytes of the first text; none when ADDED */
    size_t b_begin, b_end; /* bytes of the second text; none when REMOVED */
};

struct diff {
    struct diff_run *runs;
    size_t n_runs;
};

void diff_texts(const char *a, size_t n_a, const char *b, size_t n_b, struct diff *out);
void diff_free(struct diff *d);

/* For the eye: joins changes that are held apart by less than what changes on either side of it
 * ("the" common to two sentences that have nothing else in common). Never over the end of a
 * paragraph. a is the first text. */
void diff_tidy(struct diff *d, const char *a);

/* Where the units of a text end, in order; *ends is malloc'ed. Their number. */
size_t diff_units(const char *text, size_t n, size_t **ends);

#endif
