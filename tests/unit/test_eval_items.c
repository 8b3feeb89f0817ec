/* test_eval_items.c - src/eval_items.c and src/jsonline.c: test files, good and bad. */
#include "config.h"

#include "src/eval_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/limits.h"
#include "src/base/mem.h"

static const char path[] = "test-eval-items.jsonl";
static const struct columns plain; /* names as they are */

static void put(const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static int read_text(const char *text, struct eval_items *set, struct err *err)
{
    put(text, strlen(text));
    return eval_items_read(path, &plain, set, err);
}

static void test_good(void **state)
{
    (void)state;
    struct eval_items set = {0};
    struct err err = ERR_INIT;
    assert_int_equal(read_text("\xEF\xBB\xBF{\"题目\": \"雪\", \"输出\": \"白\"}\n"
                               "{\"a\": 12, \"b\": 1.5, \"output\": [\"x\", \"y\"]}\n"
                               "{\"q\": \"1+1\", \"choices\": [\"1\", \"2\", 3], \"answer\": 1}\n"
                               "{\"q\": \"1+1\", \"choices\": [\"1\", \"2\"], \"answer\": \"1\"}",
                               &set, &err),
                     0);
    assert_int_equal(set.n, 4);
    assert_string_equal(set.items[0].fields[0].name, "题目");
    assert_string_equal(set.items[0].fields[0].value, "雪");
    assert_string_equal(set.items[0].answers[0], "白");
    assert_int_equal(set.items[0].n_choices, 0);
    assert_string_equal(set.items[1].fields[0].value, "12");
    assert_string_equal(set.items[1].fields[1].value, "1.5");
    assert_int_equal(set.items[1].n_answers, 2);
    assert_int_equal(set.items[2].n_choices, 3);
    assert_int_equal(set.items[2].correct, 1);
    assert_string_equal(set.items[2].choices[2], "3");
    assert_string_equal(set.items[2].answers[0], "2");
    assert_int_equal(set.items[2].n_fields, 1);
    assert_int_equal(set.items[3].correct, 0);
    assert_int_equal(set.items[3].line, 4);
    eval_items_free(&set);
}

static void test_bad(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "nothing"},
        {"{\"q\": \"x\"}", "no answer"},
        {"{\"output\": \"x\"}\n{\"q\": 1", "line 2: not JSON"},
        {"{\"output\": \"x\"}\n\n", "line 2: not JSON"},
        {"[1]", "not a JSON object"},
        {"{\"q\": [true], \"output\": \"x\"}", "\"q\" is neither"},
        {"{\"q\": {\"a\": 1}, \"output\": \"x\"}", "\"q\" is neither"},
        {"{\"q\": \"a\\u0000b\", \"output\": \"x\"}", "NUL"},
        {"{\"output\": null}", "no answer"},
        {"{\"output\": []}", "no answer"},
        {"{\"q\": 1, \"q\": 2, \"output\": \"x\"}", "duplicate"},
        {"{\"choices\": [\"a\"], \"answer\": 0}", "two texts"},
        {"{\"choices\": \"ab\", \"answer\": 0}", "two texts"},
        {"{\"choices\": [\"a\", \"b\"]}", "place of a choice"},
        {"{\"choices\": [\"a\", \"b\"], \"answer\": 2}", "0 to 1"},
        {"{\"choices\": [\"a\", \"b\"], \"answer\": -1}", "0 to 1"},
        {"{\"choices\": [\"a\", \"b\"], \"answer\": \"c\"}", "place of a choice"},
        {"{\"choices\": [\"a\", []], \"answer\": 0}", "neither"},
        {"{\"choices\": [\"a\", null, \"b\"], \"answer\": 0}", "null"},
        {"{\"q\": \"\xFF\", \"output\": \"x\"}", "not JSON"},
        {"{\"q\": \"\\ud800\", \"output\": \"x\"}", "not JSON"},
        {"\xFF\xFE{\0", "not JSON"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct eval_items set = {0};
        struct err err = ERR_INIT;
        assert_int_equal(read_text(cases[i].text, &set, &err), E_INPUT);
        assert_null(set.items);
        if (!strstr(err.msg, cases[i].says) || !strstr(err.msg, path))
            fail_msg("\"%s\": %s", cases[i].text, err.msg);
    }
}

