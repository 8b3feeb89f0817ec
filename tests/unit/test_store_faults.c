/* test_store_faults.c - the store when things go wrong: files that are not its own (which must stay
 * as they are, byte for byte), read-only places, damage, full disks, files taken away. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <xxhash.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/store_priv.h"
#include "tests/unit/store_story_util.h"

/* ---- files as bytes ---- */

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    struct str s = STR_INIT;
    char buf[65536];
    size_t got;
    while ((got = fread(buf, 1, sizeof buf, f)) > 0)
        str_append(&s, buf, got);
    fclose(f);
    *n = s.len;
    return str_take(&s);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static uint64_t file_hash(const char *path)
{
    size_t n = 0;
    char *bytes = read_file(path, &n);
    uint64_t hash = bytes ? XXH3_64bits(bytes, n) + n : 0;
    free(bytes);
    return hash;
}

/* How many names the folder of the database holds. */
static int n_beside(void)
{
    char folder[400];
    snprintf(folder, sizeof folder, "%s/db", test_dir);
    DIR *d = opendir(folder);
    int n = 0;
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n - 2;
}

/* ---- refused ---- */

struct patch {
    const char *name;
    long at; /* where to write, -1: nowhere */
    const char *bytes;
    size_t n;
    long cut;         /* then cut the file to this many bytes; -1: not */
    const char *says; /* in the message, besides the path */
};

static const struct patch patches[] = {
    {"other magic", 0, "PK\3\4", 4, -1, "byte 0"},
    {"one byte", -1, "", 0, 1, "not a database"},
    {"half a header", -1, "", 0, 60, "byte 60"},
    {"header only", -1, "", 0, 100, "byte 100"},
    {"cut at a page", -1, "", 0, 4096, "byte 4096"},
    {"cut in a page", -1, "", 0, 9000, "byte 9000"},
    {"page size 3", 16, "\0\3", 2, -1, "byte 16"},
    {"write version 9", 18, "\x09", 1, -1, "byte 18"},
    {"read version 0", 19, "\0", 1, -1, "byte 19"},
    {"reserved 255", 20, "\xFF", 1, -1, "byte 20"},
    {"payload fractions", 21, "\x41", 1, -1, "byte 21"},
    {"schema format 77", 47, "\x4D", 1, -1, "byte 44"},
    {"UTF-16", 59, "\2", 1, -1, "byte 56"},
    {"another program", 68, "\0\0\0\1", 4, -1, "another program"},
    {"no program", 68, "\0\0\0\0", 4, -1, "byte 68"},
    {"newer", 60, "\0\0\0\3", 4, -1, "schema >= 3"},
    {"much newer", 60, "\xFF\xFF\xFF\xFF", 4, -1, "byte 60"},
    {"no version", 60, "\0\0\0\0", 4, -1, "byte 60"},
};

static void expect_refused(const char *name, const char *says)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    uint64_t before = file_hash(db_path);
    int64_t began = clock_mono_ms();
    if (store_open(db_path, STORE_CREATE, &s, &err) != E_STORE)
        fail_msg("%s: not refused", name);
    assert_true(clock_mono_ms() - began < 2000);
    assert_null(s);
    assert_int_equal(err.code, E_STORE);
    if (!strstr(err.msg, db_path) || !strstr(err.msg, says))
        fail_msg("%s: says \"%s\"", name, err.msg);
    if (file_hash(db_path) != before)
        fail_msg("%s: the file was changed", name);
    if (n_beside() != 1)
        fail_msg("%s: %d files", name, n_beside());
}

