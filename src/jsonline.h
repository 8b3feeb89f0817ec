/* jsonline.h - JSON lines: a file of which each line is one object. */
#ifndef XUXIE_SRC_JSONLINE_H
#define XUXIE_SRC_JSONLINE_H

#include <jansson.h>
#include <stddef.h>

#include "src/base/err.h"

/* One line on its way to whoever reads the file. */
struct jsonline {
    const char *where; /* "FILE: line 3", for messages */
    unsigned long number;
    const char *text; /* the line as it stands in the file */
    size_t n_text;
    const json_t *object;
};

/* Calls fn for each line in order; stops when it answers something else than 0, and returns that.
 * E_INPUT, with file and line: not JSON, not an object, a key twice, nested deeper than
 * LIMIT_JSON_DEPTH. Strings of the object may hold NUL. A byte order mark before the first line is
 * passed over. */
int jsonline_each(const char *path, int (*fn)(void *arg, const struct jsonline *line, struct err *),
                  void *arg, struct err *err);

/* The text a value stands for, malloc'ed: a string's own; of a number the shortest that is the same
 * number, of a truth value its word. NULL in *out for null. E_INPUT: a list, an object, a text with
 * a NUL character in it. */
int jsonline_text(const struct jsonline *line, const char *key, const json_t *value, char **out,
                  struct err *err);

/* One line by itself. *out is the caller's. */
int jsonline_parse(const char *where, const char *text, size_t n, json_t **out, struct err *err);

#endif
