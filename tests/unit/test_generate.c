/* test_generate.c - engine/generate.c with a forward pass that only remembers what it saw: the
 * events of a request, stop rules, reuse of the cache, and the window. */
#include "config.h"

#include "engine/generate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "engine/window.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

/* --- a model of bytes ------------------------------------------------------------------------ */

enum { EOS = 256, BOS = 257, SNOW = 258, N_VOCAB = 259, N_CTX_MAX = 512 };

/* Tokens are the 256 bytes, two control tokens, and one that is the six bytes of 雪夜. */
struct tokenizer {
    bool adds_bos;
    int32_t start;
};

struct forward {
    struct kvcache *kv;
    int n_batch;
    int n_evaluated; /* tokens, since the test set it to 0 */
    int sleep_ms;    /* a call takes this long */
    int fail_at;     /* the position at which it fails; 0: never */
};

struct sampler {
    struct kvcache *kv;
    const int32_t
        *script; /* tokens to draw, ended by -2; NULL: a function of all the cache holds */
};

static int32_t cached_ids[N_CTX_MAX];
static struct kvcache kv = {.ids = cached_ids};
static struct tokenizer tokenizer;
static struct forward forward = {.kv = &kv};
static struct sampler sampler = {.kv = &kv};
static const struct model model = {.hp = {.n_vocab = N_VOCAB}};
static atomic_bool damaged;

int tokenizer_encode_until(const struct tokenizer *t, const char *text, size_t n_bytes, int flags,
                           int32_t *ids, size_t capacity, size_t *n_ids, bool (*stop)(void *),
                           void *arg, struct err *err)
{
    (void)t;
    if (stop(arg))
        return err_set(err, E_CANCELLED, "cancelled");
    assert_int_equal(flags & ~TOKENIZE_CONTINUES, TOKENIZE_LITERAL);
    for (size_t i = 0; i < n_bytes && i < capacity; i++)
        ids[i] = (unsigned char)text[i];
    *n_ids = n_bytes;
    return 0;
}

const char *tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, size_t *n_bytes)
{
    static char bytes[256];
    (void)t, (void)special;
    *n_bytes = id < 256 ? 1 : id == SNOW ? 6 : 0;
    if (id >= 256)
        return id == SNOW ? "雪夜" : "";
    bytes[id] = (char)id;
    return bytes + id;
}

const char *tokenizer_piece_after(const struct tokenizer *t, int32_t prev, int32_t id, bool special,
                                  size_t *n_bytes)
{
    (void)prev;
    return tokenizer_piece(t, id, special, n_bytes);
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    (void)t;
    return id == EOS;
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    (void)t;
    return BOS;
}

int32_t tokenizer_start(const struct tokenizer *t)
{
    return t->start;
}

bool tokenizer_adds_bos(const struct tokenizer *t)
{
    return t->adds_bos;
}

const char *weights_path(const struct weights *w)
{
    (void)w;
    return "model.gguf";
}

int kvcache_common(const struct kvcache *c, const int32_t *ids, int n)
{
    int i = 0;
    while (i < n && i < c->n_used && c->ids[i] == ids[i])
        i++;
    return i;
}

void kvcache_rewind(struct kvcache *c, int n)
{
    assert_true(n >= 0 && n <= c->n_used);
    c->n_used = n;
}

int forward_eval(struct forward *f, const int32_t *ids, int n, enum forward_want want,
                 bool (*should_stop)(void *), void *arg, struct err *err)
{
    assert_in_range(n, 1, f->n_batch);
    assert_true(f->kv->n_used + n <= f->kv->n_ctx);
    assert_int_not_equal(want, WANT_ALL);
    if (f->sleep_ms)
        nanosleep(&(struct timespec){.tv_nsec = f->sleep_ms * 1000000L}, NULL);
    for (int block = 0; block < 3; block++)
        if (should_stop(arg))
            return E_CANCELLED;
    if (f->fail_at && f->kv->n_used + n > f->fail_at)
        return err_set(err, E_INPUT, "the logits are not finite at token %d", f->fail_at);
    memcpy(f->kv->ids + f->kv->n_used, ids, (size_t)n * sizeof *ids);
    f->kv->n_used += n;
    f->n_evaluated += n;
    return 0;
}

