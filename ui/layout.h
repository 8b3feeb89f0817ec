/* layout.h - the size of the screen to rectangles. Pure.
 * From 40x10 up everything; 20x5 to that: manuscript, prompt and status without frames; smaller: only
 * the prompt (one line saying what is needed when even that has no room).
 * The message gets one row where it wants any, more of them while the manuscript keeps three. */
#ifndef XUXIE_UI_LAYOUT_H
#define XUXIE_UI_LAYOUT_H

#include <stdbool.h>

struct rect {
    int y, x, rows, columns; /* rows or columns 0: not there */
};

enum layout_size { LAYOUT_FULL, LAYOUT_SMALL, LAYOUT_TINY };

struct layout {
    enum layout_size size;
    int rows, columns;
    struct rect status;      /* one line at the top */
    struct rect frame_text;  /* frame of the manuscript, 0 rows when unframed */
    struct rect text;        /* inside it */
    struct rect message;     /* one line between the panes; 0 rows when there is no message */
    struct rect frame_prompt;
    struct rect prompt;
    struct rect hints;       /* one line at the bottom */
};

/* prompt_rows: rows the prompt wants; it gets 1 .. a third of the screen. */
void layout_make(struct layout *l, int rows, int columns, int prompt_rows, int message_rows);

#endif
