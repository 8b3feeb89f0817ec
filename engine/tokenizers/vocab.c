/* vocab.c - see vocab.h. Special tokens are sorted by their bytes, so those that begin with the
 * bytes read so far are one range of the table; each further byte narrows it by two binary
 * searches. No special token longer than LIMIT_SPECIAL_TOKEN_BYTES is looked for, which bounds the
 * work at every place of the text. */
#include "config.h"

#include "engine/tokenizers/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* "<0xE4>" -> 0xE4, or -1. */
static int byte_of(const struct meta_string *s)
{
    if (s->n != 6 || memcmp(s->s, "<0x", 3) != 0 || s->s[5] != '>')
        return -1;
    int high = hex_digit(s->s[3]);
    int low = hex_digit(s->s[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int spell_tokens(struct vocab *v, const struct vocab_source *src, vocab_spell *spell,
                        struct err *err)
{
    size_t end = 0;
    for (size_t i = 0; i < src->tokens.n; i++) {
        const struct meta_string *s = &src->tokens.s[i];
        v->bytes[end++] = ' ';
        v->start[i] = end;
        if (src->shown_texts) {
            const struct meta_string *shown = &src->shown_texts[i];
            if (shown->n)
                memcpy(v->bytes + end, shown->s, shown->n);
            end += shown->n;
            continue;
        }
        switch ((enum token_type)v->type[i]) {
        case TOKEN_BYTE: {
            int b = byte_of(s);
            if (b < 0) {
                char quoted[360];
                return text_refuse(&src->tokens, i, E_INPUT, err,
                                   _("byte token \"%s\"; from <0x00> to <0xFF> is allowed."),
                                   err_quote(quoted, sizeof quoted, s->s, s->n));
            }
            v->bytes[end++] = (char)b;
            break;
        }
        case TOKEN_UNKNOWN:
        case TOKEN_CONTROL:
        case TOKEN_USER:
            if (s->n)
                memcpy(v->bytes + end, s->s, s->n);
            end += s->n;
            break;
        case TOKEN_UNDEFINED:
        case TOKEN_NORMAL:
        case TOKEN_UNUSED: end += spell(s->s, s->n, v->bytes + end); break;
        }
    }
    v->start[src->tokens.n] = end + 1;
    return 0;
}

static int compare_bytes(const void *a, const void *b, void *vocab)
{
    const struct vocab *v = vocab;
    size_t n_a;
    size_t n_b;
    const char *p = vocab_bytes(v, *(const int32_t *)a, &n_a);
    const char *q = vocab_bytes(v, *(const int32_t *)b, &n_b);
    int order = memcmp(p, q, n_a < n_b ? n_a : n_b);
    if (order != 0)
        return order;
    return n_a < n_b ? -1 : n_a > n_b;
}

static int index_special(struct vocab *v, struct err *err)
{
    size_t n = 0;
    for (int32_t i = 0; i < v->n; i++)
        n += v->type[i] == TOKEN_CONTROL || v->type[i] == TOKEN_USER;
    v->special = malloc((n ? n : 1) * sizeof *v->special);
    if (!v->special)
        return err_set(err, E_RESOURCE, _("not enough memory for the vocabulary."));
    for (int32_t i = 0; i < v->n; i++) {
        size_t n_bytes;
        const char *bytes = vocab_bytes(v, i, &n_bytes);
        if ((v->type[i] != TOKEN_CONTROL && v->type[i] != TOKEN_USER) || n_bytes == 0)
            continue;
        if (n_bytes > LIMIT_SPECIAL_TOKEN_BYTES) {
            log_warn("tokenizer: special token %d has %zu bytes and is not looked for in texts",
                     (int)i, n_bytes);
            continue;
        }
        v->special[v->n_special++] = i;
        v->begins_special[(unsigned char)bytes[0]] = true;
    }
    qsort_r(v->special, v->n_special, sizeof *v->special, compare_bytes, v);
    return 0;
}

int vocab_init(struct vocab *v, const struct vocab_source *src, vocab_spell *spell, struct err *err)
{
    size_t n = src->tokens.n;
    size_t n_bytes = 0; /* all texts stand in memory: no overflow */
    for (size_t i = 0; i < n; i++)
        n_bytes += 1 + (src->shown_texts ? src->shown_texts[i].n : src->tokens.s[i].n);
    *v = (struct vocab){.n = (int32_t)n};
    v->bytes = malloc(n_bytes ? n_bytes : 1);
    v->start = malloc((n + 1) * sizeof *v->start);
    v->type = malloc(n);
    int rc = 0;
    if (!v->bytes || !v->start || !v->type)
        rc = err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                     src->tokens.shown);
    if (rc == 0) {
        memcpy(v->type, src->type, n);
        rc = spell_tokens(v, src, spell, err);
    }
    if (rc == 0)
        rc = index_special(v, err);
    if (rc != 0)
        vocab_free(v);
    return rc;
}

void vocab_free(struct vocab *v)
{
    free(v->bytes);
    free(v->start);
    free(v->type);
    free(v->special);
    *v = (struct vocab){0};
}

const char *vocab_bytes(const struct vocab *v, int32_t id, size_t *n_bytes)
{
    *n_bytes = v->start[id + 1] - 1 - v->start[id];
    return v->bytes + v->start[id];
}

/* The first special token of special[lo..hi), which share their first `depth` bytes, whose next
 * byte is >= c. A token that ends there comes before all others. */
static size_t lower_bound(const struct vocab *v, size_t lo, size_t hi, size_t depth, int c)
{
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        size_t n;
        const char *p = vocab_bytes(v, v->special[mid], &n);
        int next = n > depth ? (unsigned char)p[depth] : -1;
        if (next < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The longest special token text[0..n) begins with, or -1. */
static int32_t match_special(const struct vocab *v, const char *text, size_t n)
{
    int32_t longest = -1;
    size_t lo = 0;
    size_t hi = v->n_special;
    for (size_t depth = 0; lo < hi; depth++) {
        size_t n_bytes;
        vocab_bytes(v, v->special[lo], &n_bytes);
        if (n_bytes == depth)
            longest = v->special[lo];
        if (depth == n)
            break;
        int c = (unsigned char)text[depth];
        lo = lower_bound(v, lo, hi, depth, c);
        hi = lower_bound(v, lo, hi, depth, c + 1);
    }
    return longest;
}

int32_t vocab_find_special(const struct vocab *v, const char *text, size_t n, size_t from,
                           size_t *at)
{
    if (v->n_special == 0)
        return -1;
    for (size_t i = from; i < n; i++) {
        if (!v->begins_special[(unsigned char)text[i]])
            continue;
        int32_t id = match_special(v, text + i, n - i);
        if (id >= 0) {
            *at = i;
            return id;
        }
    }
    return -1;
}
