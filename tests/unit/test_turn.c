/* test_turn.c - src/turn.c with an engine that writes from a script: what happens to the tree. */
#include "config.h"

#include "src/turn.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "tests/tui/fake_engine.h"

enum { PATIENCE_MS = 10000 };

/* What the turn told, and the things it works on. */
struct world {
    struct engine *engine;
    struct engine_session *session;
    struct story *story;
    struct turn *turn;
    struct settings settings;
    struct turn_view view;
    struct str shown; /* text told by grew since the path moved last */
    int n_moved, n_ended, n_notices;
    char reason[32];
    bool called;
    uint64_t stray_id; /* of events that are somebody else's */
    struct str stray_text;
    bool stray_done;
};

static void on_grew(void *ctx, enum node_kind kind, const char *text, size_t n)
{
    (void)kind;
    struct world *w = ctx;
    str_append(&w->shown, text, n);
}

static void on_moved(void *ctx)
{
    struct world *w = ctx;
    w->n_moved++;
    str_clear(&w->shown);
    story_text(w->story, &w->shown);
}

static void on_notice(void *ctx, enum turn_level level, const char *text)
{
    (void)level;
    (void)text;
    struct world *w = ctx;
    w->n_notices++;
}

static void on_ended(void *ctx, const char *reason)
{
    struct world *w = ctx;
    w->n_ended++;
    snprintf(w->reason, sizeof w->reason, "%s", reason);
}

static void on_stray(void *ctx, const struct engine_event *ev)
{
    struct world *w = ctx;
    assert_int_equal(ev->id, w->stray_id);
    if (ev->type == EV_TEXT)
        str_append(&w->stray_text, ev->bytes, ev->n_bytes);
    w->stray_done |= ev->type == EV_DONE;
}

static void pump_until(struct world *w, enum turn_state state)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (turn_state_of(w->turn) != state && clock_mono_ms() < until) {
        struct pollfd p = {.fd = engine_fd(w->session), .events = POLLIN};
        poll(&p, 1, 20);
        turn_pump(w->turn);
    }
    assert_int_equal(turn_state_of(w->turn), state);
}

static void wait_ready(struct world *w)
{
    struct engine_event ev;
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (clock_mono_ms() < until) {
        while (engine_next_event(w->session, &ev))
            if (ev.type == EV_READY)
                return;
        struct pollfd p = {.fd = engine_fd(w->session), .events = POLLIN};
        poll(&p, 1, 20);
    }
    fail_msg("the engine did not load");
}

static void open_world(struct world *w, const struct fake_script *script)
{
    *w = (struct world){0};
    struct err err = ERR_INIT;
    fake_engine_script(script);
    assert_int_equal(engine_open("fake", &(struct engine_options){0}, &w->engine, &err), 0);
    assert_int_equal(engine_session_new(w->engine, &w->session, &err), 0);
    settings_init(&w->settings);
    w->story = story_new(0, "");
    w->view = (struct turn_view){w, on_grew, on_moved, on_notice, on_ended, on_stray};
    w->turn = turn_new(w->story, NULL, &w->settings, &w->view);
}

static void close_world(struct world *w)
{
    engine_session_free(w->session);
    engine_close(w->engine);
    turn_free(w->turn);
    story_free(w->story);
    settings_free(&w->settings);
    str_free(&w->shown);
    str_free(&w->stray_text);
}

static void ready(struct world *w)
{
    wait_ready(w);
    turn_set_engine(w->turn, engine_info(w->engine), w->session);
}

static void assert_story(struct world *w, const char *text)
{
    struct str s = STR_INIT;
    story_text(w->story, &s);
    assert_string_equal(str_cstr(&s), text);
    assert_string_equal(str_cstr(&w->shown), text);
    str_free(&s);
}

static void test_submit_retry_undo_redo(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "第一稿。\f第二稿。\f再写。"});
    ready(&w);
    turn_submit(w.turn, "雪夜。", strlen("雪夜。"));
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "雪夜。第一稿。");
    assert_string_equal(w.reason, "eos");
    turn_retry(w.turn);
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "雪夜。第二稿。");
    int n = 0;
    assert_int_equal(story_sibling_index(w.story->current, &n), 2);
    assert_int_equal(n, 2);
    turn_sibling(w.turn, -1);
    assert_story(&w, "雪夜。第一稿。");
    turn_undo(w.turn);
    assert_story(&w, "雪夜。");
    turn_redo(w.turn);
    assert_story(&w, "雪夜。第一稿。");
    turn_submit(w.turn, "", 0);
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "雪夜。第一稿。再写。");
    close_world(&w);
}

