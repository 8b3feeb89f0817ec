/* diff.c - see diff.h.
 *
 * Each text becomes a sequence of numbers, equal where units (or paragraphs) are equal. Myers'
 * linear-space algorithm splits the rectangle of both sequences at the middle of a shortest way
 * through it, again and again, and leaves a mark on every number that is not common to both.
 * Rectangles wait on a list instead of the call stack: a hostile text cannot exhaust it.
 *
 * The search for a middle ends after `patience` rounds at the place reached farthest. A search of d
 * rounds looks at 2d diagonals and comes at least d numbers forward, so that all of them together
 * cost at most a constant times patience * (n + m); patience is chosen to bound this product.
 */
#include "config.h"

#include "src/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unigbrk.h>
#include <uniwbrk.h>
#include <xxhash.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

enum {
    LARGE_BYTES = 32768, /* of both texts: paragraphs first */
    COST_MAX = 1 << 25,
    PATIENCE_MIN = 32,
    NOWHERE = -2, /* a diagonal that cannot be reached */
};

/* ---- units ----------------------------------------------------------------------------------- */

/* Borders inside valid UTF-8, as bytes that are not 0 where a unit begins. */
static void find_borders(const uint8_t *text, size_t n, char *word, char *grapheme)
{
    u8_wordbreaks(text, n, word);
    u8_grapheme_breaks(text, n, grapheme);
    for (size_t i = 0; i < n; i++)
        word[i] = word[i] && grapheme[i];
}

size_t diff_units(const char *text, size_t n, size_t **ends)
{
    size_t n_units = 0, cap = n / 2 + 16;
    size_t *end = x_malloc(cap * sizeof end[0]);
    char *border = x_malloc(2 * n + 1);
    for (size_t at = 0; at < n;) {
        size_t n_valid = utf8_valid_prefix(text + at, n - at);
        size_t n_part = n_valid ? n_valid : 1;
        if (n_valid)
            find_borders((const uint8_t *)text + at, n_valid, border, border + n);
        for (size_t i = 1; i <= n_part; i++) {
            if (i < n_part && !border[i])
                continue;
            if (n_units == cap) {
                cap *= 2;
                end = x_realloc(end, cap * sizeof end[0]);
            }
            end[n_units++] = at + i;
        }
        at += n_part;
    }
    free(border);
    *ends = end;
    return n_units;
}

static size_t find_paragraphs(const char *text, size_t n, size_t **ends)
{
    size_t n_found = 0, cap = 64;
    size_t *end = x_malloc(cap * sizeof end[0]);
    for (size_t at = 0; at < n;) {
        const char *newline = memchr(text + at, '\n', n - at);
        at = newline ? (size_t)(newline - text) + 1 : n;
        if (n_found == cap) {
            cap *= 2;
            end = x_realloc(end, cap * sizeof end[0]);
        }
        end[n_found++] = at;
    }
    *ends = end;
    return n_found;
}

/* ---- numbers --------------------------------------------------------------------------------- */

struct sequence {
    const char *text;
    size_t *ends; /* of its parts in text */
    size_t n;
    int32_t *number;
    bool *changed; /* not common to both */
};

struct part {
    const char *bytes;
    size_t n;
    int32_t number; /* 0: a free place */
};

/* Gives the parts of both sequences numbers from 1 on, equal ones the same. */
static void number_parts(struct sequence *both)
{
    size_t n = both[0].n + both[1].n, n_places = 64;
    while (n_places < 2 * n)
        n_places *= 2;
    struct part *table = x_calloc(n_places, sizeof table[0]);
    int32_t next = 1;
    for (int side = 0; side < 2; side++) {
        struct sequence *s = &both[side];
        s->number = x_malloc((s->n + 1) * sizeof s->number[0]);
        s->changed = x_calloc(s->n + 1, sizeof s->changed[0]);
        for (size_t i = 0, begin = 0; i < s->n; begin = s->ends[i++]) {
            const char *bytes = s->text + begin;
            size_t n_bytes = s->ends[i] - begin;
            size_t at = (size_t)XXH3_64bits(bytes, n_bytes) & (n_places - 1);
            while (table[at].number &&
                   (table[at].n != n_bytes || memcmp(table[at].bytes, bytes, n_bytes) != 0))
                at = (at + 1) & (n_places - 1);
            if (!table[at].number)
                table[at] = (struct part){bytes, n_bytes, next++};
            s->number[i] = table[at].number;
        }
    }
    free(table);
}

