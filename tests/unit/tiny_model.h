/* tiny_model.h - writes small models with random weights to a temporary file, whole or with one
 * thing wrong. Include after cmocka.h and model_util.h. */
#ifndef XUXIE_TESTS_TINY_MODEL_H
#define XUXIE_TESTS_TINY_MODEL_H

#include "engine/formats/gguf_write.h"
#include "src/base/mem.h"

/* A value that replaces what tiny_write would put (or is put besides). */
struct tiny_key {
    const char *key;
    enum { TINY_U32, TINY_F32, TINY_STRING, TINY_LEAVE_OUT } type;
    uint32_t u;
    float f;
    const char *s;
};

/* The same for a tensor: dim[0] 0 leaves it out, n_dims 2 makes it a matrix. */
struct tiny_tensor {
    const char *name;
    int n_dims;
    int64_t dim[2];
};

struct tiny {
    const char *arch;     /* "gpt2", "qwen3" */
    enum quant_type type; /* of the matrices */
    const struct tiny_key *keys;
    size_t n_keys;
    const struct tiny_tensor *tensors;
    size_t n_tensors;
    float fill; /* 0: random weights; otherwise every number is this */
};

enum { TINY_V = 67, TINY_C = 64, TINY_L = 2, TINY_A = 4, TINY_KV = 2, TINY_F = 96, TINY_P = 48 };

static inline const char *tiny_path(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof(path), "test-model-%ld.gguf", (long)getpid());
    return path;
}

static inline void tiny_put(struct gguf_writer *w, const struct tiny_key *k)
{
    if (k->type == TINY_U32)
        gguf_put_u32(w, k->key, k->u);
    else if (k->type == TINY_F32)
        gguf_put_f32(w, k->key, k->f);
    else if (k->type == TINY_STRING)
        gguf_put_string(w, k->key, k->s, strlen(k->s));
}

static inline void tiny_put_keys(struct gguf_writer *w, const struct tiny *t)
{
    char name[8][64];
    const bool gpt2 = strcmp(t->arch, "gpt2") == 0;
    const struct tiny_key all[] = {
        {"general.architecture", TINY_STRING, .s = t->arch},
        {".context_length", TINY_U32, .u = TINY_P},
        {".embedding_length", TINY_U32, .u = TINY_C},
        {".feed_forward_length", TINY_U32, .u = TINY_F},
        {".block_count", TINY_U32, .u = TINY_L},
        {".attention.head_count", TINY_U32, .u = TINY_A},
        {".attention.head_count_kv", TINY_U32, .u = gpt2 ? TINY_A : TINY_KV},
        {gpt2 ? ".attention.layer_norm_epsilon" : ".attention.layer_norm_rms_epsilon", TINY_F32,
         .f = 1e-5f},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct tiny_key k = all[i];
        bool replaced = false;
        snprintf(name[i], sizeof(name[i]), "%s%s", k.key[0] == '.' ? t->arch : "", k.key);
        k.key = name[i];
        for (size_t j = 0; j < t->n_keys; j++)
            replaced = replaced || strcmp(t->keys[j].key, k.key) == 0;
        if (!replaced)
            tiny_put(w, &k);
    }
    for (size_t j = 0; j < t->n_keys; j++)
        tiny_put(w, &t->keys[j]);
}