static void test_undo_at_the_beginning_says_so(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "文"});
    ready(&w);
    turn_undo(w.turn);
    turn_redo(w.turn);
    turn_sibling(w.turn, 1);
    assert_int_equal(w.n_notices, 3);
    assert_int_equal(w.n_moved, 0);
    close_world(&w);
}

/* Enter before the model is there: the words join at once, the model goes on when it has come. */
static void test_waits_for_the_engine(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "来了。", .load_ms = 50});
    turn_submit(w.turn, "等。", strlen("等。"));
    assert_int_equal(turn_state_of(w.turn), TURN_WAITING);
    assert_story(&w, "等。");
    ready(&w);
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "等。来了。");
    close_world(&w);
}

static void test_engine_never_comes(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.load_error = "no such file"});
    turn_submit(w.turn, "等。", strlen("等。"));
    turn_engine_failed(w.turn);
    assert_int_equal(turn_state_of(w.turn), TURN_IDLE);
    assert_story(&w, "等。");
    close_world(&w);
}

/* ^C: what was written stays, and is what the tree holds. */
static void test_stop_keeps(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "雪落无声", .endless = true, .tokens_per_s = 500});
    ready(&w);
    turn_submit(w.turn, "夜", strlen("夜"));
    pump_until(&w, TURN_WRITING);
    turn_stop(w.turn);
    pump_until(&w, TURN_IDLE);
    assert_string_equal(w.reason, "cancelled");
    assert_int_equal(w.story->current->kind, NODE_MODEL);
    assert_true(w.story->current->n_text >= 3);
    assert_int_equal(w.shown.len, strlen("夜") + w.story->current->n_text);
    close_world(&w);
}

static void set_called(void *arg)
{
    struct world *w = arg;
    assert_int_equal(turn_state_of(w->turn), TURN_IDLE);
    w->called = true;
}

/* What needs the turn idle stops it and is done once. */
static void test_actions_wait(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "长", .endless = true, .tokens_per_s = 500});
    ready(&w);
    turn_submit(w.turn, "一", strlen("一"));
    pump_until(&w, TURN_WRITING);
    turn_submit(w.turn, "二", strlen("二"));
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (!strstr(str_cstr(&w.shown), "二") && clock_mono_ms() < until) {
        struct pollfd p = {.fd = engine_fd(w.session), .events = POLLIN};
        poll(&p, 1, 20);
        turn_pump(w.turn);
    }
    assert_non_null(strstr(str_cstr(&w.shown), "二"));
    turn_when_idle(w.turn, set_called, &w);
    pump_until(&w, TURN_IDLE);
    assert_true(w.called);
    close_world(&w);
}

/* What was sent while it writes joins, even when something else is asked for before it has ended.
 */
static void test_sent_text_is_never_dropped(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "长", .endless = true, .tokens_per_s = 500});
    ready(&w);
    turn_submit(w.turn, "一", strlen("一"));
    pump_until(&w, TURN_WRITING);
    turn_submit(w.turn, "二", strlen("二"));
    turn_submit(w.turn, "三", strlen("三"));
    turn_undo(w.turn);
    pump_until(&w, TURN_IDLE);
    turn_redo(w.turn);
    assert_int_equal(w.story->current->kind, NODE_AUTHOR);
    assert_string_equal(w.story->current->text, "二三");

    /* the same for a passage that is not to be continued: it comes after the model's */
    turn_submit(w.turn, "四", strlen("四"));
    pump_until(&w, TURN_WRITING);
    turn_add(w.turn, "五", strlen("五"));
    pump_until(&w, TURN_IDLE);
    assert_string_equal(w.story->current->text, "五");
    assert_int_equal(w.story->current->parent->kind, NODE_MODEL);
    struct str s = STR_INIT;
    story_text(w.story, &s);
    assert_string_equal(str_cstr(&s), str_cstr(&w.shown));
    str_free(&s);

    /* and when the program leaves */
    turn_submit(w.turn, "六", strlen("六"));
    pump_until(&w, TURN_WRITING);
    turn_submit(w.turn, "七", strlen("七"));
    engine_session_free(w.session);
    w.session = NULL;
    turn_end(w.turn);
    assert_int_equal(turn_state_of(w.turn), TURN_IDLE);
    assert_string_equal(w.story->current->text, "七");
    close_world(&w);
}

