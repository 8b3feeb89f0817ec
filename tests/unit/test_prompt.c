/* test_prompt.c - assembling prompts: the bytes, what is chosen, what is dropped, and that what
 * stands before the query is the same for every query. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/utf8.h"
#include "src/prompt.h"
#include "src/template_text.h"
#include "tests/unit/template_random.h"

/* A token is a character; a text that begins the prompt has one more. */
static int count_characters(void *ctx, const char *text, size_t n, bool at_beginning)
{
    (void)ctx;
    return (int)utf8_count(text, n) + at_beginning;
}

static struct template *parse(const char *text)
{
    struct template *t = NULL;
    struct err err = ERR_INIT;
    if (template_parse("t", text, strlen(text), &t, &err) != 0)
        fail_msg("%s", err.msg);
    return t;
}

static const char couplets[] = "xuxie template 1\nname: 对联\nk: 2\nseparator: \"\\n\"\n"
                               "var: 体 = 五言\n"
                               "== instruction\n对下联。\n"
                               "== example format\n上：{{上联}}（{{体}}）\n下：{{output}}\n"
                               "== example #山\n-- 上联\n青山\n-- output\n绿水\n"
                               "== example off\n-- 上联\n坏\n-- output\n坏\n"
                               "== example #雪\n-- 上联\n飞雪\n-- 体\n七言\n-- output\n落梅\n"
                               "== example #雪 #山\n-- 上联\n雪山\n-- output\n冰河\n";

static const struct template_field query_snow[] = {{(char *)"上联", (char *)"雪山飞狐"}};

static struct prompt_request request(const struct template *t)
{
    struct prompt_request r;
    prompt_request_init(&r, t);
    r.fields = query_snow;
    r.n_fields = 1;
    return r;
}

static void made(const struct prompt_request *r, const char *expected)
{
    struct prompt p;
    struct err err = ERR_INIT;
    if (prompt_make(r, &p, &err) != 0)
        fail_msg("%s", err.msg);
    assert_string_equal(str_cstr(&p.text), expected);
    prompt_free(&p);
}

static void refused(const struct prompt_request *r, const char *message)
{
    struct prompt p;
    struct err err = ERR_INIT;
    assert_int_equal(prompt_make(r, &p, &err), E_INPUT);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
}

#define QUERY "上：雪山飞狐（五言）\n下："

static void test_shots(void **state)
{
    (void)state;
    struct template *t = parse(couplets);
    struct prompt_request r = request(t);
    assert_int_equal(r.k, 2);
    made(&r, "对下联。\n上：青山（五言）\n下：绿水\n上：飞雪（七言）\n下：落梅\n" QUERY);
    r.k = 0;
    made(&r, "对下联。\n" QUERY);
    r.k = 1;
    made(&r, "对下联。\n上：青山（五言）\n下：绿水\n" QUERY);
    r.except = 0;
    made(&r, "对下联。\n上：飞雪（七言）\n下：落梅\n" QUERY);
    r.except = SIZE_MAX;
    r.select = SELECT_TAG;
    r.tag = "雪";
    r.k = SHOTS_FIT;
    made(&r, "对下联。\n上：飞雪（七言）\n下：落梅\n上：雪山（五言）\n下：冰河\n" QUERY);
    r.select = SELECT_SIMILAR;
    made(&r, "对下联。\n上：青山（五言）\n下：绿水\n上：飞雪（七言）\n下：落梅\n上：雪山（五言）\n"
             "下：冰河\n" QUERY);
    r.k = 1; /* the likest */
    made(&r, "对下联。\n上：雪山（五言）\n下：冰河\n" QUERY);
    t->mode = TEMPLATE_ZERO;
    r = request(t);
    assert_int_equal(r.k, 0);
    t->mode = TEMPLATE_ONE;
    r = request(t);
    assert_int_equal(r.k, 1);
    template_free(t);
}