static void sequence_free(struct sequence *s)
{
    free(s->ends);
    free(s->number);
    free(s->changed);
}

/* ---- the shortest way ------------------------------------------------------------------------ */

/* A part of both sequences: a[x0..x1) against b[y0..y1). */
struct box {
    int32_t x0, x1, y0, y1;
};

struct search {
    const int32_t *a, *b;
    bool *changed_a, *changed_b;
    /* How far along a each diagonal k = x - y was reached, from the box's beginning and, counted
     * from its end, from the end. Index 0 is diagonal 0; they go from -m-1 to n+1. */
    int32_t *reach[2];
    int32_t patience;
    struct box *waiting;
    size_t n_waiting, cap;
};

static void box_push(struct search *s, struct box box)
{
    if (s->n_waiting == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->waiting = x_realloc(s->waiting, s->cap * sizeof s->waiting[0]);
    }
    s->waiting[s->n_waiting++] = box;
}

/* Takes what is the same off both ends. */
static void box_trim(const struct search *s, struct box *x)
{
    while (x->x0 < x->x1 && x->y0 < x->y1 && s->a[x->x0] == s->b[x->y0])
        x->x0++, x->y0++;
    while (x->x0 < x->x1 && x->y0 < x->y1 && s->a[x->x1 - 1] == s->b[x->y1 - 1])
        x->x1--, x->y1--;
}

/* Is the i-th of a the j-th of b, counted from the box's end when `backward`? */
static inline bool same_at(const struct search *s, const struct box *box, bool backward, int32_t i,
                           int32_t j)
{
    return backward ? s->a[box->x1 - 1 - i] == s->b[box->y1 - 1 - j]
                    : s->a[box->x0 + i] == s->b[box->y0 + j];
}

/* Round d of one direction: how far d edits come on each diagonal. When that meets what the other
 * direction (with fewer or as many edits) has reached, true and the diagonal; it is asked for only
 * where `may_meet`. */
static bool advance(const struct search *s, const struct box *box, bool backward, int32_t d,
                    bool may_meet, int32_t *met)
{
    int32_t n = box->x1 - box->x0, m = box->y1 - box->y0, delta = n - m;
    int32_t *far = s->reach[backward];
    const int32_t *other = s->reach[!backward];
    int32_t d_other = backward ? d : d - 1; /* the last round of the other direction */
    int32_t low = d <= m ? -d : -m + ((d - m) & 1), high = d <= n ? d : n - ((d - n) & 1);
    if (d <= m)
        far[-d - 1] = NOWHERE;
    if (d <= n)
        far[d + 1] = NOWHERE;
    for (int32_t k = low; k <= high; k += 2) {
        int32_t x = d ? NOWHERE : 0;
        if (d && far[k - 1] >= 0 && far[k - 1] < n)
            x = far[k - 1] + 1; /* one of a is removed */
        if (d && far[k + 1] >= 0 && far[k + 1] - k <= m && far[k + 1] > x)
            x = far[k + 1]; /* one of b is added */
        while (x >= 0 && x < n && x - k < m && same_at(s, box, backward, x, x - k))
            x++;
        far[k] = x;
        int32_t facing = delta - k;
        if (may_meet && x >= 0 && facing >= -d_other && facing <= d_other && other[facing] >= 0 &&
            x + other[facing] >= n) {
            *met = k;
            return true;
        }
    }
    return false;
}

/* The diagonal that d edits of one direction come farthest on; *sum is how far, in a and b. */
static int32_t farthest(const struct search *s, const struct box *box, bool backward, int32_t d,
                        int32_t *sum)
{
    int32_t n = box->x1 - box->x0, m = box->y1 - box->y0, best = 0;
    const int32_t *far = s->reach[backward];
    *sum = -1;
    for (int32_t k = d <= m ? -d : -m + ((d - m) & 1); k <= d && k <= n; k += 2)
        if (far[k] >= 0 && 2 * far[k] - k > *sum) {
            *sum = 2 * far[k] - k;
            best = k;
        }
    return best;
}

