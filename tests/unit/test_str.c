/* Tests of src/base/str.c. */
#include "config.h"

#include "src/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/random_text.h"

static void test_empty(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    assert_string_equal(str_cstr(&s), "");
    str_clear(&s);
    str_truncate(&s, 5);
    str_remove(&s, 0, 1);
    char *taken = str_take(&s);
    assert_string_equal(taken, "");
    free(taken);
    str_free(&s);
    str_free(NULL);
}

static void test_append_and_print(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    assert_true(str_puts(&s, "雪"));
    assert_true(str_putc(&s, '-'));
    assert_true(str_append(&s, "a\0b", 3));
    assert_int_equal(s.len, 7);
    assert_memory_equal(s.data, "雪-a\0b", 8); /* with the NUL */
    str_clear(&s);
    assert_true(str_printf(&s, "%s=%d;", "temp", 7));
    assert_true(str_printf(&s, "%0500d", 1));
    assert_int_equal(s.len, 507);
    assert_int_equal(strlen(str_cstr(&s)), 507);
    char *taken = str_take(&s);
    assert_memory_equal(taken, "temp=7;000", 10);
    assert_int_equal(s.len, 0);
    assert_null(s.data);
    free(taken);
}

static void test_maximum(void **state)
{
    (void)state;
    struct str s;
    str_init(&s, 5);
    assert_true(str_puts(&s, "abc"));
    assert_false(str_puts(&s, "def"));
    assert_true(s.overflow);
    assert_string_equal(str_cstr(&s), "abc");
    assert_false(str_printf(&s, "%d", 123));
    assert_true(str_puts(&s, "de"));
    assert_false(str_putc(&s, 'f'));
    assert_false(str_append(&s, "x", SIZE_MAX));
    assert_string_equal(str_cstr(&s), "abcde");
    str_clear(&s);
    assert_false(s.overflow);
    str_free(&s);
    assert_int_equal(s.max, 5);
}

/* Random operations against a plain array. */
static void test_against_model(void **state)
{
    (void)state;
    struct random r = {2};
    struct str s = STR_INIT;
    char model[4096];
    size_t n = 0;
    for (int round = 0; round < 20000; round++) {
        size_t k = random_below(&r, 64), at = random_below(&r, n + 8);
        char byte = (char)random_below(&r, 256);
        switch (random_below(&r, 4)) {
        case 0:
        case 1: {
            char chunk[64];
            memset(chunk, byte, sizeof chunk);
            if (n + k > sizeof model)
                break;
            assert_true(str_append(&s, chunk, k));
            memset(model + n, byte, k);
            n += k;
            break;
        }
        case 2:
            str_remove(&s, at, k);
            if (at < n) {
                k = k < n - at ? k : n - at;
                memmove(model + at, model + at + k, n - at - k);
                n -= k;
            }
            break;
        default:
            str_truncate(&s, at);
            n = at < n ? at : n;
            break;
        }
        assert_int_equal(s.len, n);
        if (n > 0)
            assert_memory_equal(s.data, model, n);
        assert_int_equal(str_cstr(&s)[n], '\0');
    }
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_append_and_print),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_against_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
