/* store_sql.c - see store_sql.h. */
#include "config.h"

#include "src/store_sql.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "src/base/mem.h"

void sql_init(struct sql *q, sqlite3 *db)
{
    *q = (struct sql){.db = db};
}

int sql_close(struct sql *q)
{
    for (size_t i = 0; i < q->n_kept; i++)
        sqlite3_finalize(q->kept[i].stmt);
    int rc = sqlite3_close(q->db);
    *q = (struct sql){0};
    return rc;
}

static int prepared(struct sql *q, const char *text, sqlite3_stmt **out)
{
    for (size_t i = 0; i < q->n_kept; i++) {
        if (q->kept[i].text == text) {
            *out = q->kept[i].stmt;
            return SQLITE_OK;
        }
    }
    assert(q->n_kept < SQL_KEPT_MAX);
    int rc = sqlite3_prepare_v3(q->db, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    if (rc != SQLITE_OK)
        return sqlite3_extended_errcode(q->db);
    q->kept[q->n_kept].text = text;
    q->kept[q->n_kept++].stmt = *out;
    return SQLITE_OK;
}

static int bind(sqlite3_stmt *stmt, const char *format, va_list ap)
{
    int rc = SQLITE_OK;
    for (int i = 1; format[i - 1] && rc == SQLITE_OK; i++) {
        switch (format[i - 1]) {
        case 'i': rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t)); break;
        case 'I': {
            int64_t v = va_arg(ap, int64_t);
            rc = v ? sqlite3_bind_int64(stmt, i, v) : sqlite3_bind_null(stmt, i);
            break;
        }
        case 't':
        case 'b': {
            const void *p = va_arg(ap, const void *);
            size_t n = va_arg(ap, size_t);
            if (format[i - 1] == 't')
                rc = sqlite3_bind_text64(stmt, i, p, n, SQLITE_STATIC, SQLITE_UTF8);
            else
                rc = sqlite3_bind_blob64(stmt, i, p, n, SQLITE_STATIC);
            break;
        }
        case 's':
            rc = sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
            break;
        default: assert(0 && "a letter of the format"); rc = SQLITE_MISUSE;
        }
    }
    return rc;
}

static int start(struct sql *q, sqlite3_stmt **out, const char *text, const char *format,
                 va_list ap)
{
    sqlite3_stmt *stmt = NULL;
    *out = NULL;
    int rc = prepared(q, text, &stmt);
    if (rc == SQLITE_OK)
        rc = bind(stmt, format, ap);
    if (rc == SQLITE_OK)
        *out = stmt;
    return rc;
}

int sql_start(struct sql *q, sqlite3_stmt **out, const char *text, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int rc = start(q, out, text, format, ap);
    va_end(ap);
    return rc;
}

bool sql_next(sqlite3_stmt *stmt, int *rc)
{
    if (!stmt)
        return false;
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        return true;
    *rc = step == SQLITE_DONE ? SQLITE_OK : sqlite3_extended_errcode(sqlite3_db_handle(stmt));
    sql_end(stmt);
    return false;
}

void sql_end(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

int sql_run(struct sql *q, const char *text, const char *format, ...)
{
    sqlite3_stmt *stmt;
    va_list ap;
    va_start(ap, format);
    int rc = start(q, &stmt, text, format, ap);
    va_end(ap);
    while (sql_next(stmt, &rc))
        ;
    return rc;
}

int sql_int(struct sql *q, int64_t *out, const char *text, const char *format, ...)
{
    sqlite3_stmt *stmt;
    va_list ap;
    va_start(ap, format);
    int rc = start(q, &stmt, text, format, ap);
    va_end(ap);
    if (rc != SQLITE_OK)
        return rc;
    *out = 0;
    if (sql_next(stmt, &rc)) {
        *out = sqlite3_column_int64(stmt, 0);
        sql_end(stmt);
    }
    return rc;
}

char *sql_column_copy(sqlite3_stmt *stmt, int column)
{
    const void *p = sqlite3_column_blob(stmt, column);
    return x_strndup(p ? p : "", (size_t)sqlite3_column_bytes(stmt, column));
}

char *sql_column_or_null(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NULL : sql_column_copy(stmt, column);
}

int sql_script(sqlite3 *db, const char *text)
{
    int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? rc : sqlite3_extended_errcode(db);
}