/* Sizes and depths that a reader must not stumble over (RELIABILITY B.3, 80). */
static void test_hostile(void **state)
{
    (void)state;
    struct eval_items set = {0};
    struct err err = ERR_INIT;
    struct str s = STR_INIT;
    str_puts(&s, "{\"output\": ");
    for (int i = 0; i < 100000; i++)
        str_putc(&s, '[');
    put(s.data, s.len);
    assert_int_equal(eval_items_read(path, &plain, &set, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "nested deeper than 64"));
    str_clear(&s);
    str_puts(&s, "{\"output\": 1");
    for (int i = 0; i < 100000; i++)
        str_putc(&s, '0');
    str_puts(&s, "}");
    put(s.data, s.len);
    assert_int_equal(eval_items_read(path, &plain, &set, &err), E_INPUT);
    str_clear(&s);
    str_puts(&s, "{\"output\": \"");
    for (size_t i = 0; i < LIMIT_INPUT_LINE_BYTES; i++)
        str_putc(&s, 'x');
    put(s.data, s.len);
    assert_int_equal(eval_items_read(path, &plain, &set, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "longer than"));
    str_free(&s);
    remove(path);
    assert_int_equal(eval_items_read(path, &plain, &set, &err), E_INPUT);
}

static struct template *small_template(void)
{
    struct template *t = template_new("t");
    free(t->example_format);
    t->example_format = x_strdup("{{q}} = {{output}}");
    return t;
}

static void test_examples(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct template *t = small_template();
    const char good[] = "{\"q\": \"1+1\", \"output\": [\"2\", \"two\"]}\n"
                        "{\"q\": \"2+2\", \"choices\": [\"3\", \"4\"], \"answer\": 1}\n";
    put(good, strlen(good));
    assert_int_equal(eval_items_read_examples(path, &plain, t, &err), 0);
    assert_int_equal(eval_items_read_examples(path, &plain, t, &err), 0); /* replaced, not added */
    assert_int_equal(t->n_examples, 2);
    assert_string_equal(t->examples[0].output, "2");
    assert_string_equal(t->examples[1].output, "4");
    assert_string_equal(t->examples[1].source, "test-eval-items.jsonl:2");
    const char bad[] = "{\"p\": \"1+1\", \"output\": \"2\"}\n";
    put(bad, strlen(bad));
    assert_int_equal(eval_items_read_examples(path, &plain, t, &err), E_INPUT);
    template_free(t);
}

static void test_columns(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct template *t = small_template();
    struct columns c;
    char *texts[] = {"output=right", "q=question"};
    struct text_list map = {texts, 2}, none = {0};
    struct eval_items set;
    const char mapped[] = "{\"question\": true, \"right\": 0.1, \"z\": null, \"n\": -3}\n";
    put(mapped, strlen(mapped));
    assert_int_equal(columns_init(&c, t, &map, &err), 0);
    assert_int_equal(eval_items_read(path, &c, &set, &err), 0);
    columns_free(&c);
    assert_int_equal(set.items[0].n_fields, 2);
    assert_string_equal(set.items[0].fields[0].name, "q");
    assert_string_equal(set.items[0].fields[0].value, "true");
    assert_string_equal(set.items[0].fields[1].value, "-3");
    assert_string_equal(set.items[0].answers[0], "0.1");
    eval_items_free(&set);
    const char input[] = "{\"输入\": \"1\", \"output\": \"2\"}\n"; /* the only variable */
    put(input, strlen(input));
    assert_int_equal(columns_init(&c, t, &none, &err), 0);
    assert_int_equal(eval_items_read(path, &c, &set, &err), 0);
    columns_free(&c);
    assert_string_equal(set.items[0].fields[0].name, "q");
    eval_items_free(&set);
    texts[1] = "q";
    assert_int_equal(columns_init(&c, t, &map, &err), E_USAGE);
    template_free(t);
}

static void test_choices(void **state)
{
    (void)state;
    struct eval_items set = {0}, again = {0};
    struct err err = ERR_INIT;
    struct template *t = small_template();
    for (int i = 0; i < 400; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i % 9);
        eval_item_add_answer(eval_items_add(&set), text);
        eval_item_add_answer(eval_items_add(&again), text);
    }
    assert_int_equal(eval_items_make_choices(&set, t, 10, 1, &err), E_INPUT);
    assert_int_equal(eval_items_make_choices(&set, t, 4, 1, &err), 0);
    assert_int_equal(eval_items_make_choices(&again, t, 4, 1, &err), 0);
    unsigned places[4] = {0};
    for (size_t i = 0; i < set.n; i++) {
        const struct eval_item *item = &set.items[i];
        assert_int_equal(item->n_choices, 4);
        assert_string_equal(item->choices[item->correct], item->answers[0]);
        places[item->correct]++;
        for (size_t a = 0; a < 4; a++) {
            assert_string_equal(item->choices[a], again.items[i].choices[a]);
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(item->choices[a], item->choices[b]);
        }
    }
    for (int i = 0; i < 4; i++)
        assert_true(places[i] > 60);
    eval_items_free(&set);
    eval_items_free(&again);
    template_free(t);
}

static int clean(void **state)
{
    (void)state;
    remove(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_bad),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_examples),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
