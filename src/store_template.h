/* store_template.h - templates and their versions in the database; see store.h for threads, refs
 * and failure.
 *
 * A template is a name with a row of versions; a version never changes: it is a head (the text form
 * without examples) and a list of examples, each a text of its own that equal examples share. An
 * edit makes a new version; generations keep pointing at theirs. Removing hides the name; versions
 * stay.
 */
#ifndef XUXIE_SRC_STORE_TEMPLATE_H
#define XUXIE_SRC_STORE_TEMPLATE_H

#include "src/store.h"

struct store_template_text {
    char *name;
    char *head;      /* template_print_head's */
    char **examples; /* template_print_example's, in order */
    size_t n_examples;
    store_ref template, version;
    int64_t number; /* of the version, from 1 */
    bool builtin;   /* this version came with the program */
    int64_t created_ms;
};

/* A new version of the template of that name, which is made (or shown again) when there is none.
 * When head and examples are those of its newest version nothing is written. What comes with the
 * program (builtin) is not forced on anybody: nothing is written either where the newest version is
 * the person's own, or the template was renamed or removed. Returns the version, then the newest.
 * All strings are copied. One transaction. */
store_ref store_put_template(struct store *s, const char *name, const char *head,
                             const char *const *examples, size_t n_examples, bool builtin);
/* Its newest version is made once more under the new name: generations are found by the name their
 * version was made under. Nothing happens when the name is another template's. */
void store_rename_template(struct store *s, store_ref template, const char *name);
void store_remove_template(struct store *s, store_ref template);

struct store_template_row {
    store_ref template, version;
    char *name, *about; /* about: the head's line of that key, "" */
    int64_t number, n_examples, changed_ms;
    int64_t n_generations; /* made with any version of it */
    bool builtin;          /* the newest version came with the program */
};
/* The person's own first, then those that came with the program; among each, names in Chinese
 * characters first; by name. malloc'ed. Removed ones are left out. */
int store_templates(struct store *s, struct store_template_row **out, size_t *n, struct err *err);
void store_templates_free(struct store_template_row *rows, size_t n);
/* By exact name, else by unique beginning; 0: none. */
store_ref store_find_template(struct store *s, const char *name);
/* The newest version of a template, or (store_load_template_version) a given one. */
int store_load_template(struct store *s, store_ref template, struct store_template_text *out,
                        struct err *err);
int store_load_template_version(struct store *s, store_ref version, struct store_template_text *out,
                                struct err *err);
void store_template_text_free(struct store_template_text *t);
/* Refs of all versions of a template, oldest first; malloc'ed. */
int store_template_versions(struct store *s, store_ref template, store_ref **out, size_t *n,
                            struct err *err);

#endif
