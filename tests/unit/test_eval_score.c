/* test_eval_score.c - src/eval_score.c. Reference values: F1 of pairs worked out by hand with the
 * rules of the SQuAD script; Wilson intervals are the roots of the equation that defines them,
 * solved by another program. */
#include "config.h"

#include "src/eval_score.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.12g and %.12g differ", a, b);
}

static bool exact(const char *answer, const char *output)
{
    return eval_exact(answer, strlen(answer), output, strlen(output));
}

static void test_exact(void **state)
{
    (void)state;
    assert_true(exact(" 143", "143"));
    assert_true(exact("143", " 143\n"));
    assert_true(exact("", "  \n"));
    assert_true(exact("春风", "\xE3\x80\x80春风 ")); /* U+3000 */
    assert_false(exact("143", "1 43"));
    assert_false(exact("143", "1430"));
    assert_false(exact("Casino", "casino"));
    assert_false(exact("143", ""));
    assert_true(exact("\xFF", "\xFF ")); /* not UTF-8: as bytes */
}

static double f1(const char *answer, const char *output)
{
    return eval_f1(answer, strlen(answer), output, strlen(output));
}

static void test_f1(void **state)
{
    (void)state;
    near(f1("the cat sat", "The cat, sat!"), 1, 0);
    near(f1("cat sat", "a cat"), 2.0 * 1 / (2 + 1), 1e-12);
    near(f1("cat", "dog"), 0, 0);
    near(f1("the", "a"), 1, 0); /* nothing is left of either */
    near(f1("the", "cat"), 0, 0);
    near(f1("to be or not to be", "to be"), 2.0 * 2 / (6 + 2), 1e-12);
    near(f1("to be", "to to to"), 2.0 * 1 / (2 + 3), 1e-12);
    near(f1("don't", "dont"), 1, 0); /* punctuation goes without a trace */
    near(f1("ÉCOLE", "école"), 1, 0);
    near(f1("春风", "春风"), 1, 0);
    near(f1("春风又绿", "春风，绿。"), 2.0 * 3 / (4 + 3), 1e-12);
    near(f1("GPT写诗", "gpt 写 诗"), 1, 0);
    near(f1("theatre", "the atre"), 0, 0);
    near(f1("", ""), 1, 0);
}

static void test_choices(void **state)
{
    (void)state;
    const struct eval_choice c[] = {
        {.sum = -4, .alone = -3, .n_tokens = 1, .n_characters = 4},
        {.sum = -6, .alone = -9, .n_tokens = 3, .n_characters = 4},
        {.sum = -8, .alone = -8, .n_tokens = 2, .n_characters = 16},
    };
    assert_int_equal(eval_choose(c, 3, EVAL_SUM), 0);
    assert_int_equal(eval_choose(c, 3, EVAL_TOKEN), 1);
    assert_int_equal(eval_choose(c, 3, EVAL_CONTEXT), 1);
    assert_int_equal(eval_choose(c, 3, EVAL_CHARACTER), 2);
    near(eval_choice_value(&c[1], EVAL_CONTEXT), 3, 0);
    const struct eval_choice odd[] = {
        {.sum = -1, .alone = (double)NAN, .n_tokens = 0},
        {.sum = -2, .alone = -1, .n_tokens = 1, .n_characters = 1},
        {.sum = -2, .alone = -1, .n_tokens = 1, .n_characters = 1},
    };
    assert_int_equal(eval_choose(odd, 3, EVAL_CONTEXT), 1); /* not the one without a value */
    assert_int_equal(eval_choose(odd, 3, EVAL_TOKEN), 1);   /* the first of two alike */
    assert_int_equal(eval_choose(odd, 1, EVAL_TOKEN), 0);
    assert_int_equal(eval_count_characters(" 山水", strlen(" 山水")), 2);
    assert_int_equal(eval_count_characters("  ", 2), 0);
}

static void test_wilson(void **state)
{
    (void)state;
    static const struct {
        double k, n, low, high;
    } known[] = {
        {0, 10, 0, 0.277532799862889},
        {1, 10, 0.0178762130950729, 0.404150026795238},
        {5, 10, 0.236593090512564, 0.763406909487436},
        {10, 10, 0.722467200137111, 1},
        {25, 100, 0.175452113622877, 0.343044635480616},
        {2, 2000, 0.000274278917652034, 0.00363893426903839},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct eval_interval w = eval_wilson(known[i].k / known[i].n, known[i].n);
        near(w.low, known[i].low, 1e-9);
        near(w.high, known[i].high, 1e-9);
    }
    /* each end is a probability that lies just 1.96 standard deviations from what was seen */
    for (double n = 1; n <= 1000; n *= 10)
        for (double p = 0.1; p < 1; p += 0.2) {
            struct eval_interval w = eval_wilson(p, n);
            near(fabs(p - w.low) / sqrt(w.low * (1 - w.low) / n), 1.959963984540054, 1e-9);
            near(fabs(p - w.high) / sqrt(w.high * (1 - w.high) / n), 1.959963984540054, 1e-9);
        }
    struct eval_interval none = eval_wilson((double)NAN, 0);
    near(none.low, 0, 0);
    near(none.high, 1, 0);
}

static void test_mean_interval(void **state)
{
    (void)state;
    struct eval_interval m = eval_mean_interval(0.5, 0.04, 100);
    near(m.low, 0.5 - 1.959963984540054 * 0.02, 1e-12);
    near(m.high, 0.5 + 1.959963984540054 * 0.02, 1e-12);
    near(eval_mean_interval(0.99, 0.04, 4).high, 1, 0);
    near(eval_mean_interval(0.5, 0, 1).low, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),         cmocka_unit_test(test_f1),
        cmocka_unit_test(test_choices),       cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_mean_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
