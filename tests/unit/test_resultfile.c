/* test_resultfile.c - src/resultfile.c: files that grow, are continued, and are never anything
 * else's. */
#include "config.h"

#include "src/resultfile.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/mem.h"

static const char path[] = "test-resultfile.jsonl";
static const char mark[] = "{\"n\":";

static void put(const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *get(void)
{
    static char text[4096];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static int each(void *arg, const struct jsonline *line, struct err *err)
{
    json_int_t *sum = arg;
    const json_int_t n = json_integer_value(json_object_get(line->object, "n"));
    if (n == 13)
        return err_set(err, E_INPUT, "%s: unlucky", line->where);
    *sum = *sum * 10 + n;
    return 0;
}

static void put_number(struct resultfile *f, int n)
{
    struct err err = ERR_INIT;
    assert_int_equal(resultfile_put(f, json_pack("{s:i}", "n", n), &err), 0);
}

static void test_grows(void **state)
{
    (void)state;
    struct resultfile f;
    struct err err = ERR_INIT;
    struct stat st;
    json_int_t sum = 0;
    remove(path);
    assert_int_equal(resultfile_open(path, mark, each, &sum, &f, &err), 0);
    put_number(&f, 1);
    put_number(&f, 2);
    assert_int_equal(resultfile_close(&f, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(resultfile_open(path, mark, each, &sum, &f, &err), 0);
    assert_int_equal(sum, 12);
    assert_int_equal(f.n_lines, 2);
    put_number(&f, 3);
    assert_int_equal(resultfile_close(&f, &err), 0);
    assert_string_equal(get(), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

/* Whatever a kill leaves of the last line is taken away. */
static void test_cut(void **state)
{
    (void)state;
    const char whole[] = "{\"n\":1}\n{\"n\":2}\n";
    struct err err = ERR_INIT;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct resultfile f;
        char begun[sizeof whole];
        json_int_t sum = 0;
        snprintf(begun, n + 1, "%s", whole);
        put(begun);
        assert_int_equal(resultfile_open(path, mark, each, &sum, &f, &err), 0);
        assert_int_equal(f.n_lines, n < 8 ? 0 : n < 16 ? 1 : 2);
        put_number(&f, 7);
        assert_int_equal(resultfile_close(&f, &err), 0);
        assert_string_equal(get(), n < 8    ? "{\"n\":7}\n"
                                   : n < 16 ? "{\"n\":1}\n{\"n\":7}\n"
                                            : "{\"n\":1}\n{\"n\":2}\n{\"n\":7}\n");
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "my notes",
        "my notes\n",
        "{\"m\":1}\n",
        "{\"n\":1}\nmore\n",
        "{\"n\":1}\nmore",
        "{\"n\":1}\n\n",
        "{\"n\":1\n",
        "{\"n\":1} {\n",
        "{\"n\":13}\n{\"n\":1}\n",
        "{", /* the beginning of a line of ours: the only one that is */
        "{\"n\":2}\n{\"n\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct resultfile f;
        struct err err = ERR_INIT;
        json_int_t sum = 0;
        const bool good = i >= ARRAY_LEN(cases) - 2;
        put(cases[i]);
        assert_int_equal(resultfile_open(path, mark, each, &sum, &f, &err), good ? 0 : E_INPUT);
        if (good)
            assert_int_equal(resultfile_close(&f, &err), 0);
        else
            assert_string_equal(get(), cases[i]);
        assert_true(good || strstr(err.msg, path));
    }
    struct resultfile f;
    struct err err = ERR_INIT;
    assert_int_equal(resultfile_open(".", mark, each, NULL, &f, &err), E_INPUT);
    assert_int_equal(resultfile_open("nowhere/x", mark, each, NULL, &f, &err), E_INPUT);
    assert_int_equal(resultfile_open("/dev/null", mark, each, NULL, &f, &err), E_INPUT);
    remove(path);
    assert_int_equal(symlink("test-resultfile-target", path), 0);
    assert_int_equal(resultfile_open(path, mark, each, NULL, &f, &err), E_INPUT);
    assert_int_equal(access("test-resultfile-target", F_OK), -1);
    remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(resultfile_open(path, mark, each, NULL, &f, &err), E_INPUT);
    remove(path);
}

static void test_one_writer(void **state)
{
    (void)state;
    struct resultfile f;
    struct err err = ERR_INIT;
    json_int_t sum = 0;
    remove(path);
    assert_int_equal(resultfile_open(path, mark, each, &sum, &f, &err), 0);
    struct resultfile second;
    assert_int_equal(resultfile_open(path, mark, each, &sum, &second, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "another process"));
    assert_int_equal(resultfile_close(&f, &err), 0);
}

/* A full disk: told, and the file can be continued. */
static void test_full(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    remove(path);
    const pid_t child = fork();
    if (child == 0) {
        struct resultfile f;
        json_int_t sum = 0;
        const struct rlimit limit = {20, 20};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        if (resultfile_open(path, mark, each, &sum, &f, &err) != 0)
            _exit(1);
        resultfile_put(&f, json_pack("{s:i}", "n", 1), &err);
        resultfile_put(&f, json_pack("{s:i}", "n", 2), &err);
        _exit(resultfile_put(&f, json_pack("{s:i}", "n", 3), &err) == E_IO ? 42 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 42);
    struct resultfile f;
    json_int_t sum = 0;
    assert_int_equal(resultfile_open(path, mark, each, &sum, &f, &err), 0);
    assert_int_equal(sum, 12);
    assert_int_equal(resultfile_close(&f, &err), 0);
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
        cmocka_unit_test(test_grows),   cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_one_writer),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
