/* test_eval_task.c - src/eval_task.c: every question is right, in the released form byte for byte,
 * none stands on both sides, and a seed always makes the same ones. */
#include "config.h"

#include "src/eval_task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

enum { N_ITEMS = 300 };

struct made {
    struct template *t;
    struct eval_items items;
    size_t n_items;
};

static struct made make(const char *name, enum eval_style style, uint64_t seed, size_t n)
{
    struct made m = {.n_items = n};
    struct err err = ERR_INIT;
    const struct eval_task *task = eval_task_find(name);
    assert_non_null(task);
    if (eval_task_make(task, style, seed, NULL, &m.n_items, &m.t, &m.items, &err))
        fail_msg("%s: %s", name, err.msg);
    assert_int_equal(m.items.n, m.n_items);
    return m;
}

static void unmake(struct made *m)
{
    template_free(m->t);
    eval_items_free(&m->items);
}

/* A question and its answer of the made task: items first, then examples; false past the end. */
static bool pair_at(const struct made *m, size_t i, const char **question, const char **answer)
{
    if (i < m->items.n) {
        *question = m->items.items[i].fields[0].value;
        *answer = m->items.items[i].answers[0];
        return true;
    }
    i -= m->items.n;
    if (i >= m->t->n_examples)
        return false;
    *question = m->t->examples[i].fields[0].value;
    *answer = m->t->examples[i].output;
    return true;
}

/* The example format with the variable replaced, up to the answer. */
static const char *context(const struct made *m, const char *question)
{
    static char out[512];
    const char *format = m->t->example_format;
    const char *open = strstr(format, "{{"), *close = strstr(open, "}}") + 2;
    const char *end = strstr(close, "{{");
    snprintf(out, sizeof out, "%.*s%s%.*s", (int)(open - format), format, question,
             (int)(end - close), close);
    return out;
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *task, *question, *context;
    } known[] = {
        /* contexts of the released files */
        {"2d+", "98 plus 45", "\n\nQ: What is 98 plus 45?\n\nA:"},
        {"2d-", "17 minus 14", "\n\nQ: What is 17 minus 14?\n\nA:"},
        {"2dx", "95 times 45", "\n\nQ: What is 95 times 45?\n\nA:"},
        {"5d-", "40649 minus 78746", "\n\nQ: What is 40649 minus 78746?\n\nA:"},
        {"1dc", "(9 + 8) * 2", "\n\nQ: What is (9 + 8) * 2?\n\nA:"},
        {"digits", "the sum of the digits of the number 8606",
         "\n\nQ: What is the sum of the digits of the number 8606?\n\nA:"},
        {"cl", "asinoc", "\nasinoc ="},
        {"a1", "skicts", "\nskicts ="},
        {"a2", "volwskagen", "\nvolwskagen ="},
        {"ri", "r e!c.i p r o.c a/l", "\nr e!c.i p r o.c a/l ="},
        {"rw", "taefed", "\ntaefed ="},
        {"zh-2d+", "48加76", "问：48加76等于多少？\n答："},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct made m = make(known[i].task, EVAL_STYLE_PAPER, 1, 10);
        assert_string_equal(context(&m, known[i].question), known[i].context);
        const bool letters = m.items.items[0].answers[0][1] >= 'a';
        if (strncmp(known[i].task, "zh", 2) != 0) {
            assert_string_equal(m.t->separator, "");
            assert_int_equal(m.items.items[0].answers[0][0], ' ');
            assert_string_equal(m.t->instruction,
                                letters ? "Please unscramble the letters into a word, and write "
                                          "that word:"
                                        : "");
            assert_int_equal(m.t->k, letters ? 100 : 50);
        }
        unmake(&m);
    }
    struct made m = make("3d+", EVAL_STYLE_LM_EVAL, 1, 10);
    assert_string_equal(context(&m, "1 plus 2"), "Question: What is 1 plus 2?\nAnswer:");
    assert_string_equal(m.t->separator, "\n\n");
    unmake(&m);
}

