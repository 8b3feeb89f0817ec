/* view_template_edit.c - see view_template_edit.h. One text is edited at a time; what is known of
 * it lies in struct editing, which belongs to the room. */
#include "config.h"

#include "src/view_template_edit.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/template_check.h"
#include "src/template_text.h"
#include "src/templates.h"
#include "src/view_template.h"

#define REASON "!! " /* a line at the head of the file that begins so is ours */

enum editing_what { EDIT_WHOLE, EDIT_NEW, EDIT_EXAMPLE };

struct editing {
    enum editing_what what;
    char *name;     /* the template's, as it was */
    size_t example; /* SIZE_MAX: a new one */
    char *before;   /* the text as it was given */
};

void view_template_edit_free(struct room *r)
{
    if (!r->editing)
        return;
    free(r->editing->name);
    free(r->editing->before);
    free(r->editing);
    r->editing = NULL;
}

static void on_edited(void *arg, const char *text, size_t n);

static void start(struct room *r, const char *text, size_t n)
{
    struct err err = ERR_INIT;
    if (r->front->edit_text(r->front->ctx, text, n, ".txt", on_edited, r, &err) != 0) {
        room_say(r, TURN_ERROR, err.msg);
        view_template_edit_free(r);
    }
}

static void open_editor(struct room *r, enum editing_what what, const char *name, size_t example,
                        const struct str *text)
{
    if (r->editing) {
        room_say(r, TURN_WARNING, _("The editor has another text open."));
        return;
    }
    r->editing = x_calloc(1, sizeof *r->editing);
    *r->editing = (struct editing){what, x_strdup(name), example, x_strdup(str_cstr(text))};
    start(r, str_cstr(text), text->len);
}

void view_template_edit_whole(struct room *r, const struct template *t)
{
    struct str text = STR_INIT;
    template_print(t, &text);
    open_editor(r, EDIT_WHOLE, t->name, SIZE_MAX, &text);
    str_free(&text);
}

void view_template_edit_new(struct room *r, const char *name)
{
    struct template *t = template_new(name);
    struct str text = STR_INIT;
    free(t->example_format);
    free(t->instruction);
    free(t->separator);
    t->instruction = x_strdup(_("Say here what is to be done."));
    t->example_format = x_strdup(_("Input: {{input}}\nOutput: {{output}}"));
    t->separator = x_strdup("\n\n");
    t->mode = TEMPLATE_FEW;
    t->k = SHOTS_FIT;
    template_print(t, &text);
    open_editor(r, EDIT_NEW, name, SIZE_MAX, &text);
    str_free(&text);
    template_free(t);
}

/* An example with every field the template's format names, empty. */
static void print_empty(const struct template *t, struct str *out)
{
    struct template_example e = {
        .output = x_strdup(""), .note = x_strdup(""), .source = x_strdup("")};
    struct template_needs needs;
    template_needs_init(&needs, t);
    e.fields = x_calloc(needs.n_names + 1, sizeof e.fields[0]);
    for (size_t i = 0; i < needs.n_names; i++)
        if (!template_is_output(needs.names[i]))
            e.fields[e.n_fields++] =
                (struct template_field){x_strdup(needs.names[i]), x_strdup("")};
    template_print_example(&e, out);
    template_needs_free(&needs);
    template_example_free(&e);
}

void view_template_edit_example(struct room *r, const struct template *t, size_t i)
{
    struct str text = STR_INIT;
    if (i == SIZE_MAX)
        print_empty(t, &text);
    else
        template_print_example(&t->examples[i], &text);
    open_editor(r, EDIT_EXAMPLE, t->name, i, &text);
    str_free(&text);
}

/* ---- what comes back ------------------------------------------------------------------------- */

static int take_template(struct room *r, const char *text, size_t n, struct err *err)
{
    struct editing *e = r->editing;
    struct template *t = NULL;
    int rc = template_parse(e->name, text, n, &t, err);
    if (rc != 0)
        return rc;
    if (e->what == EDIT_WHOLE && strcmp(t->name, e->name) != 0) {
        if (store_find_template(r->store, t->name)) {
            template_free(t);
            return err_set(err, E_INPUT, _("Another template has that name."));
        }
        store_ref ref = store_find_template(r->store, e->name);
        if (ref)
            store_rename_template(r->store, ref, t->name);
    }
    templates_put(r->store, t, false);
    char *name = x_strdup(t->name);
    template_free(t);
    view_template_reload(r);
    view_template_open(r, name);
    free(name);
    return 0;
}

static int take_example(struct room *r, const char *text, size_t n, struct err *err)
{
    struct editing *e = r->editing;
    struct template *t = view_template_working(r);
    struct template_example example;
    struct template_needs needs;
    if (!t || strcmp(t->name, e->name) != 0)
        return 0; /* it was left meanwhile */
    int rc = template_parse_example(e->name, text, n, &example, err);
    if (rc != 0)
        return rc;
    template_needs_init(&needs, t);
    rc = template_check_example(&needs, &example, err);
    template_needs_free(&needs);
    if (rc != 0) {
        template_example_free(&example);
        return rc;
    }
    if (e->example < t->n_examples) {
        template_example_free(&t->examples[e->example]);
        t->examples[e->example] = example;
    } else {
        template_add_example(t, &example);
    }
    view_template_touched(r, true);
    return 0;
}

/* The text without our lines at its head. */
static const char *without_reason(const char *text)
{
    while (strncmp(text, REASON, strlen(REASON)) == 0) {
        const char *newline = strchr(text, '\n');
        text = newline ? newline + 1 : text + strlen(text);
    }
    return text;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void on_edited(void *arg, const char *all, size_t n_all)
{
    struct room *r = arg;
    struct err err = ERR_INIT;
    struct editing *e = r->editing;
    if (!e)
        return;
    if (!all) { /* told already */
        view_template_edit_free(r);
        return;
    }
    const char *text = without_reason(all);
    size_t n = n_all - (size_t)(text - all);
    int rc = 0;
    if (is_blank(text))
        room_say(r, TURN_INFO, _("Given up; nothing was changed."));
    else if (e->what == EDIT_WHOLE && strcmp(text, e->before) == 0)
        room_say(r, TURN_INFO, _("Nothing was changed."));
    else
        rc = e->what == EDIT_EXAMPLE ? take_example(r, text, n, &err)
                                     : take_template(r, text, n, &err);
    if (rc == 0) {
        view_template_edit_free(r);
        return;
    }
    struct str again = STR_INIT;
    str_printf(&again, REASON "%s\n", err.msg);
    str_printf(&again, REASON "%s\n", _("(an empty file gives up)"));
    str_append(&again, text, n);
    start(r, str_cstr(&again), again.len);
    str_free(&again);
}
