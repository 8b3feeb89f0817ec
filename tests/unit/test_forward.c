/* test_forward.c - the whole graph against PyTorch's logits for the preview model and transformers'
 * for small Llama and Qwen models; against itself in other chunkings and with other numbers of
 * threads; and that evaluating a token takes no memory. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/forward.h"
#include "engine/sample.h"
#include "model_util.h"
#include "src/base/mem.h"
#include "tiny_model.h"

/* ---- allocations are counted: the program is linked with --wrap for these ---- */

static atomic_int n_allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    n_allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    n_allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    n_allocations++;
    return __real_realloc(p, n);
}

/* ---- a session ---- */

struct session {
    struct model *model;
    struct plan plan;
    struct arena arena;
    struct pool *pool;
    struct kvcache kv;
    struct forward *forward;
};

static void session_open(struct session *s, const char *path, enum engine_kv_type kv, int n_threads)
{
    const struct engine_options options = {.n_threads = n_threads, .kv = kv};
    struct weights *weights;
    struct err err = ERR_INIT;
    if (weights_open(path, &weights, &err) || model_open(weights, &s->model, &err) ||
        plan_make(s->model, &options, &s->plan, &err) || pool_new(n_threads, &s->pool, &err) ||
        arena_init(&s->arena, s->plan.total_bytes, &err))
        fail_msg("%s", err.msg);
    kvcache_init(&s->kv, s->model, &s->plan, &s->arena);
    s->forward = forward_init(s->model, &s->plan, &s->kv, s->pool, &s->arena);
    assert_non_null(arena_take(&s->arena, s->plan.scratch_bytes));
}

static void session_close(struct session *s)
{
    arena_free(&s->arena);
    pool_free(s->pool);
    model_free(s->model);
}

static void eval(struct session *s, const int32_t *ids, int n, enum forward_want want)
{
    struct err err = ERR_INIT;
    if (forward_eval(s->forward, ids, n, want, NULL, NULL, &err))
        fail_msg("%s", err.msg);
}

/* Logits of all n ids from the cache's end on, in chunks, into out[n,V] (NULL: only evaluate). */
static void eval_all(struct session *s, const int32_t *ids, int n, int chunk, float *out)
{
    const size_t V = (size_t)s->model->hp.n_vocab;
    for (int i = 0; i < n; i += chunk) {
        const int n_now = n - i < chunk ? n - i : chunk;
        eval(s, ids + i, n_now, out ? WANT_ALL : WANT_NOTHING);
        for (int t = 0; out && t < n_now; t++)
            memcpy(out + (size_t)(i + t) * V, forward_logits(s->forward, t), V * sizeof(*out));
    }
}

static double max_difference(const float *a, const float *b, size_t n)
{
    double max = 0;
    for (size_t i = 0; i < n; i++)
        max = fmax(max, fabs((double)a[i] - (double)b[i]));
    return max;
}