static void test_refused(void **state)
{
    (void)state;
    make_database();
    size_t n = 0;
    char *good = read_file(db_path, &n);
    assert_non_null(good);
    assert_true(n > 3 * 4096);
    for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
        const struct patch *p = &patches[i];
        char *bytes = x_memdup(good, n);
        if (p->at >= 0)
            memcpy(bytes + p->at, p->bytes, p->n);
        write_file(db_path, bytes, p->cut >= 0 ? (size_t)p->cut : n);
        free(bytes);
        expect_refused(p->name, p->says);
    }
    static const char text[] =
        "那一夜,雪下得很大。\x1B[2J not a database at all, but long enough to "
        "hold a header of one hundred bytes, if it were.";
    write_file(db_path, text, sizeof text);
    expect_refused("a text", "not a database");
    char zeros[8192] = {0};
    write_file(db_path, zeros, sizeof zeros);
    expect_refused("zeros", "not a database");
    write_file(db_path, good, n);
    struct store *s = open_store();
    expect_story(s, "old", "word ");
    store_close(s, NULL);
    free(good);
}

static void test_no_file(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(store_open("file:x.db", STORE_CREATE, &s, &err), E_STORE);
    assert_non_null(strstr(err.msg, "absolute"));
    assert_int_not_equal(access("file:x.db", F_OK), 0);
    assert_int_equal(store_open(db_path, 0, &s, &err), E_STORE);
    assert_non_null(strstr(err.msg, db_path));
    assert_int_equal(store_open(db_path, STORE_READ_ONLY, &s, &err), E_STORE);
    assert_int_not_equal(access(db_path, F_OK), 0);

    char folder[400];
    snprintf(folder, sizeof folder, "%s/db", test_dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mkdir(db_path, 0700), 0);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), E_STORE);
    assert_non_null(strstr(err.msg, "regular"));
    assert_int_equal(rmdir(db_path), 0);
    assert_int_equal(mkfifo(db_path, 0600), 0);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), E_STORE);
    assert_non_null(strstr(err.msg, "regular"));
    assert_int_equal(unlink(db_path), 0);
    assert_int_equal(symlink("nowhere", db_path), 0);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), E_STORE);
    assert_int_equal(unlink(db_path), 0);

    /* a folder that is a file */
    snprintf(db_path, sizeof db_path, "%s/file/xuxie.db", test_dir);
    snprintf(folder, sizeof folder, "%s/file", test_dir);
    write_file(folder, "x", 1);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), E_STORE);
    assert_int_equal(err.code, E_STORE);

    /* a name that would act on the terminal */
    snprintf(db_path, sizeof db_path, "%s/\x1B[2J", test_dir);
    write_file(db_path, "x", 1);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), E_STORE);
    assert_null(strchr(err.msg, '\x1B'));
}

