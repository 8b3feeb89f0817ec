/* generate.h - one request from prompt to done: tokenise, cut, find the common prefix, prefill in
 * chunks, then draw, stream, evaluate token by token until a stop rule holds.
 * Called by engine.c on the engine thread; talks to the world through a struct emitter, so it can be
 * tested without threads. */
#ifndef XUXIE_ENGINE_GENERATE_H
#define XUXIE_ENGINE_GENERATE_H

#include "engine/engine.h"
#include "engine/forward.h"
#include "engine/sample.h"
#include "engine/stream_text.h"
#include "engine/tokenizers/tokenizer.h"

struct emitter {
    void (*emit)(void *ctx, const struct engine_event *ev); /* bytes are copied */
    bool (*cancelled)(void *ctx);
    void *ctx;
};

/* Everything one session owns for generating. Filled by engine.c. */
struct generator {
    const struct model *model;
    const struct tokenizer *tokenizer;
    struct kvcache *kv;
    struct forward *forward;
    struct sampler *sampler;
    struct stream_text *text;
    int n_ctx, n_batch;
    int32_t *ids;        /* the whole text's tokens: prompt and written; grown between requests */
    size_t ids_capacity;
    int cut;             /* the window in force: tokens dropped ... */
    uint64_t cut_hash;   /* ... and what they were, so that another story does not inherit it */
};

/* Emits the events of one request, the final EV_DONE or EV_ERROR included. */
void generate_run(struct generator *g, const struct engine_request *request,
                  const struct emitter *out);

#endif
