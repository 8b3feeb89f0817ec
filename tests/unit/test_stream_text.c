/* test_stream_text.c - engine/stream_text.c: whole characters, stop strings, token borders; and
 * that the division of the bytes into tokens never matters. */
#include "config.h"

#include "engine/stream_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

#define R UTF8_REPLACEMENT

static struct stream_text *stream;

static int make_stream(void **state)
{
    (void)state;
    stream = stream_text_new();
    return stream ? 0 : -1;
}

static int free_stream(void **state)
{
    (void)state;
    stream_text_free(stream);
    return 0;
}

/* What came out of one run. */
struct result {
    size_t n;
    char text[4096];
    bool stopped;
    int n_text_tokens;
};

static void collect(struct result *r, const char *out, size_t n)
{
    assert_int_equal(utf8_valid_prefix(out, n), n); /* never half a character */
    assert_true(r->n + n < sizeof r->text);
    memcpy(r->text + r->n, out, n);
    r->n += n;
}

/* Feeds n bytes in pieces whose ends are the set bits of `cuts` (bit i: a piece ends after byte i).
 */
static void feed(const char *bytes, size_t n, uint64_t cuts, const char *const *stops,
                 size_t n_stops, struct result *r)
{
    *r = (struct result){.n = 0};
    const char *out;
    size_t n_out;
    stream_text_begin(stream, stops, n_stops);
    size_t from = 0;
    for (size_t i = 0; i < n && !r->stopped; i++) {
        if (i + 1 < n && !(cuts >> (i % 64) & 1))
            continue;
        r->stopped = stream_text_put(stream, bytes + from, i + 1 - from, &out, &n_out);
        collect(r, out, n_out);
        from = i + 1;
    }
    if (!r->stopped) {
        stream_text_end(stream, &out, &n_out);
        collect(r, out, n_out);
    }
    r->n_text_tokens = stream_text_tokens(stream);
}

/* The rule of stream_text_tokens, the slow way: how many pieces spell exactly the text. */
static int expected_tokens(const char *bytes, size_t n, uint64_t cuts, const struct result *r)
{
    if (r->n > n || memcmp(bytes, r->text, r->n) != 0)
        return -1;
    int tokens = 0;
    if (r->n == 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        bool ends = i + 1 == n || (cuts >> (i % 64) & 1);
        tokens += ends;
        if (i + 1 == r->n)
            return ends ? tokens : -1;
    }
    return -1;
}

static const struct {
    const char *bytes;
    const char *stops[4];
    const char *text;
    bool stopped;
} cases[] = {
    {"", {NULL}, "", false},
    {"abc", {NULL}, "abc", false},
    {"那一夜，雪", {NULL}, "那一夜，雪", false},
    {"a\xC3\xA9\xF0\x9F\x98\x80z", {NULL}, "a\xC3\xA9\xF0\x9F\x98\x80z", false},
    /* bytes that never become a character */
    {"a\xFFz", {NULL}, "a" R "z", false},
    {"\x80\x80", {NULL}, R R, false},
    {"\xE9\x82", {NULL}, "", false}, /* incomplete at the end: dropped */
    {"x\xE9\x82", {NULL}, "x", false},
    {"\xE9\x82z", {NULL}, R "z", false},
    {"\xE9\x82\xE9\x82\xA3", {NULL}, R "那", false},
    {"\xF0\x80\x80\x80", {NULL}, R R R R, false},
    {"\xED\xA0\x80", {NULL}, R R R, false},
    {"\xF0\x9F\x98", {NULL}, "", false},
    {"\xC0\xAF", {NULL}, R R, false},
    /* stop strings */
    {"one two three", {"two"}, "one ", true},
    {"one tw", {"two"}, "one tw", false},
    {"one twtwo", {"two"}, "one tw", true},
    {"aaab", {"aab"}, "a", true},
    {"ababac", {"abac"}, "ab", true},
    {"雪下。夜", {"。"}, "雪下", true},
    {"雪下，夜", {"。"}, "雪下，夜", false}, /* 。 and ， share two bytes */
    {"abc", {"bc", "abc"}, "", true},        /* the longest of those that end together */
    {"abcd", {"bcd", "abc"}, "", true},      /* the first that is complete */
    {"xabcd", {"cde", "bcx", "d"}, "xabc", true},
    {"stop", {"stop"}, "", true},
    {"ab", {"", "b"}, "a", true}, /* an empty one is nothing */
    {"a\xFF"
     "b",
     {R},
     "a",
     true}, /* matched as shown */
    {"line\n\nnext", {"\n\n"}, "line", true},
    {"问：你好\n答：好", {"\n答：", "\n问："}, "问：你好", true},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        size_t n = strlen(cases[c].bytes), n_stops = 0;
        while (n_stops < 4 && cases[c].stops[n_stops])
            n_stops++;
        uint64_t n_cuts = n > 1 ? (uint64_t)1 << (n - 1 < 14 ? n - 1 : 14) : 1;
        for (uint64_t k = 0; k < n_cuts; k++) {
            uint64_t cuts = k * (n > 15 ? 0x9E3779B97F4A7C15u : 1); /* all, or well spread ones */
            struct result r;
            feed(cases[c].bytes, n, cuts, cases[c].stops, n_stops, &r);
            assert_int_equal(r.n, strlen(cases[c].text));
            assert_memory_equal(r.text, cases[c].text, r.n);
            assert_int_equal(r.stopped, cases[c].stopped);
            assert_int_equal(r.n_text_tokens, expected_tokens(cases[c].bytes, n, cuts, &r));
        }
    }
}

