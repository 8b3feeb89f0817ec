/* test_export.c - src/export.c and src/import.c: files out and in. */
#include "config.h"

#include "src/export.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/str.h"
#include "src/import.h"

static char dir[] = "/tmp/xuxie-test-export-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void put_file(const char *name, const char *bytes, size_t n)
{
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    fwrite(bytes, 1, n, f);
    fclose(f);
}

static char *get_file(const char *name)
{
    static char buf[4096];
    FILE *f = fopen(path_of(name), "r");
    assert_non_null(f);
    size_t n = fread(buf, 1, sizeof buf - 1, f);
    buf[n] = '\0';
    fclose(f);
    return buf;
}

static struct story *make_story(void)
{
    struct story *s = story_new(1, "雪夜");
    struct node *a = story_add(s, s->root, 2, NODE_AUTHOR, "# 一\n", strlen("# 一\n"));
    story_add(s, a, 3, NODE_MODEL, "二*三", strlen("二*三"));
    return s;
}

static void test_formats(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct story *s = make_story();
    assert_int_equal(export_story(s, path_of("a.txt"), &err), 0);
    assert_string_equal(get_file("a.txt"), "# 一\n二*三\n");
    assert_int_equal(export_story(s, path_of("a.md"), &err), 0);
    assert_string_equal(get_file("a.md"), "# 雪夜\n\n\\# 一\n\n二\\*三\n\n");
    story_free(s);

    s = story_new(1, "1. *");
    static const char text[] = "2) a & b\n    c\0d\n12 e";
    story_add(s, s->root, 2, NODE_AUTHOR, text, sizeof text - 1);
    assert_int_equal(export_story(s, path_of("b.md"), &err), 0);
    static const char md[] =
        "# 1\\. \\*\n\n2\\) a \\& b\n\n&nbsp;&nbsp;&nbsp;&nbsp;c\0d\n\n12 e\n\n";
    assert_memory_equal(get_file("b.md"), md, sizeof md);
    story_free(s);
}

/* A target that cannot be replaced stays as it is, and nothing is left beside it. */
static void test_failure_leaves_nothing(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct story *s = make_story();
    assert_int_equal(mkdir(path_of("taken.txt"), 0700), 0);
    assert_true(export_story(s, path_of("taken.txt"), &err) < 0);
    assert_int_equal(rmdir(path_of("taken.txt")), 0);
    assert_true(export_story(s, path_of("no/such/dir.txt"), &err) < 0);
    assert_non_null(strstr(err.msg, "dir.txt"));
    story_free(s);
}

static void test_path(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char *p = export_path("a", &err);
    assert_string_equal(p, "a.txt");
    free(p);
    p = export_path("x.y/a.md", &err);
    assert_string_equal(p, "x.y/a.md");
    free(p);
    assert_null(export_path("a.pdf", &err));
    assert_int_equal(err.code, E_USAGE);
}

static void test_import(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *text; /* NULL: refused, naming `word` */
        const char *word;
    } cases[] = {
        {"一\r\n二\r三\n", 13, "一\n二\n三\n", NULL},
        {"\xEF\xBB\xBF一", 6, "一", NULL},
        {"", 0, "", NULL},
        {"ab\0c", 4, NULL, "NUL"},
        {"ab\xFF", 3, NULL, "UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = ERR_INIT;
        struct str text = STR_INIT;
        put_file("in.txt", cases[i].bytes, cases[i].n);
        int rc = import_text(path_of("in.txt"), &text, &err);
        if (cases[i].text) {
            assert_int_equal(rc, 0);
            assert_string_equal(str_cstr(&text), cases[i].text);
        } else {
            assert_int_equal(rc, E_INPUT);
            assert_non_null(strstr(err.msg, cases[i].word));
            assert_non_null(strstr(err.msg, "in.txt"));
        }
        str_free(&text);
    }
    struct err err = ERR_INIT;
    struct str text = STR_INIT;
    assert_int_equal(import_text(dir, &text, &err), E_INPUT);
    assert_int_equal(import_text(path_of("missing"), &text, &err), E_INPUT);
    str_free(&text);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"a.txt", "a.md", "b.md", "in.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i]));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_failure_leaves_nothing),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_import),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
