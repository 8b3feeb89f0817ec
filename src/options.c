/* options.c - struct settings: values, where each came from, and the four rows that are more than a
 * plain value (preset, samplers, stop, logit_bias).
 *
 * settings.origin[row] is the highest origin a row was set by. A lower one is checked but not
 * taken, so the order in which sources are read does not matter for single values; for `preset`,
 * sources must be read in the order of precedence (main does: ini file, then command line).
 */
#include "config.h"

#include "src/options.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sample.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/base/utf8.h"
#include "src/closest.h"
#include "src/option_table.h"
#include "src/presets.h"

enum { RECORD_DIGITS = 10 };

static void clear_stops(struct settings *s)
{
    for (size_t i = 0; i < s->n_stops; i++)
        free(s->stops[i]);
    s->n_stops = 0;
}

/* Does a value from `origin` replace a list (true) or join what the same source said before? */
static bool replaces(const struct settings *s, int row, enum option_origin origin)
{
    return s->origin[row] != origin || origin == ORIGIN_SET;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *p = c ? strchr(digits, c | 0x20) : NULL;
    return p ? (int)(p - digits) : -1;
}

/* Appends the character an escape stands for; *p is after the backslash and moves past it. */
static bool unescape(const char **p, struct str *out)
{
    char c = *(*p)++;
    switch (c) {
    case 'n': return str_putc(out, '\n');
    case 'r': return str_putc(out, '\r');
    case 't': return str_putc(out, '\t');
    case '\\':
    case '"': return str_putc(out, c);
    case 'x': {
        int high = hex(**p), low = high < 0 ? -1 : hex((*p)[1]);
        if (low < 0 || high + low == 0)
            return false;
        *p += 2;
        return str_putc(out, (char)(high * 16 + low));
    }
    default: return false;
    }
}

static int add_stop(struct settings *s, const struct str *text, struct err *err)
{
    if (text->len == 0 || text->len > SETTINGS_MAX_STOP_BYTES)
        return err_set(err, E_USAGE, _("stop: a text to stop at has 1 to %d bytes"),
                       SETTINGS_MAX_STOP_BYTES);
    if (utf8_valid_prefix(text->data, text->len) != text->len)
        return err_set(err, E_USAGE, _("stop: the text to stop at is not valid UTF-8"));
    if (s->n_stops == SETTINGS_MAX_STOPS)
        return err_set(err, E_USAGE, _("stop: more than %d texts to stop at"), SETTINGS_MAX_STOPS);
    s->stops[s->n_stops++] = x_strndup(text->data, text->len);
    return 0;
}

/* One stop text from *p up to `quote` (NUL: to the end of the value). */
static int parse_stop(struct settings *s, const char **p, char quote, struct err *err)
{
    struct str text = STR_INIT;
    int rc = 0;
    while (**p && **p != quote) {
        if (*(*p) != '\\') {
            str_putc(&text, *(*p)++);
            continue;
        }
        (*p)++;
        if (!unescape(p, &text)) {
            rc = err_set(err, E_USAGE,
                         _("stop: after a backslash only n, r, t, \\, \" and xHH are understood"));
            goto out;
        }
    }
    rc = add_stop(s, &text, err);
out:
    str_free(&text);
    return rc;
}

/* Is the value a list "a" "b" (commas between them allowed)? */
static bool is_quoted_list(const char *p)
{
    size_t n = 0;
    for (;; n++) {
        p += strspn(p, " ,");
        if (*p == '\0')
            return n > 0;
        if (*p++ != '"')
            return false;
        while (*p && *p != '"')
            p += *p == '\\' && p[1] ? 2 : 1;
        if (*p++ != '"')
            return false;
    }
}

/* On the command line a value is one text, given as often as needed; elsewhere it may also be a
 * list of quoted texts. */
