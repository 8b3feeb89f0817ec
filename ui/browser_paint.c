/* browser_paint.c - see browser_paint.h. A row of the screen is painted from the left: border,
 * list, divider, page, border; which of them there are is the layout's. */
#include "config.h"

#include "ui/browser_paint.h"

#include <string.h>

#include "src/base/str.h"
#include "src/base/uwidth.h"
#include "ui/draw.h"

enum { MARK_COLUMNS = 2, SIDE_GAP = 2, TEXT_MIN_COLUMNS = 16 };

/* ---- the list ---------------------------------------------------------------------------------
 */

/* The look of the selected row; NULL: every piece has its own. */
static const enum theme_role *row_look(const struct browser *b, bool selected)
{
    static const enum theme_role with_keys = THEME_SELECTED, without = THEME_TITLE;
    if (!selected)
        return NULL;
    return b->pane == UI_PANE_LIST ? &with_keys : &without;
}

static void paint_item(struct browser *b, size_t i, int columns)
{
    bool selected = i == b->selected;
    const enum theme_role *look = row_look(b, selected);
    int end = draw_column() + columns;

    ui_text_clear(b->row.text);
    ui_text_clear(b->row.side);
    b->door.row(b->door.ctx, i, &b->row);
    int side = styled_columns(b->row.side);
    if (side > 0 && columns - side - SIDE_GAP - MARK_COLUMNS < TEXT_MIN_COLUMNS)
        side = 0;
    int text_end = side > 0 ? end - side - SIDE_GAP : end;
    enum theme_role blank = look != NULL ? *look : THEME_PLAIN;
    draw_string(blank, selected ? draw_glyph(DRAW_RIGHT) : " ", 1);
    draw_string(blank, " ", 1);
    styled_draw_line(b->row.text, look, text_end - draw_column());
    if (side > 0) {
        draw_to(blank, end - side - 1);
        styled_draw_line(b->row.side, look, side);
    }
    draw_to(blank, end);
}

