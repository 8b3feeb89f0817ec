/* textlog.c - see textlog.h.
 *
 * Two contiguous buffers, original and shown, that grow by doubling. Contiguous rather than in
 * chunks: a passage or a paragraph is then one pointer, for the clipboard and for libunistring, and
 * realloc of a large block moves pages, not bytes.
 *
 * Invariants:
 *  - shown is the rendering (text_safe, a tab as four spaces) of original[0 .. n_rendered); the
 * 0..3 bytes after that begin a character whose rest has not come.
 *  - paragraphs[0] begins at 0 and always exists; each next one begins after the newline of the one
 *    before, in both buffers.
 *  - runs are sorted, none is empty in the original, and neighbours differ in kind.
 * In a paragraph that is shown as it is, offsets map by addition; in one that is altered they are
 * found by rendering its beginning again, which gives the same bytes because text_safe looks only
 * backwards and never past a newline. So what is rare costs time, not memory.
 */
#include "config.h"

#include "ui/textlog.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"

#define TAB_SHOWN "    "

/* Rendering makes at most four bytes of one: of a tab, or a C1 control (two bytes, <U+0080>). */
#define SHOWN_MAX_BYTES (4 * (size_t)TEXTLOG_MAX_BYTES - 1)

struct paragraph {
    uint32_t original, shown; /* where it begins */
    uint64_t birth;           /* see textlog_birth */
    bool altered;             /* not shown as it is */
};

struct run {
    uint32_t original, shown; /* where it begins */
    int kind;
};

struct textlog {
    struct str original, shown;
    size_t n_rendered; /* bytes of original */
    struct paragraph *paragraphs;
    size_t n_paragraphs, cap_paragraphs;
    struct run *runs;
    size_t n_runs, cap_runs;
    uint64_t version;
};

static void push_paragraph(struct textlog *t)
{
    if (t->n_paragraphs == t->cap_paragraphs) {
        t->cap_paragraphs = t->cap_paragraphs ? 2 * t->cap_paragraphs : 64;
        t->paragraphs = x_realloc(t->paragraphs, t->cap_paragraphs * sizeof *t->paragraphs);
    }
    t->paragraphs[t->n_paragraphs++] =
        (struct paragraph){(uint32_t)t->n_rendered, (uint32_t)t->shown.len, t->version, false};
}

static void push_run(struct textlog *t, int kind)
{
    if (t->n_runs > 0 && t->runs[t->n_runs - 1].kind == kind)
        return;
    if (t->n_runs == t->cap_runs) {
        t->cap_runs = t->cap_runs ? 2 * t->cap_runs : 16;
        t->runs = x_realloc(t->runs, t->cap_runs * sizeof *t->runs);
    }
    t->runs[t->n_runs++] = (struct run){(uint32_t)t->original.len, (uint32_t)t->shown.len, kind};
}

struct textlog *textlog_new(void)
{
    struct textlog *t = x_calloc(1, sizeof *t);
    str_init(&t->original, (size_t)TEXTLOG_MAX_BYTES);
    str_init(&t->shown, SHOWN_MAX_BYTES);
    push_paragraph(t);
    return t;
}

void textlog_free(struct textlog *t)
{
    if (!t)
        return;
    str_free(&t->original);
    str_free(&t->shown);
    free(t->paragraphs);
    free(t->runs);
    free(t);
}

/* Appends the displayable form of a piece without newlines. */
static void render_piece(struct str *out, const char *s, size_t n)
{
    const char *tab;
    while (n > 0 && (tab = memchr(s, '\t', n))) {
        size_t n_before = (size_t)(tab - s);
        text_safe(out, s, n_before);
        str_puts(out, TAB_SHOWN);
        s = tab + 1;
        n -= n_before + 1;
    }
    text_safe(out, s, n);
}

/* Brings shown and the paragraphs up to the last whole character of original. */
static void render(struct textlog *t)
{
    const char *text = str_cstr(&t->original);
    size_t end = t->original.len - utf8_incomplete_tail(text, t->original.len);
    while (t->n_rendered < end) {
        const char *s = text + t->n_rendered;
        const char *newline = memchr(s, '\n', end - t->n_rendered);
        size_t n = newline ? (size_t)(newline - s) : end - t->n_rendered;
        size_t n_shown = t->shown.len;
        render_piece(&t->shown, s, n);
        if (t->shown.len - n_shown != n || (n && memcmp(t->shown.data + n_shown, s, n) != 0))
            t->paragraphs[t->n_paragraphs - 1].altered = true;
        t->n_rendered += n;
        if (newline) {
            str_putc(&t->shown, '\n');
            t->n_rendered++;
            push_paragraph(t);
        }
    }
}

