/* csv_read.c - see csv_read.h. By hand, because libraries that read CSV do not tell where a quote
 * went wrong. Strict: what RFC 4180 has no meaning for is refused, not guessed. */
#include "config.h"

#include "src/csv_read.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/csv_write.h"

void csv_init(struct csv *c, const char *file, const char *text, size_t n, bool guarded)
{
    size_t skip = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    *c = (struct csv){
        .file = file, .p = text + skip, .end = text + n, .line = 1, .guarded = guarded};
}

static bool at_line_end(const struct csv *c, const char *p)
{
    return p == c->end || *p == '\n' || (*p == '\r' && p + 1 < c->end && p[1] == '\n');
}

/* The cell whose opening quote is at c->p; c->p comes behind the closing one. */
static int read_quoted(struct csv *c, struct str *cell, struct err *err)
{
    unsigned long opened = c->line;
    for (c->p++;; c->p++) {
        if (c->p == c->end)
            return err_set(err, E_INPUT, _("%s: line %lu: a quote is opened here and never closed"),
                           c->file, opened);
        if (*c->p == '"') {
            if (c->p + 1 == c->end || c->p[1] != '"')
                break;
            c->p++; /* two of them stand for one */
        }
        c->line += *c->p == '\n';
        str_putc(cell, *c->p);
    }
    c->p++;
    if (!at_line_end(c, c->p) && *c->p != ',')
        return err_set(err, E_INPUT,
                       _("%s: line %lu: text behind a closing quote; a quote inside of a cell is "
                         "written twice"),
                       c->file, c->line);
    return 0;
}

static int read_plain(struct csv *c, struct str *cell, struct err *err)
{
    const char *begin = c->p;
    while (!at_line_end(c, c->p) && *c->p != ',') {
        if (*c->p == '"' || *c->p == '\r')
            return err_set(err, E_INPUT,
                           *c->p == '"' ? _("%s: line %lu: a quote in the middle of a cell; put "
                                            "the cell in quotes and write this one twice")
                                        : _("%s: line %lu: a carriage return without a line feed "
                                            "in a cell that is not in quotes"),
                           c->file, c->line);
        c->p++;
    }
    str_append(cell, begin, (size_t)(c->p - begin));
    return 0;
}

static char *take_cell(const struct csv *c, const struct str *cell)
{
    const char *text = str_cstr(cell);
    bool guard = c->guarded && text[0] == '\'' && csv_is_formula(text, cell->len);
    return x_strdup(text + guard);
}

static void pass_line_end(struct csv *c)
{
    if (c->p < c->end) {
        c->p += *c->p == '\r' ? 2 : 1;
        c->line++;
    }
}

int csv_next(struct csv *c, char **cells, size_t max, size_t *n, struct err *err)
{
    struct str cell = STR_INIT;
    int rc = 0;
    while (c->p < c->end && at_line_end(c, c->p))
        pass_line_end(c);
    if (c->p == c->end)
        return 0;
    c->row = c->line;
    for (*n = 0; !rc; c->p++) {
        str_clear(&cell);
        rc = c->p < c->end && *c->p == '"' ? read_quoted(c, &cell, err) : read_plain(c, &cell, err);
        if (!rc && *n < max)
            cells[*n] = take_cell(c, &cell);
        *n += !rc;
        if (rc || at_line_end(c, c->p))
            break;
    }
    str_free(&cell);
    if (!rc) {
        pass_line_end(c);
        return 1;
    }
    for (size_t i = 0; i < *n && i < max; i++)
        free(cells[i]);
    return rc;
}
