/* test_outbox.c - engine/outbox.c: joining of texts, order, long texts, and the descriptor. Threads
 * are tested with the ring and the engine. */
#include "config.h"

#include "engine/outbox.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/utf8.h"

static bool give_up(void *unused)
{
    (void)unused;
    return true;
}

static bool put_text(struct outbox *o, uint64_t id, const char *text)
{
    struct engine_event ev = {.type = EV_TEXT, .id = id, .bytes = text, .n_bytes = strlen(text)};
    return outbox_put(o, &ev, give_up, NULL);
}

static bool put(struct outbox *o, enum engine_event_type type, uint64_t id)
{
    struct engine_event ev = {.type = type, .id = id};
    return outbox_put(o, &ev, give_up, NULL);
}

static bool readable(struct outbox *o)
{
    return poll(&(struct pollfd){.fd = outbox_fd(o), .events = POLLIN}, 1, 0) == 1;
}

static void expect(struct outbox *o, enum engine_event_type type, uint64_t id, const char *text)
{
    struct engine_event ev;
    assert_true(outbox_next(o, &ev));
    assert_int_equal(ev.type, type);
    assert_int_equal(ev.id, id);
    assert_int_equal(ev.n_bytes, strlen(text));
    assert_memory_equal(ev.bytes, text, ev.n_bytes);
}

static void test_joining(void **state)
{
    (void)state;
    struct outbox *o = NULL;
    struct engine_event ev;
    assert_int_equal(outbox_new(&o, NULL), 0);
    assert_false(outbox_next(o, &ev));
    assert_false(readable(o));
    assert_true(put_text(o, 1, "一")); /* nothing was sent for long: at once */
    assert_true(readable(o));
    expect(o, EV_TEXT, 1, "一");
    assert_false(outbox_next(o, &ev));
    assert_false(readable(o));

    assert_true(put_text(o, 1, "二"));
    assert_true(put(o, EV_TOKEN, 1)); /* may overtake a text */
    assert_true(put_text(o, 1, "三"));
    assert_true(put(o, EV_STATS, 1)); /* may not */
    expect(o, EV_TOKEN, 1, "");
    expect(o, EV_TEXT, 1, "二三");
    expect(o, EV_STATS, 1, "");
    assert_false(outbox_next(o, &ev));

    assert_true(put_text(o, 1, "四"));
    assert_true(put_text(o, 2, "五")); /* texts of two requests are not joined */
    assert_true(put(o, EV_DONE, 2));
    expect(o, EV_TEXT, 1, "四");
    expect(o, EV_TEXT, 2, "五");
    expect(o, EV_DONE, 2, "");

    assert_true(put_text(o, 2, "六"));
    usleep(15000);
    outbox_tick(o, give_up, NULL);
    expect(o, EV_TEXT, 2, "六");
    assert_true(put_text(o, 2, ""));
    assert_false(outbox_next(o, &ev));
    outbox_free(o);
    outbox_free(NULL);
}

/* A text larger than a record arrives in whole characters. */
static void test_long_text(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct outbox *o = NULL;
    char *text = malloc(3 * N + 1), *got = malloc(3 * N);
    for (size_t i = 0; i < N; i++)
        memcpy(text + 3 * i, i % 2 ? "雪" : "夜", 3);
    text[3 * N] = '\0';
    assert_int_equal(outbox_new(&o, NULL), 0);
    assert_true(put_text(o, 1, "a"));
    assert_true(put_text(o, 1, "b"));
    assert_true(put_text(o, 1, text));
    expect(o, EV_TEXT, 1, "a");
    expect(o, EV_TEXT, 1, "b");
    size_t n = 0;
    struct engine_event ev;
    while (outbox_next(o, &ev)) {
        assert_int_equal(utf8_valid_prefix(ev.bytes, ev.n_bytes), ev.n_bytes);
        memcpy(got + n, ev.bytes, ev.n_bytes);
        n += ev.n_bytes;
    }
    assert_int_equal(n, 3 * N);
    assert_memory_equal(got, text, n);
    outbox_free(o);
    free(text);
    free(got);
}

/* A full ring refuses without losing what was taken before; text in the buffer comes later. */
static void test_full(void **state)
{
    (void)state;
    struct outbox *o = NULL;
    assert_int_equal(outbox_new(&o, NULL), 0);
    int n = 0;
    while (put(o, EV_TOKEN, 1))
        n++;
    assert_in_range(n, 1000, 5000);
    assert_true(put_text(o, 1, "late"));
    assert_false(put(o, EV_DONE, 1));
    struct engine_event ev;
    for (int i = 0; i < n; i++) {
        assert_true(outbox_next(o, &ev));
        assert_int_equal(ev.type, EV_TOKEN);
    }
    assert_false(outbox_next(o, &ev));
    assert_true(put(o, EV_DONE, 1));
    expect(o, EV_TEXT, 1, "late");
    expect(o, EV_DONE, 1, "");
    outbox_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joining),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
