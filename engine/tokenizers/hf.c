/* hf.c - a tokenizer as Hugging Face's tokenizer.json describes it: added tokens are found in the
 * text, what lies between is normalized and split into pieces, and each piece goes through the
 * model (BPE, WordPiece or WordLevel). With jieba, the text is cut into words first, each of which
 * goes this way alone. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/hf.h"
#include "engine/tokenizers/jieba.h"
#include "engine/tokenizers/merge.h"
#include "engine/tokenizers/unicode.h"
#include "engine/tokenizers/wordpiece.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"

enum hf_model { MODEL_BPE, MODEL_WORDPIECE, MODEL_WORDLEVEL };

/* Added tokens of one sort, and what becomes of the spaces around them. */
struct added {
    struct vocab vocab; /* by number; all types TOKEN_USER */
    int32_t *id;        /* [vocab.n] */
    uint8_t *strip;     /* [vocab.n] 1: white space before it goes, 2: after it */
};

enum { ADDED_RAW, ADDED_NORMAL, N_ADDED };

struct hf {
    struct hf_steps normalizer, pre_tokenizer;
    struct added all[N_ADDED];      /* raw: looked for before the text is normalized */
    struct added ordinary[N_ADDED]; /* those that are not special */
    enum hf_model model;
    struct wordpiece pieces; /* its lexicon and unk serve all models */
    struct merges merges;
    char suffix[WORDPIECE_MAX_PREFIX]; /* BPE: end_of_word_suffix */
    size_t n_suffix;
    bool fuse_unk, byte_fallback, ignore_merges;
    enum hf_joint joint;
    uint8_t *is_marked;  /* [n tokens] hf_token_is_marked() */
    struct jieba *jieba; /* NULL: without */
};

/* What one call needs. */
struct run {
    const struct hf *hf;
    struct id_sink *sink;
    bool literal, continues, failed;
    struct hf_pieces pieces, other;
    struct merge_work work;
    struct textbuf normal, symbol;
    size_t n_symbols;
    size_t n_left_out; /* characters without a token */
};

/* ---- building ---- */

static void added_free(struct added *a)
{
    vocab_free(&a->vocab);
    free(a->id);
    free(a->strip);
}

static void hf_free(void *tables)
{
    struct hf *h = tables;
    for (int i = 0; i < N_ADDED; i++) {
        added_free(&h->all[i]);
        added_free(&h->ordinary[i]);
    }
    lexicon_free(&h->pieces.lexicon);
    merges_free(&h->merges);
    free(h->is_marked);
    jieba_close(h->jieba);
    free(h);
}

static int no_memory(struct err *err)
{
    return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
}

static bool is_wanted(const json_t *item, bool normal, bool ordinary)
{
    return json_is_true(json_object_get(item, "normalized")) == normal &&
           !(ordinary && json_is_true(json_object_get(item, "special")));
}

/* Puts the item at number n; a normalized token is looked for as the normalizer leaves it. */
static void fill_added(const struct hf *h, const json_t *item, bool normal, struct added *a,
                       struct vocab_source *mini, struct textbuf *bytes, size_t n)
{
    const json_t *content = json_object_get(item, "content");
    struct textbuf text = {0};
    textbuf_put(&text, json_string_value(content), json_string_length(content));
    if (normal)
        hf_normalize(&h->normalizer, true, &text);
    mini->token_texts[n] = (struct meta_string){NULL, text.n};
    mini->type[n] = TOKEN_USER;
    a->id[n] = (int32_t)json_integer_value(json_object_get(item, "id"));
    a->strip[n] = (uint8_t)((json_is_true(json_object_get(item, "lstrip")) ? 1 : 0) |
                            (json_is_true(json_object_get(item, "rstrip")) ? 2 : 0));
    textbuf_put(bytes, text.data, text.n);
    bytes->failed |= text.failed;
    textbuf_free(&text);
}

