/* arch.h - architectures as data. One row of arch.c per family; forward.c holds no family names.
 * Adding a family: one row (and one enum value with one branch in a layer file for a real novelty). */
#ifndef XUXIE_ENGINE_ARCH_H
#define XUXIE_ENGINE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum arch_norm { NORM_LAYER, NORM_RMS };
enum arch_position { POSITION_LEARNED, POSITION_ROPE_NEOX, POSITION_ROPE_NORM };
enum arch_act { ACT_GELU_TANH, ACT_GELU_ERF, ACT_SILU, ACT_RELU };
enum arch_mlp { MLP_PLAIN, MLP_GATED };
enum arch_qkv { QKV_FUSED, QKV_SPLIT };

/* The places for tensors. Per-model first, then per-layer. */
enum slot {
    SLOT_TOKEN_EMBD,    /* [V,C] */
    SLOT_POSITION_EMBD, /* [P,C] */
    SLOT_OUTPUT_NORM,   /* [C] */
    SLOT_OUTPUT_NORM_B,
    SLOT_OUTPUT,        /* [V,C]; absent: tied to token_embd */
    SLOT_ROPE_FREQS,    /* [R/2] divisors of the rotary frequencies (Llama 3) */
    N_MODEL_SLOTS,

    SLOT_ATTN_NORM = N_MODEL_SLOTS, /* [C] */
    SLOT_ATTN_NORM_B,
    SLOT_ATTN_QKV,      /* [3C,C] rows Q, K, V */
    SLOT_ATTN_QKV_B,
    SLOT_ATTN_Q,        /* [Q,C] */
    SLOT_ATTN_Q_B,
    SLOT_ATTN_K,        /* [KV,C] */
    SLOT_ATTN_K_B,
    SLOT_ATTN_V,
    SLOT_ATTN_V_B,
    SLOT_ATTN_Q_NORM,   /* [D] qk-norm */
    SLOT_ATTN_K_NORM,
    SLOT_ATTN_OUT,      /* [C,Q] */
    SLOT_ATTN_OUT_B,
    SLOT_FFN_NORM,
    SLOT_FFN_NORM_B,
    SLOT_FFN_GATE,      /* [F,C] */
    SLOT_FFN_GATE_B,
    SLOT_FFN_UP,
    SLOT_FFN_UP_B,
    SLOT_FFN_DOWN,      /* [C,F] */
    SLOT_FFN_DOWN_B,
    N_SLOTS,
};

enum slot_need { SLOT_ABSENT = 0, SLOT_OPTIONAL, SLOT_REQUIRED };

struct arch {
    const char *name;         /* GGUF general.architecture */
    const char *description;  /* "GPT-2, GPT-3 style" */
    enum arch_norm norm;
    enum arch_position position;
    enum arch_act act;        /* xuxie.activation in the file overrides: gelu_tanh, gelu_erf */
    enum arch_mlp mlp;
    enum arch_qkv qkv;
    const char *norm_eps_key; /* after "<name>.": "attention.layer_norm_epsilon" */
    float norm_eps_default;
    uint8_t need[N_SLOTS];    /* enum slot_need */
};

/* Spelling of a slot's tensor ("blk.%d.attn_norm.weight"). */
extern const char *const slot_gguf_name[N_SLOTS];

const struct arch *arch_find(const char *name, size_t n_bytes); /* NULL: unknown */
/* "gpt2" - the known names, for messages. */
const char *arch_names(void);

#endif
