/* styled.c - see styled.h. */
#include "config.h"

#include "ui/styled.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/uwidth.h"
#include "ui/draw.h"

struct ui_text {
    struct textlog *log;
    bool one_line;
};

struct ui_text *ui_text_new(void)
{
    struct ui_text *t = x_calloc(1, sizeof *t);
    t->log = textlog_new();
    return t;
}

void ui_text_free(struct ui_text *t)
{
    if (t == NULL)
        return;
    textlog_free(t->log);
    free(t);
}

void ui_text_clear(struct ui_text *t)
{
    textlog_clear(t->log);
}

void styled_one_line(struct ui_text *t)
{
    t->one_line = true;
}

const struct textlog *styled_log(const struct ui_text *t)
{
    return t->log;
}

void ui_put(struct ui_text *t, enum ui_style style, const char *text, size_t n)
{
    const char *newline;
    while (t->one_line && n > 0 && (newline = memchr(text, '\n', n)) != NULL) {
        size_t before = (size_t)(newline - text);
        textlog_append(t->log, (int)style, text, before);
        textlog_append(t->log, (int)style, " ", 1);
        text = newline + 1;
        n -= before + 1;
    }
    textlog_append(t->log, (int)style, text, n);
}

void ui_puts(struct ui_text *t, enum ui_style style, const char *text)
{
    ui_put(t, style, text, strlen(text));
}

void ui_printf(struct ui_text *t, enum ui_style style, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&s, fmt, ap);
    va_end(ap);
    ui_put(t, style, str_cstr(&s), s.len);
    str_free(&s);
}

size_t ui_text_length(const struct ui_text *t)
{
    return (size_t)textlog_length(t->log);
}

const char *ui_text_bytes(const struct ui_text *t)
{
    return textlog_original(t->log, 0, textlog_length(t->log));
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

enum theme_role styled_role(enum ui_style style)
{
    static const enum theme_role roles[N_UI_STYLES] = {
        [UI_PLAIN] = THEME_PLAIN,
        [UI_DIM] = THEME_FAINT,
        [UI_STRONG] = THEME_TITLE,
        [UI_MATCH] = THEME_MATCH,
        [UI_BY_AUTHOR] = THEME_AUTHOR,
        [UI_BY_MODEL] = THEME_MODEL,
        [UI_INSTRUCTION] = THEME_INSTRUCTION,
        [UI_EXAMPLE] = THEME_EXAMPLE,
        [UI_QUERY] = THEME_QUERY,
        [UI_ADDED] = THEME_ADDED,
        [UI_REMOVED] = THEME_REMOVED,
        [UI_ALARM] = THEME_WARNING,
    };
    return roles[style];
}

int styled_draw(const struct textlog *log, size_t paragraph, size_t begin, size_t end,
                const enum theme_role *instead, int max_columns)
{
    size_t n;
    const char *text = textlog_paragraph(log, paragraph, &n);
    int used = 0;
    while (begin < end && used < max_columns) {
        size_t to = end;
        int style = textlog_kind(log, paragraph, begin, &to);
        if (to > end || to <= begin)
            to = end;
        enum theme_role role = instead != NULL ? *instead : styled_role((enum ui_style)style);
        bool fits = (int)uwidth_str(text + begin, to - begin) <= max_columns - used;
        used += draw_text(role, text + begin, to - begin, max_columns - used);
        if (!fits)
            break; /* what follows must not take a column that a wide character left free */
        begin = to;
    }
    return used;
}

int styled_columns(const struct ui_text *t)
{
    size_t n;
    const char *text = textlog_paragraph(t->log, 0, &n);
    return (int)uwidth_str(text, n);
}

void styled_draw_line(const struct ui_text *t, const enum theme_role *instead, int max_columns)
{
    const char *ellipsis = draw_glyph(DRAW_ELLIPSIS);
    size_t n;
    textlog_paragraph(t->log, 0, &n);
    bool cut = styled_columns(t) > max_columns;
    styled_draw(t->log, 0, 0, n, instead, cut ? max_columns - 1 : max_columns);
    if (cut)
        draw_string(instead != NULL ? *instead : THEME_FAINT, ellipsis, 1);
}
