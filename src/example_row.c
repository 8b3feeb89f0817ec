/* example_row.c - see example_row.h. */
#include "config.h"

#include "src/example_row.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/template_format.h"
#include "src/template_text.h"

static const struct {
    const char *name;
    enum row_role role;
} remarks[] = {{"tags", ROW_TAGS}, {"note", ROW_NOTE}, {"source", ROW_SOURCE}, {"off", ROW_OFF}};

/* ---- the map --------------------------------------------------------------------------------- */

static enum row_role remark(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(remarks); i++)
        if (strcmp(remarks[i].name, name) == 0)
            return remarks[i].role;
    return ROW_NOTHING;
}

bool row_is_marked(const char *column)
{
    return column[0] == '@' && remark(column + 1) != ROW_NOTHING;
}

static int read_map(struct row_reader *r, const struct text_list *map, struct err *err)
{
    r->map = x_calloc(map->n + 1, sizeof r->map[0]);
    for (size_t i = 0; i < map->n; i++) {
        const char *text = map->items[i], *equals = strchr(text, '=');
        size_t n = equals ? (size_t)(equals - text) : 0;
        char quoted[360];
        err_quote(quoted, sizeof quoted, text, strlen(text));
        if (!equals || !equals[1])
            return err_set(err, E_USAGE, _("map: \"%s\" is not of the form VARIABLE=COLUMN"),
                           quoted);
        char *variable = x_strndup(text, n);
        r->map[r->n_map].column = equals + 1;
        r->map[r->n_map++].variable = variable;
        if (!format_is_name(variable, n) && !row_is_marked(variable))
            return err_set(err, E_USAGE,
                           _("map: \"%s\" does not begin with the name of a variable"), quoted);
        for (size_t k = 0; k + 1 < r->n_map; k++)
            if (strcmp(r->map[k].column, equals + 1) == 0 ||
                strcmp(r->map[k].variable, variable) == 0)
                return err_set(err, E_USAGE, _("map: \"%s\" names what another one names already"),
                               quoted);
    }
    return 0;
}

int row_reader_init(struct row_reader *r, const char *file, const struct example_import *how,
                    struct err *err)
{
    const struct template *t = how->template;
    *r = (struct row_reader){.how = how, .file = file};
    template_needs_init(&r->needs, t);
    r->n_example_vars = format_names(t->example_format, false, &r->example_vars);
    r->n_query_vars = template_query_vars(t, &r->query_vars);
    return how->map ? read_map(r, how->map, err) : 0;
}

void row_reader_free(struct row_reader *r)
{
    for (size_t i = 0; i < r->n_map; i++)
        free(r->map[i].variable);
    free(r->map);
    free(r->example_vars);
    free(r->query_vars);
    template_needs_free(&r->needs);
    example_set_free(&r->set);
}

void example_set_free(struct example_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        template_example_free(&set->items[i]);
    for (size_t i = 0; i < set->n_left_out && i < EXAMPLES_LEFT_OUT; i++)
        free(set->left_out[i]);
    free(set->items);
    free(set->left_out);
    memset(set, 0, sizeof *set);
}

/* ---- what a column means --------------------------------------------------------------------- */

