/* k_block.h - products of a block of weight rows with many activation rows, over the vectors of
 * k_simd.h: one source, compiled twice, by k_avx2.c and k_avx512.c, which include it after that.
 *
 * The order of summation that kernels.h asks for leaves room for this: one vector holds VN
 * neighbours of the 64 partial sums of a product, and what goes into it can be multiplied on its
 * own. So the work is a matrix product over slices: of every 64 elements of a row the VN that
 * belong to one vector of sums. Rows are put down slice by slice; a tile of TILE_W weight rows and
 * TILE_X activation rows keeps its sums in registers and runs along one slice, then along the next,
 * and the vectors of sums are added up as the fixed tree has it: slices are taken in the order in
 * which a stack of LEVELS vectors suffices.
 *
 * A tile of weight rows meets all activation rows on one slice before the next, so that the slice
 * stays in the first-level cache however long the rows are.
 *
 * Rows that end within 64 elements are filled up, weights with 0, activations with -0: their
 * products are -0, and adding -0 changes no number.
 *
 * Measured 2026-11 (AVX2, one thread, against OpenBLAS' sgemm on the same blocks): 0.70 of its
 * speed for rows of 256, 0.84 for 1024, 0.85 for 4096. A tile of 2 x 3 over two slices at once,
 * which adds half as often, reaches 0.6: it loads more than it multiplies.
 */
#ifndef XUXIE_ENGINE_KERNELS_K_BLOCK_H
#define XUXIE_ENGINE_KERNELS_K_BLOCK_H

enum {
    TILE_W = 4,
    TILE_X = 3,
    TILE = TILE_W * TILE_X,
    TILES_X = KERNEL_BLOCK_X / TILE_X,
    LEVELS = VN == 8 ? 4 : 3,
};

_Static_assert(KERNEL_BLOCK_W % TILE_W == 0 && KERNEL_BLOCK_X % TILE_X == 0, "see kernels.h");

/* What is known of each product of a tile: the sums over 1, 2, 4... slices. */
struct stack {
    vf level[LEVELS][TILE];
};

/* The slice that comes i-th: the bits of i reversed. */
static ALWAYS_INLINE int slice_at(int i)
{
#if VN == 8
    return (i & 1) << 2 | (i & 2) | i >> 2;
#else
    return (i & 1) << 1 | i >> 1;
#endif
}

static ALWAYS_INLINE int64_t steps_of(int64_t n)
{
    return (n + PARTS - 1) / PARTS;
}

/* Puts a row down as the j-th of the n_rows of a tile. */
static ALWAYS_INLINE void put_row(const float *row, int64_t n, float pad, int j, int n_rows,
                                  float *tile)
{
    const int64_t n_steps = steps_of(n);
    for (int64_t step = 0; step < n_steps; step++) {
        float rest[PARTS];
        const float *from = row + step * PARTS;
        if (n - step * PARTS < PARTS) {
            for (int i = 0; i < PARTS; i++)
                rest[i] = i < n - step * PARTS ? from[i] : pad;
            from = rest;
        }
        for (int slice = 0; slice < N_PART_VECTORS; slice++)
            vf_store(tile + ((slice * n_steps + step) * n_rows + j) * VN,
                     vf_load(from + slice * VN));
    }
}

static void block_put(const float *row, int64_t n, int r, float *block)
{
    put_row(row, n, 0.0f, r % TILE_W, TILE_W, block + r / TILE_W * TILE_W * steps_of(n) * PARTS);
}

/* The i-th slice of a tile; n_x constant. The sums have names, because compilers keep those in
 * registers, which they do not with arrays. */
