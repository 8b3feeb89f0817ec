/* forward.c - the one graph. What differs between families is in the architecture's row and in
 * which slots are filled; the buffers of a session are laid out here, once. */
#include "config.h"

#include "engine/forward.h"

#include <assert.h>
#include <string.h>

#include "engine/layers/layers.h"
#include "engine/layout.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

/* B = plan.n_batch rows at most. */
struct forward {
    const struct model *m;
    struct kvcache *kv;
    struct layer_env env;
    int n_batch;
    int n_logits;  /* rows wanted last */
    float *x;      /* [B,C] the residual stream */
    float *h;      /* [B,C] normed input of a layer */
    float *qkv;    /* [B,Q+2KV] */
    float *att;    /* [B,Q] */
    float *hidden; /* [B,F] */
    float *cs;     /* [B,R] rotary cosines and sines */
    float *logits; /* [B,V] */
};

static struct forward *lay_out(struct layout *l, const struct model *m, const struct plan *p)
{
    const struct hparams *hp = &m->hp;
    const size_t B = (size_t)p->n_batch, size = sizeof(float);
    const size_t Q = (size_t)(hp->n_head * hp->head_dim);
    const size_t KV = (size_t)(hp->n_head_kv * hp->head_dim);
    const size_t scratch = layer_scratch_floats(m, p->n_ctx);
    size_t scratch_bytes;
    if (!mul_size(scratch, size, &scratch_bytes))
        l->overflow = true;
    struct forward *f = layout_take(l, 1, sizeof(*f));
    struct forward laid = {.env.scratch_floats = scratch};
    laid.x = layout_take(l, B, (size_t)hp->n_embd * size);
    laid.h = layout_take(l, B, (size_t)hp->n_embd * size);
    laid.qkv = layout_take(l, B, (Q + 2 * KV) * size);
    laid.att = layout_take(l, B, Q * size);
    laid.hidden = layout_take(l, B, (size_t)hp->n_ff * size);
    laid.cs = layout_take(l, B, (size_t)hp->n_rot * size);
    laid.logits = layout_take(l, B, (size_t)hp->n_vocab * size);
    laid.env.scratch = layout_take(l, (size_t)p->n_threads, scratch_bytes);
    if (f)
        *f = laid;
    return f;
}

size_t forward_bytes(const struct model *m, const struct plan *p)
{
    struct layout l = {.base = NULL};
    lay_out(&l, m, p);
    return layout_bytes(&l);
}

struct forward *forward_init(const struct model *m, const struct plan *p, struct kvcache *kv,
                             struct pool *pool, struct arena *a)
{
    struct layout l = {.base = arena_take(a, forward_bytes(m, p))};
    assert(l.base && pool_size(pool) <= p->n_threads);
    struct forward *f = lay_out(&l, m, p);
    f->m = m;
    f->kv = kv;
    f->n_batch = p->n_batch;
    f->env.k = kernels_get();
    f->env.pool = pool;
    return f;
}

static void project_qkv(struct forward *f, const struct tensor *const *w, const float *const *b,
                        int T)
{
    const struct layer_env *env = &f->env;
    const struct hparams *hp = &f->m->hp;
    const int64_t Q = (int64_t)hp->n_head * hp->head_dim;
    const int64_t KV = (int64_t)hp->n_head_kv * hp->head_dim, row = Q + 2 * KV;
    if (f->m->arch->qkv == QKV_FUSED) {
        linear_forward(env, w[SLOT_ATTN_QKV], b[SLOT_ATTN_QKV_B], f->h, T, LINEAR_STORE, f->qkv,
                       row);
        return;
    }
    linear_forward(env, w[SLOT_ATTN_Q], b[SLOT_ATTN_Q_B], f->h, T, LINEAR_STORE, f->qkv, row);
    linear_forward(env, w[SLOT_ATTN_K], b[SLOT_ATTN_K_B], f->h, T, LINEAR_STORE, f->qkv + Q, row);
    linear_forward(env, w[SLOT_ATTN_V], b[SLOT_ATTN_V_B], f->h, T, LINEAR_STORE, f->qkv + Q + KV,
                   row);
}

