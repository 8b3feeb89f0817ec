/* paint.c - frames of the room, row by row from the model.
 *
 * The prompt alone can be painted too (after each key); when its height or the layout would change
 * the whole screen is. Nothing here keeps state but what the next frame needs: the layout and which
 * row of the prompt is the first in sight. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/uwidth.h"
#include "ui/browse.h"
#include "ui/browser_paint.h"
#include "ui/draw.h"
#include "ui/edit.h"
#include "ui/line.h"
#include "ui/room.h"
#include "ui/status.h"
#include "ui/term.h"
#include "ui/wrap.h"

struct place {
    size_t paragraph, byte;
};

/* ---- the message line -------------------------------------------------------------------------
 */

static const char *message_text(const struct ui *ui, enum theme_role *role)
{
    static const enum theme_role roles[] = {
        [UI_INFO] = THEME_INFO, [UI_WARNING] = THEME_WARNING, [UI_ERROR] = THEME_ERROR};
    if (ui->question.text != NULL) {
        *role = THEME_WARNING;
        return ui->question.text;
    }
    if (ui->message.text != NULL) {
        *role = roles[ui->message.level];
        return ui->message.text;
    }
    if (browse_question(ui) != NULL) {
        *role = THEME_TITLE;
        return browse_question(ui);
    }
    *role = THEME_WARNING;
    return ui->standing;
}

static int message_margin(const struct ui *ui)
{
    return ui->columns >= 20 ? 1 : 0;
}

/* The message, wrapped into its rows; what does not fit goes on in the line of hints. */
static void paint_message(const struct ui *ui, const struct rect *r, const struct rect *hints)
{
    enum theme_role role;
    const char *text = message_text(ui, &role);
    size_t n = text != NULL ? strlen(text) : 0;
    int margin = message_margin(ui);
    size_t at = 0;

    if (r->rows > 0 && text != NULL) {
        struct wrap w;
        wrap_init(&w);
        wrap_paragraph(&w, text, n, r->columns - 2 * margin);
        for (int i = 0; i < r->rows; i++) {
            draw_row(r->y + i);
            if ((size_t)i >= w.n_rows)
                continue;
            at = w.rows[i].end;
            draw_to(role, r->x + margin);
            draw_text(role, text + w.rows[i].begin, at - w.rows[i].begin, r->columns - margin);
        }
        wrap_free(&w);
    }
    if (hints == NULL || hints->rows == 0)
        return;
    if (at == n) {
        status_draw_hints(browse_view(ui), hints);
        return;
    }
    draw_row(hints->y);
    draw_to(role, hints->x + margin);
    draw_text(role, text + at, n - at, hints->columns - 2 * margin);
}

/* ---- the manuscript ---------------------------------------------------------------------------
 */

static struct place place_of(const struct ui *ui, uint64_t offset)
{
    struct place p = {SIZE_MAX, 0};
    if (offset < textlog_length(ui->log))
        textlog_locate(ui->log, offset, &p.paragraph, &p.byte);
    return p;
}

/* Does the row reach behind this place? */
static bool reaches(const struct view_row *row, struct place p)
{
    if (row->filler || p.paragraph == SIZE_MAX)
        return false;
    return row->paragraph > p.paragraph || (row->paragraph == p.paragraph && row->end > p.byte);
}

static void paint_words(const struct ui *ui, const struct view_row *row, int columns)
{
    size_t n, at = row->begin;
    const char *text = textlog_paragraph(ui->log, row->paragraph, &n);
    int until = draw_column() + columns;
    while (at < row->end) {
        size_t end = row->end;
        int kind = textlog_kind(ui->log, row->paragraph, at, &end);
        if (end > row->end || end <= at)
            end = row->end;
        draw_text(kind == UI_AUTHOR ? THEME_AUTHOR : THEME_MODEL, text + at, end - at,
                  until - draw_column());
        at = end;
    }
}

