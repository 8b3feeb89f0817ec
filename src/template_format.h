/* template_format.h - reads a format of a template piece by piece: text and {{variables}}; and what
 * a variable may be called. Pure; nothing is allocated. */
#ifndef XUXIE_SRC_TEMPLATE_FORMAT_H
#define XUXIE_SRC_TEMPLATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"
#include "src/base/limits.h"

struct format_piece {
    bool is_var;
    const char *s; /* borrowed from the format: text as it is, or the variable's name without the
                    * blanks around it */
    size_t n;
};

/* The next piece of *format, which moves on behind it. 1: there is one, 0: the end, E_INPUT: a {{
 * that is not closed, or what stands in it is no name. */
int format_next(const char **format, struct format_piece *out, struct err *err);

/* The name of a piece that is a variable, terminated, into out; returns out. */
const char *format_name(const struct format_piece *p, char out[LIMIT_TEMPLATE_NAME_BYTES + 1]);

/* The names of the variables of a format, each once, in order of appearance; `until_output`: those
 * before the answer's. One malloc'ed block, names and all: free(*out). What comes after an error in
 * the format is left out, and so are names past the first LIMIT_TEMPLATE_FIELDS. The count. */
size_t format_names(const char *format, bool until_output, const char ***out);

/* May a variable (a field of an example) be called so? Not empty, at most LIMIT_TEMPLATE_NAME_BYTES
 * of valid UTF-8, no blank at its ends, no control characters, none of { } = " \ and no @ at its
 * beginning (these mean something in formats, on the command line and in files of examples). */
bool format_is_name(const char *name, size_t n);

#endif
