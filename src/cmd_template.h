/* cmd_template.h - what the `xuxie template` commands have in common: the library is opened, asked,
 * and closed with a word about what could not be kept. */
#ifndef XUXIE_SRC_CMD_TEMPLATE_H
#define XUXIE_SRC_CMD_TEMPLATE_H

#include "src/cli.h"
#include "src/templates.h"

enum library_need {
    LIBRARY_LOOK, /* without a database (a warning) the program's own templates and files do */
    LIBRARY_READ, /* a database is needed */
    LIBRARY_WRITE /* and it must be one that can be written */
};

/* The exit status of a command: opens the library, calls fn, closes it. What fn put is on disk when
 * this returns 0. */
int library_run(struct cli *cli, enum library_need need,
                int (*fn)(struct store *s, const struct cli *cli, struct err *err));

/* The template of the command's argument, in the version of --version-number. */
int library_find(struct store *s, const struct cli *cli, const char *what,
                 struct library_template *out, struct err *err);

/* Is there a template of exactly this name? 0: none. */
store_ref library_exact(struct store *s, const char *name);

/* Keeps the templates as new versions, which must be consistent, and tells their numbers. */
int library_put(struct store *s, struct template *const *list, size_t n, struct err *err);

/* "few, 5" of a template, appended. */
void library_shots(const struct template *t, struct str *out);

/* Text and blanks up to `columns` columns, one blank at least, on standard output. */
void library_cell(const char *text, int columns);

#endif