static void test_parts(void **state)
{
    (void)state;
    struct template *t = parse(couplets);
    struct prompt_request r = request(t);
    struct prompt p;
    struct err err = ERR_INIT;
    r.count = count_characters;
    r.k = SHOTS_FIT;
    assert_int_equal(prompt_make(&r, &p, &err), 0);
    assert_int_equal(p.n_parts, 5);
    assert_int_equal(p.parts[0].kind, PROMPT_INSTRUCTION);
    assert_int_equal(p.parts[0].n_tokens, 5 + 1); /* the beginning */
    assert_int_equal(p.parts[1].kind, PROMPT_EXAMPLE);
    assert_int_equal(p.parts[1].example, 0);
    assert_int_equal(p.parts[2].example, 2); /* 1 is off */
    assert_int_equal(p.parts[4].kind, PROMPT_QUERY);
    assert_int_equal(p.k_asked, SHOTS_FIT);
    assert_int_equal(p.k_used, 3);
    size_t at = 0;
    int n_tokens = 0;
    for (size_t i = 0; i < p.n_parts; i++) {
        assert_int_equal(p.parts[i].begin, at);
        at += p.parts[i].n;
        n_tokens += p.parts[i].n_tokens;
    }
    assert_int_equal(at, p.text.len);
    assert_int_equal(n_tokens, p.n_tokens);
    assert_int_equal(n_tokens, (int)utf8_count(p.text.data, p.text.len) + 1);
    prompt_free(&p);
    r.k = 9; /* more than there are */
    assert_int_equal(prompt_make(&r, &p, &err), 0);
    assert_int_equal(p.k_asked, 3);
    prompt_free(&p);
    template_free(t);
}

static void test_budget(void **state)
{
    (void)state;
    struct template *t = parse(couplets);
    struct prompt_request r = request(t);
    struct prompt p;
    struct err err = ERR_INIT;
    r.count = count_characters;
    r.k = 3;
    r.budget_tokens = 6 + 13 + 13; /* instruction, query, and all but one of an example */
    made(&r, "对下联。\n" QUERY);
    r.budget_tokens++;
    made(&r, "对下联。\n上：青山（五言）\n下：绿水\n" QUERY);
    r.select = SELECT_SIMILAR; /* the likest stay */
    made(&r, "对下联。\n上：雪山（五言）\n下：冰河\n" QUERY);
    assert_int_equal(prompt_make(&r, &p, &err), 0);
    assert_int_equal(p.k_asked, 3);
    assert_int_equal(p.k_used, 1);
    assert_true(p.n_tokens <= r.budget_tokens);
    prompt_free(&p);
    r.budget_tokens = 6 + 13;
    made(&r, "对下联。\n" QUERY);
    r.budget_tokens--;
    refused(&r, "the instruction (6 tokens) and the query (13) do not fit into the 18 tokens");
    r.budget_tokens = 6 + 13 + 14;
    r.reserve_query_tokens = 14; /* a longer query might come */
    made(&r, "对下联。\n" QUERY);
    r.reserve_query_tokens = 1000; /* but none that is here is refused for it */
    made(&r, "对下联。\n" QUERY);
    template_free(t);
}

static void test_refused(void **state)
{
    (void)state;
    struct template *t = parse(couplets);
    struct prompt_request r = request(t);
    r.n_fields = 0;
    refused(&r, "the variable 上联 has no value");
    t->examples[0].fields[0].name[0] = 'x';
    r.n_fields = 1;
    refused(&r, "example 1: the variable 上联 has no value");
    template_free(t);
}

static const char *value_x(void *ctx, const char *name)
{
    return strcmp(name, "x") == 0 ? ctx : NULL;
}

static void test_expand(void **state)
{
    (void)state;
    static const struct {
        const char *format, *expected; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"{{x}}", "<{{x}}>"}, /* what is put in is not read again */
        {"a{{ x }}b", "a<{{x}}>b"},
        {"\\{{x}}", "{{x}}"},
        {"\\\\{{x}}", "\\{{x}}"},
        {"{{{x}}}", "{<{{x}}>}"},
        {"{ {x} }", "{ {x} }"},
        {"}}", "}}"},
        {"a{{output}}b", "a"},
        {"a{{ 输出 }}b", "a"},
        {"{{y}}", NULL},
        {"{{x", NULL},
        {"{{x}", NULL},
        {"{{}}", NULL},
        {"{{ }}", NULL},
        {"{{@x}}", NULL},
        {"{{\n}}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str out = STR_INIT;
        struct err err = ERR_INIT;
        int rc = prompt_expand(cases[i].format, value_x, (void *)"<{{x}}>", true, &out, &err);
        assert_int_equal(rc, cases[i].expected ? 0 : E_INPUT);
        if (cases[i].expected)
            assert_string_equal(str_cstr(&out), cases[i].expected);
        str_free(&out);
    }
}

