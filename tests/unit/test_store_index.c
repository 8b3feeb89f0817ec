/* test_store_index.c - the search index when it is not as it should be: damaged, made for another
 * file, being built; and made by a migration. Saving must go on in all of it. */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/store_priv.h"
#include "src/store_text.h"
#include "tests/unit/random_text.h"
#include "tests/unit/store_history_util.h"

enum { ROWS = 60 };

static void make_n_rows(int n)
{
    struct store *s = open_store();
    for (int i = 0; i < n; i++) {
        put_run(s, "题目", i % 2 ? "雪夜里的荷塘" : "the cat sat");
        if (i % 5 == 0 && i < ROWS) /* an index of many segments */
            flush(s);
    }
    assert_int_equal(store_close(s, NULL), 0);
}

static void make_rows(void)
{
    make_n_rows(ROWS);
}

static int64_t index_state_now(void)
{
    return db_int(db_path, "SELECT state FROM search_index");
}

/* A query is refused with a sentence that says this, and how to help. */
static void expect_search_refused(struct store *s, const char *says)
{
    struct history_search *h = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(history_search_new(s, &(struct history_filter){.query = "雪夜"}, &h, &err),
                     E_STORE);
    assert_null(h);
    if (!strstr(err.msg, says) || !strstr(err.msg, "--reindex") || !strstr(err.msg, db_path))
        fail_msg("says \"%s\"", err.msg);
}

static void reindex(struct store *s)
{
    struct err err = ERR_INIT;
    if (history_reindex(s, NULL, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(index_state_now(), INDEX_WHOLE);
}

/* ---- damage ---- */

/* Searches to the end; false when it was refused, with a sentence. */
static bool try_search(struct store *s, const char *query)
{
    struct history_search *h = NULL;
    struct err err = ERR_INIT;
    int rc = history_search_new(s, &(struct history_filter){.query = query}, &h, &err);
    bool done = false;
    while (rc == 0 && !done) {
        struct history_hit *hits = NULL;
        size_t n = 0;
        rc = history_search_next(h, 20, 10, &hits, &n, &done, &err);
        if (rc == 0)
            history_hits_free(hits, n);
    }
    history_search_free(h);
    if (rc != 0 && (rc != E_STORE || !strstr(err.msg, db_path)))
        fail_msg("%d %s", rc, err.msg);
    return rc == 0;
}

/* Whatever is done with a damaged index: everything is recorded, and it can be built anew. */
static void expect_saving_goes_on(const char *what)
{
    struct err err = ERR_INIT;
    struct store *s = open_store();
    try_search(s, "雪夜");
    try_search(s, "ca*");
    try_search(s, "题目 荷塘");
    store_ref added = put_run(s, "新的题目", "新的雪夜");
    history_put_note(s, added, "笔记");
    history_put_star(s, 1, true);
    if (store_flush(s, FLUSH_MS, &err) != 0)
        fail_msg("%s: %s", what, err.msg);
    history_delete(s, (const store_ref[]){2}, 1);
    if (store_flush(s, FLUSH_MS, &err) != 0)
        fail_msg("%s: %s", what, err.msg);
    struct store_status st;
    store_get_status(s, &st);
    assert_true(st.saved && !st.failing);
    assert_int_equal(history_count(s), ROWS);
    struct history_record *r = NULL;
    assert_int_equal(history_load(s, added, &r, NULL), 0);
    assert_string_equal(r->text, "新的雪夜");
    assert_string_equal(r->note, "笔记");
    history_record_free(r);
    assert_int_equal(count_hits(s, &(struct history_filter){.query = "雪夜", .scan = true}),
                     ROWS / 2);
    if (history_reindex(s, NULL, NULL, &err) != 0)
        fail_msg("%s: %s", what, err.msg);
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2);
    assert_int_equal(count_query(s, "ca*"), ROWS / 2);
    assert_int_equal(count_query(s, "笔记"), 1);
    assert_int_equal(store_close(s, NULL), 0);
    expect_sound();
    assert_int_equal(index_state_now(), INDEX_WHOLE);
}

static void test_damaged(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "UPDATE history_fts_data SET block=x'00' WHERE id=10",
        "UPDATE history_fts_data SET block=zeroblob(length(block)) WHERE id=10",
        "UPDATE history_fts_data SET block=x'FFFFFFFFFFFFFFFFFFFFFFFFFF' WHERE id=10",
        "UPDATE history_fts_data SET block=x'' WHERE id=1",
        "UPDATE history_fts_data SET block=x'8080808080808080807F' WHERE id=1",
        "UPDATE history_fts_data SET block=zeroblob(length(block)) WHERE id>10",
        "UPDATE history_fts_data SET block=x'' WHERE id>10",
        "UPDATE history_fts_data SET block=x'00000003' WHERE id>10",
        /* szLeaf 3 and 0 before a leaf that goes on (CVE-2026-11824) */
        "UPDATE history_fts_data SET block=CAST(x'00000003'||substr(block, 5) AS BLOB) WHERE id>10",
        "UPDATE history_fts_data SET block=CAST(x'00000000'||substr(block, 5) AS BLOB) WHERE id>10",
        "UPDATE history_fts_data SET block=CAST(x'FFFFFFFF'||substr(block, 5) AS BLOB) WHERE id>10",
        "UPDATE history_fts_data SET block='text' WHERE id>10",
        "UPDATE history_fts_data SET block=NULL WHERE id>10",
        "DELETE FROM history_fts_data WHERE id>10",
        "DELETE FROM history_fts_data",
        "DELETE FROM history_fts_idx",
        "UPDATE history_fts_idx SET pgno=99999",
        "DELETE FROM history_fts_config",
        "UPDATE history_fts_config SET v=77 WHERE k='version'",
        "INSERT INTO history_fts_config VALUES('pgsz', 1)",
        "INSERT INTO history_fts_config VALUES('crisismerge', 'x')",
        "DELETE FROM search_index",
    };
    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        unlink(db_path);
        make_rows();
        db_int(db_path, damages[i]);
        expect_saving_goes_on(damages[i]);
    }
}

