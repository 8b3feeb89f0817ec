/* test_kernels.c - every instruction set against the plain C kernels, bit for bit, on random rows
 * of all lengths the contract allows; the plain ones against the C library in double precision. */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"

static const char *const isas[] = {"avx2", "avx512"};

static const enum quant_type types[] = {
    QUANT_F32,  QUANT_F16,  QUANT_BF16, QUANT_Q8_0,   QUANT_Q4_0,
    QUANT_Q4_1, QUANT_Q5_0, QUANT_Q5_1, QUANT_Q2_K,   QUANT_Q3_K,
    QUANT_Q4_K, QUANT_Q5_K, QUANT_Q6_K, QUANT_IQ4_NL, QUANT_IQ4_XS,
};

static const struct kernels *generic(void)
{
    return kernels_named("generic");
}

/* ---- random material ---- */

static uint64_t seed;

static uint32_t random_u32(void)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 32);
}

static float float_of(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* Mostly of the order of 1; now and then zero, -0, subnormal, or very big or small. */
static float random_float(void)
{
    uint32_t sign = random_u32() & 0x80000000;
    float f = (float)(random_u32() >> 8) * 0x1p-23f;
    switch (random_u32() % 64) {
    case 0: f = 0; break;
    case 1: f = float_of(random_u32() & 0x7fffff); break;
    case 2: f = ldexpf(f, (int)(random_u32() % 60)); break;
    case 3: f = ldexpf(f, -(int)(random_u32() % 120)); break;
    }
    return sign ? -f : f;
}

static void fill(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = random_float();
}

/* A finite half, rarely subnormal. */
static uint16_t random_half(void)
{
    return f32_to_f16(random_u32() % 16 ? random_float() : random_float() * 1e-5f);
}

/* Where scale i (0: d, 1: m or dmin) lies in a block; -1 where the type has none. */
static int half_offset(enum quant_type type, size_t i)
{
    switch (type) {
    case QUANT_Q4_1:
    case QUANT_Q5_1:
    case QUANT_Q4_K:
    case QUANT_Q5_K: return i == 0 ? 0 : 2;
    case QUANT_Q2_K: return i == 0 ? 80 : 82;
    case QUANT_Q3_K: return i == 0 ? 108 : -1;
    case QUANT_Q6_K: return i == 0 ? 208 : -1;
    default: return i == 0 ? 0 : -1;
    }
}

/* A row of n weights: random blocks whose scales are finite. */
static void fill_packed(const struct quant *q, uint8_t *p, int64_t n)
{
    size_t n_bytes;
    assert_true(quant_row_bytes(q->type, n, &n_bytes));
    for (size_t i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)random_u32();
    if (q->block_elems == 1) {
        for (int64_t i = 0; i < n; i++) {
            float f = random_float();
            uint16_t half = q->type == QUANT_BF16 ? f32_to_bf16(f) : f32_to_f16(f);
            if (q->type == QUANT_F16 && (half & 0x7c00) == 0x7c00)
                half = 0x3c00;
            if (q->type == QUANT_F32)
                memcpy(p + 4 * i, &f, sizeof f);
            else
                memcpy(p + 2 * i, &half, sizeof half);
        }
        return;
    }
    for (size_t b = 0; b < n_bytes; b += (size_t)q->block_bytes)
        for (size_t i = 0; i < 2; i++) {
            uint16_t half = random_half();
            if ((half & 0x7c00) == 0x7c00)
                half = 0x3c00;
            if (half_offset(q->type, i) >= 0)
                memcpy(p + b + half_offset(q->type, i), &half, sizeof half);
        }
}

/* Memory of n bytes that ends where a forbidden page begins, so that reading past it is a crash. */
struct guarded {
    unsigned char *map;
    size_t map_bytes;
    void *p;
};

static struct guarded guarded_new(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct guarded g = {.map_bytes = (n + page - 1) / page * page + page};
    g.map = mmap(NULL, g.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect(g.map + g.map_bytes - page, page, PROT_NONE), 0);
    g.p = g.map + g.map_bytes - page - n;
    return g;
}

static void guarded_free(struct guarded *g)
{
    munmap(g->map, g->map_bytes);
}

static bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

static void check_rows(const char *isa, const char *what, int64_t n, const float *got,
                       const float *wanted, int64_t n_out)
{
    for (int64_t i = 0; i < n_out; i++)
        if (!same_bits(got[i], wanted[i]))
            fail_msg("%s %s, n = %lld: [%lld] is %a, not %a", isa, what, (long long)n, (long long)i,
                     got[i], wanted[i]);
}

/* Calls check for every vector table this machine can run. */
static void each_isa(void (*check)(const struct kernels *k))
{
    int n_run = 0;
    for (size_t i = 0; i < ARRAY_LEN(isas); i++) {
        const struct kernels *k = kernels_named(isas[i]);
        if (!k) {
            print_message("this machine has no %s\n", isas[i]);
            continue;
        }
        assert_string_equal(k->name, isas[i]);
        seed = 42;
        check(k);
        n_run++;
    }
    if (n_run == 0)
        skip();
}

/* ---- products ---- */

static void check_dot(const struct kernels *k, const struct quant *q, int64_t n, int n_x,
                      int64_t stride)
{
    size_t n_bytes;
    assert_true(quant_row_bytes(q->type, n, &n_bytes));
    struct guarded w = guarded_new(n_bytes);
    struct guarded x = guarded_new((size_t)(stride * (n_x - 1) + n) * sizeof(float));
    fill_packed(q, w.p, n);
    fill(x.p, stride * (n_x - 1) + n);

    float wanted[KERNEL_MAX_X + 1] = {0}, got[KERNEL_MAX_X + 1] = {0};
    generic()->dot[q->type](w.p, x.p, stride, n_x, n, wanted);
    k->dot[q->type](w.p, x.p, stride, n_x, n, got);
    check_rows(k->name, q->name, n, got, wanted, KERNEL_MAX_X + 1);

    /* and what was said about batches: a row alone gives the same as among others */
    for (int j = 0; j < n_x; j++) {
        float alone;
        k->dot[q->type](w.p, (float *)x.p + j * stride, 0, 1, n, &alone);
        check_rows(k->name, q->name, n, &alone, &wanted[j], 1);
    }
    guarded_free(&w);
    guarded_free(&x);
}

static void check_dots(const struct kernels *k)
{
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        const struct quant *q = quant_of(types[t]);
        for (int n_x = 1; n_x <= KERNEL_MAX_X; n_x++) {
            for (int64_t n = 0; n <= 20 * q->block_elems && n <= 1536; n += q->block_elems)
                check_dot(k, q, n, n_x, n);
            for (int i = 0; i < 40; i++) {
                int64_t n =
                    (int64_t)(random_u32() % (4096 / (uint32_t)q->block_elems)) * q->block_elems;
                check_dot(k, q, n, n_x, n + random_u32() % 100);
            }
        }
    }
    for (int64_t n = 0; n < 200; n++) /* every tail of the single-element types */
        for (size_t t = 0; t < 3; t++)
            for (int n_x = 1; n_x <= KERNEL_MAX_X; n_x++)
                check_dot(k, quant_of(types[t]), n, n_x, n + 3);
}

