/* tokenizer.c - see tokenizer.h. What all kinds have in common: opening, the special tokens around
 * and in a text, and the bytes of tokens. */
#include "config.h"

#include "engine/tokenizers/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define XXH_STATIC_LINKING_ONLY /* the hash state on the stack */
#include <xxhash.h>

#include "engine/tokenizers/tokenizer_checkpoint.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

static const struct tokenizer_kind *const kinds[] = {
    &tokenizer_bpe,
};

struct tokenizer {
    const struct tokenizer_kind *kind;
    void *tables; /* the kind's */
    struct vocab vocab;
    int32_t bos, eos, eot, eom; /* -1: none */
    bool add_bos, add_eos;
    char identity[33];
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
    XXH128_hash_t h = XXH3_128bits_digest(&state);
    snprintf(t->identity, sizeof t->identity, "%016llx%016llx", (unsigned long long)h.high64,
             (unsigned long long)h.low64);
}

static const struct tokenizer_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
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
    t->add_eos = src->add_eos;
    int rc = vocab_init(&t->vocab, src, kind->spell, err);
    if (rc == 0)
        rc = kind->build(src, &t->tables, err);
    if (rc != 0) {
        tokenizer_free(t);
        return rc;
    }
    set_identity(t, src);
    *out = t;
    return 0;
}

int tokenizer_from_weights(const struct weights *w, struct tokenizer **out, struct err *err)
{
    struct vocab_source src;
    if (weights_folder(w))
        return tokenizer_from_checkpoint(w, out, err);
    int rc = vocab_source_from_weights(w, &src, err);
    if (rc != 0)
        return rc;
    rc = tokenizer_from_source(&src, out, err);
    vocab_source_free(&src);
    return rc;
}

static int open_folder(const char *path, struct tokenizer **out, struct err *err)
{
    struct vocab_source src;
    int rc = vocab_source_from_folder(path, &src, err);
    if (rc != 0)
        return rc;
    rc = tokenizer_from_source(&src, out, err);
    vocab_source_free(&src);
    return rc;
}

int tokenizer_open(const char *path, struct tokenizer **out, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return open_folder(path, out, err);
    struct weights *w;
    int rc = weights_open(path, &w, err);
    if (rc != 0)
        return rc;
    rc = tokenizer_from_weights(w, out, err);
    weights_close(w);
    return rc;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    if (t->tables)
        t->kind->free(t->tables);
    vocab_free(&t->vocab);
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

void tokenizer_identity(const struct tokenizer *t, char out[33])
{
    memcpy(out, t->identity, sizeof t->identity);
}

int tokenizer_encode(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                     int32_t *ids, size_t capacity, size_t *n_ids, struct err *err)
{
    if (n_bytes > INT32_MAX)
        return err_set(err, E_INPUT, _("a text of %zu bytes is too long to be tokenized."),
                       n_bytes);
    struct id_sink sink = {ids, capacity, 0};
    if ((flags & TOKENIZE_SPECIAL) && t->add_bos && t->bos >= 0)
        id_sink_put(&sink, t->bos);
    for (size_t from = 0; from < n_bytes;) {
        size_t at = n_bytes;
        int32_t special = -1;
        if (!(flags & TOKENIZE_LITERAL) && !t->kind->finds_special)
            special = vocab_find_special(&t->vocab, text, n_bytes, from, &at);
        int rc = t->kind->encode(t->tables, text + from, at - from, flags, &sink, err);
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
    if ((flags & TOKENIZE_SPECIAL) && t->add_eos && t->eos >= 0)
        id_sink_put(&sink, t->eos);
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

bool tokenizer_is_control(const struct tokenizer *t, int32_t id)
{
    if (id < 0 || id >= t->vocab.n)
        return false;
    return t->vocab.type[id] == TOKEN_CONTROL || t->vocab.type[id] == TOKEN_UNKNOWN;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (id == t->eos || id == t->eot || id == t->eom);
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
