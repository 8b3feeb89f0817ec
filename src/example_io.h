/* example_io.h - examples of a template from files and to files: JSONL and CSV. (The third form is
 * the template's own, template_text.h.) Pure: texts in, texts out.
 *
 * A row is an example; its keys, or a table's columns, are
 *
 *   - output, 输出: the answer;
 *   - tags: in JSON a list or a text, in a cell #one #"two words", or one two;
 *   - note, source, off (true; in a cell: off, yes, true, 1);
 *   - @tags, @note, @source, @off: the same, for templates that have a variable of such a name;
 *     where one of these is, the plain names are fields;
 *   - input, 输入: the variable of a template whose query has only one;
 *   - anything else: a field.
 *
 * Without a map all are taken. With one: the columns it names, under its names, and those that the
 * template has variables for; the rest is left out, and told. JSON numbers and truth values are
 * taken as they are written, null is nothing; lists and objects are left out.
 *
 * What a table cannot say: an empty cell is an empty field where the template needs it, else none.
 */
#ifndef XUXIE_SRC_EXAMPLE_IO_H
#define XUXIE_SRC_EXAMPLE_IO_H

#include "src/option_table.h"
#include "src/template.h"

enum { EXAMPLES_LEFT_OUT = 20 }; /* names of columns that are remembered */

struct example_import {
    const struct template *template; /* that gets them */
    const struct text_list *map;     /* "VARIABLE=COLUMN"; NULL: none */
    bool raw;                        /* CSV: apostrophes before formulas are the text's own */
    bool skip_bad;                   /* bad rows are told to `bad` and left out */
    void (*bad)(void *ctx, const char *message);
    void *ctx;
};

struct example_set {
    struct template_example *items;
    size_t n, cap;     /* rows; places there are */
    size_t n_bad;      /* rows left out with skip_bad */
    char **left_out;   /* columns that were not taken, the first EXAMPLES_LEFT_OUT */
    size_t n_left_out; /* all of them, but for rows of JSONL whose names were full */
};

void example_set_free(struct example_set *set);

/* Whole or nothing: E_INPUT names file and line; E_USAGE: a map that is none. `file` is what
 * messages call it. Each example fits the template, and says where it came from ("FILE:LINE") when
 * it does not itself. */
int examples_parse_jsonl(const char *file, const char *text, size_t n,
                         const struct example_import *how, struct example_set *out,
                         struct err *err);
int examples_parse_csv(const char *file, const char *text, size_t n,
                       const struct example_import *how, struct example_set *out, struct err *err);

/* All examples of a template, appended. What is written so reads back the same. */
void examples_print_jsonl(const struct template *t, struct str *out);
/* E_INPUT: more different fields than a table may have columns. */
int examples_print_csv(const struct template *t, bool raw, struct str *out, struct err *err);

#endif