static void paint_list_row(struct browser *b, int y)
{
    const struct rect *r = &b->layout.list;
    size_t i = b->top + (size_t)(y - r->y), n = browser_count(b);
    if (i < n) {
        paint_item(b, i, r->columns);
    } else if (n == 0 && y == r->y && b->door.empty != NULL) {
        draw_string(THEME_FAINT, " ", 1);
        draw_string(THEME_FAINT, b->door.empty(b->door.ctx), r->columns - 1);
    }
    draw_to(THEME_PLAIN, r->x + r->columns);
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static void paint_page_row(struct browser *b, int y, const struct view_row *rows)
{
    const struct rect *r = &b->layout.page;
    const struct view_row *row = &rows[y - r->y];
    if (!row->filler)
        styled_draw(styled_log(b->page_text), row->paragraph, row->begin, row->end, NULL,
                    r->columns);
    draw_to(THEME_PLAIN, r->x + r->columns);
}

/* ---- frames -----------------------------------------------------------------------------------
 */

struct thumb {
    int begin, end; /* rows of the pane */
};

/* Of the list; begin == end when all of it is in sight. */
static struct thumb list_thumb(const struct browser *b)
{
    size_t n = browser_count(b), rows = (size_t)b->layout.list.rows;
    if (rows == 0 || n <= rows)
        return (struct thumb){0, 0};
    int begin = (int)((double)b->top * (double)rows / (double)n);
    int length = (int)((double)rows * (double)rows / (double)n);
    length = length < 1 ? 1 : length;
    if (b->top + rows >= n)
        begin = (int)rows - length; /* the end is shown as the end */
    else if (begin + length >= (int)rows && begin > 0)
        begin = (int)rows - length - 1;
    return (struct thumb){begin, begin + length};
}

static struct thumb page_thumb(struct browser *b)
{
    struct thumb t = {0, 0};
    if (b->layout.page.rows == 0)
        return t;
    view_thumb(b->page, &t.begin, &t.end);
    return t.end - t.begin < b->layout.page.rows ? t : (struct thumb){0, 0};
}

static void paint_side(const struct rect *pane, const struct thumb *thumb, int y)
{
    bool in = y - pane->y >= thumb->begin && y - pane->y < thumb->end;
    draw_string(THEME_FRAME, draw_glyph(in ? DRAW_THUMB : DRAW_VERTICAL), 1);
}

/* A stretch of border up to `end`: a title at its left, something at its right. */
static void paint_edge(const char *title, bool has_keys, const char *right, int end)
{
    int right_columns = (int)uwidth_str(right, strlen(right));
    if (title[0] != '\0') {
        draw_string(THEME_FRAME, " ", end - draw_column());
        draw_string(has_keys ? THEME_TITLE : THEME_FAINT, title, end - draw_column() - 2);
        draw_string(THEME_FRAME, " ", end - draw_column());
    }
    if (right_columns > 0 && end - draw_column() > right_columns + 4) {
        draw_fill(THEME_FRAME, draw_glyph(DRAW_HORIZONTAL),
                  end - draw_column() - right_columns - 3);
        draw_string(THEME_FRAME, " ", 1);
        draw_string(THEME_FAINT, right, right_columns);
        draw_string(THEME_FRAME, " ", 1);
    }
    draw_fill(THEME_FRAME, draw_glyph(DRAW_HORIZONTAL), end - draw_column());
}

/* "3/1204" */
static void put_place(struct browser *b, struct str *out)
{
    size_t selected = browser_selected(b);
    if (selected != SIZE_MAX)
        str_printf(out, "%zu/%zu", selected + 1, browser_count(b));
}

static void paint_borders(struct browser *b)
{
    const struct browser_layout *l = &b->layout;
    const struct rect *f = &l->frame;
    bool beside = l->shape == BROWSER_BESIDE, list = l->list.rows > 0;
    int end = f->x + f->columns - 1;
    const char *page_title = b->page_title != NULL ? b->page_title : "";
    struct str place = STR_INIT;
    put_place(b, &place);

    draw_row(f->y);
    draw_to(THEME_PLAIN, f->x);
    draw_string(THEME_FRAME, draw_glyph(DRAW_TOP_LEFT), 1);
    if (list)
        paint_edge(b->door.title, b->pane == UI_PANE_LIST, beside ? "" : str_cstr(&place),
                   beside ? l->divider : end);
    if (beside)
        draw_string(THEME_FRAME, draw_glyph(DRAW_TEE_DOWN), 1);
    if (!list || beside)
        paint_edge(page_title, b->pane == UI_PANE_PAGE, list ? "" : str_cstr(&place), end);
    draw_string(THEME_FRAME, draw_glyph(DRAW_TOP_RIGHT), 1);

    draw_row(f->y + f->rows - 1);
    draw_to(THEME_PLAIN, f->x);
    draw_string(THEME_FRAME, draw_glyph(DRAW_BOTTOM_LEFT), 1);
    if (beside) {
        paint_edge("", false, str_cstr(&place), l->divider);
        draw_string(THEME_FRAME, draw_glyph(DRAW_TEE_UP), 1);
    }
    paint_edge("", false, "", end);
    draw_string(THEME_FRAME, draw_glyph(DRAW_BOTTOM_RIGHT), 1);

    if (l->shape == BROWSER_STACKED) {
        draw_row(l->divider);
        draw_to(THEME_PLAIN, f->x);
        draw_string(THEME_FRAME, draw_glyph(DRAW_TEE_RIGHT), 1);
        paint_edge(page_title, b->pane == UI_PANE_PAGE, "", end);
        draw_string(THEME_FRAME, draw_glyph(DRAW_TEE_LEFT), 1);
    }
    str_free(&place);
}

static bool has_row(const struct rect *r, int y)
{
    return y >= r->y && y < r->y + r->rows;
}

void browser_paint(struct browser *b)
{
    const struct browser_layout *l = &b->layout;
    const struct rect *f = &l->frame;
    const struct view_row *rows = NULL;
    size_t n;

    if (l->page.rows > 0) {
        browser_refresh_page(b);
        rows = view_rows(b->page, &n);
    }
    browser_selected(b); /* the list may have become shorter */
    struct thumb of_list = list_thumb(b), of_page = page_thumb(b);
    if (l->framed)
        paint_borders(b);
    for (int y = f->y; y < f->y + f->rows; y++) {
        bool list = has_row(&l->list, y), page = has_row(&l->page, y);
        if (!list && !page)
            continue; /* a border */
        draw_row(y);
        draw_to(THEME_PLAIN, f->x);
        if (l->framed)
            draw_string(THEME_FRAME, draw_glyph(DRAW_VERTICAL), 1);
        if (list)
            paint_list_row(b, y);
        if (list && l->framed)
            paint_side(&l->list, &of_list, y);
        if (page)
            paint_page_row(b, y, rows);
        if (page && l->framed)
            paint_side(&l->page, &of_page, y);
    }
}