static int build_added(const struct hf *h, const json_t *list, bool normal, bool ordinary,
                       struct added *a, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += is_wanted(json_array_get(list, i), normal, ordinary);
    if (n == 0)
        return 0;
    struct vocab_source mini;
    struct textbuf bytes = {0};
    vocab_source_init(&mini, "");
    mini.token_texts = calloc(n, sizeof *mini.token_texts);
    mini.type = calloc(n, 1);
    a->id = calloc(n, sizeof *a->id);
    a->strip = calloc(n, 1);
    int rc = 0;
    if (!mini.token_texts || !mini.type || !a->id || !a->strip)
        rc = no_memory(err);
    size_t at = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        if (is_wanted(json_array_get(list, i), normal, ordinary))
            fill_added(h, json_array_get(list, i), normal, a, &mini, &bytes, at++);
    if (rc == 0 && bytes.failed)
        rc = no_memory(err);
    const char *text = bytes.data ? bytes.data : ""; /* they may all be empty, once normalised */
    for (size_t i = 0; rc == 0 && i < n; i++) {
        mini.token_texts[i].s = text;
        text += mini.token_texts[i].n;
    }
    mini.tokens.s = mini.token_texts;
    mini.tokens.n = n;
    if (rc == 0)
        rc = vocab_init(&a->vocab, &mini, NULL, err);
    vocab_source_free(&mini);
    textbuf_free(&bytes);
    return rc;
}

/* "left right" or ["left", "right"]; false when it is neither. */
static bool merge_halves(const json_t *merge, struct meta_string half[2])
{
    if (json_is_string(merge)) {
        const char *s = json_string_value(merge);
        size_t n = json_string_length(merge);
        const char *space = memchr(s, ' ', n);
        if (!space || memchr(space + 1, ' ', n - (size_t)(space + 1 - s)))
            return false;
        half[0] = (struct meta_string){s, (size_t)(space - s)};
        half[1] = (struct meta_string){space + 1, n - half[0].n - 1};
        return true;
    }
    for (size_t i = 0; i < 2; i++) {
        const json_t *part = json_array_get(merge, i);
        if (!json_is_string(part) || json_array_size(merge) != 2)
            return false;
        half[i] = (struct meta_string){json_string_value(part), json_string_length(part)};
    }
    return true;
}

static int add_merge(struct hf *h, const char *shown, const json_t *merge, size_t i,
                     struct textbuf *text, struct err *err)
{
    struct meta_string half[2];
    if (!merge_halves(merge, half))
        return err_set(err, E_INPUT, _("%s: model: merges[%zu] is not two tokens."), shown, i);
    size_t mark = h->pieces.n_prefix;
    if (half[1].n < mark || memcmp(half[1].s, h->pieces.prefix, mark) != 0)
        mark = 0;
    text->n = 0;
    textbuf_put(text, half[0].s, half[0].n);
    textbuf_put(text, half[1].s + mark, half[1].n - mark);
    if (text->failed)
        return no_memory(err);
    const struct lexicon *l = &h->pieces.lexicon;
    int32_t left = lexicon_find(l, half[0].s, half[0].n);
    int32_t right = lexicon_find(l, half[1].s, half[1].n);
    int32_t whole = lexicon_find(l, text->data, text->n);
    if (left < 0 || right < 0 || whole < 0)
        return err_set(err, E_INPUT,
                       _("%s: model: merges[%zu]: a token of it is not in the vocabulary."), shown,
                       i);
    const struct merge *same = merges_add(&h->merges, left, right, whole, (uint32_t)i);
    if (same)
        return err_set(err, E_INPUT, _("%s: model: merges[%zu] is the same as merges[%u]."), shown,
                       i, same->rank);
    return 0;
}

static int build_merges(struct hf *h, const char *shown, const json_t *model, struct err *err)
{
    const json_t *list = json_object_get(model, "merges");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: model: \"merges\" is not a list of at most %u."), shown,
                       LIMIT_VOCAB);
    if (!merges_init(&h->merges, n))
        return no_memory(err);
    struct textbuf text = {0};
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add_merge(h, shown, json_array_get(list, i), i, &text, err);
    textbuf_free(&text);
    return rc;
}

/* A short text of the model, "" when it is null. */
static int read_affix(const char *shown, const json_t *model, const char *key, char *out, size_t *n,
                      struct err *err)
{
    const json_t *value = json_object_get(model, key);
    *n = 0;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value) || json_string_length(value) > WORDPIECE_MAX_PREFIX)
        return err_set(err, E_INPUT, _("%s: model: \"%s\" is not a short text."), shown, key);
    *n = json_string_length(value);
    memcpy(out, json_string_value(value), *n);
    return 0;
}

