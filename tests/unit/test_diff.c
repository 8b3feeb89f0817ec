/* test_diff.c - src/diff.c: what a reader sees, by table; the laws on random text; shortest against
 * a plain LCS table; and texts made to be slow. */
#include "config.h"

#include "src/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "tests/unit/random_text.h"

/* The runs in the notation of `xuxie history diff`. */
static void print(const struct diff *d, const char *a, const char *b, struct str *out)
{
    str_clear(out);
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct diff_run *r = &d->runs[i];
        static const char *const open[] = {"", "[-", "{+"}, *const close[] = {"", "-]", "+}"};
        str_puts(out, open[r->kind]);
        if (r->kind == DIFF_ADDED)
            str_append(out, b + r->b_begin, r->b_end - r->b_begin);
        else
            str_append(out, a + r->a_begin, r->a_end - r->a_begin);
        str_puts(out, close[r->kind]);
    }
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *plain, *tidy;
    } cases[] = {
        {"", "", "", ""},
        {"雪", "雪", "雪", "雪"},
        {"", "雪", "{+雪+}", "{+雪+}"},
        {"雪", "", "[-雪-]", "[-雪-]"},
        {"那一夜雪很大", "那一夜雨很大", "那一夜[-雪-]{+雨+}很大", "那一夜[-雪-]{+雨+}很大"},
        {"他走了。", "他慢慢走了。", "他{+慢慢+}走了。", "他{+慢慢+}走了。"},
        {"the old cat sat", "the old dog sat", "the old [-cat-]{+dog+} sat",
         "the old [-cat-]{+dog+} sat"},
        {"the cat sat", "a dog sat", "[-the-]{+a+} [-cat-]{+dog+} sat", "[-the cat-]{+a dog+} sat"},
        {"don't stop", "do stop", "[-don't-]{+do+} stop", "[-don't-]{+do+} stop"},
        {"用 xuxie 写", "用 Emacs 写", "用 [-xuxie-]{+Emacs+} 写", "用 [-xuxie-]{+Emacs+} 写"},
        {"e\xCC\x81t", "et", "[-e\xCC\x81t-]{+et+}", "[-e\xCC\x81t-]{+et+}"},
        {"👨\u200D👩\u200D👧好", "👨\u200D👩好", "[-👨\u200D👩\u200D👧-]{+👨\u200D👩+}好",
         "[-👨\u200D👩\u200D👧-]{+👨\u200D👩+}好"},
        {"老人点头。\n孩子不语。", "少年摇头。\n女孩不语。",
         "[-老人点-]{+少年摇+}头。\n{+女+}孩[-子-]不语。",
         "[-老人点-]{+少年摇+}头。\n{+女+}孩[-子-]不语。"},
        {"\xFF\xFE", "\xFE\xFF", "[-\xFF-]\xFE{+\xFF+}", "[-\xFF-]\xFE{+\xFF+}"},
    };
    struct str out = STR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diff d;
        diff_texts(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b), &d);
        print(&d, cases[i].a, cases[i].b, &out);
        assert_string_equal(str_cstr(&out), cases[i].plain);
        diff_tidy(&d, cases[i].a);
        print(&d, cases[i].a, cases[i].b, &out);
        assert_string_equal(str_cstr(&out), cases[i].tidy);
        diff_free(&d);
    }
    str_free(&out);
}

/* The laws of diff.h. */
static void check_runs(const struct diff *d, const struct str *a, const struct str *b)
{
    size_t at_a = 0, at_b = 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct diff_run *r = &d->runs[i];
        size_t n_a = r->a_end - r->a_begin, n_b = r->b_end - r->b_begin;
        assert_int_equal(r->a_begin, at_a);
        assert_int_equal(r->b_begin, at_b);
        assert_true(n_a + n_b > 0);
        if (r->kind == DIFF_SAME) {
            assert_int_equal(n_a, n_b);
            assert_memory_equal(str_cstr(a) + at_a, str_cstr(b) + at_b, n_a);
        } else {
            assert_int_equal(r->kind == DIFF_REMOVED ? n_b : n_a, 0);
        }
        if (i) {
            assert_int_not_equal(r->kind, r[-1].kind);
            assert_false(r->kind == DIFF_REMOVED && r[-1].kind == DIFF_ADDED);
        }
        at_a = r->a_end;
        at_b = r->b_end;
    }
    assert_int_equal(at_a, a->len);
    assert_int_equal(at_b, b->len);
}

