/* engine.c - see engine.h. The threads and the mailbox; the model itself is behind backend.h.
 *
 * One thread per engine loads the model and then answers requests, the oldest first over all
 * sessions. Between transformer blocks of a running request it looks after the others: requests
 * that were cancelled before their turn get their EV_DONE, new sessions their EV_READY.
 *
 * A session has SLOTS places for requests. A place is free while its id is 0. The caller's thread
 * fills a place (engine_submit), the engine thread empties it, just before it sends the last event
 * of the request, so that a caller who has seen EV_DONE finds the place free.
 *
 * Cancelling stores the request's id in the `cancel` word of its place; a request is cancelled when
 * the two are equal. Ids grow, and the word only ever grows, so a late store for a request that has
 * ended harms nobody. All of it is atomics and one semaphore (ring.h), hence async-signal-safe.
 *
 * Waiting for room in a full ring ends when the caller reads, when the session is freed, or, for
 * events that a cancelled request can do without, when it is cancelled. */
#include "config.h"

#include "engine/engine.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/outbox.h"
#include "engine/request.h"
#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/thread.h"

enum {
    SLOTS = 8,    /* one runs, one waits, the others may hold cancelled ones */
    MAX_LIVE = 2, /* not cancelled: one runs, one waits */
    LOOK_MS = 10, /* how often the engine thread looks after the others while it computes */
    MAX_THREADS = 1024,
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "engine_cancel must be async-signal-safe");

struct slot {
    _Atomic uint64_t id; /* written by caller and engine thread under lock, read by any thread */
    _Atomic uint64_t cancel; /* written by any thread, read by the engine thread; see above */
    uint64_t ticket;         /* order of arrival; written by the caller, read by the engine thread,
                                protected by lock */
    int64_t submitted_ms;    /* likewise */
    struct engine_request *request; /* likewise; NULL while it runs: the engine thread has it */
};

struct engine_session {
    struct engine *engine;       /* fixed */
    struct engine_session *next; /* written by the caller, read by the engine thread under lock */
    struct outbox *outbox;       /* filled by the engine thread, emptied by the caller: outbox.h */
    struct slot slots[SLOTS];
    uint64_t last_id;                /* caller only */
    atomic_bool closing;             /* written by the caller, read by the engine thread */
    struct backend_session *backend; /* engine thread; the caller frees it after detaching */
    int told_percent;                /* engine thread only */
    bool told_warning, told_state;   /* engine thread only */
};

enum load_state { LOADING, READY, FAILED };

struct engine {
    char *path;                    /* fixed before the thread starts */
    struct engine_options options; /* likewise */
    pthread_t thread;              /* caller only */
    bool ready_seen;               /* caller only: EV_READY was taken */

    pthread_mutex_t lock;
    pthread_cond_t work; /* the engine thread waits for requests, new sessions, closing */
    pthread_cond_t idle; /* engine_session_free waits for `running` to change */
    /* protected by lock */
    struct engine_session *sessions; /* written by the caller, read by the engine thread */
    struct engine_session *running;  /* written by the engine thread, read by the caller */
    uint64_t ticket;                 /* caller only */
    bool news;           /* a session to greet: set by the caller, cleared by the engine thread */
    atomic_bool closing; /* written by the caller under lock, read by the engine thread without */

    /* engine thread only, but for `backend`: read by the caller after EV_READY (the ring orders) */
    struct backend *backend;
    enum load_state state;
    struct err load_err;
    char *warning; /* about the memory the model takes; NULL: none */
    int percent;
    int64_t looked_ms;
};

/* One request on its way, engine thread only. */
struct job {
    struct engine *engine;
    struct engine_session *session;
    struct slot *slot;
    uint64_t id;
    uint32_t stream;
};

const char *engine_done_name(enum engine_done_reason reason)
{
    static const char *const names[] = {"eos", "length", "stop", "cancelled", "deadline", "scored"};
    return names[reason];
}

/* --- engine thread: events ------------------------------------------------------------------- */

static bool always(void *unused)
{
    (void)unused;
    return true;
}

static bool session_closing(void *session)
{
    return atomic_load(&((struct engine_session *)session)->closing);
}

