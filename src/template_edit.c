/* template_edit.c - see template_edit.h. */
#include "config.h"

#include "src/template_edit.h"

#include <stdio.h>
#include <string.h>

#include "src/ask.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/diff.h"
#include "src/rescue.h"
#include "src/template_text.h"

/* Lines on top that tell what is wrong begin so; they are ours and no part of the text. */
static const char remark[] = "# ";

static void take_remarks_away(struct str *text)
{
    size_t n = 0;
    while (text->len - n >= 2 && memcmp(text->data + n, remark, 2) == 0) {
        const char *newline = memchr(text->data + n, '\n', text->len - n);
        n = newline ? (size_t)(newline - text->data) + 1 : text->len;
    }
    if (n)
        str_remove(text, 0, n);
}

/* What is wrong, on top of the text. */
static void put_remarks(struct str *text, const char *message)
{
    struct str all = STR_INIT;
    str_init(&all, LIMIT_TEMPLATE_BYTES * 2);
    str_printf(&all, "%s%s\n%s%s\n", remark, message, remark,
               _("Put this right and save, or leave it as it is to give up."));
    str_append(&all, str_cstr(text), text->len);
    str_free(text);
    *text = all;
}

/* Given up: the text is not lost. */
static int keep_text(const struct str *text, struct err *err)
{
    struct str path = STR_INIT;
    struct err saving = ERR_INIT;
    char why[sizeof err->msg];
    snprintf(why, sizeof why, "%s", err->msg);
    if (rescue_save(str_cstr(text), text->len, &path, &saving) == 0)
        err_set(err, E_INPUT, _("%s; nothing was changed, what you wrote is in %s"), why,
                str_cstr(&path));
    str_free(&path);
    return E_INPUT;
}

int template_edit(struct template **t,
                  int (*check)(void *ctx, const struct template *t, struct err *err), void *ctx,
                  struct err *err)
{
    struct err own = ERR_INIT;
    struct str text = STR_INIT, before = STR_INIT;
    struct template *read = NULL;
    int rc;
    err = err ? err : &own;
    str_init(&text, LIMIT_TEMPLATE_BYTES * 2);
    template_print(*t, &text);
    for (;;) {
        str_clear(&before);
        str_append(&before, str_cstr(&text), text.len);
        rc = ask_editor(&text, LIMIT_TEMPLATE_BYTES, err);
        if (rc)
            break;
        bool same = text.len == before.len && memcmp(text.data, before.data, text.len) == 0;
        take_remarks_away(&text);
        rc = template_parse((*t)->name, str_cstr(&text), text.len, &read, err);
        if (!rc && check)
            rc = check(ctx, read, err);
        if (!rc) {
            template_free(*t);
            *t = read;
            break;
        }
        template_free(read);
        read = NULL;
        if (same) {
            rc = keep_text(&text, err);
            break;
        }
        put_remarks(&text, err->msg);
    }
    str_free(&text);
    str_free(&before);
    return rc;
}

/* ---- changes --------------------------------------------------------------------------------- */

struct printing {
    struct str *out, line;
    bool changed; /* something in the line differs */
};

static void end_line(struct printing *p)
{
    if (p->changed)
        str_printf(p->out, "%s\n", str_cstr(&p->line));
    str_clear(&p->line);
    p->changed = false;
}

static void print_run(struct printing *p, enum diff_kind kind, const char *s, size_t n)
{
    static const char *const before[] = {"", "[-", "{+"}, *const behind[] = {"", "-]", "+}"};
    while (n) {
        const char *newline = memchr(s, '\n', n);
        size_t m = newline ? (size_t)(newline - s) : n;
        if (m || kind != DIFF_SAME) {
            str_puts(&p->line, before[kind]);
            str_append(&p->line, s, m);
            str_puts(&p->line, behind[kind]);
        }
        p->changed = p->changed || kind != DIFF_SAME;
        if (newline)
            end_line(p);
        s += m + (newline != NULL);
        n -= m + (newline != NULL);
    }
}

void template_changes(const char *before, const char *after, struct str *out)
{
    struct diff d;
    struct printing p = {.out = out, .line = STR_INIT};
    diff_texts(before, strlen(before), after, strlen(after), &d);
    diff_tidy(&d, before);
    for (size_t i = 0; i < d.n_runs; i++) {
        const struct diff_run *r = &d.runs[i];
        if (r->kind == DIFF_ADDED)
            print_run(&p, r->kind, after + r->b_begin, r->b_end - r->b_begin);
        else
            print_run(&p, r->kind, before + r->a_begin, r->a_end - r->a_begin);
    }
    end_line(&p);
    str_free(&p.line);
    diff_free(&d);
}
