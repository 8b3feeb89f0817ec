/* test_pickle.c - pickles as data: what Python's pickle module wrote is read as it was, what
 * PyTorch never writes is refused by name, and nothing grows beyond the limits. */
#include "config.h"

#include "engine/formats/pickle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/limits.h"
#include "src/base/mem.h"

static int parse(const void *data, size_t n, struct pickle **out, size_t *used, struct err *err)
{
    struct pickle_input in = {.shown = "x.bin", .field = "data.pkl", .data = data, .n_bytes = n};
    return pickle_parse(&in, out, used, err);
}

/* pickle.dumps({"list": [0, 255, 65535, -1, 2**31, -2**63, 2**70, 1.5, None, True, False],
 *               "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), "text": "雪",
 *               7: {"again": SAME_LIST}, "set": {5}}, protocol) with protocols 2, 3, 4, 5 */
static const unsigned char protocol_2[] = {
    0x80, 0x02, 0x7d, 0x71, 0x00, 0x28, 0x58, 0x04, 0x00, 0x00, 0x00, 0x6c, 0x69, 0x73, 0x74,
    0x71, 0x01, 0x5d, 0x71, 0x02, 0x28, 0x4b, 0x00, 0x4b, 0xff, 0x4d, 0xff, 0xff, 0x4a, 0xff,
    0xff, 0xff, 0xff, 0x8a, 0x05, 0x00, 0x00, 0x00, 0x80, 0x00, 0x8a, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x80, 0x8a, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x40, 0x47, 0x3f, 0xf8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4e, 0x88, 0x89, 0x65, 0x58,
    0x06, 0x00, 0x00, 0x00, 0x74, 0x75, 0x70, 0x6c, 0x65, 0x73, 0x71, 0x03, 0x28, 0x29, 0x4b,
    0x01, 0x85, 0x71, 0x04, 0x4b, 0x01, 0x4b, 0x02, 0x86, 0x71, 0x05, 0x4b, 0x01, 0x4b, 0x02,
    0x4b, 0x03, 0x87, 0x71, 0x06, 0x28, 0x4b, 0x01, 0x4b, 0x02, 0x4b, 0x03, 0x4b, 0x04, 0x74,
    0x71, 0x07, 0x74, 0x71, 0x08, 0x58, 0x04, 0x00, 0x00, 0x00, 0x74, 0x65, 0x78, 0x74, 0x71,
    0x09, 0x58, 0x03, 0x00, 0x00, 0x00, 0xe9, 0x9b, 0xaa, 0x71, 0x0a, 0x4b, 0x07, 0x7d, 0x71,
    0x0b, 0x58, 0x05, 0x00, 0x00, 0x00, 0x61, 0x67, 0x61, 0x69, 0x6e, 0x71, 0x0c, 0x68, 0x02,
    0x73, 0x58, 0x03, 0x00, 0x00, 0x00, 0x73, 0x65, 0x74, 0x71, 0x0d, 0x63, 0x5f, 0x5f, 0x62,
    0x75, 0x69, 0x6c, 0x74, 0x69, 0x6e, 0x5f, 0x5f, 0x0a, 0x73, 0x65, 0x74, 0x0a, 0x71, 0x0e,
    0x5d, 0x71, 0x0f, 0x4b, 0x05, 0x61, 0x85, 0x71, 0x10, 0x52, 0x71, 0x11, 0x75, 0x2e,
};
static const unsigned char protocol_3[] = {
    0x80, 0x03, 0x7d, 0x71, 0x00, 0x28, 0x58, 0x04, 0x00, 0x00, 0x00, 0x6c, 0x69, 0x73, 0x74, 0x71,
    0x01, 0x5d, 0x71, 0x02, 0x28, 0x4b, 0x00, 0x4b, 0xff, 0x4d, 0xff, 0xff, 0x4a, 0xff, 0xff, 0xff,
    0xff, 0x8a, 0x05, 0x00, 0x00, 0x00, 0x80, 0x00, 0x8a, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x80, 0x8a, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x47, 0x3f, 0xf8,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4e, 0x88, 0x89, 0x65, 0x58, 0x06, 0x00, 0x00, 0x00, 0x74,
    0x75, 0x70, 0x6c, 0x65, 0x73, 0x71, 0x03, 0x28, 0x29, 0x4b, 0x01, 0x85, 0x71, 0x04, 0x4b, 0x01,
    0x4b, 0x02, 0x86, 0x71, 0x05, 0x4b, 0x01, 0x4b, 0x02, 0x4b, 0x03, 0x87, 0x71, 0x06, 0x28, 0x4b,
    0x01, 0x4b, 0x02, 0x4b, 0x03, 0x4b, 0x04, 0x74, 0x71, 0x07, 0x74, 0x71, 0x08, 0x58, 0x04, 0x00,
    0x00, 0x00, 0x74, 0x65, 0x78, 0x74, 0x71, 0x09, 0x58, 0x03, 0x00, 0x00, 0x00, 0xe9, 0x9b, 0xaa,
    0x71, 0x0a, 0x4b, 0x07, 0x7d, 0x71, 0x0b, 0x58, 0x05, 0x00, 0x00, 0x00, 0x61, 0x67, 0x61, 0x69,
    0x6e, 0x71, 0x0c, 0x68, 0x02, 0x73, 0x58, 0x03, 0x00, 0x00, 0x00, 0x73, 0x65, 0x74, 0x71, 0x0d,
    0x63, 0x62, 0x75, 0x69, 0x6c, 0x74, 0x69, 0x6e, 0x73, 0x0a, 0x73, 0x65, 0x74, 0x0a, 0x71, 0x0e,
    0x5d, 0x71, 0x0f, 0x4b, 0x05, 0x61, 0x85, 0x71, 0x10, 0x52, 0x71, 0x11, 0x75, 0x2e,
};
static const unsigned char protocol_4[] = {
    0x80, 0x04, 0x95, 0x96, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7d, 0x94, 0x28, 0x8c,
    0x04, 0x6c, 0x69, 0x73, 0x74, 0x94, 0x5d, 0x94, 0x28, 0x4b, 0x00, 0x4b, 0xff, 0x4d, 0xff,
    0xff, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x8a, 0x05, 0x00, 0x00, 0x00, 0x80, 0x00, 0x8a, 0x08,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x8a, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x40, 0x47, 0x3f, 0xf8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4e, 0x88,
    0x89, 0x65, 0x8c, 0x06, 0x74, 0x75, 0x70, 0x6c, 0x65, 0x73, 0x94, 0x28, 0x29, 0x4b, 0x01,
    0x85, 0x94, 0x4b, 0x01, 0x4b, 0x02, 0x86, 0x94, 0x4b, 0x01, 0x4b, 0x02, 0x4b, 0x03, 0x87,
    0x94, 0x28, 0x4b, 0x01, 0x4b, 0x02, 0x4b, 0x03, 0x4b, 0x04, 0x74, 0x94, 0x74, 0x94, 0x8c,
    0x04, 0x74, 0x65, 0x78, 0x74, 0x94, 0x8c, 0x03, 0xe9, 0x9b, 0xaa, 0x94, 0x4b, 0x07, 0x7d,
    0x94, 0x8c, 0x05, 0x61, 0x67, 0x61, 0x69, 0x6e, 0x94, 0x68, 0x02, 0x73, 0x8c, 0x03, 0x73,
    0x65, 0x74, 0x94, 0x8f, 0x94, 0x28, 0x4b, 0x05, 0x90, 0x75, 0x2e,
};
static const unsigned char protocol_5[] = {
    0x80, 0x05, 0x95, 0x96, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7d, 0x94, 0x28, 0x8c,
    0x04, 0x6c, 0x69, 0x73, 0x74, 0x94, 0x5d, 0x94, 0x28, 0x4b, 0x00, 0x4b, 0xff, 0x4d, 0xff,
    0xff, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x8a, 0x05, 0x00, 0x00, 0x00, 0x80, 0x00, 0x8a, 0x08,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x8a, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x40, 0x47, 0x3f, 0xf8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4e, 0x88,
    0x89, 0x65, 0x8c, 0x06, 0x74, 0x75, 0x70, 0x6c, 0x65, 0x73, 0x94, 0x28, 0x29, 0x4b, 0x01,
    0x85, 0x94, 0x4b, 0x01, 0x4b, 0x02, 0x86, 0x94, 0x4b, 0x01, 0x4b, 0x02, 0x4b, 0x03, 0x87,
    0x94, 0x28, 0x4b, 0x01, 0x4b, 0x02, 0x4b, 0x03, 0x4b, 0x04, 0x74, 0x94, 0x74, 0x94, 0x8c,
    0x04, 0x74, 0x65, 0x78, 0x74, 0x94, 0x8c, 0x03, 0xe9, 0x9b, 0xaa, 0x94, 0x4b, 0x07, 0x7d,
    0x94, 0x8c, 0x05, 0x61, 0x67, 0x61, 0x69, 0x6e, 0x94, 0x68, 0x02, 0x73, 0x8c, 0x03, 0x73,
    0x65, 0x74, 0x94, 0x8f, 0x94, 0x28, 0x4b, 0x05, 0x90, 0x75, 0x2e,
};

