/* test_rescue.c - the rescue file: where it goes, its mode, that it is replaced whole, the second
 * place when the first does not take it, planted files. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/rescue.h"
#include "tests/unit/store_util.h"

static char *content(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    char buf[4096];
    size_t n = fread(buf, 1, sizeof buf, f);
    fclose(f);
    return x_strndup(buf, n);
}

static void expect_content(const char *path, const char *text)
{
    char *have = content(path);
    assert_non_null(have);
    assert_string_equal(have, text);
    free(have);
}

/* Each case in a process of its own, for the file is one per process. */
static void in_child(void (*body)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "# line %d: %s\n", __LINE__, #what);                                   \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void save(struct str *path, const char *text)
{
    struct err err = ERR_INIT;
    str_clear(path);
    if (rescue_save(text, strlen(text), path, &err) != 0) {
        fprintf(stderr, "# %s\n", err.msg);
        _exit(1);
    }
}

static void body_replaced(void)
{
    struct str first = STR_INIT, second = STR_INIT;
    char stem[400], number[32];
    umask(0);
    setenv("XDG_STATE_HOME", test_dir, 1);
    save(&first, "那一夜");
    snprintf(stem, sizeof stem, "%s/xuxie/rescue-20", test_dir);
    snprintf(number, sizeof number, "-%ld.txt", (long)getpid());
    CHECK(strncmp(str_cstr(&first), stem, strlen(stem)) == 0);
    CHECK(strstr(str_cstr(&first), number));
    CHECK(mode_of(str_cstr(&first)) == 0600);
    *strrchr(stem, '/') = '\0';
    CHECK(mode_of(stem) == 0700);
    expect_content(str_cstr(&first), "那一夜");
    save(&second, "那一夜,雪下得很大。");
    CHECK(strcmp(str_cstr(&first), str_cstr(&second)) == 0);
    expect_content(str_cstr(&first), "那一夜,雪下得很大。");
    CHECK(mode_of(str_cstr(&first)) == 0600);
    save(&second, "");
    expect_content(str_cstr(&first), "");
    str_free(&first);
    str_free(&second);
}

static void test_replaced(void **state)
{
    (void)state;
    in_child(body_replaced);
    char folder[400];
    snprintf(folder, sizeof folder, "%s/xuxie", test_dir);
    int n = 0; /* nothing but the one file is left */
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    assert_int_equal(n, 1);
}

static void body_second_place(void)
{
    struct str path = STR_INIT;
    setenv("XDG_STATE_HOME", "/proc/none", 1);
    save(&path, "words");
    CHECK(strncmp(str_cstr(&path), "/var/tmp/rescue-", 16) == 0);
    CHECK(mode_of(str_cstr(&path)) == 0600);
    expect_content(str_cstr(&path), "words");
    unlink(str_cstr(&path));
    /* somebody took the file away: it comes again */
    save(&path, "more words");
    expect_content(str_cstr(&path), "more words");
    unlink(str_cstr(&path));
    str_free(&path);
}

static void test_second_place(void **state)
{
    (void)state;
    in_child(body_second_place);
}

/* No room: an error with a sentence, and what an earlier call saved is still there. */
static void body_no_room(void)
{
    struct str path = STR_INIT;
    struct err err = ERR_INIT;
    struct rlimit limit = {4096, 4096};
    static char big[65536];
    setenv("XDG_STATE_HOME", test_dir, 1);
    signal(SIGXFSZ, SIG_IGN);
    save(&path, "the words before");
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    struct str none = STR_INIT;
    CHECK(rescue_save(big, sizeof big, &none, &err) == E_IO);
    CHECK(none.len == 0 && strstr(err.msg, strerror(EFBIG)));
    expect_content(str_cstr(&path), "the words before");
    save(&path, "small again");
    expect_content(str_cstr(&path), "small again");
    str_free(&path);
}

static void test_no_room(void **state)
{
    (void)state;
    in_child(body_no_room);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_replaced),
        TEST(test_second_place),
        TEST(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