/* A text and another that shares some of it. */
static void random_pair(struct random *r, size_t n, bool plain, struct str *a, struct str *b)
{
    str_clear(a);
    str_clear(b);
    for (size_t i = 0; i < n; i++) {
        struct str piece = STR_INIT;
        if (plain)
            random_plain(r, &piece, 1);
        else
            random_anything(r, &piece, 1);
        size_t where = random_below(r, 4);
        if (where != 0)
            str_append(a, str_cstr(&piece), piece.len);
        if (where != 1)
            str_append(b, str_cstr(&piece), piece.len);
        str_free(&piece);
    }
}

static void test_laws(void **state)
{
    (void)state;
    struct random r = {7};
    struct str a = STR_INIT, b = STR_INIT;
    for (int i = 0; i < 3000; i++) {
        struct diff d;
        random_pair(&r, random_below(&r, i % 100 ? 40 : 4000), i & 1, &a, &b);
        diff_texts(str_cstr(&a), a.len, str_cstr(&b), b.len, &d);
        check_runs(&d, &a, &b);
        diff_tidy(&d, str_cstr(&a));
        check_runs(&d, &a, &b);
        diff_free(&d);
        diff_texts(str_cstr(&a), a.len, str_cstr(&a), a.len, &d);
        assert_int_equal(d.n_runs, a.len > 0);
        diff_free(&d);
    }
    str_free(&a);
    str_free(&b);
}

/* Units never split a character, end with the text, and none is empty. */
static void test_units(void **state)
{
    (void)state;
    struct random r = {11};
    struct str a = STR_INIT;
    for (int i = 0; i < 2000; i++) {
        str_clear(&a);
        random_anything(&r, &a, random_below(&r, 30));
        size_t *ends;
        size_t n = diff_units(str_cstr(&a), a.len, &ends), last = 0;
        for (size_t k = 0; k < n; k++) {
            assert_true(ends[k] > last);
            last = ends[k];
            if (last < a.len && utf8_valid_prefix(a.data, a.len) == a.len)
                assert_int_not_equal(a.data[last] & 0xC0, 0x80);
        }
        assert_int_equal(last, a.len);
        free(ends);
    }
    str_free(&a);
}

static bool same_unit(const char *a, const size_t *ends_a, size_t i, const char *b,
                      const size_t *ends_b, size_t j)
{
    size_t from_a = i ? ends_a[i - 1] : 0, from_b = j ? ends_b[j - 1] : 0;
    return ends_a[i] - from_a == ends_b[j] - from_b &&
           memcmp(a + from_a, b + from_b, ends_a[i] - from_a) == 0;
}

/* Units in the longest common subsequence. */
static size_t naive_lcs(const struct str *a, const struct str *b, size_t *n_a, size_t *n_b)
{
    size_t *ends_a, *ends_b;
    *n_a = diff_units(str_cstr(a), a->len, &ends_a);
    *n_b = diff_units(str_cstr(b), b->len, &ends_b);
    size_t width = *n_b + 1;
    size_t *t = x_calloc((*n_a + 1) * width, sizeof t[0]);
    for (size_t i = 1; i <= *n_a; i++)
        for (size_t j = 1; j <= *n_b; j++) {
            size_t up = t[(i - 1) * width + j], left = t[i * width + j - 1];
            t[i * width + j] = same_unit(a->data, ends_a, i - 1, b->data, ends_b, j - 1)
                                   ? t[(i - 1) * width + j - 1] + 1
                                   : (up > left ? up : left);
        }
    size_t lcs = t[*n_a * width + *n_b];
    free(t);
    free(ends_a);
    free(ends_b);
    return lcs;
}

static size_t units_in(const char *text, size_t begin, size_t end)
{
    size_t *ends, n = diff_units(text + begin, end - begin, &ends);
    free(ends);
    return n;
}

