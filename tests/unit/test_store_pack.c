/* test_store_pack.c - the byte formats of token records: sizes, precision, round trips, damage. */
#include "config.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/store_pack.h"

static void test_ids(void **state)
{
    (void)state;
    static const int32_t ids[] = {0, 127, 128, 16383, 16384, 2097151, 2097152, INT32_MAX, -1};
    static const size_t sizes[] = {1, 1, 2, 2, 3, 3, 4, 5, 5};
    struct str s = STR_INIT;
    size_t end = 0;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        pack_ids(&s, &ids[i], 1);
        end += sizes[i];
        assert_int_equal(s.len, end);
        assert_int_equal(pack_offset(s.data, s.len, i + 1), end);
    }
    int32_t *back = NULL;
    size_t n = 0;
    assert_int_equal(pack_count(s.data, s.len), ARRAY_LEN(ids));
    assert_true(unpack_ids(s.data, s.len, &back, &n));
    assert_int_equal(n, ARRAY_LEN(ids));
    assert_memory_equal(back, ids, sizeof ids);
    assert_int_equal(pack_offset(s.data, s.len, 100), s.len);
    free(back);
    assert_true(unpack_ids("", 0, &back, &n));
    assert_int_equal(n, 0);
    free(back);
    str_free(&s);
}

static void test_logprobs(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    for (int i = 0; i < 20000; i++) {
        float lp = -(float)i * 0.0013f, *back = NULL;
        size_t n = 0;
        str_clear(&s);
        pack_logprobs(&s, &lp, 1);
        assert_true(s.len <= (lp > -0.98f ? 1 : 2));
        assert_true(unpack_logprobs(s.data, s.len, &back, &n));
        assert_int_equal(n, 1);
        assert_true(fabsf(back[0] - lp) <= 1.0f / 256 + 1e-5f);
        free(back);
    }
    const float odd[] = {NAN, -INFINITY, 0, 1e-7f, -9000};
    float *back = NULL;
    size_t n = 0;
    str_clear(&s);
    pack_logprobs(&s, odd, 5);
    assert_true(unpack_logprobs(s.data, s.len, &back, &n));
    assert_int_equal(n, 5);
    assert_true(isnan(back[0]));
    assert_true(isinf(back[1]) && back[1] < 0);
    assert_true(back[2] == 0 && back[3] == 0);
    assert_true(isinf(back[4]));
    free(back);
    str_free(&s);
}

static void test_damage(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\x80", 1}, {"\x01\x80", 2}, {"\x80\x80\x80\x80\x80\x01", 6}, {"\xFF\xFF\xFF\xFF\x7F", 5}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int32_t *ids = NULL;
        float *logprobs = NULL;
        size_t n = 7;
        assert_false(unpack_ids(bad[i].bytes, bad[i].n, &ids, &n));
        assert_false(unpack_logprobs(bad[i].bytes, bad[i].n, &logprobs, &n));
        assert_null(ids);
        assert_int_equal(n, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_logprobs),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
