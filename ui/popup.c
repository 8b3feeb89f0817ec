/* popup.c - see popup.h. A page is wrapped to the width it is drawn with, and again only when that
 * changes. Both kinds scroll by `top`; a list keeps its selected row in sight. */
#include "config.h"

#include "ui/popup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "ui/draw.h"
#include "ui/keymap.h"
#include "ui/line.h"
#include "ui/wrap.h"

enum { MAX_LABEL_COLUMNS = 40 };

struct line {
    size_t begin, end; /* bytes of popup.text */
};

struct popup {
    char *title;
    bool is_list, completion;
    /* list */
    char **label, **help;
    size_t n_items, selected;
    int label_columns;
    /* page */
    struct str text;
    struct line *lines;
    size_t n_lines, cap_lines;
    int wrapped_columns;
    /* both */
    size_t top;
    int height, first_y; /* as last drawn */
    bool searching;      /* the search text is being typed */
    struct str search;
    size_t found; /* line of the last match; SIZE_MAX: none */
};

static struct popup *popup_new(const char *title)
{
    struct popup *p = x_calloc(1, sizeof *p);
    p->title = line_copy(title);
    p->found = SIZE_MAX;
    p->height = 1;
    return p;
}

struct popup *popup_list(const char *title, const struct ui_candidate *items, size_t n,
                         size_t selected, bool completion)
{
    struct popup *p = popup_new(title);
    p->is_list = true;
    p->completion = completion;
    p->n_items = n;
    p->selected = selected < n ? selected : 0;
    p->label = x_calloc(n + 1, sizeof *p->label);
    p->help = x_calloc(n + 1, sizeof *p->help);
    for (size_t i = 0; i < n; i++) {
        p->label[i] = line_copy(items[i].text);
        p->help[i] = line_copy(items[i].help != NULL ? items[i].help : "");
        size_t w = uwidth_str(p->label[i], strlen(p->label[i]));
        if (w > MAX_LABEL_COLUMNS)
            w = MAX_LABEL_COLUMNS;
        if ((int)w > p->label_columns)
            p->label_columns = (int)w;
    }
    return p;
}

struct popup *popup_text(const char *title, const char *text, size_t n_bytes)
{
    struct popup *p = popup_new(title);
    text_safe(&p->text, text, n_bytes);
    return p;
}

void popup_free(struct popup *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n_items; i++) {
        free(p->label[i]);
        free(p->help[i]);
    }
    free(p->label);
    free(p->help);
    free(p->title);
    free(p->lines);
    str_free(&p->text);
    str_free(&p->search);
    free(p);
}

size_t popup_selected(const struct popup *p)
{
    return p->selected;
}

/* ---- moving -----------------------------------------------------------------------------------
 */

static size_t count(const struct popup *p)
{
    return p->is_list ? p->n_items : p->n_lines;
}

static size_t moved(size_t at, long by, size_t n)
{
    if (by < 0)
        return at > (size_t)-by ? at - (size_t)-by : 0;
    at += (size_t)by;
    return n == 0 ? 0 : at < n ? at : n - 1;
}

static void keep_in_sight(struct popup *p)
{
    size_t height = (size_t)p->height, n = count(p), last = n > height ? n - height : 0;
    if (p->is_list && p->selected < p->top)
        p->top = p->selected;
    if (p->is_list && p->selected >= p->top + height)
        p->top = p->selected - height + 1;
    if (p->top > last)
        p->top = last;
}

static void go(struct popup *p, long by)
{
    if (p->is_list)
        p->selected = moved(p->selected, by, p->n_items);
    else
        p->top = moved(p->top, by, p->n_lines);
    keep_in_sight(p);
}

void popup_scroll(struct popup *p, int rows)
{
    go(p, rows);
}

enum popup_result popup_click(struct popup *p, int y)
{
    size_t row = p->top + (size_t)(y - p->first_y);
    if (!p->is_list || y < p->first_y || y >= p->first_y + p->height || row >= p->n_items)
        return POPUP_KEEP;
    p->selected = row;
    return POPUP_CHOSEN;
}

/* ---- searching --------------------------------------------------------------------------------
 */

/* The first place of `needle` in the line, letters of ASCII in either case. */
static const char *find_in(const char *line, size_t n, const struct str *needle)
{
    for (size_t i = 0; needle->len > 0 && i + needle->len <= n; i++) {
        if (strncasecmp(line + i, needle->data, needle->len) == 0)
            return line + i;
    }
    return NULL;
}

static bool line_matches(const struct popup *p, size_t i)
{
    if (p->is_list)
        return find_in(p->label[i], strlen(p->label[i]), &p->search) != NULL;
    const struct line *l = &p->lines[i];
    return find_in(p->text.data + l->begin, l->end - l->begin, &p->search) != NULL;
}

