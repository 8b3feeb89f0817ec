/* eval_score.h - how an answer is judged, and what a number of judgements says. Pure. */
#ifndef XUXIE_SRC_EVAL_SCORE_H
#define XUXIE_SRC_EVAL_SCORE_H

#include <stdbool.h>
#include <stddef.h>

/* ---- free answers ---- */

/* The same text but for white space around it. */
bool eval_exact(const char *answer, size_t n_answer, const char *output, size_t n_output);

/* How many words the two have in common, as F1, 0 to 1. Words are found as in the SQuAD script
 * (Rajpurkar et al. 2016, arXiv 1606.05250): lower case, without punctuation, without the English
 * articles, divided at white space; each Chinese character is a word of its own, so that for
 * Chinese it is the F1 of characters. When one text has no word, 1 if the other has none either,
 * else 0. */
double eval_f1(const char *answer, size_t n_answer, const char *output, size_t n_output);

/* ---- choices by likelihood ---- */

/* What the model says of one of the texts to choose from. */
struct eval_choice {
    double sum;   /* ln P(text | prompt) */
    double alone; /* ln P(text | answer context); NaN when it was not asked for */
    int n_tokens;
    int n_characters; /* white space before the text left out */
};

/* By what the texts are compared. The first three are the paper's (Brown et al. 2020, section 2.4),
 * the last one is acc_norm of the lm-evaluation-harness. */
enum eval_norm {
    EVAL_TOKEN,     /* sum / n_tokens */
    EVAL_CONTEXT,   /* sum - alone */
    EVAL_SUM,       /* sum */
    EVAL_CHARACTER, /* sum / n_characters */
    N_EVAL_NORMS,
};
extern const char *const eval_norm_names[N_EVAL_NORMS]; /* as JSON calls them */

double eval_choice_value(const struct eval_choice *c, enum eval_norm norm);
/* The first of the best; n > 0. A value that is not a number is never the best. */
size_t eval_choose(const struct eval_choice *choices, size_t n, enum eval_norm norm);

/* The characters of a text that EVAL_CHARACTER counts. */
int eval_count_characters(const char *text, size_t n);

/* ---- what it says ---- */

struct eval_interval {
    double low, high;
};

/* 95 % interval of a probability of which n trials gave the fraction p. */
struct eval_interval eval_wilson(double p, double n);
/* 95 % interval of the mean of n values between 0 and 1 with this sample variance. */
struct eval_interval eval_mean_interval(double mean, double variance, double n);

#endif
