/* make_database.c - a database with known stories and generations, for the shell tests.
 *
 *   make_database FILE < LINES
 *
 * Each line is a JSON object that puts one thing; things are numbered from 1 in the order of their
 * kind, as the database does it:
 *   {"story": TITLE}
 *   {"passage": TEXT or null, "of": STORY, "parent": PASSAGE, "kind": "author" or "model"}
 *   {"generation": {...}}   see put_generation(); with "passage" it fills that one
 *   {"current": PASSAGE, "of": STORY}
 *   {"star": GENERATION}, {"tag": TAG, "of": GENERATION}, {"note": TEXT, "of": GENERATION}
 * "text_bytes": [..] in place of a text gives bytes that need not be UTF-8.
 */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/store_history.h"

enum { MAX_TOKENS = 4096 };

static int64_t integer(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *string(const json_t *o, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : otherwise;
}

/* A text, or its bytes. */
static void get_text(const json_t *o, const char *key, struct str *out)
{
    const json_t *text = json_object_get(o, key), *bytes = json_object_get(o, "text_bytes");
    str_init(out, SIZE_MAX / 4);
    str_append(out, json_string_value(text), json_string_length(text));
    for (size_t i = 0; i < json_array_size(bytes); i++)
        str_putc(out, (char)json_integer_value(json_array_get(bytes, i)));
}

static size_t get_ids(const json_t *list, int32_t *ids)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && i < MAX_TOKENS; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
    return n < MAX_TOKENS ? n : MAX_TOKENS;
}

static void put_generation(struct store *s, const json_t *g)
{
    static int32_t ids[MAX_TOKENS];
    static float logprobs[MAX_TOKENS];
    char *settings = json_dumps(json_object_get(g, "settings"), JSON_COMPACT);
    const struct store_generation put = {
        .story = integer(g, "story"),
        .node = integer(g, "passage"),
        .origin = string(g, "origin", "room"),
        .template_version = integer(g, "template_version"),
        .k_asked = (int)integer(g, "k_asked"),
        .k_used = (int)integer(g, "k_used"),
        .model = {.identity = string(g, "identity", "0123456789abcdef0123456789abcdef"),
                  .tokenizer = string(g, "tokenizer", "fedcba9876543210fedcba9876543210"),
                  .name = string(g, "model", "tiny"),
                  .arch = "gpt2",
                  .type = "f32",
                  .path = string(g, "path", "/nowhere/tiny.gguf"),
                  .n_params = 1000},
        .settings = settings ? settings : "{}",
        .seed = (uint64_t)integer(g, "seed"),
        .started_ms = integer(g, "started_ms"),
    };
    store_ref ref = store_put_generation(s, &put);
    struct str text, prompt;
    get_text(g, "prompt", &prompt);
    const struct store_prompt_part part = {str_cstr(&prompt), prompt.len, ids,
                                           get_ids(json_object_get(g, "prompt_ids"), ids)};
    store_put_prompt(s, ref, &part, 1, (int)integer(g, "dropped"));
    get_text(g, "text", &text);
    size_t n = get_ids(json_object_get(g, "ids"), ids);
    const json_t *list = json_object_get(g, "logprobs");
    for (size_t i = 0; i < n; i++)
        logprobs[i] = (float)json_number_value(json_array_get(list, i));
    store_put_output(s, ref, str_cstr(&text), text.len, ids, logprobs, n);
    const struct store_done done = {.reason = string(g, "reason", "eos"),
                                    .n_prompt = (int)part.n_ids,
                                    .n_tokens = (int)n,
                                    .n_text_tokens = (int)n,
                                    .prefill_us = 20000,
                                    .decode_us = (int64_t)n * 10000};
    if (!json_is_null(json_object_get(g, "reason"))) /* null: its process died */
        store_put_done(s, ref, &done);
    str_free(&text);
    str_free(&prompt);
    free(settings);
}

static void put(struct store *s, const json_t *o)
{
    if (json_object_get(o, "story")) {
        store_put_story(s, string(o, "story", ""));
    } else if (json_object_get(o, "passage")) {
        struct str text;
        get_text(o, "passage", &text);
        bool model = strcmp(string(o, "kind", "author"), "model") == 0;
        store_put_node(s, integer(o, "of"), integer(o, "parent"), model ? NODE_MODEL : NODE_AUTHOR,
                       str_cstr(&text), text.len);
        str_free(&text);
    } else if (json_object_get(o, "generation")) {
        put_generation(s, json_object_get(o, "generation"));
    } else if (json_object_get(o, "current")) {
        store_put_current(s, integer(o, "of"), integer(o, "current"));
    } else {
        fprintf(stderr, "a line that puts nothing\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct store *s;
    struct err err = ERR_INIT;
    char *line = NULL;
    size_t cap = 0;
    if (argc != 2 || store_open(argv[1], STORE_CREATE, &s, &err) != 0) {
        fprintf(stderr, "%s\n", argc != 2 ? "make_database FILE < LINES" : err.msg);
        return 2;
    }
    while (getline(&line, &cap, stdin) > 0) {
        json_error_t error;
        json_t *o = json_loads(line, JSON_ALLOW_NUL, &error);
        if (!o) {
            fprintf(stderr, "not JSON: %s: %s\n", error.text, line);
            return 2;
        }
        put(s, o);
        json_decref(o);
    }
    free(line);
    if (store_close(s, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    return 0;
}
