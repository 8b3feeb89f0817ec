/* quant_pack.c - from f32 to the types of single elements and of blocks of 32 described in quant.c,
 * by the rules of ggml's reference quantisers, byte for byte: the scale that just covers the block,
 * every element to the nearest step. The K types are quant_pack_k.c's.
 *
 * Input that is no finite number spoils its own block and does no other harm.
 */
#include "config.h"

#include "engine/kernels/quant_pack.h"

#include <math.h>
#include <string.h>

#include "engine/kernels/quant.h"

static void put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put_u32(uint8_t *p, uint32_t v)
{
    put_u16(p, (uint16_t)v);
    put_u16(p + 2, (uint16_t)(v >> 16));
}

static void put_f16(uint8_t *p, float f)
{
    put_u16(p, f32_to_f16(f));
}

/* ---- single elements ---- */

void quant_pack_f32(const float *in, void *packed, int64_t n)
{
    memcpy(packed, in, (size_t)n * sizeof *in);
}

void quant_pack_f16(const float *in, void *packed, int64_t n)
{
    uint8_t *p = packed;
    for (int64_t i = 0; i < n; i++)
        put_f16(p + 2 * i, in[i]);
}

void quant_pack_bf16(const float *in, void *packed, int64_t n)
{
    uint8_t *p = packed;
    for (int64_t i = 0; i < n; i++)
        put_u16(p + 2 * i, f32_to_bf16(in[i]));
}

/* ---- blocks of 32 ---- */

/* v as an integer in lo..hi, cut towards zero; lo where v is NaN (the block's scale is lost then
 * anyhow), so that no input makes the conversion undefined. */
static int clamped(float v, int lo, int hi)
{
    return v >= (float)hi ? hi : v >= (float)lo ? (int)v : lo;
}

void quant_pack_q8_0(const float *in, void *packed, int64_t n)
{
    uint8_t *b = packed;
    for (int64_t k = 0; k < n; k += 32, b += 34) {
        float max = 0;
        for (int i = 0; i < 32; i++)
            max = fabsf(in[k + i]) > max ? fabsf(in[k + i]) : max;
        float d = max / 127;
        float inverse = d != 0 ? 1 / d : 0;
        put_f16(b, d);
        for (int i = 0; i < 32; i++)
            b[2 + i] = (uint8_t)clamped(roundf(in[k + i] * inverse), -128, 127);
    }
}

/* Splits 32 numbers of 4 or 5 bits: the low four into nibbles at qs, as bits of the result the
 * fifth. */
static uint32_t split_five_bits(const uint8_t q[32], uint8_t *qs)
{
    uint32_t qh = 0;
    for (int i = 0; i < 16; i++)
        qs[i] = (uint8_t)((q[i] & 15) | (q[i + 16] & 15) << 4);
    for (int i = 0; i < 32; i++)
        qh |= (uint32_t)(q[i] >> 4) << i;
    return qh;
}

/* 32 elements as d * (q - half), q in 0..2 half - 1: the value of largest magnitude becomes exactly
 * q = 0. Returns d. */
static float round_signed(const float *in, int half, uint8_t q[32])
{
    float max = 0; /* with its sign */
    for (int i = 0; i < 32; i++)
        max = fabsf(in[i]) > fabsf(max) ? in[i] : max;
    float d = max / (float)-half;
    float inverse = d != 0 ? 1 / d : 0;
    for (int i = 0; i < 32; i++)
        q[i] = (uint8_t)clamped(in[i] * inverse + ((float)half + 0.5f), 0, 2 * half - 1);
    return d;
}

/* 32 elements as d * q + m, q in 0..q_max: the least becomes exactly q = 0. Returns d. */
static float round_from_least(const float *in, int q_max, uint8_t q[32], float *m)
{
    float least = in[0], most = in[0];
    for (int i = 1; i < 32; i++) {
        least = in[i] < least ? in[i] : least;
        most = in[i] > most ? in[i] : most;
    }
    float d = (most - least) / (float)q_max;
    float inverse = d != 0 ? 1 / d : 0;
    for (int i = 0; i < 32; i++)
        q[i] = (uint8_t)clamped((in[i] - least) * inverse + 0.5f, 0, q_max);
    *m = least;
    return d;
}

void quant_pack_q4_0(const float *in, void *packed, int64_t n)
{
    uint8_t *b = packed, q[32];
    for (int64_t k = 0; k < n; k += 32, b += 18) {
        put_f16(b, round_signed(in + k, 8, q));
        split_five_bits(q, b + 2);
    }
}

void quant_pack_q4_1(const float *in, void *packed, int64_t n)
{
    uint8_t *b = packed, q[32];
    for (int64_t k = 0; k < n; k += 32, b += 20) {
        float m;
        put_f16(b, round_from_least(in + k, 15, q, &m));
        put_f16(b + 2, m);
        split_five_bits(q, b + 4);
    }
}

void quant_pack_q5_0(const float *in, void *packed, int64_t n)
{
    uint8_t *b = packed, q[32];
    for (int64_t k = 0; k < n; k += 32, b += 22) {
        put_f16(b, round_signed(in + k, 16, q));
        put_u32(b + 2, split_five_bits(q, b + 6));
    }
}

void quant_pack_q5_1(const float *in, void *packed, int64_t n)
{
    uint8_t *b = packed, q[32];
    for (int64_t k = 0; k < n; k += 32, b += 24) {
        float m;
        put_f16(b, round_from_least(in + k, 31, q, &m));
        put_f16(b + 2, m);
        put_u32(b + 4, split_five_bits(q, b + 8));
    }
}
