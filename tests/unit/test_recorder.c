/* test_recorder.c - src/recorder.c: what of a generation's events reaches the database, and what
 * its owner sees of it. */
#include "config.h"

#include "src/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "store_util.h"

static const struct engine_info info = {.path = "/models/m.gguf",
                                        .name = "m",
                                        .arch = "gpt2",
                                        .type = "q8_0",
                                        .identity = "00112233445566778899aabbccddeeff",
                                        .tokenizer_identity = "ffeeddccbbaa99887766554433221100",
                                        .n_params = 7};

static void send(struct recorder *r, struct engine_event ev)
{
    recorder_event(r, &ev);
}

static void send_prompt(struct recorder *r, uint32_t segment, uint32_t offset, const int32_t *ids,
                        uint32_t n, bool last)
{
    struct engine_event ev = {
        .type = EV_PROMPT, .bytes = (const char *)ids, .n_bytes = n * sizeof *ids};
    ev.prompt.segment = segment;
    ev.prompt.offset = offset;
    ev.prompt.n_ids = n;
    ev.prompt.last = last;
    recorder_event(r, &ev);
}

static void send_token(struct recorder *r, int32_t id)
{
    struct engine_event ev = {.type = EV_TOKEN};
    ev.token.id = id;
    ev.token.logprob = -0.5f;
    recorder_event(r, &ev);
}

static void send_text(struct recorder *r, const char *text)
{
    send(r, (struct engine_event){.type = EV_TEXT, .bytes = text, .n_bytes = strlen(text)});
}

/* A generation of two parts; of its tokens the last spells nothing. */
static void generate(struct recorder *r, const struct settings *settings, const struct err *failure)
{
    static const char *const texts[] = {"instruction\n", "question"};
    const struct engine_segment segments[] = {
        {.kind = SEGMENT_TEXT, .text = texts[0], .n_bytes = strlen(texts[0])},
        {.kind = SEGMENT_TEXT, .text = texts[1], .n_bytes = strlen(texts[1])},
    };
    const struct engine_request request = {
        .segments = segments, .n_segments = 2, .seed = 9, .stream = 4};
    const struct recorder_origin origin = {.origin = "run"};
    const int32_t first[] = {1, 2, 3}, second[] = {4, 5};
    recorder_begin(r, &origin, settings, &info, &request);
    send_prompt(r, 0, 0, first, 2, false);
    send_prompt(r, 0, 2, first + 2, 1, false);
    send_prompt(r, 1, 0, second, 2, true);
    assert_int_equal(r->n_prompt, 5);
    struct engine_event cut = {.type = EV_CUT};
    cut.cut.n_tokens_dropped = 2;
    send(r, cut);
    send_token(r, 10);
    send_token(r, 11);
    send_text(r, "春");
    assert_int_equal(r->n_ids, 2); /* those that spell it */
    assert_int_equal(r->ids[1], 11);
    cut.cut.n_tokens_dropped = 3; /* while it writes: not what the prompt was */
    send(r, cut);
    send_token(r, 12);
    assert_int_equal(r->n_ids, 1);
    send_text(r, "风");
    send_token(r, 13);
    struct engine_event done = {.type = EV_DONE};
    done.done.reason = DONE_EOS;
    done.done.n_prompt = 5;
    done.done.n_reused = 3;
    done.done.n_tokens = 4;
    done.done.n_text_tokens = 3;
    if (!failure) {
        send(r, done);
        assert_int_equal(r->n_ids, 1);
        assert_int_equal(r->ids[0], 13);
        assert_int_equal(r->n_reused, 3);
    }
    assert_string_equal(str_cstr(&r->text), "春风");
    recorder_end(r, &done, failure);
}

static void test_without_store(void **state)
{
    (void)state;
    struct recorder r;
    struct settings settings;
    settings_init(&settings);
    recorder_init(&r, NULL);
    generate(&r, &settings, NULL);
    generate(&r, &settings, NULL); /* one after the other */
    recorder_free(&r);
    settings_free(&settings);
}

static void test_stored(void **state)
{
    (void)state;
    struct recorder r;
    struct settings settings;
    struct store *s;
    struct err err = ERR_INIT;
    char dir[300];
    settings_init(&settings);
    snprintf(dir, sizeof dir, "%s/db", test_dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), 0);
    recorder_init(&r, s);
    generate(&r, &settings, NULL);
    err_set(&err, E_INPUT, "it broke");
    generate(&r, &settings, &err);
    recorder_free(&r);
    settings_free(&settings);
    assert_int_equal(store_close(s, &err), 0);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM generations"), 2);
    assert_int_equal(db_int(db_path, "SELECT count(DISTINCT prompt) FROM generations"), 1);
    char *text = db_text(db_path, "SELECT origin || seed || stream || n_prompt || n_reused || "
                                  "n_tokens || n_text_tokens || n_dropped || reason "
                                  "FROM generations WHERE id=1");
    assert_string_equal(text, "run9453432eos");
    free(text);
    text = db_text(db_path, "SELECT body FROM texts JOIN generations g ON texts.id=g.text "
                            "WHERE g.id=1");
    assert_string_equal(text, "春风");
    free(text);
    text = db_text(db_path, "SELECT reason || ': ' || error FROM generations WHERE id=2");
    assert_string_equal(text, "error: it broke");
    free(text);
    text = db_text(
        db_path, "WITH RECURSIVE p(id, before, spelling, depth) AS ("
                 "  SELECT id, before, spelling, 0 FROM prompts WHERE id=(SELECT prompt FROM "
                 "generations WHERE id=1)"
                 "  UNION ALL SELECT q.id, q.before, q.spelling, depth+1 FROM prompts q JOIN p ON "
                 "q.id=p.before) "
                 "SELECT group_concat(body, '|') FROM (SELECT t.body FROM p JOIN spellings s ON "
                 "s.id=p.spelling JOIN texts t ON t.id=s.text ORDER BY depth DESC)");
    assert_string_equal(text, "instruction\n|question");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_store),
        cmocka_unit_test_setup_teardown(test_stored, make_test_dir, remove_test_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
