/* test_history_query.c - words and filters of a search line. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/history_query.h"

#define NOW INT64_C(1790000000000)

static struct history_query parse(const char *line)
{
    struct history_query q;
    history_query_parse(line, strlen(line), NOW, &q);
    return q;
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } cases[] = {
        {"", ""},
        {"   ", ""},
        {"灯", "灯"},
        {"  雪　夜  归人 ", "雪 夜 归人"},
        {"\"the lantern\" -snow lan*", "\"the lantern\" -snow lan*"},
        {"\"story:x y\" http://a b:c", "\"story:x y\" http://a b:c"}, /* no filters of ours */
        {"灯 story:雪夜 火", "灯 火"},
        {"story:雪夜", ""},
        {"\"open phrase", "\"open phrase"},
        {"他说：好", "他说：好"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct history_query q = parse(cases[i].line);
        assert_string_equal(q.words, cases[i].words);
        assert_null(q.problem);
        history_query_free(&q);
    }
}

static void test_filters(void **state)
{
    (void)state;
    struct history_query q = parse("灯 story:\"雪 夜\" template:写诗 model:qwen starred: tag:#好 "
                                   "origin:room best:");
    struct history_filter f;
    assert_string_equal(q.words, "灯");
    assert_string_equal(q.story, "雪 夜");
    assert_string_equal(q.template, "写诗");
    assert_string_equal(q.model, "qwen");
    assert_string_equal(q.tag, "好");
    assert_string_equal(q.origin, "room");
    assert_true(q.starred && q.ranked);
    history_query_filter(&q, &f);
    assert_string_equal(f.query, "灯");
    assert_string_equal(f.story_title, "雪 夜");
    assert_true(f.starred && f.ranked);
    assert_int_equal(f.story, 0);
    history_query_free(&q);

    q = parse("故事：雪夜 标签:好 星标: 模型：qwen 范例:写诗");
    assert_string_equal(q.story, "雪夜");
    assert_string_equal(q.tag, "好");
    assert_string_equal(q.model, "qwen");
    assert_string_equal(q.template, "写诗");
    assert_true(q.starred);
    assert_string_equal(q.words, "");
    history_query_free(&q);

    q = parse("tag:甲 tag:乙 story:甲 story:"); /* the last one counts */
    assert_string_equal(q.tag, "乙");
    assert_null(q.story);
    history_query_free(&q);
}

static void test_chars(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t min, max;
        bool ok;
    } cases[] = {
        {">200", 201, 0, true},
        {">=200", 200, 0, true},
        {"<500", 0, 499, true},
        {"<=500", 0, 500, true},
        {"200..500", 200, 500, true},
        {"200..", 200, 0, true},
        {"200", 200, 200, true},
        {"", 0, 0, true},
        {">", 0, 0, true},
        {"x", 0, 0, false},
        {"9..3", 0, 0, false},
        {"<0", 0, 0, false},
        {"99999999999999999999", 0, 0, false},
        {"3x", 0, 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str line = STR_INIT;
        str_printf(&line, "chars:%s", cases[i].value);
        struct history_query q = parse(str_cstr(&line));
        assert_int_equal(q.min_chars, cases[i].min);
        assert_int_equal(q.max_chars, cases[i].max);
        assert_int_equal(q.problem == NULL, cases[i].ok);
        history_query_free(&q);
        str_free(&line);
    }
}

static int64_t local_ms(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1};
    return (int64_t)mktime(&tm) * 1000;
}

static void test_dates(void **state)
{
    (void)state;
    struct history_query q = parse("since:2026-01-01 until:2026-03-31");
    assert_int_equal(q.from_ms, local_ms(2026, 1, 1));
    assert_int_equal(q.until_ms, local_ms(2026, 4, 1)); /* the day belongs to it */
    history_query_free(&q);
    q = parse("on:2026-02");
    assert_int_equal(q.from_ms, local_ms(2026, 2, 1));
    assert_int_equal(q.until_ms, local_ms(2026, 3, 1));
    history_query_free(&q);
    q = parse("since:7d");
    assert_int_equal(q.from_ms, NOW - INT64_C(7) * 24 * 3600 * 1000);
    history_query_free(&q);
    q = parse("灯 since:20261301 until:never");
    assert_non_null(q.problem);
    assert_int_equal(q.from_ms, 0);
    assert_int_equal(q.until_ms, 0);
    assert_string_equal(q.words, "灯");
    history_query_free(&q);
}

static void test_equal(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"灯 story:雪夜", "story:雪夜   灯", true},
        {"灯", "灯 ", true},
        {"灯", "灯 starred:", false},
        {"story:", "", true},
        {"灯 chars:>", "灯", true},
        {"灯", "火", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct history_query a = parse(cases[i].a), b = parse(cases[i].b);
        assert_int_equal(history_query_equal(&a, &b), cases[i].same);
        history_query_free(&a);
        history_query_free(&b);
    }
}

/* Every key that is offered is understood, in both languages. */
static void test_keys(void **state)
{
    (void)state;
    const char *help, *key;
    size_t n = 0;
    for (; (key = history_query_key(n, false, &help)) != NULL; n++) {
        assert_true(help[0] != '\0');
        for (int chinese = 0; chinese < 2; chinese++) {
            struct history_query q = parse(history_query_key(n, chinese != 0, NULL));
            assert_string_equal(q.words, "");
            history_query_free(&q);
        }
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_filters), cmocka_unit_test(test_chars),
        cmocka_unit_test(test_dates), cmocka_unit_test(test_equal),   cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
