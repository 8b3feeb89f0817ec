/* quant_pack_k.c - from f32 to the K types described in quant.c.
 *
 * A block of 256 leaves a choice of scales, used here to make the sum of squared errors small:
 *
 *  1  each sub-block alone, its scale and minimum still real numbers: starting from scales a little
 *     smaller or larger than the one that just covers the values, round the elements to its steps,
 *     find the scale and minimum that fit these steps best (least squares), and once more; of all
 *     trials the best
 *  2  d and dmin from the largest scale and minimum; each sub-block then takes, of the integers
 *     next to its scale and minimum, those with the least error
 *  3  d and dmin again, by least squares for all these integers, and a last rounding of the
 *     elements; kept where it is better
 *
 * The error of every element counts alike: no activations are known here that would weigh them.
 * Measured by tests/bench/bench_quant_error against ggml's reference quantisers, which do weigh (by
 * size), over normal rows and the weights of a GPT-2: the root of the mean square error is 0.86 to
 * 0.88 of theirs for q2_K, 0.95 for q3_K, 0.97 to 0.98 for q4_K, 0.95 for q5_K and q6_K, at 40 to
 * 60 ns a weight (theirs: 12 to 70).
 *
 * Sums are kept in four lanes of a vector, added in one fixed order.
 */
#include "config.h"

#include "engine/kernels/quant_pack.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "engine/kernels/quant.h"

enum { BLOCK = 256, MAX_SUBS = 16, MAX_SUB = 32, LANES = 4 };
enum { TRIALS = 5, PASSES = 2 }; /* so many trials to either side; roundings in each */
static const float TRIAL_STEP = 0.4f;

/* What a type offers. Elements are (d * scale) * q - dmin * min. Types with minimums have no signs
 * in q and scale; in those without, both have, and go one further below zero than above. */
struct shape {
    int sub_elems;
    bool has_min;
    int q_lo, q_hi;
    int scale_lo, scale_hi; /* minimums: 0..scale_hi */
};

struct fit {
    float d, dmin; /* what a half can hold */
    int scale[MAX_SUBS], min[MAX_SUBS];
    float q[BLOCK]; /* integers */
};

/* A sub-block's elements are near scale * q - min. */
struct line {
    float scale, min;
};

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));

static vec load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static float sum_lanes(vec v)
{
    return (v[0] + v[1]) + (v[2] + v[3]);
}

/* The steps nearest to the elements of a sub-block. Any input, NaN too, gives integers in range. */
static void round_to_steps(const struct shape *s, const float *x, struct line l, float *q)
{
    const float inverse = l.scale != 0 ? 1 / l.scale : 0;
    const float lo = (float)s->q_lo;
    const vec range = (vec){0} + ((float)s->q_hi - lo);
    for (int i = 0; i < s->sub_elems; i += LANES) {
        vec v = (load(x + i) + l.min) * inverse - lo;
        v = (vec)((ivec)v & (v > 0));
        ivec is_over = v > range;
        v = (vec)(((ivec)v & ~is_over) | ((ivec)range & is_over));
        v = __builtin_convertvector(__builtin_convertvector(v + 0.5f, ivec), vec) + lo;
        memcpy(q + i, &v, sizeof v);
    }
}

/* The sum of squares. */
static float error_of(const struct shape *s, const float *x, const float *q, struct line l)
{
    vec sum = {0};
    for (int i = 0; i < s->sub_elems; i += LANES) {
        vec e = l.scale * load(q + i) - l.min - load(x + i);
        sum += e * e;
    }
    return sum_lanes(sum);
}

