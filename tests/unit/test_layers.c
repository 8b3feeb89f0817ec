/* test_layers.c - each layer against a plain reference in double precision, on odd sizes, with one
 * and several threads. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/layers/layers.h"
#include "model_util.h"
#include "src/base/mem.h"

enum { MAX_THREADS = 3, SCRATCH = 1 << 17 };

static struct layer_env env_of(struct pool **pool, int n_threads)
{
    struct err err = ERR_INIT;
    assert_int_equal(pool_new(n_threads, pool, &err), 0);
    float *scratch = aligned_alloc(64, (size_t)n_threads * SCRATCH * sizeof(*scratch));
    assert_non_null(scratch);
    return (struct layer_env){
        .k = kernels_get(), .pool = *pool, .scratch = scratch, .scratch_floats = SCRATCH};
}

static void env_free(struct layer_env *env)
{
    free(env->scratch);
    pool_free(env->pool);
}

static float *numbers(uint64_t seed, size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof(*x) + 63) / 64 * 64);
    assert_non_null(x);
    test_numbers(seed, x, n);
    return x;
}

/* A matrix [rows,n] of a type with known values: out receives what it means in f32. */
static struct tensor matrix(enum quant_type type, int64_t rows, int64_t n, uint64_t seed,
                            float **out)
{
    const struct quant *q = quant_of((uint32_t)type);
    struct tensor t = {.name = "w", .type = type, .n_dims = 2, .dim = {n, rows}};
    assert_true(quant_row_bytes(type, n, &t.n_bytes));
    t.n_bytes *= (size_t)rows;
    *out = numbers(seed, (size_t)(rows * n));
    void *packed = malloc(t.n_bytes);
    q->pack(*out, packed, rows * n);
    q->unpack(packed, *out, rows * n);
    t.data = packed;
    return t;
}

static void matrix_free(struct tensor *t, float *values)
{
    free((void *)t->data);
    free(values);
}

/* ---- linear ---- */

