/* template.h - a prompt template with its examples, in memory. No I/O, no database.
 *
 * A template says how a prompt for one task is put together: an instruction, how an example and how
 * the query are written, what stands between them, and a set of examples of which K are shown
 * (zero-, one-, few-shot as in Brown et al. 2020, arXiv 2005.14165, section 2). prompt.h assembles
 * it, template_text.h reads and writes its text form, store_template.h keeps its versions.
 *
 * Variables are written {{name}} in the formats. The answer is the variable {{output}}, in Chinese
 * {{输出}}: both names mean it. A `\{{` in a format is a literal {{.
 *
 * Everything in a struct template is owned by it, malloc'ed, UTF-8, NUL-terminated and free of NUL
 * bytes inside. One thread.
 */
#ifndef XUXIE_SRC_TEMPLATE_H
#define XUXIE_SRC_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

enum template_mode { TEMPLATE_ZERO, TEMPLATE_ONE, TEMPLATE_FEW };

/* Which K examples are shown. */
enum template_select {
    SELECT_FIRST,   /* the first K that are on */
    SELECT_RANDOM,  /* K at random, by seed */
    SELECT_TAG,     /* the first K that carry the tag */
    SELECT_SIMILAR, /* the K most like the query (BM25), the likest last */
};

enum { SHOTS_FIT = -1 }; /* K: as many as the budget holds */

struct template_field {
    char *name, *value;
};

struct template_example {
    struct template_field *fields; /* inputs, in the order they were given */
    size_t n_fields;
    char *output;
    char **tags; /* without the # */
    size_t n_tags;
    char *note;   /* "" when there is none */
    char *source; /* where it came from: "generation 12", "passage 7", "examples.jsonl:3"; "" */
    bool off;     /* kept, never shown to the model */
};

struct template_var {
    char *name;
    char *def; /* NULL: must be given */
};

struct template_setting { /* of the sampling preset and what overrides it: "preset", "temp", ... */
    char *name, *value;
};

struct template
{
    char *name;
    char *about; /* one line for lists; "" */
    enum template_mode mode;
    int k; /* TEMPLATE_FEW: > 0 or SHOTS_FIT */
    enum template_select select;
    char *select_tag; /* SELECT_TAG; else NULL */
    char *instruction;
    char *example_format;
    char *query_format; /* NULL: example_format up to its {{output}} */
    char *separator;    /* between instruction, examples and query */
    char **stops;
    size_t n_stops;
    struct template_setting *settings;
    size_t n_settings;
    struct template_var *vars; /* declared; a name that only occurs in a format has no default */
    size_t n_vars;
    struct template_example *examples; /* in order */
    size_t n_examples, cap_examples; /* cap: places there are */
};

struct template *template_new(const char *name);
struct template *template_copy(const struct template *t);
void template_free(struct template *t);                 /* NULL-safe */
void template_example_free(struct template_example *e); /* what it holds, not e itself */

/* Is this the variable of the answer? */
bool template_is_output(const char *name);
/* The value of an example's field (or, for the answer's name, its output); NULL when absent. */
const char *template_example_value(const struct template_example *e, const char *name);
/* Takes what e holds. The added example, valid until the next one is added. */
struct template_example *template_add_example(struct template *t, struct template_example *e);
void template_remove_example(struct template *t, size_t i);
void template_move_example(struct template *t, size_t from, size_t to);

/* The names of the variables that a query needs, in order of appearance, the answer left out; into
 * out (one malloc'ed block, names and all: free(*out)). The count. */
size_t template_query_vars(const struct template *t, const char ***out);

/* Is it whole and consistent? E_INPUT: no query format, an example without a field that the format
 * names and that has no default, a format that never says {{output}} while there are examples, an
 * unclosed {{, a setting that does not exist, ... `where` begins the sentence (a file name, or the
 * template's name). */
int template_check(const struct template *t, const char *where, struct err *err);

#endif
