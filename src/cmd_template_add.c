/* cmd_template_add.c - `xuxie template add`: a new template, or an example for one, given on the
 * command line or taken from what a model once wrote. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/ask.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/cmd_template.h"
#include "src/output.h"
#include "src/store_history.h"
#include "src/template_check.h"
#include "src/template_edit.h"
#include "src/template_format.h"
#include "src/template_text.h"

/* ---- fields ---------------------------------------------------------------------------------- */

static void add_field(struct template_example *e, const char *name, size_t n_name,
                      const char *value, size_t n_value)
{
    e->fields = x_realloc(e->fields, (e->n_fields + 1) * sizeof e->fields[0]);
    e->fields[e->n_fields++] =
        (struct template_field){x_strndup(name, n_name), x_strndup(value, n_value)};
}

/* A field's value is replaced, or the field is added. */
static void set_field(struct template_example *e, const char *name, const char *value)
{
    for (size_t i = 0; i < e->n_fields; i++) {
        if (strcmp(e->fields[i].name, name) == 0) {
            free(e->fields[i].value);
            e->fields[i].value = x_strdup(value);
            return;
        }
    }
    add_field(e, name, strlen(name), value, strlen(value));
}

static bool is_variable(const struct template *t, const char *name)
{
    const char *const formats[] = {t->example_format, t->query_format};
    bool is = false;
    for (size_t i = 0; i < t->n_vars; i++)
        is = is || strcmp(t->vars[i].name, name) == 0;
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        const char **names;
        size_t n = format_names(formats[f] ? formats[f] : "", false, &names);
        for (size_t i = 0; i < n; i++)
            is = is || strcmp(names[i], name) == 0;
        free(names);
    }
    return is;
}

/* --var NAME=VALUE into the example. */
static int take_vars(const struct template *t, const struct flags *f, struct template_example *e,
                     struct err *err)
{
    for (size_t i = 0; i < f->var.n; i++) {
        const char *item = f->var.items[i], *equals = strchr(item, '=');
        char quoted[360];
        if (!equals || equals == item)
            return err_set(err, E_USAGE, _("var: \"%s\" is not NAME=VALUE"),
                           err_quote(quoted, sizeof quoted, item, strlen(item)));
        char *name = x_strndup(item, (size_t)(equals - item));
        int rc = 0;
        if (!is_variable(t, name) || template_is_output(name))
            rc = err_set(err, E_USAGE, _("var: the template %s has no variable %s"), t->name,
                         err_quote(quoted, sizeof quoted, name, strlen(name)));
        else
            set_field(e, name, equals + 1);
        free(name);
        if (rc)
            return rc;
    }
    return 0;
}

static int check_utf8(const struct flags *f, struct err *err)
{
    const struct text_list *const lists[] = {&f->var, &f->tag};
    const char *const texts[] = {f->answer, f->note};
    bool good = true;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        good = good &&
               (!texts[i] || utf8_valid_prefix(texts[i], strlen(texts[i])) == strlen(texts[i]));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (size_t k = 0; k < lists[i]->n; k++)
            good = good && utf8_valid_prefix(lists[i]->items[k], strlen(lists[i]->items[k])) ==
                               strlen(lists[i]->items[k]);
    return good ? 0 : err_set(err, E_USAGE, _("a text on the command line is not valid UTF-8"));
}

/* What the options say of any example. */
static int take_flags(const struct template *t, const struct flags *f, struct template_example *e,
                      struct err *err)
{
    int rc = take_vars(t, f, e, err);
    if (rc)
        return rc;
    if (f->answer) {
        free(e->output);
        e->output = x_strdup(f->answer);
    }
    if (f->note)
        e->note = x_strdup(f->note);
    e->tags = x_calloc(f->tag.n + 1, sizeof e->tags[0]);
    for (size_t i = 0; i < f->tag.n; i++)
        e->tags[e->n_tags++] = x_strdup(f->tag.items[i]);
    return 0;
}

/* ---- from a generation ----------------------------------------------------------------------- */

/* Where a variable's value ends that begins at text: before the literal text that follows in the
 * format, at its first place. NULL: another variable follows, or that text is not there. */
static const char *value_end(const char *format, const char *text)
{
    struct format_piece next;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    size_t n = strlen(text);
    if (format_next(&format, &next, NULL) <= 0 ||
        (next.is_var && template_is_output(format_name(&next, name))))
        return text + n;
    return next.is_var ? NULL : memmem(text, n, next.s, next.n);
}

/* Finds the values with which a format is this very text. */
static bool unexpand(const char *format, const char *text, struct template_example *e)
{
    struct format_piece piece;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    while (format_next(&format, &piece, NULL) > 0) {
        if (!piece.is_var) {
            if (strncmp(text, piece.s, piece.n) != 0)
                return false;
            text += piece.n;
            continue;
        }
        if (template_is_output(format_name(&piece, name)))
            break;
        const char *end = value_end(format, text);
        if (!end || template_example_value(e, name)) /* a variable that stands there twice */
            return false;
        add_field(e, piece.s, piece.n, text, (size_t)(end - text));
        text = end;
    }
    return !*text;
}

/* The query of a generation: what its template's query format says, else its new part is the first
 * variable. */
static void take_query(const struct template *t, const struct history_record *r,
                       struct template_example *e)
{
    const char *text = r->n_prompt ? r->prompt[r->n_prompt - 1].text : "";
    const char *format = t->query_format ? t->query_format : t->example_format;
    if (unexpand(format, text, e))
        return;
    for (size_t i = 0; i < e->n_fields; i++) {
        free(e->fields[i].name);
        free(e->fields[i].value);
    }
    e->n_fields = 0;
    const char **names;
    size_t n = template_query_vars(t, &names);
    if (n)
        set_field(e, names[0], text);
    free(names);
}

