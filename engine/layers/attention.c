/* attention.c - causal attention over the cache; the new positions are put there first, so prompt
 * and single token are one path.
 *
 * Two steps. First every new row: norm and rotate q and k, store k and v. Then every (head, block
 * of KERNEL_MAX_X queries) on its own: scores against all keys in reach, softmax, mix of values. A
 * key row is decoded once for the block; each query's sums run over its keys in growing order, so a
 * query gets the same bits in any block. */
#include "config.h"

#include "engine/layers/layers.h"

#include <assert.h>
#include <string.h>

struct attention_job {
    const struct layer_env *env;
    const struct attention *a;
    float *qkv, *out;
    int T, first;       /* positions first..first+T */
    int64_t Q, KV, row; /* widths: of all queries, of all keys, of a row of qkv */
};

static void prepare_head(const struct attention_job *job, int64_t t, const float *norm, float *head)
{
    const struct attention *a = job->a;
    const struct hparams *hp = a->hp;
    if (norm)
        job->env->k->rmsnorm(head, norm, hp->norm_eps, head, hp->head_dim);
    if (a->position != POSITION_LEARNED)
        rope_forward(a->position, a->cs + t * hp->n_rot, hp->n_rot, head);
}

static void store_row(const struct attention_job *job, const float *from, void *to)
{
    if (job->a->kv->type == ENGINE_KV_F16)
        job->env->k->f32_to_f16_row(from, to, job->KV);
    else
        memcpy(to, from, (size_t)job->KV * sizeof(*from));
}

static void prepare_part(void *arg, int i, int n)
{
    const struct attention_job *job = arg;
    const struct attention *a = job->a;
    const struct hparams *hp = a->hp;
    int64_t begin, end;
    pool_part(job->T, 1, i, n, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        float *q = job->qkv + t * job->row, *k = q + job->Q, *v = k + job->KV;
        for (int h = 0; h < hp->n_head; h++)
            prepare_head(job, t, a->q_norm, q + (int64_t)h * hp->head_dim);
        for (int h = 0; h < hp->n_head_kv; h++)
            prepare_head(job, t, a->k_norm, k + (int64_t)h * hp->head_dim);
        for (int64_t c = 0; c < job->Q; c++)
            q[c] *= hp->attn_scale;
        store_row(job, k, kvcache_k(a->kv, a->layer, job->first + (int)t));
        store_row(job, v, kvcache_v(a->kv, a->layer, job->first + (int)t));
    }
}

/* The first key in reach of a position. */
static int reach(const struct attention *a, int position)
{
    return a->window > 0 && position >= a->window ? position - a->window + 1 : 0;
}

/* One head, queries t0..t0+n_q. scores[KERNEL_MAX_X][n_ctx]: query i's key j is at j - reach(i). */
static void attend(const struct attention_job *job, int head, int t0, int n_q, float *scores)
{
    const struct kernels *k = job->env->k;
    const struct attention *a = job->a;
    struct kvcache *kv = a->kv;
    const struct hparams *hp = a->hp;
    const int64_t D = hp->head_dim;
    const int p0 = job->first + t0;
    const bool f16 = kv->type == ENGINE_KV_F16;
    const enum quant_type key_type = f16 ? QUANT_F16 : QUANT_F32;
    const size_t stride = kvcache_row_bytes(kv);
    const size_t head_offset =
        stride / (size_t)hp->n_head_kv * (size_t)(head / (hp->n_head / hp->n_head_kv));
    const float *q = job->qkv + t0 * job->row + head * D;
    float *out = job->out + t0 * job->Q + head * D;
    const int j0 = reach(a, p0);

    const char *key = (const char *)kvcache_k(kv, a->layer, j0) + head_offset;
    for (int j = j0; j < p0 + n_q; j++, key += stride) {
        float s[KERNEL_MAX_X];
        const int i0 = j > p0 ? j - p0 : 0;
        int i1 = n_q;
        while (reach(a, p0 + i1 - 1) > j)
            i1--;
        k->dot[key_type](key, q + i0 * job->row, job->row, i1 - i0, D, s);
        for (int i = i0; i < i1; i++)
            scores[(int64_t)i * kv->n_ctx + j - reach(a, p0 + i)] = s[i - i0];
    }
    float norm[KERNEL_MAX_X];
    for (int i = 0; i < n_q; i++) {
        float *s = scores + (int64_t)i * kv->n_ctx;
        const int n_keys = p0 + i + 1 - reach(a, p0 + i);
        norm[i] = 1.0f / k->exp_sum(s, k->max(s, n_keys), n_keys);
        memset(out + i * job->Q, 0, (size_t)D * sizeof(*out));
    }
    const char *value = (const char *)kvcache_v(kv, a->layer, j0) + head_offset;
    for (int j = j0; j < p0 + n_q; j++, value += stride) {
        for (int i = j > p0 ? j - p0 : 0; i < n_q && reach(a, p0 + i) <= j; i++) {
            const float weight = scores[(int64_t)i * kv->n_ctx + j - reach(a, p0 + i)];
            if (f16)
                k->axpy_f16(weight, (const uint16_t *)value, out + i * job->Q, D);
            else
                k->axpy(weight, (const float *)value, out + i * job->Q, D);
        }
    }
    for (int i = 0; i < n_q; i++)
        for (int64_t d = 0; d < D; d++)
            out[i * job->Q + d] *= norm[i];
}

/* Blocks are dealt out in turn: the later ones see more keys and cost more. */
static void attend_part(void *arg, int thread, int n_threads)
{
    const struct attention_job *job = arg;
    const int n_head = job->a->hp->n_head;
    const int64_t n_items = (int64_t)((job->T + KERNEL_MAX_X - 1) / KERNEL_MAX_X) * n_head;
    float *scores = layer_scratch(job->env, thread);
    for (int64_t item = thread; item < n_items; item += n_threads) {
        const int t0 = (int)(item / n_head) * KERNEL_MAX_X;
        const int n_q = job->T - t0 < KERNEL_MAX_X ? job->T - t0 : KERNEL_MAX_X;
        attend(job, (int)(item % n_head), t0, n_q, scores);
    }
}

void attention_forward(const struct layer_env *env, const struct attention *a, float *qkv, int T,
                       float *out)
{
    const struct hparams *hp = a->hp;
    struct attention_job job = {
        .env = env,
        .a = a,
        .qkv = qkv,
        .out = out,
        .T = T,
        .first = a->kv->n_used,
        .Q = (int64_t)hp->n_head * hp->head_dim,
        .KV = (int64_t)hp->n_head_kv * hp->head_dim,
    };
    job.row = job.Q + 2 * job.KV;
    assert(job.first + T <= a->kv->n_ctx);
    layer_run(env, T == 1 ? 0 : 4 * T * job.row, prepare_part, &job);
    layer_run(env, 2 * T * (job.first + T) * job.Q, attend_part, &job);
}
