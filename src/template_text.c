/* template_text.c - reads the text form of a template; template_print.c writes it.
 *
 *     file      = "xuxie template 1" LF *(key / empty) [instruction] [example format]
 *                 [query format] *example
 *
 *     key       = NAME ":" value LF           about, k, mode, name, select, separator, set, stop,
 *                                             var
 *
 *     section   = "== " NAME LF text
 *
 *     example   = "== example" *(" #" tag) [" off"] LF *("note:" / "source:" value LF) 1*field
 *
 *     field     = "-- " NAME LF text          one of them is the answer, "-- output"
 *
 *     tag       = characters without blanks, quotes, backslashes / JSON string
 *
 *     value     = what follows without the blanks at its ends / JSON string
 *
 *     text      = *(line LF)
 *
 * A text is the lines up to the next heading, joined by line feeds. One empty line at its end is no
 * part of it: it sets the heading off, and a file that ends in an empty line does not end an
 * example with one. A line of a text that begins with == or --, or with backslashes and then one of
 * these, has one backslash more than it means; outside of examples -- needs none.
 *
 * A value that begins with a quote is a JSON string: so line breaks and blanks at the ends can be
 * said. `separator` and `stop` always are.
 *
 * One pass, line by line, no recursion. What can be wrong with a line is told at that line; what
 * can be wrong with the whole (a field that the format names is missing) at the example's heading.
 */
#include "config.h"

#include "src/template_text.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/option_table.h"
#include "src/template_check.h"
#include "src/textfile.h"

struct reader {
    const char *file; /* for messages */
    const char *p, *end;
    unsigned long line; /* number of the line in hand, from 1 */
    const char *s;      /* that line, without its LF */
    size_t n;
    bool held; /* it is to be read once more: a heading ends what stands before it */
};

/* "FILE: line N: ...", of the line in hand. */
__attribute__((format(printf, 3, 4))) static int refuse(const struct reader *r, struct err *err,
                                                        const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&text, fmt, ap);
    va_end(ap);
    err_set(err, E_INPUT, _("%s: line %lu: %s"), r->file, r->line, str_cstr(&text));
    str_free(&text);
    return E_INPUT;
}

/* The place before a message of template_check.h. */
static int wrap_at(const struct reader *r, unsigned long line, struct err *err)
{
    err_wrap(err, _("%s: line %lu"), r->file, line);
    return E_INPUT;
}

static bool next_line(struct reader *r)
{
    if (r->held) {
        r->held = false;
        return true;
    }
    if (r->p == r->end)
        return false;
    const char *newline = memchr(r->p, '\n', (size_t)(r->end - r->p));
    r->s = r->p;
    r->n = (size_t)((newline ? newline : r->end) - r->p);
    r->p = newline ? newline + 1 : r->end;
    r->line++;
    return true;
}

static bool begins(const char *s, size_t n, const char *with)
{
    size_t m = strlen(with);
    return n >= m && memcmp(s, with, m) == 0;
}

static bool line_is(const struct reader *r, const char *text)
{
    return r->n == strlen(text) && memcmp(r->s, text, r->n) == 0;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void trim(const char **s, size_t *n)
{
    while (*n && strchr(" \t", **s)) {
        (*s)++;
        (*n)--;
    }
    while (*n && strchr(" \t", (*s)[*n - 1]))
        (*n)--;
}

/* A JSON string, malloc'ed. */
static int read_json(const struct reader *r, const char *s, size_t n, char **out, struct err *err)
{
    json_error_t error;
    json_t *value = json_loadb(s, n, JSON_DECODE_ANY, &error);
    int rc = 0;
    if (json_is_string(value))
        *out = x_strndup(json_string_value(value), json_string_length(value));
    else
        rc = refuse(r, err, _("what begins with a quote must be one string in JSON's notation%s%s"),
                    value ? "" : ": ", value ? "" : error.text);
    json_decref(value);
    return rc;
}

/* A value: trimmed text, or a JSON string. malloc'ed. */
static int read_value(const struct reader *r, const char *s, size_t n, char **out, struct err *err)
{
    trim(&s, &n);
    if (n && s[0] == '"')
        return read_json(r, s, n, out, err);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7F)
            return refuse(r, err,
                          _("a control character (0x%02X); write the value as a string in JSON's "
                            "notation"),
                          (unsigned char)s[i]);
    *out = x_strndup(s, n);
    return 0;
}

