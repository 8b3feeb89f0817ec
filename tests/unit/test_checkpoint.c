/* test_checkpoint.c - folders of published checkpoints: which family they are, how tensors are put
 * together, what config.json and an index may say. The weights are safetensors files written here,
 * under whatever name the family uses: containers are found by content. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/formats/names.h"
#include "engine/formats/weights.h"
#include "engine/model.h"
#include "src/base/mem.h"
#include "src/base/str.h"

static char dir[] = "/tmp/test_checkpoint.XXXXXX";

/* ---- writing checkpoints ---- */

struct file {
    struct str header, data;
};

static void put_file(const char *name, const void *bytes, size_t n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

/* An f32 tensor, rows x columns (0: a vector), element i = first + i. */
static void add(struct file *f, const char *name, int rows, int columns, float first)
{
    int n = rows * (columns ? columns : 1);
    str_puts(&f->header, f->header.len ? "," : "{");
    str_printf(&f->header, "\"%s\":{\"dtype\":\"F32\",\"shape\":[%d", name, rows);
    if (columns)
        str_printf(&f->header, ",%d", columns);
    str_printf(&f->header, "],\"data_offsets\":[%zu,%zu]}", f->data.len,
               f->data.len + (size_t)n * 4);
    for (int i = 0; i < n; i++) {
        float v = first + (float)i;
        str_append(&f->data, (const char *)&v, sizeof v);
    }
}

static void finish(struct file *f, const char *name)
{
    struct str all = STR_INIT;
    str_puts(&f->header, "}");
    while (f->header.len % 8)
        str_puts(&f->header, " ");
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)(f->header.len >> (8 * i));
    str_append(&all, (const char *)size, sizeof size);
    str_append(&all, f->header.data, f->header.len);
    str_append(&all, f->data.data, f->data.len);
    put_file(name, all.data, all.len);
    str_free(&all);
    str_free(&f->header);
    str_free(&f->data);
}

/* The tensors of a family's rows for one layer, or a rank's share of them: width C, heads A, V
 * tokens, P positions, F = 4 C. Every tensor begins with another number. */
struct shape {
    int C, A, KV, V, P, ranks, rank;
};

static void size_of(const struct name_row *row, const struct shape *s, int *rows, int *columns)
{
    int D = s->C / s->A, F = 4 * s->C;
    const int sizes[N_SLOTS][2] = {
        [SLOT_TOKEN_EMBD] = {s->V, s->C},  [SLOT_POSITION_EMBD] = {s->P, s->C},
        [SLOT_OUTPUT] = {s->V, s->C},      [SLOT_ATTN_QKV] = {3 * s->C, s->C},
        [SLOT_ATTN_QKV_B] = {3 * s->C, 0}, [SLOT_ATTN_Q] = {s->C, s->C},
        [SLOT_ATTN_K] = {s->KV * D, s->C}, [SLOT_ATTN_V] = {s->KV * D, s->C},
        [SLOT_ATTN_OUT] = {s->C, s->C},    [SLOT_FFN_GATE] = {F, s->C},
        [SLOT_FFN_UP] = {F, s->C},         [SLOT_FFN_UP_B] = {F, 0},
        [SLOT_FFN_DOWN] = {s->C, F},       [SLOT_FFN_GATE_B] = {F, 0},
    };
    *rows = sizes[row->slot][0] ? sizes[row->slot][0] : s->C;
    *columns = sizes[row->slot][1];
    if (row->recipe == RECIPE_TRANSPOSED) {
        int n = *rows;
        *rows = *columns;
        *columns = n;
    }
    if (row->join == JOIN_ROWS)
        *rows /= s->ranks;
    else if (row->join == JOIN_COLUMNS)
        *columns /= s->ranks;
}

static bool is_optional(const struct name_row *row)
{
    return row->slot == SLOT_ATTN_Q_B || row->slot == SLOT_ATTN_K_B || row->slot == SLOT_ATTN_V_B ||
           row->slot == SLOT_ATTN_OUT_B || row->slot == SLOT_ATTN_Q_NORM ||
           row->slot == SLOT_ATTN_K_NORM;
}

