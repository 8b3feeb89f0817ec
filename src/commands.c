/* commands.c - see commands.h. To add a command: write its function, add its row. */
#include "config.h"

#include "src/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/command_rows.h"
#include "src/export.h"
#include "src/models.h"
#include "src/views.h"

enum { LIST_MAX = 500 };

struct command {
    const char *name;
    const char *args; /* N_(): shown in help, e.g. "[NAME [VALUE]]" */
    const char *help; /* N_() */
    void (*run)(struct room *r, char *arg);
    /* candidates for the argument, appended with add(); NULL: none */
    void (*complete)(struct room *r, const char *arg, add_fn *add, void *ctx);
};

static void say_err(struct room *r, const struct err *err)
{
    room_say(r, TURN_ERROR, err->msg);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void cmd_retry(struct room *r, char *arg)
{
    (void)arg;
    if (!views_action(r, UI_RETRY))
        room_retry(r);
}

static void cmd_undo(struct room *r, char *arg)
{
    (void)arg;
    turn_undo(r->turn);
}

static void cmd_redo(struct room *r, char *arg)
{
    (void)arg;
    turn_redo(r->turn);
}

static void cmd_prev(struct room *r, char *arg)
{
    (void)arg;
    turn_sibling(r->turn, -1);
}

static void cmd_next(struct room *r, char *arg)
{
    (void)arg;
    turn_sibling(r->turn, +1);
}

static void cmd_stop(struct room *r, char *arg)
{
    (void)arg;
    room_stop_writing(r);
}

static void cmd_copy(struct room *r, char *arg)
{
    (void)arg;
    const struct node *n = r->story->current;
    if (!views_action(r, UI_COPY))
        r->front->copy(r->front->ctx, n->text, n->n_text);
}

/* ---- stories --------------------------------------------------------------------------------- */

static void cmd_new(struct room *r, char *arg)
{
    (void)arg;
    room_new_story(r);
}

static void cmd_title(struct room *r, char *arg)
{
    if (!arg[0]) {
        struct str line = STR_INIT;
        str_printf(&line, "/title %s", r->story->title);
        r->front->prompt_set(r->front->ctx, str_cstr(&line));
        str_free(&line);
        return;
    }
    free(r->story->title);
    r->story->title = x_strdup(arg);
    store_put_title(r->store, r->story->ref, arg);
}

void commands_forget(struct room *r)
{
    for (size_t i = 0; i < r->pick.n && r->pick.names; i++)
        free(r->pick.names[i]);
    free(r->pick.names);
    free(r->pick.refs);
    r->pick.names = NULL;
    r->pick.refs = NULL;
    r->pick.n = 0;
}

static void open_chosen(void *arg, int index)
{
    struct room *r = arg;
    if (index >= 0 && (size_t)index < r->pick.n)
        room_open_story(r, r->pick.refs[index]);
}

static void cmd_open(struct room *r, char *arg)
{
    if (arg[0]) {
        room_open_what(r, arg);
        return;
    }
    struct err err = ERR_INIT;
    struct store_story_row *rows = NULL;
    size_t n = 0;
    if (!r->store) {
        room_say(r, TURN_WARNING, _("Without the database there are no other stories to open."));
        return;
    }
    if (store_flush(r->store, 1000, &err) != 0 || store_stories(r->store, &rows, &n, &err) != 0) {
        say_err(r, &err);
        return;
    }
    if (n > LIST_MAX)
        n = LIST_MAX;
    struct front_item *items = x_calloc(n, sizeof items[0]);
    size_t selected = 0;
    commands_forget(r);
    r->pick.refs = x_calloc(n, sizeof r->pick.refs[0]);
    r->pick.n = n;
    for (size_t i = 0; i < n; i++) {
        r->pick.refs[i] = rows[i].ref;
        bool titled = rows[i].title && rows[i].title[0];
        items[i].text = titled                  ? rows[i].title
                        : rows[i].first_line[0] ? rows[i].first_line
                                                : _("untitled");
        items[i].help = titled ? rows[i].first_line : NULL;
        if (rows[i].ref == store_row(r->store, r->story->ref))
            selected = i;
    }
    r->front->pick(r->front->ctx, _("Open a story"), items, n, selected, open_chosen, r);
    free(items);
    store_stories_free(rows, n);
}

static void save_now(struct room *r, enum export_format format, const char *path)
{
    struct err err = ERR_INIT;
    const struct export_request request = {.story = r->story, .format = format, .store = r->store};
    if (r->store)
        store_flush(r->store, 1000, NULL); /* gives everything its number */
    if (export_file(&request, path, true, &err) != 0) {
        say_err(r, &err);
        return;
    }
    struct str s = STR_INIT;
    str_printf(&s, _("Saved as %s"), path);
    room_say(r, TURN_INFO, str_cstr(&s));
    str_free(&s);
}

static void save_answered(void *arg, bool yes)
{
    struct room *r = arg;
    if (yes)
        save_now(r, r->save.format, r->save.path);
    free(r->save.path);
    r->save.path = NULL;
}

/* Saves, or asks first when the file is there. Takes path. */
static void save_to(struct room *r, enum export_format format, char *path)
{
    if (!outfile_exists(path)) {
        save_now(r, format, path);
        free(path);
        return;
    }
    struct str q = STR_INIT;
    str_printf(&q, _("%s is there already. Replace it?"), path);
    free(r->save.path);
    r->save.path = path;
    r->save.format = format;
    r->front->ask(r->front->ctx, str_cstr(&q), save_answered, r);
    str_free(&q);
}

static void cmd_save_as(struct room *r, char *arg)
{
    struct err err = ERR_INIT;
    enum export_format format = EXPORT_TXT;
    if (!arg[0])
        room_say(r, TURN_INFO, _("/save-as FILE.txt, or .md, .epub, .jsonl"));
    else if (export_format_of(arg, &format, &err) != 0)
        say_err(r, &err);
    else
        save_to(r, format, export_expand(arg, format));
}

static void cmd_export(struct room *r, char *arg)
{
    enum export_format format;
    char *file = arg + strcspn(arg, " \t");
    if (*file)
        *file++ = '\0';
    file += strspn(file, " \t");
    if (!export_format_find(arg, &format))
        room_say(r, arg[0] ? TURN_WARNING : TURN_INFO,
                 _("/export FORMAT [FILE]; formats are txt, md, epub and jsonl"));
    else if (*file)
        save_to(r, format, export_expand(file, format));
    else
        save_to(r, format, export_default_path(r->story, format));
}

/* ---- settings and model ---------------------------------------------------------------------- */

static void settings_chosen(void *arg, int index)
{
    struct room *r = arg;
    struct option_info o;
    if (index < 0 || !option_info_at((size_t)index, SCOPE_SET, &o))
        return;
    struct str line = STR_INIT;
    str_printf(&line, "/set %s ", o.name);
    settings_get(&r->settings, o.name, &line);
    room_put_in_prompt(r, str_cstr(&line));
    str_free(&line);
}

void commands_settings(struct room *r)
{
    struct option_info o;
    struct front_item items[LIST_MAX];
    struct str texts[LIST_MAX];
    size_t n = 0;
    for (; n < LIST_MAX && option_info_at(n, SCOPE_SET, &o); n++) {
        texts[n] = (struct str)STR_INIT;
        str_printf(&texts[n], "%-20s ", o.name);
        settings_get(&r->settings, o.name, &texts[n]);
        items[n] = (struct front_item){str_cstr(&texts[n]), o.help};
    }
    r->front->pick(r->front->ctx, _("Settings"), items, n, 0, settings_chosen, r);
    for (size_t i = 0; i < n; i++)
        str_free(&texts[i]);
}

static bool needs_reload(const char *name)
{
    return strcmp(name, "n_ctx") == 0 || strcmp(name, "kv") == 0 || strcmp(name, "threads") == 0;
}

static void explain_setting(struct room *r, const char *name)
{
    struct option_info o;
    struct str s = STR_INIT;
    for (size_t i = 0; option_info_at(i, SCOPE_SET, &o); i++) {
        if (strcmp(o.name, name) != 0)
            continue;
        str_printf(&s, "%s = ", name);
        settings_get(&r->settings, name, &s);
        str_printf(&s, " · %s", o.help);
        if (o.allowed)
            str_printf(&s, " (%s)", o.allowed);
        room_say(r, TURN_INFO, str_cstr(&s));
        str_free(&s);
        return;
    }
    str_printf(&s, _("There is no setting named %s. /set alone lists them."), name);
    room_say(r, TURN_WARNING, str_cstr(&s));
    str_free(&s);
}

static void cmd_set(struct room *r, char *arg)
{
    struct err err = ERR_INIT;
    if (!arg[0]) {
        commands_settings(r);
        return;
    }
    char *value = arg + strcspn(arg, " \t=");
    if (*value)
        *value++ = '\0';
    value += strspn(value, " \t=");
    for (char *p = arg; *p; p++)
        *p = *p == '-' ? '_' : *p;
    if (!*value) {
        explain_setting(r, arg);
        return;
    }
    if (strcmp(arg, "model") == 0) {
        room_load_model(r, value);
        return;
    }
    if (settings_set(&r->settings, arg, value, ORIGIN_SET, &err) != 0) {
        say_err(r, &err);
        return;
    }
    if (needs_reload(arg))
        room_load_model(r, NULL);
    if (strcmp(arg, "chat") == 0 && room_check_chat(r, &err) != 0) {
        settings_set(&r->settings, "chat", "off", ORIGIN_SET, NULL);
        say_err(r, &err);
        return;
    }
    if (strcmp(arg, "edit_mode") == 0)
        r->front->edit_mode(r->front->ctx, r->settings.edit_mode);
    explain_setting(r, arg);
}

static void model_chosen(void *arg, int index)
{
    struct room *r = arg;
    if (index >= 0 && (size_t)index < r->pick.n)
        room_load_model(r, r->pick.names[index]);
}

static void add_model(void *ctx, const struct model_entry *m)
{
    struct room *r = ctx;
    r->pick.names = x_realloc(r->pick.names, (r->pick.n + 1) * sizeof r->pick.names[0]);
    r->pick.names[r->pick.n++] = x_strdup(m->path);
}

static void cmd_model(struct room *r, char *arg)
{
    if (arg[0]) {
        room_load_model(r, arg);
        return;
    }
    commands_forget(r);
    models_each(add_model, r);
    struct front_item *items = x_calloc(r->pick.n, sizeof items[0]);
    size_t selected = 0;
    for (size_t i = 0; i < r->pick.n; i++) {
        const char *path = r->pick.names[i], *slash = strrchr(path, '/');
        items[i] = (struct front_item){slash ? slash + 1 : path, path};
        if (r->model_path && strcmp(r->model_path, path) == 0)
            selected = i;
    }
    r->front->pick(r->front->ctx, _("Choose a model"), items, r->pick.n, selected, model_chosen, r);
    free(items);
}

/* ---- the room -------------------------------------------------------------------------------- */

static void cmd_help(struct room *r, char *arg)
{
    (void)arg;
    r->front->show_help(r->front->ctx);
}

static void cmd_redraw(struct room *r, char *arg)
{
    (void)arg;
    r->front->redraw(r->front->ctx);
}

static void cmd_quit(struct room *r, char *arg)
{
    (void)arg;
    room_leave(r);
}

/* ---- completers ------------------------------------------------------------------------------ */

static void complete_set(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    (void)r;
    struct option_info o;
    if (strncmp(arg, "preset ", 7) == 0) {
        const char *help;
        for (size_t i = 0; preset_name(i, &help); i++) {
            struct str s = STR_INIT;
            str_printf(&s, "preset %s", preset_name(i, &help));
            add(ctx, str_cstr(&s), help);
            str_free(&s);
        }
        return;
    }
    for (size_t i = 0; option_info_at(i, SCOPE_SET, &o); i++)
        add(ctx, o.name, o.help);
}

static void complete_export(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    (void)r;
    (void)arg;
    for (size_t i = 0; export_format_name(i); i++)
        add(ctx, export_format_name(i), NULL);
}

static void complete_open(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    (void)arg;
    struct store_story_row *rows = NULL;
    size_t n = 0;
    if (!r->store || store_stories(r->store, &rows, &n, NULL) != 0)
        return;
    for (size_t i = 0; i < n; i++)
        if (rows[i].title && rows[i].title[0])
            add(ctx, rows[i].title, rows[i].first_line);
    store_stories_free(rows, n);
}

struct add_target {
    add_fn *add;
    void *ctx;
};

static void offer_model(void *ctx, const struct model_entry *m)
{
    struct add_target *t = ctx;
    t->add(t->ctx, m->path, NULL);
}

static void complete_model(struct room *r, const char *arg, add_fn *add, void *ctx)
{
    (void)r;
    (void)arg;
    struct add_target t = {add, ctx};
    models_each(offer_model, &t);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct command table[] = {
    {"help",         "",                                     N_("this help"), cmd_help, NULL},
    {"retry",        "",                                     N_("another take of the passage, or of the template's answer"), cmd_retry, NULL},
    {"undo",         "",                                     N_("take the last passage back"), cmd_undo, NULL},
    {"redo",         "",                                     N_("bring it back"), cmd_redo, NULL},
    {"prev",         "",                                     N_("the take before this one"), cmd_prev, NULL},
    {"next",         "",                                     N_("the take after this one"), cmd_next, NULL},
    {"stop",         "",                                     N_("stop writing; what is written stays"), cmd_stop, NULL},
    {"set",          N_("[NAME [VALUE]]"),                   N_("show or change a setting"), cmd_set, complete_set},
    {"model",        N_("[NAME|PATH]"),                      N_("choose the model that writes"), cmd_model, complete_model},
    {"new",          "",                                     N_("begin a new story"), cmd_new, NULL},
    {"open",         N_("[TITLE|FILE]"),                     N_("open another story, or copy a text file in"), cmd_open, complete_open},
    {"title",        N_("[TEXT]"),                           N_("name this story"), cmd_title, NULL},
    {"save-as",      N_("FILE.txt|FILE.md"),                 N_("write the manuscript to a file"), cmd_save_as, NULL},
    {"export",       N_("FORMAT [FILE]"),                    N_("the same as txt, md or epub, or all passages as jsonl"), cmd_export, complete_export},
    {"copy",         "",                                     N_("the newest passage, or what is selected, to the clipboard"), cmd_copy, NULL},
    {"history",      N_("[WORDS AND FILTERS]"),              N_("what was ever written: search it, read it, use it again"), cmd_history, complete_history},
    {"find",         N_("WORDS AND FILTERS"),                N_("the same"), cmd_history, complete_history},
    {"template",     N_("[NAME]"),                           N_("the library of templates"), cmd_template, complete_template},
    {"example",      N_("[TEMPLATE]"),                       N_("make the newest passage, or what is selected, an example"), cmd_example, complete_template},
    {"back",         "",                                     N_("close the list and its page"), cmd_back, NULL},
    {"star",         "",                                     N_("a star for what is selected, else for the newest passage; again: none"), cmd_star, NULL},
    {"tag",          N_("[TAG...]"),                         N_("its tags: these and no others"), cmd_tag, NULL},
    {"note",         N_("[TEXT]"),                           N_("a note on it"), cmd_note, NULL},
    {"reuse",        "",                                     N_("its prompt into the prompt pane, or its template with the same fields"), cmd_reuse, NULL},
    {"save-output",  N_("[FILE]"),                           N_("write what it says to a file"), cmd_save_output, NULL},
    {"show",         N_("output|prompt|settings|tokens|result|text"), N_("what the page shows"), cmd_show, complete_show},
    {"go",           "",                                     N_("to its place in its story"), cmd_go, NULL},
    {"compare",      "",                                     N_("mark what is selected; on another one: compare the two"), cmd_compare, NULL},
    {"run",          N_("[QUERY]"),                          N_("run the selected template"), cmd_run, NULL},
    {"keep",         "",                                     N_("put its result into the manuscript"), cmd_keep, NULL},
    {"shots",        N_("0|1|N|fit"),                        N_("how many examples the model is shown"), cmd_shots, NULL},
    {"select",       N_("first|random|similar|tag TAG"),     N_("which examples"), cmd_select, complete_select},
    {"examples",     "",                                     N_("the selected template's examples"), cmd_examples, NULL},
    {"toggle",       "",                                     N_("switch the selected example off, or on"), cmd_toggle, NULL},
    {"move",         N_("up|down"),                          N_("move it"), cmd_move, complete_move},
    {"remove",       "",                                     N_("remove it; the version before keeps it"), cmd_remove, NULL},
    {"edit",         "",                                     N_("edit the selected template or example in $VISUAL or $EDITOR"), cmd_edit, NULL},
    {"new-template", N_("[NAME]"),                           N_("a new template, in $VISUAL or $EDITOR"), cmd_new_template, NULL},
    {"new-example",  "",                                     N_("a new example, likewise"), cmd_new_example, NULL},
    {"rename",       N_("[NAME]"),                           N_("another name for the selected template"), cmd_rename, NULL},
    {"redraw",       "",                                     N_("paint the screen anew"), cmd_redraw, NULL},
    {"quit",         "",                                     N_("leave; everything is kept"), cmd_quit, NULL},
};
/* clang-format on */

bool commands_at(size_t i, const char **name, const char **args, const char **help)
{
    if (i >= ARRAY_LEN(table))
        return false;
    *name = table[i].name;
    *args = table[i].args[0] ? _(table[i].args) : "";
    *help = _(table[i].help);
    return true;
}

/* A unique beginning of a name will do, as in /q. */
static const struct command *find(const char *name, size_t n, bool *ambiguous)
{
    const struct command *found = NULL;
    *ambiguous = false;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strncmp(table[i].name, name, n) != 0)
            continue;
        if (table[i].name[n] == '\0') {
            *ambiguous = false;
            return &table[i];
        }
        *ambiguous = found != NULL;
        found = found ? found : &table[i];
    }
    return found;
}

