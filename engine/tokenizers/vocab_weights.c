/* vocab_weights.c - a vocabulary from a model's metadata, the tokenizer.ggml.* keys. Lists that go
 * with the tokens (types, scores) must have their length and GGUF's element type: a reader that
 * guesses here indexes past their end. */
#include "config.h"

#include "engine/tokenizers/vocab_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/pretok.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"

struct list_spec {
    const char *key;
    enum meta_type type;
    int element_bytes; /* 0 for texts */
};

static const struct list_spec tokens_spec = {"tokenizer.ggml.tokens", META_STRING, 0};
static const struct list_spec merges_spec = {"tokenizer.ggml.merges", META_STRING, 0};
static const struct list_spec types_spec = {"tokenizer.ggml.token_type", META_INT, 4};
static const struct list_spec scores_spec = {"tokenizer.ggml.scores", META_FLOAT, 4};

static const char *shown_path(const struct weights *w, char out[INFILE_QUOTE_BYTES])
{
    return infile_quote(out, weights_path(w));
}

/* *out = the list, NULL when the file has none. */
static int find_list(const struct weights *w, const struct list_spec *spec,
                     const struct meta_value **out, struct err *err)
{
    const struct meta_value *v = weights_meta(w, spec->key);
    if (v && (v->type != META_ARRAY || v->array.type != spec->type ||
              v->array.element_bytes != spec->element_bytes)) {
        char shown[INFILE_QUOTE_BYTES];
        const char *wanted = spec->type == META_STRING ? _("a list of texts")
                             : spec->type == META_INT  ? _("a list of 32-bit whole numbers")
                                                       : _("a list of 32-bit decimal numbers");
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %s is needed."), shown_path(w, shown),
                       spec->key, (unsigned long long)v->offset, wanted);
    }
    *out = v;
    return 0;
}

/* A list with one element per token, if the file has it. */
static int find_parallel(const struct weights *w, const struct list_spec *spec, size_t n_tokens,
                         const struct meta_value **out, struct err *err)
{
    const struct meta_value *v;
    int rc = find_list(w, spec, &v, err);
    if (rc != 0)
        return rc;
    if (v && v->array.n != n_tokens) {
        char shown[INFILE_QUOTE_BYTES];
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %zu elements for %zu tokens."),
                       shown_path(w, shown), spec->key, (unsigned long long)v->offset, v->array.n,
                       n_tokens);
    }
    *out = v;
    return 0;
}

static void borrow_texts(const struct weights *w, const struct list_spec *spec,
                         const struct meta_value *v, struct text_list *out)
{
    size_t n_bytes;
    out->s = v->array.strings;
    out->n = v->array.n;
    out->place = PLACE_BYTE;
    out->field = spec->key;
    out->base = weights_base(w, &n_bytes);
    shown_path(w, out->shown);
}

static int read_texts(const struct weights *w, struct vocab_source *src, struct err *err)
{
    const struct meta_value *tokens;
    const struct meta_value *merges;
    const char *missing = NULL;
    int rc = find_list(w, &tokens_spec, &tokens, err);
    if (rc == 0)
        rc = find_list(w, &merges_spec, &merges, err);
    if (rc != 0)
        return rc;
    if (!tokens)
        missing = tokens_spec.key;
    else if (!merges && strcmp(src->kind, "gpt2") == 0)
        missing = merges_spec.key;
    if (missing) {
        char shown[INFILE_QUOTE_BYTES];
        return err_set(err, E_INPUT, _("%s: %s: the file has no such metadata."),
                       shown_path(w, shown), missing);
    }
    borrow_texts(w, &tokens_spec, tokens, &src->tokens);
    if (merges)
        borrow_texts(w, &merges_spec, merges, &src->merges);
    return vocab_source_index(src, err);
}