/* "name = value"; *value stays NULL when there is no "=". */
static int read_pair(const struct reader *r, const char *s, size_t n, char **name, char **value,
                     struct err *err)
{
    const char *equals = n ? memchr(s, '=', n) : NULL;
    size_t n_name = equals ? (size_t)(equals - s) : n;
    if (equals && read_value(r, equals + 1, n - n_name - 1, value, err) != 0)
        return E_INPUT;
    trim(&s, &n_name);
    *name = x_strndup(s, n_name);
    return 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

typedef int key_fn(struct reader *r, struct template *t, char *value, struct err *err);

static int key_name(struct reader *r, struct template *t, char *value, struct err *err)
{
    free(t->name);
    t->name = value;
    return template_check_name(value, err) ? wrap_at(r, r->line, err) : 0;
}

static int key_about(struct reader *r, struct template *t, char *value, struct err *err)
{
    free(t->about);
    t->about = value;
    return template_check_about(value, err) ? wrap_at(r, r->line, err) : 0;
}

static int key_mode(struct reader *r, struct template *t, char *value, struct err *err)
{
    int rc = 0;
    if (strcmp(value, "zero") == 0)
        t->mode = TEMPLATE_ZERO;
    else if (strcmp(value, "one") == 0)
        t->mode = TEMPLATE_ONE;
    else if (strcmp(value, "few") == 0)
        t->mode = TEMPLATE_FEW;
    else
        rc = refuse(r, err, _("mode: allowed is zero, one, few"));
    free(value);
    return rc;
}

static int key_k(struct reader *r, struct template *t, char *value, struct err *err)
{
    char *end;
    errno = 0;
    long k = strtol(value, &end, 10);
    bool good = value[0] >= '0' && value[0] <= '9' && !*end && !errno && k >= 1 &&
                k <= (long)LIMIT_TEMPLATE_EXAMPLES;
    if (strcmp(value, "fit") == 0) {
        good = true;
        k = SHOTS_FIT;
    }
    free(value);
    if (!good)
        return refuse(r, err, _("k: allowed is 1 to %u, or fit"), LIMIT_TEMPLATE_EXAMPLES);
    t->k = (int)k;
    return 0;
}

static int key_select(struct reader *r, struct template *t, char *value, struct err *err)
{
    static const char *const words[] = {
        [SELECT_FIRST] = "first", [SELECT_RANDOM] = "random", [SELECT_SIMILAR] = "similar"};
    size_t i = 0;
    int rc = 0;
    while (i < ARRAY_LEN(words) && !(words[i] && strcmp(words[i], value) == 0))
        i++;
    if (i < ARRAY_LEN(words)) {
        t->select = (enum template_select)i;
    } else if (begins(value, strlen(value), "tag ")) {
        t->select = SELECT_TAG;
        rc = read_value(r, value + 4, strlen(value) - 4, &t->select_tag, err);
        if (!rc && template_check_tag(t->select_tag, err) != 0)
            rc = wrap_at(r, r->line, err);
    } else {
        rc = refuse(r, err, _("select: allowed is first, random, similar, tag NAME"));
    }
    free(value);
    return rc;
}

static int key_separator(struct reader *r, struct template *t, char *value, struct err *err)
{
    (void)r;
    (void)err;
    free(t->separator);
    t->separator = value;
    return 0;
}

static int key_stop(struct reader *r, struct template *t, char *value, struct err *err)
{
    t->stops = x_realloc(t->stops, (t->n_stops + 1) * sizeof t->stops[0]);
    t->stops[t->n_stops++] = value;
    if (t->n_stops > SETTINGS_MAX_STOPS)
        return refuse(r, err, _("stop: more than %d texts to stop at"), SETTINGS_MAX_STOPS);
    return template_check_stop(value, err) ? wrap_at(r, r->line, err) : 0;
}

/* set and var get their value unread: it has two parts. */
static int key_set(struct reader *r, struct template *t, char *value, struct err *err)
{
    struct template_setting set = {NULL, NULL};
    int rc = read_pair(r, value, strlen(value), &set.name, &set.value, err);
    free(value);
    if (!rc && !set.value)
        rc = refuse(r, err, _("set: write \"set: NAME = VALUE\""));
    if (!rc && template_check_setting(set.name, set.value, err) != 0)
        rc = wrap_at(r, r->line, err);
    for (size_t i = 0; !rc && i < t->n_settings; i++)
        if (option_find(t->settings[i].name) == option_find(set.name))
            rc = refuse(r, err, _("set: %s is set twice"), set.name);
    if (rc) {
        free(set.name);
        free(set.value);
        return rc;
    }
    t->settings = x_realloc(t->settings, (t->n_settings + 1) * sizeof t->settings[0]);
    t->settings[t->n_settings++] = set;
    return 0;
}

static int key_var(struct reader *r, struct template *t, char *value, struct err *err)
{
    struct template_var var = {NULL, NULL};
    int rc = read_pair(r, value, strlen(value), &var.name, &var.def, err);
    free(value);
    if (!rc && template_check_var(var.name, err) != 0)
        rc = wrap_at(r, r->line, err);
    for (size_t i = 0; !rc && i < t->n_vars; i++)
        if (strcmp(t->vars[i].name, var.name) == 0)
            rc = refuse(r, err, _("the variable %s is declared twice"), var.name);
    if (!rc && t->n_vars == LIMIT_TEMPLATE_LIST)
        rc = refuse(r, err, _("more than %u variables are declared"), LIMIT_TEMPLATE_LIST);
    if (rc) {
        free(var.name);
        free(var.def);
        return rc;
    }
    t->vars = x_realloc(t->vars, (t->n_vars + 1) * sizeof t->vars[0]);
    t->vars[t->n_vars++] = var;
    return 0;
}

enum key_value { VALUE_ANY, VALUE_QUOTED, VALUE_UNREAD };

static const struct key {
    const char *name;
    key_fn *fn; /* takes the value */
    enum key_value value;
    bool repeats;
} keys[] = {
    {"name", key_name, VALUE_ANY, false},        {"about", key_about, VALUE_ANY, false},
    {"mode", key_mode, VALUE_ANY, false},        {"k", key_k, VALUE_ANY, false},
    {"select", key_select, VALUE_UNREAD, false}, {"separator", key_separator, VALUE_QUOTED, false},
    {"stop", key_stop, VALUE_QUOTED, true},      {"set", key_set, VALUE_UNREAD, true},
    {"var", key_var, VALUE_UNREAD, true},
};

static int read_key(struct reader *r, struct template *t, bool seen[ARRAY_LEN(keys)],
                    struct err *err)
{
    char quoted[360], *value = NULL;
    const char *colon = memchr(r->s, ':', r->n);
    size_t n_name = colon ? (size_t)(colon - r->s) : r->n, i = 0;
    while (i < ARRAY_LEN(keys) &&
           !(strlen(keys[i].name) == n_name && memcmp(keys[i].name, r->s, n_name) == 0))
        i++;
    if (!colon || i == ARRAY_LEN(keys))
        return refuse(r, err,
                      _("\"%s\" is not understood; here stand name, about, mode, k, select, "
                        "separator, stop, set and var, each with a colon, then \"== instruction\""),
                      err_quote(quoted, sizeof quoted, r->s, colon ? n_name : r->n));
    if (seen[i] && !keys[i].repeats)
        return refuse(r, err, _("%s is given twice"), keys[i].name);
    seen[i] = true;
    const char *s = colon + 1;
    size_t n = r->n - n_name - 1;
    trim(&s, &n);
    if (keys[i].value == VALUE_QUOTED && (!n || s[0] != '"'))
        return refuse(r, err, _("%s: write the text in quotes, a line break as \\n"), keys[i].name);
    if (keys[i].value == VALUE_UNREAD)
        value = x_strndup(s, n);
    else if (read_value(r, s, n, &value, err) != 0)
        return E_INPUT;
    return keys[i].fn(r, t, value, err);
}

/* ---- texts and headings ---------------------------------------------------------------------- */

static bool is_heading(const struct reader *r, bool fields)
{
    return begins(r->s, r->n, "==") || (fields && begins(r->s, r->n, "--"));
}

/* Has the line a backslash that only says "no heading"? */
static bool is_escaped(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] == '\\')
        i++;
    return i && (begins(s + i, n - i, "==") || begins(s + i, n - i, "--"));
}

