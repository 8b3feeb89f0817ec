/* interrupt.h - signals, for the subcommands (the writing room has its own handlers, ui/sig.c).
 *
 * SIGINT, SIGTERM and SIGHUP only leave a note: loops look at interrupt_signal(), waits add
 * interrupt_fd() to their poll. System calls are not restarted. A second signal ends the process at
 * once. A signal that was ignored when the program began (nohup, background jobs) stays ignored.
 * SIGPIPE is ignored; SIGBUS in a model file goes to engine_fault(), any other one - a model that
 * was cut short while a command computed on it - ends the process with a sentence and status 1.
 */
#ifndef XUXIE_SRC_INTERRUPT_H
#define XUXIE_SRC_INTERRUPT_H

#include "src/base/err.h"

int interrupt_install(struct err *err);

/* The first signal that came, 0 for none. */
int interrupt_signal(void);
/* Readable (for good) once a signal came; -1 before interrupt_install. */
int interrupt_fd(void);
/* The exit status it asks for: 130 for SIGINT, 1 for SIGTERM and SIGHUP, 0 for none. */
int interrupt_status(void);

#endif
