/* plan.h - how much memory a session takes, computed before any is taken. */
#ifndef XUXIE_ENGINE_PLAN_H
#define XUXIE_ENGINE_PLAN_H

#include "engine/engine.h"
#include "engine/model.h"

struct plan {
    int n_ctx;             /* positions of the KV cache */
    int n_batch;           /* tokens of one prefill chunk, at most */
    int n_threads;
    enum engine_kv_type kv;
    size_t kv_bytes;
    size_t act_bytes;      /* forward: activations of one chunk, logits, per-thread scratch */
    size_t scratch_bytes;  /* sampler */
    size_t total_bytes;
};

/* n_ctx 0 = min(the model's, 4096). E_RESOURCE with the figures when the session cannot fit in this
 * machine's memory; E_USAGE when n_ctx is more than learned positions allow. */
int plan_make(const struct model *m, const struct engine_options *options, struct plan *out,
              struct err *err);

#endif
