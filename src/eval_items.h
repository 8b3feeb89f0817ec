/* eval_items.h - what `xuxie eval` asks: questions with their answers, from a file or a task.
 *
 * A file is JSONL. Free answers: {"题目": "雪", "output": "..."}, where output (or 输出) may also
 * be a list of answers that are all right. Choices: {"题目": "...", "choices": ["...", "..."],
 * "answer": 1}, the answer being the place of the right choice, counted from 0, or its text. All
 * other keys are variables of the template; their values are strings, or numbers taken as they are
 * written. */
#ifndef XUXIE_SRC_EVAL_ITEMS_H
#define XUXIE_SRC_EVAL_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/columns.h"
#include "src/template.h"

struct eval_item {
    struct template_field *fields;
    size_t n_fields;
    char **answers; /* all that are right; the first one is the one that is scored */
    size_t n_answers;
    char **choices; /* NULL: a free answer */
    size_t n_choices;
    size_t correct;     /* of choices */
    unsigned long line; /* of the file; 0: it was made */
};

struct eval_items {
    struct eval_item *items;
    size_t n;
};

/* An item with nothing in it behind the others; valid until the next one is added. */
struct eval_item *eval_items_add(struct eval_items *set);
void eval_item_add_field(struct eval_item *item, const char *name, const char *value);
void eval_item_add_answer(struct eval_item *item, const char *answer);
void eval_items_drop_last(struct eval_items *set);
void eval_items_free(struct eval_items *set);

/* Reads a file. E_INPUT with its name and the line: not JSON, no answer, an answer that is not
 * among the choices, ... *out is untouched then. */
int eval_items_read(const char *path, const struct columns *columns, struct eval_items *out,
                    struct err *err);
/* The same form read as examples that replace those of the template. */
int eval_items_read_examples(const char *path, const struct columns *columns, struct template *t,
                             struct err *err);

/* Gives each item without choices `n_choices`: its own answer and, drawn by the seed, answers of
 * other items and of the template's examples. E_INPUT when there are not enough different ones. */
int eval_items_make_choices(struct eval_items *set, const struct template *t, size_t n_choices,
                            uint64_t seed, struct err *err);

#endif
