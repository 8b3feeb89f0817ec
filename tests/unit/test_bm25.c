/* test_bm25.c - the ranking against the formula written out, and what must hold of any ranking. */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/bm25.h"

static void scores_of(const char *const *texts, size_t n, const char *query, double *scores)
{
    struct bm25 *b = bm25_new();
    for (size_t i = 0; i < n; i++)
        bm25_add(b, texts[i], strlen(texts[i]));
    bm25_scores(b, query, strlen(query), scores);
    bm25_free(b);
}

/* Three texts of words: every figure by hand. */
static void test_formula(void **state)
{
    (void)state;
    static const char *const texts[] = {"snow snow night", "snow", "red lamp in rain"};
    double s[3];
    scores_of(texts, 3, "snow lamp snow", s);
    const double average = (3.0 + 1 + 4) / 3, k1 = 1.2, b = 0.75;
    const double snow = log(1 + (3 - 2 + 0.5) / (2 + 0.5)), lamp = log(1 + (3 - 1 + 0.5) / 1.5);
    assert_true(fabs(s[0] - snow * 2 * 2.2 / (2 + k1 * (1 - b + b * 3 / average))) < 1e-12);
    assert_true(fabs(s[1] - snow * 1 * 2.2 / (1 + k1 * (1 - b + b * 1 / average))) < 1e-12);
    assert_true(fabs(s[2] - lamp * 1 * 2.2 / (1 + k1 * (1 - b + b * 4 / average))) < 1e-12);
}

static void test_chinese(void **state)
{
    (void)state;
    static const char *const texts[] = {"春江潮水连海平", "江南春色", "雪夜访友", "夜雪"};
    double s[4];
    scores_of(texts, 4, "雪夜", s);
    assert_true(s[2] > s[3]); /* the pair, not only the characters */
    assert_true(s[3] > 0);
    assert_true(s[0] == 0 && s[1] == 0);
    scores_of(texts, 4, "Ｓnow，！", s);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_true(s[i] == 0);
}

static void test_edges(void **state)
{
    (void)state;
    double s[3];
    scores_of(NULL, 0, "x", s);
    static const char *const empty[] = {"", "", ""};
    scores_of(empty, 3, "x", s);
    assert_true(s[0] == 0 && s[1] == 0 && s[2] == 0);
    scores_of(empty, 3, "", s);
    static const char *const all[] = {"雪", "雪", "雪"}; /* in every text, and still not negative */
    scores_of(all, 3, "雪", s);
    assert_true(s[0] > 0 && s[0] == s[1] && s[1] == s[2]);
    static const char *const bytes[] = {"\xFF\x80", "a\xFF", "b"};
    scores_of(bytes, 3, "a", s);
    assert_true(s[1] > 0 && s[0] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formula),
        cmocka_unit_test(test_chinese),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