void commands_run(struct room *r, const char *line, size_t n)
{
    char *copy = x_strndup(line + 1, n - 1);
    size_t n_name = strcspn(copy, " \t\n");
    char *arg = copy + n_name;
    arg += strspn(arg, " \t\n");
    char *end = arg + strlen(arg);
    while (end > arg && isspace((unsigned char)end[-1]))
        *--end = '\0';
    bool ambiguous;
    const struct command *c = find(copy, n_name, &ambiguous);
    if (c && !ambiguous) {
        c->run(r, arg);
    } else {
        struct str s = STR_INIT;
        copy[n_name] = '\0';
        if (ambiguous)
            str_printf(&s, _("/%s could be several commands; type more of it."), copy);
        else
            str_printf(&s, _("There is no command /%s. /help lists them; // writes a slash."),
                       copy);
        room_say(r, TURN_WARNING, str_cstr(&s));
        str_clear(&s); /* back into the prompt: it may have been meant as text */
        str_append(&s, line, n);
        r->front->prompt_set(r->front->ctx, str_cstr(&s));
        str_free(&s);
    }
    free(copy);
}

/* ---- completion ------------------------------------------------------------------------------ */

struct collected {
    struct command_candidate *list;
    size_t n, cap;
    const char *prefix;
    size_t n_prefix;
};

