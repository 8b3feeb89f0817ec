/* spm.c - SentencePiece's BPE (Kudo and Richardson 2018), as Llama 2 and Mistral use it.
 *
 * Spaces are written U+2581, one is put before the text. Its characters are symbols at first; of
 * all neighbours whose joined text is a token, the one of the highest score is joined, the leftmost
 * first, until none is left. What is no token then becomes byte tokens <0xXX>, or the unknown
 * token, one for neighbours.
 *
 * Symbols stand in the list at the byte they begin with, so their text is known from their place.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/lexicon.h"
#include "engine/tokenizers/merge.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/utf8.h"

#define SPACE "\xE2\x96\x81" /* U+2581 */

enum { N_SPACE = sizeof SPACE - 1 };

struct spm {
    struct lexicon pieces; /* what symbols may be joined to */
    uint32_t *rank;        /* [n tokens] the smaller, the higher the score */
    int32_t byte_id[256];  /* or NO_TOKEN */
    int32_t unk;
    bool add_space_prefix;
};

struct work {
    const char *text;
    size_t n;
    struct merge_work merge;
};

/* U+2581 as the space it stands for. */
static size_t spell_spaces(const char *text, size_t n, char *out)
{
    size_t n_out = 0;
    for (size_t at = 0; at < n;) {
        if (n - at >= N_SPACE && !memcmp(text + at, SPACE, N_SPACE)) {
            out[n_out++] = ' ';
            at += N_SPACE;
        } else {
            out[n_out++] = text[at++];
        }
    }
    return n_out;
}

/* ---- building ---- */

static void spm_free(void *tables)
{
    struct spm *s = tables;
    lexicon_free(&s->pieces);
    free(s->rank);
    free(s);
}

/* Descending order of finite numbers as ascending order of bits. */
static uint32_t rank_of(float score)
{
    uint32_t bits;
    score = score == 0.0f ? 0.0f : score; /* one zero */
    memcpy(&bits, &score, sizeof bits);
    return bits & 0x80000000u ? bits : ~bits & 0x7FFFFFFFu;
}

static void find_bytes(struct spm *s, const struct vocab_source *src)
{
    for (size_t b = 0; b < 256; b++)
        s->byte_id[b] = NO_TOKEN;
    for (size_t i = 0; i < src->tokens.n; i++) {
        char digits[3] = {0};
        if (src->type[i] != TOKEN_BYTE || src->tokens.s[i].n != 6)
            continue; /* the vocabulary refuses byte tokens of another form */
        memcpy(digits, src->tokens.s[i].s + 3, 2);
        s->byte_id[strtoul(digits, NULL, 16) & 0xFF] = (int32_t)i;
    }
}

static int fill(struct spm *s, const struct vocab_source *src, struct err *err)
{
    size_t n = src->tokens.n;
    uint8_t *keep = malloc(n);
    s->rank = malloc(n * sizeof *s->rank);
    if (!keep || !s->rank) {
        free(keep);
        return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    }
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        keep[i] = src->type[i] == TOKEN_NORMAL || src->type[i] == TOKEN_USER;
        if (!isfinite(src->scores[i]))
            rc = text_refuse(&src->tokens, i, E_INPUT, err, _("its score is not a finite number."));
        else
            s->rank[i] = rank_of(src->scores[i]);
    }
    if (rc == 0 && !lexicon_init(&s->pieces, src->tokens.s, n, keep))
        rc = err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    free(keep);
    return rc;
}

static int spm_build(const struct vocab_source *src, void **tables, struct err *err)
{
    if (!src->scores)
        return err_set(err, E_INPUT, _("%s: tokenizer.ggml.scores: the file has no such metadata."),
                       src->tokens.shown);
    struct spm *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    s->unk = src->unk;
    s->add_space_prefix = src->add_space_prefix;
    int rc = fill(s, src, err);
    if (rc != 0) {
        spm_free(s);
        return rc;
    }
    find_bytes(s, src);
    *tables = s;
    return 0;
}

/* ---- encoding ---- */

static size_t end_of(const struct work *w, uint32_t at)
{
    uint32_t next = w->merge.symbol[at].next;
    return next == MERGE_NONE ? w->n : next;
}

/* The token that the symbol at `at` and its right neighbour make, or -1. */
static int32_t joined(const struct spm *s, const struct work *w, uint32_t at)
{
    const struct symbol *symbol = &w->merge.symbol[at];
    if (symbol->id == GONE || symbol->next == MERGE_NONE)
        return -1;
    return lexicon_find(&s->pieces, w->text + at, end_of(w, symbol->next) - at);
}

