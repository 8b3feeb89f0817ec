/* templates.c - see templates.h.
 *
 * The store keeps texts; here they become templates and back. A template's own name is what the
 * store calls it: renaming does not rewrite the heads of versions.
 */
#include "config.h"

#include "src/templates.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/paths.h"
#include "src/template_text.h"
#include "src/textfile.h"

enum { FLUSH_MS = 10000, TOLD_NAMES = 8 };

void library_template_free(struct library_template *l)
{
    template_free(l->t);
    memset(l, 0, sizeof *l);
}

/* ---- from and to the store's texts ----------------------------------------------------------- */

/* A template as the store keeps it. */
struct texts {
    char *head;
    char **examples;
    size_t n_examples;
};

static struct texts texts_of(const struct template *t)
{
    struct str text = STR_INIT;
    struct texts x = {.examples = x_calloc(t->n_examples + 1, sizeof x.examples[0]),
                      .n_examples = t->n_examples};
    template_print_head(t, &text);
    x.head = str_take(&text);
    for (size_t i = 0; i < t->n_examples; i++) {
        template_print_example(&t->examples[i], &text);
        x.examples[i] = str_take(&text);
    }
    return x;
}

static void texts_free(struct texts *x)
{
    for (size_t i = 0; i < x->n_examples; i++)
        free(x->examples[i]);
    free(x->examples);
    free(x->head);
}

static bool texts_are(const struct texts *x, const struct store_template_text *stored)
{
    if (strcmp(x->head, stored->head) != 0 || x->n_examples != stored->n_examples)
        return false;
    for (size_t i = 0; i < x->n_examples; i++)
        if (strcmp(x->examples[i], stored->examples[i]) != 0)
            return false;
    return true;
}

static int read_example(const struct store_template_text *text, size_t i, struct template *t,
                        struct err *err)
{
    struct str where = STR_INIT;
    struct template_example e;
    str_printf(&where, _("%s: example %zu"), text->name, i + 1);
    int rc = template_parse_example(str_cstr(&where), text->examples[i], strlen(text->examples[i]),
                                    &e, err);
    if (!rc)
        template_add_example(t, &e);
    str_free(&where);
    return rc;
}

static int from_store(const struct store_template_text *text, struct library_template *out,
                      struct err *err)
{
    struct template *t = NULL;
    int rc = template_parse(text->name, text->head, strlen(text->head), &t, err);
    for (size_t i = 0; !rc && i < text->n_examples; i++)
        rc = read_example(text, i, t, err);
    if (rc) {
        template_free(t);
        return rc;
    }
    free(t->name);
    t->name = x_strdup(text->name);
    *out = (struct library_template){.t = t,
                                     .template = text->template,
                                     .version = text->version,
                                     .number = text->number,
                                     .builtin = text->builtin,
                                     .created_ms = text->created_ms};
    return 0;
}

int templates_load_version(struct store *s, store_ref version, struct library_template *out,
                           struct err *err)
{
    struct store_template_text text;
    int rc = store_load_template_version(s, version, &text, err);
    if (rc)
        return rc;
    rc = from_store(&text, out, err);
    store_template_text_free(&text);
    return rc;
}

int templates_find_version(struct store *s, store_ref template, int64_t number,
                           struct library_template *out, struct err *err)
{
    store_ref *versions;
    size_t n;
    int rc = store_template_versions(s, template, &versions, &n, err);
    if (rc)
        return rc;
    if (number < 1 || (uint64_t)number > n) /* they are numbered from 1 without gaps */
        rc =
            err_set(err, E_INPUT, _("there is no version %lld; the template has versions 1 to %zu"),
                    (long long)number, n);
    else
        rc = templates_load_version(s, versions[number - 1], out, err);
    free(versions);
    return rc;
}

store_ref templates_put(struct store *s, const struct template *t, bool builtin)
{
    struct texts x = texts_of(t);
    store_ref version = store_put_template(s, t->name, x.head, (const char *const *)x.examples,
                                           x.n_examples, builtin);
    texts_free(&x);
    return version;
}

