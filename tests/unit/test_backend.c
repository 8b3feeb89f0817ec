/* test_backend.c - engine/backend.c through the engine's door, on the bundled model: loading, what
 * a model file may suffer while it is in use, and that the same request gives the same text.
 * Compared with the reference run of PyTorch where that is at hand. */
#include "config.h"

#include "engine/engine.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/sample.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "tests/unit/model_util.h"

enum { PATIENCE_MS = 60000, N_TOKENS = 24 };

static const char prompt[] = "那一夜，雪下得很大。老人推开门，";

static const char *bundled_model(void)
{
    static char path[4096];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/data/preview-q8_0.gguf", top ? top : ".");
    return path;
}

static struct engine *open_engine(const char *path, int n_threads, int n_ctx, enum engine_kv_type t)
{
    struct engine *e = NULL;
    const struct engine_options options = {.n_threads = n_threads, .n_ctx = n_ctx, .kv = t};
    assert_int_equal(engine_open(path, &options, &e, NULL), 0);
    return e;
}

static struct engine_event wait_event(struct engine_session *s)
{
    struct engine_event ev;
    int64_t began = clock_mono_ms();
    while (!engine_next_event(s, &ev)) {
        assert_true(clock_mono_ms() - began < PATIENCE_MS);
        poll(&(struct pollfd){.fd = engine_fd(s), .events = POLLIN}, 1, 1000);
    }
    return ev;
}

static struct engine_session *open_session(struct engine *e)
{
    struct engine_session *s = NULL;
    assert_int_equal(engine_session_new(e, &s, NULL), 0);
    return s;
}

/* Until READY or ERROR; the message of an error goes to out. */
static enum engine_event_type wait_loaded(struct engine_session *s, char out[1024])
{
    for (;;) {
        struct engine_event ev = wait_event(s);
        if (ev.type == EV_ERROR)
            snprintf(out, 1024, "%.*s", (int)ev.n_bytes, ev.bytes);
        if (ev.type != EV_LOAD)
            return ev.type;
    }
}

struct answer {
    size_t n;
    char text[16384];
    int n_tokens, n_cuts;
    int32_t ids[4096];
    struct engine_event end;
    char message[1024];
};

static void read_answer(struct engine_session *s, struct answer *a)
{
    memset(a, 0, sizeof *a);
    do {
        a->end = wait_event(s);
        if (a->end.type == EV_TOKEN && a->n_tokens < (int)ARRAY_LEN(a->ids))
            a->ids[a->n_tokens++] = a->end.token.id;
        if (a->end.type == EV_TEXT && a->n + a->end.n_bytes < sizeof a->text) {
            memcpy(a->text + a->n, a->end.bytes, a->end.n_bytes);
            a->n += a->end.n_bytes;
        }
        if (a->end.type == EV_ERROR)
            snprintf(a->message, sizeof a->message, "%.*s", (int)a->end.n_bytes, a->end.bytes);
        a->n_cuts += a->end.type == EV_CUT;
    } while (a->end.type != EV_DONE && a->end.type != EV_ERROR);
}

static struct engine_request make_request(uint64_t id, const struct engine_segment *segments,
                                          size_t n)
{
    struct engine_request q = {.id = id,
                               .segments = segments,
                               .n_segments = n,
                               .n_streams = 1,
                               .seed = 42,
                               .max_tokens = N_TOKENS};
    sample_params_init(&q.sampling);
    q.sampling.temp = 0.9f;
    q.sampling.top_p = 0.9f;
    q.sampling.dry_multiplier = 0.8f;
    return q;
}

static void ask(struct engine_session *s, const struct engine_request *q, struct answer *a)
{
    assert_int_equal(engine_submit(s, q, NULL), 0);
    read_answer(s, a);
}

static const struct engine_segment prompt_segment = {
    .kind = SEGMENT_TEXT, .text = prompt, .n_bytes = sizeof prompt - 1};

static struct answer a, b;

