/* test_example_io.c - examples from and to JSONL and CSV: nothing lost on the way there and back,
 * and whatever is wrong is told with file and line. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/csv_read.h"
#include "src/csv_write.h"
#include "src/example_io.h"
#include "src/template_text.h"
#include "tests/unit/template_random.h"

typedef int parse_fn(const char *file, const char *text, size_t n, const struct example_import *how,
                     struct example_set *out, struct err *err);

static struct template *poem(void)
{
    static const char text[] =
        "xuxie template 1\nname: 诗\n== example format\n{{题目}}\n{{output}}\n";
    struct template *t = NULL;
    struct err err = ERR_INIT;
    if (template_parse("t", text, sizeof text - 1, &t, &err) != 0)
        fail_msg("%s", err.msg);
    return t;
}

/* ---- there and back -------------------------------------------------------------------------- */

static void same_value(const struct template_example *a, const struct template_example *b,
                       const char *name)
{
    const char *x = template_example_value(a, name), *y = template_example_value(b, name);
    if (x || y)
        assert_string_equal(x ? x : "", y ? y : "");
}

static void same(const struct template_example *a, const struct template_example *b)
{
    for (size_t i = 0; i < ARRAY_LEN(random_names); i++)
        same_value(a, b, random_names[i]);
    assert_string_equal(a->output, b->output);
    assert_string_equal(a->note, b->note);
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->off, b->off);
    assert_int_equal(a->n_tags, b->n_tags);
    for (size_t i = 0; i < a->n_tags; i++)
        assert_string_equal(a->tags[i], b->tags[i]);
}

static void there_and_back(const struct template *t, parse_fn *parse, const char *text, size_t n,
                           bool raw)
{
    struct example_import how = {.template = t, .raw = raw};
    struct example_set set;
    struct err err = ERR_INIT;
    if (parse("f", text, n, &how, &set, &err) != 0)
        fail_msg("%s\n%s", err.msg, text);
    assert_int_equal(set.n, t->n_examples);
    assert_int_equal(set.n_left_out, 0);
    for (size_t i = 0; i < set.n; i++)
        same(&t->examples[i], &set.items[i]);
    example_set_free(&set);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct random r = {404};
    for (int i = 0; i < 1500; i++) {
        struct template *t = random_template(&r, 5);
        struct str jsonl = STR_INIT, csv = STR_INIT, raw = STR_INIT;
        struct err err = ERR_INIT;
        examples_print_jsonl(t, &jsonl);
        there_and_back(t, examples_parse_jsonl, str_cstr(&jsonl), jsonl.len, false);
        assert_int_equal(examples_print_csv(t, false, &csv, &err), 0);
        there_and_back(t, examples_parse_csv, str_cstr(&csv), csv.len, false);
        assert_int_equal(examples_print_csv(t, true, &raw, &err), 0);
        there_and_back(t, examples_parse_csv, str_cstr(&raw), raw.len, true);
        str_free(&jsonl);
        str_free(&csv);
        str_free(&raw);
        template_free(t);
    }
}

/* ---- CSV by itself --------------------------------------------------------------------------- */

static void test_cells(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF"
                               "a,\"b\"\"c\",\r\n\n\r\n\"x\r\ny\"\n,\n\"\"\nlast";
    static const char *const rows[][3] = {{"a", "b\"c", ""}, {"x\r\ny"}, {"", ""}, {""}, {"last"}};
    static const size_t lengths[] = {3, 1, 2, 1, 1}, lines[] = {1, 4, 6, 7, 8};
    struct csv c;
    struct err err = ERR_INIT;
    char *cells[3];
    size_t n;
    csv_init(&c, "f", text, sizeof text - 1, true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(csv_next(&c, cells, 3, &n, &err), 1);
        assert_int_equal(n, lengths[i]);
        assert_int_equal(c.row, lines[i]);
        for (size_t k = 0; k < n; k++) {
            assert_string_equal(cells[k], rows[i][k]);
            free(cells[k]);
        }
    }
    assert_int_equal(csv_next(&c, cells, 3, &n, &err), 0);
}

static void test_guard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *guarded;
    } cases[] = {
        {"=1+1", "\"'=1+1\""}, {"+1", "\"'+1\""},   {"-1", "\"'-1\""},
        {"@x", "\"'@x\""},     {"'=1", "\"''=1\""}, {"''-", "\"'''-\""},
        {"'x", "\"'x\""},      {"x=1", "\"x=1\""},  {"", "\"\""},
        {"'", "\"'\""},        {"＝x", "\"'＝x\""}, {"'＠", "\"''＠\""},
        {"\tx", "\"'\tx\""},   {"\rx", "\"'\rx\""}, {"=\"a\"", "\"'=\"\"a\"\"\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str out = STR_INIT;
        struct csv c;
        char *cell;
        size_t n;
        csv_text(&out, cases[i].text, strlen(cases[i].text), false);
        assert_string_equal(str_cstr(&out), cases[i].guarded);
        csv_init(&c, "f", out.data, out.len, true);
        assert_int_equal(csv_next(&c, &cell, 1, &n, NULL), 1);
        assert_string_equal(cell, cases[i].text);
        free(cell);
        str_free(&out);
    }
}

