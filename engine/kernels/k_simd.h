/* k_simd.h - the kernels over vectors of VN floats: one source, compiled twice, by k_avx2.c with
 * VN = 8 and by k_avx512.c with VN = 16, the only two files that include it, after defining
 *
 *   vf                       a vector of VN floats; + - * / and [] work on it element by element
 *   vf_fma vf_max vf_min     a * b + c with one rounding; a > b ? a : b; a < b ? a : b
 *   vf_load vf_store vf_set  at any alignment; vf_set repeats a scalar
 *   vf_load_n vf_store_n     the first m elements (1 <= m <= VN), zeros for the others
 *   vf_select_n(v, w, m)     the first m elements of v, the others of w
 *   vf_from_f16 vf_to_f16    VN halves at any alignment
 *   struct v32               32 floats: half of the 64 partial sums of a dot product
 *   v32_*                    the same on 32 floats, see the definitions there
 *
 * Everything is static, so the code of one instruction set can never be linked into another. The
 * operations and their order are those of k_generic.c, which explains them.
 *
 * Measured by tests/bench/bench_kernels (1 thread, Zen 4, rows of 2048 weights, 48 MiB of them, as
 * a share of a plain read of the same memory): f32 1.0, f16 and bf16 0.8 to 1.0, q8_0 0.65 (18
 * GB/s), the 4- to 6-bit types 0.25 to 0.35, those of 2 and 3 bits 0.13 to 0.18; plain C 0.01 to
 * 0.05. What bounds the packed types is the conversion of every weight to f32, which the order of
 * summation in kernels.h asks for.
 *
 * Functions that take a `struct format` are inlined with a constant one: the pointers in it cost
 * nothing, each product of a type with 1 to 4 activation rows becomes a loop of its own.
 */
#ifndef XUXIE_ENGINE_KERNELS_K_SIMD_H
#define XUXIE_ENGINE_KERNELS_K_SIMD_H

#include <math.h>
#include <string.h>

#include "engine/kernels/k_coeffs.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum { PARTS = KERNEL_PARTS, N_PART_VECTORS = PARTS / VN };

typedef int32_t vi __attribute__((vector_size(VN * 4)));
typedef uint32_t vu __attribute__((vector_size(VN * 4)));

/* ---- weights, 32 at a time ---- */

enum { N_SCALES = 32 }; /* of q2_K, which has the most */

struct format {
    /* The weights k..k+31 of row w (k a multiple of 32), dequantised. */
    struct v32 (*load32)(const uint8_t *w, int64_t k, const float *scales);
    /* NULL, or called before load32 where k % 64 = 0: keeps the scales of the current block. */
    void (*keep_scales)(const uint8_t *w, int64_t k, float scales[N_SCALES]);
    int block_elems; /* 1: rows may end anywhere */
    int block_bytes;
};

static ALWAYS_INLINE float half_at(const uint8_t *p)
{
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return _cvtsh_ss(h);
}

