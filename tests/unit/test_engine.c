/* test_engine.c - engine/engine.c: the protocol of engine.h, with a backend that writes from a
 * script. XUXIE_TEST_CANCELS sets the number of random cancels (default 500). */
#include "config.h"

#include "engine/engine.h"

#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/sample.h"
#include "engine/stream_text.h"
#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "tests/tui/fake_engine.h"

enum { PATIENCE_MS = 20000, MAX_SCORES = 1000 };

static struct engine_request make_request(uint64_t id)
{
    static const struct engine_segment segment = {
        .kind = SEGMENT_TEXT, .text = "雪夜", .n_bytes = 6};
    struct engine_request q = {.id = id, .segments = &segment, .n_segments = 1, .n_streams = 1};
    sample_params_init(&q.sampling);
    return q;
}

static struct engine *open_engine(const struct fake_script *script)
{
    struct engine *e = NULL;
    struct err err = ERR_INIT;
    fake_engine_script(script);
    assert_int_equal(engine_open("fake", &(struct engine_options){0}, &e, &err), 0);
    return e;
}

static struct engine_session *open_session(struct engine *e)
{
    struct engine_session *s = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(engine_session_new(e, &s, &err), 0);
    return s;
}

/* The next event, waiting for it on the descriptor as a program does. */
static struct engine_event wait_event(struct engine_session *s)
{
    struct engine_event ev;
    int64_t began = clock_mono_ms();
    while (!engine_next_event(s, &ev)) {
        struct pollfd p = {.fd = engine_fd(s), .events = POLLIN};
        assert_true(clock_mono_ms() - began < PATIENCE_MS);
        poll(&p, 1, PATIENCE_MS);
    }
    return ev;
}

static void wait_ready(struct engine_session *s)
{
    int percent = -1;
    for (;;) {
        struct engine_event ev = wait_event(s);
        assert_int_equal(ev.id, 0);
        if (ev.type == EV_READY)
            return;
        assert_int_equal(ev.type, EV_LOAD);
        assert_true(ev.load.percent > percent && ev.load.percent <= 100);
        percent = ev.load.percent;
    }
}

static void submit(struct engine_session *s, const struct engine_request *q)
{
    struct err err = ERR_INIT;
    assert_int_equal(engine_submit(s, q, &err), 0);
}

/* Reads one request to its end, checking the order of events. */
struct answer {
    size_t n;
    char text[65536];
    int n_tokens, n_prompt_ids;
    struct engine_score scores[MAX_SCORES];
    int n_ends;
    bool prompt_ended, prefilled;
    struct engine_event end;
    char message[256];
};

static void take(struct answer *a, const struct engine_event *ev)
{
    assert_int_equal(a->n_ends, 0); /* nothing after the end */
    switch (ev->type) {
    case EV_PROMPT:
        assert_false(a->prompt_ended);
        assert_int_equal(ev->n_bytes, ev->prompt.n_ids * sizeof(int32_t));
        assert_int_equal((uintptr_t)ev->bytes % sizeof(int32_t), 0);
        a->n_prompt_ids += (int)ev->prompt.n_ids;
        a->prompt_ended = ev->prompt.last;
        break;
    case EV_CUT: assert_true(a->prompt_ended); break;
    case EV_PREFILL:
        assert_true(a->prompt_ended);
        a->prefilled = ev->prefill.done == ev->prefill.total;
        break;
    case EV_TOKEN:
        assert_true(a->prefilled);
        a->n_tokens++;
        break;
    case EV_TEXT: {
        assert_true(ev->n_bytes > 0);
        assert_int_equal(utf8_valid_prefix(ev->bytes, ev->n_bytes), ev->n_bytes);
        assert_true(a->n + ev->n_bytes < sizeof a->text);
        memcpy(a->text + a->n, ev->bytes, ev->n_bytes);
        a->n += ev->n_bytes;
        /* a token is a character: none is shown before its EV_TOKEN */
        assert_true(utf8_count(a->text, a->n) <= (size_t)a->n_tokens);
        break;
    }
    case EV_SCORE:
        assert_true(a->prompt_ended);
        assert_int_equal(ev->n_bytes, ev->score.n * sizeof *a->scores);
        assert_int_equal((uintptr_t)ev->bytes % sizeof(float), 0);
        assert_true(ev->score.n > 0 && a->n_tokens + (int)ev->score.n <= (int)MAX_SCORES);
        memcpy(a->scores + a->n_tokens, ev->bytes, ev->n_bytes);
        a->n_tokens += (int)ev->score.n;
        break;
    case EV_STATS: assert_true(a->prefilled); break;
    case EV_DONE:
        assert_int_equal(ev->done.n_tokens, a->n_tokens);
        a->n_ends++;
        break;
    case EV_ERROR:
        assert_true(ev->n_bytes < sizeof a->message);
        memcpy(a->message, ev->bytes, ev->n_bytes);
        a->message[ev->n_bytes] = '\0';
        a->n_ends++;
        break;
    case EV_LOAD:
    case EV_READY: fail();
    }
    a->end = *ev;
}

