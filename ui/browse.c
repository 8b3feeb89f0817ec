/* browse.c - see browse.h.
 *
 * The layers lie on each other in the order they came; beneath them all is the draft. A callback of
 * the house may close or open layers, so nothing is touched after one but what is looked up anew.
 * A question above a view belongs to it: it goes, unanswered, before the view does.
 */
#include "config.h"

#include "ui/browse.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "ui/keymap.h"
#include "ui/line.h"

enum { WHEEL_UP = 64, WHEEL_DOWN = 65, WHEEL_ROWS = 3, BUTTON_LEFT = 0 };

struct layer {
    struct layer *beneath;
    struct edit_aside aside; /* the line of the one beneath */
    struct browser *browser; /* NULL: a question */
    struct str line;         /* a view's, as the house heard it last */
    char *question;
    void (*on_answer)(void *ctx, const char *text);
    void *ctx;
};

/* ---- coming and going -------------------------------------------------------------------------
 */

static struct layer *push(struct ui *ui)
{
    struct layer *l = x_calloc(1, sizeof *l);
    act_draft(ui); /* what is put aside is safe first */
    edit_put_aside(&l->aside);
    l->beneath = ui->layer;
    ui->layer = l;
    loop_dirty(ui->loop);
    return l;
}

static void layer_free(struct layer *l)
{
    browser_free(l->browser);
    edit_aside_free(&l->aside);
    str_free(&l->line);
    free(l->question);
    free(l);
}

/* Takes the uppermost off and tells its owner; text: the answer of a question. */
static void pop(struct ui *ui, const char *text)
{
    struct layer *l = ui->layer;
    struct ui_browser door = l->browser != NULL ? l->browser->door : (struct ui_browser){0};
    ui->layer = l->beneath;
    edit_bring_back(&l->aside);
    str_clear(&ui->held_escape);
    loop_dirty(ui->loop);
    if (l->browser == NULL)
        l->on_answer(l->ctx, text);
    else if (door.on_close != NULL)
        door.on_close(door.ctx);
    layer_free(l);
}

bool browse_back(struct ui *ui)
{
    if (ui->layer == NULL)
        return false;
    pop(ui, NULL);
    return true;
}

void browse_free(struct ui *ui)
{
    while (ui->layer != NULL) {
        struct layer *l = ui->layer;
        ui->layer = l->beneath;
        layer_free(l);
    }
}

/* The uppermost view, behind a question. */
static struct layer *seen(const struct ui *ui)
{
    struct layer *l = ui->layer;
    while (l != NULL && l->browser == NULL)
        l = l->beneath;
    return l;
}

static void end_question(struct ui *ui)
{
    if (ui->layer != NULL && ui->layer->browser == NULL)
        pop(ui, NULL);
}

void ui_browse(struct ui *ui, const struct ui_browser *browser)
{
    end_question(ui);
    act_close_popup(ui, -1);
    push(ui)->browser = browser_new(browser);
}

void ui_ask_line(struct ui *ui, const char *question, const char *initial,
                 void (*on_answer)(void *ctx, const char *text), void *ctx)
{
    end_question(ui);
    act_close_popup(ui, -1);
    struct layer *l = push(ui);
    l->question = line_copy(question);
    l->on_answer = on_answer;
    l->ctx = ctx;
    if (initial != NULL)
        edit_set(initial, strlen(initial));
}

void ui_browser_close(struct ui *ui)
{
    end_question(ui);
    if (ui->layer != NULL)
        pop(ui, NULL);
}

/* ---- what the house says ----------------------------------------------------------------------
 */

void ui_browser_changed(struct ui *ui)
{
    if (seen(ui) == NULL)
        return;
    browser_changed(seen(ui)->browser);
    loop_dirty(ui->loop);
}

void ui_browser_select(struct ui *ui, size_t i)
{
    if (seen(ui) == NULL)
        return;
    browser_select(seen(ui)->browser, i);
    loop_dirty(ui->loop);
}

void ui_browser_focus(struct ui *ui, enum ui_pane pane)
{
    if (seen(ui) == NULL)
        return;
    browser_focus(seen(ui)->browser, pane);
    loop_dirty(ui->loop);
}

enum ui_pane ui_browser_pane(const struct ui *ui)
{
    return seen(ui) != NULL ? seen(ui)->browser->pane : UI_PANE_LIST;
}

size_t ui_browser_selected(const struct ui *ui)
{
    return seen(ui) != NULL ? browser_selected(seen(ui)->browser) : SIZE_MAX;
}

void ui_browser_set_line(struct ui *ui, const char *text, size_t n)
{
    struct layer *l = seen(ui);
    if (l == NULL)
        return;
    if (l == ui->layer)
        edit_set(text, n);
    else
        edit_aside_set(&ui->layer->aside, text, n);
    loop_dirty(ui->loop);
}

void *ui_browser_ctx(const struct ui *ui)
{
    return seen(ui) != NULL ? seen(ui)->browser->door.ctx : NULL;
}

