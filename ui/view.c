/* view.c - see view.h.
 *
 * Invariant: either the view follows, and its top is counted upwards from the end; or its top is
 * the row that holds `anchor`, and at least one row is hidden below the window (settle() sees to
 * it). The anchor changes only when somebody scrolls, never by growth or a new width, so widening
 * and narrowing again shows the same rows.
 *
 * Two caches, both checked against what the text says of a paragraph (its birth and its length), so
 * that nothing has to be told which paragraph changed:
 *  - slots: the rows of paragraphs near the window. Paragraph p lives in slot p mod N_SLOTS; those
 * of a window lie side by side, so they do not chase each other out. A paragraph that has only
 * grown is extended, not wrapped again.
 *  - heights: the row count of every paragraph wrapped so far at this width, for view_below.
 */
#include "config.h"

#include "ui/view.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "ui/wrap.h"

enum { N_SLOTS = 256, BELOW_MAX = 9999 };

struct slot {
    struct wrap wrap;
    size_t paragraph;
    uint64_t birth;
    size_t n_bytes;
    bool used;
};

struct height {
    uint64_t birth;
    uint32_t n_bytes;
    uint32_t n_rows; /* 0: not known */
};

/* A row, by its number in its paragraph. */
struct place {
    size_t paragraph, row;
};

struct view {
    const struct textlog *text;
    int rows, columns;
    int ambiguous; /* the width the caches were made for */
    bool follow;
    bool stale; /* `out` must be made again */
    struct {
        size_t paragraph, byte;
    } anchor;
    struct slot slots[N_SLOTS];
    struct height *heights;
    size_t n_heights;
    struct view_row *out; /* `rows` of them */
};

struct view *view_new(const struct textlog *t)
{
    struct view *v = x_calloc(1, sizeof *v);
    v->text = t;
    v->follow = true;
    v->ambiguous = uwidth_ambiguous();
    view_resize(v, 1, 1);
    return v;
}

void view_free(struct view *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < N_SLOTS; i++)
        wrap_free(&v->slots[i].wrap);
    free(v->heights);
    free(v->out);
    free(v);
}

static void forget_rows(struct view *v)
{
    for (size_t i = 0; i < N_SLOTS; i++)
        v->slots[i].used = false;
    if (v->n_heights > 0)
        memset(v->heights, 0, v->n_heights * sizeof *v->heights);
}

void view_resize(struct view *v, int rows, int columns)
{
    if (rows == v->rows && columns == v->columns)
        return;
    if (columns != v->columns)
        forget_rows(v);
    if (rows != v->rows)
        v->out = x_realloc(v->out, (size_t)rows * sizeof *v->out);
    v->rows = rows;
    v->columns = columns;
    v->stale = true;
}

void view_changed(struct view *v)
{
    if (v->ambiguous != uwidth_ambiguous()) {
        v->ambiguous = uwidth_ambiguous();
        forget_rows(v);
    }
    v->stale = true;
}

/* ---- heights ---- */

static struct height *height_entry(struct view *v, size_t p)
{
    if (p >= v->n_heights) {
        size_t n = 2 * p + 64;
        v->heights = x_realloc(v->heights, n * sizeof *v->heights);
        memset(v->heights + v->n_heights, 0, (n - v->n_heights) * sizeof *v->heights);
        v->n_heights = n;
    }
    return &v->heights[p];
}

/* The rows of paragraph p. Valid until the rows of another one are asked for. */
static const struct wrap *rows_of(struct view *v, size_t p)
{
    struct slot *s = &v->slots[p % N_SLOTS];
    size_t n;
    const char *text = textlog_paragraph(v->text, p, &n);
    uint64_t birth = textlog_birth(v->text, p);
    bool same = s->used && s->paragraph == p && s->birth == birth && s->n_bytes <= n;
    if (same && s->n_bytes == n)
        return &s->wrap;
    if (same)
        wrap_extend(&s->wrap, text, n, v->columns);
    else
        wrap_paragraph(&s->wrap, text, n, v->columns);
    s->used = true;
    s->paragraph = p;
    s->birth = birth;
    s->n_bytes = n;
    *height_entry(v, p) = (struct height){birth, (uint32_t)n, (uint32_t)s->wrap.n_rows};
    return &s->wrap;
}

