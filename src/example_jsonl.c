/* example_jsonl.c - examples as JSON lines (example_io.h). */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/example_row.h"
#include "src/jsonline.h"
#include "src/textfile.h"

/* ---- reading --------------------------------------------------------------------------------- */

static bool has_marks(const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (row_is_marked(key))
            return true;
    }
    return false;
}

/* fmt: file, line, key. */
static int refuse_value(const struct row_reader *r, unsigned long line, const char *key,
                        const char *fmt, struct err *err)
{
    char quoted[360];
    return err_set(err, E_INPUT, fmt, r->file, line,
                   err_quote(quoted, sizeof quoted, key, strlen(key)));
}

/* The text of a scalar, malloc'ed; NULL for lists, objects and null. Of a number the shortest that
 * is the same number: 0.1, not 0.10000000000000001. */
static char *text_of(const json_t *value)
{
    if (json_is_string(value))
        return x_strndup(json_string_value(value), json_string_length(value));
    if (json_is_real(value)) {
        char text[40];
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, json_real_value(value));
            if (strtod(text, NULL) == json_real_value(value))
                break;
        }
        return x_strdup(text);
    }
    return json_is_integer(value) || json_is_boolean(value) ? json_dumps(value, JSON_ENCODE_ANY)
                                                            : NULL;
}

static bool holds_nul(const json_t *value)
{
    return json_is_string(value) &&
           memchr(json_string_value(value), '\0', json_string_length(value));
}

static int put_tags(const struct row_reader *r, unsigned long line, const json_t *list,
                    struct template_example *e, struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *tag = json_array_get(list, i);
        if (!json_is_string(tag) || holds_nul(tag))
            return refuse_value(r, line, "tags", _("%s: line %lu: \"%s\" must be a list of texts"),
                                err);
        if (e->n_tags == LIMIT_TEMPLATE_LIST)
            return refuse_value(r, line, "tags", _("%s: line %lu: \"%s\" has too many of them"),
                                err);
        e->tags = x_realloc(e->tags, (e->n_tags + 1) * sizeof e->tags[0]);
        e->tags[e->n_tags++] = x_strdup(json_string_value(tag));
    }
    return 0;
}

static int put_value(struct row_reader *r, unsigned long line, struct template_example *e,
                     const char *key, const json_t *value, bool marked, struct err *err)
{
    const char *field;
    enum row_role role = row_role(r, key, marked, &field);
    if (json_is_null(value))
        return 0;
    if (role == ROW_TAGS && json_is_array(value))
        return put_tags(r, line, value, e, err);
    char *text = text_of(value);
    if (role == ROW_NOTHING || (role == ROW_FIELD && !text)) {
        row_leave_out(r, key);
        free(text);
        return 0;
    }
    int rc = 0;
    if (!text)
        rc = refuse_value(r, line, key,
                          _("%s: line %lu: \"%s\" is a list or an object, not a text"), err);
    else if (holds_nul(value))
        rc = refuse_value(r, line, key, _("%s: line %lu: \"%s\" holds a NUL character"), err);
    else
        rc = row_put(r, line, e, role, field, text, err);
    free(text);
    return rc;
}

static int read_object(struct row_reader *r, unsigned long line, const json_t *object,
                       struct template_example *e, struct err *err)
{
    const bool marked = has_marks(object);
    const char *key;
    json_t *value;
    int rc = 0;
    json_object_foreach((json_t *)object, key, value)
    {
        if (!rc)
            rc = put_value(r, line, e, key, value, marked, err);
    }
    return rc;
}

static int read_line(struct row_reader *r, unsigned long line, const char *text, size_t n,
                     struct err *err)
{
    struct template_example e = {0};
    struct str where = STR_INIT;
    json_t *object = NULL;
    str_printf(&where, _("%s: line %lu"), r->file, line);
    int rc = 0;
    if (n > LIMIT_INPUT_LINE_BYTES)
        rc = err_set(err, E_INPUT, _("%s: longer than %u bytes"), str_cstr(&where),
                     LIMIT_INPUT_LINE_BYTES);
    else
        rc = jsonline_parse(str_cstr(&where), text, n, &object, err);
    if (!rc)
        rc = read_object(r, line, object, &e, err);
    json_decref(object);
    str_free(&where);
    return row_end(r, line, &e, rc, err);
}

static bool is_blank(const char *s, size_t n)
{
    while (n && strchr(" \t\r", s[n - 1]) && s[n - 1])
        n--;
    return n == 0;
}

int examples_parse_jsonl(const char *file, const char *text, size_t n,
                         const struct example_import *how, struct example_set *out, struct err *err)
{
    struct err own = ERR_INIT;
    struct row_reader r;
    err = err ? err : &own;
    int rc = row_reader_init(&r, file, how, err);
    if (!rc && n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        rc = textfile_check_lines(file, text, n, err);
    size_t at = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    for (unsigned long line = 1; !rc && at < n; line++) {
        const char *newline = memchr(text + at, '\n', n - at);
        size_t length = newline ? (size_t)(newline - text) - at : n - at;
        if (!is_blank(text + at, length))
            rc = read_line(&r, line, text + at, length, err);
        at += length + 1;
    }
    if (!rc) {
        *out = r.set;
        memset(&r.set, 0, sizeof r.set);
    }
    row_reader_free(&r);
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

static void print_example(const struct template_example *e, bool marked, struct str *out)
{
    json_t *object = json_object(), *tags = json_array();
    for (size_t i = 0; i < e->n_fields; i++)
        set_text(object, e->fields[i].name, e->fields[i].value);
    set_text(object, "output", e->output);
    for (size_t i = 0; i < e->n_tags; i++)
        json_array_append_new(tags, json_string(e->tags[i]));
    if (e->n_tags || marked)
        json_object_set(object, marked ? "@tags" : "tags", tags);
    if (e->note[0])
        set_text(object, marked ? "@note" : "note", e->note);
    set_text(object, marked ? "@source" : "source", e->source);
    if (e->off)
        json_object_set_new(object, marked ? "@off" : "off", json_true());
    char *text = json_dumps(object, 0);
    str_puts(out, text ? text : "{}");
    str_putc(out, '\n');
    free(text);
    json_decref(tags);
    json_decref(object);
}

void examples_print_jsonl(const struct template *t, struct str *out)
{
    bool marked = examples_need_marks(t);
    for (size_t i = 0; i < t->n_examples; i++)
        print_example(&t->examples[i], marked, out);
}
