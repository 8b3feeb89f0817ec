/* examples.c - see examples.h. While something is asked, what is known lies in struct adding, which
 * belongs to the room; a newer one takes its place. */
#include "config.h"

#include "src/examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/query_line.h"
#include "src/template_check.h"
#include "src/templates.h"
#include "src/view_template.h"

struct adding {
    char *input; /* what was asked, as far as it is known */
    char *output, *source;
    struct template_field *fields; /* known ones, by name */
    size_t n_fields;
    char *made_with; /* the template it was made with; NULL: none */
    char **names;    /* of the list to choose from */
    size_t n_names;
    struct library_template to; /* to.t NULL: not chosen yet */
    struct template_example example;
    char *asked; /* the field asked for */
};

void examples_free(struct room *r)
{
    struct adding *a = r->adding;
    if (!a)
        return;
    for (size_t i = 0; i < a->n_names; i++)
        free(a->names[i]);
    free(a->names);
    query_fields_free(a->fields, a->n_fields);
    library_template_free(&a->to);
    template_example_free(&a->example);
    free(a->made_with);
    free(a->input);
    free(a->output);
    free(a->source);
    free(a->asked);
    free(a);
    r->adding = NULL;
}

/* Without blanks and line breaks around it: they are the format's. */
static char *trimmed(const char *s, size_t n)
{
    while (n > 0 && strchr(" \t\r\n", *s)) {
        s++;
        n--;
    }
    while (n > 0 && strchr(" \t\r\n", s[n - 1]))
        n--;
    return x_strndup(s, n);
}

static struct adding *begin(struct room *r)
{
    examples_free(r);
    r->adding = x_calloc(1, sizeof *r->adding);
    return r->adding;
}

/* ---- filling in ------------------------------------------------------------------------------ */

static void add_field(struct template_example *e, const char *name, const char *value)
{
    e->fields = x_realloc(e->fields, (e->n_fields + 1) * sizeof e->fields[0]);
    e->fields[e->n_fields++] = (struct template_field){x_strdup(name), x_strdup(value)};
}

static const char *known(const struct adding *a, const char *name)
{
    for (size_t i = 0; i < a->n_fields; i++)
        if (strcmp(a->fields[i].name, name) == 0)
            return a->fields[i].value;
    return NULL;
}

/* The first field that the format needs and nothing says; what is known is filled in. Malloc'ed,
 * NULL when the example is whole. */
static char *fill_in(struct adding *a)
{
    struct template_needs needs;
    char *missing = NULL;
    template_needs_init(&needs, a->to.t);
    for (size_t i = 0; i < needs.n_names && !missing; i++) {
        const char *value = known(a, needs.names[i]);
        if (template_example_value(&a->example, needs.names[i]))
            continue;
        if (!value && a->input && a->input[0]) {
            add_field(&a->example, needs.names[i], a->input);
            free(a->input);
            a->input = NULL;
        } else if (value) {
            add_field(&a->example, needs.names[i], value);
        } else {
            missing = x_strdup(needs.names[i]);
        }
    }
    template_needs_free(&needs);
    return missing;
}

static void finish(struct room *r)
{
    struct adding *a = r->adding;
    struct template_needs needs;
    struct err err = ERR_INIT;
    template_needs_init(&needs, a->to.t);
    int rc = template_check_example(&needs, &a->example, &err);
    template_needs_free(&needs);
    if (rc != 0) {
        room_say(r, TURN_ERROR, err.msg);
    } else {
        struct str s = STR_INIT;
        template_add_example(a->to.t, &a->example);
        a->example = (struct template_example){0};
        templates_put(r->store, a->to.t, false);
        str_printf(&s, _("Example %zu of %s, version %lld."), a->to.t->n_examples, a->to.t->name,
                   (long long)a->to.number + 1);
        room_say(r, TURN_INFO, str_cstr(&s));
        str_free(&s);
        view_template_reload(r);
    }
    examples_free(r);
}

static void go_on(struct room *r);

static void answered(void *arg, const char *text)
{
    struct room *r = arg;
    struct adding *a = r->adding;
    if (!a || !a->asked)
        return;
    char *name = a->asked;
    a->asked = NULL;
    if (text) {
        add_field(&a->example, name, text);
        go_on(r);
    } else {
        examples_free(r);
    }
    free(name);
}

static void go_on(struct room *r)
{
    struct adding *a = r->adding;
    char *missing = fill_in(a);
    if (!missing) {
        finish(r);
        return;
    }
    struct str question = STR_INIT;
    str_printf(&question, "%s:", missing);
    a->asked = missing;
    r->front->ask_line(r->front->ctx, str_cstr(&question), NULL, answered, r);
    str_free(&question);
}

/* ---- choosing -------------------------------------------------------------------------------- */

