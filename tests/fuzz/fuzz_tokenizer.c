/* fuzz_tokenizer.c - two ways by the first byte:
 *   even: the input is vocab.json, merges.txt and a text, with NUL bytes between them.
 *   odd:  the input chooses a vocabulary that is sound (all bytes, merges, special tokens) and a
 * text; then the ids must be those of the plain, slow algorithm, and decode to the text. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/pretok.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "tests/unit/gguf_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

enum {
    MAX_MERGES = 48,
    MAX_SPECIAL = 4,
    MAX_TOKENS = 256 + MAX_MERGES + MAX_SPECIAL,
    MAX_PIECE = 64,
    MAX_TEXT = 4096
};

static void require(int condition)
{
    if (!condition)
        abort();
}

/* ---- raw files ---- */

static size_t until_nul(const uint8_t **p, const uint8_t *end, const char **part)
{
    const uint8_t *nul = memchr(*p, 0, (size_t)(end - *p));
    size_t n = (size_t)((nul ? nul : end) - *p);
    *part = (const char *)*p;
    *p = nul ? nul + 1 : end;
    return n;
}

static void raw_files(const uint8_t *p, const uint8_t *end)
{
    const char *vocab;
    const char *merges;
    size_t n_vocab = until_nul(&p, end, &vocab);
    size_t n_merges = until_nul(&p, end, &merges);
    char *copy = malloc(n_merges + 1);
    require(copy != NULL);
    memcpy(copy, merges, n_merges);
    copy[n_merges] = '\0';
    struct err err = ERR_INIT;
    struct vocab_source src;
    if (vocab_source_from_texts("v", vocab, n_vocab, "m", copy, n_merges, &src, &err) != 0) {
        require(err.msg[0] != '\0');
        return;
    }
    struct tokenizer *t;
    if (tokenizer_from_source(&src, &t, &err) == 0) {
        int32_t ids[16];
        size_t n;
        require(tokenizer_encode(t, (const char *)p, (size_t)(end - p), 0, ids, 16, &n, &err) == 0);
        require(n <= (size_t)(end - p));
        tokenizer_free(t);
    } else {
        require(err.msg[0] != '\0');
    }
    vocab_source_free(&src);
}

/* ---- sound vocabularies ---- */

struct word {
    char bytes[MAX_PIECE];
    size_t n;
};

struct sound {
    struct word token[MAX_TOKENS];
    int32_t n_tokens;
    int32_t merge[MAX_MERGES][3]; /* left, right, result */
    int n_merges;
};

static int32_t find(const struct sound *s, const struct word *w)
{
    for (int32_t i = 0; i < s->n_tokens; i++)
        if (s->token[i].n == w->n && memcmp(s->token[i].bytes, w->bytes, w->n) == 0)
            return i;
    return -1;
}

/* Two bytes of input choose the two tokens that a merge joins. */
static void choose_merges(struct sound *s, const uint8_t *p, size_t n)
{
    s->n_tokens = 256;
    for (int i = 0; i < 256; i++)
        s->token[i] = (struct word){{(char)i}, 1};
    for (size_t i = 0; i + 1 < n && s->n_merges < MAX_MERGES; i += 2) {
        int32_t left = p[i] & 0x80 ? s->n_tokens - 1 - (p[i] & 7) : p[i];
        int32_t right = p[i + 1] & 0x80 ? s->n_tokens - 1 - (p[i + 1] & 7) : p[i + 1];
        struct word w = s->token[left];
        if (w.n + s->token[right].n > MAX_PIECE)
            continue;
        memcpy(w.bytes + w.n, s->token[right].bytes, s->token[right].n);
        w.n += s->token[right].n;
        if (find(s, &w) >= 0)
            continue;
        int32_t *m = s->merge[s->n_merges++];
        m[0] = left;
        m[1] = right;
        m[2] = s->n_tokens;
        s->token[s->n_tokens++] = w;
    }
}

static uint32_t alphabet(unsigned b)
{
    static uint32_t table[256];
    if (!table['!']) {
        uint32_t next = 256;
        for (unsigned i = 0; i < 256; i++)
            table[i] = (i >= 33 && i <= 126) || (i >= 161 && i <= 172) || i >= 174 ? i : next++;
    }
    return table[b];
}