static int build_model(struct hf *h, const char *shown, const json_t *model, struct err *err)
{
    const char *type = json_string_value(json_object_get(model, "type"));
    h->model = !type || strcmp(type, "BPE") == 0 ? MODEL_BPE
               : strcmp(type, "WordPiece") == 0  ? MODEL_WORDPIECE
                                                 : MODEL_WORDLEVEL;
    const json_t *dropout = json_object_get(model, "dropout");
    if (json_is_number(dropout) && json_number_value(dropout) > 0)
        return hf_refuse(shown, "model", "dropout", err);
    h->fuse_unk = json_is_true(json_object_get(model, "fuse_unk"));
    h->byte_fallback = json_is_true(json_object_get(model, "byte_fallback"));
    h->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    int rc = read_affix(shown, model, "continuing_subword_prefix", h->pieces.prefix,
                        &h->pieces.n_prefix, err);
    if (rc == 0)
        rc = read_affix(shown, model, "end_of_word_suffix", h->suffix, &h->n_suffix, err);
    if (rc != 0)
        return rc;
    h->pieces.max_chars = 100;
    const json_t *max = json_object_get(model, "max_input_chars_per_word");
    if (json_is_integer(max) && json_integer_value(max) >= 0)
        h->pieces.max_chars = json_integer_value(max) < WORDPIECE_MAX_CHARS
                                  ? (size_t)json_integer_value(max)
                                  : WORDPIECE_MAX_CHARS;
    if (h->model != MODEL_BPE && h->pieces.unk < 0)
        return err_set(err, E_INPUT, _("%s: model: \"unk_token\" is not in the vocabulary."),
                       shown);
    return h->model == MODEL_BPE ? build_merges(h, shown, model, err) : 0;
}

static int build_all(struct hf *h, const struct vocab_source *src, struct err *err)
{
    const char *shown = src->tokens.shown;
    const json_t *root = src->json;
    const json_t *added = json_object_get(root, "added_tokens");
    const json_t *vocab = json_object_get(json_object_get(root, "model"), "vocab");
    struct hf_steps decoder;
    size_t n = src->tokens.n;
    int rc = hf_read_normalizer(shown, root, &h->normalizer, err);
    if (rc == 0)
        rc = hf_read_pre_tokenizer(shown, root, &h->pre_tokenizer, err);
    if (rc == 0)
        rc = hf_read_decoder(shown, root, &decoder, err);
    for (int i = 0; i < N_ADDED && rc == 0; i++) {
        rc = build_added(h, added, i == ADDED_NORMAL, false, &h->all[i], err);
        if (rc == 0)
            rc = build_added(h, added, i == ADDED_NORMAL, true, &h->ordinary[i], err);
    }
    if (rc != 0)
        return rc;
    uint8_t *keep = calloc(n, 1);
    h->is_marked = calloc(n, 1);
    bool ok = keep && h->is_marked;
    for (size_t i = 0; ok && i < n; i++) {
        const struct meta_string *s = &src->tokens.s[i];
        keep[i] = s->n > 0 &&
                  (src->type[i] == TOKEN_NORMAL || json_object_getn(vocab, s->s, s->n) != NULL);
        h->is_marked[i] = s->n > 0 && hf_token_is_marked(&decoder, s->s, s->n);
    }
    ok = ok && lexicon_init(&h->pieces.lexicon, src->tokens.s, n, keep);
    free(keep);
    if (!ok)
        return no_memory(err);
    h->joint = hf_decoder_joint(&decoder);
    h->pieces.unk = src->unk;
    rc = build_model(h, shown, json_object_get(root, "model"), err);
    return rc == 0 && src->jieba ? jieba_open(&h->jieba, err) : rc;
}

static int hf_build(const struct vocab_source *src, void **tables, struct err *err)
{
    struct hf *h = calloc(1, sizeof *h);
    if (!h)
        return no_memory(err);
    int rc = build_all(h, src, err);
    if (rc != 0) {
        hf_free(h);
        return rc;
    }
    *tables = h;
    return 0;
}

/* ---- the model ---- */

static void put_symbol(struct run *r, int32_t id)
{
    if (!merge_work_reserve(&r->work, r->n_symbols + 1)) {
        r->failed = true;
        return;
    }
    r->work.symbol[r->n_symbols++].id = id;
}

