/* cmd_template_show.c - `xuxie template show`, for people, and `xuxie template export`, for files.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/cmd_template.h"
#include "src/dates.h"
#include "src/example_io.h"
#include "src/outfile.h"
#include "src/output.h"
#include "src/template_text.h"

/* ---- show ------------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void line(const char *label, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&s, fmt, ap);
    va_end(ap);
    library_cell(label, 16);
    output_text(str_cstr(&s), s.len, false);
    output_puts("\n");
    str_free(&s);
}

/* A text with blanks before each of its lines. */
static void indented(const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        output_puts("    ");
        output_text(text, n, false);
        output_puts("\n");
        text += n + (text[n] == '\n');
    }
}

static void part(const char *label, const char *text)
{
    if (!text || !text[0])
        return;
    output_printf("\n%s:\n", label);
    indented(text);
}

static void show_version(const struct library_template *l)
{
    char date[DATE_TEXT];
    if (!l->version)
        line(_("version"), "%s", l->builtin ? _("built-in") : _("a file"));
    else if (l->builtin)
        line(_("version"), _("%lld, built-in"), (long long)l->number);
    else
        line(_("version"), _("%lld, of %s"), (long long)l->number, date_local(l->created_ms, date));
}

static void show_choice(const struct template *t)
{
    struct str s = STR_INIT;
    static const char *const how[] = {[SELECT_FIRST] = N_("the first"),
                                      [SELECT_RANDOM] = N_("drawn at random by the seed"),
                                      [SELECT_TAG] = N_("those with the tag"),
                                      [SELECT_SIMILAR] = N_("those most like the query")};
    library_shots(t, &s);
    if (t->mode != TEMPLATE_ZERO)
        str_printf(&s, "; %s", _(how[t->select]));
    if (t->mode != TEMPLATE_ZERO && t->select == SELECT_TAG)
        str_printf(&s, " %s", t->select_tag);
    line(_("shots"), "%s", str_cstr(&s));
    str_free(&s);
}

static void show_vars(const struct template *t)
{
    const char **names;
    size_t n = template_query_vars(t, &names);
    struct str s = STR_INIT;
    for (size_t i = 0; i < n; i++) {
        const char *def = NULL;
        for (size_t k = 0; k < t->n_vars; k++)
            if (strcmp(t->vars[k].name, names[i]) == 0)
                def = t->vars[k].def;
        str_printf(&s, "%s%s", i ? ", " : "", names[i]);
        if (def)
            str_printf(&s, " = %s", def);
    }
    if (n)
        line(_("variables"), "%s", str_cstr(&s));
    str_free(&s);
    free(names);
}

static void show_settings(const struct template *t)
{
    struct str s = STR_INIT;
    for (size_t i = 0; i < t->n_settings; i++)
        str_printf(&s, "%s%s = %s", i ? ", " : "", t->settings[i].name, t->settings[i].value);
    if (s.len)
        line(_("settings"), "%s", str_cstr(&s));
    str_free(&s);
}

static void remark(const char *label, const char *text)
{
    struct str s = STR_INIT;
    str_printf(&s, "(%s) %s", label, text);
    if (text[0])
        indented(str_cstr(&s));
    str_free(&s);
}

static void show_example(const struct template_example *e, size_t number)
{
    struct str s = STR_INIT;
    str_printf(&s, _("example %zu"), number);
    if (e->n_tags)
        str_putc(&s, ' ');
    template_print_tags(e, &s);
    if (e->off)
        str_printf(&s, " (%s)", _("off"));
    output_puts("\n");
    output_text(str_cstr(&s), s.len, false);
    output_puts("\n");
    str_clear(&s);
    for (size_t i = 0; i < e->n_fields; i++)
        str_printf(&s, "%s: %s\n", e->fields[i].name, e->fields[i].value);
    str_printf(&s, "→ %s\n", e->output);
    indented(str_cstr(&s));
    remark(_("note"), e->note);
    remark(_("source"), e->source);
    str_free(&s);
}

static int show(struct store *s, const struct cli *cli, struct err *err)
{
    struct library_template l;
    size_t n_off = 0;
    int rc = library_find(s, cli, cli->args[0], &l, err);
    if (rc)
        return rc;
    const struct template *t = l.t;
    for (size_t i = 0; i < t->n_examples; i++)
        n_off += t->examples[i].off;
    line(_("name"), "%s", t->name);
    if (t->about[0])
        line(_("about"), "%s", t->about);
    show_version(&l);
    show_choice(t);
    line(_("examples"), n_off ? _("%zu, %zu of them off") : "%zu", t->n_examples, n_off);
    show_vars(t);
    show_settings(t);
    part(_("instruction"), t->instruction);
    part(_("example format"), t->example_format);
    part(_("query format"), t->query_format);
    for (size_t i = 0; i < t->n_examples && output_ok(); i++)
        show_example(&t->examples[i], i + 1);
    library_template_free(&l);
    return 0;
}

static int run_show(struct cli *cli)
{
    return library_run(cli, LIBRARY_LOOK, show);
}

const struct subcommand command_template_show = {
    .name = "template show",
    .arguments = N_("NAME|FILE"),
    .help = N_("Show a template with its examples"),
    .about = N_("NAME may be a beginning that no other template has. `xuxie template export` "
                "prints it in the form that can be read back."),
    .bit = CMD_TEMPLATE_SHOW,
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
};

/* ---- export ---------------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

static const char *export_format(const struct flags *f)
{
    if (f->format)
        return f->format;
    if (f->output && ends_in(f->output, ".jsonl"))
        return "jsonl";
    return f->output && ends_in(f->output, ".csv") ? "csv" : "text";
}

static int print(const struct template *t, const struct flags *f, struct str *out, struct err *err)
{
    const char *format = export_format(f);
    if (strcmp(format, "csv") == 0)
        return examples_print_csv(t, f->raw, out, err);
    if (strcmp(format, "jsonl") == 0)
        examples_print_jsonl(t, out);
    else
        template_print(t, out);
    return 0;
}

static int export(struct store *s, const struct cli *cli, struct err *err)
{
    const char *path = cli->flags.output ? cli->flags.output : "-";
    bool screen = strcmp(path, "-") == 0 && output_is_tty();
    struct library_template l;
    struct outfile *file;
    struct str text = STR_INIT;
    int rc = library_find(s, cli, cli->args[0], &l, err);
    if (rc)
        return rc;
    rc = print(l.t, &cli->flags, &text, err);
    library_template_free(&l);
    if (!rc && screen) {
        output_text(str_cstr(&text), text.len, cli->flags.raw);
    } else if (!rc) {
        rc = outfile_open(path, cli->flags.force, &file, err);
        if (!rc) {
            outfile_write(file, str_cstr(&text), text.len);
            rc = outfile_finish(file, err);
        }
    }
    str_free(&text);
    return rc;
}

static int run_export(struct cli *cli)
{
    return library_run(cli, LIBRARY_LOOK, export);
}

const struct subcommand command_template_export = {
    .name = "template export",
    .arguments = N_("NAME"),
    .help = N_("Write a template to a file, or its examples alone"),
    .about = N_("The text form is the whole template and fit for version control; jsonl and csv "
                "are its examples. All three can be imported again. Without --output it goes to "
                "standard output."),
    .bit = CMD_TEMPLATE_EXPORT,
    .min_args = 1,
    .max_args = 1,
    .run = run_export,
};