/* Once it is known to be damaged, it is said so; and reading alone finds it out, too. */
static void test_damage_is_told(void **state)
{
    (void)state;
    make_rows();
    db_int(db_path, "UPDATE history_fts_data SET block=x'FFFFFFFFFFFFFF' WHERE id=10");
    struct store *s = open_store();
    assert_false(try_search(s, "雪夜"));
    flush(s);
    assert_int_equal(index_state_now(), INDEX_DAMAGED);
    expect_search_refused(s, "damaged");
    assert_int_equal(count_hits(s, &(struct history_filter){0}), ROWS); /* lists go on */
    assert_int_equal(count_hits(s, &(struct history_filter){.origin = "run"}), ROWS);
    put_run(s, "题目", "雪夜");
    assert_int_equal(store_close(s, NULL), 0);
    s = open_store();
    expect_search_refused(s, "damaged");
    reindex(s);
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2 + 1);
    assert_int_equal(store_close(s, NULL), 0);

    /* found out by the writer */
    db_int(db_path, "DELETE FROM history_fts_data WHERE id>10");
    s = open_store();
    int n = 0;
    for (; n < 100 && index_state_now() == INDEX_WHOLE; n++) { /* until it comes to merging */
        put_run(s, "题目", "雪夜");
        flush(s);
    }
    assert_int_equal(index_state_now(), INDEX_DAMAGED);
    expect_search_refused(s, "damaged");
    assert_int_equal(history_count(s), ROWS + 1 + n);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_random_damage(void **state)
{
    (void)state;
    const char *runs = getenv("XUXIE_TEST_DAMAGES");
    int n_runs = runs ? atoi(runs) : 60;
    struct random r = {5};
    for (int i = 0; i < n_runs; i++) {
        char sql[300];
        unlink(db_path);
        make_rows();
        snprintf(sql, sizeof sql,
                 "UPDATE history_fts_data SET block=CAST(substr(block, 1, %d)||x'%02X'||"
                 "substr(block, %d) AS BLOB) WHERE id IN (SELECT id FROM history_fts_data ORDER BY "
                 "random() LIMIT %d)",
                 (int)random_below(&r, 60), (unsigned)random_below(&r, 256),
                 (int)random_below(&r, 60), (int)random_below(&r, 4) + 1);
        db_int(db_path, sql);
        expect_saving_goes_on(sql);
    }
}

