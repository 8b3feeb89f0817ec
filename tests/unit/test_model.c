/* test_model.c - opening models: what a good one yields, and what is said of bad ones; plans; the
 * table of architectures is in test_arch.c. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/kvcache.h"
#include "engine/model.h"
#include "engine/plan.h"
#include "model_util.h"
#include "tiny_model.h"

static int open_model(const struct tiny *t, struct model **m, struct err *err)
{
    struct weights *w;
    *m = NULL;
    int rc = weights_open(tiny_write(t), &w, err);
    return rc ? rc : model_open(w, m, err);
}

static struct model *good_model(const struct tiny *t)
{
    struct model *m;
    struct err err = ERR_INIT;
    if (open_model(t, &m, &err))
        fail_msg("%s", err.msg);
    return m;
}

/* The model is refused, in a sentence that names the file and holds `words`. */
static void refused(const struct tiny *t, int code, const char *words)
{
    struct model *m;
    struct err err = ERR_INIT;
    assert_int_equal(open_model(t, &m, &err), code);
    if (!strstr(err.msg, words) || !strstr(err.msg, tiny_path()))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
    assert_null(m);
}

static void refused_key(const struct tiny_key *key, int code, const char *words)
{
    const struct tiny t = {.arch = "gpt2", .keys = key, .n_keys = 1};
    refused(&t, code, words);
}

static void a_good_model(void **state)
{
    (void)state;
    static const struct tiny_key keys[] = {
        {"xuxie.sampling.temp", TINY_F32, .f = 0.75f},
        {"xuxie.sampling.top_p", TINY_F32, .f = 1.5f}, /* out of range: left out */
        {"xuxie.sampling.top_k", TINY_U32, .u = 40},
        {"xuxie.sampling.dry_base", TINY_STRING, .s = "much"}, /* no number: left out */
    };
    const struct tiny t = {
        .arch = "gpt2", .type = QUANT_Q8_0, .keys = keys, .n_keys = ARRAY_LEN(keys)};
    struct model *m = good_model(&t);
    assert_string_equal(m->arch->name, "gpt2");
    assert_int_equal(m->hp.n_vocab, TINY_V);
    assert_int_equal(m->hp.n_ctx_train, TINY_P);
    assert_int_equal(m->hp.n_embd, TINY_C);
    assert_int_equal(m->hp.n_layer, TINY_L);
    assert_int_equal(m->hp.n_head, TINY_A);
    assert_int_equal(m->hp.n_head_kv, TINY_A);
    assert_int_equal(m->hp.head_dim, TINY_C / TINY_A);
    assert_int_equal(m->hp.n_ff, TINY_F);
    assert_int_equal(m->hp.act, ACT_GELU_TANH);
    assert_near(m->hp.norm_eps, 1e-5, 1e-10);
    assert_near(m->hp.attn_scale, 0.25, 0);
    assert_null(m->slots[SLOT_OUTPUT]);
    assert_non_null(m->slots[SLOT_TOKEN_EMBD]);
    assert_null(m->vec[SLOT_TOKEN_EMBD]);
    for (int l = 0; l < TINY_L; l++) {
        const struct tensor *bias = m->layers[l][SLOT_ATTN_QKV_B];
        assert_memory_equal(m->layer_vec[l][SLOT_ATTN_QKV_B], bias->data, bias->n_bytes);
        assert_null(m->layers[l][SLOT_FFN_GATE]);
    }
    assert_near(m->hint.temp, 0.75, 0);
    assert_true(isnan(m->hint.top_p) && isnan(m->hint.min_p) && isnan(m->hint.dry_base));
    assert_int_equal(m->hint.top_k, 40);
    assert_int_equal(m->hint.dry_allowed_length, -1);
    assert_string_equal(model_type_name(m), "q8_0");
    const int64_t C = TINY_C, F = TINY_F;
    assert_int_equal(model_n_params(m),
                     C * (TINY_V + TINY_P) + 2 * C +
                         TINY_L * (4 * C + 4 * C * C + 4 * C + 2 * C * F + F + C));
    model_free(m);
}

static void rotary_models(void **state)
{
    (void)state;
    enum { D = TINY_C / TINY_A };
    struct tiny_key keys[] = {
        {"qwen3.rope.freq_base", TINY_F32, .f = 100},
        {"qwen3.rope.scaling.type", TINY_STRING, .s = "none"},
        {"qwen3.rope.scaling.factor", TINY_F32, .f = 4},
    };
    struct tiny t = {.arch = "qwen3", .keys = keys, .n_keys = ARRAY_LEN(keys)};
    struct model *m = good_model(&t);
    assert_int_equal(m->hp.n_head_kv, TINY_KV);
    assert_int_equal(m->hp.n_rot, D);
    for (int i = 0; i < D / 2; i++)
        assert_near(m->rope_freq[i], pow(100, -2.0 * i / D), 1e-7);
    model_free(m);

    keys[1].s = "linear";
    m = good_model(&t);
    assert_near(m->rope_freq[1], pow(100, -2.0 / D) / 4, 1e-7);
    assert_near(m->hp.rope_scale, 1, 0);
    model_free(m);

    /* As it was said before there were types; a type overrules it. */
    struct tiny_key old = {"qwen3.rope.scale_linear", TINY_F32, .f = 4};
    const struct tiny_key base[] = {keys[0], old};
    const struct tiny t_old = {.arch = "qwen3", .keys = base, .n_keys = 2};
    m = good_model(&t_old);
    assert_near(m->rope_freq[1], pow(100, -2.0 / D) / 4, 1e-7);
    model_free(m);
    const struct tiny_key both[] = {
        keys[0], old, {"qwen3.rope.scaling.type", TINY_STRING, .s = "none"}};
    const struct tiny t_both = {.arch = "qwen3", .keys = both, .n_keys = 3};
    m = good_model(&t_both);
    assert_near(m->rope_freq[1], pow(100, -2.0 / D), 1e-7);
    model_free(m);

    keys[1].s = "longrope\x1b";
    refused(&t, E_UNSUPPORTED, "longrope\\u{1B}");
}

