/* test_ring.c - src/base/ring.c: against a queue that is obviously right, and between two threads.
 */
#include "config.h"

#include "src/base/ring.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static bool yes(void *unused)
{
    (void)unused;
    return true;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Record number k is this long and is filled with bytes that follow from k. */
static size_t fill_record(unsigned char *out, uint32_t k, size_t max)
{
    uint32_t state = k;
    size_t n = next_random(&state) % (max + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)(next_random(&state));
    return n;
}

/* Random pushes and pops; the model is the pair of counters. */
static void test_against_model(void **state)
{
    (void)state;
    static const size_t sizes[] = {1024, 4096, 65536};
    for (size_t s = 0; s < 3; s++) {
        struct ring *r = ring_new(sizes[s]);
        assert_non_null(r);
        size_t max = ring_max_body(r);
        assert_true(max >= sizes[s] / 8);
        unsigned char *expected = malloc(max);
        uint32_t rnd = 7, n_pushed = 0, n_popped = 0;
        for (int step = 0; step < 40000; step++) {
            if (next_random(&rnd) % 2) {
                size_t n = fill_record(expected, n_pushed, max);
                size_t head = n ? next_random(&rnd) % (n + 1) : 0;
                bool was_empty = false;
                if (ring_push(r, expected, head, expected + head, n - head, yes, NULL,
                              &was_empty)) {
                    assert_int_equal(was_empty, n_pushed == n_popped);
                    n_pushed++;
                } else { /* it may only refuse when a good part is in use */
                    assert_true(n_pushed > n_popped);
                }
            } else {
                const void *record;
                size_t n;
                bool any = ring_peek(r, &record, &n);
                assert_int_equal(any, n_pushed > n_popped);
                if (any) {
                    assert_int_equal((uintptr_t)record % 8, 0);
                    assert_int_equal(n, fill_record(expected, n_popped, max));
                    assert_memory_equal(record, expected, n);
                    ring_pop(r);
                    n_popped++;
                }
            }
        }
        assert_true(n_popped > 10000);
        free(expected);
        ring_free(r);
    }
    ring_free(NULL);
}

/* A record of the greatest size always fits into an empty ring, wherever its head stands. */
static void test_largest_record(void **state)
{
    (void)state;
    struct ring *r = ring_new(1024);
    static unsigned char body[1024];
    for (int i = 0; i < 500; i++) {
        assert_true(ring_push(r, NULL, 0, body, (size_t)i % 200, yes, NULL, NULL));
        ring_pop(r);
        assert_true(ring_push(r, body, 8, body, ring_max_body(r) - 8, yes, NULL, NULL));
        ring_pop(r);
    }
    ring_pop(r); /* of an empty ring: nothing */
    ring_free(r);
}

enum { N_RECORDS = 30000 };

static void *produce(void *ring)
{
    static unsigned char body[256];
    for (uint32_t k = 0; k < N_RECORDS; k++) {
        size_t n = fill_record(body, k, sizeof body);
        if (!ring_push(ring, NULL, 0, body, n, NULL, NULL, NULL))
            return "refused";
    }
    return NULL;
}

static void test_two_threads(void **state)
{
    (void)state;
    struct ring *r = ring_new(1024);
    pthread_t thread;
    pthread_create(&thread, NULL, produce, r);
    unsigned char expected[256];
    for (uint32_t k = 0; k < N_RECORDS;) {
        const void *record;
        size_t n;
        if (!ring_peek(r, &record, &n))
            continue;
        assert_int_equal(n, fill_record(expected, k, sizeof expected));
        assert_memory_equal(record, expected, n);
        ring_pop(r);
        k++;
    }
    void *problem;
    pthread_join(thread, &problem);
    assert_null(problem);
    ring_free(r);
}

/* The consumer sleeps on a semaphore and is only woken by was_empty: it must see everything. */
struct wake_test {
    struct ring *ring;
    sem_t wake;
};

static void *produce_and_wake(void *test)
{
    struct wake_test *t = test;
    for (uint32_t k = 0; k < N_RECORDS; k++) {
        bool was_empty;
        ring_push(t->ring, &k, sizeof k, NULL, 0, NULL, NULL, &was_empty);
        if (was_empty)
            sem_post(&t->wake);
    }
    return NULL;
}

static void test_wake_is_never_lost(void **state)
{
    (void)state;
    struct wake_test t = {.ring = ring_new(1024)};
    sem_init(&t.wake, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, produce_and_wake, &t);
    for (uint32_t k = 0; k < N_RECORDS;) {
        sem_wait(&t.wake);
        const void *record;
        size_t n;
        while (ring_peek(t.ring, &record, &n)) {
            assert_memory_equal(record, &k, sizeof k);
            ring_pop(t.ring);
            k++;
        }
    }
    pthread_join(thread, NULL);
    sem_destroy(&t.wake);
    ring_free(t.ring);
}

/* Giving up: a producer that waits at a full ring is interrupted, also from a signal handler. */
static atomic_bool given_up;
static struct ring *full_ring;

static bool gave_up(void *unused)
{
    (void)unused;
    return atomic_load(&given_up);
}

static void *fill_up(void *refused)
{
    static unsigned char body[100];
    while (ring_push(full_ring, NULL, 0, body, sizeof body, gave_up, NULL, NULL))
        ;
    atomic_store((atomic_bool *)refused, true);
    return NULL;
}

static void on_signal(int unused)
{
    (void)unused;
    atomic_store(&given_up, true);
    ring_interrupt(full_ring);
}

static void test_interrupt(void **state)
{
    (void)state;
    struct sigaction sa = {.sa_handler = on_signal}, before;
    sigaction(SIGUSR1, &sa, &before);
    for (int i = 0; i < 200; i++) {
        full_ring = ring_new(1024);
        atomic_store(&given_up, false);
        atomic_bool refused = false;
        pthread_t thread;
        pthread_create(&thread, NULL, fill_up, &refused);
        if (i % 4 == 0)
            usleep(1000); /* it sleeps by then; otherwise the two race */
        assert_false(atomic_load(&refused));
        raise(SIGUSR1);
        pthread_join(thread, NULL);
        assert_true(atomic_load(&refused));
        /* The ring is whole afterwards. */
        const void *record;
        size_t n;
        int count = 0;
        for (; ring_peek(full_ring, &record, &n); count++)
            ring_pop(full_ring);
        assert_true(count <= 9);
        assert_true(ring_push(full_ring, "x", 1, NULL, 0, yes, NULL, NULL));
        ring_free(full_ring);
    }
    sigaction(SIGUSR1, &before, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model), cmocka_unit_test(test_largest_record),
        cmocka_unit_test(test_two_threads),   cmocka_unit_test(test_wake_is_never_lost),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
