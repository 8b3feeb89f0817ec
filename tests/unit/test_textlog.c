/* Tests of ui/textlog.c: against a naive model that keeps the original and renders all of it anew
 * whenever it is asked. */
#include "config.h"

#include "ui/textlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/text_safe.h"
#include "tests/unit/random_text.h"

/* ---- the model ---- */

struct model {
    struct str original;
    struct str kinds; /* one byte for each of the original */
};

/* original[0..n) as it should be shown. */
static void model_render(const struct model *m, size_t n, struct str *out)
{
    const char *s = str_cstr(&m->original);
    size_t n_whole = m->original.len - utf8_incomplete_tail(s, m->original.len);
    n = n < n_whole ? n : n_whole;
    str_clear(out);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = utf8_decode(s + i, n - i, &cp);
        len = len ? len : 1;
        if (s[i] == '\t')
            str_puts(out, "    ");
        else
            text_safe(out, s + i, len);
        i += len;
    }
}

static size_t count_newlines(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += s[i] == '\n';
    return count;
}

static void assert_same_text(const struct textlog *t, const struct model *m)
{
    struct str shown = STR_INIT;
    model_render(m, m->original.len, &shown);
    assert_int_equal(textlog_length(t), m->original.len);
    assert_memory_equal(textlog_original(t, 0, m->original.len), str_cstr(&m->original),
                        m->original.len + 1);
    assert_int_equal(textlog_paragraphs(t), count_newlines(str_cstr(&shown), shown.len) + 1);
    size_t at = 0;
    for (size_t i = 0; i < textlog_paragraphs(t); i++) {
        size_t n;
        const char *p = textlog_paragraph(t, i, &n);
        assert_true(at + n <= shown.len);
        assert_memory_equal(p, str_cstr(&shown) + at, n);
        at += n;
        assert_int_equal(str_cstr(&shown)[at], at < shown.len ? '\n' : '\0');
        at++;
    }
    assert_int_equal(at, shown.len + 1);
    str_free(&shown);
}

/* Offsets map to where the model shows them, and back to a character at or before. */
static void assert_same_places(const struct textlog *t, const struct model *m, struct random *r)
{
    struct str shown = STR_INIT;
    size_t offset = random_below(r, m->original.len + 1), paragraph, byte;
    textlog_locate(t, offset, &paragraph, &byte);
    const char *text = str_cstr(&m->original);
    const char *newline = memrchr(text, '\n', offset);
    size_t line = newline ? (size_t)(newline + 1 - text) : 0;
    model_render(m, line + utf8_floor(text + line, m->original.len - line, offset - line), &shown);
    size_t newlines = count_newlines(str_cstr(&shown), shown.len);
    const char *last = shown.len ? memrchr(shown.data, '\n', shown.len) : NULL;
    assert_int_equal(paragraph, newlines);
    assert_int_equal(byte, last ? (size_t)(shown.data + shown.len - last - 1) : shown.len);

    uint64_t back = textlog_offset(t, paragraph, byte);
    assert_true(back <= m->original.len);
    size_t paragraph_again, byte_again;
    textlog_locate(t, back, &paragraph_again, &byte_again);
    if (utf8_valid_prefix(text, m->original.len) == m->original.len) {
        assert_int_equal(paragraph_again, paragraph);
        assert_int_equal(byte_again, byte);
    }
    str_free(&shown);
}

/* The kinds of a paragraph, read run by run, are those of the bytes they came from. */
static void assert_same_kinds(const struct textlog *t, const struct model *m)
{
    for (size_t i = 0; i < textlog_paragraphs(t); i++) {
        size_t n, end;
        textlog_paragraph(t, i, &n);
        for (size_t b = 0; b < n; b = end) {
            int kind = textlog_kind(t, i, b, &end);
            assert_true(end > b && end <= n);
            uint64_t original = textlog_offset(t, i, b);
            assert_true(original < m->original.len);
            /* bytes that had to wait for the next append are shown with its kind */
            uint32_t cp;
            size_t len = utf8_decode(m->original.data + original, m->original.len - original, &cp);
            if (len > 0)
                assert_int_equal(kind, m->kinds.data[original + len - 1]);
        }
    }
}

