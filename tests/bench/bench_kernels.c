/* bench_kernels.c - how fast the products run, as a share of the speed of a plain read.
 *
 *     bench_kernels [N [MIB]]
 *
 * For every instruction set and tensor type: rows of N weights (default 2048), MIB mebibytes of
 * them (default 48, more than the caches hold), against 1 and 4 activation rows, one thread. Each
 * figure is the median of 7 pairs, a pass over the weights and right after it a plain read of the
 * same memory, so that what else the machine does weighs on both. For generic only a sixteenth of
 * the rows is done.
 */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/mem.h"

enum { PAIRS = 7 };

typedef uint64_t vec __attribute__((vector_size(32), may_alias));

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile uint64_t sink; /* results that somebody might want cannot be left out */

static void plain_read(const void *p, size_t n_bytes)
{
    const vec *v = p;
    vec a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t i = 0; i + 4 <= n_bytes / sizeof *v; i += 4) {
        a ^= v[i];
        b ^= v[i + 1];
        c ^= v[i + 2];
        d ^= v[i + 3];
    }
    a ^= b ^ c ^ d;
    sink = a[0] ^ a[1] ^ a[2] ^ a[3];
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
    return v[n / 2];
}

static void measure(const struct kernels *k, const struct quant *q, int n_x, int64_t n,
                    const uint8_t *weights, size_t n_bytes, const float *x)
{
    size_t row_bytes;
    if (!quant_row_bytes(q->type, n, &row_bytes))
        return; /* no row of this type has that length */
    size_t n_rows = n_bytes / row_bytes;
    if (strcmp(k->name, "generic") == 0)
        n_rows /= 16;
    double gb[PAIRS], share[PAIRS];
    float total = 0;
    for (int p = 0; p < PAIRS; p++) {
        double start = now();
        for (size_t r = 0; r < n_rows; r++) {
            float out[KERNEL_MAX_X];
            k->dot[q->type](weights + r * row_bytes, x, n, n_x, n, out);
            total += out[n_x - 1];
        }
        double middle = now();
        plain_read(weights, n_rows * row_bytes);
        double end = now();
        gb[p] = (double)(n_rows * row_bytes) / (middle - start) * 1e-9;
        share[p] = (end - middle) / (middle - start);
    }
    sink = total > 0;
    printf("%-8s %-5s x%d  %7.2f GB/s  %5.2f of a plain read  %6.2f G products/s\n", k->name,
           q->name, n_x, median(gb, PAIRS), median(share, PAIRS),
           median(gb, PAIRS) / q->block_bytes * q->block_elems * n_x);
}

int main(int argc, char **argv)
{
    int64_t n = argc > 1 ? atoll(argv[1]) : 2048;
    size_t n_bytes = (size_t)(argc > 2 ? atoll(argv[2]) : 48) << 20;
    if (n < 1 || n_bytes == 0) {
        fprintf(stderr, "usage: bench_kernels [N [MIB]]\n");
        return 2;
    }
    uint8_t *weights = aligned_alloc(64, n_bytes);
    float *x = malloc((size_t)n * KERNEL_MAX_X * sizeof *x);
    if (!weights || !x) {
        fprintf(stderr, "bench_kernels: not enough memory\n");
        return 4;
    }
    for (size_t i = 0; i < n_bytes; i++) /* any bytes will do, but none that are NaN or subnormal */
        weights[i] = (uint8_t)(0x20 | (i * 7 & 0x1f));
    for (int64_t i = 0; i < n * KERNEL_MAX_X; i++)
        x[i] = (float)(i % 17) - 8;

    static const char *const names[] = {"generic", "avx2", "avx512"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (uint32_t type = 0; type < 32; type++)
            for (int n_x = 1; n_x <= KERNEL_MAX_X; n_x += KERNEL_MAX_X - 1)
                if (kernels_named(names[i]) && quant_of(type))
                    measure(kernels_named(names[i]), quant_of(type), n_x, n, weights, n_bytes, x);
    free(weights);
    free(x);
    return 0;
}
