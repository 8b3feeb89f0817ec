/* test_closest.c - "did you mean". */
#include "config.h"

#include "src/closest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "src/base/mem.h"

static const char *const words[] = {"continue", "tokenize", "model info", "bench", "top_k"};

static const char *word_at(size_t i)
{
    return i < ARRAY_LEN(words) ? words[i] : NULL;
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *word, *closest;
    } cases[] = {
        {"continue", "continue"},
        {"contniue", "continue"}, /* a swap is one step */
        {"contine", "continue"},
        {"tokenise", "tokenize"},
        {"benhc", "bench"},
        {"top-k", "top_k"},
        {"model inf", "model info"},
        {"雪夜", NULL},
        {"c", NULL},
        {"", NULL},
        {"something else entirely", NULL},
        {"a word that is much longer than any word of a command line is", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *found = closest_word(cases[i].word, word_at);
        if (cases[i].closest)
            assert_string_equal(found, cases[i].closest);
        else
            assert_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
