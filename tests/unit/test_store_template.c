/* test_store_template.c - templates and their versions in the database. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/store_template.h"
#include "tests/unit/store_history_util.h"

static const char head[] =
    "xuxie template 1\nname: 写诗\nabout: 一联起句\n\n== instruction\nabout: 不是\n";
static const char *const three[] = {"-- 题目\n雪\n-- output\n白", "-- 题目\n月\n-- output\n明",
                                    "-- 题目\n雪\n-- output\n白"};

static struct store_template_text load(struct store *s, store_ref template)
{
    struct store_template_text t = {0};
    struct err err = ERR_INIT;
    if (store_load_template(s, template, &t, &err) != 0)
        fail_msg("%s", err.msg);
    return t;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref v = store_put_template(s, "写诗", head, three, 3, false);
    flush(s);
    store_ref template = store_find_template(s, "写诗");
    assert_true(template > 0);
    assert_int_equal(store_find_template(s, "写"), template); /* a unique beginning */
    assert_int_equal(store_find_template(s, "诗"), 0);
    assert_int_equal(store_find_template(s, ""), 0);
    struct store_template_text t = load(s, template);
    assert_string_equal(t.name, "写诗");
    assert_string_equal(t.head, head);
    assert_int_equal(t.n_examples, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(t.examples[i], three[i]);
    assert_int_equal(t.template, template);
    assert_int_equal(t.version, store_row(s, v));
    assert_int_equal(t.number, 1);
    assert_false(t.builtin);
    assert_true(t.created_ms > 0);
    store_template_text_free(&t);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM examples"), 2); /* equal ones share */

    struct err err = ERR_INIT;
    assert_int_equal(store_load_template(s, 77, &t, &err), E_STORE);
    assert_non_null(strstr(err.msg, "77"));
    assert_int_equal(store_load_template_version(s, 78, &t, &err), E_STORE);
    assert_non_null(strstr(err.msg, "78"));
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_versions(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref a = store_put_template(s, "t", "one", three, 2, false);
    store_ref same = store_put_template(s, "t", "one", three, 2, false);
    store_ref b = store_put_template(s, "t", "one", three, 3, false);
    store_ref c = store_put_template(s, "t", "two", NULL, 0, false);
    store_ref back = store_put_template(s, "t", "one", three, 2, false); /* not the newest: new */
    flush(s);
    assert_int_equal(store_row(s, a), store_row(s, same));
    store_ref *refs = NULL;
    size_t n = 0;
    assert_int_equal(store_template_versions(s, store_find_template(s, "t"), &refs, &n, NULL), 0);
    assert_int_equal(n, 4);
    assert_int_equal(refs[0], store_row(s, a));
    assert_int_equal(refs[1], store_row(s, b));
    assert_int_equal(refs[2], store_row(s, c));
    assert_int_equal(refs[3], store_row(s, back));
    struct store_template_text t;
    assert_int_equal(store_load_template_version(s, refs[2], &t, NULL), 0);
    assert_string_equal(t.head, "two");
    assert_int_equal(t.n_examples, 0);
    assert_int_equal(t.number, 3);
    store_template_text_free(&t);
    assert_int_equal(store_load_template_version(s, a, &t, NULL), 0); /* a ref of this process */
    assert_int_equal(t.n_examples, 2);
    store_template_text_free(&t);
    free(refs);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_list(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref v = store_put_template(s, "写诗", head, three, 2, false);
    store_put_template(s, "abc", "no such line", NULL, 0, true);
    store_ref gone = store_put_template(s, "gone", "x", NULL, 0, false);
    struct store_generation g = {.origin = "run",
                                 .template_version = v,
                                 .k_asked = 3,
                                 .k_used = 2,
                                 .model = {.identity = "m"}};
    for (int i = 0; i < 3; i++)
        store_put_done(s, store_put_generation(s, &g), &(struct store_done){.reason = "eos"});
    store_ref newer = store_put_template(s, "写诗", head, three, 3, false);
    g.template_version = newer;
    store_ref one = store_put_generation(s, &g);
    flush(s);
    struct store_template_text t;
    assert_int_equal(store_load_template_version(s, gone, &t, NULL), 0);
    store_remove_template(s, t.template);
    store_template_text_free(&t);
    flush(s);
    struct store_template_row *rows = NULL;
    size_t n = 0;
    assert_int_equal(store_templates(s, &rows, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].name, "写诗");
    assert_string_equal(rows[0].about, "一联起句");
    assert_int_equal(rows[0].number, 2);
    assert_int_equal(rows[0].n_examples, 3);
    assert_int_equal(rows[0].n_generations, 4);
    assert_int_equal(rows[0].version, store_row(s, newer));
    assert_string_equal(rows[1].name, "abc");
    assert_string_equal(rows[1].about, "");
    assert_true(rows[1].builtin);
    assert_int_equal(rows[1].n_generations, 0);
    store_templates_free(rows, n);

    struct history_record *r = NULL;
    assert_int_equal(history_load(s, one, &r, NULL), 0);
    assert_string_equal(r->template, "写诗");
    assert_int_equal(r->template_number, 2);
    assert_int_equal(r->k_asked, 3);
    assert_int_equal(r->k_used, 2);
    history_record_free(r);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_remove_and_rename(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref v1 = store_put_template(s, "a", "one", NULL, 0, false);
    store_put_template(s, "b", "two", NULL, 0, false);
    flush(s);
    store_ref a = store_find_template(s, "a"), b = store_find_template(s, "b");
    store_rename_template(s, a, "b"); /* taken */
    flush(s);
    assert_int_equal(store_find_template(s, "a"), a);
    store_remove_template(s, b);
    store_rename_template(s, a, "b"); /* free now */
    flush(s);
    assert_int_equal(store_find_template(s, "b"), a);
    assert_int_equal(store_find_template(s, "a"), 0);
    struct store_template_text t = load(s, a);
    assert_string_equal(t.name, "b");
    assert_string_equal(t.head, "one");
    assert_int_equal(t.number, 2); /* made once more under the new name */
    store_template_text_free(&t);
    assert_int_equal(store_load_template_version(s, v1, &t, NULL), 0);
    store_template_text_free(&t);

    /* removed and put again: shown again, the same template */
    store_remove_template(s, a);
    flush(s);
    assert_int_equal(store_find_template(s, "b"), 0);
    store_put_template(s, "b", "again", NULL, 0, false);
    flush(s);
    store_ref again = store_find_template(s, "b");
    assert_true(again == a || again == b);
    t = load(s, again);
    assert_true(t.number > 1);
    store_template_text_free(&t);
    assert_int_equal(store_close(s, NULL), 0);
}

/* What comes with the program is put at every start. */
static void test_builtin(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_put_template(s, "kept", "1", NULL, 0, true);
    store_put_template(s, "edited", "1", NULL, 0, true);
    store_put_template(s, "removed", "1", NULL, 0, true);
    store_put_template(s, "renamed", "1", NULL, 0, true);
    flush(s);
    store_ref edited = store_put_template(s, "edited", "mine", NULL, 0, false);
    store_remove_template(s, store_find_template(s, "removed"));
    store_rename_template(s, store_find_template(s, "renamed"), "other");
    flush(s);
    for (int version = 1; version <= 2; version++) { /* the same program again, a newer one */
        const char *text = version == 1 ? "1" : "2";
        store_put_template(s, "kept", text, NULL, 0, true);
        store_ref newest = store_put_template(s, "edited", text, NULL, 0, true);
        store_put_template(s, "removed", text, NULL, 0, true);
        store_put_template(s, "renamed", text, NULL, 0, true);
        flush(s);
        struct store_template_text t = load(s, store_find_template(s, "kept"));
        assert_string_equal(t.head, text);
        assert_int_equal(t.number, version);
        assert_true(t.builtin);
        store_template_text_free(&t);
        t = load(s, store_find_template(s, "edited"));
        assert_string_equal(t.head, "mine");
        store_template_text_free(&t);
        assert_int_equal(store_row(s, newest), store_row(s, edited));
        assert_int_equal(store_find_template(s, "removed"), 0);
        assert_int_equal(store_find_template(s, "renamed"), 0);
        assert_true(store_find_template(s, "other") > 0);
    }
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_no_store(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct store_template_row *rows = NULL;
    struct store_template_text t;
    store_ref *refs = NULL;
    size_t n = 0;
    assert_true(store_put_template(NULL, "a", "b", NULL, 0, false) < 0);
    store_rename_template(NULL, 1, "b");
    store_remove_template(NULL, 1);
    assert_int_equal(store_find_template(NULL, "a"), 0);
    assert_int_equal(store_templates(NULL, &rows, &n, &err), E_STORE);
    assert_int_equal(store_load_template(NULL, 1, &t, &err), E_STORE);
    assert_int_equal(store_load_template_version(NULL, 1, &t, &err), E_STORE);
    assert_int_equal(store_template_versions(NULL, 1, &refs, &n, &err), E_STORE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),        TEST(test_versions), TEST(test_list),
        TEST(test_remove_and_rename), TEST(test_builtin),  TEST(test_no_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
