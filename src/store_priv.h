/* store_priv.h - what the files of the store share: the queue of operations between the UI thread
 * and the writer thread. Private to src/store*.c and their tests.
 *
 * An operation is one put, deep-copied. The UI thread appends it; the writer applies a run of them
 * in one transaction and drops them when that is committed. Until then they stay queued, in order,
 * so a failed transaction costs nothing but time.
 */
#ifndef XUXIE_SRC_STORE_PRIV_H
#define XUXIE_SRC_STORE_PRIV_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"
#include "src/base/wake.h"
#include "src/store.h"
#include "src/store_index.h"
#include "src/store_schema.h"
#include "src/store_sql.h"

struct writer;
struct op;

/* Carries out op inside the writer's transaction. Returns an SQLite result code; *row is the row it
 * made, for its ticket. It may run again after a rollback, so it keeps nothing. */
typedef int op_apply(struct writer *w, const struct op *op, int64_t *row);

/* The head of every operation; the rest follows it in the same allocation. */
struct op {
    struct op *next;
    op_apply *apply;
    store_ref ticket; /* < 0: the name its row gets; 0: it makes none that has a name */
    int64_t put_ms;   /* monotonic */
    int64_t wall_ms;  /* for the columns *_ms */
    bool urgent;      /* to be committed at once and synced: what the person chose or wrote */
};

/* The writer thread's own; nobody else touches it while the thread runs. */
struct writer {
    struct sql q;     /* the connection that writes */
    bool wal;         /* false: a file system without shared memory, rollback journal */
    ino_t wal_inode;  /* of the -wal we write to; 0 until it is known */
    int wal_pages;    /* in the -wal after the last commit, as far as a checkpoint is of use */
    bool sync_failed; /* the last sync: what was written may be lost, only a checkpoint helps */
    int64_t *rows;    /* ticket -t is row rows[t-1], committed or in the running transaction */
    size_t n_rows;
    char place[INDEX_PLACE_BYTES]; /* constant */
    bool index_touched;            /* in the running transaction, */
    size_t index_bytes;            /* by so many bytes of terms */
    bool index_failed;             /* and found to be damaged */
    bool index_off;                /* the running transaction goes without it */
};

struct store {
    /* constant from store_open on */
    char *path;
    char *shown; /* path as it may stand in a message */
    const struct schema *schema;
    bool read_only;    /* no writer */
    struct sql reader; /* UI thread */
    struct wake wake;  /* raised by any, cleared by the UI thread */
    bool has_thread;
    pthread_t thread;

    struct writer writer;

    pthread_mutex_t lock;    /* protects everything below */
    pthread_cond_t work;     /* the UI thread has something for the writer */
    pthread_cond_t progress; /* the writer has got on, or failed */
    struct op *first, *last; /* the queue; the writer reads a run of it without the lock, for the
                                UI thread only appends */
    int64_t n_put, n_committed, n_synced; /* operations so far */
    int64_t n_want_commit, n_want_sync;   /* up to here without delay */
    int64_t unsynced_ms; /* put time of the oldest operation committed but not synced; 0 */
    int64_t n_attempts;  /* transactions tried */
    int64_t retry_ms;    /* not before; 0: at once */
    int64_t worked_ms;   /* the writer did something last */
    int64_t *rows;       /* as in the writer, committed ones only */
    size_t n_tickets, cap_rows;
    bool closing;
    bool failing;
    bool broken; /* the database is damaged: never written again */
    bool was_empty;
    char message[512];
};

/* store_open for another schema than this program's own: tests. */
int store_open_schema(const char *path, unsigned flags, const struct schema *schema,
                      struct store **out, struct err *err);

/* --- for the put functions --- */

/* False when there is nothing to write to; the put function then returns store_no_row(). */
bool store_takes(const struct store *s);
store_ref store_no_row(void);
/* A zeroed operation of `size` bytes. */
void *op_new(size_t size, op_apply *apply);
/* Strings of an operation lie behind it, each ended by a NUL: how many bytes one takes; and copies
 * s to *at, moving *at behind it. NULL takes none and stays NULL. */
size_t op_string_bytes(const char *s);
const char *op_keep_string(char **at, const char *s);
/* Takes op. Returns its ticket when it makes a row, else 0. */
store_ref store_enqueue(struct store *s, struct op *op, bool makes_row);

/* --- for the apply functions --- */

/* The row of a ref; 0 for 0, and for one that is not known. */
int64_t writer_row(const struct writer *w, store_ref ref);

/* --- the thread (store_writer.c) --- */

int writer_start(struct store *s, struct err *err);
/* Sets err (E_STORE) to the sentence for what db last said, rc being its result code. */
int store_sql_err(const struct store *s, sqlite3 *db, int rc, struct err *err);
/* What store_get_status tells; cut when it is too long. */
void store_set_message(struct store *s, const char *text);

#endif
