/* shots.h - turning the knobs of a template: zero, one or few examples, how many, which. Changes
 * the template's own mode, k and selection. Pure. */
#ifndef XUXIE_SRC_SHOTS_H
#define XUXIE_SRC_SHOTS_H

#include "src/template.h"

size_t shots_available(const struct template *t); /* examples that are on */

/* One example more or less: zero, one, two, ... all there are, as many as fit. */
void shots_more(struct template *t);
void shots_fewer(struct template *t);
/* As many as fit; from there back to a number. */
void shots_toggle_fit(struct template *t);
void shots_set(struct template *t, int k); /* or SHOTS_FIT */
/* Zero, one, few and zero again; few remembers its number. */
void shots_next_mode(struct template *t);
/* The first, at random, by each tag in turn, the most similar, and the first again. */
void shots_next_selection(struct template *t);

/* "few-shot", "first", ... for people (translated). Borrowed until the next call. */
const char *shots_mode_name(const struct template *t);
const char *shots_selection_name(const struct template *t);

#endif
