/* forward.h - the one graph: tokens in, logits out, for every row of arch.c. */
#ifndef XUXIE_ENGINE_FORWARD_H
#define XUXIE_ENGINE_FORWARD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/pool.h"
#include "engine/kvcache.h"
#include "engine/model.h"
#include "engine/plan.h"

struct forward; /* buffers of one session, laid out in its arena */

size_t forward_bytes(const struct model *m, const struct plan *p); /* for plan.c */
/* Everything is borrowed and must outlive the forward. */
struct forward *forward_init(const struct model *m, const struct plan *p, struct kvcache *kv,
                             struct pool *pool, struct arena *a);

enum forward_want {
    WANT_NOTHING, /* fill the cache only */
    WANT_LAST,    /* logits of the last token */
    WANT_ALL,     /* logits of every token of the chunk (perplexity, model logits) */
};

/* Evaluates n tokens (1..plan.n_batch) at positions kv.n_used..; on success they are in the cache.
 * should_stop(arg) is asked before each transformer block; when it says true the call returns
 * E_CANCELLED and the cache is as before. Logits are forward_logits(). E_INPUT when they are not
 * finite ("logits are not finite at token N: the model file is damaged"). No allocation. */
int forward_eval(struct forward *f, const int32_t *ids, int n, enum forward_want want,
                 bool (*should_stop)(void *), void *arg, struct err *err);

/* Row i of the logits wanted last, [n_vocab]; i = 0 for WANT_LAST. */
const float *forward_logits(const struct forward *f, int i);

#endif
