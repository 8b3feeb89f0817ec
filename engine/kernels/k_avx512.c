/* k_avx512.c - the kernels for AVX-512 (F, BW, DQ, VL) with FMA and F16C: vectors of 16 floats.
 *
 * The 64 partial sums of a product fill four registers, so one row of weights is multiplied with
 * four activation rows at once, sixteen sums in registers, every weight decoded once. What the
 * kernels do is in k_simd.h. Compiled with its own -m flags: only dispatch.c decides who comes
 * here.
 */
#include "config.h"

#include "engine/kernels/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VN 16

typedef __m512 vf;

static inline __mmask16 first_lanes(int m)
{
    return (__mmask16)((1u << m) - 1);
}

static inline vf vf_set(float f)
{
    return _mm512_set1_ps(f);
}

static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}

static inline vf vf_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}

static inline vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void vf_store(float *p, vf v)
{
    _mm512_storeu_ps(p, v);
}

static inline vf vf_load_n(const float *p, int m)
{
    return m == VN ? vf_load(p) : _mm512_maskz_loadu_ps(first_lanes(m), p);
}

static inline void vf_store_n(float *p, vf v, int m)
{
    if (m == VN)
        vf_store(p, v);
    else
        _mm512_mask_storeu_ps(p, first_lanes(m), v);
}

static inline vf vf_select_n(vf v, vf w, int m)
{
    return m == VN ? v : _mm512_mask_blend_ps(first_lanes(m), w, v);
}

static inline vf vf_from_f16(const void *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

static inline void vf_to_f16(void *p, vf v)
{
    _mm256_storeu_si256(p, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

struct v32 {
    vf a, b;
};

static inline struct v32 v32_zero(void)
{
    return (struct v32){_mm512_setzero_ps(), _mm512_setzero_ps()};
}

static inline struct v32 v32_load(const void *p)
{
    return (struct v32){_mm512_loadu_ps(p), _mm512_loadu_ps((const char *)p + 64)};
}

static inline void v32_store(float *p, struct v32 v)
{
    vf_store(p, v.a);
    vf_store(p + 16, v.b);
}

static inline struct v32 v32_add(struct v32 v, struct v32 w)
{
    return (struct v32){v.a + w.a, v.b + w.b};
}

/* s + v * x */
static inline struct v32 v32_fma(struct v32 v, const float *x, struct v32 s)
{
    return (struct v32){vf_fma(v.a, vf_load(x), s.a), vf_fma(v.b, vf_load(x + 16), s.b)};
}

static inline struct v32 v32_scale(struct v32 v, float d)
{
    return (struct v32){v.a * d, v.b * d};
}

static inline struct v32 v32_scale_halves(struct v32 v, float d0, float d1)
{
    return (struct v32){v.a * d0, v.b * d1};
}

static inline struct v32 v32_scale_add_halves(struct v32 v, float d0, float m0, float d1, float m1)
{
    return (struct v32){vf_fma(v.a, vf_set(d0), vf_set(m0)), vf_fma(v.b, vf_set(d1), vf_set(m1))};
}

static inline struct v32 v32_scale_add(struct v32 v, float d, float m)
{
    return v32_scale_add_halves(v, d, m, d, m);
}

static inline vf from_i8(__m128i bytes)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}

static inline struct v32 v32_from_i8(__m256i bytes)
{
    return (struct v32){from_i8(_mm256_castsi256_si128(bytes)),
                        from_i8(_mm256_extracti128_si256(bytes, 1))};
}

static inline struct v32 v32_from_i8_at(const uint8_t *p)
{
    return (struct v32){from_i8(_mm_loadu_si128((const __m128i *)p)),
                        from_i8(_mm_loadu_si128((const __m128i *)(p + 16)))};
}

static inline struct v32 v32_from_f16(const uint8_t *p)
{
    return (struct v32){vf_from_f16(p), vf_from_f16(p + 32)};
}

static inline vf from_bf16(const uint8_t *p)
{
    __m512i u = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(u, 16));
}

static inline struct v32 v32_from_bf16(const uint8_t *p)
{
    return (struct v32){from_bf16(p), from_bf16(p + 32)};
}

/* The fixed tree: + 16, + 8, + 4, + 2, + 1. */
static inline float v32_sum(struct v32 v)
{
    __m512 s16 = v.a + v.b;
    __m256 s8 = _mm512_castps512_ps256(s16) + _mm512_extractf32x8_ps(s16, 1);
    __m128 s4 = _mm256_castps256_ps128(s8) + _mm256_extractf128_ps(s8, 1);
    __m128 s2 = s4 + _mm_movehl_ps(s4, s4);
    return s2[0] + s2[1];
}

static inline __m256 add_halves(vf v)
{
    return _mm512_castps512_ps256(v) + _mm512_extractf32x8_ps(v, 1);
}

/* The sums of four vectors, each by the fixed tree: + 8, + 4, + 2, + 1. */
static inline __m128 sum_four(vf v, vf w, vf x, vf y)
{
    __m256 a = add_halves(v), b = add_halves(w), c = add_halves(x), d = add_halves(y);
    __m256 ab = _mm256_permute2f128_ps(a, b, 0x20) + _mm256_permute2f128_ps(a, b, 0x31);
    __m256 cd = _mm256_permute2f128_ps(c, d, 0x20) + _mm256_permute2f128_ps(c, d, 0x31);
    __m256 two = _mm256_shuffle_ps(ab, cd, 0x44) + _mm256_shuffle_ps(ab, cd, 0xee);
    __m256 one = _mm256_shuffle_ps(two, two, 0x88) + _mm256_shuffle_ps(two, two, 0xdd);
    return _mm_unpacklo_ps(_mm256_castps256_ps128(one), _mm256_extractf128_ps(one, 1));
}

#include "engine/kernels/k_simd.h"
#include "engine/kernels/k_block.h"

#define DEFINE_DOT(name, type)                                                                     \
    static void dot_##name(const void *w, const float *x, int64_t x_stride, int n_x, int64_t n,    \
                           float *out)                                                             \
    {                                                                                              \
        switch (n_x) {                                                                             \
        case 1: dot_rows(format_##name, w, x, x_stride, 1, n, out); break;                         \
        case 2: dot_rows(format_##name, w, x, x_stride, 2, n, out); break;                         \
        case 3: dot_rows(format_##name, w, x, x_stride, 3, n, out); break;                         \
        case 4: dot_rows(format_##name, w, x, x_stride, 4, n, out); break;                         \
        }                                                                                          \
    }
EACH_TYPE(DEFINE_DOT)

void kernels_avx512(struct kernels *k)
{
    k->name = "avx512";
    k->flops = 30e9;
    EACH_TYPE(SET_TYPE)
    set_common(k);
    k->block_put = block_put;
    k->block_dot = block_dot;
}

#else

void kernels_avx512(struct kernels *k)
{
    (void)k;
}

#endif
