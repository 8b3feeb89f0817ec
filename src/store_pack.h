/* store_pack.h - token records as the database keeps them: two small byte formats.
 *
 * Ids: each as an unsigned LEB128 number of its 32 bits (1 byte below 128, 2 below 16384, 3 below
 * 2097152).
 * Log-probabilities: 0 for one that is not known (NaN), else 1 + round(-logprob * 128), LEB128. The
 * step is 1/128 nat, so what is read back is at most 1/256 nat off; a token of probability above
 * 0.37 takes one byte. Positive ones (rounding noise) count as 0; -8192 nat and below, as minus
 * infinity.
 */
#ifndef XUXIE_SRC_STORE_PACK_H
#define XUXIE_SRC_STORE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

void pack_ids(struct str *out, const int32_t *ids, size_t n);
void pack_logprobs(struct str *out, const float *logprobs, size_t n);

/* How many numbers the bytes hold. */
size_t pack_count(const void *bytes, size_t n_bytes);
/* Where the first n numbers end; n_bytes when there are fewer. */
size_t pack_offset(const void *bytes, size_t n_bytes, size_t n);

/* malloc'ed arrays; false when the bytes are not such a list (a damaged database). */
bool unpack_ids(const void *bytes, size_t n_bytes, int32_t **ids, size_t *n);
bool unpack_logprobs(const void *bytes, size_t n_bytes, float **logprobs, size_t *n);

#endif
