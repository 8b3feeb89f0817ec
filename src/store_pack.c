/* store_pack.c - see store_pack.h. A number ends with the first byte below 0x80, so counting and
 * cutting a list needs no decoding. */
#include "config.h"

#include "src/store_pack.h"

#include <math.h>
#include <stdlib.h>

#include "src/base/mem.h"

enum { STEPS_PER_NAT = 128, STEPS_MAX = 8192 * STEPS_PER_NAT };

static void put_number(struct str *out, uint32_t v)
{
    for (; v >= 0x80; v >>= 7)
        str_putc(out, (char)(v | 0x80));
    str_putc(out, (char)v);
}

/* The number at p[*at], moving *at behind it; false when the bytes end or it has more than 32 bits.
 */
static bool take_number(const unsigned char *p, size_t n_bytes, size_t *at, uint32_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35 && *at < n_bytes; shift += 7) {
        unsigned char c = p[(*at)++];
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80) {
            *out = (uint32_t)v;
            return v <= UINT32_MAX;
        }
    }
    return false;
}

void pack_ids(struct str *out, const int32_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_number(out, (uint32_t)ids[i]);
}

void pack_logprobs(struct str *out, const float *logprobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float steps = -logprobs[i] * STEPS_PER_NAT;
        if (isnan(steps))
            put_number(out, 0);
        else if (steps <= 0)
            put_number(out, 1);
        else if (steps >= STEPS_MAX)
            put_number(out, 1 + STEPS_MAX);
        else
            put_number(out, 1 + (uint32_t)lrintf(steps));
    }
}

size_t pack_count(const void *bytes, size_t n_bytes)
{
    const unsigned char *p = bytes;
    size_t n = 0;
    for (size_t i = 0; i < n_bytes; i++)
        n += p[i] < 0x80;
    return n;
}

size_t pack_offset(const void *bytes, size_t n_bytes, size_t n)
{
    const unsigned char *p = bytes;
    size_t i = 0;
    while (n > 0 && i < n_bytes)
        n -= p[i++] < 0x80;
    return i;
}

bool unpack_ids(const void *bytes, size_t n_bytes, int32_t **ids, size_t *n)
{
    size_t count = pack_count(bytes, n_bytes);
    int32_t *out = x_calloc(count, sizeof out[0]);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t v;
        if (!take_number(bytes, n_bytes, &at, &v)) {
            free(out);
            return false;
        }
        out[i] = (int32_t)v;
    }
    if (at != n_bytes) {
        free(out);
        return false;
    }
    *ids = out;
    *n = count;
    return true;
}

bool unpack_logprobs(const void *bytes, size_t n_bytes, float **logprobs, size_t *n)
{
    size_t count = pack_count(bytes, n_bytes);
    float *out = x_calloc(count, sizeof out[0]);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t v;
        if (!take_number(bytes, n_bytes, &at, &v)) {
            free(out);
            return false;
        }
        if (v == 0)
            out[i] = NAN;
        else if (v > STEPS_MAX)
            out[i] = -INFINITY;
        else
            out[i] = 0.0f - (float)(v - 1) / STEPS_PER_NAT;
    }
    if (at != n_bytes) {
        free(out);
        return false;
    }
    *logprobs = out;
    *n = count;
    return true;
}
