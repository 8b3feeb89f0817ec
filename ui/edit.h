/* edit.h - GNU readline as the line editor of the prompt pane; the only file that includes it.
 *
 * Readline prints nothing here and reads nothing: it is fed whole characters and whole key
 * sequences and its line is looked at afterwards. Everything the person has in ~/.inputrc works.
 * One editor exists (readline is global). Threads: the UI thread.
 */
#ifndef XUXIE_UI_EDIT_H
#define XUXIE_UI_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

enum edit_mode { EDIT_EMACS, EDIT_VI_INSERT, EDIT_VI_COMMAND };

/* What the person asked of us by a readline key. */
enum edit_request { EDIT_COMPLETE, EDIT_EXTERNAL, N_EDIT_REQUESTS };

struct edit_state {
    const char *prompt; /* "" or what readline asks: (reverse-i-search)... */
    const char *line;   /* borrowed until the next call */
    size_t n_bytes;
    size_t point; /* the cursor, a byte of line */
    enum edit_mode mode;
    bool plain; /* no search, no argument, no half key sequence is under way */
};

/* external_keys: the key sequence of EDIT_EXTERNAL in readline's notation. */
int edit_open(const char *app_name, const char *external_keys, struct err *err);
void edit_close(void);
void edit_resize(int rows, int columns);

/* The bytes of one whole character or key sequence (or several characters). */
void edit_feed(const char *bytes, size_t n_bytes);
/* A line that was accepted, oldest first; malloc'ed, NULL when there is none. */
char *edit_take_submitted(void);
/* Was this asked for since the last time? */
bool edit_take_request(enum edit_request request);
void edit_get(struct edit_state *out);

/* Changes from outside, each one undo step. Invalid UTF-8 becomes U+FFFD, NUL is left out. */
void edit_insert(const char *text, size_t n_bytes);
void edit_replace(size_t begin, size_t end, const char *text, size_t n_bytes);
void edit_set(const char *text, size_t n_bytes);
void edit_set_point(size_t byte);
/* ^C: ends searches and arguments, empties the line (C-y brings it back), vi: insert mode. */
void edit_cancel(void);

/* A line that is put aside while the editor holds another one: its text and its cursor. */
struct edit_aside {
    char *text;
    size_t n_bytes, point;
};
/* Takes the line away; readline ends it as on Enter, without anybody hearing of it, so that neither
 * its undo list nor its place in the history reaches the next one. */
void edit_put_aside(struct edit_aside *out);
/* The line is again what was put aside, with nothing to undo. Whatever was there is gone. */
void edit_bring_back(const struct edit_aside *aside);
/* Another text, the cursor at its end. */
void edit_aside_set(struct edit_aside *aside, const char *text, size_t n_bytes);
void edit_aside_free(struct edit_aside *aside);

/* Repeats of the newest entry are not added. */
void edit_history_add(const char *text);
void edit_set_mode(const char *name); /* "emacs", "vi" */

#endif
