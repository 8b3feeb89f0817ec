/* test_template_run.c - src/template_run.c with an engine that writes from a script and a real
 * database. */
#include "config.h"

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
#include "src/store_history.h"
#include "src/template_run.h"
#include "src/template_text.h"
#include "src/templates.h"
#include "tests/tui/fake_engine.h"
#include "tests/unit/store_util.h"

enum { PATIENCE_MS = 10000 };

static const char text_form[] = "xuxie template 1\n"
                                "name: 写诗\n"
                                "mode: few\n"
                                "k: 2\n"
                                "select: first\n"
                                "separator: \"\\n\\n\"\n"
                                "stop: \"\\n\\n\"\n"
                                "set: max_tokens = 64\n"
                                "\n== instruction\n写一首诗。\n"
                                "\n== example format\n题：{{题}}\n诗：{{output}}\n"
                                "\n== example\n-- 题\n雪\n-- output\n一片两片三四片。\n"
                                "\n== example\n-- 题\n月\n-- output\n床前明月光。\n"
                                "\n== example\n-- 题\n风\n-- output\n解落三秋叶。\n";

struct world {
    struct engine *engine;
    struct engine_session *session;
    struct store *store;
    struct settings settings;
    struct template *t;
    struct template_run_host host;
    struct template_run *run;
    uint64_t last_id;
    int n_changed, n_ended, n_notices;
    char notice[256];
};

static uint64_t on_id(void *ctx)
{
    struct world *w = ctx;
    return ++w->last_id;
}

static void on_changed(void *ctx)
{
    struct world *w = ctx;
    w->n_changed++;
}

static void on_notice(void *ctx, enum turn_level level, const char *text)
{
    struct world *w = ctx;
    (void)level;
    w->n_notices++;
    snprintf(w->notice, sizeof w->notice, "%s", text);
}

static void on_ended(void *ctx)
{
    struct world *w = ctx;
    w->n_ended++;
}

static void open_world(struct world *w, const struct fake_script *script)
{
    *w = (struct world){.host = {w, on_id, on_changed, on_notice, on_ended}};
    struct err err = ERR_INIT;
    char path[320];
    mkdir(test_dir, 0700);
    snprintf(path, sizeof path, "%s/xuxie.db", test_dir);
    assert_int_equal(store_open(path, STORE_CREATE, &w->store, &err), 0);
    settings_init(&w->settings);
    w->settings.seed = 7;
    assert_int_equal(template_parse("t", text_form, strlen(text_form), &w->t, &err), 0);
    w->run = template_run_new(w->store, &w->settings, &w->host);
    fake_engine_script(script);
    assert_int_equal(engine_open("fake", &(struct engine_options){0}, &w->engine, &err), 0);
    assert_int_equal(engine_session_new(w->engine, &w->session, &err), 0);
}

static void pump(struct world *w, int ms)
{
    struct engine_event ev;
    struct pollfd p = {.fd = engine_fd(w->session), .events = POLLIN};
    poll(&p, 1, ms);
    while (engine_next_event(w->session, &ev)) {
        if (ev.type == EV_READY)
            template_run_set_engine(w->run, w->engine, w->session);
        else
            template_run_event(w->run, &ev);
    }
}

static struct template_run_result result(struct world *w)
{
    struct template_run_result r;
    template_run_get(w->run, &r);
    return r;
}

static void pump_until(struct world *w, enum template_run_state state)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (result(w).state != state && clock_mono_ms() < until)
        pump(w, 20);
    assert_int_equal(result(w).state, state);
}

static void ready(struct world *w)
{
    struct engine_event ev;
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    for (bool is = false; !is && clock_mono_ms() < until;) {
        struct pollfd p = {.fd = engine_fd(w->session), .events = POLLIN};
        poll(&p, 1, 20);
        while (engine_next_event(w->session, &ev))
            is |= ev.type == EV_READY;
    }
    template_run_set_engine(w->run, w->engine, w->session);
}

