/* history_acts.h - what is done with one generation: star, tags, note, a file, copy, use again,
 * make an example of it. It is the one selected in the History view; where that is not open, the
 * one of the newest passage. UI thread; what goes wrong is told through the room's front end. */
#ifndef XUXIE_SRC_HISTORY_ACTS_H
#define XUXIE_SRC_HISTORY_ACTS_H

#include "src/room.h"
#include "src/store_history.h"

/* That generation, loaded; NULL (told) when there is none. Freed by the caller with
 * history_record_free. */
struct history_record *history_acts_target(struct room *r);

void history_acts_star(struct room *r);                   /* on, or off again */
void history_acts_tags(struct room *r, const char *tags); /* blanks between: these, no others */
void history_acts_note(struct room *r, const char *note); /* "" removes it */
void history_acts_write(struct room *r, const char *path);
void history_acts_copy(struct room *r);
/* Its prompt into the prompt pane, or its template with the same fields. */
void history_acts_reuse(struct room *r);
/* template: a name, "" or NULL: chosen from a list. */
void history_acts_example(struct room *r, const char *template);

/* The same, asked in the line. */
void history_acts_ask_tags(struct room *r);
void history_acts_ask_note(struct room *r);
void history_acts_ask_path(struct room *r);

#endif
