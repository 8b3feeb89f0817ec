/* complete.c - see complete.h. */
#include "config.h"

#include "ui/complete.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

void complete_free_items(struct ui_candidate *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(items[i].text);
        free(items[i].help);
    }
    free(items);
}

void complete_free(struct completion *c)
{
    complete_free_items(c->items, c->n_items);
    free(c->common);
}

/* Whole characters that all candidates begin with. */
static size_t common_bytes(const struct ui_candidate *items, size_t n_items)
{
    const char *first = items[0].text;
    size_t n = strlen(first);
    for (size_t i = 1; i < n_items; i++) {
        size_t k = 0;
        while (k < n && first[k] == items[i].text[k])
            k++;
        n = k;
    }
    return utf8_floor(first, strlen(first), n);
}

bool complete_ask(const struct ui_host *host, const char *line, size_t n_bytes, size_t cursor,
                  struct completion *out)
{
    struct completion c = {.begin = cursor, .end = cursor};
    if (host->on_complete == NULL)
        return false;
    char *copy = x_strndup(line, n_bytes);
    c.n_items = host->on_complete(host->ctx, copy, cursor, &c.begin, &c.items);
    if (c.begin > cursor)
        c.begin = cursor;
    size_t typed = cursor - c.begin;
    if (c.n_items > 0) {
        size_t n = common_bytes(c.items, c.n_items);
        c.common = n >= typed ? x_strndup(c.items[0].text, n) : x_strndup(copy + c.begin, typed);
        *out = c;
    } else {
        complete_free_items(c.items, 0);
    }
    free(copy);
    return c.n_items > 0;
}