static void unknown_architectures(void **state)
{
    (void)state;
    const struct tiny_key none = {"general.architecture", .type = TINY_LEAVE_OUT};
    const struct tiny_key bad = {"general.architecture", TINY_STRING, .s = "gpt2\x1b[31m"};
    const struct tiny_key number = {"general.architecture", TINY_U32, .u = 2};
    refused_key(&none, E_INPUT, "general.architecture");
    refused_key(&bad, E_UNSUPPORTED, "known are: gpt2, llama, qwen2, qwen3");
    refused_key(&bad, E_UNSUPPORTED, "gpt2\\u{1B}[31m");
    refused_key(&number, E_INPUT, "general.architecture");
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    static const struct {
        struct tiny_key key;
        const char *words;
    } cases[] = {
        {{"gpt2.attention.head_count", TINY_U32, .u = 0}, "gpt2.attention.head_count"},
        {{"gpt2.attention.head_count", TINY_U32, .u = 3}, "head"},
        {{"gpt2.attention.head_count", TINY_U32, .u = UINT32_MAX}, "gpt2.attention.head_count"},
        {{"gpt2.attention.head_count_kv", TINY_U32, .u = 0}, "gpt2.attention.head_count_kv"},
        {{"gpt2.attention.head_count_kv", TINY_U32, .u = 3}, "gpt2.attention.head_count_kv"},
        {{"gpt2.attention.key_length", TINY_U32, .u = 1 << 19}, "attention heads of length"},
        {{"gpt2.block_count", TINY_U32, .u = 0}, "gpt2.block_count"},
        {{"gpt2.block_count", TINY_U32, .u = 1025}, "gpt2.block_count"},
        {{"gpt2.block_count", TINY_U32, .u = UINT32_MAX}, "gpt2.block_count"},
        {{"gpt2.block_count", TINY_F32, .f = NAN}, "gpt2.block_count"},
        {{"gpt2.block_count", .type = TINY_LEAVE_OUT}, "gpt2.block_count"},
        {{"gpt2.block_count", TINY_U32, .u = 1}, "blk.1.attn_norm.weight is not part"},
        {{"gpt2.block_count", TINY_U32, .u = 1024}, "and 12258 more"},
        {{"gpt2.embedding_length", TINY_U32, .u = 0}, "gpt2.embedding_length"},
        {{"gpt2.embedding_length", TINY_U32, .u = 128}, "token_embd.weight has the shape [64, 67]"},
        {{"gpt2.context_length", TINY_U32, .u = UINT32_MAX}, "gpt2.context_length"},
        {{"gpt2.context_length", TINY_U32, .u = 1024},
         "position_embd.weight has the shape [64, 48] and should have [64, 1024]"},
        {{"gpt2.feed_forward_length", TINY_U32, .u = 95}, "ffn_up.weight has the shape [64, 96]"},
        {{"gpt2.attention.layer_norm_epsilon", TINY_F32, .f = NAN}, "layer_norm_epsilon"},
        {{"gpt2.attention.layer_norm_epsilon", TINY_F32, .f = -1e-5f}, "layer_norm_epsilon"},
        {{"gpt2.attention.layer_norm_epsilon", TINY_F32, .f = INFINITY}, "layer_norm_epsilon"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        refused_key(&cases[i].key, E_INPUT, cases[i].words);
}

static void activations(void **state)
{
    (void)state;
    struct tiny_key key = {"xuxie.activation", TINY_STRING, .s = "gelu_erf"};
    const struct tiny t = {.arch = "gpt2", .keys = &key, .n_keys = 1};
    struct model *m = good_model(&t);
    assert_int_equal(m->hp.act, ACT_GELU_ERF);
    model_free(m);
    key.s = "relu";
    m = good_model(&t);
    assert_int_equal(m->hp.act, ACT_RELU);
    model_free(m);
    key.s = "swish\n";
    refused(&t, E_UNSUPPORTED, "swish\\u{A}");
}

static void tensors_at_odds(void **state)
{
    (void)state;
    static const struct tiny_tensor bad[] = {
        {"token_embd.weight", 0, {0}},
        {"blk.1.ffn_up.bias", 1, {5}},
        {"blk.0.attn_qkv.weight", 2, {3 * TINY_C, TINY_C}},
        {"blk.1.ffn_norm.weight", 2, {TINY_C, 1}},
        {"blk.0.ffn_gate.weight", 2, {TINY_C, TINY_F}},
        {"surprise\x1b", 1, {7}},
    };
    static const char *const words[] = {
        "token_embd.weight is missing",
        "blk.1.ffn_up.bias has the shape [5] and should have [96]",
        "blk.0.attn_qkv.weight has the shape [192, 64] and should have [64, 192]",
        "blk.1.ffn_norm.weight has the shape [64, 1] and should have [64]",
        "blk.0.ffn_gate.weight is not part of this architecture",
        "surprise\\u{1B} is not part of this architecture",
    };
    const struct tiny all = {.arch = "gpt2", .tensors = bad, .n_tensors = ARRAY_LEN(bad)};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct tiny one = {.arch = "gpt2", .tensors = &bad[i], .n_tensors = 1};
        refused(&one, E_INPUT, words[i]);
        refused(&all, E_INPUT, words[i]); /* all at once */
    }
}

static void plans(void **state)
{
    (void)state;
    const struct tiny gpt2 = {.arch = "gpt2"};
    struct model *m = good_model(&gpt2);
    struct engine_options options = {.n_threads = 2, .n_ctx = 0, .kv = ENGINE_KV_F32};
    struct plan plan, half;
    struct err err = ERR_INIT;
    assert_int_equal(plan_make(m, &options, &plan, &err), 0);
    assert_int_equal(plan.n_ctx, TINY_P);
    assert_int_equal(plan.n_batch, TINY_P);
    assert_int_equal(plan.n_threads, 2);
    assert_true(plan.total_bytes >= plan.kv_bytes + plan.act_bytes + plan.scratch_bytes);
    options.kv = ENGINE_KV_F16;
    assert_int_equal(plan_make(m, &options, &half, &err), 0);
    assert_true(half.kv_bytes < plan.kv_bytes);
    options.n_ctx = TINY_P + 1;
    assert_int_equal(plan_make(m, &options, &plan, &err), E_USAGE);
    assert_non_null(strstr(err.msg, "48"));
    options.n_ctx = -1;
    assert_int_equal(plan_make(m, &options, &plan, &err), E_USAGE);
    model_free(m);

    const struct tiny_key key = {"qwen3.context_length", TINY_U32, .u = 1 << 30};
    const struct tiny qwen3 = {.arch = "qwen3", .keys = &key, .n_keys = 1};
    m = good_model(&qwen3);
    options.n_ctx = 0;
    assert_int_equal(plan_make(m, &options, &plan, &err), 0);
    assert_int_equal(plan.n_ctx, 4096);
    assert_int_equal(plan.n_batch, 512);
    options.n_ctx = INT32_MAX; /* some 500 GiB */
    plan.n_ctx = 0;
    assert_int_equal(plan_make(m, &options, &plan, &err), E_RESOURCE);
    assert_non_null(strstr(err.msg, "MiB"));
    assert_int_equal(plan.n_ctx, 0);
    model_free(m);
}

static void cache_prefixes(void **state)
{
    (void)state;
    const struct tiny t = {.arch = "gpt2"};
    struct model *m = good_model(&t);
    const struct engine_options options = {.n_threads = 1, .kv = ENGINE_KV_F16};
    struct plan plan;
    struct arena arena;
    struct kvcache kv;
    assert_int_equal(plan_make(m, &options, &plan, NULL), 0);
    assert_int_equal(arena_init(&arena, plan.kv_bytes, NULL), 0);
    kvcache_init(&kv, m, &plan, &arena);
    assert_int_equal(kvcache_row_bytes(&kv), TINY_C * 2);
    assert_ptr_equal(kvcache_k(&kv, 1, 0), (char *)kv.k + (size_t)TINY_P * TINY_C * 2);
    assert_ptr_equal(kvcache_v(&kv, 0, 3), (char *)kv.v + (size_t)3 * TINY_C * 2);

    static const int32_t a[] = {1, 2, 3, 4, 5}, b[] = {1, 2, 9};
    assert_int_equal(kvcache_common(&kv, a, 5), 0);
    memcpy(kv.ids, a, sizeof(a));
    kv.n_used = 5;
    assert_int_equal(kvcache_common(&kv, a, 5), 5);
    assert_int_equal(kvcache_common(&kv, a, 3), 3);
    assert_int_equal(kvcache_common(&kv, b, 3), 2);
    kvcache_rewind(&kv, 7);
    assert_int_equal(kv.n_used, 5);
    kvcache_rewind(&kv, 1);
    assert_int_equal(kvcache_common(&kv, a, 5), 1);
    arena_free(&arena);
    model_free(m);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(tiny_path());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_model),
        cmocka_unit_test(rotary_models),
        cmocka_unit_test(unknown_architectures),
        cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(activations),
        cmocka_unit_test(tensors_at_odds),
        cmocka_unit_test(plans),
        cmocka_unit_test(cache_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, remove_file);
}