/* The byte tokens of a symbol that is not in the vocabulary; false when one is missing. */
static bool put_bytes(struct run *r)
{
    size_t first = r->n_symbols;
    for (size_t i = 0; i < r->symbol.n; i++) {
        static const char hex[] = "0123456789ABCDEF";
        unsigned char b = (unsigned char)r->symbol.data[i];
        const char name[] = {'<', '0', 'x', hex[b >> 4], hex[b & 15], '>'};
        int32_t id = lexicon_find(&r->hf->pieces.lexicon, name, sizeof name);
        if (id < 0) {
            r->n_symbols = first;
            return false;
        }
        put_symbol(r, id);
    }
    return true;
}

/* The characters of a piece as symbols. */
static void split_symbols(struct run *r, const char *text, size_t n)
{
    const struct hf *h = r->hf;
    bool waits = false; /* an unknown token */
    r->n_symbols = 0;
    for (size_t at = 0; at < n && !r->failed;) {
        uint32_t cp;
        size_t len = unicode_next(text + at, n - at, &cp);
        r->symbol.n = 0;
        if (at > 0)
            textbuf_put(&r->symbol, h->pieces.prefix, h->pieces.n_prefix);
        textbuf_put(&r->symbol, text + at, len);
        if (at + len == n)
            textbuf_put(&r->symbol, h->suffix, h->n_suffix);
        at += len;
        r->failed |= r->symbol.failed;
        int32_t id = lexicon_find(&h->pieces.lexicon, r->symbol.data, r->symbol.n);
        if (id < 0 && h->byte_fallback && put_bytes(r))
            continue;
        if (waits && (id >= 0 || !h->fuse_unk))
            put_symbol(r, h->pieces.unk);
        waits = id < 0 && h->pieces.unk >= 0;
        if (id >= 0)
            put_symbol(r, id);
        r->n_left_out += id < 0 && h->pieces.unk < 0;
    }
    if (waits)
        put_symbol(r, h->pieces.unk);
}

static void encode_bpe(struct run *r, const char *text, size_t n)
{
    split_symbols(r, text, n);
    if (r->failed || r->n_symbols == 0)
        return;
    struct symbol *symbol = r->work.symbol;
    for (size_t i = 0; i < r->n_symbols; i++) {
        uint32_t at = (uint32_t)i;
        symbol[i].prev = i ? at - 1 : MERGE_NONE;
        symbol[i].next = i + 1 < r->n_symbols ? at + 1 : MERGE_NONE;
    }
    if (!merge_all(&r->hf->merges, &r->work, r->n_symbols)) {
        r->failed = true;
        return;
    }
    for (uint32_t at = 0; at != MERGE_NONE; at = symbol[at].next)
        id_sink_put(r->sink, symbol[at].id);
}

static void encode_piece(struct run *r, const char *text, size_t n)
{
    const struct hf *h = r->hf;
    int32_t id = -1;
    if (h->model == MODEL_WORDPIECE) {
        wordpiece_encode(&h->pieces, text, n, r->sink);
        return;
    }
    if (h->ignore_merges || h->model == MODEL_WORDLEVEL)
        id = lexicon_find(&h->pieces.lexicon, text, n);
    if (id < 0 && h->model == MODEL_WORDLEVEL)
        id = h->pieces.unk;
    if (id >= 0)
        id_sink_put(r->sink, id);
    else
        encode_bpe(r, text, n);
}

/* ---- the text ---- */

static void encode_plain(struct run *r, const char *text, size_t n, bool begins)
{
    if (n == 0)
        return;
    if (!hf_pre_tokenize(&r->hf->pre_tokenizer, text, n, begins, r->continues, &r->pieces,
                         &r->other)) {
        r->failed = true;
        return;
    }
    for (size_t i = 0; i < r->pieces.n && !r->failed && !patience_lost(r->sink->patience); i++)
        encode_piece(r, r->pieces.text.data + r->pieces.span[i].at, r->pieces.span[i].n);
}

/* The next added token of text[from..n): where the text before it ends, its id, and where the text
 * after it begins. */
static int32_t find_added(const struct added *a, const char *text, size_t n, size_t from,
                          size_t *end, size_t *next)
{
    *end = n;
    *next = n;
    int32_t number = a->vocab.n > 0 ? vocab_find_special(&a->vocab, text, n, from, end) : -1;
    if (number < 0)
        return -1;
    size_t len;
    uint32_t cp;
    vocab_bytes(&a->vocab, number, &len);
    *next = *end + len;
    while ((a->strip[number] & 2) && *next < n) {
        len = unicode_next(text + *next, n - *next, &cp);
        if (!unicode_is_space(cp))
            break;
        *next += len;
    }
    if (a->strip[number] & 1) {
        size_t last = from;
        for (size_t at = from; at < *end;) {
            at += unicode_next(text + at, *end - at, &cp);
            if (!unicode_is_space(cp))
                last = at;
        }
        *end = last;
    }
    return a->id[number];
}

