/* k_blas.c - the one place that talks to BLAS: single-precision matrix products, summed in BLAS's
 * own order. For work that need not repeat to the last bit: evaluating a text does not come here
 * (layers/linear.c).
 *
 * The pool's threads call it side by side, each for its own part of the rows, so the library must
 * not start threads of its own. OpenBLAS has a function to say so, which other implementations
 * lack: it is a weak symbol here, and the program links and runs with any cblas.
 */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <cblas.h>

extern void openblas_set_num_threads(int n_threads) __attribute__((weak));

void blas_init(void)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
}

void blas_sgemm_nt(int m, int n, int k, const float *x, int ldx, const float *w, int ldw, float *c,
                   int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0f, x, ldx, w, ldw, 0.0f, c,
                ldc);
}