static int read_types(const struct weights *w, struct vocab_source *src, struct err *err)
{
    size_t n = src->tokens.n;
    const struct meta_value *types;
    const struct meta_value *scores;
    int rc = find_parallel(w, &types_spec, n, &types, err);
    if (rc == 0)
        rc = find_parallel(w, &scores_spec, n, &scores, err);
    if (rc != 0)
        return rc;
    src->type = malloc(n);
    if (!src->type)
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       src->tokens.shown);
    memset(src->type, TOKEN_NORMAL, n);
    if (scores) {
        src->scores = malloc(n * sizeof *src->scores);
        if (!src->scores)
            return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                           src->tokens.shown);
        memcpy(src->scores, scores->array.raw, n * sizeof *src->scores);
    }
    for (size_t i = 0; types && i < n; i++) {
        int64_t type = meta_array_int(types, i);
        if (type < TOKEN_UNDEFINED || type > TOKEN_BYTE)
            return err_set(
                err, E_INPUT,
                _("%s: %s[%zu] at byte %llu: token type %lld; from %d to %d is "
                  "allowed."),
                src->tokens.shown, types_spec.key, i,
                (unsigned long long)((const char *)types->array.raw + 4 * i - src->tokens.base),
                (long long)type, TOKEN_UNDEFINED, TOKEN_BYTE);
        src->type[i] = (uint8_t)type;
    }
    return 0;
}

static int read_id(const struct weights *w, const char *key, const struct vocab_source *src,
                   int32_t *out, struct err *err)
{
    int64_t id = -1;
    int rc = weights_meta_int(w, key, 0, (int64_t)src->tokens.n - 1, &id, err);
    if (rc == 0)
        *out = (int32_t)id;
    return rc;
}

static int read_ids(const struct weights *w, struct vocab_source *src, struct err *err)
{
    if (strcmp(src->kind, "llama") == 0) { /* what files of this kind leave out */
        src->add_bos = true;
        src->add_space_prefix = true;
    } else if (strcmp(src->kind, "gpt2") == 0) {
        const struct pretok *pretok = pretok_find(src->pre);
        src->add_bos = pretok && pretok->add_bos;
    }
    int rc = read_id(w, "tokenizer.ggml.bos_token_id", src, &src->bos, err);
    if (rc == 0)
        rc = read_id(w, "tokenizer.ggml.eos_token_id", src, &src->eos, err);
    if (rc == 0)
        rc = read_id(w, "tokenizer.ggml.eot_token_id", src, &src->eot, err);
    if (rc == 0)
        rc = read_id(w, "tokenizer.ggml.eom_token_id", src, &src->eom, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "tokenizer.ggml.add_bos_token", &src->add_bos, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "tokenizer.ggml.add_eos_token", &src->add_eos, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "tokenizer.ggml.add_space_prefix", &src->add_space_prefix, err);
    if (rc != 0)
        return rc;
    /* Files exist in which an unused unknown token is given as -1. Nothing is lost without it. */
    struct err ignored = ERR_INIT;
    if (read_id(w, "tokenizer.ggml.unknown_token_id", src, &src->unk, &ignored) != 0)
        log_warn("tokenizer: ignored: %s", ignored.msg);
    const int32_t ends[] = {src->bos, src->eos, src->eot, src->eom};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends[i] >= 0)
            src->type[ends[i]] = TOKEN_CONTROL;
    return 0;
}

/* A name from the metadata into out; names that do not fit are cut, and then match no row. */
static int read_name(const struct weights *w, const char *key, char *out, size_t size,
                     uint64_t *offset, struct err *err)
{
    struct meta_string s = {"", 0};
    int rc = weights_meta_string(w, key, &s, err);
    if (rc != 0)
        return rc;
    err_quote(out, size, s.s, s.n);
    const struct meta_value *v = weights_meta(w, key);
    *offset = v ? v->offset : 0;
    return 0;
}

/* ---- our own keys ----
 *
 * xuxie.tokenizer says what GGUF has no standard word for: "wordpiece" (the tokens of vocab.txt in
 * tokenizer.ggml.tokens; xuxie.tokenizer.lower_case, .strip_accents, true unless given, and
 * .split_digits), "huggingface" or "jieba+bpe" (all of tokenizer.json in
 * tokenizer.huggingface.json). */

