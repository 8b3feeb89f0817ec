/* make_model.c - writes a GGUF model of a known size with random weights, piece by piece: 30
 * billion of them need a few megabytes of memory and as much disk as the file.
 *
 *     make_model SIZE TYPE OUT.gguf        SIZE: a row of the table below; TYPE: q4_0, q4_K, q8_0,
 * f16 ...
 *
 * The matrices' numbers are normal, packed once as a block of four million and written again and
 * again, from another place each time. Their deviation is the one that keeps the sum of a
 * row as large as what goes in. The vocabulary is the 256 bytes and words that never occur.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/convert.h"
#include "engine/formats/gguf_write.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/mem.h"

enum { BLOCK = 4 << 20, WORD_BYTES = 16 };

static const struct size {
    const char *name, *arch;
    int n_layer, n_head, n_head_kv, width, ff, n_ctx, n_vocab;
} sizes[] = {
    {"base", "gpt2", 12, 12, 12, 768, 3072, 2048, 25600},
    {"large", "gpt2", 24, 16, 16, 1024, 4096, 2048, 25600},
    {"1.3B", "gpt2", 24, 32, 32, 2048, 8192, 2048, 25600},
    {"2.7B", "gpt2", 32, 32, 32, 2560, 10240, 2048, 25600},
    {"13B", "gpt2", 40, 40, 40, 5120, 20480, 2048, 25600},
    {"30B", "gpt2", 48, 56, 56, 7168, 28672, 2048, 25600},
    {"llama-1.1B", "llama", 22, 32, 4, 2048, 5632, 2048, 25600},
};

struct maker {
    const struct size *size;
    enum quant_type type;
    struct gguf_writer *out;
    unsigned char *packed, *packed_head; /* BLOCK elements of type and of the head's type */
    float *numbers;                      /* [BLOCK] */
    enum quant_type head_type;
    struct err err;
    uint64_t seed;
    bool writing; /* the second pass; the first announces */
    int rc;
};

/* Two normal numbers from two uniform ones (Box and Muller). */
static void fill_normal(float *x, int64_t n, double deviation)
{
    uint64_t state = 1;
    double uniform[2];
    for (int64_t i = 0; i < n; i += 2) {
        for (int j = 0; j < 2; j++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            uniform[j] = ((double)(state >> 11) + 0.5) * 0x1p-53;
        }
        double radius = deviation * sqrt(-2 * log(uniform[0])), angle = 2 * M_PI * uniform[1];
        x[i] = (float)(radius * cos(angle));
        x[i + 1] = (float)(radius * sin(angle));
    }
}

/* In runs that begin anywhere in the block: of the head's matrix they are shorter than a row, so
 * that no two tokens have the same. */
static void write_matrix(struct maker *m, enum quant_type type, const unsigned char *packed,
                         int64_t n, bool head)
{
    const struct quant *q = quant_of((uint32_t)type);
    int64_t n_blocks = BLOCK / q->block_elems, left = n / q->block_elems;
    int64_t run = !head ? n_blocks : q->block_elems == 256 ? 2 : 608 / q->block_elems;
    while (m->rc == 0 && left > 0) {
        m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t at = (int64_t)(m->seed >> 33) % n_blocks;
        int64_t some = run < left ? run : left;
        some = some < n_blocks - at ? some : n_blocks - at;
        m->rc = gguf_write_tensor(m->out, packed + at * q->block_bytes,
                                  (size_t)(some * q->block_bytes), &m->err);
        left -= some;
    }
}

static void matrix(struct maker *m, const char *name, int64_t columns, int64_t rows)
{
    const bool head = strcmp(name, "token_embd.weight") == 0;
    const bool f32 = strcmp(name, "position_embd.weight") == 0;
    const enum quant_type type = f32 ? QUANT_F32 : head ? m->head_type : m->type;
    if (!m->writing)
        gguf_add_tensor(m->out, name, type, 2, (int64_t[]){columns, rows});
    else if (f32)
        write_matrix(m, type, (const unsigned char *)m->numbers, columns * rows, false);
    else
        write_matrix(m, type, head ? m->packed_head : m->packed, columns * rows, head);
}

