/* test_history_list.c - rows that come while one types. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/history_list.h"
#include "tests/unit/store_util.h"

enum { N = 500, MUCH = 100000 };

static struct store *store;

static void put(const char *text)
{
    const struct store_generation g = {.origin = "room",
                                       .model = {.identity = "m", .tokenizer = "t", .name = "模型"},
                                       .settings = "{}",
                                       .started_ms = 1790000000000};
    const struct store_done done = {.reason = "eos", .n_text_tokens = -1};
    store_ref ref = store_put_generation(store, &g);
    store_put_prompt(store, ref, NULL, 0, 0);
    store_put_output(store, ref, text, strlen(text), NULL, NULL, 0);
    store_put_done(store, ref, &done);
}

static int setup(void **state)
{
    char path[320], text[64];
    if (make_test_dir(state) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/xuxie.db", test_dir);
    if (store_open(path, STORE_CREATE, &store, NULL) != 0)
        return -1;
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "第%d夜，%s。", i, i % 5 == 0 ? "雪落在灯上" : "风过长街");
        put(text);
    }
    return store_flush(store, 20000, NULL);
}

static int teardown(void **state)
{
    store_close(store, NULL);
    return remove_test_dir(state);
}

static void search(struct history_list *l, const char *line)
{
    history_list_search(l, line, strlen(line), 1790000000000);
}

static void finish(struct history_list *l)
{
    for (int i = 0; i < MUCH && history_list_working(l, SIZE_MAX); i++)
        history_list_step(l, SIZE_MAX, 50);
    assert_true(history_list_complete(l));
}

static void test_everything_newest_first(void **state)
{
    (void)state;
    struct history_list *l = history_list_new(store);
    search(l, "");
    assert_true(history_list_working(l, 1));
    finish(l);
    assert_int_equal(history_list_count(l), N);
    assert_non_null(strstr(history_list_at(l, 0)->snippet, "第499夜"));
    assert_non_null(strstr(history_list_at(l, N - 1)->snippet, "第0夜"));
    assert_null(history_list_at(l, N));
    assert_int_equal(history_list_find(l, history_list_at(l, 7)->generation), 7);
    assert_true(history_list_find(l, 99999999) == SIZE_MAX);
    history_list_free(l);
}

static void test_words(void **state)
{
    (void)state;
    struct history_list *l = history_list_new(store);
    search(l, "灯上");
    finish(l);
    assert_int_equal(history_list_count(l), N / 5);
    for (size_t i = 0; i < history_list_count(l); i++) {
        const struct history_hit *h = history_list_at(l, i);
        assert_true(h->n_marks > 0);
        assert_memory_equal(h->snippet + h->marks[0].begin, "灯上", strlen("灯上"));
    }
    history_list_free(l);
}

/* Only what is asked for is fetched; more when it is. */
static void test_wanted(void **state)
{
    (void)state;
    struct history_list *l = history_list_new(store);
    search(l, "");
    for (int i = 0; i < MUCH && history_list_working(l, 100); i++)
        history_list_step(l, 100, 50);
    size_t n = history_list_count(l);
    assert_true(n >= 100 && n < N);
    assert_false(history_list_complete(l));
    assert_false(history_list_step(l, 100, 50));
    finish(l);
    assert_int_equal(history_list_count(l), N);
    history_list_free(l);
}

/* Rows of the line before stay until the new one has something to say. */
static void test_never_flashes_empty(void **state)
{
    (void)state;
    struct history_list *l = history_list_new(store);
    search(l, "灯");
    finish(l);
    unsigned era = history_list_era(l);
    size_t n = history_list_count(l);
    search(l, "灯上");
    assert_int_equal(history_list_count(l), n);
    assert_int_equal(history_list_era(l), era);
    finish(l);
    assert_int_equal(history_list_era(l), era + 1);
    search(l, "  灯上 "); /* means the same */
    assert_true(history_list_complete(l));
    search(l, "没有这样的");
    finish(l);
    assert_int_equal(history_list_count(l), 0);
    history_list_free(l);
}

static void test_problems(void **state)
{
    (void)state;
    struct history_list *l = history_list_new(store);
    search(l, "灯");
    finish(l);
    size_t n = history_list_count(l);
    search(l, "灯 since:never");
    assert_non_null(history_list_problem(l));
    finish(l);
    assert_int_equal(history_list_count(l), n); /* the filter is left out */
    search(l, "-灯");                           /* says nothing that could be found */
    assert_non_null(history_list_problem(l));
    assert_int_equal(history_list_count(l), n);
    search(l, "灯");
    finish(l);
    assert_null(history_list_problem(l));
    history_list_free(l);
}

static void test_again(void **state)
{
    (void)state;
    struct history_list *l = history_list_new(store);
    search(l, "归人");
    finish(l);
    assert_int_equal(history_list_count(l), 0);
    put("风雪夜归人。");
    assert_int_equal(store_flush(store, 20000, NULL), 0);
    history_list_again(l);
    finish(l);
    assert_int_equal(history_list_count(l), 1);
    history_list_set_star(l, 0, true);
    assert_true(history_list_at(l, 0)->starred);
    history_list_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_newest_first),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_never_flashes_empty),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
