/* test_k_blas.c - the matrix product through BLAS against plain sums. */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/mem.h"

enum { MAX = 40, PAD = 3 };

static void check(int m, int n, int k)
{
    static float x[MAX * (MAX + PAD)], w[MAX * (MAX + PAD)], c[MAX * (MAX + PAD)];
    for (int i = 0; i < MAX * (MAX + PAD); i++) {
        x[i] = (float)(i * 37 % 101 - 50) / 50;
        w[i] = (float)(i * 53 % 97 - 48) / 48;
        c[i] = NAN; /* what was there must not matter */
    }
    int ldx = k + PAD, ldw = k + 1, ldc = n + PAD;
    blas_sgemm_nt(m, n, k, x, ldx, w, ldw, c, ldc);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++)
                sum += (double)x[i * ldx + l] * (double)w[j * ldw + l];
            assert_true(fabs((double)c[i * ldc + j] - sum) < 1e-5);
        }
    for (int i = 0; i + 1 < m; i++) /* between the rows nothing is touched */
        assert_true(isnan(c[i * ldc + n]));
}

static void test_sgemm_nt(void **state)
{
    (void)state;
    blas_init();
    static const int shapes[][3] = {{1, 1, 1}, {1, 40, 40}, {40, 1, 3}, {7, 5, 40}, {33, 40, 17}};
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
        check(shapes[i][0], shapes[i][1], shapes[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sgemm_nt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