static double act_reference(enum linear_then then, double v)
{
    switch (then) {
    case LINEAR_GELU_TANH:
        return 0.5 * v * (1 + tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
    case LINEAR_GELU_ERF: return 0.5 * v * (1 + erf(v / sqrt(2.0)));
    case LINEAR_SILU: return v / (1 + exp(-v));
    case LINEAR_RELU: return v < 0 ? 0 : v;
    case LINEAR_STORE:
    case LINEAR_ADD:
    case LINEAR_MUL: break;
    }
    return v;
}

static void check_linear(const struct layer_env *env, enum quant_type type, int T, int K, int N,
                         enum linear_then then, bool with_bias)
{
    const int64_t stride = N + 5;
    float *w, *b = numbers(2, (size_t)N), *x = numbers(3, (size_t)(T * K));
    float *y = numbers(4, (size_t)(T * stride)), *before = numbers(4, (size_t)(T * stride));
    struct tensor t = matrix(type, N, K, 1, &w);
    linear_forward(env, &t, with_bias ? b : NULL, x, T, then, y, stride);
    for (int i = 0; i < T; i++) {
        for (int64_t r = 0; r < stride; r++) {
            const double was = (double)before[i * stride + r];
            double v = r < N && with_bias ? (double)b[r] : 0;
            for (int k = 0; r < N && k < K; k++)
                v += (double)w[r * K + k] * (double)x[i * K + k];
            v = then == LINEAR_ADD   ? was + v
                : then == LINEAR_MUL ? was * v
                                     : act_reference(then, v);
            assert_near(y[i * stride + r], r < N ? v : was, 2e-5);
        }
    }
    matrix_free(&t, w);
    free(before);
    free(y);
    free(x);
    free(b);
}

static void linear_by_definition(void **state)
{
    (void)state;
    static const enum linear_then thens[] = {LINEAR_STORE,     LINEAR_ADD,      LINEAR_MUL,
                                             LINEAR_GELU_TANH, LINEAR_GELU_ERF, LINEAR_SILU,
                                             LINEAR_RELU};
    static const int lengths[] = {1, 3, 4, 31, 32, 37};
    for (int n_threads = 1; n_threads <= MAX_THREADS; n_threads++) {
        struct pool *pool;
        struct layer_env env = env_of(&pool, n_threads);
        for (size_t i = 0; i < ARRAY_LEN(thens); i++)
            for (size_t j = 0; j < ARRAY_LEN(lengths); j++)
                check_linear(&env, QUANT_F32, lengths[j], 51, 133, thens[i], j % 2 == 0);
        check_linear(&env, QUANT_Q8_0, 1, 96, 70, LINEAR_ADD, true);
        check_linear(&env, QUANT_Q8_0, 35, 96, 70, LINEAR_ADD, true);
        check_linear(&env, QUANT_F16, 35, 77, 129, LINEAR_STORE, false);
        check_linear(&env, QUANT_BF16, 35, 77, 129, LINEAR_STORE, true);
        env_free(&env);
    }
}

/* ---- norm, embed ---- */

static void norms_by_definition(void **state)
{
    (void)state;
    enum { T = 7, C = 83 };
    struct pool *pool;
    struct layer_env env = env_of(&pool, 2);
    float *x = numbers(5, T * C), *g = numbers(6, C), *b = numbers(7, C), *y = numbers(8, T * C);
    const double eps = 1e-3;
    for (int kind = NORM_LAYER; kind <= NORM_RMS; kind++) {
        const float *bias = kind == NORM_LAYER ? b : NULL;
        norm_forward(&env, (enum arch_norm)kind, x, g, bias, (float)eps, T, C, y);
        for (int t = 0; t < T; t++) {
            double mean = 0, square = 0;
            for (int c = 0; kind == NORM_LAYER && c < C; c++)
                mean += (double)x[t * C + c] / C;
            for (int c = 0; c < C; c++)
                square += ((double)x[t * C + c] - mean) * ((double)x[t * C + c] - mean) / C;
            for (int c = 0; c < C; c++)
                assert_near(y[t * C + c],
                            ((double)x[t * C + c] - mean) / sqrt(square + eps) * (double)g[c] +
                                (bias ? (double)bias[c] : 0),
                            1e-5);
        }
    }
    free(y);
    free(b);
    free(g);
    free(x);
    env_free(&env);
}

static void embeddings_add_up(void **state)
{
    (void)state;
    enum { C = 96, V = 11, P = 9 };
    struct pool *pool;
    struct layer_env env = env_of(&pool, 2);
    float *token, *position, x[3 * C];
    struct tensor wte = matrix(QUANT_Q8_0, V, C, 1, &token);
    struct tensor wpe = matrix(QUANT_F16, P, C, 2, &position);
    const int32_t ids[] = {10, 0, 4};
    for (int with_position = 0; with_position < 2; with_position++) {
        embed_forward(&env, &wte, with_position ? &wpe : NULL, ids, 6, 3, x);
        for (int t = 0; t < 3; t++)
            for (int c = 0; c < C; c++)
                assert_near(x[t * C + c],
                            token[ids[t] * C + c] + (with_position ? position[(6 + t) * C + c] : 0),
                            0);
    }
    matrix_free(&wpe, position);
    matrix_free(&wte, token);
    env_free(&env);
}

/* ---- attention ---- */

struct shape {
    int A, KV, D, R, window;
    enum arch_position position;
    bool qk_norm;
    enum engine_kv_type kv;
};

static void rotate_reference(const struct shape *s, const float *freq, double scale, int position,
                             double *head)
{
    for (int p = 0; p < s->R / 2; p++) {
        const int i = s->position == POSITION_ROPE_NORM ? 2 * p : p;
        const int j = s->position == POSITION_ROPE_NORM ? 2 * p + 1 : p + s->R / 2;
        const double angle = position * (double)freq[p], a = head[i], b = head[j];
        head[i] = (a * cos(angle) - b * sin(angle)) * scale;
        head[j] = (a * sin(angle) + b * cos(angle)) * scale;
    }
}

/* The head at `from` as attention should see it, in double. */
static void head_reference(const struct shape *s, const float *from, const float *norm,
                           const float *freq, double scale, int position, double *head)
{
    double square = 0;
    for (int d = 0; d < s->D; d++)
        square += (double)from[d] * (double)from[d] / s->D;
    for (int d = 0; d < s->D; d++)
        head[d] = norm ? (double)from[d] / sqrt(square + 1e-5) * (double)norm[d] : (double)from[d];
    if (s->position != POSITION_LEARNED)
        rotate_reference(s, freq, scale, position, head);
}

enum { N_POSITIONS = 41 };

/* out[A*D] of position p. qkv[N_POSITIONS, (A+2KV)*D]. */
static void attention_reference(const struct shape *s, const float *qkv, const float *q_norm,
                                const float *k_norm, const float *freq, double scale, int p,
                                double *out)
{
    const int row = (s->A + 2 * s->KV) * s->D;
    const int first = s->window > 0 && p >= s->window ? p - s->window + 1 : 0;
    for (int h = 0; h < s->A; h++) {
        double q[64], k[64], weight[N_POSITIONS], sum = 0;
        const int kv = h / (s->A / s->KV);
        head_reference(s, qkv + p * row + h * s->D, q_norm, freq, scale, p, q);
        for (int j = first; j <= p; j++) {
            double score = 0;
            head_reference(s, qkv + j * row + (s->A + kv) * s->D, k_norm, freq, scale, j, k);
            for (int d = 0; d < s->D; d++)
                score += q[d] * k[d];
            sum += weight[j] = exp(score / sqrt(s->D));
        }
        for (int d = 0; d < s->D; d++) {
            double v = 0;
            for (int j = first; j <= p; j++)
                v += weight[j] / sum * (double)qkv[j * row + (s->A + s->KV + kv) * s->D + d];
            out[h * s->D + d] = v;
        }
    }
}

/* The same 41 positions, given in chunks of several lengths. */
static void check_attention(const struct layer_env *env, const struct shape *s, int chunk)
{
    const int Q = s->A * s->D, row = (s->A + 2 * s->KV) * s->D;
    const struct hparams hp = {.n_head = s->A,
                               .n_head_kv = s->KV,
                               .head_dim = s->D,
                               .n_rot = s->R,
                               .rope_scale = 1.25f,
                               .norm_eps = 1e-5f,
                               .window = s->window,
                               .n_layer = 2,
                               .attn_scale = 1 / sqrtf((float)s->D)};
    const struct model m = {.hp = hp};
    const struct plan plan = {.n_ctx = N_POSITIONS, .kv = s->kv};
    struct arena arena;
    struct kvcache kv;
    assert_int_equal(arena_init(&arena, kvcache_bytes(&m, N_POSITIONS, s->kv), NULL), 0);
    kvcache_init(&kv, &m, &plan, &arena);

    float *qkv = numbers(9, (size_t)(N_POSITIONS * row)), *q_norm = numbers(10, 64);
    float *k_norm = numbers(11, 64), *freq = numbers(12, 32), *work = numbers(13, 41 * 1024);
    float *out = numbers(14, (size_t)(N_POSITIONS * Q)), cs[N_POSITIONS * 64];
    for (int first = 0; first < N_POSITIONS; first += chunk) {
        const int T = N_POSITIONS - first < chunk ? N_POSITIONS - first : chunk;
        const struct attention a = {
            .hp = &hp,
            .position = s->position,
            .q_norm = s->qk_norm ? q_norm : NULL,
            .k_norm = s->qk_norm ? k_norm : NULL,
            .cs = cs,
            .kv = &kv,
            .layer = 1,
            .window = s->window,
        };
        if (s->position != POSITION_LEARNED)
            rope_angles(env, &hp, freq, first, T, cs);
        memcpy(work, qkv + first * row, (size_t)(T * row) * sizeof(*work));
        attention_forward(env, &a, work, T, out + first * Q);
        kv.n_used += T;
    }
    for (int p = 0; p < N_POSITIONS; p++) {
        double want[512];
        attention_reference(s, qkv, s->qk_norm ? q_norm : NULL, s->qk_norm ? k_norm : NULL, freq,
                            1.25, p, want);
        for (int i = 0; i < Q; i++)
            assert_near(out[p * Q + i], want[i], s->kv == ENGINE_KV_F32 ? 1e-5 : 2e-3);
    }
    free(out);
    free(work);
    free(freq);
    free(k_norm);
    free(q_norm);
    free(qkv);
    arena_free(&arena);
}

static void attention_by_definition(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        {3, 3, 17, 0, 0, POSITION_LEARNED, false, ENGINE_KV_F32},
        {4, 4, 32, 0, 0, POSITION_LEARNED, false, ENGINE_KV_F16},
        {6, 2, 10, 10, 0, POSITION_ROPE_NEOX, false, ENGINE_KV_F32},
        {6, 1, 20, 20, 0, POSITION_ROPE_NEOX, true, ENGINE_KV_F32},
        {4, 2, 12, 12, 0, POSITION_ROPE_NORM, false, ENGINE_KV_F32},
        {4, 2, 12, 8, 0, POSITION_ROPE_NORM, false, ENGINE_KV_F32},
        {4, 2, 12, 12, 16, POSITION_ROPE_NORM, false, ENGINE_KV_F32},
        {2, 2, 8, 0, 1, POSITION_LEARNED, false, ENGINE_KV_F32},
        {2, 2, 8, 0, 3, POSITION_LEARNED, false, ENGINE_KV_F16},
    };
    static const int chunks[] = {N_POSITIONS, 1, 7, 16};
    for (int n_threads = 1; n_threads <= MAX_THREADS; n_threads++) {
        struct pool *pool;
        struct layer_env env = env_of(&pool, n_threads);
        for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
            for (size_t j = 0; j < ARRAY_LEN(chunks); j++)
                check_attention(&env, &shapes[i], chunks[j]);
        env_free(&env);
    }
}