/* The lines up to the next heading (`fields`: also one of a field), malloc'ed. */
static char *read_text(struct reader *r, bool fields)
{
    struct str text = STR_INIT;
    while (next_line(r)) {
        if (is_heading(r, fields)) {
            r->held = true;
            break;
        }
        bool escaped = is_escaped(r->s, r->n);
        str_append(&text, r->s + escaped, r->n - escaped);
        str_putc(&text, '\n');
    }
    size_t n = text.len;
    if (n && text.data[n - 1] == '\n' && (n == 1 || text.data[n - 2] == '\n'))
        n--; /* the empty line before a heading */
    if (n)
        n--; /* the last line's LF */
    str_truncate(&text, n);
    char *out = x_strdup(str_cstr(&text));
    str_free(&text);
    return out;
}

static int add_tag(const struct reader *r, struct template_example *e, char *tag, struct err *err)
{
    if (e->n_tags == LIMIT_TEMPLATE_LIST || template_check_tag(tag, err) != 0) {
        free(tag);
        return refuse(r, err, _("a tag has 1 to %u bytes, and an example at most %u tags"),
                      LIMIT_TEMPLATE_NAME_BYTES, LIMIT_TEMPLATE_LIST);
    }
    e->tags = x_realloc(e->tags, (e->n_tags + 1) * sizeof e->tags[0]);
    e->tags[e->n_tags++] = tag;
    return 0;
}