/* The line with the least error for given steps; its minimum is never negative. */
static struct line least_squares(const struct shape *s, const float *x, const float *q)
{
    vec lanes_x = {0}, lanes_q = {0}, lanes_qq = {0}, lanes_qx = {0};
    for (int i = 0; i < s->sub_elems; i += LANES) {
        vec xs = load(x + i), qs = load(q + i);
        lanes_x += xs;
        lanes_q += qs;
        lanes_qq += qs * qs;
        lanes_qx += qs * xs;
    }
    float n = (float)s->sub_elems, sum_x = sum_lanes(lanes_x), sum_q = sum_lanes(lanes_q);
    float sum_qq = sum_lanes(lanes_qq), sum_qx = sum_lanes(lanes_qx);
    float det = n * sum_qq - sum_q * sum_q;
    if (s->has_min && (det > 0 || sum_qq == 0)) {
        float scale = det > 0 ? (n * sum_qx - sum_q * sum_x) / det : 0;
        float min = (scale * sum_q - sum_x) / n;
        if (min >= 0)
            return (struct line){scale, min};
    }
    return (struct line){sum_qq > 0 ? sum_qx / sum_qq : 0, 0};
}

/* Stage 1 */
static struct line fit_line(const struct shape *s, const float *x)
{
    float least = 0, most = x[0], largest = 0;
    for (int i = 0; i < s->sub_elems; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
        largest = fabsf(x[i]) > fabsf(largest) ? x[i] : largest;
    }
    /* the scale that covers: from the least to the most, or from zero to the largest in size,
     * whose sign the scale takes so that the longer side of q reaches it */
    const float span = s->has_min ? most - least : -largest;
    const float n_steps = (float)(s->has_min ? s->q_hi : -s->q_lo);
    const float first_min = s->has_min ? -least : 0;

    struct line best = {0, first_min};
    float best_error = INFINITY, q[MAX_SUB];
    for (int t = -TRIALS; t <= TRIALS; t++) {
        struct line l = {span / (n_steps + TRIAL_STEP * (float)t), first_min};
        for (int pass = 0; pass < PASSES; pass++) {
            round_to_steps(s, x, l, q);
            l = least_squares(s, x, q);
            float error = error_of(s, x, q, l);
            if (error < best_error) {
                best_error = error;
                best = l;
            }
        }
    }
    return best;
}

/* f as the nearest half that is not smaller in size: scales that fit in so many times f then fit in
 * as many times the half, and even the smallest is not lost to zero. */
static float half_not_below(float f)
{
    uint16_t h = f32_to_f16(f);
    if (fabsf(f16_to_f32(h)) < fabsf(f))
        h++;
    return f16_to_f32(h);
}

/* v / unit as an integer in lo..hi, rounded down; lo where that is no number. */
static int times_of(float v, float unit, int lo, int hi)
{
    float times = unit != 0 ? floorf(v / unit) : 0;
    return times >= (float)hi ? hi : times > (float)lo ? (int)times : lo;
}

static struct line line_of(const struct fit *f, int sub)
{
    return (struct line){f->d * (float)f->scale[sub], f->dmin * (float)f->min[sub]};
}

/* Stage 2 for one sub-block */
static void fit_integers(const struct shape *s, const float *x, struct line l, int sub,
                         struct fit *f)
{
    const int min_hi = s->has_min ? s->scale_hi : 0;
    const int scale = times_of(l.scale, f->d, s->scale_lo, s->scale_hi);
    const int min = times_of(l.min, f->dmin, 0, min_hi);
    float best_error = INFINITY, q[MAX_SUB];
    f->scale[sub] = scale;
    f->min[sub] = min;
    for (int a = scale; a <= scale + 1 && a <= s->scale_hi; a++)
        for (int b = min; b <= min + 1 && b <= min_hi; b++) {
            struct line trial = {f->d * (float)a, f->dmin * (float)b};
            round_to_steps(s, x, trial, q);
            float error = error_of(s, x, q, trial);
            if (error < best_error) {
                best_error = error;
                f->scale[sub] = a;
                f->min[sub] = b;
                memcpy(f->q + sub * s->sub_elems, q, (size_t)s->sub_elems * sizeof *q);
            }
        }
}