static void paint_mark(int columns)
{
    const char *words = _("the model reads from here");
    int width = (int)uwidth_str(words, strlen(words)), until = draw_column() + columns;
    int side = (columns - width - 2) / 2;
    draw_fill(THEME_MARK, draw_glyph(DRAW_DOTS), side);
    if (side > 0)
        draw_string(THEME_MARK, " ", 1);
    draw_string(THEME_MARK, words, until - draw_column());
    if (side > 0)
        draw_string(THEME_MARK, " ", until - draw_column());
    draw_fill(THEME_MARK, draw_glyph(DRAW_DOTS), until - draw_column());
}

/* Left and right of a framed row. */
static void paint_side(const struct rect *frame, bool left, const char *glyph, enum theme_role role)
{
    draw_to(THEME_PLAIN, left ? frame->x : frame->x + frame->columns - 1);
    draw_string(role, glyph, 1);
}

/* Which row the mark goes before; n: none. Above a following view the top row makes room for it,
 * else the last one, so that what the eye is on stays. */
static size_t mark_row(const struct ui *ui, const struct view_row *rows, size_t n)
{
    struct place p = place_of(ui, ui->context_from);
    if (ui->context_from == 0 || p.paragraph == SIZE_MAX || n < 2 || reaches(&rows[0], p))
        return n;
    for (size_t i = 1; i < n; i++) {
        if (reaches(&rows[i], p))
            return i;
    }
    return n;
}

static void paint_manuscript_rows(struct ui *ui)
{
    const struct rect *r = &ui->layout.text, *frame = &ui->layout.frame_text;
    struct place newest = place_of(ui, ui->newest_from);
    size_t n;
    int thumb_begin, thumb_end;

    view_resize(ui->view, r->rows, r->columns);
    const struct view_row *rows = view_rows(ui->view, &n);
    view_thumb(ui->view, &thumb_begin, &thumb_end);
    size_t mark = mark_row(ui, rows, n);
    bool push_up = mark < n && view_following(ui->view) && !rows[n - 1].filler;
    for (size_t y = 0; y < n; y++) {
        /* the row of text shown here once the mark has its own */
        size_t i = push_up ? (y + 1 < mark ? y + 1 : y) : (y > mark ? y - 1 : y);
        bool is_mark = mark < n && y == (push_up ? mark - 1 : mark);
        draw_row(r->y + (int)y);
        if (frame->rows > 0) {
            bool new = !is_mark &&reaches(&rows[i], newest);
            paint_side(frame, true, draw_glyph(new ? DRAW_BAR : DRAW_VERTICAL),
                       new ? THEME_NEWEST : THEME_FRAME);
        }
        draw_to(THEME_PLAIN, r->x);
        if (is_mark)
            paint_mark(r->columns);
        else if (!rows[i].filler)
            paint_words(ui, &rows[i], r->columns);
        if (frame->rows > 0) {
            bool thumb =
                (int)y >= thumb_begin && (int)y < thumb_end && thumb_end - thumb_begin < r->rows;
            paint_side(frame, false, draw_glyph(thumb ? DRAW_THUMB : DRAW_VERTICAL), THEME_FRAME);
        }
    }
}

/* A frame's border with a title at its left or, below, something at its right. */
static void paint_border(const struct rect *frame, bool top, const char *text)
{
    int end = frame->x + frame->columns - 1;
    int width = (int)uwidth_str(text, strlen(text));
    draw_row(top ? frame->y : frame->y + frame->rows - 1);
    draw_to(THEME_PLAIN, frame->x);
    draw_string(THEME_FRAME, draw_glyph(top ? DRAW_TOP_LEFT : DRAW_BOTTOM_LEFT), 1);
    if (!top && width > 0)
        draw_fill(THEME_FRAME, draw_glyph(DRAW_HORIZONTAL), end - draw_column() - width - 6);
    if (width > 0) {
        draw_string(THEME_FRAME, " ", end - draw_column());
        draw_string(THEME_TITLE, text, end - draw_column());
        draw_string(THEME_FRAME, " ", end - draw_column());
    }
    draw_fill(THEME_FRAME, draw_glyph(DRAW_HORIZONTAL), end - draw_column());
    draw_string(THEME_FRAME, draw_glyph(top ? DRAW_TOP_RIGHT : DRAW_BOTTOM_RIGHT), 1);
}

