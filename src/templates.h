/* templates.h - the prompt library: templates by name, from the database, or by path, from a file
 * in the text form; and those that come with the program.
 *
 * A store that cannot be opened is NULL here: then the names are those of the templates that come
 * with the program. One thread, the store's.
 */
#ifndef XUXIE_SRC_TEMPLATES_H
#define XUXIE_SRC_TEMPLATES_H

#include "src/store_template.h"
#include "src/template.h"

struct library_template {
    struct template *t;
    store_ref template, version; /* 0: it is a file's, or there is no database */
    int64_t number;              /* of the version; 0 likewise */
    bool builtin;                /* as it came with the program */
    int64_t created_ms;
};

void library_template_free(struct library_template *l);

/* Call once before the others: puts into the database what came with the program and is not there,
 * or is there as an older version came with it. What the person changed or removed stays so. */
int templates_begin(struct store *s, struct err *err);

/* The template `what` means: its name, a beginning of a name that no other one has, or the path of
 * a file. E_INPUT: there is none, or several names begin so (they are told). */
int templates_find(struct store *s, const char *what, struct library_template *out,
                   struct err *err);
/* A version of a template by its number. E_INPUT: there is none. */
int templates_find_version(struct store *s, store_ref template, int64_t number,
                           struct library_template *out, struct err *err);
/* The same by its ref, as generations have it. */
int templates_load_version(struct store *s, store_ref version, struct library_template *out,
                           struct err *err);

/* A file in the text form, at most LIMIT_TEMPLATE_BYTES; "-" is standard input. */
int templates_read_file(const char *path, struct template **out, struct err *err);

/* A new version of the template of that name. Returns its ref. */
store_ref templates_put(struct store *s, const struct template *t, bool builtin);
/* Waits until what was put is on disk, at most ten seconds. */
int templates_flush(struct store *s, struct err *err);

#endif
