/* line_views.c - see line_views.h.
 *
 * A page that only grew since it was printed goes on where it ended: what a model writes streams.
 * One level is printed at a time; the level beneath is printed again when it is reached.
 */
#include "config.h"

#include "src/line_views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"

enum { ROWS = 10 };

struct level {
    struct level *beneath;
    struct ui_browser door;
    size_t selected, first; /* first: of the rows printed last */
    enum ui_pane pane;
    bool stale;       /* what is printed is no longer so */
    struct str shown; /* the page as printed */
    uint64_t key;
};

struct line_views {
    void (*print)(void *ctx, const char *text, size_t n);
    void *ctx;
    struct level *top;
    struct ui_row row;
    struct ui_text *page;
};

struct line_views *line_views_new(void (*print)(void *ctx, const char *text, size_t n), void *ctx)
{
    struct line_views *v = x_calloc(1, sizeof *v);
    v->print = print;
    v->ctx = ctx;
    v->row.text = ui_text_new();
    v->row.side = ui_text_new();
    v->page = ui_text_new();
    return v;
}

static void level_free(struct level *l)
{
    str_free(&l->shown);
    free(l);
}

void line_views_free(struct line_views *v)
{
    if (!v)
        return;
    while (v->top) {
        struct level *l = v->top;
        v->top = l->beneath;
        level_free(l);
    }
    ui_text_free(v->row.text);
    ui_text_free(v->row.side);
    ui_text_free(v->page);
    free(v);
}

/* ---- printing -------------------------------------------------------------------------------- */

static void put(struct line_views *v, const char *text)
{
    v->print(v->ctx, text, strlen(text));
}

static size_t count(const struct level *l)
{
    return l->door.count(l->door.ctx);
}

static size_t selected(const struct level *l)
{
    size_t n = count(l);
    return n == 0 ? SIZE_MAX : l->selected < n ? l->selected : n - 1;
}

/* One line; newlines of the text become blanks. */
static void put_row(struct line_views *v, struct level *l, size_t i)
{
    struct str line = STR_INIT;
    ui_text_clear(v->row.text);
    ui_text_clear(v->row.side);
    l->door.row(l->door.ctx, i, &v->row);
    str_printf(&line, "%c%4zu  %s", i == selected(l) ? '>' : ' ', i + 1,
               ui_text_bytes(v->row.text));
    if (ui_text_length(v->row.side) > 0)
        str_printf(&line, "  (%s)", ui_text_bytes(v->row.side));
    for (size_t k = 0; k < line.len; k++)
        if (line.data[k] == '\n')
            line.data[k] = ' ';
    str_putc(&line, '\n');
    v->print(v->ctx, str_cstr(&line), line.len);
    str_free(&line);
}

static void put_list(struct line_views *v, struct level *l)
{
    size_t n = count(l), end = l->first + ROWS < n ? l->first + ROWS : n;
    struct str head = STR_INIT;
    str_printf(&head, "* %s", l->door.title);
    if (l->door.about)
        str_printf(&head, " · %s", l->door.about(l->door.ctx));
    str_putc(&head, '\n');
    put(v, str_cstr(&head));
    str_free(&head);
    for (size_t i = l->first; i < end; i++)
        put_row(v, l, i);
    if (n == 0 && l->door.empty) {
        put(v, l->door.empty(l->door.ctx));
        put(v, "\n");
    }
    if (end < n)
        put(v, _("(Enter shows more, a number chooses, /back returns)\n"));
    else
        put(v, _("(a number chooses, /back returns)\n"));
}

static void put_page(struct line_views *v, struct level *l)
{
    struct ui_page page = {.text = v->page, .reveal = SIZE_MAX, .plain = true};
    ui_text_clear(v->page);
    l->door.page(l->door.ctx, selected(l), &page);
    const char *text = ui_text_bytes(v->page);
    size_t n = ui_text_length(v->page);
    bool grew = l->shown.len > 0 && l->key == page.key && n >= l->shown.len &&
                memcmp(text, str_cstr(&l->shown), l->shown.len) == 0;
    if (grew) {
        v->print(v->ctx, text + l->shown.len, n - l->shown.len);
    } else {
        put(v, "--- ");
        put(v, page.title ? page.title : "");
        put(v, "\n");
        v->print(v->ctx, text, n);
    }
    str_clear(&l->shown);
    str_append(&l->shown, text, n);
    l->key = page.key;
}