static ALWAYS_INLINE __m128i load16_bytes(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

static ALWAYS_INLINE __m256i load32_bytes(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* 32 nibbles in the order of q4_0: the low ones of 16 bytes, then the high ones */
static ALWAYS_INLINE __m256i nibbles(const uint8_t *qs)
{
    __m128i b = load16_bytes(qs);
    __m256i both = _mm256_set_m128i(_mm_srli_epi16(b, 4), b);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/* 16 in byte i where bit i of the 32 bits at qh is set */
static ALWAYS_INLINE __m256i fifth_bits(const uint8_t *qh)
{
    uint32_t word;
    memcpy(&word, qh, sizeof word);
    const __m256i byte_of_bit =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)word), byte_of_bit);
    __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

static ALWAYS_INLINE struct v32 load32_f32(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    return v32_load(w + 4 * k);
}

static ALWAYS_INLINE struct v32 load32_f16(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    return v32_from_f16(w + 2 * k);
}

static ALWAYS_INLINE struct v32 load32_bf16(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    return v32_from_bf16(w + 2 * k);
}

static ALWAYS_INLINE struct v32 load32_q8_0(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    const uint8_t *b = w + k / 32 * 34;
    return v32_scale(v32_from_i8_at(b + 2), half_at(b));
}

static ALWAYS_INLINE struct v32 load32_q4_0(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    const uint8_t *b = w + k / 32 * 18;
    __m256i q = _mm256_sub_epi8(nibbles(b + 2), _mm256_set1_epi8(8));
    return v32_scale(v32_from_i8(q), half_at(b));
}

static ALWAYS_INLINE struct v32 load32_q4_1(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    const uint8_t *b = w + k / 32 * 20;
    return v32_scale_add(v32_from_i8(nibbles(b + 4)), half_at(b), half_at(b + 2));
}

static ALWAYS_INLINE struct v32 load32_q5_0(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    const uint8_t *b = w + k / 32 * 22;
    __m256i q = _mm256_or_si256(nibbles(b + 6), fifth_bits(b + 2));
    return v32_scale(v32_from_i8(_mm256_sub_epi8(q, _mm256_set1_epi8(16))), half_at(b));
}

static ALWAYS_INLINE struct v32 load32_q5_1(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    const uint8_t *b = w + k / 32 * 24;
    __m256i q = _mm256_or_si256(nibbles(b + 8), fifth_bits(b + 4));
    return v32_scale_add(v32_from_i8(q), half_at(b), half_at(b + 2));
}

/* The 6-bit scales and minimums of q4_K and q5_K, four at a time in a word, times d and -dmin: the
 * scales of the eight sub-blocks in scales[0..7], their minimums (negative) in scales[8..15]. */
static ALWAYS_INLINE void scales_of_k_block(const uint8_t *b, float *scales)
{
    uint32_t a[3];
    memcpy(a, b + 4, sizeof a);
    uint32_t scale_high = (a[2] & 0x0f0f0f0f) | (a[0] >> 2 & 0x30303030);
    uint32_t min_high = (a[2] >> 4 & 0x0f0f0f0f) | (a[1] >> 2 & 0x30303030);
    __m128i scale = _mm_set_epi32(0, 0, (int32_t)scale_high, (int32_t)(a[0] & 0x3f3f3f3f));
    __m128i min = _mm_set_epi32(0, 0, (int32_t)min_high, (int32_t)(a[1] & 0x3f3f3f3f));
    __m256 scale_f = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(scale));
    __m256 min_f = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(min));
    _mm256_storeu_ps(scales, scale_f * half_at(b));
    _mm256_storeu_ps(scales + 8, min_f * -half_at(b + 2));
}

static ALWAYS_INLINE void keep_scales_q4_K(const uint8_t *w, int64_t k, float *scales)
{
    if (k % 256 == 0)
        scales_of_k_block(w + k / 256 * 144, scales);
}

static ALWAYS_INLINE void keep_scales_q5_K(const uint8_t *w, int64_t k, float *scales)
{
    if (k % 256 == 0)
        scales_of_k_block(w + k / 256 * 176, scales);
}

/* 16 bytes with a sign, times d. */
static ALWAYS_INLINE void scale_16_bytes(__m128i q, float d, float *scales)
{
    _mm256_storeu_ps(scales, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)) * d);
    q = _mm_srli_si128(q, 8);
    _mm256_storeu_ps(scales + 8, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)) * d);
}

static ALWAYS_INLINE void keep_scales_q6_K(const uint8_t *w, int64_t k, float *scales)
{
    const uint8_t *b = w + k / 256 * 210;
    if (k % 256 == 0)
        scale_16_bytes(load16_bytes(b + 192), half_at(b + 208), scales);
}

/* The scales of the 16 sub-blocks, then their minimums (negative). */
static ALWAYS_INLINE void keep_scales_q2_K(const uint8_t *w, int64_t k, float *scales)
{
    if (k % 256 != 0)
        return;
    const uint8_t *b = w + k / 256 * 84;
    const __m128i low_bits = _mm_set1_epi8(15);
    __m128i both = load16_bytes(b);
    scale_16_bytes(_mm_and_si128(both, low_bits), half_at(b + 80), scales);
    both = _mm_and_si128(_mm_srli_epi16(both, 4), low_bits);
    scale_16_bytes(both, -half_at(b + 82), scales + 16);
}

