/* wrap.h - one paragraph into rows by UAX #14 (libunistring), no row wider than the pane, no row
 * beginning with closing punctuation. Pure: the same paragraph and width give the same rows. */
#ifndef XUXIE_UI_WRAP_H
#define XUXIE_UI_WRAP_H

#include <stddef.h>
#include <stdint.h>

struct wrap_row {
    uint32_t begin, end; /* bytes of the paragraph; rows concatenated are the paragraph */
};

struct wrap {
    struct wrap_row *rows;
    size_t n_rows;
    size_t n_settled;    /* leading rows that appending text cannot change */
    size_t cap_rows;
    char *scratch;
    size_t cap_scratch;
};

void wrap_init(struct wrap *w);
void wrap_free(struct wrap *w);

/* Wraps text[0..n) (valid UTF-8, displayable, no newline; at most 2^31 bytes) to `width` columns >= 1.
 * An empty paragraph is one empty row. Trailing spaces may hang over the border and are not drawn.
 * A word wider than the pane breaks at any grapheme; a grapheme wider than the pane gets a row. */
void wrap_paragraph(struct wrap *w, const char *text, size_t n, int width);

/* The same for a paragraph that w holds already and that has grown at its end, in time that does
 * not depend on the old length. Ambiguous width unchanged since. */
void wrap_extend(struct wrap *w, const char *text, size_t n, int width);

#endif
