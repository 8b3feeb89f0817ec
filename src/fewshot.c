/* fewshot.c - see fewshot.h.
 *
 * Every part of a prompt is a segment of its own, tokenised by itself: what stands before the query
 * has the same tokens whatever the query is, so the engine finds it in its cache, and the store
 * keeps it once.
 */
#include "config.h"

#include "src/fewshot.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/base/utf8.h"
#include "src/database.h"
#include "src/output.h"
#include "src/template_format.h"
#include "src/templates.h"

enum { STOP_MAX_BYTES = 256 };

/* ---- the store ------------------------------------------------------------------------------- */

struct store *fewshot_open_store(const struct settings *settings, bool record)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    if (!record)
        return database_open(settings, STORE_READ_ONLY, NULL, &s, NULL) == 0 ? s : NULL;
    s = database_open_recording(settings);
    if (templates_begin(s, &err) != 0)
        output_warn("%s", err.msg);
    return s;
}

void fewshot_close_store(struct store *s, bool record)
{
    if (record)
        database_close_recording(s);
    else
        store_close(s, NULL);
}

/* ---- what the command line says -------------------------------------------------------------- */

static int parse_shots(const char *text, int *k, struct err *err)
{
    char quoted[360], *end;
    if (strcmp(text, "fit") == 0) {
        *k = SHOTS_FIT;
        return 0;
    }
    errno = 0;
    const long v = strtol(text, &end, 10);
    if (end == text || *end || errno || text[0] < '0' || text[0] > '9' ||
        v > (long)LIMIT_TEMPLATE_EXAMPLES)
        return err_set(err, E_USAGE, _("shots: \"%s\" is not understood; allowed is %s"),
                       err_quote(quoted, sizeof quoted, text, strlen(text)),
                       _(option_rows[option_find("shots")].allowed));
    *k = (int)v;
    return 0;
}

static int choose_k(struct prompt_request *r, const struct template *t, const struct flags *flags,
                    struct err *err)
{
    if ((flags->shots != NULL) + flags->zero_shot + flags->one_shot + flags->few_shot > 1)
        return err_set(err, E_USAGE,
                       _("give one of --shots, --zero-shot, --one-shot and --few-shot"));
    if (flags->shots)
        return parse_shots(flags->shots, &r->k, err);
    if (flags->zero_shot)
        r->k = 0;
    if (flags->one_shot)
        r->k = 1;
    if (flags->few_shot)
        r->k = t->k > 0 ? t->k : SHOTS_FIT;
    return 0;
}

static int choose_select(struct prompt_request *r, const struct template *t,
                         const struct flags *flags, struct err *err)
{
    static const char *const names[] = {[SELECT_FIRST] = "first",
                                        [SELECT_RANDOM] = "random",
                                        [SELECT_TAG] = "tag",
                                        [SELECT_SIMILAR] = "similar"};
    if (flags->tag.n > 1)
        return err_set(err, E_USAGE, _("tag: examples are chosen by one tag"));
    for (size_t i = 0; flags->select && i < ARRAY_LEN(names); i++)
        if (strcmp(flags->select, names[i]) == 0)
            r->select = (enum template_select)i;
    if (flags->tag.n && !flags->select)
        r->select = SELECT_TAG;
    if (flags->tag.n && r->select != SELECT_TAG)
        return err_set(err, E_USAGE, _("tag: only --select=tag chooses by a tag"));
    if (flags->tag.n)
        r->tag = flags->tag.items[0];
    if (r->select == SELECT_TAG && !r->tag)
        return err_set(err, E_USAGE, _("select: name the tag with --tag"));
    bool found = r->select != SELECT_TAG;
    for (size_t i = 0; !found && i < t->n_examples; i++)
        for (size_t k = 0; k < t->examples[i].n_tags; k++)
            found = found || strcmp(t->examples[i].tags[k], r->tag) == 0;
    char quoted[360];
    if (!found)
        return err_set(err, E_USAGE, _("tag: no example has the tag \"%s\""),
                       err_quote(quoted, sizeof quoted, r->tag, strlen(r->tag)));
    return 0;
}

