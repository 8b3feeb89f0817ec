/* test_source.c - checkpoint files of every container: verdicts, names, shapes and values. The
 * files and what they hold are the reference's (torch.save, and bytes put together by hand). */
#include "config.h"

#include "engine/formats/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/infile.h"
#include "src/base/mem.h"
#include "tests/unit/shared_dir.h"

enum { PATH_SIZE = 1024, MAX_VALUES = 4096 };

/* ---- verdicts and values of the reference files ---- */

static const struct {
    const char *torch;
    enum source_dtype dtype;
} dtypes[] = {
    {"float32", SOURCE_F32}, {"float16", SOURCE_F16}, {"bfloat16", SOURCE_BF16},
    {"float64", SOURCE_F64}, {"int64", SOURCE_I64},   {"int32", SOURCE_I32},
    {"int16", SOURCE_I16},   {"int8", SOURCE_I8},     {"uint8", SOURCE_U8},
    {"bool", SOURCE_BOOL},
};

static enum source_dtype dtype_of(const char *torch)
{
    for (size_t i = 0; i < ARRAY_LEN(dtypes); i++)
        if (strcmp(dtypes[i].torch, torch) == 0)
            return dtypes[i].dtype;
    fail_msg("dtype %s", torch);
    return SOURCE_F32;
}

static void check_tensor(const struct source_tensor *t, const json_t *want)
{
    const json_t *shape = json_object_get(want, "shape");
    const json_t *stride = json_object_get(want, "stride");
    const json_t *values = json_object_get(want, "values");
    static float got[MAX_VALUES];
    assert_int_equal(t->dtype, dtype_of(json_string_value(json_object_get(want, "dtype"))));
    assert_int_equal(t->n_dims, json_array_size(shape));
    for (int i = 0; i < t->n_dims; i++) {
        assert_int_equal(t->shape[i], json_integer_value(json_array_get(shape, (size_t)i)));
        assert_int_equal(t->stride[i], json_integer_value(json_array_get(stride, (size_t)i)));
    }
    size_t n = json_array_size(values);
    assert_in_range(n, 0, MAX_VALUES);
    assert_int_equal(source_n_elements(t), n);
    source_read_f32(t, 0, (int64_t)n, got);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(values, i);
        double x = json_is_boolean(v) ? (double)json_is_true(v) : json_number_value(v);
        double tolerance = 1e-6 + fabs(x) * 1e-6; /* the file has six decimals */
        if (!(fabs((double)got[i] - x) <= tolerance))
            fail_msg("%s: value %zu is %.9g, not %.9g", t->name, i, (double)got[i], x);
        float alone; /* and every element by itself */
        source_read_f32(t, (int64_t)i, 1, &alone);
        assert_memory_equal(&alone, &got[i], sizeof alone);
    }
}

/* Names in expected.json may begin with the key of the state dict that was chosen. */
static const struct source_tensor *find(const struct source *s, const char *name)
{
    static const char prefix[] = "state_dict.";
    const struct source_tensor *t = source_find(s, name);
    if (!t && strncmp(name, prefix, sizeof prefix - 1) == 0)
        t = source_find(s, name + sizeof prefix - 1);
    return t;
}

static void check_folder(const char *folder)
{
    char dir[PATH_SIZE], path[PATH_SIZE + 300];
    if (!shared_path(dir, sizeof dir, folder))
        skip();
    snprintf(path, sizeof path, "%s/expected.json", dir);
    json_t *all = json_load_file(path, 0, NULL);
    assert_non_null(all);
    size_t i;
    json_t *row;
    json_array_foreach(all, i, row)
    {
        const char *file = json_string_value(json_object_get(row, "file"));
        const char *expect = json_string_value(json_object_get(row, "expect"));
        struct err err = ERR_INIT;
        struct source *s = NULL;
        snprintf(path, sizeof path, "%s/%s", dir, file);
        int rc = source_open(path, &s, &err);
        print_message("# %s: %s\n", file, rc ? err.msg : source_format(s));
        if (strcmp(expect, "refuse") == 0) {
            assert_int_not_equal(rc, 0);
            assert_null(s);
            assert_non_null(strstr(err.msg, file));
            continue;
        }
        assert_int_equal(rc, 0);
        const char *name;
        json_t *want;
        json_object_foreach(json_object_get(row, "tensors"), name, want)
        {
            const struct source_tensor *t = find(s, name);
            assert_non_null(t);
            check_tensor(t, want);
        }
        source_close(s);
    }
    assert_in_range(i, 5, 1000);
    json_decref(all);
}

