/* test_store_io.c - the store while the system fails it: the nth call of each kind fails, once or
 * from then on, while saving, at open, while the database is made. Nothing put may be lost once the
 * fault is gone, and the database stays sound. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/store_index.h"
#include "tests/unit/fault_vfs.h"
#include "src/store_template.h"
#include "tests/unit/store_history_util.h"

/* Not even room for what SQLite needs to open it: the stories can be read all the same. */
static void test_no_room_at_open(void **state)
{
    (void)state;
    fault_vfs_install();
    make_database();
    for (int call = 0; call < 2; call++) {
        fault_arm(call ? FAULT_OPEN : FAULT_SHM, 1, call == 0, SQLITE_FULL);
        struct store *s = open_store();
        assert_true(fault_disarm());
        struct store_status st;
        store_get_status(s, &st);
        assert_true(st.read_only && !st.saved);
        assert_non_null(strstr(st.message, db_path));
        expect_story(s, "old", "word ");
        assert_int_equal(store_close(s, NULL), 0);
    }
}

static void test_damage_met_later(void **state)
{
    (void)state;
    fault_vfs_install();
    make_database();
    struct store *s = open_store();
    fault_arm(FAULT_WRITE, 1, false, SQLITE_CORRUPT);
    put_story(s, "lost", "l ");
    expect_failing(s, "damaged");
    assert_true(fault_disarm());
    fault_arm(N_FAULT_CALLS, 0, false, 0);
    put_story(s, "more", "m ");
    expect_failing(s, "damaged");
    expect_story(s, "old", "word ");
    assert_int_equal(fault_count(FAULT_WRITE), 0); /* nothing is ever written again */
    assert_int_equal(store_close(s, NULL), E_STORE);
    assert_int_equal(fault_count(FAULT_WRITE), 0);
    s = open_store();
    expect_story(s, "old", "word ");
    assert_int_equal(store_find_story(s, "lost"), 0);
    store_close(s, NULL);
}

/* One run: the fault strikes while a story is saved. Then it goes away, and all must be there.
 * Returns false when the run made fewer than n such calls. */
static bool run_with_fault(enum fault_call call, int n, bool persistent, int code)
{
    struct err err = ERR_INIT;
    struct store *s = open_store();
    fault_arm(call, n, persistent, code);
    put_story(s, "new", "fresh ");
    bool saved = store_flush(s, FLUSH_MS, &err) == 0;
    put_story(s, "newer", "fresher ");
    bool saved_too = store_flush(s, FLUSH_MS, &err) == 0;
    bool struck = fault_disarm();
    if (persistent && struck && (call == FAULT_WRITE || call == FAULT_SYNC) && saved && saved_too)
        fail_msg("%s %d code %d: nothing was told", fault_name(call), n, code);
    if (store_flush(s, FLUSH_MS, &err) != 0)
        fail_msg("%s %d code %d: %s", fault_name(call), n, code, err.msg);
    expect_story(s, "new", "fresh ");
    expect_story(s, "newer", "fresher ");
    if (store_close(s, &err) != 0)
        fail_msg("%s %d code %d: %s", fault_name(call), n, code, err.msg);
    expect_sound();
    db_int(db_path, "UPDATE stories SET title='past'");
    return struck;
}

static void test_nth_call_fails(void **state)
{
    (void)state;
    static const struct {
        enum fault_call call;
        int code;
    } kinds[] = {
        {FAULT_WRITE, SQLITE_FULL},       {FAULT_WRITE, SQLITE_IOERR_WRITE},
        {FAULT_SYNC, SQLITE_IOERR_FSYNC}, {FAULT_READ, SQLITE_IOERR_READ},
        {FAULT_LOCK, SQLITE_IOERR_LOCK},  {FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE},
        {FAULT_SHM, SQLITE_IOERR_SHMMAP},
    };
    fault_vfs_install();
    make_database();
    int n_runs = 0;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (int persistent = 0; persistent < 2; persistent++)
            for (int n = 1; n < 60; n += n < 12 ? 1 : 7) {
                n_runs++;
                if (!run_with_fault(kinds[k].call, n, persistent, kinds[k].code))
                    break;
            }
    print_message("# %d runs with a fault\n", n_runs);
}

/* The same for what the history and the templates write: marks, deleting, the index. A fault of the
 * system is no damage of the index. Returns false when the run made fewer than n such calls. */
