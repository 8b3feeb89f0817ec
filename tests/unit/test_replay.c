/* test_replay.c - src/replay.c on the bundled model: a hundred generations with all presets, many
 * seeds and lengths, most of them on a reused prefix, some with a window that was cut or moved
 * while writing, are made again by a fresh engine with another number of threads; then what is told
 * when record and engine do not agree. */
#include "config.h"

#include "src/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/mem.h"
#include "src/base/str.h"

enum { N_GENERATIONS = 100, MAX_PARTS = 24, MAX_TOKENS = 512, N_CTX = 192 };

/* A record as the store would keep it. */
struct record {
    struct replay_part parts[MAX_PARTS];
    size_t n_parts;
    char *settings;
    char model[33], tokenizer[33];
    uint64_t seed;
    uint32_t stream;
    int n_dropped, n_cuts, n_prompt, n_reused;
    int32_t *ids; /* [MAX_TOKENS] */
    size_t n_ids;
    struct str text;
    const char *reason;
    size_t cancel_at; /* tokens; 0: never */
};

static struct record records[N_GENERATIONS];
static struct runner *runner;

static void open_runner(int threads, int n_ctx)
{
    struct settings s;
    struct err err = ERR_INIT;
    char path[4096];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/data/preview-q8_0.gguf", top ? top : ".");
    settings_init(&s);
    settings_set(&s, "model", path, ORIGIN_CLI, &err);
    s.threads = threads;
    s.n_ctx = n_ctx;
    if (runner_open(&s, &runner, &err))
        fail_msg("%s", err.msg);
    settings_free(&s);
}

/* Frees what generate() filled. */
static void forget(struct record *rec)
{
    free(rec->ids);
    free(rec->settings);
    str_free(&rec->text);
}

static bool keep(void *arg, const struct engine_event *ev)
{
    struct record *rec = arg;
    switch (ev->type) {
    case EV_CUT:
        rec->n_cuts++;
        if (rec->n_ids == 0)
            rec->n_dropped = ev->cut.n_tokens_dropped;
        break;
    case EV_TOKEN:
        assert_true(rec->n_ids < MAX_TOKENS);
        rec->ids[rec->n_ids++] = ev->token.id;
        break;
    case EV_TEXT: str_append(&rec->text, ev->bytes, ev->n_bytes); break;
    default: break;
    }
    return rec->cancel_at == 0 || rec->n_ids < rec->cancel_at;
}

/* Generates from rec->parts with these settings and keeps what came. */
static void generate(struct record *rec, struct settings *s)
{
    struct err err = ERR_INIT;
    struct engine_segment segments[MAX_PARTS];
    struct engine_request q = {.segments = segments, .n_segments = rec->n_parts, .n_streams = 1};
    struct engine_event done;
    for (size_t i = 0; i < rec->n_parts; i++)
        segments[i] = (struct engine_segment){
            .kind = SEGMENT_IDS, .ids = rec->parts[i].ids, .n_ids = rec->parts[i].n_ids};
    const struct engine_info *info = runner_info(runner);
    settings_in_use(s, info);
    settings_request(s, &q);
    q.stream = rec->stream;
    rec->seed = q.seed;
    rec->settings = settings_json(s, q.seed);
    snprintf(rec->model, sizeof rec->model, "%s", info->identity);
    snprintf(rec->tokenizer, sizeof rec->tokenizer, "%s", info->tokenizer_identity);
    rec->ids = x_calloc(MAX_TOKENS, sizeof rec->ids[0]);
    if (runner_generate(runner, &q, keep, rec, &done, &err))
        fail_msg("%s", err.msg);
    rec->reason = engine_done_name(done.done.reason);
    rec->n_prompt = done.done.n_prompt;
    rec->n_reused = done.done.n_reused;
    assert_int_equal(rec->n_ids, done.done.n_tokens);
}

static struct replay replay_of(const struct record *rec)
{
    return (struct replay){
        .parts = rec->parts,
        .n_parts = rec->n_parts,
        .n_prompt = rec->n_prompt,
        .n_dropped = rec->n_dropped,
        .settings = rec->settings,
        .seed = rec->seed,
        .stream = rec->stream,
        .model = rec->model,
        .tokenizer = rec->tokenizer,
        .ids = rec->ids,
        .n_ids = rec->n_ids,
        .text = str_cstr(&rec->text),
        .n_text = rec->text.len,
        .reason = rec->reason,
    };
}

static void add_part(struct record *rec, const int32_t *ids, size_t n)
{
    assert_true(rec->n_parts < MAX_PARTS);
    rec->parts[rec->n_parts++] = (struct replay_part){ids, n};
}