static void paint_manuscript(struct ui *ui)
{
    const struct rect *frame = &ui->layout.frame_text;
    if (frame->rows > 0) {
        struct str s = STR_INIT;
        if (ui->status.n_siblings > 1)
            str_printf(&s, "%d/%d %s %s", ui->status.sibling, ui->status.n_siblings,
                       draw_glyph(DRAW_LEFT), draw_glyph(DRAW_RIGHT));
        paint_border(frame, true, _("Manuscript"));
        paint_border(frame, false, str_cstr(&s));
        str_free(&s);
    }
    paint_manuscript_rows(ui);
}

/* ---- the prompt -------------------------------------------------------------------------------
 */

int paint_prompt_columns(const struct ui *ui)
{
    return ui->layout.prompt.columns > 0 ? ui->layout.prompt.columns : 1;
}

/* Rows the message wants: none, one, or two for a long one. */
static int message_rows(const struct ui *ui)
{
    enum theme_role role;
    const char *text = message_text(ui, &role);
    if (text == NULL)
        return 0;
    return (int)uwidth_str(text, strlen(text)) > ui->columns - 2 * message_margin(ui) ? 2 : 1;
}

/* Lays out the prompt and the screen around it; true when the screen is divided otherwise now. */
static bool lay_out(struct ui *ui)
{
    struct layout before = ui->layout;
    struct edit_state e;
    int message = message_rows(ui);

    if (ui->layout.columns != ui->columns || ui->layout.rows != ui->rows)
        layout_make(&ui->layout, ui->rows, ui->columns, 1, message); /* gives the prompt's width */
    edit_get(&e);
    edit_view_layout(&ui->prompt, e.prompt, e.line, e.n_bytes, e.point, paint_prompt_columns(ui));
    layout_make(&ui->layout, ui->rows, ui->columns,
                ui->prompt.n_rows < 1024 ? (int)ui->prompt.n_rows : 1024, message);
    if (ui->layout.size == LAYOUT_TINY && message > 0 && ui->rows > 1) {
        ui->layout.message = (struct rect){0, 0, 1, ui->columns};
        ui->layout.prompt.y++;
        ui->layout.prompt.rows--;
    }
    return memcmp(&before, &ui->layout, sizeof before) != 0;
}

static void keep_cursor_in_sight(struct ui *ui)
{
    size_t rows = (size_t)ui->layout.prompt.rows, last;
    if (ui->prompt.cursor_row < ui->prompt_top)
        ui->prompt_top = ui->prompt.cursor_row;
    if (ui->prompt.cursor_row >= ui->prompt_top + rows)
        ui->prompt_top = ui->prompt.cursor_row - rows + 1;
    last = ui->prompt.n_rows > rows ? ui->prompt.n_rows - rows : 0;
    if (ui->prompt_top > last)
        ui->prompt_top = last;
}

static void paint_prompt_rows(struct ui *ui)
{
    const struct rect *r = &ui->layout.prompt, *frame = &ui->layout.frame_prompt;
    const struct edit_view *v = &ui->prompt;
    const char *hint = browse_hint(ui);
    bool empty = v->n_text == 0 && hint != NULL;

    keep_cursor_in_sight(ui);
    for (int y = 0; y < r->rows; y++) {
        size_t i = ui->prompt_top + (size_t)y;
        draw_row(r->y + y);
        if (frame->rows > 0)
            paint_side(frame, true, draw_glyph(DRAW_VERTICAL), THEME_FRAME);
        draw_to(THEME_PLAIN, r->x);
        if (empty && y == 0) {
            draw_string(THEME_FAINT, hint, r->columns);
        } else if (i < v->n_rows) {
            size_t begin = v->rows[i].begin, end = v->rows[i].end;
            size_t split = v->n_prompt < begin ? begin : v->n_prompt < end ? v->n_prompt : end;
            draw_text(THEME_KEY, v->text + begin, split - begin, r->columns);
            draw_text(THEME_PLAIN, v->text + split, end - split, r->x + r->columns - draw_column());
        }
        if (frame->rows > 0)
            paint_side(frame, false, draw_glyph(DRAW_VERTICAL), THEME_FRAME);
    }
}