static size_t spell(const struct word *w, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t c = alphabet((unsigned char)w->bytes[i]);
        if (c >= 0x80)
            out[n++] = (char)(0xC0 | c >> 6);
        out[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    return n;
}

static void put_spelled(struct build *b, const struct word *left, const struct word *right)
{
    char text[4 * MAX_PIECE + 1];
    size_t n = spell(left, text);
    if (right) {
        text[n++] = ' ';
        n += spell(right, text + n);
    }
    b_u64(b, n);
    b_raw(b, text, n);
}

static struct tokenizer *open_sound(const struct sound *s)
{
    struct build b = {0};
    b_head(&b, 3, 0, 3);
    b_kv_str(&b, "tokenizer.ggml.model", "gpt2");
    b_key(&b, "tokenizer.ggml.tokens", T_ARR);
    b_u32(&b, T_STR);
    b_u64(&b, (uint64_t)s->n_tokens);
    for (int32_t i = 0; i < s->n_tokens; i++)
        put_spelled(&b, &s->token[i], NULL);
    b_key(&b, "tokenizer.ggml.merges", T_ARR);
    b_u32(&b, T_STR);
    b_u64(&b, (uint64_t)s->n_merges);
    for (int i = 0; i < s->n_merges; i++)
        put_spelled(&b, &s->token[s->merge[i][0]], &s->token[s->merge[i][1]]);
    struct weights *w;
    struct tokenizer *t;
    require(weights_from_bytes("fuzz", b.p, b.n, &w, NULL) == 0);
    require(tokenizer_from_weights(w, &t, NULL) == 0);
    weights_close(w);
    b_free(&b);
    return t;
}

/* The algorithm as it is told: of all pairs the lowest rank, of those the leftmost, again and
 * again. */
static size_t slow_encode(const struct sound *s, const char *text, size_t n, int32_t *ids)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = (unsigned char)text[i];
    for (int rank = 0; rank < s->n_merges;) {
        const int32_t *m = s->merge[rank];
        size_t at = 0;
        while (at + 1 < n && !(ids[at] == m[0] && ids[at + 1] == m[1]))
            at++;
        if (at + 1 >= n) {
            rank++;
            continue;
        }
        ids[at] = m[2];
        memmove(ids + at + 1, ids + at + 2, (n - at - 2) * sizeof *ids);
        n--;
        rank = 0;
    }
    return n;
}

static void sound_vocabulary(const uint8_t *p, const uint8_t *end)
{
    static struct sound s;
    static int32_t ids[MAX_TEXT + 2];
    static int32_t expected[MAX_TEXT];
    size_t n_choice = (size_t)(end - p) < 2 * MAX_MERGES ? (size_t)(end - p) / 2 : 2 * MAX_MERGES;
    s.n_merges = 0;
    choose_merges(&s, p, n_choice);
    const char *text = (const char *)p + n_choice;
    size_t n_text = (size_t)(end - p) - n_choice;
    if (n_text > MAX_TEXT)
        n_text = MAX_TEXT;
    struct tokenizer *t = open_sound(&s);
    size_t n;
    require(tokenizer_encode(t, text, n_text, 0, ids, MAX_TEXT + 2, &n, NULL) == 0);

    size_t n_expected = 0;
    for (size_t at = 0; at < n_text;) {
        size_t len = pretok_find("gpt-2")->first(text + at, n_text - at);
        require(len > 0 && len <= n_text - at);
        n_expected += slow_encode(&s, text + at, len, expected + n_expected);
        at += len;
    }
    require(n == n_expected && memcmp(ids, expected, n * sizeof *ids) == 0);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *piece = tokenizer_piece(t, ids[i], false, &len);
        require(len <= n_text - at && memcmp(piece, text + at, len) == 0);
        at += len;
    }
    require(at == n_text);
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    if (n_bytes == 0)
        return 0;
    if (data[0] % 2 == 0)
        raw_files(data + 1, data + n_bytes);
    else
        sound_vocabulary(data + 1, data + n_bytes);
    return 0;
}
