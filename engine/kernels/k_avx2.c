/* k_avx2.c - the kernels for AVX2 with FMA and F16C: vectors of 8 floats.
 *
 * The 64 partial sums of one product fill eight of the sixteen registers: a row of weights against
 * one activation row is a loop in registers (k_simd.h). For two to four activation rows the sums do
 * not fit; dot_many unpacks a stretch of the row to a buffer that stays in the first-level cache
 * and goes over it four times, each time for a quarter of the sums. The order within a sum is the
 * same.
 */
#include "config.h"

#include "engine/kernels/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VN 8

typedef __m256 vf;

/* All ones in the first m elements. */
static inline __m256i first_lanes(int m)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(m), index);
}

static inline vf vf_set(float f)
{
    return _mm256_set1_ps(f);
}

static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vf vf_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}

static inline vf vf_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}

static inline vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vf_store(float *p, vf v)
{
    _mm256_storeu_ps(p, v);
}

static inline vf vf_load_n(const float *p, int m)
{
    return m == VN ? vf_load(p) : _mm256_maskload_ps(p, first_lanes(m));
}

static inline void vf_store_n(float *p, vf v, int m)
{
    if (m == VN)
        vf_store(p, v);
    else
        _mm256_maskstore_ps(p, first_lanes(m), v);
}

static inline vf vf_select_n(vf v, vf w, int m)
{
    return m == VN ? v : _mm256_blendv_ps(w, v, _mm256_castsi256_ps(first_lanes(m)));
}

static inline vf vf_from_f16(const void *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128(p));
}

static inline void vf_to_f16(void *p, vf v)
{
    _mm_storeu_si128(p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

struct v32 {
    vf a, b, c, d;
};

static inline struct v32 v32_zero(void)
{
    vf zero = _mm256_setzero_ps();
    return (struct v32){zero, zero, zero, zero};
}

static inline struct v32 v32_load(const void *p)
{
    const char *b = p;
    return (struct v32){_mm256_loadu_ps(p), _mm256_loadu_ps((const void *)(b + 32)),
                        _mm256_loadu_ps((const void *)(b + 64)),
                        _mm256_loadu_ps((const void *)(b + 96))};
}

static inline void v32_store(float *p, struct v32 v)
{
    vf_store(p, v.a);
    vf_store(p + 8, v.b);
    vf_store(p + 16, v.c);
    vf_store(p + 24, v.d);
}

static inline struct v32 v32_add(struct v32 v, struct v32 w)
{
    return (struct v32){v.a + w.a, v.b + w.b, v.c + w.c, v.d + w.d};
}

/* s + v * x */
static inline struct v32 v32_fma(struct v32 v, const float *x, struct v32 s)
{
    return (struct v32){vf_fma(v.a, vf_load(x), s.a), vf_fma(v.b, vf_load(x + 8), s.b),
                        vf_fma(v.c, vf_load(x + 16), s.c), vf_fma(v.d, vf_load(x + 24), s.d)};
}

static inline struct v32 v32_scale_halves(struct v32 v, float d0, float d1)
{
    return (struct v32){v.a * d0, v.b * d0, v.c * d1, v.d * d1};
}

static inline struct v32 v32_scale(struct v32 v, float d)
{
    return v32_scale_halves(v, d, d);
}

static inline struct v32 v32_scale_add_halves(struct v32 v, float d0, float m0, float d1, float m1)
{
    vf dd0 = vf_set(d0), mm0 = vf_set(m0), dd1 = vf_set(d1), mm1 = vf_set(m1);
    return (struct v32){vf_fma(v.a, dd0, mm0), vf_fma(v.b, dd0, mm0), vf_fma(v.c, dd1, mm1),
                        vf_fma(v.d, dd1, mm1)};
}

static inline struct v32 v32_scale_add(struct v32 v, float d, float m)
{
    return v32_scale_add_halves(v, d, m, d, m);
}

/* The first eight bytes. */
static inline vf from_i8(__m128i bytes)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}

static inline struct v32 v32_from_i8(__m256i bytes)
{
    __m128i low = _mm256_castsi256_si128(bytes);
    __m128i high = _mm256_extracti128_si256(bytes, 1);
    return (struct v32){from_i8(low), from_i8(_mm_srli_si128(low, 8)), from_i8(high),
                        from_i8(_mm_srli_si128(high, 8))};
}

static inline vf from_i8_at(const uint8_t *p)
{
    return from_i8(_mm_loadl_epi64((const __m128i *)p));
}

static inline struct v32 v32_from_i8_at(const uint8_t *p)
{
    return (struct v32){from_i8_at(p), from_i8_at(p + 8), from_i8_at(p + 16), from_i8_at(p + 24)};
}

static inline struct v32 v32_from_f16(const uint8_t *p)
{
    return (struct v32){vf_from_f16(p), vf_from_f16(p + 16), vf_from_f16(p + 32),
                        vf_from_f16(p + 48)};
}

static inline vf from_bf16(const uint8_t *p)
{
    __m256i u = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(u, 16));
}

static inline struct v32 v32_from_bf16(const uint8_t *p)
{
    return (struct v32){from_bf16(p), from_bf16(p + 16), from_bf16(p + 32), from_bf16(p + 48)};
}

/* The fixed tree: + 16, + 8, + 4, + 2, + 1. */
static inline float v32_sum(struct v32 v)
{
    __m256 s8 = (v.a + v.c) + (v.b + v.d);
    __m128 s4 = _mm256_castps256_ps128(s8) + _mm256_extractf128_ps(s8, 1);
    __m128 s2 = s4 + _mm_movehl_ps(s4, s4);
    return s2[0] + s2[1];
}

