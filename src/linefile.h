/* linefile.h - a file or standard input line by line, each of bounded length: JSONL. */
#ifndef XUXIE_SRC_LINEFILE_H
#define XUXIE_SRC_LINEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct linefile {
    const char *path; /* borrowed; "-": standard input */
    int fd;
    size_t max_bytes;
    struct str buffer; /* read and not handed out */
    size_t from;       /* of buffer: the next line begins here */
    size_t searched;   /* of buffer: no newline before */
    bool ended;
    unsigned long line; /* number of the line handed out last, from 1 */
};

int linefile_open(const char *path, size_t max_bytes, struct linefile *f, struct err *err);
void linefile_close(struct linefile *f);

/* The next line without its newline: borrowed until the next call. 1: there is one, 0: the end,
 * E_INPUT for a line that is too long, E_IO, E_CANCELLED. */
int linefile_next(struct linefile *f, const char **line, size_t *n_bytes, struct err *err);

#endif