void textlog_append(struct textlog *t, int kind, const char *text, size_t n)
{
    size_t room = (size_t)TEXTLOG_MAX_BYTES - t->original.len;
    if (n > room)
        n = utf8_floor(text, n, room);
    if (n == 0)
        return;
    t->version++;
    push_run(t, kind);
    str_append(&t->original, text, n);
    render(t);
}

/* The last paragraph that begins at or before an original offset. */
static size_t paragraph_at(const struct textlog *t, uint64_t original)
{
    size_t lo = 0, hi = t->n_paragraphs;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->paragraphs[mid].original <= original)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

void textlog_truncate(struct textlog *t, uint64_t n)
{
    if (n >= t->original.len)
        return;
    t->version++;
    t->n_paragraphs = paragraph_at(t, n) + 1;
    struct paragraph *p = &t->paragraphs[t->n_paragraphs - 1];
    p->birth = t->version;
    p->altered = false;
    while (t->n_runs > 0 && t->runs[t->n_runs - 1].original >= n)
        t->n_runs--;
    str_truncate(&t->original, (size_t)n);
    str_truncate(&t->shown, p->shown);
    t->n_rendered = p->original;
    render(t);
}

void textlog_clear(struct textlog *t)
{
    textlog_truncate(t, 0);
    str_free(&t->original);
    str_free(&t->shown);
}

uint64_t textlog_length(const struct textlog *t)
{
    return t->original.len;
}

const char *textlog_original(const struct textlog *t, uint64_t from, uint64_t to)
{
    (void)to;
    return str_cstr(&t->original) + (from < t->original.len ? from : t->original.len);
}

size_t textlog_paragraphs(const struct textlog *t)
{
    return t->n_paragraphs;
}

/* Bytes of a paragraph, without its newline, in the original and as shown. */
static void paragraph_lengths(const struct textlog *t, size_t i, size_t *original, size_t *shown)
{
    const struct paragraph *p = &t->paragraphs[i];
    bool last = i + 1 == t->n_paragraphs;
    *original = last ? t->n_rendered - p->original : p[1].original - 1 - p->original;
    *shown = last ? t->shown.len - p->shown : p[1].shown - 1 - p->shown;
}

const char *textlog_paragraph(const struct textlog *t, size_t i, size_t *n_bytes)
{
    size_t n_original;
    paragraph_lengths(t, i, &n_original, n_bytes);
    return str_cstr(&t->shown) + t->paragraphs[i].shown;
}

int textlog_kind(const struct textlog *t, size_t i, size_t b, size_t *end)
{
    size_t n_original, n_shown;
    paragraph_lengths(t, i, &n_original, &n_shown);
    *end = n_shown;
    if (t->n_runs == 0)
        return 0;
    size_t begin = t->paragraphs[i].shown;
    size_t lo = 0, hi = t->n_runs;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->runs[mid].shown <= begin + b)
            lo = mid;
        else
            hi = mid;
    }
    if (hi < t->n_runs && t->runs[hi].shown - begin < n_shown)
        *end = t->runs[hi].shown - begin;
    return t->runs[lo].kind;
}

void textlog_locate(const struct textlog *t, uint64_t original, size_t *paragraph, size_t *byte)
{
    size_t i = paragraph_at(t, original);
    const struct paragraph *p = &t->paragraphs[i];
    const char *s = str_cstr(&t->original) + p->original;
    size_t n_original, n_shown;
    paragraph_lengths(t, i, &n_original, &n_shown);
    size_t at = utf8_floor(s, n_original, (size_t)(original - p->original));
    if (p->altered) {
        struct str prefix;
        str_init(&prefix, SHOWN_MAX_BYTES);
        render_piece(&prefix, s, at);
        at = prefix.len;
        str_free(&prefix);
    }
    *paragraph = i;
    *byte = at;
}

uint64_t textlog_offset(const struct textlog *t, size_t paragraph, size_t byte)
{
    const struct paragraph *p = &t->paragraphs[paragraph];
    const char *s = str_cstr(&t->original) + p->original;
    size_t n_original, n_shown;
    paragraph_lengths(t, paragraph, &n_original, &n_shown);
    if (!p->altered)
        return p->original + utf8_floor(s, n_original, byte);
    struct str prefix;
    str_init(&prefix, SHOWN_MAX_BYTES);
    size_t at = 0;
    while (at < n_original) {
        uint32_t cp;
        size_t len = utf8_decode(s + at, n_original - at, &cp);
        len = len ? len : 1;
        render_piece(&prefix, s + at, len);
        if (prefix.len > byte)
            break;
        at += len;
    }
    str_free(&prefix);
    return p->original + at;
}

uint64_t textlog_version(const struct textlog *t)
{
    return t->version;
}

uint64_t textlog_birth(const struct textlog *t, size_t paragraph)
{
    return t->paragraphs[paragraph].birth;
}
