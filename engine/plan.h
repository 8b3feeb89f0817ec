/* plan.h - how much memory a session takes, computed before any is taken. */
#ifndef XUXIE_ENGINE_PLAN_H
#define XUXIE_ENGINE_PLAN_H

#include <stdbool.h>

#include "engine/engine.h"
#include "engine/memory.h"
#include "engine/model.h"

struct plan {
    int n_ctx;             /* positions of the KV cache */
    int n_batch;           /* tokens of one prefill chunk, at most */
    int n_threads;
    enum engine_kv_type kv;
    size_t kv_bytes;
    size_t act_bytes;      /* forward: activations of one chunk, logits, per-thread scratch */
    size_t scratch_bytes;  /* sampler */
    size_t total_bytes;    /* of these: what a session takes */
    struct engine_memory memory;
};

/* n_ctx 0 = min(the model's, 4096). E_USAGE when n_ctx is more than learned positions allow. A
 * model that does not fit is a plan like any other: memory.fit tells. */
int plan_figure(const struct model *m, const struct engine_options *options,
                const struct memory_room *room, struct plan *out, struct err *err);

/* E_RESOURCE with the figures when it cannot fit. */
int plan_check(const struct plan *p, struct err *err);
/* The sentence to be said of a model that is tight; false when there is nothing to say. */
bool plan_warning(const struct plan *p, char *out, size_t size);

/* plan_figure() for this machine now, and plan_check(). */
int plan_make(const struct model *m, const struct engine_options *options, struct plan *out,
              struct err *err);

#endif
