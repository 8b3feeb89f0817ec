/* k_generic.c - the kernels in plain C: the specification that the vector versions meet bit for
 * bit.
 *
 * Sums keep PARTS partial sums, element k in part k % PARTS, added up by sum_parts() as a fixed
 * binary tree. Where a multiplication and an addition are fused it says fma_of or fmaf; where not,
 * they must stay two roundings: the file is compiled with -ffp-contract=off, like all kernels.
 */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <math.h>
#include <string.h>

#include "engine/kernels/k_coeffs.h"

enum {
    PARTS = KERNEL_PARTS,
    CHUNK = 256 /* elements unpacked at a time: a multiple of every block */
};

static float sum_parts(float part[PARTS])
{
    for (int half = PARTS / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
}

/* fmaf(a, b, c), which is a slow library function where the compiler may not use an instruction
 * for it. In double the product is exact and the sum off by less than half of its last bit, so
 * rounding it once more gives the same float, unless it lies just between two of them. Numbers
 * near the smallest ones, which have fewer bits, are left to the library too. */
static inline float fma_of(float a, float b, float c)
{
#ifdef FP_FAST_FMAF
    return fmaf(a, b, c);
#else
    const uint64_t below_float = 0x1fffffff, between = 0x10000000;
    double sum = (double)a * (double)b + (double)c;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if ((bits & below_float) == between || (fabs(sum) < 0x1p-125 && sum != 0))
        return fmaf(a, b, c);
    return (float)sum;
#endif
}

/* ---- products ---- */

static void dot_type(enum quant_type type, const void *w, const float *x, int64_t x_stride, int n_x,
                     int64_t n, float *out)
{
    const struct quant *q = quant_of(type);
    const uint8_t *packed = w;
    float part[KERNEL_MAX_X][PARTS] = {{0}};
    float chunk[CHUNK];

    for (int64_t k = 0; k < n; k += CHUNK) {
        int64_t n_chunk = n - k < CHUNK ? n - k : CHUNK;
        q->unpack(packed + k / q->block_elems * q->block_bytes, chunk, n_chunk);
        for (int j = 0; j < n_x; j++)
            for (int64_t i = 0; i < n_chunk; i++)
                part[j][i % PARTS] = fma_of(chunk[i], x[j * x_stride + k + i], part[j][i % PARTS]);
    }
    for (int j = 0; j < n_x; j++)
        out[j] = sum_parts(part[j]);
}

#define DEFINE_DOT(name, type)                                                                     \
    static void dot_##name(const void *w, const float *x, int64_t x_stride, int n_x, int64_t n,    \
                           float *out)                                                             \
    {                                                                                              \
        dot_type(type, w, x, x_stride, n_x, n, out);                                               \
    }
DEFINE_DOT(f32, QUANT_F32)
DEFINE_DOT(f16, QUANT_F16)
DEFINE_DOT(bf16, QUANT_BF16)
DEFINE_DOT(q4_0, QUANT_Q4_0)
DEFINE_DOT(q4_1, QUANT_Q4_1)
DEFINE_DOT(q5_0, QUANT_Q5_0)
DEFINE_DOT(q5_1, QUANT_Q5_1)
DEFINE_DOT(q8_0, QUANT_Q8_0)
DEFINE_DOT(q2_K, QUANT_Q2_K)
DEFINE_DOT(q3_K, QUANT_Q3_K)
DEFINE_DOT(q4_K, QUANT_Q4_K)
DEFINE_DOT(q5_K, QUANT_Q5_K)
DEFINE_DOT(q6_K, QUANT_Q6_K)
DEFINE_DOT(iq4_nl, QUANT_IQ4_NL)
DEFINE_DOT(iq4_xs, QUANT_IQ4_XS)

/* A block is its rows, one after the other. */
static void block_put(const float *row, int64_t n, int r, float *block)
{
    memcpy(block + r * n, row, (size_t)n * sizeof *row);
}

static void block_dot(const float *block, int n_w, const float *x, int64_t x_stride, int n_x,
                      int64_t n, float *scratch, float *out, int64_t out_stride)
{
    (void)scratch;
    for (int r = 0; r < n_w; r++)
        for (int t = 0; t < n_x; t += KERNEL_MAX_X) {
            float four[KERNEL_MAX_X];
            int n_here = n_x - t < KERNEL_MAX_X ? n_x - t : KERNEL_MAX_X;
            dot_f32(block + r * n, x + t * x_stride, x_stride, n_here, n, four);
            for (int j = 0; j < n_here; j++)
                out[(t + j) * out_stride + r] = four[j];
        }
}

static float dot_f16_row(const uint16_t *a, const float *x, int64_t n)
{
    float out;
    dot_f16(a, x, 0, 1, n, &out);
    return out;
}

static void axpy(float a, const float *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = fma_of(a, x[i], y[i]);
}

static void axpy_f16(float a, const uint16_t *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = fma_of(a, f16_to_f32(x[i]), y[i]);
}

static void f32_to_f16_row(const float *in, uint16_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = f32_to_f16(in[i]);
}

/* ---- exp and what is made of it ---- */

/* 2^n for -126 <= n <= 127 */
static float power_of_two(int32_t n)
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* See k_coeffs.h. 2^n is applied in two halves, so that results below the normal range round once.
 */