/* ---- properties ------------------------------------------------------------------------------ */

static struct template *many(size_t n)
{
    struct template *t =
        parse("xuxie template 1\nname: x\nk: 50\nseparator: \"\\n\\n\"\n"
              "== instruction\n做题。\n== example format\n问：{{q}}\n答：{{output}}\n");
    for (size_t i = 0; i < n; i++) {
        char text[32];
        struct template_example e = {.fields = x_calloc(1, sizeof e.fields[0]), .n_fields = 1};
        snprintf(text, sizeof text, "%zu 加 %zu", i * 7, i * i);
        e.fields[0] = (struct template_field){x_strdup("q"), x_strdup(text)};
        snprintf(text, sizeof text, "%zu", i * 7 + i * i);
        e.output = x_strdup(text);
        template_add_example(t, &e);
    }
    return t;
}

/* 50 shots, two queries: the same bytes and parts before the query, whatever its length. */
static void test_stable_prefix(void **state)
{
    (void)state;
    struct template *t = many(80);
    static const enum template_select selects[] = {SELECT_FIRST, SELECT_RANDOM};
    static const struct template_field queries[] = {
        {(char *)"q", (char *)"1 加 1"},
        {(char *)"q", (char *)"123456789012345678901234567890 加 98765432109876543210"},
    };
    for (size_t i = 0; i < ARRAY_LEN(selects); i++) {
        struct prompt p[2];
        struct err err = ERR_INIT;
        for (int budget = 0; budget <= 700; budget += 350) {
            for (size_t q = 0; q < 2; q++) {
                struct prompt_request r;
                prompt_request_init(&r, t);
                r.select = selects[i];
                r.seed = 5;
                r.fields = &queries[q];
                r.n_fields = 1;
                r.budget_tokens = budget;
                r.reserve_query_tokens = 64;
                r.count = count_characters;
                assert_int_equal(prompt_make(&r, &p[q], &err), 0);
                assert_true(!budget || p[q].n_tokens <= budget);
            }
            assert_int_equal(p[0].k_used, p[1].k_used);
            assert_true(budget ? p[0].k_used < 50 && p[0].k_used > 5 : p[0].k_used == 50);
            assert_int_equal(p[0].n_parts, p[1].n_parts);
            size_t last = p[0].n_parts - 1, n = p[0].parts[last].begin;
            assert_memory_equal(p[0].parts, p[1].parts, last * sizeof p[0].parts[0]);
            assert_int_equal(n, p[1].parts[last].begin);
            assert_memory_equal(p[0].text.data, p[1].text.data, n);
            prompt_free(&p[0]);
            prompt_free(&p[1]);
        }
    }
    template_free(t);
}

/* The draw is fixed for all time: these figures, from an implementation of Philox in another
 * language, must not change. */
