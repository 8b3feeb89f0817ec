/* eval_dump.h - every question of an evaluation with its exact prompt, the answer and the figures,
 * a line of JSON each; and back, to go on where it ended. The first line tells what was done with
 * what. tests/reference/recompute_eval.py finds the results again from such a file. */
#ifndef XUXIE_SRC_EVAL_DUMP_H
#define XUXIE_SRC_EVAL_DUMP_H

#include "src/eval.h"
#include "src/resultfile.h"

struct eval_dump {
    struct eval *eval; /* borrowed */
    struct resultfile file;
    const char *name; /* of the task or template, borrowed */
    char setup[33];   /* a hash of all that decides what is asked */
    bool has_head;
};

/* Opens the file, takes what is in it into the evaluation (which is open) and writes the first line
 * of a new one. E_INPUT: it belongs to another evaluation. */
int eval_dump_open(struct eval_dump *d, struct eval *e, const char *path, const char *name,
                   struct err *err);
int eval_dump_put(struct eval_dump *d, const struct eval_outcome *o, struct err *err);
int eval_dump_close(struct eval_dump *d, struct err *err);

/* What the evaluation is, as the first line has it and --json tells. */
json_t *eval_head_json(const struct eval *e, const char *name);
/* A result, likewise. */
json_t *eval_result_json(const struct eval *e, const struct eval_result *r);

#endif
