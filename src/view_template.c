/* view_template.c - see view_template.h.
 *
 * `at` is the selected template: a working copy of its newest version. While it differs from that
 * (`touched`) it is what is shown and run; it is saved when another one is selected, when the view
 * is closed, or a moment after the examples were changed. */
#include "config.h"

#include "src/view_template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/commands.h"
#include "src/examples.h"
#include "src/query_line.h"
#include "src/shots.h"
#include "src/template_check.h"
#include "src/view_template_edit.h"
#include "src/template_page.h"
#include "src/template_run.h"
#include "src/templates.h"
#include "src/view_examples.h"
#include "src/views.h"

enum { SAVE_MS = 1500, FLUSH_MS = 2000 };

struct template_view {
    struct room *room;
    bool open, begun; /* begun: what comes with the program is in the database */
    struct store_template_row *rows;
    size_t n_rows;
    struct library_template at; /* at.t NULL: none */
    char *problem;              /* why the selected one cannot be read */
    bool touched;
    int64_t save_ms;      /* save then; 0: when it is left */
    uint64_t draw;        /* seed of the choice of examples at random */
    struct bm25 *similar; /* of the examples at hand; NULL: not needed yet */
    struct str line;      /* as typed last */
    enum template_facet facet;
    uint64_t n_runs, n_lines; /* counted, for the keys of pages */
    struct str title;
    char *asked;  /* the variable asked for */
    char *wanted; /* the name to be selected when the view opens; NULL: none */
};

static void changed(struct template_view *v)
{
    if (v->open)
        v->room->front->browser_changed(v->room->front->ctx);
}

static bool is_uppermost(const struct template_view *v)
{
    return v->open && v->room->front->browser_ctx(v->room->front->ctx) == v;
}

/* ---- the library ----------------------------------------------------------------------------- */

static void read_rows(struct template_view *v)
{
    struct err err = ERR_INIT;
    store_templates_free(v->rows, v->n_rows);
    v->rows = NULL;
    v->n_rows = 0;
    if (store_flush(v->room->store, FLUSH_MS, &err) != 0 ||
        store_templates(v->room->store, &v->rows, &v->n_rows, &err) != 0)
        room_say(v->room, TURN_ERROR, err.msg);
}