void line_views_show(struct line_views *v)
{
    struct level *l = v->top;
    if (!l || !l->stale)
        return;
    l->stale = false;
    if (l->pane == UI_PANE_PAGE)
        put_page(v, l);
    else
        put_list(v, l);
}

/* ---- what the person does -------------------------------------------------------------------- */

bool line_views_open(const struct line_views *v)
{
    return v->top != NULL;
}

const char *line_views_prompt(const struct line_views *v)
{
    static char prompt[128];
    if (!v->top)
        return NULL;
    snprintf(prompt, sizeof prompt, "%s> ", v->top->door.title);
    return prompt;
}

static void more(struct level *l)
{
    size_t n = count(l);
    if (l->pane == UI_PANE_PAGE) {
        l->pane = UI_PANE_LIST;
    } else if (n > 0) {
        l->first += ROWS;
        if (l->first >= n)
            l->first = 0;
    }
    l->stale = true;
}

/* A line that finds is told as it would be while it is typed; others are sent. */
static void tell(struct line_views *v, struct level *l, const char *text)
{
    size_t n = strlen(text);
    if (l->door.finds && l->door.on_line) {
        l->pane = UI_PANE_LIST;
        l->selected = l->first = 0;
        l->stale = true;
        l->door.on_line(l->door.ctx, text, n);
    } else if (l->door.on_submit) {
        l->door.on_submit(l->door.ctx, text, n, selected(l));
    } else {
        put(v, "\n");
    }
}

void line_views_submit(struct line_views *v, const char *text)
{
    struct level *l = v->top;
    char *end;
    if (!l)
        return;
    if (text[0] == '\0') {
        more(l);
        return;
    }
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0') {
        tell(v, l, text);
    } else if (number >= 1 && number <= count(l)) {
        l->selected = (size_t)number - 1;
        l->pane = UI_PANE_PAGE;
        l->stale = true;
    } else {
        put(v, _("There is no such number in the list.\n"));
    }
}

/* ---- what the house says --------------------------------------------------------------------- */

void line_views_browse(struct line_views *v, const struct ui_browser *browser)
{
    struct level *l = x_calloc(1, sizeof *l);
    l->door = *browser;
    l->stale = true;
    l->beneath = v->top;
    v->top = l;
}

void line_views_close(struct line_views *v)
{
    struct level *l = v->top;
    if (!l)
        return;
    v->top = l->beneath;
    if (v->top)
        v->top->stale = true;
    if (l->door.on_close)
        l->door.on_close(l->door.ctx);
    level_free(l);
}

void line_views_changed(struct line_views *v)
{
    if (v->top)
        v->top->stale = true;
}

void line_views_select(struct line_views *v, size_t i)
{
    if (!v->top)
        return;
    v->top->selected = i;
    v->top->first = i / ROWS * ROWS;
    v->top->stale = true;
}

size_t line_views_selected(const struct line_views *v)
{
    return v->top ? selected(v->top) : SIZE_MAX;
}

void line_views_focus(struct line_views *v, enum ui_pane pane)
{
    if (!v->top)
        return;
    v->top->pane = pane;
    v->top->stale = true;
}

enum ui_pane line_views_pane(const struct line_views *v)
{
    return v->top ? v->top->pane : UI_PANE_LIST;
}

void line_views_set_line(struct line_views *v, const char *text)
{
    if (v->top && v->top->door.on_line)
        v->top->door.on_line(v->top->door.ctx, text, strlen(text));
}

void *line_views_ctx(const struct line_views *v)
{
    return v->top ? v->top->door.ctx : NULL;
}
