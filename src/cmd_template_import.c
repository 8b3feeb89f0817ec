/* cmd_template_import.c - `xuxie template import`: templates in the text form, and examples as JSON
 * lines or tables.
 *
 * All files are read, and all that is in them is found good, before the first thing is put into the
 * database: an import happens whole or not at all.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/cmd_template.h"
#include "src/example_io.h"
#include "src/output.h"
#include "src/template_check.h"
#include "src/template_text.h"
#include "src/textfile.h"

enum { BAD_TOLD = 20 }; /* rows left out that are named */

struct importing {
    const struct flags *flags;
    struct template **templates; /* from files in the text form */
    size_t n_templates;
    struct template *into; /* --into with the examples so far */
    size_t n_before;       /* examples it had */
    size_t n_known;        /* that were there already */
    size_t n_bad;
};

/* ---- which form a file has ------------------------------------------------------------------- */

enum form { FORM_TEXT, FORM_JSONL, FORM_CSV };

static bool ends_in(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

static enum form form_of(const struct flags *f, const char *path)
{
    if (f->format)
        return strcmp(f->format, "jsonl") == 0 ? FORM_JSONL
               : strcmp(f->format, "csv") == 0 ? FORM_CSV
                                               : FORM_TEXT;
    return ends_in(path, ".jsonl") || ends_in(path, ".ndjson") ? FORM_JSONL
           : ends_in(path, ".csv")                             ? FORM_CSV
                                                               : FORM_TEXT;
}

/* ---- examples -------------------------------------------------------------------------------- */

static uint64_t hash_text(const char *text, uint64_t seed)
{
    return XXH3_64bits_withSeed(text, strlen(text), seed);
}

/* What makes two examples the same: fields, in whatever order, and answer. */
static uint64_t hash_of(const struct template_example *e)
{
    uint64_t hash = hash_text(e->output, 0);
    for (size_t i = 0; i < e->n_fields; i++)
        hash += hash_text(e->fields[i].value, hash_text(e->fields[i].name, 1));
    return hash;
}

static bool same_example(const struct template_example *a, const struct template_example *b)
{
    if (a->n_fields != b->n_fields || strcmp(a->output, b->output) != 0)
        return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        const char *value = template_example_value(b, a->fields[i].name);
        if (!value || strcmp(value, a->fields[i].value) != 0)
            return false;
    }
    return true;
}

/* The examples a template had, by hash: who imports a file again gets only what is new. */
struct known {
    const struct template *t;
    uint32_t *slots; /* number of an example, from 1 */
    size_t mask;
};

static void known_init(struct known *k, const struct template *t, size_t n)
{
    *k = (struct known){.t = t, .mask = 15};
    while (k->mask < 2 * n)
        k->mask = 2 * k->mask + 1;
    k->slots = x_calloc(k->mask + 1, sizeof k->slots[0]);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)hash_of(&t->examples[i]) & k->mask;
        while (k->slots[at])
            at = (at + 1) & k->mask;
        k->slots[at] = (uint32_t)i + 1;
    }
}

static bool known_has(const struct known *k, const struct template_example *e)
{
    for (size_t at = (size_t)hash_of(e) & k->mask; k->slots[at]; at = (at + 1) & k->mask)
        if (same_example(&k->t->examples[k->slots[at] - 1], e))
            return true;
    return false;
}

/* Adds those of the examples that the template has not yet; what is added is taken from the list.
 */
static int add_new(struct importing *im, const char *path, struct template_example *list, size_t n,
                   struct err *err)
{
    struct known known;
    int rc = 0;
    known_init(&known, im->into, im->n_before);
    for (size_t i = 0; i < n && !rc; i++) {
        if (known_has(&known, &list[i]))
            im->n_known++;
        else if (im->into->n_examples == LIMIT_TEMPLATE_EXAMPLES)
            rc = err_set(err, E_INPUT, _("%s: with these, %s would have more than %u examples"),
                         textfile_name(path), im->into->name, LIMIT_TEMPLATE_EXAMPLES);
        else
            template_add_example(im->into, &list[i]);
    }
    free(known.slots);
    return rc;
}

static void tell_bad(void *ctx, const char *message)
{
    struct importing *im = ctx;
    if (im->n_bad++ < BAD_TOLD)
        output_warn(_("left out: %s"), message);
}

static void tell_left_out(const char *path, const struct example_set *set)
{
    struct str names = STR_INIT;
    for (size_t i = 0; i < set->n_left_out && i < EXAMPLES_LEFT_OUT; i++)
        str_printf(&names, "%s%s", i ? ", " : "", set->left_out[i]);
    if (set->n_left_out > EXAMPLES_LEFT_OUT)
        str_puts(&names, ", ...");
    if (set->n_left_out)
        output_note(_("%s: these were not taken: %s"), textfile_name(path), str_cstr(&names));
    str_free(&names);
}