static float exp_of(float x)
{
    x = EXP_LOWEST > x ? EXP_LOWEST : x; /* in this order a NaN stays */
    x = EXP_HIGHEST < x ? EXP_HIGHEST : x;
    if (x != x)
        return x;
    float n = fmaf(x, EXP_LOG2_E, EXP_TO_INT) - EXP_TO_INT;
    float r = fmaf(-n, EXP_LN2_HIGH, x);
    r = fmaf(-n, EXP_LN2_LOW, r);
    float p = fmaf(EXP_C6, r, EXP_C5);
    p = fmaf(p, r, EXP_C4);
    p = fmaf(p, r, EXP_C3);
    p = fmaf(p, r, EXP_C2);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    int32_t power = (int32_t)n;
    int32_t half = power >> 1;
    return p * power_of_two(half) * power_of_two(power - half);
}

static float exp_sum(float *x, float max, int64_t n)
{
    float part[PARTS] = {0};
    for (int64_t i = 0; i < n; i++) {
        x[i] = exp_of(x[i] - max);
        part[i % PARTS] += x[i];
    }
    return sum_parts(part);
}

/* The parts are a tree here too, only so that -0 and +0 meet in the same order everywhere. */
static float max(const float *x, int64_t n)
{
    float part[PARTS];
    for (int i = 0; i < PARTS; i++)
        part[i] = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        part[i % PARTS] = x[i] > part[i % PARTS] ? x[i] : part[i % PARTS];
    for (int half = PARTS / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] = part[i + half] > part[i] ? part[i + half] : part[i];
    return part[0];
}

/* 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), by 1 + tanh(u) = 2 / (1 + exp(-2u)) */
static void gelu_tanh(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float u = x[i] * fmaf(GELU_B, x[i] * x[i], GELU_A);
        x[i] = x[i] / (1.0f + exp_of(-u));
    }
}

/* x Phi(x) = max(x, 0) - |x| Q(|x|), Phi the normal distribution and Q = 1 - Phi its tail */
static void gelu_erf(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float t = fabsf(x[i]);
        t = TAIL_FAR < t ? TAIL_FAR : t;
        float s = 1.0f / fmaf(t, 0.25f, 1.0f);
        float p = fmaf(TAIL_G6, s, TAIL_G5);
        p = fmaf(p, s, TAIL_G4);
        p = fmaf(p, s, TAIL_G3);
        p = fmaf(p, s, TAIL_G2);
        p = fmaf(p, s, TAIL_G1);
        p = fmaf(p, s, TAIL_G0);
        float tail = exp_of(t * t * -0.5f) * (p * s);
        float positive = 0.0f > x[i] ? 0.0f : x[i];
        x[i] = fmaf(-t, tail, positive);
    }
}

static void silu(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = x[i] / (1.0f + exp_of(-x[i]));
}

/* ---- norms ---- */

static void layernorm(const float *x, const float *g, const float *b, float eps, float *y,
                      int64_t n)
{
    float part[PARTS] = {0};
    for (int64_t i = 0; i < n; i++)
        part[i % PARTS] += x[i];
    float mean = sum_parts(part) / (float)n;

    memset(part, 0, sizeof part);
    for (int64_t i = 0; i < n; i++) {
        float d = x[i] - mean;
        part[i % PARTS] = fma_of(d, d, part[i % PARTS]);
    }
    float scale = 1.0f / sqrtf(sum_parts(part) / (float)n + eps);

    for (int64_t i = 0; i < n; i++) {
        float v = (x[i] - mean) * scale;
        y[i] = b ? fmaf(v, g[i], b[i]) : v * g[i];
    }
}

static void rmsnorm(const float *x, const float *g, float eps, float *y, int64_t n)
{
    float part[PARTS] = {0};
    for (int64_t i = 0; i < n; i++)
        part[i % PARTS] = fma_of(x[i], x[i], part[i % PARTS]);
    float scale = 1.0f / sqrtf(sum_parts(part) / (float)n + eps);
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * scale * g[i];
}

/* ---- the table ---- */

#define SET_DOT(name, type) k->dot[type] = dot_##name, k->unpack[type] = quant_of(type)->unpack

void kernels_generic(struct kernels *k)
{
    k->name = "generic";
    k->flops = 0.5e9;
    SET_DOT(f32, QUANT_F32);
    SET_DOT(f16, QUANT_F16);
    SET_DOT(bf16, QUANT_BF16);
    SET_DOT(q4_0, QUANT_Q4_0);
    SET_DOT(q4_1, QUANT_Q4_1);
    SET_DOT(q5_0, QUANT_Q5_0);
    SET_DOT(q5_1, QUANT_Q5_1);
    SET_DOT(q8_0, QUANT_Q8_0);
    SET_DOT(q2_K, QUANT_Q2_K);
    SET_DOT(q3_K, QUANT_Q3_K);
    SET_DOT(q4_K, QUANT_Q4_K);
    SET_DOT(q5_K, QUANT_Q5_K);
    SET_DOT(q6_K, QUANT_Q6_K);
    SET_DOT(iq4_nl, QUANT_IQ4_NL);
    SET_DOT(iq4_xs, QUANT_IQ4_XS);
    k->block_put = block_put;
    k->block_dot = block_dot;
    k->axpy = axpy;
    k->dot_f16 = dot_f16_row;
    k->axpy_f16 = axpy_f16;
    k->f32_to_f16_row = f32_to_f16_row;
    k->exp_sum = exp_sum;
    k->max = max;
    k->gelu_tanh = gelu_tanh;
    k->gelu_erf = gelu_erf;
    k->silu = silu;
    k->layernorm = layernorm;
    k->rmsnorm = rmsnorm;
}
