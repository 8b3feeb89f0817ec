/* sig.h - process signals as events of the loop.
 *
 * A handler only sets a flag and raises a descriptor, so it may land on any thread (OpenBLAS makes
 * threads before main begins, which rules out signalfd and masks). The loop polls sig_fd(), clears
 * it and takes the flags. SIGPIPE is ignored. A signal that was ignored when the program started
 * (nohup, a shell without job control) stays ignored.
 *
 * Caught: SIGWINCH SIGTSTP SIGCONT SIGHUP SIGTERM SIGINT SIGQUIT.
 */
#ifndef XUXIE_UI_SIG_H
#define XUXIE_UI_SIG_H

#include <stdbool.h>

#include "src/base/err.h"

int sig_open(struct err *err);
void sig_close(void); /* the dispositions of before */

int sig_fd(void);
void sig_clear(void);     /* before the flags are taken */
bool sig_take(int signo); /* did it come since it was last taken? */
bool sig_came(int signo); /* the same, without taking it */

/* Stops the whole job as ^Z would and returns when it is continued; returns at once where nobody
 * could continue it. */
void sig_stop_job(void);

/* While a child has the terminal, ^Z stops us like any program. */
void sig_stop_by_default(bool on);

#endif