/* One block: x += attention(norm(x)), x += mlp(norm(x)). */
static void block(struct forward *f, int layer, int T)
{
    const struct model *m = f->m;
    const struct hparams *hp = &m->hp;
    const struct tensor *const *w = m->layers[layer];
    const float *const *v = m->layer_vec[layer];
    const struct attention attention = {
        .hp = hp,
        .position = m->arch->position,
        .q_norm = v[SLOT_ATTN_Q_NORM],
        .k_norm = v[SLOT_ATTN_K_NORM],
        .cs = f->cs,
        .kv = f->kv,
        .layer = layer,
        .window = layer >= hp->window_from ? hp->window : 0,
    };
    const struct mlp mlp = {
        .gate = w[SLOT_FFN_GATE],
        .up = w[SLOT_FFN_UP],
        .down = w[SLOT_FFN_DOWN],
        .gate_b = v[SLOT_FFN_GATE_B],
        .up_b = v[SLOT_FFN_UP_B],
        .down_b = v[SLOT_FFN_DOWN_B],
        .act = hp->act,
    };
    norm_forward(&f->env, m->arch->norm, f->x, v[SLOT_ATTN_NORM], v[SLOT_ATTN_NORM_B], hp->norm_eps,
                 T, hp->n_embd, f->h);
    project_qkv(f, w, v, T);
    attention_forward(&f->env, &attention, f->qkv, T, f->att);
    linear_forward(&f->env, w[SLOT_ATTN_OUT], v[SLOT_ATTN_OUT_B], f->att, T, LINEAR_ADD, f->x,
                   hp->n_embd);
    norm_forward(&f->env, m->arch->norm, f->x, v[SLOT_FFN_NORM], v[SLOT_FFN_NORM_B], hp->norm_eps,
                 T, hp->n_embd, f->h);
    mlp_forward(&f->env, &mlp, f->h, T, f->hidden, f->x);
}

/* Logits of the last n_rows of T rows. */
static int head(struct forward *f, int T, int n_rows, struct err *err)
{
    const struct model *m = f->m;
    const struct hparams *hp = &m->hp;
    const struct tensor *w =
        m->slots[SLOT_OUTPUT] ? m->slots[SLOT_OUTPUT] : m->slots[SLOT_TOKEN_EMBD];
    const int first = T - n_rows;
    norm_forward(&f->env, m->arch->norm, f->x + (int64_t)first * hp->n_embd,
                 m->vec[SLOT_OUTPUT_NORM], m->vec[SLOT_OUTPUT_NORM_B], hp->norm_eps, n_rows,
                 hp->n_embd, f->h);
    linear_forward(&f->env, w, NULL, f->h, n_rows, LINEAR_STORE, f->logits, hp->n_vocab);
    for (int t = 0; t < n_rows; t++)
        if (!layer_all_finite(f->logits + (int64_t)t * hp->n_vocab, hp->n_vocab))
            return err_set(err, E_INPUT,
                           _("logits are not finite at token %d: the model file is damaged"),
                           f->kv->n_used + first + t);
    f->n_logits = n_rows;
    return 0;
}

int forward_eval(struct forward *f, const int32_t *ids, int n, enum forward_want want,
                 bool (*should_stop)(void *), void *arg, struct err *err)
{
    const struct model *m = f->m;
    struct kvcache *kv = f->kv;
    const int first = kv->n_used;
    assert(n >= 1 && n <= f->n_batch && first + n <= kv->n_ctx);
    for (int t = 0; t < n; t++)
        if (ids[t] < 0 || ids[t] >= m->hp.n_vocab)
            return err_set(err, E_INPUT, _("token %d is outside the model's vocabulary of %d"),
                           ids[t], m->hp.n_vocab);

    f->n_logits = 0;
    embed_forward(&f->env, m->slots[SLOT_TOKEN_EMBD], m->slots[SLOT_POSITION_EMBD], ids, first, n,
                  f->x);
    if (m->arch->position != POSITION_LEARNED)
        rope_angles(&f->env, &m->hp, m->rope_freq, first, n, f->cs);
    for (int layer = 0; layer < m->hp.n_layer; layer++) {
        if (should_stop && should_stop(arg))
            return err_set(err, E_CANCELLED, _("cancelled"));
        block(f, layer, n);
    }
    if (want != WANT_NOTHING) {
        int rc = head(f, n, want == WANT_ALL ? n : 1, err);
        if (rc)
            return rc;
    }
    memcpy(kv->ids + first, ids, (size_t)n * sizeof(*ids));
    kv->n_used += n;
    return 0;
}

const float *forward_logits(const struct forward *f, int i)
{
    assert(i >= 0 && i < f->n_logits);
    return f->logits + (int64_t)i * f->m->hp.n_vocab;
}