static int from_generation(struct store *s, const struct template *t, const char *number,
                           struct template_example *e, struct err *err)
{
    struct history_record *r;
    char *end, quoted[360];
    long long n = strtoll(number, &end, 10);
    if (number[0] < '0' || number[0] > '9' || *end || n < 1)
        return err_set(err, E_USAGE, _("from_generation: \"%s\" is no number of a generation"),
                       err_quote(quoted, sizeof quoted, number, strlen(number)));
    int rc = history_load(s, n, &r, err);
    if (rc)
        return rc;
    if (utf8_valid_prefix(r->text, r->n_text) != r->n_text || memchr(r->text, '\0', r->n_text)) {
        rc = err_set(err, E_INPUT, _("generation %lld: its text is not plain UTF-8"), n);
    } else {
        struct str source = STR_INIT;
        take_query(t, r, e);
        e->output = x_strndup(r->text, r->n_text);
        str_printf(&source, "generation %lld", n);
        e->source = str_take(&source);
    }
    history_record_free(r);
    return rc;
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Adds one example (generation NULL: of the options alone). */
static int add_one(struct store *s, struct template *t, const struct flags *f,
                   const char *generation, struct err *err)
{
    struct template_example e = {0};
    int rc = generation ? from_generation(s, t, generation, &e, err) : 0;
    if (!rc)
        rc = take_flags(t, f, &e, err);
    if (!rc && !e.output)
        rc = err_set(err, E_USAGE, _("give the example's answer with --answer"));
    if (rc)
        template_example_free(&e);
    else
        template_add_example(t, &e);
    return rc;
}

static int add_examples(struct store *s, const struct cli *cli, struct err *err)
{
    const struct flags *f = &cli->flags;
    struct library_template l;
    int rc = check_utf8(f, err);
    if (!rc)
        rc = templates_find(s, cli->args[0], &l, err);
    if (rc)
        return rc;
    if (!l.template)
        rc = err_set(err, E_INPUT, _("%s: this is a file; import it first"), cli->args[0]);
    if (!rc && f->from_generation.n > 1 && f->answer)
        rc =
            err_set(err, E_USAGE, _("--answer says one answer, but there are several generations"));
    if (!rc && f->from_generation.n == 0)
        rc = add_one(s, l.t, f, NULL, err);
    for (size_t i = 0; !rc && i < f->from_generation.n; i++)
        rc = add_one(s, l.t, f, f->from_generation.items[i], err);
    if (!rc)
        rc = template_check(l.t, l.t->name, err);
    if (!rc)
        rc = library_put(s, &l.t, 1, err);
    library_template_free(&l);
    return rc;
}

/* Something to begin with: a task of one input, whose formats are to be changed. */
static struct template *skeleton(const char *name)
{
    struct template *t = template_new(name);
    free(t->example_format);
    t->example_format = x_strdup(_("Input: {{input}}\nOutput: {{output}}"));
    return t;
}

/* The person writes it, beginning with a skeleton; left as that, *made is false. */
static int write_new(const char *name, struct template **out, bool *made, struct err *err)
{
    struct str before = STR_INIT, after = STR_INIT;
    struct template *t = skeleton(name);
    template_print(t, &before);
    int rc = template_edit(&t, NULL, NULL, err);
    template_print(t, &after);
    *made = before.len != after.len || memcmp(before.data, after.data, after.len) != 0;
    *out = t;
    str_free(&before);
    str_free(&after);
    return rc;
}

static int add_template(struct store *s, const struct cli *cli, struct err *err)
{
    const char *name = cli->args[0];
    struct template *t = NULL;
    bool made = true;
    int rc = template_check_name(name, err);
    if (!rc && library_exact(s, name))
        rc = err_set(err, E_INPUT,
                     _("there is a template \"%s\" already; `xuxie template edit` changes it, "
                       "--answer or --from-generation add examples to it"),
                     name);
    if (rc)
        return rc;
    if (cli->flags.from) {
        rc = templates_read_file(cli->flags.from, &t, err);
        if (!rc) {
            free(t->name);
            t->name = x_strdup(name);
        }
    } else if (ask_possible()) {
        rc = write_new(name, &t, &made, err);
    } else {
        rc = err_set(err, E_USAGE,
                     _("say what the template is with --from, or begin it in a terminal, where the "
                       "editor opens"));
    }
    if (!rc && made && library_exact(s, t->name))
        rc = err_set(err, E_INPUT, _("there is a template \"%s\" already"), t->name);
    else if (!rc && made)
        rc = library_put(s, &t, 1, err);
    else if (!rc)
        output_note("%s", _("Nothing was changed."));
    template_free(t);
    return rc;
}

static int add(struct store *s, const struct cli *cli, struct err *err)
{
    const struct flags *f = &cli->flags;
    bool example = f->var.n || f->answer || f->from_generation.n || f->tag.n || f->note;
    if (example && f->from)
        return err_set(err, E_USAGE, _("--from is for a new template, the others for an example"));
    return example ? add_examples(s, cli, err) : add_template(s, cli, err);
}

static int run_add(struct cli *cli)
{
    return library_run(cli, LIBRARY_WRITE, add);
}

const struct subcommand command_template_add = {
    .name = "template add",
    .arguments = N_("NAME"),
    .help = N_("Make a new template, or add an example to one"),
    .about =
        N_("With --answer and --var, or with --from-generation, NAME is the template that gets the "
           "example. Else a new template of that name is made: from a file, or in the editor."),
    .bit = CMD_TEMPLATE_ADD,
    .min_args = 1,
    .max_args = 1,
    .run = run_add,
};
