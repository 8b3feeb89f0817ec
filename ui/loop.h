/* loop.h - waiting and pacing: one poll() for the terminal, signals, sources and timers.
 *
 * A turn goes: signals, keys, the prompt painted at once when a key changed it, sources, timers,
 * then at most one whole frame every 16 ms, and none while the terminal has not taken the last one.
 */
#ifndef XUXIE_UI_LOOP_H
#define XUXIE_UI_LOOP_H

#include <stdbool.h>
#include <stdint.h>

enum { LOOP_FRAME_MS = 16 };

enum loop_timer {
    LOOP_ESCAPE,  /* a lone ESC is decided */
    LOOP_TICK,    /* every 100 ms */
    LOOP_DRAFT,   /* the prompt text is handed to the house */
    LOOP_MESSAGE, /* a message ends */
    LOOP_CHILD,   /* has the editor ended? */
    N_LOOP_TIMERS,
};

struct loop_hooks {
    void *arg;
    void (*on_signals)(void *arg);
    void (*on_input)(void *arg); /* the terminal has bytes, or is gone */
    void (*on_timer)(void *arg, enum loop_timer timer);
    void (*on_batch)(void *arg);            /* after all events of a turn, before drawing */
    void (*on_draw)(void *arg, bool whole); /* whole: the screen, else only the prompt */
};

struct loop;

struct loop *loop_new(const struct loop_hooks *hooks);
void loop_free(struct loop *l);

void loop_run(struct loop *l); /* until loop_stop */
void loop_stop(struct loop *l);

void loop_add(struct loop *l, int fd, void (*cb)(void *arg), void *arg);
void loop_remove(struct loop *l, int fd);

void loop_timer_at(struct loop *l, enum loop_timer timer, int64_t mono_ms);
void loop_timer_off(struct loop *l, enum loop_timer timer);
bool loop_timer_is_on(const struct loop *l, enum loop_timer timer);

void loop_dirty(struct loop *l);        /* the screen, within a frame's time */
void loop_dirty_prompt(struct loop *l); /* the prompt, at once */

/* Somebody else has the terminal: neither read nor drawn. */
void loop_lend_terminal(struct loop *l, bool on);

#endif
