/* layout.c - see layout.h. Rows are given out from the edges inwards: status and hints take the
 * first and the last line, the prompt stands on the hints, the message on the prompt, the
 * manuscript gets what is left. Every rectangle lies inside the screen and no two overlap (frames
 * contain theirs). */
#include "config.h"

#include "ui/layout.h"

#include "src/base/limits.h"

enum {
    FULL_ROWS = 10,
    FULL_COLUMNS = 40,
    SMALL_ROWS = 5,
    SMALL_COLUMNS = 20,
    FULL_OVERHEAD = 8,  /* status, hints, message, two frames, and one row of manuscript */
    SMALL_OVERHEAD = 2, /* status and one row of manuscript */
};

static struct rect band(const struct layout *l, int y, int rows)
{
    return (struct rect){y, 0, rows, rows > 0 ? l->columns : 0};
}

static struct rect inside(struct rect r)
{
    return (struct rect){r.y + 1, r.x + 1, r.rows - 2, r.columns - 2};
}

static int clamp(int value, int low, int high)
{
    if (value > high)
        value = high;
    return value < low ? low : value;
}

void layout_make(struct layout *l, int rows, int columns, int prompt_rows, int message_rows)
{
    *l = (struct layout){0};
    l->rows = rows = rows < 1 ? 1 : rows;
    l->columns = columns = clamp(columns, 1, LIMIT_SCREEN_COLUMNS);
    bool framed = rows >= FULL_ROWS && columns >= FULL_COLUMNS;
    if (framed)
        l->size = LAYOUT_FULL;
    else if (rows >= SMALL_ROWS && columns >= SMALL_COLUMNS)
        l->size = LAYOUT_SMALL;
    else
        l->size = LAYOUT_TINY;
    if (l->size == LAYOUT_TINY) {
        l->prompt = band(l, 0, rows);
        return;
    }
    int frame = framed ? 2 : 0;
    int most = rows / 3;
    if (framed && most > rows - FULL_OVERHEAD)
        most = rows - FULL_OVERHEAD;
    int n_prompt = clamp(prompt_rows, 1, most);
    /* one row of message always has room; more as long as the manuscript keeps three */
    int spare = rows - (framed ? FULL_OVERHEAD - 1 : SMALL_OVERHEAD) - n_prompt - 2;
    int n_message = message_rows > 1 ? clamp(message_rows, 1, spare < 1 ? 1 : spare) : message_rows;
    int bottom = rows;
    if (framed)
        l->hints = band(l, --bottom, 1);
    bottom -= n_prompt + frame;
    l->prompt = band(l, bottom, n_prompt + frame);
    bottom -= n_message;
    l->message = band(l, bottom, n_message);
    l->status = band(l, 0, 1);
    l->text = band(l, 1, bottom - 1);
    if (framed) {
        l->frame_prompt = l->prompt;
        l->prompt = inside(l->prompt);
        l->frame_text = l->text;
        l->text = inside(l->text);
    }
}
