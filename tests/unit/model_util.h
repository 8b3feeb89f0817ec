/* model_util.h - what the tests of models share: where the reference data lies, reading it, and a
 * small generator of repeatable numbers. Include after cmocka.h. */
#ifndef XUXIE_TESTS_MODEL_UTIL_H
#define XUXIE_TESTS_MODEL_UTIL_H

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared_dir.h"

/* The path of a file of the reference data, or NULL (with a reason printed) when it is not there.
 */
static inline const char *shared_file(const char *name)
{
    static char path[4096];
    return shared_path(path, sizeof(path), name) ? path : NULL;
}

static inline json_t *load_json(const char *path)
{
    json_error_t error;
    json_t *j = json_load_file(path, 0, &error);
    if (!j)
        fail_msg("%s: %s", path, error.text);
    return j;
}

/* A float32 array of a .npy file (version 1, C order); the caller frees it. */
static inline float *load_npy(const char *path, size_t n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    unsigned char head[10];
    assert_int_equal(fread(head, 1, sizeof(head), f), sizeof(head));
    assert_memory_equal(head, "\x93NUMPY\x01", 7);
    assert_int_equal(fseek(f, 10 + (head[8] | head[9] << 8), SEEK_SET), 0);
    float *x = malloc(n * sizeof(*x));
    assert_non_null(x);
    assert_int_equal(fread(x, sizeof(*x), n, f), n);
    assert_int_equal(fgetc(f), EOF);
    fclose(f);
    return x;
}

/* The ids of a JSON array; the caller frees them. */
static inline int32_t *load_ids(const json_t *array, int *n)
{
    *n = (int)json_array_size(array);
    int32_t *ids = malloc(((size_t)*n + 1) * sizeof(*ids));
    assert_non_null(ids);
    for (int i = 0; i < *n; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(array, (size_t)i));
    return ids;
}

static inline void near_or_fail(double a, double b, double tolerance, const char *file, int line)
{
    if (!(fabs(a - b) <= tolerance)) {
        print_error("%.9g and %.9g differ by more than %g\n", a, b, tolerance);
        _fail(file, line);
    }
}
#define assert_near(a, b, tolerance)                                                               \
    near_or_fail((double)(a), (double)(b), (double)(tolerance), __FILE__, __LINE__)

/* Repeatable numbers, uniform in [-1,1): a linear congruential generator (Knuth's MMIX). */
static inline float test_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(*state >> 32) / 2147483648.0f;
}

static inline void test_numbers(uint64_t seed, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = test_number(&seed);
}

#endif