static int set_stops(struct settings *s, int row, const char *value, enum option_origin origin,
                     struct err *err)
{
    struct settings next = {0};
    int rc = 0;
    if (!replaces(s, row, origin))
        for (; next.n_stops < s->n_stops; next.n_stops++)
            next.stops[next.n_stops] = x_strdup(s->stops[next.n_stops]);
    if (origin == ORIGIN_CLI || (value[0] && !is_quoted_list(value))) {
        rc = parse_stop(&next, &value, '\0', err);
    } else {
        while (!rc && *(value += strspn(value, " ,"))) {
            value++; /* the quote */
            rc = parse_stop(&next, &value, '"', err);
            if (!rc)
                value++;
        }
    }
    if (rc) {
        clear_stops(&next);
        return rc;
    }
    clear_stops(s);
    memcpy(s->stops, next.stops, sizeof s->stops);
    s->n_stops = next.n_stops;
    return 0;
}

static int parse_bias(const char **p, struct logit_bias *out)
{
    char *end;
    errno = 0;
    long id = strtol(*p, &end, 10);
    if (end == *p || errno || id < 0 || id > INT32_MAX || *end != '=')
        return -1;
    const char *number = end + 1;
    double v;
    if (strncmp(number, "-inf", 4) == 0) {
        v = -INFINITY;
        end = (char *)number + 4;
    } else {
        v = strchr("+-.0123456789", *number) && *number ? strtod(number, &end) : NAN;
        if (end == number || !(v >= -100 && v <= 100))
            return -1;
    }
    if (*end && !strchr(" ,", *end))
        return -1;
    *p = end;
    *out = (struct logit_bias){(int32_t)id, (float)v};
    return 0;
}

static int set_bias(struct settings *s, int row, const char *value, enum option_origin origin,
                    struct err *err)
{
    struct logit_bias next[SETTINGS_MAX_BIAS];
    size_t n = 0;
    if (!replaces(s, row, origin)) {
        n = s->n_bias;
        memcpy(next, s->bias, n * sizeof next[0]);
    }
    for (const char *p = value; *(p += strspn(p, " ,"));) {
        struct logit_bias b;
        if (parse_bias(&p, &b) != 0) {
            char quoted[360];
            err_quote(quoted, sizeof quoted, value, strlen(value));
            return err_set(err, E_USAGE, _("logit_bias: \"%s\" is not understood; allowed is %s"),
                           quoted, _(option_rows[row].allowed));
        }
        size_t i = 0;
        while (i < n && next[i].id != b.id)
            i++;
        if (i == SETTINGS_MAX_BIAS)
            return err_set(err, E_USAGE, _("logit_bias: more than %d tokens"), SETTINGS_MAX_BIAS);
        next[i] = b;
        if (i == n)
            n++;
    }
    memcpy(s->bias, next, n * sizeof next[0]);
    s->n_bias = n;
    return 0;
}

static const char *preset_word(size_t i)
{
    return preset_name(i, NULL);
}

static int store(struct settings *s, int row, const char *value, enum option_origin origin,
                 struct err *err);

static void hint_value(struct settings *s, const char *name, double value)
{
    int row = option_find(name);
    if (isnan(value) || s->origin[row] > ORIGIN_MODEL)
        return;
    char text[32];
    snprintf(text, sizeof text, "%.6g", value); /* the file says it as float: 0.9, not 0.89999998 */
    if (store(s, row, text, ORIGIN_MODEL, NULL) == 0)
        s->origin[row] = ORIGIN_MODEL;
}

/* What the model recommends, over the preset `story`. */
static void apply_hint(struct settings *s)
{
    const struct sample_hint *h = &s->hint;
    if (strcmp(s->preset, "story") != 0)
        return;
    hint_value(s, "temp", (double)h->temp);
    hint_value(s, "top_p", (double)h->top_p);
    hint_value(s, "min_p", (double)h->min_p);
    hint_value(s, "dry_multiplier", (double)h->dry_multiplier);
    hint_value(s, "dry_base", (double)h->dry_base);
    hint_value(s, "top_k", h->top_k < 0 ? (double)NAN : h->top_k);
    hint_value(s, "dry_allowed_length",
               h->dry_allowed_length < 0 ? (double)NAN : h->dry_allowed_length);
}

