/* test_npy.c - the NumPy writer: bytes as NEP 1 has them, and no half-written target. */
#include "config.h"

#include "src/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_npy.XXXXXX";
static char path[64];

static size_t read_file(unsigned char *out, size_t size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = fread(out, 1, size, f);
    fclose(f);
    return n;
}

static void test_format(void **state)
{
    (void)state;
    struct npy *f;
    struct err err = ERR_INIT;
    static const float rows[2][3] = {{1, 2, 3}, {-1, 0.5f, 1e30f}};
    assert_int_equal(npy_create(path, 2, 3, &f, &err), 0);
    assert_int_equal(npy_row(f, rows[0], &err), 0);
    assert_int_equal(access(path, F_OK), -1); /* not before it is whole */
    assert_int_equal(npy_row(f, rows[1], &err), 0);
    assert_int_equal(npy_finish(f, &err), 0);
    npy_free(f);
    unsigned char bytes[512];
    size_t n = read_file(bytes, sizeof bytes);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00", 8);
    size_t header = bytes[8] + 256u * bytes[9] + 10u;
    assert_int_equal(header % 64, 0);
    assert_int_equal(n, header + sizeof rows);
    assert_int_equal(bytes[header - 1], '\n');
    static const char dict[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    assert_memory_equal(bytes + 10, dict, strlen(dict));
    assert_memory_equal(bytes + header, rows, sizeof rows);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_given_up(void **state)
{
    (void)state;
    struct npy *f;
    struct err err = ERR_INIT;
    static const float row[1] = {7};
    unsigned char before[512], after[512];
    size_t n = read_file(before, sizeof before);
    assert_int_equal(npy_create(path, 5, 1, &f, &err), 0);
    assert_int_equal(npy_row(f, row, &err), 0);
    npy_free(f); /* the old file stays, nothing lies beside it */
    assert_int_equal(read_file(after, sizeof after), n);
    assert_memory_equal(before, after, n);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(npy_create(path, 1, 1, &f, &err), E_IO); /* no folder */
    npy_free(NULL);
}

static void test_device(void **state)
{
    (void)state;
    struct npy *f;
    struct err err = ERR_INIT;
    static const float row[1] = {7};
    assert_int_equal(npy_create("/dev/null", 1, 1, &f, &err), 0);
    assert_int_equal(npy_row(f, row, &err), 0);
    assert_int_equal(npy_finish(f, &err), 0);
    npy_free(f);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(npy_create("/dev/full", 1, 1, &f, &err), 0);
    assert_int_equal(npy_row(f, row, &err), 0);
    assert_int_equal(npy_finish(f, &err), E_IO);
    npy_free(f);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/out.npy", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_device),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