static float block_error(const struct shape *s, const float *x, const struct fit *f)
{
    float sum = 0;
    for (int sub = 0, i = 0; i < BLOCK; sub++, i += s->sub_elems)
        sum += error_of(s, x + i, f->q + i, line_of(f, sub));
    return sum;
}

/* Stage 3: x is near d * a - dmin * b, with a = scale * q and b = min. */
static void refit(const struct shape *s, const float *x, struct fit *f)
{
    float aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
    for (int i = 0; i < BLOCK; i++) {
        float a = (float)f->scale[i / s->sub_elems] * f->q[i];
        float b = (float)f->min[i / s->sub_elems];
        aa += a * a;
        ab += a * b;
        bb += b * b;
        ax += a * x[i];
        bx += b * x[i];
    }
    struct fit again = *f;
    float det = aa * bb - ab * ab;
    float dmin = det > 0 ? (ab * ax - aa * bx) / det : f->dmin;
    again.dmin = f16_to_f32(f32_to_f16(dmin > 0 ? dmin : 0));
    again.d = f16_to_f32(f32_to_f16(aa > 0 ? (ax + again.dmin * ab) / aa : f->d));
    for (int sub = 0, i = 0; i < BLOCK; sub++, i += s->sub_elems)
        round_to_steps(s, x + i, line_of(&again, sub), again.q + i);
    if (block_error(s, x, &again) < block_error(s, x, f))
        *f = again;
}

static void fit_block(const struct shape *s, const float *x, struct fit *f)
{
    struct line lines[MAX_SUBS], most = {0, 0};
    const int n_subs = BLOCK / s->sub_elems;
    for (int sub = 0; sub < n_subs; sub++) {
        lines[sub] = fit_line(s, x + sub * s->sub_elems);
        if (fabsf(lines[sub].scale) > fabsf(most.scale))
            most.scale = lines[sub].scale;
        if (lines[sub].min > most.min)
            most.min = lines[sub].min;
    }
    memset(f, 0, sizeof *f);
    f->d = half_not_below(most.scale / (float)(s->has_min ? s->scale_hi : s->scale_lo));
    f->dmin = half_not_below(most.min / (float)s->scale_hi);
    for (int sub = 0; sub < n_subs; sub++)
        fit_integers(s, x + sub * s->sub_elems, lines[sub], sub, f);
    refit(s, x, f);
}

/* ---- writing a fitted block ---- */

static void put_f16(uint8_t *p, float f)
{
    uint16_t h = f32_to_f16(f);
    p[0] = (uint8_t)h;
    p[1] = (uint8_t)(h >> 8);
}

/* The elements as they are stored: from 0 on. */
static void stored(const struct shape *s, const struct fit *f, uint8_t q[BLOCK])
{
    for (int i = 0; i < BLOCK; i++)
        q[i] = (uint8_t)((int)f->q[i] - s->q_lo);
}

/* `width` bits of every element, from bit `from` on, as quant.c's bits_at finds them: 32 bytes take
 * 8 / width runs of 32 elements, one above the other. The bytes are zero before. */
static void put_bits(uint8_t *p, const uint8_t q[BLOCK], int width, int from)
{
    const int mask = (1 << width) - 1, n_runs = 8 / width;
    for (int i = 0; i < BLOCK; i++) {
        int run = i / 32;
        p[run / n_runs * 32 + i % 32] |= (uint8_t)((q[i] >> from & mask) << run % n_runs * width);
    }
}

/* The reverse of quant.c's scale_min. The bytes are zero before. */
static void put_scale_min(uint8_t *sm, int s, int scale, int min)
{
    if (s < 4) {
        sm[s] = (uint8_t)scale;
        sm[s + 4] = (uint8_t)min;
    } else {
        sm[s + 4] = (uint8_t)((scale & 15) | (min & 15) << 4);
        sm[s - 4] |= (uint8_t)(scale >> 4 << 6);
        sm[s] |= (uint8_t)(min >> 4 << 6);
    }
}

