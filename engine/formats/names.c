/* names.c - see names.h. Read in, or checked against, the reference implementations: ModelScope's
 * gpt3 and distributed GPT-3, transformers. */
#include "config.h"

#include "engine/formats/names.h"

#include <stdio.h>
#include <string.h>

#include "engine/formats/family.h"
#include "src/base/limits.h"

static const char *const no_patterns[] = {NULL};

/* ---- DAMO chinese-base and -large: Q, K, V one after another ---- */

static const char *const damo_prefixes[] = {"model.", NULL};

#define LAYER "language_model.transformer.layers.%d."
static const struct name_row damo_rows[] = {
    {"language_model.word_embeddings.weight", SLOT_TOKEN_EMBD, RECIPE_PLAIN, JOIN_SAME},
    {"language_model.position_embeddings.weight", SLOT_POSITION_EMBD, RECIPE_PLAIN, JOIN_SAME},
    {"language_model.transformer.final_layernorm.weight", SLOT_OUTPUT_NORM, RECIPE_PLAIN,
     JOIN_SAME},
    {"language_model.transformer.final_layernorm.bias", SLOT_OUTPUT_NORM_B, RECIPE_PLAIN,
     JOIN_SAME},
    {LAYER "input_layernorm.weight", SLOT_ATTN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "input_layernorm.bias", SLOT_ATTN_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "attention.query_key_value.weight", SLOT_ATTN_QKV, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "attention.query_key_value.bias", SLOT_ATTN_QKV_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "attention.dense.weight", SLOT_ATTN_OUT, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "attention.dense.bias", SLOT_ATTN_OUT_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "post_attention_layernorm.weight", SLOT_FFN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "post_attention_layernorm.bias", SLOT_FFN_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.dense_h_to_4h.weight", SLOT_FFN_UP, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.dense_h_to_4h.bias", SLOT_FFN_UP_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.dense_4h_to_h.weight", SLOT_FFN_DOWN, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.dense_4h_to_h.bias", SLOT_FFN_DOWN_B, RECIPE_PLAIN, JOIN_SAME},
    {NULL, 0, 0, 0},
};
#undef LAYER

static const struct family damo = {
    .name = "DAMO GPT-3",
    .prefixes = damo_prefixes,
    .rows = damo_rows,
    .ignored = no_patterns,
    .describe = family_damo,
};

/* ---- DAMO 1.3B and above: Megatron's names, Q, K, V head by head, cut for several processes ----
 */

static const char *const megatron_prefixes[] = {"module.", "model.", NULL};