/* Bytes of the word at s; one that begins #" ends with its string. */
static size_t word_bytes(const char *s, size_t n)
{
    size_t i = 0;
    if (!begins(s, n, "#\"")) {
        while (i < n && s[i] != ' ' && s[i] != '\t')
            i++;
        return i;
    }
    for (i = 2; i < n && s[i] != '"'; i++)
        i += s[i] == '\\' && i + 1 < n;
    return i < n ? i + 1 : n;
}

/* What follows "== example": tags and "off". In a table's cell (`bare`) # may be left out, and off
 * is a tag like others. */
static int read_example_words(const struct reader *r, const char *s, size_t n, bool bare,
                              struct template_example *e, struct err *err)
{
    char quoted[360], *tag = NULL;
    for (trim(&s, &n); n; trim(&s, &n)) {
        size_t m = word_bytes(s, n), mark = s[0] == '#';
        if (!bare && m == 3 && memcmp(s, "off", 3) == 0 && !e->off) {
            e->off = true;
        } else if (!bare && !mark) {
            return refuse(r, err, _("\"%s\": behind \"== example\" stand #tags and \"off\""),
                          err_quote(quoted, sizeof quoted, s, m));
        } else {
            if (mark && m > 1 && s[1] == '"') {
                if (read_json(r, s + 1, m - 1, &tag, err) != 0)
                    return E_INPUT;
            } else {
                tag = x_strndup(s + mark, m - mark);
            }
            if (add_tag(r, e, tag, err) != 0)
                return E_INPUT;
        }
        s += m;
        n -= m;
    }
    return 0;
}

int template_parse_tags(const char *file, unsigned long line, const char *text,
                        struct template_example *e, struct err *err)
{
    const struct reader r = {.file = file, .line = line};
    return read_example_words(&r, text, strlen(text), true, e, err);
}

/* ---- an example ------------------------------------------------------------------------------ */

/* The lines between an example's heading and its first field. */
static int read_remark(struct reader *r, struct template_example *e, struct err *err)
{
    char quoted[360];
    if (r->n == 0)
        return 0;
    char **to = begins(r->s, r->n, "note:") ? &e->note : &e->source;
    size_t n_key = to == &e->note ? strlen("note:") : strlen("source:");
    if (to == &e->source && !begins(r->s, r->n, "source:"))
        return refuse(r, err,
                      _("\"%s\" is not understood; an example's fields begin with lines such as "
                        "\"-- output\", before them may stand note: and source:"),
                      err_quote(quoted, sizeof quoted, r->s, r->n));
    if (*to)
        return refuse(r, err, _("the example has two of these lines"));
    return read_value(r, r->s + n_key, r->n - n_key, to, err);
}

