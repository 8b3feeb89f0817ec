/* template_text.h - the text form of a template: one readable file, fit for git.
 *
 * Canonical: printing what was parsed from a printed template gives the same bytes, and parsing it
 * the same template. UTF-8, LF. Grammar (template_text.c has it in full):
 *
 *     xuxie template 1
 *     name: 写诗
 *     about: 一联起句，续成一首
 *     mode: few                      zero, one, few
 *     k: 8                           or fit
 *     select: first                  random, similar, tag NAME
 *     separator: "\n\n"              in JSON's string notation
 *     stop: "\n\n"                   any number
 *     set: preset = story            any number
 *     var: 题目 = 春                 a default; "var: 题目" has none
 *
 *     == instruction
 *     text, verbatim, up to the line before the next "== "; a line that begins with "==" or "--"
 *     is written with a backslash before it; one empty line before a heading is no part of it
 *     == example format
 *     == query format
 *     == example #tag1 #tag2 off
 *     note: ...                      optional
 *     source: ...                    optional
 *     -- 题目
 *     雪
 *     -- output
 *     ...
 *
 * A value that begins with a quote is a JSON string, so it can hold line breaks and end in blanks.
 *
 * An unknown key, a key given twice, a section out of place: E_INPUT, "FILE: line N: ...".
 */
#ifndef XUXIE_SRC_TEMPLATE_TEXT_H
#define XUXIE_SRC_TEMPLATE_TEXT_H

#include "src/template.h"

void template_print(const struct template *t, struct str *out);
/* `file` is what messages call it. Whole or nothing; *out is yours, and consistent (template_check).
 * A byte order mark is taken; CR LF line ends are refused. */
int template_parse(const char *file, const char *text, size_t n, struct template **out,
                   struct err *err);
/* The two parts the store keeps: everything but the examples, and one example. */
void template_print_head(const struct template *t, struct str *out);
void template_print_example(const struct template_example *e, struct str *out);
int template_parse_example(const char *file, const char *text, size_t n,
                           struct template_example *out, struct err *err);

/* Tags as they stand behind "== example", for a cell of a table: #one #"two words". Reading takes
 * plain words without # as well, and adds to what e has; `line` is for messages. */
void template_print_tags(const struct template_example *e, struct str *out);
int template_parse_tags(const char *file, unsigned long line, const char *text,
                        struct template_example *e, struct err *err);

#endif
