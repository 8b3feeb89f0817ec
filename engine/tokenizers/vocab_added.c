/* vocab_added.c - the tokens a folder names beside its vocabulary: in added_tokens.json,
 * {"text": id}, and in tokenizer_config.json under added_tokens_decoder,
 * {"id": {"content": text, "special": true}}, which knows more and is believed where both speak.
 *
 * Ids mostly follow the vocabulary's own. One may also repeat a token that is there, to say that it
 * is special, or give it another text. Numbers that nobody gives stand for nothing, as rows of the
 * embedding without a token do; there may not be many, for tables are made as large as the largest.
 * Numbers beyond the rows of the embedding are passed over: nothing can be computed with them. */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/vocab_source.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/mem.h"

enum { MAX_ADDED = 16384, MAX_UNNAMED = 4096, UNNAMED_BYTES = 24 };
#define ADDED_SCORE (-1000.0f) /* never the best of two pieces */

struct added {
    int64_t id;
    const char *text; /* borrowed from the JSON */
    size_t n;
    enum token_type type;
};

struct added_list {
    struct added *item;
    size_t n;
    const char *shown; /* of the file being read */
    int64_t n_rows;    /* ids from here on are passed over */
    const struct vocab_source *src;
    size_t n_over;
};

static int no_memory(const char *shown, struct err *err)
{
    return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."), shown);
}

static int put(struct added_list *l, int64_t id, const char *text, size_t n, enum token_type type,
               struct err *err)
{
    char quoted[360];
    if (id < 0 || id >= LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: token \"%s\": id %lld; ids from 0 to %u are allowed."),
                       l->shown, err_quote(quoted, sizeof quoted, text, n), (long long)id,
                       LIMIT_VOCAB - 1);
    l->n_over += id >= l->n_rows;
    if (n == 0 || id >= l->n_rows)
        return 0;
    size_t there = strset_find(&l->src->by_text, text, n);
    if (there != STRSET_NONE && there != (size_t)id) { /* the vocabulary's own number is right */
        log_warn("tokenizer: %s: an added token is token %zu already, not %lld", l->shown, there,
                 (long long)id);
        return 0;
    }
    for (size_t i = 0; i < l->n; i++) /* the file read later is believed */
        if (l->item[i].id != id && l->item[i].n == n && memcmp(l->item[i].text, text, n) == 0)
            l->item[i] = l->item[--l->n];
    struct added *a = l->item;
    while (a < l->item + l->n && a->id != id)
        a++;
    *a = (struct added){id, text, n, type};
    l->n += a == l->item + l->n;
    return 0;
}

