/* store_index.c - see store_index.h. */
#include "config.h"

#include "src/store_index.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/bigram.h"
#include "src/store_history.h"
#include "src/store_priv.h"

/* FTS5 makes of each transaction a segment and has to merge segments as they become many. Left to
 * itself it does so now and then and at length (150 ms were seen among 50,000 generations); here
 * every transaction merges a little, about as many pages as it causes in the long run: a generation
 * 14, which takes 0.1 to 3 ms. */
enum { MERGE_PAGES = 12, MERGE_BYTES = 1500 };

enum { REBUILD_ROWS = 200, REBUILD_WAIT_MS = 600000 };

/* ---- where the file is ---- */

void index_place(const char *path, char out[INDEX_PLACE_BYTES])
{
    struct statx st;
    out[0] = '\0';
    if (statx(AT_FDCWD, path, 0, STATX_BTIME | STATX_INO, &st) != 0)
        return;
    if (st.stx_mask & STATX_BTIME)
        snprintf(out, INDEX_PLACE_BYTES, "b%lld.%09u", (long long)st.stx_btime.tv_sec,
                 (unsigned)st.stx_btime.tv_nsec);
    else
        snprintf(out, INDEX_PLACE_BYTES, "i%llu", (unsigned long long)st.stx_ino);
}

/* ---- what is indexed ---- */

/* The part of a prompt that is indexed: its end. */
static const char *prompt_end(const char *text, size_t *n)
{
    if (*n <= INDEX_PROMPT_BYTES)
        return text;
    size_t from = utf8_floor(text, *n, *n - INDEX_PROMPT_BYTES);
    *n -= from;
    return text + from;
}

static void take_column(struct index_fields *f, enum index_field which, sqlite3_stmt *stmt,
                        int column)
{
    const char *p = sqlite3_column_blob(stmt, column);
    size_t n = (size_t)sqlite3_column_bytes(stmt, column);
    if (which == FIELD_PROMPT)
        p = prompt_end(p, &n);
    f->field[which].bytes = x_strndup(p ? p : "", n);
    f->field[which].n = n;
}

/* What a generation has written that is not done. */
static int read_pieces(struct sql *q, int64_t generation, struct index_fields *f)
{
    struct str text = STR_INIT;
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt, "SELECT text FROM pieces WHERE generation=?1 ORDER BY seq", "i",
                       generation);
    while (sql_next(stmt, &rc))
        str_append(&text, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    free(f->field[FIELD_TEXT].bytes);
    f->field[FIELD_TEXT].n = text.len;
    f->field[FIELD_TEXT].bytes = text.len ? str_take(&text) : x_strdup("");
    str_free(&text);
    return rc;
}

int index_read(struct sql *q, int64_t generation, struct index_fields *out)
{
    bool pieces = false;
    sqlite3_stmt *stmt;
    *out = (struct index_fields){0};
    int rc = sql_start(q, &stmt,
                       "SELECT t.body, a.body, n.body, v.name, g.text IS NULL FROM generations g "
                       "INDEXED BY generations_list LEFT JOIN texts t ON t.id=g.text "
                       "LEFT JOIN texts a ON a.id=g.asked LEFT JOIN texts n ON n.id=g.note "
                       "LEFT JOIN template_versions v ON v.id=g.template WHERE g.id=?1",
                       "i", generation);
    if (sql_next(stmt, &rc)) {
        for (int i = 0; i < N_FIELDS; i++)
            take_column(out, (enum index_field)i, stmt, i);
        pieces = sqlite3_column_int(stmt, N_FIELDS) != 0;
        out->found = true;
        sql_end(stmt);
    }
    return rc == SQLITE_OK && pieces ? read_pieces(q, generation, out) : rc;
}

void index_fields_free(struct index_fields *f)
{
    for (int i = 0; i < N_FIELDS; i++)
        free(f->field[i].bytes);
    *f = (struct index_fields){0};
}

static void put_terms(struct str *out, const struct index_fields *f)
{
    for (int i = 0; i < N_FIELDS; i++)
        bigram_terms(out, f->field[i].bytes, f->field[i].n);
}

