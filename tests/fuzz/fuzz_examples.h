/* fuzz_examples.h - what fuzz_csv.c and fuzz_jsonl.c share: examples are read, strictly and with
 * bad rows left out; what was read is written and reads back. */
#ifndef XUXIE_TESTS_FUZZ_EXAMPLES_H
#define XUXIE_TESTS_FUZZ_EXAMPLES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/example_io.h"
#include "src/template_text.h"

typedef int parse_fn(const char *file, const char *text, size_t n, const struct example_import *how,
                     struct example_set *out, struct err *err);

static inline void require(int condition)
{
    if (!condition)
        abort();
}

static inline struct template *fuzz_template(void)
{
    static const char text[] = "xuxie template 1\nname: x\n== example format\n{{a}}\n{{output}}\n";
    struct template *t = NULL;
    require(template_parse("t", text, sizeof text - 1, &t, NULL) == 0);
    return t;
}

/* The examples become the template's. */
static inline void fuzz_take(struct template *t, struct example_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        template_add_example(t, &set->items[i]);
    example_set_free(set);
    require(template_check(t, "x", NULL) == 0);
}

/* Reads data twice; true when it was good, and t has its examples then. */
static inline int fuzz_read(parse_fn *parse, const uint8_t *data, size_t n, struct template *t)
{
    struct example_import how = {.template = t, .skip_bad = true};
    struct example_set set = {0};
    struct err err = ERR_INIT;
    if (parse("f", (const char *)data, n, &how, &set, &err) == 0)
        example_set_free(&set);
    how.skip_bad = false;
    if (parse("f", (const char *)data, n, &how, &set, &err) != 0) {
        require(strncmp(err.msg, "f: line ", 8) == 0);
        return 0;
    }
    fuzz_take(t, &set);
    return 1;
}

/* Reads what was written of t; as many examples come back. */
static inline void fuzz_again(parse_fn *parse, const struct str *text, const struct template *t)
{
    struct template *empty = fuzz_template();
    struct example_import how = {.template = empty};
    struct example_set set = {0};
    require(parse("f", str_cstr(text), text->len, &how, &set, NULL) == 0);
    require(set.n == t->n_examples);
    fuzz_take(empty, &set);
    for (size_t i = 0; i < t->n_examples; i++)
        require(strcmp(t->examples[i].output, empty->examples[i].output) == 0);
    template_free(empty);
}

#endif
