/* test_pool.c - the parts cover everything once; runs are complete and in order, whatever the
 * number of threads (with more threads than CPUs they sleep at once, which is the other half of the
 * code). */
#include "config.h"

#include "engine/kernels/pool.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"

enum { MAX_THREADS = 16 };

static struct pool *new_pool(int n)
{
    struct pool *p = NULL;
    struct err err = ERR_INIT;
    if (pool_new(n, &p, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(pool_size(p), n);
    return p;
}

static void test_parts_cover_everything_once(void **state)
{
    (void)state;
    static const int64_t totals[] = {0, 1, 2, 7, 16, 63, 64, 65, 1000, 8192, INT64_C(1) << 40};
    static const int64_t aligns[] = {1, 2, 16, 100};
    for (size_t t = 0; t < ARRAY_LEN(totals); t++)
        for (size_t a = 0; a < ARRAY_LEN(aligns); a++)
            for (int n = 1; n <= MAX_THREADS; n++) {
                int64_t expected = 0, least = INT64_MAX, most = 0;
                for (int i = 0; i < n; i++) {
                    int64_t begin = -1, end = -1;
                    pool_part(totals[t], aligns[a], i, n, &begin, &end);
                    assert_true(begin == expected && end >= begin);
                    assert_true(end % aligns[a] == 0 || end == totals[t]);
                    int64_t units = (end - begin + aligns[a] - 1) / aligns[a];
                    least = units < least ? units : least;
                    most = units > most ? units : most;
                    expected = end;
                }
                assert_true(expected == totals[t]);
                assert_true(most - least <= 1);
            }
}

/* Not atomic on purpose: the pool must order these, and the thread sanitiser watches. */
struct tally {
    long count[MAX_THREADS];
    long sum;
    int n_seen;
};

static void count(void *arg, int i, int n)
{
    struct tally *t = arg;
    t->count[i]++;
    if (i == 0)
        t->n_seen = n;
}

static void check_many_runs(int n_threads, long n_runs)
{
    struct pool *p = new_pool(n_threads);
    struct tally t = {0};
    for (long r = 1; r <= n_runs; r++) {
        pool_run(p, count, &t);
        for (int i = 0; i < n_threads; i++)
            if (t.count[i] != r)
                fail_msg("after run %ld of %d threads, thread %d has done %ld", r, n_threads, i,
                         t.count[i]);
    }
    assert_int_equal(t.n_seen, n_threads);
    pool_free(p);
}

static void test_many_tiny_runs(void **state)
{
    (void)state;
    check_many_runs(1, 100000);
    check_many_runs(2, 100000);
    check_many_runs(3, 20000);
    check_many_runs(MAX_THREADS, 1000);
}

/* Pauses between runs let the workers fall asleep; uneven parts let the caller. */
static void uneven(void *arg, int i, int n)
{
    struct tally *t = arg;
    if (t->sum % n == i) {
        struct timespec ms = {0, 200000};
        nanosleep(&ms, NULL);
    }
    t->count[i]++;
}

static void test_sleepers_wake_up(void **state)
{
    (void)state;
    for (int n = 2; n <= 5; n++) {
        struct pool *p = new_pool(n);
        struct tally t = {0};
        for (t.sum = 0; t.sum < 300; t.sum++) {
            pool_run(p, uneven, &t);
            if (t.sum % 3 == 0) {
                struct timespec pause = {0, 100000};
                nanosleep(&pause, NULL);
            }
        }
        for (int i = 0; i < n; i++)
            assert_int_equal(t.count[i], 300);
        pool_free(p);
    }
}

struct masks {
    pthread_t caller;
    atomic_int n_inside;
    sigset_t of_part[3];
    bool by_caller[3];
};

/* Nobody leaves before everybody is in, so each thread does one part. */
static void note_mask(void *arg, int i, int n)
{
    struct masks *m = arg;
    pthread_sigmask(SIG_SETMASK, NULL, &m->of_part[i]);
    m->by_caller[i] = pthread_equal(pthread_self(), m->caller) != 0;
    atomic_fetch_add(&m->n_inside, 1);
    while (atomic_load(&m->n_inside) < n)
        sched_yield();
}

static void test_workers_take_no_signals(void **state)
{
    (void)state;
    static const int asynchronous[] = {SIGHUP,  SIGINT,  SIGTERM,  SIGQUIT, SIGTSTP,
                                       SIGCONT, SIGALRM, SIGWINCH, SIGPIPE, SIGCHLD,
                                       SIGUSR1, SIGUSR2, SIGTTIN,  SIGTTOU, SIGURG};
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    struct masks m = {.caller = pthread_self()};
    struct pool *p = new_pool(3);
    pool_run(p, note_mask, &m);
    assert_int_equal(m.by_caller[0] + m.by_caller[1] + m.by_caller[2], 1);
    for (int i = 0; i < 3; i++)
        if (m.by_caller[i]) { /* whose own mask is as it was */
            for (int s = 1; s <= SIGSYS; s++)
                assert_int_equal(sigismember(&m.of_part[i], s), sigismember(&before, s));
        } else {
            for (size_t s = 0; s < ARRAY_LEN(asynchronous); s++)
                assert_int_equal(sigismember(&m.of_part[i], asynchronous[s]), 1);
            for (size_t s = 0; s < ARRAY_LEN(faults); s++)
                assert_int_equal(sigismember(&m.of_part[i], faults[s]), 0);
        }
    pool_free(p);
}

/* A thread that is held up keeps one part, and the others do the rest. */
struct held_up {
    struct tally tally;
    atomic_int n_begun, n_done; /* in this run */
};

static void hold_up_one(void *arg, int i, int n)
{
    struct held_up *h = arg;
    if (atomic_fetch_add(&h->n_begun, 1) == 0)
        while (atomic_load(&h->n_done) < n - 1)
            sched_yield();
    h->tally.count[i]++;
    atomic_fetch_add(&h->n_done, 1);
}

static void test_others_do_the_parts_of_one_held_up(void **state)
{
    (void)state;
    for (int n = 2; n <= 5; n++) {
        struct pool *p = new_pool(n);
        struct held_up h = {.n_begun = 0};
        for (int r = 0; r < 200; r++) {
            h.n_begun = h.n_done = 0;
            pool_run(p, hold_up_one, &h);
        }
        for (int i = 0; i < n; i++)
            assert_int_equal(h.tally.count[i], 200);
        pool_free(p);
    }
}

static void test_pools_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct pool *p = new_pool(1 + i % 6);
        struct tally t = {0};
        if (i % 2)
            pool_run(p, count, &t);
        pool_free(p);
    }
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_cover_everything_once),
        cmocka_unit_test(test_many_tiny_runs),
        cmocka_unit_test(test_sleepers_wake_up),
        cmocka_unit_test(test_workers_take_no_signals),
        cmocka_unit_test(test_others_do_the_parts_of_one_held_up),
        cmocka_unit_test(test_pools_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
