/* test_no_alloc.c - the token loop allocates nothing: every call of the allocator from this
 * program's own code is counted (the linker's --wrap) between the first token and the last, with a
 * context so small that the text is cut several times meanwhile. Nor does scoring, once the prompt
 * is read. */
#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/engine.h"
#include "engine/sample.h"

static atomic_bool counting;
static atomic_int n_calls;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

static void count(void)
{
    if (atomic_load(&counting))
        atomic_fetch_add(&n_calls, 1);
}

void *__wrap_malloc(size_t n)
{
    count();
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    count();
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    count();
    return __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    count();
    return __real_aligned_alloc(align, n);
}

static struct engine_event wait_event(struct engine_session *s)
{
    struct engine_event ev;
    while (!engine_next_event(s, &ev))
        poll(&(struct pollfd){.fd = engine_fd(s), .events = POLLIN}, 1, 1000);
    return ev;
}

static void open_session(int n_ctx, struct engine **e, struct engine_session **s)
{
    char path[4096];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/data/preview-q8_0.gguf", top ? top : ".");
    const struct engine_options options = {.n_threads = 2, .n_ctx = n_ctx};
    assert_int_equal(engine_open(path, &options, e, NULL), 0);
    assert_int_equal(engine_session_new(*e, s, NULL), 0);
}

static void test_token_loop(void **state)
{
    (void)state;
    struct engine *e = NULL;
    struct engine_session *s = NULL;
    void *volatile sure = malloc(1); /* the counter counts at all; before a thread loads a model */
    atomic_store(&counting, true);
    free(sure);
    sure = malloc(1);
    free(sure);
    assert_int_equal(atomic_exchange(&n_calls, 0), 1);
    atomic_store(&counting, false);
    open_session(64, &e, &s);
    const char text[] = "那一夜，雪下得很大。";
    const struct engine_segment segment = {
        .kind = SEGMENT_TEXT, .text = text, .n_bytes = sizeof text - 1};
    const char *const stops[] = {"不会出现的话"};
    struct engine_request q = {.id = 1,
                               .segments = &segment,
                               .n_segments = 1,
                               .n_streams = 1,
                               .seed = 1,
                               .max_tokens = 200,
                               .ignore_eos = true,
                               .stops = stops,
                               .n_stops = 1};
    sample_params_init(&q.sampling);
    q.sampling.top_k = 50;
    q.sampling.top_p = 0.9f;
    q.sampling.min_p = 0.02f;
    q.sampling.typical = 0.95f;
    q.sampling.repeat_penalty = 1.1f;
    q.sampling.presence_penalty = 0.1f;
    q.sampling.frequency_penalty = 0.1f;
    q.sampling.dry_multiplier = 0.8f;
    q.sampling.xtc_threshold = 0.1f;
    q.sampling.xtc_probability = 0.5f;
    int n_tokens = 0, n_cuts = 0;
    assert_int_equal(engine_submit(s, &q, NULL), 0);
    struct engine_event ev;
    do {
        ev = wait_event(s);
        assert_int_not_equal(ev.type, EV_ERROR);
        n_cuts += ev.type == EV_CUT;
        if (ev.type == EV_TOKEN && ++n_tokens == 1)
            atomic_store(&counting, true);
    } while (ev.type != EV_DONE);
    atomic_store(&counting, false);
    assert_int_equal(n_tokens, 200);
    assert_true(n_cuts >= 5);
    assert_int_equal(atomic_load(&n_calls), 0);
    engine_session_free(s);
    engine_close(e);
}

static void test_scoring(void **state)
{
    (void)state;
    struct engine *e = NULL;
    struct engine_session *s = NULL;
    open_session(1024, &e, &s);
    static int32_t ids[1024];
    for (int i = 0; i < 1024; i++)
        ids[i] = 700 + i * 31 % 5000;
    const struct engine_segment segments[] = {
        {.kind = SEGMENT_IDS, .ids = ids, .n_ids = 300, .scored = true},
        {.kind = SEGMENT_IDS, .ids = ids + 300, .n_ids = 200},
        {.kind = SEGMENT_IDS, .ids = ids + 500, .n_ids = 524, .scored = true},
    };
    struct engine_request q = {
        .id = 1, .segments = segments, .n_segments = 3, .n_streams = 1, .score = true};
    sample_params_init(&q.sampling);
    assert_int_equal(engine_submit(s, &q, NULL), 0);
    struct engine_event ev;
    int n_scores = 0;
    do {
        ev = wait_event(s);
        assert_int_not_equal(ev.type, EV_ERROR);
        n_scores += ev.type == EV_SCORE ? (int)ev.score.n : 0;
        if (ev.type == EV_PREFILL)
            atomic_store(&counting, true);
    } while (ev.type != EV_DONE);
    atomic_store(&counting, false);
    assert_int_equal(n_scores, 824);
    assert_int_equal(atomic_load(&n_calls), 0);
    engine_session_free(s);
    engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_loop),
        cmocka_unit_test(test_scoring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
