/* eval_task.h - the tasks `xuxie eval` brings along: questions made on the spot, by seed.
 *
 * Letters and figures are those of Brown et al. 2020 (arXiv 2005.14165, section 3.9 and table H.1)
 * in the form of the data OpenAI released (github.com/openai/gpt-3/data); the Chinese ones are
 * their like, and ours. What is drawn is ours too, so that no result depends on questions a model
 * may have read. */
#ifndef XUXIE_SRC_EVAL_TASK_H
#define XUXIE_SRC_EVAL_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/eval_items.h"

enum eval_style {
    EVAL_STYLE_SHARED,  /* one draw of examples for each seed serves all items */
    EVAL_STYLE_PAPER,   /* examples are drawn anew for each item */
    EVAL_STYLE_LM_EVAL, /* as the lm-evaluation-harness words, draws and judges */
};

struct eval_form; /* eval_task.c: how questions of a kind are worded */
struct eval_maker;
struct str;

struct eval_task {
    const char *name;  /* "2d+" */
    const char *about; /* N_() one line */
    const struct eval_form *form;
    int k;              /* examples when nobody says otherwise: table H.1 */
    const char *lines;  /* file of data/eval its questions come from; NULL: none */
    size_t n_least;     /* letters a word has at least */
    int digits;         /* of numbers */
    unsigned operation; /* of numbers */
    /* Puts question and answer, of this line or freely drawn; false: this one cannot be asked. */
    bool (*make)(struct eval_maker *m, const char *line, struct str *question, struct str *answer);
};

extern const struct eval_task eval_tasks[];
extern const size_t n_eval_tasks;

const struct eval_task *eval_task_find(const char *name); /* NULL: none */

/* The task as a template, whose examples are to be drawn from, and *n_items items (or as many as
 * there are, *n_items says how many): no question stands on both sides, none twice. `words`: a file
 * instead of our own word list, NULL: none. E_INPUT, E_IO: a list that cannot be used. */
int eval_task_make(const struct eval_task *task, enum eval_style style, uint64_t seed,
                   const char *words, size_t *n_items, struct template **template,
                   struct eval_items *items, struct err *err);

/* Does lm-eval judge it by likelihood: right is an answer of which each token is the likeliest? */
bool eval_task_lm_eval_greedy(const struct eval_task *task);

#endif
