/* test_quant.c - the tensor types against ggml's own implementations (quant_vectors.h), the
 * half-precision conversions against the compiler's. */
#include "config.h"

#include "engine/kernels/quant.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/unit/quant_vectors.h"

static uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

#define VECTORS(name)                                                                              \
#name, packed_##name, sizeof packed_##name, unpacked_##name, ARRAY_LEN(unpacked_##name)

static const struct vectors {
    const char *name;
    const uint8_t *packed;
    size_t n_bytes;
    const uint32_t *values;
    size_t n;
} vectors[] = {
    {VECTORS(f16)},  {VECTORS(bf16)}, {VECTORS(q8_0)},   {VECTORS(q4_0)},   {VECTORS(q4_1)},
    {VECTORS(q5_0)}, {VECTORS(q5_1)}, {VECTORS(q2_K)},   {VECTORS(q3_K)},   {VECTORS(q4_K)},
    {VECTORS(q5_K)}, {VECTORS(q6_K)}, {VECTORS(iq4_nl)}, {VECTORS(iq4_xs)},
};

static void test_unpack_gives_ggml_s_values(void **state)
{
    (void)state;
    for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
        const struct quant *q = quant_by_name(vectors[v].name);
        assert_non_null(q);
        size_t n_bytes;
        assert_true(quant_row_bytes(q->type, (int64_t)vectors[v].n, &n_bytes));
        assert_int_equal(n_bytes, vectors[v].n_bytes);

        float out[512];
        assert_true(vectors[v].n <= ARRAY_LEN(out));
        q->unpack(vectors[v].packed, out, (int64_t)vectors[v].n);
        for (size_t i = 0; i < vectors[v].n; i++)
            if (out[i] != float_of(vectors[v].values[i])) /* equal as numbers: -0 is 0 */
                fail_msg("%s[%zu] is %a, not %a", q->name, i, out[i],
                         float_of(vectors[v].values[i]));
    }
}

static void test_pack_gives_ggml_s_bytes(void **state)
{
    (void)state;
    static const struct {
        enum quant_type type;
        const uint8_t *bytes;
        size_t n_bytes;
    } cases[] = {
        {QUANT_F32, (const uint8_t *)row, sizeof row},
        {QUANT_F16, row_as_f16, sizeof row_as_f16},
        {QUANT_BF16, row_as_bf16, sizeof row_as_bf16},
        {QUANT_Q8_0, row_as_q8_0, sizeof row_as_q8_0},
        {QUANT_Q4_0, row_as_q4_0, sizeof row_as_q4_0},
        {QUANT_Q4_1, row_as_q4_1, sizeof row_as_q4_1},
        {QUANT_Q5_0, row_as_q5_0, sizeof row_as_q5_0},
        {QUANT_Q5_1, row_as_q5_1, sizeof row_as_q5_1},
    };
    float in[ARRAY_LEN(row)];
    memcpy(in, row, sizeof row);
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        uint8_t packed[sizeof row];
        size_t n_bytes;
        assert_true(quant_row_bytes(cases[c].type, ARRAY_LEN(row), &n_bytes));
        assert_int_equal(n_bytes, cases[c].n_bytes);
        quant_of(cases[c].type)->pack(in, packed, ARRAY_LEN(row));
        assert_memory_equal(packed, cases[c].bytes, n_bytes);
    }
}

/* ---- the K types: not ggml's bytes, but at least as near to the values ---- */

enum { K_BLOCK = 256, K_ROW = 32 * K_BLOCK, MAX_BLOCK_BYTES = 210 };

static const enum quant_type k_types[] = {QUANT_Q2_K, QUANT_Q3_K, QUANT_Q4_K, QUANT_Q5_K,
                                          QUANT_Q6_K};

/* Packs one block and unpacks it again. */
static void through(enum quant_type type, const float in[K_BLOCK], float out[K_BLOCK])
{
    uint8_t packed[MAX_BLOCK_BYTES];
    quant_of(type)->pack(in, packed, K_BLOCK);
    quant_of(type)->unpack(packed, out, K_BLOCK);
}

static double squared_error(const float *a, const float *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum;
}

/* Sums of twelve 16-bit numbers, nearly normal; the second row times their size, which makes heavy
 * tails. */
static void fill_k_row(float rows[2][K_ROW])
{
    uint32_t state = 1;
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < K_ROW; i++) {
            int32_t sum = -6 * 65536;
            for (int j = 0; j < 12; j++) {
                state = state * 1664525 + 1013904223;
                sum += (int32_t)(state >> 16);
            }
            float v = (float)sum * 0x1p-21f;
            rows[r][i] = r == 0 ? v : v * fabsf(v);
        }
}