int fewshot_choose(struct prompt_request *r, const struct template *t, const struct flags *flags,
                   struct err *err)
{
    prompt_request_init(r, t);
    r->budget_tokens = (int)flags->budget;
    int rc = choose_k(r, t, flags, err);
    return rc ? rc : choose_select(r, t, flags, err);
}

static bool is_declared(const struct template *t, const char *name)
{
    const char **names;
    const size_t n = template_query_vars(t, &names);
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || strcmp(names[i], name) == 0;
    for (size_t i = 0; i < t->n_vars; i++)
        found = found || strcmp(t->vars[i].name, name) == 0;
    free(names);
    return found;
}

int fewshot_vars(const struct template *t, const struct flags *flags, struct template_field **out,
                 size_t *n, struct err *err)
{
    struct template_field *fields = x_calloc(flags->var.n + 1, sizeof fields[0]);
    for (size_t i = 0; i < flags->var.n; i++) {
        char *item = flags->var.items[i], *equals = strchr(item, '='), quoted[360];
        int rc = 0;
        err_quote(quoted, sizeof quoted, item, equals ? (size_t)(equals - item) : strlen(item));
        if (!equals || equals == item)
            rc = err_set(err, E_USAGE, _("var: \"%s\" is not NAME=VALUE"), quoted);
        else if (utf8_valid_prefix(item, strlen(item)) != strlen(item))
            rc = err_set(err, E_USAGE, _("var: the value of %s is not valid UTF-8"), quoted);
        else
            fields[i] =
                (struct template_field){x_strndup(item, (size_t)(equals - item)), equals + 1};
        if (!rc && !is_declared(t, fields[i].name))
            rc = err_set(err, E_USAGE, _("var: the template %s has no variable %s"), t->name,
                         quoted);
        for (size_t j = 0; !rc && j < i; j++)
            if (strcmp(fields[j].name, fields[i].name) == 0)
                rc = err_set(err, E_USAGE, _("var: %s is given twice"), quoted);
        if (rc) {
            fewshot_vars_free(fields, i + 1);
            return rc;
        }
    }
    *out = fields;
    *n = flags->var.n;
    return 0;
}

