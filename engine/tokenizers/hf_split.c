/* hf_split.c - see hf.h: the pre-tokenizers, as the `tokenizers` library has them. Each turns the
 * list of pieces into another; a piece is cut at what a matcher finds, and what becomes of the
 * matches is the behaviour's affair. */
#include "config.h"

#include "engine/tokenizers/hf.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer_kind.h"
#include "engine/tokenizers/unicode.h"

/* The first stretch of text[0..n), n > 0, that is one match or holds none; *match tells which. */
typedef size_t matcher(const struct hf_step *s, const char *text, size_t n, bool *match);

void hf_pieces_free(struct hf_pieces *p)
{
    textbuf_free(&p->text);
    free(p->span);
    *p = (struct hf_pieces){.text.patience = p->text.patience};
}

static void add_span(struct hf_pieces *p, size_t at, size_t n)
{
    if (n == 0)
        return;
    if (patience_lost(p->text.patience) ||
        !array_grow((void **)&p->span, &p->cap, p->n + 1, sizeof *p->span)) {
        p->text.failed = true;
        return;
    }
    p->span[p->n++] = (struct hf_span){at, n};
}

/* ---- matchers ---- */

static size_t match_text(const struct hf_step *s, const char *text, size_t n, bool *match)
{
    const char *found = memmem(text, n, s->from.s, s->from.n);
    *match = found == text;
    if (*match)
        return s->from.n;
    return found ? (size_t)(found - text) : n;
}

typedef bool in_class(uint32_t cp);

/* One character in the class, or the run of those that are not. */
static size_t match_class(in_class *is_in, const char *text, size_t n, bool *match)
{
    uint32_t cp;
    size_t at = unicode_next(text, n, &cp);
    *match = is_in(cp);
    while (!*match && at < n) {
        size_t len = unicode_next(text + at, n - at, &cp);
        if (is_in(cp))
            break;
        at += len;
    }
    return at;
}

static size_t match_space(const struct hf_step *s, const char *text, size_t n, bool *match)
{
    (void)s;
    return match_class(unicode_is_space, text, n, match);
}

static size_t match_punctuation(const struct hf_step *s, const char *text, size_t n, bool *match)
{
    (void)s;
    return match_class(unicode_is_punctuation, text, n, match);
}

static size_t match_number(const struct hf_step *s, const char *text, size_t n, bool *match)
{
    (void)s;
    return match_class(unicode_is_number, text, n, match);
}

/* \w+|[^\w\s]+ are kept, so white space is the match. */
static size_t match_between_words(const struct hf_step *s, const char *text, size_t n, bool *match)
{
    uint32_t cp;
    (void)s;
    size_t at = unicode_next(text, n, &cp);
    *match = unicode_is_space(cp) && !unicode_is_word(cp);
    bool word = unicode_is_word(cp);
    while (at < n) {
        size_t len = unicode_next(text + at, n - at, &cp);
        if (unicode_is_space(cp) != *match || (!*match && unicode_is_word(cp) != word))
            break;
        at += len;
    }
    return at;
}

static size_t match_known(const struct hf_step *s, const char *text, size_t n, bool *match)
{
    *match = true;
    return s->pretok->first(text, n);
}

/* ---- splitting ---- */

/* Cuts the piece text[at..at+n) of out's text. */
static void split_piece(const struct hf_step *s, matcher *find, enum hf_behavior behavior,
                        bool invert, size_t at, size_t n, struct hf_pieces *out)
{
    size_t end = at + n;
    size_t first = out->n; /* the first piece of this one */
    bool was_match = false;
    size_t pending = 0; /* bytes of a match that wait for what follows */
    while (at < end && !out->text.failed) {
        bool match;
        size_t len = find(s, out->text.data + at, end - at, &match);
        match ^= invert;
        bool joins = out->n > first && behavior == HF_CONTIGUOUS && match == was_match;
        joins |= out->n > first && behavior == HF_MERGED_WITH_PREVIOUS && match && !was_match;
        if (joins) {
            out->span[out->n - 1].n += len;
        } else if (match && behavior == HF_MERGED_WITH_NEXT) {
            add_span(out, at - pending, pending);
            pending = len;
        } else if (!match || behavior != HF_REMOVED) {
            add_span(out, at - pending, len + pending);
            pending = 0;
        }
        was_match = match;
        at += len;
    }
    add_span(out, end - pending, pending);
}

static void split_all(const struct hf_step *s, matcher *find, enum hf_behavior behavior,
                      bool invert, const struct hf_pieces *in, struct hf_pieces *out)
{
    textbuf_put(&out->text, in->text.data, in->text.n);
    for (size_t i = 0; i < in->n && !out->text.failed; i++)
        split_piece(s, find, behavior, invert, in->span[i].at, in->span[i].n, out);
}

