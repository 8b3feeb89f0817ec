/* pool.c - see pool.h.
 *
 * A run is announced by adding 1 to `runs`. Its parts are fixed, but not who does them: a thread
 * claims the part with its own number first (its caches may still hold those weights), then any
 * that nobody has begun. So a worker that sleeps, or whose CPU another program has, holds up no
 * part but one it is in the middle of. Whoever waits looks at his counter in a short bounded spin
 * (the next run usually comes within microseconds, a token has hundreds) and then sleeps on a
 * condition.
 *
 * Invariants
 *  1  workers[i].claimed is `runs`, or one less while part i of the present run is unclaimed: a
 *     worker that is late and still thinks of an earlier run finds nothing to claim
 *  2  fn and arg are written by the caller while every part is claimed and n_left is 0, before
 *     `runs` is raised; workers read them only after a claim, and the caller does not return before
 *     the claimed part is done
 *  3  a sleeper raises its flag (workers_asleep, caller_asleep) under the lock and then looks at
 *     the counter once more; the other side changes the counter and then looks at the flag. All
 *     four are sequentially consistent, so one of the two sees the other and no wake-up is lost.
 *
 * With more threads than CPUs spinning takes the time away from those that have work: they sleep at
 * once. Measured on a virtual machine with 2 CPUs: starting a run takes 3 us while the worker
 * sleeps, next to nothing while it spins. With a busy program beside them, 2 threads do 430 to 1120
 * tokens/s of products like a small model's (1 thread: 410 to 540); were part i bound to thread i,
 * 190 to 290.
 */
#include "config.h"

#include "engine/kernels/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/thread.h"

enum { SPIN_NS = 50000, PAUSES_PER_LOOK = 16 };

struct worker {
    struct pool *pool;
    int index;
    pthread_t thread;
    _Alignas(64) atomic_uint claimed; /* the last run in which somebody claimed part `index` */
};

struct pool {
    int n;
    int spin_ns; /* 0: never */
    void (*fn)(void *arg, int i, int n);
    void *arg;
    _Alignas(64) atomic_uint runs; /* raised by the caller, read by the workers */
    atomic_bool closing;           /* set by the caller before the last raise of `runs` */
    _Alignas(64)
        atomic_int n_left;      /* parts not done; set by the caller, lowered by whoever did one */
    atomic_bool workers_asleep; /* some may wait on `start`; changed under lock */
    atomic_bool caller_asleep;  /* the caller waits on `done`; changed under lock */
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    struct worker workers[]; /* n; the first is the caller */
};

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Looks until is_over(p, seen) or the time to spin has passed; whether it is over. */
static bool spin(struct pool *p, bool (*is_over)(struct pool *p, unsigned seen), unsigned seen)
{
    if (is_over(p, seen))
        return true;
    if (p->spin_ns == 0)
        return false;
    int64_t end = now_ns() + p->spin_ns;
    do {
        for (int i = 0; i < PAUSES_PER_LOOK; i++) {
            pause_cpu();
            if (is_over(p, seen))
                return true;
        }
    } while (now_ns() < end);
    return false;
}

static bool has_started(struct pool *p, unsigned seen)
{
    return atomic_load(&p->runs) != seen;
}

static bool all_are_done(struct pool *p, unsigned unused)
{
    (void)unused;
    return atomic_load(&p->n_left) == 0;
}

static void wait_for_run(struct pool *p, unsigned seen)
{
    if (spin(p, has_started, seen))
        return;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        atomic_store(&p->workers_asleep, true);
        if (has_started(p, seen))
            break;
        pthread_cond_wait(&p->start, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

static void wait_for_parts(struct pool *p)
{
    if (spin(p, all_are_done, 0))
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_asleep, true);
    while (!all_are_done(p, 0))
        pthread_cond_wait(&p->done, &p->lock);
    atomic_store(&p->caller_asleep, false);
    pthread_mutex_unlock(&p->lock);
}

static void start_run(struct pool *p)
{
    atomic_fetch_add(&p->runs, 1);
    if (!atomic_load(&p->workers_asleep))
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->workers_asleep, false);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
}

static void finish_part(struct pool *p)
{
    if (atomic_fetch_sub(&p->n_left, 1) != 1 || !atomic_load(&p->caller_asleep))
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

/* Does the parts of this run that nobody else has begun, thread i its own first. */
static void do_parts(struct pool *p, unsigned run, int i)
{
    for (int k = 0; k < p->n; k++) {
        int part = (i + k) % p->n;
        unsigned unclaimed = run - 1;
        if (atomic_compare_exchange_strong(&p->workers[part].claimed, &unclaimed, run)) {
            p->fn(p->arg, part, p->n);
            finish_part(p);
        }
    }
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    for (unsigned seen = 0;;) {
        wait_for_run(p, seen);
        seen = atomic_load(&p->runs);
        if (atomic_load(&p->closing))
            return NULL;
        do_parts(p, seen, w->index);
    }
}

int pool_new(int n_threads, struct pool **out, struct err *err)
{
    assert(n_threads >= 1);
    size_t size;
    struct pool *p = NULL;
    if (mul_size((size_t)n_threads, sizeof *p->workers, &size) && add_size(size, sizeof *p, &size))
        p = aligned_alloc(64, size); /* both sizes are multiples of 64 */
    if (!p)
        return err_set(err, E_RESOURCE, _("There is no memory for a pool of %d threads."),
                       n_threads);
    memset(p, 0, size);
    p->n = 1;
    p->spin_ns = n_threads <= pool_cpus() ? SPIN_NS : 0;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    for (; p->n < n_threads; p->n++) {
        struct worker *w = &p->workers[p->n];
        w->pool = p;
        w->index = p->n;
        int failed = thread_start(&w->thread, "xuxie-pool", worker_main, w);
        if (failed) {
            int n_started = p->n;
            pool_free(p);
            return err_set(
                err, E_RESOURCE,
                _("Thread %d of %d cannot be started: %s. Ask for fewer with --threads."),
                n_started + 1, n_threads, strerror(failed));
        }
    }
    *out = p;
    return 0;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    atomic_store(&p->closing, true);
    start_run(p);
    for (int i = 1; i < p->n; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int pool_size(const struct pool *p)
{
    return p->n;
}

void pool_run(struct pool *p, void (*fn)(void *arg, int i, int n), void *arg)
{
    if (p->n == 1) {
        fn(arg, 0, 1);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    atomic_store(&p->n_left, p->n);
    start_run(p);
    do_parts(p, atomic_load(&p->runs), 0);
    wait_for_parts(p);
}

/* The units of `align` elements are dealt out in order, the first total % n threads one more. */
void pool_part(int64_t total, int64_t align, int i, int n, int64_t *begin, int64_t *end)
{
    assert(total >= 0 && align >= 1 && i >= 0 && i < n);
    int64_t n_units = total / align + (total % align != 0);
    int64_t each = n_units / n, more = n_units % n;
    int64_t first = i * each + (i < more ? i : more);
    int64_t last = first + each + (i < more ? 1 : 0);
    *begin = first * align < total ? first * align : total;
    *end = last * align < total ? last * align : total;
}
