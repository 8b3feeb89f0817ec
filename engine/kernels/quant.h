/* quant.h - the element types of tensors: one table row each, with block geometry and the reference
 * conversions. Formats are those of ggml (ggml-quants), the layouts documented in quant.c.
 * Numbers are the type ids of GGUF. */
#ifndef XUXIE_ENGINE_KERNELS_QUANT_H
#define XUXIE_ENGINE_KERNELS_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quant_type {
    QUANT_F32 = 0,
    QUANT_F16 = 1,
    QUANT_Q4_0 = 2,
    QUANT_Q4_1 = 3,
    QUANT_Q5_0 = 6,
    QUANT_Q5_1 = 7,
    QUANT_Q8_0 = 8,
    QUANT_Q2_K = 10,
    QUANT_Q3_K = 11,
    QUANT_Q4_K = 12,
    QUANT_Q5_K = 13,
    QUANT_Q6_K = 14,
    QUANT_IQ4_NL = 20,
    QUANT_IQ4_XS = 23,
    QUANT_BF16 = 30,
};

struct quant {
    enum quant_type type;
    const char *name; /* "q8_0" */
    int block_elems;  /* elements of one block: 1, 32 or 256 */
    int block_bytes;
    /* n elements (a multiple of block_elems) from packed to f32. The reference. */
    void (*unpack)(const void *packed, float *out, int64_t n);
    /* The reverse (quant_pack.c, quant_pack_k.c); NULL for types that xuxie only reads. Any floats
     * may come; what is not finite spoils its own block. */
    void (*pack)(const float *in, void *packed, int64_t n);
};

/* The row of a type, NULL when it is unknown or not supported. */
const struct quant *quant_of(uint32_t type);
/* The name of any GGUF type id, also of those not supported ("q2_K"); NULL for unknown numbers. */
const char *quant_name(uint32_t type);
const struct quant *quant_by_name(const char *name);
/* Bytes of a row of n elements; false on overflow or when n is not a multiple of the block. */
bool quant_row_bytes(enum quant_type type, int64_t n, size_t *bytes);

/* Conversions used everywhere. fp16: IEEE binary16, round to nearest even. */
float f16_to_f32(uint16_t h);
uint16_t f32_to_f16(float f);
static inline float bf16_to_f32(uint16_t h)
{
    union {
        uint32_t u;
        float f;
    } v = {(uint32_t)h << 16};
    return v.f;
}
uint16_t f32_to_bf16(float f);

#endif