static size_t height_of(struct view *v, size_t p)
{
    const struct height *h = height_entry(v, p);
    size_t n;
    textlog_paragraph(v->text, p, &n);
    if (h->n_rows > 0 && h->n_bytes == n && h->birth == textlog_birth(v->text, p))
        return h->n_rows;
    return rows_of(v, p)->n_rows;
}

/* ---- places ---- */

/* The row of paragraph p that holds a byte. */
static size_t row_at(struct view *v, size_t p, size_t byte)
{
    const struct wrap *w = rows_of(v, p);
    size_t lo = 0, hi = w->n_rows;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->rows[mid].begin <= byte)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* Moves n rows up; stops at the beginning of the text. */
static struct place go_up(struct view *v, struct place at, size_t n)
{
    while (n > at.row) {
        n -= at.row;
        at.row = 0;
        if (at.paragraph == 0)
            return at;
        at.row = height_of(v, --at.paragraph);
    }
    at.row -= n;
    return at;
}

static struct place last_place(struct view *v)
{
    size_t p = textlog_paragraphs(v->text) - 1;
    return (struct place){p, height_of(v, p) - 1};
}

/* Moves n rows down; stops at the last row. */
static struct place go_down(struct view *v, struct place at, size_t n)
{
    size_t n_paragraphs = textlog_paragraphs(v->text);
    for (;;) {
        size_t n_left = height_of(v, at.paragraph) - at.row; /* rows from here on */
        if (n < n_left)
            break;
        if (at.paragraph + 1 == n_paragraphs)
            return last_place(v);
        n -= n_left;
        at = (struct place){at.paragraph + 1, 0};
    }
    at.row += n;
    return at;
}

/* Rows from a place to the end of the text, at most `limit`. */
static size_t rows_from(struct view *v, struct place at, size_t limit)
{
    size_t n_paragraphs = textlog_paragraphs(v->text);
    size_t n = height_of(v, at.paragraph) - at.row;
    for (size_t p = at.paragraph + 1; p < n_paragraphs && n < limit; p++)
        n += height_of(v, p);
    return n < limit ? n : limit;
}

static struct place anchor_place(struct view *v)
{
    return (struct place){v->anchor.paragraph, row_at(v, v->anchor.paragraph, v->anchor.byte)};
}

/* Follows when nothing is hidden below, or when the text under the anchor is gone. */
static void settle(struct view *v)
{
    if (v->follow)
        return;
    size_t n_paragraphs = textlog_paragraphs(v->text), n_bytes = 0;
    if (v->anchor.paragraph < n_paragraphs)
        textlog_paragraph(v->text, v->anchor.paragraph, &n_bytes);
    if (v->anchor.paragraph >= n_paragraphs || v->anchor.byte > n_bytes)
        v->follow = true;
    else
        v->follow = rows_from(v, anchor_place(v), (size_t)v->rows + 1) <= (size_t)v->rows;
}

static struct place top_place(struct view *v)
{
    settle(v);
    return v->follow ? go_up(v, last_place(v), (size_t)v->rows - 1) : anchor_place(v);
}

static void nail(struct view *v, struct place top)
{
    v->anchor.paragraph = top.paragraph;
    v->anchor.byte = rows_of(v, top.paragraph)->rows[top.row].begin;
    v->follow = false;
    v->stale = true;
    settle(v);
}

/* ---- the door ---- */

