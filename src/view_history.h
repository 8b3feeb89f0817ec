/* view_history.h - F3: every generation ever made, searched while one types, read, compared. What
 * is done with one of them is in history_acts.h.
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

/* Shows one side of what is selected. */
void view_history_show(struct room *r, enum history_facet facet);
/* The selected generation while the view is open; 0: none. */
store_ref view_history_selected(const struct room *r);
/* A mark of a generation was changed: shows it. */
void view_history_marked(struct room *r, const struct history_record *record);

#endif