static int start(struct world *w, const char *value, struct err *err)
{
    struct template_field field = {"题", (char *)value};
    store_ref version = templates_put(w->store, w->t, false);
    return template_run_start(w->run, w->t, version, &field, 1, 1, err);
}

static void close_world(struct world *w)
{
    engine_session_free(w->session);
    template_run_end(w->run);
    engine_close(w->engine);
    template_run_free(w->run);
    template_free(w->t);
    settings_free(&w->settings);
    store_close(w->store, NULL);
}

static struct history_record *record(struct world *w)
{
    struct history_record *r = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(store_flush(w->store, PATIENCE_MS, &err), 0);
    assert_int_equal(history_load(w->store, result(w).generation, &r, &err), 0);
    return r;
}

#define EXPECTED_PROMPT                                                                            \
    "写一首诗。\n\n题：雪\n诗：一片两片三四片。\n\n题：月\n诗：床前明月光。\n\n题：灯\n诗："

static void test_run_is_recorded(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "一灯如豆。\n\n题：不要"});
    ready(&w);
    assert_int_equal(start(&w, "灯", NULL), 0);
    assert_true(template_run_busy(w.run));
    pump_until(&w, RUN_IDLE);
    struct template_run_result r = result(&w);
    assert_int_equal(w.n_ended, 1);
    assert_string_equal(r.text, "一灯如豆。"); /* the template's stop is no part of it */
    assert_string_equal(r.reason, "stop");
    assert_string_equal(r.template->name, "写诗");
    assert_string_equal(str_cstr(&r.prompt->text), EXPECTED_PROMPT);
    assert_int_equal(r.prompt->k_used, 2);

    struct history_record *rec = record(&w);
    assert_string_equal(rec->text, "一灯如豆。");
    assert_string_equal(rec->template, "写诗");
    assert_int_equal(rec->template_number, 1);
    assert_int_equal(rec->k_asked, 2);
    assert_int_equal(rec->k_used, 2);
    assert_string_equal(rec->origin, "room");
    assert_string_equal(rec->reason, "stop");
    assert_int_equal(rec->n_prompt, 4);
    assert_string_equal(rec->prompt[3].text, "题：灯\n诗：");
    assert_int_equal(rec->seed, 7);
    assert_non_null(strstr(rec->settings, "\"max_tokens\":64"));
    history_record_free(rec);
    close_world(&w);
}

static void test_another_take(void **state)
{
    (void)state;
    struct world w;
    struct err err = ERR_INIT;
    open_world(&w, &(struct fake_script){.text = "甲\f乙"});
    ready(&w);
    assert_int_equal(template_run_again(w.run, &err), E_INPUT);
    assert_int_equal(start(&w, "灯", NULL), 0);
    pump_until(&w, RUN_IDLE);
    store_ref first = result(&w).generation;
    assert_int_equal(template_run_again(w.run, &err), 0);
    assert_string_equal(result(&w).text, "");
    pump_until(&w, RUN_IDLE);
    assert_string_equal(result(&w).text, "乙");
    assert_true(result(&w).generation != first);
    struct history_record *rec = record(&w);
    assert_int_equal(rec->stream, 1); /* with a fixed seed it is another one all the same */
    history_record_free(rec);
    close_world(&w);
}

static void test_waits_for_the_engine(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "甲", .load_ms = 50});
    assert_int_equal(start(&w, "灯", NULL), 0);
    assert_int_equal(result(&w).state, RUN_WAITING);
    assert_non_null(result(&w).prompt); /* it can be seen already */
    pump_until(&w, RUN_IDLE);
    assert_string_equal(result(&w).text, "甲");
    close_world(&w);
    open_world(&w, &(struct fake_script){.text = "甲", .load_ms = 50});
    assert_int_equal(start(&w, "灯", NULL), 0);
    template_run_stop(w.run); /* before the engine came */
    assert_false(template_run_busy(w.run));
    ready(&w);
    pump(&w, 50);
    assert_string_equal(result(&w).text, "");
    close_world(&w);
}