static ALWAYS_INLINE void keep_scales_q3_K(const uint8_t *w, int64_t k, float *scales)
{
    if (k % 256 != 0)
        return;
    const uint8_t *b = w + k / 256 * 110;
    uint64_t low;
    uint32_t high;
    memcpy(&low, b + 96, sizeof low);
    memcpy(&high, b + 104, sizeof high);
    const uint64_t low_bits = UINT64_C(0x0f0f0f0f0f0f0f0f);
    __m128i q = _mm_set_epi64x((int64_t)(low >> 4 & low_bits), (int64_t)(low & low_bits));
    /* byte s of the 16 takes bits 2 (s / 4).. of byte s % 4 of `high`, to bits 4 and 5 */
    __m128i upper =
        _mm_set_epi32((int32_t)(high >> 2 & 0x30303030), (int32_t)(high & 0x30303030),
                      (int32_t)(high << 2 & 0x30303030), (int32_t)(high << 4 & 0x30303030));
    q = _mm_sub_epi8(_mm_or_si128(q, upper), _mm_set1_epi8(32));
    scale_16_bytes(q, half_at(b + 108), scales);
}

static ALWAYS_INLINE void keep_scales_iq4_xs(const uint8_t *w, int64_t k, float *scales)
{
    if (k % 256 != 0)
        return;
    const uint8_t *b = w + k / 256 * 136;
    uint16_t high;
    uint32_t low;
    memcpy(&high, b + 2, sizeof high);
    memcpy(&low, b + 4, sizeof low);
    const __m256i by_sub = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i q = _mm256_srlv_epi32(_mm256_set1_epi32((int32_t)low), _mm256_slli_epi32(by_sub, 2));
    __m256i upper = _mm256_srlv_epi32(_mm256_set1_epi32(high), _mm256_slli_epi32(by_sub, 1));
    q = _mm256_and_si256(q, _mm256_set1_epi32(15));
    upper = _mm256_slli_epi32(_mm256_and_si256(upper, _mm256_set1_epi32(3)), 4);
    q = _mm256_sub_epi32(_mm256_or_si256(q, upper), _mm256_set1_epi32(32));
    _mm256_storeu_ps(scales, _mm256_cvtepi32_ps(q) * half_at(b));
}

/* The nibbles of sub-block s: low ones for even s, high ones for odd, of the same 32 bytes. */
static ALWAYS_INLINE __m256i k_nibbles(const uint8_t *qs, int s)
{
    __m256i b = load32_bytes(qs + s / 2 * 32);
    return _mm256_and_si256(_mm256_srli_epi16(b, s % 2 * 4), _mm256_set1_epi8(15));
}

static ALWAYS_INLINE struct v32 load32_q4_K(const uint8_t *w, int64_t k, const float *scales)
{
    const uint8_t *b = w + k / 256 * 144;
    int s = (int)(k % 256 / 32);
    return v32_scale_add(v32_from_i8(k_nibbles(b + 16, s)), scales[s], scales[8 + s]);
}

static ALWAYS_INLINE struct v32 load32_q5_K(const uint8_t *w, int64_t k, const float *scales)
{
    const uint8_t *b = w + k / 256 * 176;
    int s = (int)(k % 256 / 32);
    __m256i high = _mm256_srl_epi16(load32_bytes(b + 16), _mm_cvtsi32_si128(s));
    high = _mm256_slli_epi16(_mm256_and_si256(high, _mm256_set1_epi8(1)), 4);
    __m256i q = _mm256_or_si256(k_nibbles(b + 48, s), high);
    return v32_scale_add(v32_from_i8(q), scales[s], scales[8 + s]);
}

/* Two bits of 32 elements: those of run r (0 to 3) of the four that lie in 32 bytes. */
static ALWAYS_INLINE __m256i two_bits(const uint8_t *p, int run)
{
    __m256i bytes = _mm256_srl_epi16(load32_bytes(p), _mm_cvtsi32_si128(run * 2));
    return _mm256_and_si256(bytes, _mm256_set1_epi8(3));
}

static ALWAYS_INLINE struct v32 load32_q6_K(const uint8_t *w, int64_t k, const float *scales)
{
    const uint8_t *b = w + k / 256 * 210;
    int half = (int)(k % 256 / 128);
    int run = (int)(k % 128 / 32);
    __m256i low = load32_bytes(b + half * 64 + run % 2 * 32);
    low = _mm256_srl_epi16(low, _mm_cvtsi32_si128(run / 2 * 4));
    low = _mm256_and_si256(low, _mm256_set1_epi8(15));
    __m256i high = _mm256_slli_epi16(two_bits(b + 128 + half * 32, run), 4);
    __m256i q = _mm256_sub_epi8(_mm256_or_si256(low, high), _mm256_set1_epi8(32));
    const float *d = scales + k % 256 / 16;
    return v32_scale_halves(v32_from_i8(q), d[0], d[1]);
}