static void wait_answer(struct engine_session *s, uint64_t id, struct answer *a)
{
    memset(a, 0, sizeof *a);
    while (a->n_ends == 0) {
        struct engine_event ev = wait_event(s);
        if (ev.id != 0) {
            assert_int_equal(ev.id, id);
            take(a, &ev);
        }
    }
}

static void assert_done(const struct answer *a, enum engine_done_reason reason)
{
    assert_int_equal(a->end.type, EV_DONE);
    assert_string_equal(engine_done_name(a->end.done.reason), engine_done_name(reason));
}

static struct answer answer; /* too large for the stack of a sanitised test */

static void test_a_story(void **state)
{
    (void)state;
    struct fake_script script = {.text = "那一夜，雪下得很大。"};
    struct engine *e = open_engine(&script);
    assert_null(engine_info(e));
    struct engine_session *s = open_session(e);
    wait_ready(s);
    assert_non_null(engine_info(e));
    assert_string_equal(engine_info(e)->name, "fake");
    assert_null(engine_tokenizer(e));

    struct engine_request q = make_request(1);
    q.stream = 3;
    submit(s, &q);
    wait_answer(s, 1, &answer);
    assert_done(&answer, DONE_EOS);
    assert_string_equal(answer.text, script.text);
    assert_int_equal(answer.end.stream, 3);
    assert_int_equal(answer.n_prompt_ids, 2);
    assert_int_equal(answer.end.done.n_text_tokens, 10);

    q = make_request(2);
    q.max_tokens = 3;
    submit(s, &q);
    wait_answer(s, 2, &answer);
    assert_done(&answer, DONE_LENGTH);
    assert_string_equal(answer.text, "那一夜");

    q = make_request(3);
    q.stops = (const char *const[]){"雪下"};
    q.n_stops = 1;
    submit(s, &q);
    wait_answer(s, 3, &answer);
    assert_done(&answer, DONE_STOP);
    assert_string_equal(answer.text, "那一夜，");

    struct engine_event ev;
    assert_false(engine_next_event(s, &ev));
    engine_session_free(s);
    engine_close(e);
    engine_session_free(NULL);
    engine_close(NULL);
}

/* A session made late hears READY; a request submitted early waits for the model. */
static void test_sessions_and_loading(void **state)
{
    (void)state;
    struct fake_script script = {.text = "甲\f乙", .load_ms = 60};
    struct engine *e = open_engine(&script);
    struct engine_session *early = open_session(e);
    struct engine_request q = make_request(7);
    submit(early, &q);
    wait_ready(early);
    struct engine_session *late = open_session(e);
    wait_ready(late);
    wait_answer(early, 7, &answer);
    assert_done(&answer, DONE_EOS);

    q = make_request(8);
    submit(early, &q);
    q = make_request(8); /* numbers are each session's own */
    submit(late, &q);
    wait_answer(early, 8, &answer);
    assert_string_equal(answer.text, "乙");
    wait_answer(late, 8, &answer);
    assert_string_equal(answer.text, "甲");
    engine_session_free(early);
    engine_session_free(late);
    engine_close(e);
}

static void test_load_error(void **state)
{
    (void)state;
    struct fake_script script = {.load_error = "x.gguf: there is no such file."};
    struct engine *e = open_engine(&script);
    for (int i = 0; i < 2; i++) { /* also a session that comes later */
        struct engine_session *s = open_session(e);
        struct engine_event ev;
        do {
            ev = wait_event(s);
        } while (ev.type == EV_LOAD);
        assert_int_equal(ev.type, EV_ERROR);
        assert_int_equal(ev.id, 0);
        assert_int_equal(ev.error.code, E_INPUT);
        assert_int_equal(ev.n_bytes, strlen(script.load_error));
        assert_memory_equal(ev.bytes, script.load_error, ev.n_bytes);
        assert_null(engine_info(e));
        struct engine_request q = make_request(1);
        submit(s, &q);
        wait_answer(s, 1, &answer);
        assert_int_equal(answer.end.type, EV_ERROR);
        assert_string_equal(answer.message, script.load_error);
        engine_session_free(s);
    }
    engine_close(e);
}