static void test_stop_keeps(void **state)
{
    (void)state;
    struct world w;
    struct err err = ERR_INIT;
    open_world(&w, &(struct fake_script){.text = "甲", .endless = true, .tokens_per_s = 400});
    ready(&w);
    assert_int_equal(start(&w, "灯", NULL), 0);
    pump_until(&w, RUN_WRITING);
    assert_int_equal(start(&w, "火", &err), E_BUSY);
    template_run_stop(w.run);
    pump_until(&w, RUN_IDLE);
    assert_string_equal(result(&w).reason, "cancelled");
    assert_int_equal(strncmp(result(&w).text, "甲", strlen("甲")), 0);
    struct history_record *rec = record(&w);
    assert_string_equal(rec->reason, "cancelled");
    assert_int_equal(rec->n_text, result(&w).n_text);
    history_record_free(rec);
    close_world(&w);
}

/* It waits behind what the session does for somebody else, whose events it leaves alone. */
static void test_waits_for_its_turn(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "别人的\f甲", .tokens_per_s = 100});
    ready(&w);
    struct engine_segment s = {.kind = SEGMENT_TEXT, .text = "x", .n_bytes = 1};
    struct engine_request q = {
        .id = on_id(&w), .segments = &s, .n_segments = 1, .n_streams = 1, .max_tokens = 9};
    settings_request(&w.settings, &q);
    assert_int_equal(engine_submit(w.session, &q, NULL), 0);
    assert_int_equal(start(&w, "灯", NULL), 0);
    pump(&w, 5);
    assert_int_equal(result(&w).state, RUN_WAITING);
    pump_until(&w, RUN_IDLE);
    assert_string_equal(result(&w).text, "甲");
    close_world(&w);
}

static void test_failures(void **state)
{
    (void)state;
    struct world w;
    struct err err = ERR_INIT;
    open_world(&w, &(struct fake_script){.text = "甲乙丙", .fail_after = 2});
    ready(&w);
    store_ref version = templates_put(w.store, w.t, false);
    assert_int_equal(template_run_start(w.run, w.t, version, NULL, 0, 1, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "题")); /* the variable that is missing */
    assert_false(template_run_busy(w.run));
    assert_int_equal(start(&w, "灯", NULL), 0);
    pump_until(&w, RUN_IDLE);
    assert_string_equal(result(&w).reason, "error");
    assert_true(result(&w).error[0] != '\0');
    assert_string_equal(result(&w).text, "甲乙");
    assert_int_equal(w.n_notices, 1);
    struct history_record *rec = record(&w);
    assert_string_equal(rec->reason, "error");
    assert_string_equal(rec->text, "甲乙");
    history_record_free(rec);
    close_world(&w);
}

/* The session goes away in the middle: the record is closed with what came. */
static void test_end(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &(struct fake_script){.text = "甲", .endless = true, .tokens_per_s = 400});
    ready(&w);
    assert_int_equal(start(&w, "灯", NULL), 0);
    pump_until(&w, RUN_WRITING);
    engine_session_free(w.session);
    w.session = NULL;
    template_run_end(w.run);
    struct history_record *rec = record(&w);
    assert_string_equal(rec->reason, "cancelled");
    assert_true(rec->n_text > 0);
    history_record_free(rec);
    close_world(&w);
}

#define RUN_TEST(f) cmocka_unit_test_setup_teardown(f, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_run_is_recorded),
        RUN_TEST(test_another_take),
        RUN_TEST(test_waits_for_the_engine),
        RUN_TEST(test_stop_keeps),
        RUN_TEST(test_waits_for_its_turn),
        RUN_TEST(test_failures),
        RUN_TEST(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
