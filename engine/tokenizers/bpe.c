/* bpe.c - byte-level BPE (GPT-2: Radford et al. 2019; Sennrich et al. 2016).
 *
 * A text is split into pieces (pretok.c). Each byte of a piece is a token at first; then, of all
 * neighbours that the merges know, the pair of the lowest rank is joined, the leftmost first, until
 * none is left. The piece is a linked list over an array and the candidates wait in a binary heap
 * ordered by (rank, place), so a piece of n bytes takes O(n log n) however long it is. Entries
 * whose pair is gone by the time they come up are dropped then.
 *
 * In the vocabulary's texts every byte is one printable character: 33-126, 161-172 and 174-255
 * stand for themselves, the other 68 bytes are U+0100 and on, in order.
 *
 * A byte the vocabulary has no token for becomes the unknown token; without one it is left out.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "engine/tokenizers/pretok.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

enum { NO_TOKEN = -1, GONE = -2, N_MAPPED = 256 + 68 };
#define NONE UINT32_MAX /* no neighbour */

struct merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank;
    int32_t id; /* what the two become; NO_TOKEN: a free slot */
};

struct bpe {
    const struct pretok *pretok;
    int32_t byte_id[256]; /* or NO_TOKEN */
    struct merge *merge;  /* open addressing, at most half full */
    size_t mask;
    uint64_t seed;
};

struct symbol {
    int32_t id; /* GONE: became part of its left neighbour */
    uint32_t prev, next;
};

/* Memory of one call, kept from piece to piece. */
struct work {
    struct symbol *symbol;
    size_t cap_symbols;
    uint64_t *heap; /* rank << 32 | place; the smallest on top */
    size_t n_heap, cap_heap;
    size_t n_left_out; /* bytes without a token */
};

/* ---- the alphabet ---- */

static bool stands_for_itself(unsigned b)
{
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
}

/* The character byte b is written as. */
static uint32_t char_of_byte(unsigned b)
{
    if (stands_for_itself(b))
        return b;
    uint32_t rank = 0;
    for (unsigned i = 0; i < b; i++)
        rank += !stands_for_itself(i);
    return 256 + rank;
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
static size_t spell_bytes(const char *text, size_t n, char *out)
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

static struct merge *find_slot(const struct bpe *b, uint64_t pair)
{
    size_t at = (size_t)XXH3_64bits_withSeed(&pair, sizeof pair, b->seed) & b->mask;
    while (b->merge[at].id != NO_TOKEN && b->merge[at].pair != pair)
        at = (at + 1) & b->mask;
    return &b->merge[at];
}

static uint64_t pair_of(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

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
    size_t n_slots = 8;
    while (n_slots < 2 * n)
        n_slots *= 2;
    b->merge = malloc(n_slots * sizeof *b->merge);
    if (!b->merge)
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       src->merges.shown);
    for (size_t i = 0; i < n_slots; i++)
        b->merge[i].id = NO_TOKEN;
    b->mask = n_slots - 1;
    b->seed = strset_seed();
    for (size_t i = 0; i < n; i++) {
        int32_t id[3];
        enum merge_flaw flaw = parse_merge(src, &src->merges.s[i], id);
        if (flaw != MERGE_FINE)
            return refuse_merge(src, i, flaw, err);
        uint64_t pair = pair_of(id[0], id[1]);
        struct merge *m = find_slot(b, pair);
        if (m->id != NO_TOKEN)
            return text_refuse(&src->merges, i, E_INPUT, err, _("this merge is number %u already."),
                               m->rank);
        *m = (struct merge){pair, (uint32_t)i, id[2]};
    }
    return 0;
}

