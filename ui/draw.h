/* draw.h - rows of text to cells of the screen; with term.c the only file that knows curses.
 *
 * A row is always painted whole, from the left, out of spans that the caller cut from its model:
 * cells are never patched, so half of a wide character is never overwritten and curses never wraps.
 * A row equal to what it shows already costs nothing.
 *
 *     draw_begin(rows, columns);
 *     draw_row(y); draw_text(...); draw_fill(...); ... (any rows, any order)
 *     draw_end(true, y, x);
 */
#ifndef XUXIE_UI_DRAW_H
#define XUXIE_UI_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/theme.h"

void draw_open(void); /* after term_enter: colours */
void draw_close(void);

/* Forgets what the screen shows: everything is sent again with the next frame. */
void draw_redraw(void);

void draw_begin(int rows, int columns);
/* Starts row y; the one before is finished. */
void draw_row(int y);
/* Adds at most max_columns of displayable UTF-8 and returns the columns used. A wide character that
 * does not fit ends it. Tabs and whatever else cannot be shown become a space or U+FFFD. */
int draw_text(enum theme_role role, const char *text, size_t n_bytes, int max_columns);
int draw_string(enum theme_role role, const char *text, int max_columns);
/* Repeats a one-column glyph. */
void draw_fill(enum theme_role role, const char *glyph, int columns);
/* Fills with blanks up to a column. */
void draw_to(enum theme_role role, int column);
/* Columns of the row used so far. */
int draw_column(void);

/* Ends the frame: whole = rows that were not drawn become blank (else they stay). Puts the cursor
 * and sends it all; returns the bytes sent. */
size_t draw_end(bool whole, int cursor_y, int cursor_x);

/* Frames in lines, or in ASCII where lines would be two columns wide. */
enum draw_glyph {
    DRAW_HORIZONTAL,
    DRAW_VERTICAL,
    DRAW_TOP_LEFT,
    DRAW_TOP_RIGHT,
    DRAW_BOTTOM_LEFT,
    DRAW_BOTTOM_RIGHT,
    DRAW_BAR,
    DRAW_THUMB,
    DRAW_DOTS,
    DRAW_LEFT,
    DRAW_RIGHT,
    DRAW_DOWN,
    DRAW_ELLIPSIS,
    DRAW_TEE_DOWN, /* where a border meets another: the arm points down */
    DRAW_TEE_UP,
    DRAW_TEE_LEFT,
    DRAW_TEE_RIGHT,
};
const char *draw_glyph(enum draw_glyph glyph);

#endif
