/* commands.h - the slash commands: one table row each, {name, arguments, help, function,
 * completer}. The help screen, completion and the man page are made from it. */
#ifndef XUXIE_SRC_COMMANDS_H
#define XUXIE_SRC_COMMANDS_H

#include <stddef.h>

#include "src/base/str.h"
#include "src/room.h"

/* Runs "/name rest". Unknown names are told, with the nearest known one. */
void commands_run(struct room *r, const char *line, size_t n);

/* Completion of a line whose cursor is at `cursor`: fills a malloc'ed array of malloc'ed strings
 * (help may be NULL) and sets *start to the byte the completed word begins at. */
struct command_candidate {
    char *text, *help;
};
size_t commands_complete(struct room *r, const char *line, size_t cursor, size_t *start,
                         struct command_candidate **out);

/* The same as the screen's callbacks want it (struct ui_host, struct ui_browser). */
size_t commands_offer(struct room *r, const char *line, size_t cursor, size_t *start,
                      struct ui_candidate **out);

/* Row i of the table, false past the end; args and help translated. */
bool commands_at(size_t i, const char **name, const char **args, const char **help);

/* Frees what the last list on the screen was about (struct room's pick). */
void commands_forget(struct room *r);

/* Carries out what a key asks: the same functions the commands call. */
void commands_settings(struct room *r);

#endif
