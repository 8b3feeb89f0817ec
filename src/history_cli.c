/* history_cli.c - see history_cli.h. */
#include "config.h"

#include "src/history_cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/database.h"
#include "src/dates.h"
#include "src/interrupt.h"
#include "src/json_text.h"
#include "src/output.h"

enum { PAGE_HITS = 100, PAGE_MS = 200, SNIPPET_BYTES = 200 };

/* ---- the database ---------------------------------------------------------------------------- */

int history_run(struct cli *cli, bool writes,
                int (*fn)(struct store *store, const struct cli *cli, struct err *err))
{
    struct err err = ERR_INIT, on_close = ERR_INIT;
    struct store *store = NULL;
    int rc = database_open(&cli->settings, 0, NULL, &store, &err);
    if (!rc && writes) {
        struct store_status status;
        store_get_status(store, &status);
        if (status.read_only)
            rc = err_set(&err, E_STORE, "%s", status.message);
    }
    if (!rc)
        rc = fn(store, cli, &err);
    if (store && store_close(store, &on_close) != 0 && writes && !rc) {
        err = on_close;
        rc = err.code;
    }
    output_flush();        /* what was found comes before the message */
    if (rc == E_CANCELLED) /* 0: the reader of standard output went away, output_finish() knows */
        return interrupt_status();
    return rc < 0 ? output_error(&err) : rc;
}

/* ---- numbers and filters --------------------------------------------------------------------- */

int history_number(const char *arg, store_ref *out, struct err *err)
{
    char *end = NULL, quoted[360];
    errno = 0;
    long long n = arg[0] >= '0' && arg[0] <= '9' ? strtoll(arg, &end, 10) : 0;
    if (n <= 0 || errno || *end)
        return err_set(err, E_USAGE, _("\"%s\" is not the number of a generation"),
                       err_quote(quoted, sizeof quoted, arg, strlen(arg)));
    *out = n;
    return 0;
}

int history_load_arg(struct store *s, const char *arg, struct history_record **out, struct err *err)
{
    store_ref ref;
    int rc = history_number(arg, &ref, err);
    return rc ? rc : history_load(s, ref, out, err);
}

bool history_has_filter(const struct flags *f)
{
    return f->story || f->template || f->by_model || f->origin || f->tag.n || f->starred ||
           f->since || f->until || f->min_chars || f->max_chars || f->query;
}

static bool is_number(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 19;
}

int history_filter_of(const struct flags *f, struct history_filter *out, struct err *err)
{
    int64_t now = clock_wall_ms(), unused;
    *out = (struct history_filter){.query = f->query,
                                   .template = f->template,
                                   .model = f->by_model,
                                   .origin = f->origin,
                                   .tag = f->tag.n ? f->tag.items[0] : NULL,
                                   .starred = f->starred,
                                   .min_chars = f->min_chars,
                                   .max_chars = f->max_chars,
                                   .ranked = f->ranked,
                                   .scan = f->scan};
    int rc = 0;
    if (f->story && is_number(f->story))
        out->story = strtoll(f->story, NULL, 10);
    else
        out->story_title = f->story;
    if (f->tag.n > 1)
        rc = err_set(err, E_USAGE, _("--tag: only one tag can be asked for"));
    if (!rc && f->ranked && !(f->query && f->query[0]))
        rc = err_set(err, E_USAGE, _("--ranked needs words to rank by"));
    if (!rc && f->since)
        rc = date_parse("--since", f->since, now, &out->from_ms, &unused, err);
    if (!rc && f->until)
        rc = date_parse("--until", f->until, now, &unused, &out->until_ms, err);
    return rc;
}

/* ---- going through them ---------------------------------------------------------------------- */

int history_each(struct store *s, const struct history_filter *filter, int64_t limit,
                 history_hit_fn *fn, void *ctx, struct err *err)
{
    struct history_search *search;
    int rc = history_search_new(s, filter, &search, err);
    if (rc)
        return rc;
    bool done = false;
    for (int64_t n_seen = 0; !rc && !done && (limit == 0 || n_seen < limit);) {
        struct history_hit *hits = NULL;
        size_t n = 0;
        int64_t left = limit ? limit - n_seen : PAGE_HITS;
        rc = history_search_next(search, left < PAGE_HITS ? (size_t)left : PAGE_HITS, PAGE_MS,
                                 &hits, &n, &done, err);
        for (size_t i = 0; !rc && i < n; i++)
            rc = interrupt_signal() ? err_set(err, E_CANCELLED, _("interrupted"))
                                    : fn(ctx, &hits[i], err);
        if (!rc && interrupt_signal()) /* a long way without a hit */
            rc = err_set(err, E_CANCELLED, _("interrupted"));
        n_seen += (int64_t)n;
        history_hits_free(hits, n);
    }
    history_search_free(search);
    return rc;
}

