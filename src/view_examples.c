/* view_examples.c - see view_examples.h. The list is the template's own array; its ctx is the
 * room's. */
#include "config.h"

#include "src/view_examples.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/commands.h"
#include "src/shots.h"
#include "src/view_template_edit.h"
#include "src/template_page.h"
#include "src/view_template.h"

/* A context of its own, so that it can be told from the room's other views. */
struct examples_view {
    struct room *room;
};

static struct template *at_hand(void *ctx)
{
    struct examples_view *v = ctx;
    return view_template_working(v->room);
}

static size_t on_count(void *ctx)
{
    const struct template *t = at_hand(ctx);
    return t ? t->n_examples : 0;
}

static void on_row(void *ctx, size_t i, struct ui_row *out)
{
    const struct template *t = at_hand(ctx);
    const struct template_example *e = &t->examples[i];
    enum ui_style style = e->off ? UI_DIM : UI_PLAIN;
    for (size_t k = 0; k < e->n_fields; k++)
        ui_printf(out->text, style, "%s%s", k ? " / " : "", e->fields[k].value);
    ui_puts(out->text, UI_DIM, " → ");
    ui_puts(out->text, e->off ? UI_DIM : UI_EXAMPLE, e->output);
    for (size_t k = 0; k < e->n_tags; k++)
        ui_printf(out->side, UI_DIM, "%s#%s", k ? " " : "", e->tags[k]);
    if (e->off)
        ui_puts(out->side, UI_DIM, _(" off"));
}

static void on_page(void *ctx, size_t i, struct ui_page *out)
{
    static char title[256];
    const struct template *t = at_hand(ctx);
    if (!t || i == SIZE_MAX)
        return;
    snprintf(title, sizeof title, _("%s · example %zu"), t->name, i + 1);
    out->title = title;
    out->key = i;
    template_page_example(t, i, out->text);
}

static const char *on_about(void *ctx)
{
    static char text[256];
    const struct template *t = at_hand(ctx);
    if (!t)
        return "";
    size_t on = shots_available(t);
    snprintf(text, sizeof text, P_("%s · %zu of %zu is on", "%s · %zu of %zu are on", on), t->name,
             on, t->n_examples);
    return text;
}

static const char *on_empty(void *ctx)
{
    (void)ctx;
    return _("There is no example yet; M-i makes one.");
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool holds(const char *text, const char *what)
{
    return strcasestr(text, what) != NULL;
}

static bool example_holds(const struct template_example *e, const char *what)
{
    for (size_t k = 0; k < e->n_fields; k++)
        if (holds(e->fields[k].value, what))
            return true;
    for (size_t k = 0; k < e->n_tags; k++)
        if (holds(e->tags[k], what))
            return true;
    return holds(e->output, what);
}

/* Selects the next one from `from` on, around the end. */
static void find(struct examples_view *v, const char *what, size_t from)
{
    const struct template *t = at_hand(v);
    for (size_t k = 0; t && what[0] && k < t->n_examples; k++) {
        size_t i = (from + k) % t->n_examples;
        if (example_holds(&t->examples[i], what)) {
            v->room->front->browser_select(v->room->front->ctx, i);
            v->room->front->browser_changed(v->room->front->ctx);
            return;
        }
    }
}

static void on_line(void *ctx, const char *text, size_t n)
{
    struct examples_view *v = ctx;
    size_t at = v->room->front->browser_selected(v->room->front->ctx);
    if (n > 0 && text[0] != '/')
        find(v, text, at == SIZE_MAX ? 0 : at);
}

static bool on_submit(void *ctx, const char *text, size_t n, size_t selected)
{
    struct examples_view *v = ctx;
    if (n > 0 && text[0] == '/') {
        commands_run(v->room, text, n);
        return false;
    }
    if (selected != SIZE_MAX)
        find(v, text, selected + 1);
    return true;
}

static size_t on_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out)
{
    struct examples_view *v = ctx;
    *out = NULL;
    return cursor > 0 && line[0] == '/' ? commands_offer(v->room, line, cursor, start, out) : 0;
}

/* ---- changing -------------------------------------------------------------------------------- */

static bool on_action(void *ctx, enum ui_action action, size_t i)
{
    struct examples_view *v = ctx;
    const struct front *f = v->room->front;
    struct template *t = at_hand(v);
    if (!t)
        return false;
    if (action == UI_NEW) {
        view_template_edit_example(v->room, t, SIZE_MAX);
        return true;
    }
    if (i == SIZE_MAX)
        return false;
    switch (action) {
    case UI_TOGGLE: t->examples[i].off = !t->examples[i].off; break;
    case UI_MOVE_UP:
        if (i == 0)
            return true;
        template_move_example(t, i, i - 1);
        f->browser_select(f->ctx, i - 1);
        break;
    case UI_MOVE_DOWN:
        if (i + 1 >= t->n_examples)
            return true;
        template_move_example(t, i, i + 1);
        f->browser_select(f->ctx, i + 1);
        break;
    case UI_REMOVE:
        template_remove_example(t, i);
        f->notice(f->ctx, TURN_INFO,
                  _("Removed; the version of the template before this one still has it."));
        break;
    case UI_EDIT: view_template_edit_example(v->room, t, i); return true;
    default: return false;
    }
    view_template_touched(v->room, true);
    return true;
}

bool view_examples_action(struct room *r, enum ui_action action)
{
    const struct front *f = r->front;
    return r->examples && f->browser_ctx(f->ctx) == r->examples &&
           on_action(r->examples, action, f->browser_selected(f->ctx));
}

void view_examples_open(struct room *r)
{
    if (!view_template_working(r))
        return;
    if (!r->examples) {
        r->examples = x_calloc(1, sizeof *r->examples);
        r->examples->room = r;
    }
    const struct ui_browser door = {.ctx = r->examples,
                                    .view = UI_VIEW_EXAMPLES,
                                    .title = _("Examples"),
                                    .prompt = _("Find"),
                                    .hint = _("Type to find an example."),
                                    .count = on_count,
                                    .row = on_row,
                                    .page = on_page,
                                    .about = on_about,
                                    .empty = on_empty,
                                    .on_line = on_line,
                                    .finds = true,
                                    .on_submit = on_submit,
                                    .on_action = on_action,
                                    .on_complete = on_complete};
    r->front->browse(r->front->ctx, &door);
}
