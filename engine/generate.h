/* generate.h - one request from prompt to done: tokenise, cut, find the common prefix, prefill in
 * chunks, then draw, stream, evaluate token by token until a stop rule holds. Or, for a request that
 * scores: tokenise, find the common prefix, evaluate, and tell what was thought of the tokens.
 * Called by backend.c on the engine thread; talks to the world through a struct emitter, so it can
 * be tested without threads. */
#ifndef XUXIE_ENGINE_GENERATE_H
#define XUXIE_ENGINE_GENERATE_H

#include <stdatomic.h>

#include "engine/emitter.h"
#include "engine/engine.h"
#include "engine/forward.h"
#include "engine/sample.h"
#include "engine/stream_text.h"
#include "engine/tokenizers/tokenizer.h"

/* Everything one session owns for generating. Filled by backend.c. */
struct generator {
    const struct model *model;
    const struct tokenizer *tokenizer;
    struct kvcache *kv;
    struct forward *forward;
    struct sampler *sampler;
    struct stream_text *text;
    struct stream_text *measure; /* a second one, to count the bytes of what is cut off */
    const atomic_bool *damaged;  /* set by engine_fault, read before each block; NULL: never */
    int n_ctx, n_batch;
    int32_t *ids; /* the whole prompt's tokens, then the window; grown between requests */
    size_t ids_capacity;
    int *segment_ends; /* of the prompt: index in ids after the segment's last token; likewise grown */
    size_t segments_capacity;
    int cut;           /* the window in force: tokens dropped ... */
    uint64_t cut_hash; /* ... and what they were, so that another story does not inherit it */
};

/* Emits the events of one request, the final EV_DONE or EV_ERROR included. The deadline counts from
 * this call. The token loop does not allocate. */
void generate_run(struct generator *g, const struct engine_request *request,
                  const struct emitter *out);

/* The sentence for a file that changed under its mapping; returns E_INPUT. */
int generate_file_changed(const struct model *m, struct err *err);

#endif
