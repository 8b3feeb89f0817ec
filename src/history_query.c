/* history_query.c - see history_query.h. Keys are rows of a table; each has a function that reads
 * its value. */
#include "config.h"

#include "src/history_query.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/dates.h"

#define WIDE_BLANK "\xE3\x80\x80"
#define WIDE_COLON "\xEF\xBC\x9A"

struct key {
    const char *name, *chinese, *help;
    int (*read)(struct history_query *q, const struct key *key, const char *value, int64_t now_ms,
                struct err *err);
    size_t field; /* offset in struct history_query, of what read_text and read_flag set */
};

/* ---- values ---------------------------------------------------------------------------------- */

static int read_text(struct history_query *q, const struct key *key, const char *value,
                     int64_t now_ms, struct err *err)
{
    char **field = (char **)((char *)q + key->field);
    (void)now_ms, (void)err;
    free(*field);
    *field = value[0] ? x_strdup(value) : NULL;
    return 0;
}

static int read_tag(struct history_query *q, const struct key *key, const char *value,
                    int64_t now_ms, struct err *err)
{
    return read_text(q, key, value[0] == '#' ? value + 1 : value, now_ms, err);
}

static int read_flag(struct history_query *q, const struct key *key, const char *value,
                     int64_t now_ms, struct err *err)
{
    (void)value, (void)now_ms, (void)err;
    *(bool *)((char *)q + key->field) = true;
    return 0;
}

/* A date is a span: `since` takes its beginning, `until` its end, `on` both. */
static int read_date(struct history_query *q, const struct key *key, const char *value,
                     int64_t now_ms, struct err *err)
{
    int64_t begin, end;
    if (!value[0])
        return 0;
    int rc = date_parse(key->name, value, now_ms, &begin, &end, err);
    if (rc == 0 && strcmp(key->name, "until") != 0)
        q->from_ms = begin;
    if (rc == 0 && strcmp(key->name, "since") != 0)
        q->until_ms = end;
    return rc;
}

/* A number at *s, which moves on behind it. */
static bool read_number(const char **s, int64_t *out)
{
    char *end;
    if (**s < '0' || **s > '9')
        return false;
    errno = 0;
    long long value = strtoll(*s, &end, 10);
    *s = end;
    *out = value;
    return errno == 0;
}

/* >200  >=200  <500  <=500  200..500  200 */
static int read_chars(struct history_query *q, const struct key *key, const char *value,
                      int64_t now_ms, struct err *err)
{
    const char *s = value;
    int64_t low = 0, high = 0;
    bool ok = true, or_equal;
    (void)key, (void)now_ms;
    char sign = *s == '<' || *s == '>' ? *s++ : '\0';
    if (value[0] == '\0' || (sign && *s == '\0'))
        return 0; /* half typed */
    or_equal = sign && *s == '=' ? s++, true : false;
    ok = read_number(&s, sign == '<' ? &high : &low);
    if (ok && sign == '>')
        low += or_equal ? 0 : 1;
    else if (ok && sign == '<')
        high -= or_equal ? 0 : 1;
    else if (ok && strncmp(s, "..", 2) == 0) {
        s += 2;
        ok = *s == '\0' || read_number(&s, &high);
    } else if (ok) {
        high = low;
    }
    if (!ok || *s != '\0' || (sign == '<' && high < 1) || (high && high < low))
        return err_set(err, E_USAGE,
                       _("chars: a number of characters is written >200, <500 or 200..500."));
    q->min_chars = low;
    q->max_chars = high;
    return 0;
}

#define FIELD(name) offsetof(struct history_query, name)

/* clang-format off */
static const struct key keys[] = {
    {"story",    "故事", N_("in stories whose title has this in it"),             read_text,  FIELD(story)},
    {"template", "范例", N_("made with templates whose name has this in it"),     read_text,  FIELD(template)},
    {"model",    "模型", N_("written by models whose name has this in it"),       read_text,  FIELD(model)},
    {"starred",  "星标", N_("only those with a star"),                            read_flag,  FIELD(starred)},
    {"tag",      "标签", N_("only those with this tag"),                          read_tag,   FIELD(tag)},
    {"since",    "自",   N_("since then: 2026-11-23, 2026-11, yesterday, 7d"),    read_date,  0},
    {"until",    "至",   N_("until then"),                                        read_date,  0},
    {"on",       "在",   N_("on that day, in that month or year"),                read_date,  0},
    {"chars",    "字数", N_("so long: >200, <500, 200..500"),                     read_chars, 0},
    {"origin",   "来源", N_("made by room, continue, run or eval"),               read_text,  FIELD(origin)},
    {"best",     "最配", N_("the best matches first, not the newest"),            read_flag,  FIELD(ranked)},
};
/* clang-format on */