static void test_sums(void **state)
{
    (void)state;
    static const struct {
        const char *task, *form;
        long limit;
        char operation;
    } sums[] = {
        {"2d+", "%ld plus %ld%c", 100, '+'},     {"2d-", "%ld minus %ld%c", 100, '-'},
        {"3d+", "%ld plus %ld%c", 1000, '+'},    {"3d-", "%ld minus %ld%c", 1000, '-'},
        {"4d+", "%ld plus %ld%c", 10000, '+'},   {"4d-", "%ld minus %ld%c", 10000, '-'},
        {"5d+", "%ld plus %ld%c", 100000, '+'},  {"5d-", "%ld minus %ld%c", 100000, '-'},
        {"6d+", "%ld plus %ld%c", 1000000, '+'}, {"6d-", "%ld minus %ld%c", 1000000, '-'},
        {"2dx", "%ld times %ld%c", 100, '*'},    {"zh-2d+", "%ld加%ld%c", 100, '+'},
        {"zh-2d-", "%ld减%ld%c", 100, '-'},      {"zh-2dx", "%ld乘%ld%c", 100, '*'},
    };
    for (size_t i = 0; i < ARRAY_LEN(sums); i++) {
        struct made m = make(sums[i].task, EVAL_STYLE_SHARED, 5, N_ITEMS);
        const char *q, *answer;
        long smallest = sums[i].limit, largest = 0;
        size_t n = 0;
        for (; pair_at(&m, n, &q, &answer); n++) {
            long a, b;
            char rest;
            assert_int_equal(sscanf(q, sums[i].form, &a, &b, &rest), 2);
            assert_true(a >= 0 && a < sums[i].limit && b >= 0 && b < sums[i].limit);
            const long r = sums[i].operation == '+'   ? a + b
                           : sums[i].operation == '-' ? a - b
                                                      : a * b;
            char *end;
            assert_int_equal(strtol(answer, &end, 10), r);
            assert_int_equal(*end, '\0');
            smallest = a < smallest ? a : smallest;
            largest = b > largest ? b : largest;
        }
        assert_int_equal(n, N_ITEMS + 1000);
        assert_true(smallest < sums[i].limit / 50 &&
                    largest > sums[i].limit - sums[i].limit / 50 - 2);
        unmake(&m);
    }
}

static long apply(long a, char operation, long b)
{
    return operation == '+' ? a + b : operation == '-' ? a - b : a * b;
}

static void test_three(void **state)
{
    (void)state;
    struct made m = make("1dc", EVAL_STYLE_SHARED, 5, N_ITEMS);
    const char *q, *answer;
    unsigned seen[3] = {0};
    for (size_t i = 0; pair_at(&m, i, &q, &answer); i++) {
        long a, b, c;
        char x, y, rest;
        assert_int_equal(sscanf(q, "(%ld %c %ld) %c %ld%c", &a, &x, &b, &y, &c, &rest), 5);
        assert_true(a > 0 && a < 10 && b > 0 && b < 10 && c > 0 && c < 10);
        assert_int_equal(strtol(answer, NULL, 10), apply(apply(a, x, b), y, c));
        seen[x == '+' ? 0 : x == '-' ? 1 : 2]++;
    }
    for (int i = 0; i < 3; i++)
        assert_true(seen[i] > (N_ITEMS + 1000) / 4);
    unmake(&m);
    m = make("digits", EVAL_STYLE_SHARED, 5, N_ITEMS);
    for (size_t i = 0; pair_at(&m, i, &q, &answer); i++) {
        long sum = 0;
        for (const char *p = strrchr(q, ' ') + 1; *p; p++)
            sum += *p - '0';
        assert_int_equal(strtol(answer, NULL, 10), sum);
    }
    unmake(&m);
}

