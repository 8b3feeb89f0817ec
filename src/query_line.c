/* query_line.c - see query_line.h. */
#include "config.h"

#include "src/query_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/template_format.h"

#define WIDE_EQUALS "\xEF\xBC\x9D"

void query_fields_free(struct template_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(fields[i].name);
        free(fields[i].value);
    }
    free(fields);
}

static const char *value_of(const struct template_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].value;
    return NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Does a name with its = begin here? Its place in names, SIZE_MAX: none; *n is what both take. */
static size_t name_at(const char *line, const char *s, const char **names, size_t n_names,
                      size_t *n)
{
    if (s > line && s[-1] != ' ' && s[-1] != '\n')
        return SIZE_MAX;
    for (size_t i = 0; i < n_names; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(s, names[i], len) != 0)
            continue;
        bool wide = strncmp(s + len, WIDE_EQUALS, strlen(WIDE_EQUALS)) == 0;
        if (s[len] != '=' && !wide)
            continue;
        *n = len + (wide ? strlen(WIDE_EQUALS) : 1);
        return i;
    }
    return SIZE_MAX;
}

/* Without blanks around it, and without the quotation marks it stands in. */
static char *plain(const char *s, const char *end)
{
    struct str out = STR_INIT;
    while (s < end && (*s == ' ' || *s == '\n'))
        s++;
    while (end > s && (end[-1] == ' ' || end[-1] == '\n'))
        end--;
    bool quoted = end - s >= 2 && s[0] == '"' && end[-1] == '"';
    if (quoted) {
        s++;
        end--;
    }
    for (; s < end; s++) {
        if (quoted && *s == '\\' && s + 1 < end)
            s++;
        str_putc(&out, *s);
    }
    char *text = out.len ? str_take(&out) : x_strdup("");
    str_free(&out);
    return text;
}

/* Where the value at s ends: at the next name, or at the end. */
static const char *value_end(const char *line, const char *s, const char **names, size_t n_names)
{
    size_t n;
    if (*s == '"') {
        for (s++; *s && *s != '"'; s++)
            if (*s == '\\' && s[1])
                s++;
        if (*s)
            s++;
        return s;
    }
    while (*s && name_at(line, s, names, n_names, &n) == SIZE_MAX)
        s++;
    return s;
}

static void add(struct template_field **fields, size_t *n, const char *name, char *value)
{
    *fields = x_realloc(*fields, (*n + 1) * sizeof **fields);
    (*fields)[(*n)++] = (struct template_field){x_strdup(name), value};
}

