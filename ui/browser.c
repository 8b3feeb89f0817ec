/* browser.c - see browser.h.
 *
 * The list is only a number of rows with a window on it: a million cost what is in sight. The page
 * is asked for once for each row that is selected, and again when the house says so; while its key
 * is the same it stays scrolled where it is, by the text under the eye (view.h).
 */
#include "config.h"

#include "ui/browser.h"

#include <stdlib.h>

#include "src/base/mem.h"
#include "ui/line.h"

enum {
    BESIDE_COLUMNS = 100, /* from here on both have room side by side */
    BESIDE_ROWS = 5,
    STACKED_ROWS = 11, /* inside the frame */
    LIST_MIN_COLUMNS = 40,
    LIST_MAX_COLUMNS = 72,
    LIST_MIN_ROWS = 3,
};

/* ---- layout -----------------------------------------------------------------------------------
 */

static void lay_out_panes(struct browser_layout *l, struct rect in, enum ui_pane pane)
{
    l->list = l->page = (struct rect){0, 0, 0, 0};
    if (l->framed && in.columns + 2 >= BESIDE_COLUMNS && in.rows >= BESIDE_ROWS) {
        int columns = in.columns * 2 / 5;
        if (columns < LIST_MIN_COLUMNS)
            columns = LIST_MIN_COLUMNS;
        if (columns > LIST_MAX_COLUMNS)
            columns = LIST_MAX_COLUMNS;
        l->shape = BROWSER_BESIDE;
        l->divider = in.x + columns;
        l->list = (struct rect){in.y, in.x, in.rows, columns};
        l->page = (struct rect){in.y, l->divider + 1, in.rows, in.columns - columns - 1};
    } else if (l->framed && in.rows >= STACKED_ROWS) {
        int rows = in.rows / 3 + 1;
        l->shape = BROWSER_STACKED;
        l->divider = in.y + (rows < LIST_MIN_ROWS ? LIST_MIN_ROWS : rows);
        l->list = (struct rect){in.y, in.x, l->divider - in.y, in.columns};
        l->page = (struct rect){l->divider + 1, in.x, in.y + in.rows - l->divider - 1, in.columns};
    } else {
        l->shape = BROWSER_SINGLE;
        l->divider = 0;
        *(pane == UI_PANE_LIST ? &l->list : &l->page) = in;
    }
}

void browser_lay_out(struct browser_layout *l, const struct rect *r, bool framed, enum ui_pane pane)
{
    struct rect in = *r;
    l->framed = framed;
    l->frame = *r;
    if (framed)
        in = (struct rect){r->y + 1, r->x + 1, r->rows - 2, r->columns - 2};
    lay_out_panes(l, in, pane);
}

/* ---- life -------------------------------------------------------------------------------------
 */

struct browser *browser_new(const struct ui_browser *door)
{
    struct browser *b = x_calloc(1, sizeof *b);
    b->door = *door;
    b->page_stale = true;
    b->page_of = SIZE_MAX;
    b->page_text = ui_text_new();
    b->page = view_new(styled_log(b->page_text));
    b->row.text = ui_text_new();
    b->row.side = ui_text_new();
    styled_one_line(b->row.text);
    styled_one_line(b->row.side);
    return b;
}

void browser_free(struct browser *b)
{
    if (b == NULL)
        return;
    view_free(b->page);
    ui_text_free(b->page_text);
    ui_text_free(b->row.text);
    ui_text_free(b->row.side);
    free(b->page_title);
    free(b);
}

/* ---- the list ---------------------------------------------------------------------------------
 */

size_t browser_count(const struct browser *b)
{
    return b->door.count(b->door.ctx);
}

size_t browser_selected(struct browser *b)
{
    size_t n = browser_count(b);
    if (n == 0)
        return SIZE_MAX;
    if (b->selected >= n)
        b->selected = n - 1;
    return b->selected;
}

static size_t list_rows(const struct browser *b)
{
    return b->layout.list.rows > 0 ? (size_t)b->layout.list.rows : 1;
}

/* No blank rows below while there are any above. */
static void clamp_top(struct browser *b)
{
    size_t n = browser_count(b), rows = list_rows(b), last = n > rows ? n - rows : 0;
    if (b->top > last)
        b->top = last;
}

static void keep_in_sight(struct browser *b)
{
    size_t selected = browser_selected(b), rows = list_rows(b);
    if (selected == SIZE_MAX)
        selected = 0;
    if (selected < b->top)
        b->top = selected;
    if (selected >= b->top + rows)
        b->top = selected - rows + 1;
    clamp_top(b);
}

void browser_select(struct browser *b, size_t i)
{
    b->selected = i;
    keep_in_sight(b);
}

static size_t moved(size_t at, long by, size_t n)
{
    if (by < 0)
        return at > (size_t)-by ? at - (size_t)-by : 0;
    at = at < SIZE_MAX - (size_t)by ? at + (size_t)by : SIZE_MAX;
    return n == 0 ? 0 : at < n ? at : n - 1;
}

/* ---- moving -----------------------------------------------------------------------------------
 */