static bool find(const struct pickle *p, uint32_t dict, const char *key, uint32_t *out)
{
    for (uint32_t c = pickle_first(p, dict); c; c = pickle_next(p, c)) {
        struct meta_string s;
        bool is_it = pickle_bytes(p, pickle_item(p, c), &s) && s.n == strlen(key) &&
                     memcmp(s.s, key, s.n) == 0;
        c = pickle_next(p, c);
        *out = pickle_item(p, c);
        if (is_it)
            return true;
    }
    return false;
}

static size_t count(const struct pickle *p, uint32_t value)
{
    size_t n = 0;
    for (uint32_t c = pickle_first(p, value); c; c = pickle_next(p, c))
        n++;
    return n;
}

static void check_python(const unsigned char *data, size_t n)
{
    static const int64_t ints[] = {0, 255, 65535, -1, INT64_C(1) << 31, INT64_MIN};
    struct err err = ERR_INIT;
    struct pickle *p;
    uint32_t list, v, again;
    if (parse(data, n, &p, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    uint32_t root = pickle_root(p);
    assert_int_equal(pickle_type(p, root), PICKLE_DICT);
    assert_int_equal(count(p, root), 10);
    assert_true(find(p, root, "list", &list));
    assert_int_equal(count(p, list), 11);
    uint32_t c = pickle_first(p, list);
    int64_t i;
    for (size_t k = 0; k < ARRAY_LEN(ints); k++, c = pickle_next(p, c)) {
        assert_true(pickle_int(p, pickle_item(p, c), &i));
        assert_true(i == ints[k]);
    }
    struct meta_string s;
    assert_true(pickle_long(p, pickle_item(p, c), &s));
    assert_int_equal(s.n, 9);
    assert_memory_equal(s.s, "\0\0\0\0\0\0\0\0\x40", 9);
    c = pickle_next(p, c);
    assert_int_equal(pickle_type(p, pickle_item(p, c)), PICKLE_FLOAT);
    c = pickle_next(p, c);
    assert_int_equal(pickle_type(p, pickle_item(p, c)), PICKLE_NONE);
    for (int want = 1; want >= 0; want--) {
        bool b;
        c = pickle_next(p, c);
        assert_true(pickle_bool(p, pickle_item(p, c), &b));
        assert_true(b == want);
    }
    assert_true(find(p, root, "tuples", &v));
    size_t n_items = 0;
    for (c = pickle_first(p, v); c; c = pickle_next(p, c), n_items++) {
        assert_int_equal(pickle_type(p, pickle_item(p, c)), PICKLE_TUPLE);
        assert_int_equal(count(p, pickle_item(p, c)), n_items);
    }
    assert_int_equal(n_items, 5);
    assert_true(find(p, root, "text", &v));
    assert_true(pickle_bytes(p, v, &s));
    assert_true(s.n == 3 && memcmp(s.s, "雪", 3) == 0);
    /* the same list, by the memo */
    c = pickle_first(p, root);
    while (!pickle_int(p, pickle_item(p, c), &i))
        c = pickle_next(p, pickle_next(p, c));
    assert_int_equal(i, 7);
    assert_true(find(p, pickle_item(p, pickle_next(p, c)), "again", &again));
    assert_int_equal(again, list);
    assert_int_equal(pickle_n_storages(p), 0);
    pickle_free(p);
}

static void test_python(void **state)
{
    (void)state;
    check_python(protocol_2, sizeof protocol_2);
    check_python(protocol_3, sizeof protocol_3);
    check_python(protocol_4, sizeof protocol_4);
    check_python(protocol_5, sizeof protocol_5);
}

#define P(text, word)                                                                              \
    {                                                                                              \
        text, sizeof(text) - 1, word                                                               \
    }

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *word;
    } cases[] = {
        P("", "STOP"),
        P(".", "STOP finds too little"),
        P("N", "STOP"),
        P("N.N", "1 bytes behind"),
        P("(.", "STOP finds too little"),
        P("\x80\x06N.", "protocol 6"),
        P("cposix\nsystem\n.", "posix.system"),
        P("cposix\nsys\x1b[2Jtem\n.", "\\u{1B}"),
        P("\x8c\x05posix\x8c\x06system\x93.", "posix.system"),
        P("\x8c\x05posixK\1\x93.", "STACK_GLOBAL finds a value of the wrong type"),
        P("ctorch\nfloatstorage\n.", "torch.floatstorage"),
        P("ctorch\nFloatStorag\n.", "torch.FloatStorag"),
        P("ctorch\n\n.", "names"),
        P("ctorch\nFloatStorage\n)R.", "cannot be called"),
        P("ctorch\nfloat32\n)R.", "cannot be called"),
        P("N)R.", "REDUCE"),
        P("c__builtin__\nset\nNR.", "REDUCE"),
        P("c__builtin__\nset\n}b.", "BUILD"),
        P("NNb.", "BUILD"),
        P("(iposix\nsystem\n.", "INST"),
        P("(o.", "OBJ"),
        P("P0\n.", "PERSID"),
        P("NQ.", "persistent id"),
        P(")Q.", "persistent id"),
        P("\x82\1.", "EXT1"),
        P("\xff", "0xFF"),
        P("\0", "0x00"),
        P("h\0.", "memo entry 0"),
        P("Nr\0\0\x10\0.", "memo entry 1048576"),
        P("X\xff\xff\xff\xff.", "BINUNICODE needs 4294967295"),
        P("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "BINUNICODE8 needs"),
        P("\x8b\xff\xff\xff\xff.", "negative"),
        P("\x95\2\0\0\0\0\0\0\0.", "FRAME"),
        P("}(N"
          "u.",
          "key without a value"),
        P("]NNs.", "SETITEM finds a value of the wrong type"),
        P("}Na.", "APPEND"),
        P("(e.", "APPENDS"),
        P("u.", "no MARK"),
        P("t.", "no MARK"),
        P("1.", "no MARK"),
        P("0.", "POP"),
        P("2.", "DUP"),
        P("q\0.", "BINPUT"),
        P("(q\0.", "BINPUT"),
        P("N\x86.", "TUPLE2"),
        P("G\0\0.", "BINFLOAT"),
        P("ccollections\nOrderedDict\n]N"
          "a\x85R.",
          "no pair"),
        P("ctorch._utils\n_rebuild_tensor_v2\n)R.", "too few"),
        P("ctorch._utils\n_rebuild_parameter\nN\x85R.", "without a tensor"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = ERR_INIT;
        struct pickle *p = NULL;
        int rc = parse(cases[i].bytes, cases[i].n, &p, NULL, &err);
        assert_true(rc == E_INPUT || rc == E_UNSUPPORTED);
        assert_null(p);
        assert_true(strncmp(err.msg, "x.bin: data.pkl at byte ", 24) == 0);
        if (!strstr(err.msg, cases[i].word))
            fail_msg("case %zu: \"%s\" does not tell of \"%s\"", i, err.msg, cases[i].word);
    }
}

static void test_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        enum pickle_type type;
    } cases[] = {
#define A(text, type) {text, sizeof(text) - 1, type}
        A("ccollections\nOrderedDict\n)R.", PICKLE_DICT),
        A("ccollections\nOrderedDict\n)\x81.", PICKLE_DICT),
        A("ccollections\nOrderedDict\n)R}U\1aNsb.", PICKLE_DICT),
        A("c_codecs\nencode\nU\1aU\6latin1\x86R.", PICKLE_OPAQUE),
        A("cargparse\nNamespace\n)\x81}b.", PICKLE_OPAQUE),
        A("cnumpy.core.multiarray\nscalar\n)R.", PICKLE_OPAQUE),
        A("c__builtin__\nset\n]\x85R.", PICKLE_OPAQUE),
        A("c__builtin__\nlist\n)R(NNe.", PICKLE_OPAQUE),
        A("ctorch\nfloat16\n.", PICKLE_GLOBAL),
        A("\x8f(NN\x90.", PICKLE_SET),
        A("(NN\x91.", PICKLE_SET),
        A("N2\x86.", PICKLE_TUPLE),
        A("(NN1N.", PICKLE_NONE),
        A("\x8a\0.", PICKLE_INT),
        A("\x8b\x09\0\0\0..........", PICKLE_LONG),
        A("C\1a.", PICKLE_BYTES),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = ERR_INIT;
        struct pickle *p;
        size_t used = 0;
        if (parse(cases[i].bytes, cases[i].n, &p, &used, &err) != 0)
            fail_msg("case %zu: %s", i, err.msg);
        assert_int_equal(pickle_type(p, pickle_root(p)), cases[i].type);
        pickle_free(p);
    }
}

