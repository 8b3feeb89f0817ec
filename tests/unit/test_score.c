/* test_score.c - requests that score, through the engine's door: against the reference logits of
 * PyTorch and transformers, against what the engine itself says of the tokens it draws, several
 * continuations of one context, what is refused, and cancelling. */
#include "config.h"

#include "engine/engine.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/sample.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/clock.h"
#include "src/base/mem.h"
#include "tests/unit/model_util.h"

enum { PATIENCE_MS = 60000, MAX_TOKENS = 1024 };

static const char context[] = "那一夜，雪下得很大。老人推开门，看见远处有一点灯火，"
                              "便披上蓑衣，踩着没过脚踝的雪走了出去。";

/* ---- an engine and its answers ---- */

struct rig {
    struct engine *engine;
    struct engine_session *session;
    uint64_t last_id;
};

struct answer {
    int n;
    struct engine_score scores[MAX_TOKENS]; /* or what was drawn: id and logprob */
    int n_prefills, n_reused, n_total;      /* of the first EV_PREFILL */
    struct engine_event end;
    char message[1024];
};

static struct answer a, b;

static struct engine_event wait_event(struct rig *rig)
{
    struct engine_event ev;
    int64_t began = clock_mono_ms();
    while (!engine_next_event(rig->session, &ev)) {
        assert_true(clock_mono_ms() - began < PATIENCE_MS);
        poll(&(struct pollfd){.fd = engine_fd(rig->session), .events = POLLIN}, 1, 1000);
    }
    return ev;
}

static void rig_open(struct rig *rig, const char *path, const struct engine_options *options)
{
    struct engine_event ev;
    memset(rig, 0, sizeof *rig);
    assert_int_equal(engine_open(path, options, &rig->engine, NULL), 0);
    assert_int_equal(engine_session_new(rig->engine, &rig->session, NULL), 0);
    do {
        ev = wait_event(rig);
        if (ev.type == EV_ERROR)
            fail_msg("%.*s", (int)ev.n_bytes, ev.bytes);
    } while (ev.type != EV_READY);
}

static void rig_open_bundled(struct rig *rig, int n_threads, int n_ctx)
{
    char path[4096];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/data/preview-q8_0.gguf", top ? top : ".");
    rig_open(rig, path, &(struct engine_options){.n_threads = n_threads, .n_ctx = n_ctx});
}

static void rig_close(struct rig *rig)
{
    engine_session_free(rig->session);
    engine_close(rig->engine);
}

static void take(struct answer *answer, const struct engine_event *ev)
{
    switch (ev->type) {
    case EV_PREFILL:
        if (answer->n_prefills++ == 0) {
            answer->n_reused = ev->prefill.reused;
            answer->n_total = ev->prefill.total;
        }
        break;
    case EV_SCORE:
        assert_int_equal(ev->n_bytes, ev->score.n * sizeof *answer->scores);
        assert_true(answer->n + (int)ev->score.n <= MAX_TOKENS);
        memcpy(answer->scores + answer->n, ev->bytes, ev->n_bytes);
        answer->n += (int)ev->score.n;
        break;
    case EV_TOKEN:
        assert_true(answer->n < MAX_TOKENS);
        answer->scores[answer->n++] =
            (struct engine_score){.id = ev->token.id, .logprob = ev->token.logprob};
        break;
    case EV_ERROR:
        snprintf(answer->message, sizeof answer->message, "%.*s", (int)ev->n_bytes, ev->bytes);
        break;
    default: break;
    }
    answer->end = *ev;
}

static void submit(struct rig *rig, struct engine_request *q)
{
    struct err err = ERR_INIT;
    q->id = ++rig->last_id;
    if (engine_submit(rig->session, q, &err))
        fail_msg("%s", err.msg);
}

static void ask(struct rig *rig, struct engine_request *q, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    submit(rig, q);
    do {
        struct engine_event ev = wait_event(rig);
        take(answer, &ev);
    } while (answer->end.type != EV_DONE && answer->end.type != EV_ERROR);
}