static void choose_settings(struct settings *s, int i)
{
    static const char *const presets[] = {"story", "creative", "damo", "gpt3", "qwen", "greedy"};
    struct err err = ERR_INIT;
    char number[32];
    settings_init(s);
    settings_set(s, "preset", presets[i % (int)ARRAY_LEN(presets)], ORIGIN_CLI, &err);
    snprintf(number, sizeof number, "%d", 4 + i * 37 % 90);
    settings_set(s, "max_tokens", number, ORIGIN_CLI, &err);
    if (i % 7 == 3)
        settings_set(s, "stop", "。", ORIGIN_CLI, &err);
    if (i % 5 == 1)
        settings_set(s, "temp", "0.777", ORIGIN_CLI, &err);
    if (i % 9 == 4)
        settings_set(s, "repeat_penalty", "1.15", ORIGIN_CLI, &err);
    if (i % 11 == 5)
        settings_set(s, "xtc_probability", "0.5", ORIGIN_CLI, &err);
    /* Free ones in the first half only: how often the context is cut in the second is then known.
     */
    s->seed = i % 3 || i >= N_GENERATIONS / 2 ? i * 7919 : -1;
}

/* Stories of ten passages each, as the room makes them: what was written becomes part of the next
 * prompt, the cache is reused, takes are drawn again from the same place. */
static void test_a_hundred(void **state)
{
    (void)state;
    static const char *const openings[] = {"那一夜，雪下得很大。老人推开门，",
                                           "Once upon a time there was a small village.\n",
                                           "他说：“你来了。”\n", "春天的第一个早晨，她在河边"};
    static int32_t opening[4][256];
    int n_reused = 0, n_cut = 0, n_moved = 0, n_stopped = 0;
    for (int i = 0; i < N_GENERATIONS; i++) {
        struct record *rec = &records[i];
        const int story = i / 10, place = i % 10;
        if (i == 0)
            open_runner(1, 0);
        if (i == N_GENERATIONS / 2) { /* from here on texts outgrow the context */
            runner_free(runner);
            open_runner(1, N_CTX);
        }
        if (place == 0) {
            size_t n;
            const char *text = openings[story % 4];
            struct err err = ERR_INIT;
            assert_int_equal(tokenizer_encode(runner_tokenizer(runner), text, strlen(text), 0,
                                              opening[story % 4], 256, &n, &err),
                             0);
            add_part(rec, opening[story % 4], n);
        } else {
            const struct record *before = rec - 1;
            memcpy(rec->parts, before->parts, sizeof rec->parts);
            rec->n_parts = before->n_parts;
            rec->stream = (uint32_t)(place % 3);
            if (place % 4 != 3) /* else: another take of the same */
                add_part(rec, before->ids, before->n_ids);
        }
        struct settings s;
        choose_settings(&s, i);
        generate(rec, &s);
        settings_free(&s);
        n_reused += rec->n_reused > 0;
        n_cut += rec->n_dropped > 0;
        n_moved += rec->n_cuts > 1 || (rec->n_cuts == 1 && rec->n_dropped == 0);
        n_stopped += strcmp(rec->reason, "length") != 0;
    }
    runner_free(runner);
    printf("# %d on a reused prefix, %d with a cut prompt, %d cut while writing, %d ended by "
           "themselves\n",
           n_reused, n_cut, n_moved, n_stopped);
    assert_true(n_reused >= N_GENERATIONS / 2);
    assert_true(n_cut >= 10 && n_moved >= 5 && n_stopped >= 5);

    int n_identical = 0;
    for (int i = 0; i < N_GENERATIONS; i++) {
        if (i % 5 == 0) { /* nothing is left of what was computed before */
            if (i > 0)
                runner_free(runner);
            open_runner(2, i < N_GENERATIONS / 2 ? 0 : N_CTX);
        }
        const struct replay g = replay_of(&records[i]);
        struct replay_result out;
        struct err err = ERR_INIT;
        if (replay_run(runner, &g, &out, &err))
            fail_msg("%s", err.msg);
        if (out.verdict != REPLAY_IDENTICAL)
            fail_msg("generation %d: %s", i, out.why);
        assert_int_equal(out.n_same, records[i].n_ids);
        assert_true(out.whole);
        n_identical++;
    }
    runner_free(runner);
    assert_int_equal(n_identical, N_GENERATIONS);
}

/* ---- records that are not what the engine makes ---- */

static struct replay_result replay(const struct replay *g)
{
    struct replay_result out;
    struct err err = ERR_INIT;
    if (replay_run(runner, g, &out, &err))
        fail_msg("%s", err.msg);
    return out;
}

static void assert_impossible(const struct replay *g, const char *part)
{
    struct replay_result out = replay(g);
    assert_int_equal(out.verdict, REPLAY_IMPOSSIBLE);
    if (!strstr(out.why, part))
        fail_msg("%s", out.why);
}

static void assert_different(const struct replay *g, const char *part)
{
    struct replay_result out = replay(g);
    assert_int_equal(out.verdict, REPLAY_DIFFERENT);
    if (!strstr(out.why, part))
        fail_msg("%s", out.why);
}

