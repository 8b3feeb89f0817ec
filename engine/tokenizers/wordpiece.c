/* wordpiece.c - BERT's tokenizer (Devlin et al. 2018; tokenization_bert.py is the specification).
 *
 * The text is cleaned: lower case (unless the file says otherwise), control characters out, all
 * white space one kind, spaces around each Chinese character. It is split at white space; words
 * lose their accents (normal form D without nonspacing marks) and are split at punctuation; each
 * part is cut into the longest pieces the vocabulary has.
 *
 * GPT2-Chinese has its own edition of it, which also puts spaces around digits. Its vocabularies
 * are known by their first lines: [PAD] and four quotation marks.
 *
 * White space of the text is lost. Between the words of a written text a space is shown unless both
 * are Chinese characters or punctuation. */
#include "config.h"

#include "engine/tokenizers/wordpiece.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/display.h"
#include "engine/tokenizers/unicode.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

enum { MAX_CHARS = 100 }; /* of a word; longer ones are unknown */

struct bert {
    struct wordpiece pieces;
    struct bert_options options;
    uint8_t *is_continuation; /* [n tokens] */
    uint8_t *is_chinese;      /* [n tokens] all characters are Chinese or punctuation */
};

void wordpiece_encode(const struct wordpiece *w, const char *word, size_t n, struct id_sink *sink)
{
    if (n == 0)
        return;
    size_t first = sink->n;
    char piece[WORDPIECE_MAX_PREFIX + 4 * WORDPIECE_MAX_CHARS];
    bool found = utf8_count(word, n) <= w->max_chars;
    for (size_t at = 0; at < n && found;) {
        size_t n_prefix = at > 0 ? w->n_prefix : 0;
        size_t end = n;
        if (end - at + n_prefix > w->lexicon.longest)
            end = utf8_floor(word, n, at + w->lexicon.longest - n_prefix);
        memcpy(piece, w->prefix, n_prefix);
        memcpy(piece + n_prefix, word + at, end - at);
        int32_t id = -1;
        while (end > at && (id = lexicon_find(&w->lexicon, piece, n_prefix + end - at)) < 0)
            end = utf8_floor(word, n, end - 1);
        found = end > at;
        if (found)
            id_sink_put(sink, id);
        at = end;
    }
    if (!found) {
        sink->n = first;
        id_sink_put(sink, w->unk);
    }
}

/* ---- building ---- */

static void bert_free(void *tables)
{
    struct bert *b = tables;
    lexicon_free(&b->pieces.lexicon);
    free(b->is_continuation);
    free(b);
}

static bool is_gpt2_chinese(const struct vocab_source *src)
{
    static const char *const first[] = {"[PAD]", "\u201C", "\u201D", "\u2019", "\u2018"};
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        if (i >= src->tokens.n || src->tokens.s[i].n != strlen(first[i]) ||
            memcmp(src->tokens.s[i].s, first[i], src->tokens.s[i].n) != 0)
            return false;
    return true;
}

/* "##..." without its mark. */
static size_t spell_word(const char *text, size_t n, char *out)
{
    size_t mark = n > 2 && text[0] == '#' && text[1] == '#' ? 2 : 0;
    if (n > mark)
        memcpy(out, text + mark, n - mark);
    return n - mark;
}

static int bert_build(const struct vocab_source *src, void **tables, struct err *err)
{
    if (src->unk < 0)
        return err_set(err, E_INPUT,
                       _("%s: the vocabulary has no token [UNK]; every vocabulary of this kind has "
                         "one."),
                       src->tokens.shown);
    struct bert *b = calloc(1, sizeof *b);
    size_t n = src->tokens.n;
    if (!b)
        return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    b->is_continuation = calloc(n, 2);
    b->is_chinese = b->is_continuation ? b->is_continuation + n : NULL;
    if (!b->is_continuation || !lexicon_init(&b->pieces.lexicon, src->tokens.s, n, NULL)) {
        bert_free(b);
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       src->tokens.shown);
    }
    for (size_t i = 0; i < n; i++) {
        const struct meta_string *s = &src->tokens.s[i];
        b->is_continuation[i] = s->n > 2 && s->s[0] == '#' && s->s[1] == '#';
        b->is_chinese[i] = s->n > 0 && display_is_chinese(s->s, s->n);
    }
    b->pieces.max_chars = MAX_CHARS;
    b->pieces.unk = src->unk;
    memcpy(b->pieces.prefix, "##", 2);
    b->pieces.n_prefix = 2;
    b->options = src->bert;
    b->options.split_digits = src->bert.split_digits || is_gpt2_chinese(src);
    *tables = b;
    return 0;
}

/* ---- encoding ---- */

/* One character of the text in lower case: cleaned, and with spaces around it where it stands
 * alone. */
