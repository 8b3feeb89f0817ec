/* test_zip.c - archives: what is found in them, and how they are refused. The good ones were made
 * by Python's zipfile, the bad ones are these with a byte or two changed. */
#include "config.h"

#include "src/base/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

/* zipfile.ZipFile(f, "w"): writestr("a.txt", "hello"), writestr("d/b", "x" * 40, ZIP_DEFLATED),
 * writestr("empty", ""); dates are 1980-01-01. */
static const unsigned char archive[] = {
    0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x86, 0xa6,
    0x10, 0x36, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x61, 0x2e,
    0x74, 0x78, 0x74, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00,
    0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0xf0, 0x71, 0x1a, 0xc4, 0x06, 0x00, 0x00, 0x00, 0x28, 0x00,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x64, 0x2f, 0x62, 0xab, 0xa8, 0x20, 0x0e, 0x00, 0x00, 0x50,
    0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x65, 0x6d, 0x70,
    0x74, 0x79, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x21, 0x00, 0x86, 0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00,
    0x61, 0x2e, 0x74, 0x78, 0x74, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x08,
    0x00, 0x00, 0x00, 0x21, 0x00, 0xf0, 0x71, 0x1a, 0xc4, 0x06, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00,
    0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x28,
    0x00, 0x00, 0x00, 0x64, 0x2f, 0x62, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01,
    0x4f, 0x00, 0x00, 0x00, 0x65, 0x6d, 0x70, 0x74, 0x79, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00,
    0x00, 0x03, 0x00, 0x03, 0x00, 0x97, 0x00, 0x00, 0x00, 0x72, 0x00, 0x00, 0x00, 0x00, 0x00,
};

enum {
    LOCAL_A = 0,
    LOCAL_B = 40,
    DIRECTORY = 114,
    ENTRY_B = 165,
    END = 265,
};

static void test_members(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct zip *z;
    unsigned char *bytes;
    assert_int_equal(zip_open("good.zip", archive, sizeof archive, &z, &err), 0);
    assert_int_equal(zip_count(z), 3);
    assert_null(zip_at(z, 3));
    const struct zip_member *a = zip_find(z, "a.txt");
    const struct zip_member *b = zip_find(z, "d/b");
    const struct zip_member *e = zip_find(z, "empty");
    assert_true(a == zip_at(z, 0) && b == zip_at(z, 1) && e == zip_at(z, 2));
    assert_null(zip_find(z, "a.tx"));
    assert_null(zip_find(z, ""));
    assert_true(a->stored && a->n_bytes == 5 && a->packed_bytes == 5 && a->n_name == 5);
    assert_memory_equal(a->data, "hello", 5);
    assert_int_equal(a->data - archive, a->offset);
    assert_int_equal(zip_check(z, a, &err), 0);
    assert_int_equal(zip_check(z, e, &err), 0);
    assert_true(!b->stored && b->n_bytes == 40 && b->packed_bytes < 40);
    assert_int_equal(zip_unpack(z, b, 40, &bytes, &err), 0);
    for (int i = 0; i < 40; i++)
        assert_int_equal(bytes[i], 'x');
    assert_int_equal(bytes[40], 0);
    free(bytes);
    assert_int_equal(zip_unpack(z, e, 0, &bytes, &err), 0);
    free(bytes);
    assert_int_equal(zip_unpack(z, b, 39, &bytes, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "good.zip: member d/b"));
    zip_close(z);
    zip_close(NULL);
}

/* An archive without members is one. */
static void test_empty(void **state)
{
    (void)state;
    static const unsigned char bytes[22] = "PK\5\6";
    struct zip *z;
    assert_int_equal(zip_open("x", bytes, sizeof bytes, &z, NULL), 0);
    assert_int_equal(zip_count(z), 0);
    assert_null(zip_find(z, "x"));
    zip_close(z);
    assert_int_equal(zip_open("x", bytes, 21, &z, NULL), E_INPUT);
    assert_int_equal(zip_open("x", bytes, 0, &z, NULL), E_INPUT);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned char value;
        const char *word;
    } cases[] = {
        {LOCAL_A, 'Q', "local header"},
        {LOCAL_A + 6, 1, "encrypted"},
        {LOCAL_A + 8, 8, "method"},
        {LOCAL_A + 14, 1, "checksum"},
        {LOCAL_A + 18, 6, "size"},
        {LOCAL_A + 22, 6, "size"},
        {LOCAL_A + 26, 4, "name"},
        {LOCAL_A + 30, 'b', "another name"},
        {DIRECTORY, 'Q', "entry"},
        {DIRECTORY + 8, 1, "encrypted"},
        {DIRECTORY + 8, 64, "encrypted"},
        {DIRECTORY + 9, 0x20, "encrypted"},
        {DIRECTORY + 10, 1, "method 1"},
        {DIRECTORY + 20, 6, "two sizes"},
        {DIRECTORY + 23, 1, "two sizes"},
        {DIRECTORY + 24, 6, "two sizes"},
        {DIRECTORY + 28, 0, "name"},
        {DIRECTORY + 30, 4, "extra"},
        {DIRECTORY + 29, 255, "longer"},
        {DIRECTORY + 34, 1, "disks"},
        {DIRECTORY + 42, 1, "local header"},
        {DIRECTORY + 45, 1, "local header"},
        {DIRECTORY + 46, 0, "NUL"},
        {ENTRY_B + 42, 0, "another name"},
        {ENTRY_B + 23, 1, "beyond"},
        {END, 'Q', "truncated"},
        {END + 4, 1, "disks"},
        {END + 8, 2, "disks"},
        {END + 10, 2, "disks"},
        {END + 12, 1, "directory"},
        {END + 16, 1, "directory"},
        {END + 20, 1, "truncated"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned char bytes[sizeof archive];
        struct err err = ERR_INIT;
        struct zip *z = NULL;
        memcpy(bytes, archive, sizeof bytes);
        bytes[cases[i].at] = cases[i].value;
        assert_int_equal(zip_open("x", bytes, sizeof bytes, &z, &err), E_INPUT);
        assert_null(z);
        if (!strstr(err.msg, cases[i].word))
            fail_msg("byte %zu: \"%s\" does not tell of \"%s\"", cases[i].at, err.msg,
                     cases[i].word);
    }
}