static void test_pickle_fixtures(void **state)
{
    (void)state;
    check_folder("fixtures/pickle");
}

static void test_safetensors_fixtures(void **state)
{
    (void)state;
    check_folder("fixtures/safetensors");
}

static void test_safetensors_values(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct err err = ERR_INIT;
    struct source *s;
    float v[6];
    if (!shared_path(path, sizeof path, "fixtures/safetensors/ok_basic.safetensors"))
        skip();
    assert_int_equal(source_open(path, &s, &err), 0);
    assert_string_equal(source_format(s), "safetensors");
    assert_string_equal(source_path(s), path);
    const struct source_tensor *w = source_find(s, "w");
    assert_int_equal(w->shape[0], 2);
    assert_int_equal(w->shape[1], 3);
    source_read_f32(w, 0, 6, v);
    for (int i = 0; i < 6; i++)
        assert_true(v[i] == (float)i);
    source_read_f32(w, 2, 3, v);
    assert_true(v[0] == 2 && v[1] == 3 && v[2] == 4);
    source_close(s);
    assert_true(
        shared_path(path, sizeof path, "fixtures/safetensors/ok_scalar_and_empty.safetensors"));
    assert_int_equal(source_open(path, &s, &err), 0);
    assert_int_equal(source_count(s), 3);
    source_read_f32(source_find(s, "s"), 0, 1, v);
    source_read_f32(source_find(s, "i"), 0, 1, v + 1);
    assert_true(v[0] == 1 && v[1] == -7);
    assert_int_equal(source_n_elements(source_find(s, "e")), 0);
    source_read_f32(source_find(s, "e"), 0, 0, v);
    source_close(s);
}

