/* linear.c - y = x W^T + b, where nearly all time goes.
 *
 * Few tokens: the product is bound by reading W, which is decoded row by row where it lies, each
 * row against up to KERNEL_MAX_X tokens at once. Many tokens: blocks of KERNEL_BLOCK_W rows of W
 * are decoded to f32 once and multiplied with all tokens. Either way a thread owns whole output
 * columns, and either way every element is summed in the one order of kernels.h: the result depends
 * neither on the number of tokens nor of threads. So it does not matter either how a prompt was
 * cut into chunks and how much of it the cache held, and a stored generation can be made again.
 *
 * Where the two cross (measured 2026-11, AVX2, one thread, widths 256 to 2048, f32, f16, q8_0,
 * q4_K): blocks are 1.1 to 1.8 times as fast at 8 tokens, 0.9 to 2 at 6, 1.8 to 2.5 at 32.
 *
 * The price of the one order, against OpenBLAS' sgemm on the same tiles (same machine, CPU time of
 * whole prompts): the bundled model, 256 wide, reads at 0.9 of the speed; a model of 551 million
 * parameters, which sgemm arranges anew for every 64 tokens, at 1.1 (q8_0, 256 tokens) to 2.6
 * (q4_K, 64 tokens) times the speed. */
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

/* One comparison an element: no kernel could be faster than its memory. */
static void relu(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = x[i] < 0.0f ? 0.0f : x[i];
}

/* The activation, if any, over columns [begin,end) of all rows. */
static void activate(const struct linear_job *job, int64_t begin, int64_t end)
{
    const struct kernels *k = job->env->k;
    void (*act)(float *, int64_t) = job->then == LINEAR_GELU_TANH  ? k->gelu_tanh
                                    : job->then == LINEAR_GELU_ERF ? k->gelu_erf
                                    : job->then == LINEAR_SILU     ? k->silu
                                    : job->then == LINEAR_RELU     ? relu
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

/* Rows [r, r + n_rows) of W to the block, by way of `row`. */
static void fill_block(const struct linear_job *job, int64_t r, int n_rows, float *row,
                       float *block)
{
    const struct kernels *k = job->env->k;
    for (int i = 0; i < n_rows; i++) {
        const void *packed = (const char *)job->w->data + (size_t)(r + i) * job->row_bytes;
        if (job->w->type == QUANT_F32) {
            k->block_put(packed, job->K, i, block);
            continue;
        }
        k->unpack[job->w->type](packed, row, job->K);
        k->block_put(row, job->K, i, block);
    }
}

static void blocks_part(void *arg, int i, int n)
{
    const struct linear_job *job = arg;
    const int64_t K = job->K, padded = (K + KERNEL_PARTS - 1) / KERNEL_PARTS * KERNEL_PARTS;
    float *block = layer_scratch(job->env, i);         /* [KERNEL_BLOCK_W, padded] */
    float *arranged = block + KERNEL_BLOCK_W * padded; /* [KERNEL_BLOCK_X, padded] */
    float *row = arranged + KERNEL_BLOCK_X * padded;   /* [padded] */
    float product[KERNEL_BLOCK_X * KERNEL_BLOCK_W];
    int64_t begin, end;
    pool_part(job->N, KERNEL_BLOCK_W, i, n, &begin, &end);
    for (int64_t r = begin; r < end; r += KERNEL_BLOCK_W) {
        const int n_rows = end - r < KERNEL_BLOCK_W ? (int)(end - r) : KERNEL_BLOCK_W;
        fill_block(job, r, n_rows, row, block);
        for (int64_t t = 0; t < job->T; t += KERNEL_BLOCK_X) {
            const int n_x = job->T - t < KERNEL_BLOCK_X ? (int)(job->T - t) : KERNEL_BLOCK_X;
            job->env->k->block_dot(block, n_rows, job->x + t * K, K, n_x, K, arranged, product,
                                   KERNEL_BLOCK_W);
            for (int64_t j = 0; j < n_x; j++) {
                const float *from = product + j * KERNEL_BLOCK_W;
                float *to = job->y + (t + j) * job->y_stride + r;
                for (int64_t c = 0; c < n_rows; c++)
                    put(&to[c], job->then, from[c] + (job->b ? job->b[r + c] : 0));
            }
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
    layer_run(env, T * job.K * job.N, T >= LINEAR_MIN_BLOCK ? blocks_part : rows_part, &job);
}
