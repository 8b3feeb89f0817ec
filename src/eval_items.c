/* eval_items.c - see eval_items.h. */
#include "config.h"

#include "src/eval_items.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/jsonline.h"

enum { STREAM = 0x63686F69 /* "choi": random numbers of our own */ };

/* ---- memory ---------------------------------------------------------------------------------- */

/* Room for one more behind n things: their number doubles at each power of two. */
static void *room_for_one(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (n & (n - 1)) /* not a power of two, and not 0 */
        return p;
    if (!mul_size(n ? 2 * n : 1, size, &bytes))
        abort();
    return x_realloc(p, bytes);
}

struct eval_item *eval_items_add(struct eval_items *set)
{
    set->items = room_for_one(set->items, set->n, sizeof set->items[0]);
    memset(&set->items[set->n], 0, sizeof set->items[0]);
    return &set->items[set->n++];
}

static void add_field(struct template_field **list, size_t *n, const char *name, const char *value)
{
    *list = room_for_one(*list, *n, sizeof(*list)[0]);
    (*list)[(*n)++] = (struct template_field){x_strdup(name), x_strdup(value)};
}

void eval_item_add_field(struct eval_item *item, const char *name, const char *value)
{
    add_field(&item->fields, &item->n_fields, name, value);
}

static void add_text(char ***list, size_t *n, const char *text)
{
    *list = room_for_one(*list, *n, sizeof(*list)[0]);
    (*list)[(*n)++] = x_strdup(text);
}

void eval_item_add_answer(struct eval_item *item, const char *answer)
{
    add_text(&item->answers, &item->n_answers, answer);
}

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static void free_fields(struct template_field *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i].name);
        free(list[i].value);
    }
    free(list);
}

void eval_items_drop_last(struct eval_items *set)
{
    struct eval_item *item = &set->items[--set->n];
    free_fields(item->fields, item->n_fields);
    free_texts(item->answers, item->n_answers);
    free_texts(item->choices, item->n_choices);
}

void eval_items_free(struct eval_items *set)
{
    while (set->n)
        eval_items_drop_last(set);
    free(set->items);
    *set = (struct eval_items){0};
}

/* ---- reading --------------------------------------------------------------------------------- */

static int texts_of(const struct jsonline *line, const char *key, const json_t *value, char ***list,
                    size_t *n, struct err *err)
{
    const size_t n_values = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < n_values; i++) {
        char *text;
        int rc = jsonline_text(line, key, json_is_array(value) ? json_array_get(value, i) : value,
                               &text, err);
        if (rc)
            return rc;
        if (text)
            add_text(list, n, text);
        free(text);
    }
    return 0;
}

static int take_answer(const char *where, const json_t *answer, struct eval_item *item,
                       struct err *err)
{
    if (json_is_integer(answer)) {
        const json_int_t at = json_integer_value(answer);
        if (at < 0 || (size_t)at >= item->n_choices)
            return err_set(err, E_INPUT, _("%s: \"answer\" is %lld, but the choices are 0 to %zu"),
                           where, (long long)at, item->n_choices - 1);
        item->correct = (size_t)at;
        return 0;
    }
    for (size_t i = 0; json_is_string(answer) && i < item->n_choices; i++) {
        if (strcmp(json_string_value(answer), item->choices[i]) == 0) {
            item->correct = i;
            return 0;
        }
    }
    return err_set(err, E_INPUT,
                   _("%s: \"answer\" must be the place of a choice, counted from 0, or its text"),
                   where);
}

static int take_choices(const struct jsonline *line, struct eval_item *item, struct err *err)
{
    const json_t *choices = json_object_get(line->object, "choices");
    if (!json_is_array(choices) || json_array_size(choices) < 2)
        return err_set(err, E_INPUT, _("%s: \"choices\" must be a list of two texts or more"),
                       line->where);
    int rc = texts_of(line, "choices", choices, &item->choices, &item->n_choices, err);
    if (!rc && item->n_choices != json_array_size(choices))
        rc = err_set(err, E_INPUT, _("%s: one of the choices is null"), line->where);
    if (!rc)
        rc = take_answer(line->where, json_object_get(line->object, "answer"), item, err);
    if (!rc)
        eval_item_add_answer(item, item->choices[item->correct]);
    return rc;
}

struct reading {
    const struct columns *columns;
    struct eval_items set;
};

static int take_value(const struct reading *r, const struct jsonline *line, const char *key,
                      const json_t *value, struct eval_item *item, struct err *err)
{
    const char *variable = columns_variable(r->columns, key);
    const bool has_choices = item->n_choices > 0;
    char *text;
    if (has_choices &&
        (strcmp(key, "choices") == 0 || strcmp(key, "answer") == 0 || template_is_output(variable)))
        return 0;
    if (template_is_output(variable))
        return texts_of(line, key, value, &item->answers, &item->n_answers, err);
    int rc = jsonline_text(line, key, value, &text, err);
    if (!rc && text)
        eval_item_add_field(item, variable, text);
    if (!rc)
        free(text);
    return rc;
}