/* `without`: a name that is left out, or NULL. */
static void add_family(struct file *f, const struct family *family, const struct shape *s,
                       const char *without)
{
    bool llama = strcmp(family->rows[0].pattern, "model.embed_tokens.weight") == 0;
    for (const struct name_row *row = family->rows; row->pattern; row++) {
        char name[128];
        int rows, columns;
        names_spell(row, 0, name, sizeof name);
        if ((without && strcmp(without, name) == 0) || (llama && is_optional(row)))
            continue;
        size_of(row, s, &rows, &columns);
        add(f, name, rows, columns, (float)(10000 * row->slot + 100000 * s->rank));
    }
}

static const struct family *family_of(const char *embedding)
{
    for (size_t i = 0; families[i]; i++)
        if (strcmp(families[i]->rows[0].pattern, embedding) == 0)
            return families[i];
    fail_msg("no family with %s", embedding);
    return NULL;
}

static void clear(void)
{
    static const char *const names[] = {"config.json",
                                        "model.safetensors",
                                        "pytorch_model.bin",
                                        "model.safetensors.index.json",
                                        "a.safetensors",
                                        "b.safetensors",
                                        "model/mp_rank_00_model_states.pt",
                                        "model/mp_rank_01_model_states.pt",
                                        "model/mp_rank_02_model_states.pt"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
}

static const char gpt2_config[] = "{\"n_embd\":8,\"n_head\":2,\"n_layer\":1,\"n_positions\":4,"
                                  "\"vocab_size\":5}";
static const char llama_config[] =
    "{\"model_type\":\"llama\",\"hidden_size\":8,\"intermediate_size\":32,\"num_hidden_layers\":1,"
    "\"num_attention_heads\":2,\"num_key_value_heads\":1,\"max_position_embeddings\":16,"
    "\"vocab_size\":5}";
static const char damo_config[] =
    "{\"hidden_size\":8,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
    "\"max_position_embeddings\":4,\"vocab_size\":6}";

static struct weights *open_good(void)
{
    struct weights *w = NULL;
    struct err err = ERR_INIT;
    if (weights_open(dir, &w, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(weights_load(w, NULL, NULL, &err), 0);
    return w;
}

static void expect_refusal(const char *word)
{
    struct weights *w = NULL;
    struct err err = ERR_INIT;
    int rc = weights_open(dir, &w, &err);
    if (rc == 0) { /* what is left to the architecture's row */
        struct model *m = NULL;
        rc = model_open(w, &m, &err);
        if (rc == 0)
            model_free(m);
    }
    assert_true(rc == E_INPUT || rc == E_UNSUPPORTED);
    if (!strstr(err.msg, word))
        fail_msg("\"%s\" is not in: %s", word, err.msg);
}

static float element(const struct weights *w, const char *name, int64_t row, int64_t column)
{
    const struct tensor *t = weights_find(w, name);
    assert_non_null(t);
    float *rows = malloc((size_t)t->dim[0] * sizeof rows[0]);
    assert_non_null(rows);
    assert_int_equal(weights_read_rows(w, t, row, 1, rows, NULL), 0);
    float v = rows[column];
    assert_true(((const float *)t->data)[row * t->dim[0] + column] == v); /* the same as loaded */
    free(rows);
    return v;
}

/* ---- tensors ---- */

static void test_gpt2(void **state)
{
    (void)state;
    struct file f = {STR_INIT, STR_INIT};
    struct shape s = {.C = 8, .A = 2, .V = 5, .P = 4, .ranks = 1};
    clear();
    put_text("config.json", gpt2_config);
    add_family(&f, family_of("wte.weight"), &s, NULL);
    add(&f, "transformer.h.0.attn.bias", 4, 4, 0); /* a buffer */
    finish(&f, "pytorch_model.bin");
    struct weights *w = open_good();
    assert_int_equal(weights_count(w), 16); /* tied: no head */
    assert_null(weights_find(w, "output.weight"));
    /* stored [in,out]: out row r, column k is element k * 3C + r */
    assert_true(element(w, "blk.0.attn_qkv.weight", 9, 2) ==
                (float)(10000 * SLOT_ATTN_QKV + 2 * 24 + 9));
    assert_true(element(w, "blk.0.ffn_down.weight", 3, 31) ==
                (float)(10000 * SLOT_FFN_DOWN + 31 * 8 + 3));
    assert_true(element(w, "blk.0.attn_qkv.bias", 0, 5) == (float)(10000 * SLOT_ATTN_QKV_B + 5));
    struct model *m;
    struct err err = ERR_INIT;
    assert_int_equal(model_open(w, &m, &err), 0);
    assert_int_equal(m->hp.act, ACT_GELU_TANH);
    assert_true(m->hp.norm_eps == 1e-5f);
    model_free(m);
}

/* Two ranks: the heads' rows [q;k;v] of rank 1 follow those of rank 0. */
static void test_megatron(void **state)
{
    (void)state;
    const struct family *family = family_of("language_model.embedding.word_embeddings.weight");
    clear();
    put_text("config.json", damo_config);
    for (int rank = 0; rank < 2; rank++) {
        struct file f = {STR_INIT, STR_INIT};
        struct shape s = {.C = 8, .A = 2, .V = 6, .P = 4, .ranks = 2, .rank = rank};
        add_family(&f, family, &s, NULL);
        finish(&f, rank ? "model/mp_rank_01_model_states.pt" : "model/mp_rank_00_model_states.pt");
    }
    struct weights *w = open_good();
    /* our row 6 is row 2 of q of head 1: row 2 of rank 1's piece [q k v] of 12 rows */
    assert_true(element(w, "blk.0.attn_qkv.weight", 6, 3) ==
                (float)(100000 + 10000 * SLOT_ATTN_QKV + 2 * 8 + 3));
    /* our row 16 is row 0 of v of head 0 */
    assert_true(element(w, "blk.0.attn_qkv.weight", 16, 0) ==
                (float)(10000 * SLOT_ATTN_QKV + 8 * 8));
    assert_true(element(w, "blk.0.attn_qkv.bias", 0, 9) == (float)(10000 * SLOT_ATTN_QKV_B + 5));
    /* columns: 4 of each rank */
    assert_true(element(w, "blk.0.attn_output.weight", 1, 5) ==
                (float)(100000 + 10000 * SLOT_ATTN_OUT + 1 * 4 + 1));
    assert_true(element(w, "token_embd.weight", 4, 0) == (float)(100000 + 8));
    assert_true(element(w, "blk.0.attn_output.bias", 0, 1) == (float)(10000 * SLOT_ATTN_OUT_B + 1));
    struct model *m;
    assert_int_equal(model_open(w, &m, NULL), 0);
    assert_true(m->hp.norm_eps == 1e-12f);
    model_free(m);

    char first[512], third[512];
    snprintf(first, sizeof first, "%s/model/mp_rank_01_model_states.pt", dir);
    snprintf(third, sizeof third, "%s/model/mp_rank_02_model_states.pt", dir);
    assert_int_equal(rename(first, third), 0);
    expect_refusal("mp_rank_01_model_states.pt is missing");
    unlink(third);
    expect_refusal("has 3 rows and should have 6"); /* half of the model */
}

static void test_damo(void **state)
{
    (void)state;
    struct file f = {STR_INIT, STR_INIT};
    struct shape s = {.C = 8, .A = 2, .V = 6, .P = 4, .ranks = 1};
    clear();
    put_text("config.json", damo_config);
    add_family(&f, family_of("language_model.word_embeddings.weight"), &s, NULL);
    finish(&f, "pytorch_model.bin");
    struct weights *w = open_good();
    assert_true(element(w, "blk.0.attn_qkv.weight", 6, 3) ==
                (float)(10000 * SLOT_ATTN_QKV + 6 * 8 + 3));
    struct model *m;
    assert_int_equal(model_open(w, &m, NULL), 0);
    assert_int_equal(m->hp.act, ACT_GELU_ERF);
    assert_int_equal(m->hp.n_ff, 32);
    model_free(m);
}

static void test_llama(void **state)
{
    (void)state;
    struct file f = {STR_INIT, STR_INIT};
    struct shape s = {.C = 8, .A = 2, .KV = 1, .V = 5, .P = 16, .ranks = 1};
    clear();
    put_text("config.json", llama_config);
    add_family(&f, family_of("model.embed_tokens.weight"), &s, NULL);
    finish(&f, "model.safetensors");
    struct weights *w = open_good();
    /* head 1 has rows 4..7, halves {4,5} and {6,7}: neighbours are 4,6 and 5,7 */
    const int order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
    for (int r = 0; r < 8; r++)
        assert_true(element(w, "blk.0.attn_q.weight", r, 1) ==
                    (float)(10000 * SLOT_ATTN_Q + order[r] * 8 + 1));
    for (int r = 0; r < 4; r++)
        assert_true(element(w, "blk.0.attn_k.weight", r, 0) ==
                    (float)(10000 * SLOT_ATTN_K + order[r] * 8));
    assert_true(element(w, "output.weight", 4, 7) == (float)(10000 * SLOT_OUTPUT + 39));
    struct model *m;
    assert_int_equal(model_open(w, &m, NULL), 0);
    assert_int_equal(m->hp.n_head_kv, 1);
    model_free(m);
}

static void test_missing_and_extra(void **state)
{
    (void)state;
    struct file f = {STR_INIT, STR_INIT};
    struct shape s = {.C = 8, .A = 2, .V = 5, .P = 4, .ranks = 1};
    clear();
    put_text("config.json", gpt2_config);
    add_family(&f, family_of("wte.weight"), &s, "h.0.mlp.c_fc.bias");
    add(&f, "h.0.attn.rotary", 4, 4, 0);
    add(&f, "h.1.ln_1.bias", 8, 0, 0);
    finish(&f, "model.safetensors");
    expect_refusal("h.0.mlp.c_fc.bias is missing");
    expect_refusal("h.0.attn.rotary is not part of this architecture");
    expect_refusal("h.1.ln_1.bias is not part of this architecture");
}

/* ---- what config.json says ---- */

static void gpt2_weights(void)
{
    struct file f = {STR_INIT, STR_INIT};
    struct shape s = {.C = 8, .A = 2, .V = 5, .P = 4, .ranks = 1};
    add_family(&f, family_of("wte.weight"), &s, NULL);
    finish(&f, "model.safetensors");
}

static void llama_weights(void)
{
    struct file f = {STR_INIT, STR_INIT};
    struct shape s = {.C = 8, .A = 2, .KV = 1, .V = 5, .P = 16, .ranks = 1};
    add_family(&f, family_of("model.embed_tokens.weight"), &s, NULL);
    finish(&f, "model.safetensors");
}

/* The base object with one member more, which wins when it is there before: jansson refuses
 * duplicates, so those of the base are renamed. */
static void put_config(const char *base, const char *member)
{
    struct str text = STR_INIT;
    char key[64];
    size_t n = strcspn(member + 1, "\"") + 2;
    snprintf(key, sizeof key, "%.*s", (int)n, member);
    const char *old = strstr(base, key);
    if (old)
        str_printf(&text, "%.*s\"was_%s", (int)(old - base), base, old + 1);
    else
        str_puts(&text, base);
    str_truncate(&text, text.len - 1); /* the closing brace */
    str_printf(&text, ",%s}", member);
    put_text("config.json", str_cstr(&text));
    str_free(&text);
}

static const struct {
    const char *member, *word;
} bad_gpt2[] =
    {
        {"\"n_embd\":0", "n_embd"},
        {"\"n_embd\":-8", "n_embd"},
        {"\"n_embd\":99999999999", "n_embd"},
        {"\"n_embd\":8.5", "n_embd"},
        {"\"n_embd\":\"8\"", "n_embd"},
        {"\"n_embd\":[8]", "n_embd"},
        {"\"n_embd\":16", "should have"},
        {"\"n_head\":3", "attention heads"},
        {"\"n_head\":0", "n_head"},
        {"\"n_layer\":1025", "n_layer"},
        {"\"n_layer\":2", "h.1.ln_1.weight is missing"},
        {"\"n_positions\":0", "n_positions"},
        {"\"vocab_size\":4", "should have 4"},
        {"\"vocab_size\":99999999", "vocab_size"},
        {"\"n_inner\":31", "should have"},
        {"\"layer_norm_epsilon\":-1", "layer_norm_epsilon"},
        {"\"layer_norm_epsilon\":\"1e-5\"", "layer_norm_epsilon"},
        {"\"activation_function\":\"relu\\u001b[31m\"", "activation_function"},
        {"\"activation_function\":7", "activation_function"},
        {"\"scale_attn_weights\":false", "scale_attn_weights"},
        {"\"scale_attn_by_inverse_layer_idx\":true", "scale_attn_by_inverse_layer_idx"},
        {"\"add_cross_attention\":true", "add_cross_attention"},
        {"\"tie_word_embeddings\":1", "tie_word_embeddings"},
        {"\"quantization_config\":{\"quant_method\":\"gptq\"}", "quantization_config"},
        {"\"eos_token_id\":\"end\"", "eos_token_id"},
},
  bad_llama[] = {
      {"\"model_type\":\"mamba\"", "model_type"},
      {"\"hidden_size\":null", "hidden_size"},
      {"\"hidden_act\":\"gelu\"", "hidden_act"},
      {"\"num_key_value_heads\":0", "num_key_value_heads"},
      {"\"num_key_value_heads\":2", "should have 8"},
      {"\"num_key_value_heads\":3", "num_key_value_heads"},
      {"\"head_dim\":5", "even"},
      {"\"head_dim\":1048577", "head_dim"},
      {"\"head_dim\":1000000", "together"},
      {"\"rope_theta\":0", "rope_theta"},
      {"\"rope_theta\":\"big\"", "rope_theta"},
      {"\"rope_scaling\":[]", "rope_scaling"},
      {"\"rope_scaling\":{\"rope_type\":\"longrope\",\"factor\":2}", "rope_type"},
      {"\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}", "type"},
      {"\"rope_scaling\":{\"type\":\"linear\"}", "factor"},
      {"\"rope_scaling\":{\"type\":\"linear\",\"factor\":0.5}", "factor"},
      {"\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2,\"truncate\":false}", "truncate"},
      {"\"rope_scaling\":{\"type\":\"llama3\",\"factor\":2,\"low_freq_factor\":4}", "high_freq"},
      {"\"rope_parameters\":{\"rope_type\":5}", "rope_type"},
      {"\"partial_rotary_factor\":0.5", "partial_rotary_factor"},
};

static void test_config(void **state)
{
    (void)state;
    clear();
    gpt2_weights();
    put_text("config.json", gpt2_config);
    weights_close(open_good());
    for (size_t i = 0; i < ARRAY_LEN(bad_gpt2); i++) {
        put_config(gpt2_config, bad_gpt2[i].member);
        expect_refusal(bad_gpt2[i].word);
    }
    clear();
    llama_weights();
    put_text("config.json", llama_config);
    weights_close(open_good());
    for (size_t i = 0; i < ARRAY_LEN(bad_llama); i++) {
        put_config(llama_config, bad_llama[i].member);
        expect_refusal(bad_llama[i].word);
    }
}

static const char *const good_windows[] = {
    "[\"full_attention\",\"sliding_attention\"]",
    "[\"full_attention\",\"full_attention\"]",
    "[\"sliding_attention\",\"sliding_attention\"]",
};

static void put_windows(const char *types)
{
    struct str text = STR_INIT;
    str_printf(&text,
               "{\"model_type\":\"mistral\",\"hidden_size\":8,\"intermediate_size\":32,"
               "\"num_hidden_layers\":2,\"num_attention_heads\":2,\"num_key_value_heads\":1,"
               "\"max_position_embeddings\":16,\"vocab_size\":5,\"sliding_window\":4,"
               "\"layer_types\":%s}",
               types);
    put_text("config.json", str_cstr(&text));
    str_free(&text);
}

/* The weights have one layer only, so that is what is missing when the windows are taken. */
static void test_windows(void **state)
{
    (void)state;
    clear();
    llama_weights();
    for (size_t i = 0; i < ARRAY_LEN(good_windows); i++) {
        put_windows(good_windows[i]);
        expect_refusal("layers.1.input_layernorm.weight is missing");
    }
    put_windows("[\"sliding_attention\",\"full_attention\"]");
    expect_refusal("layer_types");
}

static void test_config_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } bad[] = {
        {"", "config.json"},       {"[]", "object"},       {"{\"n_embd\":8,\"n_embd\":9}", "JSON"},
        {"{\"n_embd\":8", "JSON"}, {"\xff\xfe{}", "JSON"}, {"version https://git-lfs", "JSON"},
    };
    clear();
    expect_refusal("no weights");
    gpt2_weights();
    expect_refusal("config.json");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        put_text("config.json", bad[i].text);
        expect_refusal(bad[i].word);
    }
    char deep[4096];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    put_file("config.json", deep, sizeof deep);
    expect_refusal("nested");
    put_text("config.json", llama_config); /* the names decide: this is GPT-2 */
    expect_refusal("(GPT-2)");
    struct file f = {STR_INIT, STR_INIT};
    add(&f, "what.is.this", 2, 2, 0);
    finish(&f, "model.safetensors");
    expect_refusal("what.is.this");
}

