/* bpe.c - byte-level BPE (GPT-2: Radford et al. 2019; Sennrich et al. 2016).
 *
 * A text is split into pieces (pretok.c). Each byte of a piece is a token at first; then, of all
 * neighbours that the merges know, the pair of the lowest rank is joined, the leftmost first, until
 * none is left (merge.c). Some rows take a piece that is in the vocabulary as it is.
 *
 * In the vocabulary's texts every byte is one printable character: 33-126, 161-172 and 174-255
 * stand for themselves, the other 68 bytes are U+0100 and on, in order.
 *
 * A byte the vocabulary has no token for becomes the unknown token; without one it is left out.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/lexicon.h"
#include "engine/tokenizers/merge.h"
#include "engine/tokenizers/pretok.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "engine/tokenizers/unicode.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/utf8.h"

enum { N_MAPPED = 256 + 68 };

struct bpe {
    const struct pretok *pretok;
    int32_t byte_id[256]; /* or NO_TOKEN */
    struct merges merges;
    struct lexicon whole; /* pieces that are taken as they are; empty unless the row says so */
};

/* Memory of one call, kept from piece to piece. */
struct work {
    struct merge_work merge;
    struct textbuf spelled; /* a piece in the alphabet */
    size_t n_left_out;      /* bytes without a token */
};

/* ---- the alphabet ---- */

static bool stands_for_itself(unsigned b)
{
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
}

/* 0-32, 127-160 and 173 in order. */
uint32_t bpe_char_of_byte(unsigned b)
{
    if (stands_for_itself(b))
        return b;
    if (b <= 32)
        return 256 + b;
    return b == 173 ? 256 + 67 : 256 + 33 + (b - 127);
}

/* The byte a character stands for, or -1. */
static int byte_of_char(uint32_t cp)
{
    if (cp < 256)
        return stands_for_itself(cp) ? (int)cp : -1;
    if (cp >= N_MAPPED)
        return -1;
    /* 0-32, 127-160 and 173 in order. */
    uint32_t rank = cp - 256;
    if (rank <= 32)
        return (int)rank;
    if (rank <= 66)
        return (int)(rank - 33 + 127);
    return 173;
}

/* A text that is not written in the alphabet stands for its own bytes (as other implementations
 * have it). */
size_t bpe_spell_bytes(const char *text, size_t n, char *out)
{
    size_t n_out = 0;
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        size_t len = utf8_decode(text + at, n - at, &cp);
        int b = len ? byte_of_char(cp) : -1;
        if (b < 0) {
            memcpy(out, text, n);
            return n;
        }
        out[n_out++] = (char)b;
        at += len;
    }
    return n_out;
}

/* ---- building ---- */

enum merge_flaw { MERGE_FINE, MERGE_MALFORMED, MERGE_OF_UNKNOWN, MERGE_TO_UNKNOWN };

/* The three tokens of a merge "left right": both halves and what they make. */
static enum merge_flaw parse_merge(const struct vocab_source *src, const struct meta_string *s,
                                   int32_t id[3])
{
    const char *space = s->n ? memchr(s->s, ' ', s->n) : NULL;
    size_t n_left = space ? (size_t)(space - s->s) : 0;
    size_t n_right = space ? s->n - n_left - 1 : 0;
    if (n_left == 0 || n_right == 0 || memchr(space + 1, ' ', n_right))
        return MERGE_MALFORMED;
    size_t left = strset_find(&src->by_text, s->s, n_left);
    size_t right = strset_find(&src->by_text, space + 1, n_right);
    if (left == STRSET_NONE || right == STRSET_NONE)
        return MERGE_OF_UNKNOWN;
    char text[LIMIT_TOKEN_BYTES]; /* no token is longer */
    if (n_left + n_right > sizeof text)
        return MERGE_TO_UNKNOWN;
    memcpy(text, s->s, n_left);
    memcpy(text + n_left, space + 1, n_right);
    size_t result = strset_find(&src->by_text, text, n_left + n_right);
    if (result == STRSET_NONE)
        return MERGE_TO_UNKNOWN;
    id[0] = (int32_t)left;
    id[1] = (int32_t)right;
    id[2] = (int32_t)result;
    return MERGE_FINE;
}

static int refuse_merge(const struct vocab_source *src, size_t i, enum merge_flaw flaw,
                        struct err *err)
{
    const struct text_list *list = &src->merges;
    char merge[360];
    err_quote(merge, sizeof merge, list->s[i].s, list->s[i].n);
    if (flaw == MERGE_MALFORMED)
        return text_refuse(list, i, E_INPUT, err,
                           _("the merge \"%s\" is not two tokens with one space between them."),
                           merge);
    if (flaw == MERGE_OF_UNKNOWN)
        return text_refuse(list, i, E_INPUT, err,
                           _("the merge \"%s\" is of a text that is not in the vocabulary."),
                           merge);
    return text_refuse(list, i, E_INPUT, err,
                       _("the merge \"%s\" makes a text that is not in the vocabulary."), merge);
}

static int build_merges(struct bpe *b, const struct vocab_source *src, struct err *err)
{
    size_t n = src->merges.n;
    if (n > LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: %s: %zu merges; at most %u are allowed."),
                       src->merges.shown, src->merges.field, n, LIMIT_VOCAB);
    if (!merges_init(&b->merges, n))
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       src->merges.shown);
    for (size_t i = 0; i < n; i++) {
        int32_t id[3];
        enum merge_flaw flaw = parse_merge(src, &src->merges.s[i], id);
        if (flaw != MERGE_FINE)
            return refuse_merge(src, i, flaw, err);
        const struct merge *same = merges_add(&b->merges, id[0], id[1], id[2], (uint32_t)i);
        if (same)
            return text_refuse(&src->merges, i, E_INPUT, err, _("this merge is number %u already."),
                               same->rank);
    }
    return 0;
}