/* Gives every row a preset decides its value, unless something as strong has set it. */
static int set_preset(struct settings *s, const char *name, enum option_origin origin,
                      struct err *err)
{
    size_t i = 0;
    while (preset_word(i) && strcmp(preset_word(i), name) != 0)
        i++;
    if (!preset_word(i)) {
        char quoted[360];
        err_quote(quoted, sizeof quoted, name, strlen(name));
        return err_set(err, E_USAGE, _("preset: there is no \"%s\"; allowed is %s"), quoted,
                       _(option_rows[option_find("preset")].allowed));
    }
    snprintf(s->preset, sizeof s->preset, "%s", name);
    for (size_t r = 0; r < n_option_rows; r++) {
        const struct option_row *row = &option_rows[r];
        if (!row->in_preset || s->origin[r] >= origin)
            continue;
        const char *value = preset_value(name, row->name);
        store(s, (int)r, value ? value : row->def, ORIGIN_PRESET, NULL);
        s->origin[r] = ORIGIN_PRESET;
    }
    apply_hint(s);
    return 0;
}

static int store(struct settings *s, int row, const char *value, enum option_origin origin,
                 struct err *err)
{
    switch (option_rows[row].type) {
    case OPTION_PRESET: return set_preset(s, value, origin, err);
    case OPTION_SAMPLERS:
        return sample_order_parse(value, s->samplers, err) ? err_wrap(err, "samplers") : 0;
    case OPTION_STOPS: return set_stops(s, row, value, origin, err);
    case OPTION_BIAS: return set_bias(s, row, value, origin, err);
    default: return option_store(&option_rows[row], s, value, err);
    }
}

void settings_init(struct settings *s)
{
    memset(s, 0, sizeof *s);
    s->hint = (struct sample_hint){.temp = NAN,
                                   .top_p = NAN,
                                   .min_p = NAN,
                                   .dry_multiplier = NAN,
                                   .dry_base = NAN,
                                   .top_k = -1,
                                   .dry_allowed_length = -1};
    for (size_t i = 0; i < n_option_rows; i++)
        if (!option_rows[i].is_flag && option_rows[i].def)
            store(s, (int)i, option_rows[i].def, ORIGIN_PRESET, NULL);
    memset(s->origin, ORIGIN_DEFAULT, sizeof s->origin);
    set_preset(s, "story", ORIGIN_PRESET, NULL);
}

static void free_keys(struct settings *s)
{
    for (size_t i = 0; i < s->n_keys; i++) {
        free(s->keys[i].action);
        free(s->keys[i].keys);
    }
    free(s->keys);
}

void settings_free(struct settings *s)
{
    clear_stops(s);
    free_keys(s);
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        if (!row->is_flag && (row->type == OPTION_TEXT || row->type == OPTION_WORD))
            free(*(char **)((char *)s + row->offset));
    }
    memset(s, 0, sizeof *s);
}

void settings_copy(struct settings *to, const struct settings *from)
{
    if (to == from)
        return;
    settings_free(to);
    *to = *from;
    for (size_t i = 0; i < from->n_stops; i++)
        to->stops[i] = x_strdup(from->stops[i]);
    to->keys = NULL;
    to->n_keys = 0;
    for (size_t i = 0; i < from->n_keys; i++)
        settings_add_key(to, from->keys[i].action, from->keys[i].keys, from->keys[i].line);
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        char **text = (char **)((char *)to + row->offset);
        if (!row->is_flag && (row->type == OPTION_TEXT || row->type == OPTION_WORD) && *text)
            *text = x_strdup(*text);
    }
}

void settings_add_key(struct settings *s, const char *action, const char *keys, int line)
{
    s->keys = x_realloc(s->keys, (s->n_keys + 1) * sizeof s->keys[0]);
    s->keys[s->n_keys++] =
        (struct key_setting){.action = x_strdup(action), .keys = x_strdup(keys), .line = line};
}