/* A take that ends before its first word is asked for again, unless the seed is fixed. */
static void test_silent_takes(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "\f\f有了。"});
    ready(&w);
    turn_submit(w.turn, "始", strlen("始"));
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "始有了。");
    assert_int_equal(w.n_ended, 3);
    assert_int_equal(w.n_notices, 0);
    close_world(&w);

    open_world(&w, &(struct fake_script){.text = "\f有了。"});
    ready(&w);
    w.settings.seed = 7;
    turn_submit(w.turn, "始", strlen("始"));
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "始");
    assert_int_equal(w.n_notices, 1);
    close_world(&w);
}

/* A failing engine leaves what it wrote, and says why. */
static void test_error_keeps(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "一二三四五", .fail_after = 3});
    ready(&w);
    turn_submit(w.turn, "始", strlen("始"));
    pump_until(&w, TURN_IDLE);
    assert_string_equal(w.reason, "error");
    assert_int_equal(w.n_notices, 1);
    assert_story(&w, "始一二三");
    close_world(&w);
}

static void test_goto(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "甲\f乙"});
    ready(&w);
    turn_submit(w.turn, "雪。", strlen("雪。"));
    pump_until(&w, TURN_IDLE);
    struct node *first = w.story->current;
    turn_submit(w.turn, "夜。", strlen("夜。"));
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "雪。甲夜。乙");
    turn_goto(w.turn, first);
    assert_story(&w, "雪。甲");
    assert_true(turn_state_of(w.turn) == TURN_IDLE);
    close_world(&w);
}

/* A passage from elsewhere joins the path: at once, or after what is being written has ended. */
static void test_keep(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "甲", .endless = true, .tokens_per_s = 500});
    turn_keep(w.turn, "得来。", strlen("得来。"), 7); /* needs no engine */
    assert_story(&w, "得来。");
    assert_true(w.story->current->kind == NODE_MODEL);
    assert_int_equal(w.story->current->generation, 7);
    ready(&w);
    turn_submit(w.turn, "雪。", strlen("雪。"));
    pump_until(&w, TURN_WRITING);
    turn_keep(w.turn, "又得。", strlen("又得。"), 0);
    pump_until(&w, TURN_IDLE);
    assert_string_equal(w.story->current->text, "又得。");
    assert_int_equal(strncmp(str_cstr(&w.shown), "得来。雪。甲", strlen("得来。雪。甲")), 0);
    assert_true(w.shown.len > strlen("又得。"));
    close_world(&w);
}

/* Another one's request on the session: its events are passed on, numbers never clash. */
static void test_stray_events(void **state)
{
    (void)state;
    struct world w;
    struct err err = ERR_INIT;
    open_world(&w, &(struct fake_script){.text = "甲\f乙\f丙"});
    ready(&w);
    turn_submit(w.turn, "雪。", strlen("雪。"));
    struct engine_segment s = {.kind = SEGMENT_TEXT, .text = "问", .n_bytes = strlen("问")};
    struct engine_request q = {.id = turn_request_id(w.turn),
                               .segments = &s,
                               .n_segments = 1,
                               .n_streams = 1,
                               .max_tokens = 9};
    settings_request(&w.settings, &q);
    w.stray_id = q.id;
    assert_int_equal(engine_submit(w.session, &q, &err), 0); /* waits behind the turn's */
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "雪。甲");
    for (int i = 0; i < 500 && !w.stray_done; i++) {
        struct pollfd p = {.fd = engine_fd(w.session), .events = POLLIN};
        poll(&p, 1, 20);
        turn_pump(w.turn);
    }
    assert_true(w.stray_done);
    assert_string_equal(str_cstr(&w.stray_text), "乙");
    assert_story(&w, "雪。甲");
    turn_submit(w.turn, "", 0);
    pump_until(&w, TURN_IDLE);
    assert_story(&w, "雪。甲丙");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submit_retry_undo_redo),
        cmocka_unit_test(test_undo_at_the_beginning_says_so),
        cmocka_unit_test(test_waits_for_the_engine),
        cmocka_unit_test(test_engine_never_comes),
        cmocka_unit_test(test_stop_keeps),
        cmocka_unit_test(test_actions_wait),
        cmocka_unit_test(test_sent_text_is_never_dropped),
        cmocka_unit_test(test_silent_takes),
        cmocka_unit_test(test_error_keeps),
        cmocka_unit_test(test_goto),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_stray_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