static struct engine_request make_request(const struct engine_segment *segments, size_t n)
{
    struct engine_request q = {
        .segments = segments, .n_segments = n, .n_streams = 1, .seed = 42, .score = true};
    sample_params_init(&q.sampling);
    return q;
}

static void assert_scored(const struct answer *answer, int n)
{
    if (answer->end.type == EV_ERROR)
        fail_msg("%s", answer->message);
    assert_int_equal(answer->end.type, EV_DONE);
    assert_int_equal(answer->end.done.reason, DONE_SCORED);
    assert_int_equal(answer->end.done.n_tokens, n);
    assert_int_equal(answer->n, n);
}

static struct engine_segment text_of(const char *text, bool scored)
{
    return (struct engine_segment){
        .kind = SEGMENT_TEXT, .text = text, .n_bytes = strlen(text), .scored = scored};
}

static struct engine_segment ids_of(const int32_t *ids, int n, bool scored)
{
    return (struct engine_segment){
        .kind = SEGMENT_IDS, .ids = ids, .n_ids = (size_t)n, .scored = scored};
}

/* ---- against the references ---- */

/* ln softmax(logits)[id], in double. */
static double log_softmax(const float *logits, int n, int32_t id)
{
    double max = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++)
        max = fmax(max, (double)logits[i]);
    for (int i = 0; i < n; i++)
        sum += exp((double)logits[i] - max);
    return (double)logits[id] - max - log(sum);
}

/* The tokens of one case and the one that greedy choice puts after them, scored; returns how many
 * were compared. */
static int check_case(struct rig *rig, const char *folder, const json_t *c, double *worst)
{
    char name[256];
    const int V = engine_info(rig->engine)->n_vocab;
    const struct tokenizer *t = engine_tokenizer(rig->engine);
    const json_t *rows = json_object_get(c, "rows");
    int n, n_greedy;
    int32_t *ids = load_ids(json_object_get(c, "input_ids"), &n);
    int32_t *greedy = load_ids(json_object_get(c, "greedy_nostop"), &n_greedy);
    const int n_rows = rows && strcmp(json_string_value(rows), "last") == 0 ? 1 : n;
    snprintf(name, sizeof name, "%s/%s", folder,
             json_string_value(json_object_get(c, "logits_file")));
    float *logits = load_npy(shared_file(name), (size_t)n_rows * (size_t)V);

    /* the reference was given these tokens alone: no start token before them */
    const bool alone = !tokenizer_adds_bos(t) || ids[0] == tokenizer_bos(t);
    if (alone && n_greedy > 0) {
        const struct engine_segment segments[] = {ids_of(ids, n, true), ids_of(greedy, 1, true)};
        struct engine_request q = make_request(segments, 2);
        ask(rig, &q, &a);
        assert_scored(&a, n + 1);
        assert_true(isnan(a.scores[0].logprob));
        for (int i = 0; i <= n; i++) {
            const struct engine_score *s = &a.scores[i];
            assert_int_equal(s->id, i < n ? ids[i] : greedy[0]);
            assert_int_equal(s->segment, i == n);
            assert_int_equal(s->offset, i < n ? i : 0);
            if (i <= n - n_rows)
                continue;
            const float *row = logits + (size_t)(i - 1 - (n - n_rows)) * (size_t)V;
            *worst = fmax(*worst, fabs(log_softmax(row, V, s->id) - (double)s->logprob));
        }
    }
    free(logits);
    free(greedy);
    free(ids);
    return alone && n_greedy > 0 ? n_rows : 0;
}