static void find_byte_tokens(struct bpe *b, const struct vocab_source *src)
{
    int n_missing = 0;
    for (unsigned i = 0; i < 256; i++) {
        char text[4];
        size_t n = utf8_encode(bpe_char_of_byte(i), text);
        size_t id = strset_find(&src->by_text, text, n);
        b->byte_id[i] = id == STRSET_NONE ? src->unk : (int32_t)id;
        n_missing += id == STRSET_NONE;
    }
    if (n_missing > 0)
        log_warn("tokenizer: %d of 256 bytes have no token in %s", n_missing, src->tokens.shown);
}

static void bpe_free(void *tables)
{
    struct bpe *b = tables;
    merges_free(&b->merges);
    lexicon_free(&b->whole);
    free(b);
}

/* The ordinary tokens. */
static bool init_whole(struct bpe *b, const struct vocab_source *src)
{
    uint8_t *keep = malloc(src->tokens.n);
    if (!keep)
        return false;
    for (size_t i = 0; i < src->tokens.n; i++)
        keep[i] = src->type[i] == TOKEN_NORMAL;
    bool ok = lexicon_init(&b->whole, src->tokens.s, src->tokens.n, keep);
    free(keep);
    return ok;
}

static int bpe_build(const struct vocab_source *src, void **tables, struct err *err)
{
    const struct pretok *pretok = pretok_find(src->pre);
    if (!pretok)
        return err_set(err, E_UNSUPPORTED,
                       _("%s: tokenizer.ggml.pre at byte %llu: the pre-tokenizer \"%s\" is not "
                         "supported by xuxie."),
                       src->tokens.shown, (unsigned long long)src->pre_offset, src->pre);
    struct bpe *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    b->pretok = pretok;
    int rc = build_merges(b, src, err);
    if (rc == 0 && pretok->ignore_merges && !init_whole(b, src))
        rc = err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    if (rc != 0) {
        bpe_free(b);
        return rc;
    }
    find_byte_tokens(b, src);
    *tables = b;
    return 0;
}

/* ---- encoding ---- */

/* The token a piece is as a whole, or -1. */
static int32_t find_whole(const struct bpe *b, struct work *w, const char *text, size_t n)
{
    if (n > b->whole.longest)
        return -1;
    w->spelled.n = 0;
    for (size_t i = 0; i < n; i++)
        textbuf_put_char(&w->spelled, bpe_char_of_byte((unsigned char)text[i]));
    return lexicon_find(&b->whole, w->spelled.data, w->spelled.n);
}

static bool encode_piece(const struct bpe *b, struct work *w, const char *text, size_t n,
                         struct id_sink *sink)
{
    int32_t whole = b->pretok->ignore_merges ? find_whole(b, w, text, n) : -1;
    if (whole >= 0) {
        id_sink_put(sink, whole);
        return true;
    }
    if (w->spelled.failed || !merge_work_reserve(&w->merge, n))
        return false;
    struct symbol *symbol = w->merge.symbol;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)i;
        symbol[i] = (struct symbol){.id = b->byte_id[(unsigned char)text[i]],
                                    .prev = i ? at - 1 : MERGE_NONE,
                                    .next = i + 1 < n ? at + 1 : MERGE_NONE};
    }
    if (!merge_all(&b->merges, &w->merge, n))
        return false;
    for (uint32_t at = 0; at != MERGE_NONE; at = symbol[at].next) {
        if (symbol[at].id >= 0)
            id_sink_put(sink, symbol[at].id);
        else
            w->n_left_out++;
    }
    return true;
}

static int encode_text(const struct bpe *b, const char *text, size_t n_bytes, struct id_sink *sink,
                       struct err *err)
{
    struct work w = {.merge.patience = sink->patience};
    int rc = 0;
    for (size_t at = 0; at < n_bytes && rc == 0;) {
        size_t len = b->pretok->first(text + at, n_bytes - at);
        if (patience_lost(sink->patience) || !encode_piece(b, &w, text + at, len, sink))
            rc = err_set(err, E_RESOURCE, _("not enough memory to tokenize %zu bytes."), n_bytes);
        at += len;
    }
    if (w.n_left_out > 0)
        log_warn("tokenizer: %zu bytes have no token in this vocabulary and were left out",
                 w.n_left_out);
    merge_work_free(&w.merge);
    textbuf_free(&w.spelled);
    return rc;
}

static int bpe_encode(const void *tables, const char *text, size_t n_bytes, int flags,
                      struct id_sink *sink, struct err *err)
{
    const struct bpe *b = tables;
    (void)flags;
    if (!b->pretok->nfc)
        return encode_text(b, text, n_bytes, sink, err);
    struct textbuf normal = {.patience = sink->patience};
    unicode_normalize(NORMAL_NFC, text, n_bytes, &normal);
    int rc;
    if (normal.failed || normal.n > INT32_MAX)
        rc = err_set(err, E_RESOURCE, _("not enough memory to tokenize %zu bytes."), n_bytes);
    else
        rc = encode_text(b, normal.data, normal.n, sink, err);
    textbuf_free(&normal);
    return rc;
}

const struct tokenizer_kind tokenizer_bpe = {
    .name = "gpt2",
    .spell = bpe_spell_bytes,
    .build = bpe_build,
    .free = bpe_free,
    .encode = bpe_encode,
};
