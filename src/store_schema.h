/* store_schema.h - the tables of the database, as numbered migrations.
 *
 * PRAGMA user_version is the number of migrations a database has been through; PRAGMA
 * application_id says that it is xuxie's. A released migration is never edited: a change of the
 * schema is one more.
 */
#ifndef XUXIE_SRC_STORE_SCHEMA_H
#define XUXIE_SRC_STORE_SCHEMA_H

#include <sqlite3.h>

#include "src/base/err.h"

#define STORE_APPLICATION_ID 0x78757869 /* "xuxi" */

struct schema {
    const char *const *migrations; /* SQL that leads from version i to i + 1 */
    int version;                   /* how many: the version this program works with */
};

extern const struct schema store_schema;
extern const char schema_history_fts[]; /* makes the search index */

/* Creates the tables in an empty database, or brings an older one to schema->version. All
 * migrations are one transaction: another process, or one that comes after a crash, sees the old or
 * the new state. A database with content is first copied whole to PATH.vN-backup (the first free
 * name of PATH.vN-backup, PATH.vN-backup-2, ...), which stays. `shown` is the path for messages.
 * E_STORE, E_BUSY. */
int schema_migrate(sqlite3 *db, const struct schema *schema, const char *path, const char *shown,
                   struct err *err);

/* Is every table and index there, word for word as the migrations make it? E_STORE names one that
 * is not. Others beside them (an index somebody added) do not matter. The tables that FTS5 made for
 * itself are its own affair: it finds out what is wrong with them, and they are used only when they
 * were made here (store_index.h). */
int schema_check(sqlite3 *db, const struct schema *schema, const char *shown, struct err *err);

#endif
