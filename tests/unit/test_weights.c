/* test_weights.c - opening model files: what kinds of files are refused and how, typed metadata,
 * identity, change on disk. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/formats/infile.h"
#include "engine/formats/weights.h"
#include "src/base/mem.h"
#include "tests/unit/gguf_build.h"
#include "tests/unit/shared_dir.h"

static char dir[] = "/tmp/test_weights.XXXXXX";
static char path[256];

static const char *in_dir(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const struct build *b)
{
    FILE *f = fopen(in_dir(name), "wb");
    assert_non_null(f);
    if (b->n > 0)
        assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
    assert_int_equal(fclose(f), 0);
}

static void build_small(struct build *b, unsigned char last_byte)
{
    static const uint64_t dim[] = {8};
    b_head(b, 3, 1, 9);
    b_kv_str(b, "k.text", "gpt2");
    b_kv_u32(b, "k.u32", 7);
    b_key(b, "k.i32", T_I32);
    b_u32(b, (uint32_t)-7);
    b_key(b, "k.u64", T_U64);
    b_u64(b, UINT64_MAX);
    b_key(b, "k.f32", T_F32);
    b_f32(b, 0.5f);
    b_key(b, "k.nan", T_F32);
    b_u32(b, 0x7FC00000u);
    b_key(b, "k.inf", T_F64);
    b_u64(b, 0x7FF0000000000000u);
    b_key(b, "k.bool", T_BOOL);
    b_num(b, 1, 1);
    b_key(b, "k.array", T_ARR);
    b_u32(b, T_I8);
    b_u64(b, 2);
    b_num(b, 0x7FFF, 2);
    b_info(b, "t", 1, dim, 0, 0);
    b_pad(b, 32);
    b_data(b, 31);
    b_num(b, last_byte, 1);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    static const char *const names[] = {"m.gguf",   "n.gguf", "fifo",        "loop",
                                        "dangling", "empty",  "a\033[31m\nb"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(in_dir(names[i]));
    return rmdir(dir);
}

static void test_reads_a_file(void **state)
{
    (void)state;
    struct build b = {0};
    build_small(&b, 1);
    write_file("m.gguf", &b);
    struct weights *w = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(weights_open(in_dir("m.gguf"), &w, &err), 0);
    assert_string_equal(weights_path(w), path);
    assert_string_equal(weights_format(w), "GGUF v3");
    assert_int_equal(weights_file_bytes(w), b.n);
    assert_int_equal(weights_count(w), 1);
    assert_string_equal(weights_at(w, 0)->name, "t");
    assert_ptr_equal(weights_find(w, "t"), weights_at(w, 0));
    assert_null(weights_find(w, "u"));
    assert_int_equal(weights_meta_count(w), 9);
    const struct meta_value *v;
    assert_string_equal(weights_meta_at(w, 1, &v), "k.u32");
    assert_int_equal(v->u, 7);
    size_t n;
    const char *base = weights_base(w, &n);
    assert_int_equal(n, b.n);
    assert_memory_equal(base, "GGUF", 4);
    assert_true((uintptr_t)weights_at(w, 0)->data % 32 == 0);
    weights_close(w);
    weights_close(NULL);
    b_free(&b);
}

static void test_typed_metadata(void **state)
{
    (void)state;
    struct build b = {0};
    build_small(&b, 1);
    struct weights *w = NULL;
    assert_int_equal(weights_from_bytes("x", b.p, b.n, &w, NULL), 0);
    struct err err = ERR_INIT;
    int64_t i = 99;
    double f = 99;
    bool yes = false;
    struct meta_string s = {NULL, 0};
    assert_int_equal(weights_meta_int(w, "absent", 0, 1, &i, &err), 0);
    assert_int_equal(i, 99);
    assert_int_equal(weights_meta_int(w, "k.u32", 0, 7, &i, &err), 0);
    assert_int_equal(i, 7);
    assert_int_equal(weights_meta_int(w, "k.i32", -10, 10, &i, &err), 0);
    assert_int_equal(i, -7);
    assert_int_equal(weights_meta_float(w, "k.f32", 0, 1, &f, &err), 0);
    assert_true(f == 0.5);
    assert_int_equal(weights_meta_bool(w, "k.bool", &yes, &err), 0);
    assert_true(yes);
    assert_int_equal(weights_meta_string(w, "k.text", &s, &err), 0);
    assert_int_equal(s.n, 4);
    assert_int_equal(meta_array_int(weights_meta(w, "k.array"), 0), -1);
    assert_int_equal(meta_array_int(weights_meta(w, "k.array"), 1), 127);

    assert_int_equal(weights_meta_int(w, "k.u32", 8, 9, &i, &err), E_INPUT);
    char expected[128];
    snprintf(expected, sizeof expected, "x: k.u32 at byte %llu: 7; from 8 to 9 is allowed.",
             (unsigned long long)weights_meta(w, "k.u32")->offset);
    assert_string_equal(err.msg, expected);
    assert_int_equal(weights_meta_int(w, "k.u64", 0, INT64_MAX, &i, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "18446744073709551615"));
    assert_int_equal(weights_meta_int(w, "k.f32", 0, 1, &i, &err), E_INPUT);
    assert_int_equal(weights_meta_int(w, "k.text", 0, 1, &i, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "this is a text; a whole number is needed"));
    assert_int_equal(weights_meta_float(w, "k.nan", -1e9, 1e9, &f, &err), E_INPUT);
    assert_int_equal(weights_meta_float(w, "k.inf", -1e9, 1e9, &f, &err), E_INPUT);
    assert_int_equal(weights_meta_float(w, "k.u32", 0, 9, &f, &err), E_INPUT);
    assert_int_equal(weights_meta_bool(w, "k.u32", &yes, &err), E_INPUT);
    assert_int_equal(weights_meta_string(w, "k.array", &s, &err), E_INPUT);
    assert_int_equal(i, -7);
    assert_true(f == 0.5);
    weights_close(w);
    b_free(&b);
}

static void expect_refusal(const char *name, const char *words)
{
    struct weights *w = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(weights_open(name, &w, &err), E_INPUT);
    assert_null(w);
    if (!strstr(err.msg, words))
        fail_msg("%s: %s", name, err.msg);
}

static void test_refuses_what_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
    expect_refusal(path, "pipe");
    expect_refusal(dir, "folder");
    expect_refusal("/dev/zero", "device");
    expect_refusal(in_dir("missing"), "no such file");
    assert_int_equal(symlink("loop", in_dir("loop")), 0);
    expect_refusal(path, "circle");
    assert_int_equal(symlink("missing", in_dir("dangling")), 0);
    expect_refusal(path, "no such file");
    struct build b = {0};
    write_file("empty", &b);
    expect_refusal(in_dir("empty"), "empty");
}

static void test_names_are_escaped(void **state)
{
    (void)state;
    struct build b = {0};
    b_raw(&b, "hello", 5);
    write_file("a\033[31m\nb", &b);
    struct weights *w;
    struct err err = ERR_INIT;
    assert_int_equal(weights_open(in_dir("a\033[31m\nb"), &w, &err), E_INPUT);
    assert_null(strchr(err.msg, '\033'));
    assert_null(strchr(err.msg, '\n'));
    assert_non_null(strstr(err.msg, "/a\\u{1B}[31m\\u{A}b: "));
    b_free(&b);

    char out[INFILE_QUOTE_BYTES];
    char name[1000];
    memset(name, 'x', sizeof name);
    snprintf(name + 990, 10, "/m.gguf");
    infile_quote(out, name);
    assert_int_equal(strlen(out), 3 + 240);
    assert_string_equal(out + strlen(out) - 7, "/m.gguf");
    memset(name, 1, 980);
    assert_true(strlen(infile_quote(out, name)) < sizeof out);
}

static void test_identity_and_change(void **state)
{
    (void)state;
    char id[3][33];
    for (int i = 0; i < 3; i++) {
        struct build b = {0};
        build_small(&b, i == 2 ? 2 : 1);
        struct weights *w = NULL;
        assert_int_equal(weights_from_bytes("x", b.p, b.n, &w, NULL), 0);
        weights_identity(w, id[i]);
        assert_false(weights_changed(w));
        weights_close(w);
        b_free(&b);
    }
    assert_int_equal(strlen(id[0]), 32);
    assert_string_equal(id[0], id[1]);
    assert_string_not_equal(id[0], id[2]);

    struct build b = {0};
    build_small(&b, 1);
    write_file("n.gguf", &b);
    struct weights *w = NULL;
    assert_int_equal(weights_open(in_dir("n.gguf"), &w, NULL), 0);
    assert_false(weights_changed(w));
    FILE *f = fopen(path, "ab");
    assert_non_null(f);
    fputc('x', f);
    fclose(f);
    assert_true(weights_changed(w));
    unlink(path); /* lives on in the mapping */
    assert_false(weights_changed(w));
    weights_close(w);
    b_free(&b);
}