static ALWAYS_INLINE struct v32 load32_q2_K(const uint8_t *w, int64_t k, const float *scales)
{
    const uint8_t *b = w + k / 256 * 84;
    __m256i q = two_bits(b + 16 + k % 256 / 128 * 32, (int)(k % 128 / 32));
    const float *d = scales + k % 256 / 16;
    return v32_scale_add_halves(v32_from_i8(q), d[0], d[16], d[1], d[17]);
}

static ALWAYS_INLINE struct v32 load32_q3_K(const uint8_t *w, int64_t k, const float *scales)
{
    const uint8_t *b = w + k / 256 * 110;
    __m256i low = two_bits(b + 32 + k % 256 / 128 * 32, (int)(k % 128 / 32));
    __m256i high = _mm256_srl_epi16(load32_bytes(b), _mm_cvtsi32_si128((int)(k % 256 / 32)));
    high = _mm256_slli_epi16(_mm256_and_si256(high, _mm256_set1_epi8(1)), 2);
    __m256i q = _mm256_sub_epi8(_mm256_or_si256(low, high), _mm256_set1_epi8(4));
    const float *d = scales + k % 256 / 16;
    return v32_scale_halves(v32_from_i8(q), d[0], d[1]);
}

/* 32 elements of the types with curved steps, from 16 bytes of nibbles. */
static ALWAYS_INLINE __m256i curved(const uint8_t *qs)
{
    const __m128i curve =
        _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(curve), nibbles(qs));
}

static ALWAYS_INLINE struct v32 load32_iq4_nl(const uint8_t *w, int64_t k, const float *scales)
{
    (void)scales;
    const uint8_t *b = w + k / 32 * 18;
    return v32_scale(v32_from_i8(curved(b + 2)), half_at(b));
}

static ALWAYS_INLINE struct v32 load32_iq4_xs(const uint8_t *w, int64_t k, const float *scales)
{
    const uint8_t *b = w + k / 256 * 136;
    int s = (int)(k % 256 / 32);
    return v32_scale(v32_from_i8(curved(b + 8 + 16 * s)), scales[s]);
}

static const struct format format_f32 = {load32_f32, NULL, 1, 4};
static const struct format format_f16 = {load32_f16, NULL, 1, 2};
static const struct format format_bf16 = {load32_bf16, NULL, 1, 2};
static const struct format format_q8_0 = {load32_q8_0, NULL, 32, 34};
static const struct format format_q4_0 = {load32_q4_0, NULL, 32, 18};
static const struct format format_q4_1 = {load32_q4_1, NULL, 32, 20};
static const struct format format_q5_0 = {load32_q5_0, NULL, 32, 22};
static const struct format format_q5_1 = {load32_q5_1, NULL, 32, 24};
static const struct format format_q2_K = {load32_q2_K, keep_scales_q2_K, 256, 84};
static const struct format format_q3_K = {load32_q3_K, keep_scales_q3_K, 256, 110};
static const struct format format_q4_K = {load32_q4_K, keep_scales_q4_K, 256, 144};
static const struct format format_q5_K = {load32_q5_K, keep_scales_q5_K, 256, 176};
static const struct format format_q6_K = {load32_q6_K, keep_scales_q6_K, 256, 210};
static const struct format format_iq4_nl = {load32_iq4_nl, NULL, 32, 18};
static const struct format format_iq4_xs = {load32_iq4_xs, keep_scales_iq4_xs, 256, 136};

/* The last m < 32 weights of a row of single elements, from k on; the row may be the last of a
 * page. */
static ALWAYS_INLINE void load_rest(struct format f, const uint8_t *w, int64_t k, int64_t m,
                                    float out[32])
{
    uint8_t padded[32 * sizeof(float)] = {0};
    memcpy(padded, w + k * f.block_bytes, (size_t)(m * f.block_bytes));
    v32_store(out, f.load32(padded, 0, NULL));
}

static ALWAYS_INLINE void unpack_row(struct format f, const uint8_t *w, float *out, int64_t n)
{
    float scales[N_SCALES];
    int64_t k = 0;
    for (; k + 32 <= n; k += 32) {
        if (f.keep_scales && k % 64 == 0)
            f.keep_scales(w, k, scales);
        v32_store(out + k, f.load32(w, k, scales));
    }
    if (f.block_elems == 1 && k < n) {
        float rest[32];
        load_rest(f, w, k, n - k, rest);
        memcpy(out + k, rest, (size_t)(n - k) * sizeof *out);
    }
}