/* A tensor over a storage of 6 elements; %s: offset, shape, strides. */
static int parse_tensor(const char *geometry, size_t n_geometry, struct pickle **p, struct err *err)
{
    static const char before[] = "ctorch._utils\n_rebuild_tensor\n((U\7storagectorch\nHalfStorage\n"
                                 "U\1"
                                 "0U\3cpuK\6tQ";
    char bytes[400];
    size_t n = sizeof before - 1;
    memcpy(bytes, before, n);
    memcpy(bytes + n, geometry, n_geometry);
    memcpy(bytes + n + n_geometry, "tR.", 3);
    return parse(bytes, n + n_geometry + 3, p, NULL, err);
}

static void test_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *geometry;
        size_t n;
        const char *word; /* NULL: good */
    } cases[] = {
        P("K\0(K\2K\3t(K\3K\1t", NULL),
        P("K\0(K\3K\2t(K\1K\3t", NULL),
        P("K\5))", NULL),
        P("K\6))", "beyond the 6"),
        P("K\1(K\2K\3t(K\3K\1t", "beyond the 6"),
        P("K\0(K\7t(K\0t", NULL),
        P("K\0(K\7t(K\1t", "beyond"),
        P("J\xff\xff\xff\xff))", "offset"),
        P("\x8a\x09\0\0\0\0\0\0\0\0\1))", "offset"),
        P("N))", "offset"),
        P("K\0(J\xff\xff\xff\xfft(K\1t", "negative"),
        P("K\0(K\2t(J\xff\xff\xff\xfft", "negative"),
        P("K\0(K\2t)", "same number"),
        P("K\0NN", "same number"),
        P("K\0(NNt(K\1K\1t", "same number"),
        P("K\0(K\2t(\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft", "beyond"),
        P("K\0(K\3t(\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft", "beyond"),
        P("K\0(\x8a\x06\0\0\0\0\0\1\x8a\x06\0\0\0\0\0\1t(K\0K\0t", "repeats"),
        P("K\0(\x8a\x06\0\0\0\0\0\1t(K\0t", "repeats"),
        P("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f(K\0K\3t(K\3K\1t", NULL),
        P("K\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "8 at most"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = ERR_INIT;
        struct pickle *p = NULL;
        int rc = parse_tensor(cases[i].geometry, cases[i].n, &p, &err);
        if (!cases[i].word) {
            if (rc != 0)
                fail_msg("case %zu: %s", i, err.msg);
            const struct pickle_tensor *t = pickle_tensor(p, pickle_root(p));
            assert_non_null(t);
            assert_int_equal(pickle_storage_at(p, t->storage)->dtype, SOURCE_F16);
            assert_int_equal(pickle_storage_at(p, t->storage)->n_elements, 6);
            pickle_free(p);
        } else if (rc == 0 || !strstr(err.msg, cases[i].word)) {
            fail_msg("case %zu: \"%s\" does not tell of \"%s\"", i, err.msg, cases[i].word);
        }
    }
}

