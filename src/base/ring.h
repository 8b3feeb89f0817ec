/* ring.h - a ring of variable-sized records between exactly one producer thread and one consumer
 * thread. A record lies in one piece, so the consumer reads it where it is: no copies, no frees.
 *
 * Producer: ring_push (may block while the ring is full).
 * Consumer: ring_peek, ring_pop; never blocks.
 * Any thread or signal handler: ring_interrupt. After both have stopped: ring_free.
 */
#ifndef XUXIE_BASE_RING_H
#define XUXIE_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring;

/* size_bytes is a power of two of at least 1024. NULL when memory is out. */
struct ring *ring_new(size_t size_bytes);
void ring_free(struct ring *r); /* NULL-safe */

/* Largest body a record may have. */
size_t ring_max_body(const struct ring *r);

/* Appends one record made of two pieces (either may be empty). While there is no room it waits for
 * the consumer; before each sleep give_up(arg), when not NULL, is asked, and true ends the wait.
 * Returns false when it gave up (nothing appended). *was_empty tells that the consumer had nothing
 * waiting before this record: it must be woken. */
bool ring_push(struct ring *r, const void *head, size_t n_head, const void *body, size_t n_body,
               bool (*give_up)(void *), void *arg, bool *was_empty);

/* The oldest record: borrowed until ring_pop. False when there is none. */
bool ring_peek(struct ring *r, const void **record, size_t *n_bytes);
void ring_pop(struct ring *r);

/* Makes a producer that waits ask give_up again: to be called after give_up's answer has changed.
 * Async-signal-safe. */
void ring_interrupt(struct ring *r);

#endif
