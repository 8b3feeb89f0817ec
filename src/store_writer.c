/* store_writer.c - the thread that writes.
 *
 * What is promised (RELIABILITY B.4), and how it is kept:
 *  - Text that streams in is committed when the oldest of it is BATCH_MS old: a process that dies
 *    takes no more with it than that and the length of one commit.
 *  - What the person wrote or chose (urgent operations) is committed at once.
 *  - Commits are made with synchronous=NORMAL, which in WAL mode writes without waiting for the
 * disk. Then the -wal is synced by us: after urgent operations at once, else SYNC_MS after the text
 *    came. One sync makes every commit before it durable, so this is synchronous=FULL where it
 *    matters, at the price of one sync a second while streaming. Measured 2026-11 (bench_store): a
 *    generation of 600 bytes is committed 0.25 ms after the call, and synced after 0.9 ms.
 *  - In rollback-journal mode (no shared memory) every commit is synced by SQLite.
 *  - Checkpoints, which copy the -wal into the database, are made by us when nothing has come for
 *    TIDY_MS, so that nobody waits for one; only when that does not happen, in between.
 *  - A long queue is committed in parts of TRANSACTION_MS, so that other processes get their turn.
 *
 * Invariants
 *  1  operations leave the queue in order, and only after the COMMIT that holds them
 *  2  the queue is cut from the front by the writer, and only lengthened by the UI thread
 *  3  before each transaction: the file at the path is the one we have open, so is its -wal, and
 *     its user_version is ours; otherwise nothing is written
 *  4  after SQLITE_CORRUPT or SQLITE_NOTADB nothing is ever written again (`broken`); but when the
 *     search index alone is damaged, everything else goes on without it (store_index.h)
 *  5  a sync that failed is not repeated (the system may have forgotten what it could not write); a
 *     checkpoint writes the same pages once more, to the database itself
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/base/thread.h"
#include "src/store_priv.h"

enum {
    BATCH_MS = 50,
    SYNC_MS = 1000,
    RETRY_MS = 1000,
    TRANSACTION_MS = 100,
    TIDY_MS = 100,
    TIDY_PAGES = 1000,
    TIDY_LATE_PAGES = 8000,
};

/* ---- sentences ---- */