void browser_resize(struct browser *b, const struct rect *r, bool framed)
{
    struct browser_layout before = b->layout;
    browser_lay_out(&b->layout, r, framed, b->pane);
    if (b->layout.page.rows > 0)
        view_resize(b->page, b->layout.page.rows, b->layout.page.columns);
    if (before.list.rows != b->layout.list.rows)
        keep_in_sight(b);
    else
        clamp_top(b);
}

void browser_changed(struct browser *b)
{
    b->page_stale = true;
}

void browser_focus(struct browser *b, enum ui_pane pane)
{
    b->pane = pane;
}

void browser_scroll(struct browser *b, enum ui_pane pane, long rows)
{
    if (pane == UI_PANE_PAGE) {
        view_scroll(b->page, rows);
        return;
    }
    b->top = moved(b->top, rows, browser_count(b));
    clamp_top(b);
}

static bool move_in_page(struct browser *b, enum ui_action action)
{
    long page = b->layout.page.rows > 2 ? b->layout.page.rows - 1 : 1;
    switch (action) {
    case UI_ROW_UP: view_scroll(b->page, -1); return true;
    case UI_ROW_DOWN: view_scroll(b->page, 1); return true;
    case UI_PAGE_UP: view_scroll(b->page, -page); return true;
    case UI_PAGE_DOWN: view_scroll(b->page, page); return true;
    case UI_TOP: view_to_top(b->page); return true;
    case UI_BOTTOM: view_to_end(b->page); return true;
    default: return false;
    }
}

static bool move_in_list(struct browser *b, enum ui_action action)
{
    size_t n = browser_count(b);
    long page = b->layout.list.rows > 2 ? b->layout.list.rows - 1 : 1;
    switch (action) {
    case UI_ROW_UP: browser_select(b, moved(b->selected, -1, n)); return true;
    case UI_ROW_DOWN: browser_select(b, moved(b->selected, 1, n)); return true;
    case UI_PAGE_UP: browser_select(b, moved(b->selected, -page, n)); return true;
    case UI_PAGE_DOWN: browser_select(b, moved(b->selected, page, n)); return true;
    case UI_TOP: browser_select(b, 0); return true;
    case UI_BOTTOM: browser_select(b, n > 0 ? n - 1 : 0); return true;
    default: return false;
    }
}

bool browser_move(struct browser *b, enum ui_action action)
{
    switch (action) {
    case UI_FOCUS: b->pane = b->pane == UI_PANE_LIST ? UI_PANE_PAGE : UI_PANE_LIST; return true;
    case UI_SCROLL_UP: view_scroll(b->page, -1); return true;
    case UI_SCROLL_DOWN: view_scroll(b->page, 1); return true;
    default: break;
    }
    return b->pane == UI_PANE_PAGE ? move_in_page(b, action) : move_in_list(b, action);
}

/* ---- the mouse --------------------------------------------------------------------------------
 */

static bool inside(const struct rect *r, int y, int x)
{
    return y >= r->y && y < r->y + r->rows && x >= r->x && x < r->x + r->columns;
}

bool browser_pane_at(const struct browser *b, int y, int x, enum ui_pane *pane)
{
    *pane = inside(&b->layout.list, y, x) ? UI_PANE_LIST : UI_PANE_PAGE;
    return *pane == UI_PANE_LIST || inside(&b->layout.page, y, x);
}

void browser_click(struct browser *b, int y, int x)
{
    enum ui_pane pane;
    if (!browser_pane_at(b, y, x, &pane))
        return;
    size_t row = b->top + (size_t)(y - b->layout.list.y);
    b->pane = pane;
    if (pane == UI_PANE_LIST && row < browser_count(b))
        browser_select(b, row);
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static bool at_top(struct browser *b)
{
    size_t n;
    const struct view_row *row = view_rows(b->page, &n);
    return row->filler || (row->paragraph == 0 && row->begin == 0);
}

void browser_refresh_page(struct browser *b)
{
    size_t selected = browser_selected(b);
    if (!b->page_stale && selected == b->page_of)
        return;
    struct ui_page page = {.text = b->page_text, .reveal = SIZE_MAX};
    bool first = b->page_title == NULL, was_at_top = at_top(b);
    ui_text_clear(b->page_text);
    b->door.page(b->door.ctx, selected, &page);
    b->page_stale = false;
    b->page_of = selected;
    free(b->page_title);
    b->page_title = line_copy(page.title);
    view_changed(b->page);
    if (!first && page.key == b->page_key) {
        if (was_at_top && !b->follows)
            view_to_top(b->page); /* also when all of it was in sight, which view.h calls its end */
        return;
    }
    b->page_key = page.key;
    b->follows = page.reveal != SIZE_MAX && page.reveal >= ui_text_length(b->page_text);
    view_to_top(b->page);
    if (page.reveal != SIZE_MAX) {
        const struct textlog *log = styled_log(b->page_text);
        size_t paragraph, byte;
        textlog_locate(log, page.reveal, &paragraph, &byte);
        view_reveal(b->page, paragraph, byte);
    }
}