static const char *setting_word(size_t i)
{
    struct option_info info;
    return option_info_at(i, SCOPE_CLI | SCOPE_INI | SCOPE_SET, &info) ? info.name : NULL;
}

static int unknown(const char *name, struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, name, strlen(name));
    const char *close = closest_word(name, setting_word);
    if (close)
        return err_set(err, E_USAGE, _("\"%s\" is not a setting; did you mean %s?"), quoted, close);
    return err_set(err, E_USAGE, _("\"%s\" is not a setting"), quoted);
}

int settings_set(struct settings *s, const char *name, const char *value, enum option_origin origin,
                 struct err *err)
{
    int row = option_find(name);
    if (row < 0 || option_rows[row].is_flag)
        return unknown(name, err);
    if (origin == ORIGIN_SET && !(option_rows[row].scope & SCOPE_SET))
        return err_set(err, E_USAGE, _("%s: can be set on the command line and in xuxie.ini only"),
                       option_rows[row].name);
    size_t n = strlen(value);
    if (utf8_valid_prefix(value, n) != n && option_rows[row].type != OPTION_TEXT)
        return err_set(err, E_USAGE, _("%s: the value is not valid UTF-8"), option_rows[row].name);
    if (s->origin[row] > origin) { /* checked, but something stronger holds */
        struct settings scratch;
        settings_init(&scratch);
        int rc = store(&scratch, row, value, origin, err);
        settings_free(&scratch);
        return rc;
    }
    int rc = store(s, row, value, origin, err);
    if (!rc)
        s->origin[row] = (unsigned char)origin;
    return rc;
}

static void print_stops(const struct settings *s, struct str *out)
{
    for (size_t i = 0; i < s->n_stops; i++) {
        str_puts(out, i ? " \"" : "\"");
        for (const char *p = s->stops[i]; *p; p++) {
            unsigned char c = (unsigned char)*p;
            if (c == '\n')
                str_puts(out, "\\n");
            else if (c == '\t')
                str_puts(out, "\\t");
            else if (c == '"' || c == '\\')
                str_printf(out, "\\%c", c);
            else if (c < 0x20 || c == 0x7F)
                str_printf(out, "\\x%02x", c);
            else
                str_putc(out, *p);
        }
        str_putc(out, '"');
    }
}

bool settings_get(const struct settings *s, const char *name, struct str *out)
{
    int row = option_find(name);
    if (row < 0 || option_rows[row].is_flag)
        return false;
    switch (option_rows[row].type) {
    case OPTION_PRESET: str_puts(out, s->preset); break;
    case OPTION_SAMPLERS: {
        char text[128];
        sample_order_format(s->samplers, text, sizeof text);
        str_puts(out, text);
        break;
    }
    case OPTION_STOPS: print_stops(s, out); break;
    case OPTION_BIAS:
        for (size_t i = 0; i < s->n_bias; i++)
            str_printf(out, "%s%d=%.6g", i ? " " : "", (int)s->bias[i].id, (double)s->bias[i].bias);
        break;
    default: option_print(&option_rows[row], s, out); break;
    }
    return true;
}

void settings_hint(struct settings *s, const struct sample_hint *hint)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        if (s->origin[i] != ORIGIN_MODEL)
            continue;
        const char *value = preset_value(s->preset, option_rows[i].name);
        store(s, (int)i, value ? value : option_rows[i].def, ORIGIN_PRESET, NULL);
        s->origin[i] = ORIGIN_PRESET;
    }
    s->hint = *hint;
    apply_hint(s);
}

/* A number as the record has it (RECORD_DIGITS), so that a generation is made with what its record
 * says, whatever was typed. */
static float as_recorded(double v)
{
    char text[40];
    snprintf(text, sizeof text, "%.*g", RECORD_DIGITS, v);
    return (float)strtod(text, NULL);
}

