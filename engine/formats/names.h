/* names.h - the families of published checkpoints, as data: what each calls its tensors and how
 * those become the tensors of arch.h. Adding a family: one row of names.c, and in family.c one
 * function that reads its config.json when none of those there fits. */
#ifndef XUXIE_ENGINE_FORMATS_NAMES_H
#define XUXIE_ENGINE_FORMATS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/arch.h"
#include "src/base/err.h"

/* From the tensor of the checkpoint to the one of the slot. */
enum recipe {
    RECIPE_PLAIN,
    RECIPE_TRANSPOSED, /* Conv1D [in,out] */
    RECIPE_QKV_HEADS,  /* rows [A,3,D], head by head, become Q, K, V */
    RECIPE_ROPE_Q,     /* where the rotation pairs neighbours: rows [A,2,D/2] become [A,D/2,2] */
    RECIPE_ROPE_K,     /* the same with the key heads */
};

/* How the pieces of a tensor that was cut for several processes go together, in rank order. */
enum join {
    JOIN_SAME,    /* every process has a copy: the first is taken */
    JOIN_ROWS,    /* along the first axis */
    JOIN_COLUMNS, /* along the second */
};

struct name_row {
    const char *pattern; /* "h.%d.ln_1.weight" */
    uint8_t slot;        /* enum slot */
    uint8_t recipe;
    uint8_t join;
};

struct family_facts;
struct jsonfile;

struct family {
    const char *name;            /* for people: "DAMO GPT-3, Megatron" */
    const char *const *prefixes; /* that may stand before every name; ended by NULL */
    const struct name_row *rows; /* ended by a NULL pattern; the first one names the embedding */
    const char *const *ignored;  /* patterns of buffers; ended by NULL */
    /* config.json to metadata (family.c) */
    int (*describe)(const struct jsonfile *config, struct family_facts *facts, struct err *err);
};

/* The families in the order in which they are tried; NULL at the end. */
extern const struct family *const families[];

/* The row a name of the checkpoint matches, with or without one of the prefixes; *layer is the
 * number at its %d, or 0. NULL: none. */
const struct name_row *names_match(const struct family *f, const char *name, int *layer);
/* Is it a buffer that is no part of the model? */
bool names_ignored(const struct family *f, const char *name);
/* The name a row stands for in a layer, without prefix. */
void names_spell(const struct name_row *row, int layer, char *out, size_t size);

#endif