const float *forward_logits(const struct forward *f, int i)
{
    static const float none[N_VOCAB];
    (void)f;
    assert_int_equal(i, 0);
    return none;
}

/* The history it is shown must be what the cache holds. */
int32_t sampler_draw(struct sampler *s, const struct sample_params *p, const float *logits,
                     const int32_t *history, size_t n_history, uint64_t seed, uint32_t stream,
                     uint64_t index, float *logprob)
{
    (void)p, (void)logits;
    assert_int_equal(n_history, s->kv->n_used);
    assert_memory_equal(history, s->kv->ids, n_history * sizeof *history);
    *logprob = -0.5f;
    if (s->script) {
        for (uint64_t i = 0; i < index; i++)
            assert_int_not_equal(s->script[i], -2);
        return s->script[index];
    }
    uint64_t h = seed * 31 + stream;
    for (size_t i = 0; i < n_history; i++)
        h = h * 1099511628211u + (uint64_t)history[i];
    h += index;
    h ^= h >> 29;
    return h % 11 == 0 ? '\n' : h % 7 == 0 ? ' ' : 'a' + (int32_t)(h % 26);
}

float sampler_logprob(struct sampler *s, const float *logits, int32_t id)
{
    (void)s, (void)logits;
    return (float)-id;
}

/* --- what came out --------------------------------------------------------------------------- */

enum { MAX_EVENTS = 8192, MAX_IDS = 8192 };

static struct record {
    int n_events;
    enum engine_event_type types[MAX_EVENTS];
    int n_prompt;
    int32_t ids[MAX_IDS]; /* of the prompt, then the tokens */
    int n_tokens;
    size_t n_text;
    char text[65536];
    int n_cuts, n_ends, n_prefills;
    struct engine_event last_cut, first_prefill, last_prefill, end;
    char message[1024];
    /* orders to the emitter */
    int cancel_after_tokens, cancel_after_prefills; /* 0: never */
    bool refuse_tokens;
    bool check_windows;
} rec;

/* The window after a cut is the end of the whole text, and the count of bytes dropped leads to the
 * same place in the text as people see it. */
static void check_window(const struct engine_event *ev)
{
    int n_text = rec.n_prompt + rec.n_tokens;
    int dropped = ev->cut.n_tokens_dropped;
    /* The token that was drawn last is not in the window yet when the cut is told. */
    if (rec.n_tokens > 0)
        n_text--;
    assert_int_equal(dropped + ev->cut.n_tokens_kept, n_text);
    uint64_t bytes = 0;
    struct stream_text *s = stream_text_new();
    for (int i = 0; i < dropped; i++) {
        const char *out;
        size_t n, n_out;
        const char *piece = tokenizer_piece(&tokenizer, rec.ids[i], false, &n);
        if (i < rec.n_prompt) {
            bytes += n;
            continue;
        }
        stream_text_put(s, piece, n, &out, &n_out);
        bytes += n_out;
    }
    assert_int_equal(ev->cut.n_bytes_dropped, bytes);
    stream_text_free(s);
}

static bool take(void *unused, const struct engine_event *ev)
{
    (void)unused;
    assert_int_equal(ev->id, 5);
    assert_int_equal(ev->stream, 2);
    assert_int_equal(rec.n_ends, 0);
    if (ev->type == EV_TOKEN && rec.refuse_tokens)
        return false;
    assert_true(rec.n_events < MAX_EVENTS);
    rec.types[rec.n_events++] = ev->type;
    switch (ev->type) {
    case EV_PROMPT:
        assert_int_equal(ev->n_bytes, ev->prompt.n_ids * sizeof(int32_t));
        assert_true(ev->prompt.n_ids <= 1024);
        memcpy(rec.ids + rec.n_prompt, ev->bytes, ev->n_bytes);
        rec.n_prompt += (int)ev->prompt.n_ids;
        break;
    case EV_CUT:
        rec.last_cut = *ev;
        rec.n_cuts++;
        if (rec.check_windows)
            check_window(ev);
        break;
    case EV_PREFILL:
        if (rec.n_prefills++ == 0)
            rec.first_prefill = *ev;
        rec.last_prefill = *ev;
        break;
    case EV_TOKEN: rec.ids[rec.n_prompt + rec.n_tokens++] = ev->token.id; break;
    case EV_TEXT:
        assert_int_equal(utf8_valid_prefix(ev->bytes, ev->n_bytes), ev->n_bytes);
        memcpy(rec.text + rec.n_text, ev->bytes, ev->n_bytes);
        rec.n_text += ev->n_bytes;
        break;
    case EV_ERROR:
        memcpy(rec.message, ev->bytes, ev->n_bytes);
        rec.message[ev->n_bytes] = '\0';
        rec.n_ends++;
        break;
    case EV_DONE: rec.n_ends++; break;
    default: break;
    }
    rec.end = *ev;
    return true;
}

