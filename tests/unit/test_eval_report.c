/* test_eval_report.c - src/eval_tally.c and src/eval_report.c: sums of verdicts, tables, curves. */
#include "config.h"

#include "src/eval_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "src/eval_tally.h"
#include "src/template.h"

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12))
        fail_msg("%.15g and %.15g differ", a, b);
}

static void test_tally_free_answers(void **state)
{
    (void)state;
    struct eval_tally t;
    struct eval_result r;
    /* items by draws: exact 1 1, 0 1, 0 0; F1 1 1, 0.5 1, 0 0.5 */
    static const double exact[3][2] = {{1, 1}, {0, 1}, {0, 0}};
    static const double f1[3][2] = {{1, 1}, {0.5, 1}, {0, 0.5}};
    for (int metric = METRIC_EXACT; metric <= METRIC_F1; metric++) {
        eval_tally_init(&t, (enum eval_metric)metric, EVAL_TOKEN, 3, 2);
        for (size_t d = 0; d < 2; d++)
            for (size_t i = 0; i < 3; i++)
                eval_tally_add(&t, i, d, (int)(4 + d),
                               &(struct eval_verdict){.exact = exact[i][d], .f1 = f1[i][d]});
        eval_tally_result(&t, &r);
        eval_tally_free(&t);
        assert_int_equal(r.n_items, 3);
        assert_int_equal(r.n_draws, 2);
        assert_int_equal(r.k_least, 4);
        assert_int_equal(r.k_most, 5);
        near(r.exact, 0.5);
        near(r.f1, 4.0 / 6);
        near(r.value, metric == METRIC_EXACT ? r.exact : r.f1);
        near(r.draw_low, metric == METRIC_EXACT ? 1.0 / 3 : 0.5);
        near(r.draw_high, metric == METRIC_EXACT ? 2.0 / 3 : 2.5 / 3);
    }
    /* of F1 per item: 1, 0.75, 0.25 */
    const double mean = 2.0 / 3, v = (1.0 / 9 + 1.0 / 144 + 25.0 / 144) / 2;
    near(r.interval.high, 1);
    near(r.interval.low, mean - 1.959963984540054 * sqrt(v / 3));
}

static void test_tally_choices(void **state)
{
    (void)state;
    struct eval_tally t;
    struct eval_result r;
    eval_tally_init(&t, METRIC_CHOICE, EVAL_SUM, 2, 1);
    struct eval_verdict v = {.by_choice = true,
                             .right = {[EVAL_SUM] = true, [EVAL_TOKEN] = true},
                             .measured = {true, false, true, true}};
    eval_tally_add(&t, 0, 0, 0, &v);
    v.right[EVAL_SUM] = false;
    eval_tally_add(&t, 1, 0, 0, &v);
    eval_tally_result(&t, &r);
    near(r.value, 0.5);
    near(r.choice[EVAL_TOKEN], 1);
    near(r.choice[EVAL_CHARACTER], 0);
    assert_true(isnan(r.choice[EVAL_CONTEXT]));
    assert_true(isnan(r.exact));
    near(r.interval.low, eval_wilson(0.5, 2).low);
    eval_tally_free(&t);
}

static struct eval_result point(int k, double value, double n)
{
    struct eval_result r = {.k_asked = k,
                            .k_least = k,
                            .k_most = k,
                            .n_items = (size_t)n,
                            .n_draws = 3,
                            .value = value,
                            .interval = eval_wilson(value, n),
                            .draw_low = value,
                            .draw_high = value,
                            .exact = value,
                            .f1 = value};
    for (int i = 0; i < N_EVAL_NORMS; i++)
        r.choice[i] = value;
    return r;
}

/* The widest line of a text in columns; *n_lines of them. */
static size_t widest(const char *text, size_t *n_lines)
{
    size_t most = 0;
    *n_lines = 0;
    for (const char *p = text; *p; p += strcspn(p, "\n") + 1, ++*n_lines) {
        const size_t w = uwidth_str(p, strcspn(p, "\n"));
        most = w > most ? w : most;
        assert_true(p[strcspn(p, "\n")] == '\n');
    }
    return most;
}

