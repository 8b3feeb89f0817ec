/* template.c - see template.h: a template's memory, its variables, and whether it is consistent.
 *
 * The checks are in parts (template_check.h), so that the reader of the text form can tell the line
 * of what is wrong; template_check() is all of them.
 */
#include "config.h"

#include "src/template.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/template_format.h"

/* ---- memory ---------------------------------------------------------------------------------- */

struct template *template_new(const char *name)
{
    struct template *t = x_calloc(1, sizeof *t);
    t->name = x_strdup(name);
    t->about = x_strdup("");
    t->mode = TEMPLATE_FEW;
    t->k = SHOTS_FIT;
    t->instruction = x_strdup("");
    t->example_format = x_strdup("");
    t->separator = x_strdup("\n\n");
    return t;
}

void template_example_free(struct template_example *e)
{
    for (size_t i = 0; i < e->n_fields; i++) {
        free(e->fields[i].name);
        free(e->fields[i].value);
    }
    for (size_t i = 0; i < e->n_tags; i++)
        free(e->tags[i]);
    free(e->fields);
    free(e->tags);
    free(e->output);
    free(e->note);
    free(e->source);
    memset(e, 0, sizeof *e);
}

void template_free(struct template *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_examples; i++)
        template_example_free(&t->examples[i]);
    for (size_t i = 0; i < t->n_stops; i++)
        free(t->stops[i]);
    for (size_t i = 0; i < t->n_settings; i++) {
        free(t->settings[i].name);
        free(t->settings[i].value);
    }
    for (size_t i = 0; i < t->n_vars; i++) {
        free(t->vars[i].name);
        free(t->vars[i].def);
    }
    free(t->examples);
    free(t->stops);
    free(t->settings);
    free(t->vars);
    free(t->name);
    free(t->about);
    free(t->select_tag);
    free(t->instruction);
    free(t->example_format);
    free(t->query_format);
    free(t->separator);
    free(t);
}

static char *copy_or_null(const char *s)
{
    return s ? x_strdup(s) : NULL;
}

static struct template_example copy_example(const struct template_example *e)
{
    struct template_example c = {
        .fields = e->n_fields ? x_calloc(e->n_fields, sizeof c.fields[0]) : NULL,
        .n_fields = e->n_fields,
        .output = copy_or_null(e->output),
        .tags = e->n_tags ? x_calloc(e->n_tags, sizeof c.tags[0]) : NULL,
        .n_tags = e->n_tags,
        .note = copy_or_null(e->note),
        .source = copy_or_null(e->source),
        .off = e->off,
    };
    for (size_t i = 0; i < e->n_fields; i++)
        c.fields[i] =
            (struct template_field){x_strdup(e->fields[i].name), x_strdup(e->fields[i].value)};
    for (size_t i = 0; i < e->n_tags; i++)
        c.tags[i] = x_strdup(e->tags[i]);
    return c;
}

struct template *template_copy(const struct template *t)
{
    struct template *c = x_calloc(1, sizeof *c);
    *c = (struct template){
        .name = x_strdup(t->name),
        .about = x_strdup(t->about),
        .mode = t->mode,
        .k = t->k,
        .select = t->select,
        .select_tag = copy_or_null(t->select_tag),
        .instruction = x_strdup(t->instruction),
        .example_format = x_strdup(t->example_format),
        .query_format = copy_or_null(t->query_format),
        .separator = x_strdup(t->separator),
        .stops = t->n_stops ? x_calloc(t->n_stops, sizeof c->stops[0]) : NULL,
        .n_stops = t->n_stops,
        .settings = t->n_settings ? x_calloc(t->n_settings, sizeof c->settings[0]) : NULL,
        .n_settings = t->n_settings,
        .vars = t->n_vars ? x_calloc(t->n_vars, sizeof c->vars[0]) : NULL,
        .n_vars = t->n_vars,
        .examples = t->n_examples ? x_calloc(t->n_examples, sizeof c->examples[0]) : NULL,
        .n_examples = t->n_examples,
        .cap_examples = t->n_examples,
    };
    for (size_t i = 0; i < t->n_stops; i++)
        c->stops[i] = x_strdup(t->stops[i]);
    for (size_t i = 0; i < t->n_settings; i++)
        c->settings[i] = (struct template_setting){x_strdup(t->settings[i].name),
                                                   x_strdup(t->settings[i].value)};
    for (size_t i = 0; i < t->n_vars; i++)
        c->vars[i] = (struct template_var){x_strdup(t->vars[i].name), copy_or_null(t->vars[i].def)};
    for (size_t i = 0; i < t->n_examples; i++)
        c->examples[i] = copy_example(&t->examples[i]);
    return c;
}

/* ---- examples -------------------------------------------------------------------------------- */

bool template_is_output(const char *name)
{
    return strcmp(name, "output") == 0 || strcmp(name, "输出") == 0;
}

const char *template_example_value(const struct template_example *e, const char *name)
{
    if (template_is_output(name))
        return e->output;
    for (size_t i = 0; i < e->n_fields; i++)
        if (strcmp(e->fields[i].name, name) == 0)
            return e->fields[i].value;
    return NULL;
}

struct template_example *template_add_example(struct template *t, struct template_example *e)
{
    if (t->n_examples == t->cap_examples) {
        t->cap_examples = t->cap_examples ? 2 * t->cap_examples : 16;
        t->examples = x_realloc(t->examples, t->cap_examples * sizeof t->examples[0]);
    }
    struct template_example *added = &t->examples[t->n_examples++];
    *added = *e;
    memset(e, 0, sizeof *e);
    if (!added->output)
        added->output = x_strdup("");
    if (!added->note)
        added->note = x_strdup("");
    if (!added->source)
        added->source = x_strdup("");
    return added;
}

void template_remove_example(struct template *t, size_t i)
{
    template_example_free(&t->examples[i]);
    memmove(&t->examples[i], &t->examples[i + 1], (t->n_examples - i - 1) * sizeof t->examples[0]);
    t->n_examples--;
}

void template_move_example(struct template *t, size_t from, size_t to)
{
    struct template_example moved = t->examples[from];
    if (from < to)
        memmove(&t->examples[from], &t->examples[from + 1], (to - from) * sizeof moved);
    else
        memmove(&t->examples[to + 1], &t->examples[to], (from - to) * sizeof moved);
    t->examples[to] = moved;
}

/* ---- variables ------------------------------------------------------------------------------- */

size_t template_query_vars(const struct template *t, const char ***out)
{
    return format_names(t->query_format ? t->query_format : t->example_format, true, out);
}
