/* test_template_text.c - the text form: what is printed is read back as it was, what is read is
 * printed as it was; and everything wrong is told with its line. */
#include "config.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/template_text.h"
#include "src/textfile.h"
#include "tests/unit/template_random.h"

static struct template *parse(const char *text)
{
    struct template *t = NULL;
    struct err err = ERR_INIT;
    if (template_parse("t.txt", text, strlen(text), &t, &err) != 0)
        fail_msg("%s", err.msg);
    return t;
}

static void refused_bytes(const char *text, size_t n, const char *message)
{
    struct template *t = NULL;
    struct err err = ERR_INIT;
    if (template_parse("t.txt", text, n, &t, &err) == 0) {
        template_free(t);
        fail_msg("taken, but should be: %s", message);
    }
    assert_int_equal(err.code, E_INPUT);
    assert_null(t);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
}

static void refused(const char *text, const char *message)
{
    refused_bytes(text, strlen(text), message);
}

static void same_example(const struct template_example *a, const struct template_example *b)
{
    assert_int_equal(a->n_fields, b->n_fields);
    for (size_t i = 0; i < a->n_fields; i++) {
        assert_string_equal(a->fields[i].name, b->fields[i].name);
        assert_string_equal(a->fields[i].value, b->fields[i].value);
    }
    assert_int_equal(a->n_tags, b->n_tags);
    for (size_t i = 0; i < a->n_tags; i++)
        assert_string_equal(a->tags[i], b->tags[i]);
    assert_string_equal(a->output, b->output);
    assert_string_equal(a->note, b->note);
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->off, b->off);
}

static void same_or_null(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void same(const struct template *a, const struct template *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->about, b->about);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->k, b->k);
    assert_int_equal(a->select, b->select);
    same_or_null(a->select_tag, b->select_tag);
    assert_string_equal(a->instruction, b->instruction);
    assert_string_equal(a->example_format, b->example_format);
    same_or_null(a->query_format, b->query_format);
    assert_string_equal(a->separator, b->separator);
    assert_int_equal(a->n_stops, b->n_stops);
    for (size_t i = 0; i < a->n_stops; i++)
        assert_string_equal(a->stops[i], b->stops[i]);
    assert_int_equal(a->n_settings, b->n_settings);
    for (size_t i = 0; i < a->n_settings; i++) {
        assert_string_equal(a->settings[i].name, b->settings[i].name);
        assert_string_equal(a->settings[i].value, b->settings[i].value);
    }
    assert_int_equal(a->n_vars, b->n_vars);
    for (size_t i = 0; i < a->n_vars; i++) {
        assert_string_equal(a->vars[i].name, b->vars[i].name);
        same_or_null(a->vars[i].def, b->vars[i].def);
    }
    assert_int_equal(a->n_examples, b->n_examples);
    for (size_t i = 0; i < a->n_examples; i++)
        same_example(&a->examples[i], &b->examples[i]);
}

/* ---- properties ------------------------------------------------------------------------------ */

static void test_random_templates(void **state)
{
    (void)state;
    struct random r = {20261128};
    for (int i = 0; i < 3000; i++) {
        struct template *t = random_template(&r, 4), *copy = template_copy(t);
        struct str text = STR_INIT, again = STR_INIT;
        struct err err = ERR_INIT;
        if (template_check(t, "random", &err) != 0)
            fail_msg("%s", err.msg);
        same(t, copy);
        template_print(t, &text);
        struct template *read = parse(str_cstr(&text));
        same(t, read);
        template_print(read, &again);
        assert_string_equal(str_cstr(&text), str_cstr(&again));
        template_free(t);
        template_free(copy);
        template_free(read);
        str_free(&text);
        str_free(&again);
    }
}

/* What the store keeps is enough: the head and the examples one by one. */
static void test_parts(void **state)
{
    (void)state;
    struct random r = {7};
    for (int i = 0; i < 500; i++) {
        struct template *t = random_template(&r, 4);
        struct str head = STR_INIT;
        struct err err = ERR_INIT;
        template_print_head(t, &head);
        struct template *read = parse(str_cstr(&head));
        assert_int_equal(read->n_examples, 0);
        for (size_t k = 0; k < t->n_examples; k++) {
            struct str one = STR_INIT, again = STR_INIT;
            struct template_example e;
            template_print_example(&t->examples[k], &one);
            assert_int_equal(template_parse_example("e", one.data, one.len, &e, &err), 0);
            template_print_example(&e, &again);
            assert_string_equal(str_cstr(&one), str_cstr(&again));
            template_add_example(read, &e);
            str_free(&one);
            str_free(&again);
        }
        same(t, read);
        template_free(t);
        template_free(read);
        str_free(&head);
    }
}