/* The next match after (or before) `from`, all around. */
static void search(struct popup *p, size_t from, bool forward)
{
    size_t n = count(p);
    for (size_t k = 1; k <= n; k++) {
        size_t i = forward ? (from + k) % n : (from + n - k) % n;
        if (!line_matches(p, i))
            continue;
        p->found = i;
        if (p->is_list)
            p->selected = i;
        else
            p->top = i > (size_t)p->height / 3 ? i - (size_t)p->height / 3 : 0;
        keep_in_sight(p);
        return;
    }
    p->found = SIZE_MAX;
}

static void search_again(struct popup *p, bool forward)
{
    size_t n = count(p);
    if (n == 0 || p->search.len == 0)
        return;
    search(p, p->found != SIZE_MAX ? p->found : p->top == 0 ? n - 1 : p->top - 1, forward);
}

static enum popup_result search_event(struct popup *p, const struct input_event *ev, uint32_t code,
                                      unsigned mods)
{
    bool backspace = code == 0x7F || (mods == MOD_CTRL && code == 'h');
    if (code == KEYCODE_ESCAPE || (backspace && p->search.len == 0)) {
        p->searching = false;
        str_clear(&p->search);
    } else if (mods == MOD_CTRL && (code == 'm' || code == 'j')) {
        p->searching = false;
        search_again(p, true);
    } else if (backspace) {
        str_truncate(&p->search, utf8_floor(p->search.data, p->search.len, p->search.len - 1));
    } else if (ev->kind == INPUT_TEXT) {
        text_safe(&p->search, ev->bytes, ev->n_bytes);
    }
    return POPUP_KEEP;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static bool move_by_key(struct popup *p, uint32_t code, unsigned mods)
{
    long page = p->height > 2 ? p->height - 1 : 1, far = (long)count(p);
    if (mods != 0)
        return false;
    switch (code) {
    case KEYCODE_UP: go(p, -1); return true;
    case KEYCODE_DOWN: go(p, 1); return true;
    case KEYCODE_PAGE_UP: go(p, -page); return true;
    case KEYCODE_PAGE_DOWN: go(p, page); return true;
    case KEYCODE_HOME: go(p, -far); return true;
    case KEYCODE_END: go(p, far); return true;
    default: return false;
    }
}

static void walk(struct popup *p, bool forward)
{
    if (p->n_items > 0)
        p->selected = (p->selected + (forward ? 1 : p->n_items - 1)) % p->n_items;
    keep_in_sight(p);
}

static enum popup_result page_key(struct popup *p, uint32_t code, unsigned mods)
{
    bool enter = mods == MOD_CTRL && code == 'm';
    if (mods != 0 && !enter)
        return POPUP_KEEP;
    if (code == '/') {
        p->searching = true;
        str_clear(&p->search);
    } else if (code == 'n' || code == 'N') {
        search_again(p, code == 'n');
    } else if (code == ' ' && !p->is_list) {
        go(p, p->height);
    } else if (enter && p->is_list) {
        return p->n_items > 0 ? POPUP_CHOSEN : POPUP_CLOSE;
    } else if (code == 'q' || enter) {
        return POPUP_CLOSE;
    }
    return POPUP_KEEP;
}

enum popup_result popup_event(struct popup *p, const struct input_event *ev)
{
    uint32_t code = 0;
    unsigned mods = 0;
    bool key = keymap_chord(ev, &code, &mods);

    if (p->searching)
        return search_event(p, ev, code, mods);
    if (key && code == KEYCODE_ESCAPE)
        return POPUP_CLOSE;
    if (key && move_by_key(p, code, mods))
        return POPUP_KEEP;
    if (!p->completion)
        return key ? page_key(p, code, mods) : POPUP_KEEP;
    if (key && mods == MOD_CTRL && code == 'i') {
        walk(p, true);
        return POPUP_KEEP;
    }
    if (key && code == KEYCODE_BACKTAB) {
        walk(p, false);
        return POPUP_KEEP;
    }
    return key && mods == MOD_CTRL && code == 'm' ? POPUP_CHOSEN : POPUP_PASS;
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static void add_line(struct popup *p, size_t begin, size_t end)
{
    if (p->n_lines == p->cap_lines) {
        p->cap_lines = p->cap_lines == 0 ? 64 : p->cap_lines * 2;
        p->lines = x_realloc(p->lines, p->cap_lines * sizeof *p->lines);
    }
    p->lines[p->n_lines++] = (struct line){begin, end};
}

static void wrap_page(struct popup *p, int columns)
{
    if (p->is_list || columns == p->wrapped_columns)
        return;
    struct wrap w;
    wrap_init(&w);
    p->n_lines = 0;
    p->wrapped_columns = columns;
    for (size_t at = 0; at <= p->text.len;) {
        const char *start = str_cstr(&p->text) + at;
        const char *newline = memchr(start, '\n', p->text.len - at);
        size_t n = newline != NULL ? (size_t)(newline - start) : p->text.len - at;
        if (n == 0 && newline == NULL && at > 0)
            break; /* the last newline ends a line, it does not begin one */
        wrap_paragraph(&w, start, n, columns);
        for (size_t i = 0; i < w.n_rows; i++)
            add_line(p, at + w.rows[i].begin, at + w.rows[i].end);
        at += n + 1;
    }
    wrap_free(&w);
}

static void draw_item(const struct popup *p, size_t i, int columns)
{
    enum theme_role role = i == p->selected ? THEME_SELECTED : THEME_PLAIN;
    int start = draw_column(), end = start + columns;
    draw_to(role, start + 1 < end ? start + 1 : end);
    draw_string(role, p->label[i], end - draw_column());
    if (p->help[i][0] != '\0' && start + p->label_columns + 4 < end) {
        draw_to(role, start + p->label_columns + 3);
        draw_string(i == p->selected ? role : THEME_FAINT, p->help[i], end - draw_column());
    }
    draw_to(role, end);
}

static void draw_line(const struct popup *p, size_t i, int columns)
{
    const struct line *l = &p->lines[i];
    const char *s = p->text.data + l->begin, *end = p->text.data + l->end, *hit;
    int until = draw_column() + columns;
    while (!p->searching && (hit = find_in(s, (size_t)(end - s), &p->search)) != NULL) {
        draw_text(THEME_PLAIN, s, (size_t)(hit - s), until - draw_column());
        draw_text(THEME_MATCH, hit, p->search.len, until - draw_column());
        s = hit + p->search.len;
    }
    draw_text(THEME_PLAIN, s, (size_t)(end - s), until - draw_column());
}

static void draw_border(const struct rect *r, bool top, const char *text)
{
    int end = r->x + r->columns - 1;
    draw_to(THEME_PLAIN, r->x);
    draw_string(THEME_FRAME, draw_glyph(top ? DRAW_TOP_LEFT : DRAW_BOTTOM_LEFT), 1);
    draw_string(THEME_FRAME, " ", end - draw_column());
    draw_string(top ? THEME_TITLE : THEME_FAINT, text, end - draw_column() - 1);
    draw_string(THEME_FRAME, " ", end - draw_column());
    draw_fill(THEME_FRAME, draw_glyph(DRAW_HORIZONTAL), end - draw_column());
    draw_string(THEME_FRAME, draw_glyph(top ? DRAW_TOP_RIGHT : DRAW_BOTTOM_RIGHT), 1);
}

static void draw_footer(const struct popup *p, const struct rect *r)
{
    struct str s = STR_INIT;
    if (p->searching)
        str_printf(&s, "/%s", str_cstr(&p->search));
    else if (p->search.len > 0 && p->found == SIZE_MAX)
        str_puts(&s, _("not found"));
    else if (p->completion)
        str_puts(&s, _("TAB next  Enter choose  Esc close"));
    else if (p->is_list)
        str_puts(&s, _("Enter choose  / search  Esc close"));
    else
        str_puts(&s, _("PageUp PageDown scroll  / search  n next  Esc close"));
    draw_border(r, false, str_cstr(&s));
    str_free(&s);
}

int popup_rows(const struct popup *p, int rows)
{
    return p->is_list && p->n_items + 2 < (size_t)rows ? (int)p->n_items + 2 : rows;
}

void popup_draw(struct popup *p, const struct rect *r, int *cursor_y, int *cursor_x)
{
    bool framed = r->rows >= 3 && r->columns >= 6;
    int first = r->y + framed, rows = r->rows - 2 * framed, columns = r->columns - 4 * framed;

    p->height = rows > 0 ? rows : 1;
    p->first_y = first;
    wrap_page(p, columns > 0 ? columns : 1);
    keep_in_sight(p);
    *cursor_y = p->searching && framed ? r->y + r->rows - 1 : first + (int)(p->selected - p->top);
    *cursor_x = r->x + 2 * framed;
    if (!p->is_list && !p->searching)
        *cursor_y = first;

    if (framed) {
        draw_row(r->y);
        draw_border(r, true, p->title);
    }
    for (int y = first; y < first + rows; y++) {
        size_t i = p->top + (size_t)(y - first);
        draw_row(y);
        draw_to(THEME_PLAIN, r->x);
        if (framed) {
            draw_string(THEME_FRAME, draw_glyph(DRAW_VERTICAL), 1);
            draw_string(THEME_PLAIN, " ", 1);
        }
        if (i < count(p))
            p->is_list ? draw_item(p, i, columns) : draw_line(p, i, columns);
        if (framed) {
            draw_to(THEME_PLAIN, r->x + r->columns - 1);
            draw_string(THEME_FRAME, draw_glyph(DRAW_VERTICAL), 1);
        }
    }
    if (framed) {
        draw_row(r->y + r->rows - 1);
        draw_footer(p, r);
        if (p->searching)
            *cursor_x += 1 + (int)uwidth_str(str_cstr(&p->search), p->search.len);
    }
}