static ALWAYS_INLINE void tile_slice(const float *w, const float *x, int64_t n_steps, const int n_x,
                                     int i, struct stack *s)
{
    const vf zero = vf_set(0.0f);
    vf a0 = zero, a1 = zero, a2 = zero, b0 = zero, b1 = zero, b2 = zero;
    vf c0 = zero, c1 = zero, c2 = zero, d0 = zero, d1 = zero, d2 = zero;
    for (; n_steps > 0; n_steps--) {
        const vf x0 = vf_load(x);
        const vf x1 = n_x > 1 ? vf_load(x + VN) : x0;
        const vf x2 = n_x > 2 ? vf_load(x + 2 * VN) : x0;
        vf v = vf_load(w);
        a0 = vf_fma(v, x0, a0);
        a1 = n_x > 1 ? vf_fma(v, x1, a1) : a1;
        a2 = n_x > 2 ? vf_fma(v, x2, a2) : a2;
        v = vf_load(w + VN);
        b0 = vf_fma(v, x0, b0);
        b1 = n_x > 1 ? vf_fma(v, x1, b1) : b1;
        b2 = n_x > 2 ? vf_fma(v, x2, b2) : b2;
        v = vf_load(w + 2 * VN);
        c0 = vf_fma(v, x0, c0);
        c1 = n_x > 1 ? vf_fma(v, x1, c1) : c1;
        c2 = n_x > 2 ? vf_fma(v, x2, c2) : c2;
        v = vf_load(w + 3 * VN);
        d0 = vf_fma(v, x0, d0);
        d1 = n_x > 1 ? vf_fma(v, x1, d1) : d1;
        d2 = n_x > 2 ? vf_fma(v, x2, d2) : d2;
        w += TILE_W * VN;
        x += n_x * VN;
    }
    vf *v = s->level[0];
    for (; i & 1; i >>= 1, v += TILE) {
        a0 = v[0] + a0, b0 = v[1] + b0, c0 = v[2] + c0, d0 = v[3] + d0;
        a1 = v[4] + a1, b1 = v[5] + b1, c1 = v[6] + c1, d1 = v[7] + d1;
        a2 = v[8] + a2, b2 = v[9] + b2, c2 = v[10] + c2, d2 = v[11] + d2;
    }
    v[0] = a0, v[1] = b0, v[2] = c0, v[3] = d0;
    v[4] = a1, v[5] = b1, v[6] = c1, v[7] = d1;
    v[8] = a2, v[9] = b2, v[10] = c2, v[11] = d2;
}

/* The sums of four vectors; the first n of them are stored. */
static ALWAYS_INLINE void store_four(const vf v[TILE_W], int n, float *out)
{
    __m128 four = sum_four(v[0], v[1], v[2], v[3]);
    if (n >= TILE_W)
        _mm_storeu_ps(out, four);
    for (int i = 0; n < TILE_W && i < n; i++)
        out[i] = four[i];
}

/* A tile of n_w weight rows with all activation rows. */
static void tile_dot(const float *w, int n_w, const float *x, int n_x, int64_t n_steps, float *out,
                     int64_t out_stride)
{
    struct stack stacks[TILES_X];
    for (int i = 0; i < N_PART_VECTORS; i++) {
        const int64_t before = slice_at(i) * n_steps * VN; /* of a row, in front of this slice */
        for (int b = 0; b * TILE_X < n_x; b++) {
            const int rows = n_x - b * TILE_X < TILE_X ? n_x - b * TILE_X : TILE_X;
            const float *tile_w = w + before * TILE_W;
            const float *tile_x = x + b * TILE_X * n_steps * PARTS + before * rows;
            switch (rows) {
            case 1: tile_slice(tile_w, tile_x, n_steps, 1, i, &stacks[b]); break;
            case 2: tile_slice(tile_w, tile_x, n_steps, 2, i, &stacks[b]); break;
            default: tile_slice(tile_w, tile_x, n_steps, 3, i, &stacks[b]); break;
            }
        }
    }
    for (int t = 0; t < n_x; t++)
        store_four(&stacks[t / TILE_X].level[LEVELS - 1][t % TILE_X * TILE_W], n_w,
                   out + t * out_stride);
}

/* Rows that a last tile lacks have any numbers; their products are not stored. */
static void block_dot(const float *block, int n_w, const float *x, int64_t x_stride, int n_x,
                      int64_t n, float *scratch, float *out, int64_t out_stride)
{
    const int64_t n_steps = steps_of(n), row = n_steps * PARTS;
    for (int t = 0; t < n_x; t++) {
        const int first = t / TILE_X * TILE_X;
        const int rows = n_x - first < TILE_X ? n_x - first : TILE_X;
        put_row(x + t * x_stride, n, -0.0f, t - first, rows, scratch + first * row);
    }
    for (int r = 0; r < n_w; r += TILE_W)
        tile_dot(block + r * row, n_w - r, scratch, n_x, n_steps, out + r, out_stride);
}

#endif