/* ---- made for another file ---- */

static void copy_database(void)
{
    char copy[400];
    struct str sql = STR_INIT;
    snprintf(copy, sizeof copy, "%s.copy", db_path);
    str_printf(&sql, "VACUUM INTO '%s'", copy);
    db_int(db_path, str_cstr(&sql));
    str_free(&sql);
    assert_int_equal(rename(copy, db_path), 0);
}

/* Many generations: it is not used until it is built. */
static void test_foreign(void **state)
{
    (void)state;
    enum { MANY = INDEX_ADOPT_ROWS + 2 };
    make_n_rows(MANY);
    copy_database();
    /* not a byte of it is looked at: this would be noticed */
    db_int(db_path, "UPDATE history_fts_data SET block=x'FFFFFFFFFFFFFF' WHERE id=10");
    struct store *s = NULL;
    assert_int_equal(store_open(db_path, STORE_READ_ONLY, &s, NULL), 0);
    expect_search_refused(s, "copied");
    assert_int_equal(count_hits(s, &(struct history_filter){.query = "雪夜", .scan = true}),
                     MANY / 2);
    struct err err = ERR_INIT;
    assert_int_equal(history_reindex(s, NULL, NULL, &err), E_STORE);
    assert_int_equal(store_close(s, NULL), 0);

    s = open_store();
    expect_search_refused(s, "copied");
    put_run(s, "题目", "雪夜");
    history_put_note(s, 1, "笔记");
    history_delete(s, (const store_ref[]){3}, 1);
    flush(s);
    assert_int_equal(index_state_now(), INDEX_INCOMPLETE);
    expect_search_refused(s, "not complete");
    reindex(s);
    assert_int_equal(count_query(s, "雪夜"), MANY / 2 + 1);
    assert_int_equal(count_query(s, "笔记"), 1);
    assert_int_equal(store_close(s, NULL), 0);
    s = open_store();
    assert_int_equal(count_query(s, "雪夜"), MANY / 2 + 1);
    assert_int_equal(store_close(s, NULL), 0);
}

/* Few: it is built when the copy is opened, whatever the old one was. */
static void test_adopted(void **state)
{
    (void)state;
    make_rows();
    copy_database();
    db_int(db_path, "UPDATE history_fts_data SET block=x'FFFFFFFFFFFFFF' WHERE id=10");
    struct store *s = NULL;
    assert_int_equal(store_open(db_path, STORE_READ_ONLY, &s, NULL), 0);
    expect_search_refused(s, "copied");
    assert_int_equal(store_close(s, NULL), 0);
    s = open_store();
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2);
    assert_int_equal(store_close(s, NULL), 0);
    assert_int_equal(index_state_now(), INDEX_WHOLE);
    assert_int_equal(store_open(db_path, STORE_READ_ONLY, &s, NULL), 0);
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2);
    assert_int_equal(store_close(s, NULL), 0);
    /* also one whose building was broken off */
    db_int(db_path, "UPDATE search_index SET state=1");
    s = open_store();
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2);
    assert_int_equal(store_close(s, NULL), 0);
    expect_sound();
}

/* Moving the file, and its folder, is no copying. */
static void test_moved(void **state)
{
    (void)state;
    make_rows();
    char moved[300];
    snprintf(moved, sizeof moved, "%s/xuxie2.db", test_dir);
    assert_int_equal(rename(db_path, moved), 0);
    memcpy(db_path, moved, sizeof moved);
    struct store *s = open_store();
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2);
    assert_int_equal(store_close(s, NULL), 0);
}

/* ---- building ---- */

struct told {
    int n;
    int64_t done, total;
    int stop_after;
};

static bool progress(void *ctx, int64_t done, int64_t total)
{
    struct told *t = ctx;
    assert_true(done >= t->done && done <= total);
    t->done = done;
    t->total = total;
    return ++t->n != t->stop_after;
}

