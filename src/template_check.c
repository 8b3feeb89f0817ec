/* template_check.c - see template_check.h. What a template may set is decided by the option table:
 * how the next token is drawn, and how long the answer gets. */
#include "config.h"

#include "src/template_check.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/option_table.h"
#include "src/template_format.h"

/* A line for people: not empty when it must not be, no blanks at its ends, no control characters.
 */
static bool is_line(const char *s, size_t max_bytes)
{
    size_t n = strlen(s);
    if (n > max_bytes || utf8_valid_prefix(s, n) != n || (n && (s[0] == ' ' || s[n - 1] == ' ')))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7F)
            return false;
    return true;
}

int template_check_name(const char *name, struct err *err)
{
    char quoted[360];
    if (name[0] && is_line(name, LIMIT_TEMPLATE_NAME_BYTES))
        return 0;
    return err_set(err, E_INPUT,
                   _("\"%s\" cannot name a template: a name has 1 to %u bytes, no blanks at its "
                     "ends and no control characters"),
                   err_quote(quoted, sizeof quoted, name, strlen(name)), LIMIT_TEMPLATE_NAME_BYTES);
}

int template_check_about(const char *about, struct err *err)
{
    if (is_line(about, 1000))
        return 0;
    return err_set(err, E_INPUT, _("about: has at most 1000 bytes on one line"));
}

int template_check_setting(const char *name, const char *value, struct err *err)
{
    char quoted[360];
    int row = option_find(name);
    if (row >= 0 && option_rows[row].type == OPTION_STOPS)
        return err_set(err, E_INPUT, _("set: texts to stop at have lines of their own, \"stop:\""));
    if (row < 0 || option_rows[row].is_flag ||
        (option_rows[row].group != GROUP_SAMPLING && option_rows[row].group != GROUP_LENGTH))
        return err_set(err, E_INPUT,
                       _("set: \"%s\" is not a setting of sampling or length; xuxie.ini(5) lists "
                         "them"),
                       err_quote(quoted, sizeof quoted, name, strlen(name)));
    struct settings scratch;
    settings_init(&scratch);
    int rc = settings_set(&scratch, name, value, ORIGIN_SET, err);
    settings_free(&scratch);
    if (!rc)
        return 0;
    err_wrap(err, "set");
    if (err)
        err->code = E_INPUT; /* it is the template that is wrong, not the command line */
    return E_INPUT;
}

int template_check_stop(const char *stop, struct err *err)
{
    size_t n = strlen(stop);
    if (n >= 1 && n <= SETTINGS_MAX_STOP_BYTES)
        return 0;
    return err_set(err, E_INPUT, _("stop: a text to stop at has 1 to %d bytes"),
                   SETTINGS_MAX_STOP_BYTES);
}

int template_check_var(const char *name, struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, name, strlen(name));
    if (template_is_output(name))
        return err_set(err, E_INPUT, _("\"%s\" is the answer, it cannot be another variable"),
                       quoted);
    if (!format_is_name(name, strlen(name)))
        return err_set(err, E_INPUT,
                       _("\"%s\" cannot name a variable: a name has 1 to %u bytes, no blanks at "
                         "its ends, no control characters, none of { } = \" \\ and no @ at its "
                         "beginning"),
                       quoted, LIMIT_TEMPLATE_NAME_BYTES);
    return 0;
}

int template_check_tag(const char *tag, struct err *err)
{
    size_t n = strlen(tag);
    if (n >= 1 && n <= LIMIT_TEMPLATE_NAME_BYTES)
        return 0;
    return err_set(err, E_INPUT, _("a tag has 1 to %u bytes"), LIMIT_TEMPLATE_NAME_BYTES);
}

/* ---- formats --------------------------------------------------------------------------------- */

/* Does a format that is well formed name the answer? */
static bool says_output(const char *format)
{
    const char **names;
    size_t n = format_names(format, false, &names);
    bool says = false;
    for (size_t i = 0; i < n; i++)
        says = says || template_is_output(names[i]);
    free(names);
    return says;
}

