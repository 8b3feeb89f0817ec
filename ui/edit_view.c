/* edit_view.c - see edit_view.h.
 *
 * First prompt and line become displayable text, in one pass that notes where the cursor's byte
 * lands; then the text is laid out cluster by cluster. The cursor always stands on a cell: after a
 * row that is exactly full it stands at the beginning of the next one, which is made if need be.
 * Inside a cluster it stands on its beginning. */
#include "config.h"

#include "ui/edit_view.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"

#define TAB_SHOWN "    "

void edit_view_init(struct edit_view *v)
{
    *v = (struct edit_view){0};
}

void edit_view_free(struct edit_view *v)
{
    free(v->text);
    free(v->rows);
    edit_view_init(v);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* Appends the displayable form; newlines stay. Independent of how the bytes are cut into calls, at
 * character borders. */
static void render(struct str *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t begin = i;
        while (i < n && !is_control(s[i]))
            i++;
        text_safe(out, s + begin, i - begin);
        if (i == n)
            break;
        if (s[i] == '\n')
            str_putc(out, '\n');
        else if (s[i] == '\t')
            str_puts(out, TAB_SHOWN);
        else
            str_append(out, (char[]){'^', (char)(s[i] ^ 0x40)}, 2);
        i++;
    }
}

static void push_row(struct edit_view *v, size_t begin, size_t end)
{
    if (v->n_rows == v->cap_rows) {
        v->cap_rows = v->cap_rows ? 2 * v->cap_rows : 8;
        v->rows = x_realloc(v->rows, v->cap_rows * sizeof *v->rows);
    }
    v->rows[v->n_rows++] = (struct edit_row){begin, end};
}

/* The cursor is at byte `at`, in the row that is being made (it begins at `begin`). When that row
 * is full it ends here. Returns the column. */
static int place_cursor(struct edit_view *v, size_t *begin, size_t at, int column, int width)
{
    if (column >= width) {
        push_row(v, *begin, at);
        *begin = at;
        column = 0;
    }
    v->cursor_row = v->n_rows;
    v->cursor_column = column;
    return column;
}

void edit_view_layout(struct edit_view *v, const char *prompt, const char *line, size_t n,
                      size_t point, int width)
{
    struct str out = {v->text, 0, v->cap_text, 0, false};
    point = utf8_floor(line, n, point);
    str_puts(&out, "");
    render(&out, prompt, strlen(prompt));
    v->n_prompt = out.len;
    render(&out, line, point);
    size_t cursor = out.len;
    render(&out, line + point, n - point);
    v->text = out.data;
    v->n_text = out.len;
    v->cap_text = out.cap;

    v->n_rows = 0;
    bool placed = false;
    size_t begin = 0;
    int column = 0;
    for (size_t i = 0; i < v->n_text;) {
        int w;
        size_t len = uwidth_cluster(v->text + i, v->n_text - i, &w);
        bool newline = v->text[i] == '\n';
        if (!newline && i > begin && column + w > width) {
            push_row(v, begin, i);
            begin = i;
            column = 0;
        }
        if (!placed && cursor < i + len) {
            column = place_cursor(v, &begin, i, column, width);
            placed = true;
        }
        i += len;
        column += w;
        if (newline) {
            push_row(v, begin, i - 1);
            begin = i;
            column = 0;
        }
    }
    if (!placed)
        place_cursor(v, &begin, v->n_text, column, width);
    push_row(v, begin, v->n_text);
}

/* The displayed byte at a column of a row: the cluster there, else the end of the row; of a row
 * that goes on in the next one, its last cluster. */
static size_t byte_at_column(const struct edit_view *v, size_t row, int column)
{
    const struct edit_row *r = &v->rows[row];
    bool continued = row + 1 < v->n_rows && v->rows[row + 1].begin == r->end;
    int at = 0;
    for (size_t i = r->begin; i < r->end;) {
        int w;
        size_t len = uwidth_cluster(v->text + i, r->end - i, &w);
        if (column < at + w || (continued && i + len >= r->end))
            return i;
        at += w;
        i += len;
    }
    return r->end;
}

size_t edit_view_locate(const struct edit_view *v, const char *prompt, const char *line, size_t n,
                        int width, size_t row, int column)
{
    (void)width;
    if (row >= v->n_rows)
        return n;
    size_t target = byte_at_column(v, row, column);
    struct str shown = STR_INIT;
    render(&shown, prompt, strlen(prompt));
    size_t at = 0;
    while (at < n) {
        uint32_t cp;
        size_t len = utf8_decode(line + at, n - at, &cp);
        len = len ? len : 1;
        render(&shown, line + at, len);
        if (shown.len > target)
            break;
        at += len;
    }
    str_free(&shown);
    return at;
}