/* A template with a byte changed is read or refused, with its line, and what is read prints. */
static void test_damaged(void **state)
{
    (void)state;
    struct random r = {99};
    for (int i = 0; i < 3000; i++) {
        struct template *t = random_template(&r, 2), *read = NULL;
        struct str text = STR_INIT, printed = STR_INIT, again = STR_INIT;
        struct err err = ERR_INIT;
        template_print(t, &text);
        for (size_t n = 1 + random_below(&r, 3); n > 0; n--)
            text.data[random_below(&r, text.len)] = (char)random_below(&r, 256);
        if (template_parse("t.txt", text.data, text.len, &read, &err) == 0) {
            assert_int_equal(template_check(read, "t", &err), 0);
            template_print(read, &printed);
            struct template *second = parse(str_cstr(&printed));
            same(read, second);
            template_print(second, &again);
            assert_string_equal(str_cstr(&printed), str_cstr(&again));
            template_free(second);
            template_free(read);
        } else {
            unsigned long line;
            assert_int_equal(sscanf(err.msg, "t.txt: line %lu: ", &line), 1);
        }
        template_free(t);
        str_free(&text);
        str_free(&printed);
        str_free(&again);
    }
}

/* ---- a file as people write it --------------------------------------------------------------- */

static const char written[] = "\xEF\xBB\xBFxuxie template 1\n"
                              "name: 写诗\n"
                              "about:一联起句，续成一首  \n"
                              "mode: few\n"
                              "k: 8\n"
                              "select: tag \"两 字\"\n"
                              "separator: \"\\n\"\n"
                              "stop: \"\\n\\n\"\n"
                              "set: preset = story\n"
                              "var: 题目 = 春\n"
                              "var: 体\n"
                              "\n"
                              "== instruction\n"
                              "-- 写诗 --\n"
                              "\\== 好 ==\n"
                              "\n"
                              "== example format\n"
                              "题：{{题目}}\n"
                              "{{输出}}\n"
                              "== query format\n"
                              "题：{{题目}}\n"
                              "\n"
                              "\n"
                              "== example #春 #\"两 字\" off\n"
                              "note: 记\n"
                              "\n"
                              "-- 题目\n"
                              "雪\n"
                              "\n"
                              "-- 输出\n"
                              "白\n"
                              "\\-- 雪\n"
                              "\n"
                              "== example\n"
                              "-- output\n"
                              "无题";

static void test_written(void **state)
{
    (void)state;
    struct template *t = parse(written);
    assert_string_equal(t->name, "写诗");
    assert_string_equal(t->about, "一联起句，续成一首");
    assert_int_equal(t->k, 8);
    assert_int_equal(t->select, SELECT_TAG);
    assert_string_equal(t->select_tag, "两 字");
    assert_string_equal(t->separator, "\n");
    assert_string_equal(t->stops[0], "\n\n");
    assert_string_equal(t->vars[0].def, "春");
    assert_null(t->vars[1].def);
    assert_string_equal(t->instruction, "-- 写诗 --\n== 好 ==");
    assert_string_equal(t->example_format, "题：{{题目}}\n{{输出}}");
    assert_string_equal(t->query_format,
                        "题：{{题目}}\n"); /* one of two empty lines is the text's */
    assert_int_equal(t->n_examples, 2);
    const struct template_example *e = &t->examples[0];
    assert_true(e->off);
    assert_int_equal(e->n_tags, 2);
    assert_string_equal(e->tags[1], "两 字");
    assert_string_equal(e->note, "记");
    assert_string_equal(e->fields[0].value, "雪");
    assert_string_equal(e->output, "白\n-- 雪");
    assert_string_equal(t->examples[1].output, "无题");
    template_free(t);
}

/* Keys that are not given have the values of template_new. */
static void test_defaults(void **state)
{
    (void)state;
    struct template *t = parse("xuxie template 1\nname: x\n== query format\n"), *fresh;
    fresh = template_new("x");
    fresh->query_format = x_strdup("");
    same(t, fresh);
    template_free(t);
    template_free(fresh);
}