const struct view_row *view_rows(struct view *v, size_t *n)
{
    *n = (size_t)v->rows;
    if (!v->stale)
        return v->out;
    v->stale = false;
    struct place at = top_place(v);
    size_t n_paragraphs = textlog_paragraphs(v->text);
    size_t i = 0;
    for (size_t p = at.paragraph; p < n_paragraphs && i < *n; p++) {
        const struct wrap *w = rows_of(v, p);
        for (size_t r = p == at.paragraph ? at.row : 0; r < w->n_rows && i < *n; r++)
            v->out[i++] =
                (struct view_row){p, w->rows[r].begin, w->rows[r].end, r + 1 == w->n_rows, false};
    }
    for (; i < *n; i++)
        v->out[i] = (struct view_row){n_paragraphs, 0, 0, true, true};
    return v->out;
}

void view_scroll(struct view *v, long rows)
{
    struct place top = top_place(v);
    if (rows < 0)
        nail(v, go_up(v, top, (size_t)0 - (size_t)rows));
    else
        nail(v, go_down(v, top, (size_t)rows));
}

void view_to_top(struct view *v)
{
    nail(v, (struct place){0, 0});
}

void view_to_end(struct view *v)
{
    v->follow = true;
    v->stale = true;
}

bool view_following(const struct view *v)
{
    return v->follow;
}

size_t view_below(struct view *v)
{
    settle(v);
    if (v->follow)
        return 0;
    size_t window = (size_t)v->rows;
    return rows_from(v, anchor_place(v), window + BELOW_MAX) - window;
}

/* Where a byte of a paragraph lies in the bar's measure: bytes, and half a row for every paragraph
 * begun. */
static uint64_t bar_measure(const struct view *v, size_t paragraph, size_t byte)
{
    uint64_t half_row = (uint64_t)v->columns * 3 / 4;
    return textlog_offset(v->text, paragraph, 0) + byte + (paragraph + 1) * half_row;
}

void view_thumb(struct view *v, int *begin, int *end)
{
    size_t n_rows, n_bytes;
    const struct view_row *rows = view_rows(v, &n_rows);
    bool at_top = rows[0].paragraph == 0 && rows[0].begin == 0;
    size_t n_paragraphs = textlog_paragraphs(v->text);
    textlog_paragraph(v->text, n_paragraphs - 1, &n_bytes);
    uint64_t height = (uint64_t)v->rows;
    uint64_t total = bar_measure(v, n_paragraphs - 1, n_bytes);
    /* The thumb touches an end of its lane exactly when the window touches that end of the text. */
    int first = 0, last = v->rows;
    if (!at_top) {
        uint64_t above = bar_measure(v, rows[0].paragraph, rows[0].begin);
        first = (int)(above * height / (total + 1));
        if (first == 0 && v->rows > 1)
            first = 1;
    }
    if (!v->follow) {
        const struct view_row *bottom = &rows[n_rows - 1];
        uint64_t below = bar_measure(v, bottom->paragraph, bottom->end);
        int most = v->rows > 1 ? v->rows - 1 : 1;
        last = (int)(below * height / (total + 1)) + 1;
        if (last <= first)
            last = first + 1;
        if (last > most)
            last = most;
    }
    *begin = first < last ? first : last - 1;
    *end = last;
}

void view_reveal(struct view *v, size_t paragraph, size_t byte)
{
    size_t n_paragraphs = textlog_paragraphs(v->text);
    if (paragraph >= n_paragraphs)
        paragraph = n_paragraphs - 1;
    struct place at = {paragraph, row_at(v, paragraph, byte)};
    struct place top = top_place(v);
    struct place bottom = go_down(v, top, (size_t)v->rows - 1);
    bool above =
        at.paragraph < top.paragraph || (at.paragraph == top.paragraph && at.row < top.row);
    bool below = at.paragraph > bottom.paragraph ||
                 (at.paragraph == bottom.paragraph && at.row > bottom.row);
    if (above || below)
        nail(v, go_up(v, at, (size_t)v->rows / 3));
}
