/* ring.c - see ring.h.
 *
 * head and tail are byte counts that only grow; position = count & mask. A record is a 8-byte frame
 * (its size; the low bit of `kind` marks padding) followed by the body, rounded up to 8 bytes. When
 * a record would cross the end of the buffer, a padding record fills the rest and the record starts
 * at the front.
 *
 * Invariants
 *  1  tail <= head <= tail + size
 *  2  bytes in [tail, head) are whole frames and belong to the consumer; the others to the producer
 *  3  head is stored with release after the bytes it covers, and loaded with acquire by the
 * consumer; the same for tail in the other direction 4  the producer sets `waiting` before it looks
 * at tail and at give_up once more; whoever makes room, or changes what give_up answers, does so
 * before it reads `waiting` (all seq_cst), so a wake-up cannot be lost 5  whoever turns `waiting`
 * from true to false owes the semaphore one post, or, being the producer itself, nothing: outside
 * wait_for_room the semaphore is 0
 *
 * A semaphore and not a condition variable, because sem_post may be called from a signal handler.
 */
#include "config.h"

#include "src/base/ring.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct frame {
    uint32_t n_bytes; /* body bytes, without rounding; for padding: bytes to skip after the frame */
    uint32_t padding; /* 1: skip this frame */
};

struct ring {
    unsigned char *buf;
    size_t size;
    _Alignas(64) atomic_size_t head; /* written by the producer, read by both */
    _Alignas(64) atomic_size_t tail; /* written by the consumer, read by both */
    atomic_bool waiting; /* set by the producer, cleared by whoever wakes it (invariant 5) */
    sem_t wake_up;       /* waited on by the producer, posted by any thread */
};

static size_t rounded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

struct ring *ring_new(size_t size_bytes)
{
    assert(size_bytes >= 1024 && (size_bytes & (size_bytes - 1)) == 0);
    struct ring *r = aligned_alloc(64, rounded(sizeof *r) + 64 - rounded(sizeof *r) % 64);
    if (!r)
        return NULL;
    memset(r, 0, sizeof *r);
    r->buf = aligned_alloc(64, size_bytes);
    if (!r->buf) {
        free(r);
        return NULL;
    }
    r->size = size_bytes;
    sem_init(&r->wake_up, 0, 0);
    return r;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    sem_destroy(&r->wake_up);
    free(r->buf);
    free(r);
}

size_t ring_max_body(const struct ring *r)
{
    return r->size / 4;
}

/* Bytes needed from `head` on for a record of n body bytes, padding included. */
static size_t bytes_needed(const struct ring *r, size_t head, size_t n)
{
    size_t record = sizeof(struct frame) + rounded(n);
    size_t to_end = r->size - (head & (r->size - 1));
    return record <= to_end ? record : to_end + record;
}

static bool has_room(const struct ring *r, size_t head, size_t need)
{
    return r->size - (head - atomic_load(&r->tail)) >= need;
}

static void sleep_until_posted(struct ring *r)
{
    while (sem_wait(&r->wake_up) != 0 && errno == EINTR)
        ;
}

static bool wait_for_room(struct ring *r, size_t head, size_t need, bool (*give_up)(void *),
                          void *arg)
{
    for (;;) {
        atomic_store(&r->waiting, true);
        bool room = has_room(r, head, need);
        if (room || (give_up && give_up(arg))) {
            if (!atomic_exchange(&r->waiting, false))
                sleep_until_posted(r); /* a post is on its way: take it */
            return room;
        }
        sleep_until_posted(r);
    }
}

bool ring_push(struct ring *r, const void *head_bytes, size_t n_head, const void *body,
               size_t n_body, bool (*give_up)(void *), void *arg, bool *was_empty)
{
    size_t n = n_head + n_body;
    assert(n <= ring_max_body(r));
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    size_t start = head;
    size_t need = bytes_needed(r, head, n);
    if (!has_room(r, head, need) && !wait_for_room(r, head, need, give_up, arg))
        return false;

    size_t at = head & (r->size - 1);
    size_t record = sizeof(struct frame) + rounded(n);
    if (record > r->size - at) {
        struct frame pad = {(uint32_t)(r->size - at - sizeof pad), 1};
        memcpy(r->buf + at, &pad, sizeof pad);
        head += r->size - at;
        at = 0;
    }
    struct frame f = {(uint32_t)n, 0};
    memcpy(r->buf + at, &f, sizeof f);
    if (n_head)
        memcpy(r->buf + at + sizeof f, head_bytes, n_head);
    if (n_body)
        memcpy(r->buf + at + sizeof f + n_head, body, n_body);
    atomic_store(&r->head, head + record);
    if (was_empty)
        *was_empty = atomic_load(&r->tail) == start;
    return true;
}

bool ring_peek(struct ring *r, const void **record, size_t *n_bytes)
{
    for (;;) {
        size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
        if (tail == atomic_load(&r->head))
            return false;
        struct frame f;
        size_t at = tail & (r->size - 1);
        memcpy(&f, r->buf + at, sizeof f);
        if (!f.padding) {
            *record = r->buf + at + sizeof f;
            *n_bytes = f.n_bytes;
            return true;
        }
        /* Invariant 2: padding is published together with the record behind it. */
        atomic_store(&r->tail, tail + sizeof f + f.n_bytes);
    }
}

void ring_pop(struct ring *r)
{
    const void *record;
    size_t n;
    if (!ring_peek(r, &record, &n))
        return;
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    atomic_store(&r->tail, tail + sizeof(struct frame) + rounded(n));
    ring_interrupt(r);
}

void ring_interrupt(struct ring *r)
{
    if (atomic_exchange(&r->waiting, false))
        sem_post(&r->wake_up);
}
