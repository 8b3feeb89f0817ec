/* database.h - the store at the place the settings name: `db`, else xuxie.db in the user's data
 * directory. */
#ifndef XUXIE_SRC_DATABASE_H
#define XUXIE_SRC_DATABASE_H

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/options.h"
#include "src/store.h"

/* Opens it as store_open does; with STORE_CREATE the directory is made as well. *path (may be NULL)
 * gets the absolute file name, as far as it is known also on failure. */
int database_open(const struct settings *settings, unsigned flags, struct str *path,
                  struct store **out, struct err *err);

/* The same for a subcommand whose words go to standard output and are also recorded: what stands
 * in the way is a warning, and NULL the answer. Closing warns when something was not kept. */
struct store *database_open_recording(const struct settings *settings);
void database_close_recording(struct store *s); /* NULL-safe */

#endif