static bool asked(void *unused)
{
    (void)unused;
    return (rec.cancel_after_tokens && rec.n_tokens >= rec.cancel_after_tokens) ||
           (rec.cancel_after_prefills && rec.n_prefills >= rec.cancel_after_prefills);
}

static struct generator g;

static void set_up(int n_ctx, int n_batch)
{
    free(g.ids);
    free(g.segment_ends);
    stream_text_free(g.text);
    stream_text_free(g.measure);
    kv.n_ctx = n_ctx;
    kv.n_used = 0;
    forward = (struct forward){.kv = &kv, .n_batch = n_batch};
    sampler.script = NULL;
    tokenizer = (struct tokenizer){.start = EOS};
    atomic_store(&damaged, false);
    g = (struct generator){
        .model = &model,
        .tokenizer = &tokenizer,
        .kv = &kv,
        .forward = &forward,
        .sampler = &sampler,
        .text = stream_text_new(),
        .measure = stream_text_new(),
        .damaged = &damaged,
        .n_ctx = n_ctx,
        .n_batch = n_batch,
    };
    memset(&rec, 0, sizeof rec);
}

static struct engine_request make_request(const struct engine_segment *segments, size_t n)
{
    return (struct engine_request){
        .id = 5, .stream = 2, .segments = segments, .n_segments = n, .n_streams = 1, .seed = 9};
}

/* Runs a request; the orders to the emitter stay. */
static void run(const struct engine_request *q)
{
    struct record orders = {.cancel_after_tokens = rec.cancel_after_tokens,
                            .cancel_after_prefills = rec.cancel_after_prefills,
                            .refuse_tokens = rec.refuse_tokens,
                            .check_windows = rec.check_windows};
    memcpy(&rec, &orders, sizeof rec);
    forward.n_evaluated = 0;
    const struct emitter out = {take, asked, NULL};
    generate_run(&g, q, &out);
    assert_int_equal(rec.n_ends, 1);
    if (rec.end.type == EV_DONE)
        assert_int_equal(rec.end.done.n_tokens, rec.n_tokens);
}

static struct engine_segment text_segment(const char *text)
{
    return (struct engine_segment){.kind = SEGMENT_TEXT, .text = text, .n_bytes = strlen(text)};
}

static struct engine_segment id_segment(const int32_t *ids, size_t n)
{
    return (struct engine_segment){.kind = SEGMENT_IDS, .ids = ids, .n_ids = n};
}

static void assert_done(enum engine_done_reason reason, int n_text_tokens)
{
    assert_int_equal(rec.end.type, EV_DONE);
    assert_int_equal(rec.end.done.reason, reason);
    assert_int_equal(rec.end.done.n_text_tokens, n_text_tokens);
}

static void assert_text(const char *text)
{
    assert_int_equal(rec.n_text, strlen(text));
    assert_memory_equal(rec.text, text, rec.n_text);
}

static void assert_error(enum err_code code, const char *part)
{
    assert_int_equal(rec.end.type, EV_ERROR);
    assert_int_equal(rec.end.error.code, code);
    assert_non_null(strstr(rec.message, part));
}

/* --- tests ----------------------------------------------------------------------------------- */

