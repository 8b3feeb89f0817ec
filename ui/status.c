/* status.c - see status.h. The parts stand in the order of the screen, each with a rank; while they
 * are too wide together the one with the highest rank goes. The right-hand part is set to the
 * border when there is room to spare. */
#include "config.h"

#include "ui/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/base/uwidth.h"
#include "ui/draw.h"
#include "ui/help.h"

enum { GAP = 2, MAX_PARTS = 8 };

struct part {
    char text[256];
    enum theme_role role;
    int rank; /* who goes first */
    int columns;
    bool right; /* stands at the right border, with those after it */
};

struct parts {
    struct part part[MAX_PARTS];
    size_t n;
};

static void add(struct parts *p, enum theme_role role, int rank, bool right, const char *text)
{
    if (text == NULL || text[0] == '\0' || p->n == MAX_PARTS)
        return;
    struct part *part = &p->part[p->n++];
    size_t n = strlen(text);
    if (n >= sizeof part->text) { /* at a character's border: continuation bytes are 10xxxxxx */
        for (n = sizeof part->text - 1; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
            ;
    }
    memcpy(part->text, text, n);
    part->text[n] = '\0';
    part->role = role;
    part->rank = rank;
    part->right = right;
    part->columns = (int)uwidth_str(part->text, n);
}

/* 1842 as 1,842. */
static void put_number(struct str *out, int value)
{
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%d", value);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
            str_putc(out, ',');
        str_putc(out, digits[i]);
    }
}

static void collect(const struct status_line *s, struct parts *p)
{
    const struct ui_status *st = s->status;
    struct str text = STR_INIT;
    bool working = st->activity != NULL && st->activity[0] != '\0';

    add(p, THEME_STATUS_STRONG, 8, false, _("xuxie"));
    add(p, THEME_STATUS_STRONG, 4, false, s->view != NULL ? s->view : st->story);
    add(p, THEME_STATUS, 3, false, s->about);
    if (s->below > 0) {
        str_printf(&text, P_("%s %zu new line", "%s %zu new lines", s->below),
                   draw_glyph(DRAW_DOWN), s->below);
        add(p, THEME_ACTIVITY, 2, true, str_cstr(&text));
    }
    add(p, THEME_STATUS, 3, true, s->mode);
    add(p, THEME_STATUS, 7, true, st->model);
    if (st->ctx_size > 0) {
        struct str used = STR_INIT, size = STR_INIT;
        put_number(&used, st->ctx_used);
        put_number(&size, st->ctx_size);
        str_clear(&text);
        str_printf(&text, _("context %s/%s"), str_cstr(&used), str_cstr(&size));
        add(p, THEME_STATUS, 6, true, str_cstr(&text));
        str_free(&used);
        str_free(&size);
    }
    add(p, THEME_ACTIVITY, working ? 0 : 5, true, st->activity);
    add(p, st->warning ? THEME_WARNING : THEME_STATUS, st->warning ? 1 : 5, true, st->saved);
    str_free(&text);
}

static int total_columns(const struct parts *p)
{
    int columns = 0;
    for (size_t i = 0; i < p->n; i++)
        columns += p->part[i].columns + (i > 0 ? GAP : 0);
    return columns;
}

static void drop_least(struct parts *p)
{
    size_t least = 0;
    for (size_t i = 1; i < p->n; i++) {
        if (p->part[i].rank > p->part[least].rank)
            least = i;
    }
    p->n--;
    memmove(&p->part[least], &p->part[least + 1], (p->n - least) * sizeof p->part[0]);
}

void status_draw(const struct status_line *s, const struct rect *r)
{
    struct parts p = {.n = 0};
    int margin = r->columns >= 20 ? 1 : 0, room = r->columns - 2 * margin;

    collect(s, &p);
    while (p.n > 1 && total_columns(&p) > room)
        drop_least(&p);
    int spare = room - total_columns(&p);

    draw_row(r->y);
    draw_to(THEME_STATUS, r->x + margin);
    bool moved = false;
    for (size_t i = 0; i < p.n; i++) {
        if (p.part[i].right && !moved) {
            moved = true;
            draw_fill(THEME_STATUS, " ", spare);
        }
        if (i > 0)
            draw_fill(THEME_STATUS, " ", GAP);
        draw_string(p.part[i].role, p.part[i].text, r->x + margin + room - draw_column());
    }
}

static int hint_columns(const struct str *key, const char *label)
{
    return GAP + (int)uwidth_str(str_cstr(key), key->len) + 1 +
           (int)uwidth_str(label, strlen(label));
}

/* As many as fit beside those that must be there: the way back and the help. */
void status_draw_hints(unsigned view, const struct rect *r)
{
    struct str key = STR_INIT;
    const char *label;
    bool must;
    int end = r->x + r->columns, reserved = 0;

    for (size_t i = 0; help_hint(view, i, &key, &label, &must); i++) {
        if (must)
            reserved += hint_columns(&key, label);
        str_clear(&key);
    }
    draw_row(r->y);
    draw_to(THEME_FAINT, r->x);
    for (size_t i = 0; help_hint(view, i, &key, &label, &must); i++) {
        int columns = hint_columns(&key, label);
        if (must)
            reserved -= columns;
        if (must || draw_column() + columns + reserved <= end) {
            draw_fill(THEME_FAINT, " ", draw_column() == r->x ? 1 : GAP);
            draw_string(THEME_KEY, str_cstr(&key), end - draw_column());
            draw_string(THEME_FAINT, " ", end - draw_column());
            draw_string(THEME_FAINT, label, end - draw_column());
        }
        str_clear(&key);
    }
    str_free(&key);
}
