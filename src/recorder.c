/* recorder.c - see recorder.h. The prompt is stored when the first word comes, because only then it
 * is known how much of it was cut off. */
#include "config.h"

#include "src/recorder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/mem.h"

enum { FIRST_CAPACITY = 256 };

static void *grow(void *p, size_t needed, size_t *capacity, size_t element)
{
    size_t bytes;
    if (needed <= *capacity)
        return p;
    size_t n = *capacity ? *capacity : FIRST_CAPACITY;
    while (n < needed)
        n *= 2;
    if (!mul_size(n, element, &bytes))
        abort();
    *capacity = n;
    return x_realloc(p, bytes);
}

void recorder_init(struct recorder *r, struct store *store)
{
    *r = (struct recorder){.store = store, .text = STR_INIT};
}

void recorder_free(struct recorder *r)
{
    for (size_t i = 0; i < r->n_parts; i++)
        free(r->parts[i].ids);
    free(r->parts);
    free(r->ids);
    free(r->logprobs);
    str_free(&r->text);
}

static void make_parts(struct recorder *r, size_t n)
{
    if (n > r->n_parts) {
        r->parts = x_realloc(r->parts, n * sizeof r->parts[0]);
        memset(r->parts + r->n_parts, 0, (n - r->n_parts) * sizeof r->parts[0]);
        r->n_parts = n;
    }
    for (size_t i = 0; i < r->n_parts; i++)
        r->parts[i].n = 0;
}

void recorder_begin(struct recorder *r, const struct recorder_origin *origin,
                    const struct settings *settings, const struct engine_info *info,
                    const struct engine_request *request)
{
    r->request = request;
    make_parts(r, request->n_segments);
    r->n_prompt = 0;
    r->n_dropped = r->n_reused = 0;
    r->prompt_stored = r->told = false;
    r->n_ids = 0;
    str_clear(&r->text);
    if (!r->store)
        return;
    char *json = settings_json(settings, request->seed);
    const struct store_generation g = {
        .origin = origin->origin,
        .template_version = origin->template_version,
        .few_shot = origin->few_shot,
        .k_asked = origin->k_asked,
        .k_used = origin->k_used,
        .model = {.identity = info->identity,
                  .tokenizer = info->tokenizer_identity,
                  .name = info->name,
                  .arch = info->arch,
                  .type = info->type,
                  .path = info->path,
                  .n_params = info->n_params},
        .settings = json,
        .seed = request->seed,
        .stream = request->stream,
        .started_ms = clock_wall_ms(),
    };
    r->generation = store_put_generation(r->store, &g);
    free(json);
}

static void on_prompt(struct recorder *r, const struct engine_event *ev)
{
    if (ev->prompt.n_ids == 0)
        return;
    assert(ev->prompt.segment < r->request->n_segments);
    struct recorder_part *p = &r->parts[ev->prompt.segment];
    p->ids = grow(p->ids, p->n + ev->prompt.n_ids, &p->capacity, sizeof p->ids[0]);
    memcpy(p->ids + p->n, ev->bytes, ev->prompt.n_ids * sizeof p->ids[0]);
    p->n += ev->prompt.n_ids;
    r->n_prompt += ev->prompt.n_ids;
}

static void store_prompt(struct recorder *r)
{
    if (r->prompt_stored || !r->store)
        return;
    r->prompt_stored = true;
    const size_t n = r->request->n_segments;
    struct store_prompt_part *parts = x_calloc(n + 1, sizeof parts[0]);
    for (size_t i = 0; i < n; i++) {
        const struct engine_segment *s = &r->request->segments[i];
        parts[i] = (struct store_prompt_part){.text = s->text ? s->text : "",
                                              .n_text = s->text ? s->n_bytes : 0,
                                              .ids = r->parts[i].ids,
                                              .n_ids = r->parts[i].n};
    }
    store_put_prompt(r->store, r->generation, parts, n, r->n_dropped);
    free(parts);
}

static void on_token(struct recorder *r, const struct engine_event *ev)
{
    if (r->told)
        r->n_ids = 0;
    r->told = false;
    size_t capacity = r->ids_capacity;
    r->ids = grow(r->ids, r->n_ids + 1, &capacity, sizeof r->ids[0]);
    r->logprobs = grow(r->logprobs, r->n_ids + 1, &r->ids_capacity, sizeof r->logprobs[0]);
    r->ids[r->n_ids] = ev->token.id;
    r->logprobs[r->n_ids++] = ev->token.logprob;
}

/* A text, and the tokens since the last one. */
static void on_text(struct recorder *r, const char *text, size_t n)
{
    if (r->told)
        r->n_ids = 0;
    r->told = true;
    str_append(&r->text, text, n);
    if (!r->store)
        return;
    store_prompt(r);
    store_put_output(r->store, r->generation, text, n, r->ids, r->logprobs, r->n_ids);
}

void recorder_event(struct recorder *r, const struct engine_event *ev)
{
    switch (ev->type) {
    case EV_PROMPT: on_prompt(r, ev); break;
    case EV_CUT:
        if (!r->prompt_stored && r->n_ids == 0) /* before the first token */
            r->n_dropped = ev->cut.n_tokens_dropped;
        break;
    case EV_TOKEN: on_token(r, ev); break;
    case EV_TEXT: on_text(r, ev->bytes, ev->n_bytes); break;
    case EV_DONE:
        r->n_reused = ev->done.n_reused;
        if (r->told)
            r->n_ids = 0;
        if (r->n_ids) /* tokens without text: the end of the text, half a character */
            on_text(r, "", 0);
        break;
    default: break;
    }
}

void recorder_end(struct recorder *r, const struct engine_event *done, const struct err *failure)
{
    struct store_done d = {.reason = "error", .n_text_tokens = -1};
    if (failure) {
        d.error = failure->msg;
    } else {
        d = (struct store_done){.reason = engine_done_name(done->done.reason),
                                .n_prompt = done->done.n_prompt,
                                .n_reused = done->done.n_reused,
                                .n_tokens = done->done.n_tokens,
                                .n_text_tokens = done->done.n_text_tokens,
                                .prefill_us = done->done.prefill_us,
                                .decode_us = done->done.decode_us};
    }
    if (r->store) {
        store_prompt(r);
        store_put_done(r->store, r->generation, &d);
    }
    r->request = NULL;
}
