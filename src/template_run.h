/* template_run.h - one run of a template on the room's engine session, as a small state machine:
 * the prompt is put together, sent, and what comes is kept in the store as it comes.
 *
 *            start, again                     first own event           EV_TEXT
 *     IDLE --------------> WAITING ---------------------------> READING -------> WRITING
 *      ^                      |  (no model yet, or behind what                     |
 *      |                      |   the session is doing)                            |
 *      `------- stop ---------'                                                    |
 *      `------------------------ EV_DONE, EV_ERROR --------------------------------'
 *
 * The session is the turn's too: the engine runs one request and lets one wait. Events reach the
 * run as the turn's strays. After its end the run keeps what it wrote until the next start.
 *
 * Threads: UI thread only.
 */
#ifndef XUXIE_SRC_TEMPLATE_RUN_H
#define XUXIE_SRC_TEMPLATE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "src/options.h"
#include "src/prompt.h"
#include "src/store.h"
#include "src/turn.h"

enum template_run_state { RUN_IDLE, RUN_WAITING, RUN_READING, RUN_WRITING };

/* What the run asks of its house and tells it. None may be NULL. */
struct template_run_host {
    void *ctx;
    uint64_t (*next_id)(void *ctx); /* a number for a request on the session */
    void (*changed)(void *ctx);     /* state, text, figures */
    void (*notice)(void *ctx, enum turn_level level, const char *text);
    void (*ended)(void *ctx); /* it is in the store */
};

struct template_run;

/* Everything is borrowed; settings are read at each start. store may be NULL. */
struct template_run *template_run_new(struct store *store, const struct settings *settings,
                                      const struct template_run_host *host);
void template_run_free(struct template_run *r); /* NULL-safe; as turn_free */

/* The engine to ask, READY; NULL takes it away. Only while it does not run. */
void template_run_set_engine(struct template_run *r, struct engine *engine,
                             struct engine_session *session);
/* The session was freed: closes the record of what ran. */
void template_run_end(struct template_run *r);

/* The prompt's request as the room makes it: mode, K and selection of the template, the budget of
 * the model in use, tokens counted where there is one. Fields are the caller's. */
void template_run_request(struct template_run *r, const struct template *t, uint64_t seed,
                          struct prompt_request *out);

/* Runs it; t and fields are copied. seed: of the choice of examples. E_BUSY while one runs; E_INPUT
 * when no prompt can be made of it. Waits when there is no model yet. */
int template_run_start(struct template_run *r, const struct template *t, store_ref version,
                       const struct template_field *fields, size_t n_fields, uint64_t seed,
                       struct err *err);
/* Another take of the same. E_INPUT: nothing was run. */
int template_run_again(struct template_run *r, struct err *err);
void template_run_stop(struct template_run *r);
/* An event of somebody's request: looked at when it is this run's. */
void template_run_event(struct template_run *r, const struct engine_event *ev);

bool template_run_busy(const struct template_run *r);

/* What there is to show. Borrowed until the next call that changes it. */
struct template_run_result {
    enum template_run_state state;
    const struct template *template; /* NULL: nothing was run */
    const struct template_field *fields;
    size_t n_fields;
    const struct prompt *prompt; /* NULL: not put together yet */
    const char *text;
    size_t n_text;
    store_ref generation;
    const char *reason; /* "" while it runs */
    const char *error;  /* "" */
    int done, total;    /* RUN_READING: tokens */
    float chars_per_s;
};
void template_run_get(const struct template_run *r, struct template_run_result *out);

#endif