/* ---- the index of shards ---- */

static void put_index(const char *name)
{
    char text[512];
    snprintf(text, sizeof text, "{\"weight_map\":{\"wte.weight\":%s}}", name);
    put_text("model.safetensors.index.json", text);
}

static void test_index(void **state)
{
    (void)state;
    static const char *const bad[] = {"\"../model.safetensors\"",
                                      "\"/etc/passwd\"",
                                      "\"model/mp_rank_00_model_states.pt\"",
                                      "\"..\"",
                                      "\".hidden\"",
                                      "\"\"",
                                      "5",
                                      "null",
                                      "[\"a.safetensors\"]"};
    clear();
    put_text("config.json", gpt2_config);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        put_index(bad[i]);
        expect_refusal("in the same folder");
    }
    put_text("model.safetensors.index.json", "{}");
    expect_refusal("weight_map");
    put_index("\"nowhere.safetensors\"");
    expect_refusal("nowhere.safetensors");

    struct shape s = {.C = 8, .A = 2, .V = 5, .P = 4, .ranks = 1};
    struct file a = {STR_INIT, STR_INIT}, b = {STR_INIT, STR_INIT};
    add_family(&a, family_of("wte.weight"), &s, "ln_f.bias");
    finish(&a, "a.safetensors");
    add(&b, "transformer.ln_f.bias", 8, 0, 0);
    finish(&b, "b.safetensors");
    put_text("model.safetensors.index.json",
             "{\"weight_map\":{\"wte.weight\":\"a.safetensors\",\"ln_f.bias\":\"b.safetensors\","
             "\"wpe.weight\":\"a.safetensors\"}}");
    struct weights *w = open_good();
    assert_int_equal(weights_count(w), 16);
    assert_non_null(strstr(weights_format(w), "2 files"));
    assert_string_equal(weights_folder(w), dir);
    assert_false(weights_changed(w));
    weights_close(w);
    struct file again = {STR_INIT, STR_INIT};
    add(&again, "ln_f.bias", 8, 0, 0);
    add(&again, "ln_f.weight", 8, 0, 0);
    finish(&again, "b.safetensors");
    expect_refusal("ln_f.weight is there twice");
}

