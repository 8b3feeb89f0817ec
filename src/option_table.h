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

/* What only the command line of one subcommand says. */
struct flags {
    bool echo, json, raw, no_store, logprobs; /* continue */
    bool special, jsonl;                      /* tokenize, detokenize */
    bool words, no_hmm, no_lower_case, no_jieba;
    char *tokenizer;                          /* path; NULL: the model's. owned */
    enum tokenizer_rule rule;                 /* detokenize */
    char *ids, *npy;                          /* model logits. owned */
    char *output, *type;                      /* model import. owned */
    int64_t n_prompt, n_gen, repetitions;     /* bench */
};

/* The subcommands, as bits of option_row.commands. */
enum command_bit {
    CMD_ROOM = 1 << 0,
    CMD_CONTINUE = 1 << 1,
    CMD_TOKENIZE = 1 << 2,
    CMD_DETOKENIZE = 1 << 3,
    CMD_MODEL_LIST = 1 << 4,
    CMD_MODEL_INFO = 1 << 5,
    CMD_MODEL_LOGITS = 1 << 6,
    CMD_PERPLEXITY = 1 << 7,
    CMD_BENCH = 1 << 8,
    CMD_MODEL_TENSORS = 1 << 9,
    CMD_MODEL_IMPORT = 1 << 10,
    CMD_MODEL_QUANTIZE = 1 << 11,
    CMD_MODEL_CHECK = 1 << 12,
};

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
};

enum option_group {
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
    const char *const *choices; /* OPTION_CHOICE, OPTION_WORD; ended by NULL */
    const char *def;            /* as it would be typed; NULL: empty */
    const char *arg;            /* N_() shown for its value; NULL for switches */
    const char *help;           /* N_() one line */
    const char *allowed;        /* N_() what its value may be; NULL: anything */
    unsigned scope;             /* enum option_scope */
    unsigned commands;          /* enum command_bit; which command lines know it */
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;
extern const char *const option_group_names[N_GROUPS]; /* N_() headings */

/* By name, underscores or hyphens alike; -1 when unknown. */
int option_find(const char *name);
/* The name as the command line writes it ("top-k"), into out[64]; returns out. */
const char *option_hyphens(const struct option_row *row, char out[64]);
/* Is the value given on the command line optional or absent (a switch)? */
bool option_is_switch(const struct option_row *row);

/* Reads a value of a FLOAT, INT, BOOL, CHOICE, WORD or TEXT row into the field of `base`, the
 * struct the row belongs to. E_USAGE with name, value and what is allowed. */
int option_store(const struct option_row *row, void *base, const char *value, struct err *err);
/* The field as text, appended; the same types. */
void option_print(const struct option_row *row, const void *base, struct str *out);

void flags_init(struct flags *f);
void flags_free(struct flags *f);

#endif