void settings_request(const struct settings *s, struct engine_request *r)
{
    struct sample_params *p = &r->sampling;
    sample_params_init(p);
    p->temp = as_recorded(s->temp);
    p->top_k = (int)s->top_k;
    p->top_p = as_recorded(s->top_p);
    p->min_p = as_recorded(s->min_p);
    p->typical = as_recorded(s->typical);
    p->repeat_penalty = as_recorded(s->repeat_penalty);
    p->presence_penalty = as_recorded(s->presence_penalty);
    p->frequency_penalty = as_recorded(s->frequency_penalty);
    p->penalty_last_n = (int)s->penalty_last_n;
    p->dry_multiplier = as_recorded(s->dry_multiplier);
    p->dry_base = as_recorded(s->dry_base);
    p->dry_allowed_length = (int)s->dry_allowed_length;
    p->xtc_threshold = as_recorded(s->xtc_threshold);
    p->xtc_probability = as_recorded(s->xtc_probability);
    memcpy(p->order, s->samplers, sizeof p->order);
    p->bias = s->bias;
    p->n_bias = s->n_bias;
    r->seed = s->seed < 0 ? rng_fresh_seed() : (uint64_t)s->seed;
    r->stops = (const char *const *)s->stops;
    r->n_stops = s->n_stops;
    r->max_tokens = (int)s->max_tokens;
    r->max_length = (int)s->max_length;
    r->ignore_eos = s->ignore_eos;
}

void settings_in_use(struct settings *s, const struct engine_info *info)
{
    s->n_ctx = info->n_ctx;
    s->kv = info->kv;
}

static json_t *row_json(const struct option_row *row, const struct settings *s)
{
    const void *field = (const char *)s + row->offset;
    switch (row->type) {
    case OPTION_FLOAT: return json_real(*(const double *)field);
    case OPTION_INT: return json_integer(*(const int64_t *)field);
    case OPTION_BOOL: return json_boolean(*(const bool *)field);
    case OPTION_STOPS: {
        json_t *list = json_array();
        for (size_t i = 0; i < s->n_stops; i++)
            json_array_append_new(list, json_string(s->stops[i]));
        return list;
    }
    case OPTION_BIAS: {
        json_t *map = json_object();
        for (size_t i = 0; i < s->n_bias; i++) {
            char id[16];
            snprintf(id, sizeof id, "%d", (int)s->bias[i].id);
            double v = (double)s->bias[i].bias;
            json_object_set_new(map, id, isinf(v) ? json_string("-inf") : json_real(v));
        }
        return map;
    }
    default: {
        struct str text = STR_INIT;
        settings_get(s, row->name, &text);
        json_t *value = text.len ? json_stringn(text.data, text.len) : json_null();
        str_free(&text);
        return value ? value : json_null(); /* a path that is not UTF-8 */
    }
    }
}

/* The room and the files are not what a text was made with. */
char *settings_json(const struct settings *s, uint64_t seed_used)
{
    json_t *map = json_object();
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        if (!row->is_flag && row->group <= GROUP_ENGINE)
            json_object_set_new(map, row->name, row_json(row, s));
    }
    json_object_set_new(map, "seed", json_integer((json_int_t)seed_used));
    char *text =
        json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(RECORD_DIGITS));
    json_decref(map);
    if (!text)
        return x_strdup("{}"); /* memory was out */
    return text;
}

/* What row_json() makes of a value, as the text that store() reads; false: it is nothing such. */
static bool recorded_text(const struct option_row *row, const json_t *value, struct str *out)
{
    const char *key;
    json_t *bias;
    switch (row->type) {
    case OPTION_FLOAT:
        if (!json_is_number(value))
            return false;
        return str_printf(out, "%.17g", json_number_value(value));
    case OPTION_INT:
        if (!json_is_integer(value))
            return false;
        return str_printf(out, "%lld", (long long)json_integer_value(value));
    case OPTION_BOOL:
        if (!json_is_boolean(value))
            return false;
        return str_puts(out, json_is_true(value) ? "on" : "off");
    case OPTION_BIAS:
        if (!json_is_object(value))
            return false;
        json_object_foreach((json_t *)value, key, bias)
        {
            if (json_is_number(bias))
                str_printf(out, "%s=%.17g ", key, json_number_value(bias));
            else if (json_is_string(bias) && strcmp(json_string_value(bias), "-inf") == 0)
                str_printf(out, "%s=-inf ", key);
            else
                return false;
        }
        return true;
    default:
        if (!json_is_string(value))
            return json_is_null(value);
        return str_append(out, json_string_value(value), json_string_length(value));
    }
}