static void test_empty_file(void **state)
{
    (void)state;
    char folder[400];
    snprintf(folder, sizeof folder, "%s/db", test_dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(db_path, "", 0);
    struct store *s = open_store();
    struct store_status st;
    store_get_status(s, &st);
    assert_true(st.was_empty && !st.failing && !st.read_only);
    assert_non_null(strstr(st.message, db_path));
    put_story(s, "new", "word ");
    assert_int_equal(store_flush(s, FLUSH_MS, NULL), 0);
    expect_story(s, "new", "word ");
    assert_int_equal(store_close(s, NULL), 0);
    s = open_store();
    store_get_status(s, &st);
    assert_false(st.was_empty);
    assert_int_equal(store_close(s, NULL), 0);
}

/* ---- traps in the schema, odd rows ---- */

static void test_traps(void **state)
{
    (void)state;
    make_database();
    db_int(db_path, "CREATE TRIGGER trap AFTER INSERT ON nodes BEGIN DELETE FROM nodes; END");
    db_int(db_path, "CREATE INDEX added ON stories(title)");
    struct store *s = open_store();
    put_story(s, "new", "fresh ");
    assert_int_equal(store_flush(s, FLUSH_MS, NULL), 0);
    expect_story(s, "old", "word ");
    expect_story(s, "new", "fresh ");
    assert_int_equal(store_close(s, NULL), 0);

    db_int(db_path, "DROP TABLE inputs");
    expect_refused("a table missing", "inputs");
    db_int(db_path, "CREATE VIEW inputs AS SELECT 1 AS id, 1 AS text");
    expect_refused("a view for a table", "inputs");
}

static void test_odd_parents(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "odd"), n[8];
    for (int i = 0; i < 8; i++)
        n[i] = store_put_node(s, story, i ? n[i - 1] : 0, NODE_AUTHOR, &"abcdefgh"[i], 1);
    store_put_current(s, story, n[7]);
    assert_int_equal(store_close(s, NULL), 0);
    /* ids are 1..8 in order: 2->3->2 is a circle with 4 hanging on it, 5 itself, 6 nowhere, 7 later
     */
    db_int(db_path, "UPDATE nodes SET parent=3 WHERE id=2");
    db_int(db_path, "UPDATE nodes SET parent=5 WHERE id=5");
    db_int(db_path, "UPDATE nodes SET parent=777 WHERE id=6");
    db_int(db_path, "UPDATE nodes SET parent=8 WHERE id=7");
    db_int(db_path, "UPDATE nodes SET parent=1 WHERE id=8");
    db_int(db_path, "UPDATE stories SET current=7");
    s = open_store();
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, store_last_story(s), &t, NULL, NULL), 0);
    struct str text = STR_INIT;
    story_text(t, &text);
    assert_string_equal(str_cstr(&text), "ahg");
    int n_children = 0;
    for (struct node *c = t->root->first_child; c; c = c->next)
        n_children++;
    assert_int_equal(n_children, 4); /* a, the circle's, e, f */
    str_free(&text);
    story_free(t);
    store_close(s, NULL);
    db_int(db_path, "UPDATE stories SET current=4711");
    s = open_store();
    assert_int_equal(store_load_story(s, store_last_story(s), &t, NULL, NULL), 0);
    assert_ptr_equal(t->current, t->root);
    story_free(t);
    store_close(s, NULL);
}

/* ---- read-only ---- */

/* Runs `body` in a child that is not root, so that permissions mean something. */
static int as_nobody(int (*body)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        _exit(body());
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* 0 when the story can be read, the status tells, and a put does nothing. */
static int read_only_body(void)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    struct store_status st;
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0) {
        fprintf(stderr, "# %s\n", err.msg);
        return 1;
    }
    store_get_status(s, &st);
    if (!st.read_only || st.saved || !strstr(st.message, db_path))
        return 2;
    if (store_put_story(s, "lost") >= 0 || store_flush(s, FLUSH_MS, NULL) != 0)
        return 3;
    struct story *t = NULL;
    if (store_load_story(s, store_find_story(s, "old"), &t, NULL, &err) != 0) {
        fprintf(stderr, "# %s\n", err.msg);
        return 4;
    }
    int rc = story_text_bytes(t) == 6 + 5 * TEXT_PIECES ? 0 : 5;
    story_free(t);
    return store_close(s, NULL) == 0 ? rc : 6;
}

