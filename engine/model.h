/* model.h - an opened model: its architecture row, hyperparameters and tensors, all checked.
 * Immutable after model_open; shared by all sessions. Tensors point into the mapping. */
#ifndef XUXIE_ENGINE_MODEL_H
#define XUXIE_ENGINE_MODEL_H

#include <stdint.h>

#include "engine/arch.h"
#include "engine/formats/weights.h"
#include "engine/sample_params.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/err.h"

struct hparams {
    int n_vocab;     /* V: rows of token_embd */
    int n_ctx_train; /* P */
    int n_embd;      /* C */
    int n_layer;     /* L */
    int n_head;      /* A query heads */
    int n_head_kv;   /* KV heads */
    int head_dim;    /* D */
    int n_ff;        /* F */
    float norm_eps;
    enum arch_act act;
    float rope_theta;
    int n_rot;        /* R: leading elements of a head that are rotated; 0 without rotary positions */
    float rope_scale; /* factor on cos and sin: 1, or YaRN's attention factor */
    int window;       /* a position sees this many positions, its own included; 0: all before it */
    int window_from;  /* the first layer with the window; in those before it all are seen */
    float attn_scale; /* 1/sqrt(D) */
};

struct model {
    struct weights *weights;            /* owned */
    const struct arch *arch;
    struct hparams hp;
    const struct tensor *slots[N_MODEL_SLOTS];          /* NULL where absent */
    const struct tensor *(*layers)[N_SLOTS];            /* [n_layer][N_SLOTS], owned */
    /* 1-D tensors (norms, biases) converted to f32: parallel to the above, owned arena */
    const float *vec[N_MODEL_SLOTS];
    const float *(*layer_vec)[N_SLOTS];
    const float *rope_freq;             /* [R/2] radians per position */
    struct sample_hint hint;
    void *vec_memory;                   /* owned */
};

/* Takes the weights (also on failure). Resolves every slot, checks every shape, and reports all
 * missing or misshapen tensors in one message. */
int model_open(struct weights *weights, struct model **out, struct err *err);
void model_free(struct model *m);

/* The tokenizer of the model's file. E_INPUT when it has more tokens than token_embd has rows. */
int model_open_tokenizer(const struct model *m, struct tokenizer **out, struct err *err);

int64_t model_n_params(const struct model *m);
const char *model_type_name(const struct model *m); /* type of most weight bytes */

#endif
