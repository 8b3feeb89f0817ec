/* model_target.h - what the targets of whole models share: a model that opens computes a few
 * tokens, or says why not. */
#ifndef XUXIE_TESTS_FUZZ_MODEL_TARGET_H
#define XUXIE_TESTS_FUZZ_MODEL_TARGET_H

#include <stdint.h>
#include <stdlib.h>

#include "engine/forward.h"
#include "engine/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static inline void require(int condition)
{
    if (!condition)
        abort();
}

/* Takes the weights, which were loaded. */
static inline void run_model(struct weights *w)
{
    static struct pool *pool;
    struct err err = ERR_INIT;
    struct model *m;
    struct plan plan;
    struct arena arena;
    struct kvcache kv;
    const struct engine_options options = {.n_ctx = 4, .n_threads = 1, .kv = ENGINE_KV_F16};
    if (!pool) {
        blas_init();
        require(pool_new(1, &pool, &err) == 0);
    }
    if (model_open(w, &m, &err) != 0) {
        require(err.msg[0] != '\0');
        return;
    }
    if (plan_make(m, &options, &plan, &err) != 0) {
        require(err.msg[0] != '\0');
    } else if (plan.total_bytes < 32 << 20) {
        require(arena_init(&arena, plan.total_bytes, &err) == 0);
        kvcache_init(&kv, m, &plan, &arena);
        struct forward *f = forward_init(m, &plan, &kv, pool, &arena);
        const int32_t ids[2] = {0, m->hp.n_vocab - 1};
        int n = plan.n_ctx < 2 ? 1 : 2;
        if (forward_eval(f, ids, n, WANT_LAST, NULL, NULL, &err) != 0)
            require(err.msg[0] != '\0');
        else
            require(forward_logits(f, 0)[m->hp.n_vocab - 1] ==
                    forward_logits(f, 0)[m->hp.n_vocab - 1]);
        arena_free(&arena);
    }
    model_free(m);
}

#endif