static void test_k_types_lose_no_more_than_ggml(void **state)
{
    (void)state;
    static const struct {
        enum quant_type type;
        const double *ggml;
    } cases[] = {
        {QUANT_Q2_K, ggml_error_q2_K}, {QUANT_Q3_K, ggml_error_q3_K}, {QUANT_Q4_K, ggml_error_q4_K},
        {QUANT_Q5_K, ggml_error_q5_K}, {QUANT_Q6_K, ggml_error_q6_K},
    };
    static float rows[2][K_ROW];
    fill_k_row(rows);
    for (size_t c = 0; c < ARRAY_LEN(cases); c++)
        for (int r = 0; r < 2; r++) {
            double sum = 0;
            for (int i = 0; i < K_ROW; i += K_BLOCK) {
                float out[K_BLOCK];
                through(cases[c].type, rows[r] + i, out);
                sum += squared_error(rows[r] + i, out, K_BLOCK);
            }
            double ratio = sqrt(sum / cases[c].ggml[r]);
            print_message("%s: %.3f of ggml's error\n", quant_of(cases[c].type)->name, ratio);
            assert_true(ratio <= 1);
        }
}

static void test_k_types_keep_plain_blocks(void **state)
{
    (void)state;
    static const float values[] = {0, 1, -1, 0.3f, -3e4f};
    float in[K_BLOCK], out[K_BLOCK];
    for (size_t t = 0; t < ARRAY_LEN(k_types); t++)
        for (size_t v = 0; v < ARRAY_LEN(values); v++) {
            for (int i = 0; i < K_BLOCK; i++)
                in[i] = values[v];
            through(k_types[t], in, out);
            for (int i = 0; i < K_BLOCK; i++)
                assert_true(fabsf(out[i] - in[i]) <= 1e-3f * fabsf(in[i]));
        }
}

/* Sub-blocks of their own level and width in one block, and values so small that the scale of the
 * block is one of the smallest halves there are. */
static void test_k_types_keep_offsets_and_the_small(void **state)
{
    (void)state;
    static const struct {
        enum quant_type type;
        double allowed; /* the error as a share of the values */
    } cases[] = {{QUANT_Q4_K, 0.12}, {QUANT_Q5_K, 0.06}, {QUANT_Q6_K, 0.04}};
    float in[K_BLOCK], out[K_BLOCK], zero[K_BLOCK] = {0};
    for (size_t c = 0; c < ARRAY_LEN(cases); c++)
        for (int power = 10; power >= -20; power -= 2) {
            for (int i = 0; i < K_BLOCK; i++) {
                int hash = i * 37 % 101 - 50 - i / 32 * 5;
                in[i] = ldexpf((float)hash * (float)(1 + i / 32), power);
            }
            through(cases[c].type, in, out);
            double share = sqrt(squared_error(in, out, K_BLOCK) / squared_error(in, zero, K_BLOCK));
            if (share > cases[c].allowed)
                fail_msg("%s of values near 2^%d: %.3f", quant_of(cases[c].type)->name, power + 6,
                         share);
        }
}

/* Not defined by ggml, but it must do no harm: no undefined conversion, the other blocks intact. */
static void test_pack_survives_what_is_no_number(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -1e-40f, 7e4f};
    enum { N = 3 * K_BLOCK };
    for (uint32_t type = QUANT_Q4_0; type < 32; type++) {
        const struct quant *q = quant_of(type);
        if (!q || !q->pack || q->block_elems == 1)
            continue;
        for (size_t b = 0; b < ARRAY_LEN(bad); b++) {
            float in[N], out[N], wanted[N];
            uint8_t packed[3 * 320];
            for (int i = 0; i < N; i++)
                in[i] = (float)(i % 8);
            q->pack(in, packed, N);
            q->unpack(packed, wanted, N);
            in[K_BLOCK + 5] = bad[b];
            q->pack(in, packed, N);
            q->unpack(packed, out, N);
            int end = K_BLOCK + q->block_elems;
            assert_memory_equal(out, wanted, K_BLOCK * sizeof *out);
            assert_memory_equal(out + end, wanted + end, (size_t)(N - end) * sizeof *out);
        }
    }
}