static void give_away(const char *path, mode_t mode)
{
    if (getuid() == 0)
        assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_read_only(void **state)
{
    (void)state;
    char folder[400];
    make_database();
    snprintf(folder, sizeof folder, "%s/db", test_dir);
    give_away(test_dir, 0700);
    give_away(folder, 0700);
    give_away(db_path, 0400);
    uint64_t before = file_hash(db_path);
    assert_int_equal(as_nobody(read_only_body), 0);
    assert_int_equal(file_hash(db_path), before);
    assert_int_equal(n_beside(), 1);
    give_away(db_path, 0600);
    give_away(folder, 0500);
    assert_int_equal(as_nobody(read_only_body), 0);
    assert_int_equal(file_hash(db_path), before);
    assert_int_equal(n_beside(), 1);
    give_away(folder, 0700);
}

static int crash_body(void)
{
    struct store *s = NULL;
    if (store_open(db_path, STORE_CREATE, &s, NULL) != 0)
        return 1;
    put_story(s, "old", "word ");
    return store_flush(s, FLUSH_MS, NULL) == 0 ? 0 : 2;
}

/* What a killed process left in the -wal is read too, although nothing can be made beside it. */
static void test_read_only_wal(void **state)
{
    (void)state;
    char folder[400], name[400];
    snprintf(folder, sizeof folder, "%s/db", test_dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    give_away(test_dir, 0700);
    give_away(folder, 0700);
    assert_int_equal(as_nobody(crash_body), 0);
    give_away(folder, 0500);
    assert_int_equal(as_nobody(read_only_body), 0);
    assert_int_equal(n_beside(), 3);
    snprintf(name, sizeof name, "%s-shm", db_path);
    give_away(folder, 0700);
    assert_int_equal(unlink(name), 0);
    give_away(folder, 0500);
    assert_int_equal(as_nobody(read_only_body), 0);
    assert_int_equal(n_beside(), 2);
    give_away(folder, 0700);
}

static int refused_body(void)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    return store_open(db_path, STORE_CREATE, &s, &err) == E_STORE && strstr(err.msg, test_dir) ? 0
                                                                                               : 1;
}

static void test_nowhere_to_write(void **state)
{
    (void)state;
    give_away(test_dir, 0500);
    assert_int_equal(as_nobody(refused_body), 0);
    give_away(test_dir, 0700);
}

/* ---- damage ---- */

/* Opens what may be damaged and reads all it can; nothing may crash. Returns whether it was opened
 * for writing. */
static bool look_around(const char *what)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    struct store_status st;
    uint64_t before = file_hash(db_path);
    int rc = store_open(db_path, STORE_CREATE, &s, &err);
    if (rc != 0) {
        assert_int_equal(rc, E_STORE);
        assert_non_null(strstr(err.msg, db_path));
        if (file_hash(db_path) != before)
            fail_msg("%s: refused, but changed", what);
        return false;
    }
    store_get_status(s, &st);
    struct store_story_row *rows = NULL;
    size_t n = 0;
    if (store_stories(s, &rows, &n, NULL) == 0) {
        for (size_t i = 0; i < n; i++) {
            struct story *t = NULL;
            if (store_load_story(s, rows[i].ref, &t, NULL, &err) == 0)
                story_free(t);
        }
        store_stories_free(rows, n);
    }
    store_close(s, NULL);
    if (st.read_only && file_hash(db_path) != before)
        fail_msg("%s: read-only, but changed", what);
    if (st.read_only && !strstr(st.message, "damaged"))
        fail_msg("%s: %s", what, st.message);
    return !st.read_only;
}

static void test_damaged_pages(void **state)
{
    (void)state;
    make_database();
    size_t n = 0;
    char *good = read_file(db_path, &n), what[64];
    int n_noticed = 0, n_cases = 0;
    for (size_t page = 0; page < n / 4096; page++) {
        for (int kind = 0; kind < 3; kind++) {
            char *bytes = x_memdup(good, n);
            size_t from = page == 0 ? 100 : page * 4096;
            if (kind == 0)
                memset(bytes + from, 0, (page + 1) * 4096 - from);
            else if (kind == 1)
                memset(bytes + from, 0xFF, 16);
            else
                bytes[from + 5] ^= 0x40;
            write_file(db_path, bytes, n);
            free(bytes);
            snprintf(what, sizeof what, "page %zu, kind %d", page + 1, kind);
            n_noticed += !look_around(what);
            n_cases++;
        }
    }
    print_message("# damage noticed at open in %d of %d cases\n", n_noticed, n_cases);
    assert_true(n_noticed > n_cases * 9 / 10);
    free(good);
}

/* What is not SQLite's beside a good database is kept, and the database works. */
static void test_garbage_beside(void **state)
{
    (void)state;
    make_database();
    char name[400];
    static const char *const suffixes[] = {"-wal", "-journal"};
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s%s", db_path, suffixes[i]);
        write_file(name, "garbage garbage garbage garbage garbage", 39);
    }
    struct store *s = open_store();
    expect_story(s, "old", "word ");
    put_story(s, "new", "fresh ");
    assert_int_equal(store_close(s, NULL), 0);
    expect_sound();
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s%s.aside", db_path, suffixes[i]);
        size_t n = 0;
        char *bytes = read_file(name, &n);
        assert_int_equal(n, 39);
        free(bytes);
    }
}

