/* jsonfile.c - see jsonfile.h. Nesting is counted before jansson, which recurses, sees the text. */
#include "config.h"

#include "engine/formats/jsonfile.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"

/* Does anything nest deeper than the limit, outside of texts? *at is where. */
static bool too_deep(const char *s, size_t n, size_t *at)
{
    size_t depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < n; i++) {
        if (in_text && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            in_text = !in_text;
        else if (!in_text && (s[i] == '{' || s[i] == '['))
            depth++;
        else if (!in_text && depth > 0 && (s[i] == '}' || s[i] == ']'))
            depth--;
        if (depth > LIMIT_JSON_DEPTH) {
            *at = i;
            return true;
        }
    }
    return false;
}

static int parse(const char *text, size_t n, struct jsonfile *f, struct err *err)
{
    size_t at;
    if (too_deep(text, n, &at))
        return err_set(err, E_INPUT, _("%s: JSON at byte %zu: nested more than %u deep."), f->shown,
                       at, LIMIT_JSON_DEPTH);
    json_error_t e;
    f->root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!f->root) {
        char why[360];
        return err_set(err, E_INPUT, _("%s: JSON at byte %d (line %d): %s."), f->shown, e.position,
                       e.line, err_quote(why, sizeof why, e.text, strlen(e.text)));
    }
    if (!json_is_object(f->root))
        return err_set(err, E_INPUT,
                       _("%s: JSON at byte 0: an object {\"key\": value, ...} is "
                         "needed."),
                       f->shown);
    return 0;
}

int jsonfile_open(const char *folder, const char *name, size_t max_bytes, struct jsonfile *out,
                  struct err *err)
{
    struct jsonfile f = {.root = NULL};
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    char *text = NULL;
    size_t n;
    if (!path)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    snprintf(path, size, "%s/%s", folder, name);
    infile_quote(f.shown, path);
    int rc = infile_read(path, max_bytes, &text, &n, err);
    if (rc == 0)
        rc = parse(text, n, &f, err);
    free(text);
    free(path);
    if (rc == 0)
        *out = f;
    else
        json_decref(f.root);
    return rc;
}

void jsonfile_close(struct jsonfile *f)
{
    json_decref(f->root);
    f->root = NULL;
}

bool jsonfile_has(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return v && !json_is_null(v);
}

int jsonfile_refuse(const struct jsonfile *f, const char *key, const json_t *value,
                    enum err_code code, struct err *err, const char *fmt, ...)
{
    char needed[320], key_shown[360], value_shown[360];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(needed, sizeof needed, fmt, ap);
    va_end(ap);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    const char *shown = text ? text : "?";
    int rc = err_set(err, code, _("%s: \"%s\": %s; %s."), f->shown,
                     err_quote(key_shown, sizeof key_shown, key, strlen(key)),
                     err_quote(value_shown, sizeof value_shown, shown, strlen(shown)), needed);
    free(text);
    return rc;
}

int jsonfile_int(const struct jsonfile *f, const json_t *object, const char *key, int64_t min,
                 int64_t max, int64_t *out, struct err *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
        return jsonfile_refuse(f, key, v, E_INPUT, err,
                               _("a whole number from %lld to %lld is needed"), (long long)min,
                               (long long)max);
    *out = json_integer_value(v);
    return 0;
}

int jsonfile_real(const struct jsonfile *f, const json_t *object, const char *key, double min,
                  double max, double *out, struct err *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v))
        return 0;
    double number = json_number_value(v);
    if (!json_is_number(v) || !isfinite(number) || number < min || number > max)
        return jsonfile_refuse(f, key, v, E_INPUT, err, _("a number from %g to %g is needed"), min,
                               max);
    *out = number;
    return 0;
}

int jsonfile_bool(const struct jsonfile *f, const json_t *object, const char *key, bool *out,
                  struct err *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_boolean(v))
        return jsonfile_refuse(f, key, v, E_INPUT, err, _("true or false is needed"));
    *out = json_is_true(v);
    return 0;
}

int jsonfile_string(const struct jsonfile *f, const json_t *object, const char *key,
                    const char **out, struct err *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_string(v))
        return jsonfile_refuse(f, key, v, E_INPUT, err, _("a text is needed"));
    *out = json_string_value(v);
    return 0;
}

int jsonfile_object(const struct jsonfile *f, const json_t *object, const char *key,
                    const json_t **out, struct err *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_object(v))
        return jsonfile_refuse(f, key, v, E_INPUT, err, _("an object {...} is needed"));
    *out = v;
    return 0;
}
