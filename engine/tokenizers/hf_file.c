/* hf_file.c - the vocabulary of a Hugging Face tokenizer.json: the model's tokens and the added
 * ones, each at its id, and the bytes that the decoder makes of each. Ids may leave holes, but not
 * so many that a table is sized by an id alone. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/hf.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"

static int place(struct vocab_source *src, const char *text, size_t n_text, const json_t *id,
                 uint8_t type, struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, text, n_text);
    if (!json_is_integer(id) || json_integer_value(id) < 0 ||
        (uint64_t)json_integer_value(id) >= src->tokens.n)
        return err_set(err, E_INPUT,
                       _("%s: token \"%s\": its id is not a whole number from 0 to %zu."),
                       src->tokens.shown, quoted, src->tokens.n - 1);
    size_t i = (size_t)json_integer_value(id);
    struct meta_string *s = &src->token_texts[i];
    if (s->s && (s->n != n_text || memcmp(s->s, text, n_text) != 0))
        return err_set(err, E_INPUT, _("%s: token \"%s\": id %zu is taken already."),
                       src->tokens.shown, quoted, i);
    *s = (struct meta_string){text, n_text};
    src->type[i] = type;
    return 0;
}

/* The tables, for ids up to the highest. */
static int make_room(const json_t *vocab, const json_t *added, struct vocab_source *src,
                     struct err *err)
{
    size_t count = json_object_size(vocab) + json_array_size(added);
    json_int_t highest = -1;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)vocab, key, value) if (json_integer_value(value) > highest)
        highest = json_integer_value(value);
    for (size_t i = 0; i < json_array_size(added); i++) {
        json_int_t id = json_integer_value(json_object_get(json_array_get(added, i), "id"));
        if (id > highest)
            highest = id;
    }
    if (highest >= (json_int_t)LIMIT_VOCAB || highest > 4 * (json_int_t)count + 1024)
        return err_set(err, E_INPUT, _("%s: there are %zu tokens, but one has the id %lld."),
                       src->tokens.shown, count, (long long)highest);
    size_t n = (size_t)(highest + 1);
    src->token_texts = calloc(n ? n : 1, sizeof *src->token_texts);
    src->type = malloc(n ? n : 1);
    if (!src->token_texts || !src->type)
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       src->tokens.shown);
    memset(src->type, TOKEN_UNUSED, n);
    src->tokens.s = src->token_texts;
    src->tokens.n = n;
    return 0;
}

static int place_added(const json_t *added, struct vocab_source *src, struct err *err)
{
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *item = json_array_get(added, i);
        const json_t *content = json_object_get(item, "content");
        if (!json_is_string(content) || json_string_length(content) == 0)
            return err_set(err, E_INPUT, _("%s: added_tokens[%zu]: \"content\" is not a text."),
                           src->tokens.shown, i);
        if (json_is_true(json_object_get(item, "single_word")))
            return hf_refuse(src->tokens.shown, "added_tokens", "single_word", err);
        bool special = json_is_true(json_object_get(item, "special"));
        int rc = place(src, json_string_value(content), json_string_length(content),
                       json_object_get(item, "id"), special ? TOKEN_CONTROL : TOKEN_USER, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int place_all(const json_t *root, struct vocab_source *src, struct err *err)
{
    const json_t *model = json_object_get(root, "model");
    const json_t *vocab = json_object_get(model, "vocab");
    const json_t *added = json_object_get(root, "added_tokens");
    const json_t *kind = json_object_get(model, "type");
    const char *type = json_string_value(kind);
    if (kind && !type && !json_is_null(kind))
        return err_set(err, E_INPUT, _("%s: model: \"%s\" is not a text."), src->tokens.shown,
                       "type");
    if (added && !json_is_array(added) && !json_is_null(added))
        return err_set(err, E_INPUT, _("%s: \"%s\" is not a list."), src->tokens.shown,
                       "added_tokens");
    if (type && strcmp(type, "BPE") != 0 && strcmp(type, "WordPiece") != 0 &&
        strcmp(type, "WordLevel") != 0)
        return hf_refuse(src->tokens.shown, "model", type, err);
    if (!json_is_object(vocab))
        return err_set(err, E_INPUT, _("%s: model: \"vocab\" is missing or not an object."),
                       src->tokens.shown);
    int rc = make_room(vocab, added, src, err);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)vocab, key, value)
    {
        if (rc == 0)
            rc = place(src, key, strlen(key), value, TOKEN_NORMAL, err);
    }
    if (rc == 0)
        rc = place_added(added, src, err);
    return rc == 0 ? vocab_source_index(src, err) : rc;
}