static int32_t argmax(const float *x, int n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

/* ---- against the reference ---- */

/* All cases of folder/expected.json on one model file; returns the largest difference. */
static double check_cases(const char *folder, const char *gguf, enum engine_kv_type kv)
{
    char name[256];
    struct session s;
    double worst = 0;
    snprintf(name, sizeof(name), "%s/expected.json", folder);
    json_t *expected = load_json(shared_file(name));
    session_open(&s, shared_file(gguf), kv, 2);
    const int V = s.model->hp.n_vocab;

    const json_t *cases = json_object_get(expected, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const json_t *rows = json_object_get(c, "rows");
        int n, n_greedy;
        int32_t *ids = load_ids(json_object_get(c, "input_ids"), &n);
        int32_t *greedy = load_ids(json_object_get(c, "greedy_nostop"), &n_greedy);
        const int n_rows = rows && strcmp(json_string_value(rows), "last") == 0 ? 1 : n;
        const size_t n_numbers = (size_t)n_rows * (size_t)V;
        snprintf(name, sizeof(name), "%s/%s", folder,
                 json_string_value(json_object_get(c, "logits_file")));
        float *want = load_npy(shared_file(name), n_numbers);
        float *got = malloc((size_t)n * (size_t)V * sizeof(*got));

        kvcache_rewind(&s.kv, 0);
        eval_all(&s, ids, n, s.plan.n_batch, got);
        worst =
            fmax(worst, max_difference(got + (size_t)(n - n_rows) * (size_t)V, want, n_numbers));
        int32_t next = argmax(got + (size_t)(n - 1) * (size_t)V, V);
        for (int g = 0; g < n_greedy; g++) {
            assert_int_equal(next, greedy[g]);
            if (g + 1 == n_greedy)
                break;
            eval(&s, &next, 1, WANT_LAST);
            next = argmax(forward_logits(s.forward, 0), V);
        }
        free(got);
        free(want);
        free(greedy);
        free(ids);
    }
    printf("# %s: greatest difference of a logit %.2g (chunks of %d)\n", folder, worst,
           s.plan.n_batch);
    session_close(&s);
    json_decref(expected);
    return worst;
}

static void preview_model(void **state)
{
    (void)state;
    if (!shared_file("model/preview.gguf"))
        skip();
    assert_true(check_cases("model", "model/preview.gguf", ENGINE_KV_F32) <= 1e-4);
    assert_true(check_cases("model", "model/preview.gguf", ENGINE_KV_F16) <= 2e-2);
}

static void llama_and_qwen(void **state)
{
    (void)state;
    static const char *const names[] = {"e1_llama2_mha_fp32", "e2_llama3_gqa_ropescaled_bf16",
                                        "e3_qwen2_gqa_bias_fp16", "e4_qwen3_qknorm_bf16",
                                        "e6_qwen2_yarn_v5config_fp32"};
    if (!shared_file("fixtures/gguf/e1_llama2_mha_fp32.gguf"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char folder[128], gguf[128];
        snprintf(folder, sizeof(folder), "fixtures/%s", names[i]);
        snprintf(gguf, sizeof(gguf), "fixtures/gguf/%s.gguf", names[i]);
        assert_true(check_cases(folder, gguf, ENGINE_KV_F32) <= 2e-4);
    }
}

/* ---- against itself, on tiny models and on the preview model where it is there ---- */

enum { N_IDS = 100 };

/* Tokens to evaluate; returns how many. */
static int some_ids(const struct session *s, int32_t ids[N_IDS])
{
    uint64_t seed = 3;
    const int n = s->plan.n_ctx < N_IDS ? s->plan.n_ctx : N_IDS;
    for (int i = 0; i < n; i++)
        ids[i] = (int32_t)(fabsf(test_number(&seed)) * (float)(s->model->hp.n_vocab - 1));
    return n;
}

static void on_each_model(void (*fn)(const char *path))
{
    static const struct tiny tinies[] = {
        {.arch = "gpt2", .type = QUANT_F32},
        {.arch = "gpt2", .type = QUANT_Q8_0},
        {.arch = "qwen3", .type = QUANT_F16},
    };
    for (size_t i = 0; i < ARRAY_LEN(tinies); i++)
        fn(tiny_write(&tinies[i]));
    unlink(tiny_path());
    const char *preview = shared_file("model/preview.gguf");
    if (preview)
        fn(preview);
}

/* Other chunkings, and a reused prefix, give the same logits to the bit. */
static void check_chunks(const char *path)
{
    static const int chunks[] = {1, 2, 3, 5, 16, 17, 33, 64};
    int32_t ids[N_IDS];
    struct session s;
    session_open(&s, path, ENGINE_KV_F32, 2);
    const int n_ids = some_ids(&s, ids);
    const size_t V = (size_t)s.model->hp.n_vocab, n = (size_t)n_ids * V;
    float *whole = malloc(n * sizeof(*whole)), *got = malloc(n * sizeof(*got));
    eval_all(&s, ids, n_ids, s.plan.n_batch, whole);
    for (size_t i = 0; i < ARRAY_LEN(chunks) && chunks[i] <= s.plan.n_batch; i++) {
        kvcache_rewind(&s.kv, 0);
        eval_all(&s, ids, n_ids, chunks[i], got);
        assert_memory_equal(whole, got, n * sizeof(*got));
    }
    /* another ending, then back to the common prefix */
    for (int kept = 1; kept + 3 <= n_ids; kept += 21) {
        int32_t other[3];
        for (int i = 0; i < 3; i++)
            other[i] = (ids[kept + i] + 1) % s.model->hp.n_vocab;
        kvcache_rewind(&s.kv, kept);
        eval(&s, other, 3, WANT_LAST);
        assert_int_equal(kvcache_common(&s.kv, ids, n_ids), kept);
        kvcache_rewind(&s.kv, kept);
        eval_all(&s, ids + kept, n_ids - kept, 40, got);
        assert_memory_equal(whole + (size_t)kept * V, got,
                            (size_t)(n_ids - kept) * V * sizeof(*got));
    }
    free(got);
    free(whole);
    session_close(&s);
}

static void check_threads(const char *path)
{
    float *first = NULL;
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        struct session s;
        int32_t ids[N_IDS];
        session_open(&s, path, ENGINE_KV_F16, n_threads);
        const int n_ids = some_ids(&s, ids), n_first = n_ids * 2 / 3;
        const size_t V = (size_t)s.model->hp.n_vocab, n = (size_t)n_ids * V;
        float *got = malloc(n * sizeof(*got));
        eval_all(&s, ids, n_first, n_first, got);
        eval_all(&s, ids + n_first, n_ids - n_first, 1, got + (size_t)n_first * V);
        if (first)
            assert_memory_equal(first, got, n * sizeof(*got));
        else
            first = got;
        if (first != got)
            free(got);
        session_close(&s);
    }
    free(first);
}

static void chunks_agree_to_the_bit(void **state)
{
    (void)state;
    on_each_model(check_chunks);
}

static void threads_agree_to_the_bit(void **state)
{
    (void)state;
    on_each_model(check_threads);
}

/* ---- stopping, refusing, memory ---- */

static bool stop_at_second(void *arg)
{
    return ++*(int *)arg == 2;
}

static void check_stop(const char *path)
{
    struct session s;
    struct err err = ERR_INIT;
    int32_t ids[N_IDS];
    int asked = 0;
    session_open(&s, path, ENGINE_KV_F32, 2);
    const int32_t V = s.model->hp.n_vocab;
    const size_t row_bytes = (size_t)V * sizeof(float);
    float *before = malloc(row_bytes);
    some_ids(&s, ids);
    eval(&s, ids, 10, WANT_NOTHING);
    eval(&s, ids + 10, 1, WANT_LAST);
    memcpy(before, forward_logits(s.forward, 0), row_bytes);
    assert_int_equal(forward_eval(s.forward, ids + 11, 30, WANT_LAST, stop_at_second, &asked, &err),
                     E_CANCELLED);
    assert_int_equal(asked, 2);
    assert_int_equal(s.kv.n_used, 11);

    const int32_t outside[] = {5, V}, negative[] = {-1};
    assert_int_equal(forward_eval(s.forward, outside, 2, WANT_LAST, NULL, NULL, &err), E_INPUT);
    assert_int_equal(forward_eval(s.forward, negative, 1, WANT_LAST, NULL, NULL, &err), E_INPUT);
    assert_int_equal(s.kv.n_used, 11);

    kvcache_rewind(&s.kv, 10);
    eval(&s, ids + 10, 1, WANT_LAST);
    assert_memory_equal(before, forward_logits(s.forward, 0), row_bytes);
    free(before);
    session_close(&s);
}

static void stopping_leaves_the_cache_alone(void **state)
{
    (void)state;
    on_each_model(check_stop);
}

static void broken_weights_are_told(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct tiny t = {.arch = "gpt2", .fill = bad[i]};
        const int32_t ids[] = {1, 2, 3};
        struct session s;
        struct err err = ERR_INIT;
        session_open(&s, tiny_write(&t), ENGINE_KV_F16, 1);
        eval(&s, ids, 2, WANT_NOTHING);
        assert_int_equal(forward_eval(s.forward, ids + 2, 1, WANT_LAST, NULL, NULL, &err), E_INPUT);
        assert_non_null(strstr(err.msg, "not finite at token 2"));
        assert_int_equal(s.kv.n_used, 2);
        session_close(&s);
    }
    unlink(tiny_path());
}

