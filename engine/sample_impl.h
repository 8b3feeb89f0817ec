/* sample_impl.h - private to sample*.c: the sampler's memory and the stages.
 *
 * A draw works on a list of candidates. Stages change their logits or shorten the list; none may
 * empty it. Between stages the order of the list has no meaning. */
#ifndef XUXIE_ENGINE_SAMPLE_IMPL_H
#define XUXIE_ENGINE_SAMPLE_IMPL_H

#include "engine/kernels/kernels.h"
#include "engine/sample.h"

struct cand {
    float logit;
    float p;   /* after sample_softmax */
    float key; /* what sample_select orders by */
    int32_t id;
};

struct sampler {
    const struct kernels *k;
    int n_vocab, n_ctx;
    int n_real; /* ids below it may be drawn */
    const uint8_t *is_breaker, *is_keep;
    struct cand *cand; /* [n_vocab], n of them in use */
    int n;
    float *row;      /* [n_vocab] */
    int32_t *per_id; /* [n_vocab], all zero between stages */
    int32_t *z;      /* [n_ctx] */
};

/* One draw: what the stages may look at. history was cut to what fits and holds only valid ids. */
struct draw {
    const struct sample_params *p;
    const int32_t *history;
    size_t n_history;
    uint64_t seed, index;
    uint32_t stream;
};

/* Random numbers of one token: the draw itself and XTC's coin do not depend on each other. */
enum { LANE_DRAW = 0, LANE_XTC = 1 };

/* Sets p of all candidates from their logits. */
void sample_softmax(struct sampler *s);

/* Moves the first candidates in the order of key (greatest first, of equal ones the lowest id) to
 * the front: as many as it takes for the sum of their p to exceed mass (with `reach`, to make it
 * up), at least one. Returns how many; the last of them is at the end, the others in any order. */
int sample_select(struct cand *c, int n, double mass, bool reach);

void stage_bias(struct sampler *s, const struct draw *d);
void stage_penalties(struct sampler *s, const struct draw *d);
void stage_dry(struct sampler *s, const struct draw *d); /* sample_dry.c */
void stage_top_k(struct sampler *s, const struct draw *d);
void stage_typical(struct sampler *s, const struct draw *d);
void stage_top_p(struct sampler *s, const struct draw *d);
void stage_min_p(struct sampler *s, const struct draw *d);
void stage_xtc(struct sampler *s, const struct draw *d);
void stage_temp(struct sampler *s, const struct draw *d);

#endif