static void test_arguments(void **state)
{
    (void)state;
    struct engine *e = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(engine_open("", &(struct engine_options){0}, &e, &err), E_USAGE);
    assert_int_equal(engine_open("x", &(struct engine_options){.n_threads = -1}, &e, &err),
                     E_USAGE);
    assert_int_equal(engine_open("x", &(struct engine_options){.n_ctx = -1}, &e, &err), E_USAGE);
    assert_null(e);
    struct fake_script script = {.text = "x"};
    e = open_engine(&script);
    struct engine_session *s = open_session(e);
    struct engine_request q = make_request(0);
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    q = make_request(1);
    q.n_streams = 2;
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    q = make_request(1);
    q.max_tokens = -1;
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    q = make_request(1);
    q.sampling.temp = -1;
    assert_int_equal(engine_submit(s, &q, &err), E_USAGE);
    q = make_request(1);
    q.stops = (const char *const[]){"\xFF"};
    q.n_stops = 1;
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    char long_stop[STREAM_STOP_BYTES_MAX + 2];
    memset(long_stop, 'x', sizeof long_stop - 1);
    long_stop[sizeof long_stop - 1] = '\0';
    q.stops = (const char *const[]){long_stop};
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    q = make_request(1);
    q.segments = NULL;
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    q = make_request(2);
    submit(s, &q);
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT); /* numbers grow */
    engine_cancel(s, 0);
    engine_cancel(s, 99);
    wait_ready(s);
    wait_answer(s, 2, &answer);
    assert_done(&answer, DONE_EOS);
    engine_session_free(s);
    engine_close(e);
}

/* The caller may throw its request away as soon as it was submitted. */
static void test_request_is_copied(void **state)
{
    (void)state;
    struct fake_script script = {.text = "一二三stop四", .prefill_ms = 20};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    char *text = strdup("雪夜"), *stop = strdup("stop");
    int32_t *ids = malloc(2 * sizeof *ids);
    ids[0] = ids[1] = 'x';
    const char **stops = malloc(sizeof *stops);
    stops[0] = stop;
    struct engine_segment *segments = calloc(2, sizeof *segments);
    segments[0] = (struct engine_segment){.kind = SEGMENT_TEXT, .text = text, .n_bytes = 6};
    segments[1] = (struct engine_segment){.kind = SEGMENT_IDS, .ids = ids, .n_ids = 2};
    struct logit_bias *bias = calloc(1, sizeof *bias);
    struct engine_request q = make_request(1);
    q.segments = segments;
    q.n_segments = 2;
    q.stops = stops;
    q.n_stops = 1;
    q.sampling.bias = bias;
    q.sampling.n_bias = 1;
    submit(s, &q);
    memset(text, '!', 6);
    memset(stop, '!', 4);
    free(text);
    free(stop);
    free(ids);
    free(stops);
    free(segments);
    free(bias);
    wait_answer(s, 1, &answer);
    assert_done(&answer, DONE_STOP);
    assert_string_equal(answer.text, "一二三");
    assert_int_equal(answer.n_prompt_ids, 4);
    engine_session_free(s);
    engine_close(e);
}

/* One runs, one waits, the third is refused; cancelling the waiting one makes room at once. */
static void test_busy(void **state)
{
    (void)state;
    struct fake_script script = {.text = "字", .tokens_per_s = 200, .endless = true};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    struct err err = ERR_INIT;
    struct engine_request q[6];
    for (uint64_t i = 0; i < ARRAY_LEN(q); i++)
        q[i] = make_request(i);
    submit(s, &q[1]);
    submit(s, &q[2]);
    assert_int_equal(engine_submit(s, &q[3], &err), E_BUSY);
    assert_true(err.msg[0] != '\0');
    engine_cancel(s, 2);
    submit(s, &q[3]);
    assert_int_equal(engine_submit(s, &q[4], &err), E_BUSY);

    /* 2 ends while 1 still runs, then 1, then 3 is running and nothing waits. */
    int n_ends[6] = {0};
    bool cancelled_1 = false;
    while (n_ends[1] == 0) {
        struct engine_event ev = wait_event(s);
        assert_true(ev.id == 1 || ev.id == 2);
        if (ev.type == EV_DONE) {
            assert_int_equal(ev.done.reason, DONE_CANCELLED);
            n_ends[ev.id]++;
        }
        if (n_ends[2] && !cancelled_1) {
            engine_cancel(s, 1);
            cancelled_1 = true;
        }
    }
    assert_int_equal(n_ends[2], 1);
    submit(s, &q[4]);
    engine_cancel(s, 3);
    engine_cancel(s, 4);
    for (int n = 0; n < 2;) {
        struct engine_event ev = wait_event(s);
        n += ev.type == EV_DONE;
    }
    engine_session_free(s);
    engine_close(e);
}

