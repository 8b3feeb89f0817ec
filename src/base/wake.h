/* wake.h - a descriptor that becomes readable when another thread (or a signal handler) raises it.
 * eventfd where there is one, else a pipe. */
#ifndef XUXIE_BASE_WAKE_H
#define XUXIE_BASE_WAKE_H

#include "src/base/err.h"

struct wake {
    int fd_read; /* poll this one */
    int fd_write;
};

int wake_init(struct wake *w, struct err *err);
void wake_free(struct wake *w);
void wake_raise(struct wake *w); /* any thread; async-signal-safe; keeps errno */
void wake_clear(struct wake *w); /* the polling thread, before it looks for work */

#endif