/* What the tokens stand for. */
static int decode_all(const json_t *root, struct vocab_source *src, struct err *err)
{
    struct hf_steps decoder;
    size_t n = src->tokens.n;
    int rc = hf_read_decoder(src->tokens.shown, root, &decoder, err);
    if (rc != 0)
        return rc;
    struct textbuf bytes = {0};
    size_t *end = calloc(n, sizeof *end);
    src->shown_texts = calloc(n, sizeof *src->shown_texts);
    for (size_t i = 0; end && i < n && !bytes.failed; i++) {
        hf_decode_token(&decoder, src->tokens.s[i].s, src->tokens.s[i].n, &bytes);
        end[i] = bytes.n;
    }
    src->shown_bytes = bytes.data;
    for (size_t i = 0, from = 0; end && src->shown_texts && i < n && bytes.data; i++) {
        src->shown_texts[i] = (struct meta_string){bytes.data + from, end[i] - from};
        from = end[i];
    }
    bool ok = end && src->shown_texts && !bytes.failed;
    free(end);
    if (ok)
        return 0;
    return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                   src->tokens.shown);
}

static void find_ends(const json_t *root, struct vocab_source *src)
{
    static const char *const ends[] = {"<|endoftext|>", "</s>"};
    const json_t *unk = json_object_get(json_object_get(root, "model"), "unk_token");
    size_t id = STRSET_NONE;
    if (json_is_string(unk)) {
        id = strset_find(&src->by_text, json_string_value(unk), json_string_length(unk));
        src->unk = id == STRSET_NONE ? -1 : (int32_t)id;
    }
    for (size_t i = 0; src->eos < 0 && i < sizeof ends / sizeof ends[0]; i++) {
        id = strset_find(&src->by_text, ends[i], strlen(ends[i]));
        if (id != STRSET_NONE && src->type[id] == TOKEN_CONTROL)
            src->eos = (int32_t)id;
    }
}

static int read_all(const char *text, size_t n, struct vocab_source *src, struct err *err)
{
    json_t *root;
    int rc = vocab_load_json(src->tokens.shown, text, n, &root, err);
    if (rc != 0)
        return rc;
    src->json = root;
    rc = place_all(root, src, err);
    if (rc == 0)
        rc = decode_all(root, src, err);
    if (rc == 0)
        rc = hf_read_post_processor(src->tokens.shown, root, &src->before, &src->after, err);
    if (rc != 0)
        return rc;
    int32_t last = (int32_t)src->tokens.n - 1;
    if (src->before > last || src->after > last)
        return err_set(err, E_INPUT, _("%s: post_processor: a token id is not in the vocabulary."),
                       src->tokens.shown);
    find_ends(root, src);
    src->bos = src->before;
    src->add_bos = src->before >= 0;
    return 0;
}

int vocab_source_from_hf(const char *shown, const char *text, size_t n, struct vocab_source *src,
                         struct err *err)
{
    vocab_source_init(src, "hf");
    src->tokens.place = PLACE_ID;
    src->tokens.field = "vocab";
    snprintf(src->tokens.shown, sizeof src->tokens.shown, "%s", shown);
    int rc = read_all(text, n, src, err);
    if (rc != 0)
        vocab_source_free(src);
    return rc;
}
