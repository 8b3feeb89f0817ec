/* token_vectors.h - runs a set of the reference data's token vectors through a tokenizer. */
#ifndef XUXIE_TESTS_UNIT_TOKEN_VECTORS_H
#define XUXIE_TESTS_UNIT_TOKEN_VECTORS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer.h"
#include "tests/unit/shared_dir.h"

/* One line: the ids of its text, and the text of its ids where the line has `decoded`. */
static inline void check_vector(const struct tokenizer *t, const char *set, const json_t *line,
                                const char *ids_key, const char *decoded, enum tokenizer_rule rule)
{
    static int32_t ids[1 << 16];
    const json_t *text = json_object_get(line, "text");
    const json_t *want = json_object_get(line, ids_key);
    const json_t *shown = decoded ? json_object_get(line, decoded) : NULL;
    size_t n;
    assert_int_equal(tokenizer_encode(t, json_string_value(text), json_string_length(text), 0, ids,
                                      1 << 16, &n, NULL),
                     0);
    if (n != json_array_size(want))
        fail_msg("%s: %zu ids: %s", set, n, json_string_value(text));
    for (size_t i = 0; i < n; i++)
        if (ids[i] != json_integer_value(json_array_get(want, i)))
            fail_msg("%s: id %zu is %d: %s", set, i, (int)ids[i], json_string_value(text));
    if (!shown)
        return;
    char *out;
    size_t n_out;
    assert_int_equal(tokenizer_decode(t, ids, n, true, rule, &out, &n_out, NULL), 0);
    json_t *valid = json_stringn(out, n_out); /* NULL: a partial character at the end */
    if (valid &&
        (n_out != json_string_length(shown) || memcmp(out, json_string_value(shown), n_out) != 0))
        fail_msg("%s: \"%s\" instead of \"%s\"", set, out, json_string_value(shown));
    json_decref(valid);
    free(out);
}

/* All lines of fixtures/tokens/SET/public.jsonl with the tokenizer of fixtures/tokens/FOLDER. */
static inline void check_vectors(const char *set, const char *folder,
                                 const struct tokenizer_options *options, const char *ids_key,
                                 const char *decoded, enum tokenizer_rule rule)
{
    char path[4096];
    char name[256];
    struct tokenizer *t;
    struct err err = ERR_INIT;
    snprintf(name, sizeof name, "fixtures/tokens/%s", folder);
    if (!shared_path(path, sizeof path, name))
        skip();
    if (tokenizer_open_with(path, options, &t, &err) != 0)
        fail_msg("%s", err.msg);
    snprintf(name, sizeof name, "fixtures/tokens/%s/public.jsonl", set);
    assert_true(shared_path(path, sizeof path, name));
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *value = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(value);
        check_vector(t, set, value, ids_key, decoded, rule);
        json_decref(value);
    }
    free(line);
    fclose(f);
    tokenizer_free(t);
}

/* A copy that ends where the bytes end, so that a sanitizer sees reading beyond. */
static inline char *exact_copy(const void *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    return copy;
}

#endif