size_t query_line_parse(const struct template *t, const char *line, struct template_field **out)
{
    const char **names;
    size_t n_names = template_query_vars(t, &names), n = 0;
    struct str rest = STR_INIT;
    *out = NULL;
    for (const char *s = line; *s && n_names > 1;) {
        size_t n_name, i = name_at(line, s, names, n_names, &n_name);
        if (i == SIZE_MAX) {
            str_putc(&rest, *s++);
            continue;
        }
        const char *value = s + n_name;
        s = value_end(line, value, names, n_names);
        if (!value_of(*out, n, names[i]))
            add(out, &n, names[i], plain(value, s));
    }
    if (n_names == 1 && line[0]) {
        add(out, &n, names[0], x_strdup(line));
    } else if (rest.len) {
        char *text = plain(rest.data, rest.data + rest.len);
        size_t i = 0;
        while (i < n_names && value_of(*out, n, names[i]))
            i++;
        if (i < n_names && text[0])
            add(out, &n, names[i], text);
        else
            free(text);
    }
    str_free(&rest);
    free(names);
    return n;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Would the value be read back as it is, without quotation marks? */
static bool is_plain(const char *value, const char **names, size_t n_names)
{
    size_t n;
    char *same = plain(value, value + strlen(value));
    bool ok = value[0] && value[0] != '"' && strcmp(same, value) == 0;
    for (const char *s = value; ok && *s; s++)
        ok = name_at(value, s, names, n_names, &n) == SIZE_MAX;
    free(same);
    return ok;
}

static void put_value(const char *value, bool quoted, struct str *out)
{
    if (!quoted) {
        str_puts(out, value);
        return;
    }
    str_putc(out, '"');
    for (const char *s = value; *s; s++) {
        if (*s == '"' || *s == '\\')
            str_putc(out, '\\');
        str_putc(out, *s);
    }
    str_putc(out, '"');
}

void query_line_print(const struct template *t, const struct template_field *fields, size_t n,
                      struct str *out)
{
    const char **names;
    size_t n_names = template_query_vars(t, &names);
    bool first = true;
    for (size_t i = 0; i < n_names; i++) {
        const char *value = value_of(fields, n, names[i]);
        if (!value)
            continue;
        bool quoted = n_names > 1 && !is_plain(value, names, n_names);
        if (!first)
            str_putc(out, ' ');
        if (i > 0 || quoted)
            str_printf(out, "%s=", names[i]);
        put_value(value, quoted, out);
        first = false;
    }
    free(names);
}

const char *query_line_missing(const struct template *t, const struct template_field *fields,
                               size_t n, size_t i)
{
    static char found[LIMIT_TEMPLATE_NAME_BYTES + 1];
    const char **names, *out = NULL;
    size_t n_names = template_query_vars(t, &names);
    for (size_t k = 0; k < n_names && !out; k++) {
        bool has = value_of(fields, n, names[k]) != NULL;
        for (size_t v = 0; v < t->n_vars && !has; v++)
            has = strcmp(t->vars[v].name, names[k]) == 0 && t->vars[v].def;
        if (!has && i-- == 0) {
            snprintf(found, sizeof found, "%s", names[k]);
            out = found;
        }
    }
    free(names);
    return out;
}

/* ---- from a prompt --------------------------------------------------------------------------- */

struct piece {
    bool is_var;
    char *text; /* literal text, neighbours joined; or the name */
};

/* The pieces of the query's format up to the answer. */
static size_t read_format(const struct template *t, struct piece **out)
{
    const char *format = t->query_format ? t->query_format : t->example_format;
    struct format_piece p;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    size_t n = 0;
    *out = NULL;
    while (format_next(&format, &p, NULL) > 0) {
        if (p.is_var && template_is_output(format_name(&p, name)))
            break;
        if (!p.is_var && n > 0 && !(*out)[n - 1].is_var) {
            struct str joined = STR_INIT;
            str_puts(&joined, (*out)[n - 1].text);
            str_append(&joined, p.s, p.n);
            free((*out)[n - 1].text);
            (*out)[n - 1].text = str_take(&joined);
            continue;
        }
        *out = x_realloc(*out, (n + 1) * sizeof **out);
        (*out)[n++] = (struct piece){p.is_var, x_strndup(p.s, p.n)};
    }
    return n;
}

/* Bytes of the value at s, up to the literal that follows it; SIZE_MAX: that does not come. */
static size_t value_bytes(const struct piece *next, bool next_is_last, const char *s,
                          const char *end)
{
    size_t left = (size_t)(end - s);
    if (!next)
        return left;
    if (next->is_var)
        return 0;
    size_t n = strlen(next->text);
    if (next_is_last)
        return left >= n && memcmp(end - n, next->text, n) == 0 ? left - n : SIZE_MAX;
    const char *at = memmem(s, left, next->text, n);
    return at ? (size_t)(at - s) : SIZE_MAX;
}

bool query_line_recover(const struct template *t, const char *query, size_t n_query,
                        struct template_field **out, size_t *n)
{
    struct piece *pieces;
    size_t n_pieces = read_format(t, &pieces);
    const char *s = query, *end = query + n_query;
    bool ok = true;
    *out = NULL;
    *n = 0;
    for (size_t i = 0; i < n_pieces && ok; i++) {
        size_t bytes = strlen(pieces[i].text);
        if (!pieces[i].is_var) {
            ok = (size_t)(end - s) >= bytes && memcmp(s, pieces[i].text, bytes) == 0;
            s += ok ? bytes : 0;
            continue;
        }
        const struct piece *next = i + 1 < n_pieces ? &pieces[i + 1] : NULL;
        const char *known = value_of(*out, *n, pieces[i].text);
        if (known)
            bytes = strlen(known);
        else
            bytes = value_bytes(next, i + 2 == n_pieces, s, end);
        ok = bytes <= (size_t)(end - s) && (!known || memcmp(s, known, bytes) == 0);
        if (ok && !known)
            add(out, n, pieces[i].text, x_strndup(s, bytes));
        s += ok ? bytes : 0;
    }
    ok = ok && s == end;
    for (size_t i = 0; i < n_pieces; i++)
        free(pieces[i].text);
    free(pieces);
    if (!ok) {
        query_fields_free(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return ok;
}
