/* test_gguf.c - the GGUF reader: what is right is read right, what is wrong is refused in one
 * sentence, and nothing else ever happens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/formats/gguf.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "tests/unit/gguf_build.h"

static const uint64_t dim_4x2[] = {4, 2};
static const uint64_t dim_32[] = {32};

/* A small file with every type of value, an array of each sort and two tensors. */
static void build_good(struct build *b, uint32_t version)
{
    static const char *const words[] = {"雪", "", "end"};
    static const int32_t numbers[] = {-1, 0, INT32_MAX};
    b_head(b, version, 2, 16);
    b_kv_str(b, "general.architecture", "gpt2");
    b_kv_u32(b, "general.alignment", 64);
    b_key(b, "v.u8", T_U8);
    b_num(b, 200, 1);
    b_key(b, "v.i8", T_I8);
    b_num(b, 0x80, 1);
    b_key(b, "v.u16", T_U16);
    b_num(b, 65535, 2);
    b_key(b, "v.i16", T_I16);
    b_num(b, 0xFFFE, 2);
    b_key(b, "v.i32", T_I32);
    b_u32(b, 0x80000000u);
    b_key(b, "v.f32", T_F32);
    b_f32(b, -1.5f);
    b_key(b, "v.bool", T_BOOL);
    b_num(b, 1, 1);
    b_key(b, "v.u64", T_U64);
    b_u64(b, UINT64_MAX);
    b_key(b, "v.i64", T_I64);
    b_u64(b, UINT64_MAX);
    b_key(b, "v.f64", T_F64);
    b_u64(b, 0x3FF8000000000000u);
    b_kv_strs(b, "a.words", words, 3);
    b_kv_i32s(b, "a.i32", numbers, 3);
    b_key(b, "a.f32", T_ARR);
    b_u32(b, T_F32);
    b_u64(b, 2);
    b_f32(b, 0.25f);
    b_f32(b, -8.0f);
    b_key(b, "a.bool", T_ARR);
    b_u32(b, T_BOOL);
    b_u64(b, 2);
    b_num(b, 0x0100, 2);
    b_info(b, "a.weight", 2, dim_4x2, 0, 64);
    b_info(b, "b.weight", 1, dim_32, 8, 0);
    b_pad(b, 64);
    b_data(b, 34);
    b_pad(b, 64);
    b_data(b, 32);
}

static int parse(const struct build *b, struct gguf **g, struct err *err)
{
    return gguf_parse("m.gguf", b->p, b->n, g, err);
}

static void check_good(const struct gguf *g, const struct build *b, int version)
{
    assert_int_equal(gguf_version(g), version);
    assert_int_equal(gguf_n_meta(g), 16);
    assert_int_equal(gguf_n_tensors(g), 2);
    assert_int_equal(gguf_meta_find(g, "v.u8")->u, 200);
    assert_int_equal(gguf_meta_find(g, "v.u8")->type, META_UINT);
    assert_int_equal(gguf_meta_find(g, "v.i8")->i, -128);
    assert_int_equal(gguf_meta_find(g, "v.i8")->type, META_INT);
    assert_int_equal(gguf_meta_find(g, "v.u16")->u, 65535);
    assert_int_equal(gguf_meta_find(g, "v.i16")->i, -2);
    assert_int_equal(gguf_meta_find(g, "v.i32")->i, INT32_MIN);
    assert_true(gguf_meta_find(g, "v.f32")->f == -1.5);
    assert_true(gguf_meta_find(g, "v.bool")->b);
    assert_true(gguf_meta_find(g, "v.u64")->u == UINT64_MAX);
    assert_int_equal(gguf_meta_find(g, "v.i64")->i, -1);
    assert_true(gguf_meta_find(g, "v.f64")->f == 1.5);
    assert_null(gguf_meta_find(g, "v.none"));
    assert_string_equal(gguf_meta_key(g, 0), "general.architecture");
    const struct meta_value *arch = gguf_meta_value(g, 0);
    assert_int_equal(arch->str.n, 4);
    assert_memory_equal(arch->str.s, "gpt2", 4);
    assert_memory_equal(b->p + arch->offset + 8, "gpt2", 4);
    const struct meta_value *words = gguf_meta_find(g, "a.words");
    assert_int_equal(words->array.n, 3);
    assert_memory_equal(words->array.strings[0].s, "雪", 3);
    assert_int_equal(words->array.strings[1].n, 0);
    assert_memory_equal(words->array.strings[2].s, "end", 3);
    assert_int_equal(gguf_meta_find(g, "a.bool")->array.type, META_BOOL);

    const struct tensor *t = gguf_find(g, "a.weight");
    assert_ptr_equal(t, gguf_tensor(g, 0));
    assert_string_equal(t->name, "a.weight");
    assert_int_equal(t->type, QUANT_F32);
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->dim[0], 4);
    assert_int_equal(t->dim[1], 2);
    assert_int_equal(t->dim[2], 1);
    assert_int_equal(t->n_bytes, 32);
    assert_ptr_equal(t->data, b->p + b->n - 32);
    t = gguf_find(g, "b.weight");
    assert_int_equal(t->type, QUANT_Q8_0);
    assert_int_equal(t->n_bytes, 34);
    assert_int_equal(*(const unsigned char *)t->data, 1);
    assert_null(gguf_find(g, "c.weight"));
    assert_null(gguf_tensor(g, 2));
    assert_null(gguf_meta_key(g, 16));
}