/* ---- functions for migrations ---- */

static void sql_terms(sqlite3_context *ctx, int n_args, sqlite3_value **args)
{
    struct str terms = STR_INIT;
    for (int i = 0; i < n_args; i++) {
        const char *text = sqlite3_value_blob(args[i]);
        size_t n = (size_t)sqlite3_value_bytes(args[i]);
        if (i == 1)
            text = prompt_end(text, &n);
        bigram_terms(&terms, text, n);
    }
    sqlite3_result_text64(ctx, str_cstr(&terms), terms.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    str_free(&terms);
}

static void sql_chars(sqlite3_context *ctx, int n_args, sqlite3_value **args)
{
    (void)n_args;
    const void *text = sqlite3_value_blob(args[0]);
    sqlite3_result_int64(ctx,
                         (sqlite3_int64)utf8_count(text, (size_t)sqlite3_value_bytes(args[0])));
}

static void sql_place(sqlite3_context *ctx, int n_args, sqlite3_value **args)
{
    (void)n_args;
    (void)args;
    sqlite3_result_text(ctx, sqlite3_user_data(ctx), -1, SQLITE_TRANSIENT);
}

int index_functions(sqlite3 *db, const char *place)
{
    const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
    int rc = sqlite3_create_function_v2(db, "xuxie_terms", 2, flags | SQLITE_DETERMINISTIC, NULL,
                                        sql_terms, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "xuxie_chars", 1, flags | SQLITE_DETERMINISTIC, NULL,
                                        sql_chars, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "xuxie_place", 0, flags, x_strdup(place), sql_place,
                                        NULL, NULL, free);
    return rc;
}

/* ---- its state ---- */

bool index_is_damage(int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_PERM:
    case SQLITE_AUTH: return false;
    default: return true; /* CORRUPT; but a table that is not as FTS5 made it has other words too */
    }
}

int index_get_state(struct sql *q, const char *place, enum index_state *out)
{
    int64_t state = INDEX_INCOMPLETE;
    int rc = sql_int(q, &state,
                     "SELECT CASE WHEN state=0 AND place IS NOT ?1 THEN 3 ELSE state END "
                     "FROM search_index UNION ALL SELECT 1 LIMIT 1",
                     "s", place);
    *out = (enum index_state)state;
    return rc;
}

int index_state_err(const struct store *s, enum index_state state, struct err *err)
{
    switch (state) {
    case INDEX_WHOLE: return 0;
    case INDEX_DAMAGED:
        return err_set(err, E_STORE,
                       _("%s: the search index is damaged; everything else is sound and goes on "
                         "being saved. Build it anew with: xuxie history stats --reindex"),
                       s->shown);
    case INDEX_FOREIGN:
        return err_set(err, E_STORE,
                       _("%s: this database was copied or comes from elsewhere, and a search index "
                         "made elsewhere is not used. Build it anew with: xuxie history stats "
                         "--reindex"),
                       s->shown);
    default:
        return err_set(err, E_STORE,
                       _("%s: the search index is not complete. Build it anew with: xuxie history "
                         "stats --reindex"),
                       s->shown);
    }
}

static int put_state(struct sql *q, enum index_state state)
{
    return sql_run(q, "UPDATE search_index SET state=?1 WHERE state<?1", "i", (int64_t)state);
}

/* May the index be written? What is recorded without it makes it incomplete. While it is being
 * built, new rows go into what is there of it. */
static int begin_writing(struct writer *w, bool *yes)
{
    enum index_state state = INDEX_DAMAGED;
    int64_t is_ours = 0;
    *yes = false;
    if (w->index_off)
        return SQLITE_OK;
    int rc = index_get_state(&w->q, w->place, &state);
    if (rc == SQLITE_OK && state == INDEX_FOREIGN)
        return put_state(&w->q, INDEX_INCOMPLETE);
    if (rc == SQLITE_OK && state == INDEX_INCOMPLETE)
        rc = sql_int(&w->q, &is_ours, "SELECT place IS ?1 FROM search_index", "s", w->place);
    *yes = rc == SQLITE_OK && (state == INDEX_WHOLE || is_ours);
    w->index_touched = w->index_touched || *yes;
    return rc;
}

