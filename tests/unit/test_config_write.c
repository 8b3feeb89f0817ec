/* test_config_write.c - src/config_write.c: one line changes, every other byte stays; the file is
 * replaced whole, through a link, with its mode. */
#include "config.h"

#include "src/config_write.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/options.h"

static char folder[] = "/tmp/test_config_write.XXXXXX";

static const struct {
    const char *before, *after; /* with model = m */
} texts[] = {
    {"", "model = m\n"},
    {"temp = 1\n", "temp = 1\nmodel = m\n"},
    {"temp = 1", "temp = 1\nmodel = m\n"},
    {"temp = 1\r\n", "temp = 1\r\nmodel = m\r\n"},
    {"model = old\n", "model = m\n"},
    {"model=old", "model=m"},
    {"  model\t:  old  \r\n# end", "  model\t:  m\r\n# end"},
    {"model =\ntemp = 1\n", "model =m\ntemp = 1\n"},
    {"# model = old\n;model = old\n", "# model = old\n;model = old\nmodel = m\n"},
    {"\xEF\xBB\xBFmodel = old\n", "\xEF\xBB\xBFmodel = m\n"},
    {"model = a\ntemp = 1\nmodel = b\n", "model = a\ntemp = 1\nmodel = m\n"}, /* the last counts */
    {"models = x\nmode = y\n", "models = x\nmode = y\nmodel = m\n"},
    {"[writing]\ntemp = 1\n", "[writing]\ntemp = 1\nmodel = m\n"},
    {"[a]\nmodel = old\n[b]\n", "[a]\nmodel = m\n[b]\n"},
    /* what stands under [keys] are actions */
    {"[keys]\nretry = F6\n", "model = m\n[keys]\nretry = F6\n"},
    {"temp = 1\n\n# my keys\n; all\n[keys]\nmodel = F6\n",
     "temp = 1\n\nmodel = m\n# my keys\n; all\n[keys]\nmodel = F6\n"},
    {"[keys]\nmodel = F6\n[rest]\n", "[keys]\nmodel = F6\n[rest]\nmodel = m\n"},
    {"model = old\n[keys]\nmodel = F6\n", "model = m\n[keys]\nmodel = F6\n"},
    {"no line at all\n\n\n", "no line at all\n\n\nmodel = m\n"},
};

static void edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str out = STR_INIT;
        config_edit(texts[i].before, "model", "m", &out);
        assert_string_equal(str_cstr(&out), texts[i].after);
        str_free(&out);
    }
}

/* What was written is what the settings then hold, whatever else stands there. */
static void reads_back(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/read.ini", folder);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct settings s;
        struct err err = ERR_INIT;
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fputs(texts[i].before, f);
        fclose(f);
        assert_int_equal(config_set(path, "model", "模型 #1 ; = [x]", &err), 0);
        settings_init(&s);
        assert_int_equal(settings_read_ini(&s, path, NULL, NULL, &err), 0);
        assert_non_null(s.model);
        assert_string_equal(s.model, "模型 #1 ; = [x]");
        settings_free(&s);
    }
}

static struct stat stat_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st;
}

static void files(void **state)
{
    (void)state;
    char path[128], link[128];
    struct err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/new/folder/xuxie.ini", folder);
    assert_int_equal(config_set(path, "model", "a", &err), 0);
    assert_int_equal(stat_of(path).st_mode & 07777, 0600);
    assert_int_equal(chmod(path, 0644), 0);

    snprintf(link, sizeof link, "%s/link.ini", folder);
    assert_int_equal(symlink("new/folder/xuxie.ini", link), 0);
    const ino_t before = stat_of(path).st_ino;
    assert_int_equal(config_set(link, "model", "b", &err), 0);
    assert_true(S_ISLNK(stat_of(link).st_mode));
    assert_int_equal(stat_of(path).st_mode & 07777, 0644);
    assert_true(stat_of(path).st_ino != before); /* another file has its name */

    snprintf(link, sizeof link, "%s/nowhere.ini", folder);
    assert_int_equal(symlink("none/xuxie.ini", link), 0);
    assert_int_equal(config_set(link, "model", "b", &err), E_INPUT);
    assert_int_equal(config_set(folder, "model", "b", &err), E_INPUT);
    snprintf(path, sizeof path, "%s/fifo.ini", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(config_set(path, "model", "b", &err), E_INPUT);
}

/* Values that would come back as something else, and files that are no text: left as they are. */
static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\nmax_tokens = 9", "a\r", " a", "a ", "a\xFF"};
    char path[128], read[16] = "";
    struct err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/refuse.ini", folder);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite("x\0y\n", 1, 4, f), 4);
    fclose(f);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(config_set(path, "model", bad[i], &err), E_INPUT);
    assert_int_equal(config_set(path, "model", "good", &err), E_INPUT);
    assert_non_null(strstr(err.msg, "left as it is"));
    f = fopen(path, "rb");
    assert_int_equal(fread(read, 1, sizeof read, f), 4);
    assert_memory_equal(read, "x\0y\n", 4);
    fclose(f);

    char *long_one = x_calloc(LIMIT_CONFIG_LINE_BYTES + 1, 1);
    memset(long_one, 'a', LIMIT_CONFIG_LINE_BYTES);
    snprintf(path, sizeof path, "%s/long.ini", folder);
    assert_int_equal(config_set(path, "model", long_one, &err), E_INPUT);
    assert_int_equal(access(path, F_OK), -1);
    free(long_one);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits),
        cmocka_unit_test(reads_back),
        cmocka_unit_test(files),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("config_write", tests, begin, end);
}