static void test_against_model(void **state)
{
    (void)state;
    struct random r = {9};
    for (int round = 0; round < 300; round++) {
        struct textlog *t = textlog_new();
        struct model m = {STR_INIT, STR_INIT};
        bool clean = random_below(&r, 2) == 0; /* only text shown as it is */
        for (int step = 0; step < 30; step++) {
            uint64_t version = textlog_version(t);
            if (random_below(&r, 5) == 0) {
                size_t n = random_below(&r, m.original.len + 1);
                if (clean)
                    n = utf8_floor(str_cstr(&m.original), m.original.len, n);
                bool change = n < m.original.len;
                textlog_truncate(t, n);
                str_truncate(&m.original, n);
                str_truncate(&m.kinds, n);
                assert_true(change ? textlog_version(t) > version : textlog_version(t) == version);
            } else {
                struct str piece = STR_INIT;
                int kind = (int)random_below(&r, 3);
                if (clean)
                    random_plain(&r, &piece, random_below(&r, 6));
                else
                    random_anything(&r, &piece, random_below(&r, 6));
                if (random_below(&r, 3) == 0)
                    str_putc(&piece, random_below(&r, 2) ? '\n' : '\t');
                textlog_append(t, kind, str_cstr(&piece), piece.len);
                str_append(&m.original, str_cstr(&piece), piece.len);
                for (size_t i = 0; i < piece.len; i++)
                    str_putc(&m.kinds, (char)kind);
                str_free(&piece);
            }
            assert_same_text(t, &m);
            assert_same_kinds(t, &m);
            for (int i = 0; i < 5; i++)
                assert_same_places(t, &m, &r);
        }
        str_free(&m.original);
        str_free(&m.kinds);
        textlog_free(t);
    }
}

static void test_empty(void **state)
{
    (void)state;
    struct textlog *t = textlog_new();
    size_t n = 9, end = 9, paragraph, byte;
    assert_int_equal(textlog_paragraphs(t), 1);
    assert_non_null(textlog_paragraph(t, 0, &n));
    assert_int_equal(n, 0);
    textlog_kind(t, 0, 0, &end);
    assert_int_equal(end, 0);
    textlog_locate(t, 100, &paragraph, &byte);
    assert_int_equal(paragraph, 0);
    assert_int_equal(byte, 0);
    assert_int_equal(textlog_offset(t, 0, 0), 0);
    textlog_append(t, 0, "", 0);
    textlog_truncate(t, 0);
    assert_int_equal(textlog_version(t), 0);
    textlog_append(t, 0, "a\nb", 3);
    textlog_clear(t);
    assert_int_equal(textlog_paragraphs(t), 1);
    assert_int_equal(textlog_length(t), 0);
    textlog_free(t);
    textlog_free(NULL);
}

static void test_character_in_pieces(void **state)
{
    (void)state;
    struct textlog *t = textlog_new();
    size_t n;
    textlog_append(t, 0, "雪\xE5", 4);
    assert_int_equal(textlog_length(t), 4);
    textlog_paragraph(t, 0, &n);
    assert_int_equal(n, 3); /* the beginning of a character waits */
    textlog_append(t, 1, "\xA4\x9C", 2);
    assert_memory_equal(textlog_paragraph(t, 0, &n), "雪夜", 6);
    textlog_append(t, 1, "\xE5", 1);
    textlog_append(t, 1, "x", 1);
    assert_memory_equal(textlog_paragraph(t, 0, &n), "雪夜\uFFFDx", 10);
    textlog_free(t);
}

/* The birth of a paragraph stays while it only grows. */
static void test_birth(void **state)
{
    (void)state;
    struct textlog *t = textlog_new();
    textlog_append(t, 0, "one\ntwo", 7);
    uint64_t first = textlog_birth(t, 0), second = textlog_birth(t, 1);
    textlog_append(t, 0, " more\nthree", 11);
    assert_int_equal(textlog_birth(t, 0), first);
    assert_int_equal(textlog_birth(t, 1), second);
    textlog_truncate(t, 6);
    assert_int_equal(textlog_birth(t, 0), first);
    assert_true(textlog_birth(t, 1) > second);
    textlog_free(t);
}

static void test_controls_are_mapped(void **state)
{
    (void)state;
    struct textlog *t = textlog_new();
    textlog_append(t, 0, "甲\x1B[0m\t乙\n丙", 15);
    size_t n, paragraph, byte;
    assert_memory_equal(textlog_paragraph(t, 0, &n), "甲␛[0m    乙", 16);
    assert_int_equal(n, 16);
    static const struct {
        uint64_t original;
        size_t paragraph, byte;
    } cases[] = {{0, 0, 0},  {3, 0, 3},   {4, 0, 6},  {7, 0, 9},  {8, 0, 13},
                 {9, 0, 13}, {11, 0, 16}, {12, 1, 0}, {15, 1, 3}, {99, 1, 3}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        textlog_locate(t, cases[i].original, &paragraph, &byte);
        assert_int_equal(paragraph, cases[i].paragraph);
        assert_int_equal(byte, cases[i].byte);
    }
    assert_int_equal(textlog_offset(t, 0, 4), 3);  /* within ␛ */
    assert_int_equal(textlog_offset(t, 0, 11), 7); /* within the tab */
    assert_int_equal(textlog_offset(t, 0, 99), 11);
    assert_int_equal(textlog_offset(t, 1, 2), 12);
    textlog_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_character_in_pieces),
        cmocka_unit_test(test_birth),         cmocka_unit_test(test_controls_are_mapped),
        cmocka_unit_test(test_against_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
