/* option_table.h - the rows of the one table (see options.h). Seen by options.c, config.c, cli*.c
 * and the tests only; everybody else uses options.h.
 *
 * A row writes into struct settings (what the person may set anywhere) or into struct flags
 * (switches and arguments of one subcommand, command line only). Adding an option is adding a row
 * and a field.
 */
#ifndef XUXIE_SRC_OPTION_TABLE_H
#define XUXIE_SRC_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/err.h"
#include "src/options.h"

/* The values of an option that may be given several times. */
struct text_list {
    char **items;
    size_t n;
};

/* What only the command line of one subcommand says. */
struct flags {
    bool echo, json, raw, no_store, logprobs, parse_special; /* continue */
    bool special, jsonl;                      /* tokenize, detokenize */
    bool words, no_hmm, no_lower_case, no_jieba;
    char *tokenizer;                          /* path; NULL: the model's. owned */
    enum tokenizer_rule rule;                 /* detokenize */
    char *ids, *npy;                          /* model logits. owned */
    char *output, *type;                      /* model import. owned */
    int64_t n_prompt, n_gen, repetitions;     /* bench */
    /* template, run, eval; all owned */
    char *shots;                              /* a number or "fit"; NULL: as the template says */
    bool zero_shot, one_shot, few_shot;       /* the same in words */
    char *select;                             /* NULL: as the template says */
    struct text_list var, tag, map, from_generation;
    char *input, *from, *into, *format, *answer, *note;
    int64_t budget, version_number;           /* 0: not given */
    bool yes, force, skip_bad;
    /* run, eval; all owned */
    char *style, *test, *train, *word_list, *metric, *answer_context, *dump;
    int64_t items, seeds, choices;
    bool resume, list, leave_one_out;
    /* history, story; all owned */
    char *story, *template, *by_model, *origin, *since, *until, *query;
    bool starred, ranked, scan;
    int64_t min_chars, max_chars;             /* 0: no such limit */
    int64_t limit, shown;                     /* how many at most; 0: all */
    bool prompt, text, tell_settings, tokens; /* history show, diff */
    bool off, reindex;
    int64_t branch;                           /* story export: a passage; 0: the current one */
    bool all_branches, indent;
};

/* The subcommands, as bits of option_row.commands (command_set). More of them than an enum holds. */
typedef uint64_t command_set;

#define CMD_ROOM (UINT64_C(1) << 0)
#define CMD_CONTINUE (UINT64_C(1) << 1)
#define CMD_TOKENIZE (UINT64_C(1) << 2)
#define CMD_DETOKENIZE (UINT64_C(1) << 3)
#define CMD_MODEL_LIST (UINT64_C(1) << 4)
#define CMD_MODEL_INFO (UINT64_C(1) << 5)
#define CMD_MODEL_LOGITS (UINT64_C(1) << 6)
#define CMD_PERPLEXITY (UINT64_C(1) << 7)
#define CMD_BENCH (UINT64_C(1) << 8)
#define CMD_MODEL_TENSORS (UINT64_C(1) << 9)
#define CMD_MODEL_IMPORT (UINT64_C(1) << 10)
#define CMD_MODEL_QUANTIZE (UINT64_C(1) << 11)
#define CMD_MODEL_CHECK (UINT64_C(1) << 12)
#define CMD_MODEL_USE (UINT64_C(1) << 13)
#define CMD_MODEL_REMOVE (UINT64_C(1) << 14)
#define CMD_TEMPLATE_LIST (UINT64_C(1) << 15)
#define CMD_TEMPLATE_SHOW (UINT64_C(1) << 16)
#define CMD_TEMPLATE_ADD (UINT64_C(1) << 17)
#define CMD_TEMPLATE_EDIT (UINT64_C(1) << 18)
#define CMD_TEMPLATE_REMOVE (UINT64_C(1) << 19)
#define CMD_TEMPLATE_IMPORT (UINT64_C(1) << 20)
#define CMD_TEMPLATE_EXPORT (UINT64_C(1) << 21)
#define CMD_TEMPLATE_PREVIEW (UINT64_C(1) << 22)
#define CMD_RUN (UINT64_C(1) << 23)
#define CMD_EVAL (UINT64_C(1) << 24)
#define CMD_HISTORY_LIST (UINT64_C(1) << 25)
#define CMD_HISTORY_SEARCH (UINT64_C(1) << 26)
#define CMD_HISTORY_SHOW (UINT64_C(1) << 27)
#define CMD_HISTORY_DIFF (UINT64_C(1) << 28)
#define CMD_HISTORY_STAR (UINT64_C(1) << 29)
#define CMD_HISTORY_TAG (UINT64_C(1) << 30)
#define CMD_HISTORY_NOTE (UINT64_C(1) << 31)
#define CMD_HISTORY_REPLAY (UINT64_C(1) << 32)
#define CMD_HISTORY_EXPORT (UINT64_C(1) << 33)
#define CMD_HISTORY_STATS (UINT64_C(1) << 34)
#define CMD_HISTORY_DELETE (UINT64_C(1) << 35)
#define CMD_STORY_LIST (UINT64_C(1) << 36)
#define CMD_STORY_EXPORT (UINT64_C(1) << 37)