static void test_dot_is_the_same_everywhere(void **state)
{
    (void)state;
    each_isa(check_dots);
}

/* A block gives the bits of dot[], reads and writes nothing but what it may. */
static void check_block(const struct kernels *k, int n_w, int n_x, int64_t n)
{
    const int64_t padded = (n + KERNEL_PARTS - 1) / KERNEL_PARTS * KERNEL_PARTS;
    const int64_t stride = n + (int64_t)(random_u32() % 3);
    const int64_t out_stride = n_w + (int64_t)(random_u32() % 3);
    struct guarded w = guarded_new((size_t)(n_w * n) * sizeof(float));
    struct guarded x = guarded_new((size_t)(stride * (n_x - 1) + n) * sizeof(float));
    struct guarded block = guarded_new((size_t)(KERNEL_BLOCK_W * padded) * sizeof(float));
    struct guarded scratch = guarded_new((size_t)(KERNEL_BLOCK_X * padded) * sizeof(float));
    struct guarded out = guarded_new((size_t)(out_stride * (n_x - 1) + n_w) * sizeof(float));
    fill(w.p, n_w * n);
    fill(x.p, stride * (n_x - 1) + n);
    fill(out.p, out_stride * (n_x - 1) + n_w);
    float *wanted = malloc((size_t)(out_stride * n_x) * sizeof *wanted);
    memcpy(wanted, out.p, (size_t)(out_stride * (n_x - 1) + n_w) * sizeof *wanted);
    for (int r = 0; r < n_w; r++) {
        k->block_put((float *)w.p + r * n, n, r, block.p);
        for (int t = 0; t < n_x; t++)
            generic()->dot[QUANT_F32]((float *)w.p + r * n, (float *)x.p + t * stride, 0, 1, n,
                                      &wanted[t * out_stride + r]);
    }
    k->block_dot(block.p, n_w, x.p, stride, n_x, n, scratch.p, out.p, out_stride);
    check_rows(k->name, "block", n, out.p, wanted, out_stride * (n_x - 1) + n_w);
    free(wanted);
    guarded_free(&w);
    guarded_free(&x);
    guarded_free(&block);
    guarded_free(&scratch);
    guarded_free(&out);
}