/* ---- under the running program ---- */

static void test_taken_away(void **state)
{
    (void)state;
    make_database();
    struct store *s = open_store();
    put_story(s, "before", "b ");
    assert_int_equal(store_flush(s, FLUSH_MS, NULL), 0);
    char away[400];
    snprintf(away, sizeof away, "%s.away", db_path);
    assert_int_equal(rename(db_path, away), 0);
    put_story(s, "meanwhile", "m ");
    expect_failing(s, "deleted, moved or replaced");
    write_file(db_path, "somebody else's", 15);
    expect_failing(s, "deleted, moved or replaced");
    size_t n = 0;
    char *bytes = read_file(db_path, &n);
    assert_int_equal(n, 15);
    free(bytes);
    assert_int_equal(rename(away, db_path), 0); /* it is back */
    assert_int_equal(store_flush(s, FLUSH_MS, NULL), 0);
    struct store_status st;
    store_get_status(s, &st);
    assert_true(st.saved && !st.failing);
    expect_story(s, "meanwhile", "m ");

    char wal[400];
    snprintf(wal, sizeof wal, "%s-wal", db_path);
    assert_int_equal(unlink(wal), 0);
    put_story(s, "late", "l ");
    expect_failing(s, "-wal");
    struct err err = ERR_INIT;
    assert_int_equal(store_close(s, &err), E_STORE);
    assert_non_null(strstr(err.msg, "-wal"));
}

/* A file-size limit is what a full disk is, for one process. */
static void test_no_room(void **state)
{
    (void)state;
    struct rlimit old, low;
    signal(SIGXFSZ, SIG_IGN);
    struct store *s = open_store();
    put_story(s, "before", "b ");
    assert_int_equal(store_flush(s, FLUSH_MS, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = 256 << 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    char *big = x_malloc(1 << 20);
    memset(big, 'x', 1 << 20);
    store_ref story = store_put_story(s, "big");
    store_put_node(s, story, 0, NODE_AUTHOR, big, 1 << 20);
    put_story(s, "after", "a ");
    expect_failing(s, "");
    expect_story(s, "before", "b "); /* reading goes on */
    setrlimit(RLIMIT_FSIZE, &old);
    int64_t until = clock_mono_ms() + 5000; /* without being asked */
    struct store_status st;
    do {
        usleep(20000);
        store_get_status(s, &st);
    } while (!st.saved && clock_mono_ms() < until);
    assert_true(st.saved && !st.failing);
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, story, &t, NULL, NULL), 0);
    assert_int_equal(t->root->first_child->n_text, 1 << 20);
    assert_memory_equal(t->root->first_child->text, big, 1 << 20);
    story_free(t);
    expect_story(s, "after", "a ");
    assert_int_equal(store_close(s, NULL), 0);
    expect_sound();
    free(big);
}

static void test_locked(void **state)
{
    (void)state;
    make_database();
    struct store *s = open_store();
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(db_path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    put_story(s, "waiting", "w ");
    struct err err = ERR_INIT;
    assert_int_equal(store_flush(s, 300, &err), E_STORE);
    assert_non_null(strstr(err.msg, "300"));
    struct store_status st;
    store_get_status(s, &st);
    assert_true(!st.saved && st.unsaved_since_ms > 0);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_flush(s, FLUSH_MS, NULL), 0);
    expect_story(s, "waiting", "w ");
    sqlite3_close(other);
    assert_int_equal(store_close(s, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refused),        TEST(test_no_file),          TEST(test_empty_file),
        TEST(test_traps),          TEST(test_odd_parents),      TEST(test_read_only),
        TEST(test_read_only_wal),  TEST(test_nowhere_to_write), TEST(test_damaged_pages),
        TEST(test_garbage_beside), TEST(test_taken_away),       TEST(test_no_room),
        TEST(test_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
