/* tokenizer.c - see tokenizer.h. What all kinds have in common: opening, the special tokens around
 * and in a text, and the bytes of tokens. */
#include "config.h"

#include "engine/tokenizers/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the hash state on the stack */
#include <xxhash.h>

#include "engine/tokenizers/display.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

static const struct tokenizer_kind *const kinds[] = {
    &tokenizer_bpe,
    &tokenizer_wordpiece,
    &tokenizer_spm,
    &tokenizer_hf,
};

/* Control tokens at which generation ends though the files name another one, or none: the end of a
 * turn in the two common chat formats; GPT-2's end of a document, which chat models write too; the
 * one after which ModelScope's GPT-3 cuts a text off. */
static const struct {
    const char *text;
    const char *kind; /* NULL: any */
    bool jieba;       /* only where words are cut by jieba */
    bool no_bos;      /* only where no BOS stands before texts */
} known_ends[] = {
    {.text = "<|im_end|>"},
    {.text = "<|eot_id|>"},
    {.text = "<|endoftext|>", .kind = "gpt2"},
    {.text = "<sep>", .jieba = true},
    {.text = "[CLS]", .kind = "bert", .no_bos = true}, /* GPT2-Chinese ends articles with it */
};

struct tokenizer {
    const struct tokenizer_kind *kind;
    void *tables; /* the kind's */
    struct vocab vocab;
    int32_t bos, eos, eot, eom; /* -1: none */
    int32_t ends[ARRAY_LEN(known_ends)];
    int32_t before, after; /* TOKENIZE_SPECIAL puts them around a text; -1: none */
    bool add_bos;
    char identity[33];
    char *chat_template; /* owned; NULL: none */
    size_t n_chat_template;
};

static void hash_text(XXH3_state_t *state, const char *s, size_t n)
{
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)((uint64_t)n >> (8 * i));
    XXH3_128bits_update(state, size, sizeof size);
    XXH3_128bits_update(state, s, n);
}

/* Of everything that decides which ids a text gets. */
static void set_identity(struct tokenizer *t, const struct vocab_source *src)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    hash_text(&state, src->kind, strlen(src->kind));
    hash_text(&state, src->pre, strlen(src->pre));
    for (size_t i = 0; i < src->tokens.n; i++)
        hash_text(&state, src->tokens.s[i].s, src->tokens.s[i].n);
    XXH3_128bits_update(&state, src->type, src->tokens.n);
    for (size_t i = 0; i < src->merges.n; i++)
        hash_text(&state, src->merges.s[i].s, src->merges.s[i].n);
    char ids[80];
    int n = snprintf(ids, sizeof ids, "%d %d %d %d %d %d %d", (int)src->bos, (int)src->eos,
                     (int)src->eot, (int)src->eom, (int)src->unk, src->add_bos, src->add_eos);
    hash_text(&state, ids, (size_t)n);
    if (src->scores)
        XXH3_128bits_update(&state, src->scores, src->tokens.n * sizeof *src->scores);
    if (strcmp(src->kind, "gpt2") != 0) {
        const struct bert_options *o = &src->bert;
        n = snprintf(ids, sizeof ids, "%d %d %d %d %d %d", o->lower_case, o->strip_accents,
                     o->spaced_chinese, o->split_digits, src->add_space_prefix, src->jieba);
        hash_text(&state, ids, (size_t)n);
    }
    XXH128_hash_t h = XXH3_128bits_digest(&state);
    snprintf(t->identity, sizeof t->identity, "%016llx%016llx", (unsigned long long)h.high64,
             (unsigned long long)h.low64);
}

/* After the identity was taken: which ids a text gets does not depend on it. */
static void find_ends(struct tokenizer *t, const struct vocab_source *src)
{
    for (size_t i = 0; i < ARRAY_LEN(known_ends); i++) {
        const char *text = known_ends[i].text, *kind = known_ends[i].kind;
        size_t id = strset_find(&src->by_text, text, strlen(text));
        t->ends[i] = -1;
        if (id != STRSET_NONE && (!kind || strcmp(kind, src->kind) == 0) &&
            (!known_ends[i].jieba || src->jieba) && (!known_ends[i].no_bos || !src->add_bos) &&
            (src->type[id] == TOKEN_CONTROL || src->type[id] == TOKEN_USER))
            t->ends[i] = (int32_t)id;
    }
}

static const struct tokenizer_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

