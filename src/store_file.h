/* store_file.h - what can be known about a database file before SQLite touches it.
 *
 * A file that is not ours is refused here, by its first 100 bytes, so that not a byte of it changes
 * and nothing is made beside it (file format: sqlite.org/fileformat2.html, section 1.3).
 *
 * Closing a descriptor of a file drops every POSIX lock this process has on it, SQLite's too; so a
 * process must not open one database twice.
 */
#ifndef XUXIE_SRC_STORE_FILE_H
#define XUXIE_SRC_STORE_FILE_H

#include <stdbool.h>

#include "src/base/err.h"

struct store_file {
    bool made;      /* was not there, or was empty: SQLite is to make the tables */
    bool was_empty; /* was there, with 0 bytes */
    bool writable;  /* the file and its directory (where SQLite keeps its -wal) */
};

/* Looks at the file; with `create` makes a missing one (0 bytes, 0600, directories 0700). `shown`
 * is the path for messages; max_version the schema this program works with. E_STORE with a
 * sentence. */
int store_file_check(const char *path, const char *shown, bool create, int max_version,
                     struct store_file *out, struct err *err);

/* A -wal or -journal beside the database that is none (wrong magic number) would be overwritten by
 * SQLite: it is renamed to NAME.aside, a free name. Only where the directory is writable. */
void store_file_put_aside(const char *path);

#endif