/* Entries fewer than the directory has, or more. */
static void test_counts(void **state)
{
    (void)state;
    for (int n = 0; n < 256; n++) {
        unsigned char bytes[sizeof archive];
        struct zip *z = NULL;
        memcpy(bytes, archive, sizeof bytes);
        bytes[END + 8] = bytes[END + 10] = (unsigned char)n;
        int rc = zip_open("x", bytes, sizeof bytes, &z, NULL);
        assert_int_equal(rc, n == 3 ? 0 : E_INPUT);
        zip_close(z);
    }
}

/* A wrong checksum is seen when the member is read. */
static void test_checksums(void **state)
{
    (void)state;
    unsigned char bytes[sizeof archive];
    struct err err = ERR_INIT;
    struct zip *z;
    unsigned char *out = NULL;
    memcpy(bytes, archive, sizeof bytes);
    bytes[LOCAL_A + 14] ^= 1;
    bytes[DIRECTORY + 16] ^= 1;
    bytes[LOCAL_B + 14] ^= 1;
    bytes[ENTRY_B + 16] ^= 1;
    assert_int_equal(zip_open("x", bytes, sizeof bytes, &z, &err), 0);
    assert_int_equal(zip_check(z, zip_find(z, "a.txt"), &err), E_INPUT);
    assert_non_null(strstr(err.msg, "checksum"));
    assert_int_equal(zip_unpack(z, zip_find(z, "a.txt"), 99, &out, &err), E_INPUT);
    assert_int_equal(zip_unpack(z, zip_find(z, "d/b"), 99, &out, &err), E_INPUT);
    assert_null(out);
    zip_close(z);
}

/* Packed data that end early, go on, or say something else. */
static void test_inflation(void **state)
{
    (void)state;
    for (unsigned char n = 0; n < 64; n++) {
        unsigned char bytes[sizeof archive];
        struct zip *z;
        unsigned char *out = NULL;
        memcpy(bytes, archive, sizeof bytes);
        bytes[LOCAL_B + 22] = bytes[ENTRY_B + 24] = n;
        assert_int_equal(zip_open("x", bytes, sizeof bytes, &z, NULL), 0);
        int rc = zip_unpack(z, zip_find(z, "d/b"), 99, &out, NULL);
        assert_int_equal(rc, n == 40 ? 0 : E_INPUT);
        free(out);
        zip_close(z);
    }
}

static void try_bytes(const unsigned char *data, size_t n)
{
    struct zip *z;
    unsigned char *copy = malloc(n ? n : 1); /* of exactly that size: reading beyond it is seen */
    assert_non_null(copy);
    if (n)
        memcpy(copy, data, n);
    if (zip_open("x", copy, n, &z, NULL) == 0) {
        for (size_t i = 0; i < zip_count(z); i++) {
            unsigned char *out;
            const struct zip_member *m = zip_at(z, i);
            assert_ptr_equal(zip_find(z, m->name), m);
            if (zip_unpack(z, m, 1 << 16, &out, NULL) == 0)
                free(out);
        }
        zip_close(z);
    }
    free(copy);
}

static void test_damage(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, 1, 0x7F, 0x80, 0xFF};
    for (size_t n = 0; n < sizeof archive; n++)
        try_bytes(archive, n);
    for (size_t i = 0; i < sizeof archive; i++)
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            unsigned char bytes[sizeof archive];
            memcpy(bytes, archive, sizeof bytes);
            bytes[i] = values[k];
            try_bytes(bytes, sizeof bytes);
        }
}

/* Little archives do not become big: 4 times their size and 1 MiB, over all members together. */
static void test_bomb(void **state)
{
    (void)state;
    struct zip *z;
    struct err err = ERR_INIT;
    unsigned char bytes[sizeof archive];
    unsigned char *out = NULL;
    memcpy(bytes, archive, sizeof bytes);
    bytes[LOCAL_B + 24] = bytes[ENTRY_B + 26] = 0x20; /* 2 MiB and 40 bytes */
    assert_int_equal(zip_open("x", bytes, sizeof bytes, &z, &err), 0);
    assert_int_equal(zip_unpack(z, zip_find(z, "d/b"), SIZE_MAX, &out, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "at most"));
    zip_close(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_counts),
        cmocka_unit_test(test_checksums), cmocka_unit_test(test_inflation),
        cmocka_unit_test(test_damage),    cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