int store_sql_err(const struct store *s, sqlite3 *db, int rc, struct err *err)
{
    const char *path = s->shown;
    const char *what = sqlite3_errmsg(db);
    int sys = sqlite3_system_errno(db);
    switch (rc & 0xFF) {
    case SQLITE_FULL:
        return err_set(
            err, E_STORE,
            _("%s: the disk is full; the latest words are not saved. Make room, and saving "
              "goes on by itself"),
            path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, E_STORE,
                       _("%s: another program keeps the database locked; the latest words wait in "
                         "memory"),
                       path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(err, E_STORE, _("%s: the database cannot be written: %s"), path, what);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return err_set(err, E_STORE, _("%s: the database cannot be read or written: %s"), path,
                       sys ? strerror(sys) : what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(err, E_STORE,
                       _("%s: the database is damaged (%s); nothing more is written to it"), path,
                       what);
    case SQLITE_NOMEM:
        return err_set(err, E_STORE, _("%s: the database has no memory to work with"), path);
    default: return err_set(err, E_STORE, _("%s: the database refuses: %s"), path, what);
    }
}

void store_set_message(struct store *s, const char *text)
{
    size_t n = strlen(text);
    if (n >= sizeof s->message)
        n = utf8_floor(text, n, sizeof s->message - 1);
    memcpy(s->message, text, n);
    s->message[n] = '\0';
}

/* ---- rows of refs ---- */

int64_t writer_row(const struct writer *w, store_ref ref)
{
    if (ref >= 0)
        return ref;
    size_t i = (size_t)(-(ref + 1));
    return i < w->n_rows ? w->rows[i] : 0;
}

static void remember_row(struct writer *w, store_ref ticket, int64_t row)
{
    size_t i = (size_t)(-(ticket + 1));
    if (i >= w->n_rows) {
        size_t n = i < 512 ? 1024 : 2 * i;
        w->rows = x_realloc(w->rows, n * sizeof w->rows[0]);
        memset(w->rows + w->n_rows, 0, (n - w->n_rows) * sizeof w->rows[0]);
        w->n_rows = n;
    }
    w->rows[i] = row;
}

/* ---- one transaction ---- */

/* Invariant 3, as far as files go. */
static int check_files(struct store *s, struct err *err)
{
    struct writer *w = &s->writer;
    int moved = 0;
    struct stat st;
    sqlite3_file_control(w->q.db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved)
        return err_set(err, E_STORE,
                       _("%s: the database was deleted, moved or replaced while in use; the latest "
                         "words are not saved and the other file is left alone"),
                       s->shown);
    if (!w->wal)
        return 0;
    const char *wal = sqlite3_filename_wal(sqlite3_db_filename(w->q.db, "main"));
    bool there = stat(wal, &st) == 0;
    if (there && w->wal_inode == 0)
        w->wal_inode = st.st_ino;
    if (w->wal_inode != 0 && (!there || st.st_ino != w->wal_inode))
        return err_set(
            err, E_STORE,
            _("%s-wal: this part of the database was deleted or replaced while in use; the "
              "latest words are not saved. Leave and start again"),
            s->shown);
    return 0;
}

static int check_version(struct store *s, struct err *err)
{
    int64_t version = 0;
    struct writer *w = &s->writer;
    int rc = sql_int(&w->q, &version, "PRAGMA user_version", "");
    if (rc != SQLITE_OK)
        return store_sql_err(s, w->q.db, rc, err);
    if (version != s->schema->version)
        return err_set(
            err, E_STORE,
            _("%s: a newer xuxie has upgraded the database to schema %d; the latest words "
              "are not saved. Leave and start the newer one"),
            s->shown, (int)version);
    return 0;
}

/* Applies operations from first on, up to *last; to an earlier one, which is then *last, when they
 * take too long. */
static int apply_run(struct store *s, struct op *first, struct op **last)
{
    struct writer *w = &s->writer;
    int64_t until_ms = clock_mono_ms() + TRANSACTION_MS;
    for (struct op *op = first;; op = op->next) {
        int64_t row = 0;
        int rc = op->apply(w, op, &row);
        if (rc != SQLITE_OK)
            return rc;
        if (op->ticket)
            remember_row(w, op->ticket, row);
        if (op != *last && clock_mono_ms() >= until_ms)
            *last = op;
        if (op == *last)
            return SQLITE_OK;
    }
}

/* One transaction, rolled back when it fails: *sql_rc is what SQLite said, SQLITE_OK when it was
 * not SQLite. */
static int transaction(struct store *s, struct op *first, struct op **last, int *sql_rc,
                       struct err *err)
{
    struct writer *w = &s->writer;
    int rc = 0;
    w->index_touched = w->index_failed = false;
    w->index_bytes = 0;
    *sql_rc = sql_run(&w->q, "BEGIN IMMEDIATE", "");
    if (*sql_rc == SQLITE_OK)
        rc = check_version(s, err);
    if (*sql_rc == SQLITE_OK && rc == 0)
        *sql_rc = apply_run(s, first, last);
    if (*sql_rc == SQLITE_OK && rc == 0 && w->index_off)
        *sql_rc = index_put_damaged(w);
    if (*sql_rc == SQLITE_OK && rc == 0)
        *sql_rc = index_flush(w);
    if (*sql_rc == SQLITE_OK && rc == 0)
        *sql_rc = sql_run(&w->q, "COMMIT", "");
    if (*sql_rc != SQLITE_OK)
        rc = store_sql_err(s, w->q.db, *sql_rc, err);
    if (!sqlite3_get_autocommit(w->q.db))
        sql_run(&w->q, "ROLLBACK", "");
    return rc;
}

/* Applies operations from first on and commits; *last, the last there is, becomes the last that was
 * committed. When it is the search index that fails, everything else is done without it. *broken:
 * never try again. */
static int commit(struct store *s, struct op *first, struct op **last, bool *broken,
                  struct err *err)
{
    struct writer *w = &s->writer;
    struct op *const all = *last;
    int sql_rc = SQLITE_OK;
    int rc = check_files(s, err);
    if (rc != 0)
        return rc;
    rc = transaction(s, first, last, &sql_rc, err);
    if (rc != 0 && w->index_failed) {
        w->index_off = true;
        *last = all;
        rc = transaction(s, first, last, &sql_rc, err);
        w->index_off = false;
    }
    *broken = (sql_rc & 0xFF) == SQLITE_CORRUPT || (sql_rc & 0xFF) == SQLITE_NOTADB;
    return rc;
}

/* Makes everything committed so far survive a power cut. */
static int sync_wal(struct store *s, struct err *err)
{
    struct writer *w = &s->writer;
    if (!w->wal)
        return 0;
    int rc;
    if (w->sync_failed) { /* invariant 5 */
        rc = sqlite3_wal_checkpoint_v2(w->q.db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL);
    } else {
        sqlite3_file *file = NULL;
        rc = sqlite3_file_control(w->q.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
        if (rc == SQLITE_OK && file && file->pMethods)
            rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    }
    w->sync_failed = rc != SQLITE_OK;
    if (rc != SQLITE_OK)
        return err_set(err, E_STORE,
                       _("%s: the disk does not confirm that the latest words are written: %s"),
                       s->shown, sqlite3_errstr(rc));
    return 0;
}

/* ---- the thread ---- */

/* When there is something to do (monotonic), INT64_MAX when there is nothing. Lock held. */
static int64_t next_work(const struct store *s)
{
    int64_t at = INT64_MAX;
    if (s->broken)
        return at;
    if (s->first)
        at = s->n_want_commit > s->n_committed ? 0 : s->first->put_ms + BATCH_MS;
    if (s->unsynced_ms) {
        int64_t sync_at = s->n_want_sync > s->n_synced ? 0 : s->unsynced_ms + SYNC_MS;
        at = sync_at < at ? sync_at : at;
    }
    if (s->failing && at != INT64_MAX && at < s->retry_ms)
        at = s->retry_ms;
    return at;
}

/* Lock held. */
static void wait_for_work(struct store *s, int64_t until_ms)
{
    if (until_ms == INT64_MAX) {
        pthread_cond_wait(&s->work, &s->lock);
        return;
    }
    struct timespec t = {(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000};
    pthread_cond_timedwait(&s->work, &s->lock, &t);
}

/* Drops what was committed and makes its rows known. Lock held. */
static void drop_committed(struct store *s, struct op *last)
{
    struct op *op = s->first;
    s->first = last->next;
    if (!s->first)
        s->last = NULL;
    if (!s->unsynced_ms && s->writer.wal)
        s->unsynced_ms = op->put_ms;
    for (bool more = true; more;) {
        struct op *next = op->next;
        more = op != last;
        if (op->ticket)
            s->rows[-(op->ticket + 1)] = writer_row(&s->writer, op->ticket);
        s->n_committed++;
        free(op);
        op = next;
    }
    if (!s->writer.wal)
        s->n_synced = s->n_committed;
}

/* Lock held. */
static void note_result(struct store *s, int rc, bool broken, const struct err *err)
{
    s->n_attempts++;
    if (rc == 0 && s->failing)
        log_info("store: writing works again");
    if (rc != 0 && !s->failing)
        log_error("store: %s", err->msg);
    s->failing = rc != 0;
    s->broken = s->broken || broken;
    if (rc != 0) {
        store_set_message(s, err->msg);
        s->retry_ms = clock_mono_ms() + RETRY_MS;
    }
    pthread_cond_broadcast(&s->progress);
    wake_raise(&s->wake);
}

/* Commits what is queued, syncs when that is due. Called with the lock, which it gives up
 * meanwhile. */
static void work(struct store *s)
{
    struct err err = ERR_INIT;
    bool broken = false;
    int rc = 0;
    struct op *first = s->first, *last = s->last;
    if (first) {
        pthread_mutex_unlock(&s->lock);
        rc = commit(s, first, &last, &broken, &err);
        pthread_mutex_lock(&s->lock);
        if (rc == 0)
            drop_committed(s, last);
    }
    bool sync_due = s->unsynced_ms && (s->n_want_sync > s->n_synced || s->writer.sync_failed ||
                                       clock_mono_ms() >= s->unsynced_ms + SYNC_MS);
    if (rc == 0 && sync_due) {
        int64_t n = s->n_committed;
        pthread_mutex_unlock(&s->lock);
        rc = sync_wal(s, &err);
        pthread_mutex_lock(&s->lock);
        if (rc == 0) {
            s->n_synced = n;
            s->unsynced_ms = 0;
        }
    }
    s->worked_ms = clock_mono_ms();
    note_result(s, rc, broken, &err);
}

/* When the -wal is to be emptied: 0 at once, INT64_MAX when there is no need. Lock held. */
static int64_t next_tidying(const struct store *s)
{
    int pages = s->writer.wal_pages;
    if (s->broken || s->failing || s->closing || pages < TIDY_PAGES)
        return INT64_MAX;
    return pages < TIDY_LATE_PAGES ? s->worked_ms + TIDY_MS : 0;
}

/* Called with the lock, which it gives up meanwhile. What fails here is tried again after the next
 * commit; nothing depends on it. */
static void tidy(struct store *s)
{
    struct writer *w = &s->writer;
    w->wal_pages = 0;
    pthread_mutex_unlock(&s->lock);
    sqlite3_wal_checkpoint_v2(w->q.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    pthread_mutex_lock(&s->lock);
}

static int count_wal_pages(void *arg, sqlite3 *db, const char *name, int n_pages)
{
    struct writer *w = arg;
    (void)db;
    (void)name;
    w->wal_pages = n_pages;
    return SQLITE_OK;
}

static void *writer_main(void *arg)
{
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    sqlite3_wal_hook(s->writer.q.db, count_wal_pages, &s->writer); /* and no automatic ones */
    for (;;) {
        int64_t at = next_work(s), tidy_at = next_tidying(s), now = clock_mono_ms();
        if (s->closing && (at == INT64_MAX || (s->failing && s->retry_ms > 0)))
            break;
        if (tidy_at == 0 || (tidy_at <= now && at > now))
            tidy(s);
        else if (s->closing || at <= now)
            work(s);
        else
            wait_for_work(s, at < tidy_at ? at : tidy_at);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int writer_start(struct store *s, struct err *err)
{
    int rc = thread_start(&s->thread, "xuxie-store", writer_main, s);
    if (rc != 0)
        return err_set(err, E_RESOURCE, _("cannot start the thread that saves: %s"), strerror(rc));
    s->has_thread = true;
    return 0;
}

/* ---- the UI thread's end of the queue ---- */

bool store_takes(const struct store *s)
{
    return s && !s->read_only;
}

store_ref store_no_row(void)
{
    static _Atomic int64_t last;
    return --last;
}

void *op_new(size_t size, op_apply *apply)
{
    struct op *op = x_calloc(1, size);
    op->apply = apply;
    return op;
}

size_t op_string_bytes(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

const char *op_keep_string(char **at, const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *copy = *at;
    memcpy(copy, s, n);
    *at += n;
    return copy;
}

store_ref store_enqueue(struct store *s, struct op *op, bool makes_row)
{
    op->put_ms = clock_mono_ms();
    op->wall_ms = clock_wall_ms();
    pthread_mutex_lock(&s->lock);
    if (makes_row) {
        if (s->n_tickets == s->cap_rows) {
            s->cap_rows = s->cap_rows ? s->cap_rows * 2 : 1024;
            s->rows = x_realloc(s->rows, s->cap_rows * sizeof s->rows[0]);
        }
        s->rows[s->n_tickets++] = 0;
        op->ticket = -(store_ref)s->n_tickets;
    }
    store_ref ticket = op->ticket; /* op is the writer's as soon as the lock is free */
    if (s->last)
        s->last->next = op;
    else
        s->first = op;
    s->last = op;
    s->n_put++;
    if (op->urgent)
        s->n_want_commit = s->n_want_sync = s->n_put;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    return ticket;
}