static int read_field(struct reader *r, struct template_example *e, struct err *err)
{
    const char *s = r->s + 2;
    size_t n = r->n - 2;
    if (!begins(s, n, " "))
        return refuse(r, err,
                      _("a field begins with \"-- NAME\"; put a backslash before a line of text "
                        "that begins with --"));
    trim(&s, &n);
    char *name = x_strndup(s, n);
    bool answer = template_is_output(name);
    if ((answer && e->output) || (!answer && template_example_value(e, name))) {
        refuse(r, err, _("the field %s is there twice"), name);
        free(name);
        return E_INPUT;
    }
    if ((!answer && template_check_var(name, err) != 0) ||
        (!answer && e->n_fields == LIMIT_TEMPLATE_FIELDS)) {
        if (e->n_fields == LIMIT_TEMPLATE_FIELDS)
            err_set(err, E_INPUT, _("more than %u fields"), LIMIT_TEMPLATE_FIELDS);
        free(name);
        return wrap_at(r, r->line, err);
    }
    if (answer) {
        free(name);
        e->output = read_text(r, true);
        return 0;
    }
    e->fields = x_realloc(e->fields, (e->n_fields + 1) * sizeof e->fields[0]);
    struct template_field *field = &e->fields[e->n_fields++];
    field->name = name;
    field->value = read_text(r, true);
    return 0;
}

/* An example whose heading is the line in hand. On failure *e is empty. */
static int read_example(struct reader *r, struct template_example *e, struct err *err)
{
    static const char heading[] = "== example";
    unsigned long line = r->line;
    memset(e, 0, sizeof *e);
    int rc = read_example_words(r, r->s + strlen(heading), r->n - strlen(heading), false, e, err);
    while (!rc && next_line(r)) {
        if (begins(r->s, r->n, "==")) {
            r->held = true;
            break;
        }
        rc = begins(r->s, r->n, "--") ? read_field(r, e, err)
             : e->n_fields || e->output
                 ? refuse(r, err, _("a line outside of all fields")) /* read_text took the rest */
                 : read_remark(r, e, err);
    }
    if (!rc && !e->output) {
        err_set(err, E_INPUT, _("the example has no answer, \"-- output\""));
        rc = wrap_at(r, line, err);
    }
    if (rc) {
        template_example_free(e);
        return rc;
    }
    e->note = e->note ? e->note : x_strdup("");
    e->source = e->source ? e->source : x_strdup("");
    return 0;
}

/* The sections before the examples, in their order. */
static const char *const sections[] = {"== instruction", "== example format", "== query format"};

