/* turn.h - one turn of writing as a state machine: from what the person asked to the last token,
 * kept in the story tree and in the store as it comes. The only place where text meets engine
 * events meets the store. Front ends (front_tui.c, front_line.c) drive it and show what it tells.
 *
 *            turn_submit, turn_retry              EV_TEXT
 *   IDLE ------------------------------> READING ---------> WRITING
 *    ^  \                                   |                  |
 *    |   `--> WAITING (no engine yet) ------'                  |
 *    `------------------- EV_DONE, EV_ERROR -------------------'
 *
 * An action that needs the turn to be idle (undo, retry, another story) while it is not cancels it
 * and is carried out when it has ended; one may wait, a newer one takes its place. Text that was
 * sent meanwhile joins the manuscript then, whatever the action.
 *
 * Threads: UI thread only.
 */
#ifndef XUXIE_SRC_TURN_H
#define XUXIE_SRC_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "src/options.h"
#include "src/store.h"
#include "src/story.h"

enum turn_state { TURN_IDLE, TURN_WAITING, TURN_READING, TURN_WRITING };

enum turn_level { TURN_INFO, TURN_WARNING, TURN_ERROR };

/* What a turn tells its front end. None may be NULL but the last. */
struct turn_view {
    void *ctx;
    /* The manuscript grew at its end. */
    void (*grew)(void *ctx, enum node_kind kind, const char *text, size_t n);
    /* The path is another one: rebuild what is shown from the story. */
    void (*moved)(void *ctx);
    /* A sentence for the person. */
    void (*notice)(void *ctx, enum turn_level level, const char *text);
    /* A generation ended with this reason ("eos", "length", ..., "error"). */
    void (*ended)(void *ctx, const char *reason);
    /* An event of somebody else's request on the same session (turn_request_id). */
    void (*stray)(void *ctx, const struct engine_event *ev);
};

struct turn;

/* Everything is borrowed; settings are read at the start of each generation. store may be NULL. */
struct turn *turn_new(struct story *story, struct store *store, const struct settings *settings,
                      const struct turn_view *view);
void turn_free(struct turn *t); /* NULL-safe; the session must be freed by then or idle */

/* The engine to write with, READY; NULL takes it away. Only while idle or waiting. */
void turn_set_engine(struct turn *t, const struct engine_info *info,
                     struct engine_session *session);
/* The session was freed, maybe in the middle of a generation: closes the record of it and lets text
 * that was sent join the manuscript. The last call before turn_free. */
void turn_end(struct turn *t);
/* No engine will come (loading failed): ends a waiting turn. */
void turn_engine_failed(struct turn *t);
/* Another story (borrowed); only while idle. */
void turn_set_story(struct turn *t, struct story *story);

/* Enter: text joins the manuscript as it is (nothing when n is 0), then the model goes on. */
void turn_submit(struct turn *t, const char *text, size_t n);
/* Adds a passage of the author without asking the model to go on; ends a generation that runs. */
void turn_add(struct turn *t, const char *text, size_t n);
/* Another take of the current passage. */
void turn_retry(struct turn *t);
void turn_undo(struct turn *t);
void turn_redo(struct turn *t);
void turn_sibling(struct turn *t, int step);
/* To any passage of the story. */
void turn_goto(struct turn *t, struct node *n);
/* Adds a passage that a model wrote elsewhere, in the generation given (0: unknown). */
void turn_keep(struct turn *t, const char *text, size_t n, store_ref generation);
/* Ends the generation at the next token; what was written stays. */
void turn_stop(struct turn *t);
/* Ends the generation, then calls then(arg) - at once when idle. Replaces any waiting action. */
void turn_when_idle(struct turn *t, void (*then)(void *arg), void *arg);

/* Takes the session's events. Call when engine_fd is readable. */
void turn_pump(struct turn *t);
/* A number for a request of somebody else on the session: numbers grow. */
uint64_t turn_request_id(struct turn *t);

enum turn_state turn_state_of(const struct turn *t);

struct turn_progress {
    enum turn_state state;
    int done, total;    /* READING: tokens */
    float tokens_per_s; /* WRITING */
    float chars_per_s;
    int ctx_used, ctx_size; /* tokens; 0 when unknown */
    uint64_t context_from;  /* manuscript byte the model reads from; 0: all of it */
    uint64_t newest_from;   /* byte the newest passage begins at; UINT64_MAX: none */
};
void turn_get_progress(const struct turn *t, struct turn_progress *out);

#endif