static int note_damage(struct writer *w, int rc)
{
    if (index_is_damage(rc) && !w->index_failed) {
        w->index_failed = true;
        log_error("store: the search index is damaged: %s", sqlite3_errmsg(w->q.db));
    }
    return rc;
}

int index_flush(struct writer *w)
{
    if (!w->index_touched)
        return SQLITE_OK;
    /* FTS5 writes what it has gathered when a savepoint begins */
    int rc = note_damage(w, sql_run(&w->q, "SAVEPOINT index_flush", ""));
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q, "RELEASE index_flush", "");
    int64_t pages = MERGE_PAGES + (int64_t)(w->index_bytes / MERGE_BYTES);
    if (rc == SQLITE_OK && w->index_bytes > 0)
        rc = note_damage(
            w, sql_run(&w->q, "INSERT INTO history_fts(history_fts, rank) VALUES('merge', ?1)", "i",
                       pages));
    return rc;
}

int index_put_damaged(struct writer *w)
{
    return put_state(&w->q, INDEX_DAMAGED);
}

static int apply_damaged(struct writer *w, const struct op *op, int64_t *row)
{
    (void)op;
    (void)row;
    return index_put_damaged(w);
}

void index_tell_damaged(struct store *s)
{
    if (!store_takes(s))
        return;
    log_warn("store: %s: the search index is damaged", s->shown);
    struct op *op = op_new(sizeof *op, apply_damaged);
    op->urgent = true;
    store_enqueue(s, op, false);
}

/* ---- writing it ---- */

static int put_row(struct writer *w, int64_t generation, const struct str *terms)
{
    if (terms->len == 0)
        return SQLITE_OK;
    w->index_bytes += terms->len;
    return note_damage(w, sql_run(&w->q, "INSERT INTO history_fts(rowid, body) VALUES(?1, ?2)",
                                  "it", generation, str_cstr(terms), terms->len));
}

static int put_fields(struct writer *w, int64_t generation)
{
    struct index_fields fields;
    struct str terms = STR_INIT;
    int rc = index_read(&w->q, generation, &fields);
    if (rc == SQLITE_OK && fields.found) {
        put_terms(&terms, &fields);
        rc = put_row(w, generation, &terms);
    }
    str_free(&terms);
    index_fields_free(&fields);
    return rc;
}

int index_put(struct writer *w, int64_t generation)
{
    bool yes;
    int rc = begin_writing(w, &yes);
    return yes ? put_fields(w, generation) : rc;
}

int index_add(struct writer *w, int64_t generation, const char *text, size_t n)
{
    bool yes;
    int rc = begin_writing(w, &yes);
    if (!yes)
        return rc;
    struct str terms = STR_INIT;
    bigram_terms(&terms, text, n);
    rc = put_row(w, generation, &terms);
    str_free(&terms);
    return rc;
}

/* Only from a whole index: FTS5 takes it for damage when more is taken out than was put in. */
int index_drop(struct writer *w, int64_t generation)
{
    enum index_state state = INDEX_DAMAGED;
    int64_t indexed = 0;
    struct index_fields fields = {0};
    struct str terms = STR_INIT;
    if (w->index_off)
        return SQLITE_OK;
    int rc = index_get_state(&w->q, w->place, &state);
    if (rc != SQLITE_OK || state != INDEX_WHOLE)
        return rc;
    w->index_touched = true;
    rc = sql_int(&w->q, &indexed, "SELECT n_chars IS NOT NULL FROM generations WHERE id=?1", "i",
                 generation);
    if (rc == SQLITE_OK && indexed)
        rc = index_read(&w->q, generation, &fields);
    if (rc == SQLITE_OK && fields.found)
        put_terms(&terms, &fields);
    if (rc == SQLITE_OK && terms.len > 0)
        rc = note_damage(w, sql_run(&w->q,
                                    "INSERT INTO history_fts(history_fts, rowid, body) "
                                    "VALUES('delete', ?1, ?2)",
                                    "it", generation, str_cstr(&terms), terms.len));
    index_fields_free(&fields);
    str_free(&terms);
    return rc;
}

