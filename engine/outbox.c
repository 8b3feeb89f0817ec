/* outbox.c - see outbox.h. A record of the ring is a struct engine_event followed by its bytes; the
 * struct's size is a multiple of 8, so the ids of an EV_PROMPT are aligned where they lie.
 *
 * The descriptor: the producer raises it when it puts something into an empty ring; the consumer
 * clears it only when it has seen the ring empty, and looks once more afterwards. So it is readable
 * whenever something waits; now and then it is readable for nothing. */
#include "config.h"

#include "engine/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/ring.h"
#include "src/base/utf8.h"
#include "src/base/wake.h"

enum {
    RING_BYTES = 256 * 1024,
    JOINED_BYTES = 2048,
    JOIN_NS = 10 * 1000000,
};

struct outbox {
    struct ring *ring; /* written by the producer, read by the consumer, protected by ring.h */
    struct wake wake;  /* raised by both, cleared by the consumer; fixed after outbox_new */

    /* producer only */
    struct engine_event text; /* type, id and stream of what is in `joined` */
    size_t n_joined;
    int64_t sent_ns; /* when text was last sent */
    char joined[JOINED_BYTES];

    /* consumer only */
    bool taken; /* the oldest record was handed out and must be popped */
};

_Static_assert(sizeof(struct engine_event) % 8 == 0, "ids in a record must be aligned");
_Static_assert(sizeof(struct engine_event) + OUTBOX_EVENT_BYTES <= RING_BYTES / 4,
               "an event must fit in a record");

int outbox_new(struct outbox **out, struct err *err)
{
    struct outbox *o = calloc(1, sizeof *o);
    if (!o)
        return err_set(err, E_RESOURCE, _("There is no memory for a session of the engine."));
    int rc = wake_init(&o->wake, err);
    if (rc < 0) {
        free(o);
        return rc;
    }
    o->ring = ring_new(RING_BYTES);
    if (!o->ring) {
        wake_free(&o->wake);
        free(o);
        return err_set(err, E_RESOURCE, _("There is no memory for a session of the engine."));
    }
    *out = o;
    return 0;
}

void outbox_free(struct outbox *o)
{
    if (!o)
        return;
    ring_free(o->ring);
    wake_free(&o->wake);
    free(o);
}

static bool push(struct outbox *o, const struct engine_event *ev, const char *bytes, size_t n,
                 bool (*give_up)(void *), void *arg)
{
    struct engine_event head = *ev;
    head.bytes = NULL;
    head.n_bytes = n;
    bool was_empty;
    if (!ring_push(o->ring, &head, sizeof head, bytes, n, give_up, arg, &was_empty))
        return false;
    if (was_empty)
        wake_raise(&o->wake);
    return true;
}

static bool send_joined(struct outbox *o, bool (*give_up)(void *), void *arg)
{
    if (o->n_joined == 0)
        return true;
    if (!push(o, &o->text, o->joined, o->n_joined, give_up, arg))
        return false;
    o->n_joined = 0;
    o->sent_ns = clock_mono_ns();
    return true;
}

static bool put_text(struct outbox *o, const struct engine_event *ev, bool (*give_up)(void *),
                     void *arg)
{
    bool same = o->text.id == ev->id && o->text.stream == ev->stream;
    if ((!same || o->n_joined + ev->n_bytes > JOINED_BYTES) && !send_joined(o, give_up, arg))
        return false;
    if (ev->n_bytes > JOINED_BYTES) {
        for (size_t at = 0; at < ev->n_bytes;) {
            size_t end = utf8_floor(ev->bytes, ev->n_bytes, at + OUTBOX_EVENT_BYTES);
            if (!push(o, ev, ev->bytes + at, end - at, give_up, arg))
                return false;
            at = end;
        }
        o->sent_ns = clock_mono_ns();
        return true;
    }
    o->text = *ev;
    memcpy(o->joined + o->n_joined, ev->bytes, ev->n_bytes);
    o->n_joined += ev->n_bytes;
    if (clock_mono_ns() - o->sent_ns >= JOIN_NS)
        send_joined(o, give_up, arg); /* when it gives up, the text waits in the buffer */
    return true;
}

bool outbox_put(struct outbox *o, const struct engine_event *ev, bool (*give_up)(void *), void *arg)
{
    if (ev->type == EV_TEXT)
        return ev->n_bytes == 0 || put_text(o, ev, give_up, arg);
    assert(ev->n_bytes <= OUTBOX_EVENT_BYTES);
    if (ev->type != EV_TOKEN && !send_joined(o, give_up, arg))
        return false;
    return push(o, ev, ev->bytes, ev->n_bytes, give_up, arg);
}

void outbox_tick(struct outbox *o, bool (*give_up)(void *), void *arg)
{
    if (o->n_joined > 0 && clock_mono_ns() - o->sent_ns >= JOIN_NS)
        send_joined(o, give_up, arg);
}

bool outbox_next(struct outbox *o, struct engine_event *ev)
{
    const void *record;
    size_t n;
    if (o->taken)
        ring_pop(o->ring);
    o->taken = ring_peek(o->ring, &record, &n);
    if (!o->taken) {
        wake_clear(&o->wake);
        o->taken = ring_peek(o->ring, &record, &n);
        if (!o->taken)
            return false;
        wake_raise(&o->wake); /* its own raise may have come before the clear */
    }
    memcpy(ev, record, sizeof *ev);
    ev->bytes = (const char *)record + sizeof *ev;
    return true;
}

int outbox_fd(const struct outbox *o)
{
    return o->wake.fd_read;
}

void outbox_interrupt(struct outbox *o)
{
    ring_interrupt(o->ring);
}
