/* arch.c - the architecture table and the names of tensors. Data only: what a row means is decided
 * in model.c (shapes, hyperparameters) and layers/ (computing). */
#include "config.h"

#include "engine/arch.h"

#include <string.h>

#include "src/base/mem.h"

const char *const slot_gguf_name[N_SLOTS] = {
    [SLOT_TOKEN_EMBD] = "token_embd.weight",
    [SLOT_POSITION_EMBD] = "position_embd.weight",
    [SLOT_OUTPUT_NORM] = "output_norm.weight",
    [SLOT_OUTPUT_NORM_B] = "output_norm.bias",
    [SLOT_OUTPUT] = "output.weight",
    [SLOT_ROPE_FREQS] = "rope_freqs.weight",
    [SLOT_ATTN_NORM] = "blk.%d.attn_norm.weight",
    [SLOT_ATTN_NORM_B] = "blk.%d.attn_norm.bias",
    [SLOT_ATTN_QKV] = "blk.%d.attn_qkv.weight",
    [SLOT_ATTN_QKV_B] = "blk.%d.attn_qkv.bias",
    [SLOT_ATTN_Q] = "blk.%d.attn_q.weight",
    [SLOT_ATTN_Q_B] = "blk.%d.attn_q.bias",
    [SLOT_ATTN_K] = "blk.%d.attn_k.weight",
    [SLOT_ATTN_K_B] = "blk.%d.attn_k.bias",
    [SLOT_ATTN_V] = "blk.%d.attn_v.weight",
    [SLOT_ATTN_V_B] = "blk.%d.attn_v.bias",
    [SLOT_ATTN_Q_NORM] = "blk.%d.attn_q_norm.weight",
    [SLOT_ATTN_K_NORM] = "blk.%d.attn_k_norm.weight",
    [SLOT_ATTN_OUT] = "blk.%d.attn_output.weight",
    [SLOT_ATTN_OUT_B] = "blk.%d.attn_output.bias",
    [SLOT_FFN_NORM] = "blk.%d.ffn_norm.weight",
    [SLOT_FFN_NORM_B] = "blk.%d.ffn_norm.bias",
    [SLOT_FFN_GATE] = "blk.%d.ffn_gate.weight",
    [SLOT_FFN_GATE_B] = "blk.%d.ffn_gate.bias",
    [SLOT_FFN_UP] = "blk.%d.ffn_up.weight",
    [SLOT_FFN_UP_B] = "blk.%d.ffn_up.bias",
    [SLOT_FFN_DOWN] = "blk.%d.ffn_down.weight",
    [SLOT_FFN_DOWN_B] = "blk.%d.ffn_down.bias",
};

