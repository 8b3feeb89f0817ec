/* views.c - see views.h. */
#include "config.h"

#include "src/views.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/commands.h"
#include "src/examples.h"
#include "src/view_template_edit.h"
#include "src/view_examples.h"
#include "src/view_history.h"
#include "src/view_template.h"

bool views_is_open(const struct room *r)
{
    return r->front->browser_ctx(r->front->ctx) != NULL;
}

void views_close_all(struct room *r)
{
    while (views_is_open(r))
        r->front->browser_close(r->front->ctx);
}

bool views_action(struct room *r, enum ui_action action)
{
    return view_history_action(r, action) || view_template_action(r, action) ||
           view_examples_action(r, action);
}

/* A view's own key, or that of another one. */
static void toggle(struct room *r, bool is_open, void (*open)(struct room *r, const char *what))
{
    views_close_all(r);
    if (!is_open)
        open(r, NULL);
}

static void answered_command(void *arg, const char *text)
{
    if (text && text[0] == '/' && text[1])
        commands_run(arg, text, strlen(text));
}

void views_key(struct room *r, enum ui_action action)
{
    switch (action) {
    case UI_HISTORY: toggle(r, view_history_is_open(r), view_history_open); break;
    case UI_TEMPLATES: toggle(r, view_template_is_open(r), view_template_open); break;
    case UI_ADD_EXAMPLE: examples_add_passage(r, NULL); break;
    case UI_COMMAND:
        r->front->ask_line(r->front->ctx, _("A command:"), "/", answered_command, r);
        break;
    default: break;
    }
}

void views_tick(struct room *r, int64_t now_ms)
{
    view_history_tick(r, now_ms);
    view_template_tick(r, now_ms);
}

void views_ended(struct room *r)
{
    view_history_ended(r);
}

void views_free(struct room *r)
{
    view_history_free(r);
    view_template_free(r);
    examples_free(r);
    view_template_edit_free(r);
    commands_forget(r);
    free(r->examples);
    r->examples = NULL;
    free(r->save.path);
    r->save.path = NULL;
}
