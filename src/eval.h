/* eval.h - asks a model the questions of a test with some numbers of examples, and judges what it
 * answers. One thread, the caller's.
 *
 * The order is fixed: for each number of examples, for each draw of them, for each item. With the
 * shared style all items of a draw see the same examples, so that the engine reads these once. */
#ifndef XUXIE_SRC_EVAL_H
#define XUXIE_SRC_EVAL_H

#include "src/eval_items.h"
#include "src/eval_tally.h"
#include "src/eval_task.h"
#include "src/fewshot.h"

/* One item answered. Borrowed during the call. */
struct eval_outcome {
    size_t shot, draw, item; /* indices */
    uint64_t seed;           /* of the draw of examples */
    int k_used;
    const struct prompt *prompt;
    const char *output; /* of a free answer; NULL: none was written */
    size_t n_output;
    const char *reason;                /* why it ended; NULL */
    const struct eval_choice *choices; /* those of the item, in its order */
    size_t picked[N_EVAL_NORMS];       /* of choices */
    const struct fewshot_score *score; /* of the right answer, where it was judged by likelihood */
    struct eval_verdict verdict;
};

struct eval {
    /* the caller's to fill in; borrowed */
    struct fewshot *f; /* open; its settings say how answers are drawn */
    const struct eval_items *items;
    enum eval_style style;
    enum eval_metric metric;
    enum eval_norm norm;
    bool by_likelihood; /* right is an answer of which each token is the likeliest */
    const char
        *answer_context; /* NULL: choices are not compared with what they are by themselves */
    const int *shots;
    size_t n_shots, n_draws;
    uint64_t seed;                                                         /* of the first draw */
    int (*told)(void *arg, const struct eval_outcome *o, struct err *err); /* not 0 ends it */
    void *arg;
    /* private */
    struct eval_tally *tallies; /* one a number of examples */
    double *alone;              /* of all choices of all items, one after the other */
    size_t n_all, n_known, n_done;
    struct fewshot_score score;
    struct eval_choice *choices;
};

/* Measures what must fit and, with choices, how likely each is by itself. E_INPUT: an item for
 * which the context is too small, or that lacks a variable. */
int eval_open(struct eval *e, struct err *err);
void eval_close(struct eval *e); /* a zeroed one too */

/* How often the examples are drawn with a number of examples. */
size_t eval_draws(const struct eval *e, size_t shot);

/* An outcome that is known already, in the order in which eval_run would come to it: it is not
 * asked again. False: not the one whose turn it is. */
bool eval_know(struct eval *e, size_t shot, size_t draw, size_t item, int k_used,
               const struct eval_verdict *v);

/* Asks the rest. E_CANCELLED on a signal. */
int eval_run(struct eval *e, struct err *err);

/* False when there is no outcome with this number of examples. */
bool eval_get(const struct eval *e, size_t shot, struct eval_result *out);

/* What stands before an answer and is the same for all: the end of the query's format behind its
 * last variable, its last line only. Appends nothing when there is no such text. */
void eval_default_answer_context(const struct template *t, struct str *out);

/* The verdict on a free answer. */
void eval_judge(const struct eval_item *item, const char *output, size_t n, struct eval_verdict *v);

#endif
