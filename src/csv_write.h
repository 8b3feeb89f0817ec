/* csv_write.h - lines of CSV (RFC 4180), cell after cell. */
#ifndef XUXIE_SRC_CSV_WRITE_H
#define XUXIE_SRC_CSV_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

/* Would a spreadsheet run the text as a formula (= + - @, also their wide forms, or a tab or line
 * end at its head)? Apostrophes in front are looked past. */
bool csv_is_formula(const char *text, size_t n);

/* Appends a cell to a line. A formula gets an apostrophe in front, which makes it text, unless raw;
 * so does one that has some already: taking one away on reading gives back exactly what was there.
 */
void csv_text(struct str *line, const char *text, size_t n, bool raw);
void csv_int(struct str *line, int64_t value);
void csv_int_or_empty(struct str *line, int64_t value); /* 0 is an empty cell */
void csv_end_line(struct str *line);

#endif
