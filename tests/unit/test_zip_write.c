/* test_zip_write.c - archives that are written: byte for byte as the format has it, and read back
 * by the strict reader of zip.c. (tests/cli/test_story.sh lets other programs read them.) */
#include "config.h"

#include "src/base/zip_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/zip.h"
#include "tests/unit/random_text.h"

static void to_str(void *ctx, const void *bytes, size_t n)
{
    assert_true(str_append(ctx, bytes, n));
}

/* The archive tests/unit/test_zip.c begins with, by Python's zipfile, but for "b". */
static void test_bytes(void **state)
{
    (void)state;
    static const unsigned char expected[] = {
        0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x86,
        0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00,
        'a',  '.',  't',  'x',  't',  'h',  'e',  'l',  'l',  'o',  0x50, 0x4b, 0x01, 0x02, 0x14,
        0x03, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x86, 0xa6, 0x10, 0x36,
        0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0xa4, 0x81, 0x00, 0x00, 0x00, 0x00, 'a',  '.',  't',  'x',
        't',  0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x33, 0x00,
        0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x00, 0x00};
    struct str out = STR_INIT;
    struct zip_writer w;
    zip_writer_init(&w, to_str, &out, 0);
    assert_int_equal(zip_add(&w, "a.txt", "hello", 5, true, NULL), 0);
    assert_int_equal(zip_finish(&w, NULL), 0);
    zip_writer_free(&w);
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    str_free(&out);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        unsigned date, time;
    } cases[] = {
        {INT64_MIN, 1 << 5 | 1, 0},
        {-1, 1 << 5 | 1, 0},
        {315532800, 1 << 5 | 1, 0},                                    /* 1980-01-01 */
        {1795442589, 46u << 9 | 11 << 5 | 23, 14u << 11 | 3 << 5 | 4}, /* 2026-11-23 14:03:09 */
        {99999999999, 127u << 9 | 12 << 5 | 31, 23u << 11 | 59 << 5 | 29},
        {INT64_MAX, 1 << 5 | 1, 0}, /* no year an int holds */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zip_writer w;
        zip_writer_init(&w, to_str, NULL, cases[i].seconds);
        assert_int_equal(w.date, cases[i].date);
        assert_int_equal(w.time, cases[i].time);
    }
}

enum { N_MEMBERS = 40 };

static void test_round_trip(void **state)
{
    (void)state;
    struct random r = {1};
    for (int round = 0; round < 50; round++) {
        struct str out = STR_INIT, again = STR_INIT, text[N_MEMBERS];
        char name[N_MEMBERS][32];
        size_t n = random_below(&r, N_MEMBERS + 1);
        struct zip_writer w, v;
        zip_writer_init(&w, to_str, &out, 1700000000);
        zip_writer_init(&v, to_str, &again, 1700000000);
        for (size_t i = 0; i < n; i++) {
            text[i] = (struct str)STR_INIT;
            snprintf(name[i], sizeof name[i], i % 3 ? "d/%zu" : "雪%zu", i);
            size_t pieces = random_below(&r, 4) ? random_below(&r, 300) : random_below(&r, 3);
            random_anything(&r, &text[i], pieces);
            bool stored = random_below(&r, 3) == 0;
            assert_int_equal(zip_add(&w, name[i], text[i].data, text[i].len, stored, NULL), 0);
            assert_int_equal(zip_add(&v, name[i], text[i].data, text[i].len, stored, NULL), 0);
        }
        assert_int_equal(zip_finish(&w, NULL), 0);
        assert_int_equal(zip_finish(&v, NULL), 0);
        zip_writer_free(&w);
        zip_writer_free(&v);
        assert_int_equal(out.len, again.len);
        assert_memory_equal(out.data, again.data, out.len);

        struct err err = ERR_INIT;
        struct zip *z;
        if (zip_open("made", out.data, out.len, &z, &err) != 0)
            fail_msg("%s", err.msg);
        assert_int_equal(zip_count(z), n);
        for (size_t i = 0; i < n; i++) {
            const struct zip_member *m = zip_find(z, name[i]);
            unsigned char *bytes;
            assert_non_null(m);
            assert_int_equal(m->n_bytes, text[i].len);
            assert_true(m->packed_bytes <= m->n_bytes);
            assert_int_equal(zip_unpack(z, m, 1 << 20, &bytes, &err), 0);
            assert_memory_equal(bytes, str_cstr(&text[i]), text[i].len);
            free(bytes);
            str_free(&text[i]);
        }
        zip_close(z);
        str_free(&out);
        str_free(&again);
    }
}

static void to_nowhere(void *ctx, const void *bytes, size_t n)
{
    (void)ctx;
    (void)bytes;
    (void)n;
}

/* What the format cannot say is refused, not written wrong. */
static void test_limits(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct zip_writer w;
    char name[8192];
    zip_writer_init(&w, to_nowhere, NULL, 0);
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(zip_add(&w, name, "", 0, true, &err), E_UNSUPPORTED);
    for (int i = 0; i < 65534; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(zip_add(&w, name, "", 0, true, &err), 0);
    }
    assert_int_equal(zip_add(&w, "more", "", 0, true, &err), E_UNSUPPORTED);
    zip_writer_free(&w);
    zip_writer_init(&w, to_nowhere, NULL, 0);
    w.at = UINT32_MAX - 5000;
    assert_int_equal(zip_add(&w, "big", name, sizeof name, true, &err), E_UNSUPPORTED);
    zip_writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