static void check_folder(const char *folder, const char *model, double tolerance)
{
    char name[256];
    struct rig rig;
    double worst = 0;
    int n_compared = 0;
    snprintf(name, sizeof name, "%s/expected.json", folder);
    json_t *expected = load_json(shared_file(name));
    rig_open(&rig, shared_file(model),
             &(struct engine_options){.n_threads = 2, .kv = ENGINE_KV_F32});
    const json_t *cases = json_object_get(expected, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        n_compared += check_case(&rig, folder, json_array_get(cases, i), &worst);
    rig_close(&rig);
    json_decref(expected);
    printf("# %s: %d tokens, greatest difference of a logprob %.2g\n", folder, n_compared, worst);
    assert_true(n_compared > 0);
    assert_true(worst <= tolerance);
}

static void test_references(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *model;
    } models[] = {
        {"model", "model/preview.gguf"},
        {"fixtures/a1_damo_base_fp32_zip_strided", "fixtures/a1_damo_base_fp32_zip_strided"},
        {"fixtures/c1_hf_gpt2_bert_bin", "fixtures/c1_hf_gpt2_bert_bin"},
        {"fixtures/c2_hf_gpt2_bert_safetensors", "fixtures/c2_hf_gpt2_bert_safetensors"},
        {"fixtures/d1_openai_gpt2_bin", "fixtures/d1_openai_gpt2_bin"},
        {"fixtures/e6_qwen2_yarn_v5config_fp32", "fixtures/gguf/e6_qwen2_yarn_v5config_fp32.gguf"},
    };
    if (!shared_file("model/preview.gguf"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(models); i++)
        check_folder(models[i].folder, models[i].model, 1e-4);
}

/* ---- against itself ---- */

/* What the engine thinks of its own words is, to the last bit, what it said when it drew them;
 * whether it reads them at one go, from a prompt in pieces, or goes on from what it wrote. */
static void test_own_words(void **state)
{
    (void)state;
    struct rig rig;
    rig_open_bundled(&rig, 2, 0);
    struct engine_segment segments[2] = {text_of(context, false)};
    struct engine_request q = make_request(segments, 1);
    q.score = false;
    q.max_tokens = 120;
    q.ignore_eos = true;
    ask(&rig, &q, &a);
    assert_int_equal(a.end.done.reason, DONE_LENGTH);
    assert_int_equal(a.n, 120);
    static int32_t ids[MAX_TOKENS];
    for (int i = 0; i < a.n; i++)
        ids[i] = a.scores[i].id;

    segments[1] = ids_of(ids, a.n, true);
    q = make_request(segments, 2);
    for (int round = 0; round < 2; round++) {
        ask(&rig, &q, &b);
        assert_scored(&b, 120);
        /* first what writing left in the cache, then a cache that holds nothing of it */
        assert_int_equal(b.end.done.n_reused, round == 0 ? a.end.done.n_prompt - 1 : 0);
        for (int i = 0; i < b.n; i++) {
            assert_int_equal(b.scores[i].id, ids[i]);
            assert_memory_equal(&b.scores[i].logprob, &a.scores[i].logprob, sizeof(float));
        }
        rig_close(&rig);
        rig_open_bundled(&rig, 1, 0);
    }
    rig_close(&rig);
}

/* Choices after one context cost themselves and the one token before them. */
static void test_choices(void **state)
{
    (void)state;
    static const char *const choices[] = {"他再也没有回来。", "灯火灭了。", "A", "他再也没有走远。",
                                          ""};
    struct rig rig;
    static struct answer alone[ARRAY_LEN(choices)];
    struct engine_segment segments[2] = {text_of(context, false)};
    struct engine_request q = make_request(segments, 2);
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        rig_open_bundled(&rig, 2, 0);
        segments[1] = text_of(choices[i], true);
        ask(&rig, &q, &alone[i]);
        assert_int_equal(alone[i].end.done.reason, DONE_SCORED);
        assert_int_equal(alone[i].end.done.n_reused, 0);
        rig_close(&rig);
    }
    rig_open_bundled(&rig, 2, 0);
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        segments[1] = text_of(choices[i], true);
        ask(&rig, &q, &a);
        const int n_context = a.end.done.n_prompt - alone[i].n;
        assert_scored(&a, alone[i].n);
        assert_memory_equal(a.scores, alone[i].scores, (size_t)a.n * sizeof *a.scores);
        /* an empty choice asks for nothing */
        assert_int_equal(a.end.done.n_reused, i == 0 || a.n == 0 ? 0 : n_context - 1);
        if (a.n > 0)
            assert_int_equal(a.n_total, a.end.done.n_prompt - 1);
        for (int k = 0; k < a.n; k++) {
            assert_int_equal(a.scores[k].segment, 1);
            assert_int_equal(a.scores[k].offset, k);
            assert_true(a.scores[k].logprob < 0);
        }
    }
    rig_close(&rig);
}