/* ---- mlp ---- */

static void mlp_by_definition(void **state)
{
    (void)state;
    enum { C = 33, F = 70, T = 5 };
    struct pool *pool;
    struct layer_env env = env_of(&pool, 2);
    float *gate, *up, *down, hidden[T * F];
    struct tensor w_gate = matrix(QUANT_F32, F, C, 1, &gate),
                  w_up = matrix(QUANT_F32, F, C, 2, &up);
    struct tensor w_down = matrix(QUANT_F32, C, F, 3, &down);
    float *h = numbers(4, T * C), *up_b = numbers(5, F), *down_b = numbers(6, C);
    for (int gated = 0; gated < 2; gated++) {
        const struct mlp mlp = {.gate = gated ? &w_gate : NULL,
                                .up = &w_up,
                                .down = &w_down,
                                .up_b = up_b,
                                .down_b = down_b,
                                .act = gated ? ACT_SILU : ACT_GELU_ERF};
        float *x = numbers(7, T * C), *before = numbers(7, T * C);
        mlp_forward(&env, &mlp, h, T, hidden, x);
        for (int t = 0; t < T; t++) {
            double inner[F];
            for (int f = 0; f < F; f++) {
                double u = (double)up_b[f], g = 0;
                for (int c = 0; c < C; c++) {
                    u += (double)up[f * C + c] * (double)h[t * C + c];
                    g += (double)gate[f * C + c] * (double)h[t * C + c];
                }
                inner[f] =
                    gated ? u * act_reference(LINEAR_SILU, g) : act_reference(LINEAR_GELU_ERF, u);
            }
            for (int c = 0; c < C; c++) {
                double v = (double)before[t * C + c] + (double)down_b[c];
                for (int f = 0; f < F; f++)
                    v += (double)down[c * F + f] * inner[f];
                assert_near(x[t * C + c], v, 5e-5);
            }
        }
        free(before);
        free(x);
    }
    free(down_b);
    free(up_b);
    free(h);
    matrix_free(&w_down, down);
    matrix_free(&w_up, up);
    matrix_free(&w_gate, gate);
    env_free(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_by_definition), cmocka_unit_test(norms_by_definition),
        cmocka_unit_test(embeddings_add_up),    cmocka_unit_test(attention_by_definition),
        cmocka_unit_test(mlp_by_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