static void clean(const struct bert_options *o, uint32_t cp, struct textbuf *out)
{
    bool cleans = !o->keep_controls;
    if (cleans && (cp == '\t' || cp == '\n' || cp == '\r' || unicode_is_separator(cp)))
        textbuf_put(out, " ", 1);
    else if (cp == UNICODE_INVALID || (cleans && (cp == 0xFFFD || unicode_is_other(cp))))
        return;
    else if ((o->spaced_chinese && unicode_is_cjk(cp)) ||
             (o->split_digits && unicode_is_digit(cp))) {
        textbuf_put(out, " ", 1);
        textbuf_put_char(out, cp);
        textbuf_put(out, " ", 1);
    } else {
        textbuf_put_char(out, cp);
    }
}

void bert_clean(const struct bert_options *o, const char *text, size_t n, struct textbuf *out)
{
    struct textbuf lower = {0};
    for (size_t at = 0; at < n && !out->failed;) {
        uint32_t cp;
        at += unicode_next(text + at, n - at, &cp);
        if (!o->lower_case || cp == UNICODE_INVALID) {
            clean(o, cp, out);
            continue;
        }
        lower.n = 0;
        unicode_lower(cp, &lower);
        for (size_t i = 0; i < lower.n;) {
            i += unicode_next(lower.data + i, lower.n - i, &cp);
            clean(o, cp, out);
        }
    }
    out->failed |= lower.failed;
    textbuf_free(&lower);
}

void bert_strip_accents(const char *text, size_t n, struct textbuf *scratch, struct textbuf *out)
{
    scratch->n = 0;
    unicode_normalize(NORMAL_NFD, text, n, scratch);
    for (size_t at = 0; at < scratch->n;) {
        uint32_t cp;
        size_t len = unicode_next(scratch->data + at, scratch->n - at, &cp);
        if (!unicode_is_nonspacing(cp))
            textbuf_put(out, scratch->data + at, len);
        at += len;
    }
    out->failed |= scratch->failed;
}

/* A word, split at punctuation. */
static void encode_word(const struct bert *b, const char *word, size_t n, struct id_sink *sink)
{
    size_t begin = 0;
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        size_t len = unicode_next(word + at, n - at, &cp);
        if (unicode_is_punctuation(cp)) {
            wordpiece_encode(&b->pieces, word + begin, at - begin, sink);
            wordpiece_encode(&b->pieces, word + at, len, sink);
            begin = at + len;
        }
        at += len;
    }
    if (begin < n) /* a word of accents alone has become nothing */
        wordpiece_encode(&b->pieces, word + begin, n - begin, sink);
}

static void encode_words(const struct bert *b, struct textbuf *text, struct textbuf *bare,
                         struct textbuf *scratch, struct id_sink *sink)
{
    size_t begin = 0;
    for (size_t at = 0; at <= text->n && !patience_lost(sink->patience);) {
        uint32_t cp = ' ';
        size_t len = at < text->n ? unicode_next(text->data + at, text->n - at, &cp) : 1;
        if (unicode_is_python_space(cp)) {
            bare->n = 0;
            if (!b->options.strip_accents)
                encode_word(b, text->data + begin, at - begin, sink);
            else if (at > begin) {
                bert_strip_accents(text->data + begin, at - begin, scratch, bare);
                encode_word(b, bare->data, bare->n, sink);
            }
            begin = at + len;
        }
        at += len;
    }
}

static int bert_encode(const void *tables, const char *text, size_t n_bytes, int flags,
                       struct id_sink *sink, struct err *err)
{
    const struct bert *b = tables;
    struct textbuf cleaned = {.patience = sink->patience};
    struct textbuf bare = {0};
    struct textbuf scratch = {0};
    (void)flags;
    bert_clean(&b->options, text, n_bytes, &cleaned);
    if (!cleaned.failed && cleaned.n > 0)
        encode_words(b, &cleaned, &bare, &scratch, sink);
    bool failed = cleaned.failed || bare.failed || scratch.failed;
    textbuf_free(&cleaned);
    textbuf_free(&bare);
    textbuf_free(&scratch);
    if (failed)
        return err_set(err, E_RESOURCE, _("not enough memory to tokenize %zu bytes."), n_bytes);
    return 0;
}

static enum token_join bert_join(const void *tables, int32_t prev, int32_t id)
{
    const struct bert *b = tables;
    if (prev < 0 || b->is_continuation[id])
        return JOIN_PLAIN;
    return b->is_chinese[prev] && b->is_chinese[id] ? JOIN_PLAIN : JOIN_SPACE;
}

static const char *bert_written(const void *tables, int32_t id, size_t *n_bytes)
{
    const struct bert *b = tables;
    const struct meta_string *s = &b->pieces.lexicon.text[id];
    *n_bytes = s->n;
    return s->s;
}

const struct tokenizer_kind tokenizer_wordpiece = {
    .name = "bert",
    .spell = spell_word,
    .build = bert_build,
    .free = bert_free,
    .encode = bert_encode,
    .written = bert_written,
    .join = bert_join,
};
