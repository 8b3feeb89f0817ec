/* hf_decode.c - see hf.h: the decoders, token by token. A decoder sees the list of all tokens; what
 * it does across tokens (spaces between them, the space at the beginning) is told as a joint, so
 * that a text can be shown while it is being written. */
#include "config.h"

#include "engine/tokenizers/hf.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/mem.h"

static void replace_all(const char *from, size_t n_from, const char *to, size_t n_to,
                        const struct textbuf *in, struct textbuf *out)
{
    for (size_t at = 0; at < in->n;) {
        if (n_from > 0 && in->n - at >= n_from && !memcmp(in->data + at, from, n_from)) {
            textbuf_put(out, to, n_to);
            at += n_from;
        } else {
            textbuf_put(out, in->data + at++, 1);
        }
    }
}

/* "<0xE4>" becomes its byte. */
static void byte_fallback(const struct textbuf *in, struct textbuf *out)
{
    char digits[3] = {0};
    if (in->n == 6 && !memcmp(in->data, "<0x", 3) && in->data[5] == '>') {
        memcpy(digits, in->data + 3, 2);
        if (strspn(digits, "0123456789ABCDEFabcdef") == 2) {
            char byte = (char)strtoul(digits, NULL, 16);
            textbuf_put(out, &byte, 1);
            return;
        }
    }
    textbuf_put(out, in->data, in->n);
}

static void strip(const struct hf_step *s, const struct textbuf *in, struct textbuf *out)
{
    size_t from = 0;
    size_t to = in->n;
    size_t m = s->from.n;
    for (int64_t i = 0; i < s->start && m > 0 && to - from >= m; i++)
        if (!memcmp(in->data + from, s->from.s, m))
            from += m;
        else
            break;
    for (int64_t i = 0; i < s->stop && m > 0 && to - from >= m; i++)
        if (!memcmp(in->data + to - m, s->from.s, m))
            to -= m;
        else
            break;
    textbuf_put(out, in->data + from, to - from);
}

static void byte_level(const struct textbuf *in, struct textbuf *out)
{
    if (textbuf_reserve(out, in->n))
        out->n += bpe_spell_bytes(in->data, in->n, out->data + out->n);
}

static bool begins_with(const char *token, size_t n, const char *s, size_t m)
{
    return m > 0 && n >= m && !memcmp(token, s, m);
}

static void run_step(const struct hf_step *s, bool fused, const struct textbuf *in,
                     struct textbuf *out)
{
    switch (s->type) {
    case HF_METASPACE: replace_all(s->from.s, s->from.n, " ", 1, in, out); break;
    case HF_BYTE_LEVEL: byte_level(in, out); break;
    case HF_BPE_DECODER: replace_all(s->from.s, s->from.n, "", 0, in, out); break;
    case HF_WORDPIECE: {
        size_t mark = begins_with(in->data, in->n, s->from.s, s->from.n) ? s->from.n : 0;
        textbuf_put(out, in->data + mark, in->n - mark);
        break;
    }
    case HF_BYTE_FALLBACK: byte_fallback(in, out); break;
    case HF_REPLACE: replace_all(s->from.s, s->from.n, s->to.s, s->to.n, in, out); break;
    case HF_STRIP:
        if (!fused) {
            strip(s, in, out);
            break;
        }
        textbuf_put(out, in->data, in->n);
        break;
    default: textbuf_put(out, in->data, in->n); break;
    }
}

void hf_decode_token(const struct hf_steps *decoder, const char *token, size_t n,
                     struct textbuf *out)
{
    struct textbuf now = {0};
    bool fused = false;
    textbuf_put(&now, token, n);
    for (size_t i = 0; i < decoder->n && now.n > 0; i++) {
        struct textbuf next = {0};
        fused |= decoder->step[i].type == HF_FUSE;
        run_step(&decoder->step[i], fused, &now, &next);
        next.failed |= now.failed;
        textbuf_free(&now);
        now = next;
    }
    textbuf_put(out, now.data, now.n);
    out->failed |= now.failed;
    textbuf_free(&now);
}

enum hf_joint hf_decoder_joint(const struct hf_steps *decoder)
{
    enum hf_joint joint = decoder->n == 0 ? HF_JOIN_SPACE : HF_JOIN_PLAIN;
    bool fused = false;
    for (size_t i = 0; i < decoder->n; i++) {
        const struct hf_step *s = &decoder->step[i];
        fused |= s->type == HF_FUSE;
        if (s->type == HF_WORDPIECE)
            joint = HF_JOIN_SPACE;
        else if (s->type == HF_BPE_DECODER)
            joint = HF_JOIN_SUFFIX;
        else if (s->type == HF_METASPACE && s->prepend != HF_NEVER)
            joint = HF_JOIN_TRIM_ALL;
        else if (s->type == HF_STRIP && fused)
            joint = HF_JOIN_TRIM_ONE;
    }
    return joint;
}

bool hf_token_is_marked(const struct hf_steps *decoder, const char *token, size_t n)
{
    /* What the WordPiece decoder's cleanup takes a space away before. */
    static const char *const close[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};
    for (size_t i = 0; i < decoder->n; i++) {
        const struct hf_step *s = &decoder->step[i];
        if (s->type == HF_BPE_DECODER)
            return s->from.n > 0 && memmem(token, n, s->from.s, s->from.n);
        if (s->type != HF_WORDPIECE)
            continue;
        if (begins_with(token, n, s->from.s, s->from.n))
            return true;
        for (size_t k = 0; s->cleanup && k < ARRAY_LEN(close); k++)
            if (begins_with(token, n, close[k], strlen(close[k])))
                return true;
    }
    return false;
}
