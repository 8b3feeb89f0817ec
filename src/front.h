/* front.h - what the room (room.c, commands.c) needs of a front end. front_tui.c fills it with the
 * screen, front_line.c with a plain terminal. Every member must be set. */
#ifndef XUXIE_SRC_FRONT_H
#define XUXIE_SRC_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/turn.h"

struct front_item {
    const char *text, *help; /* help may be NULL */
};

struct front {
    void *ctx;
    /* see struct turn_view */
    void (*grew)(void *ctx, enum node_kind kind, const char *text, size_t n);
    void (*moved)(void *ctx);
    void (*notice)(void *ctx, enum turn_level level, const char *text);
    void (*ended)(void *ctx, const char *reason);
    /* Poll this descriptor and call room_pump when it is readable (on = false: no longer). */
    void (*watch)(void *ctx, int fd, bool on);
    /* A warning that stays; NULL clears it. */
    void (*standing)(void *ctx, const char *text);
    void (*show_text)(void *ctx, const char *title, const char *text);
    void (*show_help)(void *ctx);
    /* Choose one; chosen(arg, index) later, -1 for none. */
    void (*pick)(void *ctx, const char *title, const struct front_item *items, size_t n,
                 size_t selected, void (*chosen)(void *arg, int index), void *arg);
    void (*ask)(void *ctx, const char *question, void (*answered)(void *arg, bool yes), void *arg);
    void (*prompt_set)(void *ctx, const char *text);
    void (*history_add)(void *ctx, const char *text);
    void (*edit_mode)(void *ctx, const char *mode);
    void (*copy)(void *ctx, const char *text, size_t n);
    void (*redraw)(void *ctx);
    void (*quit)(void *ctx);
};

#endif