/* The whole checkpoints: each opens, and holds what is written in it. */
static void test_checkpoints(void **state)
{
    (void)state;
    static const struct {
        const char *file, *format, *tensor;
        int64_t rows, columns;
    } cases[] = {
        {"a1_damo_base_fp32_zip_strided/pytorch_model.bin", "torch zip", NULL, 0, 0},
        {"a2_damo_large_nested_fp16/pytorch_model.bin", "torch zip", NULL, 0, 0},
        {"b1_megatron_tp1_fp16/model/mp_rank_00_model_states.pt", "torch zip", NULL, 0, 0},
        {"b2_megatron_tp2_bf16/model/mp_rank_00_model_states.pt", "torch zip", NULL, 0, 0},
        {"b2_megatron_tp2_bf16/model/mp_rank_01_model_states.pt", "torch zip", NULL, 0, 0},
        {"b3_megatron_tp1_fp32_erf/model/mp_rank_00_model_states.pt", "torch zip", NULL, 0, 0},
        {"c1_hf_gpt2_bert_bin/pytorch_model.bin", "torch zip", "transformer.wte.weight", 677, 51},
        {"c2_hf_gpt2_bert_safetensors/model.safetensors", "safetensors", "transformer.wte.weight",
         677, 51},
        {"c3_gpt2chinese_legacy_fp16/pytorch_model.bin", "torch legacy", "transformer.wte.weight",
         523, 44},
        {"d1_openai_gpt2_bin/pytorch_model.bin", "torch legacy", "wte.weight", 701, 48},
        {"e1_llama2_mha_fp32/model.safetensors", "safetensors", "model.embed_tokens.weight", 0, 0},
        {"e2_llama3_gqa_ropescaled_bf16/model-00001-of-00002.safetensors", "safetensors", NULL, 0,
         0},
        {"e6_qwen2_yarn_v5config_fp32/model.safetensors", "safetensors", NULL, 0, 0},
    };
    char dir[PATH_SIZE];
    if (!shared_path(dir, sizeof dir, "fixtures"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[PATH_SIZE + 300];
        struct err err = ERR_INIT;
        struct source *s = NULL;
        snprintf(path, sizeof path, "%s/%s", dir, cases[i].file);
        if (source_open(path, &s, &err) != 0)
            fail_msg("%s", err.msg);
        assert_string_equal(source_format(s), cases[i].format);
        assert_in_range(source_count(s), 10, 1000);
        assert_int_equal(source_check(s, &err), 0);
        if (cases[i].tensor) {
            const struct source_tensor *t = source_find(s, cases[i].tensor);
            assert_non_null(t);
            assert_true(!cases[i].rows ||
                        (t->shape[0] == cases[i].rows && t->shape[1] == cases[i].columns));
        }
        for (size_t k = 0; k < source_count(s); k++) {
            const struct source_tensor *t = source_at(s, k);
            assert_ptr_equal(source_find(s, t->name), t);
            int64_t n = source_n_elements(t);
            float *v = malloc((size_t)n * sizeof *v + 1);
            assert_non_null(v);
            source_read_f32(t, 0, n, v);
            for (int64_t e = 0; e < n; e++)
                assert_true(isfinite(v[e]));
            free(v);
        }
        source_close(s);
    }
}

/* The same weights in two containers have the same values. */
static void test_containers_agree(void **state)
{
    (void)state;
    char zip[PATH_SIZE], safe[PATH_SIZE];
    struct err err = ERR_INIT;
    struct source *a, *b;
    if (!shared_path(zip, sizeof zip, "fixtures/c1_hf_gpt2_bert_bin/pytorch_model.bin") ||
        !shared_path(safe, sizeof safe, "fixtures/c2_hf_gpt2_bert_safetensors/model.safetensors"))
        skip();
    assert_int_equal(source_open(zip, &a, &err), 0);
    assert_int_equal(source_open(safe, &b, &err), 0);
    size_t n_same = 0;
    for (size_t i = 0; i < source_count(b); i++) {
        const struct source_tensor *t = source_at(b, i);
        const struct source_tensor *u = source_find(a, t->name);
        if (!u)
            continue;
        int64_t n = source_n_elements(t);
        float *v = malloc((size_t)n * 2 * sizeof *v + 1);
        assert_int_equal(source_n_elements(u), n);
        source_read_f32(t, 0, n, v);
        source_read_f32(u, 0, n, v + n);
        assert_memory_equal(v, v + n, (size_t)n * sizeof *v);
        free(v);
        n_same++;
    }
    assert_in_range(n_same, 30, 1000);
    source_close(a);
    source_close(b);
}

/* ---- damage: nothing but a refusal with a message, or a file that can be read ---- */

static void try_bytes(const void *data, size_t n)
{
    struct err err = ERR_INIT;
    struct source *s = NULL;
    float v[64];
    /* a block of exactly that size, so that reading beyond it is seen */
    void *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, data, n);
    if (source_from_bytes("damaged", copy, n, &s, &err) != 0) {
        assert_true(err.msg[0] != '\0' && err.code != E_OK && err.code != E_RESOURCE);
        assert_null(s);
    } else {
        for (size_t i = 0; i < source_count(s); i++) {
            const struct source_tensor *t = source_at(s, i);
            int64_t n_elements = source_n_elements(t);
            int64_t some = n_elements < 64 ? n_elements : 64;
            source_read_f32(t, 0, some, v);
            source_read_f32(t, n_elements - some, some, v);
        }
        source_close(s);
    }
    free(copy);
}

static const char *const small[] = {
    "pickle/evil_legacy_eval.bin",
    "pickle/evil_os_system.bin",
    "pickle/legacy_state_dict_with_metadata.bin",
    "pickle/zip_deflated_members.bin",
    "pickle/zip_parameters.bin",
    "pickle/zip_protocol4_nested.bin",
    "pickle/zip64_extra_fields.bin",
    "safetensors/ok_basic.safetensors",
    "safetensors/ok_metadata_unicode_escape.safetensors",
    "safetensors/ok_scalar_and_empty.safetensors",
};

