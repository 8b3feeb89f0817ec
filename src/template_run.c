/* template_run.c - see template_run.h.
 *
 * Invariants
 *  1  `id` is the number of the request that is with the engine, 0 when none is; WAITING with id 0
 *     waits for an engine, WAITING with an id for what the session does before it
 *  2  request, segments and settings stay as they are while id is not 0: the recorder looks at them
 *  3  what is shown has been given to the store in the same call
 */
#include "config.h"

#include "src/template_run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/base/utf8.h"
#include "src/fewshot.h"
#include "src/query_line.h"
#include "src/recorder.h"
#include "src/token_counter.h"

struct template_run {
    struct store *store;
    const struct settings *settings;
    const struct template_run_host *host;
    struct engine *engine; /* NULL: none */
    struct engine_session *session;
    struct token_counter *counter;

    enum template_run_state state;
    uint64_t id; /* invariant 1 */
    struct template *template;
    store_ref version;
    struct template_field *fields;
    size_t n_fields;
    uint64_t seed;
    uint32_t take;

    struct prompt prompt;
    bool has_prompt;
    struct settings used;
    struct engine_request request;
    struct engine_segment *segments;
    struct recorder recorder;
    char reason[24], error[1024];
    int done, total;
    int64_t first_text_ms;
    float chars_per_s;
};

struct template_run *template_run_new(struct store *store, const struct settings *settings,
                                      const struct template_run_host *host)
{
    struct template_run *r = x_calloc(1, sizeof *r);
    r->store = store;
    r->settings = settings;
    r->host = host;
    r->counter = token_counter_new();
    settings_init(&r->used);
    recorder_init(&r->recorder, store);
    return r;
}

static void forget_prompt(struct template_run *r)
{
    if (r->has_prompt)
        prompt_free(&r->prompt);
    r->has_prompt = false;
}

void template_run_free(struct template_run *r)
{
    if (!r)
        return;
    forget_prompt(r);
    template_free(r->template);
    query_fields_free(r->fields, r->n_fields);
    recorder_free(&r->recorder);
    settings_free(&r->used);
    token_counter_free(r->counter);
    free(r->segments);
    free(r);
}

bool template_run_busy(const struct template_run *r)
{
    return r->state != RUN_IDLE;
}

static void changed(struct template_run *r)
{
    r->host->changed(r->host->ctx);
}

/* ---- the prompt ------------------------------------------------------------------------------ */

/* The settings of a run: the template's under what the person set in the room. */
static int make_settings(struct template_run *r, const struct template *t, struct settings *out,
                         struct err *err)
{
    settings_copy(out, r->settings);
    return fewshot_settings(out, t, true, err);
}

/* Tokens there are for the prompt; 0: unknown. */
static int budget(struct template_run *r, const struct template *t)
{
    struct settings s = {0};
    if (!r->engine || !token_counter_ready(r->counter))
        return 0;
    make_settings(r, t, &s, NULL);
    const int n_ctx = engine_info(r->engine)->n_ctx;
    const int start = tokenizer_adds_bos(engine_tokenizer(r->engine));
    const int answer = s.max_tokens > 0 && s.max_tokens < n_ctx ? (int)s.max_tokens : n_ctx / 4;
    settings_free(&s);
    return n_ctx - start - answer > 0 ? n_ctx - start - answer : 1;
}

void template_run_request(struct template_run *r, const struct template *t, uint64_t seed,
                          struct prompt_request *out)
{
    prompt_request_init(out, t);
    out->seed = seed;
    out->budget_tokens = budget(r, t);
    if (token_counter_ready(r->counter)) {
        out->count = token_counter_count;
        out->ctx = r->counter;
    }
}

