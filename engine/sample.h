/* sample.h - from logits to one token. Pure computing on caller's memory; no allocation.
 *
 * Sources: top-p Holtzman et al. 2020; typical Meister et al. 2022; min-p Nguyen et al. 2024; DRY and
 * XTC p-e-w 2024 (text-generation-webui PRs 5677, 6335); repetition penalty Keskar et al. 2019.
 */
#ifndef XUXIE_ENGINE_SAMPLE_H
#define XUXIE_ENGINE_SAMPLE_H

#include "engine/sample_params.h"
#include "src/base/err.h"

struct sampler; /* scratch for one session: candidates, sort buffers, DRY tables */

/* Everything neutral (temp 1, nothing else on), default order. */
void sample_params_init(struct sample_params *p);

/* The default order of FEATURES.md E: bias penalties dry top_k typical top_p min_p xtc temp. */
extern const uint8_t sample_order_default[N_STAGES];

/* Parses "penalties;dry;top_k;..." (separators ; , space). E_USAGE names an unknown or repeated
 * stage. Stages not named are off. */
int sample_order_parse(const char *text, uint8_t order[N_STAGES], struct err *err);
/* The reverse, into out. */
void sample_order_format(const uint8_t order[N_STAGES], char *out, size_t out_size);

/* Checks ranges; E_USAGE with the name, the value and what is allowed. */
int sample_params_check(const struct sample_params *p, struct err *err);

size_t sampler_bytes(int n_vocab, int n_ctx); /* memory one sampler needs, for plan.c */
/* Lays a sampler out in memory of that size (64-byte aligned). is_breaker[n_vocab]: tokens DRY does
 * not look across; is_keep[n_vocab]: tokens XTC never removes (newline, eos). Both borrowed. */
struct sampler *sampler_init(void *memory, int n_vocab, int n_ctx, const uint8_t *is_breaker,
                             const uint8_t *is_keep);

/* Rows from n_real on stand for no token (a vocabulary padded to a round number): they are never
 * drawn, though they take part in *logprob, as in every probability of the model. 1 .. n_vocab;
 * n_vocab unless this is called. */
void sampler_limit(struct sampler *s, int n_real);

/* Draws the next token. logits[n_vocab] are read, not changed. history[n_history] = all tokens the
 * model sees (prompt and written), oldest first; each is one of the vocabulary. temp 0 takes the
 * greatest logit after bias, penalties and DRY, the lowest id of equal ones, whatever the order says.
 * u(lane) = rng_uniform(seed, stream, index, lane).
 * Returns the token, or -1 when no logit is finite (a broken model).
 * *logprob: natural log of softmax(logits) at the token, before any stage. */
int32_t sampler_draw(struct sampler *s, const struct sample_params *p, const float *logits,
                     const int32_t *history, size_t n_history, uint64_t seed, uint32_t stream,
                     uint64_t index, float *logprob);

/* The same natural log for a token that is given: equal to the last bit to the *logprob of a draw. */
float sampler_logprob(struct sampler *s, const float *logits, int32_t id);

/* Tests and later the token view: probabilities after all stages, probs[n_vocab]. */
void sampler_probs(struct sampler *s, const struct sample_params *p, const float *logits,
                   const int32_t *history, size_t n_history, uint64_t seed, uint32_t stream,
                   uint64_t index, float *probs);

#endif