#define LAYER "language_model.encoder.layers.%d."
static const struct name_row megatron_rows[] = {
    {"language_model.embedding.word_embeddings.weight", SLOT_TOKEN_EMBD, RECIPE_PLAIN, JOIN_ROWS},
    {"language_model.embedding.position_embeddings.weight", SLOT_POSITION_EMBD, RECIPE_PLAIN,
     JOIN_SAME},
    {"language_model.encoder.final_layernorm.weight", SLOT_OUTPUT_NORM, RECIPE_PLAIN, JOIN_SAME},
    {"language_model.encoder.final_layernorm.bias", SLOT_OUTPUT_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "input_layernorm.weight", SLOT_ATTN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "input_layernorm.bias", SLOT_ATTN_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attention.query_key_value.weight", SLOT_ATTN_QKV, RECIPE_QKV_HEADS, JOIN_ROWS},
    {LAYER "self_attention.query_key_value.bias", SLOT_ATTN_QKV_B, RECIPE_QKV_HEADS, JOIN_ROWS},
    {LAYER "self_attention.dense.weight", SLOT_ATTN_OUT, RECIPE_PLAIN, JOIN_COLUMNS},
    {LAYER "self_attention.dense.bias", SLOT_ATTN_OUT_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "post_attention_layernorm.weight", SLOT_FFN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "post_attention_layernorm.bias", SLOT_FFN_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.dense_h_to_4h.weight", SLOT_FFN_UP, RECIPE_PLAIN, JOIN_ROWS},
    {LAYER "mlp.dense_h_to_4h.bias", SLOT_FFN_UP_B, RECIPE_PLAIN, JOIN_ROWS},
    {LAYER "mlp.dense_4h_to_h.weight", SLOT_FFN_DOWN, RECIPE_PLAIN, JOIN_COLUMNS},
    {LAYER "mlp.dense_4h_to_h.bias", SLOT_FFN_DOWN_B, RECIPE_PLAIN, JOIN_SAME},
    {NULL, 0, 0, 0},
};
#undef LAYER

static const struct family megatron = {
    .name = "DAMO GPT-3, Megatron",
    .prefixes = megatron_prefixes,
    .rows = megatron_rows,
    .ignored = no_patterns,
    .describe = family_megatron,
};

/* ---- GPT-2 of Hugging Face: OpenAI's, GPT2-Chinese, uer ---- */

static const char *const gpt2_prefixes[] = {"transformer.", NULL};

/* The masks of attention; "attn.c_attn.bias" is none. */
static const char *const gpt2_ignored[] = {"h.%d.attn.bias", "h.%d.attn.masked_bias", NULL};

static const struct name_row gpt2_rows[] = {
    {"wte.weight", SLOT_TOKEN_EMBD, RECIPE_PLAIN, JOIN_SAME},
    {"wpe.weight", SLOT_POSITION_EMBD, RECIPE_PLAIN, JOIN_SAME},
    {"ln_f.weight", SLOT_OUTPUT_NORM, RECIPE_PLAIN, JOIN_SAME},
    {"ln_f.bias", SLOT_OUTPUT_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {"lm_head.weight", SLOT_OUTPUT, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.ln_1.weight", SLOT_ATTN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.ln_1.bias", SLOT_ATTN_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.attn.c_attn.weight", SLOT_ATTN_QKV, RECIPE_TRANSPOSED, JOIN_SAME},
    {"h.%d.attn.c_attn.bias", SLOT_ATTN_QKV_B, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.attn.c_proj.weight", SLOT_ATTN_OUT, RECIPE_TRANSPOSED, JOIN_SAME},
    {"h.%d.attn.c_proj.bias", SLOT_ATTN_OUT_B, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.ln_2.weight", SLOT_FFN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.ln_2.bias", SLOT_FFN_NORM_B, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.mlp.c_fc.weight", SLOT_FFN_UP, RECIPE_TRANSPOSED, JOIN_SAME},
    {"h.%d.mlp.c_fc.bias", SLOT_FFN_UP_B, RECIPE_PLAIN, JOIN_SAME},
    {"h.%d.mlp.c_proj.weight", SLOT_FFN_DOWN, RECIPE_TRANSPOSED, JOIN_SAME},
    {"h.%d.mlp.c_proj.bias", SLOT_FFN_DOWN_B, RECIPE_PLAIN, JOIN_SAME},
    {NULL, 0, 0, 0},
};

static const struct family gpt2 = {
    .name = "GPT-2",
    .prefixes = gpt2_prefixes,
    .rows = gpt2_rows,
    .ignored = gpt2_ignored,
    .describe = family_gpt2,
};

/* ---- Llama, Mistral, Qwen ---- */

static const char *const llama_ignored[] = {"model.layers.%d.self_attn.rotary_emb.inv_freq",
                                            "model.rotary_emb.inv_freq", NULL};

#define LAYER "model.layers.%d."
static const struct name_row llama_rows[] = {
    {"model.embed_tokens.weight", SLOT_TOKEN_EMBD, RECIPE_PLAIN, JOIN_SAME},
    {"model.norm.weight", SLOT_OUTPUT_NORM, RECIPE_PLAIN, JOIN_SAME},
    {"lm_head.weight", SLOT_OUTPUT, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "input_layernorm.weight", SLOT_ATTN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attn.q_proj.weight", SLOT_ATTN_Q, RECIPE_ROPE_Q, JOIN_SAME},
    {LAYER "self_attn.q_proj.bias", SLOT_ATTN_Q_B, RECIPE_ROPE_Q, JOIN_SAME},
    {LAYER "self_attn.k_proj.weight", SLOT_ATTN_K, RECIPE_ROPE_K, JOIN_SAME},
    {LAYER "self_attn.k_proj.bias", SLOT_ATTN_K_B, RECIPE_ROPE_K, JOIN_SAME},
    {LAYER "self_attn.v_proj.weight", SLOT_ATTN_V, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attn.v_proj.bias", SLOT_ATTN_V_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attn.q_norm.weight", SLOT_ATTN_Q_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attn.k_norm.weight", SLOT_ATTN_K_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attn.o_proj.weight", SLOT_ATTN_OUT, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "self_attn.o_proj.bias", SLOT_ATTN_OUT_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "post_attention_layernorm.weight", SLOT_FFN_NORM, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.gate_proj.weight", SLOT_FFN_GATE, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.gate_proj.bias", SLOT_FFN_GATE_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.up_proj.weight", SLOT_FFN_UP, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.up_proj.bias", SLOT_FFN_UP_B, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.down_proj.weight", SLOT_FFN_DOWN, RECIPE_PLAIN, JOIN_SAME},
    {LAYER "mlp.down_proj.bias", SLOT_FFN_DOWN_B, RECIPE_PLAIN, JOIN_SAME},
    {NULL, 0, 0, 0},
};
#undef LAYER

static const struct family llama = {
    .name = "Llama, Mistral, Qwen",
    .prefixes = no_patterns,
    .rows = llama_rows,
    .ignored = llama_ignored,
    .describe = family_llama,
};

const struct family *const families[] = {&damo, &megatron, &gpt2, &llama, NULL};

/* ---- matching ---- */

/* The whole of name against a pattern with at most one %d, which takes a number without leading
 * zeros below the limit on layers. */
static bool matches(const char *pattern, const char *name, int *layer)
{
    const char *number = strstr(pattern, "%d");
    if (!number) {
        *layer = 0;
        return strcmp(pattern, name) == 0;
    }
    size_t n = (size_t)(number - pattern);
    if (strncmp(pattern, name, n) != 0)
        return false;
    const char *p = name + n;
    int v = 0;
    for (; *p >= '0' && *p <= '9' && v < (int)LIMIT_LAYERS; p++)
        v = 10 * v + (*p - '0');
    size_t n_digits = (size_t)(p - name) - n;
    if (n_digits == 0 || (n_digits > 1 && name[n] == '0') || v >= (int)LIMIT_LAYERS)
        return false;
    *layer = v;
    return strcmp(number + 2, p) == 0;
}

/* name without the prefixes, in their order. */
static const char *strip(const struct family *f, const char *name)
{
    for (const char *const *prefix = f->prefixes; *prefix; prefix++)
        if (strncmp(name, *prefix, strlen(*prefix)) == 0)
            name += strlen(*prefix);
    return name;
}

const struct name_row *names_match(const struct family *f, const char *name, int *layer)
{
    name = strip(f, name);
    for (const struct name_row *row = f->rows; row->pattern; row++)
        if (matches(row->pattern, name, layer))
            return row;
    return NULL;
}

bool names_ignored(const struct family *f, const char *name)
{
    int layer;
    name = strip(f, name);
    for (const char *const *p = f->ignored; *p; p++)
        if (matches(*p, name, &layer))
            return true;
    return false;
}

void names_spell(const struct name_row *row, int layer, char *out, size_t size)
{
    const char *number = strstr(row->pattern, "%d");
    if (number)
        snprintf(out, size, "%.*s%d%s", (int)(number - row->pattern), row->pattern, layer,
                 number + 2);
    else
        snprintf(out, size, "%s", row->pattern);
}