static void test_random_draw(void **state)
{
    (void)state;
    struct template *t = many(10);
    struct prompt_request r = request(t);
    size_t out[10], other[10];
    static const size_t expected[] = {0, 4, 3, 5};
    r.select = SELECT_RANDOM;
    r.k = 4;
    r.seed = 1;
    assert_int_equal(prompt_select(&r, out), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(out[i], expected[i]);
    /* leaving one out moves the rest up */
    r.except = out[1];
    assert_int_equal(prompt_select(&r, other), 4);
    assert_int_equal(other[0], out[0]);
    assert_int_equal(other[1], out[2]);
    assert_int_equal(other[2], out[3]);
    r.except = SIZE_MAX;
    r.k = SHOTS_FIT; /* a smaller draw begins a larger one */
    assert_int_equal(prompt_select(&r, other), 10);
    assert_memory_equal(out, other, 4 * sizeof out[0]);
    bool seen[10] = {false};
    for (size_t i = 0; i < 10; i++)
        seen[other[i]] = true;
    for (size_t i = 0; i < 10; i++)
        assert_true(seen[i]);
    template_free(t);
}

/* Whatever the template: what is made holds the chosen examples and fits, and one more would not.
 */
static void test_random_requests(void **state)
{
    (void)state;
    struct random rnd = {42};
    for (int i = 0; i < 2000; i++) {
        struct template *t = random_template(&rnd, 8);
        struct template_field fields[ARRAY_LEN(random_names)];
        struct prompt_request r;
        struct prompt p, q;
        struct err err = ERR_INIT;
        prompt_request_init(&r, t);
        for (size_t k = 0; k < ARRAY_LEN(fields); k++)
            fields[k] = (struct template_field){(char *)random_names[k], random_value(&rnd, 4)};
        r.fields = fields;
        r.n_fields = ARRAY_LEN(fields);
        r.seed = random_next(&rnd);
        r.count = count_characters;
        if (random_below(&rnd, 2))
            r.budget_tokens = 1 + (int)random_below(&rnd, 300);
        if (prompt_make(&r, &p, &err) == 0) {
            size_t chosen[8];
            assert_true(!r.budget_tokens || p.n_tokens <= r.budget_tokens);
            int all = p.k_asked < 0 ? (int)t->n_examples : p.k_asked;
            assert_true(p.k_used <= all);
            struct prompt_request fewer = r; /* as if so many had been asked for */
            fewer.k = p.k_used;
            assert_int_equal(prompt_select(&fewer, chosen), p.k_used);
            size_t first = p.parts[0].kind == PROMPT_INSTRUCTION;
            for (int k = 0; k < p.k_used; k++) {
                assert_int_equal(p.parts[first + (size_t)k].example, chosen[k]);
                assert_false(t->examples[chosen[k]].off);
            }
            fewer.budget_tokens = 0;
            assert_int_equal(prompt_make(&fewer, &q, &err), 0);
            assert_string_equal(str_cstr(&q.text), str_cstr(&p.text));
            assert_int_equal(q.n_tokens, p.n_tokens);
            prompt_free(&q);
            fewer.k = p.k_used + 1;
            assert_int_equal(prompt_make(&fewer, &q, &err), 0);
            if (p.k_used < p.k_asked)
                assert_true(q.n_tokens > r.budget_tokens);
            prompt_free(&q);
            struct bm25 *similar = prompt_similar_new(t); /* changes nothing but the time */
            r.similar = similar;
            assert_int_equal(prompt_make(&r, &q, &err), 0);
            assert_string_equal(str_cstr(&q.text), str_cstr(&p.text));
            prompt_free(&q);
            bm25_free(similar);
            prompt_free(&p);
        } else if (!r.budget_tokens) {
            fail_msg("%s", err.msg);
        }
        for (size_t k = 0; k < ARRAY_LEN(fields); k++)
            free(fields[k].value);
        template_free(t);
    }
}

static void test_query_vars(void **state)
{
    (void)state;
    struct template *t = parse("xuxie template 1\nname: x\n== example format\n"
                               "{{b}} {{ a }} {{b}} \\{{c}} {{output}} {{d}}\n");
    const char **names;
    assert_int_equal(template_query_vars(t, &names), 2);
    assert_string_equal(names[0], "b");
    assert_string_equal(names[1], "a");
    free(names);
    t->query_format = x_strdup("{{e}}");
    assert_int_equal(template_query_vars(t, &names), 1);
    assert_string_equal(names[0], "e");
    free(names);
    template_free(t);
}

static void test_moving(void **state)
{
    (void)state;
    struct template *t = many(4);
    template_move_example(t, 0, 2);
    assert_string_equal(t->examples[0].output, "8");
    assert_string_equal(t->examples[2].output, "0");
    template_move_example(t, 3, 0);
    assert_string_equal(t->examples[0].output, "30");
    assert_string_equal(t->examples[3].output, "0");
    template_remove_example(t, 3);
    assert_int_equal(t->n_examples, 3);
    assert_string_equal(t->examples[2].output, "18");
    template_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shots),       cmocka_unit_test(test_parts),
        cmocka_unit_test(test_budget),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_expand),      cmocka_unit_test(test_stable_prefix),
        cmocka_unit_test(test_random_draw), cmocka_unit_test(test_random_requests),
        cmocka_unit_test(test_query_vars),  cmocka_unit_test(test_moving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