/* ---- what columns mean ----------------------------------------------------------------------- */

static void taken(parse_fn *parse, const char *template, const char *text, const char *map,
                  const char *expected)
{
    struct template *t = NULL;
    struct err err = ERR_INIT;
    char *items[4], *copy = x_strdup(map);
    struct text_list list = {items, 0};
    if (template_parse("t", template, strlen(template), &t, &err) != 0)
        fail_msg("%s", err.msg);
    for (char *save, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        items[list.n++] = w;
    struct example_import how = {.template = t, .map = list.n ? &list : NULL};
    struct example_set set;
    if (parse("dir/f.x", text, strlen(text), &how, &set, &err) != 0)
        fail_msg("%s", err.msg);
    struct str out = STR_INIT;
    for (size_t i = 0; i < set.n; i++)
        template_print_example(&set.items[i], &out);
    for (size_t i = 0; i < set.n_left_out; i++)
        str_printf(&out, "left out: %s\n", set.left_out[i]);
    assert_string_equal(str_cstr(&out), expected);
    str_free(&out);
    free(copy);
    example_set_free(&set);
    template_free(t);
}

#define POEM  "xuxie template 1\nname: 诗\n== example format\n{{题目}}\n{{output}}\n"
#define PAIR  "xuxie template 1\nname: 对\n== example format\n{{上联}}\n{{output}}\n"
#define TRANS "xuxie template 1\nname: 译\n== example format\n{{source}}\n{{output}}\n"

static void test_columns(void **state)
{
    (void)state;
    parse_fn *const json = examples_parse_jsonl, *const csv = examples_parse_csv;
    taken(json, POEM,
          "{\"题目\": \"雪\", \"输出\": \"白\", \"tags\": [\"冬\", \"两 字\"], \"off\": true, "
          "\"note\": \"记\", \"source\": \"集\"}\n",
          "", "== example #冬 #\"两 字\" off\nnote: 记\nsource: 集\n-- 题目\n雪\n-- output\n白\n");
    taken(json, POEM, "\xEF\xBB\xBF{\"input\": \"雪\", \"output\": \"白\"}\r\n\r\n", "",
          "== example\nsource: f.x:1\n-- 题目\n雪\n-- output\n白\n");
    taken(json, POEM, "{\"题目\": 12, \"output\": 0.1, \"x\": true, \"y\": null, \"z\": [1]}", "",
          "== example\nsource: f.x:1\n-- 题目\n12\n-- x\ntrue\n-- output\n0.1\nleft out: z\n");
    taken(json, PAIR,
          "\n{\"upper\": \"山\", \"lower\": \"水\", \"author\": \"某\", \"note\": \"n\"}",
          "上联=upper output=lower",
          "== example\nnote: n\nsource: f.x:2\n-- 上联\n山\n-- output\n水\nleft out: author\n");
    taken(json, TRANS, "{\"source\": \"snow\", \"output\": \"雪\"}", "",
          "== example\nsource: f.x:1\n-- source\nsnow\n-- output\n雪\n");
    taken(json, TRANS, "{\"source\": \"snow\", \"output\": \"雪\", \"@source\": \"dict\"}", "",
          "== example\nsource: dict\n-- source\nsnow\n-- output\n雪\n");
    taken(csv, POEM,
          "题目,output,tags,off,extra\n雪,白,\"冬 #\"\"两 字\"\"\",yes,\n月,\"明\n月\",,,e\n", "",
          "== example #冬 #\"两 字\" off\nsource: f.x:2\n-- 题目\n雪\n-- output\n白\n"
          "== example\nsource: f.x:3\n-- 题目\n月\n-- extra\ne\n-- output\n明\n月\n");
    taken(csv, PAIR, "upper,lower,title\n山,水,t\n", "上联=upper output=lower",
          "== example\nsource: f.x:2\n-- 上联\n山\n-- output\n水\nleft out: title\n");
    taken(csv, POEM, "题目,output\n'=1,''=2\n,\n", "",
          "== example\nsource: f.x:2\n-- 题目\n=1\n-- output\n'=2\n"
          "== example\nsource: f.x:3\n-- 题目\n-- output\n");
}

/* ---- refused --------------------------------------------------------------------------------- */

static void refused(parse_fn *parse, const char *text, size_t n, const char *message)
{
    struct template *t = poem();
    struct example_import how = {.template = t};
    struct example_set set = {0};
    struct err err = ERR_INIT;
    int rc = parse("f.x", text, n, &how, &set, &err);
    if (rc == 0) {
        example_set_free(&set);
        fail_msg("taken, but should be: %s", message);
    }
    assert_int_equal(rc, err.code);
    assert_null(set.items);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    template_free(t);
}

static void test_refused_jsonl(void **state)
{
    (void)state;
    static const char good[] = "{\"题目\": \"雪\", \"output\": \"白\"}\n";
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"{\"题目\": \"雪\"", "f.x: line 2: not JSON at byte"},
        {"[1]", "f.x: line 2: not a JSON object"},
        {"\"x\"", "f.x: line 2: not JSON"},
        {"{\"题目\": \"雪\"}", "f.x: line 2: there is no \"output\"; when it is called otherwise"},
        {"{\"output\": \"白\"}", "f.x: line 2: the field 题目 is missing"},
        {"{\"题目\": \"a\", \"题目\": \"b\", \"output\": \"c\"}", "f.x: line 2: not JSON at byte"},
        {"{\"output\": \"a\", \"输出\": \"b\"}", "f.x: line 2: two columns give \"output\""},
        {"{\"题目\": \"a\", \"input\": \"b\", \"output\": \"c\"}", "two columns give \"题目\""},
        {"{\"题目\": \"\\u0000\", \"output\": \"c\"}", "f.x: line 2: \"题目\" holds a NUL"},
        {"{\"题目\": \"\\ud800\", \"output\": \"c\"}", "f.x: line 2: not JSON"},
        {"{\"题目\": \"\xC4\xE3\", \"output\": \"c\"}", "f.x: line 2: not JSON"},
        {"{\"题目\": [1], \"output\": \"c\"}", "f.x: line 2: the field 题目 is missing"},
        {"{\"题目\": \"a\", \"output\": {}}", "f.x: line 2: \"output\" is a list or an object"},
        {"{\"题目\": \"a\", \"output\": \"c\", \"tags\": [1]}", "\"tags\" must be a list of texts"},
        {"{\"题目\": \"a\", \"output\": \"c\", \"tags\": [\"\"]}", "a tag has 1 to 200 bytes"},
        {"{\"题目\": \"a\", \"output\": \"c\", \"off\": 7}", "f.x: line 2: off: \"7\" is neither"},
        {"{\"题目\": \"a\", \"output\": \"c\", \"a=b\": \"x\"}", "\"a=b\" cannot name a variable"},
        {"{\"题目\": \"a\", \"output\": \"c\", \"n\": 1e999}", "f.x: line 2: not JSON"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str text = STR_INIT;
        str_printf(&text, "%s%s\n", good, cases[i].line);
        refused(examples_parse_jsonl, text.data, text.len, cases[i].message);
        str_free(&text);
    }
    struct str text = STR_INIT;
    str_puts(&text, "{\"题目\": ");
    for (int i = 0; i < 100000; i++)
        str_putc(&text, '[');
    refused(examples_parse_jsonl, text.data, text.len, "f.x: line 1: nested deeper than 64");
    str_clear(&text);
    str_puts(&text, "{\"题目\": \"a\", \"output\": \"b\", \"n\": ");
    for (int i = 0; i < 100000; i++)
        str_putc(&text, '9');
    str_puts(&text, "}");
    refused(examples_parse_jsonl, text.data, text.len, "f.x: line 1: not JSON");
    str_clear(&text);
    str_puts(&text, "{\"题目\": \"a\", \"output\": \"");
    for (int i = 0; i < 10000000; i++)
        str_putc(&text, 'x');
    str_puts(&text, "\"}");
    refused(examples_parse_jsonl, text.data, text.len,
            "line 1: a text of an example is longer than");
    str_free(&text);
    refused(examples_parse_jsonl, "\xFF\xFE{\0}\0", 6, "f.x: line 1: this is UTF-16");
    refused(examples_parse_jsonl, "\n{\0}", 4, "f.x: line 2: not JSON");
}

