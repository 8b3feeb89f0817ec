/* hf_normalize.c - see hf.h: the normalizers, as the `tokenizers` library has them. */
#include "config.h"

#include "engine/tokenizers/hf.h"

#include <string.h>

#include "engine/tokenizers/tokenizer_kind.h"
#include "engine/tokenizers/unicode.h"
#include "engine/tokenizers/wordpiece.h"

static void replace(const struct hf_step *s, const char *text, size_t n, struct textbuf *out)
{
    for (size_t at = 0; at < n && !out->failed;) {
        if (n - at >= s->from.n && !memcmp(text + at, s->from.s, s->from.n)) {
            textbuf_put(out, s->to.s, s->to.n);
            at += s->from.n;
        } else {
            textbuf_put(out, text + at++, 1);
        }
    }
}

static void strip(const struct hf_step *s, const char *text, size_t n, struct textbuf *out)
{
    size_t from = 0;
    size_t to = 0;
    bool begun = false;
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        size_t len = unicode_next(text + at, n - at, &cp);
        bool space = unicode_is_space(cp);
        if (!space && !begun) {
            begun = true;
            from = s->left ? at : 0;
        }
        if (!space || !s->right)
            to = at + len;
        at += len;
    }
    if (!begun && s->left)
        from = to;
    textbuf_put(out, text + from, to - from);
}

/* SentencePiece's preparation for translation: control characters out, odd spaces to spaces. */
static void nmt(uint32_t cp, const char *bytes, size_t n, struct textbuf *out)
{
    if ((cp >= 0x01 && cp <= 0x08) || cp == 0x0B || (cp >= 0x0E && cp <= 0x1F) || cp == 0x7F ||
        cp == 0x8F || cp == 0x9F)
        return;
    bool space = cp == 0x09 || cp == 0x0A || cp == 0x0C || cp == 0x0D || cp == 0x1680 ||
                 (cp >= 0x200B && cp <= 0x200F) || cp == 0x2028 || cp == 0x2029 || cp == 0x2581 ||
                 cp == 0xFEFF || cp == 0xFFFD;
    textbuf_put(out, space ? " " : bytes, space ? 1 : n);
}

static void bert(const struct hf_step *s, const char *text, size_t n, struct textbuf *out)
{
    struct textbuf cleaned = {.patience = out->patience};
    struct textbuf scratch = {0};
    struct bert_options o = s->bert;
    o.keep_controls = !s->cleanup;
    bert_clean(&o, text, n, &cleaned);
    if (o.strip_accents && cleaned.n > 0)
        bert_strip_accents(cleaned.data, cleaned.n, &scratch, out);
    else
        textbuf_put(out, cleaned.data, cleaned.n);
    out->failed |= cleaned.failed;
    textbuf_free(&cleaned);
    textbuf_free(&scratch);
}

/* The steps that look at one character at a time. */
static void each_character(const struct hf_step *s, const char *text, size_t n, struct textbuf *out)
{
    for (size_t at = 0; at < n && !out->failed;) {
        uint32_t cp;
        size_t len = unicode_next(text + at, n - at, &cp);
        if (s->type == HF_NMT)
            nmt(cp, text + at, len, out);
        else if (s->type == HF_LOWERCASE && cp != UNICODE_INVALID)
            unicode_lower(cp, out);
        else if (s->type != HF_STRIP_ACCENTS || !unicode_is_mark(cp))
            textbuf_put(out, text + at, len);
        at += len;
    }
}

static void normalize(const struct hf_step *s, const char *text, size_t n, struct textbuf *out)
{
    switch (s->type) {
    case HF_NFC: unicode_normalize(NORMAL_NFC, text, n, out); break;
    case HF_NFD: unicode_normalize(NORMAL_NFD, text, n, out); break;
    case HF_NFKC: unicode_normalize(NORMAL_NFKC, text, n, out); break;
    case HF_NFKD: unicode_normalize(NORMAL_NFKD, text, n, out); break;
    case HF_REPLACE: replace(s, text, n, out); break;
    case HF_STRIP: strip(s, text, n, out); break;
    case HF_BERT_NORMALIZER: bert(s, text, n, out); break;
    case HF_PREPEND:
        textbuf_put(out, s->from.s, s->from.n);
        textbuf_put(out, text, n);
        break;
    case HF_BYTE_LEVEL:
        for (size_t i = 0; i < n && !out->failed; i++)
            textbuf_put_char(out, bpe_char_of_byte((unsigned char)text[i]));
        break;
    default: each_character(s, text, n, out); break;
    }
}

void hf_normalize(const struct hf_steps *steps, bool continues, struct textbuf *b)
{
    for (size_t i = 0; i < steps->n && b->n > 0 && !b->failed; i++) {
        struct textbuf out = {.patience = b->patience};
        if (continues && steps->step[i].type == HF_PREPEND)
            continue;
        normalize(&steps->step[i], b->data, b->n, &out);
        textbuf_free(b);
        *b = out;
    }
}