struct each_record {
    struct store *store;
    history_record_fn *fn;
    void *ctx;
};

static int visit_hit(void *ctx, const struct history_hit *hit, struct err *err)
{
    const struct each_record *e = ctx;
    struct history_record *r;
    int rc = history_load(e->store, hit->generation, &r, err);
    if (rc)
        return rc;
    rc = e->fn(e->ctx, r, err);
    history_record_free(r);
    return rc;
}

int history_each_record(struct store *s, const struct cli *cli, history_record_fn *fn, void *ctx,
                        struct err *err)
{
    struct each_record e = {s, fn, ctx};
    struct history_filter filter;
    int rc = 0;
    for (int i = 0; !rc && i < cli->n_args; i++) {
        struct history_hit hit = {0};
        rc = interrupt_signal() ? err_set(err, E_CANCELLED, _("interrupted"))
                                : history_number(cli->args[i], &hit.generation, err);
        if (!rc)
            rc = visit_hit(&e, &hit, err);
    }
    if (rc || cli->n_args)
        return rc;
    rc = history_filter_of(&cli->flags, &filter, err);
    return rc ? rc : history_each(s, &filter, cli->flags.limit, visit_hit, &e, err);
}

/* ---- showing --------------------------------------------------------------------------------- */

const char *history_reason(const char *reason)
{
    return reason ? reason : _("interrupted");
}

static void text(const char *s)
{
    output_text(s, strlen(s), false);
}

static void print_snippet(const struct history_hit *hit)
{
    bool styled = output_has_styles();
    size_t at = 0, n = strlen(hit->snippet);
    output_puts("         ");
    for (size_t i = 0; i < hit->n_marks; i++) {
        const struct history_mark *m = &hit->marks[i];
        if (m->begin < at || m->begin + m->n > n)
            continue; /* one inside the last */
        output_text(hit->snippet + at, m->begin - at, false);
        output_style(STYLE_STRONG);
        output_puts(styled ? "" : "«");
        output_text(hit->snippet + m->begin, m->n, false);
        output_puts(styled ? "" : "»");
        output_style(STYLE_PLAIN);
        at = m->begin + m->n;
    }
    output_text(hit->snippet + at, n - at, false);
    output_puts("\n");
}

void history_print_hit(const struct history_hit *hit, bool snippet)
{
    char when[DATE_TEXT];
    output_style(STYLE_STRONG);
    output_printf("%7lld", (long long)hit->generation);
    output_style(STYLE_PLAIN);
    output_printf(" %s %s  ", hit->starred ? "★" : " ", date_local(hit->started_ms, when));
    text(hit->origin);
    output_puts("  ");
    if (hit->story) {
        bool titled = hit->story_title && hit->story_title[0];
        text(titled ? hit->story_title : _("untitled"));
        output_puts("  ");
    }
    if (hit->template) {
        output_puts("[");
        text(hit->template);
        output_puts("]  ");
    }
    if (hit->model && hit->model[0]) {
        text(hit->model);
        output_puts("  ");
    }
    if (hit->reason) /* else they are not counted yet */
        output_printf(P_("%lld character, ", "%lld characters, ", hit->n_chars),
                      (long long)hit->n_chars);
    output_printf("%s%s\n", history_reason(hit->reason), hit->has_note ? _(", note") : "");
    if (snippet)
        print_snippet(hit);
}

void history_print_record(const struct history_record *r)
{
    size_t n = r->n_text < SNIPPET_BYTES ? r->n_text : SNIPPET_BYTES;
    char *snippet = x_strndup(r->text, utf8_floor(r->text, r->n_text, n));
    for (char *p = snippet; *p; p++)
        *p = *p == '\n' || *p == '\t' ? ' ' : *p;
    const struct history_hit hit = {.generation = r->generation,
                                    .story = r->story,
                                    .started_ms = r->started_ms,
                                    .origin = r->origin,
                                    .story_title = r->story_title,
                                    .template = r->template,
                                    .model = r->model_name,
                                    .starred = r->starred,
                                    .has_note = r->note[0] != '\0',
                                    .n_chars = (int64_t)utf8_count(r->text, r->n_text),
                                    .reason = r->reason,
                                    .snippet = snippet};
    history_print_hit(&hit, true);
    free(snippet);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* JSON's integers are signed here. */
static json_t *json_seed(uint64_t seed)
{
    if (seed <= INT64_MAX)
        return json_integer((json_int_t)seed);
    char digits[32];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)seed);
    return json_string(digits);
}