static bool job_cancelled(void *job)
{
    const struct job *j = job;
    return atomic_load(&j->slot->cancel) == j->id || session_closing(j->session);
}

/* Never waits. */
static bool try_put(struct engine_session *s, const struct engine_event *ev)
{
    return outbox_put(s->outbox, ev, always, NULL);
}

/* Tells a session how loading stands. Called with the lock held. */
static void greet(struct engine *e, struct engine_session *s)
{
    if (s->told_state)
        return;
    struct engine_event ev = {.type = EV_LOAD};
    ev.load.percent = e->percent;
    const bool warn = e->warning && !s->told_warning;
    if (warn) {
        ev.bytes = e->warning;
        ev.n_bytes = strlen(e->warning);
    }
    if ((warn || s->told_percent != e->percent) && try_put(s, &ev)) {
        s->told_percent = e->percent;
        s->told_warning |= warn;
    }
    if (e->state == LOADING)
        return;
    ev = (struct engine_event){.type = EV_READY};
    if (e->state == FAILED) {
        ev.type = EV_ERROR;
        ev.error.code = e->load_err.code;
        ev.bytes = e->load_err.msg;
        ev.n_bytes = strlen(e->load_err.msg);
    }
    s->told_state = try_put(s, &ev);
}

/* Ends requests that were cancelled before their turn. Called with the lock held. */
static void end_cancelled(struct engine_session *s)
{
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &s->slots[i];
        uint64_t id = atomic_load(&slot->id);
        if (id == 0 || !slot->request || atomic_load(&slot->cancel) != id)
            continue;
        struct engine_event ev = {.type = EV_DONE, .id = id, .stream = slot->request->stream};
        ev.done.reason = DONE_CANCELLED;
        if (!try_put(s, &ev))
            continue; /* later */
        free(slot->request);
        slot->request = NULL;
        atomic_store(&slot->id, 0);
    }
}

/* Called with the lock held. */
static void look_after_sessions(struct engine *e)
{
    for (struct engine_session *s = e->sessions; s; s = s->next) {
        greet(e, s);
        end_cancelled(s);
    }
    e->news = false;
    e->looked_ms = clock_mono_ms();
}

/* --- engine thread: one request -------------------------------------------------------------- */

static bool job_emit(void *job, const struct engine_event *ev)
{
    struct job *j = job;
    struct outbox *outbox = j->session->outbox;
    bool spared = ev->type == EV_TOKEN || ev->type == EV_PREFILL || ev->type == EV_SCORE ||
                  ev->type == EV_STATS;
    if (spared)
        return !job_cancelled(j) && outbox_put(outbox, ev, job_cancelled, j);
    if (ev->type == EV_DONE || ev->type == EV_ERROR) {
        pthread_mutex_lock(&j->engine->lock);
        atomic_store(&j->slot->id, 0);
        pthread_mutex_unlock(&j->engine->lock);
    }
    return outbox_put(outbox, ev, session_closing, j->session);
}

/* The backend asks often; now and then that is the occasion for everything else. */
static bool job_asked(void *job)
{
    struct job *j = job;
    struct engine *e = j->engine;
    if (clock_mono_ms() - e->looked_ms >= LOOK_MS) {
        outbox_tick(j->session->outbox, always, NULL);
        pthread_mutex_lock(&e->lock);
        look_after_sessions(e);
        pthread_mutex_unlock(&e->lock);
    }
    return job_cancelled(j);
}

static void job_end(struct job *j, const struct err *err)
{
    struct engine_event ev = {.type = EV_DONE, .id = j->id, .stream = j->stream};
    ev.done.reason = DONE_CANCELLED;
    if (err) {
        ev.type = EV_ERROR;
        ev.error.code = err->code;
        ev.bytes = err->msg;
        ev.n_bytes = strlen(err->msg);
    }
    job_emit(j, &ev);
}