static void test_refused_csv(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "f.x: line 1: a header with the names of columns is missing"},
        {"\n\n", "f.x: line 1: a header"},
        {"题目\n雪\n", "f.x: line 1: there is no column \"output\""},
        {"output\n白\n",
         "f.x: line 1: there is no column \"题目\"; when it is called otherwise, say"},
        {"题目,output,output\n", "f.x: line 1: two columns are called \"output\""},
        {"题目,output\n雪\n", "f.x: line 2: 1 cells, but the header has 2 columns"},
        {"题目,output\n雪,白,x\n", "f.x: line 2: 3 cells, but the header has 2 columns"},
        {"题目,output\n雪,\"白\n\n", "f.x: line 2: a quote is opened here and never closed"},
        {"题目,output\n雪,\"白\"x\n", "f.x: line 2: text behind a closing quote"},
        {"题目,output\n雪,\"白\n月\"x\n", "f.x: line 3: text behind a closing quote"},
        {"题目,output\n雪,白\"x\n", "f.x: line 2: a quote in the middle of a cell"},
        {"题目,output\n雪,白\rx\n", "f.x: line 2: a carriage return without a line feed"},
        {"题目,output\r雪,白\r", "f.x: line 1: a carriage return without a line feed"},
        {"题目,output\n雪,\xB0\xD7\n", "f.x: line 2: byte 0xB0 is not valid UTF-8"},
        {"题目;output\n雪;白\n", "f.x: line 1: there is no column \"output\""},
        {"题目,output,off\n雪,白,perhaps\n", "f.x: line 2: off: \"perhaps\" is neither"},
        {"题目,output,input\na,b,c\n", "f.x: line 2: two columns give \"题目\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        refused(examples_parse_csv, cases[i].text, strlen(cases[i].text), cases[i].message);
    refused(examples_parse_csv, "a\0b\n", 4, "f.x: line 1: a NUL byte");
    struct str text = STR_INIT;
    for (int i = 0; i < 300000; i++)
        str_puts(&text, i ? ",x" : "x");
    refused(examples_parse_csv, text.data, text.len, "f.x: line 1: more than 256 columns");
    str_clear(&text);
    str_puts(&text, "题目,output\n");
    for (int i = 0; i < 300000; i++)
        str_puts(&text, ",");
    refused(examples_parse_csv, text.data, text.len, "line 2: 300001 cells, but the header has 2");
    str_free(&text);
}