static int read_wordpiece(const struct weights *w, struct vocab_source *src, struct err *err)
{
    snprintf(src->kind, sizeof src->kind, "bert");
    int rc = read_texts(w, src, err);
    if (rc == 0)
        rc = read_types(w, src, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "xuxie.tokenizer.lower_case", &src->bert.lower_case, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "xuxie.tokenizer.strip_accents", &src->bert.strip_accents, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "xuxie.tokenizer.split_digits", &src->bert.split_digits, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "tokenizer.ggml.add_bos_token", &src->add_bos, err);
    if (rc == 0)
        rc = read_id(w, "tokenizer.ggml.eos_token_id", src, &src->eos, err);
    if (rc == 0)
        vocab_source_mark_bert(src);
    return rc;
}

static int read_huggingface(const struct weights *w, bool jieba, struct vocab_source *src,
                            struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    struct meta_string text = {"", 0};
    int rc = weights_meta_string(w, "tokenizer.huggingface.json", &text, err);
    if (rc != 0)
        return rc;
    rc = vocab_source_from_hf(shown_path(w, shown), text.s, text.n, src, err);
    if (rc != 0)
        return rc;
    src->jieba = jieba;
    rc = weights_meta_bool(w, "tokenizer.ggml.add_bos_token", &src->add_bos, err);
    if (rc == 0)
        rc = read_id(w, "tokenizer.ggml.bos_token_id", src, &src->bos, err);
    if (rc == 0)
        rc = read_id(w, "tokenizer.ggml.eos_token_id", src, &src->eos, err);
    return rc;
}

/* *done: the file has these keys. */
static int read_own(const struct weights *w, struct vocab_source *src, bool *done, struct err *err)
{
    struct meta_string own = {"", 0};
    int rc = weights_meta_string(w, "xuxie.tokenizer", &own, err);
    *done = rc != 0 || own.n > 0;
    if (!*done || rc != 0)
        return rc;
    if (own.n == 9 && memcmp(own.s, "wordpiece", 9) == 0)
        return read_wordpiece(w, src, err);
    if (own.n == 11 && memcmp(own.s, "huggingface", 11) == 0)
        return read_huggingface(w, false, src, err);
    if (own.n == 9 && memcmp(own.s, "jieba+bpe", 9) == 0)
        return read_huggingface(w, true, src, err);
    char shown[INFILE_QUOTE_BYTES];
    char quoted[360];
    return err_set(err, E_UNSUPPORTED,
                   _("%s: xuxie.tokenizer: \"%s\" is not a kind this version of xuxie knows."),
                   shown_path(w, shown), err_quote(quoted, sizeof quoted, own.s, own.n));
}

int vocab_source_from_weights(const struct weights *w, struct vocab_source *src, struct err *err)
{
    vocab_source_init(src, "");
    bool done;
    int rc = read_own(w, src, &done, err);
    if (done) {
        if (rc != 0)
            vocab_source_free(src);
        return rc;
    }
    rc = read_name(w, "tokenizer.ggml.model", src->kind, sizeof src->kind, &src->kind_offset, err);
    if (rc == 0 && src->kind[0] == '\0') {
        char shown[INFILE_QUOTE_BYTES];
        return err_set(err, E_INPUT,
                       _("%s: tokenizer.ggml.model: the file has no tokenizer; a complete model is "
                         "needed."),
                       shown_path(w, shown));
    }
    if (rc == 0)
        rc = read_name(w, "tokenizer.ggml.pre", src->pre, sizeof src->pre, &src->pre_offset, err);
    if (rc == 0)
        rc = read_texts(w, src, err);
    if (rc == 0)
        rc = read_types(w, src, err);
    if (rc == 0)
        rc = read_ids(w, src, err);
    if (rc != 0)
        vocab_source_free(src);
    return rc;
}
