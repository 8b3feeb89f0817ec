/* rng.h - counter-based random numbers: a draw is a pure function of (seed, stream, index), so
 * takes, retries and replays do not depend on each other, nor on threads or history.
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11.
 */
#ifndef XUXIE_BASE_RNG_H
#define XUXIE_BASE_RNG_H

#include <stdint.h>

/* The raw block function: four 32-bit words from a 128-bit counter and a 64-bit key. */
void rng_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Uniform in [0,1) with 53 bits. `stream` numbers the takes of one request, `index` the generated
 * token, `lane` distinguishes several draws for one token. */
double rng_uniform(uint64_t seed, uint32_t stream, uint64_t index, uint32_t lane);

/* A seed nobody chose: from the system's entropy. Never 0. Fits in 63 bits. */
uint64_t rng_fresh_seed(void);

#endif
