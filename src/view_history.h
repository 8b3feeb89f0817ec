/* view_history.h - F3: every generation ever made, searched while one types, read, marked, compared,
 * used again. What it does is also done by commands, on the row that is selected; where the view is
 * not open, on the generation of the newest passage.
 *
 * UI thread. A failure is told through the room's front end.
 */
#ifndef XUXIE_SRC_VIEW_HISTORY_H
#define XUXIE_SRC_VIEW_HISTORY_H

#include "src/history_page.h"
#include "src/room.h"

struct history_view;

/* Opens it with a search line; NULL: with the one it was left with. */
void view_history_open(struct room *r, const char *line);
bool view_history_is_open(const struct room *r);
bool view_history_action(struct room *r, enum ui_action action);
void view_history_tick(struct room *r, int64_t now_ms);
void view_history_ended(struct room *r);
void view_history_free(struct room *r);

/* For commands; each acts on what is selected. */
void view_history_show(struct room *r, enum history_facet facet);
void view_history_star(struct room *r);
void view_history_tags(struct room *r, const char *tags); /* blank-separated: these and no others */
void view_history_note(struct room *r, const char *note);
void view_history_export(struct room *r, const char *path);

/* The generation the commands act on, loaded; NULL (told) when there is none. Freed by the caller
 * with history_record_free. */
struct history_record *view_history_target(struct room *r);

#endif
