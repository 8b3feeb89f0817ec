/* database.c - see database.h. */
#include "config.h"

#include "src/database.h"

#include <stdlib.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/output.h"

/* store_open wants an absolute name; realpath has none for a file that is still to be made. */
static int absolute(const char *db, struct str *out, struct err *err)
{
    char *whole = realpath(db, NULL);
    char *here = whole || db[0] == '/' ? NULL : getcwd(NULL, 0);
    int rc = 0;
    if (whole)
        str_puts(out, whole);
    else if (db[0] == '/')
        str_puts(out, db);
    else if (here)
        str_printf(out, "%s/%s", here, db);
    else
        rc = err_set(err, E_IO,
                     _("%s: the current directory has no name any more; give an "
                       "absolute one"),
                     db);
    free(whole);
    free(here);
    return rc;
}

int database_open(const struct settings *settings, unsigned flags, struct str *path,
                  struct store **out, struct err *err)
{
    struct str name = STR_INIT;
    int rc = settings->db ? absolute(settings->db, &name, err)
                          : paths_user(PATHS_DATA, "xuxie.db", &name, err);
    if (path)
        str_append(path, str_cstr(&name), name.len);
    if (!rc && (flags & STORE_CREATE))
        rc = paths_make_parent(str_cstr(&name), err);
    if (!rc)
        rc = store_open(str_cstr(&name), flags, out, err);
    str_free(&name);
    return rc;
}

static void warn(const char *why)
{
    output_warn(_("nothing is recorded: %s"), why);
}

struct store *database_open_recording(const struct settings *settings)
{
    struct store *s = NULL;
    struct store_status status = {0};
    struct err err = ERR_INIT;
    if (database_open(settings, STORE_CREATE, NULL, &s, &err) != 0) {
        warn(err.msg);
        return NULL;
    }
    store_get_status(s, &status);
    if (status.was_empty) /* a database that was there but empty must not become new in silence */
        output_warn("%s", status.message);
    return s;
}

void database_close_recording(struct store *s)
{
    struct err err = ERR_INIT;
    struct store_status status = {0};
    if (!s)
        return;
    store_get_status(s, &status);
    if (store_close(s, &err) != 0)
        warn(err.msg);
    else if (status.read_only)
        warn(status.message);
}
