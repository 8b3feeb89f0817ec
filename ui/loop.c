/* loop.c - see loop.h. Sources may be added and removed inside callbacks: the table is walked by a
 * copy of what was polled, and a callback is only called while its source is still there. */
#include "config.h"

#include "ui/loop.h"

#include <poll.h>
#include <stdlib.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "ui/sig.h"
#include "ui/term.h"

enum { MAX_SOURCES = 16, N_OWN = 2 };

struct source {
    int fd;
    void (*cb)(void *arg);
    void *arg;
};

struct loop {
    struct loop_hooks hooks;
    struct source sources[MAX_SOURCES];
    size_t n_sources;
    int64_t timer[N_LOOP_TIMERS]; /* monotonic ms; 0: off */
    int64_t drawn_ms;             /* the last whole frame */
    bool dirty, dirty_prompt, lent, stopped;
};

struct loop *loop_new(const struct loop_hooks *hooks)
{
    struct loop *l = x_calloc(1, sizeof *l);
    l->hooks = *hooks;
    return l;
}

void loop_free(struct loop *l)
{
    free(l);
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}

void loop_add(struct loop *l, int fd, void (*cb)(void *arg), void *arg)
{
    loop_remove(l, fd);
    if (l->n_sources < MAX_SOURCES)
        l->sources[l->n_sources++] = (struct source){fd, cb, arg};
}

void loop_remove(struct loop *l, int fd)
{
    for (size_t i = 0; i < l->n_sources; i++) {
        if (l->sources[i].fd == fd) {
            l->sources[i] = l->sources[--l->n_sources];
            return;
        }
    }
}

void loop_timer_at(struct loop *l, enum loop_timer timer, int64_t mono_ms)
{
    l->timer[timer] = mono_ms;
}

void loop_timer_off(struct loop *l, enum loop_timer timer)
{
    l->timer[timer] = 0;
}

bool loop_timer_is_on(const struct loop *l, enum loop_timer timer)
{
    return l->timer[timer] != 0;
}

void loop_dirty(struct loop *l)
{
    l->dirty = true;
}

void loop_dirty_prompt(struct loop *l)
{
    l->dirty_prompt = true;
}

void loop_lend_terminal(struct loop *l, bool on)
{
    l->lent = on;
    if (!on)
        l->drawn_ms = 0;
}

/* Milliseconds until something is due; -1: nothing is. */
static int time_left(const struct loop *l)
{
    int64_t now = clock_mono_ms(), due = INT64_MAX;
    for (int t = 0; t < N_LOOP_TIMERS; t++) {
        if (l->timer[t] != 0 && l->timer[t] < due)
            due = l->timer[t];
    }
    if (l->dirty && !l->lent && !term_waiting() && l->drawn_ms + LOOP_FRAME_MS < due)
        due = l->drawn_ms + LOOP_FRAME_MS;
    if (due == INT64_MAX)
        return -1;
    if (due <= now)
        return 0;
    return due - now < 1000 ? (int)(due - now) : 1000;
}

static void run_sources(struct loop *l, const struct pollfd *polled, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (polled[i].revents == 0)
            continue;
        for (size_t k = 0; k < l->n_sources; k++) {
            if (l->sources[k].fd == polled[i].fd) {
                l->sources[k].cb(l->sources[k].arg);
                break;
            }
        }
    }
}

static void run_timers(struct loop *l)
{
    int64_t now = clock_mono_ms();
    for (int t = 0; t < N_LOOP_TIMERS; t++) {
        if (l->timer[t] == 0 || l->timer[t] > now)
            continue;
        l->timer[t] = 0;
        l->hooks.on_timer(l->hooks.arg, (enum loop_timer)t);
    }
}

static void draw_prompt(struct loop *l)
{
    if (!l->dirty_prompt || l->lent || term_waiting())
        return;
    l->dirty_prompt = false;
    l->hooks.on_draw(l->hooks.arg, false);
}

static void draw_whole(struct loop *l)
{
    int64_t now = clock_mono_ms();
    if (!l->dirty || l->lent || term_waiting() || now < l->drawn_ms + LOOP_FRAME_MS)
        return;
    l->dirty = l->dirty_prompt = false;
    l->drawn_ms = now;
    l->hooks.on_draw(l->hooks.arg, true);
}

static void turn(struct loop *l)
{
    struct pollfd p[N_OWN + MAX_SOURCES];
    size_t n = l->n_sources;

    p[0] = (struct pollfd){.fd = sig_fd(), .events = POLLIN};
    p[1] = (struct pollfd){.fd = l->lent ? -1 : term_fd(), .events = POLLIN};
    if (term_waiting())
        p[1].events |= POLLOUT;
    for (size_t i = 0; i < n; i++)
        p[N_OWN + i] = (struct pollfd){.fd = l->sources[i].fd, .events = POLLIN};

    if (poll(p, N_OWN + n, time_left(l)) < 0)
        return; /* a signal: its descriptor is readable in the next turn */
    if (p[0].revents != 0)
        l->hooks.on_signals(l->hooks.arg);
    if (p[1].revents & POLLOUT)
        term_flush();
    if (!l->lent && (p[1].revents & (POLLIN | POLLERR | POLLHUP)))
        l->hooks.on_input(l->hooks.arg);
    if (!l->stopped)
        draw_prompt(l);
    run_sources(l, p + N_OWN, n);
    run_timers(l);
    l->hooks.on_batch(l->hooks.arg);
    if (!l->stopped) {
        draw_prompt(l);
        draw_whole(l);
    }
}

void loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped)
        turn(l);
}
