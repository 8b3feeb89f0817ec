/* history_complete.h - completes filters in a search line of the history: their names, tags, titles
 * of stories, names of templates. */
#ifndef XUXIE_SRC_HISTORY_COMPLETE_H
#define XUXIE_SRC_HISTORY_COMPLETE_H

#include <stddef.h>

#include "src/store.h"
#include "ui/ui.h"

/* As struct ui_browser's on_complete. */
size_t history_complete(struct store *store, const char *line, size_t cursor, size_t *start,
                        struct ui_candidate **out);

#endif