static void take(struct room *r, const char *name)
{
    struct adding *a = r->adding;
    struct err err = ERR_INIT;
    view_template_save(r); /* it may be at hand there, with changes */
    if (templates_find(r->store, name, &a->to, &err) != 0) {
        a->to = (struct library_template){0};
        room_say(r, TURN_WARNING, err.msg);
        examples_free(r);
        return;
    }
    if (a->to.template == 0) { /* a file: examples are kept in the library only */
        room_say(r, TURN_WARNING, _("Examples are added to templates of the library."));
        examples_free(r);
        return;
    }
    a->example = (struct template_example){
        .output = a->output, .note = x_strdup(""), .source = a->source ? a->source : x_strdup("")};
    a->output = a->source = NULL;
    go_on(r);
}

static void chosen(void *arg, int index)
{
    struct room *r = arg;
    struct adding *a = r->adding;
    if (!a)
        return;
    if (index >= 0 && (size_t)index < a->n_names)
        take(r, a->names[index]);
    else
        examples_free(r);
}

static void choose(struct room *r)
{
    struct adding *a = r->adding;
    struct store_template_row *rows = NULL;
    struct err err = ERR_INIT;
    size_t n = 0, selected = 0;
    if (store_templates(r->store, &rows, &n, &err) != 0) {
        room_say(r, TURN_ERROR, err.msg);
        examples_free(r);
        return;
    }
    struct front_item *items = x_calloc(n + 1, sizeof items[0]);
    a->names = x_calloc(n + 1, sizeof a->names[0]);
    a->n_names = n;
    for (size_t i = 0; i < n; i++) {
        a->names[i] = x_strdup(rows[i].name);
        items[i] = (struct front_item){rows[i].name, rows[i].about};
        if (a->made_with && strcmp(a->made_with, rows[i].name) == 0)
            selected = i;
    }
    r->front->pick(r->front->ctx, _("An example of which template?"), items, n, selected, chosen,
                   r);
    free(items);
    store_templates_free(rows, n);
}

/* With everything that is known: to the template named, or to one that is chosen. */
static void start(struct room *r, const char *template)
{
    struct err err = ERR_INIT;
    if (!r->store || templates_begin(r->store, &err) != 0 || templates_flush(r->store, &err) != 0) {
        room_say(r, TURN_WARNING,
                 r->store ? err.msg : _("Without the database there are no templates."));
        examples_free(r);
    } else if (template && template[0]) {
        take(r, template);
    } else {
        choose(r);
    }
}

/* ---- what becomes one ------------------------------------------------------------------------ */

void examples_add_passage(struct room *r, const char *template)
{
    const struct node *n = r->story->current;
    char source[64];
    while (n && n->kind == NODE_AUTHOR)
        n = n->parent;
    if (!n || n->kind != NODE_MODEL || n->n_text == 0) {
        room_say(r, TURN_INFO, _("The model has not written anything here yet."));
        return;
    }
    struct adding *a = begin(r);
    const struct node *before = n->parent;
    a->output = trimmed(n->text, n->n_text);
    if (before && before->kind == NODE_AUTHOR)
        a->input = trimmed(before->text, before->n_text);
    if (r->store)
        store_flush(r->store, 1000, NULL); /* gives the passage its number */
    snprintf(source, sizeof source, "passage %lld",
             r->store ? (long long)store_row(r->store, n->ref) : 0LL);
    a->source = x_strdup(source);
    start(r, template);
}

void examples_add_record(struct room *r, const struct history_record *record, const char *template)
{
    struct library_template then = {0};
    char source[64];
    const struct history_part *last =
        record->n_prompt ? &record->prompt[record->n_prompt - 1] : NULL;
    if (record->n_text == 0) {
        room_say(r, TURN_INFO, _("It wrote nothing."));
        return;
    }
    struct adding *a = begin(r);
    a->output = trimmed(record->text, record->n_text);
    snprintf(source, sizeof source, "generation %lld", (long long)record->generation);
    a->source = x_strdup(source);
    if (record->template_version && last &&
        templates_load_version(r->store, record->template_version, &then, NULL) == 0) {
        query_line_recover(then.t, last->text, last->n_text, &a->fields, &a->n_fields);
        library_template_free(&then);
        a->made_with = x_strdup(record->template);
    } else if (last) {
        a->input = trimmed(last->text, last->n_text);
    }
    start(r, template);
}

void examples_add_result(struct room *r, const struct template_run_result *result,
                         struct template *t)
{
    char source[64];
    struct str s = STR_INIT;
    struct template_example e = {.output = trimmed(result->text, result->n_text),
                                 .note = x_strdup("")};
    store_flush(r->store, 1000, NULL);
    snprintf(source, sizeof source, "generation %lld",
             (long long)store_row(r->store, result->generation));
    e.source = x_strdup(source);
    for (size_t i = 0; i < result->n_fields; i++)
        add_field(&e, result->fields[i].name, result->fields[i].value);
    template_add_example(t, &e);
    str_printf(&s, _("Example %zu of %s."), t->n_examples, t->name);
    room_say(r, TURN_INFO, str_cstr(&s));
    str_free(&s);
}