static void check_blocks(const struct kernels *k)
{
    for (int n_w = 1; n_w <= KERNEL_BLOCK_W; n_w++)
        for (int n_x = 1; n_x <= KERNEL_BLOCK_X; n_x++)
            check_block(k, n_w, n_x, 1 + random_u32() % 150);
    for (int64_t n = 0; n < 200; n++)
        check_block(k, 1 + (int)(random_u32() % KERNEL_BLOCK_W),
                    1 + (int)(random_u32() % KERNEL_BLOCK_X), n);
    for (int i = 0; i < 20; i++)
        check_block(k, KERNEL_BLOCK_W, KERNEL_BLOCK_X, random_u32() % 3000);
}

static void test_blocks_are_the_same_everywhere(void **state)
{
    (void)state;
    seed = 41;
    check_blocks(generic());
    each_isa(check_blocks);
}

/* The specification itself: against long sums in double precision. */
static void test_dot_is_right(void **state)
{
    (void)state;
    seed = 7;
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        const struct quant *q = quant_of(types[t]);
        uint8_t packed[4 * 768];
        float w[768], x[768], out;
        fill_packed(q, packed, 768);
        fill(x, 768);
        q->unpack(packed, w, 768);
        double sum = 0, size = 0;
        for (int i = 0; i < 768; i++) {
            sum += (double)w[i] * (double)x[i];
            size += fabs((double)w[i] * (double)x[i]);
        }
        generic()->dot[q->type](packed, x, 0, 1, 768, &out);
        if (fabs((double)out - sum) > 1e-6 * size)
            fail_msg("%s: %a is not near %a", q->name, out, sum);
    }
}

static void check_unpack(const struct kernels *k)
{
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        const struct quant *q = quant_of(types[t]);
        for (int64_t blocks = 0; blocks < 100; blocks++) {
            int64_t n = blocks * q->block_elems;
            size_t n_bytes;
            assert_true(quant_row_bytes(q->type, n, &n_bytes));
            struct guarded packed = guarded_new(n_bytes);
            struct guarded got = guarded_new((size_t)n * sizeof(float));
            float *wanted = malloc((size_t)(n + 1) * sizeof *wanted);
            assert_non_null(wanted);
            fill_packed(q, packed.p, n);
            generic()->unpack[q->type](packed.p, wanted, n);
            k->unpack[q->type](packed.p, got.p, n);
            check_rows(k->name, q->name, n, got.p, wanted, n);
            free(wanted);
            guarded_free(&packed);
            guarded_free(&got);
        }
    }
}

static void test_unpack_is_the_same_everywhere(void **state)
{
    (void)state;
    each_isa(check_unpack);
}

/* ---- rows ---- */

enum { N_LENGTHS = 300 };