static void test_order_of_events(void **state)
{
    (void)state;
    set_up(64, 4);
    sampler.script = (const int32_t[]){'x', 0xE9, 0x82, 0xA3, SNOW, EOS, -2};
    struct engine_segment s[] = {text_segment("abcdef"), id_segment((const int32_t[]){SNOW}, 1)};
    struct engine_request q = make_request(s, 2);
    q.max_tokens = 20;
    run(&q);
    static const enum engine_event_type expected[] = {
        EV_PROMPT, EV_PROMPT, EV_PREFILL, EV_PREFILL, EV_PREFILL, EV_TOKEN, EV_TEXT,  EV_TOKEN,
        EV_TOKEN,  EV_TOKEN,  EV_TEXT,    EV_TOKEN,   EV_TEXT,    EV_TOKEN, EV_STATS, EV_DONE,
    };
    assert_int_equal(rec.n_events, ARRAY_LEN(expected));
    assert_memory_equal(rec.types, expected, sizeof expected);
    assert_text("x那雪夜");
    assert_done(DONE_EOS, 5); /* the end token is sampled, but spells nothing */
    assert_int_equal(rec.end.done.n_prompt, 7);
    assert_int_equal(rec.end.done.n_reused, 0);
    assert_int_equal(rec.first_prefill.prefill.done, 0);
    assert_int_equal(rec.last_prefill.prefill.done, 7);
    assert_int_equal(rec.last_prefill.prefill.total, 7);
}

static void test_stop_rules(void **state)
{
    (void)state;
    struct engine_segment s[] = {text_segment("abc")};
    struct engine_request q = make_request(s, 1);
    set_up(64, 8);

    sampler.script = (const int32_t[]){'a', EOS, 'b', 'c', -2};
    q.max_tokens = 4;
    q.ignore_eos = true;
    run(&q);
    assert_text("abc");
    assert_done(DONE_LENGTH, 4);
    q.ignore_eos = false;

    const char *stops[] = {"夜x", "!!"};
    q.stops = stops;
    q.n_stops = 2;
    sampler.script = (const int32_t[]){'a', SNOW, 'x', -2};
    run(&q);
    assert_text("a雪");
    assert_done(DONE_STOP, -1); /* the text ends inside the token 雪夜 */
    sampler.script = (const int32_t[]){'a', '!', '!', -2};
    run(&q);
    assert_text("a");
    assert_done(DONE_STOP, 1);
    sampler.script = (const int32_t[]){'a', 'b', 'c', '!', -2};
    run(&q);
    assert_text("abc!"); /* what was held back comes at the end */
    assert_done(DONE_LENGTH, 4);

    q.n_stops = 0;
    sampler.script = (const int32_t[]){'a', 0xFF, 'b', 0xE9, -2};
    run(&q);
    assert_text("a" UTF8_REPLACEMENT "b");
    assert_done(DONE_LENGTH, -1);
    sampler.script = (const int32_t[]){'a', 'b', 0xE9, 0x82, -2};
    run(&q);
    assert_text("ab");
    assert_done(DONE_LENGTH, 2);

    sampler.script = NULL;
    q.max_tokens = 0;
    q.max_length = 10;
    run(&q);
    assert_done(DONE_LENGTH, 7);
    q.max_tokens = 5;
    run(&q);
    assert_done(DONE_LENGTH, 5);
    q.max_length = 3;
    run(&q);
    assert_error(E_USAGE, "max_length is 3, but the prompt alone has 3 tokens");
    q.max_length = 0;
    q.max_tokens = 0;
    run(&q);
    assert_done(DONE_LENGTH, 61); /* until the context is full */
    assert_int_equal(rec.n_cuts, 0);
}

static void test_prompt_pieces(void **state)
{
    (void)state;
    set_up(512, 512);
    static int32_t many[2500];
    for (int i = 0; i < 2500; i++)
        many[i] = 'a' + i % 26;
    struct engine_segment s[] = {text_segment(""), id_segment(many, 2500), text_segment("")};
    struct engine_request q = make_request(s, 3);
    q.max_tokens = 1;
    run(&q);
    assert_int_equal(rec.n_prompt, 2500);
    assert_memory_equal(rec.ids, many, sizeof many);
    assert_memory_equal(rec.types,
                        ((enum engine_event_type[]){EV_PROMPT, EV_PROMPT, EV_PROMPT, EV_PROMPT,
                                                    EV_CUT, EV_PREFILL}),
                        6 * sizeof *rec.types);

    /* Tokens of another model. */
    int32_t foreign[] = {'a', N_VOCAB};
    s[0] = id_segment(foreign, 2);
    q.n_segments = 1;
    run(&q);
    assert_error(E_INPUT, "Token 2 of the prompt is 259");
}

