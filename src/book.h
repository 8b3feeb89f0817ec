/* book.h - a manuscript read as a book: which lines are headings, what language it is in, a file
 * name for its title. Pure functions over bytes that need not be valid UTF-8.
 *
 * A line of the manuscript is a paragraph.
 */
#ifndef XUXIE_SRC_BOOK_H
#define XUXIE_SRC_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"

struct book_span {
    const char *p;
    size_t n;
};

/* The line at *at, without its newline and a CR before that; *at moves behind it. False at the end.
 */
bool book_line(const char *text, size_t n, size_t *at, struct book_span *line);
/* Without blanks (also full-width ones) at both ends. */
struct book_span book_trim(struct book_span line);

/* Is the line a chapter's heading? "第三章 雪夜", "第十二回", "楔子", "# 雪夜", "Chapter 3: Snow",
 * "PART II", "Epilogue" are; sentences that only begin like one are not. *title is what to show of
 * it: without # and blanks. */
bool book_heading(struct book_span line, struct book_span *title);

/* "zh" or "en", by which of Chinese characters and Latin words there are more of. */
const char *book_language(const char *text, size_t n);

/* Appends a file name made of a title: at most 200 bytes, no slash, nothing invisible, no dot or
 * hyphen at its head; `untitled` when nothing is left. */
void book_file_name(const char *title, const char *untitled, struct str *out);

#endif
