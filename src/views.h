/* views.h - the room's views over the manuscript: History (view_history.h) and Templates
 * (view_template.h). Keys and commands reach whichever is open through these. UI thread. */
#ifndef XUXIE_SRC_VIEWS_H
#define XUXIE_SRC_VIEWS_H

#include <stdbool.h>

#include "src/room.h"
#include "ui/ui.h"

/* A key of the keymap that is none of the writing's: F3, F4 open, and close again; M-a. */
void views_key(struct room *r, enum ui_action action);
/* What a key of the open view does, for the command of the same meaning. False: no view is open, or
 * this one has no such thing. */
bool views_action(struct room *r, enum ui_action action);
bool views_is_open(const struct room *r);
void views_close_all(struct room *r);

/* Work in slices: call with every tick. */
void views_tick(struct room *r, int64_t now_ms);
/* A generation ended, of the turn or of a template: there is something new to be found. */
void views_ended(struct room *r);
void views_free(struct room *r);

#endif
