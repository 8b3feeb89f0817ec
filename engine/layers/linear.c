/* linear.c - y = x W^T + b, where nearly all time goes.
 *
 * Few tokens: the product is bound by reading W, which is decoded row by row where it lies, each
 * row against up to KERNEL_MAX_X tokens at once. Many tokens: tiles of LINEAR_TILE rows of W are
 * decoded to f32 and multiplied by sgemm. Either way a thread owns whole output columns. Tiles are
 * cut at fixed multiples, so that sgemm sees the same shapes, hence gives the same bits, at any
 * number of threads.
 *
 * Where the two cross (measured 2026-11 on Zen 4, one thread, widths 256-1024, f32 and q8_0): equal
 * at 16 to 32 tokens, sgemm 1.2-1.35 times as fast at 64, 1.5 times at 128: LINEAR_MIN_SGEMM. */
#include "config.h"

#include "engine/layers/layers.h"

#include <assert.h>

struct linear_job {
    const struct layer_env *env;
    const struct tensor *w;
    const float *b, *x;
    int64_t T, K, N;
    enum linear_then then;
    float *y;
    int64_t y_stride;
    size_t row_bytes;
};

static inline void put(float *y, enum linear_then then, float v)
{
    if (then == LINEAR_ADD)
        *y += v;
    else if (then == LINEAR_MUL)
        *y *= v;
    else
        *y = v;
}

/* The activation, if any, over columns [begin,end) of all rows. */
static void activate(const struct linear_job *job, int64_t begin, int64_t end)
{
    const struct kernels *k = job->env->k;
    void (*act)(float *, int64_t) = job->then == LINEAR_GELU_TANH  ? k->gelu_tanh
                                    : job->then == LINEAR_GELU_ERF ? k->gelu_erf
                                    : job->then == LINEAR_SILU     ? k->silu
                                                                   : NULL;
    for (int64_t t = 0; act && t < job->T && begin < end; t++)
        act(job->y + t * job->y_stride + begin, end - begin);
}

static void rows_part(void *arg, int i, int n)
{
    const struct linear_job *job = arg;
    void (*dot)(const void *, const float *, int64_t, int, int64_t, float *) =
        job->env->k->dot[job->w->type];
    int64_t begin, end;
    pool_part(job->N, 16, i, n, &begin, &end);
    for (int64_t r = begin; r < end; r++) {
        const char *row = (const char *)job->w->data + (size_t)r * job->row_bytes;
        const float bias = job->b ? job->b[r] : 0;
        for (int64_t t = 0; t < job->T; t += KERNEL_MAX_X) {
            float out[KERNEL_MAX_X];
            const int n_x = job->T - t < KERNEL_MAX_X ? (int)(job->T - t) : KERNEL_MAX_X;
            dot(row, job->x + t * job->K, job->K, n_x, job->K, out);
            for (int j = 0; j < n_x; j++)
                put(&job->y[(t + j) * job->y_stride + r], job->then, out[j] + bias);
        }
    }
    activate(job, begin, end);
}

static void tiles_part(void *arg, int i, int n)
{
    const struct linear_job *job = arg;
    const int64_t K = job->K;
    float *product = layer_scratch(job->env, i);              /* [T, LINEAR_TILE] */
    float *decoded = product + job->T * (int64_t)LINEAR_TILE; /* [LINEAR_TILE, K] */
    int64_t begin, end;
    pool_part(job->N, LINEAR_TILE, i, n, &begin, &end);
    for (int64_t r = begin; r < end; r += LINEAR_TILE) {
        const int64_t n_rows = end - r < LINEAR_TILE ? end - r : LINEAR_TILE;
        const void *rows = (const char *)job->w->data + (size_t)r * job->row_bytes;
        const float *w = rows;
        if (job->w->type != QUANT_F32) {
            job->env->k->unpack[job->w->type](rows, decoded, n_rows * K);
            w = decoded;
        }
        blas_sgemm_nt((int)job->T, (int)n_rows, (int)K, job->x, (int)K, w, (int)K, product,
                      LINEAR_TILE);
        for (int64_t t = 0; t < job->T; t++) {
            const float *from = product + t * LINEAR_TILE;
            float *to = job->y + t * job->y_stride + r;
            for (int64_t c = 0; c < n_rows; c++)
                put(&to[c], job->then, from[c] + (job->b ? job->b[r + c] : 0));
        }
    }
    activate(job, begin, end);
}

void linear_forward(const struct layer_env *env, const struct tensor *w, const float *b,
                    const float *x, int T, enum linear_then then, float *y, int64_t y_stride)
{
    struct linear_job job = {
        .env = env,
        .w = w,
        .b = b,
        .x = x,
        .T = T,
        .K = w->dim[0],
        .N = w->dim[1],
        .then = then,
        .y = y,
        .y_stride = y_stride,
        .row_bytes = w->n_bytes / (size_t)w->dim[1],
    };
    assert(env->k->dot[w->type] && env->k->unpack[w->type]);
    const bool tiles = T >= LINEAR_MIN_SGEMM && !env->invariant;
    layer_run(env, T * job.K * job.N, tiles ? tiles_part : rows_part, &job);
}
