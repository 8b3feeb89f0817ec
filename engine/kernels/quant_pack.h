/* quant_pack.h - the quantisers behind `pack` of the table in quant.c, which is the way to call
 * them.
 *
 * All take n elements, a multiple of the block, and write n / block_elems * block_bytes bytes. The
 * same row gives the same bytes on every machine.
 */
#ifndef XUXIE_ENGINE_KERNELS_QUANT_PACK_H
#define XUXIE_ENGINE_KERNELS_QUANT_PACK_H

#include <stdint.h>

/* quant_pack.c */
void quant_pack_f32(const float *in, void *packed, int64_t n);
void quant_pack_f16(const float *in, void *packed, int64_t n);
void quant_pack_bf16(const float *in, void *packed, int64_t n);
void quant_pack_q8_0(const float *in, void *packed, int64_t n);
void quant_pack_q4_0(const float *in, void *packed, int64_t n);
void quant_pack_q4_1(const float *in, void *packed, int64_t n);
void quant_pack_q5_0(const float *in, void *packed, int64_t n);
void quant_pack_q5_1(const float *in, void *packed, int64_t n);

/* quant_pack_k.c */
void quant_pack_q2_K(const float *in, void *packed, int64_t n);
void quant_pack_q3_K(const float *in, void *packed, int64_t n);
void quant_pack_q4_K(const float *in, void *packed, int64_t n);
void quant_pack_q5_K(const float *in, void *packed, int64_t n);
void quant_pack_q6_K(const float *in, void *packed, int64_t n);

#endif
