/* cmd_story.c - `xuxie story list` and `xuxie story export`: what has been written, and a story to
 * files. Nothing here changes a story. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "src/cli.h"
#include "src/database.h"
#include "src/dates.h"
#include "src/export.h"
#include "src/interrupt.h"
#include "src/json_text.h"
#include "src/output.h"

/* ---- list ------------------------------------------------------------------------------------ */

/* Characters of the manuscript. */
static int count_chars(struct store *store, store_ref ref, int64_t *n, struct err *err)
{
    struct story *s;
    int rc = store_load_story(store, ref, &s, NULL, err);
    if (rc)
        return rc;
    *n = 0;
    for (const struct node *at = s->current; at; at = at->parent)
        *n += (int64_t)utf8_count(at->text, at->n_text);
    story_free(s);
    return 0;
}

static void list_json(const struct store_story_row *row, int64_t n_chars)
{
    char created[DATE_TEXT], opened[DATE_TEXT];
    json_t *o =
        json_pack("{s:I, s:I, s:I, s:s, s:s}", "story", (json_int_t)row->ref, "passages",
                  (json_int_t)row->n_nodes, "characters", (json_int_t)n_chars, "created",
                  date_iso(row->created_ms, created), "opened", date_iso(row->opened_ms, opened));
    json_set_text(o, "title", row->title, strlen(row->title));
    json_set_text(o, "first_line", row->first_line, strlen(row->first_line));
    output_json(o);
}

static void list_text(const struct store_story_row *row, int64_t n_chars)
{
    char opened[DATE_TEXT];
    bool titled = row->title[0];
    const char *name = titled ? row->title : row->first_line[0] ? row->first_line : _("untitled");
    output_printf(_("%5lld  %s  %6lld passages %9lld characters  "), (long long)row->ref,
                  date_local(row->opened_ms, opened), (long long)row->n_nodes, (long long)n_chars);
    output_text(name, strlen(name), false);
    output_puts("\n");
}

static int list(struct store *store, bool json, struct err *err)
{
    struct store_story_row *rows = NULL;
    size_t n = 0;
    int rc = store_stories(store, &rows, &n, err);
    for (size_t i = 0; !rc && i < n && output_ok(); i++) {
        int64_t n_chars = 0;
        rc = interrupt_signal() ? err_set(err, E_CANCELLED, _("interrupted"))
                                : count_chars(store, rows[i].ref, &n_chars, err);
        if (!rc)
            (json ? list_json : list_text)(&rows[i], n_chars);
    }
    if (!rc && n == 0 && !json)
        output_note("%s", _("There are no stories yet."));
    store_stories_free(rows, n);
    return rc;
}

