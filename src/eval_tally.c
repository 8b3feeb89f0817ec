/* eval_tally.c - see eval_tally.h. */
#include "config.h"

#include "src/eval_tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

void eval_tally_init(struct eval_tally *t, enum eval_metric metric, enum eval_norm norm,
                     size_t n_items, size_t n_draws)
{
    *t = (struct eval_tally){
        .metric = metric,
        .norm = norm,
        .n_items = n_items,
        .n_draws = n_draws,
        .by_item = x_calloc(n_items + 1, sizeof t->by_item[0]),
        .by_draw = x_calloc(n_draws + 1, sizeof t->by_draw[0]),
        .n_by_item = x_calloc(n_items + 1, sizeof t->n_by_item[0]),
        .n_by_draw = x_calloc(n_draws + 1, sizeof t->n_by_draw[0]),
    };
}

void eval_tally_free(struct eval_tally *t)
{
    free(t->by_item);
    free(t->by_draw);
    free(t->n_by_item);
    free(t->n_by_draw);
    memset(t, 0, sizeof *t);
}

static double value_of(const struct eval_tally *t, const struct eval_verdict *v)
{
    switch (t->metric) {
    case METRIC_CHOICE: return v->right[t->norm];
    case METRIC_F1: return v->f1;
    default: return v->exact;
    }
}

void eval_tally_add(struct eval_tally *t, size_t item, size_t draw, int k_used,
                    const struct eval_verdict *v)
{
    const double value = value_of(t, v);
    t->by_item[item] += value;
    t->n_by_item[item]++;
    t->by_draw[draw] += value;
    t->n_by_draw[draw]++;
    for (int i = 0; v->by_choice && i < N_EVAL_NORMS; i++) {
        t->choice[i] += v->measured[i] && v->right[i];
        t->n_choice[i] += v->measured[i];
    }
    if (!v->by_choice && !isnan(v->exact)) {
        t->exact += v->exact;
        t->n_exact++;
    }
    if (!v->by_choice && !isnan(v->f1)) {
        t->f1 += v->f1;
        t->n_f1++;
    }
    t->k_least = t->n == 0 || k_used < t->k_least ? k_used : t->k_least;
    t->k_most = t->n == 0 || k_used > t->k_most ? k_used : t->k_most;
    t->n++;
}

static double mean(double sum, size_t n)
{
    return n ? sum / (double)n : (double)NAN;
}

void eval_tally_result(const struct eval_tally *t, struct eval_result *out)
{
    double sum = 0, squares = 0;
    size_t n_items = 0;
    *out = (struct eval_result){.k_least = t->k_least, .k_most = t->k_most, .draw_low = 1};
    for (size_t i = 0; i < t->n_items; i++) {
        if (t->n_by_item[i] == 0)
            continue;
        const double v = mean(t->by_item[i], t->n_by_item[i]);
        sum += v;
        squares += v * v;
        n_items++;
    }
    for (size_t d = 0; d < t->n_draws; d++) {
        if (t->n_by_draw[d] == 0)
            continue;
        const double v = mean(t->by_draw[d], t->n_by_draw[d]);
        out->draw_low = v < out->draw_low ? v : out->draw_low;
        out->draw_high = v > out->draw_high ? v : out->draw_high;
        out->n_draws++;
    }
    const double n = (double)n_items;
    out->n_items = n_items;
    out->value = sum / n;
    /* Draws share their items and are no trials of their own: with p the mean over all, the items
     * alone are counted. That is cautious: the true interval is a little narrower. */
    out->interval = t->metric == METRIC_F1
                        ? eval_mean_interval(out->value, (squares - sum * sum / n) / (n - 1), n)
                        : eval_wilson(out->value, n);
    out->exact = mean(t->exact, t->n_exact);
    out->f1 = mean(t->f1, t->n_f1);
    for (int i = 0; i < N_EVAL_NORMS; i++)
        out->choice[i] = mean(t->choice[i], t->n_choice[i]);
}