static bool run_history_with_fault(enum fault_call call, int n, bool persistent, int code)
{
    struct err err = ERR_INIT;
    struct store *s = open_store();
    store_ref gone = put_run(s, "题目", "要删的句子"), noted = put_run(s, "题目", "雪夜");
    flush(s);
    fault_arm(call, n, persistent, code);
    store_put_template(s, "写诗", "head", (const char *const[]){"x", "y"}, 2, false);
    history_put_note(s, noted, "笔记");
    history_put_tag(s, noted, "标签", true);
    history_put_star(s, noted, true);
    store_flush(s, FLUSH_MS, &err);
    history_delete(s, &gone, 1);
    put_run(s, "题目", "荷塘");
    store_flush(s, FLUSH_MS, &err);
    struct history_search *h = NULL; /* reading fails or not, but tells */
    if (history_search_new(s, &(struct history_filter){.query = "荷塘"}, &h, &err) == 0) {
        struct history_hit *hits = NULL;
        size_t n_hits = 0;
        bool done;
        if (history_search_next(h, 10, 10, &hits, &n_hits, &done, &err) == 0)
            history_hits_free(hits, n_hits);
        history_search_free(h);
    }
    bool struck = fault_disarm();
    if (store_flush(s, FLUSH_MS, &err) != 0)
        fail_msg("%s %d code %d: %s", fault_name(call), n, code, err.msg);
    struct history_record *r = NULL;
    assert_int_equal(history_load(s, noted, &r, NULL), 0);
    assert_string_equal(r->note, "笔记");
    assert_int_equal(r->n_tags, 1);
    assert_true(r->starred);
    history_record_free(r);
    assert_int_equal(history_load(s, gone, &r, NULL), E_INPUT);
    assert_true(store_find_template(s, "写诗") > 0);
    assert_int_equal(count_query(s, "笔记"), 1);
    assert_int_equal(count_query(s, "荷塘"), 1);
    assert_int_equal(count_query(s, "删的"), 0);
    assert_int_equal(count_hits(s, &(struct history_filter){.tag = "标签"}), 1);
    if (store_close(s, &err) != 0)
        fail_msg("%s %d code %d: %s", fault_name(call), n, code, err.msg);
    expect_sound();
    assert_int_equal(db_int(db_path, "SELECT state FROM search_index"), INDEX_WHOLE);
    unlink(db_path);
    return struck;
}

static void test_nth_call_fails_in_history(void **state)
{
    (void)state;
    static const struct {
        enum fault_call call;
        int code;
    } kinds[] = {
        {FAULT_WRITE, SQLITE_FULL},       {FAULT_SYNC, SQLITE_IOERR_FSYNC},
        {FAULT_READ, SQLITE_IOERR_READ},  {FAULT_LOCK, SQLITE_IOERR_LOCK},
        {FAULT_SHM, SQLITE_IOERR_SHMMAP},
    };
    fault_vfs_install();
    int n_runs = 0;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (int persistent = 0; persistent < 2; persistent++)
            for (int n = 1; n < 60; n += n < 12 ? 1 : 7) {
                n_runs++;
                if (!run_history_with_fault(kinds[k].call, n, persistent, kinds[k].code))
                    break;
            }
    print_message("# %d runs with a fault\n", n_runs);
}

/* The same at open and at close: refused or read-only or fine, and afterwards everything is as it
 * was. */
static void test_nth_call_fails_at_open(void **state)
{
    (void)state;
    fault_vfs_install();
    make_database();
    for (int call = 0; call < N_FAULT_CALLS; call++) {
        for (int n = 1; n < 40; n++) {
            struct store *s = NULL;
            struct err err = ERR_INIT;
            fault_arm((enum fault_call)call, n, true, SQLITE_IOERR);
            int rc = store_open(db_path, STORE_CREATE, &s, &err);
            if (rc == 0)
                rc = store_close(s, &err);
            bool struck = fault_disarm();
            if (rc != 0 && (rc != E_STORE || !strstr(err.msg, db_path)))
                fail_msg("%s %d: %d %s", fault_name((enum fault_call)call), n, rc, err.msg);
            if (!struck)
                break;
        }
        struct store *s = open_store();
        expect_story(s, "old", "word ");
        store_close(s, NULL);
        expect_sound();
    }
    /* and while the database is made */
    for (int call = 0; call < N_FAULT_CALLS; call++) {
        for (int n = 1; n < 80; n += n < 20 ? 1 : 6) {
            struct store *s = NULL;
            unlink(db_path);
            fault_arm((enum fault_call)call, n, true, SQLITE_FULL);
            if (store_open(db_path, STORE_CREATE, &s, NULL) == 0)
                store_close(s, NULL);
            bool struck = fault_disarm();
            s = open_store();
            put_story(s, "new", "n ");
            assert_int_equal(store_close(s, NULL), 0);
            if (!struck)
                break;
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_room_at_open),        TEST(test_damage_met_later),
        TEST(test_nth_call_fails),         TEST(test_nth_call_fails_in_history),
        TEST(test_nth_call_fails_at_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