/* A norm's weight: ones; its bias and all others: zeros. */
static void vector(struct maker *m, const char *name, int64_t n)
{
    if (!m->writing) {
        gguf_add_tensor(m->out, name, QUANT_F32, 1, (int64_t[]){n});
        return;
    }
    bool ones = strstr(name, "norm.weight") != NULL;
    float *x = calloc((size_t)n, sizeof *x);
    for (int64_t i = 0; x && ones && i < n; i++)
        x[i] = 1;
    if (m->rc == 0)
        m->rc = x ? gguf_write_tensor(m->out, x, (size_t)n * sizeof *x, &m->err) : E_RESOURCE;
    free(x);
}

static void layer_tensor(struct maker *m, int layer, const char *name, int64_t columns,
                         int64_t rows)
{
    char full[64];
    snprintf(full, sizeof full, "blk.%d.%s.weight", layer, name);
    if (rows > 0)
        matrix(m, full, columns, rows);
    else
        vector(m, full, columns);
    if (strcmp(m->size->arch, "gpt2") == 0) {
        snprintf(full, sizeof full, "blk.%d.%s.bias", layer, name);
        vector(m, full, rows > 0 ? rows : columns);
    }
}

static void tensors(struct maker *m)
{
    const struct size *s = m->size;
    const bool gpt2 = strcmp(s->arch, "gpt2") == 0;
    const int64_t C = s->width, KV = C / s->n_head * s->n_head_kv;
    matrix(m, "token_embd.weight", C, s->n_vocab);
    if (gpt2)
        matrix(m, "position_embd.weight", C, s->n_ctx);
    vector(m, "output_norm.weight", C);
    if (gpt2)
        vector(m, "output_norm.bias", C);
    for (int i = 0; i < s->n_layer; i++) {
        layer_tensor(m, i, "attn_norm", C, 0);
        if (gpt2) {
            layer_tensor(m, i, "attn_qkv", C, 3 * C);
        } else {
            layer_tensor(m, i, "attn_q", C, C);
            layer_tensor(m, i, "attn_k", C, KV);
            layer_tensor(m, i, "attn_v", C, KV);
        }
        layer_tensor(m, i, "attn_output", C, C);
        layer_tensor(m, i, "ffn_norm", C, 0);
        if (!gpt2)
            layer_tensor(m, i, "ffn_gate", C, s->ff);
        layer_tensor(m, i, "ffn_up", C, s->ff);
        layer_tensor(m, i, "ffn_down", s->ff, C);
    }
}

static void put_key(struct maker *m, const char *key, uint32_t v)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", m->size->arch, key);
    gguf_put_u32(m->out, name, v);
}

static void put_sizes(struct maker *m)
{
    const struct size *s = m->size;
    char name[96];
    gguf_put_string(m->out, "general.architecture", s->arch, strlen(s->arch));
    gguf_put_string(m->out, "general.name", s->name, strlen(s->name));
    put_key(m, "context_length", (uint32_t)s->n_ctx);
    put_key(m, "embedding_length", (uint32_t)s->width);
    put_key(m, "feed_forward_length", (uint32_t)s->ff);
    put_key(m, "block_count", (uint32_t)s->n_layer);
    put_key(m, "attention.head_count", (uint32_t)s->n_head);
    put_key(m, "attention.head_count_kv", (uint32_t)s->n_head_kv);
    if (strcmp(s->arch, "llama") == 0)
        put_key(m, "rope.dimension_count", (uint32_t)(s->width / s->n_head));
    snprintf(name, sizeof name, "%s.attention.layer_norm_%sepsilon", s->arch,
             strcmp(s->arch, "llama") == 0 ? "rms_" : "");
    gguf_put_f32(m->out, name, 1e-5f);
}