static void test_deadline(void **state)
{
    (void)state;
    struct fake_script script = {.text = "字", .tokens_per_s = 100, .endless = true};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    struct engine_request q = make_request(1);
    q.deadline_ms = 60;
    struct engine_request second = make_request(2); /* its time runs while it waits */
    second.deadline_ms = 60;
    int64_t began = clock_mono_ms();
    submit(s, &q);
    submit(s, &second);
    wait_answer(s, 1, &answer);
    assert_done(&answer, DONE_DEADLINE);
    assert_true(clock_mono_ms() - began >= 60);
    wait_answer(s, 2, &answer);
    assert_done(&answer, DONE_DEADLINE);
    assert_true(answer.n_tokens <= 2);
    engine_session_free(s);
    engine_close(e);
}

static void test_scores(void **state)
{
    (void)state;
    struct fake_script script = {.text = "字", .scores = "夜-0.5 深-2.25", .n_ctx = MAX_SCORES};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    const int32_t ids[] = {0x6DF1, 0x591C, 'x'};
    static char many[MAX_SCORES + 1];
    memset(many, 'a', MAX_SCORES);
    struct engine_segment segments[] = {
        {.kind = SEGMENT_TEXT, .text = "夜", .n_bytes = 3, .scored = true},
        {.kind = SEGMENT_TEXT, .text = "夜雪", .n_bytes = 6},
        {.kind = SEGMENT_IDS, .ids = ids, .n_ids = 3, .scored = true},
    };
    struct engine_request q = make_request(1);
    q.segments = segments;
    q.n_segments = 3;
    q.score = true;
    submit(s, &q);
    wait_answer(s, 1, &answer);
    assert_done(&answer, DONE_SCORED);
    assert_string_equal(engine_done_name(DONE_SCORED), "scored");
    assert_int_equal(answer.n_tokens, 4);
    assert_true(answer.scores[0].logprob != answer.scores[0].logprob);
    static const struct engine_score expected[] = {
        {0x6DF1, 2, 0, -2.25f}, {0x591C, 2, 1, -0.5f}, {'x', 2, 2, -1.0f}};
    assert_memory_equal(answer.scores + 1, expected, sizeof expected);

    segments[2] = (struct engine_segment){.text = many, .n_bytes = MAX_SCORES - 3, .scored = true};
    q.id = 2;
    submit(s, &q);
    wait_answer(s, 2, &answer);
    assert_done(&answer, DONE_SCORED);
    assert_int_equal(answer.n_tokens, MAX_SCORES - 2);
    assert_int_equal(answer.scores[MAX_SCORES - 3].offset, MAX_SCORES - 4);

    segments[2].n_bytes++;
    q.id = 3;
    submit(s, &q);
    wait_answer(s, 3, &answer);
    assert_int_equal(answer.end.type, EV_ERROR);
    assert_int_equal(answer.end.error.code, E_INPUT);

    struct err err = ERR_INIT;
    q.id = 4;
    q.segments = segments + 1;
    q.n_segments = 1;
    assert_int_equal(engine_submit(s, &q, &err), E_INPUT);
    engine_session_free(s);
    engine_close(e);
}

static struct engine_session *signalled;

static void cancel_in_handler(int unused)
{
    (void)unused;
    engine_cancel(signalled, 1);
}

/* Nobody reads: the ring fills, the engine waits. Then the request is cancelled from a signal
 * handler; what is read afterwards is whole and ends with one EV_DONE. */
