/* draw.c - see draw.h.
 *
 * The row being built is a buffer of bytes and a list of spans in it. When it is finished its hash
 * is compared with that of the row on the screen; only a different row is erased and painted anew.
 * Display form differs from stored form: joiners and variation selectors are dropped, so that
 * every terminal agrees on the columns, and a cell gets at most four marks (what curses stores).
 */
#include "config.h"

#include "ui/draw.h"

#include <curses.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "ui/term.h"

enum { MAX_MARKS = 4, ZWNJ = 0x200C, ZWJ = 0x200D, VS1 = 0xFE00, VS16 = 0xFE0F };

struct span {
    size_t begin, end; /* bytes of draw.text */
    enum theme_role role;
};

static struct {
    attr_t attrs[N_THEME_ROLES];
    short pair[N_THEME_ROLES];
    uint64_t *shown; /* hash of each row on the screen; 0: unknown */
    bool *drawn;     /* in this frame */
    int rows, columns;
    int y;    /* the row being built, -1: none */
    int used; /* its columns */
    struct str text;
    struct span *spans;
    size_t n_spans, cap_spans;
} draw = {.y = -1};

static attr_t curses_attrs(unsigned attrs)
{
    attr_t a = A_NORMAL;
    if (attrs & THEME_BOLD)
        a |= A_BOLD;
    if (attrs & THEME_REVERSE)
        a |= A_REVERSE;
    if (attrs & THEME_UNDERLINE)
        a |= A_UNDERLINE;
    if (attrs & THEME_DIM)
        a |= A_DIM;
    return a;
}

void draw_open(void)
{
    int colours = 0;
    if (has_colors() && start_color() == OK) {
        use_default_colors();
        colours = COLORS;
    }
    enum theme_depth depth = theme_depth(colours);
    for (int r = 0; r < N_THEME_ROLES; r++) {
        struct theme_style s = theme_style((enum theme_role)r, depth);
        draw.attrs[r] = curses_attrs(s.attrs);
        draw.pair[r] = 0;
        if (s.fg >= 0 || s.bg >= 0) {
            draw.pair[r] = (short)(r + 1);
            init_pair(draw.pair[r], s.fg, s.bg);
        }
    }
    draw_redraw();
}

void draw_close(void)
{
    free(draw.shown);
    free(draw.drawn);
    free(draw.spans);
    draw.shown = NULL;
    draw.drawn = NULL;
    draw.spans = NULL;
    draw.cap_spans = 0;
    draw.rows = draw.columns = 0;
    draw.y = -1;
    str_free(&draw.text);
}

static void forget_rows(void)
{
    for (int y = 0; y < draw.rows; y++)
        draw.shown[y] = 0;
}

void draw_redraw(void)
{
    clearok(curscr, TRUE);
    forget_rows();
}

void draw_begin(int rows, int columns)
{
    if (rows != draw.rows || columns != draw.columns) {
        draw.shown = x_realloc(draw.shown, (size_t)rows * sizeof *draw.shown);
        draw.drawn = x_realloc(draw.drawn, (size_t)rows * sizeof *draw.drawn);
        draw.rows = rows;
        draw.columns = columns;
        werase(stdscr);
        forget_rows();
    }
    memset(draw.drawn, 0, (size_t)rows * sizeof *draw.drawn);
    draw.y = -1;
}

/* ---- a row ------------------------------------------------------------------------------------
 */

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211); /* FNV-1a */
    return h;
}

static uint64_t row_hash(void)
{
    uint64_t h = hash_bytes(UINT64_C(14695981039346656037), draw.text.data, draw.text.len);
    for (size_t i = 0; i < draw.n_spans; i++)
        h = hash_bytes(h, &draw.spans[i], sizeof draw.spans[i]);
    return h == 0 ? 1 : h;
}

/* One cell: a base and its marks. */
static void put_cell(const wchar_t *base, enum theme_role role)
{
    cchar_t cell;
    if (setcchar(&cell, base, draw.attrs[role], draw.pair[role], NULL) == OK)
        wadd_wch(stdscr, &cell);
}

static void paint_span(const struct span *s)
{
    wchar_t cell[MAX_MARKS + 2];
    size_t n_cell = 0;
    const char *p = draw.text.data + s->begin, *end = draw.text.data + s->end;

    while (p < end) {
        uint32_t cp;
        p += utf8_decode(p, (size_t)(end - p), &cp);
        if (uwidth_cp(cp) == 0) {
            if (n_cell > 0 && n_cell <= MAX_MARKS)
                cell[n_cell++] = (wchar_t)cp;
            continue;
        }
        if (n_cell > 0) {
            cell[n_cell] = L'\0';
            put_cell(cell, s->role);
        }
        cell[0] = (wchar_t)cp;
        n_cell = 1;
    }
    if (n_cell > 0) {
        cell[n_cell] = L'\0';
        put_cell(cell, s->role);
    }
}