static void find_byte_tokens(struct bpe *b, const struct vocab_source *src)
{
    int n_missing = 0;
    for (unsigned i = 0; i < 256; i++) {
        char text[4];
        size_t n = utf8_encode(char_of_byte(i), text);
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
    free(b->merge);
    free(b);
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
    if (rc != 0) {
        bpe_free(b);
        return rc;
    }
    find_byte_tokens(b, src);
    *tables = b;
    return 0;
}

/* ---- encoding ---- */

static bool grow(void **p, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return true;
    size_t new_cap = n + n / 2 + 64;
    size_t n_bytes;
    void *grown = mul_size(new_cap, size, &n_bytes) ? realloc(*p, n_bytes) : NULL;
    if (!grown)
        return false;
    *p = grown;
    *cap = new_cap;
    return true;
}

static bool heap_push(struct work *w, uint64_t entry)
{
    if (!grow((void **)&w->heap, &w->cap_heap, w->n_heap + 1, sizeof *w->heap))
        return false;
    size_t at = w->n_heap++;
    while (at > 0 && w->heap[(at - 1) / 2] > entry) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = entry;
    return true;
}

static uint64_t heap_pop(struct work *w)
{
    uint64_t top = w->heap[0];
    uint64_t last = w->heap[--w->n_heap];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= w->n_heap)
            break;
        if (child + 1 < w->n_heap && w->heap[child + 1] < w->heap[child])
            child++;
        if (w->heap[child] >= last)
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return top;
}

/* The merge of the symbol at `at` with its right neighbour; NULL: none. */
static const struct merge *merge_at(const struct bpe *b, const struct work *w, uint32_t at)
{
    const struct symbol *s = &w->symbol[at];
    if (s->id < 0 || s->next == NONE || w->symbol[s->next].id < 0)
        return NULL;
    const struct merge *m = find_slot(b, pair_of(s->id, w->symbol[s->next].id));
    return m->id == NO_TOKEN ? NULL : m;
}

static bool push_candidate(const struct bpe *b, struct work *w, uint32_t at)
{
    const struct merge *m = merge_at(b, w, at);
    return !m || heap_push(w, (uint64_t)m->rank << 32 | at);
}

/* Joins the symbol at `at` with its right neighbour. */
static void join(struct work *w, uint32_t at, int32_t id)
{
    struct symbol *s = &w->symbol[at];
    struct symbol *right = &w->symbol[s->next];
    s->id = id;
    s->next = right->next;
    right->id = GONE;
    if (s->next != NONE)
        w->symbol[s->next].prev = at;
}

static bool encode_piece(const struct bpe *b, struct work *w, const char *text, size_t n,
                         struct id_sink *sink)
{
    if (!grow((void **)&w->symbol, &w->cap_symbols, n, sizeof *w->symbol))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)i;
        w->symbol[i] = (struct symbol){.id = b->byte_id[(unsigned char)text[i]],
                                       .prev = i ? at - 1 : NONE,
                                       .next = i + 1 < n ? at + 1 : NONE};
    }
    w->n_heap = 0;
    for (size_t i = 0; i < n; i++)
        if (!push_candidate(b, w, (uint32_t)i))
            return false;
    while (w->n_heap > 0) {
        uint64_t entry = heap_pop(w);
        uint32_t at = (uint32_t)entry;
        const struct merge *m = merge_at(b, w, at);
        if (!m || m->rank != entry >> 32)
            continue;
        join(w, at, m->id);
        uint32_t prev = w->symbol[at].prev;
        if ((prev != NONE && !push_candidate(b, w, prev)) || !push_candidate(b, w, at))
            return false;
    }
    for (uint32_t at = 0; at != NONE; at = w->symbol[at].next) {
        if (w->symbol[at].id >= 0)
            id_sink_put(sink, w->symbol[at].id);
        else
            w->n_left_out++;
    }
    return true;
}

static int bpe_encode(const void *tables, const char *text, size_t n_bytes, struct id_sink *sink,
                      struct err *err)
{
    const struct bpe *b = tables;
    struct work w = {0};
    int rc = 0;
    for (size_t at = 0; at < n_bytes && rc == 0;) {
        size_t len = b->pretok->first(text + at, n_bytes - at);
        if (!encode_piece(b, &w, text + at, len, sink))
            rc = err_set(err, E_RESOURCE, _("not enough memory to tokenize %zu bytes."), n_bytes);
        at += len;
    }
    if (w.n_left_out > 0)
        log_warn("tokenizer: %zu bytes have no token in this vocabulary and were left out",
                 w.n_left_out);
    free(w.symbol);
    free(w.heap);
    return rc;
}

const struct tokenizer_kind tokenizer_bpe = {
    .name = "gpt2",
    .spell = spell_bytes,
    .build = bpe_build,
    .free = bpe_free,
    .encode = bpe_encode,
};
