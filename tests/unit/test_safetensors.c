/* test_safetensors.c - the header's rules, one by one. (Whole files: test_source.c.) */
#include "config.h"

#include "engine/formats/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/base/limits.h"
#include "src/base/mem.h"

/* A file of a header and n_data bytes 0, 1, 2...; opened. The bytes are the caller's to free after
 * the source. */
static int open_with(const char *header, size_t n_header, size_t n_data, unsigned char **bytes,
                     struct source **s, struct err *err)
{
    unsigned char *p = malloc(8 + n_header + n_data); /* reading beyond it is seen */
    assert_non_null(p);
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)((uint64_t)n_header >> 8 * i);
    memcpy(p + 8, header, n_header);
    for (size_t i = 0; i < n_data; i++)
        p[8 + n_header + i] = (unsigned char)i;
    *bytes = p;
    *s = NULL;
    return source_from_bytes("x.safetensors", p, 8 + n_header + n_data, s, err);
}

static void refused(const char *header, size_t n_data, const char *word)
{
    struct err err = ERR_INIT;
    struct source *s;
    unsigned char *bytes;
    assert_int_equal(open_with(header, strlen(header), n_data, &bytes, &s, &err), E_INPUT);
    assert_null(s);
    if (!strstr(err.msg, word) || strncmp(err.msg, "x.safetensors: ", 15) != 0)
        fail_msg("%.80s: \"%s\" does not tell of \"%s\"", header, err.msg, word);
    free(bytes);
}

#define W(dtype, shape, offsets)                                                                   \
    "{\"w\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void test_good(void **state)
{
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"b.x\":{\"data_offsets\":[4,10],\"shape\":[3,2],\"dtype\":\"U8\"},"
        "\"empty\":{\"dtype\":\"F32\",\"shape\":[3,0,9223372036854775807],\"data_offsets\":[4,4]},"
        "\"\\u96ea\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]}}   ";
    struct err err = ERR_INIT;
    struct source *s;
    unsigned char *bytes;
    float v[6];
    if (open_with(header, sizeof header - 1, 10, &bytes, &s, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(source_count(s), 3);
    assert_string_equal(source_format(s), "safetensors");
    const struct source_tensor *t = source_find(s, "b.x");
    assert_true(t->dtype == SOURCE_U8 && t->n_dims == 2 && t->shape[0] == 3 && t->shape[1] == 2);
    assert_true(t->stride[0] == 2 && t->stride[1] == 1);
    source_read_f32(t, 0, 6, v);
    for (int i = 0; i < 6; i++)
        assert_true(v[i] == (float)(4 + i));
    t = source_find(s, "雪");
    assert_non_null(t);
    source_read_f32(t, 0, 1, v);
    assert_true(v[0] == (float)0x03020100);
    assert_int_equal(source_n_elements(source_find(s, "empty")), 0);
    assert_null(source_find(s, "w"));
    source_close(s);
    free(bytes);
}

static void test_refused(void **state)
{
    (void)state;
    refused("[1]", 0, "object");
    refused("{", 0, "object");
    refused("{]", 0, "JSON");
    refused("{} x", 0, "JSON");
    refused("{\"w\":1}", 0, "object");
    refused("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__");
    refused("{\"__metadata__\":\"a\"}", 0, "__metadata__");
    refused("{}", 1, "no tensor's");
    refused(W("\"F31\"", "[2]", "[0,8]"), 8, "dtype F31");
    refused(W("\"F\\u001b[2J\"", "[2]", "[0,8]"), 8, "\\u{1B}");
    refused(W("1", "[2]", "[0,8]"), 8, "dtype");
    refused(W("\"F32\"", "2", "[0,8]"), 8, "shape");
    refused(W("\"F32\"", "[-2]", "[0,8]"), 8, "shape");
    refused(W("\"F32\"", "[2.0]", "[0,8]"), 8, "shape");
    refused(W("\"F32\"", "[18446744073709551618]", "[0,8]"), 8, "JSON");
    refused(W("\"F32\"", "[4294967296,4294967296]", "[0,8]"), 8, "counted");
    refused(W("\"F32\"", "[4611686018427387906]", "[0,8]"), 8, "counted");
    refused(W("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), 8, "at most 8");
    refused(W("\"F32\"", "[3]", "[0,8]"), 8, "needs 12 bytes");
    refused(W("\"F32\"", "[2]", "[0,8,8]"), 8, "data_offsets");
    refused(W("\"F32\"", "[2]", "[0]"), 8, "data_offsets");
    refused(W("\"F32\"", "[2]", "[8,0]"), 8, "data_offsets");
    refused(W("\"F32\"", "[2]", "[-8,0]"), 8, "data_offsets");
    refused(W("\"F32\"", "[2]", "[0,\"8\"]"), 8, "data_offsets");
    refused(W("\"F32\"", "[2]", "[0,8]"), 7, "truncated");
    refused(W("\"F32\"", "[2]", "[0,8]"), 9, "no tensor's");
    refused(W("\"F32\"", "[2]", "[4,12]"), 12, "no tensor's");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
            "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
            7, "overlaps");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
            "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
            4, "duplicate");
    refused("{\"\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "name");
    refused("{\"\xff\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "JSON");
}

static void test_length(void **state)
{
    (void)state;
    static const struct {
        uint64_t length;
        const char *word;
    } cases[] = {
        {0, "object"},
        {1, "object"},
        {3, "truncated"},
        {LIMIT_SAFETENSORS_HEADER, "truncated"},
        {LIMIT_SAFETENSORS_HEADER + 1, "at most"},
        {UINT64_MAX, "at most"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned char bytes[10] = "........{}";
        struct err err = ERR_INIT;
        struct source *s;
        for (int b = 0; b < 8; b++)
            bytes[b] = (unsigned char)(cases[i].length >> 8 * b);
        assert_int_equal(source_from_bytes("x", bytes, sizeof bytes, &s, &err), E_INPUT);
        assert_non_null(strstr(err.msg, cases[i].word));
    }
}

/* Brackets count outside of texts only; deep or endless lists do not reach the JSON reader. */
static void test_depth(void **state)
{
    (void)state;
    size_t n = 400000;
    char *deep = malloc(n + 1);
    assert_non_null(deep);
    memset(deep, '[', n);
    memcpy(deep, "{\"a\":", 5);
    deep[n] = '\0';
    refused(deep, 0, "nested more than 64 deep");
    free(deep);

    n = 3 * (size_t)LIMIT_SAFETENSORS_VALUES;
    char *wide = malloc(n + 1);
    assert_non_null(wide);
    for (size_t i = 0; i < n; i++)
        wide[i] = i % 2 ? ',' : '0';
    memcpy(wide, "{\"a\":[", 6);
    wide[n] = '\0';
    refused(wide, 0, "commas");
    free(wide);

    static const char brackets[] =
        "{\"__metadata__\":{\"a\\\"\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}}";
    struct source *s;
    unsigned char *bytes;
    assert_int_equal(open_with(brackets, sizeof brackets - 1, 0, &bytes, &s, NULL), 0);
    assert_int_equal(source_count(s), 0);
    source_close(s);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
