/* term.h - the terminal: taken over, asked, lent out, given back exactly as it was.
 *
 * curses is output only, and it does not write to the terminal either: it writes each frame into a
 * memory file, from which the frame goes to the terminal as far as that takes it without blocking.
 * While something is still waiting no new frame is made. So a stopped or slow terminal delays
 * nothing but the picture (RELIABILITY B.3 110), and everything sent leaves in one order.
 *
 * Order of use: term_open, probes, term_enter, frames ..., term_leave/term_resume, term_close.
 * Threads: the UI thread; the crash handler runs wherever the fault happened.
 */
#ifndef XUXIE_UI_TERM_H
#define XUXIE_UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

struct term_options {
    bool mouse;
    bool (*on_fault)(void *address); /* asked first on SIGBUS; may be NULL */
};

/* Can this terminal show the room? *why (may be NULL) gets a translated sentence. */
bool term_possible(const char **why);

/* Drops $TERMINFO and $TERMINFO_DIRS when somebody else could have written there. */
void term_distrust_environment(void);

/* Saves and changes the modes, sends stderr to the log, catches crashes. Shows nothing yet. */
int term_open(const struct term_options *options, struct err *err);
/* Everything back; flushes for at most half a second. Safe to call at any time, also twice. */
void term_close(void);

/* Asks for the width of an ambiguous character (when wanted), for synchronized updates and for the
 * terminal's identity; the answers come as input (REPLY_CURSOR, REPLY_DECRQM, REPLY_DA). */
void term_probe(bool ambiguous_width);
void term_set_synchronized(bool on);

/* Starts curses: the next frame shows the alternate screen. */
int term_enter(struct err *err);
/* Leaves the screen to somebody else (a stopped job's shell, an editor) and takes it again. */
void term_leave(void);
void term_resume(void);

/* The descriptor to poll and read: never blocks. */
int term_fd(void);
/* Reads what has come: > 0 bytes, 0 nothing yet, -1 the terminal is gone. */
long term_read(void *buffer, size_t n_bytes);

/* Asks the kernel for the size, tells curses, clamps to what xuxie draws. */
void term_size(int *rows, int *columns);

/* Sends what curses has drawn since the last time; returns its bytes. */
size_t term_frame(void);
/* Queues bytes behind what is already waiting. */
void term_write(const void *bytes, size_t n_bytes);
/* Sends what the terminal takes; false when it is gone. */
bool term_flush(void);
/* Is something still waiting to be sent? */
bool term_waiting(void);

enum term_cursor { TERM_CURSOR_DEFAULT, TERM_CURSOR_BAR, TERM_CURSOR_BLOCK };
void term_cursor_shape(enum term_cursor shape);

#endif