static void test_start_tokens(void **state)
{
    (void)state;
    set_up(64, 8);
    struct engine_request q = make_request(NULL, 0);
    q.max_tokens = 3;
    run(&q);
    assert_done(DONE_LENGTH, 3);
    assert_int_equal(rec.types[0], EV_PROMPT);
    assert_int_equal(rec.end.done.n_prompt, 1);
    assert_int_equal(kv.ids[0], EOS);
    tokenizer.start = -1;
    run(&q);
    assert_error(E_INPUT, "cannot begin from nothing");

    tokenizer.adds_bos = true;
    struct engine_segment s[] = {text_segment("ab")};
    q = make_request(s, 1);
    q.max_tokens = 1;
    run(&q);
    assert_int_equal(kv.n_used, 3);
    assert_int_equal(kv.ids[0], BOS);
    assert_int_equal(rec.n_prompt, 2); /* it belongs to no segment */
    assert_int_equal(rec.end.done.n_prompt, 3);
    s[0] = id_segment((const int32_t[]){BOS, 'a'}, 2); /* not twice */
    run(&q);
    assert_int_equal(kv.n_used, 2);
}

static void test_reuse(void **state)
{
    (void)state;
    set_up(256, 16);
    struct engine_segment s[2] = {text_segment("once upon a time")};
    struct engine_request q = make_request(s, 1);
    q.max_tokens = 20;
    run(&q);
    static struct record first;
    first = rec;
    assert_int_equal(forward.n_evaluated, 16 + 19); /* the last token need not be evaluated */

    run(&q); /* another take of the same */
    assert_int_equal(rec.end.done.n_reused, 15);
    assert_int_equal(rec.first_prefill.prefill.reused, 15);
    assert_int_equal(forward.n_evaluated, 1 + 19);
    assert_memory_equal(rec.text, first.text, first.n_text);

    s[1] = id_segment(first.ids + 16, 20); /* going on */
    q.n_segments = 2;
    run(&q);
    assert_int_equal(rec.end.done.n_reused, 35);
    assert_int_equal(forward.n_evaluated, 1 + 19);

    /* The same from nothing gives the same. */
    static struct record warm;
    warm = rec;
    set_up(256, 7);
    run(&q);
    assert_int_equal(rec.end.done.n_reused, 0);
    assert_memory_equal(rec.text, warm.text, warm.n_text);
}

static void test_cancel_and_go_on(void **state)
{
    (void)state;
    struct engine_segment s[] = {text_segment("once upon a time there was snow")};
    struct engine_request q = make_request(s, 1);
    q.max_tokens = 30;
    set_up(256, 8);
    run(&q);
    static struct record whole;
    whole = rec;

    set_up(256, 8);
    rec.cancel_after_prefills = 3; /* two chunks of four are done */
    run(&q);
    assert_done(DONE_CANCELLED, 0);
    assert_int_equal(kv.n_used, 16);
    rec.cancel_after_prefills = 0;
    rec.cancel_after_tokens = 10;
    run(&q);
    assert_int_equal(rec.end.done.n_reused, 16);
    assert_done(DONE_CANCELLED, 10);
    assert_memory_equal(rec.text, whole.text, 10);
    rec.cancel_after_tokens = 0;
    run(&q);
    assert_int_equal(rec.end.done.n_reused, 30);
    assert_int_equal(rec.n_text, whole.n_text);
    assert_memory_equal(rec.text, whole.text, whole.n_text);

    /* The receiver refuses a token: it does not count and has no text. */
    rec.refuse_tokens = true;
    run(&q);
    assert_done(DONE_CANCELLED, 0);
    assert_int_equal(rec.n_text, 0);
    rec.refuse_tokens = false;

    /* Cancelled before anything: still one end. */
    rec.cancel_after_tokens = -1;
    run(&q);
    rec.cancel_after_tokens = 0;
}

