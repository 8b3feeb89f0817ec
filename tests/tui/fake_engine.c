/* fake_engine.c - see fake_engine.h. */
#include "config.h"

#include "tests/tui/fake_engine.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/backend.h"
#include "engine/stream_text.h"
#include "src/base/clock.h"
#include "src/base/utf8.h"

enum {
    DEFAULT_N_CTX = 1024,
    PIECE_IDS = 1024,
    SCORES_AT_ONCE = 100,
    SLICE_NS = 2000000,
    STATS_NS = 250000000,
};

struct backend {
    struct fake_script script;
    struct engine_info info;
};

struct backend_session {
    struct backend *backend;
    struct stream_text *text;
    size_t n_requests;
};

static const struct fake_script *chosen;

void fake_engine_script(const struct fake_script *script)
{
    chosen = script;
}

static const char *text_from(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static int number_from(const char *name)
{
    const char *value = text_from(name);
    return value ? atoi(value) : 0;
}

static struct fake_script script_in_force(void)
{
    if (chosen)
        return *chosen;
    const char *rate = text_from("XUXIE_FAKE_RATE");
    return (struct fake_script){
        .text = text_from("XUXIE_FAKE_TEXT"),
        .tokens_per_s = rate ? atof(rate) : 0,
        .load_ms = number_from("XUXIE_FAKE_LOAD_MS"),
        .prefill_ms = number_from("XUXIE_FAKE_PREFILL_MS"),
        .load_error = text_from("XUXIE_FAKE_LOAD_ERROR"),
        .fail_after = number_from("XUXIE_FAKE_FAIL_AFTER"),
        .n_ctx = number_from("XUXIE_FAKE_N_CTX"),
        .endless = number_from("XUXIE_FAKE_ENDLESS") != 0,
        .scores = text_from("XUXIE_FAKE_SCORES"),
    };
}

static void sleep_slice(void)
{
    nanosleep(&(struct timespec){.tv_nsec = SLICE_NS}, NULL);
}

int backend_load(const char *path, const struct engine_options *options,
                 const struct load_watch *watch, struct backend **out, struct err *err)
{
    struct fake_script script = script_in_force();
    int64_t began = clock_mono_ms(), passed = 0;
    do {
        int percent = script.load_ms > 0 ? (int)(passed * 100 / script.load_ms) : 50;
        if (!watch->progress(watch->ctx, percent))
            return E_CANCELLED;
        if (passed < script.load_ms)
            sleep_slice();
        passed = clock_mono_ms() - began;
    } while (passed < script.load_ms);
    if (script.load_error)
        return err_set(err, E_INPUT, "%s", script.load_error);
    struct backend *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(err, E_RESOURCE, "no memory");
    b->script = script;
    b->info = (struct engine_info){
        .path = path,
        .name = "fake",
        .arch = "fake",
        .type = "f32",
        .license = "",
        .cpu = "generic",
        .identity = "00000000000000000000000000000000",
        .tokenizer_identity = "00000000000000000000000000000000",
        .n_params = 1,
        .file_bytes = 1,
        .n_vocab = 0x110000,
        .n_embd = 1,
        .n_layer = 1,
        .n_head = 1,
        .n_head_kv = 1,
        .n_ctx_train = DEFAULT_N_CTX,
        .n_ctx = options->n_ctx ? options->n_ctx
                 : script.n_ctx ? script.n_ctx
                                : DEFAULT_N_CTX,
        .kv = options->kv,
        .n_threads = 1,
        .hint = {(float)__builtin_nan(""), (float)__builtin_nan(""), (float)__builtin_nan(""),
                 (float)__builtin_nan(""), (float)__builtin_nan(""), -1, -1},
    };
    *out = b;
    return 0;
}

void backend_free(struct backend *b)
{
    free(b);
}

const struct engine_info *backend_info(const struct backend *b)
{
    return &b->info;
}

const struct tokenizer *backend_tokenizer(const struct backend *b)
{
    (void)b;
    return NULL;
}

int backend_session_new(struct backend *b, struct backend_session **out, struct err *err)
{
    struct backend_session *s = calloc(1, sizeof *s);
    struct stream_text *text = stream_text_new();
    if (!s || !text) {
        free(s);
        stream_text_free(text);
        return err_set(err, E_RESOURCE, "no memory");
    }
    s->backend = b;
    s->text = text;
    *out = s;
    return 0;
}

void backend_session_free(struct backend_session *s)
{
    if (!s)
        return;
    stream_text_free(s->text);
    free(s);
}

/* One request while it runs. */
struct run {
    struct backend_session *session;
    const struct engine_request *request;
    const struct emitter *out;
    int64_t began_ns, stats_ns;
    int n_prompt, n_generated;
};

static bool emit(struct run *r, struct engine_event ev)
{
    ev.id = r->request->id;
    ev.stream = r->request->stream;
    return r->out->emit(r->out->ctx, &ev);
}

static bool cancelled(struct run *r)
{
    return r->out->cancelled(r->out->ctx);
}

static bool deadline_passed(const struct run *r)
{
    return r->request->deadline_ms > 0 &&
           clock_mono_ns() - r->began_ns >= r->request->deadline_ms * 1000000;
}

/* Sleeps until then; false when the request is to end. */
static bool wait_until(struct run *r, int64_t then_ns)
{
    do {
        if (cancelled(r) || deadline_passed(r))
            return false;
        if (clock_mono_ns() >= then_ns)
            return true;
        sleep_slice();
    } while (true);
}

/* The next character of a segment as an id and its length in bytes of text; false at the end. */
static bool next_character(const struct engine_segment *s, size_t *at, int32_t *id, size_t *n_bytes)
{
    if (s->kind == SEGMENT_IDS) {
        char buf[4];
        if (*at >= s->n_ids)
            return false;
        *id = s->ids[(*at)++];
        *n_bytes = utf8_encode((uint32_t)*id, buf);
        return true;
    }
    if (*at >= s->n_bytes)
        return false;
    uint32_t cp = 0xFFFD;
    size_t n = utf8_decode(s->text + *at, s->n_bytes - *at, &cp);
    *n_bytes = n ? n : 1;
    *at += *n_bytes;
    *id = (int32_t)cp;
    return true;
}

static void tell_piece(struct run *r, size_t segment, const int32_t *ids, size_t n, size_t end,
                       bool last)
{
    struct engine_event ev = {.type = EV_PROMPT};
    ev.prompt.segment = (uint32_t)segment;
    ev.prompt.offset = (uint32_t)(end - n);
    ev.prompt.n_ids = (uint32_t)n;
    ev.prompt.last = last;
    ev.bytes = (const char *)ids;
    ev.n_bytes = n * sizeof *ids;
    emit(r, ev);
}

static void tell_prompt(struct run *r)
{
    const struct engine_request *q = r->request;
    static _Thread_local int32_t ids[PIECE_IDS];
    for (size_t i = 0; i < q->n_segments; i++) {
        size_t at = 0, n = 0, n_segment = 0, n_bytes;
        int32_t id;
        while (next_character(&q->segments[i], &at, &id, &n_bytes)) {
            if (n == PIECE_IDS) {
                tell_piece(r, i, ids, n, n_segment, false);
                n = 0;
            }
            ids[n++] = id;
            n_segment++;
        }
        bool last = i + 1 == q->n_segments;
        if (n > 0 || last)
            tell_piece(r, i, ids, n, n_segment, last);
        r->n_prompt += (int)n_segment;
    }
    if (q->n_segments == 0)
        tell_piece(r, 0, ids, 0, 0, true);
}

/* Keeps five eighths of the context of a prompt that is longer than three quarters of it. */
static int cut_prompt(struct run *r)
{
    const struct engine_request *q = r->request;
    int n_ctx = r->session->backend->info.n_ctx;
    if (q->keep_whole || r->n_prompt <= n_ctx / 4 * 3)
        return r->n_prompt;
    int drop = r->n_prompt - n_ctx / 8 * 5;
    struct engine_event ev = {.type = EV_CUT};
    ev.cut.n_tokens_dropped = drop;
    ev.cut.n_tokens_kept = r->n_prompt - drop;
    for (size_t i = 0; i < q->n_segments && drop > 0; i++) {
        size_t at = 0, n_bytes;
        int32_t id;
        for (; drop > 0 && next_character(&q->segments[i], &at, &id, &n_bytes); drop--)
            ev.cut.n_bytes_dropped += n_bytes;
    }
    emit(r, ev);
    return ev.cut.n_tokens_kept;
}

static bool tell_prefill(struct run *r, int total)
{
    int64_t began = clock_mono_ns();
    int64_t length = (int64_t)r->session->backend->script.prefill_ms * 1000000;
    struct engine_event ev = {.type = EV_PREFILL};
    ev.prefill.total = total;
    for (int step = 0; step <= 4; step++) {
        ev.prefill.done = total * step / 4;
        if (!wait_until(r, began + length * step / 4) || !emit(r, ev))
            return false;
    }
    return true;
}

/* The part of the script for this request: from *text on, *n bytes. */
static void choose_take(struct backend_session *s, const char **text, size_t *n)
{
    const char *all = s->backend->script.text ? s->backend->script.text : "";
    size_t n_takes = 1;
    for (const char *p = all; *p; p++)
        n_takes += *p == '\f';
    for (size_t k = s->n_requests++ % n_takes; k > 0; k--)
        all = strchr(all, '\f') + 1;
    *text = all;
    *n = strcspn(all, "\f");
}

static void tell_text(struct run *r, const char *bytes, size_t n)
{
    struct engine_event ev = {.type = EV_TEXT, .bytes = bytes, .n_bytes = n};
    if (n > 0)
        emit(r, ev);
}

static void tell_stats(struct run *r, int64_t began_ns)
{
    int64_t now = clock_mono_ns();
    if (now - r->stats_ns < STATS_NS)
        return;
    r->stats_ns = now;
    struct engine_event ev = {.type = EV_STATS};
    ev.stats.tokens_per_s = (float)(r->n_generated * 1e9 / (double)(now - began_ns));
    ev.stats.n_ctx_used = r->n_prompt + r->n_generated;
    ev.stats.n_ctx = r->session->backend->info.n_ctx;
    emit(r, ev);
}

/* Writes the take; returns the reason, or -1 for an error. */
static int write_take(struct run *r, int limit)
{
    const struct fake_script *script = &r->session->backend->script;
    const char *take, *out;
    size_t n_take, n_out, at = 0;
    int64_t began = r->stats_ns = clock_mono_ns();
    choose_take(r->session, &take, &n_take);
    for (;;) {
        double due = script->tokens_per_s > 0 ? r->n_generated / script->tokens_per_s * 1e9 : 0;
        if (!wait_until(r, began + (int64_t)due))
            return DONE_CANCELLED;
        if (script->fail_after > 0 && r->n_generated >= script->fail_after)
            return -1;
        if (at == n_take && script->endless && n_take > 0)
            at = 0;
        if (at == n_take)
            return DONE_EOS;
        uint32_t cp;
        size_t n = utf8_decode(take + at, n_take - at, &cp);
        struct engine_event ev = {.type = EV_TOKEN};
        ev.token.id = n ? (int32_t)cp : 0xFFFD;
        ev.token.logprob = -1;
        if (!emit(r, ev))
            return DONE_CANCELLED;
        r->n_generated++;
        bool stopped = stream_text_put(r->session->text, take + at, n ? n : 1, &out, &n_out);
        at += n ? n : 1;
        tell_text(r, out, n_out);
        if (stopped)
            return DONE_STOP;
        if (r->n_generated >= limit)
            return DONE_LENGTH;
        tell_stats(r, began);
    }
}

/* What the script says of a character. */
static float score_of(const struct run *r, int32_t id)
{
    const char *p = r->session->backend->script.scores;
    while (p && *p) {
        uint32_t cp = 0;
        size_t n = utf8_decode(p, strlen(p), &cp);
        char *end;
        double value = strtod(p + (n ? n : 1), &end);
        if (cp == (uint32_t)id)
            return (float)value;
        p = end + strspn(end, " ");
    }
    return -1;
}

static bool send_scores(struct run *r, const struct engine_score *scores, uint32_t n)
{
    struct engine_event ev = {.type = EV_SCORE, .bytes = (const char *)scores};
    ev.score.n = n;
    ev.n_bytes = n * sizeof *scores;
    if (n == 0)
        return true;
    r->n_generated += (int)n;
    return emit(r, ev);
}

/* Tells all scored tokens; false when the request is to end. */
static bool tell_scores(struct run *r)
{
    const struct engine_request *q = r->request;
    struct engine_score list[SCORES_AT_ONCE];
    uint32_t n = 0, place = 0;
    for (size_t i = 0; i < q->n_segments; i++) {
        size_t at = 0, n_bytes;
        int32_t id;
        for (uint32_t offset = 0; next_character(&q->segments[i], &at, &id, &n_bytes); offset++) {
            const float logprob = place++ == 0 ? NAN : score_of(r, id);
            if (!q->segments[i].scored)
                continue;
            list[n++] = (struct engine_score){id, (uint32_t)i, offset, logprob};
            if (n < SCORES_AT_ONCE)
                continue;
            if (cancelled(r) || deadline_passed(r) || !send_scores(r, list, n))
                return false;
            n = 0;
        }
    }
    return send_scores(r, list, n);
}

static void tell_error(struct run *r, enum err_code code, const char *message)
{
    struct engine_event ev = {.type = EV_ERROR, .bytes = message, .n_bytes = strlen(message)};
    ev.error.code = code;
    emit(r, ev);
}

/* A request that scores: returns the reason. */
static int score_prompt(struct run *r)
{
    return tell_prefill(r, r->n_prompt) && tell_scores(r) ? DONE_SCORED : DONE_CANCELLED;
}

void backend_run(struct backend_session *s, const struct engine_request *request,
                 const struct emitter *out)
{
    struct run r = {.session = s, .request = request, .out = out, .began_ns = clock_mono_ns()};
    stream_text_begin(s->text, request->stops, request->n_stops);
    tell_prompt(&r);
    int limit = request->max_tokens > 0 ? request->max_tokens : INT_MAX;
    if (request->score && r.n_prompt > s->backend->info.n_ctx) {
        tell_error(&r, E_INPUT, "The text to be scored does not fit.");
        return;
    }
    if (request->max_length > 0 && !request->score) {
        if (request->max_length <= r.n_prompt) {
            tell_error(&r, E_USAGE, "max_length is not above the prompt's length.");
            return;
        }
        if (limit > request->max_length - r.n_prompt)
            limit = request->max_length - r.n_prompt;
    }
    int reason = DONE_CANCELLED;
    if (request->score)
        reason = score_prompt(&r);
    else if (tell_prefill(&r, cut_prompt(&r)))
        reason = write_take(&r, limit);
    if (reason != DONE_STOP) {
        const char *rest;
        size_t n;
        stream_text_end(s->text, &rest, &n);
        tell_text(&r, rest, n);
    }
    if (reason < 0) {
        tell_error(&r, E_INPUT, "The script says that writing fails here.");
        return;
    }
    if (reason == DONE_CANCELLED && deadline_passed(&r) && !cancelled(&r))
        reason = DONE_DEADLINE;
    struct engine_event ev = {.type = EV_DONE};
    ev.done.reason = (enum engine_done_reason)reason;
    ev.done.n_prompt = r.n_prompt;
    ev.done.n_tokens = r.n_generated;
    ev.done.n_text_tokens = stream_text_tokens(s->text);
    ev.done.decode_us = (clock_mono_ns() - r.began_ns) / 1000;
    emit(&r, ev);
}