/* Scored and other segments in turn give what the whole gives. */
static void test_segments_in_turn(void **state)
{
    (void)state;
    struct rig rig;
    rig_open_bundled(&rig, 2, 0);
    struct engine_segment segments[12];
    const char *text = context;
    for (int i = 0; i < 12; i++) {
        size_t n = i < 11 ? 9 : strlen(text); /* three characters */
        segments[i] = (struct engine_segment){.text = text, .n_bytes = n, .scored = true};
        text += n;
    }
    struct engine_request q = make_request(segments, 12);
    ask(&rig, &q, &a);
    assert_scored(&a, a.end.done.n_prompt);
    assert_true(isnan(a.scores[0].logprob));
    for (int i = 0; i < 12; i++)
        segments[i].scored = i % 3 == 1;
    ask(&rig, &q, &b);
    int n = 0;
    for (int i = 0; i < a.n; i++)
        if (a.scores[i].segment % 3 == 1)
            assert_memory_equal(&a.scores[i], &b.scores[n++], sizeof *b.scores);
    assert_scored(&b, n);
    rig_close(&rig);
}

static void test_bounds(void **state)
{
    (void)state;
    struct rig rig;
    rig_open_bundled(&rig, 1, 64);
    static int32_t ids[65];
    for (int i = 0; i < 65; i++)
        ids[i] = 1000 + i;
    struct engine_segment segment = ids_of(ids, 64, true);
    struct engine_request q = make_request(&segment, 1);
    q.max_tokens = 3;
    q.max_length = 2;
    q.sampling.temp = 0;
    ask(&rig, &q, &a);
    assert_scored(&a, 64);
    segment.n_ids = 65;
    ask(&rig, &q, &a);
    assert_int_equal(a.end.type, EV_ERROR);
    assert_int_equal(a.end.error.code, E_INPUT);
    assert_non_null(strstr(a.message, "65 tokens, more than the context of 64"));
    segment.n_ids = 1; /* nothing predicts it */
    ask(&rig, &q, &a);
    assert_scored(&a, 1);
    assert_true(isnan(a.scores[0].logprob));
    segment.scored = false;
    q.id = ++rig.last_id;
    struct err err = ERR_INIT;
    assert_int_equal(engine_submit(rig.session, &q, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "none of its segments is scored"));
    rig_close(&rig);
}

static void test_cancel(void **state)
{
    (void)state;
    struct rig rig;
    rig_open_bundled(&rig, 2, 0);
    static int32_t ids[MAX_TOKENS];
    for (int i = 0; i < MAX_TOKENS; i++)
        ids[i] = 700 + i * 31 % 5000;
    const struct engine_segment segment = ids_of(ids, MAX_TOKENS, true);
    struct engine_request q = make_request(&segment, 1);
    int n_cancelled = 0;
    for (int round = 0; round < 20; round++) {
        memset(&a, 0, sizeof a);
        ids[0] = 700 + round; /* nothing is reused */
        submit(&rig, &q);
        struct engine_event ev;
        do {
            ev = wait_event(&rig);
            take(&a, &ev);
            if (ev.type == EV_PREFILL && a.n_prefills > round % 2)
                engine_cancel(rig.session, q.id);
        } while (ev.type != EV_DONE);
        assert_int_equal(ev.done.n_tokens, a.n);
        if (ev.done.reason == DONE_CANCELLED)
            n_cancelled++; /* the cancel may come late on a busy machine */
        else
            assert_scored(&a, MAX_TOKENS);
    }
    assert_true(n_cancelled > 0);
    q.deadline_ms = 1;
    ask(&rig, &q, &a);
    assert_int_equal(a.end.done.reason, DONE_DEADLINE);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references), cmocka_unit_test(test_own_words),
        cmocka_unit_test(test_choices),    cmocka_unit_test(test_segments_in_turn),
        cmocka_unit_test(test_bounds),     cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
