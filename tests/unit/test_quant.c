/* test_quant.c - the tensor types against ggml's own Python implementation (quant_vectors.h), the
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
    {VECTORS(f16)},  {VECTORS(bf16)}, {VECTORS(q8_0)}, {VECTORS(q4_0)}, {VECTORS(q4_1)},
    {VECTORS(q5_0)}, {VECTORS(q5_1)}, {VECTORS(q4_K)}, {VECTORS(q5_K)}, {VECTORS(q6_K)},
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

/* Not defined by ggml, but it must do no harm: no undefined conversion, the rest of the row intact.
 */
static void test_pack_survives_what_is_no_number(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, 1e-45f, -1e-40f, 7e4f};
    static const enum quant_type types[] = {QUANT_Q8_0, QUANT_Q4_0};
    for (size_t t = 0; t < ARRAY_LEN(types); t++)
        for (size_t b = 0; b < ARRAY_LEN(bad); b++) {
            const struct quant *q = quant_of(types[t]);
            float in[64], out[64];
            for (int i = 0; i < 64; i++)
                in[i] = i == 5 ? bad[b] : (float)(i % 8);
            uint8_t packed[68];
            q->pack(in, packed, 64);
            q->unpack(packed, out, 64);
            for (int i = 32; i < 64; i++)
                assert_true(fabsf(out[i] - in[i]) <= 0.5f);
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
    assert_null(quant_of(10));
    assert_null(quant_of(31));
    assert_null(quant_of(UINT32_MAX));
    assert_null(quant_by_name("q2_K"));
    assert_string_equal(quant_name(10), "q2_K");
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
        cmocka_unit_test(test_pack_survives_what_is_no_number),
        cmocka_unit_test(test_half_precision_known_values),
        cmocka_unit_test(test_every_half_comes_back),
        cmocka_unit_test(test_halves_against_the_compiler),
        cmocka_unit_test(test_names_and_geometry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
