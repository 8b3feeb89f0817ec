/* edit_view.h - how the prompt and the line being edited lie in rows. Pure. */
#ifndef XUXIE_UI_EDIT_VIEW_H
#define XUXIE_UI_EDIT_VIEW_H

#include <stddef.h>
#include <stdint.h>

struct edit_row {
    size_t begin, end; /* bytes of the displayed text (see edit_view.text) */
};

struct edit_view {
    char *text;            /* displayable: prompt, then the line, control characters as ^X, tabs as spaces */
    size_t n_text;
    struct edit_row *rows; /* at least one */
    size_t n_rows;
    size_t cap_text, cap_rows;
    size_t cursor_row;
    int cursor_column;
    size_t n_prompt;       /* bytes of text that are the prompt */
};

void edit_view_init(struct edit_view *v);
void edit_view_free(struct edit_view *v);

/* Lays prompt + line[0..n) out in `width` columns (>= 1). point = the cursor's byte in line.
 * Graphemes stay whole; a wide one that does not fit starts the next row; '\n' starts a row. */
void edit_view_layout(struct edit_view *v, const char *prompt, const char *line, size_t n,
                      size_t point, int width);

/* The byte of the line nearest to a place on the screen (mouse clicks). */
size_t edit_view_locate(const struct edit_view *v, const char *prompt, const char *line, size_t n,
                        int width, size_t row, int column);

#endif