static unsigned char *repeated(const char *unit, size_t times, const char *end, size_t *n)
{
    size_t n_unit = strlen(unit);
    size_t n_end = strlen(end);
    unsigned char *p = malloc(n_unit * times + n_end);
    assert_non_null(p);
    for (size_t i = 0; i < times; i++)
        memcpy(p + i * n_unit, unit, n_unit);
    memcpy(p + times * n_unit, end, n_end);
    *n = times * n_unit + n_end;
    return p;
}

/* A million levels, shared and circular values: read, and freed, without recursion. */
static void test_depth(void **state)
{
    (void)state;
    static const struct {
        const char *unit, *end;
        size_t times;
        int rc;
    } cases[] = {
        {"]", "N.", 1000000, 0},
        {")\x85", ".", 1000000, 0},
        {"(", "N.", 1000000, 0},
        {"]q\x01h\x01"
         "a",
         ".", 300000, 0}, /* lists that hold themselves */
        {"N", ".", LIMIT_PICKLE_NODES, 0},
        {"N", "N.", LIMIT_PICKLE_NODES, E_INPUT}, /* one too many */
        {"N0", "N.", LIMIT_PICKLE_NODES, E_INPUT},
        {"(", "N.", LIMIT_PICKLE_NODES, E_INPUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n;
        struct pickle *p = NULL;
        unsigned char *bytes = repeated(cases[i].unit, cases[i].times, cases[i].end, &n);
        assert_int_equal(parse(bytes, n, &p, NULL, NULL), cases[i].rc);
        pickle_free(p);
        free(bytes);
    }
    pickle_free(NULL);
}

/* One pickle after the other, as in the legacy format; offsets are those of the file. */
static void test_sequence(void **state)
{
    (void)state;
    static const char bytes[] = "K\1.K\2.c\n\n";
    struct pickle_input in = {"x", "p", bytes, sizeof bytes - 1, 0};
    struct err err = ERR_INIT;
    for (int64_t want = 1; want <= 2; want++) {
        struct pickle *p;
        size_t used = 0;
        int64_t got;
        assert_int_equal(pickle_parse(&in, &p, &used, &err), 0);
        assert_int_equal(used, 3);
        assert_true(pickle_int(p, pickle_root(p), &got));
        assert_int_equal(got, want);
        pickle_free(p);
        in.data = (const char *)in.data + used;
        in.n_bytes -= used;
        in.offset += used;
    }
    struct pickle *p = NULL;
    size_t used = 0;
    assert_int_equal(pickle_parse(&in, &p, &used, &err), E_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "at byte 6"));
    assert_int_equal(used, 0);
}

static void test_damage(void **state)
{
    (void)state;
    unsigned char bytes[sizeof protocol_4];
    for (size_t n = 0; n < sizeof bytes; n++) {
        struct pickle *p = NULL;
        unsigned char *copy = malloc(n ? n : 1); /* reading beyond it is seen */
        assert_non_null(copy);
        memcpy(copy, protocol_4, n);
        assert_int_not_equal(parse(copy, n, &p, NULL, NULL), 0);
        free(copy);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        for (int v = 0; v < 256; v++) {
            struct pickle *p = NULL;
            memcpy(bytes, protocol_4, sizeof bytes);
            bytes[i] = (unsigned char)v;
            parse(bytes, sizeof bytes, &p, NULL, NULL);
            pickle_free(p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_python),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_allowed), cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_depth),   cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