static void test_reads_versions_2_and_3(void **state)
{
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        struct build b = {0};
        build_good(&b, version);
        struct gguf *g = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(parse(&b, &g, &err), 0);
        check_good(g, &b, (int)version);
        gguf_free(g);
        b_free(&b);
    }
    gguf_free(NULL);
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct build b = {0};
    build_good(&b, 3);
    for (size_t n = 0; n < b.n; n++) {
        void *p = b_exact(&b, n);
        struct gguf *g = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(gguf_parse("m.gguf", p, n, &g, &err), E_INPUT);
        assert_null(g);
        char expected[80];
        snprintf(expected, sizeof expected, "truncated at byte %zu of ", n);
        if (!strstr(err.msg, n ? expected : "is empty"))
            fail_msg("%zu bytes: %s", n, err.msg);
        free(p);
    }
    b_free(&b);
}

static void test_every_byte_may_be_anything(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0x7F, 0x80, 0xFF};
    struct build b = {0};
    build_good(&b, 3);
    for (size_t i = 0; i < b.n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            unsigned char *p = b_exact(&b, b.n);
            p[i] = values[k];
            struct gguf *g = NULL;
            struct err err = ERR_INIT;
            int rc = gguf_parse("m.gguf", p, b.n, &g, &err);
            assert_true(rc == 0 ? g != NULL : g == NULL && err.msg[0] != '\0');
            gguf_free(g);
            free(p);
        }
    }
    b_free(&b);
}

/* ---- one flaw each ---- */

