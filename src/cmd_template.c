/* cmd_template.c - `xuxie template list` and `xuxie template remove`, and what all the template
 * commands have in common. */
#include "config.h"

#include "src/cmd_template.h"

#include <stdlib.h>
#include <string.h>

#include "src/ask.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "src/database.h"
#include "src/dates.h"
#include "src/interrupt.h"
#include "src/output.h"

/* ---- the library ----------------------------------------------------------------------------- */

static int open_store(const struct cli *cli, enum library_need need, struct store **s,
                      struct err *err)
{
    struct store_status status;
    int rc = database_open(&cli->settings, STORE_CREATE, NULL, s, err);
    if (rc && need == LIBRARY_LOOK) {
        output_warn(_("the templates of the database cannot be used: %s"), err->msg);
        *s = NULL;
        return 0;
    }
    if (rc)
        return rc;
    store_get_status(*s, &status);
    if (status.was_empty)
        output_warn("%s", status.message);
    if (status.read_only && need == LIBRARY_WRITE)
        return err_set(err, E_STORE, "%s", status.message);
    return templates_begin(*s, err);
}

int library_run(struct cli *cli, enum library_need need,
                int (*fn)(struct store *s, const struct cli *cli, struct err *err))
{
    struct err err = ERR_INIT, closing = ERR_INIT;
    struct store *s = NULL;
    int rc = open_store(cli, need, &s, &err);
    if (!rc)
        rc = fn(s, cli, &err);
    output_flush(); /* what was right comes before the message */
    if (s && store_close(s, &closing) != 0 && !rc) {
        rc = closing.code;
        err = closing;
    }
    if (rc == E_CANCELLED && interrupt_signal())
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

int library_find(struct store *s, const struct cli *cli, const char *what,
                 struct library_template *out, struct err *err)
{
    struct library_template newest;
    int rc = templates_find(s, what, &newest, err);
    if (rc || !cli->flags.version_number) {
        if (!rc)
            *out = newest;
        return rc;
    }
    if (newest.template)
        rc = templates_find_version(s, newest.template, cli->flags.version_number, out, err);
    else
        rc = err_set(err, E_INPUT, _("%s: only templates of the database have versions"),
                     newest.t->name);
    library_template_free(&newest);
    return rc;
}

store_ref library_exact(struct store *s, const char *name)
{
    struct store_template_text text;
    store_ref template = store_find_template(s, name);
    if (!template || store_load_template(s, template, &text, NULL) != 0)
        return 0;
    bool exact = strcmp(text.name, name) == 0;
    store_template_text_free(&text);
    return exact ? template : 0;
}

static int tell_version(struct store *s, const struct template *t, store_ref version,
                        struct err *err)
{
    store_ref *versions;
    size_t n;
    int rc = store_template_versions(s, library_exact(s, t->name), &versions, &n, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (versions[i] == store_row(s, version))
            output_note(P_("%s: version %zu, with %zu example.",
                           "%s: version %zu, with %zu examples.", t->n_examples),
                        t->name, i + 1, t->n_examples);
    free(versions);
    return 0;
}

int library_put(struct store *s, struct template *const *list, size_t n, struct err *err)
{
    store_ref *versions = x_calloc(n + 1, sizeof versions[0]);
    for (size_t i = 0; i < n; i++)
        versions[i] = templates_put(s, list[i], false);
    int rc = templates_flush(s, err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = tell_version(s, list[i], versions[i], err);
    free(versions);
    return rc;
}

void library_shots(const struct template *t, struct str *out)
{
    if (t->mode == TEMPLATE_ZERO)
        str_puts(out, _("zero-shot"));
    else if (t->mode == TEMPLATE_ONE)
        str_puts(out, _("one-shot"));
    else if (t->k == SHOTS_FIT)
        str_puts(out, _("few-shot, as many as fit"));
    else
        str_printf(out, _("few-shot, %d"), t->k);
}

void library_cell(const char *text, int columns)
{
    size_t n = strlen(text);
    int width = (int)uwidth_str(text, n);
    output_text(text, n, false);
    output_printf("%*s", width < columns ? columns - width : 1, "");
}

enum { MAX_NAME_COLUMNS = 30 };

/* ---- list ------------------------------------------------------------------------------------ */

static void list_json(const struct store_template_row *row)
{
    char changed[DATE_TEXT];
    output_json(json_pack("{s:o, s:o, s:I, s:I, s:I, s:b, s:s}", "name",
                          output_json_string(row->name, strlen(row->name)), "about",
                          output_json_string(row->about, strlen(row->about)), "version",
                          (json_int_t)row->number, "examples", (json_int_t)row->n_examples,
                          "generations", (json_int_t)row->n_generations, "builtin",
                          (int)row->builtin, "changed", date_iso(row->changed_ms, changed)));
}

static void list_text(const struct store_template_row *row, int n_columns)
{
    struct str text = STR_INIT;
    library_cell(row->name, n_columns);
    str_printf(&text, P_("%lld example", "%lld examples", row->n_examples),
               (long long)row->n_examples);
    library_cell(str_cstr(&text), 14);
    str_clear(&text);
    if (row->builtin)
        str_puts(&text, _("built-in"));
    else
        str_printf(&text, _("version %lld"), (long long)row->number);
    library_cell(str_cstr(&text), 13);
    output_text(row->about, strlen(row->about), false);
    output_puts("\n");
    str_free(&text);
}

static int list(struct store *s, const struct cli *cli, struct err *err)
{
    struct store_template_row *rows = NULL;
    size_t n = 0;
    int rc = store_templates(s, &rows, &n, err);
    int widest = 10;
    for (size_t i = 0; i < n; i++) {
        int width = (int)uwidth_str(rows[i].name, strlen(rows[i].name));
        widest = width > widest && width <= MAX_NAME_COLUMNS ? width : widest;
    }
    for (size_t i = 0; i < n && output_ok(); i++) {
        if (cli->flags.json)
            list_json(&rows[i]);
        else
            list_text(&rows[i], widest + 2);
    }
    if (!rc && n == 0 && !cli->flags.json)
        output_note("%s", _("There are no templates."));
    store_templates_free(rows, n);
    return rc;
}

static int run_list(struct cli *cli)
{
    return library_run(cli, LIBRARY_READ, list);
}

const struct subcommand command_template_list = {
    .name = "template list",
    .arguments = "",
    .help = N_("Tell the prompt templates there are"),
    .about = N_("With --json each is an object on a line of its own."),
    .bit = CMD_TEMPLATE_LIST,
    .run = run_list,
};

/* ---- remove ---------------------------------------------------------------------------------- */

static int64_t count_generations(struct store *s, store_ref template)
{
    struct store_template_row *rows = NULL;
    size_t n = 0;
    int64_t count = 0;
    if (store_templates(s, &rows, &n, NULL) == 0)
        for (size_t i = 0; i < n; i++)
            if (rows[i].template == template)
                count = rows[i].n_generations;
    store_templates_free(rows, n);
    return count;
}

static bool may_remove(struct store *s, const struct library_template *l)
{
    struct str question = STR_INIT;
    long long n = (long long)count_generations(s, l->template);
    str_printf(&question, _("Remove the template \"%s\"?"), l->t->name);
    if (n) {
        str_putc(&question, ' ');
        str_printf(&question,
                   P_("Its versions stay for %lld generation made with it.",
                      "Its versions stay for the %lld generations made with it.", n),
                   n);
    }
    bool yes = ask_yes(str_cstr(&question));
    str_free(&question);
    return yes;
}

static int remove_one(struct store *s, const struct cli *cli, struct err *err)
{
    struct library_template l;
    int rc = templates_find(s, cli->args[0], &l, err);
    if (rc)
        return rc;
    if (!l.template) {
        rc = err_set(err, E_INPUT, _("%s: this is a file; remove it yourself"), cli->args[0]);
    } else if (!cli->flags.yes && !ask_possible()) {
        rc = err_set(err, E_USAGE, _("there is nobody to ask; --yes removes the template \"%s\""),
                     l.t->name);
    } else if (cli->flags.yes || may_remove(s, &l)) {
        store_remove_template(s, l.template);
        output_note(_("%s is removed; generations made with it keep their versions."), l.t->name);
    } else if (interrupt_signal()) {
        rc = E_CANCELLED;
    } else {
        output_note("%s", _("Nothing was removed."));
    }
    library_template_free(&l);
    return rc;
}

static int run_remove(struct cli *cli)
{
    return library_run(cli, LIBRARY_WRITE, remove_one);
}

const struct subcommand command_template_remove = {
    .name = "template remove",
    .arguments = N_("NAME"),
    .help = N_("Remove a template from the library"),
    .about = N_("Its versions stay in the database for the generations that were made with them; "
                "they are no longer listed."),
    .bit = CMD_TEMPLATE_REMOVE,
    .min_args = 1,
    .max_args = 1,
    .run = run_remove,
};