static int by_byte(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static bool same_letters(const char *a, const char *b)
{
    char x[64], y[64];
    snprintf(x, sizeof x, "%s", a);
    snprintf(y, sizeof y, "%s", b);
    qsort(x, strlen(x), 1, by_byte);
    qsort(y, strlen(y), 1, by_byte);
    return strcmp(x, y) == 0;
}

static void check_letters(const char *task, const char *q, const char *word)
{
    const size_t n = strlen(word);
    assert_true(n >= (strcmp(task, "a1") == 0 ? 5u : 6u) && n <= 15);
    if (strcmp(task, "ri") == 0) {
        assert_int_equal(strlen(q), 2 * n - 1);
        for (size_t i = 0; i < 2 * n - 1; i++)
            assert_true(i % 2 ? strchr(" ./!", q[i]) != NULL : q[i] == word[i / 2]);
        return;
    }
    assert_true(same_letters(q, word));
    if (strcmp(task, "rw") == 0) {
        for (size_t i = 0; i < n; i++)
            assert_int_equal(q[i], word[n - 1 - i]);
        return;
    }
    if (strcmp(task, "cl") == 0) {
        char twice[64];
        snprintf(twice, sizeof twice, "%s%s", word, word);
        assert_non_null(strstr(twice, q));
        assert_string_not_equal(q, word);
        return;
    }
    const size_t kept = strcmp(task, "a1") == 0 ? 1 : 2;
    assert_memory_equal(q, word, kept);
    assert_memory_equal(q + n - kept, word + n - kept, kept);
    bool alike = true;
    for (size_t i = kept; i < n - kept; i++)
        alike = alike && word[i] == word[kept];
    assert_int_equal(strcmp(q, word) == 0, alike);
    assert_true(kept == 2 || !alike);
}

static void test_letters(void **state)
{
    (void)state;
    static const char *const tasks[] = {"cl", "a1", "a2", "ri", "rw"};
    for (size_t t = 0; t < ARRAY_LEN(tasks); t++) {
        struct made m = make(tasks[t], EVAL_STYLE_SHARED, 9, N_ITEMS);
        const char *q, *answer;
        size_t n = 0;
        for (; pair_at(&m, n, &q, &answer); n++) {
            assert_int_equal(answer[0], ' ');
            check_letters(tasks[t], q, answer + 1);
        }
        assert_true(n > 800);
        unmake(&m);
    }
}

static void test_chinese(void **state)
{
    (void)state;
    static const char *const tasks[] = {"zh-idiom", "zh-verse", "zh-antonym"};
    for (size_t t = 0; t < ARRAY_LEN(tasks); t++) {
        struct made m = make(tasks[t], EVAL_STYLE_SHARED, 9, 50);
        const char *q, *answer;
        size_t n = 0;
        for (; pair_at(&m, n, &q, &answer); n++) {
            assert_int_equal(utf8_valid_prefix(q, strlen(q)), strlen(q));
            assert_string_not_equal(q, answer);
            if (t == 0)
                assert_true(same_letters(q, answer) && utf8_count(q, strlen(q)) == 4);
            if (t == 1)
                assert_int_equal(strlen(q), strlen(answer));
        }
        assert_true(n >= 100);
        unmake(&m);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All tasks: what can be said of any. */
static void test_disjoint_and_repeatable(void **state)
{
    (void)state;
    for (size_t t = 0; t < n_eval_tasks; t++) {
        struct made m = make(eval_tasks[t].name, EVAL_STYLE_SHARED, 3, N_ITEMS);
        struct made again = make(eval_tasks[t].name, EVAL_STYLE_SHARED, 3, N_ITEMS);
        struct made other = make(eval_tasks[t].name, EVAL_STYLE_SHARED, 4, N_ITEMS);
        const size_t n = m.items.n + m.t->n_examples;
        const char **all = x_malloc(n * sizeof all[0]), *q, *answer, *q2, *answer2;
        size_t n_same = 0;
        for (size_t i = 0; i < n; i++) {
            assert_true(pair_at(&m, i, &q, &answer) && pair_at(&again, i, &q2, &answer2));
            assert_string_equal(q, q2);
            assert_string_equal(answer, answer2);
            n_same += pair_at(&other, i, &q2, &answer2) && strcmp(q, q2) == 0;
            all[i] = q;
        }
        assert_true(n_same < n / 4);
        qsort(all, n, sizeof all[0], by_text);
        for (size_t i = 1; i < n; i++)
            assert_string_not_equal(all[i - 1], all[i]);
        free(all);
        assert_true(m.t->n_examples >= m.items.n || m.t->n_examples >= 1000);
        unmake(&m);
        unmake(&again);
        unmake(&other);
    }
}

static void test_words(void **state)
{
    (void)state;
    const char *path = "test-eval-task-words";
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("# comment\nshort\nlantern\nlantern\nCapital\nit's here\nbanana\naaaaaaa\nmountain\n"
          "kettle\n",
          f);
    fclose(f);
    struct err err = ERR_INIT;
    struct template *t;
    struct eval_items items = {0};
    size_t n = 100;
    assert_int_equal(
        eval_task_make(eval_task_find("cl"), EVAL_STYLE_SHARED, 1, path, &n, &t, &items, &err), 0);
    assert_int_equal(n, 2); /* lantern, banana, mountain, kettle: half of them */
    assert_int_equal(items.n, 2);
    assert_int_equal(t->n_examples, 2);
    eval_items_free(&items);
    template_free(t);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("word\n", f);
    fclose(f);
    assert_int_equal(
        eval_task_make(eval_task_find("cl"), EVAL_STYLE_SHARED, 1, path, &n, &t, &items, &err),
        E_INPUT);
    assert_non_null(strstr(err.msg, path));
    remove(path);
    assert_int_equal(
        eval_task_make(eval_task_find("cl"), EVAL_STYLE_SHARED, 1, path, &n, &t, &items, &err),
        E_INPUT);
}

/* More items than there are questions: as many as leave enough to draw examples from. */
static void test_exhausted(void **state)
{
    (void)state;
    struct made m = make("2d+", EVAL_STYLE_SHARED, 1, 50000);
    assert_true(m.items.n > 8900 && m.items.n <= 9000);
    assert_int_equal(m.t->n_examples, 1000);
    unmake(&m);
    m = make("zh-idiom", EVAL_STYLE_SHARED, 1, 50000);
    assert_int_equal(m.items.n, 96);
    assert_int_equal(m.t->n_examples, 96);
    unmake(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),   cmocka_unit_test(test_sums),
        cmocka_unit_test(test_three),   cmocka_unit_test(test_letters),
        cmocka_unit_test(test_chinese), cmocka_unit_test(test_disjoint_and_repeatable),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_exhausted),
    };
    char data[4096];
    const char *top = getenv("top_srcdir");
    snprintf(data, sizeof data, "%s/data", top ? top : ".");
    setenv("XUXIE_DATADIR", data, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