static void each_small(void (*fn)(unsigned char *data, size_t n))
{
    char dir[PATH_SIZE];
    if (!shared_path(dir, sizeof dir, "fixtures"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        char path[PATH_SIZE + 100];
        char *data;
        size_t n;
        snprintf(path, sizeof path, "%s/%s", dir, small[i]);
        assert_int_equal(infile_read(path, 1 << 20, &data, &n, NULL), 0);
        fn((unsigned char *)data, n);
        free(data);
    }
}

static void cut_everywhere(unsigned char *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        try_bytes(data, i);
}

static void test_truncated(void **state)
{
    (void)state;
    each_small(cut_everywhere);
}

static void change_everywhere(unsigned char *data, size_t n)
{
    static const unsigned char values[] = {0x00, 0x7F, 0x80, 0xFF};
    for (size_t i = 0; i < n; i++) {
        unsigned char was = data[i];
        for (size_t k = 0; k < sizeof values; k++) {
            data[i] = values[k];
            try_bytes(data, n);
        }
        data[i] = was;
    }
}

static void test_changed(void **state)
{
    (void)state;
    each_small(change_everywhere);
}

/* ---- what needs no reference files ---- */

static void refused(const void *data, size_t n, const char *word)
{
    struct err err = ERR_INIT;
    struct source *s = NULL;
    assert_int_not_equal(source_from_bytes("x", data, n, &s, &err), 0);
    if (!strstr(err.msg, word))
        fail_msg("\"%s\" does not tell of \"%s\"", err.msg, word);
}

#define REFUSED(text, word) refused(text, sizeof(text) - 1, word)

static void test_other_formats(void **state)
{
    (void)state;
    REFUSED("", "empty");
    REFUSED("GGUF\3\0\0\0", "GGUF");
    REFUSED("\x80\2}q\0.", "pickle");
    REFUSED("\x80\4\x95\0\0\0\0\0\0\0\0}.", "pickle");
    REFUSED("version https://git-lfs.github.com/spec/v1\n", "git-lfs");
    REFUSED("<!DOCTYPE html><html>", "HTML");
    REFUSED("PK\3\4", "truncated");
    REFUSED("\x80\2\x8a\x0a", "truncated");
    REFUSED("\0\0\0\0\0\0\0\0", "header");
    /* the machine's description is a list, of an odd length */
    REFUSED("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
            "\x80\2M\xe9\3."
            "\x80\2](NNNe.",
            "little-endian");
    struct source *s;
    struct err err = ERR_INIT;
    assert_int_equal(source_open("/", &s, &err), E_INPUT);
    assert_int_equal(source_open("/nonexistent/x", &s, &err), E_INPUT);
}

/* Strides as views have them: the elements come in row-major order of the shape. */
static void test_strides(void **state)
{
    (void)state;
    static const int16_t data[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const struct {
        int n_dims;
        int64_t shape[3], stride[3];
        float want[12];
    } cases[] = {
        {0, {0}, {0}, {0}},
        {1, {4}, {3}, {0, 3, 6, 9}},
        {1, {3}, {0}, {0, 0, 0}},
        {2, {3, 4}, {1, 3}, {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}},
        {2, {2, 3}, {6, 2}, {0, 2, 4, 6, 8, 10}},
        {3, {2, 2, 3}, {3, 6, 1}, {0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11}},
        {3, {1, 3, 1}, {99, 4, 99}, {0, 4, 8}},
    };
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct source_tensor t = {.dtype = SOURCE_I16, .n_dims = cases[c].n_dims, .data = data};
        memcpy(t.shape, cases[c].shape, sizeof cases[c].shape);
        memcpy(t.stride, cases[c].stride, sizeof cases[c].stride);
        int64_t n = source_n_elements(&t);
        for (int64_t first = 0; first < n; first++) {
            float got[12];
            source_read_f32(&t, first, n - first, got);
            assert_memory_equal(got, cases[c].want + first, (size_t)(n - first) * sizeof *got);
        }
    }
}

static void test_dtypes(void **state)
{
    (void)state;
    /* odd address, one after the other: -2 in every type, then true */
    static const unsigned char bytes[] = "x\0\0\0\xC0"
                                         "\0\xC0"
                                         "\0\xC0"
                                         "\0\0\0\0\0\0\0\xC0"
                                         "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                         "\xFE\xFF\xFF\xFF"
                                         "\xFE\xFF"
                                         "\xFE"
                                         "\xFE"
                                         "\1";
    size_t at = 1;
    for (int t = 0; t < N_SOURCE_DTYPES; t++) {
        float v;
        struct source_tensor one = {.dtype = (enum source_dtype)t, .data = bytes + at};
        source_read_f32(&one, 0, 1, &v);
        assert_true(v == (t == SOURCE_U8 ? 254.0f : t == SOURCE_BOOL ? 1.0f : -2.0f));
        at += source_dtype_bytes((enum source_dtype)t);
    }
    assert_int_equal(at, sizeof bytes - 1);
    assert_string_equal(source_dtype_name(SOURCE_BF16), "BF16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pickle_fixtures),
        cmocka_unit_test(test_safetensors_fixtures),
        cmocka_unit_test(test_safetensors_values),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_containers_agree),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_strides),
        cmocka_unit_test(test_dtypes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