static void check_f16_rows(const struct kernels *k)
{
    for (int64_t n = 0; n < N_LENGTHS; n++) {
        struct guarded a = guarded_new((size_t)n * sizeof(uint16_t));
        struct guarded half = guarded_new((size_t)n * sizeof(uint16_t));
        struct guarded x = guarded_new((size_t)n * sizeof(float));
        struct guarded y = guarded_new((size_t)n * sizeof(float));
        float wanted[N_LENGTHS];
        uint16_t wanted_half[N_LENGTHS];
        fill_packed(quant_of(QUANT_F16), a.p, n);
        fill(x.p, n);

        float d0 = generic()->dot_f16(a.p, x.p, n), d1 = k->dot_f16(a.p, x.p, n);
        check_rows(k->name, "dot_f16", n, &d1, &d0, 1);

        fill(y.p, n);
        memcpy(wanted, y.p, (size_t)n * sizeof(float));
        float scale = random_float();
        generic()->axpy_f16(scale, a.p, wanted, n);
        k->axpy_f16(scale, a.p, y.p, n);
        check_rows(k->name, "axpy_f16", n, y.p, wanted, n);

        memcpy(wanted, y.p, (size_t)n * sizeof(float));
        generic()->axpy(scale, x.p, wanted, n);
        k->axpy(scale, x.p, y.p, n);
        check_rows(k->name, "axpy", n, y.p, wanted, n);

        generic()->f32_to_f16_row(x.p, wanted_half, n);
        k->f32_to_f16_row(x.p, half.p, n);
        assert_memory_equal(half.p, wanted_half, (size_t)n * sizeof(uint16_t));
        guarded_free(&a);
        guarded_free(&half);
        guarded_free(&x);
        guarded_free(&y);
    }
}

static void test_f16_rows_are_the_same_everywhere(void **state)
{
    (void)state;
    each_isa(check_f16_rows);
}

static const float odd_values[] = {
    0.0f,  -0.0f, 1e-45f, -1e-45f, 1e-38f, -1e-38f, 88.7f,  -87.4f,   -103.5f,   -104.5f,
    89.0f, 3e38f, -3e38f, 12.5f,   -12.5f, 13.0f,   -13.0f, INFINITY, -INFINITY, NAN,
};

/* Now and then one of the odd values. */
static void fill_odd(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = random_u32() % 8 ? random_float() * 8
                                : odd_values[random_u32() % ARRAY_LEN(odd_values)];
}

static void check_maps(const struct kernels *k)
{
    for (int64_t n = 0; n < N_LENGTHS; n++) {
        struct guarded got = guarded_new((size_t)n * sizeof(float));
        float in[N_LENGTHS], wanted[N_LENGTHS];
        const struct {
            const char *name;
            void (*generic)(float *x, int64_t n);
            void (*here)(float *x, int64_t n);
        } maps[] = {
            {"gelu_tanh", generic()->gelu_tanh, k->gelu_tanh},
            {"gelu_erf", generic()->gelu_erf, k->gelu_erf},
            {"silu", generic()->silu, k->silu},
        };
        for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
            fill_odd(in, n);
            memcpy(wanted, in, sizeof wanted);
            memcpy(got.p, in, (size_t)n * sizeof(float));
            maps[i].generic(wanted, n);
            maps[i].here(got.p, n);
            check_rows(k->name, maps[i].name, n, got.p, wanted, n);
        }
        guarded_free(&got);
    }
}

static void test_activations_are_the_same_everywhere(void **state)
{
    (void)state;
    each_isa(check_maps);
}

static void check_softmax(const struct kernels *k)
{
    for (int64_t n = 0; n < N_LENGTHS; n++)
        for (int odd = 0; odd < 2; odd++) {
            struct guarded got = guarded_new((size_t)n * sizeof(float));
            float wanted[N_LENGTHS];
            odd ? fill_odd(wanted, n) : fill(wanted, n);
            memcpy(got.p, wanted, (size_t)n * sizeof(float));
            float m0 = generic()->max(wanted, n), m1 = k->max(got.p, n);
            check_rows(k->name, "max", n, &m1, &m0, 1);
            float s0 = generic()->exp_sum(wanted, m0, n), s1 = k->exp_sum(got.p, m0, n);
            check_rows(k->name, "exp_sum", n, got.p, wanted, n);
            check_rows(k->name, "exp_sum, total", n, &s1, &s0, 1);
            guarded_free(&got);
        }
}

