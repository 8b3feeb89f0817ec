/* test_store_search.c - searching what was generated: what is found, in which order, page by page,
 * filters, snippets; against a plain scan of every text; with an index that is damaged, foreign or
 * being built. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/store_template.h"
#include "tests/unit/random_text.h"
#include "tests/unit/store_history_util.h"

static void test_found(void **state)
{
    (void)state;
    struct store *s = open_store();
    put_run(s, "题目：雪夜", "那少年走进了荷塘，月色很好。");
    put_run(s, "题目：春日", "The cat sat on the Mat. 春天来了");
    flush(s);
    static const struct {
        const char *query;
        size_t n;
    } cases[] = {
        {"少年", 1},    {"荷塘", 1},      {"走进了荷塘", 1}, {"塘月", 0},      {"月", 1},
        {"题目", 2},    {"雪夜", 1},      {"写", 0},         {"cat", 1},       {"CAT", 1},
        {"ca", 0},      {"ca*", 1},       {"mat", 1},        {"春 cat", 1},    {"少年 cat", 0},
        {"题目 -cat", 1}, {"\"the mat\"", 1}, {"\"mat the\"", 0}, {"mat,春天", 1}, {"ｃａｔ", 1},
        {NULL, 2},      {"", 2},          {"荷 -月", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int scan = 0; scan < 2; scan++) {
            size_t n = count_hits(s, &(struct history_filter){.query = cases[i].query, .scan = scan});
            if (n != cases[i].n)
                fail_msg("%s: %zu hits, not %zu", cases[i].query, n, cases[i].n);
        }
    assert_int_equal(store_close(s, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
