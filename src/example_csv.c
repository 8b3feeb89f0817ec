/* example_csv.c - examples as a table (example_io.h): a header with the names, then a row each. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/csv_read.h"
#include "src/csv_write.h"
#include "src/example_row.h"
#include "src/template_format.h"
#include "src/template_text.h"
#include "src/textfile.h"

enum { MAX_COLUMNS = LIMIT_TEMPLATE_FIELDS };

/* ---- reading --------------------------------------------------------------------------------- */

struct table {
    struct row_reader rows;
    struct csv csv;
    char *names[MAX_COLUMNS];
    size_t n_columns;
    struct column {
        enum row_role role;
        const char *field;
        bool needed; /* an empty cell is a value too */
    } columns[MAX_COLUMNS];
};

static void free_cells(char **cells, size_t n)
{
    for (size_t i = 0; i < n && i < MAX_COLUMNS; i++)
        free(cells[i]);
}

static bool is_needed(const struct row_reader *r, const char *field)
{
    for (size_t i = 0; i < r->needs.n_names; i++)
        if (strcmp(r->needs.names[i], field) == 0)
            return true;
    return false;
}

static bool has_column(const struct table *t, enum row_role role, const char *field)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].role == role && (!field || strcmp(t->columns[i].field, field) == 0))
            return true;
    return false;
}

/* What is missing in the header is told once, not for every row. */
static int check_header(const struct table *t, struct err *err)
{
    const struct row_reader *r = &t->rows;
    char quoted[360];
    for (size_t i = 0; i < t->n_columns; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(t->names[i], t->names[k]) == 0)
                return err_set(err, E_INPUT, _("%s: line %lu: two columns are called \"%s\""),
                               r->file, t->csv.row,
                               err_quote(quoted, sizeof quoted, t->names[i], strlen(t->names[i])));
    if (!has_column(t, ROW_OUTPUT, NULL))
        return err_set(err, E_INPUT,
                       _("%s: line %lu: there is no column \"output\"; when it is called "
                         "otherwise, say --map output=NAME"),
                       r->file, t->csv.row);
    for (size_t i = 0; i < r->needs.n_names; i++)
        if (!has_column(t, ROW_FIELD, r->needs.names[i]))
            return err_set(err, E_INPUT,
                           _("%s: line %lu: there is no column \"%s\"; when it is called "
                             "otherwise, say --map %s=NAME"),
                           r->file, t->csv.row, r->needs.names[i], r->needs.names[i]);
    return 0;
}

static int read_header(struct table *t, struct err *err)
{
    bool marked = false;
    size_t n;
    int more = csv_next(&t->csv, t->names, MAX_COLUMNS, &n, err);
    if (more < 0)
        return more;
    if (!more)
        return err_set(err, E_INPUT, _("%s: line 1: a header with the names of columns is missing"),
                       t->rows.file);
    t->n_columns = n < MAX_COLUMNS ? n : MAX_COLUMNS;
    if (n > MAX_COLUMNS)
        return err_set(err, E_INPUT, _("%s: line %lu: more than %d columns"), t->rows.file,
                       t->csv.row, MAX_COLUMNS);
    for (size_t i = 0; i < n; i++)
        marked = marked || row_is_marked(t->names[i]);
    for (size_t i = 0; i < n; i++) {
        struct column *c = &t->columns[i];
        c->role = row_role(&t->rows, t->names[i], marked, &c->field);
        c->needed =
            c->role == ROW_OUTPUT || (c->role == ROW_FIELD && is_needed(&t->rows, c->field));
        if (c->role == ROW_NOTHING)
            row_leave_out(&t->rows, t->names[i]);
    }
    return check_header(t, err);
}

static int read_row(struct table *t, char **cells, size_t n, struct err *err)
{
    struct template_example e = {0};
    int rc = 0;
    if (n != t->n_columns)
        rc = err_set(err, E_INPUT, _("%s: line %lu: %zu cells, but the header has %zu columns"),
                     t->rows.file, t->csv.row, n, t->n_columns);
    for (size_t i = 0; !rc && i < n; i++)
        if (cells[i][0] || t->columns[i].needed || t->columns[i].role == ROW_SOURCE)
            rc = row_put(&t->rows, t->csv.row, &e, t->columns[i].role, t->columns[i].field,
                         cells[i], err);
    return row_end(&t->rows, t->csv.row, &e, rc, err);
}