/* ---- products ---- */

struct sums { /* the 64 partial sums of one product */
    struct v32 low, high;
};

static ALWAYS_INLINE float sums_total(struct sums s)
{
    return v32_sum(v32_add(s.low, s.high));
}

/* Adds w[i] * x[k + i], i < m < 32: the end of a row, k a multiple of 32. */
static inline struct sums sums_add_rest(struct sums s, const float *w, const float *x, int64_t k,
                                        int64_t m)
{
    float part[PARTS];
    v32_store(part, s.low);
    v32_store(part + 32, s.high);
    for (int64_t i = 0; i < m; i++)
        part[k % PARTS + i] = __builtin_fmaf(w[i], x[k + i], part[k % PARTS + i]);
    return (struct sums){v32_load(part), v32_load(part + 32)};
}

/* One row w against n_x activation rows, n_x constant. The sums have names of their own, because
 * compilers keep those in registers, which they do not with arrays. */
static ALWAYS_INLINE void dot_rows(struct format f, const void *w, const float *x0, int64_t stride,
                                   const int n_x, int64_t n, float *out)
{
    const float *x1 = n_x > 1 ? x0 + stride : x0;
    const float *x2 = n_x > 2 ? x1 + stride : x0;
    const float *x3 = n_x > 3 ? x2 + stride : x0;
    struct sums s0 = {v32_zero(), v32_zero()}, s1 = s0, s2 = s0, s3 = s0;
    float scales[N_SCALES];
    int64_t k = 0;
    while (k + 32 <= n) {
        if (f.keep_scales)
            f.keep_scales(w, k, scales);
        struct v32 v = f.load32(w, k, scales);
        s0.low = v32_fma(v, x0 + k, s0.low);
        s1.low = n_x > 1 ? v32_fma(v, x1 + k, s1.low) : s1.low;
        s2.low = n_x > 2 ? v32_fma(v, x2 + k, s2.low) : s2.low;
        s3.low = n_x > 3 ? v32_fma(v, x3 + k, s3.low) : s3.low;
        k += 32;
        if (k + 32 > n)
            break;
        v = f.load32(w, k, scales);
        s0.high = v32_fma(v, x0 + k, s0.high);
        s1.high = n_x > 1 ? v32_fma(v, x1 + k, s1.high) : s1.high;
        s2.high = n_x > 2 ? v32_fma(v, x2 + k, s2.high) : s2.high;
        s3.high = n_x > 3 ? v32_fma(v, x3 + k, s3.high) : s3.high;
        k += 32;
    }
    if (f.block_elems == 1 && k < n) {
        float rest[32];
        load_rest(f, w, k, n - k, rest);
        s0 = sums_add_rest(s0, rest, x0, k, n - k);
        s1 = n_x > 1 ? sums_add_rest(s1, rest, x1, k, n - k) : s1;
        s2 = n_x > 2 ? sums_add_rest(s2, rest, x2, k, n - k) : s2;
        s3 = n_x > 3 ? sums_add_rest(s3, rest, x3, k, n - k) : s3;
    }
    out[0] = sums_total(s0);
    if (n_x > 1)
        out[1] = sums_total(s1);
    if (n_x > 2)
        out[2] = sums_total(s2);
    if (n_x > 3)
        out[3] = sums_total(s3);
}

static float dot_f16_row(const uint16_t *a, const float *x, int64_t n)
{
    float out;
    dot_rows(format_f16, a, x, 0, 1, n, &out);
    return out;
}

/* ---- one element after another ---- */

/* Elements of the vector that starts where `left` remain. */
static ALWAYS_INLINE int lanes(int64_t left)
{
    return left < VN ? (int)left : VN;
}

static void axpy(float a, const float *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i += VN) {
        int m = lanes(n - i);
        vf_store_n(y + i, vf_fma(vf_set(a), vf_load_n(x + i, m), vf_load_n(y + i, m)), m);
    }
}

static void axpy_f16(float a, const uint16_t *x, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + VN <= n; i += VN)
        vf_store(y + i, vf_fma(vf_set(a), vf_from_f16(x + i), vf_load(y + i)));
    if (i < n) {
        int m = lanes(n - i);
        uint16_t rest[VN] = {0};
        memcpy(rest, x + i, (size_t)m * sizeof *x);
        vf_store_n(y + i, vf_fma(vf_set(a), vf_from_f16(rest), vf_load_n(y + i, m)), m);
    }
}