static void test_deadline(void **state)
{
    (void)state;
    set_up(256, 4);
    struct engine_segment s[] = {text_segment("once upon a time there was snow")};
    struct engine_request q = make_request(s, 1);
    q.max_tokens = 200;
    q.deadline_ms = 60;
    forward.sleep_ms = 5;
    run(&q);
    assert_int_equal(rec.end.type, EV_DONE);
    assert_int_equal(rec.end.done.reason, DONE_DEADLINE);
    assert_in_range(rec.n_tokens, 0, 11);
    q.deadline_ms = INT64_MAX; /* as good as none */
    q.max_tokens = 1;
    run(&q);
    assert_done(DONE_LENGTH, 1);
}

static void test_errors(void **state)
{
    (void)state;
    set_up(64, 8);
    struct engine_segment s[] = {text_segment("abc")};
    struct engine_request q = make_request(s, 1);
    q.max_tokens = 30;
    const char *stops[] = {"bcd"};
    q.stops = stops;
    q.n_stops = 1;
    forward.fail_at = 6;
    sampler.script = (const int32_t[]){'a', 'a', 'b', 'c', 'e', -2};
    run(&q);
    assert_error(E_INPUT, "not finite at token 6");
    assert_text("aabc"); /* the words so far are not lost */
    forward.fail_at = 0;
    sampler.script = (const int32_t[]){'a', -1};
    run(&q);
    assert_error(E_INPUT, "not finite");
    assert_text("a");

    sampler.script = NULL;
    atomic_store(&damaged, true);
    run(&q);
    assert_error(E_INPUT, "model.gguf: the model file changed while in use");
    set_up(2, 2);
    tokenizer.adds_bos = true;
    q.n_stops = 0;
    run(&q);
    assert_error(E_INPUT, "too small");
}

static void test_long_prompt(void **state)
{
    (void)state;
    for (int bos = 0; bos < 2; bos++) {
        set_up(64, 16);
        tokenizer.adds_bos = bos;
        rec.check_windows = true;
        static char text[1024];
        for (int i = 0; i < 1023; i++)
            text[i] = (char)(i % 29 == 28 ? '\n' : 'a' + i % 26);
        struct engine_segment s[] = {{.kind = SEGMENT_TEXT, .text = text, .n_bytes = 300}};
        struct engine_request q = make_request(s, 1);
        q.max_tokens = 8;
        run(&q);
        assert_done(DONE_LENGTH, 8);
        assert_int_equal(rec.n_cuts, 1);
        int dropped = rec.last_cut.cut.n_tokens_dropped;
        assert_in_range(300 - dropped, 31, 48);
        assert_int_equal(text[dropped - 1], '\n');
        assert_int_equal(rec.last_cut.cut.n_bytes_dropped, dropped);
        assert_int_equal(rec.end.done.n_prompt, 300 + bos);
        assert_int_equal(kv.ids[0], bos ? BOS : text[dropped]);

        /* A little more text: the same window, and the cache is of use. */
        s[0].n_bytes = 304;
        run(&q);
        assert_int_equal(rec.last_cut.cut.n_tokens_dropped, dropped);
        assert_int_equal(rec.end.done.n_reused, 300 - dropped + bos);

        /* Another story of the same length does not inherit it. */
        s[0].n_bytes = 60 - 8;
        run(&q);
        assert_int_equal(rec.n_cuts, 0);
        text[3] = '!';
        s[0].n_bytes = 300;
        run(&q);
        assert_int_equal(rec.n_cuts, 1);

        q.keep_whole = true;
        run(&q);
        assert_error(E_INPUT, "the prompt must not be cut");
        s[0].n_bytes = 50;
        q.max_tokens = 1000;
        run(&q);
        assert_error(E_INPUT, "context of 64");
        s[0].n_bytes = 40;
        run(&q);
        assert_done(DONE_LENGTH, 64 - 40 - bos);
    }
}

/* A session that went on with a story sees it from an earlier place than one that begins with it;
 * told the place, that one writes the same. */