static bool push_candidate(const struct spm *s, struct work *w, uint32_t at)
{
    int32_t id = joined(s, w, at);
    return id < 0 || merge_push(&w->merge, (uint64_t)s->rank[id] << 32 | at);
}

/* One symbol for each character. */
static bool split_characters(struct work *w)
{
    if (!merge_work_reserve(&w->merge, w->n))
        return false;
    uint32_t prev = MERGE_NONE;
    for (size_t at = 0; at < w->n;) {
        uint32_t cp;
        if (patience_lost(w->merge.patience))
            return false;
        size_t len = utf8_decode(w->text + at, w->n - at, &cp);
        len = len ? len : 1;
        uint32_t next = at + len < w->n ? (uint32_t)(at + len) : MERGE_NONE;
        w->merge.symbol[at] = (struct symbol){.id = NO_TOKEN, .prev = prev, .next = next};
        prev = (uint32_t)at;
        at += len;
    }
    return true;
}

static bool join_all(const struct spm *s, struct work *w)
{
    w->merge.n_heap = 0;
    for (uint32_t at = 0; at != MERGE_NONE; at = w->merge.symbol[at].next)
        if (patience_lost(w->merge.patience) || !push_candidate(s, w, at))
            return false;
    while (w->merge.n_heap > 0) {
        if (patience_lost(w->merge.patience))
            return false;
        uint64_t entry = merge_pop(&w->merge);
        uint32_t at = (uint32_t)entry;
        int32_t id = joined(s, w, at);
        if (id < 0 || s->rank[id] != entry >> 32)
            continue;
        merge_join(&w->merge, at, id);
        uint32_t prev = w->merge.symbol[at].prev;
        if ((prev != MERGE_NONE && !push_candidate(s, w, prev)) || !push_candidate(s, w, at))
            return false;
    }
    return true;
}

static bool has_bytes(const struct spm *s, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->byte_id[(unsigned char)text[i]] == NO_TOKEN)
            return false;
    return true;
}

static void put_ids(const struct spm *s, const struct work *w, struct id_sink *sink)
{
    size_t n_left_out = 0;
    bool was_unknown = false;
    for (uint32_t at = 0; at != MERGE_NONE; at = w->merge.symbol[at].next) {
        size_t len = end_of(w, at) - at;
        int32_t id = lexicon_find(&s->pieces, w->text + at, len);
        bool unknown = id < 0 && !has_bytes(s, w->text + at, len);
        if (id >= 0)
            id_sink_put(sink, id);
        else if (!unknown)
            for (size_t i = 0; i < len; i++)
                id_sink_put(sink, s->byte_id[(unsigned char)w->text[at + i]]);
        else if (s->unk < 0)
            n_left_out += len;
        else if (!was_unknown)
            id_sink_put(sink, s->unk);
        was_unknown = unknown;
    }
    if (n_left_out > 0)
        log_warn("tokenizer: %zu bytes have no token in this vocabulary and were left out",
                 n_left_out);
}

static int spm_encode(const void *tables, const char *text, size_t n_bytes, int flags,
                      struct id_sink *sink, struct err *err)
{
    const struct spm *s = tables;
    struct textbuf written = {.patience = sink->patience};
    struct work w = {.merge.patience = sink->patience};
    if (n_bytes == 0)
        return 0;
    if (s->add_space_prefix && !(flags & TOKENIZE_CONTINUES))
        textbuf_put(&written, SPACE, N_SPACE);
    for (size_t i = 0; i < n_bytes && !written.failed; i++)
        textbuf_put(&written, text[i] == ' ' ? SPACE : text + i, text[i] == ' ' ? N_SPACE : 1);
    w.text = written.data;
    w.n = written.n;
    bool ok = !written.failed && written.n < INT32_MAX && split_characters(&w) && join_all(s, &w);
    if (ok)
        put_ids(s, &w, sink);
    merge_work_free(&w.merge);
    textbuf_free(&written);
    if (!ok)
        return err_set(err, E_RESOURCE, _("not enough memory to tokenize %zu bytes."), n_bytes);
    return 0;
}

static enum token_join spm_join(const void *tables, int32_t prev, int32_t id)
{
    const struct spm *s = tables;
    (void)id;
    return prev < 0 && s->add_space_prefix ? JOIN_TRIM_ONE : JOIN_PLAIN;
}

const struct tokenizer_kind tokenizer_spm = {
    .name = "llama",
    .spell = spell_spaces,
    .build = spm_build,
    .free = spm_free,
    .encode = spm_encode,
    .join = spm_join,
};
