/* store.c - opening, status and closing; see store.h. The writing is in store_writer.c.
 *
 * Opening goes from the harmless to the harmful: the header is read by hand (store_file.c), then
 * the writer's connection looks at version and schema, and only when all of it is ours is anything
 * written - the tables, the change to WAL mode.
 *
 * A damaged page is looked for when that is cheap (CHECK_ALWAYS_BYTES), or likely: a -wal with
 * content means that xuxie did not end in good order, or runs twice (CHECK_UNCLEAN_BYTES). Measured
 * 2026-11, file in the cache: 5 ms for 4 MiB, 50 ms for 48 MiB. Larger databases show damage when
 * it is met.
 */
#include "config.h"

#include "src/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/store_file.h"
#include "src/store_priv.h"

enum {
    BUSY_MS = 5000,
    VALUE_MAX_BYTES = 256 << 20,
    WAL_KEEP_BYTES = 16 << 20,
    CACHE_KIB = 32 << 10,
    CHECK_ALWAYS_BYTES = 4 << 20,
    CHECK_UNCLEAN_BYTES = 48 << 20,
};

/* ---- connections ---- */

/* The file is data, also our own: no triggers, views, extensions or odd cells of it are trusted. */
static int configure(sqlite3 *db)
{
    static const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},   {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
    };
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX_BYTES);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM INTO */
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        sqlite3_db_config(db, options[i].option, options[i].value, NULL);
    char pragmas[160];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON; "
             "PRAGMA cache_size=-%d",
             CACHE_KIB);
    return sql_script(db, pragmas);
}

/* Opens a connection and makes it read the schema, which is where trouble shows. */
static int connect(const struct store *s, struct sql *q, const char *name, int flags,
                   const char *vfs, struct err *err)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX, vfs);
    if (rc == SQLITE_OK && vfs) /* before anything that reads */
        rc = sql_script(db, "PRAGMA locking_mode=EXCLUSIVE");
    if (rc == SQLITE_OK)
        rc = configure(db);
    if (rc == SQLITE_OK)
        rc = sql_script(db, "SELECT count(*) FROM sqlite_schema");
    if (rc == SQLITE_OK) {
        sql_init(q, db);
        return SQLITE_OK;
    }
    store_sql_err(s, db, rc, err);
    sqlite3_close(db);
    return rc;
}

static int64_t file_bytes(const char *path, const char *suffix)
{
    struct str name = STR_INIT;
    struct stat st;
    str_printf(&name, "%s%s", path, suffix);
    int64_t n = stat(str_cstr(&name), &st) == 0 ? (int64_t)st.st_size : 0;
    str_free(&name);
    return n;
}

