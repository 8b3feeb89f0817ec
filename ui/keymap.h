/* keymap.h - ONE table of what keys do, in which view: from it keys are dispatched, rebound, and the
 * hints and the help screen are written, so they cannot tell something else.
 *
 * A key is written F5, PageUp, RET, Esc, u ..., with C-, M-, S- before it; two keys with a blank
 * between are a sequence of readline's. Readline's own bindings yield to this table only where a
 * row says so; in vi mode, where ESC is a command, ESC-letter keys belong to readline.
 */
#ifndef XUXIE_UI_KEYMAP_H
#define XUXIE_UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "ui/input.h"
#include "ui/ui.h"

enum keymap_section {
    KEYMAP_WRITING,
    KEYMAP_MOVING,
    KEYMAP_HISTORY,
    KEYMAP_TEMPLATES,
    KEYMAP_EXAMPLES,
    KEYMAP_LISTS, /* every view over the manuscript */
    KEYMAP_PROGRAM,
    N_KEYMAP_SECTIONS
};

/* Where a key counts: bits of enum ui_view, and these. */
enum keymap_views {
    KEYMAP_VIEWS = UI_VIEW_HISTORY | UI_VIEW_TEMPLATES | UI_VIEW_EXAMPLES,
    KEYMAP_ANSWERING = 16, /* a question is answered in the prompt pane */
    KEYMAP_ANYWHERE = UI_VIEW_WRITING | KEYMAP_VIEWS | KEYMAP_ANSWERING,
};

enum keymap_when {
    KEYMAP_ALWAYS,
    KEYMAP_EMPTY,    /* only while the prompt is empty */
    KEYMAP_BUSY,     /* only while something runs */
    KEYMAP_READLINE, /* readline runs it: told in the help, not dispatched here */
};

struct keymap_row {
    enum ui_action action;
    const char *name; /* for rebinding; NULL: fixed */
    const char *keys; /* alternatives with ", " between; as bound now */
    enum keymap_when when;
    unsigned views;
    enum keymap_section section;
    const char *hint; /* short, for the bottom line; NULL: not there */
    const char *help; /* one line */
};

/* What is true now, for a lookup. */
struct keymap_now {
    unsigned view; /* one bit */
    bool empty, busy, vi;
};

/* The action an event asks for, UI_NONE when it is readline's. */
enum ui_action keymap_lookup(const struct input_event *ev, const struct keymap_now *now);

/* The rows in the order of the help screen; NULL past the end. hint and help are untranslated. */
const struct keymap_row *keymap_row(size_t i);
const char *keymap_section_title(enum keymap_section section); /* translated */
unsigned keymap_section_views(enum keymap_section section);

/* Binds an action by name, in every view that has it, to other keys ("" : none). E_USAGE names what
 * is wrong. */
int keymap_bind(const char *name, const char *keys, struct err *err);
/* Back to the defaults. */
void keymap_reset(void);

/* Appends the first `n` keys as a person reads them: ^C, M-u, F5. */
void keymap_show(const char *keys, size_t n, struct str *out);

/* The event as a code and mods; false when it is not one key (several characters, a paste). */
bool keymap_chord(const struct input_event *ev, uint32_t *code, unsigned *mods);

#endif