/* Spaces become the replacement, each of which begins a piece. */
static void metaspace(const struct hf_step *s, const struct hf_pieces *in, bool begins,
                      bool continues, struct hf_pieces *out)
{
    for (size_t i = 0; i < in->n && !out->text.failed; i++) {
        const char *text = in->text.data + in->span[i].at;
        size_t n = in->span[i].n;
        size_t at = out->text.n;
        bool prepend = !continues && (s->prepend == HF_ALWAYS ||
                                      (s->prepend == HF_FIRST && begins && in->span[i].at == 0));
        bool has = text[0] == ' ' || (n >= s->from.n && !memcmp(text, s->from.s, s->from.n));
        if (prepend && !has)
            textbuf_put(&out->text, s->from.s, s->from.n);
        for (size_t k = 0; k < n && !out->text.failed; k++)
            textbuf_put(&out->text, text[k] == ' ' ? s->from.s : text + k,
                        text[k] == ' ' ? s->from.n : 1);
        if (out->text.failed)
            return;
        if (s->split && s->from.n > 0)
            split_piece(s, match_text, HF_MERGED_WITH_NEXT, false, at, out->text.n - at, out);
        else
            add_span(out, at, out->text.n - at);
    }
}

/* One piece in the alphabet of byte-level BPE. */
static void spell_piece(const char *text, size_t n, struct hf_pieces *out)
{
    size_t at = out->text.n;
    for (size_t i = 0; i < n && !out->text.failed; i++)
        textbuf_put_char(&out->text, bpe_char_of_byte((unsigned char)text[i]));
    add_span(out, at, out->text.n - at);
}

static void byte_level(const struct hf_step *s, const struct hf_pieces *in, bool continues,
                       struct hf_pieces *out)
{
    const struct pretok *gpt2 = pretok_find("gpt-2");
    struct textbuf spaced = {0};
    for (size_t i = 0; i < in->n && !out->text.failed; i++) {
        const char *text = in->text.data + in->span[i].at;
        size_t n = in->span[i].n;
        if (s->prepend == HF_ALWAYS && text[0] != ' ' && !continues) {
            spaced.n = 0;
            textbuf_put(&spaced, " ", 1);
            textbuf_put(&spaced, text, n);
            if (spaced.failed)
                break;
            text = spaced.data;
            n = spaced.n;
        }
        for (size_t at = 0; at < n && !out->text.failed;) {
            size_t len = s->split ? gpt2->first(text + at, n - at) : n;
            spell_piece(text + at, len, out);
            at += len;
        }
    }
    out->text.failed |= spaced.failed;
    textbuf_free(&spaced);
}

static void run_step(const struct hf_step *s, bool begins, bool continues,
                     const struct hf_pieces *in, struct hf_pieces *out)
{
    switch (s->type) {
    case HF_METASPACE: metaspace(s, in, begins, continues, out); break;
    case HF_BYTE_LEVEL: byte_level(s, in, continues, out); break;
    case HF_WHITESPACE: split_all(s, match_between_words, HF_REMOVED, false, in, out); break;
    case HF_WHITESPACE_SPLIT: split_all(s, match_space, HF_REMOVED, false, in, out); break;
    case HF_PUNCTUATION: split_all(s, match_punctuation, s->behavior, false, in, out); break;
    case HF_DIGITS:
        split_all(s, match_number, s->split ? HF_ISOLATED : HF_CONTIGUOUS, false, in, out);
        break;
    case HF_SPLIT:
        if (s->pretok)
            split_all(s, match_known, HF_ISOLATED, false, in, out);
        else
            split_all(s, match_text, s->behavior, s->invert, in, out);
        break;
    default: break;
    }
}

bool hf_pre_tokenize(const struct hf_steps *steps, const char *text, size_t n, bool begins,
                     bool continues, struct hf_pieces *out, struct hf_pieces *other)
{
    out->text.n = out->n = 0;
    textbuf_put(&out->text, text, n);
    add_span(out, 0, n);
    for (size_t i = 0; i < steps->n && !out->text.failed; i++) {
        const struct hf_step *s = &steps->step[i];
        int passes = s->type == HF_BERT_PRE_TOKENIZER ? 2 : 1;
        for (int pass = 0; pass < passes && !out->text.failed; pass++) {
            struct hf_pieces in = *out;
            *out = *other;
            *other = in;
            out->text.n = out->n = 0;
            if (s->type == HF_BERT_PRE_TOKENIZER && pass == 0)
                split_all(s, match_space, HF_REMOVED, false, &in, out);
            else if (s->type == HF_BERT_PRE_TOKENIZER)
                split_all(s, match_punctuation, HF_ISOLATED, false, &in, out);
            else
                run_step(s, begins, continues, &in, out);
        }
    }
    return !out->text.failed;
}