static void test_info(void **state)
{
    (void)state;
    char message[1024] = "";
    struct engine *e = open_engine(bundled_model(), 0, 0, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    const struct engine_info *info = engine_info(e);
    assert_string_equal(info->path, bundled_model());
    assert_string_equal(info->arch, "gpt2");
    assert_string_equal(info->type, "q8_0");
    assert_true(info->name[0] != '\0');
    assert_int_equal(strlen(info->identity), 32);
    assert_int_equal(strlen(info->tokenizer_identity), 32);
    assert_int_equal(info->n_vocab, 8192);
    assert_int_equal(info->n_ctx, 1024);
    assert_int_equal(info->n_ctx_train, 1024);
    assert_true(info->n_threads >= 1);
    assert_true(info->memory.session_bytes > 1024 * 8 * 2 * 256 * 2);
    assert_int_equal(tokenizer_count(engine_tokenizer(e)), 8192);
    engine_session_free(s);
    engine_close(e);
}

/* Same seed, same text: with other threads, in another session, with and without a reused prefix.
 */
static void test_same_request_same_text(void **state)
{
    (void)state;
    char message[1024];
    for (int n_threads = 1; n_threads <= 2; n_threads++) {
        struct engine *e = open_engine(bundled_model(), n_threads, 0, ENGINE_KV_F16);
        for (int round = 0; round < 2; round++) {
            struct engine_session *s = open_session(e);
            assert_int_equal(wait_loaded(s, message), EV_READY);
            struct engine_request q = make_request(1, &prompt_segment, 1);
            ask(s, &q, &b);
            assert_int_equal(b.end.type, EV_DONE);
            assert_int_equal(utf8_valid_prefix(b.text, b.n), b.n);
            assert_true(b.n > 0);
            if (n_threads == 1 && round == 0)
                a = b;
            assert_int_equal(a.n, b.n);
            assert_memory_equal(a.text, b.text, a.n);
            assert_memory_equal(a.ids, b.ids, (size_t)a.n_tokens * sizeof *a.ids);
            q.id = 2;
            ask(s, &q, &b);
            assert_true(b.end.done.n_reused > 0);
            assert_memory_equal(a.ids, b.ids, (size_t)a.n_tokens * sizeof *a.ids);
            q.id = 3;
            q.stream = 1; /* another take is another text */
            ask(s, &q, &b);
            assert_int_not_equal(memcmp(a.ids, b.ids, (size_t)a.n_tokens * sizeof *a.ids), 0);
            engine_session_free(s);
        }
        engine_close(e);
    }
}

/* The first tokens as text and the rest as stored ids go on as the whole would. */
static void test_stored_ids(void **state)
{
    (void)state;
    char message[1024];
    struct engine *e = open_engine(bundled_model(), 1, 0, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    struct engine_request q = make_request(1, &prompt_segment, 1);
    q.sampling.temp = 0;
    q.ignore_eos = true;
    ask(s, &q, &a);
    int n = 10;
    struct engine_segment segments[2] = {prompt_segment,
                                         {.kind = SEGMENT_IDS, .ids = a.ids, .n_ids = (size_t)n}};
    q = make_request(2, segments, 2);
    q.sampling.temp = 0;
    q.ignore_eos = true;
    ask(s, &q, &b);
    assert_int_equal(b.end.done.n_reused, b.end.done.n_prompt - 1);
    assert_memory_equal(a.ids + n, b.ids, (size_t)(N_TOKENS - n) * sizeof *a.ids);
    engine_session_free(s);
    engine_close(e);
}

static void test_reference(void **state)
{
    (void)state;
    const char *path = shared_file("model/expected.json");
    if (!path)
        skip();
    json_t *all = load_json(path);
    char message[1024];
    struct engine *e = open_engine(shared_file("model/preview.gguf"), 2, 0, ENGINE_KV_F32);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(all, "cases"), i, one)
    {
        int n_in, n_out;
        if (!json_object_get(one, "greedy_nostop"))
            continue; /* a prompt that fills the whole context */
        int32_t *in = load_ids(json_object_get(one, "input_ids"), &n_in);
        int32_t *out = load_ids(json_object_get(one, "greedy_nostop"), &n_out);
        const struct engine_segment segment = {
            .kind = SEGMENT_IDS, .ids = in, .n_ids = (size_t)n_in};
        struct engine_request q = make_request(i + 1, &segment, 1);
        sample_params_init(&q.sampling);
        q.sampling.temp = 0;
        q.max_tokens = n_out;
        q.ignore_eos = true;
        ask(s, &q, &a);
        assert_int_equal(a.end.type, EV_DONE);
        assert_int_equal(a.n_tokens, n_out);
        assert_memory_equal(a.ids, out, (size_t)n_out * sizeof *out);
        free(in);
        free(out);
    }
    json_decref(all);
    engine_session_free(s);
    engine_close(e);
}

/* Text that outgrows a small context is cut as it is written. */
static void test_small_context(void **state)
{
    (void)state;
    char message[1024];
    struct engine *e = open_engine(bundled_model(), 1, 64, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    struct engine_request q = make_request(1, &prompt_segment, 1);
    q.max_tokens = 120;
    q.ignore_eos = true;
    ask(s, &q, &a);
    assert_int_equal(a.n_tokens, 120);
    assert_in_range(a.n_cuts, 3, 10);
    engine_session_free(s);
    engine_close(e);
}

static void test_bad_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/xuxie-backend-XXXXXX", empty[64], message[1024];
    assert_non_null(mkdtemp(folder));
    snprintf(empty, sizeof empty, "%s/empty.gguf", folder);
    close(open(empty, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const char *const paths[] = {"/nonexistent/model.gguf", folder, empty, "/dev/null"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct engine *e = open_engine(paths[i], 1, 0, ENGINE_KV_F16);
        struct engine_session *s = open_session(e);
        assert_int_equal(wait_loaded(s, message), EV_ERROR);
        assert_non_null(strstr(message, paths[i]));
        assert_null(engine_info(e));
        engine_session_free(s);
        engine_close(e);
    }
    /* A context that the learned positions do not allow. */
    struct engine *e = open_engine(bundled_model(), 1, 5000, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_ERROR);
    engine_session_free(s);
    engine_close(e);
    unlink(empty);
    rmdir(folder);
}

static void copy_file(const char *from, const char *to)
{
    static char buf[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n; (n = fread(buf, 1, sizeof buf, in)) > 0;)
        assert_int_equal(fwrite(buf, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static volatile sig_atomic_t n_faults;

static void on_bus_error(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    n_faults++;
    if (engine_fault(info->si_addr))
        return;
    signal(number, SIG_DFL);
    raise(number);
}

/* The file is cut off while the model writes: the generation ends with a sentence, the program goes
 * on, and so does every later request. */
static void test_file_truncated(void **state)
{
    (void)state;
    char path[] = "/tmp/xuxie-backend-XXXXXX", message[1024];
    close(mkstemp(path));
    copy_file(bundled_model(), path);
    struct sigaction sa = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO}, before;
    sigaction(SIGBUS, &sa, &before);
    struct engine *e = open_engine(path, 2, 0, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    struct engine_request q = make_request(1, &prompt_segment, 1);
    q.max_tokens = 1000;
    q.ignore_eos = true;
    assert_int_equal(engine_submit(s, &q, NULL), 0);
    while (wait_event(s).type != EV_TOKEN)
        ;
    assert_int_equal(truncate(path, 4096), 0);
    read_answer(s, &a);
    assert_int_equal(a.end.type, EV_ERROR);
    assert_non_null(strstr(a.message, "the model file changed while in use"));
    assert_true(n_faults > 0);
    q.id = 2;
    ask(s, &q, &a);
    assert_int_equal(a.end.type, EV_ERROR);
    assert_non_null(tokenizer_kind(engine_tokenizer(e)));
    engine_session_free(s);
    engine_close(e);
    assert_false(engine_fault(path)); /* not ours */
    sigaction(SIGBUS, &before, NULL);
    unlink(path);
}

/* Overwritten in place between two requests: noticed before the next one. */
static void test_file_overwritten(void **state)
{
    (void)state;
    char path[] = "/tmp/xuxie-backend-XXXXXX", message[1024];
    close(mkstemp(path));
    copy_file(bundled_model(), path);
    struct engine *e = open_engine(path, 1, 0, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    struct engine_request q = make_request(1, &prompt_segment, 1);
    ask(s, &q, &a);
    assert_int_equal(a.end.type, EV_DONE);
    usleep(20000); /* more than a tick of the file system's clock */
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 4 << 20), 1);
    close(fd);
    q.id = 2;
    ask(s, &q, &a);
    assert_int_equal(a.end.type, EV_ERROR);
    assert_non_null(strstr(a.message, "changed while in use"));
    engine_session_free(s);
    engine_close(e);
    unlink(path);
}

/* Replaced by another file of the same name: the mapping of the old one goes on. */
static void test_file_replaced(void **state)
{
    (void)state;
    char path[] = "/tmp/xuxie-backend-XXXXXX", other[64], message[1024];
    close(mkstemp(path));
    copy_file(bundled_model(), path);
    struct engine *e = open_engine(path, 1, 0, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    snprintf(other, sizeof other, "%s.new", path);
    close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(rename(other, path), 0);
    struct engine_request q = make_request(1, &prompt_segment, 1);
    ask(s, &q, &a);
    assert_int_equal(a.end.type, EV_DONE);
    engine_session_free(s);
    engine_close(e);
    unlink(path);
}

/* Cancelled at random moments: DONE comes soon, and the cache stays good for what follows. */
static void test_cancel(void **state)
{
    (void)state;
    char message[1024];
    struct engine *e = open_engine(bundled_model(), 2, 0, ENGINE_KV_F16);
    struct engine_session *s = open_session(e);
    assert_int_equal(wait_loaded(s, message), EV_READY);
    struct engine_request q = make_request(1, &prompt_segment, 1);
    ask(s, &q, &a);
    srand(2);
    for (uint64_t id = 2; id < 40; id++) {
        q = make_request(id, &prompt_segment, 1);
        q.max_tokens = 1000;
        assert_int_equal(engine_submit(s, &q, NULL), 0);
        usleep((useconds_t)(rand() % 20000));
        engine_cancel(s, id);
        int64_t began = clock_mono_ms();
        read_answer(s, &b);
        assert_true(clock_mono_ms() - began < 2000);
        assert_int_equal(b.end.type, EV_DONE);
        int n = b.n_tokens < a.n_tokens ? b.n_tokens : a.n_tokens;
        assert_memory_equal(a.ids, b.ids, (size_t)n * sizeof *a.ids);
    }
    engine_session_free(s);
    engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),           cmocka_unit_test(test_same_request_same_text),
        cmocka_unit_test(test_stored_ids),     cmocka_unit_test(test_reference),
        cmocka_unit_test(test_small_context),  cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_file_truncated), cmocka_unit_test(test_file_overwritten),
        cmocka_unit_test(test_file_replaced),  cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
