/* eval_tally.h - verdicts on single items, added up. Pure. */
#ifndef XUXIE_SRC_EVAL_TALLY_H
#define XUXIE_SRC_EVAL_TALLY_H

#include "src/eval_report.h"

/* On one item. */
struct eval_verdict {
    bool by_choice;
    bool right[N_EVAL_NORMS]; /* by choice: was the likeliest the right one? */
    bool measured[N_EVAL_NORMS];
    double exact, f1; /* else; 0 or 1, and 0 to 1; NaN: not measured */
};

/* All verdicts with one K. */
struct eval_tally {
    enum eval_metric metric;
    enum eval_norm norm;
    size_t n_items, n_draws, n; /* there are to be; verdicts so far */
    double *by_item;            /* [n_items] sums of values over the draws */
    double *by_draw;            /* [n_draws] sums of values over the items */
    size_t *n_by_item, *n_by_draw;
    double exact, f1, choice[N_EVAL_NORMS]; /* sums */
    size_t n_choice[N_EVAL_NORMS], n_exact, n_f1;
    int k_least, k_most;
};

void eval_tally_init(struct eval_tally *t, enum eval_metric metric, enum eval_norm norm,
                     size_t n_items, size_t n_draws);
void eval_tally_free(struct eval_tally *t);
void eval_tally_add(struct eval_tally *t, size_t item, size_t draw, int k_used,
                    const struct eval_verdict *v);
/* n > 0. k_asked is the caller's. */
void eval_tally_result(const struct eval_tally *t, struct eval_result *out);

#endif
