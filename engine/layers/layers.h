/* layers.h - the parts a transformer is made of. Each file holds one layer: arithmetic over whole
 * chunks of T tokens, rows of activations contiguous, in f32. Decoding is T = 1, a prompt T = n:
 * the same code.
 *
 * What makes results independent of threads: every output element is computed by one thread, in one
 * order, whatever the partition; parts are cut at fixed multiples. What makes them independent of
 * T, hence of how a prompt was cut into chunks and how much of it was found in the cache: the one
 * order of summation that all products keep to (kernels.h).
 *
 * Letters: T tokens, C width, A query heads, D head length, Q = A*D, KV = key heads * D, F = width
 * of the feed-forward layer, V vocabulary.
 */
#ifndef XUXIE_ENGINE_LAYERS_H
#define XUXIE_ENGINE_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/pool.h"
#include "engine/kvcache.h"
#include "engine/model.h"

/* Where layers compute: borrowed by every call. */
struct layer_env {
    const struct kernels *k;
    struct pool *pool;
    float *scratch;        /* [threads][scratch_floats] */
    size_t scratch_floats; /* of one thread, a multiple of 16: layer_scratch_floats() */
};

/* Floats of scratch one thread needs for this model, SIZE_MAX when that is no number. */
size_t layer_scratch_floats(const struct model *m, int n_ctx);

/* Runs fn on the pool, or on this thread alone when `work` (multiply-adds, roughly) is too little
 * to be worth waking the others. The result is the same either way. */
void layer_run(const struct layer_env *env, int64_t work, void (*fn)(void *, int, int), void *arg);
static inline float *layer_scratch(const struct layer_env *env, int thread)
{
    return env->scratch + (size_t)thread * env->scratch_floats;
}

/* Is none of the n numbers NaN or infinite? */
bool layer_all_finite(const float *x, int64_t n);

/* embed.c: x[T,C] = token_embd[ids] (+ position_embd[position + t] when there is one). */
void embed_forward(const struct layer_env *env, const struct tensor *token,
                   const struct tensor *position, const int32_t *ids, int first, int T, float *x);

/* norm.c: y[T,C] = norm(x[T,C]) * g (+ b); b NULL for RMS and bias-free norms. y may be x. */
void norm_forward(const struct layer_env *env, enum arch_norm kind, const float *x, const float *g,
                  const float *b, float eps, int T, int C, float *y);

/* linear.c: y[T,N] = then(x[T,K] * W[N,K]^T + b). Rows of y are y_stride apart. */
enum linear_then {
    LINEAR_STORE,
    LINEAR_ADD,       /* y += ...: the residual stream */
    LINEAR_MUL,       /* y *= ...: the gate */
    LINEAR_GELU_TANH, /* y = gelu(...) */
    LINEAR_GELU_ERF,
    LINEAR_SILU,
    LINEAR_RELU,
};
enum { LINEAR_MIN_BLOCK = 8 };
void linear_forward(const struct layer_env *env, const struct tensor *w, const float *b,
                    const float *x, int T, enum linear_then then, float *y, int64_t y_stride);

/* rope.c: the rotation of T positions from `first` on, cs[T][R] = cos then sin of R/2 angles each.
 */
void rope_angles(const struct layer_env *env, const struct hparams *hp, const float *freq,
                 int first, int T, float *cs);
/* Rotates one head in place. NEOX pairs i with i + R/2, NORM pairs 2i with 2i + 1. */
void rope_forward(enum arch_position kind, const float *cs, int R, float *head);

/* attention.c: out[T,Q] = softmax(q k^T / sqrt(D)) v over the positions up to each one's own, for
 * the T positions kv->n_used.. of `layer`. qkv[T, Q+2KV] are the projections; q and k are normed
 * and rotated in place, k and v put into the cache. */
struct attention {
    const struct hparams *hp;
    enum arch_position position;
    const float *q_norm, *k_norm; /* [D], NULL without qk-norm */
    const float *cs; /* rope_angles of these positions; unused with learned positions */
    struct kvcache *kv;
    int layer;
    int window; /* as in struct hparams, for this layer */
};
void attention_forward(const struct layer_env *env, const struct attention *a, float *qkv, int T,
                       float *out);

/* mlp.c: x[T,C] += down(act(up(h))), or down(act(gate(h)) * up(h)) with a gate; hidden[T,F]. */
struct mlp {
    const struct tensor *gate, *up, *down; /* gate NULL: plain */
    const float *gate_b, *up_b, *down_b;   /* NULL without bias */
    enum arch_act act;
};
void mlp_forward(const struct layer_env *env, const struct mlp *p, const float *h, int T,
                 float *hidden, float *x);

#endif