static void test_softmax_is_the_same_everywhere(void **state)
{
    (void)state;
    each_isa(check_softmax);
}

static void check_norms(const struct kernels *k)
{
    for (int64_t n = 1; n < N_LENGTHS; n++) {
        struct guarded x = guarded_new((size_t)n * sizeof(float));
        struct guarded g = guarded_new((size_t)n * sizeof(float));
        struct guarded b = guarded_new((size_t)n * sizeof(float));
        struct guarded y = guarded_new((size_t)n * sizeof(float));
        float wanted[N_LENGTHS];
        fill(x.p, n);
        fill(g.p, n);
        fill(b.p, n);
        generic()->layernorm(x.p, g.p, b.p, 1e-5f, wanted, n);
        k->layernorm(x.p, g.p, b.p, 1e-5f, y.p, n);
        check_rows(k->name, "layernorm", n, y.p, wanted, n);
        generic()->layernorm(x.p, g.p, NULL, 1e-5f, wanted, n);
        k->layernorm(x.p, g.p, NULL, 1e-5f, y.p, n);
        check_rows(k->name, "layernorm without b", n, y.p, wanted, n);
        generic()->rmsnorm(x.p, g.p, 1e-6f, wanted, n);
        k->rmsnorm(x.p, g.p, 1e-6f, x.p, n); /* in place */
        check_rows(k->name, "rmsnorm", n, x.p, wanted, n);
        guarded_free(&x);
        guarded_free(&g);
        guarded_free(&b);
        guarded_free(&y);
    }
}

static void test_norms_are_the_same_everywhere(void **state)
{
    (void)state;
    each_isa(check_norms);
}

static void test_norms_are_right(void **state)
{
    (void)state;
    seed = 9;
    enum { N = 500 };
    float x[N], g[N], b[N], y[N], r[N];
    for (int i = 0; i < N; i++) {
        x[i] = (float)(random_u32() >> 8) * 0x1p-22f + 3;
        g[i] = (float)(random_u32() >> 8) * 0x1p-24f;
        b[i] = (float)(random_u32() >> 8) * 0x1p-24f;
    }
    double mean = 0, var = 0, square = 0;
    for (int i = 0; i < N; i++)
        mean += (double)x[i] / N;
    for (int i = 0; i < N; i++) {
        var += ((double)x[i] - mean) * ((double)x[i] - mean) / N;
        square += (double)x[i] * (double)x[i] / N;
    }
    generic()->layernorm(x, g, b, 1e-5f, y, N);
    generic()->rmsnorm(x, g, 1e-5f, r, N);
    for (int i = 0; i < N; i++) {
        double layer = ((double)x[i] - mean) / sqrt(var + 1e-5) * (double)g[i] + (double)b[i];
        double rms = (double)x[i] / sqrt(square + 1e-5) * (double)g[i];
        assert_true(fabs((double)y[i] - layer) < 2e-6);
        assert_true(fabs((double)r[i] - rms) < 1e-6);
    }
}

/* ---- transcendental functions against the C library, over all floats by a stride of bits ---- */

enum { BATCH = 4096, STRIDE = 1021 };

/* Calls check with batches of floats between lo and hi in size, both signs. */
static void sweep(float lo, float hi, void (*check)(float *x, const float *in, int64_t n))
{
    float in[BATCH], x[BATCH];
    uint32_t first, last;
    memcpy(&first, &lo, sizeof first);
    memcpy(&last, &hi, sizeof last);
    int64_t n = 0;
    for (uint32_t u = first; u <= last; u += STRIDE) {
        in[n++] = float_of(u);
        in[n++] = -float_of(u);
        if (n == BATCH || u + STRIDE > last) {
            memcpy(x, in, sizeof x);
            check(x, in, n);
            n = 0;
        }
    }
}

static double worst;

static void check_exp(float *x, const float *in, int64_t n)
{
    kernels_get()->exp_sum(x, 0, n);
    for (int64_t i = 0; i < n; i++) {
        double wanted = exp((double)in[i]);
        /* below the normal range the last place is what counts */
        double error = fabs((double)x[i] - wanted) / fmax(wanted, 0x1p-126);
        worst = fmax(worst, wanted > 3.4028235e38 ? 0 : error);
    }
}