static int import_examples(struct importing *im, const char *path, enum form form,
                           const struct str *text, struct err *err)
{
    const struct example_import how = {
        .template = im->into,
        .map = im->flags->map.n ? &im->flags->map : NULL,
        .raw = im->flags->raw,
        .skip_bad = im->flags->skip_bad,
        .bad = tell_bad,
        .ctx = im,
    };
    struct example_set set;
    const char *name = textfile_name(path);
    int rc = (form == FORM_CSV ? examples_parse_csv : examples_parse_jsonl)(
        name, str_cstr(text), text->len, &how, &set, err);
    if (rc)
        return rc;
    tell_left_out(path, &set);
    rc = add_new(im, path, set.items, set.n, err);
    example_set_free(&set);
    return rc;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int import_template(struct importing *im, const char *path, const struct str *text,
                           struct err *err)
{
    struct template *t;
    int rc = template_parse(textfile_name(path), str_cstr(text), text->len, &t, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < im->n_templates; i++)
        if (strcmp(im->templates[i]->name, t->name) == 0)
            rc = err_set(err, E_INPUT, _("%s: another file has a template \"%s\" too"),
                         textfile_name(path), t->name);
    if (rc) {
        template_free(t);
        return rc;
    }
    im->templates = x_realloc(im->templates, (im->n_templates + 1) * sizeof im->templates[0]);
    im->templates[im->n_templates++] = t;
    return 0;
}

/* Do the examples of a file in the text form fit the template that gets them? */
static int check_examples(const struct importing *im, const char *path, const struct template *t,
                          struct err *err)
{
    struct template_needs needs;
    int rc = 0;
    template_needs_init(&needs, im->into);
    for (size_t i = 0; i < t->n_examples && !rc; i++) {
        rc = template_check_example(&needs, &t->examples[i], err);
        if (rc)
            err_wrap(err, _("%s: example %zu"), textfile_name(path), i + 1);
    }
    template_needs_free(&needs);
    return rc;
}

/* The examples of a file in the text form, for --into. */
static int import_examples_of(struct importing *im, const char *path, const struct str *text,
                              struct err *err)
{
    struct template *t;
    int rc = template_parse(textfile_name(path), str_cstr(text), text->len, &t, err);
    if (rc)
        return rc;
    rc = check_examples(im, path, t, err);
    if (!rc)
        rc = add_new(im, path, t->examples, t->n_examples, err);
    template_free(t);
    return rc;
}

static int import_file(struct importing *im, const char *path, struct err *err)
{
    struct str text = STR_INIT;
    enum form form = form_of(im->flags, path);
    if (form != FORM_TEXT && !im->into)
        return err_set(err, E_USAGE,
                       _("%s: examples go into a template; name it with --into, and make it first "
                         "when there is none (`xuxie template add`)"),
                       textfile_name(path));
    int rc = textfile_read(path, 0, LIMIT_TEMPLATE_BYTES, &text, err);
    if (!rc)
        rc = form != FORM_TEXT ? import_examples(im, path, form, &text, err)
             : im->into        ? import_examples_of(im, path, &text, err)
                               : import_template(im, path, &text, err);
    str_free(&text);
    return rc;
}

static int keep(struct store *s, struct importing *im, struct err *err)
{
    int rc = library_put(s, im->templates, im->n_templates, err);
    if (rc || !im->into)
        return rc;
    size_t n = im->into->n_examples - im->n_before;
    if (im->n_bad > BAD_TOLD)
        output_warn(_("%zu more rows were left out"), im->n_bad - BAD_TOLD);
    if (im->n_known)
        output_note(
            P_("%zu example was there already.", "%zu examples were there already.", im->n_known),
            im->n_known);
    if (n == 0 && im->n_bad)
        return err_set(err, E_INPUT, _("nothing was imported: no row can be used"));
    output_note(P_("%zu example is new.", "%zu examples are new.", n), n);
    return n ? library_put(s, &im->into, 1, err) : 0;
}

static int import(struct store *s, const struct cli *cli, struct err *err)
{
    struct importing im = {.flags = &cli->flags};
    struct library_template l = {0};
    int rc = 0;
    if (cli->flags.map.n && !cli->flags.into)
        return err_set(err, E_USAGE, _("--map is for examples, which need --into"));
    if (cli->flags.into) {
        rc = templates_find(s, cli->flags.into, &l, err);
        if (!rc && !l.template)
            rc = err_set(err, E_INPUT, _("%s: this is a file; import it first"), cli->flags.into);
        im.into = l.t;
        im.n_before = l.t ? l.t->n_examples : 0;
    }
    for (int i = 0; i < cli->n_args && !rc; i++)
        rc = import_file(&im, cli->args[i], err);
    if (!rc)
        rc = keep(s, &im, err);
    for (size_t i = 0; i < im.n_templates; i++)
        template_free(im.templates[i]);
    free(im.templates);
    library_template_free(&l);
    return rc;
}

static int run_import(struct cli *cli)
{
    return library_run(cli, LIBRARY_WRITE, import);
}

const struct subcommand command_template_import = {
    .name = "template import",
    .arguments = N_("FILE..."),
    .help = N_("Take templates, or examples for one, from files"),
    .about =
        N_("A file in the text form is a template, and becomes a new version when there is one of "
           "its name. Files that end in .jsonl or .csv are examples for the template of --into; "
           "those it has already are passed over. All files are imported, or nothing is."),
    .bit = CMD_TEMPLATE_IMPORT,
    .min_args = 1,
    .max_args = 1000,
    .run = run_import,
};
