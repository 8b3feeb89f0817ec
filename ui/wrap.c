/* wrap.c - see wrap.h.
 *
 * Rows are made one after another, and a row looks only at the text from its own beginning on: a
 * window of it is given to libunistring (UAX #14), just long enough to pass the border of the pane.
 * So a row depends on where it begins and on the bytes up to AHEAD_MAX_BYTES beyond the cluster
 * that did not fit, nothing else. That makes wrap_extend exact: rows that saw so far before the old
 * end stay (`n_settled`), and a long paragraph costs a frame no more than a short one. Break
 * opportunities are decided by the characters next to them, so the windows change no row against an
 * analysis of the whole paragraph (the unit test compares the two).
 *
 * In the window curly quotes in East Asian text become corner brackets of the same length.
 * UAX #14 before revision 51 (so libunistring 1.0) glues quotes to both neighbours; since then
 * (LB19a) it breaks there as at brackets, which is what Chinese typesetting does.
 */
#include "config.h"

#include "ui/wrap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <unilbrk.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"

enum {
    NEUTRALS_MAX = 4,     /* looked through from a quote to what follows */
    AHEAD_MAX_BYTES = 16, /* so many neutrals and one character */
    WINDOW_MIN_BYTES = 64,
};

void wrap_init(struct wrap *w)
{
    *w = (struct wrap){0};
}

void wrap_free(struct wrap *w)
{
    free(w->rows);
    free(w->scratch);
    wrap_init(w);
}

static bool is_east_asian(uint32_t cp)
{
    return (cp >= 0x2E80 && cp <= 0xA4CF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
           (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0xFE30 && cp <= 0xFE4F) ||
           (cp >= 0xFF01 && cp <= 0xFFEF) || (cp >= 0x20000 && cp <= 0x3FFFD);
}

/* The bracket a curly quote stands for, NULL for other characters. */
static const char *bracket_of(uint32_t cp)
{
    switch (cp) {
    case 0x2018: return "\xE3\x80\x8E"; /* ‘ 『 */
    case 0x2019: return "\xE3\x80\x8F"; /* ’ 』 */
    case 0x201C: return "\xE3\x80\x8C"; /* “ 「 */
    case 0x201D: return "\xE3\x80\x8D"; /* ” 」 */
    default: return NULL;
    }
}

/* Quotes, dashes and dots take the side of the text around them. */
static bool is_neutral(uint32_t cp)
{
    return bracket_of(cp) || cp == 0x2014 || cp == 0x2026 || cp == 0xB7;
}

/* Is the first character here that takes a side East Asian? */
static bool leads_to_east_asian(const char *s, size_t n)
{
    size_t at = 0, len;
    uint32_t cp;
    for (int i = 0; i <= NEUTRALS_MAX && (len = utf8_decode(s + at, n - at, &cp)) > 0; i++) {
        if (!is_neutral(cp))
            return is_east_asian(cp);
        at += len;
    }
    return false;
}

static void replace_quotes(char *s, size_t n)
{
    bool after_east_asian = true; /* at the beginning of the row it makes no difference */
    uint32_t cp;
    for (size_t i = 0; i < n;) {
        size_t len = utf8_decode(s + i, n - i, &cp);
        if (len == 0)
            break;
        const char *bracket = bracket_of(cp);
        if (bracket && after_east_asian && leads_to_east_asian(s + i + len, n - i - len))
            memcpy(s + i, bracket, len);
        if (!is_neutral(cp))
            after_east_asian = is_east_asian(cp);
        i += len;
    }
}

/* The break opportunities of s[0..n), one byte for each. */
static const char *find_breaks(struct wrap *w, const char *s, size_t n)
{
    if (w->cap_scratch < 2 * n + 1) {
        w->cap_scratch = 2 * n + 1;
        w->scratch = x_realloc(w->scratch, w->cap_scratch);
    }
    char *copy = w->scratch, *breaks = w->scratch + n;
    memcpy(copy, s, n);
    replace_quotes(copy, n);
    u8_possible_linebreaks((const uint8_t *)copy, n, "UTF-8", breaks);
    return breaks;
}

enum row_result { ROW_WINDOW_TOO_SMALL, ROW_OPEN, ROW_SETTLED };

/* Finds the end of the row that begins at s, looking at no more than the window s[0..n_window) of
 * the n bytes there. */
static enum row_result scan_row(const char *s, size_t n, const char *breaks, size_t n_window,
                                int width, size_t *end)
{
    int columns = 0;
    size_t opportunity = 0;
    for (size_t i = 0; i < n;) {
        int w;
        size_t next = i + uwidth_cluster(s + i, n - i, &w);
        if (n_window < n && next + AHEAD_MAX_BYTES > n_window)
            return ROW_WINDOW_TOO_SMALL;
        if (i > 0 && breaks[i] == UC_BREAK_POSSIBLE)
            opportunity = i;
        bool space = s[i] == ' ' && next == i + 1;
        if (!space && columns + w > width) {
            *end = opportunity ? opportunity : i > 0 ? i : next;
            return next + AHEAD_MAX_BYTES <= n ? ROW_SETTLED : ROW_OPEN;
        }
        /* A run of spaces may be longer than any width. */
        columns = columns > width ? columns : columns + w;
        i = next;
    }
    *end = n;
    return ROW_OPEN;
}

static void push_row(struct wrap *w, size_t begin, size_t end)
{
    if (w->n_rows == w->cap_rows) {
        w->cap_rows = w->cap_rows ? w->cap_rows * 2 : 4;
        w->rows = x_realloc(w->rows, w->cap_rows * sizeof *w->rows);
    }
    w->rows[w->n_rows++] = (struct wrap_row){(uint32_t)begin, (uint32_t)end};
}

void wrap_extend(struct wrap *w, const char *text, size_t n, int width)
{
    size_t begin = w->n_settled ? w->rows[w->n_settled - 1].end : 0;
    size_t window_usual = WINDOW_MIN_BYTES + 2 * (size_t)width;
    w->n_rows = w->n_settled;
    do {
        const char *s = text + begin;
        size_t n_left = n - begin, end = 0;
        size_t window = window_usual;
        enum row_result result;
        do {
            size_t n_window = window < n_left ? utf8_floor(s, n_left, window) : n_left;
            const char *breaks = find_breaks(w, s, n_window);
            result = scan_row(s, n_left, breaks, n_window, width, &end);
            window *= 2;
        } while (result == ROW_WINDOW_TOO_SMALL);
        push_row(w, begin, begin + end);
        if (result == ROW_SETTLED && w->n_settled + 1 == w->n_rows)
            w->n_settled = w->n_rows;
        begin += end;
    } while (begin < n);
}

void wrap_paragraph(struct wrap *w, const char *text, size_t n, int width)
{
    w->n_settled = 0;
    wrap_extend(w, text, n, width);
}
