/* jsonline.c - see jsonline.h. */
#include "config.h"

#include "src/jsonline.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/linefile.h"
#include "src/textfile.h"

/* Is JSON nested no deeper than the limit? A pre-scan, because jansson recurses. */
static bool depth_is_bounded(const char *p, size_t n)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (p[i] == '\\')
                i++;
            else
                in_string = p[i] != '"';
        } else if (p[i] == '"') {
            in_string = true;
        } else if (p[i] == '[' || p[i] == '{') {
            if (++depth > LIMIT_JSON_DEPTH)
                return false;
        } else if ((p[i] == ']' || p[i] == '}') && depth) {
            depth--;
        }
    }
    return true;
}

int jsonline_parse(const char *where, const char *text, size_t n, json_t **out, struct err *err)
{
    json_error_t error;
    if (!depth_is_bounded(text, n))
        return err_set(err, E_INPUT, _("%s: nested deeper than %u"), where, LIMIT_JSON_DEPTH);
    json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!value)
        return err_set(err, E_INPUT, _("%s: not JSON at byte %d: %s"), where, error.position,
                       error.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return err_set(err, E_INPUT, _("%s: not a JSON object"), where);
    }
    *out = value;
    return 0;
}

static char *number(double v)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    return x_strdup(text);
}

int jsonline_text(const struct jsonline *line, const char *key, const json_t *value, char **out,
                  struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, key, strlen(key));
    if (json_is_object(value) || json_is_array(value))
        return err_set(err, E_INPUT, _("%s: \"%s\" is neither a text nor a number"), line->where,
                       quoted);
    if (json_is_string(value) && memchr(json_string_value(value), '\0', json_string_length(value)))
        return err_set(err, E_INPUT, _("%s: there is a NUL character in \"%s\""), line->where,
                       quoted);
    if (json_is_string(value)) {
        *out = x_strdup(json_string_value(value));
    } else if (json_is_integer(value)) {
        struct str text = STR_INIT;
        str_printf(&text, "%lld", (long long)json_integer_value(value));
        *out = str_take(&text);
    } else if (json_is_real(value)) {
        *out = number(json_real_value(value));
    } else {
        *out = json_is_null(value) ? NULL : x_strdup(json_is_true(value) ? "true" : "false");
    }
    return 0;
}

int jsonline_each(const char *path, int (*fn)(void *arg, const struct jsonline *line, struct err *),
                  void *arg, struct err *err)
{
    static const char bom[] = "\xEF\xBB\xBF";
    struct linefile file;
    struct jsonline line;
    int rc = linefile_open(path, LIMIT_INPUT_LINE_BYTES, &file, err);
    if (rc)
        return rc;
    while ((rc = linefile_next(&file, &line.text, &line.n_text, err)) > 0) {
        char where[300];
        json_t *object;
        if (file.line == 1 && line.n_text >= 3 && memcmp(line.text, bom, 3) == 0) {
            line.text += 3;
            line.n_text -= 3;
        }
        snprintf(where, sizeof where, _("%s: line %lu"), textfile_name(path), file.line);
        rc = jsonline_parse(where, line.text, line.n_text, &object, err);
        if (rc)
            break;
        line.where = where;
        line.number = file.line;
        line.object = object;
        rc = fn(arg, &line, err);
        json_decref(object);
        if (rc)
            break;
    }
    linefile_close(&file);
    return rc;
}