static bool is_example_heading(const struct reader *r)
{
    return line_is(r, "== example") ||
           (begins(r->s, r->n, "== example ") && !line_is(r, sections[1]));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int begin_reading(struct reader *r, const char *file, const char *text, size_t n,
                         struct err *err)
{
    static const char bom[] = "\xEF\xBB\xBF";
    *r = (struct reader){.file = file};
    if (n > LIMIT_TEMPLATE_BYTES)
        return err_set(err, E_INPUT, _("%s: longer than %u bytes, the most that is read"), file,
                       LIMIT_TEMPLATE_BYTES);
    if (textfile_check_lines(file, text, n, err) != 0)
        return E_INPUT;
    size_t skip = begins(text, n, bom) ? 3 : 0;
    r->p = text + skip;
    r->end = text + n;
    const char *newline = n ? memchr(text, '\n', n) : NULL;
    if (newline && newline > text && newline[-1] == '\r') {
        r->line = 1;
        return refuse(r, err, _("lines end in CR LF; save the file with LF line ends"));
    }
    return 0;
}

static int read_title(struct reader *r, struct err *err)
{
    static const char title[] = "xuxie template ";
    if (next_line(r) && line_is(r, "xuxie template 1"))
        return 0;
    r->line = 1;
    if (begins(r->s, r->n, title))
        return refuse(r, err,
                      _("this template is of a format that this xuxie does not know; it "
                        "reads \"xuxie template 1\""));
    return refuse(r, err, _("not a template: the first line must be \"xuxie template 1\""));
}

static int read_section(struct reader *r, struct template *t, size_t *order, unsigned long *line,
                        struct err *err)
{
    char **const to[] = {&t->instruction, &t->example_format, &t->query_format};
    char quoted[360];
    size_t i = 0;
    while (i < ARRAY_LEN(sections) && !line_is(r, sections[i]))
        i++;
    if (i == ARRAY_LEN(sections))
        return refuse(r, err,
                      _("\"%s\" is no heading; put a backslash before a line of text that begins "
                        "with =="),
                      err_quote(quoted, sizeof quoted, r->s, r->n));
    if (i < *order)
        return refuse(r, err,
                      _("\"%s\" is out of place; the order is instruction, example format, query "
                        "format, examples, each but examples once"),
                      sections[i]);
    *order = i + 1;
    unsigned long heading = r->line;
    free(*to[i]);
    *to[i] = read_text(r, false);
    if (i > 0)
        *line = heading;
    if (i > 0 && template_check_format(*to[i], i == 2, err) != 0)
        return wrap_at(r, heading, err);
    return 0;
}

/* The headings of the examples, for messages about the whole. */
struct lines {
    unsigned long *at;
    size_t cap;
    unsigned long format; /* of the last format */
};

static int read_sections(struct reader *r, struct template *t, struct lines *lines, struct err *err)
{
    size_t order = 0;
    while (next_line(r)) {
        if (!is_example_heading(r)) {
            if (read_section(r, t, &order, &lines->format, err) != 0)
                return E_INPUT;
            continue;
        }
        order = ARRAY_LEN(sections) + 1;
        if (t->n_examples == LIMIT_TEMPLATE_EXAMPLES)
            return refuse(r, err, _("more than %u examples"), LIMIT_TEMPLATE_EXAMPLES);
        struct template_example e;
        if (t->n_examples == lines->cap) {
            lines->cap = lines->cap ? 2 * lines->cap : 64;
            lines->at = x_realloc(lines->at, lines->cap * sizeof lines->at[0]);
        }
        lines->at[t->n_examples] = r->line;
        if (read_example(r, &e, err) != 0)
            return E_INPUT;
        template_add_example(t, &e);
    }
    return 0;
}

static int check_whole(const struct reader *r, const struct template *t, const struct lines *lines,
                       struct err *err)
{
    struct template_needs needs;
    int rc = 0;
    if (!t->name[0])
        return err_set(err, E_INPUT, _("%s: line 2: the name is missing, \"name: ...\""), r->file);
    if (template_check_formats(t, err) != 0)
        return wrap_at(r, lines->format, err);
    template_needs_init(&needs, t);
    for (size_t i = 0; i < t->n_examples && !rc; i++)
        if (template_check_example(&needs, &t->examples[i], err) != 0)
            rc = wrap_at(r, lines->at[i], err);
    template_needs_free(&needs);
    return rc;
}

int template_parse(const char *file, const char *text, size_t n, struct template **out,
                   struct err *err)
{
    struct reader r;
    bool seen[ARRAY_LEN(keys)] = {false};
    if (begin_reading(&r, file, text, n, err) != 0 || read_title(&r, err) != 0)
        return E_INPUT;
    struct template *t = template_new("");
    struct lines lines = {.format = 1};
    int rc = 0;
    while (!rc && next_line(&r)) {
        if (begins(r.s, r.n, "==")) {
            r.held = true;
            break;
        }
        rc = r.n ? read_key(&r, t, seen, err) : 0;
    }
    if (!rc)
        rc = read_sections(&r, t, &lines, err);
    if (!rc)
        rc = check_whole(&r, t, &lines, err);
    free(lines.at);
    if (rc)
        template_free(t);
    else
        *out = t;
    return rc;
}

int template_parse_example(const char *file, const char *text, size_t n,
                           struct template_example *out, struct err *err)
{
    struct reader r;
    struct template_example e;
    if (begin_reading(&r, file, text, n, err) != 0)
        return E_INPUT;
    if (!next_line(&r) || !is_example_heading(&r)) {
        r.line = 1;
        return refuse(&r, err, _("not an example: it begins with the line \"== example\""));
    }
    if (read_example(&r, &e, err) != 0)
        return E_INPUT;
    if (next_line(&r)) {
        template_example_free(&e);
        return refuse(&r, err, _("something follows the example"));
    }
    *out = e;
    return 0;
}