static int take_file(struct added_list *l, const json_t *root, struct err *err)
{
    const char *text;
    json_t *id;
    json_object_foreach((json_t *)root, text, id)
    {
        char quoted[360];
        if (!json_is_integer(id))
            return err_set(err, E_INPUT, _("%s: token \"%s\": its id is not a whole number."),
                           l->shown, err_quote(quoted, sizeof quoted, text, strlen(text)));
        int rc = put(l, json_integer_value(id), text, strlen(text), TOKEN_USER, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int take_decoder(struct added_list *l, const json_t *root, struct err *err)
{
    const char *id;
    json_t *item;
    json_object_foreach((json_t *)root, id, item)
    {
        char *end, quoted[360];
        long long number = strtoll(id, &end, 10);
        if (end == id || *end != '\0')
            return err_set(err, E_INPUT, _("%s: added_tokens_decoder: \"%s\" is no number."),
                           l->shown, err_quote(quoted, sizeof quoted, id, strlen(id)));
        const json_t *text = json_object_get(item, "content");
        bool special = json_is_true(json_object_get(item, "special"));
        if (!json_is_string(text))
            return err_set(err, E_INPUT, _("%s: the added token %lld has no text."), l->shown,
                           number);
        int rc = put(l, number, json_string_value(text), json_string_length(text),
                     special ? TOKEN_CONTROL : TOKEN_USER, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static bool is_taken(const struct added_list *l, const char *text, size_t n)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->item[i].n == n && memcmp(l->item[i].text, text, n) == 0)
            return true;
    return strset_find(&l->src->by_text, text, n) != STRSET_NONE;
}

/* Tables of n tokens, the old ones first; those without a name get one nobody writes. */
static int grow(struct vocab_source *src, const struct added_list *l, size_t n, char *bytes,
                struct err *err)
{
    size_t old = src->tokens.n;
    struct meta_string *text = calloc(n, sizeof *text);
    uint8_t *type = realloc(src->type, n);
    if (type)
        src->type = type;
    float *score = src->scores ? realloc(src->scores, n * sizeof *score) : NULL;
    if (score)
        src->scores = score;
    if (!text || !type || (src->scores && !score)) {
        free(text);
        return no_memory(src->tokens.shown, err);
    }
    memcpy(text, src->tokens.s, old * sizeof *text);
    for (size_t i = old; i < n; i++, bytes += UNNAMED_BYTES) {
        int len = snprintf(bytes, UNNAMED_BYTES, "[PAD%zu]", i);
        if (is_taken(l, bytes, (size_t)len))
            len = 0; /* a real token is called so: this one stays without a name */
        text[i] = (struct meta_string){bytes, (size_t)len};
        type[i] = TOKEN_UNUSED;
        if (score)
            score[i] = ADDED_SCORE;
    }
    free(src->token_texts);
    src->token_texts = text;
    src->tokens.s = text;
    src->tokens.n = n;
    return 0;
}

static int add(struct vocab_source *src, const struct added_list *l, struct err *err)
{
    size_t n = src->tokens.n, n_bytes = 0, old = n;
    for (size_t i = 0; i < l->n; i++) {
        n = (size_t)l->item[i].id >= n ? (size_t)l->item[i].id + 1 : n;
        n_bytes += l->item[i].n;
    }
    if (n - old > l->n + MAX_UNNAMED)
        return err_set(err, E_INPUT,
                       _("%s: %zu tokens are added, but their ids reach from %zu to %zu."),
                       l->shown, l->n, old, n - 1);
    src->added_bytes = malloc(n_bytes + (n - old) * UNNAMED_BYTES + 1);
    if (!src->added_bytes)
        return no_memory(l->shown, err);
    int rc = grow(src, l, n, src->added_bytes + n_bytes, err);
    if (rc != 0)
        return rc;
    char *at = src->added_bytes;
    for (size_t i = 0; i < l->n; i++) {
        const struct added *a = &l->item[i];
        memcpy(at, a->text, a->n);
        src->token_texts[a->id] = (struct meta_string){at, a->n};
        if (src->type[a->id] != TOKEN_UNKNOWN)
            src->type[a->id] = (uint8_t)a->type;
        at += a->n;
    }
    strset_free(&src->by_text);
    return vocab_source_index(src, err);
}

int vocab_add_tokens(const char *file_shown, const json_t *file, const char *config_shown,
                     const json_t *config, int64_t n_rows, struct vocab_source *src,
                     struct err *err)
{
    const json_t *decoder = json_object_get(config, "added_tokens_decoder");
    size_t most = json_object_size(file) + json_object_size(decoder);
    struct added_list l = {.shown = file_shown, .n_rows = n_rows, .src = src};
    if (most == 0)
        return 0;
    if (most > MAX_ADDED)
        return err_set(err, E_INPUT, _("%s: %zu added tokens; at most %d are allowed."),
                       file ? file_shown : config_shown, most, MAX_ADDED);
    l.item = calloc(most, sizeof *l.item);
    if (!l.item)
        return no_memory(file_shown, err);
    int rc = take_file(&l, file, err);
    l.shown = config_shown;
    if (rc == 0)
        rc = take_decoder(&l, decoder, err);
    if (rc == 0 && l.n > 0)
        rc = add(src, &l, err);
    if (rc == 0 && l.n_over > 0)
        log_warn("tokenizer: %s: %zu added tokens lie beyond the model's rows", config_shown,
                 l.n_over);
    free(l.item);
    return rc;
}