static void test_cancel_with_full_ring(void **state)
{
    (void)state;
    struct fake_script script = {.text = "那一夜雪下得很大", .endless = true};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    struct engine_request q = make_request(1);
    submit(s, &q);
    usleep(100000);
    signalled = s;
    struct sigaction sa = {.sa_handler = cancel_in_handler}, before;
    sigaction(SIGUSR1, &sa, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
    usleep(20000);
    wait_answer(s, 1, &answer);
    assert_done(&answer, DONE_CANCELLED);
    assert_true(answer.n_tokens > 0);
    assert_int_equal(answer.end.done.n_text_tokens, answer.n_tokens);
    assert_int_equal(utf8_count(answer.text, answer.n), answer.n_tokens);
    q = make_request(2);
    q.max_tokens = 2;
    submit(s, &q);
    wait_answer(s, 2, &answer);
    assert_done(&answer, DONE_LENGTH);

    /* And freed without a word while it waits for room. */
    q = make_request(3);
    submit(s, &q);
    usleep(50000);
    engine_session_free(s);
    engine_close(e);
}

static void test_close_while_busy(void **state)
{
    (void)state;
    struct fake_script slow = {.text = "字", .tokens_per_s = 50, .endless = true};
    struct fake_script loading = {.text = "字", .load_ms = PATIENCE_MS};
    for (int round = 0; round < 20; round++) {
        struct engine *e = open_engine(round % 2 ? &slow : &loading);
        struct engine_session *a = open_session(e), *b = open_session(e);
        struct engine_request q = make_request(1);
        submit(a, &q);
        submit(b, &q);
        q.id = 2;
        submit(a, &q);
        if (round % 3)
            usleep((useconds_t)(round * 300));
        engine_session_free(a);
        engine_session_free(b);
        engine_close(e);
    }
}

/* The descriptor is readable whenever something waits, also when the reader stops half-way. */
static void test_descriptor(void **state)
{
    (void)state;
    struct fake_script script = {.text = "字", .tokens_per_s = 2000, .endless = true};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    struct engine_request q = make_request(1);
    q.max_tokens = 300;
    submit(s, &q);
    struct engine_event ev = {.type = EV_LOAD};
    while (ev.type != EV_DONE) {
        struct pollfd p = {.fd = engine_fd(s), .events = POLLIN};
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        if (!engine_next_event(s, &ev)) /* at most one event for each poll */
            continue;
    }
    usleep(20000); /* it may be raised once for nothing */
    assert_false(engine_next_event(s, &ev));
    struct pollfd p = {.fd = engine_fd(s), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20), 0);
    engine_session_free(s);
    engine_close(e);
}

/* Random submits and cancels; each accepted request ends exactly once. */
static void test_cancel_storm(void **state)
{
    (void)state;
    const char *wanted = getenv("XUXIE_TEST_CANCELS");
    int n_cancels = wanted ? atoi(wanted) : 500;
    struct fake_script script = {
        .text = "那一夜雪下得很大", .tokens_per_s = 20000, .endless = true};
    struct engine *e = open_engine(&script);
    struct engine_session *s = open_session(e);
    wait_ready(s);
    srand(11);
    uint64_t next = 1;
    int n_open = 0, n_cancelled = 0, n_accepted = 0, n_done = 0;
    unsigned char *ends = calloc((size_t)n_cancels * 8 + 64, 1);
    while (n_cancelled < n_cancels || n_open > 0) {
        struct engine_event ev;
        if (n_cancelled < n_cancels) {
            struct engine_request q = make_request(next);
            const struct engine_segment scored = {
                .text = "那一夜雪下得很大", .n_bytes = 24, .scored = true};
            q.max_tokens = 1 + rand() % 60;
            if (rand() % 4 == 0) {
                q.score = true;
                q.segments = &scored;
            }
            if (n_open < 3 && engine_submit(s, &q, NULL) == 0) {
                assert_true(next < (uint64_t)n_cancels * 8 + 64);
                next++;
                n_open++;
                n_accepted++;
            }
            if (rand() % 2) {
                uint64_t back = (uint64_t)(rand() % 4);
                engine_cancel(s, next > back ? next - back : 1);
                n_cancelled++;
            }
        }
        for (int n = rand() % 40; n > 0 && engine_next_event(s, &ev); n--) {
            if (ev.type != EV_DONE && ev.type != EV_ERROR)
                continue;
            assert_true(ev.id > 0 && ev.id < next);
            assert_int_equal(ends[ev.id]++, 0);
            assert_int_equal(ev.type, EV_DONE);
            n_open--;
            n_done++;
        }
        if (rand() % 8 == 0)
            nanosleep(&(struct timespec){.tv_nsec = rand() % 400000}, NULL);
    }
    assert_int_equal(n_done, n_accepted);
    for (uint64_t id = 1; id < next; id++)
        assert_int_equal(ends[id], 1);
    free(ends);
    engine_session_free(s);
    engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_story),
        cmocka_unit_test(test_sessions_and_loading),
        cmocka_unit_test(test_load_error),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_request_is_copied),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_cancel_with_full_ring),
        cmocka_unit_test(test_close_while_busy),
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_cancel_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