/* Reads a file that is taken to stay as it is: no locks, no -wal, nothing made beside it. */
static int connect_immutable(struct store *s, struct err *err)
{
    struct str uri = STR_INIT;
    str_puts(&uri, "file:");
    for (const char *p = s->path; *p; p++)
        str_printf(&uri, "%%%02X", (unsigned char)*p);
    str_puts(&uri, "?immutable=1");
    int rc =
        connect(s, &s->reader, str_cstr(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL, err);
    str_free(&uri);
    return rc;
}

/* Where the database may not be written, nothing is made beside it either. A -shm that is there
 * belongs to an xuxie that may run, and its locks are kept; without one nobody writes (WAL needs
 * it), so no locks are taken: what a crash has left in the -wal is read with an index in memory.
 * Also when a crash has left a -shm that cannot be used. */
static int connect_reader(struct store *s, bool writable, struct err *err)
{
    const int read_only = SQLITE_OPEN_READONLY;
    struct err why = ERR_INIT;
    int rc = SQLITE_CANTOPEN;
    if (writable || file_bytes(s->path, "-shm") > 0)
        rc = connect(s, &s->reader, s->path, read_only, NULL, &why);
    if (rc != SQLITE_OK && !writable)
        rc = file_bytes(s->path, "-wal") > 0
                 ? connect(s, &s->reader, s->path, read_only, "unix-none", &why)
                 : connect_immutable(s, &why);
    return rc == SQLITE_OK ? 0 : err_set(err, E_STORE, "%s", why.msg);
}

static bool worth_checking(const char *path)
{
    int64_t bytes = file_bytes(path, "");
    return bytes <= CHECK_ALWAYS_BYTES ||
           (bytes <= CHECK_UNCLEAN_BYTES && file_bytes(path, "-wal") > 0);
}

/* Is a page damaged? *what (malloc'ed) says which, NULL when all is well. */
static void find_damage(sqlite3 *db, char **what)
{
    sqlite3_stmt *stmt = NULL;
    *what = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (!text || strcmp(text, "ok") != 0)
            *what = x_strdup(text ? text : "");
    } else if ((rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB) {
        *what = x_strdup(sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
}

/* From here on the database is only read. */
static void become_read_only(struct store *s, const char *why)
{
    s->read_only = true;
    store_set_message(s, why);
    log_warn("store: %s", why);
}

static bool check_damage(struct store *s)
{
    char *what = NULL;
    if (worth_checking(s->path))
        find_damage(s->writer.q.db, &what);
    if (!what)
        return false;
    for (char *p = what; *p; p++)
        *p = *p == '\n' ? ' ' : *p;
    struct err why;
    err_set(&why, E_STORE,
            _("%s: the database is damaged (%s); what can be read is shown and nothing is written "
              "to it"),
            s->shown, what);
    become_read_only(s, why.msg);
    free(what);
    return true;
}

/* SQLite does not wait by itself when another process is in the way of this change. */
static int ask_for_wal(struct writer *w)
{
    int64_t until_ms = clock_mono_ms() + BUSY_MS;
    int rc;
    do {
        sqlite3_stmt *stmt = NULL;
        rc = sqlite3_prepare_v2(w->q.db, "PRAGMA journal_mode=WAL", -1, &stmt, NULL);
        if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            const char *mode = (const char *)sqlite3_column_text(stmt, 0);
            w->wal = mode && strcmp(mode, "wal") == 0;
            rc = SQLITE_OK;
        }
        sqlite3_finalize(stmt);
    } while ((rc & 0xFF) == SQLITE_BUSY && clock_mono_ms() < until_ms && usleep(5000) == 0);
    return rc;
}

/* WAL where the file system can do it, else a rollback journal. */
static int choose_journal(struct store *s, struct err *err)
{
    struct writer *w = &s->writer;
    int rc = ask_for_wal(w);
    char pragmas[96];
    snprintf(pragmas, sizeof pragmas, "PRAGMA synchronous=%s; PRAGMA journal_size_limit=%d",
             w->wal ? "NORMAL" : "FULL", WAL_KEEP_BYTES);
    if (rc == SQLITE_OK)
        rc = sql_script(w->q.db, pragmas);
    if (rc == SQLITE_OK && !w->wal)
        log_warn("store: %s: no WAL mode here, using a rollback journal", s->shown);
    return rc == SQLITE_OK ? 0 : store_sql_err(s, w->q.db, rc, err);
}

/* Closes the writer's connection so that nothing changes: not a -wal with content, and an empty
 * one, which SQLite made when it looked, goes again. */
static void leave(struct store *s)
{
    if (file_bytes(s->path, "-wal") == 0)
        sqlite3_db_config(s->writer.q.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    sql_close(&s->writer.q);
}

/* Makes the writer's connection ready. On failure, or when the file turns out to be damaged
 * (read_only is then set), it is closed again without having changed a database that is not ours.
 */
static int ready_writer(struct store *s, struct err *err)
{
    struct writer *w = &s->writer;
    int rc = 0;
    bool damaged = check_damage(s);
    if (!damaged)
        rc = schema_migrate(w->q.db, s->schema, s->path, s->shown, err);
    if (rc == 0)
        rc = schema_check(w->q.db, s->schema, s->shown, err);
    if (rc == 0 && !damaged)
        rc = choose_journal(s, err);
    if (rc == 0 && !damaged)
        sqlite3_db_config(w->q.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    else
        leave(s);
    return rc;
}

/* ---- opening ---- */

static void free_queue(struct store *s)
{
    while (s->first) {
        struct op *op = s->first;
        s->first = op->next;
        free(op);
    }
}

static void store_free(struct store *s)
{
    if (s->reader.db)
        sql_close(&s->reader);
    if (s->writer.q.db)
        sql_close(&s->writer.q);
    free_queue(s);
    wake_free(&s->wake);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->progress);
    pthread_mutex_destroy(&s->lock);
    free(s->writer.rows);
    free(s->rows);
    free(s->path);
    free(s->shown);
    free(s);
}

static struct store *store_new(const char *path, const struct schema *schema)
{
    struct store *s = x_calloc(1, sizeof *s);
    s->path = x_strdup(path);
    if (text_is_safe(path, strlen(path))) {
        s->shown = x_strdup(path);
    } else {
        char quoted[360];
        s->shown = x_strdup(err_quote(quoted, sizeof quoted, path, strlen(path)));
    }
    s->schema = schema;
    s->wake = (struct wake){-1, -1};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, &monotonic);
    pthread_cond_init(&s->progress, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

/* Is it the disk and not the database that is the matter? Then reading may still go. */
static bool only_the_place(int sql_rc)
{
    int rc = sql_rc & 0xFF;
    return rc == SQLITE_FULL || rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN ||
           rc == SQLITE_READONLY;
}

/* Opens what the file allows: both connections, or the reading one. */
static int connect_both(struct store *s, const struct store_file *file, unsigned flags,
                        struct err *err)
{
    struct err why = ERR_INIT;
    bool writable = file->writable;
    int rc = 0;
    if (flags & STORE_READ_ONLY || !writable) {
        err_set(
            &why, E_STORE,
            flags & STORE_READ_ONLY
                ? _("%s: the database is opened for reading only")
                : _("%s: the database or its folder may not be written; it is opened for reading "
                    "only and nothing is saved"),
            s->shown);
        if (file->made) {
            if (err)
                *err = why;
            return E_STORE;
        }
        become_read_only(s, why.msg);
    } else {
        store_file_put_aside(s->path);
        int sql_rc = connect(s, &s->writer.q, s->path, SQLITE_OPEN_READWRITE, NULL, &why);
        if (sql_rc == SQLITE_OK) {
            rc = ready_writer(s, err);
        } else if (!file->made && only_the_place(sql_rc)) {
            struct err told;
            err_set(&told, E_STORE,
                    _("%s. It is opened for reading only; nothing is saved in this session"),
                    why.msg);
            become_read_only(s, told.msg);
            writable = false;
        } else {
            rc = err_set(err, E_STORE, "%s", why.msg);
        }
    }
    if (rc == 0)
        rc = connect_reader(s, writable, err);
    if (rc == 0 && !s->writer.q.db)
        rc = schema_check(s->reader.db, s->schema, s->shown, err);
    return rc;
}

int store_open_schema(const char *path, unsigned flags, const struct schema *schema,
                      struct store **out, struct err *err)
{
    struct store *s = store_new(path, schema);
    struct store_file file = {0};
    int rc = 0;
    if (path[0] != '/') /* SQLite would read "file:..." as a URI */
        rc = err_set(err, E_STORE, _("%s: the database needs an absolute path"), s->shown);
    if (rc == 0)
        rc = store_file_check(path, s->shown, flags & STORE_CREATE, schema->version, &file, err);
    if (rc == 0) {
        index_place(path, s->writer.place);
        rc = connect_both(s, &file, flags, err);
    }
    if (rc == 0 && file.was_empty) {
        struct err told;
        err_set(&told, E_OK, _("%s: the file was empty (0 bytes); a new database was made in it"),
                s->shown);
        s->was_empty = true;
        store_set_message(s, told.msg);
        log_warn("store: %s", told.msg);
    }
    if (rc == 0)
        rc = wake_init(&s->wake, err);
    if (rc == 0 && !s->read_only) {
        index_adopt(s);
        rc = writer_start(s, err);
    }
    if (rc == 0)
        index_catch_up(s);
    if (rc != 0) {
        store_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

int store_open(const char *path, unsigned flags, struct store **out, struct err *err)
{
    return store_open_schema(path, flags, &store_schema, out, err);
}

/* ---- closing ---- */

/* Asks the writer for everything put so far, now. Lock held. */
static void want_all(struct store *s)
{
    s->n_want_commit = s->n_want_sync = s->n_put;
    s->retry_ms = 0;
    pthread_cond_signal(&s->work);
}

int store_close(struct store *s, struct err *err)
{
    if (!s)
        return 0;
    if (s->has_thread) {
        pthread_mutex_lock(&s->lock);
        s->closing = true;
        want_all(s);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    int rc = 0;
    if (s->first || s->unsynced_ms || s->broken) {
        rc = err_set(err, E_STORE, "%s", s->message);
        if (s->writer.q.db) /* leave a file that gives trouble as it is */
            sqlite3_db_config(s->writer.q.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    store_free(s);
    return rc;
}

/* ---- status ---- */

void store_get_status(struct store *s, struct store_status *out)
{
    *out = (struct store_status){0};
    wake_clear(&s->wake);
    pthread_mutex_lock(&s->lock);
    out->saved =
        !s->read_only && !s->failing && !s->broken && !s->first && s->n_want_sync <= s->n_synced;
    out->failing = s->failing || s->broken;
    out->read_only = s->read_only;
    out->was_empty = s->was_empty;
    if (out->failing || out->read_only || out->was_empty)
        memcpy(out->message, s->message, sizeof out->message);
    out->unsaved_since_ms = s->first ? s->first->put_ms : s->failing ? s->unsynced_ms : 0;
    pthread_mutex_unlock(&s->lock);
}

int store_fd(const struct store *s)
{
    return s ? s->wake.fd_read : -1;
}

int store_flush(struct store *s, int timeout_ms, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to save in"));
    if (s->read_only)
        return 0; /* nothing was put */
    int64_t until_ms = clock_mono_ms() + timeout_ms;
    struct timespec until = {(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000};
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    int64_t n = s->n_put;
    int64_t n_attempts = s->n_attempts;
    if (s->n_synced < n)
        want_all(s);
    while (s->n_synced < n) {
        bool tried_in_vain = s->failing && s->n_attempts > n_attempts;
        if (s->broken || tried_in_vain) {
            rc = err_set(err, E_STORE, "%s", s->message);
            break;
        }
        if (pthread_cond_timedwait(&s->progress, &s->lock, &until) == ETIMEDOUT &&
            s->n_synced < n) {
            rc =
                err_set(err, E_STORE, _("%s: the database has not taken the latest words in %d ms"),
                        s->shown, timeout_ms);
            break;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int64_t store_row(struct store *s, store_ref ref)
{
    if (ref >= 0 || !s)
        return ref > 0 ? ref : 0;
    size_t i = (size_t)(-(ref + 1));
    pthread_mutex_lock(&s->lock);
    int64_t row = i < s->n_tickets ? s->rows[i] : 0;
    pthread_mutex_unlock(&s->lock);
    return row;
}
