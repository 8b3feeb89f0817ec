/* bench_store.c - how long the store takes: `bench_store [ROWS [FILE]]`. ROWS generations (default
 * 100,000) of about 200 Chinese characters are added through the store; then, at that size, how
 * long one more takes until it is committed, and until it is synced. Prints the size of the
 * database as a multiple of the text in it (the aim: at most 5, with a search index still to come).
 *
 * Made-up text with the statistics that matter here: 3 bytes a character, about 1.2 tokens a
 * character with ids below 50,000, log-probabilities of mean 2.5 nats, a prompt of its own for each
 * generation.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "src/base/clock.h"
#include "src/base/rng.h"
#include "src/base/utf8.h"
#include "src/store.h"
#include "tests/unit/store_util.h"

enum { CHARS = 200, TOKENS = 240, SAMPLES = 200, FLUSH_EVERY = 2000 };

static uint64_t n_draws;

static double draw(void)
{
    return rng_uniform(1, 0, n_draws++, 0);
}

struct made {
    char text[CHARS * 3 + 1], prompt[64];
    size_t n_text, n_prompt;
    int32_t ids[TOKENS];
    float logprobs[TOKENS];
};

static void make(struct made *m, int64_t number)
{
    m->n_text = 0;
    int n = CHARS / 2 + (int)(draw() * CHARS / 2);
    for (int i = 0; i < n; i++)
        m->n_text += utf8_encode(0x4E00 + (uint32_t)(draw() * draw() * 8000), m->text + m->n_text);
    for (int i = 0; i < TOKENS; i++) {
        m->ids[i] = (int32_t)(draw() * draw() * 50000);
        m->logprobs[i] = (float)(2.5 * log(draw() + 1e-9));
    }
    m->n_prompt = (size_t)snprintf(m->prompt, sizeof m->prompt, "题目第%" PRId64 "号:雪夜", number);
}

static void put(struct store *s, const struct made *m)
{
    struct store_generation g = {.origin = "run",
                                 .model = {.identity = "m", .tokenizer = "t", .name = "preview"},
                                 .settings = "{\"seed\":1,\"temp\":0.8}",
                                 .seed = 1};
    static const int32_t shared[8] = {11, 12, 13, 14, 15, 16, 17, 18};
    store_ref ref = store_put_generation(s, &g);
    const struct store_prompt_part parts[] = {{"写一段雪夜。", 18, shared, 8},
                                              {m->prompt, m->n_prompt, m->ids + 8, 12}};
    store_put_prompt(s, ref, parts, 2, 0);
    int n_tokens = (int)(m->n_text / 3) * TOKENS / CHARS;
    store_put_output(s, ref, m->text, m->n_text, m->ids, m->logprobs, (size_t)n_tokens);
    struct store_done d = {.reason = "length", .n_tokens = n_tokens, .n_text_tokens = n_tokens};
    store_put_done(s, ref, &d);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, int64_t *us, size_t n)
{
    qsort(us, n, sizeof us[0], by_size);
    printf("%s: p50 %" PRId64 " us, p99 %" PRId64 " us, max %" PRId64 " us\n", what, us[n / 2],
           us[n * 99 / 100], us[n - 1]);
}

/* Until the rows are committed: seen in a row number the store tells. */
static int64_t until_committed(struct store *s, const struct made *m)
{
    int64_t began = clock_mono_ns();
    store_ref ref = store_put_story(s, ""); /* urgent: commits what is queued with it */
    put(s, m);
    while (store_row(s, ref) == 0)
        usleep(20);
    return (clock_mono_ns() - began) / 1000;
}

int main(int argc, char **argv)
{
    int64_t rows = argc > 1 ? atoll(argv[1]) : 100000, text_bytes = 0;
    struct store *s = NULL;
    struct err err = ERR_INIT;
    static struct made m;
    static int64_t put_us[SAMPLES], commit_us[SAMPLES], sync_us[SAMPLES];
    if (make_test_dir(NULL) != 0)
        return 99;
    if (argc > 2)
        snprintf(db_path, sizeof db_path, "%s", argv[2]);
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    int64_t began = clock_mono_ms();
    for (int64_t i = 0; i < rows; i++) {
        make(&m, i);
        text_bytes += (int64_t)m.n_text;
        put(s, &m);
        if (i % FLUSH_EVERY == FLUSH_EVERY - 1 && store_flush(s, 60000, &err) != 0)
            fprintf(stderr, "%s\n", err.msg);
    }
    store_flush(s, 60000, NULL);
    int64_t took = clock_mono_ms() - began;
    printf("added %" PRId64 " generations in %" PRId64 " ms: %.1f us each\n", rows, took,
           rows ? (double)took * 1000 / (double)rows : 0.0);
    for (int i = 0; i < SAMPLES; i++) {
        make(&m, rows + i);
        int64_t t = clock_mono_ns();
        put(s, &m);
        put_us[i] = (clock_mono_ns() - t) / 1000;
        store_flush(s, 60000, NULL);
        sync_us[i] = (clock_mono_ns() - t) / 1000;
        make(&m, rows + SAMPLES + i);
        commit_us[i] = until_committed(s, &m);
        store_flush(s, 60000, NULL);
    }
    print_times("a generation, put by the UI thread", put_us, SAMPLES);
    print_times("a generation, until committed", commit_us, SAMPLES);
    print_times("a generation, until synced", sync_us, SAMPLES);
    if (store_close(s, &err) != 0)
        fprintf(stderr, "%s\n", err.msg);
    int64_t bytes = db_int(db_path, "SELECT page_count * page_size FROM pragma_page_count, "
                                    "pragma_page_size");
    if (text_bytes)
        printf("database %.1f MB, %.2f x the output text (%.1f MB)\n", (double)bytes / 1e6,
               (double)bytes / (double)text_bytes, (double)text_bytes / 1e6);
    began = clock_mono_ns();
    s = NULL;
    store_open(db_path, 0, &s, NULL);
    printf("open: %.1f ms\n", (double)(clock_mono_ns() - began) / 1e6);
    store_close(s, NULL);
    remove_test_dir(NULL);
    return 0;
}