/* clang-format off */
static const struct arch archs[] = {
    {
        .name = "gpt2",
        .description = "GPT-2, GPT-3 style",
        .norm = NORM_LAYER,
        .position = POSITION_LEARNED,
        .act = ACT_GELU_TANH,
        .mlp = MLP_PLAIN,
        .qkv = QKV_FUSED,
        .norm_eps_key = "attention.layer_norm_epsilon",
        .norm_eps_default = 1e-5f,
        .need =
            {
                [SLOT_TOKEN_EMBD] = SLOT_REQUIRED,
                [SLOT_POSITION_EMBD] = SLOT_REQUIRED,
                [SLOT_OUTPUT_NORM] = SLOT_REQUIRED,
                [SLOT_OUTPUT_NORM_B] = SLOT_REQUIRED,
                [SLOT_OUTPUT] = SLOT_OPTIONAL,
                [SLOT_ATTN_NORM] = SLOT_REQUIRED,
                [SLOT_ATTN_NORM_B] = SLOT_REQUIRED,
                [SLOT_ATTN_QKV] = SLOT_REQUIRED,
                [SLOT_ATTN_QKV_B] = SLOT_REQUIRED,
                [SLOT_ATTN_OUT] = SLOT_REQUIRED,
                [SLOT_ATTN_OUT_B] = SLOT_REQUIRED,
                [SLOT_FFN_NORM] = SLOT_REQUIRED,
                [SLOT_FFN_NORM_B] = SLOT_REQUIRED,
                [SLOT_FFN_UP] = SLOT_REQUIRED,
                [SLOT_FFN_UP_B] = SLOT_REQUIRED,
                [SLOT_FFN_DOWN] = SLOT_REQUIRED,
                [SLOT_FFN_DOWN_B] = SLOT_REQUIRED,
            },
    },
    {
        .name = "llama",
        .description = "Llama, Mistral",
        .norm = NORM_RMS,
        .position = POSITION_ROPE_NORM,
        .act = ACT_SILU,
        .mlp = MLP_GATED,
        .qkv = QKV_SPLIT,
        .norm_eps_key = "attention.layer_norm_rms_epsilon",
        .norm_eps_default = 1e-5f,
        .need =
            {
                [SLOT_TOKEN_EMBD] = SLOT_REQUIRED,
                [SLOT_OUTPUT_NORM] = SLOT_REQUIRED,
                [SLOT_OUTPUT] = SLOT_OPTIONAL,
                [SLOT_ROPE_FREQS] = SLOT_OPTIONAL,
                [SLOT_ATTN_NORM] = SLOT_REQUIRED,
                [SLOT_ATTN_Q] = SLOT_REQUIRED,
                [SLOT_ATTN_Q_B] = SLOT_OPTIONAL,
                [SLOT_ATTN_K] = SLOT_REQUIRED,
                [SLOT_ATTN_K_B] = SLOT_OPTIONAL,
                [SLOT_ATTN_V] = SLOT_REQUIRED,
                [SLOT_ATTN_V_B] = SLOT_OPTIONAL,
                [SLOT_ATTN_OUT] = SLOT_REQUIRED,
                [SLOT_ATTN_OUT_B] = SLOT_OPTIONAL,
                [SLOT_FFN_NORM] = SLOT_REQUIRED,
                [SLOT_FFN_GATE] = SLOT_REQUIRED,
                [SLOT_FFN_GATE_B] = SLOT_OPTIONAL,
                [SLOT_FFN_UP] = SLOT_REQUIRED,
                [SLOT_FFN_UP_B] = SLOT_OPTIONAL,
                [SLOT_FFN_DOWN] = SLOT_REQUIRED,
                [SLOT_FFN_DOWN_B] = SLOT_OPTIONAL,
            },
    },
    {
        .name = "qwen2",
        .description = "Qwen 2 and 2.5",
        .norm = NORM_RMS,
        .position = POSITION_ROPE_NEOX,
        .act = ACT_SILU,
        .mlp = MLP_GATED,
        .qkv = QKV_SPLIT,
        .norm_eps_key = "attention.layer_norm_rms_epsilon",
        .norm_eps_default = 1e-6f,
        .need =
            {
                [SLOT_TOKEN_EMBD] = SLOT_REQUIRED,
                [SLOT_OUTPUT_NORM] = SLOT_REQUIRED,
                [SLOT_OUTPUT] = SLOT_OPTIONAL,
                [SLOT_ATTN_NORM] = SLOT_REQUIRED,
                [SLOT_ATTN_Q] = SLOT_REQUIRED,
                [SLOT_ATTN_Q_B] = SLOT_REQUIRED,
                [SLOT_ATTN_K] = SLOT_REQUIRED,
                [SLOT_ATTN_K_B] = SLOT_REQUIRED,
                [SLOT_ATTN_V] = SLOT_REQUIRED,
                [SLOT_ATTN_V_B] = SLOT_REQUIRED,
                [SLOT_ATTN_OUT] = SLOT_REQUIRED,
                [SLOT_FFN_NORM] = SLOT_REQUIRED,
                [SLOT_FFN_GATE] = SLOT_REQUIRED,
                [SLOT_FFN_UP] = SLOT_REQUIRED,
                [SLOT_FFN_DOWN] = SLOT_REQUIRED,
            },
    },
    {
        .name = "qwen3",
        .description = "Qwen 3 (dense)",
        .norm = NORM_RMS,
        .position = POSITION_ROPE_NEOX,
        .act = ACT_SILU,
        .mlp = MLP_GATED,
        .qkv = QKV_SPLIT,
        .norm_eps_key = "attention.layer_norm_rms_epsilon",
        .norm_eps_default = 1e-6f,
        .need =
            {
                [SLOT_TOKEN_EMBD] = SLOT_REQUIRED,
                [SLOT_OUTPUT_NORM] = SLOT_REQUIRED,
                [SLOT_OUTPUT] = SLOT_OPTIONAL,
                [SLOT_ATTN_NORM] = SLOT_REQUIRED,
                [SLOT_ATTN_Q] = SLOT_REQUIRED,
                [SLOT_ATTN_Q_B] = SLOT_OPTIONAL,
                [SLOT_ATTN_K] = SLOT_REQUIRED,
                [SLOT_ATTN_K_B] = SLOT_OPTIONAL,
                [SLOT_ATTN_V] = SLOT_REQUIRED,
                [SLOT_ATTN_V_B] = SLOT_OPTIONAL,
                [SLOT_ATTN_Q_NORM] = SLOT_REQUIRED,
                [SLOT_ATTN_K_NORM] = SLOT_REQUIRED,
                [SLOT_ATTN_OUT] = SLOT_REQUIRED,
                [SLOT_ATTN_OUT_B] = SLOT_OPTIONAL,
                [SLOT_FFN_NORM] = SLOT_REQUIRED,
                [SLOT_FFN_GATE] = SLOT_REQUIRED,
                [SLOT_FFN_UP] = SLOT_REQUIRED,
                [SLOT_FFN_DOWN] = SLOT_REQUIRED,
            },
    },
};
/* clang-format on */

const struct arch *arch_find(const char *name, size_t n_bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(archs); i++)
        if (strlen(archs[i].name) == n_bytes && memcmp(archs[i].name, name, n_bytes) == 0)
            return &archs[i];
    return NULL;
}

const char *arch_names(void)
{
    return "gpt2, llama, qwen2, qwen3";
}