/* A hint: without memory for it there is none. */
static void take_chat_template(struct tokenizer *t, const struct vocab_source *src)
{
    if (!src->chat_template)
        return;
    t->chat_template = malloc(src->n_chat_template);
    if (!t->chat_template)
        return;
    memcpy(t->chat_template, src->chat_template, src->n_chat_template);
    t->n_chat_template = src->n_chat_template;
}

int tokenizer_from_source(const struct vocab_source *src, struct tokenizer **out, struct err *err)
{
    const struct tokenizer_kind *kind = find_kind(src->kind);
    if (!kind)
        return err_set(err, E_UNSUPPORTED,
                       _("%s: tokenizer.ggml.model at byte %llu: tokenizers of the kind \"%s\" are "
                         "not supported by xuxie."),
                       src->tokens.shown, (unsigned long long)src->kind_offset, src->kind);
    struct tokenizer *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    t->kind = kind;
    t->bos = src->bos;
    t->eos = src->eos;
    t->eot = src->eot;
    t->eom = src->eom;
    t->add_bos = src->add_bos;
    t->before = src->add_bos ? src->bos : src->before;
    t->after = src->add_eos ? src->eos : src->after;
    int rc = vocab_init(&t->vocab, src, kind->spell, err);
    if (rc == 0)
        rc = kind->build(src, &t->tables, err);
    if (rc != 0) {
        tokenizer_free(t);
        return rc;
    }
    set_identity(t, src);
    find_ends(t, src);
    take_chat_template(t, src);
    *out = t;
    return 0;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    if (t->tables)
        t->kind->free(t->tables);
    vocab_free(&t->vocab);
    free(t->chat_template);
    free(t);
}

const char *tokenizer_kind(const struct tokenizer *t)
{
    return t->kind->name;
}

int32_t tokenizer_count(const struct tokenizer *t)
{
    return t->vocab.n;
}

int32_t tokenizer_used(const struct tokenizer *t)
{
    int32_t n = t->vocab.n;
    while (n > 0 && t->vocab.type[n - 1] == TOKEN_UNUSED)
        n--;
    return n > 0 ? n : t->vocab.n;
}

void tokenizer_identity(const struct tokenizer *t, char out[33])
{
    memcpy(out, t->identity, sizeof t->identity);
}

int tokenizer_encode(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                     int32_t *ids, size_t capacity, size_t *n_ids, struct err *err)
{
    return tokenizer_encode_until(t, text, n_bytes, flags, ids, capacity, n_ids, NULL, NULL, err);
}

int tokenizer_encode_until(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                           int32_t *ids, size_t capacity, size_t *n_ids, bool (*stop)(void *arg),
                           void *arg, struct err *err)
{
    if (n_bytes > INT32_MAX)
        return err_set(err, E_INPUT, _("a text of %zu bytes is too long to be tokenized."),
                       n_bytes);
    struct patience patience = {.stop = stop, .arg = arg};
    struct id_sink sink = {ids, capacity, 0, &patience};
    if ((flags & TOKENIZE_SPECIAL) && t->before >= 0)
        id_sink_put(&sink, t->before);
    for (size_t from = 0; from < n_bytes;) {
        size_t at = n_bytes;
        int32_t special = -1;
        if (!(flags & TOKENIZE_LITERAL) && !t->kind->finds_special)
            special = vocab_find_special(&t->vocab, text, n_bytes, from, &at);
        int rc = t->kind->encode(t->tables, text + from, at - from, flags, &sink, err);
        if (patience_lost(&patience))
            return err_set(err, E_CANCELLED, _("interrupted while a text was tokenized"));
        if (rc != 0)
            return rc;
        from = at;
        if (special >= 0) {
            size_t n_special;
            vocab_bytes(&t->vocab, special, &n_special);
            id_sink_put(&sink, special);
            from += n_special;
        }
    }
    if ((flags & TOKENIZE_SPECIAL) && t->after >= 0)
        id_sink_put(&sink, t->after);
    *n_ids = sink.n;
    return 0;
}

const char *tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, size_t *n_bytes)
{
    *n_bytes = 0;
    if (id < 0 || id >= t->vocab.n || (!special && tokenizer_is_control(t, id)))
        return "";
    return vocab_bytes(&t->vocab, id, n_bytes);
}

