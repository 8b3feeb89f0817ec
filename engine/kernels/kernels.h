/* kernels.h - the hot loops: one table of functions, filled once for the best CPU features present.
 *
 * The order of summation is part of the contract, so that every kernel gives bit-identical results
 * on every instruction set and for every batch size: a dot product keeps 64 partial sums (element k
 * goes to sum k % 64, in growing k, by fused multiply-add of the dequantised f32 weight and the f32
 * activation), which are then added as a fixed binary tree: i with i + 32, then i + 16, + 8, + 4,
 * + 2 and + 1. k_generic.c is the readable specification; tests compare the others bit for bit.
 * `blas_sgemm_nt` (OpenBLAS), which sums in an order of its own, has no part in evaluating.
 *
 * This header is included by the files compiled with special -m flags: it must not contain inline
 * code, or instructions of one file leak into another (ODR of static inlines is fine, but shared
 * inlines are not: keep it empty of code).
 *
 * Threads: the table is filled once before any thread starts; the functions are pure.
 */
#ifndef XUXIE_ENGINE_KERNELS_KERNELS_H
#define XUXIE_ENGINE_KERNELS_KERNELS_H

#include <stdint.h>

#include "engine/kernels/quant.h"

struct kernels {
    const char *name; /* "generic", "avx2", "avx512" */
    double flops;     /* what one thread reaches at least in block_dot, operations a second */

    /* out[j] = dot(w row, x + j*x_stride) for j < n_x; one weight row against n_x activation rows
     * (n_x = 1..KERNEL_MAX_X), the weight decoded once. n = elements, a multiple of the type's
     * block. Index: enum quant_type. NULL where a type is not supported. */
    void (*dot[32])(const void *w, const float *x, int64_t x_stride, int n_x, int64_t n,
                    float *out);

    /* The same products for many activation rows: n_w rows of weights (1..KERNEL_BLOCK_W), unpacked
     * and put into a block one by one, against n_x rows of x (1..KERNEL_BLOCK_X).
     * out[t*out_stride + r] = dot(row r, x + t*x_stride), the bits that dot[] gives. n = elements
     * of a row, any number. block and scratch are the caller's: KERNEL_BLOCK_W and KERNEL_BLOCK_X
     * times n, rounded up to a multiple of KERNEL_PARTS. */
    void (*block_put)(const float *row, int64_t n, int r, float *block);
    void (*block_dot)(const float *block, int n_w, const float *x, int64_t x_stride, int n_x,
                      int64_t n, float *scratch, float *out, int64_t out_stride);

    /* y[i] += a * x[i] */
    void (*axpy)(float a, const float *x, float *y, int64_t n);

    /* KV cache rows, f16: scores and mixing for attention */
    float (*dot_f16)(const uint16_t *a, const float *x, int64_t n); /* same order as dot[] */
    void (*axpy_f16)(float a, const uint16_t *x, float *y, int64_t n);
    void (*f32_to_f16_row)(const float *in, uint16_t *out, int64_t n);

    /* x[i] = exp(x[i] - max) for all i; returns the sum (summed like a dot product) */
    float (*exp_sum)(float *x, float max, int64_t n);
    float (*max)(const float *x, int64_t n); /* NaNs are passed over; -infinity when n = 0 */

    /* activation functions in place; the error stays below 2e-7 max(1, |x|) */
    void (*gelu_tanh)(float *x, int64_t n);
    void (*gelu_erf)(float *x, int64_t n);
    void (*silu)(float *x, int64_t n);

    /* y = (x - mean) / sqrt(var + eps) * g + b, b may be NULL; rms: without mean and b.
     * y may be x. n >= 1. */
    void (*layernorm)(const float *x, const float *g, const float *b, float eps, float *y,
                      int64_t n);
    void (*rmsnorm)(const float *x, const float *g, float eps, float *y, int64_t n);

    /* unpack a row to f32 with vector code; same values as quant.unpack. Index: enum quant_type */
    void (*unpack[32])(const void *packed, float *out, int64_t n);
};

enum { KERNEL_MAX_X = 4, KERNEL_PARTS = 64, KERNEL_BLOCK_W = 64, KERNEL_BLOCK_X = 12 };

/* The table in use. XUXIE_CPU=generic|avx2|avx512 in the environment forces one (E_USAGE-like fall
 * back with a log line when the machine lacks it). Thread-safe, fills the table once. */
const struct kernels *kernels_get(void);
/* A named table, NULL when this machine cannot run it (tests). */
const struct kernels *kernels_named(const char *name);

/* Each k_<isa>.c overwrites the entries it is better at. */
void kernels_generic(struct kernels *k);
void kernels_avx2(struct kernels *k);
void kernels_avx512(struct kernels *k);

/* k_blas.c: C[m,n] = X[m,k] * W[n,k]^T, row-major, through cblas_sgemm with one thread. */
void blas_sgemm_nt(int m, int n, int k, const float *x, int ldx, const float *w, int ldw, float *c,
                   int ldc);
/* Keeps OpenBLAS to one thread; called once at start. */
void blas_init(void);

#endif
