/* thread.h - how xuxie starts its threads: with all signals blocked, for they are the UI thread's,
 * but those that a fault raises in the thread itself. Blocked, these would kill the process without
 * running the handlers that give the terminal back and mend a model file cut short (engine_fault).
 */
#ifndef XUXIE_BASE_THREAD_H
#define XUXIE_BASE_THREAD_H

#include <pthread.h>

/* Like pthread_create with default attributes; `name` has at most 15 bytes. Returns 0 or an errno.
 */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

#endif