const char *tokenizer_piece_after(const struct tokenizer *t, int32_t prev, int32_t id, bool special,
                                  size_t *n_bytes)
{
    const char *piece = tokenizer_piece(t, id, special, n_bytes);
    if (*n_bytes == 0 || !t->kind->join)
        return piece;
    enum token_join join = t->kind->join(t->tables, prev < t->vocab.n ? prev : -1, id);
    switch (join) {
    case JOIN_PLAIN: break;
    case JOIN_SPACE:
        piece--; /* vocab_bytes() says that a space is there */
        ++*n_bytes;
        break;
    case JOIN_TRIM_ONE:
    case JOIN_TRIM_ALL:
        while (*n_bytes > 0 && *piece == ' ') {
            piece++;
            --*n_bytes;
            if (join == JOIN_TRIM_ONE)
                break;
        }
        break;
    }
    return piece;
}

/* The text of the display rules; the kind has written(). */
static void decode_by_rule(const struct tokenizer *t, const int32_t *ids, size_t n,
                           enum tokenizer_rule rule, struct textbuf *out)
{
    struct textbuf tokens = {0};
    for (size_t i = 0; i < n; i++) {
        size_t len = 5;
        const char *token = "[UNK]";
        if (ids[i] < t->vocab.n) {
            if (rule == RULE_MODELSCOPE && tokenizer_is_control(t, ids[i]))
                continue;
            token = t->kind->written(t->tables, ids[i], &len);
        }
        textbuf_put(&tokens, token, len);
        textbuf_put(&tokens, "", 1);
    }
    if (tokens.n > 0 && !tokens.failed) {
        if (rule == RULE_BERT)
            display_bert(&tokens, out);
        else if (rule == RULE_MODELSCOPE)
            display_modelscope(&tokens, out);
        else
            display_gpt2_chinese(&tokens, out);
    }
    out->failed |= tokens.failed;
    textbuf_free(&tokens);
}

int tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, bool special,
                     enum tokenizer_rule rule, char **text, size_t *n_bytes, struct err *err)
{
    if (rule != RULE_PLAIN && !t->kind->written)
        return err_set(err, E_INPUT,
                       _("the display rules are for BERT vocabularies; this tokenizer is of the "
                         "kind \"%s\"."),
                       t->kind->name);
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || (ids[i] >= t->vocab.n && !t->kind->written))
            return err_set(err, E_INPUT, _("%d is not a token; they go from 0 to %d"), (int)ids[i],
                           (int)t->vocab.n - 1);
    struct textbuf out = {0};
    int32_t prev = -1;
    if (rule != RULE_PLAIN)
        decode_by_rule(t, ids, n, rule, &out);
    for (size_t i = 0; rule == RULE_PLAIN && i < n; i++) {
        size_t len;
        const char *piece = tokenizer_piece_after(t, prev, ids[i], special, &len);
        textbuf_put(&out, piece, len);
        if (special || !tokenizer_is_control(t, ids[i]))
            prev = ids[i];
    }
    textbuf_put(&out, "", 1);
    if (out.failed) {
        textbuf_free(&out);
        return err_set(err, E_RESOURCE, _("not enough memory for the text of %zu tokens."), n);
    }
    *text = out.data;
    *n_bytes = out.n - 1;
    return 0;
}

bool tokenizer_is_control(const struct tokenizer *t, int32_t id)
{
    if (id < 0 || id >= t->vocab.n)
        return false;
    return t->vocab.type[id] == TOKEN_CONTROL || t->vocab.type[id] == TOKEN_UNKNOWN;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    if (id < 0)
        return false;
    bool known = id == t->eos || id == t->eot || id == t->eom;
    for (size_t i = 0; i < ARRAY_LEN(t->ends); i++)
        known = known || id == t->ends[i];
    return known;
}

int32_t tokenizer_special(const struct tokenizer *t, const char *text)
{
    size_t n = strlen(text), n_found, at;
    int32_t id = n ? vocab_find_special(&t->vocab, text, n, 0, &at) : -1;
    if (id < 0 || at != 0)
        return -1;
    vocab_bytes(&t->vocab, id, &n_found);
    return n_found == n ? id : -1;
}

const char *tokenizer_chat_template(const struct tokenizer *t, size_t *n_bytes)
{
    *n_bytes = t->n_chat_template;
    return t->chat_template;
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    return t->bos;
}

int32_t tokenizer_eos(const struct tokenizer *t)
{
    return t->eos;
}

int32_t tokenizer_start(const struct tokenizer *t)
{
    return t->bos >= 0 ? t->bos : t->eos;
}

bool tokenizer_adds_bos(const struct tokenizer *t)
{
    return t->add_bos && t->bos >= 0;
}
