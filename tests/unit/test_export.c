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

static int export_story(const struct story *s, const char *path, struct err *err)
{
    struct export_request r = {.story = s};
    assert_int_equal(export_format_of(path, &r.format, err), 0);
    return export_file(&r, path, true, err);
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
    enum export_format format = EXPORT_MD;
    assert_int_equal(export_format_of("x.y/a", &format, &err), 0);
    assert_int_equal(format, EXPORT_MD);
    assert_int_equal(export_format_of("x.y/a.b.EPUB", &format, &err), 0);
    assert_int_equal(format, EXPORT_EPUB);
    assert_int_equal(export_format_of("a.pdf", &format, &err), E_USAGE);
    char *p = export_expand("x.y/a", EXPORT_JSONL);
    assert_string_equal(p, "x.y/a.jsonl");
    free(p);
    p = export_expand("x.y/a.b", EXPORT_MD);
    assert_string_equal(p, "x.y/a.b");
    free(p);
}

/* What a story is called becomes a file name that stays in the directory. */
static void test_default_path(void **state)
{
    (void)state;
    static const struct {
        const char *title, *text, *path;
    } cases[] = {
        {"雪夜", "", "雪夜.txt"},
        {"../../x", "", "x.txt"},
        {"/etc/passwd", "", "etc_passwd.txt"},
        {"..", "", "untitled.txt"},
        {"-rf ~", "", "rf ~.txt"},
        {"a\033[31mb\nc\u202Ed\xFF", "", "a[31mbcd.txt"},
        {"", "", "untitled.txt"},
        {"", "\n　　那一夜，雪很大。\n二\n", "那一夜，雪很大。.txt"},
        {"\033", "", "untitled.txt"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct story *s = story_new(1, cases[i].title);
        story_add(s, s->root, 2, NODE_AUTHOR, cases[i].text, strlen(cases[i].text));
        char *p = export_default_path(s, EXPORT_TXT);
        assert_string_equal(p, cases[i].path);
        free(p);
        story_free(s);
    }
    struct str title = STR_INIT;
    for (int i = 0; i < 1000; i++)
        str_puts(&title, "雪");
    struct story *s = story_new(1, str_cstr(&title));
    char *p = export_default_path(s, EXPORT_EPUB);
    assert_int_equal(strlen(p), 198 + 5);
    free(p);
    story_free(s);
    str_free(&title);
}

/* Nothing is replaced without being asked for, and only files. */
static void test_replace(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct story *s = make_story();
    const struct export_request r = {.story = s, .format = EXPORT_TXT};
    put_file("a.txt", "mine", 4);
    assert_int_equal(export_file(&r, path_of("a.txt"), false, &err), E_INPUT);
    assert_string_equal(get_file("a.txt"), "mine");
    assert_int_equal(symlink("nowhere", path_of("link.txt")), 0);
    assert_int_equal(export_file(&r, path_of("link.txt"), false, &err), E_INPUT);
    assert_int_equal(unlink(path_of("link.txt")), 0);
    assert_int_equal(mkfifo(path_of("pipe.txt"), 0600), 0);
    assert_int_equal(export_file(&r, path_of("pipe.txt"), true, &err), E_INPUT);
    assert_int_equal(unlink(path_of("pipe.txt")), 0);
    struct outfile *f; /* somebody else makes the file while ours is written */
    assert_int_equal(unlink(path_of("a.txt")), 0);
    assert_int_equal(outfile_open(path_of("a.txt"), false, &f, &err), 0);
    outfile_puts(f, "ours");
    put_file("a.txt", "theirs", 6);
    assert_int_equal(outfile_finish(f, &err), E_INPUT);
    assert_string_equal(get_file("a.txt"), "theirs");
    assert_int_equal(outfile_open(path_of("a.txt"), true, &f, &err), 0);
    outfile_puts(f, "ours");
    outfile_abandon(f);
    assert_string_equal(get_file("a.txt"), "theirs");
    story_free(s);
}

static void test_indent(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct story *s = story_new(1, "t");
    static const char text[] = "第一章 雪\n那一夜。\n\n　　老人说：\n  「你」";
    story_add(s, s->root, 2, NODE_AUTHOR, text, sizeof text - 1);
    const struct export_request r = {.story = s, .format = EXPORT_TXT, .indent = true};
    assert_int_equal(export_file(&r, path_of("a.txt"), true, &err), 0);
    assert_string_equal(get_file("a.txt"), "第一章 雪\n　　那一夜。\n\n　　老人说：\n　　「你」\n");
    story_free(s);
}

/* A tree with two endings, one of whose texts JSON cannot hold. */
static void test_jsonl(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct story *s = story_new(7, "雪");
    struct node *a = story_add(s, s->root, 11, NODE_AUTHOR, "一\n", 4);
    struct node *b = story_add(s, a, 12, NODE_MODEL, "b\0\xFF", 3);
    b->generation = 5;
    struct node *c = story_add(s, a, 13, NODE_AUTHOR, "c", 1);
    a->created_ms = b->created_ms = c->created_ms = 1700000000123;
    struct export_request r = {.story = s, .format = EXPORT_JSONL};
    assert_int_equal(export_file(&r, path_of("a.jsonl"), true, &err), 0);
#define CREATED ",\"created\":\"2023-11-14T22:13:20.123Z\""
    assert_string_equal(
        get_file("a.jsonl"),
        "{\"type\":\"story\",\"version\":1,\"story\":7,\"current\":13,\"title\":\"雪\"}\n"
        "{\"type\":\"passage\",\"passage\":11,\"parent\":0,\"kind\":\"author\"" CREATED
        ",\"text\":\"一\\n\"}\n"
        "{\"type\":\"passage\",\"passage\":12,\"parent\":11,\"kind\":\"model\",\"generation\":"
        "5" CREATED ",\"text\":\"b\\u0000\uFFFD\",\"text_base64\":\"YgD/\"}\n"
        "{\"type\":\"passage\",\"passage\":13,\"parent\":11,\"kind\":\"author\"" CREATED
        ",\"text\":\"c\"}\n");
    struct node **leaves;
    assert_int_equal(export_leaves(s, &leaves), 2);
    assert_ptr_equal(leaves[0], b);
    assert_ptr_equal(leaves[1], c);
    free(leaves);
    assert_ptr_equal(export_find_node(s, NULL, 12), b);
    assert_null(export_find_node(s, NULL, 99));
    r.end = b;
    assert_int_equal(export_file(&r, path_of("a.jsonl"), true, &err), 0);
    assert_null(strstr(get_file("a.jsonl"), "\"passage\":13"));
    r.format = EXPORT_TXT;
    assert_int_equal(export_file(&r, path_of("a.txt"), true, &err), 0);
    assert_memory_equal(get_file("a.txt"), "一\nb\0\xFF\n", 9);
    story_free(s);
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
    static const char *const names[] = {"a.txt", "a.md", "b.md", "a.jsonl", "in.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i]));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats), cmocka_unit_test(test_failure_leaves_nothing),
        cmocka_unit_test(test_path),    cmocka_unit_test(test_default_path),
        cmocka_unit_test(test_replace), cmocka_unit_test(test_indent),
        cmocka_unit_test(test_jsonl),   cmocka_unit_test(test_import),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
