/* eval_loo.h - which examples of a template help, and which hurt: each is asked as a question of
 * the others, once with all others shown, once with one of them left out.
 *
 * An example's figure is the mean, over the answers of the others, of what is lost when it is left
 * out: ln P a token of the right answer, and whether the model's own answer is exact. n examples
 * cost n * n answers. One thread. */
#ifndef XUXIE_SRC_EVAL_LOO_H
#define XUXIE_SRC_EVAL_LOO_H

#include "src/eval_report.h"
#include "src/fewshot.h"

struct eval_loo {
    /* the caller's */
    struct fewshot *f;  /* open, the answer's tokens reserved */
    struct template *t; /* f's template: `off` of its examples is changed meanwhile */
    size_t max_answers; /* examples that are asked; 0: all */
    /* found out */
    struct eval_helper *helpers; /* of the examples that are shown, sorted */
    size_t n;
    size_t n_left_out; /* examples for which there is no room */
    double likelihood; /* with all others shown: mean ln P a token */
    double exact;      /* fraction */
    size_t n_answers;
};

/* E_INPUT: fewer than two examples that are on and fit. E_CANCELLED. */
int eval_loo_run(struct eval_loo *l, struct err *err);
void eval_loo_free(struct eval_loo *l);

#endif
