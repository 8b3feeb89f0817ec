/* theme.h - how each role of text looks, at each depth of colour. Pure: knows no curses.
 * Only the 16 ANSI colours are used, so the person's own palette rules; without colour the
 * differences are made by attributes. */
#ifndef XUXIE_UI_THEME_H
#define XUXIE_UI_THEME_H

#include <stdbool.h>

enum theme_role {
    THEME_PLAIN,
    THEME_AUTHOR, /* the person's words */
    THEME_MODEL,  /* the model's words */
    THEME_FRAME,
    THEME_NEWEST, /* the bar beside the newest passage */
    THEME_TITLE,  /* of a frame */
    THEME_STATUS,
    THEME_STATUS_STRONG,
    THEME_ACTIVITY,
    THEME_INFO,
    THEME_WARNING,
    THEME_ERROR,
    THEME_FAINT, /* hints, help beside candidates */
    THEME_KEY,   /* a key's name in the hints */
    THEME_MARK,  /* the model reads from here */
    THEME_SELECTED,
    THEME_MATCH, /* what a search found */
    THEME_INSTRUCTION, /* the parts of a prompt */
    THEME_EXAMPLE,
    THEME_QUERY,
    THEME_ADDED, /* the sides of a comparison */
    THEME_REMOVED,
    N_THEME_ROLES,
};

enum theme_depth { THEME_MONO, THEME_8, THEME_16, N_THEME_DEPTHS };

enum theme_attr { THEME_BOLD = 1, THEME_REVERSE = 2, THEME_UNDERLINE = 4, THEME_DIM = 8 };

struct theme_style {
    short fg, bg; /* 0..15, -1 the terminal's own */
    unsigned attrs;
};

/* colours: what the terminal has (0: none). $NO_COLOR, when not empty, means none. */
enum theme_depth theme_depth(int colours);
struct theme_style theme_style(enum theme_role role, enum theme_depth depth);

#endif