/* ---- refused --------------------------------------------------------------------------------- */

#define HEAD  "xuxie template 1\nname: x\n"
#define WHOLE HEAD "== example format\n{{a}}{{output}}\n"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.txt: line 1: not a template"},
        {"hello\n", "t.txt: line 1: not a template"},
        {"xuxie template 2\n", "t.txt: line 1: this template is of a format"},
        {"xuxie template 1\r\nname: x\r\n", "t.txt: line 1: lines end in CR LF"},
        {"xuxie template 1\n== query format\n", "t.txt: line 2: the name is missing"},
        {"xuxie template 1\nname: \n== query format\n", "line 2: \"\" cannot name a template"},
        {HEAD "colour: red\n", "line 3: \"colour\" is not understood"},
        {HEAD "plain text\n", "line 3: \"plain text\" is not understood"},
        {HEAD "name: y\n", "line 3: name is given twice"},
        {HEAD "k: 0\n", "line 3: k: allowed is"},
        {HEAD "k: 8x\n", "line 3: k: allowed is"},
        {HEAD "k: 999999999999999999999\n", "line 3: k: allowed is"},
        {HEAD "k: -1\n", "line 3: k: allowed is"},
        {HEAD "mode: many\n", "line 3: mode: allowed is"},
        {HEAD "select: last\n", "line 3: select: allowed is"},
        {HEAD "select: tag\n", "line 3: select: allowed is"},
        {HEAD "separator: x\n", "line 3: separator: write the text in quotes"},
        {HEAD "separator: \"x\n", "line 3: what begins with a quote"},
        {HEAD "separator: \"\\u0000\"\n", "line 3: what begins with a quote"},
        {HEAD "stop: \"\"\n", "line 3: stop: a text to stop at"},
        {HEAD "set: temp\n", "line 3: set: write"},
        {HEAD "set: temp = 9\n", "line 3: set: temp: 9 is out of range"},
        {HEAD "set: model = x\n", "line 3: set: \"model\" is not a setting"},
        {HEAD "set: stop = x\n", "line 3: set: texts to stop at have lines of their own"},
        {HEAD "set: top-p = 1\nset: top_p = 1\n", "line 4: set: top_p is set twice"},
        {HEAD "var: output = 1\n", "line 3: \"output\" is the answer"},
        {HEAD "var: {x}\n", "line 3: \"{x}\" cannot name a variable"},
        {HEAD "var: a\nvar: a\n", "line 4: the variable a is declared twice"},
        {HEAD "about: a\tb\n", "line 3: a control character (0x09)"},
        {HEAD "== poem\n", "line 3: \"== poem\" is no heading"},
        {HEAD "==\n", "line 3: \"==\" is no heading"},
        {HEAD "== query format\n== instruction\n", "line 4: \"== instruction\" is out of place"},
        {HEAD "== query format\n== query format\n", "line 4: \"== query format\" is out of place"},
        {WHOLE "== example\n-- a\n\n-- output\n== instruction\n",
         "line 9: \"== instruction\" is out"},
        {HEAD "== query format\n{{a\n", "line 3: \"{{a\" is not closed"},
        {HEAD "== query format\n{{a{{b}}\n", "line 3: \"{{a{{b}}\" is no name"},
        {HEAD "== query format\n{{}}\n", "line 3: \"{{}}\" is no name"},
        {HEAD "== query format\n{{output}} x\n", "line 3: goes on behind {{output}}"},
        {HEAD, "t.txt: line 1: there is no query format"},
        {HEAD "== example format\n{{a}}\n", "line 3: there is no query format"},
        {HEAD "== instruction\n{{a}}\n== query format\n{{a}}\n",
         "line 5: the instruction says {{a}}"},
        {HEAD "== query format\nq\n== example\n-- output\n", "line 5: there are examples, but"},
        {WHOLE "== example\n-- output\n1\n", "line 5: the field a is missing"},
        {WHOLE "== example\n-- a\n1\n", "line 5: the example has no answer"},
        {WHOLE "== example\n-- a\n-- a\n-- output\n", "line 7: the field a is there twice"},
        {WHOLE "== example\n-- output\n-- 输出\n", "line 7: the field 输出 is there twice"},
        {WHOLE "== example\n--\n", "line 6: a field begins with \"-- NAME\""},
        {WHOLE "== example\n---\n", "line 6: a field begins with \"-- NAME\""},
        {WHOLE "== example\ntext\n", "line 6: \"text\" is not understood"},
        {WHOLE "== example\nnote: a\nnote: b\n", "line 7: the example has two of these lines"},
        {WHOLE "== example red\n", "line 5: \"red\": behind \"== example\" stand"},
        {WHOLE "== example #\n", "line 5: a tag has"},
        {WHOLE "== example #\"a\n", "line 5: what begins with a quote"},
        {WHOLE "== example off off\n", "line 5: \"off\": behind"},
        {HEAD "about: \x80\n", "t.txt: line 3: byte 0x80 is not valid UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        refused(cases[i].text, cases[i].message);
    refused_bytes(HEAD "a\0b\n", sizeof HEAD + 3, "t.txt: line 3: a NUL byte");
    refused_bytes(HEAD "a\0\x80\n", sizeof HEAD + 3, "t.txt: line 3: a NUL byte");
    static const char utf16[] = "\xFF\xFEx\0u\0x\0";
    refused_bytes(utf16, sizeof utf16, "t.txt: line 1: this is UTF-16");
}