static double gelu_tanh_exact(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double gelu_erf_exact(double x)
{
    return 0.5 * x * erfc(-x / sqrt(2));
}

static double silu_exact(double x)
{
    return x / (1 + exp(-x));
}

#define DEFINE_CHECK(name)                                                                         \
    static void check_##name(float *x, const float *in, int64_t n)                                 \
    {                                                                                              \
        kernels_get()->name(x, n);                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            double error = fabs((double)x[i] - name##_exact((double)in[i]));                       \
            worst = fmax(worst, error / fmax(1, fabs((double)in[i])));                             \
        }                                                                                          \
    }
DEFINE_CHECK(gelu_tanh)
DEFINE_CHECK(gelu_erf)
DEFINE_CHECK(silu)

static void test_functions_are_accurate(void **state)
{
    (void)state;
    const struct {
        const char *name;
        void (*check)(float *x, const float *in, int64_t n);
        float lo, hi;
        double allowed;
    } cases[] = {
        {"exp", check_exp, 1e-10f, 104, 1.5e-7},
        {"gelu_tanh", check_gelu_tanh, 1e-10f, 1e4f, 2e-7},
        {"gelu_erf", check_gelu_erf, 1e-10f, 1e4f, 2e-7},
        {"silu", check_silu, 1e-10f, 1e4f, 2e-7},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        worst = 0;
        sweep(cases[i].lo, cases[i].hi, cases[i].check);
        print_message("%s: worst error %.3g\n", cases[i].name, worst);
        assert_true(worst <= cases[i].allowed);
    }
}

static void test_functions_at_the_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i <= ARRAY_LEN(isas); i++) {
        const struct kernels *k = kernels_named(i ? isas[i - 1] : "generic");
        if (!k)
            continue;
        float x[] = {-INFINITY, INFINITY, 0, -0.0f, 88.7f, 89, NAN};
        k->exp_sum(x, 0, 7);
        assert_true(x[0] == 0 && x[1] == INFINITY && x[2] == 1 && x[3] == 1);
        assert_true(fabs((double)x[4] / exp((double)88.7f) - 1) < 1e-6);
        assert_true(x[5] == INFINITY && x[6] != x[6]);

        float far[] = {-200, 200, -3e38f, 3e38f, INFINITY};
        k->gelu_erf(far, 5);
        assert_true(fabsf(far[0]) < 1e-30f && far[1] == 200 && fabsf(far[2]) < 1e-30f);
        assert_true(far[3] == 3e38f && far[4] == INFINITY);
        assert_true(k->max(x, 0) == -INFINITY);
        assert_true(k->exp_sum(x, 0, 0) == 0);
    }
}

static void test_tables_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i <= ARRAY_LEN(isas); i++) {
        const struct kernels *k = kernels_named(i ? isas[i - 1] : "generic");
        if (!k)
            continue;
        for (uint32_t t = 0; t < 32; t++) {
            assert_true((k->dot[t] != NULL) == (quant_of(t) != NULL));
            assert_true((k->unpack[t] != NULL) == (quant_of(t) != NULL));
        }
        assert_true(k->block_put && k->block_dot);
        assert_true(k->axpy && k->dot_f16 && k->axpy_f16 && k->f32_to_f16_row && k->exp_sum);
        assert_true(k->max && k->gelu_tanh && k->gelu_erf && k->silu);
        assert_true(k->layernorm && k->rmsnorm);
    }
    assert_null(kernels_named("mmx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_complete),
        cmocka_unit_test(test_dot_is_right),
        cmocka_unit_test(test_dot_is_the_same_everywhere),
        cmocka_unit_test(test_blocks_are_the_same_everywhere),
        cmocka_unit_test(test_unpack_is_the_same_everywhere),
        cmocka_unit_test(test_f16_rows_are_the_same_everywhere),
        cmocka_unit_test(test_activations_are_the_same_everywhere),
        cmocka_unit_test(test_softmax_is_the_same_everywhere),
        cmocka_unit_test(test_norms_are_the_same_everywhere),
        cmocka_unit_test(test_norms_are_right),
        cmocka_unit_test(test_functions_are_accurate),
        cmocka_unit_test(test_functions_at_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
