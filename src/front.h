/* front.h - what the room (room.c, commands.c) needs of a front end. front_tui.c fills it with the
 * screen, front_line.c with a plain terminal. Every member must be set. */
#ifndef XUXIE_SRC_FRONT_H
#define XUXIE_SRC_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/turn.h"
#include "ui/ui.h"

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
    /* A question answered in a line: answered(arg, NULL) when the person changed his mind. */
    void (*ask_line)(void *ctx, const char *question, const char *initial,
                     void (*answered)(void *arg, const char *text), void *arg);
    /* A text for the person's editor: done(arg, NULL, 0) when that failed, which is told. */
    int (*edit_text)(void *ctx, const char *text, size_t n, const char *suffix,
                     void (*done)(void *arg, const char *text, size_t n), void *arg,
                     struct err *err);
    /* Views over the manuscript, as ui/ui.h has them; on a plain terminal lists that take numbers.
     * All but browse concern the uppermost one. */
    void (*browse)(void *ctx, const struct ui_browser *browser);
    void (*browser_close)(void *ctx);
    void (*browser_changed)(void *ctx);
    void (*browser_select)(void *ctx, size_t i);
    size_t (*browser_selected)(void *ctx);
    void (*browser_focus)(void *ctx, enum ui_pane pane);
    enum ui_pane (*browser_pane)(void *ctx);
    void (*browser_set_line)(void *ctx, const char *text);
    void *(*browser_ctx)(void *ctx); /* NULL: none is open */
    /* Call room_tick again before anything else waits. */
    void (*soon)(void *ctx);
};

#endif
