/* sample_dry.c - DRY ("don't repeat yourself"): a token that would continue a repetition is made
 * less likely, the more so the longer the repetition is already.
 *
 * The text's end is compared with the text before every earlier place; where it matches for n
 * tokens, the token that followed there gets n (the greatest of all its places). A match does not
 * reach across a breaker. Lengths for all places at once are the Z-function of the reversed text,
 * which takes linear time however repetitive the text is. */
#include "config.h"

#include "engine/sample_impl.h"

#include <math.h>

/* Far below any other logit, yet finite: candidates with it keep an order among themselves. */
static const float max_penalty = 1e6f;

static bool is_breaker(const struct sampler *s, int32_t id)
{
    return s->is_breaker && s->is_breaker[id];
}

/* z[k] = length of the common prefix of r and r + k, r = the n tokens that end at `last`,
 * backwards. */
static void z_function(const int32_t *last, int n, int32_t *z)
{
    z[0] = n;
    for (int k = 1, left = 0, right = 0; k < n; k++) {
        int length = 0;
        if (k < right)
            length = z[k - left] < right - k ? z[k - left] : right - k;
        while (k + length < n && last[-length] == last[-(k + length)])
            length++;
        z[k] = length;
        if (k + length > right) {
            left = k;
            right = k + length;
        }
    }
}

void stage_dry(struct sampler *s, const struct draw *d)
{
    const struct sample_params *p = d->p;
    const int n = (int)d->n_history;
    if (p->dry_multiplier <= 0 || n < 2)
        return;
    const int32_t *last = d->history + n - 1;
    int reach = 0; /* tokens after the last breaker */
    while (reach < n && !is_breaker(s, last[-reach]))
        reach++;
    if (reach == 0 || reach < p->dry_allowed_length)
        return;

    z_function(last, n, s->z);
    for (int k = 1; k < n; k++) {
        const int length = s->z[k] < reach ? s->z[k] : reach;
        const int32_t next = last[-(k - 1)];
        if (length > s->per_id[next] && !is_breaker(s, next))
            s->per_id[next] = length;
    }
    for (int i = 0; i < s->n; i++) {
        const int length = s->per_id[s->cand[i].id];
        if (length == 0 || length < p->dry_allowed_length)
            continue;
        const float penalty =
            p->dry_multiplier * powf(p->dry_base, (float)(length - p->dry_allowed_length));
        s->cand[i].logit -= fminf(penalty, max_penalty);
    }
    for (int k = 0; k < n; k++)
        s->per_id[last[-k]] = 0;
}
