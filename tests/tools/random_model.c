/* random_model - writes a small gpt2 model with random weights and the tokenizer of another model:
 * random_model OUT FROM N_CTX SEED. It has learnt nothing, so what it likes is chance. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/gguf_write.h"
#include "engine/formats/weights.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/mem.h"
#include "src/base/rng.h"

enum { C = 64, L = 2, A = 4, F = 128 };

static uint64_t seed, n_drawn;

static void put_keys(struct gguf_writer *w, const struct weights *from, uint32_t n_ctx)
{
    gguf_put_string(w, "general.architecture", "gpt2", 4);
    gguf_put_string(w, "general.name", "random", 6);
    gguf_put_u32(w, "gpt2.context_length", n_ctx);
    gguf_put_u32(w, "gpt2.embedding_length", C);
    gguf_put_u32(w, "gpt2.feed_forward_length", F);
    gguf_put_u32(w, "gpt2.block_count", L);
    gguf_put_u32(w, "gpt2.attention.head_count", A);
    gguf_put_f32(w, "gpt2.attention.layer_norm_epsilon", 1e-5f);
    for (size_t i = 0; i < weights_meta_count(from); i++) {
        const struct meta_value *value;
        const char *key = weights_meta_at(from, i, &value);
        if (strncmp(key, "tokenizer.", strlen("tokenizer.")) == 0)
            gguf_put_copy(w, key, value);
    }
}

struct shape {
    const char *name; /* '#': of each layer */
    int n_dims;
    int64_t dim[2];
};

static void put_tensor(struct gguf_writer *w, const char *name, const struct shape *s, bool data)
{
    struct err err = ERR_INIT;
    const size_t n = (size_t)(s->dim[0] * (s->n_dims == 2 ? s->dim[1] : 1));
    if (!data) {
        gguf_add_tensor(w, name, QUANT_F32, s->n_dims, s->dim);
        return;
    }
    float *values = x_malloc(n * sizeof values[0]);
    const bool is_norm = strstr(name, "norm.weight") != NULL;
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(rng_uniform(seed, 0, n_drawn++, 0) - 0.5) * 0.4f + (is_norm ? 1 : 0);
    if (gguf_write_tensor(w, values, n * sizeof values[0], &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    free(values);
}

static void put_tensors(struct gguf_writer *w, int64_t n_vocab, int64_t n_ctx, bool data)
{
    const struct shape shapes[] = {
        {"token_embd.weight", 2, {C, n_vocab}}, {"position_embd.weight", 2, {C, n_ctx}},
        {"output_norm.weight", 1, {C}},         {"output_norm.bias", 1, {C}},
        {"#attn_norm.weight", 1, {C}},          {"#attn_norm.bias", 1, {C}},
        {"#attn_qkv.weight", 2, {C, 3 * C}},    {"#attn_qkv.bias", 1, {3 * C}},
        {"#attn_output.weight", 2, {C, C}},     {"#attn_output.bias", 1, {C}},
        {"#ffn_norm.weight", 1, {C}},           {"#ffn_norm.bias", 1, {C}},
        {"#ffn_up.weight", 2, {C, F}},          {"#ffn_up.bias", 1, {F}},
        {"#ffn_down.weight", 2, {F, C}},        {"#ffn_down.bias", 1, {C}},
    };
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        const bool of_layer = shapes[i].name[0] == '#';
        for (int layer = 0; layer < (of_layer ? L : 1); layer++) {
            char name[64];
            if (of_layer)
                snprintf(name, sizeof name, "blk.%d.%s", layer, shapes[i].name + 1);
            else
                snprintf(name, sizeof name, "%s", shapes[i].name);
            put_tensor(w, name, &shapes[i], data);
        }
    }
}

int main(int argc, char **argv)
{
    struct weights *from;
    struct tokenizer *t;
    struct gguf_writer *w;
    struct err err = ERR_INIT;
    if (argc != 5) {
        fprintf(stderr, "random_model OUT FROM N_CTX SEED\n");
        return 2;
    }
    const uint32_t n_ctx = (uint32_t)strtoul(argv[3], NULL, 10);
    seed = strtoull(argv[4], NULL, 10);
    int rc = weights_open(argv[2], &from, &err);
    if (!rc)
        rc = tokenizer_from_weights(from, &t, &err);
    if (!rc)
        rc = gguf_writer_new(argv[1], &w, &err);
    if (!rc) {
        put_keys(w, from, n_ctx);
        put_tensors(w, tokenizer_count(t), n_ctx, false);
        rc = gguf_write_header(w, &err);
    }
    if (!rc) {
        put_tensors(w, tokenizer_count(t), n_ctx, true);
        rc = gguf_writer_finish(w, &err);
    }
    if (rc) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    gguf_writer_free(w);
    tokenizer_free(t);
    weights_close(from);
    return 0;
}
