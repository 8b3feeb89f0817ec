/* view.h - a window of rows on a textlog: scroll position, following the tail, row cache. Pure.
 *
 * While it follows, the last row is at the bottom. Once scrolled away it is nailed to the text under
 * the eye: its top is (paragraph, byte), not a row number, so that neither growth nor a new width
 * moves it. As soon as nothing is hidden below it follows again. Only visible paragraphs are wrapped
 * (and those that view_below counts); the bar is estimated from bytes. */
#ifndef XUXIE_UI_VIEW_H
#define XUXIE_UI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/textlog.h"

struct view;

struct view_row {
    size_t paragraph;
    size_t begin, end; /* displayable bytes of the paragraph */
    bool last;         /* last row of its paragraph */
    bool filler;       /* below the end of the text */
};

struct view *view_new(const struct textlog *t); /* borrows the text */
void view_free(struct view *v);

/* Size in cells; rows and columns >= 1. Keeps the anchor. */
void view_resize(struct view *v, int rows, int columns);
/* The text changed, or uwidth's ambiguous width; cheap, works at the next view_rows. */
void view_changed(struct view *v);

/* The rows to draw, `rows` of them, borrowed until the next call on v. */
const struct view_row *view_rows(struct view *v, size_t *n);

void view_scroll(struct view *v, long rows); /* + down; reaching the end follows again */
void view_to_top(struct view *v);
void view_to_end(struct view *v);            /* follow */
bool view_following(const struct view *v);
/* Rows of text below the window ("▼ n new lines"), exact up to 9999, capped there. */
size_t view_below(struct view *v);
/* Thumb of a scroll bar over the window height: rows [*begin, *end). */
void view_thumb(struct view *v, int *begin, int *end);
/* Scroll so that this place is visible. */
void view_reveal(struct view *v, size_t paragraph, size_t byte);

#endif
