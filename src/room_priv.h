/* room_priv.h - what the files of the room (room.c, room_story.c, room_model.c) have of each other.
 */
#ifndef XUXIE_SRC_ROOM_PRIV_H
#define XUXIE_SRC_ROOM_PRIV_H

#include "src/room.h"

enum { ROOM_FLUSH_MS = 3000 };

/* A new story in the store, empty. The caller owns it. */
struct story *room_begin_story(struct room *r, const char *title);
/* A title, else a file; NULL: the last story, else a new one. *draft is allocated, or untouched.
 * NULL with err when there is none. */
struct story *room_find_story(struct room *r, const char *what, char **draft, struct err *err);

/* The story is about to be left: what only the rescue file holds stays there, before the next one.
 */
void room_rescue_keep(struct room *r);

/* The events of the model that loads; it takes its place when nothing is being written. */
void room_pump_next(struct room *r);
void room_drop_next(struct room *r);

#endif