/* v32_sum of four at once: of vectors to which the first step of the tree already came down. */
static inline __m128 sum_four(vf v, vf w, vf x, vf y)
{
    __m256 vw = _mm256_permute2f128_ps(v, w, 0x20) + _mm256_permute2f128_ps(v, w, 0x31);
    __m256 xy = _mm256_permute2f128_ps(x, y, 0x20) + _mm256_permute2f128_ps(x, y, 0x31);
    __m256 two = _mm256_shuffle_ps(vw, xy, 0x44) + _mm256_shuffle_ps(vw, xy, 0xee);
    __m256 one = _mm256_shuffle_ps(two, two, 0x88) + _mm256_shuffle_ps(two, two, 0xdd);
    return _mm_unpacklo_ps(_mm256_castps256_ps128(one), _mm256_extractf128_ps(one, 1));
}

#include "engine/kernels/k_simd.h"
#include "engine/kernels/k_block.h"

enum { STRETCH = 512, QUARTER = PARTS / 4 };

/* Adds the products of elements 0..n-1 (n a multiple of 64) that belong to the quarter of the sums
 * at part[j], for the activation rows j < n_x; w and x already point at that quarter. */
static ALWAYS_INLINE void add_quarter(const float *w, const float *x0, int64_t stride,
                                      const int n_x, int64_t n, float *part)
{
    const float *x1 = x0 + stride;
    const float *x2 = n_x > 2 ? x1 + stride : x0;
    const float *x3 = n_x > 3 ? x2 + stride : x0;
    vf a0 = vf_load(part), b0 = vf_load(part + 8);
    vf a1 = vf_load(part + PARTS), b1 = vf_load(part + PARTS + 8);
    vf a2 = vf_load(part + 2 * PARTS), b2 = vf_load(part + 2 * PARTS + 8);
    vf a3 = vf_load(part + 3 * PARTS), b3 = vf_load(part + 3 * PARTS + 8);
    for (int64_t k = 0; k < n; k += PARTS) {
        vf a = vf_load(w + k), b = vf_load(w + k + 8);
        a0 = vf_fma(a, vf_load(x0 + k), a0);
        b0 = vf_fma(b, vf_load(x0 + k + 8), b0);
        a1 = vf_fma(a, vf_load(x1 + k), a1);
        b1 = vf_fma(b, vf_load(x1 + k + 8), b1);
        a2 = n_x > 2 ? vf_fma(a, vf_load(x2 + k), a2) : a2;
        b2 = n_x > 2 ? vf_fma(b, vf_load(x2 + k + 8), b2) : b2;
        a3 = n_x > 3 ? vf_fma(a, vf_load(x3 + k), a3) : a3;
        b3 = n_x > 3 ? vf_fma(b, vf_load(x3 + k + 8), b3) : b3;
    }
    vf_store(part, a0), vf_store(part + 8, b0);
    vf_store(part + PARTS, a1), vf_store(part + PARTS + 8, b1);
    vf_store(part + 2 * PARTS, a2), vf_store(part + 2 * PARTS + 8, b2);
    vf_store(part + 3 * PARTS, a3), vf_store(part + 3 * PARTS + 8, b3);
}

/* Two to four activation rows. */
static ALWAYS_INLINE void dot_many(struct format f, const uint8_t *w, const float *x,
                                   int64_t stride, const int n_x, int64_t n, float *out)
{
    float part[KERNEL_MAX_X][PARTS] = {{0}};
    float weights[STRETCH];

    for (int64_t begin = 0; begin < n; begin += STRETCH) {
        int64_t n_here = n - begin < STRETCH ? n - begin : STRETCH;
        int64_t n_whole = n_here - n_here % PARTS;
        unpack_row(f, w + begin / f.block_elems * f.block_bytes, weights, n_here);
        for (int i = 0; i < PARTS; i += QUARTER)
            add_quarter(weights + i, x + begin + i, stride, n_x, n_whole, &part[0][i]);
        for (int j = 0; j < n_x; j++)
            for (int64_t i = n_whole; i < n_here; i++)
                part[j][i - n_whole] =
                    __builtin_fmaf(weights[i], x[j * stride + begin + i], part[j][i - n_whole]);
    }
    for (int j = 0; j < n_x; j++)
        out[j] = v32_sum(v32_add(v32_load(part[j]), v32_load(part[j] + 32)));
}

#define DEFINE_DOT(name, type)                                                                     \
    static void dot_##name(const void *w, const float *x, int64_t x_stride, int n_x, int64_t n,    \
                           float *out)                                                             \
    {                                                                                              \
        switch (n_x) {                                                                             \
        case 1: dot_rows(format_##name, w, x, x_stride, 1, n, out); break;                         \
        case 2: dot_many(format_##name, w, x, x_stride, 2, n, out); break;                         \
        case 3: dot_many(format_##name, w, x, x_stride, 3, n, out); break;                         \
        case 4: dot_many(format_##name, w, x, x_stride, 4, n, out); break;                         \
        }                                                                                          \
    }
EACH_TYPE(DEFINE_DOT)

void kernels_avx2(struct kernels *k)
{
    k->name = "avx2";
    k->flops = 30e9;
    EACH_TYPE(SET_TYPE)
    set_common(k);
    k->block_put = block_put;
    k->block_dot = block_dot;
}

#else

void kernels_avx2(struct kernels *k)
{
    (void)k;
}

#endif
