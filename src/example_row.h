/* example_row.h - from the named values of a row (of JSONL, of a table) to an example; private to
 * example_*.c. What a name means is decided here and nowhere else. */
#ifndef XUXIE_SRC_EXAMPLE_ROW_H
#define XUXIE_SRC_EXAMPLE_ROW_H

#include "src/example_io.h"
#include "src/template_check.h"

enum row_role { ROW_NOTHING, ROW_FIELD, ROW_OUTPUT, ROW_TAGS, ROW_NOTE, ROW_SOURCE, ROW_OFF };

struct row_map {
    char *variable;
    const char *column; /* in the option's text */
};

struct row_reader {
    const struct example_import *how;
    const char *file;
    struct row_map *map;
    size_t n_map;
    struct template_needs needs;
    const char **example_vars, **query_vars;
    size_t n_example_vars, n_query_vars;
    struct example_set set;
};

/* E_USAGE: a map that is none. row_reader_free in either case. */
int row_reader_init(struct row_reader *r, const char *file, const struct example_import *how,
                    struct err *err);
void row_reader_free(struct row_reader *r);

/* Is it one of @tags, @note, @source, @off? */
bool row_is_marked(const char *column);
/* What a column gives; *field is then its name as a variable (ROW_FIELD), borrowed. `marked`: the
 * row has a column of row_is_marked. */
enum row_role row_role(const struct row_reader *r, const char *column, bool marked,
                       const char **field);
/* Remembers a column that is not taken. */
void row_leave_out(struct row_reader *r, const char *column);

/* Puts a value (copied) into an example; messages are "FILE: line N: ...". */
int row_put(const struct row_reader *r, unsigned long line, struct template_example *e,
            enum row_role role, const char *field, const char *value, struct err *err);
/* The row is complete (rc 0) or bad (rc and err say how): takes what e holds. Not 0 when reading
 * must end. */
int row_end(struct row_reader *r, unsigned long line, struct template_example *e, int rc,
            struct err *err);

/* Does a template or its examples have a field of one of our names? Then files use the marked ones.
 */
bool examples_need_marks(const struct template *t);

#endif