static void no_bytes(struct build *b)
{
    (void)b;
}
static void one_byte(struct build *b)
{
    b_raw(b, "G", 1);
}
static void magic_only(struct build *b)
{
    b_raw(b, "GGUF", 4);
}
static void legacy_ggjt(struct build *b)
{
    b_raw(b, "tjgg\3\0\0\0\0\0\0\0", 12);
}
static void legacy_lora(struct build *b)
{
    b_raw(b, "algg\1\0\0\0", 8);
}
static void zip(struct build *b)
{
    b_raw(b, "PK\3\4\0\0\0\0", 8);
}
static void pickle(struct build *b)
{
    b_raw(b, "\x80\2}q\0", 5);
}
static void safetensors(struct build *b)
{
    b_u64(b, 8);
    b_raw(b, "{\"a\":{}}", 8);
}
static void web_page(struct build *b)
{
    b_raw(b, "\n <!DOCTYPE html><html>", 23);
}
static void lfs_pointer(struct build *b)
{
    b_raw(b, "version https://git-lfs.github.com/spec/v1\n", 43);
}
static void json(struct build *b)
{
    b_raw(b, "{\"a\": 1}", 8);
}
static void reversed_magic(struct build *b)
{
    b_raw(b, "FUGG\0\0\0\3", 8);
}
static void big_endian(struct build *b)
{
    b_head(b, 0x03000000, 0, 0);
}
static void version_0(struct build *b)
{
    b_head(b, 0, 0, 0);
}
static void version_1(struct build *b)
{
    b_head(b, 1, 0, 0);
}
static void version_4(struct build *b)
{
    b_head(b, 4, 0, 0);
}
static void version_max(struct build *b)
{
    b_head(b, UINT32_MAX, 0, 0);
}
static void tensors_max(struct build *b)
{
    b_head(b, 3, UINT64_MAX, 0);
}
static void tensors_half(struct build *b)
{
    b_head(b, 3, UINT64_C(1) << 63, 0);
}
static void tensors_wrapping(struct build *b)
{
    b_head(b, 3, UINT64_MAX / 64 + 2, 0);
}
static void tensors_one_more(struct build *b)
{
    b_head(b, 3, 1, 0);
}
static void entries_max(struct build *b)
{
    b_head(b, 3, 0, UINT64_MAX);
}
static void entries_many(struct build *b)
{
    b_head(b, 3, 0, LIMIT_GGUF_KV);
}
static void key_max(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_u64(b, UINT64_MAX);
    b_data(b, 20);
}
static void key_past_end(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_u64(b, 21);
    b_data(b, 20);
}
static void key_empty(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_kv_u32(b, "", 1);
}
static void key_with_nul(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_u64(b, 3);
    b_raw(b, "a\0b", 3);
    b_u32(b, T_U32);
    b_u32(b, 1);
}
static void string_2_40(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", T_STR);
    b_u64(b, UINT64_C(1) << 40);
    b_data(b, 20);
}
static void value_type(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", 13);
    b_u64(b, 0);
}
static void array_of_arrays(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", T_ARR);
    for (int i = 0; i < 40000; i++) {
        b_u32(b, T_ARR);
        b_u64(b, 1);
    }
}
static void array_wrapping(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", T_ARR);
    b_u32(b, T_U64);
    b_u64(b, UINT64_C(1) << 61);
    b_data(b, 20);
}
static void strings_wrapping(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", T_ARR);
    b_u32(b, T_STR);
    b_u64(b, UINT64_C(1) << 60);
    b_data(b, 20);
}
static void array_element_type(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", T_ARR);
    b_u32(b, 77);
    b_u64(b, 1);
}
static void bool_of_2(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_key(b, "k", T_BOOL);
    b_num(b, 2, 1);
}
static void same_key(struct build *b)
{
    b_head(b, 3, 0, 2);
    b_kv_u32(b, "some.key", 1);
    b_kv_u32(b, "some.key", 1);
}
static void alignment(struct build *b, uint64_t v)
{
    b_head(b, 3, 0, 1);
    b_kv_u32(b, "general.alignment", v);
}
static void alignment_0(struct build *b)
{
    alignment(b, 0);
}
static void alignment_13(struct build *b)
{
    alignment(b, 13);
}
static void alignment_huge(struct build *b)
{
    alignment(b, UINT64_C(1) << 31);
}
static void alignment_text(struct build *b)
{
    b_head(b, 3, 0, 1);
    b_kv_str(b, "general.alignment", "32");
}
static void one_tensor(struct build *b, uint32_t n_dims, const uint64_t *dim, uint32_t type,
                       uint64_t offset)
{
    b_head(b, 3, 1, 0);
    b_info(b, "t\x1b[2J", n_dims, dim, type, offset);
    b_pad(b, 32);
    b_data(b, 32);
}
static void dims_0(struct build *b)
{
    one_tensor(b, 0, NULL, 0, 0);
}
static void dims_5(struct build *b)
{
    static const uint64_t dim[] = {1, 1, 1, 1, 1};
    one_tensor(b, 5, dim, 0, 0);
}
static void dim_0(struct build *b)
{
    static const uint64_t dim[] = {4, 0};
    one_tensor(b, 2, dim, 0, 0);
}
static void dim_negative(struct build *b)
{
    static const uint64_t dim[] = {(uint64_t)-4};
    one_tensor(b, 1, dim, 0, 0);
}
static void dims_wrapping(struct build *b)
{
    static const uint64_t dim[] = {UINT64_C(1) << 32, UINT64_C(1) << 32};
    one_tensor(b, 2, dim, 0, 0);
}
static void bytes_wrapping(struct build *b)
{
    static const uint64_t dim[] = {UINT64_C(1) << 31, UINT64_C(1) << 31};
    one_tensor(b, 2, dim, 0, 0);
}
static void type_unknown(struct build *b)
{
    one_tensor(b, 1, dim_32, 1234567, 0);
}
static void type_negative(struct build *b)
{
    one_tensor(b, 1, dim_32, (uint32_t)-1, 0);
}
static void type_iq2_xxs(struct build *b)
{
    static const uint64_t dim[] = {256};
    one_tensor(b, 1, dim, 16, 0);
}
static void partial_block(struct build *b)
{
    static const uint64_t dim[] = {33};
    one_tensor(b, 1, dim, 8, 0);
}
static void offset_odd(struct build *b)
{
    static const uint64_t dim[] = {1};
    one_tensor(b, 1, dim, 0, 4);
}
static void offset_beyond(struct build *b)
{
    static const uint64_t dim[] = {8};
    one_tensor(b, 1, dim, 0, 32);
}
static void offset_wrapping(struct build *b)
{
    static const uint64_t dim[] = {8};
    one_tensor(b, 1, dim, 0, UINT64_MAX - 31);
}
static void data_cut(struct build *b)
{
    static const uint64_t dim[] = {9};
    one_tensor(b, 1, dim, 0, 0);
}
static void overlapping(struct build *b)
{
    b_head(b, 3, 2, 0);
    b_info(b, "one", 1, dim_32, 0, 0);
    b_info(b, "two", 1, dim_32, 0, 32);
    b_pad(b, 32);
    b_data(b, 256);
}
static void same_tensor(struct build *b)
{
    b_head(b, 3, 2, 0);
    b_info(b, "one", 1, dim_32, 0, 0);
    b_info(b, "one", 1, dim_32, 0, 128);
    b_pad(b, 32);
    b_data(b, 256);
}
static void name_long(struct build *b)
{
    b_head(b, 3, 1, 0);
    b_u64(b, LIMIT_GGUF_NAME_BYTES + 1);
    b_data(b, LIMIT_GGUF_NAME_BYTES + 100);
}

