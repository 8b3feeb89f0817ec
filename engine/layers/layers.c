/* layers.c - what the layers share: the pool and the scratch of each thread. */
#include "config.h"

#include "engine/layers/layers.h"

#include <string.h>

#include "src/base/mem.h"

/* Below this many multiply-adds waking the pool costs more than it saves (a pool_run takes about a
 * microsecond, in which one core does some 30,000). */
static const int64_t min_shared_work = 32768;

void layer_run(const struct layer_env *env, int64_t work, void (*fn)(void *, int, int), void *arg)
{
    if (work < min_shared_work)
        fn(arg, 0, 1);
    else
        pool_run(env->pool, fn, arg);
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t layer_scratch_floats(const struct model *m, int n_ctx)
{
    const struct hparams *hp = &m->hp;
    const size_t longest_row = max_size(max_size((size_t)hp->n_embd, (size_t)hp->n_ff),
                                        (size_t)(hp->n_head * hp->head_dim));
    size_t padded, block, scores;
    if (!add_size(longest_row, KERNEL_PARTS - 1, &padded) ||
        !mul_size(padded, KERNEL_BLOCK_W + KERNEL_BLOCK_X + 1, &block) ||
        !mul_size((size_t)n_ctx, KERNEL_MAX_X, &scores))
        return SIZE_MAX;
    size_t n = max_size(block, scores);
    if (!add_size(n, 15, &n))
        return SIZE_MAX;
    return n & ~(size_t)15;
}

/* Tests the exponent bits, which vectorises. */
bool layer_all_finite(const float *x, int64_t n)
{
    const uint32_t exponent = 0x7f800000u;
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof(bits));
        bad |= (bits & exponent) == exponent;
    }
    return bad == 0;
}