int template_check_format(const char *format, bool is_query, struct err *err)
{
    struct format_piece piece;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    const char *p = format, **names;
    bool ended = false;
    int more;
    if (strlen(format) > LIMIT_TEMPLATE_PART_BYTES)
        return err_set(err, E_INPUT, _("longer than %u bytes"), LIMIT_TEMPLATE_PART_BYTES);
    while ((more = format_next(&p, &piece, err)) > 0) {
        if (ended)
            return err_set(err, E_INPUT, _("goes on behind {{output}}, where the model begins"));
        ended = is_query && piece.is_var && template_is_output(format_name(&piece, name));
    }
    if (more)
        return more;
    size_t n = format_names(format, false, &names);
    free(names);
    if (n == LIMIT_TEMPLATE_FIELDS)
        return err_set(err, E_INPUT, _("has %u variables or more"), LIMIT_TEMPLATE_FIELDS);
    return 0;
}

static const struct template_var *find_var(const struct template *t, const char *name)
{
    for (size_t i = 0; i < t->n_vars; i++)
        if (strcmp(t->vars[i].name, name) == 0)
            return &t->vars[i];
    return NULL;
}

/* Is there a variable of that name in a format or among those declared? */
static bool is_variable(const struct template *t, const char *name)
{
    const char *const formats[] = {t->example_format, t->query_format};
    bool is = find_var(t, name) != NULL;
    for (size_t i = 0; i < ARRAY_LEN(formats) && !is; i++) {
        const char **names;
        size_t n = format_names(formats[i] ? formats[i] : "", false, &names);
        for (size_t k = 0; k < n; k++)
            is = is || strcmp(names[k], name) == 0;
        free(names);
    }
    return is;
}

/* The instruction is the same for every query, so that what stands before the query is too: a
 * variable in it would be sent as it is written, which nobody means. */
static int check_instruction(const struct template *t, struct err *err)
{
    const char **names;
    if (strlen(t->instruction) > LIMIT_TEMPLATE_PART_BYTES ||
        strlen(t->separator) > LIMIT_TEMPLATE_PART_BYTES)
        return err_set(err, E_INPUT, _("the instruction or the separator is longer than %u bytes"),
                       LIMIT_TEMPLATE_PART_BYTES);
    size_t n = format_names(t->instruction, false, &names);
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        if (is_variable(t, names[i]))
            rc = err_set(err, E_INPUT,
                         _("the instruction says {{%s}}, but it is the same for every query; "
                           "variables belong into the formats"),
                         names[i]);
    free(names);
    return rc;
}

static int check_vars(const struct template *t, struct err *err)
{
    for (size_t i = 0; i < t->n_vars; i++) {
        if (template_check_var(t->vars[i].name, err) != 0)
            return E_INPUT;
        for (size_t k = 0; k < i; k++)
            if (strcmp(t->vars[k].name, t->vars[i].name) == 0)
                return err_set(err, E_INPUT, _("the variable %s is declared twice"),
                               t->vars[i].name);
    }
    return 0;
}

int template_check_formats(const struct template *t, struct err *err)
{
    if (check_vars(t, err) != 0)
        return E_INPUT;
    if (template_check_format(t->example_format, false, err) != 0) {
        err_wrap(err, _("the example format"));
        return E_INPUT;
    }
    if (t->query_format && template_check_format(t->query_format, true, err) != 0) {
        err_wrap(err, _("the query format"));
        return E_INPUT;
    }
    if (!t->query_format && !says_output(t->example_format))
        return err_set(err, E_INPUT,
                       _("there is no query format, and no {{output}} in the example format where "
                         "the query could end"));
    return check_instruction(t, err);
}

/* ---- examples -------------------------------------------------------------------------------- */

/* Is a text of an example too long? */
static bool is_long(const char *text)
{
    return text && strlen(text) > LIMIT_TEMPLATE_PART_BYTES;
}

