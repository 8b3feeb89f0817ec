/* backend.h - a loaded model and what a session of it keeps: the part of the engine that knows
 * tensors. engine.c brings the threads, the mailbox and the events and calls everything here on the
 * engine thread. The tests of the room link another backend (tests/tui/fake_engine.c), so they run
 * the real threads and the real protocol without a model. */
#ifndef XUXIE_ENGINE_BACKEND_H
#define XUXIE_ENGINE_BACKEND_H

#include "engine/emitter.h"
#include "engine/engine.h"

struct backend;
struct backend_session;

/* Who is told while a model loads. */
struct load_watch {
    bool (*progress)(void *ctx, int percent);      /* 0..100; false: give up */
    void (*warn)(void *ctx, const char *sentence); /* at most once, before the weights are read */
    void *ctx;
};

/* E_CANCELLED when progress() answers false. */
int backend_load(const char *path, const struct engine_options *options,
                 const struct load_watch *watch, struct backend **out, struct err *err);
void backend_free(struct backend *b); /* NULL-safe; after its sessions */

/* Both immutable and safe to read on any thread once the model is loaded. */
const struct engine_info *backend_info(const struct backend *b);
const struct tokenizer *backend_tokenizer(const struct backend *b); /* NULL: it has none */

/* Takes the session's memory: KV cache, activations, scratch. E_RESOURCE when there is none. */
int backend_session_new(struct backend *b, struct backend_session **out, struct err *err);
void backend_session_free(struct backend_session *s); /* NULL-safe; any thread, while not running */

/* Answers one request: all its events, the final EV_DONE or EV_ERROR included. The deadline counts
 * from this call. */
void backend_run(struct backend_session *s, const struct engine_request *request,
                 const struct emitter *out);

#endif