/* ---- generations whose process died ---- */

/* They have pieces and no number of characters. One that another process is writing now gets its
 * number and its whole entry when it is done. */
static int apply_catch_up(struct writer *w, const struct op *op, int64_t *row)
{
    (void)op;
    (void)row;
    int rc;
    int64_t id = 0;
    do {
        rc = sql_int(&w->q, &id,
                     "SELECT id FROM generations WHERE n_chars IS NULL AND id>?1 AND "
                     "id IN (SELECT generation FROM pieces) ORDER BY id LIMIT 1",
                     "i", id);
        if (rc != SQLITE_OK || id == 0)
            break;
        struct index_fields fields;
        rc = index_read(&w->q, id, &fields);
        if (rc == SQLITE_OK)
            rc = sql_run(
                &w->q, "UPDATE generations SET n_chars=?2 WHERE id=?1", "ii", id,
                (int64_t)utf8_count(fields.field[FIELD_TEXT].bytes, fields.field[FIELD_TEXT].n));
        index_fields_free(&fields);
        if (rc == SQLITE_OK)
            rc = index_put(w, id);
    } while (rc == SQLITE_OK);
    return rc;
}

void index_catch_up(struct store *s)
{
    int64_t any = 0;
    if (!store_takes(s))
        return;
    int rc = sql_int(&s->reader, &any,
                     "SELECT EXISTS(SELECT 1 FROM generations WHERE n_chars IS NULL AND "
                     "id IN (SELECT generation FROM pieces))",
                     "");
    if (rc == SQLITE_OK && any)
        store_enqueue(s, op_new(sizeof(struct op), apply_catch_up), false);
}

/* ---- building it anew ---- */

struct op_rebuild {
    struct op op;
    int64_t after; /* generations behind this one are next; -1: begin */
};

/* An empty index that counts as incomplete. FTS5 drops no table that it cannot open, so its own
 * tables are first made those of an empty index, whatever was in them. What that was need not be
 * wiped: the pages are used again at once. */
static int rebuild_begin(struct writer *w)
{
    sqlite3 *db = w->q.db;
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sql_script(db, "PRAGMA secure_delete=FAST");
    int rc = sql_script(db, "DELETE FROM history_fts_data; DELETE FROM history_fts_idx;"
                            "DELETE FROM history_fts_config;"
                            "INSERT INTO history_fts_config(k, v) VALUES('version', 4);"
                            "INSERT INTO history_fts_data(id, block) VALUES(1, x''), "
                            "(10, x'00000000000000')");
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sql_script(db, "DROP TABLE history_fts");
    if (rc == SQLITE_OK)
        rc = sql_script(db, schema_history_fts);
    sql_script(db, "PRAGMA secure_delete=ON");
    note_damage(w, rc);
    if (rc == SQLITE_OK)
        rc =
            sql_run(&w->q, "INSERT OR REPLACE INTO search_index(id, state, place) VALUES(1, 1, ?1)",
                    "s", w->place);
    return rc;
}

/* Indexes the next generations; *after is the last of them, -1 when there are no more: the index is
 * whole then. */
static int rebuild_some(struct writer *w, int64_t *after)
{
    int rc = SQLITE_OK;
    w->index_touched = true;
    for (int i = 0; i < REBUILD_ROWS && rc == SQLITE_OK; i++) {
        int64_t id = 0;
        rc = sql_int(&w->q, &id, "SELECT id FROM generations WHERE id>?1 ORDER BY id LIMIT 1", "i",
                     *after);
        if (rc == SQLITE_OK && id == 0) {
            *after = -1;
            return sql_run(&w->q, "UPDATE search_index SET state=0", "");
        }
        if (rc == SQLITE_OK)
            rc = put_fields(w, id);
        *after = id;
    }
    return rc;
}

