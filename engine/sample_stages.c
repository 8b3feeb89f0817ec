/* sample_stages.c - the stages of sample.h but DRY, and the selection they share.
 *
 * The vocabulary is never sorted: a stage that keeps the best candidates finds the border between
 * them and the rest by partitioning (quickselect, Hoare 1961), in linear time on average. Equal
 * keys are ordered by id, so the choice does not depend on how the list came to be arranged. */
#include "config.h"

#include "engine/sample_impl.h"

#include <math.h>
#include <string.h>

#include "src/base/rng.h"

/* ---- selection ---- */

static bool before(const struct cand *a, const struct cand *b)
{
    return a->key != b->key ? a->key > b->key : a->id < b->id;
}

static void swap(struct cand *a, struct cand *b)
{
    const struct cand t = *a;
    *a = *b;
    *b = t;
}

int sample_select(struct cand *c, int n, double mass, bool reach)
{
    uint32_t dice = 1;  /* places of pivots: scattered, always the same */
    int lo = 0, hi = n; /* c[0..lo) are in, the border is in c[lo..hi) */
    double sum = 0;     /* of c[0..lo) */
    while (hi - lo > 1) {
        dice = dice * 1664525u + 1013904223u;
        swap(&c[lo + (int)((dice >> 8) % (uint32_t)(hi - lo))], &c[hi - 1]);
        const struct cand pivot = c[hi - 1];
        int mid = lo;
        double left = 0;
        for (int i = lo; i < hi - 1; i++) {
            if (before(&c[i], &pivot)) {
                left += (double)c[i].p;
                swap(&c[i], &c[mid++]);
            }
        }
        swap(&c[mid], &c[hi - 1]);
        if (reach ? sum + left >= mass : sum + left > mass) {
            hi = mid;
            continue;
        }
        sum += left + (double)pivot.p;
        lo = mid + 1;
        if (reach ? sum >= mass : sum > mass)
            hi = lo;
    }
    return hi > 0 ? hi : 1;
}

/* ---- helpers ---- */

/* Fills row with the logits; returns the greatest. */
static float gather(struct sampler *s)
{
    for (int i = 0; i < s->n; i++)
        s->row[i] = s->cand[i].logit;
    return s->k->max(s->row, s->n);
}

void sample_softmax(struct sampler *s)
{
    const float max = gather(s);
    const float scale = 1.0f / s->k->exp_sum(s->row, max, s->n);
    for (int i = 0; i < s->n; i++)
        s->cand[i].p = s->row[i] * scale;
}

/* ---- stages that change logits ---- */

/* A bias that would ban every candidate is ignored: something must be drawn. */
void stage_bias(struct sampler *s, const struct draw *d)
{
    const struct sample_params *p = d->p;
    if (p->n_bias == 0)
        return;
    memset(s->row, 0, (size_t)s->n_vocab * sizeof(*s->row));
    for (size_t i = 0; i < p->n_bias; i++)
        if (p->bias[i].id >= 0 && p->bias[i].id < s->n_vocab)
            s->row[p->bias[i].id] += p->bias[i].bias;
    int n_left = 0;
    for (int i = 0; i < s->n; i++)
        n_left += s->row[s->cand[i].id] != -INFINITY;
    if (n_left == 0)
        return;
    n_left = 0;
    for (int i = 0; i < s->n; i++) {
        struct cand c = s->cand[i];
        c.logit += s->row[c.id];
        if (c.logit != -INFINITY)
            s->cand[n_left++] = c;
    }
    s->n = n_left;
}

void stage_penalties(struct sampler *s, const struct draw *d)
{
    const struct sample_params *p = d->p;
    if (p->repeat_penalty == 1 && p->presence_penalty == 0 && p->frequency_penalty == 0)
        return;
    size_t n = d->n_history;
    if (p->penalty_last_n > 0 && n > (size_t)p->penalty_last_n)
        n = (size_t)p->penalty_last_n;
    const int32_t *recent = d->history + (d->n_history - n);
    for (size_t i = 0; i < n; i++)
        s->per_id[recent[i]]++;
    for (int i = 0; i < s->n; i++) {
        struct cand *c = &s->cand[i];
        const int32_t count = s->per_id[c->id];
        if (count == 0)
            continue;
        c->logit = c->logit > 0 ? c->logit / p->repeat_penalty : c->logit * p->repeat_penalty;
        c->logit -= p->presence_penalty + p->frequency_penalty * (float)count;
    }
    for (size_t i = 0; i < n; i++)
        s->per_id[recent[i]] = 0;
}

