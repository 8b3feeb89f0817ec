/* store_util.h - what the tests of the store share: a directory of their own, and single values
 * read from a database with plain SQLite, past our own code. */
#ifndef XUXIE_TESTS_STORE_UTIL_H
#define XUXIE_TESTS_STORE_UTIL_H

#include <ftw.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/mem.h"

static char test_dir[256]; /* of the running test */
static char db_path[300];  /* test_dir/db/xuxie.db; the folder is not made */

static inline int make_test_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(test_dir, sizeof test_dir, "%s/xuxie-store-XXXXXX", tmp ? tmp : P_tmpdir);
    if (!mkdtemp(test_dir))
        return -1;
    snprintf(db_path, sizeof db_path, "%s/db/xuxie.db", test_dir);
    return 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st;
    (void)type;
    (void)f;
    return remove(path);
}

static inline int remove_test_dir(void **state)
{
    (void)state;
    return nftw(test_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs sql; the first column of the first row as text (malloc'ed), NULL when there is none. */
static inline char *db_text(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    char *out = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW && sqlite3_column_blob(stmt, 0))
            out = x_strndup(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
        while (rc == SQLITE_ROW)
            rc = sqlite3_step(stmt);
    } else {
        fprintf(stderr, "# %s: %s: %s\n", path, sql, sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return out;
}

static inline int64_t db_int(const char *path, const char *sql)
{
    char *text = db_text(path, sql);
    int64_t v = text ? strtoll(text, NULL, 10) : 0;
    free(text);
    return v;
}

static inline unsigned mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

#endif
