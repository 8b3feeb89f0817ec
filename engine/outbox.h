/* outbox.h - the events of one session on their way from the engine thread to the caller's: a ring
 * (ring.h) of event records, a descriptor that is readable while events wait, and a small buffer in
 * which texts that follow each other closely are joined.
 *
 * Producer (engine thread): outbox_put, outbox_tick. Consumer (one thread): outbox_next, outbox_fd.
 * Any thread or signal handler: outbox_interrupt.
 */
#ifndef XUXIE_ENGINE_OUTBOX_H
#define XUXIE_ENGINE_OUTBOX_H

#include <stdbool.h>

#include "engine/engine.h"

struct outbox;

/* An event's bytes must fit in one record; longer texts are divided. */
enum { OUTBOX_EVENT_BYTES = 16384 };

int outbox_new(struct outbox **out, struct err *err);
void outbox_free(struct outbox *o); /* NULL-safe; after both threads have stopped using it */

/* Appends an event; its bytes are copied. EV_TEXT may stay in the buffer for about 10 ms and be
 * overtaken by EV_TOKEN, by nothing else. Waits while the ring is full; give_up as in ring_push.
 * False: not appended. */
bool outbox_put(struct outbox *o, const struct engine_event *ev, bool (*give_up)(void *),
                void *arg);

/* Sends text that has waited long enough; to be called now and then while no event is put. */
void outbox_tick(struct outbox *o, bool (*give_up)(void *), void *arg);

/* The oldest event, or false. ev->bytes is valid until the next call. */
bool outbox_next(struct outbox *o, struct engine_event *ev);
int outbox_fd(const struct outbox *o);

/* Makes a waiting outbox_put ask give_up again. Async-signal-safe. */
void outbox_interrupt(struct outbox *o);

#endif