/* Logits of 30 tokens of a model of two layers whose window of 5 positions begins at layer `from`;
 * -1: without window. The caller frees them. */
static float *windowed(int from, size_t *row)
{
    const struct tiny_key keys[] = {
        {"qwen3.attention.sliding_window", TINY_U32, .u = from < 0 ? 0 : 5},
        {"xuxie.sliding_window_from", TINY_U32, .u = from < 0 ? 0 : (uint32_t)from},
    };
    const struct tiny t = {.arch = "qwen3", .type = QUANT_F32, .keys = keys, .n_keys = 2};
    struct session s;
    int32_t ids[N_IDS];
    session_open(&s, tiny_write(&t), ENGINE_KV_F32, 1);
    *row = (size_t)s.model->hp.n_vocab;
    some_ids(&s, ids);
    float *logits = malloc(30 * *row * sizeof(*logits));
    eval_all(&s, ids, 30, 7, logits);
    session_close(&s);
    unlink(tiny_path());
    return logits;
}

static void a_window_begins_at_a_layer(void **state)
{
    (void)state;
    size_t V;
    float *none = windowed(-1, &V), *all = windowed(0, &V), *second = windowed(1, &V),
          *beyond = windowed(2, &V);
    assert_memory_equal(none, beyond, 30 * V * sizeof(*none));
    for (size_t t = 0; t < 30; t++) {
        const size_t at = t * V, n = V * sizeof(*none);
        assert_true((memcmp(none + at, all + at, n) == 0) == (t < 5));
        assert_true((memcmp(none + at, second + at, n) == 0) == (t < 5));
        assert_true((memcmp(all + at, second + at, n) == 0) == (t < 5));
    }
    free(none);
    free(all);
    free(second);
    free(beyond);
}

