/* quant.c - the element types of tensors: names, geometry, reference conversions to f32. The
 * reverse is in quant_pack.c.
 *
 * Layouts are ggml's (ggml-quants.c), little-endian; d, m, dmin are IEEE binary16. One block holds
 * `block_elems` elements w[0..], stored in these bytes, one after another:
 *
 *   f32     4  IEEE binary32
 *   f16     2  IEEE binary16
 *   bf16    2  the upper half of a binary32
 *   q8_0   34  d, int8 q[32]                    w[i] = d * q[i]
 *   q4_0   18  d, u8 qs[16]                     w[i] = d * (q - 8)
 *   q4_1   20  d, m, u8 qs[16]                  w[i] = d * q + m
 *   q5_0   22  d, u32 qh, u8 qs[16]             w[i] = d * (q - 16)
 *   q5_1   24  d, m, u32 qh, u8 qs[16]          w[i] = d * q + m
 *   iq4_nl 18  d, u8 qs[16]                     w[i] = d * curve[q]
 *
 * with q the low nibble of qs[i] for i < 16, the high nibble of qs[i - 16] above, and for 5 bits 16
 * more where bit i of qh is set. The others hold 256 elements in sub-blocks of 16 (q2_K, q3_K,
 * q6_K) or 32, each sub-block s with a scale and perhaps a minimum of its own:
 *
 *   q2_K   84  u8 sm[16], u8 qs[64], d, dmin
 *              w[i] = (d * scale) * q - (dmin * min), scale and min the nibbles of sm[s]
 *   q3_K  110  u8 qh[32], u8 qs[64], u8 sc[12], d
 *              w[i] = (d * (scale - 32)) * (q - 4), the low four bits of scale s in nibble s / 8 of
 *              sc[s % 8], the upper two in bits 2 (s / 4).. of sc[8 + s % 4]
 *   q4_K  144  d, dmin, u8 sm[12], u8 qs[128]
 *   q5_K  176  d, dmin, u8 sm[12], u8 qh[32], u8 qs[128]
 *              w[i] = (d * scale) * q - (dmin * min), 6 bits each in sm, see scale_min()
 *   q6_K  210  u8 ql[128], u8 qh[64], int8 scale[16], d
 *              w[i] = (d * scale) * (q - 32), the low four bits of q in nibble i % 128 / 64 of
 *              ql[i / 128 * 64 + i % 64]
 *   iq4_xs 136 d, u16 sh, u8 sl[4], u8 qs[128]
 *              w[i] = (d * (scale - 32)) * curve[q], q as in iq4_nl from qs[16 s..], the low four
 *              bits of scale s in nibble s % 2 of sl[s / 2], the upper two in bits 2 s.. of sh
 *
 * Where nothing else is said the low bits of q are in qs and those above them in qh, as bits_at()
 * finds them: 32 bytes take the runs of 32 elements one above the other.
 *
 * Every product above is exact in f32 (at most 24 significant bits), so only the addition of a
 * minimum rounds: vector code may fuse it and still give the same bits.
 */
#include "config.h"

#include "engine/kernels/quant.h"

#include <assert.h>
#include <string.h>

#include "engine/kernels/quant_pack.h"
#include "src/base/mem.h"

enum { MAX_F16_FINITE_BITS = 0x477fefff, MIN_F16_NORMAL_BITS = 0x38800000 };

static uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exponent = (h >> 10) & 31;
    uint32_t mantissa = h & 0x3ff;

    if (exponent == 0) /* zero and subnormals: the mantissa counts 2^-24 */
        return float_of(bits_of((float)mantissa * 0x1p-24f) | sign);
    if (exponent == 31) /* a NaN keeps its payload and becomes quiet, as VCVTPH2PS does it */
        return float_of(sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x400000 : 0));
    return float_of(sign | (exponent + 127 - 15) << 23 | mantissa << 13);
}

uint16_t f32_to_f16(float f)
{
    uint32_t u = bits_of(f);
    uint32_t sign = u >> 16 & 0x8000;
    uint32_t abs = u & 0x7fffffff;

    if (abs > 0x7f800000)
        return (uint16_t)(sign | 0x7e00 | (abs >> 13 & 0x3ff));
    if (abs > MAX_F16_FINITE_BITS)
        return (uint16_t)(sign | 0x7c00);
    if (abs < MIN_F16_NORMAL_BITS) /* adding 0.5 puts the bit of 2^-24 last, and so rounds there */
        return (uint16_t)(sign | (bits_of(float_of(abs) + 0.5f) - bits_of(0.5f)));
    uint32_t to_nearest_even = 0xfff + (abs >> 13 & 1);
    return (uint16_t)(sign | (abs + to_nearest_even - ((uint32_t)(127 - 15) << 23)) >> 13);
}