static int run_list(struct cli *cli)
{
    struct err err = ERR_INIT;
    struct store *store = NULL;
    int rc = database_open(&cli->settings, 0, NULL, &store, &err);
    if (!rc)
        rc = list(store, cli->flags.json, &err);
    if (store)
        store_close(store, NULL); /* nothing was written */
    output_flush();
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

/* ---- export ---------------------------------------------------------------------------------- */

/* By number, by title, by the beginning of a title. */
static int load(struct store *store, const char *what, struct story **out, struct err *err)
{
    char *end, quoted[360];
    long long number = what[0] >= '0' && what[0] <= '9' ? strtoll(what, &end, 10) : 0;
    if (number > 0 && *end == '\0' && store_load_story(store, number, out, NULL, err) == 0)
        return 0;
    store_ref ref = store_find_story(store, what);
    if (ref)
        return store_load_story(store, ref, out, NULL, err);
    return err_set(err, E_INPUT,
                   _("there is no story \"%s\", or several begin like this; `xuxie story list` "
                     "tells their numbers"),
                   err_quote(quoted, sizeof quoted, what, strlen(what)));
}

/* The path with a number before its suffix: 雪夜-2.txt. */
static char *numbered(const char *path, size_t i)
{
    struct str s = STR_INIT;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t n = dot && dot != name ? (size_t)(dot - path) : strlen(path);
    str_append(&s, path, n);
    str_printf(&s, "-%zu%s", i, path + n);
    return str_take(&s);
}

/* A file for each ending. None is begun when one of the names is taken. */
static int export_all(struct export_request *r, const char *path, bool force, struct err *err)
{
    struct node **leaves;
    size_t n = export_leaves(r->story, &leaves);
    int rc = n ? 0 : err_set(err, E_INPUT, _("the story has no passages yet"));
    for (size_t i = 0; !rc && !force && i < n; i++) {
        char *name = numbered(path, i + 1);
        if (outfile_exists(name))
            rc = err_set(err, E_INPUT, _("%s is there already; --force replaces it"), name);
        free(name);
    }
    for (size_t i = 0; !rc && i < n; i++) {
        char *name = numbered(path, i + 1);
        r->end = leaves[i];
        rc = export_file(r, name, force, err);
        if (!rc)
            output_printf("%s\n", name);
        free(name);
    }
    free(leaves);
    return rc;
}

static int export(struct store *store, const struct cli *cli, enum export_format format,
                  struct err *err)
{
    const struct flags *f = &cli->flags;
    struct export_request r = {.format = format, .indent = f->indent, .store = store};
    struct story *s;
    int rc = load(store, cli->args[0], &s, err);
    if (rc)
        return rc;
    r.story = s;
    if (f->branch && !(r.end = export_find_node(s, store, f->branch)))
        rc = err_set(err, E_INPUT, _("the story has no passage number %lld"), (long long)f->branch);
    char *path = f->output ? x_strdup(f->output) : export_default_path(s, format);
    if (!rc && f->all_branches && format != EXPORT_JSONL) {
        rc = export_all(&r, path, f->force, err);
    } else if (!rc) {
        rc = export_file(&r, path, f->force, err);
        if (!rc && !f->output)
            output_printf("%s\n", path);
    }
    free(path);
    story_free(s);
    return rc;
}

static int run_export(struct cli *cli)
{
    struct err err = ERR_INIT;
    struct store *store = NULL;
    const struct flags *f = &cli->flags;
    enum export_format format = EXPORT_TXT;
    bool to_stdout = f->output && strcmp(f->output, "-") == 0;
    if (f->format)
        export_format_find(f->format, &format);
    else if (f->output && !to_stdout && export_format_of(f->output, &format, &err) != 0)
        return output_error(&err);
    if (f->branch && f->all_branches)
        return cli_usage(cli->command, _("give either --branch or --all-branches"));
    if (f->indent && format != EXPORT_TXT)
        return cli_usage(cli->command, _("--indent is for txt"));
    if (to_stdout && f->all_branches && format != EXPORT_JSONL)
        return cli_usage(cli->command, _("--all-branches writes several files; give a file name"));
    int rc = database_open(&cli->settings, 0, NULL, &store, &err);
    if (!rc)
        rc = export(store, cli, format, &err);
    if (store)
        store_close(store, NULL);
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_story_list = {
    .name = "story list",
    .arguments = "",
    .help = N_("List the stories, the one opened last first"),
    .about = N_("Number, when it was opened last, passages of the whole tree, characters of the "
                "manuscript, title. With --json every story is a line."),
    .bit = CMD_STORY_LIST,
    .run = run_list,
};

const struct subcommand command_story_export = {
    .name = "story export",
    .arguments = N_("STORY|NUMBER"),
    .help = N_("Write a story to a file: txt, md, epub, or all its passages as jsonl"),
    .about = N_("The file is named after the story, in the current directory, unless --output says "
                "otherwise (- is standard output). It appears whole or not at all, and never "
                "replaces another without --force."),
    .bit = CMD_STORY_EXPORT,
    .min_args = 1,
    .max_args = 1,
    .run = run_export,
};
