/* browser.h - a view over the manuscript: a list and the page of what is selected in it. The model:
 * what is selected, what is in sight, which pane the keys go to. It knows nothing of the terminal;
 * what it shows it asks the house for (struct ui_browser) when it is needed, and keeps only the
 * page. browser_paint.h draws it, browse.c ties it to the screen. */
#ifndef XUXIE_UI_BROWSER_H
#define XUXIE_UI_BROWSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/layout.h"
#include "ui/styled.h"
#include "ui/ui.h"
#include "ui/view.h"

enum browser_shape {
    BROWSER_BESIDE,  /* list left, page right */
    BROWSER_STACKED, /* list above, page below */
    BROWSER_SINGLE,  /* the pane that has the keys */
};

/* Panes with 0 rows are not there. divider: the column (beside) or row (stacked) between them. */
struct browser_layout {
    enum browser_shape shape;
    bool framed;
    struct rect frame, list, page;
    int divider;
};

/* r: the whole of the room for the view, its frame included. Pure. */
void browser_lay_out(struct browser_layout *l, const struct rect *r, bool framed,
                     enum ui_pane pane);

struct browser {
    struct ui_browser door;
    struct browser_layout layout; /* as laid out last */
    enum ui_pane pane;
    size_t selected, top; /* rows of the list; top: the first in sight */
    bool page_stale;
    size_t page_of; /* the row it was asked for */
    struct ui_text *page_text;
    struct view *page;
    char *page_title; /* displayable */
    uint64_t page_key;
    bool follows;      /* the house shows the end of the page, as it grows */
    struct ui_row row; /* being drawn */
};

struct browser *browser_new(const struct ui_browser *door);
void browser_free(struct browser *b);

/* Takes the room given; what is selected stays in sight. */
void browser_resize(struct browser *b, const struct rect *r, bool framed);
/* The house has other rows or another page. */
void browser_changed(struct browser *b);
size_t browser_count(const struct browser *b);
/* SIZE_MAX: the list is empty. */
size_t browser_selected(struct browser *b);
void browser_select(struct browser *b, size_t i);
void browser_focus(struct browser *b, enum ui_pane pane);
/* Carries out an action that only moves; false: it is none. */
bool browser_move(struct browser *b, enum ui_action action);
/* Rows down (+) or up, without selecting. */
void browser_scroll(struct browser *b, enum ui_pane pane, long rows);
/* Which pane a cell of the screen belongs to; false: none. */
bool browser_pane_at(const struct browser *b, int y, int x, enum ui_pane *pane);
/* A click: gives the pane the keys, selects the row. */
void browser_click(struct browser *b, int y, int x);

/* Asks for the page when it is another one; after browser_resize. */
void browser_refresh_page(struct browser *b);

#endif