static void test_table(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    size_t n_lines;
    struct eval_result r[] = {point(0, 0, 100), point(131072, 1, 100), point(SHOTS_FIT, 0.5, 9)};
    r[2].k_least = 99998;
    r[2].k_most = 131072;
    r[1].n_draws = 1;
    for (int metric = METRIC_EXACT; metric <= METRIC_CHOICE; metric++) {
        str_clear(&out);
        eval_table(r, 3, (enum eval_metric)metric, EVAL_CONTEXT, &out);
        assert_true(widest(str_cstr(&out), &n_lines) <= 90);
        assert_int_equal(n_lines, 4);
        assert_non_null(strstr(out.data, "fit  99998-131072"));
    }
    str_clear(&out);
    eval_table(r, 1, METRIC_EXACT, EVAL_TOKEN, &out);
    assert_string_equal(out.data, "K  used  draws  exact     95 %  of a draw   F1\n"
                                  "0     0      3    0.0  0.0-3.7    0.0-0.0  0.0\n");
    str_free(&out);
}

static void test_curve(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    size_t n_lines;
    const struct eval_result r[] = {point(8, 0.3, 100), point(0, 0.02, 100), point(1, 0.1, 100),
                                    point(50, 1, 100)};
    eval_curve(r, 1, true, &out);
    assert_int_equal(out.len, 0);
    for (int braille = 0; braille < 2; braille++) {
        str_clear(&out);
        eval_curve(r, 4, braille, &out);
        assert_true(widest(str_cstr(&out), &n_lines) <= 78);
        assert_int_equal(n_lines, 14);
        assert_non_null(strstr(out.data, "100.0 % |"));
        assert_non_null(strstr(out.data, " K  0"));
        const char *end = strrchr(str_cstr(&out), 'K');
        for (size_t i = 0; i < 4; i++) { /* in order, whatever the order of the results */
            static const char *const labels[] = {"0", " 1 ", " 8 ", " 50\n"};
            end = strstr(end, labels[i]);
            assert_non_null(end);
        }
        bool ascii = true;
        for (size_t i = 0; i < out.len; i++)
            ascii = ascii && (unsigned char)out.data[i] < 0x80;
        assert_int_equal(ascii, !braille);
        size_t n_points = 0;
        for (const char *p = out.data; (p = strstr(p, braille ? "\xE2\xA3\xBF" : "*")); p++)
            n_points++;
        assert_int_equal(n_points, 4);
    }
    /* two numbers of examples of which only as many fitted: one place */
    const struct eval_result same[] = {point(4, 0.5, 10), point(4, 0.6, 10)};
    str_clear(&out);
    eval_curve(same, 2, false, &out);
    assert_true(widest(str_cstr(&out), &n_lines) <= 78);
    /* the scale fits what is shown */
    const struct eval_result low[] = {point(0, 0, 2000), point(1, 0.001, 2000)};
    str_clear(&out);
    eval_curve(low, 2, false, &out);
    assert_non_null(strstr(out.data, "5.0 % |"));
    str_free(&out);
}

static const char *title(void *ctx, size_t example)
{
    static const char *const titles[] = {"春", "two", "three"};
    (void)ctx;
    return titles[example];
}

static void test_helpers(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    struct eval_helper h[] = {{0, -0.5, 0, 2}, {1, 0.25, 0.5, 2}, {2, 0.25, -1, 2}};
    eval_helpers_sort(h, 3);
    assert_int_equal(h[0].example, 1);
    assert_int_equal(h[1].example, 2);
    assert_int_equal(h[2].example, 0);
    eval_helpers_table(h, 3, title, NULL, &out);
    assert_non_null(strstr(out.data, "+0.2500   +50.0 %"));
    assert_non_null(strstr(out.data, "-0.5000"));
    assert_true(strstr(out.data, "two") < strstr(out.data, "春"));
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally_free_answers),
        cmocka_unit_test(test_tally_choices),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_curve),
        cmocka_unit_test(test_helpers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