json_t *history_settings(const struct history_record *r)
{
    json_error_t error;
    json_t *o = r->settings ? json_loads(r->settings, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!json_is_object(o)) {
        json_decref(o);
        o = json_object();
    }
    json_object_set_new(o, "seed", json_seed(r->seed));
    return o;
}

void history_value_text(const json_t *value, struct str *out)
{
    if (json_is_string(value)) {
        str_append(out, json_string_value(value), json_string_length(value));
    } else if (value) {
        char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(10));
        str_puts(out, dump ? dump : "");
        free(dump);
    }
}

static json_t *json_ids(const int32_t *ids, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_integer(ids[i]));
    return list;
}

static void set_string(json_t *o, const char *key, const char *value)
{
    if (value)
        json_set_text(o, key, value, strlen(value));
    else
        json_object_set_new(o, key, json_null());
}

static json_t *json_prompt(const struct history_record *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_prompt; i++) {
        const struct history_part *p = &r->prompt[i];
        json_t *o = json_object();
        json_set_text(o, "text", p->text, p->n_text);
        json_object_set_new(o, "ids", json_ids(p->ids, p->n_ids));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *json_logprobs(const struct history_record *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_logprobs; i++) {
        double v = (double)r->logprobs[i];
        json_array_append_new(list, isfinite(v) ? json_real(v) : json_null());
    }
    return list;
}

static json_t *json_model(const struct history_record *r)
{
    json_t *o = json_object();
    set_string(o, "name", r->model_name);
    set_string(o, "identity", r->model_identity);
    set_string(o, "type", r->model_type);
    set_string(o, "path", r->model_path);
    set_string(o, "tokenizer", r->tokenizer);
    return o;
}

static json_t *json_template(const struct history_record *r)
{
    if (!r->template_version)
        return json_null();
    json_t *o = json_object();
    set_string(o, "name", r->template);
    json_object_set_new(o, "version", json_integer(r->template_number));
    json_object_set_new(o, "shots_asked", json_integer(r->k_asked));
    json_object_set_new(o, "shots_used", json_integer(r->k_used));
    return o;
}

json_t *history_json(const struct history_record *r)
{
    char when[DATE_TEXT];
    json_t *o = json_pack("{s:I, s:s}", "generation", (json_int_t)r->generation, "started",
                          date_iso(r->started_ms, when));
    set_string(o, "origin", r->origin);
    json_t *tags = json_array();
    for (size_t i = 0; i < r->n_tags; i++)
        json_array_append_new(tags, output_json_string(r->tags[i], strlen(r->tags[i])));
    if (r->story) {
        json_object_set_new(o, "story", json_integer(r->story));
        set_string(o, "story_title", r->story_title);
    }
    if (r->node)
        json_object_set_new(o, "passage", json_integer(r->node));
    json_object_set_new(o, "model", json_model(r));
    json_object_set_new(o, "template", json_template(r));
    json_object_set_new(o, "settings", history_settings(r));
    json_object_set_new(o, "seed", json_seed(r->seed));
    json_object_set_new(o, "stream", json_integer(r->stream));
    json_object_set_new(o, "prompt", json_prompt(r));
    json_object_set_new(o, "tokens_dropped", json_integer(r->n_dropped));
    json_set_text(o, "text", r->text, r->n_text);
    json_object_set_new(o, "ids", json_ids(r->ids, r->n_ids));
    json_object_set_new(o, "logprobs", json_logprobs(r));
    json_object_set_new(o, "text_tokens", json_integer(r->n_text_tokens));
    json_object_set_new(o, "prompt_tokens", json_integer(r->n_prompt_tokens));
    json_object_set_new(o, "reused_tokens", json_integer(r->n_reused));
    json_object_set_new(o, "prefill_ms", json_real((double)r->prefill_us / 1e3));
    json_object_set_new(o, "decode_ms", json_real((double)r->decode_us / 1e3));
    set_string(o, "reason", r->reason);
    set_string(o, "error", r->error);
    json_object_set_new(o, "starred", json_boolean(r->starred));
    set_string(o, "note", r->note);
    json_object_set_new(o, "tags", tags);
    return o;
}
