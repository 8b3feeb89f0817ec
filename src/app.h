/* app.h - chooses the front end and runs the room to its end. */
#ifndef XUXIE_SRC_APP_H
#define XUXIE_SRC_APP_H

#include "src/options.h"
#include "src/room.h"

/* The writing room on `what` (a title, a file, NULL: the last story). Returns the exit status. */
int room_main(struct settings *settings, const char *what);

/* The two front ends. Each opens the room, runs until the person leaves, closes it. */
int front_tui_run(const struct settings *settings, const char *what);
int front_line_run(const struct settings *settings, const char *what);

#endif