static void test_names(void **state)
{
    (void)state;
    const struct family *f = family_of("wte.weight");
    int layer;
    assert_non_null(names_match(f, "transformer.h.12.attn.c_attn.bias", &layer));
    assert_int_equal(layer, 12);
    static const char *const none[] = {"h.attn.c_attn.bias",      "h.01.attn.c_attn.bias",
                                       "h.1024.attn.c_attn.bias", "h.99999999999.ln_1.bias",
                                       "h.-1.ln_1.bias",          "h.1.attn.c_attn.bias2",
                                       "xh.1.ln_1.bias",          ""};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_null(names_match(f, none[i], &layer));
    assert_true(names_ignored(f, "h.3.attn.bias"));
    assert_true(names_ignored(f, "transformer.h.3.attn.masked_bias"));
    assert_false(names_ignored(f, "h.3.attn.c_attn.bias"));
}

static int setup(void **state)
{
    char path[512];
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/model", dir);
    return mkdir(path, 0700);
}

static int teardown(void **state)
{
    char path[512];
    (void)state;
    clear();
    snprintf(path, sizeof path, "%s/model", dir);
    rmdir(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),        cmocka_unit_test(test_gpt2),
        cmocka_unit_test(test_megatron),     cmocka_unit_test(test_damo),
        cmocka_unit_test(test_llama),        cmocka_unit_test(test_missing_and_extra),
        cmocka_unit_test(test_config),       cmocka_unit_test(test_windows),
        cmocka_unit_test(test_config_files), cmocka_unit_test(test_index),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