static int check_fields(const struct template_example *e, struct err *err)
{
    if (e->n_fields > LIMIT_TEMPLATE_FIELDS)
        return err_set(err, E_INPUT, _("more than %u fields"), LIMIT_TEMPLATE_FIELDS);
    bool too_long = is_long(e->output) || is_long(e->note) || is_long(e->source);
    for (size_t i = 0; i < e->n_fields && !too_long; i++)
        too_long = is_long(e->fields[i].value);
    if (too_long)
        return err_set(err, E_INPUT, _("a text of an example is longer than %u bytes"),
                       LIMIT_TEMPLATE_PART_BYTES);
    for (size_t i = 0; i < e->n_fields; i++) {
        if (template_check_var(e->fields[i].name, err) != 0)
            return E_INPUT;
        for (size_t k = 0; k < i; k++)
            if (strcmp(e->fields[k].name, e->fields[i].name) == 0)
                return err_set(err, E_INPUT, _("the field %s is there twice"), e->fields[i].name);
    }
    if (e->n_tags > LIMIT_TEMPLATE_LIST)
        return err_set(err, E_INPUT, _("more than %u tags"), LIMIT_TEMPLATE_LIST);
    for (size_t i = 0; i < e->n_tags; i++)
        if (template_check_tag(e->tags[i], err) != 0)
            return E_INPUT;
    return 0;
}

void template_needs_init(struct template_needs *needs, const struct template *t)
{
    size_t n = format_names(t->example_format, false, &needs->names);
    needs->n_names = 0;
    needs->says_output = false;
    for (size_t i = 0; i < n; i++) {
        const char *name = needs->names[i];
        const struct template_var *var = find_var(t, name);
        if (template_is_output(name))
            needs->says_output = true;
        else if (!var || !var->def)
            needs->names[needs->n_names++] = name;
    }
}

void template_needs_free(struct template_needs *needs)
{
    free(needs->names);
}

int template_check_example(const struct template_needs *needs, const struct template_example *e,
                           struct err *err)
{
    if (check_fields(e, err) != 0)
        return E_INPUT;
    for (size_t i = 0; i < needs->n_names; i++)
        if (!template_example_value(e, needs->names[i]))
            return err_set(err, E_INPUT,
                           _("the field %s is missing, which the example format names"),
                           needs->names[i]);
    if (!needs->says_output)
        return err_set(err, E_INPUT,
                       _("there are examples, but the example format does not say {{output}}"));
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int check_lists(const struct template *t, struct err *err)
{
    if (t->n_stops > SETTINGS_MAX_STOPS)
        return err_set(err, E_INPUT, _("stop: more than %d texts to stop at"), SETTINGS_MAX_STOPS);
    for (size_t i = 0; i < t->n_stops; i++)
        if (template_check_stop(t->stops[i], err) != 0)
            return E_INPUT;
    for (size_t i = 0; i < t->n_settings; i++) {
        if (template_check_setting(t->settings[i].name, t->settings[i].value, err) != 0)
            return E_INPUT;
        for (size_t k = 0; k < i; k++)
            if (option_find(t->settings[k].name) == option_find(t->settings[i].name))
                return err_set(err, E_INPUT, _("set: %s is set twice"), t->settings[i].name);
    }
    return 0;
}

static int check_shots(const struct template *t, struct err *err)
{
    if (t->k != SHOTS_FIT && (t->k < 1 || (unsigned)t->k > LIMIT_TEMPLATE_EXAMPLES))
        return err_set(err, E_INPUT, _("k: allowed is 1 to %u, or fit"), LIMIT_TEMPLATE_EXAMPLES);
    if (t->select == SELECT_TAG && (!t->select_tag || template_check_tag(t->select_tag, err) != 0))
        return err_set(err, E_INPUT, _("select: the tag is missing; write \"select: tag NAME\""));
    return 0;
}

static int check_examples(const struct template *t, const char *where, struct err *err)
{
    struct template_needs needs;
    int rc = 0;
    if (t->n_examples > LIMIT_TEMPLATE_EXAMPLES)
        return err_set(err, E_INPUT, _("%s: more than %u examples"), where,
                       LIMIT_TEMPLATE_EXAMPLES);
    template_needs_init(&needs, t);
    for (size_t i = 0; i < t->n_examples && !rc; i++) {
        rc = template_check_example(&needs, &t->examples[i], err);
        if (rc)
            err_wrap(err, _("%s: example %zu"), where, i + 1);
    }
    template_needs_free(&needs);
    return rc;
}

int template_check(const struct template *t, const char *where, struct err *err)
{
    if (template_check_name(t->name, err) != 0 || template_check_about(t->about, err) != 0 ||
        check_shots(t, err) != 0 || check_lists(t, err) != 0 ||
        template_check_formats(t, err) != 0) {
        err_wrap(err, "%s", where);
        return E_INPUT;
    }
    return check_examples(t, where, err);
}