static void put_cursor_shape(void)
{
    static const enum term_cursor shapes[] = {[EDIT_EMACS] = TERM_CURSOR_DEFAULT,
                                              [EDIT_VI_INSERT] = TERM_CURSOR_BAR,
                                              [EDIT_VI_COMMAND] = TERM_CURSOR_BLOCK};
    struct edit_state e;
    edit_get(&e);
    term_cursor_shape(shapes[e.mode]);
}

static const char *mode_name(void)
{
    struct edit_state e;
    edit_get(&e);
    switch (e.mode) {
    case EDIT_VI_INSERT: return _("vi insert");
    case EDIT_VI_COMMAND: return _("vi command");
    default: return "";
    }
}

static void finish(bool whole, int y, int x)
{
    put_cursor_shape();
    draw_end(whole, y, x);
}

static void finish_at_prompt(struct ui *ui, bool whole)
{
    const struct rect *r = &ui->layout.prompt;
    int y = r->y + (int)(ui->prompt.cursor_row - ui->prompt_top);
    int x = ui->prompt.cursor_column < r->columns ? ui->prompt.cursor_column : r->columns - 1;
    finish(whole, y, r->x + x);
}

/* ---- frames -----------------------------------------------------------------------------------
 */

static void paint_status(struct ui *ui)
{
    struct status_line line = {.status = &ui->status, .mode = mode_name()};
    struct browser *b = browse_seen(ui);
    char *about = NULL;
    if (b == NULL) {
        line.below = view_following(ui->view) ? 0 : view_below(ui->view);
    } else {
        line.view = b->door.title;
        line.about = about = line_copy(b->door.about != NULL ? b->door.about(b->door.ctx) : NULL);
    }
    status_draw(&line, &ui->layout.status);
    free(about);
}

static void paint_tiny(struct ui *ui)
{
    draw_begin(ui->rows, ui->columns);
    if (ui->layout.message.rows > 0)
        paint_message(ui, &ui->layout.message, NULL);
    paint_prompt_rows(ui);
    if (message_rows(ui) > 0 && ui->layout.message.rows == 0)
        paint_message(ui, &ui->layout.prompt, NULL); /* one row: the message has it */
    finish_at_prompt(ui, true);
}

static void paint_browser(struct ui *ui)
{
    bool framed = ui->layout.frame_text.rows > 0;
    struct browser *b = browse_seen(ui);
    browser_resize(b, framed ? &ui->layout.frame_text : &ui->layout.text, framed);
    browser_paint(b);
}

void paint_whole(struct ui *ui)
{
    int y = 0, x = 0;
    lay_out(ui);
    if (ui->layout.size == LAYOUT_TINY) {
        paint_tiny(ui);
        return;
    }
    draw_begin(ui->rows, ui->columns);
    if (browse_seen(ui) != NULL)
        paint_browser(ui);
    else
        paint_manuscript(ui);
    if (ui->popup != NULL) {
        struct rect r = ui->layout.frame_text.rows > 0 ? ui->layout.frame_text : ui->layout.text;
        int rows = popup_rows(ui->popup, r.rows);
        r.y += r.rows - rows; /* it stands on the prompt */
        r.rows = rows;
        popup_draw(ui->popup, &r, &y, &x);
    }
    paint_status(ui); /* after the manuscript: it tells how much is below */
    paint_message(ui, &ui->layout.message, &ui->layout.hints);
    if (ui->layout.frame_prompt.rows > 0) {
        paint_border(&ui->layout.frame_prompt, true,
                     browse_question(ui) != NULL ? _("Answer")
                     : browse_seen(ui) != NULL   ? browse_seen(ui)->door.prompt
                                                 : _("Prompt"));
        paint_border(&ui->layout.frame_prompt, false, "");
    }
    paint_prompt_rows(ui);
    if (ui->popup != NULL && !ui->completing)
        finish(true, y, x);
    else
        finish_at_prompt(ui, true);
}

void paint_prompt(struct ui *ui)
{
    if (lay_out(ui) || ui->layout.size == LAYOUT_TINY || (ui->popup != NULL && !ui->completing)) {
        paint_whole(ui);
        return;
    }
    draw_begin(ui->rows, ui->columns);
    paint_prompt_rows(ui);
    if (mode_name()[0] != '\0')
        paint_status(ui);
    finish_at_prompt(ui, false);
}