static void collect(void *ctx, const char *text, const char *help)
{
    struct collected *c = ctx;
    if (strncmp(text, c->prefix, c->n_prefix) != 0)
        return;
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 16;
        c->list = x_realloc(c->list, c->cap * sizeof c->list[0]);
    }
    c->list[c->n++] =
        (struct command_candidate){x_strdup(text), help && help[0] ? x_strdup(help) : NULL};
}

size_t commands_complete(struct room *r, const char *line, size_t cursor, size_t *start,
                         struct command_candidate **out)
{
    struct collected c = {0};
    *out = NULL;
    if (cursor == 0 || line[0] != '/' || (cursor > 1 && line[1] == '/'))
        return 0;
    size_t n_name = strcspn(line + 1, " ");
    if (cursor <= n_name + 1) {
        *start = 0;
        c.prefix = line;
        c.n_prefix = cursor;
        for (size_t i = 0; i < ARRAY_LEN(table); i++) {
            struct str s = STR_INIT;
            str_printf(&s, "/%s", table[i].name);
            collect(&c, str_cstr(&s), _(table[i].help));
            str_free(&s);
        }
    } else {
        bool ambiguous;
        const struct command *cmd = find(line + 1, n_name, &ambiguous);
        if (cmd && !ambiguous && cmd->complete) {
            *start = n_name + 2;
            char *arg = x_strndup(line + *start, cursor - *start);
            c.prefix = arg;
            c.n_prefix = strlen(arg);
            cmd->complete(r, arg, collect, &c);
            free(arg);
        }
    }
    *out = c.list;
    return c.n;
}

size_t commands_offer(struct room *r, const char *line, size_t cursor, size_t *start,
                      struct ui_candidate **out)
{
    struct command_candidate *list;
    size_t n = commands_complete(r, line, cursor, start, &list);
    *out = x_calloc(n, sizeof **out);
    for (size_t i = 0; i < n; i++)
        (*out)[i] = (struct ui_candidate){list[i].text, list[i].help};
    free(list);
    return n;
}
