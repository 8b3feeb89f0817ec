/* csv_read.h - tables of comma separated values (RFC 4180), read cell by cell; csv_write.h writes.
 */
#ifndef XUXIE_SRC_CSV_READ_H
#define XUXIE_SRC_CSV_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

struct csv {
    const char *file; /* for messages; borrowed, and so is the text */
    const char *p, *end;
    unsigned long line; /* that the next byte stands on, from 1 */
    unsigned long row;  /* line on which the row read last begins */
    bool guarded;       /* take the apostrophes that csv_text() put before formulas away */
};

/* The text is checked UTF-8 without NUL (textfile_check_lines). A byte order mark is passed over.
 */
void csv_init(struct csv *c, const char *file, const char *text, size_t n, bool guarded);

/* The cells of the next row that is not empty, malloc'ed into cells[0..max); *n counts all of them,
 * also those there was no room for. 1: a row, 0: the end, E_INPUT with the line: a quote that is
 * never closed, or one in the middle of a cell. Lines end with LF or CR LF. */
int csv_next(struct csv *c, char **cells, size_t max, size_t *n, struct err *err);

#endif