static int take_recorded_stops(struct settings *s, const json_t *list, struct err *err)
{
    size_t i;
    json_t *text;
    int rc = json_is_array(list) ? 0 : err_set(err, E_INPUT, _("is not a list"));
    json_array_foreach((json_t *)list, i, text)
    {
        struct str stop = STR_INIT;
        if (!rc &&
            (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text)))
            rc = err_set(err, E_INPUT, _("contains what is not a text"));
        if (!rc) {
            str_puts(&stop, json_string_value(text));
            rc = add_stop(s, &stop, err);
        }
        str_free(&stop);
    }
    return rc;
}

static int take_recorded(struct settings *s, const char *key, const json_t *value, struct err *err)
{
    const int row = option_find(key);
    if (row < 0 || option_rows[row].is_flag || option_rows[row].group > GROUP_ENGINE)
        return unknown(key, err);
    int rc;
    struct str text = STR_INIT;
    const enum option_type type = option_rows[row].type;
    if (strcmp(option_rows[row].name, "seed") == 0 && json_is_integer(value))
        s->seed = json_integer_value(value) < 0 ? -1 : json_integer_value(value), rc = 0;
    else if (type == OPTION_STOPS)
        rc = take_recorded_stops(s, value, err);
    else if (!recorded_text(&option_rows[row], value, &text) || strlen(str_cstr(&text)) != text.len)
        rc = err_set(err, E_INPUT, _("is of the wrong kind"));
    else if (type == OPTION_PRESET) /* its values are recorded one by one */
        rc = snprintf(s->preset, sizeof s->preset, "%s", str_cstr(&text)) < (int)sizeof s->preset
                 ? 0
                 : err_set(err, E_INPUT, _("is too long"));
    else
        rc = store(s, row, str_cstr(&text), ORIGIN_SET, err);
    str_free(&text);
    return rc ? err_wrap(err, "%s", option_rows[row].name) : 0;
}

int settings_from_json(struct settings *s, const char *json, struct err *err)
{
    json_error_t where;
    json_t *map = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(map)) {
        json_decref(map);
        return err_set(err, E_INPUT, _("The recorded settings cannot be read: %s."),
                       map ? _("they are no JSON object") : where.text);
    }
    struct settings next;
    const char *key;
    json_t *value;
    int rc = 0;
    settings_init(&next);
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        if (!row->is_flag && row->group <= GROUP_ENGINE) {
            if (row->in_preset)
                store(&next, (int)i, row->def, ORIGIN_SET, NULL);
            next.origin[i] = ORIGIN_SET;
        }
    }
    json_object_foreach(map, key, value)
    {
        if (!rc)
            rc = take_recorded(&next, key, value, err);
    }
    json_decref(map);
    if (rc) {
        settings_free(&next);
        err_wrap(err, _("the recorded settings"));
        return err ? err->code = E_INPUT : E_INPUT;
    }
    settings_free(s);
    *s = next;
    return 0;
}

bool option_info_at(size_t i, unsigned scope, struct option_info *out)
{
    for (size_t r = 0; r < n_option_rows; r++) {
        const struct option_row *row = &option_rows[r];
        if (row->is_flag || !(row->scope & scope) || i-- > 0)
            continue;
        *out = (struct option_info){
            .name = row->name,
            .arg = row->arg ? _(row->arg) : NULL,
            .help = _(row->help),
            .allowed = row->allowed ? _(row->allowed) : NULL,
        };
        return true;
    }
    return false;
}