void fewshot_vars_free(struct template_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(fields[i].name);
    free(fields);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* Appends literal text of a format from *format on; false when a variable ended it. */
static bool literal(const char *format, struct str *out)
{
    struct format_piece piece;
    while (format_next(&format, &piece, NULL) > 0) {
        if (piece.is_var)
            return false;
        str_append(out, piece.s, piece.n);
    }
    return true;
}

/* The format behind its answer; NULL when it has none. */
static const char *after_answer(const char *format)
{
    struct format_piece piece;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    while (format_next(&format, &piece, NULL) > 0)
        if (piece.is_var && template_is_output(format_name(&piece, name)))
            return format;
    return NULL;
}

static bool occurs_in_answer(const struct template *t, const char *text)
{
    for (size_t i = 0; i < t->n_examples; i++)
        if (strstr(t->examples[i].output, text))
            return true;
    return false;
}

void fewshot_default_stop(const struct template *t, struct str *out)
{
    struct str all = STR_INIT;
    const char *rest = after_answer(t->example_format);
    if (rest && literal(rest, &all)) {
        str_puts(&all, t->separator);
        literal(t->example_format, &all);
    }
    const char *text = str_cstr(&all);
    size_t n = strspn(text, "\n");
    if (n == 0)
        n = strcspn(text, "\n") + (strchr(text, '\n') != NULL);
    struct str stop = STR_INIT;
    str_append(&stop, text, n);
    if (occurs_in_answer(t, str_cstr(&stop))) {
        str_clear(&stop);
        str_append(&stop, text, all.len);
    }
    if (stop.len > STOP_MAX_BYTES)
        str_truncate(&stop, utf8_floor(stop.data, stop.len, STOP_MAX_BYTES));
    if (stop.len && !occurs_in_answer(t, str_cstr(&stop)))
        str_append(out, stop.data, stop.len);
    str_free(&stop);
    str_free(&all);
}

/* A stop as the settings read it: in quotes, what is not plain escaped. */
static int set_stop(struct settings *s, const char *text, struct err *err)
{
    struct str value = STR_INIT;
    str_putc(&value, '"');
    for (const char *p = text; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            str_printf(&value, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            str_printf(&value, "\\x%02x", c);
        else
            str_putc(&value, (char)c);
    }
    str_putc(&value, '"');
    int rc = settings_set(s, "stop", str_cstr(&value), ORIGIN_TEMPLATE, err);
    str_free(&value);
    return rc;
}

int fewshot_settings(struct settings *s, const struct template *t, bool all, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < t->n_settings; i++) {
        const char *name = t->settings[i].name;
        const int row = option_find(name);
        if (all || row < 0 || option_rows[row].group != GROUP_SAMPLING)
            rc = settings_set(s, name, t->settings[i].value, ORIGIN_TEMPLATE, err);
    }
    for (size_t i = 0; !rc && i < t->n_stops; i++)
        rc = set_stop(s, t->stops[i], err);
    if (rc)
        return err_wrap(err, "%s", t->name);
    struct str stop = STR_INIT;
    if (s->n_stops == 0)
        fewshot_default_stop(t, &stop);
    if (stop.len)
        rc = set_stop(s, str_cstr(&stop), err);
    str_free(&stop);
    return rc;
}

/* ---- the model ------------------------------------------------------------------------------- */

int fewshot_reserve(struct fewshot *f, int n_answer, struct err *err)
{
    const struct tokenizer *t = runner_tokenizer(f->runner);
    const int n_ctx = runner_info(f->runner)->n_ctx;
    const int start = t && tokenizer_adds_bos(t);
    const int room = n_ctx - start - (n_answer ? n_answer : n_ctx / 4);
    if (room <= 0)
        return err_set(err, E_USAGE,
                       _("max_tokens: an answer of %d tokens leaves no room for a prompt in a "
                         "context of %d"),
                       n_answer, n_ctx);
    f->request.budget_tokens =
        f->asked_budget > 0 && f->asked_budget < room ? f->asked_budget : room;
    return 0;
}

int fewshot_open(struct fewshot *f, const struct template *t, const struct settings *settings,
                 const struct prompt_request *request, struct err *err)
{
    *f = (struct fewshot){.template = t, .request = *request};
    recorder_init(&f->recorder, NULL);
    settings_copy(&f->settings, settings);
    int rc = runner_open(&f->settings, &f->runner, err);
    if (rc) {
        fewshot_close(f);
        return rc;
    }
    settings_hint(&f->settings, &runner_info(f->runner)->hint);
    settings_request(&f->settings, &f->generation);
    f->generation.keep_whole = true;
    f->generation.n_streams = 1;
    f->asked_budget = request->budget_tokens;
    f->request.seed = f->generation.seed;
    f->request.count = fewshot_count;
    f->request.ctx = f;
    if (f->request.select == SELECT_SIMILAR)
        f->request.similar = f->similar = prompt_similar_new(t);
    return 0;
}

void fewshot_close(struct fewshot *f)
{
    runner_free(f->runner);
    recorder_free(&f->recorder);
    settings_free(&f->settings);
    bm25_free(f->similar);
    free(f->segments);
    memset(f, 0, sizeof *f);
}

int fewshot_count(void *fewshot, const char *text, size_t n, bool at_beginning)
{
    const struct fewshot *f = fewshot;
    const struct tokenizer *t = runner_tokenizer(f->runner);
    size_t n_ids;
    int32_t none;
    if (!t)
        return (int)utf8_count(text, n);
    /* the flags with which the engine reads a prompt */
    const int flags = TOKENIZE_LITERAL | (at_beginning ? 0 : TOKENIZE_CONTINUES);
    if (tokenizer_encode(t, text, n, flags, &none, 0, &n_ids, NULL) != 0 || n_ids > INT_MAX)
        return INT_MAX;
    return (int)n_ids;
}

int fewshot_prompt(struct fewshot *f, const struct template_field *fields, size_t n_fields,
                   struct prompt *out, struct err *err)
{
    f->request.fields = fields;
    f->request.n_fields = n_fields;
    return prompt_make(&f->request, out, err);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The parts of the prompt as segments, with room for one more behind them; the count. */
static size_t make_segments(struct fewshot *f, const struct prompt *p)
{
    const size_t n = p ? p->n_parts : 0;
    if (n + 2 > f->n_segments) {
        f->n_segments = n + 2;
        f->segments = x_realloc(f->segments, f->n_segments * sizeof f->segments[0]);
    }
    for (size_t i = 0; i < n; i++)
        f->segments[i] = (struct engine_segment){.kind = SEGMENT_TEXT,
                                                 .text = p->text.data + p->parts[i].begin,
                                                 .n_bytes = p->parts[i].n};
    return n;
}

uint64_t fewshot_item_seed(uint64_t seed, uint64_t item)
{
    const uint32_t counter[4] = {(uint32_t)item, (uint32_t)(item >> 32), 0x6974656D, 0};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t out[4];
    rng_philox4x32(counter, key, out);
    return (uint64_t)out[1] << 32 | out[0];
}

struct asking {
    struct fewshot *f;
    bool (*on_event)(void *arg, const struct engine_event *ev);
    void *arg;
};

static bool on_answer(void *arg, const struct engine_event *ev)
{
    struct asking *a = arg;
    recorder_event(&a->f->recorder, ev);
    return !a->on_event || a->on_event(a->arg, ev);
}

int fewshot_generate(struct fewshot *f, const struct prompt *p,
                     bool (*on_event)(void *arg, const struct engine_event *ev), void *arg,
                     struct engine_event *done, struct err *err)
{
    struct asking a = {f, on_event, arg};
    f->generation.n_segments = make_segments(f, p);
    f->generation.segments = f->segments;
    f->origin.few_shot = true;
    f->origin.k_asked = p->k_asked;
    f->origin.k_used = p->k_used;
    recorder_begin(&f->recorder, &f->origin, &f->settings, runner_info(f->runner), &f->generation);
    int rc = runner_generate(f->runner, &f->generation, on_answer, &a, done, err);
    recorder_end(&f->recorder, done, rc ? err : NULL);
    return rc;
}

static bool on_score(void *arg, const struct engine_event *ev)
{
    struct fewshot_score *out = arg;
    for (uint32_t i = 0; ev->type == EV_SCORE && i < ev->score.n; i++) {
        struct engine_score one;
        memcpy(&one, ev->bytes + i * sizeof one, sizeof one);
        if ((size_t)out->n_tokens == out->capacity) {
            out->capacity = out->capacity ? 2 * out->capacity : 64;
            out->ids = x_realloc(out->ids, out->capacity * sizeof out->ids[0]);
            out->logprobs = x_realloc(out->logprobs, out->capacity * sizeof out->logprobs[0]);
        }
        out->ids[out->n_tokens] = one.id;
        out->logprobs[out->n_tokens++] = one.logprob;
        if (!isnan(one.logprob)) /* nothing predicts the first token of all */
            out->sum += (double)one.logprob;
    }
    return true;
}

int fewshot_score(struct fewshot *f, const struct prompt *p, const char *context, const char *text,
                  struct fewshot_score *out, struct err *err)
{
    struct engine_event done;
    size_t n = make_segments(f, p);
    if (context && context[0])
        f->segments[n++] = (struct engine_segment){
            .kind = SEGMENT_TEXT, .text = context, .n_bytes = strlen(context)};
    f->segments[n++] = (struct engine_segment){
        .kind = SEGMENT_TEXT, .text = text, .n_bytes = strlen(text), .scored = true};
    struct engine_request r = f->generation;
    r.segments = f->segments;
    r.n_segments = n;
    r.score = true;
    out->sum = 0;
    out->n_tokens = 0;
    int rc = runner_generate(f->runner, &r, on_score, out, &done, err);
    if (rc)
        return rc;
    if (done.done.reason == DONE_CANCELLED)
        return err_set(err, E_CANCELLED, _("interrupted"));
    out->n_reused = done.done.n_reused;
    out->n_prompt = done.done.n_prompt - out->n_tokens;
    return 0;
}

void fewshot_score_free(struct fewshot_score *s)
{
    free(s->ids);
    free(s->logprobs);
    *s = (struct fewshot_score){0};
}