static void check_memory(const char *path)
{
    struct session s;
    struct sample_params params;
    int32_t history[N_IDS];
    float logprob;
    session_open(&s, path, ENGINE_KV_F16, 2);
    const int V = s.model->hp.n_vocab, n_ids = some_ids(&s, history);
    void *memory = aligned_alloc(64, sampler_bytes(V, s.plan.n_ctx));
    struct sampler *sampler = sampler_init(memory, V, s.plan.n_ctx, NULL, NULL);
    sample_params_init(&params);
    params.min_p = 0.05f;
    params.top_p = 0.9f;
    params.typical = 0.95f;
    params.top_k = 200;
    params.repeat_penalty = 1.1f;
    params.dry_multiplier = 0.8f;
    params.xtc_threshold = 0.1f;
    params.xtc_probability = 0.5f;
    eval(&s, history, 20, WANT_LAST);

    assert_true(n_allocations > 0); /* the counter is at work */
    n_allocations = 0;
    for (int i = 20; i < n_ids; i++) {
        const float *logits = forward_logits(s.forward, 0);
        history[i] =
            sampler_draw(sampler, &params, logits, history, (size_t)i, 1, 0, (uint64_t)i, &logprob);
        eval(&s, &history[i], 1, WANT_LAST);
    }
    assert_int_equal(n_allocations, 0);
    free(memory);
    session_close(&s);
}

static void tokens_take_no_memory(void **state)
{
    (void)state;
    on_each_model(check_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preview_model),
        cmocka_unit_test(llama_and_qwen),
        cmocka_unit_test(chunks_agree_to_the_bit),
        cmocka_unit_test(threads_agree_to_the_bit),
        cmocka_unit_test(stopping_leaves_the_cache_alone),
        cmocka_unit_test(broken_weights_are_told),
        cmocka_unit_test(a_window_begins_at_a_layer),
        cmocka_unit_test(tokens_take_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