static size_t find_row(const struct template_view *v, const char *name)
{
    for (size_t i = 0; i < v->n_rows; i++)
        if (strcmp(v->rows[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void save(struct template_view *v)
{
    if (!v->touched || !v->at.t)
        return;
    v->touched = false;
    v->save_ms = 0;
    v->at.version = templates_put(v->room->store, v->at.t, false);
    read_rows(v);
    size_t i = find_row(v, v->at.t->name);
    if (i != SIZE_MAX) {
        v->at.version = v->rows[i].version;
        v->at.number = v->rows[i].number;
        v->at.builtin = false;
    }
}

static void forget_likeness(struct template_view *v)
{
    bm25_free(v->similar);
    v->similar = NULL;
}

static void leave(struct template_view *v)
{
    save(v);
    forget_likeness(v);
    if (v->at.t) {
        free(v->wanted);
        v->wanted = x_strdup(v->at.t->name);
    }
    library_template_free(&v->at);
    free(v->problem);
    v->problem = NULL;
}

/* Makes row i the one at hand; false: it cannot be read. */
static bool take_row(struct template_view *v, size_t i)
{
    struct err err = ERR_INIT;
    if (i >= v->n_rows)
        return false;
    if (v->at.t && strcmp(v->at.t->name, v->rows[i].name) == 0)
        return true;
    char *name = x_strdup(v->rows[i].name);
    leave(v); /* reads the rows anew */
    i = find_row(v, name);
    free(name);
    if (i == SIZE_MAX)
        return false;
    if (templates_load_version(v->room->store, v->rows[i].version, &v->at, &err) != 0) {
        v->at = (struct library_template){0};
        v->problem = x_strdup(err.msg);
    }
    return v->at.t != NULL;
}

static bool take_selected(struct template_view *v)
{
    size_t i = is_uppermost(v) ? v->room->front->browser_selected(v->room->front->ctx) : SIZE_MAX;
    if (i == SIZE_MAX && v->at.t)
        return true; /* another view lies over this one */
    if (take_row(v, i))
        return true;
    room_say(v->room, TURN_WARNING, v->problem ? v->problem : _("No template is selected."));
    return false;
}

struct template *view_template_working(struct room *r)
{
    if (!r->templates || !r->templates->open) {
        room_say(r, TURN_INFO, _("/template opens the library first."));
        return NULL;
    }
    return take_selected(r->templates) ? r->templates->at.t : NULL;
}

void view_template_touched(struct room *r, bool soon)
{
    struct template_view *v = r->templates;
    v->touched = true;
    if (soon) {
        v->save_ms = clock_mono_ms() + SAVE_MS;
        forget_likeness(v);
    }
    changed(v);
}

void view_template_save(struct room *r)
{
    if (r->templates)
        save(r->templates);
}

void view_template_reload(struct room *r)
{
    struct template_view *v = r->templates;
    if (!v || !v->open)
        return;
    char *name = v->at.t ? x_strdup(v->at.t->name) : NULL;
    leave(v);
    read_rows(v);
    size_t i = name ? find_row(v, name) : SIZE_MAX;
    if (i != SIZE_MAX && is_uppermost(v))
        r->front->browser_select(r->front->ctx, i);
    else if (i != SIZE_MAX)
        take_row(v, i);
    free(name);
    changed(v);
}

/* ---- the list -------------------------------------------------------------------------------- */

static size_t on_count(void *ctx)
{
    struct template_view *v = ctx;
    return v->n_rows;
}

static void on_row(void *ctx, size_t i, struct ui_row *out)
{
    struct template_view *v = ctx;
    const struct store_template_row *row = &v->rows[i];
    size_t n = (size_t)row->n_examples;
    ui_puts(out->text, UI_STRONG, row->name);
    if (row->about && row->about[0])
        ui_printf(out->text, UI_DIM, "  %s", row->about);
    ui_printf(out->side, UI_DIM, P_("%zu ex.", "%zu ex.", n), n);
}

static const char *on_about(void *ctx)
{
    struct template_view *v = ctx;
    static char text[64];
    snprintf(text, sizeof text, P_("%zu template", "%zu templates", v->n_rows), v->n_rows);
    return text;
}

static const char *on_empty(void *ctx)
{
    (void)ctx;
    return _("There is no template yet; M-i makes one.");
}

/* ---- the page -------------------------------------------------------------------------------- */

/* Does the last run belong to the template at hand? */
static bool has_result(const struct template_view *v, struct template_run_result *out)
{
    template_run_get(v->room->run, out);
    return out->template && v->at.t && strcmp(out->template->name, v->at.t->name) == 0;
}

/* A page of the template at hand; more: tells two of one kind apart. */
static uint64_t page_key(const struct template_view *v, enum template_facet facet, uint64_t more)
{
    return ((uint64_t)v->at.template * N_TEMPLATE_FACETS + (uint64_t)facet) ^ more;
}

static void title(struct template_view *v, struct ui_page *out, const char *more)
{
    str_clear(&v->title);
    str_printf(&v->title, "%s%s · %s", v->at.t->name, v->touched ? "*" : "", more);
    out->title = str_cstr(&v->title);
}

static void put_result(struct template_view *v, const struct template_run_result *result,
                       struct ui_page *out)
{
    title(v, out, template_page_title(FACET_RESULT));
    out->key = page_key(v, FACET_RESULT, v->n_runs << 32);
    template_page_result(result, out->text);
    out->reveal = ui_text_length(out->text);
}

static void put_text(struct template_view *v, struct ui_page *out)
{
    struct str s = STR_INIT;
    str_printf(&s, _("version %lld"), (long long)v->at.number);
    title(v, out, str_cstr(&s));
    str_free(&s);
    out->key = page_key(v, FACET_TEXT, 0);
    template_page_text(v->at.t, out->text);
}

/* While a query is typed, that is what is in sight; else the beginning. */
static void put_preview(struct template_view *v, struct ui_page *out)
{
    if (v->at.t->select == SELECT_SIMILAR && !v->similar)
        v->similar = prompt_similar_new(v->at.t);
    const struct template_page page = {.run = v->room->run,
                                       .template = v->at.t,
                                       .line = str_cstr(&v->line),
                                       .draw = v->draw,
                                       .has_model = v->room->engine != NULL,
                                       .similar = v->similar};
    struct str figures = STR_INIT;
    size_t query = SIZE_MAX;
    template_page_preview(&page, out->text, &figures, &query);
    title(v, out, figures.len ? str_cstr(&figures) : template_page_title(FACET_PREVIEW));
    str_free(&figures);
    out->key = page_key(v, FACET_PREVIEW, v->n_lines << 32);
    if (v->line.len)
        out->reveal = query;
}

static void on_page(void *ctx, size_t i, struct ui_page *out)
{
    struct template_view *v = ctx;
    struct template_run_result result;
    if (i == SIZE_MAX)
        return;
    if (!take_row(v, i)) {
        ui_puts(out->text, UI_ALARM, v->problem ? v->problem : "");
        return;
    }
    bool ran = has_result(v, &result);
    enum template_facet facet = v->facet == FACET_RESULT && !ran ? FACET_PREVIEW : v->facet;
    if (facet == FACET_RESULT)
        put_result(v, &result, out);
    else if (facet == FACET_TEXT)
        put_text(v, out);
    else
        put_preview(v, out);
}

static void show(struct template_view *v, enum template_facet facet)
{
    v->facet = facet;
    changed(v);
}

/* ---- running --------------------------------------------------------------------------------- */

static void try_to_run(struct template_view *v);

static void answered_variable(void *arg, const char *text)
{
    struct template_view *v = arg;
    struct room *r = v->room;
    char *name = v->asked;
    v->asked = NULL;
    if (text && name && v->at.t) {
        struct template_field *fields;
        struct str line = STR_INIT;
        size_t n = query_line_parse(v->at.t, str_cstr(&v->line), &fields);
        fields = x_realloc(fields, (n + 1) * sizeof fields[0]);
        fields[n] = (struct template_field){x_strdup(name), x_strdup(text)};
        query_line_print(v->at.t, fields, n + 1, &line);
        query_fields_free(fields, n + 1);
        str_clear(&v->line);
        str_append(&v->line, str_cstr(&line), line.len);
        r->front->browser_set_line(r->front->ctx, str_cstr(&line));
        str_free(&line);
        try_to_run(v);
    }
    free(name);
}

/* With every variable that needs a value it goes to the model; else the first one is asked for. */
static void try_to_run(struct template_view *v)
{
    struct room *r = v->room;
    struct err err = ERR_INIT;
    struct template_field *fields;
    if (v->save_ms)
        save(v); /* the version that is recorded has the examples that are shown */
    size_t n = query_line_parse(v->at.t, str_cstr(&v->line), &fields);
    const char *missing = query_line_missing(v->at.t, fields, n, 0);
    if (missing) {
        struct str question = STR_INIT;
        free(v->asked);
        v->asked = x_strdup(missing);
        str_printf(&question, "%s:", missing);
        r->front->ask_line(r->front->ctx, str_cstr(&question), NULL, answered_variable, v);
        str_free(&question);
    } else if (!room_has_model(r)) {
        room_say(r, TURN_WARNING, _("No model is loaded: /model chooses one."));
    } else if (template_run_start(r->run, v->at.t, v->at.version, fields, n, v->draw, &err) != 0) {
        room_say(r, TURN_ERROR, err.msg);
    } else {
        v->n_runs++;
        v->facet = FACET_RESULT;
        r->front->browser_focus(r->front->ctx, UI_PANE_PAGE);
        changed(v);
    }
    query_fields_free(fields, n);
}

void view_template_run(struct room *r, const char *line)
{
    struct template_view *v = r->templates;
    if (!view_template_working(r))
        return;
    if (line && line[0]) {
        str_clear(&v->line);
        str_puts(&v->line, line);
        r->front->browser_set_line(r->front->ctx, line);
    }
    try_to_run(v);
}

static void again(struct template_view *v)
{
    struct template_run_result result;
    struct err err = ERR_INIT;
    if (!has_result(v, &result)) {
        try_to_run(v);
    } else if (template_run_again(v->room->run, &err) != 0) {
        room_say(v->room, TURN_ERROR, err.msg);
    } else {
        v->n_runs++;
        show(v, FACET_RESULT);
    }
}

/* The result for an action; false (told) when there is none. */
static bool result_at_hand(struct template_view *v, struct template_run_result *out)
{
    if (has_result(v, out) && out->n_text > 0)
        return true;
    room_say(v->room, TURN_INFO, _("There is no result yet: Enter runs the template."));
    return false;
}

/* Does the answer stand on a line of its own behind its prompt? */
static bool begins_a_line(const struct template_run_result *result)
{
    const struct prompt *p = result->prompt;
    return p && p->text.len > 0 && p->text.data[p->text.len - 1] == '\n';
}

static void keep(struct template_view *v)
{
    struct template_run_result result;
    struct room *r = v->room;
    if (!result_at_hand(v, &result))
        return;
    struct str text = STR_INIT;
    if (begins_a_line(&result) && r->story->current->n_text > 0 &&
        r->story->current->text[r->story->current->n_text - 1] != '\n')
        str_putc(&text, '\n');
    str_append(&text, result.text, result.n_text);
    store_ref generation = result.generation;
    views_close_all(r);
    turn_keep(r->turn, str_cstr(&text), text.len, generation);
    str_free(&text);
}

static void add_example(struct template_view *v)
{
    struct template_run_result result;
    if (!result_at_hand(v, &result))
        return;
    examples_add_result(v->room, &result, v->at.t);
    view_template_touched(v->room, true);
}

/* ---- the line -------------------------------------------------------------------------------- */

static void on_line(void *ctx, const char *text, size_t n)
{
    struct template_view *v = ctx;
    if (n > 1 && text[0] == '/' && text[1] == '/') {
        text++;
        n--;
    } else if (n > 0 && text[0] == '/') {
        return; /* a command is being typed */
    }
    if (n == v->line.len && memcmp(text, str_cstr(&v->line), n) == 0)
        return;
    str_clear(&v->line);
    str_append(&v->line, text, n);
    v->n_lines++;
    show(v, FACET_PREVIEW);
}

static bool on_submit(void *ctx, const char *text, size_t n, size_t i)
{
    struct template_view *v = ctx;
    (void)i;
    if (n > 0 && text[0] == '/' && (n == 1 || text[1] != '/')) {
        commands_run(v->room, text, n);
        return false;
    }
    on_line(v, text, n);
    if (take_selected(v))
        try_to_run(v);
    return true;
}

static size_t on_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out)
{
    struct template_view *v = ctx;
    if (cursor > 0 && line[0] == '/')
        return commands_offer(v->room, line, cursor, start, out);
    *out = NULL;
    return 0;
}

/* ---- what keys do ---------------------------------------------------------------------------- */

static void turned(struct template_view *v)
{
    v->facet = FACET_PREVIEW;
    view_template_touched(v->room, false);
}

static bool turn_knob(struct template_view *v, enum ui_action action)
{
    struct template *t = v->at.t;
    switch (action) {
    case UI_MODE: shots_next_mode(t); break;
    case UI_FEWER: shots_fewer(t); break;
    case UI_MORE: shots_more(t); break;
    case UI_FIT: shots_toggle_fit(t); break;
    case UI_SELECT:
        shots_next_selection(t);
        v->draw = rng_fresh_seed();
        break;
    default: return false;
    }
    turned(v);
    return true;
}

static void answered_name(void *arg, const char *text)
{
    if (text && text[0])
        view_template_rename(arg, text);
}

static void answered_new(void *arg, const char *text)
{
    if (text && text[0])
        view_template_new(arg, text);
}

static bool is_of_a_template(enum ui_action action)
{
    static const enum ui_action actions[] = {
        UI_MODE, UI_FEWER, UI_MORE,     UI_FIT,  UI_SELECT, UI_RETRY,      UI_KEEP,
        UI_EDIT, UI_SHOW,  UI_EXAMPLES, UI_COPY, UI_RENAME, UI_ADD_EXAMPLE};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (actions[i] == action)
            return true;
    return false;
}

static bool on_action(void *ctx, enum ui_action action, size_t i)
{
    struct template_view *v = ctx;
    struct room *r = v->room;
    struct template_run_result result;
    (void)i;
    if (action == UI_NEW) {
        r->front->ask_line(r->front->ctx, _("The new template's name:"), NULL, answered_new, r);
        return true;
    }
    if (action == UI_STOP && template_run_busy(r->run)) {
        template_run_stop(r->run);
        return true;
    }
    if (!is_of_a_template(action))
        return false; /* the house's own */
    if (!take_selected(v) || turn_knob(v, action))
        return true;
    switch (action) {
    case UI_RETRY: again(v); return true;
    case UI_KEEP: keep(v); return true;
    case UI_EXAMPLES: view_examples_open(r); return true;
    case UI_EDIT: view_template_edit_whole(r, v->at.t); return true;
    case UI_SHOW: show(v, (enum template_facet)((v->facet + 1) % N_TEMPLATE_FACETS)); return true;
    case UI_ADD_EXAMPLE: add_example(v); return true;
    case UI_COPY:
        if (result_at_hand(v, &result))
            r->front->copy(r->front->ctx, result.text, result.n_text);
        return true;
    case UI_RENAME:
        r->front->ask_line(r->front->ctx, _("The template's name:"), v->at.t->name, answered_name,
                           r);
        return true;
    default: return false;
    }
}

bool view_template_action(struct room *r, enum ui_action action)
{
    return r->templates && is_uppermost(r->templates) && on_action(r->templates, action, 0);
}

void view_template_show(struct room *r, enum template_facet facet)
{
    if (!view_template_working(r))
        return;
    r->front->browser_focus(r->front->ctx, UI_PANE_PAGE);
    show(r->templates, facet);
}

void view_template_rename(struct room *r, const char *name)
{
    struct template *t = view_template_working(r);
    struct template_view *v = r->templates;
    struct err err = ERR_INIT;
    if (!t || strcmp(t->name, name) == 0)
        return;
    if (find_row(v, name) != SIZE_MAX) {
        room_say(r, TURN_WARNING, _("Another template has that name."));
        return;
    }
    if (template_check_name(name, &err) != 0) {
        room_say(r, TURN_WARNING, err.msg);
        return;
    }
    save(v);
    store_rename_template(r->store, v->at.template, name);
    free(v->at.t->name);
    v->at.t->name = x_strdup(name);
    view_template_reload(r);
}

void view_template_new(struct room *r, const char *name)
{
    struct err err = ERR_INIT;
    if (!r->templates || !r->templates->open) {
        room_say(r, TURN_INFO, _("/template opens the library first."));
    } else if (find_row(r->templates, name) != SIZE_MAX) {
        room_say(r, TURN_WARNING, _("Another template has that name."));
    } else if (template_check_name(name, &err) != 0) {
        room_say(r, TURN_WARNING, err.msg);
    } else {
        view_template_edit_new(r, name);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_close(void *ctx)
{
    struct template_view *v = ctx;
    v->open = false;
    leave(v);
    store_templates_free(v->rows, v->n_rows);
    v->rows = NULL;
    v->n_rows = 0;
}

static struct template_view *view(struct room *r)
{
    if (!r->templates) {
        r->templates = x_calloc(1, sizeof *r->templates);
        r->templates->room = r;
        r->templates->draw = rng_fresh_seed();
    }
    return r->templates;
}

static void begin(struct template_view *v)
{
    struct err err = ERR_INIT;
    if (!v->begun && templates_begin(v->room->store, &err) != 0)
        room_say(v->room, TURN_ERROR, err.msg);
    v->begun = true;
    read_rows(v);
}

static void open_browser(struct template_view *v)
{
    struct room *r = v->room;
    const struct ui_browser door = {.ctx = v,
                                    .view = UI_VIEW_TEMPLATES,
                                    .title = _("Templates"),
                                    .prompt = _("Query"),
                                    .hint = _("What the template is asked; more variables as "
                                              "name=value."),
                                    .count = on_count,
                                    .row = on_row,
                                    .page = on_page,
                                    .about = on_about,
                                    .empty = on_empty,
                                    .on_line = on_line,
                                    .on_submit = on_submit,
                                    .on_action = on_action,
                                    .on_complete = on_complete,
                                    .on_close = on_close};
    v->open = true;
    r->front->browse(r->front->ctx, &door);
    if (v->line.len)
        r->front->browser_set_line(r->front->ctx, str_cstr(&v->line));
}

void view_template_open(struct room *r, const char *name)
{
    struct library_template found = {0};
    struct err err = ERR_INIT;
    if (!r->store) {
        room_say(r, TURN_WARNING, _("Without the database there are no templates."));
        return;
    }
    struct template_view *v = view(r);
    if (!v->open) {
        begin(v);
        v->facet = FACET_PREVIEW;
        open_browser(v);
    }
    if (name && templates_find(r->store, name, &found, &err) == 0) {
        free(v->wanted);
        v->wanted = x_strdup(found.t->name);
        library_template_free(&found);
    } else if (name) {
        room_say(r, TURN_WARNING, err.msg);
    }
    size_t i = v->wanted ? find_row(v, v->wanted) : SIZE_MAX;
    if (i != SIZE_MAX)
        r->front->browser_select(r->front->ctx, i);
    changed(v);
}

void view_template_reuse(struct room *r, const struct history_record *record)
{
    struct library_template then = {0};
    struct template_field *fields = NULL;
    struct err err = ERR_INIT;
    struct str line = STR_INIT;
    size_t n = 0;
    if (templates_load_version(r->store, record->template_version, &then, &err) != 0) {
        room_say(r, TURN_ERROR, err.msg);
        return;
    }
    const struct history_part *query =
        record->n_prompt ? &record->prompt[record->n_prompt - 1] : NULL;
    bool known = query && query_line_recover(then.t, query->text, query->n_text, &fields, &n);
    if (known)
        query_line_print(then.t, fields, n, &line);
    else
        room_say(r, TURN_INFO, _("Its fields cannot be told from its prompt any more."));
    views_close_all(r);
    view_template_open(r, record->template);
    if (r->templates && r->templates->open) {
        on_line(r->templates, str_cstr(&line), line.len);
        r->front->browser_set_line(r->front->ctx, str_cstr(&line));
    }
    query_fields_free(fields, n);
    library_template_free(&then);
    str_free(&line);
}

bool view_template_is_open(const struct room *r)
{
    return r->templates && r->templates->open;
}

void view_template_changed(struct room *r)
{
    if (r->templates)
        changed(r->templates);
}

void view_template_tick(struct room *r, int64_t now_ms)
{
    struct template_view *v = r->templates;
    if (!v || !v->open || v->save_ms == 0 || now_ms < v->save_ms)
        return;
    save(v);
    changed(v);
}

void view_template_free(struct room *r)
{
    struct template_view *v = r->templates;
    if (!v)
        return;
    leave(v);
    store_templates_free(v->rows, v->n_rows);
    str_free(&v->line);
    str_free(&v->title);
    free(v->asked);
    free(v->wanted);
    free(v);
    r->templates = NULL;
}