enum option_type {
    OPTION_FLOAT,    /* double */
    OPTION_INT,      /* int64_t */
    OPTION_BOOL,     /* bool; "on", "off" */
    OPTION_CHOICE,   /* enum: the place in `choices` */
    OPTION_WORD,     /* char *: one of `choices`; the first one is NULL */
    OPTION_TEXT,     /* char *: any text; empty is NULL */
    OPTION_PRESET,   /* char[32] */
    OPTION_SAMPLERS, /* uint8_t[N_STAGES] */
    OPTION_STOPS,    /* settings.stops */
    OPTION_BIAS,     /* settings.bias */
    OPTION_LIST,     /* struct text_list: any texts, each time it is given one more */
};

enum option_group {
    GROUP_PROMPT,
    GROUP_FILTER,
    GROUP_SAMPLING,
    GROUP_LENGTH,
    GROUP_ENGINE,
    GROUP_ROOM,
    GROUP_PROGRAM,
    N_GROUPS
};

struct option_row {
    const char *name; /* top_k */
    char letter;      /* short option, 0: none */
    enum option_type type;
    enum option_group group;
    bool is_flag;   /* the field is in struct flags, else in struct settings */
    bool in_preset; /* presets decide its value */
    size_t offset;
    double min, max;  /* numbers */
    const char *word; /* how `min` is also written: "auto", "off"; NULL: only as a number */
    bool bare;        /* OPTION_WORD: its name alone, on the command line, means "on" */
    const char *const *choices; /* OPTION_CHOICE, OPTION_WORD; ended by NULL */
    const char *def;            /* as it would be typed; NULL: empty */
    const char *arg;            /* N_() shown for its value; NULL for switches */
    const char *help;           /* N_() one line */
    const char *allowed;        /* N_() what its value may be; NULL: anything */
    unsigned scope;             /* enum option_scope */
    command_set commands;       /* which command lines know it */
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;
extern const char *const option_group_names[N_GROUPS]; /* N_() headings */

/* By name, underscores or hyphens alike; -1 when unknown. A name may have several rows, of
 * different subcommands; the first is meant: the one that belongs to struct settings if any does.
 */
int option_find(const char *name);
/* The row of that name that one of the subcommands knows, -1 when none does. */
int option_find_for(const char *name, command_set commands);
/* The name as the command line writes it ("top-k"), into out[64]; returns out. */
const char *option_hyphens(const struct option_row *row, char out[64]);
/* Is the value given on the command line optional or absent (a switch)? */
bool option_is_switch(const struct option_row *row);

/* Reads a value of a FLOAT, INT, BOOL, CHOICE, WORD, TEXT or LIST row into the field of `base`, the
 * struct the row belongs to. E_USAGE with name, value and what is allowed. */
int option_store(const struct option_row *row, void *base, const char *value, struct err *err);
/* The field as text, appended; the same types. */
void option_print(const struct option_row *row, const void *base, struct str *out);

void flags_init(struct flags *f);
void flags_free(struct flags *f);

#endif