static int on_item(void *arg, const struct jsonline *line, struct err *err)
{
    struct reading *r = arg;
    struct eval_item *item = eval_items_add(&r->set);
    const char *key;
    json_t *value;
    int rc = json_object_get(line->object, "choices") ? take_choices(line, item, err) : 0;
    item->line = line->number;
    json_object_foreach((json_t *)line->object, key, value)
    {
        if (!rc)
            rc = take_value(r, line, key, value, item, err);
    }
    if (!rc && item->n_answers == 0)
        rc = err_set(err, E_INPUT,
                     _("%s: there is no answer: neither \"output\" nor \"choices\" and \"answer\""),
                     line->where);
    return rc;
}

int eval_items_read(const char *path, const struct columns *columns, struct eval_items *out,
                    struct err *err)
{
    struct reading r = {.columns = columns};
    int rc = jsonline_each(path, on_item, &r, err);
    if (!rc && r.set.n == 0)
        rc = err_set(err, E_INPUT, _("%s: there is nothing in it"), path);
    if (rc)
        eval_items_free(&r.set);
    else
        *out = r.set;
    return rc;
}

int eval_items_read_examples(const char *path, const struct columns *columns, struct template *t,
                             struct err *err)
{
    struct eval_items set = {0};
    int rc = eval_items_read(path, columns, &set, err);
    if (rc)
        return rc;
    while (t->n_examples)
        template_remove_example(t, t->n_examples - 1);
    for (size_t i = 0; i < set.n; i++) {
        struct eval_item *item = &set.items[i];
        struct str source = STR_INIT;
        str_printf(&source, "%s:%lu", path, item->line);
        struct template_example e = {.fields = item->fields,
                                     .n_fields = item->n_fields,
                                     .output = x_strdup(item->answers[0]),
                                     .note = x_strdup(""),
                                     .source = str_take(&source)};
        template_add_example(t, &e);
        item->fields = NULL;
        item->n_fields = 0;
    }
    eval_items_free(&set);
    return template_check(t, path, err);
}

/* ---- choices made of answers ----------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All different answers there are, borrowed, in order of their bytes. */
static const char **all_answers(const struct eval_items *set, const struct template *t, size_t *n)
{
    const char **list = x_malloc((set->n + t->n_examples + 1) * sizeof list[0]);
    size_t n_all = 0;
    for (size_t i = 0; i < set->n; i++)
        list[n_all++] = set->items[i].answers[0];
    for (size_t i = 0; i < t->n_examples; i++)
        list[n_all++] = t->examples[i].output;
    qsort(list, n_all, sizeof list[0], compare_texts);
    *n = 0;
    for (size_t i = 0; i < n_all; i++)
        if (*n == 0 || strcmp(list[*n - 1], list[i]) != 0)
            list[(*n)++] = list[i];
    return list;
}

static bool is_taken(const struct eval_item *item, const char *text)
{
    for (size_t i = 0; i < item->n_answers; i++)
        if (strcmp(item->answers[i], text) == 0)
            return true;
    for (size_t i = 0; i < item->n_choices; i++)
        if (strcmp(item->choices[i], text) == 0)
            return true;
    return false;
}

/* Begins at a drawn place and takes the next that is free, so that it always ends. */
static void add_drawn(struct eval_item *item, const char *const *all, size_t n_all, double u)
{
    size_t at = (size_t)(u * (double)n_all);
    while (is_taken(item, all[at]))
        at = (at + 1) % n_all;
    add_text(&item->choices, &item->n_choices, all[at]);
}

int eval_items_make_choices(struct eval_items *set, const struct template *t, size_t n_choices,
                            uint64_t seed, struct err *err)
{
    size_t n_all, n_most = 0; /* answers of an item without choices */
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].n_choices == 0 && set->items[i].n_answers > n_most)
            n_most = set->items[i].n_answers;
    if (n_most == 0)
        return 0;
    const char **all = all_answers(set, t, &n_all);
    if (n_all < n_most + n_choices - 1) {
        free(all);
        return err_set(err, E_INPUT,
                       _("%s: with %zu different answers in all there are not %zu to choose from"),
                       t->name, n_all, n_choices);
    }
    for (size_t i = 0; i < set->n; i++) {
        struct eval_item *item = &set->items[i];
        if (item->n_choices)
            continue;
        const size_t right = (size_t)(rng_uniform(seed, STREAM, i, 0) * (double)n_choices);
        for (size_t c = 0; c < n_choices; c++) {
            if (c == right)
                add_text(&item->choices, &item->n_choices, item->answers[0]);
            else
                add_drawn(item, all, n_all, rng_uniform(seed, STREAM, i, (uint32_t)c + 1));
        }
        item->correct = right;
    }
    free(all);
    return 0;
}