/* Every byte of a file cut off, through the mapping. */
static void test_truncated_files(void **state)
{
    (void)state;
    struct build b = {0};
    build_small(&b, 1);
    write_file("m.gguf", &b);
    for (size_t n = b.n; n-- > 0;) {
        assert_int_equal(truncate(in_dir("m.gguf"), (off_t)n), 0);
        expect_refusal(path, n ? "truncated at byte" : "empty");
    }
    b_free(&b);
}

static void test_reference_models(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t n_tensors;
    } models[] = {
        {"fixtures/gguf/e1_llama2_mha_fp32.gguf", 30},
        {"fixtures/gguf/e2_llama3_gqa_ropescaled_bf16.gguf", 30},
        {"fixtures/gguf/e3_qwen2_gqa_bias_fp16.gguf", 38},
        {"fixtures/gguf/e4_qwen3_qknorm_bf16.gguf", 24},
        {"fixtures/gguf/e6_qwen2_yarn_v5config_fp32.gguf", 27},
        {"model/preview.gguf", 100},
    };
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        char model[512];
        if (!shared_path(model, sizeof model, models[i].name))
            skip();
        struct weights *w = NULL;
        struct err err = ERR_INIT;
        if (weights_open(model, &w, &err) != 0)
            fail_msg("%s", err.msg);
        assert_int_equal(weights_count(w), models[i].n_tensors);
        weights_close(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_file),
        cmocka_unit_test(test_typed_metadata),
        cmocka_unit_test(test_refuses_what_is_no_file),
        cmocka_unit_test(test_names_are_escaped),
        cmocka_unit_test(test_identity_and_change),
        cmocka_unit_test(test_truncated_files),
        cmocka_unit_test(test_reference_models),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
