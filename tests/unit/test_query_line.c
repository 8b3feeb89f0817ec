/* test_query_line.c - the variables of a query in one line, and back from a prompt. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/prompt.h"
#include "src/query_line.h"

static struct template *make(const char *format)
{
    struct template *t = template_new("t");
    free(t->example_format);
    t->example_format = x_strdup(format);
    return t;
}

static const char *value(const struct template_field *f, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(f[i].name, name) == 0)
            return f[i].value;
    return NULL;
}

static void check(const char *format, const char *line, const char *a, const char *b)
{
    struct template *t = make(format);
    struct template_field *f;
    size_t n = query_line_parse(t, line, &f);
    const char *got_a = value(f, n, "a"), *got_b = value(f, n, "b");
    if ((a == NULL) != (got_a == NULL) || (b == NULL) != (got_b == NULL))
        fail_msg("%s: %s %s", line, got_a ? got_a : "-", got_b ? got_b : "-");
    if (a)
        assert_string_equal(got_a, a);
    if (b)
        assert_string_equal(got_b, b);
    query_fields_free(f, n);
    template_free(t);
}

static void test_parse(void **state)
{
    (void)state;
    const char *one = "题：{{a}}\n答：{{output}}", *two = "{{a}} / {{b}} ={{output}}";
    check(one, "雪", "雪", NULL);
    check(one, "", NULL, NULL);
    check(one, " a=雪 b=夜", " a=雪 b=夜", NULL); /* one variable: as it is */
    check(two, "雪", "雪", NULL);
    check(two, "雪 b=夜 归人", "雪", "夜 归人");
    check(two, "b=夜 a=雪", "雪", "夜");
    check(two, "a=雪 更深", "雪 更深", NULL);
    check(two, "b=夜", NULL, "夜");
    check(two, "b=\"x y\" 雪", "雪", "x y"); /* what follows the quotes is the first one's */
    check(two, "b=\"say \\\"a=1\\\"\" c", "c", "say \"a=1\"");
    check(two, "a＝雪 b＝夜", "雪", "夜");
    check(two, "ab=1 xb=2", "ab=1 xb=2", NULL); /* no names of ours */
    check(two, "a=1 a=2", "1", NULL);
    check(two, "a=", "", NULL);
    check("{{output}}", "雪", NULL, NULL);
}

static void test_missing(void **state)
{
    (void)state;
    struct template *t = make("{{a}} {{b}} {{c}} {{output}}");
    t->vars = x_calloc(1, sizeof t->vars[0]);
    t->vars[0] = (struct template_var){x_strdup("b"), x_strdup("夜")};
    t->n_vars = 1;
    struct template_field *f;
    size_t n = query_line_parse(t, "雪", &f);
    assert_string_equal(query_line_missing(t, f, n, 0), "c");
    assert_null(query_line_missing(t, f, n, 1));
    query_fields_free(f, n);
    n = query_line_parse(t, "", &f);
    assert_string_equal(query_line_missing(t, f, n, 0), "a");
    assert_string_equal(query_line_missing(t, f, n, 1), "c");
    query_fields_free(f, n);
    template_free(t);
}

/* Any values, printed and read again, are the same. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char *const bits[] = {"a=", "b=", " ", "\"", "\\", "雪", "夜 ", "=", "\n", "x"};
    struct template *t = make("{{a}}|{{b}}|{{output}}");
    for (uint32_t round = 0; round < 3000; round++) {
        struct str v[2] = {STR_INIT, STR_INIT}, line = STR_INIT;
        for (int k = 0; k < 2; k++) {
            int n = (int)(rng_uniform(7, round, (uint64_t)k, 0) * 6);
            for (int i = 0; i < n; i++)
                str_puts(&v[k],
                         bits[(size_t)(rng_uniform(7, round, (uint64_t)(10 + k), (uint32_t)i) *
                                       (double)ARRAY_LEN(bits))]);
        }
        struct template_field f[] = {{"a", (char *)str_cstr(&v[0])},
                                     {"b", (char *)str_cstr(&v[1])}};
        struct template_field *back;
        query_line_print(t, f, 2, &line);
        size_t n = query_line_parse(t, str_cstr(&line), &back);
        const char *got_a = value(back, n, "a"), *got_b = value(back, n, "b");
        if (!got_a || !got_b || strcmp(got_a, f[0].value) != 0 || strcmp(got_b, f[1].value) != 0)
            fail_msg("[%s] [%s] -> [%s] -> [%s] [%s]", f[0].value, f[1].value, str_cstr(&line),
                     got_a ? got_a : "-", got_b ? got_b : "-");
        query_fields_free(back, n);
        str_free(&v[0]);
        str_free(&v[1]);
        str_free(&line);
    }
    template_free(t);
}

static void check_recover(const char *format, const char *query, const char *a, const char *b)
{
    struct template *t = make(format);
    struct template_field *f;
    size_t n;
    bool ok = query_line_recover(t, query, strlen(query), &f, &n);
    assert_int_equal(ok, a != NULL);
    if (a)
        assert_string_equal(value(f, n, "a"), a);
    if (b)
        assert_string_equal(value(f, n, "b"), b);
    query_fields_free(f, n);
    template_free(t);
}

static void test_recover(void **state)
{
    (void)state;
    check_recover("题：{{a}}\n答：{{output}}", "题：雪\n答：", "雪", NULL);
    check_recover("题：{{a}}\n答：{{output}}", "题：雪\n答：x\n答：", "雪\n答：x", NULL);
    check_recover("题：{{a}}\n答：{{output}}", "问：雪\n答：", NULL, NULL);
    check_recover("题：{{a}}\n答：{{output}}", "题：雪", NULL, NULL);
    check_recover("{{a}}：{{b}}\n{{output}}", "甲：乙：丙\n", "甲", "乙：丙");
    check_recover("{{a}}{{b}}{{output}}", "甲乙", "", "甲乙");
    check_recover("{{a}}-{{a}}-{{b}}{{output}}", "甲-甲-乙", "甲", "乙");
    check_recover("{{a}}-{{a}}-{{b}}{{output}}", "甲-丙-乙", NULL, NULL);
    check_recover("\\{{x}} {{a}}{{output}}", "{{x}} 雪", "雪", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_recover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