void stage_temp(struct sampler *s, const struct draw *d)
{
    if (d->p->temp <= 0 || d->p->temp == 1)
        return;
    for (int i = 0; i < s->n; i++)
        s->cand[i].logit /= d->p->temp;
}

/* ---- stages that shorten the list ---- */

/* Candidates as likely as the k-th stay too. */
void stage_top_k(struct sampler *s, const struct draw *d)
{
    const int k = d->p->top_k;
    if (k <= 0 || k >= s->n)
        return;
    for (int i = 0; i < s->n; i++) {
        s->cand[i].key = s->cand[i].logit;
        s->cand[i].p = 1;
    }
    int n = sample_select(s->cand, s->n, k, true);
    const float least = s->cand[n - 1].logit;
    for (int i = n; i < s->n; i++)
        if (s->cand[i].logit == least)
            s->cand[n++] = s->cand[i];
    s->n = n;
}

/* The likeliest candidates until their probabilities exceed the mass. */
void stage_top_p(struct sampler *s, const struct draw *d)
{
    const float mass = d->p->top_p;
    if (mass >= 1)
        return;
    sample_softmax(s);
    /* Candidates rarer than half an equal share of what is to go make up less than half of it: the
     * border lies among the others. */
    const float rare = 0.5f * (1 - mass) / (float)s->n;
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        if (s->cand[i].p < rare)
            continue;
        s->cand[n] = s->cand[i];
        s->cand[n].key = s->cand[n].logit;
        n++;
    }
    s->n = sample_select(s->cand, n, (double)mass, false);
}

/* The candidates whose information -log p is nearest to the entropy, until they make up the mass.
 */
void stage_typical(struct sampler *s, const struct draw *d)
{
    if (d->p->typical >= 1)
        return;
    const float max = gather(s);
    const float sum = s->k->exp_sum(s->row, max, s->n);
    const float log_sum = max + logf(sum);
    double entropy = 0;
    for (int i = 0; i < s->n; i++) {
        s->cand[i].p = s->row[i] / sum;
        entropy += (double)s->cand[i].p * (double)(log_sum - s->cand[i].logit);
    }
    for (int i = 0; i < s->n; i++)
        s->cand[i].key = -fabsf(log_sum - s->cand[i].logit - (float)entropy);
    s->n = sample_select(s->cand, s->n, (double)d->p->typical, true);
}

void stage_min_p(struct sampler *s, const struct draw *d)
{
    if (d->p->min_p <= 0)
        return;
    const float least = gather(s) + logf(d->p->min_p);
    int n = 0;
    for (int i = 0; i < s->n; i++)
        if (s->cand[i].logit >= least)
            s->cand[n++] = s->cand[i];
    s->n = n;
}

/* Of the candidates above the threshold only the least likely stays (and those marked keep), so
 * that a less obvious word gets its chance; with two or more there. */
void stage_xtc(struct sampler *s, const struct draw *d)
{
    const float threshold = d->p->xtc_threshold;
    if (threshold <= 0 || threshold > 0.5f || d->p->xtc_probability <= 0)
        return;
    if (rng_uniform(d->seed, d->stream, d->index, LANE_XTC) >= (double)d->p->xtc_probability)
        return;
    sample_softmax(s);
    const struct cand *least = NULL;
    for (int i = 0; i < s->n; i++) {
        const struct cand *c = &s->cand[i];
        if (c->p >= threshold &&
            (!least || c->p < least->p || (c->p == least->p && c->id > least->id)))
            least = c;
    }
    if (!least)
        return;
    const int32_t least_id = least->id;
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        const struct cand c = s->cand[i];
        if (c.p < threshold || c.id == least_id || (s->is_keep && s->is_keep[c.id]))
            s->cand[n++] = c;
    }
    s->n = n;
}