static void test_half_precision_known_values(void **state)
{
    (void)state;
    static const struct {
        uint32_t f32;
        uint16_t f16, bf16;
    } cases[] = {
        {0x00000000, 0x0000, 0x0000}, {0x80000000, 0x8000, 0x8000}, /* signed zeros */
        {0x3f800000, 0x3c00, 0x3f80}, {0xc0000000, 0xc000, 0xc000}, /* 1, -2 */
        {0x477fe000, 0x7bff, 0x4780},                               /* 65504, the largest half */
        {0x477fefff, 0x7bff, 0x4780}, {0x477ff000, 0x7c00, 0x4780}, /* around 65520 */
        {0x7f800000, 0x7c00, 0x7f80}, {0xff800000, 0xfc00, 0xff80}, /* infinities */
        {0x7fc00000, 0x7e00, 0x7fc0}, {0x7f800001, 0x7e00, 0x7fc0}, /* NaNs become quiet */
        {0x38800000, 0x0400, 0x3880}, {0x387fc000, 0x03ff, 0x3880}, /* 2^-14, the one below */
        {0x33800000, 0x0001, 0x3380}, {0x33000000, 0x0000, 0x3300}, /* 2^-24, half of it: even */
        {0x33000001, 0x0001, 0x3300}, {0x00000001, 0x0000, 0x0000},
        {0x3f801000, 0x3c00, 0x3f80}, {0x3f803000, 0x3c02, 0x3f80}, /* ties of f16 */
        {0x3f808000, 0x3c04, 0x3f80}, {0x3f818000, 0x3c0c, 0x3f82}, /* ties of bf16 */
        {0x7f7fffff, 0x7c00, 0x7f80},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(f32_to_f16(float_of(cases[i].f32)), cases[i].f16);
        assert_int_equal(f32_to_bf16(float_of(cases[i].f32)), cases[i].bf16);
    }
}

static void test_every_half_comes_back(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        bool is_nan = (h & 0x7fff) > 0x7c00;
        uint32_t quiet = is_nan ? h | 0x200 : h;
        assert_int_equal(f32_to_f16(f16_to_f32((uint16_t)h)), quiet);
        bool is_bf16_nan = (h & 0x7fff) > 0x7f80;
        assert_int_equal(f32_to_bf16(bf16_to_f32((uint16_t)h)), is_bf16_nan ? h | 0x40 : h);
    }
}

static void test_halves_against_the_compiler(void **state)
{
    (void)state;
#ifdef __FLT16_MAX__
    for (uint32_t h = 0; h < 0x10000; h++) {
        uint16_t half = (uint16_t)h;
        _Float16 theirs;
        memcpy(&theirs, &half, sizeof theirs);
        if ((h & 0x7fff) <= 0x7c00)
            assert_int_equal(bits_of(f16_to_f32(half)), bits_of((float)theirs));
    }
    for (uint64_t u = 0; u < UINT64_C(1) << 32; u += 1499) { /* prime: all low bits occur */
        float f = float_of((uint32_t)u);
        _Float16 theirs = (_Float16)f;
        uint16_t half;
        memcpy(&half, &theirs, sizeof half);
        if (f == f && f32_to_f16(f) != half)
            fail_msg("f32_to_f16(%a) is %04x, not %04x", f, f32_to_f16(f), half);
    }
#else
    print_message("this compiler has no _Float16\n");
    skip();
#endif
}

static void test_names_and_geometry(void **state)
{
    (void)state;
    assert_null(quant_of(9));
    assert_null(quant_of(31));
    assert_null(quant_of(UINT32_MAX));
    assert_null(quant_by_name("q8_K"));
    assert_string_equal(quant_name(15), "q8_K");
    assert_null(quant_of(QUANT_IQ4_NL)->pack);
    assert_string_equal(quant_name(28), "f64");
    assert_string_equal(quant_name(39), "mxfp4");
    assert_null(quant_name(1000));
    for (uint32_t t = 0; t < 64; t++)
        if (quant_of(t)) {
            assert_int_equal(quant_of(t)->type, t);
            assert_string_equal(quant_of(t)->name, quant_name(t));
            assert_ptr_equal(quant_by_name(quant_name(t)), quant_of(t));
        }

    size_t bytes = 7;
    assert_true(quant_row_bytes(QUANT_Q6_K, 512, &bytes));
    assert_int_equal(bytes, 420);
    assert_true(quant_row_bytes(QUANT_Q8_0, 0, &bytes));
    assert_int_equal(bytes, 0);
    assert_false(quant_row_bytes(QUANT_Q8_0, 33, &bytes));
    assert_false(quant_row_bytes(QUANT_Q4_K, 32, &bytes));
    assert_false(quant_row_bytes(QUANT_F32, -1, &bytes));
    assert_false(quant_row_bytes(QUANT_F32, INT64_MAX, &bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unpack_gives_ggml_s_values),
        cmocka_unit_test(test_pack_gives_ggml_s_bytes),
        cmocka_unit_test(test_k_types_lose_no_more_than_ggml),
        cmocka_unit_test(test_k_types_keep_plain_blocks),
        cmocka_unit_test(test_k_types_keep_offsets_and_the_small),
        cmocka_unit_test(test_pack_survives_what_is_no_number),
        cmocka_unit_test(test_half_precision_known_values),
        cmocka_unit_test(test_every_half_comes_back),
        cmocka_unit_test(test_halves_against_the_compiler),
        cmocka_unit_test(test_names_and_geometry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