static void test_first_cut(void **state)
{
    (void)state;
    set_up(64, 16);
    static char text[320];
    for (int i = 0; i < 320; i++)
        text[i] = (char)(i % 29 == 28 ? '\n' : 'a' + i % 26);
    struct engine_segment s[] = {{.kind = SEGMENT_TEXT, .text = text, .n_bytes = 300}};
    struct engine_request q = make_request(s, 1);
    q.max_tokens = 4;
    run(&q);
    const int dropped = rec.last_cut.cut.n_tokens_dropped;
    s[0].n_bytes = (size_t)dropped + 59;
    run(&q);
    assert_int_equal(rec.last_cut.cut.n_tokens_dropped, dropped);
    static struct record warm;
    warm = rec;
    set_up(64, 7);
    run(&q);
    assert_int_not_equal(rec.last_cut.cut.n_tokens_dropped, dropped);
    set_up(64, 7);
    q.first_cut = dropped;
    run(&q);
    assert_int_equal(rec.last_cut.cut.n_tokens_dropped, dropped);
    assert_int_equal(rec.end.done.n_reused, 0);
    assert_int_equal(rec.n_text, warm.n_text);
    assert_memory_equal(rec.text, warm.text, warm.n_text);
    q.first_cut = dropped + 58; /* too little would be left, too much, more than there is */
    run(&q);
    assert_error(E_INPUT, "cannot have been cut off");
    q.first_cut = 3;
    run(&q);
    assert_error(E_INPUT, "cannot have been cut off");
    q.first_cut = 1000;
    run(&q);
    assert_error(E_INPUT, "cannot have been cut off");
}

/* Writing far beyond the context. The bytes drawn are random, so characters break and are replaced;
 * after every cut the window must be the end of the text. */
static void test_cut_while_writing(void **state)
{
    (void)state;
    static int32_t script[2001];
    srand(4);
    for (int i = 0; i < 2000; i++) {
        int kind = rand() % 10;
        script[i] = kind == 0   ? '\n'
                    : kind < 3  ? SNOW
                    : kind == 3 ? rand() % 256
                                : 'a' + rand() % 26;
    }
    script[2000] = -2;
    for (int bos = 0; bos < 2; bos++) {
        set_up(64, 16);
        tokenizer.adds_bos = bos;
        rec.check_windows = true;
        sampler.script = script;
        struct engine_segment s[2] = {text_segment("那一夜，雪下得很大。\n")};
        struct engine_request q = make_request(s, 1);
        q.max_tokens = 1000;
        run(&q);
        assert_int_equal(rec.end.type, EV_DONE);
        assert_int_equal(rec.end.done.reason, DONE_LENGTH);
        assert_int_equal(rec.n_tokens, 1000);
        assert_memory_equal(rec.ids + rec.n_prompt, script, 1000 * sizeof *script);
        assert_in_range(rec.n_cuts, 20, 70);
        if (bos)
            assert_int_equal(kv.ids[0], BOS);

        /* Going on with all of it finds the window where it was. */
        int dropped = rec.last_cut.cut.n_tokens_dropped, n_used = kv.n_used;
        static int32_t ids[1000];
        memcpy(ids, rec.ids + rec.n_prompt, sizeof ids);
        s[1] = id_segment(ids, 1000);
        q.n_segments = 2;
        q.max_tokens = 1;
        sampler.script = NULL;
        run(&q);
        if (rec.last_cut.cut.n_tokens_dropped == dropped)
            assert_int_equal(rec.end.done.n_reused, n_used);
        assert_int_equal(rec.n_cuts, 1);
    }
    /* The smallest context that works. */
    set_up(2, 1);
    rec.check_windows = true;
    struct engine_segment s[] = {text_segment("abcdef")};
    struct engine_request q = make_request(s, 1);
    q.max_tokens = 50;
    run(&q);
    assert_done(DONE_LENGTH, 50);
}

static int clean_up(void **state)
{
    (void)state;
    free(g.ids);
    free(g.segment_ends);
    stream_text_free(g.text);
    stream_text_free(g.measure);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_events), cmocka_unit_test(test_stop_rules),
        cmocka_unit_test(test_prompt_pieces),   cmocka_unit_test(test_start_tokens),
        cmocka_unit_test(test_reuse),           cmocka_unit_test(test_cancel_and_go_on),
        cmocka_unit_test(test_deadline),        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_long_prompt),     cmocka_unit_test(test_cut_while_writing),
        cmocka_unit_test(test_first_cut),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