static void put_vocabulary(struct maker *m)
{
    size_t n = (size_t)m->size->n_vocab;
    struct meta_string *s = calloc(n, sizeof *s);
    int32_t *type = calloc(n, sizeof *type);
    char *text = calloc(n, WORD_BYTES);
    for (size_t i = 0; s && type && text && i < n; i++) {
        char *word = text + i * WORD_BYTES;
        char byte = (char)i;
        size_t length = i < 256 ? bpe_spell_bytes(&byte, 1, word)
                                : (size_t)snprintf(word, WORD_BYTES, "<%zu>", i);
        s[i] = (struct meta_string){word, length};
        type[i] = TOKEN_NORMAL;
    }
    if (s && type && text) {
        static const struct meta_string merge = {"a b", 3};
        memcpy(text + 256 * WORD_BYTES, "ab", 3); /* what the one merge makes */
        s[256] = (struct meta_string){text + 256 * WORD_BYTES, 2};
        type[n - 1] = TOKEN_CONTROL;
        gguf_put_string(m->out, "tokenizer.ggml.model", "gpt2", 4);
        gguf_put_string(m->out, "tokenizer.ggml.pre", "gpt-2", 5);
        gguf_put_strings(m->out, "tokenizer.ggml.tokens", s, n);
        gguf_put_i32s(m->out, "tokenizer.ggml.token_type", type, n);
        gguf_put_strings(m->out, "tokenizer.ggml.merges", &merge, 1);
        gguf_put_u32(m->out, "tokenizer.ggml.bos_token_id", (uint32_t)n - 1);
        gguf_put_u32(m->out, "tokenizer.ggml.eos_token_id", (uint32_t)n - 1);
    } else {
        m->rc = E_RESOURCE;
    }
    free(s); /* the writer keeps copies */
    free(type);
    free(text);
}

static int make(struct maker *m, const char *path)
{
    const bool coarse = m->type == QUANT_Q4_0 || m->type == QUANT_Q4_K || m->type == QUANT_Q5_K;
    m->head_type = coarse ? QUANT_Q6_K : m->type; /* as convert_type() has it */
    m->numbers = malloc(BLOCK * sizeof *m->numbers);
    m->packed = malloc(BLOCK * sizeof *m->numbers);
    m->packed_head = malloc(BLOCK * sizeof *m->numbers);
    if (!m->numbers || !m->packed || !m->packed_head)
        return E_RESOURCE;
    fill_normal(m->numbers, BLOCK, 1 / sqrt(m->size->width));
    quant_of((uint32_t)m->type)->pack(m->numbers, m->packed, BLOCK);
    quant_of((uint32_t)m->head_type)->pack(m->numbers, m->packed_head, BLOCK);
    m->rc = gguf_writer_new(path, &m->out, &m->err);
    if (m->rc != 0)
        return m->rc;
    put_sizes(m);
    put_vocabulary(m);
    tensors(m);
    if (m->rc == 0)
        m->rc = gguf_write_header(m->out, &m->err);
    m->writing = true;
    if (m->rc == 0)
        tensors(m);
    if (m->rc == 0)
        m->rc = gguf_writer_finish(m->out, &m->err);
    gguf_writer_free(m->out);
    return m->rc;
}

int main(int argc, char **argv)
{
    struct maker m = {.err = ERR_INIT};
    const struct quant *q = argc == 4 ? quant_by_name(argv[2]) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        if (argc == 4 && strcmp(sizes[i].name, argv[1]) == 0)
            m.size = &sizes[i];
    if (!m.size || !q || !q->pack) {
        fprintf(stderr, "usage: make_model SIZE TYPE OUT.gguf; SIZE: base, large, 1.3B, 2.7B, 13B, "
                        "30B, llama-1.1B\n");
        return 2;
    }
    m.type = q->type;
    int rc = make(&m, argv[3]);
    if (rc != 0)
        fprintf(stderr, "make_model: %s\n", m.err.msg[0] ? m.err.msg : "not enough memory");
    free(m.numbers);
    free(m.packed);
    free(m.packed_head);
    return rc != 0;
}