static void run_job(struct job *j, struct engine_request *request, int64_t submitted_ms)
{
    struct engine *e = j->engine;
    struct engine_session *s = j->session;
    struct err err = ERR_INIT;
    if (job_cancelled(j)) {
        job_end(j, NULL);
        return;
    }
    if (e->state == FAILED) {
        job_end(j, &e->load_err);
        return;
    }
    if (!s->backend && backend_session_new(e->backend, &s->backend, &err) < 0) {
        job_end(j, &err);
        return;
    }
    if (request->deadline_ms > 0) {
        int64_t waited = clock_mono_ms() - submitted_ms;
        request->deadline_ms = request->deadline_ms > waited ? request->deadline_ms - waited : 1;
    }
    const struct emitter emitter = {job_emit, job_asked, j};
    backend_run(s->backend, request, &emitter);
}

/* The oldest request of all sessions. Called with the lock held. */
static bool next_job(struct engine *e, struct job *j)
{
    uint64_t oldest = UINT64_MAX;
    for (struct engine_session *s = e->sessions; s; s = s->next) {
        for (int i = 0; i < SLOTS; i++) {
            struct slot *slot = &s->slots[i];
            if (atomic_load(&s->closing) || !slot->request || slot->ticket >= oldest)
                continue;
            oldest = slot->ticket;
            *j = (struct job){e, s, slot, atomic_load(&slot->id), slot->request->stream};
        }
    }
    return oldest != UINT64_MAX;
}

static bool load_progress(void *engine, int percent)
{
    struct engine *e = engine;
    pthread_mutex_lock(&e->lock);
    e->percent = percent;
    look_after_sessions(e);
    pthread_mutex_unlock(&e->lock);
    return !atomic_load(&e->closing);
}

static void load_warning(void *engine, const char *sentence)
{
    struct engine *e = engine;
    pthread_mutex_lock(&e->lock);
    free(e->warning);
    e->warning = strdup(sentence); /* without memory it goes unsaid */
    look_after_sessions(e);
    pthread_mutex_unlock(&e->lock);
}

static void *engine_main(void *engine)
{
    struct engine *e = engine;
    int rc = -1;
    const struct load_watch watch = {load_progress, load_warning, e};
    if (load_progress(e, 0))
        rc = backend_load(e->path, &e->options, &watch, &e->backend, &e->load_err);
    pthread_mutex_lock(&e->lock);
    e->state = rc == 0 ? READY : FAILED;
    if (rc == 0)
        e->percent = 100;
    look_after_sessions(e);
    while (!atomic_load(&e->closing)) {
        struct job job;
        look_after_sessions(e);
        if (!next_job(e, &job)) {
            while (!e->news && !atomic_load(&e->closing) && !next_job(e, &job))
                pthread_cond_wait(&e->work, &e->lock);
            continue;
        }
        struct engine_request *request = job.slot->request;
        int64_t submitted_ms = job.slot->submitted_ms;
        job.slot->request = NULL;
        e->running = job.session;
        pthread_mutex_unlock(&e->lock);
        run_job(&job, request, submitted_ms);
        free(request);
        pthread_mutex_lock(&e->lock);
        e->running = NULL;
        pthread_cond_broadcast(&e->idle);
    }
    pthread_mutex_unlock(&e->lock);
    backend_free(e->backend);
    return NULL;
}

/* --- the caller's thread --------------------------------------------------------------------- */

int engine_open(const char *path, const struct engine_options *options, struct engine **out,
                struct err *err)
{
    if (!path || !path[0])
        return err_set(err, E_USAGE, _("No model file is named."));
    if (options->n_threads < 0 || options->n_threads > MAX_THREADS)
        return err_set(err, E_USAGE, _("threads is %d; 0 to %d are allowed (0: one per core)."),
                       options->n_threads, MAX_THREADS);
    if (options->n_ctx < 0)
        return err_set(err, E_USAGE,
                       _("n_ctx is %d; it must not be negative (0: the model's own)."),
                       options->n_ctx);
    struct engine *e = calloc(1, sizeof *e);
    char *copy = strdup(path);
    if (!e || !copy) {
        free(e);
        free(copy);
        return err_set(err, E_RESOURCE, _("There is no memory for the engine."));
    }
    e->path = copy;
    e->options = *options;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->work, NULL);
    pthread_cond_init(&e->idle, NULL);
    int error = thread_start(&e->thread, "xuxie-engine", engine_main, e);
    if (error != 0) {
        pthread_cond_destroy(&e->idle);
        pthread_cond_destroy(&e->work);
        pthread_mutex_destroy(&e->lock);
        free(e->path);
        free(e);
        return err_set(err, E_RESOURCE, _("The engine's thread cannot be started: %s."),
                       strerror(error));
    }
    *out = e;
    return 0;
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    assert(!e->sessions);
    pthread_mutex_lock(&e->lock);
    atomic_store(&e->closing, true);
    pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    pthread_cond_destroy(&e->idle);
    pthread_cond_destroy(&e->work);
    pthread_mutex_destroy(&e->lock);
    free(e->warning);
    free(e->path);
    free(e);
}