/* Random bytes from a small alphabet, so that stops and broken characters are frequent. */
static void test_chunking_never_matters(void **state)
{
    (void)state;
    static const char alphabet[] = "ab\xE9\x82\xA3\xF0\x9F\n";
    static const char *const stops[] = {"ab\n", "那", "bb", "a那a", "\n\n"};
    srand(3);
    for (int round = 0; round < 20000; round++) {
        char bytes[40];
        size_t n = 1 + (size_t)rand() % sizeof bytes;
        for (size_t i = 0; i < n; i++)
            bytes[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        size_t n_stops = (size_t)rand() % (ARRAY_LEN(stops) + 1);
        struct result whole, parts;
        feed(bytes, n, 0, stops, n_stops, &whole);
        uint64_t cuts = (uint64_t)rand() << 20 ^ (uint64_t)rand();
        feed(bytes, n, cuts, stops, n_stops, &parts);
        assert_int_equal(parts.n, whole.n);
        assert_memory_equal(parts.text, whole.text, whole.n);
        assert_int_equal(parts.stopped, whole.stopped);
        assert_int_equal(parts.n_text_tokens, expected_tokens(bytes, n, cuts, &parts));
        for (size_t i = 0; i < n_stops; i++) /* the text has no stop string in it */
            assert_null(memmem(parts.text, parts.n, stops[i], strlen(stops[i])));
    }
}

/* Text is given out as soon as it is certain, and not before. */
static void test_promptness(void **state)
{
    (void)state;
    static const char *const stops[] = {"END."};
    const struct {
        const char *put, *out;
    } steps[] = {
        {"a", "a"},       {"E", ""},    {"N", ""}, {"x", "ENx"}, {"\xE9\x82", ""},
        {"\xA3y", "那y"}, {"zEN", "z"}, {"D", ""}, {"E", "END"}, {"ND", ""},
    };
    const char *out;
    size_t n;
    stream_text_begin(stream, stops, 1);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_false(stream_text_put(stream, steps[i].put, strlen(steps[i].put), &out, &n));
        assert_int_equal(n, strlen(steps[i].out));
        assert_memory_equal(out, steps[i].out, n);
    }
    assert_true(stream_text_put(stream, ".tail", 5, &out, &n));
    assert_int_equal(n, 0);
    assert_int_equal(stream_text_tokens(stream), 8); /* "…zEN" "D" gave END; E is the ninth's */
}

/* Tokens without bytes (control tokens) count to the text before them. */
static void test_empty_tokens(void **state)
{
    (void)state;
    const char *out;
    size_t n;
    stream_text_begin(stream, NULL, 0);
    assert_int_equal(stream_text_tokens(stream), 0);
    for (int i = 1; i <= 1000; i++) {
        stream_text_put(stream, "", 0, &out, &n);
        assert_int_equal(stream_text_tokens(stream), i);
    }
    stream_text_put(stream, "ab", 2, &out, &n);
    assert_int_equal(stream_text_tokens(stream), 1001);
}

/* The largest token, all invalid, behind a held-back stop string of the largest size. */
static void test_largest(void **state)
{
    (void)state;
    char stop[STREAM_STOP_BYTES_MAX + 1];
    memset(stop, 's', sizeof stop - 1);
    stop[sizeof stop - 1] = '\0';
    const char *stops[STREAM_STOPS_MAX];
    for (size_t i = 0; i < STREAM_STOPS_MAX; i++)
        stops[i] = stop;
    char *token = malloc(LIMIT_TOKEN_BYTES);
    memset(token, '\xFF', LIMIT_TOKEN_BYTES);
    const char *out;
    size_t n;
    stream_text_begin(stream, stops, STREAM_STOPS_MAX);
    for (int i = 1; i < STREAM_STOP_BYTES_MAX; i++) {
        stream_text_put(stream, "s", 1, &out, &n);
        assert_int_equal(n, 0);
        assert_int_equal(stream_text_tokens(stream), 0);
    }
    stream_text_put(stream, token, LIMIT_TOKEN_BYTES, &out, &n);
    assert_int_equal(n, STREAM_STOP_BYTES_MAX - 1 + 3 * LIMIT_TOKEN_BYTES);
    assert_int_equal(stream_text_tokens(stream), -1);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),      cmocka_unit_test(test_chunking_never_matters),
        cmocka_unit_test(test_promptness), cmocka_unit_test(test_empty_tokens),
        cmocka_unit_test(test_largest),
    };
    return cmocka_run_group_tests(tests, make_stream, free_stream);
}