/* A point of a short way through the box, neither its beginning nor its end: *x, *y. Both sides of
 * the box hold something and differ at both ends, so that at least two edits are needed. */
static void find_middle(const struct search *s, const struct box *box, int32_t *x, int32_t *y)
{
    int32_t n = box->x1 - box->x0, m = box->y1 - box->y0, k = 0;
    bool odd = (n - m) & 1, backward = false;
    for (int32_t d = 0;; d++) {
        backward = false;
        if (advance(s, box, false, d, odd, &k))
            break;
        backward = true;
        if (advance(s, box, true, d, !odd, &k))
            break;
        if (d >= s->patience) {
            int32_t ahead, behind;
            k = farthest(s, box, false, d, &ahead);
            int32_t k_behind = farthest(s, box, true, d, &behind);
            backward = behind > ahead;
            k = backward ? k_behind : k;
            break;
        }
    }
    int32_t far = s->reach[backward][k];
    *x = backward ? box->x1 - far : box->x0 + far;
    *y = backward ? box->y1 - (far - k) : box->y0 + (far - k);
}

/* Marks what is not common. */
static void compare(struct sequence *a, struct sequence *b)
{
    size_t n_all = a->n + b->n;
    int32_t *memory = x_malloc(2 * (n_all + 3) * sizeof memory[0]);
    struct search s = {.a = a->number,
                       .b = b->number,
                       .changed_a = a->changed,
                       .changed_b = b->changed,
                       .reach = {memory + b->n + 1, memory + n_all + 3 + b->n + 1}};
    s.patience = n_all < COST_MAX / PATIENCE_MIN ? (int32_t)(COST_MAX / (n_all + 1)) : PATIENCE_MIN;
    box_push(&s, (struct box){0, (int32_t)a->n, 0, (int32_t)b->n});
    while (s.n_waiting > 0) {
        struct box box = s.waiting[--s.n_waiting];
        box_trim(&s, &box);
        if (box.x0 == box.x1 || box.y0 == box.y1) {
            for (int32_t x = box.x0; x < box.x1; x++)
                s.changed_a[x] = true;
            for (int32_t y = box.y0; y < box.y1; y++)
                s.changed_b[y] = true;
            continue;
        }
        int32_t x, y;
        find_middle(&s, &box, &x, &y);
        box_push(&s, (struct box){x, box.x1, y, box.y1});
        box_push(&s, (struct box){box.x0, x, box.y0, y});
    }
    free(s.waiting);
    free(memory);
}

/* ---- runs ------------------------------------------------------------------------------------ */

struct runs {
    struct diff_run *run;
    size_t n, cap;
};

/* Appends n_a bytes of a and n_b of b, which differ in kind or join the last run. */
static void add_run(struct runs *r, enum diff_kind kind, size_t n_a, size_t n_b)
{
    if (n_a + n_b == 0)
        return;
    struct diff_run *last = r->n ? &r->run[r->n - 1] : NULL;
    if (last && last->kind == kind) {
        last->a_end += n_a;
        last->b_end += n_b;
        return;
    }
    size_t a = last ? last->a_end : 0, b = last ? last->b_end : 0;
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->run = x_realloc(r->run, r->cap * sizeof r->run[0]);
    }
    r->run[r->n++] = (struct diff_run){kind, a, a + n_a, b, b + n_b};
}

typedef size_t cut_fn(const char *text, size_t n, size_t **ends);

/* Appends a change: all of a removed, all of b added; or cut further. */
static void add_change(struct runs *r, const char *a, size_t n_a, const char *b, size_t n_b,
                       cut_fn *cut);

/* Cuts both texts, compares the parts and appends the runs; changes are cut with `finer` unless
 * that is NULL. */