int templates_flush(struct store *s, struct err *err)
{
    return s ? store_flush(s, FLUSH_MS, err) : 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

int templates_read_file(const char *path, struct template **out, struct err *err)
{
    struct str text = STR_INIT;
    int rc = textfile_read(path, 0, LIMIT_TEMPLATE_BYTES, &text, err);
    if (!rc)
        rc = template_parse(textfile_name(path), str_cstr(&text), text.len, out, err);
    str_free(&text);
    return rc;
}

/* The files of the templates that come with the program, by name. Nowhere: none. */
static void builtin_files(glob_t *files)
{
    struct str pattern = STR_INIT;
    memset(files, 0, sizeof *files);
    if (paths_shipped("templates", &pattern)) {
        str_puts(&pattern, "/*.txt");
        if (glob(str_cstr(&pattern), 0, NULL, files) != 0)
            files->gl_pathc = 0;
    }
    str_free(&pattern);
}

/* ---- what comes with the program ------------------------------------------------------------- */

/* Has the store this very text as its newest version, or one of the person's own? */
static bool is_there(struct store *s, const struct store_template_row *rows, size_t n,
                     const struct template *t)
{
    const struct store_template_row *row = NULL;
    for (size_t i = 0; i < n && !row; i++)
        row = strcmp(rows[i].name, t->name) == 0 ? &rows[i] : NULL;
    if (!row || !row->builtin)
        return row != NULL;
    struct store_template_text stored;
    if (store_load_template_version(s, row->version, &stored, NULL) != 0)
        return true; /* leave it alone */
    struct texts x = texts_of(t);
    bool same = texts_are(&x, &stored);
    texts_free(&x);
    store_template_text_free(&stored);
    return same;
}

/* Can it not take what comes with the program? Then that is looked for in the files. */
static bool is_read_only(struct store *s)
{
    struct store_status status = {.read_only = true};
    if (s)
        store_get_status(s, &status);
    return status.read_only;
}

int templates_begin(struct store *s, struct err *err)
{
    struct store_template_row *rows = NULL;
    size_t n = 0;
    glob_t files;
    if (is_read_only(s))
        return 0;
    int rc = store_templates(s, &rows, &n, err);
    if (rc)
        return rc;
    bool put = false;
    builtin_files(&files);
    for (size_t i = 0; i < files.gl_pathc && !rc; i++) {
        struct template *t;
        rc = templates_read_file(files.gl_pathv[i], &t, err);
        if (rc)
            break;
        if (!is_there(s, rows, n, t)) {
            templates_put(s, t, true);
            put = true;
        }
        template_free(t);
    }
    globfree(&files);
    store_templates_free(rows, n);
    return !rc && put ? templates_flush(s, err) : rc;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* Names that begin with what was asked for. */
struct names {
    char **names;
    size_t n;
};

static void names_add(struct names *list, const char *name, const char *what)
{
    if (strncmp(name, what, strlen(what)) != 0)
        return;
    list->names = x_realloc(list->names, (list->n + 1) * sizeof list->names[0]);
    list->names[list->n++] = x_strdup(name);
}

static void names_free(struct names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
}

static int not_found(const struct names *list, const char *what, struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, what, strlen(what));
    if (list->n < 2)
        return err_set(err, E_INPUT,
                       _("there is no template \"%s\", nor a file of that name; see `xuxie "
                         "template list`"),
                       quoted);
    struct str names = STR_INIT;
    for (size_t i = 0; i < list->n && i < TOLD_NAMES; i++)
        str_printf(&names, "%s%s", i ? ", " : "", list->names[i]);
    if (list->n > TOLD_NAMES)
        str_puts(&names, ", ...");
    err_set(err, E_INPUT, _("\"%s\" may mean several templates: %s"), quoted, str_cstr(&names));
    str_free(&names);
    return E_INPUT;
}

/* A path says so itself; any other word is a name first. */
static bool is_path(const char *what)
{
    return what[0] == '/' || strncmp(what, "./", 2) == 0 || strncmp(what, "../", 3) == 0 ||
           strncmp(what, "~/", 2) == 0 || strcmp(what, "-") == 0;
}

static int find_file(const char *what, struct library_template *out, struct err *err)
{
    struct str path = STR_INIT;
    const char *home = getenv("HOME");
    if (strncmp(what, "~/", 2) == 0 && home)
        str_printf(&path, "%s%s", home, what + 1);
    else
        str_puts(&path, what);
    struct template *t;
    int rc = templates_read_file(str_cstr(&path), &t, err);
    if (!rc)
        *out = (struct library_template){.t = t};
    str_free(&path);
    return rc;
}

/* Among those that come with the program, without a database: by exact name, else unique beginning.
 * 1: found. */
static int find_builtin(const char *what, struct names *begins, struct library_template *out)
{
    struct template *found = NULL;
    glob_t files;
    bool exact = false;
    builtin_files(&files);
    for (size_t i = 0; i < files.gl_pathc && !exact; i++) {
        struct template *t;
        if (templates_read_file(files.gl_pathv[i], &t, NULL) != 0)
            continue;
        exact = strcmp(t->name, what) == 0;
        size_t before = begins->n;
        names_add(begins, t->name, what);
        if (exact || begins->n > before) {
            template_free(found);
            found = t;
        } else {
            template_free(t);
        }
    }
    globfree(&files);
    if (found && !exact && begins->n > 1) {
        template_free(found);
        found = NULL;
    }
    if (found)
        *out = (struct library_template){.t = found, .builtin = true};
    return found != NULL;
}

static int find_stored(struct store *s, const char *what, struct names *begins,
                       struct library_template *out, struct err *err)
{
    store_ref template = store_find_template(s, what);
    if (template) {
        struct store_template_text text;
        int rc = store_load_template(s, template, &text, err);
        if (!rc) {
            rc = from_store(&text, out, err);
            store_template_text_free(&text);
        }
        return rc ? rc : 1;
    }
    struct store_template_row *rows;
    size_t n;
    int rc = store_templates(s, &rows, &n, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        names_add(begins, rows[i].name, what);
    store_templates_free(rows, n);
    return 0;
}

int templates_find(struct store *s, const char *what, struct library_template *out, struct err *err)
{
    if (is_path(what))
        return find_file(what, out, err);
    struct names begins = {NULL, 0};
    int rc = s && what[0] ? find_stored(s, what, &begins, out, err) : 0;
    if (rc == 0 && begins.n == 0 && what[0] && is_read_only(s))
        rc = find_builtin(what, &begins, out);
    if (rc == 0)
        rc = begins.n == 0 && what[0] && access(what, F_OK) == 0 ? find_file(what, out, err)
                                                                 : not_found(&begins, what, err);
    names_free(&begins);
    return rc > 0 ? 0 : rc;
}