static int make_prompt(struct template_run *r, struct err *err)
{
    struct prompt_request request;
    template_run_request(r, r->template, r->seed, &request);
    request.fields = r->fields;
    request.n_fields = r->n_fields;
    forget_prompt(r);
    int rc = prompt_make(&request, &r->prompt, err);
    r->has_prompt = rc == 0;
    return rc;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void make_request(struct template_run *r)
{
    r->segments = x_realloc(r->segments, (r->prompt.n_parts + 1) * sizeof r->segments[0]);
    for (size_t i = 0; i < r->prompt.n_parts; i++)
        r->segments[i] =
            (struct engine_segment){.kind = SEGMENT_TEXT,
                                    .text = str_cstr(&r->prompt.text) + r->prompt.parts[i].begin,
                                    .n_bytes = r->prompt.parts[i].n};
    r->request = (struct engine_request){.segments = r->segments,
                                         .n_segments = r->prompt.n_parts,
                                         .n_streams = 1,
                                         .keep_whole = true};
    settings_request(&r->used, &r->request);
    r->request.seed = r->used.seed >= 0 ? (uint64_t)r->used.seed : rng_fresh_seed();
    r->request.stream = r->take;
}

static int submit(struct template_run *r, struct err *err)
{
    int rc = make_settings(r, r->template, &r->used, err);
    if (rc == 0)
        rc = make_prompt(r, err);
    if (rc != 0)
        return rc;
    make_request(r);
    r->request.id = r->host->next_id(r->host->ctx);
    rc = engine_submit(r->session, &r->request, err);
    if (rc != 0)
        return rc;
    r->id = r->request.id;
    const struct recorder_origin origin = {.origin = "room",
                                           .template_version = r->version,
                                           .k_asked = r->prompt.k_asked,
                                           .k_used = r->prompt.k_used};
    recorder_begin(&r->recorder, &origin, &r->used, engine_info(r->engine), &r->request);
    return 0;
}

/* To the engine when there is one, else it waits. */
static int begin(struct template_run *r, struct err *err)
{
    r->reason[0] = r->error[0] = '\0';
    r->done = r->total = 0;
    r->first_text_ms = 0;
    r->chars_per_s = 0;
    str_clear(&r->recorder.text);
    r->recorder.generation = 0;
    int rc = r->session ? submit(r, err) : make_prompt(r, err);
    r->state = rc == 0 ? RUN_WAITING : RUN_IDLE;
    changed(r);
    return rc;
}

int template_run_start(struct template_run *r, const struct template *t, store_ref version,
                       const struct template_field *fields, size_t n_fields, uint64_t seed,
                       struct err *err)
{
    if (template_run_busy(r))
        return err_set(err, E_BUSY, _("A template is running; ^C stops it."));
    struct template *copy = template_copy(t);
    struct template_field *values = x_calloc(n_fields + 1, sizeof values[0]);
    for (size_t i = 0; i < n_fields; i++)
        values[i] = (struct template_field){x_strdup(fields[i].name), x_strdup(fields[i].value)};
    forget_prompt(r);
    template_free(r->template);
    query_fields_free(r->fields, r->n_fields);
    r->template = copy;
    r->version = version;
    r->fields = values;
    r->n_fields = n_fields;
    r->seed = seed;
    r->take = 0;
    return begin(r, err);
}

int template_run_again(struct template_run *r, struct err *err)
{
    if (!r->template)
        return err_set(err, E_INPUT, _("No template was run yet."));
    if (template_run_busy(r))
        return err_set(err, E_BUSY, _("A template is running; ^C stops it."));
    r->take++;
    return begin(r, err);
}

void template_run_set_engine(struct template_run *r, struct engine *engine,
                             struct engine_session *session)
{
    assert(r->id == 0);
    struct err err = ERR_INIT;
    r->engine = engine;
    r->session = session;
    token_counter_use(r->counter, engine ? engine_tokenizer(engine) : NULL);
    if (r->state == RUN_WAITING && session && begin(r, &err) != 0)
        r->host->notice(r->host->ctx, TURN_ERROR, err.msg);
    changed(r);
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void finish(struct template_run *r, const struct engine_event *done,
                   const struct err *failure)
{
    recorder_end(&r->recorder, done, failure);
    snprintf(r->reason, sizeof r->reason, "%s",
             failure ? "error" : engine_done_name(done->done.reason));
    snprintf(r->error, sizeof r->error, "%s", failure ? failure->msg : "");
    r->id = 0;
    r->state = RUN_IDLE;
    changed(r);
    r->host->ended(r->host->ctx);
}

static void on_text(struct template_run *r)
{
    const int64_t now = clock_mono_ms();
    if (r->state != RUN_WRITING) {
        r->state = RUN_WRITING;
        r->first_text_ms = now;
    }
    if (now > r->first_text_ms)
        r->chars_per_s = (float)utf8_count(r->recorder.text.data, r->recorder.text.len) * 1000 /
                         (float)(now - r->first_text_ms);
}

static void on_done(struct template_run *r, const struct engine_event *ev)
{
    if (ev->done.reason == DONE_EOS && r->recorder.text.len == 0)
        r->host->notice(r->host->ctx, TURN_INFO,
                        _("The model ended without a word. F5 asks it again."));
    finish(r, ev, NULL);
}

static void on_error(struct template_run *r, const struct engine_event *ev)
{
    struct err err = ERR_INIT;
    char *message = x_strndup(ev->bytes, ev->n_bytes);
    err_set(&err, ev->error.code, "%s", message);
    free(message);
    r->host->notice(r->host->ctx, TURN_ERROR, err.msg);
    finish(r, NULL, &err);
}

void template_run_event(struct template_run *r, const struct engine_event *ev)
{
    if (r->id == 0 || ev->id != r->id)
        return;
    if (r->state == RUN_WAITING)
        r->state = RUN_READING;
    recorder_event(&r->recorder, ev); /* invariant 3 */
    switch (ev->type) {
    case EV_PREFILL:
        r->done = ev->prefill.done;
        r->total = ev->prefill.total;
        break;
    case EV_TEXT: on_text(r); break;
    case EV_DONE: on_done(r, ev); return;
    case EV_ERROR: on_error(r, ev); return;
    default: break;
    }
    if (ev->type == EV_TEXT || ev->type == EV_PREFILL)
        changed(r);
}

void template_run_stop(struct template_run *r)
{
    if (r->id != 0) {
        engine_cancel(r->session, r->id);
    } else if (r->state == RUN_WAITING) {
        r->state = RUN_IDLE;
        changed(r);
    }
}

void template_run_end(struct template_run *r)
{
    if (r->id != 0) {
        struct engine_event done = {.type = EV_DONE};
        done.done.reason = DONE_CANCELLED;
        done.done.n_text_tokens = -1;
        recorder_end(&r->recorder, &done, NULL);
        r->id = 0;
    }
    r->state = RUN_IDLE;
    r->engine = NULL;
    r->session = NULL;
    token_counter_use(r->counter, NULL);
}

void template_run_get(const struct template_run *r, struct template_run_result *out)
{
    *out = (struct template_run_result){.state = r->state,
                                        .template = r->template,
                                        .fields = r->fields,
                                        .n_fields = r->n_fields,
                                        .prompt = r->has_prompt ? &r->prompt : NULL,
                                        .text = str_cstr(&r->recorder.text),
                                        .n_text = r->recorder.text.len,
                                        .generation = r->recorder.generation,
                                        .reason = r->reason,
                                        .error = r->error,
                                        .done = r->done,
                                        .total = r->total,
                                        .chars_per_s = r->chars_per_s};
}