/* Its row: the last generation indexed, -1 when that was the last of all, 0 when it failed. */
static int apply_rebuild(struct writer *w, const struct op *op, int64_t *row)
{
    int64_t after = ((const struct op_rebuild *)op)->after;
    *row = 0;
    if (w->index_off)
        return SQLITE_OK;
    if (after < 0) {
        *row = INT64_MAX;
        return rebuild_begin(w);
    }
    *row = after;
    return rebuild_some(w, row);
}

/* Dropping the index frees its pages; were they not what they should be, others might be freed. */
static int check_pages(struct store *s, struct err *err)
{
    sqlite3_stmt *stmt;
    int ret = 0;
    int rc = sql_start(&s->reader, &stmt,
                       "SELECT quick_check FROM pragma_quick_check('history_fts_data') "
                       "UNION ALL SELECT quick_check FROM pragma_quick_check('history_fts_idx') "
                       "UNION ALL SELECT quick_check FROM pragma_quick_check('history_fts_config')",
                       "");
    while (sql_next(stmt, &rc)) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (ret == 0 && strcmp(text ? text : "", "ok") != 0)
            ret = err_set(err, E_STORE,
                          _("%s: pages of the database are damaged (%s), so the search index in it "
                            "cannot be built anew"),
                          s->shown, text ? text : "");
    }
    return rc == SQLITE_OK ? ret : store_sql_err(s, s->reader.db, rc, err);
}

void index_adopt(struct store *s)
{
    struct writer *w = &s->writer;
    enum index_state state = INDEX_WHOLE;
    int64_t n = 0, after = 0;
    if (index_get_state(&w->q, w->place, &state) != SQLITE_OK ||
        (state != INDEX_FOREIGN && state != INDEX_INCOMPLETE) ||
        sql_int(&w->q, &n, "SELECT count(*) FROM (SELECT 1 FROM generations LIMIT ?1)", "i",
                (int64_t)INDEX_ADOPT_ROWS + 1) != SQLITE_OK ||
        n > INDEX_ADOPT_ROWS || check_pages(s, NULL) != 0 ||
        sql_run(&w->q, "BEGIN IMMEDIATE", "") != SQLITE_OK)
        return;
    int rc = rebuild_begin(w);
    while (rc == SQLITE_OK && after >= 0)
        rc = rebuild_some(w, &after);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q, "COMMIT", "");
    if (rc != SQLITE_OK)
        sql_run(&w->q, "ROLLBACK", "");
    log_info("store: search index of %lld generations built anew: %s", (long long)n,
             sqlite3_errstr(rc));
}

/* Puts one step and waits for it; *row as apply_rebuild says. */
static int rebuild_step(struct store *s, int64_t after, int64_t *row, struct err *err)
{
    struct op_rebuild *o = op_new(sizeof *o, apply_rebuild);
    o->after = after;
    store_ref ref = store_enqueue(s, &o->op, true);
    int rc = store_flush(s, REBUILD_WAIT_MS, err);
    *row = store_row(s, ref);
    if (rc == 0 && *row == 0)
        rc = index_state_err(s, INDEX_DAMAGED, err);
    return rc;
}

int history_reindex(struct store *s, bool (*progress)(void *ctx, int64_t done, int64_t total),
                    void *ctx, struct err *err)
{
    struct store_status status;
    if (!s)
        return err_set(err, E_STORE, _("there is no database to save in"));
    store_get_status(s, &status);
    if (!store_takes(s))
        return err_set(err, E_STORE, "%s", status.message);
    int64_t total = history_count(s), done = 0, row = 0;
    int rc = check_pages(s, err);
    if (rc == 0)
        rc = rebuild_step(s, -1, &row, err);
    row = 0;
    while (rc == 0 && row >= 0) {
        if (progress && !progress(ctx, done < total ? done : total, total))
            return err_set(
                err, E_CANCELLED,
                _("%s: the search index is not complete; nothing can be looked for until "
                  "it is built"),
                s->shown);
        rc = rebuild_step(s, row, &row, err);
        done += REBUILD_ROWS;
    }
    if (rc == 0 && progress)
        progress(ctx, total, total);
    return rc;
}