const char *history_query_key(size_t i, bool chinese, const char **help)
{
    static char name[32];
    if (i >= ARRAY_LEN(keys))
        return NULL;
    struct str s = STR_INIT;
    str_printf(&s, "%s:", chinese ? keys[i].chinese : keys[i].name);
    memcpy(name, str_cstr(&s), s.len + 1);
    str_free(&s);
    if (help)
        *help = _(keys[i].help);
    return name;
}

/* ---- words ----------------------------------------------------------------------------------- */

static size_t blank_at(const char *s, const char *end)
{
    if (*s == ' ' || *s == '\t' || *s == '\n')
        return 1;
    return (size_t)(end - s) >= strlen(WIDE_BLANK) && memcmp(s, WIDE_BLANK, 3) == 0 ? 3 : 0;
}

/* Where the word at s ends; blanks in quotation marks belong to it. */
static const char *word_end(const char *s, const char *end)
{
    bool quoted = false;
    for (; s < end; s++) {
        if (*s == '"')
            quoted = !quoted;
        else if (!quoted && blank_at(s, end))
            break;
    }
    return s;
}

static bool begins(const char *s, const char *end, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(end - s) >= n && memcmp(s, with, n) == 0;
}

/* The key a word begins with; *value is what comes behind its colon. */
static const struct key *find_key(const char *s, const char *end, const char **value)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *const names[] = {keys[i].name, keys[i].chinese};
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            const char *at = s + strlen(names[k]);
            if (!begins(s, end, names[k]))
                continue;
            if (begins(at, end, ":"))
                *value = at + 1;
            else if (begins(at, end, WIDE_COLON))
                *value = at + strlen(WIDE_COLON);
            else
                continue;
            return &keys[i];
        }
    }
    return NULL;
}

static char *unquoted(const char *s, const char *end)
{
    if (s < end && *s == '"')
        s++;
    if (end > s && end[-1] == '"')
        end--;
    return x_strndup(s, (size_t)(end - s));
}

static void take_word(struct history_query *q, struct str *words, const char *s, const char *end,
                      int64_t now_ms)
{
    struct err err = ERR_INIT;
    const char *value = NULL;
    const struct key *key = find_key(s, end, &value);
    if (!key) {
        if (words->len)
            str_putc(words, ' ');
        str_append(words, s, (size_t)(end - s));
        return;
    }
    char *text = unquoted(value, end);
    if (key->read(q, key, text, now_ms, &err) != 0 && !q->problem)
        q->problem = x_strdup(err.msg);
    free(text);
}

void history_query_parse(const char *line, size_t n, int64_t now_ms, struct history_query *out)
{
    struct str words = STR_INIT;
    const char *end = line + n;
    *out = (struct history_query){0};
    for (const char *s = line; s < end;) {
        size_t blank = blank_at(s, end);
        if (blank) {
            s += blank;
            continue;
        }
        const char *to = word_end(s, end);
        take_word(out, &words, s, to, now_ms);
        s = to;
    }
    out->words = words.len ? str_take(&words) : x_strdup("");
    str_free(&words);
}

void history_query_free(struct history_query *q)
{
    free(q->words);
    free(q->story);
    free(q->template);
    free(q->model);
    free(q->origin);
    free(q->tag);
    free(q->problem);
    *q = (struct history_query){0};
}

void history_query_filter(const struct history_query *q, struct history_filter *out)
{
    *out = (struct history_filter){.query = q->words,
                                   .story_title = q->story,
                                   .template = q->template,
                                   .model = q->model,
                                   .origin = q->origin,
                                   .tag = q->tag,
                                   .from_ms = q->from_ms,
                                   .until_ms = q->until_ms,
                                   .starred = q->starred,
                                   .min_chars = q->min_chars,
                                   .max_chars = q->max_chars,
                                   .ranked = q->ranked};
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool history_query_equal(const struct history_query *a, const struct history_query *b)
{
    return same(a->words, b->words) && same(a->story, b->story) && same(a->template, b->template) &&
           same(a->model, b->model) && same(a->origin, b->origin) && same(a->tag, b->tag) &&
           a->from_ms == b->from_ms && a->until_ms == b->until_ms && a->starred == b->starred &&
           a->ranked == b->ranked && a->min_chars == b->min_chars && a->max_chars == b->max_chars;
}