static bool is_listed(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_variable(const struct row_reader *r, const char *name)
{
    const struct template *t = r->how->template;
    for (size_t i = 0; i < t->n_vars; i++)
        if (strcmp(t->vars[i].name, name) == 0)
            return true;
    return is_listed(r->example_vars, r->n_example_vars, name) ||
           is_listed(r->query_vars, r->n_query_vars, name);
}

static enum row_role role_of_name(const struct row_reader *r, const char *name, bool marked)
{
    if (template_is_output(name))
        return ROW_OUTPUT;
    if (row_is_marked(name))
        return remark(name + 1);
    if (is_variable(r, name))
        return ROW_FIELD;
    if (!marked && remark(name) != ROW_NOTHING)
        return remark(name);
    return ROW_NOTHING;
}

enum row_role row_role(const struct row_reader *r, const char *column, bool marked,
                       const char **field)
{
    *field = column;
    for (size_t i = 0; i < r->n_map; i++) {
        if (strcmp(r->map[i].column, column) != 0)
            continue;
        *field = r->map[i].variable;
        enum row_role role = role_of_name(r, *field, marked);
        return role == ROW_NOTHING ? ROW_FIELD : role;
    }
    for (size_t i = 0; i < r->n_map; i++) /* what the map fills has no second source */
        if (strcmp(r->map[i].variable, column) == 0)
            return ROW_NOTHING;
    enum row_role role = role_of_name(r, column, marked);
    if (role != ROW_NOTHING)
        return role;
    bool input = strcmp(column, "input") == 0 || strcmp(column, "输入") == 0;
    if (input && r->n_query_vars == 1 && !r->n_map) {
        *field = r->query_vars[0];
        return ROW_FIELD;
    }
    return r->n_map ? ROW_NOTHING : ROW_FIELD;
}

void row_leave_out(struct row_reader *r, const char *column)
{
    struct example_set *set = &r->set;
    size_t n = set->n_left_out < EXAMPLES_LEFT_OUT ? set->n_left_out : EXAMPLES_LEFT_OUT;
    if (is_listed((const char *const *)set->left_out, n, column))
        return;
    if (n < EXAMPLES_LEFT_OUT) {
        set->left_out = x_realloc(set->left_out, (n + 1) * sizeof set->left_out[0]);
        set->left_out[n] = x_strdup(column);
    }
    set->n_left_out++;
}

/* ---- a row ----------------------------------------------------------------------------------- */

static int twice(const struct row_reader *r, unsigned long line, const char *name, struct err *err)
{
    char quoted[360];
    return err_set(err, E_INPUT, _("%s: line %lu: two columns give \"%s\""), r->file, line,
                   err_quote(quoted, sizeof quoted, name, strlen(name)));
}

static int put_text(const struct row_reader *r, unsigned long line, char **to, const char *name,
                    const char *value, struct err *err)
{
    if (*to)
        return twice(r, line, name, err);
    *to = x_strdup(value);
    return 0;
}

static int put_field(const struct row_reader *r, unsigned long line, struct template_example *e,
                     const char *name, const char *value, struct err *err)
{
    if (template_example_value(e, name))
        return twice(r, line, name, err);
    if (e->n_fields == LIMIT_TEMPLATE_FIELDS)
        return err_set(err, E_INPUT, _("%s: line %lu: more than %u fields"), r->file, line,
                       LIMIT_TEMPLATE_FIELDS);
    e->fields = x_realloc(e->fields, (e->n_fields + 1) * sizeof e->fields[0]);
    e->fields[e->n_fields++] = (struct template_field){x_strdup(name), x_strdup(value)};
    return 0;
}

static int put_off(const struct row_reader *r, unsigned long line, struct template_example *e,
                   const char *value, struct err *err)
{
    static const char *const yes[] = {"off", "yes", "true", "1", "是"};
    static const char *const no[] = {"", "on", "no", "false", "0", "否"};
    char quoted[360];
    e->off = is_listed(yes, ARRAY_LEN(yes), value);
    if (e->off || is_listed(no, ARRAY_LEN(no), value))
        return 0;
    return err_set(err, E_INPUT,
                   _("%s: line %lu: off: \"%s\" is neither off, yes, true, 1 nor empty, on, no, "
                     "false, 0"),
                   r->file, line, err_quote(quoted, sizeof quoted, value, strlen(value)));
}

int row_put(const struct row_reader *r, unsigned long line, struct template_example *e,
            enum row_role role, const char *field, const char *value, struct err *err)
{
    switch (role) {
    case ROW_FIELD: return put_field(r, line, e, field, value, err);
    case ROW_OUTPUT: return put_text(r, line, &e->output, "output", value, err);
    case ROW_NOTE: return put_text(r, line, &e->note, "note", value, err);
    case ROW_SOURCE: return put_text(r, line, &e->source, "source", value, err);
    case ROW_TAGS: return template_parse_tags(r->file, line, value, e, err);
    case ROW_OFF: return put_off(r, line, e, value, err);
    default: return 0;
    }
}

static int check_row(const struct row_reader *r, unsigned long line,
                     const struct template_example *e, struct err *err)
{
    if (!e->output)
        return err_set(err, E_INPUT,
                       _("%s: line %lu: there is no \"output\"; when it is called otherwise, say "
                         "--map output=NAME"),
                       r->file, line);
    if (template_check_example(&r->needs, e, err) != 0) {
        err_wrap(err, _("%s: line %lu"), r->file, line);
        return E_INPUT;
    }
    return 0;
}

int row_end(struct row_reader *r, unsigned long line, struct template_example *e, int rc,
            struct err *err)
{
    struct err own = ERR_INIT;
    struct example_set *set = &r->set;
    if (!err)
        err = &own; /* the message is wanted for `bad` */
    if (!rc)
        rc = check_row(r, line, e, err);
    if (!rc && set->n == LIMIT_TEMPLATE_EXAMPLES) {
        template_example_free(e);
        return err_set(err, E_INPUT, _("%s: line %lu: more than %u examples"), r->file, line,
                       LIMIT_TEMPLATE_EXAMPLES);
    }
    if (rc) {
        template_example_free(e);
        if (!r->how->skip_bad)
            return rc;
        set->n_bad++;
        if (r->how->bad)
            r->how->bad(r->how->ctx, err->msg);
        *err = (struct err)ERR_INIT;
        return 0;
    }
    if (!e->source) {
        struct str source = STR_INIT;
        const char *slash = strrchr(r->file, '/');
        str_printf(&source, "%s:%lu", slash ? slash + 1 : r->file, line);
        e->source = str_take(&source);
    }
    if (!e->note)
        e->note = x_strdup("");
    if (set->n == set->cap) {
        set->cap = set->cap ? 2 * set->cap : 64;
        set->items = x_realloc(set->items, set->cap * sizeof set->items[0]);
    }
    set->items[set->n++] = *e;
    memset(e, 0, sizeof *e);
    return 0;
}

bool examples_need_marks(const struct template *t)
{
    const char **vars[2];
    size_t n_vars[2] = {format_names(t->example_format, false, &vars[0]),
                        template_query_vars(t, &vars[1])};
    bool need = false;
    for (size_t k = 0; k < ARRAY_LEN(remarks); k++) {
        for (size_t v = 0; v < 2; v++)
            for (size_t i = 0; i < n_vars[v]; i++)
                need = need || strcmp(vars[v][i], remarks[k].name) == 0;
        for (size_t i = 0; i < t->n_vars; i++)
            need = need || strcmp(t->vars[i].name, remarks[k].name) == 0;
        for (size_t i = 0; i < t->n_examples; i++)
            need = need || template_example_value(&t->examples[i], remarks[k].name);
    }
    free(vars[0]);
    free(vars[1]);
    return need;
}