uint16_t f32_to_bf16(float f)
{
    uint32_t u = bits_of(f);
    if ((u & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(u >> 16 | 0x40);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static float get_f16(const uint8_t *p)
{
    return f16_to_f32(get_u16(p));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- unpack ---- */

static void unpack_f32(const void *packed, float *out, int64_t n)
{
    memcpy(out, packed, (size_t)n * sizeof *out);
}

static void unpack_f16(const void *packed, float *out, int64_t n)
{
    const uint8_t *p = packed;
    for (int64_t i = 0; i < n; i++)
        out[i] = get_f16(p + 2 * i);
}

static void unpack_bf16(const void *packed, float *out, int64_t n)
{
    const uint8_t *p = packed;
    for (int64_t i = 0; i < n; i++)
        out[i] = bf16_to_f32(get_u16(p + 2 * i));
}

static void unpack_q8_0(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 34) {
        float d = get_f16(b);
        for (int i = 0; i < 32; i++)
            out[k + i] = d * (float)(int8_t)b[2 + i];
    }
}

/* q of element i of the 32 in sixteen bytes of nibbles */
static int nibble(const uint8_t *qs, int i)
{
    return i < 16 ? qs[i] & 15 : qs[i - 16] >> 4;
}

static void unpack_q4_0(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 18) {
        float d = get_f16(b);
        for (int i = 0; i < 32; i++)
            out[k + i] = d * (float)(nibble(b + 2, i) - 8);
    }
}

static void unpack_q4_1(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 20) {
        float d = get_f16(b);
        float m = get_f16(b + 2);
        for (int i = 0; i < 32; i++)
            out[k + i] = d * (float)nibble(b + 4, i) + m;
    }
}

static int five_bits(const uint8_t *qs, uint32_t qh, int i)
{
    return nibble(qs, i) | (int)(qh >> i & 1) << 4;
}

static void unpack_q5_0(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 22) {
        float d = get_f16(b);
        uint32_t qh = get_u32(b + 2);
        for (int i = 0; i < 32; i++)
            out[k + i] = d * (float)(five_bits(b + 6, qh, i) - 16);
    }
}

static void unpack_q5_1(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 24) {
        float d = get_f16(b);
        float m = get_f16(b + 2);
        uint32_t qh = get_u32(b + 4);
        for (int i = 0; i < 32; i++)
            out[k + i] = d * (float)five_bits(b + 8, qh, i) + m;
    }
}

/* The 6-bit scale and minimum of sub-block s of a q4_K or q5_K block. */
static void scale_min(const uint8_t *sm, int s, int *scale, int *min)
{
    if (s < 4) {
        *scale = sm[s] & 63;
        *min = sm[s + 4] & 63;
    } else {
        *scale = (sm[s + 4] & 15) | sm[s - 4] >> 6 << 4;
        *min = sm[s + 4] >> 4 | sm[s] >> 6 << 4;
    }
}

/* One block of q4_K (qh = NULL) or q5_K. */
static void unpack_k_block(const uint8_t *b, const uint8_t *qh, const uint8_t *qs, float *out)
{
    float d = get_f16(b);
    float dmin = get_f16(b + 2);
    for (int s = 0; s < 8; s++) {
        int scale, min;
        scale_min(b + 4, s, &scale, &min);
        float ds = d * (float)scale;
        float m = dmin * (float)min;
        for (int l = 0; l < 32; l++) {
            int q = qs[s / 2 * 32 + l] >> (s % 2 * 4) & 15;
            if (qh)
                q |= (qh[l] >> s & 1) << 4;
            out[s * 32 + l] = ds * (float)q - m;
        }
    }
}

static void unpack_q4_K(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 256, b += 144)
        unpack_k_block(b, NULL, b + 16, out + k);
}

static void unpack_q5_K(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 256, b += 176)
        unpack_k_block(b, b + 16, b + 48, out + k);
}

/* `width` bits of element i of a block of 256: 32 bytes take 8 / width runs of 32 elements, one
 * above the other. */
static int bits_at(const uint8_t *p, int width, int i)
{
    int run = i / 32, n_runs = 8 / width;
    return p[run / n_runs * 32 + i % 32] >> run % n_runs * width & ((1 << width) - 1);
}

static void unpack_q2_K(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 256, b += 84) {
        float d = get_f16(b + 80);
        float dmin = get_f16(b + 82);
        for (int i = 0; i < 256; i++) {
            float ds = d * (float)(b[i / 16] & 15);
            float m = dmin * (float)(b[i / 16] >> 4);
            out[k + i] = ds * (float)bits_at(b + 16, 2, i) - m;
        }
    }
}

static void unpack_q3_K(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 256, b += 110) {
        const uint8_t *sc = b + 96;
        float d = get_f16(b + 108);
        for (int i = 0; i < 256; i++) {
            int s = i / 16;
            int scale = (sc[s % 8] >> s / 8 * 4 & 15) | (sc[8 + s % 4] >> s / 4 * 2 & 3) << 4;
            int q = bits_at(b + 32, 2, i) | bits_at(b, 1, i) << 2;
            out[k + i] = d * (float)(scale - 32) * (float)(q - 4);
        }
    }
}