static void f32_to_f16_row(const float *in, uint16_t *out, int64_t n)
{
    int64_t i = 0;
    for (; i + VN <= n; i += VN)
        vf_to_f16(out + i, vf_load(in + i));
    if (i < n) {
        int m = lanes(n - i);
        uint16_t rest[VN];
        vf_to_f16(rest, vf_load_n(in + i, m));
        memcpy(out + i, rest, (size_t)m * sizeof *out);
    }
}

/* 2^n in every element, -126 <= n <= 127 */
static ALWAYS_INLINE vf power_of_two(vi n)
{
    return (vf)((vu)(n + 127) << 23);
}

static ALWAYS_INLINE vf exp_of(vf x)
{
    x = vf_max(vf_set(EXP_LOWEST), x); /* in this order a NaN stays */
    x = vf_min(vf_set(EXP_HIGHEST), x);
    vf z = vf_fma(x, vf_set(EXP_LOG2_E), vf_set(EXP_TO_INT));
    vf n = z - EXP_TO_INT;
    vf r = vf_fma(-n, vf_set(EXP_LN2_HIGH), x);
    r = vf_fma(-n, vf_set(EXP_LN2_LOW), r);
    vf p = vf_fma(vf_set(EXP_C6), r, vf_set(EXP_C5));
    p = vf_fma(p, r, vf_set(EXP_C4));
    p = vf_fma(p, r, vf_set(EXP_C3));
    p = vf_fma(p, r, vf_set(EXP_C2));
    p = vf_fma(p, r, vf_set(1.0f));
    p = vf_fma(p, r, vf_set(1.0f));
    vi power = (vi)((vu)z - (vu)vf_set(EXP_TO_INT)); /* a NaN's is some number; p stays NaN */
    vi half = power >> 1;
    return p * power_of_two(half) * power_of_two(power - half);
}

static ALWAYS_INLINE vf gelu_tanh_of(vf x)
{
    vf u = x * vf_fma(vf_set(GELU_B), x * x, vf_set(GELU_A));
    return x / (1.0f + exp_of(-u));
}

static ALWAYS_INLINE vf gelu_erf_of(vf x)
{
    vf t = vf_min(vf_set(TAIL_FAR), (vf)((vu)x & 0x7fffffff));
    vf s = 1.0f / vf_fma(t, vf_set(0.25f), vf_set(1.0f));
    vf p = vf_fma(vf_set(TAIL_G6), s, vf_set(TAIL_G5));
    p = vf_fma(p, s, vf_set(TAIL_G4));
    p = vf_fma(p, s, vf_set(TAIL_G3));
    p = vf_fma(p, s, vf_set(TAIL_G2));
    p = vf_fma(p, s, vf_set(TAIL_G1));
    p = vf_fma(p, s, vf_set(TAIL_G0));
    vf tail = exp_of(t * t * -0.5f) * (p * s);
    return vf_fma(-t, tail, vf_max(vf_set(0.0f), x));
}

static ALWAYS_INLINE vf silu_of(vf x)
{
    return x / (1.0f + exp_of(-x));
}