static void test_shortest(void **state)
{
    (void)state;
    struct random r = {3};
    struct str a = STR_INIT, b = STR_INIT;
    static const char *const few[] = {"雪", "夜", "人", "a ", "b "};
    for (int i = 0; i < 6000; i++) {
        str_clear(&a);
        str_clear(&b);
        if (i % 3) { /* few kinds: many ways */
            for (size_t n = random_below(&r, 25); n > 0; n--)
                str_puts(&a, few[random_below(&r, 5)]);
            for (size_t n = random_below(&r, 25); n > 0; n--)
                str_puts(&b, few[random_below(&r, 5)]);
        } else {
            random_pair(&r, random_below(&r, 120), true, &a, &b);
        }
        size_t n_a, n_b, removed = 0, added = 0;
        size_t lcs = naive_lcs(&a, &b, &n_a, &n_b);
        struct diff d;
        diff_texts(str_cstr(&a), a.len, str_cstr(&b), b.len, &d);
        check_runs(&d, &a, &b);
        for (size_t k = 0; k < d.n_runs; k++) {
            const struct diff_run *run = &d.runs[k];
            if (run->kind == DIFF_REMOVED)
                removed += units_in(str_cstr(&a), run->a_begin, run->a_end);
            if (run->kind == DIFF_ADDED)
                added += units_in(str_cstr(&b), run->b_begin, run->b_end);
        }
        /* cut out, units may join ("a" and "b" with the blank between them gone): never more */
        assert_true(removed <= n_a - lcs);
        assert_true(added <= n_b - lcs);
        assert_true(i % 3 == 0 || removed == n_a - lcs);
        diff_free(&d);
    }
    str_free(&a);
    str_free(&b);
}

enum hostile { ALL_THE_SAME, ALL_DIFFERENT, NO_NEWLINE, SHUFFLED, FLAGS, MARKS, N_HOSTILE };

static void hostile_text(enum hostile kind, int which, size_t n_bytes, struct random *r,
                         struct str *out)
{
    static const char *const han[] = {"雪", "夜", "风", "灯", "人", "的", "了", "一"};
    str_clear(out);
    if (kind == MARKS)
        str_putc(out, which ? 'a' : 'b');
    while (out->len < n_bytes)
        switch (kind) {
        case ALL_THE_SAME: str_puts(out, out->len == n_bytes / 2 && which ? "b " : "a "); break;
        case ALL_DIFFERENT: str_printf(out, "%llx ", (unsigned long long)random_next(r)); break;
        case NO_NEWLINE: str_puts(out, han[random_below(r, 8)]); break;
        case SHUFFLED: str_puts(out, random_below(r, 9) ? han[random_below(r, 8)] : "\n"); break;
        case FLAGS: str_puts(out, which ? "🇨" : "🇳🇳🇨"); break;
        default: str_puts(out, which ? "\xCC\x81" : "\xCC\x80"); break;
        }
}

/* Two texts of a megabyte that have little or nothing in common. */
static void test_bounded(void **state)
{
    (void)state;
    struct random r = {5};
    struct str a = STR_INIT, b = STR_INIT;
    for (int kind = 0; kind < N_HOSTILE; kind++) {
        hostile_text((enum hostile)kind, 0, 1 << 20, &r, &a);
        hostile_text((enum hostile)kind, 1, 1 << 20, &r, &b);
        int64_t begin = clock_mono_ms();
        struct diff d;
        diff_texts(str_cstr(&a), a.len, str_cstr(&b), b.len, &d);
        check_runs(&d, &a, &b);
        diff_tidy(&d, str_cstr(&a));
        check_runs(&d, &a, &b);
        diff_free(&d);
        int64_t ms = clock_mono_ms() - begin;
        print_message("# kind %d: %lld ms\n", kind, (long long)ms);
        assert_true(ms < 20000); /* a second or two, with room for sanitizers and a busy machine */
    }
    str_free(&a);
    str_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),   cmocka_unit_test(test_laws),
        cmocka_unit_test(test_units),   cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
