/* test_templates.c - the library: what comes with the program gets into the database and is kept up
 * to date there, but never over what the person changed or removed; finding by name and path. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/paths.h"
#include "src/template_text.h"
#include "src/templates.h"
#include "tests/unit/store_util.h"

static void write_file(const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", test_dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define HEAD(name, about)                                                                          \
    "xuxie template 1\nname: " name "\nabout: " about "\n== example format\n{{a}} {{output}}\n"
#define EXAMPLE "== example\n-- a\n1\n-- output\n2\n"

static int setup(void **state)
{
    char folder[300];
    if (make_test_dir(state) != 0)
        return -1;
    snprintf(folder, sizeof folder, "%s/templates", test_dir);
    mkdir(folder, 0700);
    setenv("XUXIE_DATADIR", test_dir, 1);
    write_file("templates/one.txt", HEAD("诗一", "first") EXAMPLE);
    write_file("templates/two.txt", HEAD("诗二", "second"));
    write_file("templates/README", "no template");
    return 0;
}

static struct store *open_store(unsigned flags)
{
    struct store *s;
    struct err err = ERR_INIT;
    assert_int_equal(paths_make_parent(db_path, &err), 0);
    if (store_open(db_path, flags, &s, &err) != 0 || templates_begin(s, &err) != 0)
        fail_msg("%s", err.msg);
    return s;
}

static void close_store(struct store *s)
{
    struct err err = ERR_INIT;
    assert_int_equal(store_close(s, &err), 0);
}

static struct library_template find(struct store *s, const char *what)
{
    struct library_template l;
    struct err err = ERR_INIT;
    if (templates_find(s, what, &l, &err) != 0)
        fail_msg("%s", err.msg);
    return l;
}

static void is(struct store *s, const char *what, const char *about, int64_t number, bool builtin)
{
    struct library_template l = find(s, what);
    assert_string_equal(l.t->about, about);
    assert_int_equal(l.number, number);
    assert_int_equal(l.builtin, builtin);
    library_template_free(&l);
}

static void is_none(struct store *s, const char *what, const char *message)
{
    struct library_template l;
    struct err err = ERR_INIT;
    assert_int_equal(templates_find(s, what, &l, &err), E_INPUT);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
}

static void test_builtin(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct store *s = open_store(STORE_CREATE);
    is(s, "诗一", "first", 1, true);
    is(s, "诗二", "second", 1, true);
    close_store(s);
    s = open_store(0); /* nothing new: no new versions */
    is(s, "诗一", "first", 1, true);
    write_file("templates/one.txt", HEAD("诗一", "better"));
    assert_int_equal(templates_begin(s, &err), 0);
    is(s, "诗一", "better", 2, true);

    struct library_template l = find(s, "诗一"); /* the person's version */
    assert_int_equal(l.t->n_examples, 0);
    free(l.t->about);
    l.t->about = x_strdup("mine");
    templates_put(s, l.t, false);
    library_template_free(&l);
    assert_int_equal(templates_flush(s, &err), 0);
    is(s, "诗一", "mine", 3, false);
    write_file("templates/one.txt", HEAD("诗一", "best"));
    assert_int_equal(templates_begin(s, &err), 0);
    is(s, "诗一", "mine", 3, false);
    assert_int_equal(templates_find_version(s, store_find_template(s, "诗一"), 1, &l, &err), 0);
    assert_string_equal(l.t->about, "first");
    assert_string_equal(l.t->examples[0].output, "2");
    library_template_free(&l);
    assert_int_equal(templates_find_version(s, store_find_template(s, "诗一"), 4, &l, &err),
                     E_INPUT);

    store_remove_template(s, store_find_template(s, "诗二")); /* it stays away */
    assert_int_equal(templates_flush(s, &err), 0);
    assert_int_equal(templates_begin(s, &err), 0);
    is_none(s, "诗二", "there is no template");
    close_store(s);
}

static void test_finding(void **state)
{
    (void)state;
    struct store *s = open_store(STORE_CREATE);
    char path[600], message[700];
    is_none(s, "诗", "\"诗\" may mean several templates: 诗一, 诗二");
    is_none(s, "", "there is no template");
    is_none(s, "词", "there is no template \"词\", nor a file");
    write_file("templates/three.txt", HEAD("诗", "exact"));
    struct err err = ERR_INIT;
    assert_int_equal(templates_begin(s, &err), 0);
    is(s, "诗", "exact", 1, true);
    write_file("own.txt", HEAD("own", "of a file") EXAMPLE);
    snprintf(path, sizeof path, "%s/own.txt", test_dir);
    struct library_template l = find(s, path);
    assert_string_equal(l.t->about, "of a file");
    assert_int_equal(l.version, 0);
    library_template_free(&l);
    write_file("bad.txt", "xuxie template 1\nname: x\nk: 0\n");
    snprintf(path, sizeof path, "%s/bad.txt", test_dir);
    snprintf(message, sizeof message, "%s: line 3: k: allowed is", path);
    is_none(s, path, message);
    close_store(s);
}

/* Without a database, or with one that cannot be written, what comes with the program is there. */
static void test_without_store(void **state)
{
    (void)state;
    is(NULL, "诗一", "first", 0, true);
    is_none(NULL, "诗", "may mean several templates");
    is_none(NULL, "词", "there is no template");
    write_file("templates/three.txt", HEAD("诗", "exact"));
    is(NULL, "诗", "exact", 0, true);
    struct err err = ERR_INIT;
    assert_int_equal(templates_begin(NULL, &err), 0);
    assert_int_equal(templates_flush(NULL, &err), 0);
    struct store *s;
    assert_int_equal(paths_make_parent(db_path, &err), 0);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), 0); /* an empty one */
    close_store(s);
    assert_int_equal(store_open(db_path, STORE_READ_ONLY, &s, &err), 0);
    assert_int_equal(templates_begin(s, &err), 0);
    is(s, "诗一", "first", 0, true);
    store_close(s, &err);
}

/* A name with what SQL or paths mean something by; a template of many examples. */
static void test_odd(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct store *s = open_store(STORE_CREATE);
    static const char text[] = HEAD("a'b\"/../%_", "odd");
    struct template *t;
    assert_int_equal(template_parse("t", text, sizeof text - 1, &t, &err), 0);
    for (int i = 0; i < 3000; i++) {
        struct template_example e = {.fields = x_calloc(1, sizeof e.fields[0]), .n_fields = 1};
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        e.fields[0] = (struct template_field){x_strdup("a"), x_strdup(number)};
        template_add_example(t, &e);
    }
    templates_put(s, t, false);
    assert_int_equal(templates_flush(s, &err), 0);
    struct library_template l = find(s, "a'b");
    assert_string_equal(l.t->name, "a'b\"/../%_");
    assert_int_equal(l.t->n_examples, 3000);
    assert_string_equal(l.t->examples[2999].fields[0].value, "2999");
    store_rename_template(s, l.template, "renamed");
    assert_int_equal(templates_flush(s, &err), 0);
    library_template_free(&l);
    l = find(s, "ren");
    assert_string_equal(l.t->name, "renamed");
    library_template_free(&l);
    template_free(t);
    close_store(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_builtin, setup, remove_test_dir),
        cmocka_unit_test_setup_teardown(test_finding, setup, remove_test_dir),
        cmocka_unit_test_setup_teardown(test_without_store, setup, remove_test_dir),
        cmocka_unit_test_setup_teardown(test_odd, setup, remove_test_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
