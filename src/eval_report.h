/* eval_report.h - what an evaluation found, for people: a table and a learning curve. Pure. */
#ifndef XUXIE_SRC_EVAL_REPORT_H
#define XUXIE_SRC_EVAL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"
#include "src/eval_score.h"

enum eval_metric { METRIC_EXACT, METRIC_F1, METRIC_CHOICE };

/* With K examples. Values are fractions, 0 to 1. */
struct eval_result {
    int k_asked;                   /* SHOTS_FIT: as many as there is room for */
    int k_least, k_most;           /* that were used */
    size_t n_items, n_draws;       /* each draw of examples with all items */
    double value;                  /* by the metric asked for, mean over items and draws */
    struct eval_interval interval; /* of value; n_items count, for draws share their items */
    double draw_low, draw_high;    /* the worst and the best draw */
    double exact, f1;              /* of free answers; NaN: not measured */
    double choice[N_EVAL_NORMS];   /* of choices */
};

/* One row a result, in percent, at most 80 columns wide. */
void eval_table(const struct eval_result *results, size_t n, enum eval_metric metric,
                enum eval_norm norm, struct str *out);
/* Value over K, on a scale of log(K+1), with the intervals. Dots are braille patterns, or ASCII
 * where these cannot be shown. Nothing for fewer than two K. At most 78 columns. */
void eval_curve(const struct eval_result *results, size_t n, bool braille, struct str *out);

/* What leaving an example out of the prompts did to the others. */
struct eval_helper {
    size_t example;      /* index in the template */
    double d_likelihood; /* mean ln P a token of the held-out answers: with it minus without it */
    double d_accuracy;   /* likewise, fraction of exact answers */
    size_t n;            /* answers */
};
/* Sorted: the greatest help first. `title` says what an example is about, one line. */
void eval_helpers_sort(struct eval_helper *helpers, size_t n);
void eval_helpers_table(const struct eval_helper *helpers, size_t n,
                        const char *(*title)(void *ctx, size_t example), void *ctx,
                        struct str *out);

#endif
