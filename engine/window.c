/* window.c - see window.h. A cut lies between two tokens; how good a place it is, is read off the
 * bytes on both sides of it. */
#include "config.h"

#include "engine/window.h"

#include <string.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

enum quality {
    INSIDE_CHARACTER,
    CHARACTER,
    SENTENCE,
    PARAGRAPH,
};

/* Enough for a sentence mark, closing quotes and a few spaces. */
enum { BEFORE_BYTES = 16, AFTER_BYTES = 4 };

int window_reserve(int max_tokens, int n_ctx)
{
    int quarter = n_ctx / 4 > 1 ? n_ctx / 4 : 1;
    return max_tokens > 0 && max_tokens < quarter ? max_tokens : quarter;
}

/* The last bytes of the text ids[0..at), in out; returns how many. */
static size_t bytes_before(const struct tokenizer *t, const int32_t *ids, int at,
                           char out[BEFORE_BYTES])
{
    size_t n_out = 0;
    while (at > 0 && n_out < BEFORE_BYTES) {
        size_t n;
        const char *piece = tokenizer_piece(t, ids[--at], false, &n);
        size_t take = n < BEFORE_BYTES - n_out ? n : BEFORE_BYTES - n_out;
        memmove(out + take, out, n_out);
        memcpy(out, piece + n - take, take);
        n_out += take;
    }
    return n_out;
}

static size_t bytes_after(const struct tokenizer *t, const int32_t *ids, int at, int n_ids,
                          char out[AFTER_BYTES])
{
    size_t n_out = 0;
    for (; at < n_ids && n_out < AFTER_BYTES; at++) {
        size_t n;
        const char *piece = tokenizer_piece(t, ids[at], false, &n);
        size_t take = n < AFTER_BYTES - n_out ? n : AFTER_BYTES - n_out;
        memcpy(out + n_out, piece, take);
        n_out += take;
    }
    return n_out;
}

/* Length of the mark out of `marks` that ends s[0..n), or 0. */
static size_t ends_with(const char *s, size_t n, const char *const *marks, size_t n_marks)
{
    for (size_t i = 0; i < n_marks; i++) {
        size_t m = strlen(marks[i]);
        if (m <= n && memcmp(s + n - m, marks[i], m) == 0)
            return m;
    }
    return 0;
}

static bool begins_with(const char *s, size_t n, const char *const *marks, size_t n_marks)
{
    for (size_t i = 0; i < n_marks; i++) {
        size_t m = strlen(marks[i]);
        if (m <= n && memcmp(s, marks[i], m) == 0)
            return true;
    }
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_ascii_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Does a sentence end between these bytes? A full-width mark ends one by itself, a period or its
 * like only before a space or the end. Closing quotes belong to what they close; a border is never
 * put in the middle of a row of marks. */
static bool is_sentence_border(const char *before, size_t n, const char *after, size_t n_after)
{
    static const char *const wide[] = {"。", "！", "？", "…", "」", "』", "”", "’"};
    static const char *const narrow[] = {".", "!", "?"};
    static const char *const closing[] = {"\"", "'", ")", "”", "’"};

    if (begins_with(after, n_after, wide, ARRAY_LEN(wide)))
        return false;
    if (ends_with(before, n, wide, ARRAY_LEN(wide)))
        return n_after == 0 || !is_ascii_word(after[0]); /* not the apostrophe of "don’t" */
    bool spaced = n_after == 0 || is_space(after[0]);
    for (; n > 0 && is_space(before[n - 1]); n--)
        spaced = true;
    for (size_t m; (m = ends_with(before, n, closing, ARRAY_LEN(closing))) > 0;)
        n -= m;
    return spaced && ends_with(before, n, narrow, ARRAY_LEN(narrow)) > 0;
}

static enum quality quality_at(const struct tokenizer *t, const int32_t *ids, int n_ids, int at)
{
    char before[BEFORE_BYTES], after[AFTER_BYTES];
    size_t n = bytes_before(t, ids, at, before);
    size_t n_after = bytes_after(t, ids, at, n_ids, after);
    if (n > 0 && before[n - 1] == '\n')
        return PARAGRAPH;
    if (utf8_incomplete_tail(before, n) > 0)
        return INSIDE_CHARACTER;
    return is_sentence_border(before, n, after, n_after) ? SENTENCE : CHARACTER;
}

int window_cut(const struct tokenizer *t, const int32_t *ids, int n, int previous, int reserve,
               int n_ctx)
{
    int low = n_ctx / 2; /* bounds of what is kept */
    int high = (int)((int64_t)n_ctx * 3 / 4);
    if (n - previous + reserve <= n_ctx && (previous == 0 || n - previous >= low))
        return previous;
    if (n + reserve <= n_ctx)
        return 0;
    int best = n - low;
    enum quality best_quality = INSIDE_CHARACTER;
    /* The largest step first, so that about every other answer of n_ctx/4 tokens needs none: a
     * place that keeps more must be of a better kind. */
    for (int kept = low; kept <= high && kept <= n && best_quality < PARAGRAPH; kept++) {
        enum quality q = quality_at(t, ids, n, n - kept);
        if (q > best_quality) {
            best_quality = q;
            best = n - kept;
        }
    }
    return best;
}
