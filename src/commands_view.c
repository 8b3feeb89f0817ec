/* commands_view.c - the commands of the views over the manuscript: the same functions as their
 * keys. Those without an argument are the key's action; with one they do at once what the key asks
 * for. */
#include "config.h"

#include "src/command_rows.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/examples.h"
#include "src/history_acts.h"
#include "src/history_query.h"
#include "src/shots.h"
#include "src/store_template.h"
#include "src/template_page.h"
#include "src/view_history.h"
#include "src/view_template.h"
#include "src/views.h"

/* What the key of the open view does. */
static void act(struct room *r, enum ui_action action)
{
    if (!views_action(r, action))
        room_say(r, TURN_INFO, _("/history or /template opens what that is for."));
}

/* ---- opening and closing --------------------------------------------------------------------- */

void cmd_history(struct room *r, char *arg)
{
    view_history_open(r, arg[0] ? arg : NULL);
}

void cmd_template(struct room *r, char *arg)
{
    view_template_open(r, arg[0] ? arg : NULL);
}

void cmd_back(struct room *r, char *arg)
{
    (void)arg;
    r->front->browser_close(r->front->ctx);
}

/* ---- a generation ---------------------------------------------------------------------------- */

void cmd_star(struct room *r, char *arg)
{
    (void)arg;
    history_acts_star(r);
}

void cmd_tag(struct room *r, char *arg)
{
    if (arg[0])
        history_acts_tags(r, arg);
    else
        history_acts_ask_tags(r);
}

void cmd_note(struct room *r, char *arg)
{
    if (arg[0])
        history_acts_note(r, arg);
    else
        history_acts_ask_note(r);
}

void cmd_reuse(struct room *r, char *arg)
{
    (void)arg;
    history_acts_reuse(r);
}

void cmd_save_output(struct room *r, char *arg)
{
    if (arg[0])
        history_acts_write(r, arg);
    else
        history_acts_ask_path(r);
}

void cmd_example(struct room *r, char *arg)
{
    if (view_history_is_open(r))
        history_acts_example(r, arg);
    else if (!views_action(r, UI_ADD_EXAMPLE))
        examples_add_passage(r, arg);
}

void cmd_go(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_GO);
}

void cmd_compare(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_DIFF);
}

void cmd_show(struct room *r, char *arg)
{
    enum history_facet of_history;
    enum template_facet of_template;
    if (!arg[0])
        act(r, UI_SHOW);
    else if (view_template_is_open(r) && template_facet_find(arg, &of_template))
        view_template_show(r, of_template);
    else if (history_facet_find(arg, &of_history))
        view_history_show(r, of_history);
    else
        room_say(
            r, TURN_WARNING,
            _("/show output, prompt, settings or tokens; of a template prompt, result or text"));
}

/* ---- a template ------------------------------------------------------------------------------ */

void cmd_run(struct room *r, char *arg)
{
    view_template_run(r, arg);
}

void cmd_keep(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_KEEP);
}

/* A knob was turned by a command: its effect is on the page. */
static void turned(struct room *r)
{
    r->front->browser_focus(r->front->ctx, UI_PANE_PAGE);
    view_template_touched(r, false);
}

void cmd_shots(struct room *r, char *arg)
{
    struct template *t = view_template_working(r);
    char *end;
    long k = strtol(arg, &end, 10);
    if (!t)
        return;
    if (strcmp(arg, "fit") == 0)
        shots_set(t, SHOTS_FIT);
    else if (arg[0] >= '0' && arg[0] <= '9' && *end == '\0' && k <= (long)LIMIT_TEMPLATE_EXAMPLES)
        shots_set(t, (int)k);
    else {
        room_say(r, TURN_WARNING, _("/shots takes a number of examples, or fit"));
        return;
    }
    turned(r);
}

void cmd_select(struct room *r, char *arg)
{
    static const char *const names[] = {
        [SELECT_FIRST] = "first", [SELECT_RANDOM] = "random", [SELECT_SIMILAR] = "similar"};
    struct template *t = view_template_working(r);
    if (!t)
        return;
    if (strncmp(arg, "tag ", 4) == 0 && arg[4]) {
        free(t->select_tag);
        t->select_tag = x_strdup(arg + 4);
        t->select = SELECT_TAG;
        turned(r);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i] && strcmp(names[i], arg) == 0) {
            free(t->select_tag);
            t->select_tag = NULL;
            t->select = (enum template_select)i;
            turned(r);
            return;
        }
    }
    room_say(r, TURN_WARNING, _("/select first, random, similar, or tag and a tag"));
}

void cmd_examples(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_EXAMPLES);
}

void cmd_toggle(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_TOGGLE);
}

void cmd_move(struct room *r, char *arg)
{
    if (strcmp(arg, "up") == 0)
        act(r, UI_MOVE_UP);
    else if (strcmp(arg, "down") == 0)
        act(r, UI_MOVE_DOWN);
    else
        room_say(r, TURN_WARNING, _("/move up or /move down"));
}

void cmd_remove(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_REMOVE);
}

void cmd_edit(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_EDIT);
}

void cmd_new_template(struct room *r, char *arg)
{
    if (arg[0])
        view_template_new(r, arg);
    else
        act(r, UI_NEW);
}

void cmd_new_example(struct room *r, char *arg)
{
    (void)arg;
    act(r, UI_NEW);
}

void cmd_rename(struct room *r, char *arg)
{
    if (arg[0])
        view_template_rename(r, arg);
    else
        act(r, UI_RENAME);
}

/* ---- completion ------------------------------------------------------------------------------ */

void complete_history(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    const char *key, *help;
    (void)r;
    (void)arg;
    for (size_t i = 0; (key = history_query_key(i, false, &help)); i++)
        add(ctx, key, help);
}

void complete_template(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    struct store_template_row *rows = NULL;
    size_t n = 0;
    (void)arg;
    if (!r->store || store_templates(r->store, &rows, &n, NULL) != 0)
        return;
    for (size_t i = 0; i < n; i++)
        add(ctx, rows[i].name, rows[i].about);
    store_templates_free(rows, n);
}

void complete_show(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    (void)arg;
    if (view_template_is_open(r)) {
        for (int i = 0; i < N_TEMPLATE_FACETS; i++)
            add(ctx, template_facet_word((enum template_facet)i),
                template_page_title((enum template_facet)i));
        return;
    }
    for (int i = 0; i < N_HISTORY_FACETS; i++)
        add(ctx, history_facet_word((enum history_facet)i),
            history_facet_title((enum history_facet)i));
}

void complete_select(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    static const char *const words[] = {"first", "random", "similar", "tag "};
    (void)r;
    (void)arg;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        add(ctx, words[i], NULL);
}

void complete_move(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    (void)r;
    (void)arg;
    add(ctx, "up", NULL);
    add(ctx, "down", NULL);
}
