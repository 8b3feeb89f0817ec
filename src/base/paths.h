/* paths.h - where xuxie keeps things (XDG base directory specification 0.8) and finds its own data.
 * Relative values of XDG_* are ignored, as the specification says. Without HOME the user's entry in
 * the password database is asked; without that the functions fail with E_IO. */
#ifndef XUXIE_BASE_PATHS_H
#define XUXIE_BASE_PATHS_H

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"

enum paths_dir {
    PATHS_DATA,   /* $XDG_DATA_HOME/xuxie: the database, models */
    PATHS_CONFIG, /* $XDG_CONFIG_HOME/xuxie: xuxie.ini */
    PATHS_STATE,  /* $XDG_STATE_HOME/xuxie: the log, rescue files */
};

/* Appends DIR/name to out (name may be NULL for the directory itself). Creates nothing. */
int paths_user(enum paths_dir dir, const char *name, struct str *out, struct err *err);

/* Makes the directory of `path` and its missing parents, each 0700. */
int paths_make_parent(const char *path, struct err *err);

/* Finds a file of xuxie's own data (a model, a template): $XUXIE_DATADIR, then data/ beside a
 * program that runs from its build tree, then the installed place. False when it is nowhere; out
 * then holds the installed place. */
bool paths_shipped(const char *name, struct str *out);

/* The directory of message catalogues, found in the same way. */
void paths_locale(struct str *out);

#endif