static const struct {
    void (*build)(struct build *b);
    int rc;
    const char *words; /* in the message */
} flaws[] = {
    {no_bytes, E_INPUT, "magic at byte 0: the file is empty"},
    {one_byte, E_INPUT, "truncated at byte 1 of 4"},
    {magic_only, E_INPUT, "version at byte 4: the file is truncated at byte 4 of 8"},
    {legacy_ggjt, E_INPUT, "old GGML formats"},
    {legacy_lora, E_INPUT, "GGLA adapter"},
    {zip, E_INPUT, "PyTorch"},
    {pickle, E_INPUT, "pickle"},
    {safetensors, E_INPUT, "safetensors"},
    {web_page, E_INPUT, "web page"},
    {lfs_pointer, E_INPUT, "git-lfs"},
    {json, E_INPUT, "JSON"},
    {reversed_magic, E_INPUT, "big-endian"},
    {big_endian, E_UNSUPPORTED, "version at byte 4: this is a big-endian file"},
    {version_0, E_UNSUPPORTED, "version 0 is not known"},
    {version_1, E_UNSUPPORTED, "version 1 is too old"},
    {version_4, E_UNSUPPORTED, "version 4 is not known"},
    {version_max, E_UNSUPPORTED, "version 4294967295"},
    {tensors_max, E_INPUT, "tensor count at byte 8: 18446744073709551615; at most 65536"},
    {tensors_half, E_INPUT, "tensor count at byte 8"},
    {tensors_wrapping, E_INPUT, "tensor count at byte 8"},
    {tensors_one_more, E_INPUT, "truncated at byte 24"},
    {entries_max, E_INPUT, "metadata count at byte 16"},
    {entries_many, E_INPUT, "truncated at byte 24"},
    {key_max, E_INPUT, "metadata entry 0 at byte 24: a text of 18446744073709551615 bytes"},
    {key_past_end, E_INPUT, "truncated at byte 52 of 53"},
    {key_empty, E_INPUT, "empty"},
    {key_with_nul, E_INPUT, "NUL"},
    {string_2_40, E_INPUT, "k at byte 37: a text of 1099511627776 bytes"},
    {value_type, E_INPUT, "k at byte 33: value type 13 is not known"},
    {array_of_arrays, E_UNSUPPORTED, "array of arrays"},
    {array_wrapping, E_INPUT, "more than any file holds"},
    {strings_wrapping, E_INPUT, "more than any file holds"},
    {array_element_type, E_INPUT, "value type 77 is not known"},
    {bool_of_2, E_INPUT, "0 or 1"},
    {same_key, E_INPUT, "some.key at byte 48: this key is there twice"},
    {alignment_0, E_INPUT, "general.alignment at byte 53: 0; a power of two"},
    {alignment_13, E_INPUT, "13; a power of two"},
    {alignment_huge, E_INPUT, "2147483648; a power of two"},
    {alignment_text, E_INPUT, "unsigned 32-bit"},
    {dims_0, E_INPUT, "tensor t\\u{1B}[2J at byte 37: 0 dimensions"},
    {dims_5, E_INPUT, "5 dimensions"},
    {dim_0, E_INPUT, "dimension 1 is 0"},
    {dim_negative, E_INPUT, "dimension 0 is -4"},
    {dims_wrapping, E_INPUT, "number of elements"},
    {bytes_wrapping, E_INPUT, "too large"},
    {type_unknown, E_INPUT, "type 1234567 is not known"},
    {type_negative, E_INPUT, "type -1 is not known"},
    {type_iq2_xxs, E_UNSUPPORTED, "iq2_xxs"},
    {partial_block, E_INPUT, "blocks of 32"},
    {offset_odd, E_INPUT, "multiple of the alignment 32"},
    {offset_beyond, E_INPUT, "truncated at byte 96 of 128"},
    {offset_wrapping, E_INPUT, "more than any file"},
    {data_cut, E_INPUT, "truncated at byte 96 of 100"},
    {overlapping, E_INPUT, "tensor two at byte 86: its data overlap those of tensor one"},
    {same_tensor, E_INPUT, "tensor one at byte 59: this tensor is there twice"},
    {name_long, E_INPUT, "at most 4096"},
};

