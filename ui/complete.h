/* complete.h - asking the house for candidates, and what they have in common. */
#ifndef XUXIE_UI_COMPLETE_H
#define XUXIE_UI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/ui.h"

struct completion {
    size_t begin, end; /* bytes of the line to be replaced */
    char *common;      /* by this: the longest common start, never shorter than what is there */
    struct ui_candidate *items; /* at least one */
    size_t n_items;
};

/* False, and nothing to free, when there are no candidates. */
bool complete_ask(const struct ui_host *host, const char *line, size_t n_bytes, size_t cursor,
                  struct completion *out);
void complete_free(struct completion *c);
void complete_free_items(struct ui_candidate *items, size_t n);

#endif