static void test_map_refused(void **state)
{
    (void)state;
    static const char *const maps[][2] = {
        {"题目", "is not of the form VARIABLE=COLUMN"},
        {"题目=", "is not of the form VARIABLE=COLUMN"},
        {"=x", "does not begin with the name of a variable"},
        {"{x}=x", "does not begin with the name of a variable"},
    };
    struct template *t = poem();
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        char *item = (char *)maps[i][0];
        struct text_list list = {&item, 1};
        struct example_import how = {.template = t, .map = &list};
        struct example_set set;
        struct err err = ERR_INIT;
        assert_int_equal(examples_parse_jsonl("f", "", 0, &how, &set, &err), E_USAGE);
        assert_non_null(strstr(err.msg, maps[i][1]));
    }
    char *twice[] = {(char *)"题目=a", (char *)"output=a"};
    struct text_list list = {twice, 2};
    struct example_import how = {.template = t, .map = &list};
    struct example_set set;
    struct err err = ERR_INIT;
    assert_int_equal(examples_parse_csv("f", "", 0, &how, &set, &err), E_USAGE);
    template_free(t);
}

/* ---- skipping -------------------------------------------------------------------------------- */

static void note_bad(void *ctx, const char *message)
{
    str_printf(ctx, "%s\n", message);
}

static void test_skip_bad(void **state)
{
    (void)state;
    static const char jsonl[] = "{\"题目\": \"a\", \"output\": \"1\"}\nbad\n"
                                "{\"题目\": \"b\"}\n{\"题目\": \"c\", \"output\": \"3\"}\n";
    static const char csv[] = "题目,output\na,1\nb\nc,3\n", open[] = "题目,output\na,1\n\"b\n";
    struct template *t = poem();
    struct str told = STR_INIT;
    struct example_import how = {.template = t, .skip_bad = true, .bad = note_bad, .ctx = &told};
    struct example_set set;
    struct err err = ERR_INIT;
    assert_int_equal(examples_parse_jsonl("f", jsonl, sizeof jsonl - 1, &how, &set, &err), 0);
    assert_int_equal(set.n, 2);
    assert_int_equal(set.n_bad, 2);
    assert_string_equal(set.items[1].output, "3");
    assert_non_null(strstr(told.data, "f: line 2: not JSON"));
    assert_non_null(strstr(told.data, "f: line 3: there is no \"output\""));
    example_set_free(&set);
    str_clear(&told);
    assert_int_equal(examples_parse_csv("f", csv, sizeof csv - 1, &how, &set, &err), 0);
    assert_int_equal(set.n, 2);
    assert_int_equal(set.n_bad, 1);
    assert_string_equal(told.data, "f: line 3: 1 cells, but the header has 2 columns\n");
    example_set_free(&set);
    /* what cannot be told apart into rows is refused all the same */
    assert_int_equal(examples_parse_csv("f", open, sizeof open - 1, &how, &set, &err), E_INPUT);
    str_free(&told);
    template_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_cells),
        cmocka_unit_test(test_guard),         cmocka_unit_test(test_columns),
        cmocka_unit_test(test_refused_jsonl), cmocka_unit_test(test_refused_csv),
        cmocka_unit_test(test_map_refused),   cmocka_unit_test(test_skip_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