const struct engine_info *engine_info(const struct engine *e)
{
    return e->ready_seen ? backend_info(e->backend) : NULL;
}

const struct tokenizer *engine_tokenizer(const struct engine *e)
{
    return e->ready_seen ? backend_tokenizer(e->backend) : NULL;
}

int engine_session_new(struct engine *e, struct engine_session **out, struct err *err)
{
    struct engine_session *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, E_RESOURCE, _("There is no memory for a session of the engine."));
    int rc = outbox_new(&s->outbox, err);
    if (rc < 0) {
        free(s);
        return rc;
    }
    s->engine = e;
    s->told_percent = -1;
    pthread_mutex_lock(&e->lock);
    s->next = e->sessions;
    e->sessions = s;
    e->news = true;
    pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->lock);
    *out = s;
    return 0;
}

void engine_session_free(struct engine_session *s)
{
    if (!s)
        return;
    struct engine *e = s->engine;
    atomic_store(&s->closing, true);
    outbox_interrupt(s->outbox);
    pthread_mutex_lock(&e->lock);
    while (e->running == s)
        pthread_cond_wait(&e->idle, &e->lock);
    struct engine_session **link = &e->sessions;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    pthread_mutex_unlock(&e->lock);
    for (int i = 0; i < SLOTS; i++)
        free(s->slots[i].request);
    backend_session_free(s->backend);
    outbox_free(s->outbox);
    free(s);
}

/* A free place, or NULL when two live requests are there already. Called with the lock held. */
static struct slot *free_slot(struct engine_session *s)
{
    struct slot *found = NULL;
    int n_live = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &s->slots[i];
        uint64_t id = atomic_load(&slot->id);
        if (id == 0)
            found = slot;
        else if (atomic_load(&slot->cancel) != id)
            n_live++;
    }
    return n_live < MAX_LIVE ? found : NULL;
}

int engine_submit(struct engine_session *s, const struct engine_request *request, struct err *err)
{
    struct engine *e = s->engine;
    struct engine_request *copy;
    int rc = request_check(request, err);
    if (rc < 0)
        return rc;
    if (request->id <= s->last_id)
        return err_set(err, E_INPUT, _("The requests' numbers must grow: %llu came after %llu."),
                       (unsigned long long)request->id, (unsigned long long)s->last_id);
    rc = request_copy(request, &copy, err);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&e->lock);
    struct slot *slot = free_slot(s);
    if (slot) {
        slot->ticket = ++e->ticket;
        slot->submitted_ms = clock_mono_ms();
        slot->request = copy;
        atomic_store(&slot->id, request->id);
        pthread_cond_signal(&e->work);
    }
    pthread_mutex_unlock(&e->lock);
    if (!slot) {
        free(copy);
        return err_set(err, E_BUSY, _("One request is being answered and another one waits."));
    }
    s->last_id = request->id;
    return 0;
}

void engine_cancel(struct engine_session *s, uint64_t id)
{
    if (id == 0)
        return;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &s->slots[i];
        if (atomic_load(&slot->id) != id)
            continue;
        uint64_t seen = atomic_load(&slot->cancel);
        while (seen < id && !atomic_compare_exchange_weak(&slot->cancel, &seen, id))
            ;
    }
    outbox_interrupt(s->outbox);
}

int engine_fd(const struct engine_session *s)
{
    return outbox_fd(s->outbox);
}

bool engine_next_event(struct engine_session *s, struct engine_event *ev)
{
    bool any = outbox_next(s->outbox, ev);
    if (any && ev->type == EV_READY)
        s->engine->ready_seen = true;
    return any;
}
