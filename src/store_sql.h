/* store_sql.h - prepared statements: made when first used, kept with their connection, bound by a
 * short format, so that SQL stands where it is used.
 *
 * Formats, one letter for each parameter:
 *   i  int64_t                      I  int64_t, 0 stands for NULL
 *   t  const void *, size_t: text   b  const void *, size_t: blob (a NULL pointer is NULL)
 *   s  const char *, NULL is NULL
 * Bytes are borrowed until the statement is done.
 *
 * The functions return SQLite's (extended) result codes, SQLITE_OK when all is well. A struct sql
 * belongs to the thread that uses its connection.
 */
#ifndef XUXIE_SRC_STORE_SQL_H
#define XUXIE_SRC_STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SQL_KEPT_MAX = 128 };

struct sql {
    sqlite3 *db;
    size_t n_kept;
    struct {
        const char *text; /* the literal itself is the key: one place in the code, one statement */
        sqlite3_stmt *stmt;
    } kept[SQL_KEPT_MAX];
};

/* Takes the connection; sql_close finalises everything and closes it. Returns sqlite3_close's code.
 */
void sql_init(struct sql *q, sqlite3 *db);
int sql_close(struct sql *q);

/* Runs to the end; rows are ignored. */
int sql_run(struct sql *q, const char *text, const char *format, ...);
/* *out = the first column of the first row; 0 when there is none or it is NULL. */
int sql_int(struct sql *q, int64_t *out, const char *text, const char *format, ...);
/* For rows: `rc = sql_start(q, &stmt, ...); while (sql_next(stmt, &rc)) ...`. *out is NULL on
 * failure, which sql_next takes (it then leaves rc alone). sql_next ends the statement when it
 * returns false; whoever leaves the loop earlier calls sql_end. */
int sql_start(struct sql *q, sqlite3_stmt **out, const char *text, const char *format, ...);
bool sql_next(sqlite3_stmt *stmt, int *rc);
void sql_end(sqlite3_stmt *stmt);

/* A column's bytes and a NUL, malloc'ed; "" for NULL, or (or_null) NULL. */
char *sql_column_copy(sqlite3_stmt *stmt, int column);
char *sql_column_or_null(sqlite3_stmt *stmt, int column);

/* Runs statements that are used once (schema, pragmas). */
int sql_script(sqlite3 *db, const char *text);

#endif
