/* emitter.h - how generating talks to the world: events out, the wish to stop in. Filled by
 * engine.c; tests fill it without threads. */
#ifndef XUXIE_ENGINE_EMITTER_H
#define XUXIE_ENGINE_EMITTER_H

#include <stdbool.h>

#include "engine/engine.h"

struct emitter {
    /* Bytes are copied. May wait for the receiver; false: the event was not taken, because the
     * request was cancelled or the receiver is gone. Events that carry text, ids or the end are
     * only refused when the receiver is gone. */
    bool (*emit)(void *ctx, const struct engine_event *ev);
    /* Should the request end? Asked often: before each transformer block. */
    bool (*cancelled)(void *ctx);
    void *ctx;
};

#endif