static void unpack_q6_K(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 256, b += 210) {
        const uint8_t *scale = b + 192;
        float d = get_f16(b + 208);
        for (int i = 0; i < 256; i++) {
            int low = b[i / 128 * 64 + i % 64] >> i % 128 / 64 * 4 & 15;
            int high = bits_at(b + 128, 2, i);
            float ds = d * (float)(int8_t)scale[i / 16];
            out[k + i] = ds * (float)((low | high << 4) - 32);
        }
    }
}

/* The steps of iq4_nl and iq4_xs: closer together where weights are many. */
static const int8_t curve[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                 1,    13,   25,  38,  53,  69,  89,  113};

static void unpack_iq4_nl(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 18) {
        float d = get_f16(b);
        for (int i = 0; i < 32; i++)
            out[k + i] = d * (float)curve[nibble(b + 2, i)];
    }
}

static void unpack_iq4_xs(const void *packed, float *out, int64_t n)
{
    const uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 256, b += 136) {
        float d = get_f16(b);
        for (int s = 0; s < 8; s++) {
            int scale = (b[4 + s / 2] >> s % 2 * 4 & 15) | (get_u16(b + 2) >> 2 * s & 3) << 4;
            float ds = d * (float)(scale - 32);
            for (int i = 0; i < 32; i++)
                out[k + s * 32 + i] = ds * (float)curve[nibble(b + 8 + 16 * s, i)];
        }
    }
}

/* ---- the table ---- */

static const struct quant quants[] = {
    {QUANT_F32, "f32", 1, 4, unpack_f32, quant_pack_f32},
    {QUANT_F16, "f16", 1, 2, unpack_f16, quant_pack_f16},
    {QUANT_Q4_0, "q4_0", 32, 18, unpack_q4_0, quant_pack_q4_0},
    {QUANT_Q4_1, "q4_1", 32, 20, unpack_q4_1, quant_pack_q4_1},
    {QUANT_Q5_0, "q5_0", 32, 22, unpack_q5_0, quant_pack_q5_0},
    {QUANT_Q5_1, "q5_1", 32, 24, unpack_q5_1, quant_pack_q5_1},
    {QUANT_Q8_0, "q8_0", 32, 34, unpack_q8_0, quant_pack_q8_0},
    {QUANT_Q2_K, "q2_K", 256, 84, unpack_q2_K, quant_pack_q2_K},
    {QUANT_Q3_K, "q3_K", 256, 110, unpack_q3_K, quant_pack_q3_K},
    {QUANT_Q4_K, "q4_K", 256, 144, unpack_q4_K, quant_pack_q4_K},
    {QUANT_Q5_K, "q5_K", 256, 176, unpack_q5_K, quant_pack_q5_K},
    {QUANT_Q6_K, "q6_K", 256, 210, unpack_q6_K, quant_pack_q6_K},
    {QUANT_IQ4_NL, "iq4_nl", 32, 18, unpack_iq4_nl, NULL},
    {QUANT_IQ4_XS, "iq4_xs", 256, 136, unpack_iq4_xs, NULL},
    {QUANT_BF16, "bf16", 1, 2, unpack_bf16, quant_pack_bf16},
};

/* Every type id GGUF has given a meaning, those withdrawn since included. */
static const char *const gguf_names[] = {
    [0] = "f32",     [1] = "f16",         [2] = "q4_0",        [3] = "q4_1",        [4] = "q4_2",
    [5] = "q4_3",    [6] = "q5_0",        [7] = "q5_1",        [8] = "q8_0",        [9] = "q8_1",
    [10] = "q2_K",   [11] = "q3_K",       [12] = "q4_K",       [13] = "q5_K",       [14] = "q6_K",
    [15] = "q8_K",   [16] = "iq2_xxs",    [17] = "iq2_xs",     [18] = "iq3_xxs",    [19] = "iq1_s",
    [20] = "iq4_nl", [21] = "iq3_s",      [22] = "iq2_s",      [23] = "iq4_xs",     [24] = "i8",
    [25] = "i16",    [26] = "i32",        [27] = "i64",        [28] = "f64",        [29] = "iq1_m",
    [30] = "bf16",   [31] = "q4_0_4_4",   [32] = "q4_0_4_8",   [33] = "q4_0_8_8",   [34] = "tq1_0",
    [35] = "tq2_0",  [36] = "iq4_nl_4_4", [37] = "iq4_nl_4_8", [38] = "iq4_nl_8_8", [39] = "mxfp4",
    [40] = "nvfp4",
};

const struct quant *quant_of(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(quants); i++)
        if (quants[i].type == type)
            return &quants[i];
    return NULL;
}

const char *quant_name(uint32_t type)
{
    return type < ARRAY_LEN(gguf_names) ? gguf_names[type] : NULL;
}

const struct quant *quant_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(quants); i++)
        if (strcmp(quants[i].name, name) == 0)
            return &quants[i];
    return NULL;
}

bool quant_row_bytes(enum quant_type type, int64_t n, size_t *bytes)
{
    const struct quant *q = quant_of(type);
    assert(q);
    if (n < 0 || n % q->block_elems != 0)
        return false;
    return mul_size((size_t)(n / q->block_elems), (size_t)q->block_bytes, bytes);
}
