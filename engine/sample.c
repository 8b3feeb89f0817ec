/* sample.c - see sample.h: loads the logits, runs the stages in their order, draws.
 *
 * Two things are fixed so that equal seeds give equal texts everywhere: the kernels' order of
 * summation, and the order of the inverse distribution (falling probability, equal ones by id). */
#include "config.h"

#include "engine/sample.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/layout.h"
#include "engine/sample_impl.h"
#include "src/base/rng.h"

typedef void stage_fn(struct sampler *s, const struct draw *d);

static stage_fn *const stage_run[N_STAGES] = {
    [STAGE_BIAS] = stage_bias,       [STAGE_PENALTIES] = stage_penalties,
    [STAGE_DRY] = stage_dry,         [STAGE_TOP_K] = stage_top_k,
    [STAGE_TYPICAL] = stage_typical, [STAGE_TOP_P] = stage_top_p,
    [STAGE_MIN_P] = stage_min_p,     [STAGE_XTC] = stage_xtc,
    [STAGE_TEMP] = stage_temp,
};

/* ---- memory ---- */

static struct sampler *lay_out(struct layout *l, int n_vocab, int n_ctx)
{
    struct sampler *s = layout_take(l, 1, sizeof(*s));
    struct sampler laid = {.n_vocab = n_vocab, .n_ctx = n_ctx, .n_real = n_vocab};
    laid.cand = layout_take(l, (size_t)n_vocab, sizeof(*laid.cand));
    laid.row = layout_take(l, (size_t)n_vocab, sizeof(*laid.row));
    laid.per_id = layout_take(l, (size_t)n_vocab, sizeof(*laid.per_id));
    laid.z = layout_take(l, (size_t)n_ctx, sizeof(*laid.z));
    if (s)
        *s = laid;
    return s;
}

size_t sampler_bytes(int n_vocab, int n_ctx)
{
    struct layout l = {.base = NULL};
    lay_out(&l, n_vocab, n_ctx);
    return layout_bytes(&l);
}

struct sampler *sampler_init(void *memory, int n_vocab, int n_ctx, const uint8_t *is_breaker,
                             const uint8_t *is_keep)
{
    struct layout l = {.base = memory};
    struct sampler *s = lay_out(&l, n_vocab, n_ctx);
    s->k = kernels_get();
    s->is_breaker = is_breaker;
    s->is_keep = is_keep;
    memset(s->per_id, 0, (size_t)n_vocab * sizeof(*s->per_id));
    return s;
}

void sampler_limit(struct sampler *s, int n_real)
{
    assert(n_real > 0 && n_real <= s->n_vocab);
    s->n_real = n_real;
}

/* ---- drawing ---- */

/* Log of the sum of exp(row[i]), i < n. Overwrites the row. */
static double log_sum_of_row(struct sampler *s)
{
    const float max = s->k->max(s->row, s->n);
    return (double)max + log((double)s->k->exp_sum(s->row, max, s->n));
}

/* All tokens with a finite logit become candidates. *log_sum = log of the sum of exp(logit). */
static void load(struct sampler *s, const float *logits, double *log_sum)
{
    s->n = 0;
    for (int32_t id = 0; id < s->n_vocab; id++) {
        if (!isfinite(logits[id]))
            continue;
        s->row[s->n] = logits[id];
        s->cand[s->n++] = (struct cand){.logit = logits[id], .id = id};
    }
    if (s->n > 0)
        *log_sum = log_sum_of_row(s);
}

/* Right after load(): candidates are still in the order of their ids. */
static void drop_padding(struct sampler *s)
{
    while (s->n > 0 && s->cand[s->n - 1].id >= s->n_real)
        s->n--;
}

static bool changes_logits(uint8_t stage)
{
    return stage == STAGE_BIAS || stage == STAGE_PENALTIES || stage == STAGE_DRY;
}

/* Greedy choice (temp 0) looks at the logits only: truncation is not asked. */
static void run_stages(struct sampler *s, const struct draw *d)
{
    for (int i = 0; i < N_STAGES && d->p->order[i] != STAGE_END; i++) {
        const uint8_t stage = d->p->order[i];
        assert(stage < N_STAGES);
        if (d->p->temp > 0 || changes_logits(stage))
            stage_run[stage](s, d);
        assert(s->n > 0);
    }
    if (d->p->temp > 0)
        return;
    struct cand best = s->cand[0];
    for (int i = 1; i < s->n; i++) {
        const struct cand *c = &s->cand[i];
        if (c->logit > best.logit || (c->logit == best.logit && c->id < best.id))
            best = *c;
    }
    s->cand[0] = best;
    s->n = 1;
}

/* The inverse of the distribution function: the candidate at which the sum of probabilities,
 * likeliest first, exceeds the random number. */
static int32_t pick(struct sampler *s, const struct draw *d)
{
    if (s->n == 1)
        return s->cand[0].id;
    sample_softmax(s);
    double total = 0;
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        if (s->cand[i].p <= 0)
            continue; /* underflow: not even rounding may draw these */
        s->cand[n] = s->cand[i];
        s->cand[n].key = s->cand[n].logit;
        total += (double)s->cand[n].p;
        n++;
    }
    s->n = n;
    const double target = total * rng_uniform(d->seed, d->stream, d->index, LANE_DRAW);
    return s->cand[sample_select(s->cand, n, target, false) - 1].id;
}

/* The tokens the model saw that the stages look at: the newest n_ctx. */
static struct draw begin(const struct sampler *s, const struct sample_params *p,
                         const int32_t *history, size_t n_history, uint64_t seed, uint32_t stream,
                         uint64_t index)
{
    const size_t n = n_history < (size_t)s->n_ctx ? n_history : (size_t)s->n_ctx;
    return (struct draw){
        .p = p,
        .history = n ? history + (n_history - n) : history,
        .n_history = n,
        .seed = seed,
        .index = index,
        .stream = stream,
    };
}

int32_t sampler_draw(struct sampler *s, const struct sample_params *p, const float *logits,
                     const int32_t *history, size_t n_history, uint64_t seed, uint32_t stream,
                     uint64_t index, float *logprob)
{
    const struct draw d = begin(s, p, history, n_history, seed, stream, index);
    double log_sum = 0;
    load(s, logits, &log_sum);
    drop_padding(s);
    if (s->n == 0)
        return -1;
    run_stages(s, &d);
    const int32_t id = pick(s, &d);
    *logprob = (float)((double)logits[id] - log_sum);
    return id;
}

float sampler_logprob(struct sampler *s, const float *logits, int32_t id)
{
    memcpy(s->row, logits, (size_t)s->n_vocab * sizeof *s->row);
    s->n = s->n_vocab;
    return (float)((double)logits[id] - log_sum_of_row(s));
}

void sampler_probs(struct sampler *s, const struct sample_params *p, const float *logits,
                   const int32_t *history, size_t n_history, uint64_t seed, uint32_t stream,
                   uint64_t index, float *probs)
{
    const struct draw d = begin(s, p, history, n_history, seed, stream, index);
    double log_sum;
    memset(probs, 0, (size_t)s->n_vocab * sizeof(*probs));
    load(s, logits, &log_sum);
    drop_padding(s);
    if (s->n == 0)
        return;
    run_stages(s, &d);
    sample_softmax(s);
    for (int i = 0; i < s->n; i++)
        probs[s->cand[i].id] = s->cand[i].p;
}