/* What lies between the tokens that are looked for in the raw text. */
static void encode_between(struct run *r, const char *text, size_t n, bool begins)
{
    const struct added *a = r->literal ? &r->hf->ordinary[ADDED_NORMAL] : &r->hf->all[ADDED_NORMAL];
    r->normal.n = 0;
    textbuf_put(&r->normal, text, n);
    hf_normalize(&r->hf->normalizer, r->continues, &r->normal);
    if (r->normal.failed || r->normal.n > INT32_MAX) {
        r->failed = true;
        return;
    }
    for (size_t from = 0; from < r->normal.n && !r->failed;) {
        size_t end;
        size_t next;
        int32_t id = find_added(a, r->normal.data, r->normal.n, from, &end, &next);
        encode_plain(r, r->normal.data + from, end - from, begins && from == 0);
        if (id >= 0)
            id_sink_put(r->sink, id);
        from = next;
    }
}

static void encode_text(struct run *r, const char *text, size_t n)
{
    const struct added *a = r->literal ? &r->hf->ordinary[ADDED_RAW] : &r->hf->all[ADDED_RAW];
    for (size_t from = 0; from < n && !r->failed;) {
        size_t end;
        size_t next;
        int32_t id = find_added(a, text, n, from, &end, &next);
        if (end > from)
            encode_between(r, text + from, end - from, from == 0);
        if (id >= 0)
            id_sink_put(r->sink, id);
        from = next;
    }
}

static bool encode_word(void *run, const char *word, size_t n)
{
    struct run *r = run;
    encode_text(r, word, n);
    return !r->failed && !patience_lost(r->sink->patience);
}

static int hf_encode(const void *tables, const char *text, size_t n_bytes, int flags,
                     struct id_sink *sink, struct err *err)
{
    const struct hf *h = tables;
    struct run r = {
        .hf = h,
        .sink = sink,
        .literal = (flags & TOKENIZE_LITERAL) != 0,
        .continues = (flags & TOKENIZE_CONTINUES) != 0 && !h->jieba,
        .pieces.text.patience = sink->patience,
        .other.text.patience = sink->patience,
        .work.patience = sink->patience,
        .normal.patience = sink->patience,
    };
    if (!h->jieba)
        encode_text(&r, text, n_bytes);
    else if (!jieba_cut(h->jieba, text, n_bytes, true, encode_word, &r))
        r.failed = true;
    if (r.n_left_out > 0)
        log_warn("tokenizer: %zu characters have no token in this vocabulary and were left out",
                 r.n_left_out);
    hf_pieces_free(&r.pieces);
    hf_pieces_free(&r.other);
    merge_work_free(&r.work);
    textbuf_free(&r.normal);
    textbuf_free(&r.symbol);
    if (r.failed)
        return err_set(err, E_RESOURCE, _("not enough memory to tokenize %zu bytes."), n_bytes);
    return 0;
}

static enum token_join hf_join(const void *tables, int32_t prev, int32_t id)
{
    const struct hf *h = tables;
    switch (h->joint) {
    case HF_JOIN_TRIM_ONE: return prev < 0 ? JOIN_TRIM_ONE : JOIN_PLAIN;
    case HF_JOIN_TRIM_ALL: return prev < 0 ? JOIN_TRIM_ALL : JOIN_PLAIN;
    case HF_JOIN_SPACE: return prev < 0 || h->is_marked[id] ? JOIN_PLAIN : JOIN_SPACE;
    case HF_JOIN_SUFFIX: return prev >= 0 && h->is_marked[prev] ? JOIN_SPACE : JOIN_PLAIN;
    case HF_JOIN_PLAIN: break;
    }
    return JOIN_PLAIN;
}

const struct tokenizer_kind tokenizer_hf = {
    .name = "hf",
    .build = hf_build,
    .free = hf_free,
    .encode = hf_encode,
    .finds_special = true,
    .join = hf_join,
};