static void test_example_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "e: line 1: not an example"},
        {"== example format\n", "e: line 1: not an example"},
        {"== example\n", "e: line 1: the example has no answer"},
        {"== example\n-- output\n== example\n-- output\n", "e: line 3: something follows"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct template_example e;
        struct err err = ERR_INIT;
        assert_int_equal(
            template_parse_example("e", cases[i].text, strlen(cases[i].text), &e, &err), E_INPUT);
        assert_non_null(strstr(err.msg, cases[i].message));
    }
}

/* Long and deep files take time in proportion, and have limits. */
static void test_large(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    str_puts(&text, WHOLE);
    for (int i = 0; i < 20000; i++)
        str_printf(&text, "== example #t%d\n-- a\n%d\n-- output\n%d\n", i, i, i);
    struct template *t = parse(str_cstr(&text));
    assert_int_equal(t->n_examples, 20000);
    assert_string_equal(t->examples[19999].output, "19999");
    template_free(t);
    str_clear(&text);
    str_puts(&text, WHOLE "== example\n");
    for (int i = 0; i < 300; i++)
        str_printf(&text, "-- f%d\n", i);
    refused(str_cstr(&text), "line 262: more than 256 fields");
    str_clear(&text);
    str_puts(&text, HEAD "== query format\n");
    for (int i = 0; i < 300; i++)
        str_printf(&text, "{{f%d}}", i);
    refused(str_cstr(&text), "line 3: has 256 variables or more");
    str_clear(&text);
    str_puts(&text, HEAD "== query format\n");
    for (int i = 0; i < 1 << 21; i++)
        str_putc(&text, 'x');
    refused(str_cstr(&text), "line 3: longer than 1048576 bytes");
    str_free(&text);
}

/* The templates that come with the program are consistent, and none has an end that is no end. */
static void test_builtin(void **state)
{
    (void)state;
    char pattern[4096];
    glob_t files;
    const char *top = getenv("top_srcdir");
    snprintf(pattern, sizeof pattern, "%s/data/templates/*.txt", top ? top : ".");
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct str text = STR_INIT;
        struct err err = ERR_INIT;
        struct template *t = NULL;
        if (textfile_read(files.gl_pathv[i], 0, 1 << 20, &text, &err) != 0 ||
            template_parse(files.gl_pathv[i], text.data, text.len, &t, &err) != 0)
            fail_msg("%s", err.msg);
        const char *query = t->query_format ? t->query_format : "no end";
        assert_true(query[0] && query[strlen(query) - 1] != '\n');
        for (size_t k = 0; k < t->n_examples; k++) {
            size_t n = strlen(t->examples[k].output);
            assert_true(n > 0 && t->examples[k].output[n - 1] != '\n');
        }
        template_free(t);
        str_free(&text);
    }
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_templates), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_damaged),          cmocka_unit_test(test_written),
        cmocka_unit_test(test_defaults),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_example_refused),  cmocka_unit_test(test_large),
        cmocka_unit_test(test_builtin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
