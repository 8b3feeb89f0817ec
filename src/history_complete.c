/* history_complete.c - see history_complete.h. */
#include "config.h"

#include "src/history_complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/history_query.h"
#include "src/store_history.h"
#include "src/store_template.h"

struct offers {
    struct ui_candidate *list;
    size_t n, cap;
    const char *prefix;
    size_t n_prefix;
};

static void offer(struct offers *o, const char *before, const char *text, const char *help)
{
    struct str s = STR_INIT;
    bool quoted = strchr(text, ' ') != NULL;
    str_printf(&s, quoted ? "%s\"%s\"" : "%s%s", before, text);
    if (strncmp(str_cstr(&s), o->prefix, o->n_prefix) == 0) {
        if (o->n == o->cap) {
            o->cap = o->cap ? 2 * o->cap : 16;
            o->list = x_realloc(o->list, o->cap * sizeof o->list[0]);
        }
        o->list[o->n++] = (struct ui_candidate){str_take(&s), help ? x_strdup(help) : NULL};
    }
    str_free(&s);
}

static void offer_tags(struct store *store, struct offers *o)
{
    struct history_tag *tags = NULL;
    size_t n = 0;
    if (history_tags(store, &tags, &n, NULL) != 0)
        return;
    for (size_t i = 0; i < n; i++) {
        char help[32];
        snprintf(help, sizeof help, "%lld", (long long)tags[i].n);
        offer(o, "tag:", tags[i].tag, help);
        offer(o, "标签:", tags[i].tag, help);
    }
    history_tags_free(tags, n);
}

static void offer_stories(struct store *store, struct offers *o)
{
    struct store_story_row *rows = NULL;
    size_t n = 0;
    if (store_stories(store, &rows, &n, NULL) != 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].title || !rows[i].title[0])
            continue;
        offer(o, "story:", rows[i].title, rows[i].first_line);
        offer(o, "故事:", rows[i].title, rows[i].first_line);
    }
    store_stories_free(rows, n);
}

static void offer_templates(struct store *store, struct offers *o)
{
    struct store_template_row *rows = NULL;
    size_t n = 0;
    if (store_templates(store, &rows, &n, NULL) != 0)
        return;
    for (size_t i = 0; i < n; i++) {
        offer(o, "template:", rows[i].name, rows[i].about);
        offer(o, "范例:", rows[i].name, rows[i].about);
    }
    store_templates_free(rows, n);
}

size_t history_complete(struct store *store, const char *line, size_t cursor, size_t *start,
                        struct ui_candidate **out)
{
    size_t from = cursor;
    while (from > 0 && line[from - 1] != ' ')
        from--;
    struct offers o = {.prefix = line + from, .n_prefix = cursor - from};
    *start = from;
    *out = NULL;
    if (o.n_prefix == 0)
        return 0;
    if (memchr(o.prefix, ':', o.n_prefix)) {
        offer_tags(store, &o);
        offer_stories(store, &o);
        offer_templates(store, &o);
    } else {
        const char *key, *help;
        for (size_t i = 0; (key = history_query_key(i, false, &help)); i++)
            offer(&o, "", key, help);
        for (size_t i = 0; (key = history_query_key(i, true, &help)); i++)
            offer(&o, "", key, help);
    }
    *out = o.list;
    return o.n;
}