int examples_parse_csv(const char *file, const char *text, size_t n,
                       const struct example_import *how, struct example_set *out, struct err *err)
{
    struct err own = ERR_INIT;
    struct table *t = x_calloc(1, sizeof *t);
    char *cells[MAX_COLUMNS];
    size_t n_cells;
    int more = 0;
    err = err ? err : &own;
    int rc = row_reader_init(&t->rows, file, how, err);
    if (!rc)
        rc = textfile_check_lines(file, text, n, err);
    if (!rc) {
        csv_init(&t->csv, file, text, n, !how->raw);
        rc = read_header(t, err);
    }
    while (!rc && (more = csv_next(&t->csv, cells, MAX_COLUMNS, &n_cells, err)) > 0) {
        rc = read_row(t, cells, n_cells, err);
        free_cells(cells, n_cells);
    }
    if (!rc)
        rc = more; /* 0, or why the next row cannot be read: nor can what follows it */
    if (!rc) {
        *out = t->rows.set;
        memset(&t->rows.set, 0, sizeof t->rows.set);
    }
    free_cells(t->names, t->n_columns);
    row_reader_free(&t->rows);
    free(t);
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The columns of fields: what the example format names, then what else there is, in order of
 * appearance. Five of MAX_COLUMNS are ours. */
struct fields {
    const char **of_format; /* the strings `names` begins with live here */
    const char *names[MAX_COLUMNS];
    size_t n;
};

static bool add_field(struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->names[i], name) == 0)
            return true;
    if (f->n == MAX_COLUMNS - 5)
        return false;
    f->names[f->n++] = name;
    return true;
}

static bool collect_fields(const struct template *t, struct fields *f)
{
    size_t n = format_names(t->example_format, false, &f->of_format);
    bool all = true;
    f->n = 0;
    for (size_t i = 0; i < n; i++)
        all = all && (template_is_output(f->of_format[i]) || add_field(f, f->of_format[i]));
    for (size_t i = 0; i < t->n_examples; i++)
        for (size_t k = 0; k < t->examples[i].n_fields; k++)
            all = all && add_field(f, t->examples[i].fields[k].name);
    return all;
}

static void put(struct str *line, const char *text, bool raw)
{
    csv_text(line, text, strlen(text), raw);
}

static void print_row(const struct template_example *e, const struct fields *f, bool raw,
                      struct str *out)
{
    struct str line = STR_INIT, tags = STR_INIT;
    template_print_tags(e, &tags);
    for (size_t i = 0; i < f->n; i++) {
        const char *value = template_example_value(e, f->names[i]);
        put(&line, value ? value : "", raw);
    }
    put(&line, e->output, raw);
    put(&line, str_cstr(&tags), raw);
    put(&line, e->note, raw);
    put(&line, e->source, raw);
    put(&line, e->off ? "off" : "", raw);
    csv_end_line(&line);
    str_append(out, line.data, line.len);
    str_free(&line);
    str_free(&tags);
}

static void print_header(const struct template *t, const struct fields *f, bool raw,
                         struct str *out)
{
    static const char *const ours[] = {"output", "@tags", "@note", "@source", "@off"};
    const bool marked = examples_need_marks(t);
    struct str line = STR_INIT;
    for (size_t i = 0; i < f->n; i++)
        put(&line, f->names[i], raw);
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        put(&line, ours[i] + (ours[i][0] == '@' && !marked), raw);
    csv_end_line(&line);
    str_append(out, line.data, line.len);
    str_free(&line);
}

int examples_print_csv(const struct template *t, bool raw, struct str *out, struct err *err)
{
    struct fields f;
    int rc = 0;
    if (collect_fields(t, &f)) {
        print_header(t, &f, raw, out);
        for (size_t i = 0; i < t->n_examples; i++)
            print_row(&t->examples[i], &f, raw, out);
    } else {
        rc = err_set(err, E_INPUT,
                     _("%s: the examples have more different fields than a table may have columns "
                       "(%d); export them as jsonl"),
                     t->name, MAX_COLUMNS);
    }
    free(f.of_format);
    return rc;
}
