/* test_gguf_write.c - what is written is read back the same, and a target is whole or untouched. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/formats/gguf_write.h"
#include "src/base/mem.h"
#include "tests/unit/gguf_build.h"
#include "tests/unit/shared_dir.h"

static char dir[] = "/tmp/test_gguf_write.XXXXXX";
static char target[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(target, sizeof target, "%s/out.gguf", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(target);
    return rmdir(dir); /* fails when anything was left behind */
}

static size_t files_in_dir(void)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void test_round_trip(void **state)
{
    (void)state;
    static const struct meta_string words[] = {{"a", 1}, {"", 0}, {"雪\0x", 5}};
    static const int32_t numbers[] = {-1, 5};
    static const float floats[] = {0.5f, -1.0f};
    static const int64_t dim_a[] = {3, 2};
    static const int64_t dim_b[] = {64};
    float data_a[6] = {1, 2, 3, 4, 5, 6};
    unsigned char data_b[68];
    memset(data_b, 0xAB, sizeof data_b);
    struct gguf_writer *w = NULL;
    struct err err = ERR_INIT;
    mode_t old = umask(027);
    assert_int_equal(gguf_writer_new(target, &w, &err), 0);
    umask(old);
    gguf_put_string(w, "general.architecture", "gpt2", 4);
    gguf_put_u32(w, "u", 7);
    gguf_put_u32(w, "general.alignment", 64); /* the writer's own stays */
    gguf_put_f32(w, "f", 0.25f);
    gguf_put_bool(w, "b", true);
    gguf_put_strings(w, "words", words, 3);
    gguf_put_i32s(w, "numbers", numbers, 2);
    gguf_put_f32s(w, "floats", floats, 2);
    gguf_add_tensor(w, "a", QUANT_F32, 2, dim_a);
    gguf_add_tensor(w, "b", QUANT_Q8_0, 1, dim_b);
    assert_int_equal(gguf_write_header(w, &err), 0);
    assert_int_equal(gguf_write_tensor(w, data_a, 8, &err), 0);
    assert_int_equal(gguf_write_tensor(w, data_a + 2, 16, &err), 0);
    assert_int_equal(gguf_write_tensor(w, data_b, sizeof data_b, &err), 0);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(gguf_writer_finish(w, &err), 0);
    gguf_writer_free(w);
    struct stat st;
    assert_int_equal(stat(target, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);

    struct weights *r = NULL;
    if (weights_open(target, &r, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(weights_meta_count(r), 8);
    assert_int_equal(weights_meta(r, "u")->u, 7);
    assert_int_equal(weights_meta(r, "general.alignment")->u, 32);
    assert_true(weights_meta(r, "f")->f == 0.25);
    assert_true(weights_meta(r, "b")->b);
    const struct meta_value *v = weights_meta(r, "words");
    assert_int_equal(v->array.n, 3);
    assert_int_equal(v->array.strings[2].n, 5);
    assert_memory_equal(v->array.strings[2].s, "雪\0x", 5);
    assert_int_equal(meta_array_int(weights_meta(r, "numbers"), 0), -1);
    assert_true(meta_array_float(weights_meta(r, "floats"), 1) == -1.0);
    const struct tensor *t = weights_find(r, "a");
    assert_int_equal(t->dim[0], 3);
    assert_int_equal(t->dim[1], 2);
    assert_memory_equal(t->data, data_a, sizeof data_a);
    assert_true((uintptr_t)t->data % 32 == 0);
    t = weights_find(r, "b");
    assert_int_equal(t->type, QUANT_Q8_0);
    assert_memory_equal(t->data, data_b, sizeof data_b);
    weights_close(r);
}

/* Copies every metadata value and every tensor. */
static void copy_model(const struct weights *from, const char *to)
{
    struct gguf_writer *w = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(gguf_writer_new(to, &w, &err), 0);
    for (size_t i = 0; i < weights_meta_count(from); i++) {
        const struct meta_value *v;
        const char *key = weights_meta_at(from, i, &v);
        gguf_put_copy(w, key, v);
    }
    for (size_t i = 0; i < weights_count(from); i++) {
        const struct tensor *t = weights_at(from, i);
        gguf_add_tensor(w, t->name, t->type, t->n_dims, t->dim);
    }
    if (gguf_write_header(w, &err) != 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < weights_count(from); i++) {
        const struct tensor *t = weights_at(from, i);
        assert_int_equal(gguf_write_tensor(w, t->data, t->n_bytes, &err), 0);
    }
    assert_int_equal(gguf_writer_finish(w, &err), 0);
    gguf_writer_free(w);
}

/* A copied value has the bytes it had, type included: file positions move by the length of the
 * alignment entry the writer puts first. */
static void test_copies_every_type(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        int n_bytes;
    } types[] = {{T_U8, 1},  {T_I8, 1},  {T_U16, 2}, {T_I16, 2}, {T_U32, 4},
                 {T_I32, 4}, {T_F32, 4}, {T_U64, 8}, {T_I64, 8}, {T_F64, 8}};
    struct build b = {0};
    b_head(&b, 3, 0, 3 + 2 * ARRAY_LEN(types));
    b_kv_str(&b, "text", "x\ny");
    b_key(&b, "yes", T_BOOL);
    b_num(&b, 1, 1);
    for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
        char key[16];
        snprintf(key, sizeof key, "scalar.%u", i);
        b_key(&b, key, types[i].type);
        b_num(&b, 0xC1F2E3D4C5B6A798u, types[i].n_bytes);
        snprintf(key, sizeof key, "array.%u", i);
        b_key(&b, key, T_ARR);
        b_u32(&b, types[i].type);
        b_u64(&b, 2);
        b_data(&b, 2 * (size_t)types[i].n_bytes);
    }
    static const char *const words[] = {"a", "bc"};
    b_kv_strs(&b, "words", words, 2);
    struct weights *from = NULL;
    struct weights *to = NULL;
    assert_int_equal(weights_from_bytes("x", b.p, b.n, &from, NULL), 0);
    copy_model(from, target);
    assert_int_equal(weights_open(target, &to, NULL), 0);
    size_t n;
    const unsigned char *copy = weights_base(to, &n);
    size_t n_alignment = 8 + strlen("general.alignment") + 4 + 4;
    assert_memory_equal(copy + 24 + n_alignment, b.p + 24, b.n - 24);
    weights_close(to);
    weights_close(from);
    b_free(&b);
}

static void test_copies_a_model(void **state)
{
    (void)state;
    char model[512];
    if (!shared_path(model, sizeof model, "fixtures/gguf/e3_qwen2_gqa_bias_fp16.gguf"))
        skip();
    struct weights *from = NULL;
    struct weights *to = NULL;
    assert_int_equal(weights_open(model, &from, NULL), 0);
    copy_model(from, target);
    struct err err = ERR_INIT;
    if (weights_open(target, &to, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(weights_count(to), weights_count(from));
    for (size_t i = 0; i < weights_count(from); i++) {
        const struct tensor *a = weights_at(from, i);
        const struct tensor *b = weights_find(to, a->name);
        assert_int_equal(a->n_bytes, b->n_bytes);
        assert_memory_equal(a->data, b->data, a->n_bytes);
        assert_memory_equal(a->dim, b->dim, sizeof a->dim);
    }
    weights_close(to);
    weights_close(from);
}

static void test_unfinished_leaves_nothing(void **state)
{
    (void)state;
    static const int64_t dim[] = {4};
    FILE *f = fopen(target, "w");
    assert_non_null(f);
    fputs("old", f);
    fclose(f);
    struct gguf_writer *w = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(gguf_writer_new(target, &w, &err), 0);
    assert_int_equal(files_in_dir(), 2);
    gguf_add_tensor(w, "a", QUANT_F32, 1, dim);
    assert_int_equal(gguf_write_header(w, &err), 0);
    assert_int_equal(gguf_write_tensor(w, "12345678", 8, &err), 0);
    assert_int_equal(gguf_write_tensor(w, "123456789", 9, &err), E_INPUT);
    assert_int_equal(gguf_writer_finish(w, &err), E_INPUT);
    gguf_writer_free(w);
    gguf_writer_free(NULL);
    assert_int_equal(files_in_dir(), 1);
    char text[8] = "";
    f = fopen(target, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, "old");
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const int64_t dim[] = {33};
    struct gguf_writer *w = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(gguf_writer_new("/nowhere/at/all.gguf", &w, &err), E_IO);
    assert_null(w);
    assert_int_equal(gguf_writer_new(target, &w, &err), 0);
    gguf_put_u32(w, "k", 1);
    gguf_put_u32(w, "k", 2);
    assert_int_equal(gguf_write_header(w, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "twice"));
    gguf_writer_free(w);
    assert_int_equal(gguf_writer_new(target, &w, &err), 0);
    gguf_add_tensor(w, "a", QUANT_Q8_0, 1, dim);
    assert_int_equal(gguf_write_header(w, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "shape"));
    gguf_writer_free(w);
    assert_int_equal(gguf_writer_new(target, &w, &err), 0);
    gguf_put_u32(w, "", 1);
    assert_int_equal(gguf_write_header(w, &err), E_INPUT);
    gguf_writer_free(w);
}

static void test_target_is_a_folder(void **state)
{
    (void)state;
    static const int64_t dim[] = {1 << 20};
    struct gguf_writer *w = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(gguf_writer_new(dir, &w, &err), 0);
    gguf_add_tensor(w, "a", QUANT_F32, 1, dim);
    assert_int_equal(gguf_write_header(w, &err), 0);
    void *zeros = calloc(1, 4u << 20);
    assert_non_null(zeros);
    assert_int_equal(gguf_write_tensor(w, zeros, 4u << 20, &err), 0);
    free(zeros);
    assert_int_equal(gguf_writer_finish(w, &err), E_IO);
    gguf_writer_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),        cmocka_unit_test(test_copies_every_type),
        cmocka_unit_test(test_copies_a_model),    cmocka_unit_test(test_unfinished_leaves_nothing),
        cmocka_unit_test(test_mistakes_are_told), cmocka_unit_test(test_target_is_a_folder),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