/* ---- what the room asks -----------------------------------------------------------------------
 */

struct browser *browse_seen(const struct ui *ui)
{
    return seen(ui) != NULL ? seen(ui)->browser : NULL;
}

unsigned browse_view(const struct ui *ui)
{
    if (ui->layer == NULL)
        return UI_VIEW_WRITING;
    return ui->layer->browser != NULL ? (unsigned)ui->layer->browser->door.view
                                      : (unsigned)KEYMAP_ANSWERING;
}

const char *browse_question(const struct ui *ui)
{
    return ui->layer != NULL ? ui->layer->question : NULL;
}

const char *browse_hint(const struct ui *ui)
{
    if (ui->layer == NULL)
        return ui->options.prompt_hint;
    return ui->layer->browser != NULL ? ui->layer->browser->door.hint : NULL;
}

static struct layer *lowest(const struct ui *ui)
{
    struct layer *l = ui->layer;
    while (l != NULL && l->beneath != NULL)
        l = l->beneath;
    return l;
}

const char *browse_draft(const struct ui *ui, size_t *n_bytes)
{
    struct layer *l = lowest(ui);
    if (l == NULL)
        return NULL;
    *n_bytes = l->aside.n_bytes;
    return l->aside.text;
}

void browse_set_draft(struct ui *ui, const char *text, size_t n_bytes)
{
    edit_aside_set(&lowest(ui)->aside, text, n_bytes);
    act_draft(ui);
}

/* ---- what the person does ---------------------------------------------------------------------
 */

static bool is_there(const struct ui *ui, const struct layer *layer)
{
    const struct layer *l = ui->layer;
    while (l != NULL && l != layer)
        l = l->beneath;
    return l != NULL;
}

bool browse_submit(struct ui *ui, const char *text, size_t n_bytes)
{
    struct layer *l = ui->layer;
    if (l == NULL)
        return false;
    if (l->browser == NULL) {
        pop(ui, text);
        return true;
    }
    const struct ui_browser *door = &l->browser->door;
    bool stays = door->on_submit != NULL &&
                 door->on_submit(door->ctx, text, n_bytes, browser_selected(l->browser));
    loop_dirty(ui->loop);
    if (stays && is_there(ui, l)) {
        if (l == ui->layer)
            edit_set(text, n_bytes);
        else { /* something was opened over it */
            struct layer *above = ui->layer;
            while (above->beneath != l)
                above = above->beneath;
            edit_aside_set(&above->aside, text, n_bytes);
        }
    }
    return true;
}

bool browse_action(struct ui *ui, enum ui_action action)
{
    struct layer *l = ui->layer;
    if (l == NULL)
        return false;
    if (action == UI_BACK)
        return browse_back(ui);
    if (l->browser == NULL)
        return false;
    if (browser_move(l->browser, action))
        return true;
    const struct ui_browser *door = &l->browser->door;
    return door->on_action != NULL &&
           door->on_action(door->ctx, action, browser_selected(l->browser));
}

bool browse_mouse(struct ui *ui, const struct input_event *ev)
{
    struct browser *b = browse_seen(ui);
    enum ui_pane pane;
    if (b == NULL || !browser_pane_at(b, ev->mouse.row, ev->mouse.column, &pane))
        return false;
    if (ev->mouse.button == WHEEL_UP)
        browser_scroll(b, pane, -WHEEL_ROWS);
    else if (ev->mouse.button == WHEEL_DOWN)
        browser_scroll(b, pane, WHEEL_ROWS);
    else if (ev->mouse.button == BUTTON_LEFT)
        browser_click(b, ev->mouse.row, ev->mouse.column);
    loop_dirty(ui->loop);
    return true;
}

bool browse_complete(struct ui *ui, const struct edit_state *e, struct completion *out, bool *found)
{
    struct layer *l = ui->layer;
    struct ui_host host = ui->host;
    if (l == NULL)
        return false;
    if (l->browser != NULL) {
        host.ctx = l->browser->door.ctx;
        host.on_complete = l->browser->door.on_complete;
    }
    *found = host.on_complete != NULL && complete_ask(&host, e->line, e->n_bytes, e->point, out);
    if (!*found && l->browser != NULL) {
        browser_move(l->browser, UI_FOCUS);
        loop_dirty(ui->loop);
    }
    return true;
}

void browse_watch(struct ui *ui)
{
    struct layer *l = ui->layer;
    struct edit_state e;
    if (l == NULL || l->browser == NULL)
        return;
    edit_get(&e);
    if (e.n_bytes == l->line.len && memcmp(e.line, str_cstr(&l->line), e.n_bytes) == 0)
        return;
    str_clear(&l->line);
    str_append(&l->line, e.line, e.n_bytes);
    loop_dirty(ui->loop); /* it may show in the status line */
    if (l->browser->door.on_line != NULL)
        l->browser->door.on_line(l->browser->door.ctx, str_cstr(&l->line), l->line.len);
}