static void finish_row(void)
{
    if (draw.y < 0)
        return;
    uint64_t h = row_hash();
    int y = draw.y;
    draw.y = -1;
    draw.drawn[y] = true;
    if (draw.shown[y] == h)
        return;
    draw.shown[y] = h;
    wmove(stdscr, y, 0);
    wclrtoeol(stdscr);
    for (size_t i = 0; i < draw.n_spans; i++)
        paint_span(&draw.spans[i]);
}

void draw_row(int y)
{
    finish_row();
    str_clear(&draw.text);
    draw.n_spans = 0;
    draw.used = 0;
    draw.y = y >= 0 && y < draw.rows ? y : -1;
}

int draw_column(void)
{
    return draw.used;
}

static struct span *open_span(enum theme_role role)
{
    if (draw.n_spans > 0 && draw.spans[draw.n_spans - 1].role == role)
        return &draw.spans[draw.n_spans - 1];
    if (draw.n_spans == draw.cap_spans) {
        draw.cap_spans = draw.cap_spans == 0 ? 32 : draw.cap_spans * 2;
        draw.spans = x_realloc(draw.spans, draw.cap_spans * sizeof *draw.spans);
    }
    struct span *s = &draw.spans[draw.n_spans++];
    memset(s, 0, sizeof *s); /* the padding is hashed too */
    s->begin = s->end = draw.text.len;
    s->role = role;
    return s;
}

/* The code point as it is shown: dropped (0), itself, or a stand-in. */
static uint32_t displayed(uint32_t cp)
{
    if (cp == ZWJ || cp == ZWNJ || (cp >= VS1 && cp <= VS16))
        return 0;
    if (cp == '\t')
        return ' ';
    return text_safe_is_plain(cp) && cp != '\n' ? cp : 0xFFFD;
}

int draw_text(enum theme_role role, const char *text, size_t n_bytes, int max_columns)
{
    int room = draw.columns - draw.used, columns = 0;
    if (max_columns > room)
        max_columns = room;
    if (draw.y < 0 || max_columns <= 0)
        return 0;
    struct span *s = open_span(role);
    for (size_t i = 0; i < n_bytes;) {
        uint32_t cp;
        size_t n = utf8_decode(text + i, n_bytes - i, &cp);
        if (n == 0) {
            n = 1;
            cp = 0xFFFD;
        }
        i += n;
        cp = displayed(cp);
        int width = cp == 0 ? 0 : uwidth_cp(cp);
        if (cp == 0 || (width == 0 && columns == 0))
            continue; /* a mark without a base has no cell */
        if (columns + width > max_columns)
            break;
        char bytes[4];
        str_append(&draw.text, bytes, utf8_encode(cp, bytes));
        columns += width;
    }
    s->end = draw.text.len;
    draw.used += columns;
    return columns;
}

int draw_string(enum theme_role role, const char *text, int max_columns)
{
    return draw_text(role, text, strlen(text), max_columns);
}

void draw_fill(enum theme_role role, const char *glyph, int columns)
{
    size_t n = strlen(glyph);
    for (int i = 0; i < columns; i++)
        draw_text(role, glyph, n, 1);
}

void draw_to(enum theme_role role, int column)
{
    draw_fill(role, " ", column - draw.used);
}

size_t draw_end(bool whole, int cursor_y, int cursor_x)
{
    finish_row();
    for (int y = 0; whole && y < draw.rows; y++) {
        if (!draw.drawn[y]) {
            draw_row(y);
            finish_row();
        }
    }
    wmove(stdscr, cursor_y < draw.rows ? cursor_y : draw.rows - 1,
          cursor_x < draw.columns ? cursor_x : draw.columns - 1);
    wnoutrefresh(stdscr);
    doupdate();
    return term_frame();
}

const char *draw_glyph(enum draw_glyph glyph)
{
    static const char *const lines[][2] = {
        [DRAW_HORIZONTAL] = {"─", "-"},  [DRAW_VERTICAL] = {"│", "|"},
        [DRAW_TOP_LEFT] = {"┌", "+"},    [DRAW_TOP_RIGHT] = {"┐", "+"},
        [DRAW_BOTTOM_LEFT] = {"└", "+"}, [DRAW_BOTTOM_RIGHT] = {"┘", "+"},
        [DRAW_BAR] = {"┃", "!"},         [DRAW_THUMB] = {"┃", "#"},
        [DRAW_DOTS] = {"┈", "."},        [DRAW_LEFT] = {"◂", "<"},
        [DRAW_RIGHT] = {"▸", ">"},       [DRAW_DOWN] = {"▼", "v"},
        [DRAW_ELLIPSIS] = {"…", "~"},    [DRAW_TEE_DOWN] = {"┬", "+"},
        [DRAW_TEE_UP] = {"┴", "+"},      [DRAW_TEE_LEFT] = {"┤", "+"},
        [DRAW_TEE_RIGHT] = {"├", "+"},
    };
    return lines[glyph][uwidth_ambiguous() == 2];
}