static void test_reindex(void **state)
{
    (void)state;
    struct store *s = open_store();
    enum { MANY = INDEX_ADOPT_ROWS + 200 };
    for (int i = 0; i < MANY; i++)
        put_run(s, "题目", "雪夜");
    flush(s);
    struct told told = {.stop_after = 2};
    struct err err = ERR_INIT;
    assert_int_equal(history_reindex(s, progress, &told, &err), E_CANCELLED);
    expect_search_refused(s, "not complete");
    put_run(s, "题目", "雪夜后来");
    history_delete(s, (const store_ref[]){5}, 1);
    assert_int_equal(store_close(s, NULL), 0);
    s = open_store();
    expect_search_refused(s, "not complete");
    told = (struct told){0};
    assert_int_equal(history_reindex(s, progress, &told, &err), 0);
    assert_int_equal(told.total, MANY);
    assert_int_equal(told.done, MANY);
    assert_true(told.n > 3);
    assert_int_equal(count_query(s, "雪夜"), MANY);
    assert_int_equal(count_query(s, "后来"), 1);
    assert_int_equal(store_close(s, NULL), 0);
}

/* Another process builds it while this one goes on writing. */
static void test_reindex_meanwhile(void **state)
{
    (void)state;
    make_rows();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct store *s = NULL;
        int rc = store_open(db_path, 0, &s, NULL);
        for (int i = 0; i < 5 && rc == 0; i++)
            rc = history_reindex(s, NULL, NULL, NULL);
        _exit(rc == 0 && store_close(s, NULL) == 0 ? 0 : 1);
    }
    struct store *s = open_store();
    int n = 0, status = -1;
    for (; n < 2000 && waitpid(child, &status, WNOHANG) == 0; n++) {
        put_run(s, "题目", "雪夜");
        if (n % 3 == 0)
            flush(s);
        usleep(500);
    }
    if (!WIFEXITED(status))
        waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    flush(s);
    assert_int_equal(index_state_now(), INDEX_WHOLE);
    assert_int_equal(count_query(s, "雪夜"), ROWS / 2 + n);
    assert_int_equal(store_close(s, NULL), 0);
    expect_sound();
}

/* A page of the file itself is damaged: nothing is dropped, the rest can be read. */
static void test_damaged_page(void **state)
{
    (void)state;
    make_rows();
    int64_t page = db_int(db_path, "SELECT rootpage FROM sqlite_schema WHERE "
                                   "name='history_fts_data'");
    FILE *f = fopen(db_path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, (page - 1) * 4096 + 12, SEEK_SET), 0);
    for (int i = 0; i < 8; i++)
        fputc(0xFF, f);
    fclose(f);
    struct store *s = open_store();
    struct store_status st;
    store_get_status(s, &st);
    assert_true(st.read_only); /* a small database is checked at open */
    assert_false(try_search(s, "雪夜"));
    assert_int_equal(count_hits(s, &(struct history_filter){.query = "雪夜", .scan = true}),
                     ROWS / 2);
    assert_int_equal(history_reindex(s, NULL, NULL, NULL), E_STORE);
    store_close(s, NULL);
}

/* Traps for whoever trusts the tables of an index. */
static void test_traps(void **state)
{
    (void)state;
    static const char *const traps[] = {
        "DROP TABLE history_fts",
        "DROP TABLE search_index",
        "DROP INDEX generations_list",
        "DROP TABLE tags",
    };
    for (size_t i = 0; i < ARRAY_LEN(traps); i++) {
        unlink(db_path);
        make_rows();
        db_int(db_path, traps[i]);
        struct store *s = NULL;
        struct err err = ERR_INIT;
        if (store_open(db_path, STORE_CREATE, &s, &err) != E_STORE)
            fail_msg("%s: opened", traps[i]);
    }
    unlink(db_path);
    make_rows();
    db_int(db_path, "CREATE TRIGGER trap AFTER INSERT ON history_fts_data BEGIN DELETE FROM "
                    "generations; END");
    db_int(db_path, "CREATE TRIGGER trap2 AFTER UPDATE ON generations BEGIN DELETE FROM "
                    "texts; END");
    expect_saving_goes_on("triggers");
}