#define DEFINE_MAP(name)                                                                           \
    static void name(float *x, int64_t n)                                                          \
    {                                                                                              \
        for (int64_t i = 0; i < n; i += VN) {                                                      \
            int m = lanes(n - i);                                                                  \
            vf_store_n(x + i, name##_of(vf_load_n(x + i, m)), m);                                  \
        }                                                                                          \
    }
DEFINE_MAP(gelu_tanh)
DEFINE_MAP(gelu_erf)
DEFINE_MAP(silu)

/* ---- over a whole row: element i belongs to part i % 64, here to lane i % VN of a vector ---- */

static ALWAYS_INLINE vf *part_of(vf *part, int64_t i)
{
    return &part[i / VN % N_PART_VECTORS];
}

static ALWAYS_INLINE float sum_parts(const vf *part)
{
    float p[PARTS];
    for (int i = 0; i < N_PART_VECTORS; i++)
        vf_store(p + i * VN, part[i]);
    return v32_sum(v32_add(v32_load(p), v32_load(p + 32)));
}

static float exp_sum(float *x, float max, int64_t n)
{
    vf part[N_PART_VECTORS] = {{0}};
    for (int64_t i = 0; i < n; i += VN) {
        int m = lanes(n - i);
        vf e = exp_of(vf_load_n(x + i, m) - max);
        vf_store_n(x + i, e, m);
        *part_of(part, i) += vf_select_n(e, vf_set(0.0f), m);
    }
    return sum_parts(part);
}

static float max(const float *x, int64_t n)
{
    vf part[N_PART_VECTORS];
    for (int i = 0; i < N_PART_VECTORS; i++)
        part[i] = vf_set(-INFINITY);
    for (int64_t i = 0; i < n; i += VN) {
        int m = lanes(n - i);
        vf v = vf_select_n(vf_load_n(x + i, m), vf_set(-INFINITY), m);
        *part_of(part, i) = vf_max(v, *part_of(part, i));
    }
    for (int half = N_PART_VECTORS / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] = vf_max(part[i + half], part[i]);
    float p[VN];
    vf_store(p, part[0]);
    for (int half = VN / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            p[i] = p[i + half] > p[i] ? p[i + half] : p[i];
    return p[0];
}

static void layernorm(const float *x, const float *g, const float *b, float eps, float *y,
                      int64_t n)
{
    vf part[N_PART_VECTORS] = {{0}};
    for (int64_t i = 0; i < n; i += VN)
        *part_of(part, i) += vf_load_n(x + i, lanes(n - i));
    float mean = sum_parts(part) / (float)n;

    memset(part, 0, sizeof part);
    for (int64_t i = 0; i < n; i += VN) {
        int m = lanes(n - i);
        vf d = vf_select_n(vf_load_n(x + i, m) - mean, vf_set(0.0f), m);
        *part_of(part, i) = vf_fma(d, d, *part_of(part, i));
    }
    float scale = 1.0f / __builtin_sqrtf(sum_parts(part) / (float)n + eps);

    for (int64_t i = 0; i < n; i += VN) {
        int m = lanes(n - i);
        vf v = (vf_load_n(x + i, m) - mean) * scale;
        vf weight = vf_load_n(g + i, m);
        v = b ? vf_fma(v, weight, vf_load_n(b + i, m)) : (vf)(v * weight);
        vf_store_n(y + i, v, m);
    }
}

static void rmsnorm(const float *x, const float *g, float eps, float *y, int64_t n)
{
    vf part[N_PART_VECTORS] = {{0}};
    for (int64_t i = 0; i < n; i += VN) {
        vf v = vf_load_n(x + i, lanes(n - i));
        *part_of(part, i) = vf_fma(v, v, *part_of(part, i));
    }
    float scale = 1.0f / __builtin_sqrtf(sum_parts(part) / (float)n + eps);
    for (int64_t i = 0; i < n; i += VN) {
        int m = lanes(n - i);
        vf_store_n(y + i, vf_load_n(x + i, m) * scale * vf_load_n(g + i, m), m);
    }
}

/* ---- the table ---- */

/* Expands X(name, type id) for every type. */
#define EACH_TYPE(X)                                                                               \
    X(f32, QUANT_F32)                                                                              \
    X(f16, QUANT_F16)                                                                              \
    X(bf16, QUANT_BF16)                                                                            \
    X(q4_0, QUANT_Q4_0)                                                                            \
    X(q4_1, QUANT_Q4_1)                                                                            \
    X(q5_0, QUANT_Q5_0)                                                                            \
    X(q5_1, QUANT_Q5_1)                                                                            \
    X(q8_0, QUANT_Q8_0)                                                                            \
    X(q2_K, QUANT_Q2_K)                                                                            \
    X(q3_K, QUANT_Q3_K)                                                                            \
    X(q4_K, QUANT_Q4_K)                                                                            \
    X(q5_K, QUANT_Q5_K)                                                                            \
    X(q6_K, QUANT_Q6_K)                                                                            \
    X(iq4_nl, QUANT_IQ4_NL)                                                                        \
    X(iq4_xs, QUANT_IQ4_XS)

#define DEFINE_UNPACK(name, type)                                                                  \
    static void unpack_##name(const void *packed, float *out, int64_t n)                           \
    {                                                                                              \
        unpack_row(format_##name, packed, out, n);                                                 \
    }
EACH_TYPE(DEFINE_UNPACK)

#define SET_TYPE(name, type)                                                                       \
    k->unpack[type] = unpack_##name;                                                               \
    k->dot[type] = dot_##name;

/* Everything but the name and the products, which each instruction set arranges its own way. */
static void set_common(struct kernels *k)
{
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

#endif