/* All tensors, twice: first the table, then the data. */
static inline void tiny_tensors(struct gguf_writer *w, const struct tiny *t, bool data)
{
    enum { Q = TINY_C, KV = TINY_C / TINY_A * TINY_KV, D = TINY_C / TINY_A };
    static const struct tiny_tensor gpt2[] = {
        {"token_embd.weight", 2, {TINY_C, TINY_V}}, {"position_embd.weight", 2, {TINY_C, TINY_P}},
        {"output_norm.weight", 1, {TINY_C}},        {"output_norm.bias", 1, {TINY_C}},
        {"#attn_norm.weight", 1, {TINY_C}},         {"#attn_norm.bias", 1, {TINY_C}},
        {"#attn_qkv.weight", 2, {TINY_C, 3 * Q}},   {"#attn_qkv.bias", 1, {3 * Q}},
        {"#attn_output.weight", 2, {Q, TINY_C}},    {"#attn_output.bias", 1, {TINY_C}},
        {"#ffn_norm.weight", 1, {TINY_C}},          {"#ffn_norm.bias", 1, {TINY_C}},
        {"#ffn_up.weight", 2, {TINY_C, TINY_F}},    {"#ffn_up.bias", 1, {TINY_F}},
        {"#ffn_down.weight", 2, {TINY_F, TINY_C}},  {"#ffn_down.bias", 1, {TINY_C}},
    };
    static const struct tiny_tensor qwen3[] = {
        {"token_embd.weight", 2, {TINY_C, TINY_V}},
        {"output.weight", 2, {TINY_C, TINY_V}},
        {"output_norm.weight", 1, {TINY_C}},
        {"#attn_norm.weight", 1, {TINY_C}},
        {"#attn_q.weight", 2, {TINY_C, Q}},
        {"#attn_k.weight", 2, {TINY_C, KV}},
        {"#attn_v.weight", 2, {TINY_C, KV}},
        {"#attn_q_norm.weight", 1, {D}},
        {"#attn_k_norm.weight", 1, {D}},
        {"#attn_output.weight", 2, {Q, TINY_C}},
        {"#ffn_norm.weight", 1, {TINY_C}},
        {"#ffn_gate.weight", 2, {TINY_C, TINY_F}},
        {"#ffn_up.weight", 2, {TINY_C, TINY_F}},
        {"#ffn_down.weight", 2, {TINY_F, TINY_C}},
    };
    const bool is_gpt2 = strcmp(t->arch, "qwen3") != 0;
    const struct tiny_tensor *all = is_gpt2 ? gpt2 : qwen3;
    const size_t n_all = is_gpt2 ? ARRAY_LEN(gpt2) : ARRAY_LEN(qwen3);
    uint64_t seed = 1;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < n_all * TINY_L + t->n_tensors; i++) {
        const int layer = (int)(i / n_all);
        struct tiny_tensor x = i < n_all * TINY_L ? all[i % n_all] : t->tensors[i - n_all * TINY_L];
        const char *base = x.name;
        char name[128];
        if (i < n_all * TINY_L && base[0] != '#' && layer > 0)
            continue;
        if (base[0] == '#')
            snprintf(name, sizeof(name), "blk.%d.%s", layer, base + 1);
        else
            snprintf(name, sizeof(name), "%s", base);
        bool replaced = x.dim[0] == 0;
        for (size_t j = 0; i < n_all * TINY_L && j < t->n_tensors; j++)
            replaced = replaced || strcmp(t->tensors[j].name, name) == 0;
        if (replaced)
            continue;

        const enum quant_type type = x.n_dims == 1 ? QUANT_F32 : t->type;
        const int64_t n = x.dim[0] * (x.n_dims == 2 ? x.dim[1] : 1);
        if (!data) {
            gguf_add_tensor(w, name, type, x.n_dims, x.dim);
            continue;
        }
        const struct quant *q = quant_of((uint32_t)type);
        const size_t n_bytes = (size_t)(n / q->block_elems * q->block_bytes);
        float *values = malloc((size_t)n * sizeof(*values));
        void *packed = malloc(n_bytes);
        for (int64_t k = 0; k < n; k++)
            values[k] =
                t->fill != 0 ? t->fill : test_number(&seed) * 0.4f + (x.n_dims == 1 ? 0.7f : 0);
        q->pack(values, packed, n);
        if (gguf_write_tensor(w, packed, n_bytes, &err))
            fail_msg("%s", err.msg);
        free(packed);
        free(values);
    }
}

/* Writes the model and returns its path. */
static inline const char *tiny_write(const struct tiny *t)
{
    struct gguf_writer *w;
    struct err err = ERR_INIT;
    if (gguf_writer_new(tiny_path(), &w, &err))
        fail_msg("%s", err.msg);
    tiny_put_keys(w, t);
    tiny_tensors(w, t, false);
    if (gguf_write_header(w, &err))
        fail_msg("%s", err.msg);
    tiny_tensors(w, t, true);
    if (gguf_writer_finish(w, &err))
        fail_msg("%s", err.msg);
    gguf_writer_free(w);
    return tiny_path();
}

#endif