static void test_flaws_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(flaws); i++) {
        struct build b = {0};
        flaws[i].build(&b);
        void *p = b_exact(&b, b.n);
        struct gguf *g = NULL;
        struct err err = ERR_INIT;
        int rc = gguf_parse("m.gguf", p, b.n, &g, &err);
        if (rc != flaws[i].rc || !strstr(err.msg, flaws[i].words) ||
            strncmp(err.msg, "m.gguf: ", 8) != 0)
            fail_msg("\"%s\": got %d, %s", flaws[i].words, rc, err.msg);
        assert_null(g);
        free(p);
        b_free(&b);
    }
}

static void test_many_keys_take_no_time(void **state)
{
    (void)state;
    enum { N = 30000 };
    struct build b = {0};
    b_head(&b, 3, 0, N);
    for (unsigned i = 0; i < N; i++) {
        char key[32];
        snprintf(key, sizeof key, "key.%u", i);
        b_kv_u32(&b, key, i);
    }
    struct gguf *g = NULL;
    assert_int_equal(parse(&b, &g, NULL), 0);
    assert_int_equal(gguf_meta_find(g, "key.29999")->u, 29999);
    gguf_free(g);
    b_free(&b);
}

static void test_no_tensors_is_a_file(void **state)
{
    (void)state;
    struct build b = {0};
    b_head(&b, 3, 0, 0);
    struct gguf *g = NULL;
    assert_int_equal(parse(&b, &g, NULL), 0);
    assert_int_equal(gguf_n_tensors(g), 0);
    assert_int_equal(gguf_header_bytes(g), 24);
    assert_null(gguf_find(g, ""));
    gguf_free(g);
    b_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_versions_2_and_3),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_byte_may_be_anything),
        cmocka_unit_test(test_flaws_are_named),
        cmocka_unit_test(test_many_keys_take_no_time),
        cmocka_unit_test(test_no_tensors_is_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