static void test_what_differs(void **state)
{
    (void)state;
    static struct record rec;
    static const int32_t prompt[] = {900, 901, 902, 903};
    struct settings s;
    open_runner(1, N_CTX);
    add_part(&rec, prompt, ARRAY_LEN(prompt));
    settings_init(&s);
    s.max_tokens = 20;
    s.ignore_eos = true;
    generate(&rec, &s);
    settings_free(&s);
    const struct replay g = replay_of(&rec);
    assert_int_equal(replay(&g).verdict, REPLAY_IDENTICAL);

    struct replay h = g; /* another token */
    int32_t ids[MAX_TOKENS];
    memcpy(ids, rec.ids, rec.n_ids * sizeof ids[0]);
    ids[7]++;
    h.ids = ids;
    struct replay_result out = replay(&h);
    assert_int_equal(out.verdict, REPLAY_DIFFERENT);
    assert_int_equal(out.n_same, 7);
    assert_int_equal(out.then, ids[7]);
    assert_int_equal(out.now, rec.ids[7]);
    size_t n;
    const char *piece = tokenizer_piece(runner_tokenizer(runner), ids[7], true, &n);
    assert_int_equal(out.n_then_piece, n);
    assert_memory_equal(out.then_piece, piece, n);
    assert_non_null(strstr(out.why, "Token 8 of 20"));

    ids[7]--; /* more tokens, fewer tokens */
    ids[20] = 5;
    h.n_ids = 21;
    out = replay(&h);
    assert_int_equal(out.verdict, REPLAY_DIFFERENT);
    assert_int_equal(out.n_same, 20);
    assert_int_equal(out.then, 5);
    assert_int_equal(out.now, -1);
    h.n_ids = 19;
    out = replay(&h);
    assert_int_equal(out.n_same, 19);
    assert_int_equal(out.then, -1);
    assert_int_equal(out.now, rec.ids[19]);

    h = g; /* another text, another end */
    char *text = x_strndup(g.text, g.n_text);
    text[0] ^= 1;
    h.text = text;
    assert_different(&h, "spell another text");
    free(text);
    h = g;
    h.n_text--;
    assert_different(&h, "spell another text");
    h = g;
    h.reason = "eos";
    assert_different(&h, "ended by \"length\"");
    h = g;
    h.n_prompt = 5;
    assert_different(&h, "The prompt has 4 tokens, and had 5");
    h = g;
    h.seed++;
    assert_different(&h, "Token ");

    h = g; /* not here */
    h.model = "0123";
    assert_impossible(&h, "another model: 0123");
    h = g;
    h.tokenizer = "0123";
    assert_impossible(&h, "another vocabulary");
    h = g;
    h.settings = "{\"n_ctx\":1024}";
    assert_impossible(&h, "a context of 1024 tokens; this one has 192");
    h.settings = "{\"kv\":\"f32\"}";
    assert_impossible(&h, "--kv");
    h.settings = "{\"kv\":\"f64\"}";
    assert_impossible(&h, "kv: ");
    h = g;
    h.n_dropped = 3;
    assert_impossible(&h, "cannot have been cut off");
    h = g;
    const struct replay_part foreign = {(const int32_t[]){1, 900000}, 2};
    h.parts = &foreign;
    h.n_parts = 1;
    assert_impossible(&h, "900000");
    assert_int_equal(replay(&g).verdict, REPLAY_IDENTICAL);
    runner_free(runner);
}

/* What was broken off is compared as far as it went, past cuts of the window too. */
static void test_broken_off(void **state)
{
    (void)state;
    static struct record rec;
    static int32_t prompt[250];
    struct settings s;
    for (int i = 0; i < 250; i++)
        prompt[i] = 900 + i * 7 % 800;
    open_runner(2, N_CTX);
    for (int round = 0; round < 4; round++) {
        rec = (struct record){.cancel_at = round == 3 ? 150 : 17};
        add_part(&rec, prompt, round < 2 ? 30 : 250);
        settings_init(&s);
        s.max_tokens = 400;
        s.ignore_eos = true;
        generate(&rec, &s);
        settings_free(&s);
        assert_string_equal(rec.reason, "cancelled");
        assert_true(round < 2 || rec.n_dropped > 0);
        struct replay g = replay_of(&rec);
        struct replay_result out = replay(&g);
        assert_int_equal(out.verdict, REPLAY_IDENTICAL);
        assert_false(out.whole);
        assert_int_equal(out.n_same, rec.n_ids);
        g.reason = NULL; /* the process died, and the last text with it */
        g.n_text = g.n_text / 6 * 3;
        assert_int_equal(replay(&g).verdict, REPLAY_IDENTICAL);
        g.reason = "deadline";
        assert_different(&g, "spell another text");
        g.n_ids = 0; /* nothing to compare */
        assert_int_equal(replay(&g).verdict, REPLAY_IDENTICAL);
        forget(&rec);
    }
    runner_free(runner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hundred),
        cmocka_unit_test(test_what_differs),
        cmocka_unit_test(test_broken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