/* ---- from schema 1 ---- */

static void run_sql(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

/* A database as schema 1 left it: one generation that is done, one that was interrupted. */
static void make_version_1(void)
{
    char folder[400];
    sqlite3 *db = NULL;
    struct sql q;
    int64_t text = 0, prompt = 0, tokenizer = 0;
    snprintf(folder, sizeof folder, "%s/db", test_dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(sqlite3_open(db_path, &db), SQLITE_OK);
    run_sql(db, store_schema.migrations[0]);
    run_sql(db, "PRAGMA application_id=0x78757869; PRAGMA user_version=1");
    sql_init(&q, db);
    assert_int_equal(text_put(&q, "雪夜里的荷塘", 18, &text), SQLITE_OK);
    assert_int_equal(tokenizer_put(&q, "t", &tokenizer), SQLITE_OK);
    const struct prompt_part parts[] = {{"头", 3, "\1", 1}, {"月色如何", 12, "\2", 1}};
    assert_int_equal(prompt_put(&q, tokenizer, parts, 2, &prompt), SQLITE_OK);
    assert_int_equal(text, 1);
    run_sql(db,
            "INSERT INTO stories VALUES(1, '旧', 1, 1, 5, 5);"
            "INSERT INTO models(id, identity, tokenizer, name) VALUES(1, 'm', 1, 'qwen');"
            "INSERT INTO nodes(id, story, kind, text, generation, created_ms) "
            "VALUES(1, 1, 2, 1, 1, 7), (2, 1, 2, NULL, 2, 8);"
            "INSERT INTO generations(id, story, node, origin, model, prompt, seed, stream, "
            "started_ms, text, reason, n_tokens) "
            "VALUES(1, 1, 1, 'room', 1, 2, 3, 0, 9, 1, 'eos', 6);"
            "INSERT INTO generations(id, story, node, origin, model, seed, stream, started_ms) "
            "VALUES(2, 1, 2, 'room', 1, 3, 0, 10);"
            "INSERT INTO pieces VALUES(2, 1, '半句', x'01', x'01'), (2, 2, '话', x'02', x'01')");
    sql_close(&q);
}

static void test_migration(void **state)
{
    (void)state;
    make_version_1();
    struct store *s = open_store();
    flush(s);
    assert_int_equal(db_int(db_path, "PRAGMA user_version"), 2);
    assert_int_equal(index_state_now(), INDEX_WHOLE);
    assert_int_equal(count_query(s, "荷塘"), 1);
    assert_int_equal(count_query(s, "月色"), 1);
    assert_int_equal(count_query(s, "头"), 0);   /* only the last part of the prompt */
    assert_int_equal(count_query(s, "句话"), 1); /* across pieces */
    assert_int_equal(count_hits(s, &(struct history_filter){.min_chars = 6}), 1);
    struct history_record *r = NULL;
    assert_int_equal(history_load(s, 1, &r, NULL), 0);
    assert_string_equal(r->text, "雪夜里的荷塘");
    assert_int_equal(r->n_prompt, 2);
    assert_int_equal(r->k_used, -2);
    history_record_free(r);
    put_run(s, "新", "荷塘");
    flush(s);
    assert_int_equal(count_query(s, "荷塘"), 2);
    assert_int_equal(store_close(s, NULL), 0);
    expect_sound();
    char copy[400];
    snprintf(copy, sizeof copy, "%s.v1-backup", db_path);
    assert_int_equal(db_int(copy, "PRAGMA user_version"), 1);
    assert_int_equal(db_int(copy, "SELECT count(*) FROM generations"), 2);
    assert_int_equal(db_int(copy, "SELECT count(*) FROM sqlite_schema WHERE name='tags'"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_damaged), TEST(test_damage_is_told),    TEST(test_random_damage),
        TEST(test_foreign), TEST(test_adopted),           TEST(test_moved),
        TEST(test_reindex), TEST(test_reindex_meanwhile), TEST(test_damaged_page),
        TEST(test_traps),   TEST(test_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