static void add_compared(struct runs *r, const char *a, size_t n_a, const char *b, size_t n_b,
                         cut_fn *cut, cut_fn *finer)
{
    struct sequence both[2] = {{.text = a}, {.text = b}};
    both[0].n = cut(a, n_a, &both[0].ends);
    both[1].n = cut(b, n_b, &both[1].ends);
    number_parts(both);
    compare(&both[0], &both[1]);
    size_t i = 0, j = 0, at_a = 0, at_b = 0;
    while (i < both[0].n || j < both[1].n) {
        size_t from_a = at_a, from_b = at_b;
        for (; i < both[0].n && both[0].changed[i]; i++)
            at_a = both[0].ends[i];
        for (; j < both[1].n && both[1].changed[j]; j++)
            at_b = both[1].ends[j];
        add_change(r, a + from_a, at_a - from_a, b + from_b, at_b - from_b, finer);
        from_a = at_a, from_b = at_b;
        for (; i < both[0].n && !both[0].changed[i] && !both[1].changed[j]; i++, j++) {
            at_a = both[0].ends[i];
            at_b = both[1].ends[j];
        }
        add_run(r, DIFF_SAME, at_a - from_a, at_b - from_b);
    }
    sequence_free(&both[0]);
    sequence_free(&both[1]);
}

static void add_change(struct runs *r, const char *a, size_t n_a, const char *b, size_t n_b,
                       cut_fn *cut)
{
    if (cut && n_a && n_b) {
        add_compared(r, a, n_a, b, n_b, cut, NULL);
        return;
    }
    add_run(r, DIFF_REMOVED, n_a, 0);
    add_run(r, DIFF_ADDED, 0, n_b);
}

void diff_texts(const char *a, size_t n_a, const char *b, size_t n_b, struct diff *out)
{
    struct runs r = {0};
    if (n_a == n_b && (n_a == 0 || memcmp(a, b, n_a) == 0))
        add_run(&r, DIFF_SAME, n_a, n_b);
    else if (n_a + n_b > LARGE_BYTES)
        add_compared(&r, a, n_a, b, n_b, find_paragraphs, diff_units);
    else
        add_compared(&r, a, n_a, b, n_b, diff_units, NULL);
    out->runs = r.run;
    out->n_runs = r.n;
}

void diff_free(struct diff *d)
{
    free(d->runs);
    *d = (struct diff){0};
}

/* ---- for the eye ----------------------------------------------------------------------------- */

/* A change with both its sides, or what is the same, while runs are joined. */
struct block {
    bool same;
    size_t a_begin, a_end, b_begin, b_end;
};

/* The larger side: a measure that only compares. */
static size_t block_size(const struct block *x)
{
    size_t removed = x->a_end - x->a_begin, added = x->b_end - x->b_begin;
    return removed > added ? removed : added;
}

/* Joins the last three blocks, change, same, change, while the middle one is less than either. */
static size_t join_last(struct block *block, size_t n, const char *a)
{
    while (n >= 3 && !block[n - 1].same) {
        const struct block *middle = &block[n - 2];
        size_t size = block_size(middle);
        if (size >= block_size(&block[n - 3]) || size >= block_size(&block[n - 1]) ||
            memchr(a + middle->a_begin, '\n', size))
            break;
        block[n - 3].a_end = block[n - 1].a_end;
        block[n - 3].b_end = block[n - 1].b_end;
        n -= 2;
    }
    return n;
}

void diff_tidy(struct diff *d, const char *a)
{
    struct block *block = x_calloc(d->n_runs + 1, sizeof block[0]);
    struct runs r = {0};
    size_t n = 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        const struct diff_run *run = &d->runs[i];
        bool same = run->kind == DIFF_SAME;
        if (!same && n && !block[n - 1].same) { /* the added side of a change */
            block[n - 1].a_end = run->a_end;
            block[n - 1].b_end = run->b_end;
        } else {
            block[n++] = (struct block){same, run->a_begin, run->a_end, run->b_begin, run->b_end};
        }
        bool whole = i + 1 == d->n_runs || d->runs[i + 1].kind == DIFF_SAME;
        if (whole)
            n = join_last(block, n, a);
    }
    for (size_t i = 0; i < n; i++) {
        size_t n_a = block[i].a_end - block[i].a_begin, n_b = block[i].b_end - block[i].b_begin;
        add_run(&r, block[i].same ? DIFF_SAME : DIFF_REMOVED, n_a, block[i].same ? n_b : 0);
        if (!block[i].same)
            add_run(&r, DIFF_ADDED, 0, n_b);
    }
    free(block);
    diff_free(d);
    d->runs = r.run;
    d->n_runs = r.n;
}