static void put_q2_K(const struct shape *s, const struct fit *f, uint8_t *b)
{
    uint8_t q[BLOCK];
    stored(s, f, q);
    for (int sub = 0; sub < 16; sub++)
        b[sub] = (uint8_t)(f->scale[sub] | f->min[sub] << 4);
    put_bits(b + 16, q, 2, 0);
    put_f16(b + 80, f->d);
    put_f16(b + 82, f->dmin);
}

static void put_q3_K(const struct shape *s, const struct fit *f, uint8_t *b)
{
    uint8_t q[BLOCK];
    stored(s, f, q);
    put_bits(b, q, 1, 2);
    put_bits(b + 32, q, 2, 0);
    for (int sub = 0; sub < 16; sub++) {
        int scale = f->scale[sub] + 32;
        b[96 + sub % 8] |= (uint8_t)((scale & 15) << sub / 8 * 4);
        b[104 + sub % 4] |= (uint8_t)(scale >> 4 << sub / 4 * 2);
    }
    put_f16(b + 108, f->d);
}

static void put_k_block(const struct fit *f, uint8_t *b)
{
    put_f16(b, f->d);
    put_f16(b + 2, f->dmin);
    for (int sub = 0; sub < 8; sub++)
        put_scale_min(b + 4, sub, f->scale[sub], f->min[sub]);
}

static void put_q4_K(const struct shape *s, const struct fit *f, uint8_t *b)
{
    uint8_t q[BLOCK];
    stored(s, f, q);
    put_k_block(f, b);
    put_bits(b + 16, q, 4, 0);
}

static void put_q5_K(const struct shape *s, const struct fit *f, uint8_t *b)
{
    uint8_t q[BLOCK];
    stored(s, f, q);
    put_k_block(f, b);
    put_bits(b + 16, q, 1, 4);
    put_bits(b + 48, q, 4, 0);
}

static void put_q6_K(const struct shape *s, const struct fit *f, uint8_t *b)
{
    uint8_t q[BLOCK];
    stored(s, f, q);
    for (int i = 0; i < BLOCK; i++)
        b[i / 128 * 64 + i % 64] |= (uint8_t)((q[i] & 15) << i % 128 / 64 * 4);
    put_bits(b + 128, q, 2, 4);
    for (int sub = 0; sub < 16; sub++)
        b[192 + sub] = (uint8_t)f->scale[sub];
    put_f16(b + 208, f->d);
}

static void pack(const struct shape *s, const float *in, uint8_t *b, size_t block_bytes, int64_t n,
                 void (*put)(const struct shape *s, const struct fit *f, uint8_t *b))
{
    struct fit f;
    for (int64_t k = 0; k < n; k += BLOCK, b += block_bytes) {
        fit_block(s, in + k, &f);
        memset(b, 0, block_bytes);
        put(s, &f, b);
    }
}

void quant_pack_q2_K(const float *in, void *packed, int64_t n)
{
    static const struct shape s = {16, true, 0, 3, 0, 15};
    pack(&s, in, packed, 84, n, put_q2_K);
}

void quant_pack_q3_K(const float *in, void *packed, int64_t n)
{
    static const struct shape s = {16, false, -4, 3, -32, 31};
    pack(&s, in, packed, 110, n, put_q3_K);
}

void quant_pack_q4_K(const float *in, void *packed, int64_t n)
{
    static const struct shape s = {32, true, 0, 15, 0, 63};
    pack(&s, in, packed, 144, n, put_q4_K);
}

void quant_pack_q5_K(const float *in, void *packed, int64_t n)
{
    static const struct shape s = {32, true, 0, 31, 0, 63};
    pack(&s, in, packed, 176, n, put_q5_K);
}

void quant_pack_q6_K(const float *in, void *packed, int64_t n)
{
    static const struct shape s = {16, false, -32, 31, -128, 127};
    pack(&s, in, packed, 210, n, put_q6_K);
}
