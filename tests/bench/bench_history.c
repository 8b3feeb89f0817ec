/* bench_history.c - searching and adding in a database of many generations:
 *
 *     bench_history [ROWS [DATABASE [TEXT]]]
 *
 * makes a database of ROWS generations (default 100,000; the aims below are for 1,000,000) of about
 * 200 Chinese characters, through the store as any command would, and prints
 *   - how large it is, as a multiple of the text that was written (the aim: at most 5);
 *   - how long the first page of 50 hits takes for words that are frequent, less so and rare, and
 *     for a phrase (50 ms), and for each further key typed (10 ms);
 *   - how long the list without a query takes to come up (100 ms);
 *   - how long adding one generation takes until it is committed (5 ms; median and 99 %).
 * A DATABASE that is there and has ROWS already is used as it is (it grows by what is added).
 *
 * The text is made of words drawn by Zipf's law from a made-up lexicon in which characters again
 * follow that law, cut into clauses by punctuation: what matters to an index is how often pairs of
 * characters come. Or, with TEXT, pieces of that file. Tokens: one a character, with ids as
 * the Chinese characters of BERT's vocabulary have them (two bytes), and some of three;
 * log-probabilities of mean 2.5 nats. A prompt is an instruction that all share and a query of 20
 * to 60 characters of its own.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "src/base/clock.h"
#include "src/base/rng.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/store_history.h"
#include "tests/unit/store_util.h"

enum {
    N_CHARS = 4000,
    N_WORDS = 60000,
    CHARS = 200,
    TOKENS = 2 * CHARS,
    FLUSH_EVERY = 1000,
    SAMPLES = 1000,
    PAGE = 50,
    REPEATS = 15,
    DELETED = 100,
};

static uint64_t n_draws;

static double draw(void)
{
    return rng_uniform(1, 0, n_draws++, 0);
}

static int64_t us_since(int64_t began_ns)
{
    return (clock_mono_ns() - began_ns) / 1000;
}

/* ---- text ---- */

struct word {
    char text[16];
    size_t n;
};

static struct word words[N_WORDS];
static double char_sums[N_CHARS], word_sums[N_WORDS];
static char *source; /* TEXT */
static size_t n_source;

static void sum_up(double *sums, int n, double flat)
{
    double all = 0;
    for (int i = 0; i < n; i++)
        sums[i] = all += 1 / (flat + i);
    for (int i = 0; i < n; i++)
        sums[i] /= all;
}

static int pick(const double *sums, int n)
{
    double x = draw();
    int lo = 0, hi = n - 1;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (sums[mid] < x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Single characters are the most frequent words, as 的 and 了 are. */
static void make_lexicon(void)
{
    sum_up(char_sums, N_CHARS, 15);
    sum_up(word_sums, N_WORDS, 8);
    for (int i = 0; i < N_WORDS; i++) {
        struct word *w = &words[i];
        double x = draw();
        int n = x < 12.0 / (12 + i) ? 1 : x < 0.8 ? 2 : x < 0.93 ? 3 : 4;
        for (int j = 0; j < n; j++)
            w->n += utf8_encode(0x4E00 + (uint32_t)(pick(char_sums, N_CHARS) * 5), w->text + w->n);
    }
}

static void put_words(struct str *out, int n_chars)
{
    int clause = 0;
    for (int n = 0; n < n_chars;) {
        const struct word *w = &words[pick(word_sums, N_WORDS)];
        str_append(out, w->text, w->n);
        n += (int)w->n / 3;
        clause += (int)w->n / 3;
        if (clause > 6 && draw() < 0.3) {
            str_puts(out, draw() < 0.7 ? "，" : "。");
            n++;
            clause = 0;
        }
    }
}

static void put_text(struct str *out, int n_chars)
{
    if (!source) {
        put_words(out, n_chars);
        return;
    }
    size_t n = (size_t)n_chars * 3;
    size_t from = utf8_floor(source, n_source, (size_t)(draw() * (double)(n_source - n)));
    str_append(out, source + from, utf8_floor(source, n_source, from + n) - from);
}

/* ---- generations ---- */

struct made {
    struct str text, prompt;
    int32_t ids[TOKENS];
    float logprobs[TOKENS];
    size_t n_tokens, n_prompt_tokens;
};

static void make(struct made *m)
{
    str_clear(&m->text);
    str_clear(&m->prompt);
    put_text(&m->text, CHARS * 4 / 5 + (int)(draw() * CHARS * 2 / 5));
    put_text(&m->prompt, 20 + (int)(draw() * 40));
    m->n_tokens = m->text.len / 3;
    m->n_tokens = m->n_tokens < TOKENS ? m->n_tokens : TOKENS;
    m->n_prompt_tokens = m->prompt.len / 3;
    for (size_t i = 0; i < m->n_tokens; i++) {
        m->ids[i] =
            draw() < 0.95 ? 670 + (int32_t)(draw() * 7300) : 17000 + (int32_t)(draw() * 4000);
        m->logprobs[i] = (float)(2.5 * log(draw() + 1e-9));
    }
}

static store_ref put(struct store *s, const struct made *m)
{
    struct store_generation g = {.origin = "run",
                                 .model = {.identity = "m", .tokenizer = "t", .name = "preview"},
                                 .settings = "{\"seed\":1,\"temp\":0.8}",
                                 .seed = 1,
                                 .started_ms = clock_wall_ms()};
    static const int32_t shared[8] = {11, 12, 13, 14, 15, 16, 17, 18};
    store_ref ref = store_put_generation(s, &g);
    const struct store_prompt_part parts[] = {
        {"写一段雪夜。", 18, shared, 8},
        {str_cstr(&m->prompt), m->prompt.len, m->ids, m->n_prompt_tokens}};
    store_put_prompt(s, ref, parts, 2, 0);
    store_put_output(s, ref, str_cstr(&m->text), m->text.len, m->ids, m->logprobs, m->n_tokens);
    struct store_done d = {
        .reason = "length", .n_tokens = (int)m->n_tokens, .n_text_tokens = (int)m->n_tokens};
    store_put_done(s, ref, &d);
    return ref;
}

static void fail(const struct err *err)
{
    fprintf(stderr, "%s\n", err->msg);
    exit(1);
}

static void flush(struct store *s)
{
    struct err err = ERR_INIT;
    if (store_flush(s, 600000, &err) != 0)
        fail(&err);
}

static void fill(struct store *s, struct made *m, int64_t rows)
{
    int64_t began = clock_mono_ms(), have = history_count(s);
    for (int64_t i = have; i < rows; i++) {
        make(m);
        put(s, m);
        if (i % FLUSH_EVERY == FLUSH_EVERY - 1)
            flush(s);
        if (i % 100000 == 99999)
            fprintf(stderr, "%" PRId64 " after %" PRId64 " s\n", i + 1,
                    (clock_mono_ms() - began) / 1000);
    }
    flush(s);
    if (rows > have)
        printf("added %" PRId64 " generations in %" PRId64 " s\n", rows - have,
               (clock_mono_ms() - began) / 1000);
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, int64_t *us, size_t n)
{
    qsort(us, n, sizeof us[0], by_size);
    printf("%-44s p50 %6.2f ms  p99 %6.2f ms  max %6.2f ms\n", what, (double)us[n / 2] / 1e3,
           (double)us[n * 99 / 100] / 1e3, (double)us[n - 1] / 1e3);
}

struct found {
    size_t n;
    int64_t us, longest_us; /* the whole, the longest call */
};

static struct found first_page(struct store *s, const struct history_filter *f)
{
    struct history_search *h = NULL;
    struct err err = ERR_INIT;
    struct found found = {0};
    bool done = false;
    int64_t began = clock_mono_ns();
    if (history_search_new(s, f, &h, &err) != 0)
        fail(&err);
    found.longest_us = us_since(began);
    while (!done && found.n < PAGE) {
        struct history_hit *hits = NULL;
        size_t n = 0;
        int64_t call = clock_mono_ns();
        if (history_search_next(h, PAGE - found.n, 10, &hits, &n, &done, &err) != 0)
            fail(&err);
        int64_t us = us_since(call);
        found.longest_us = us > found.longest_us ? us : found.longest_us;
        found.n += n;
        history_hits_free(hits, n);
    }
    history_search_free(h);
    found.us = us_since(began);
    return found;
}

static void time_query(struct store *s, const char *what, const struct history_filter *f)
{
    int64_t us[REPEATS];
    struct found first = first_page(s, f), found = first;
    int64_t longest = 0;
    for (int i = 0; i < REPEATS; i++) {
        found = first_page(s, f);
        us[i] = found.us;
        longest = found.longest_us > longest ? found.longest_us : longest;
    }
    qsort(us, REPEATS, sizeof us[0], by_size);
    printf("%-44s first %6.2f ms  p50 %6.2f ms  longest call %6.2f ms  %zu hits\n", what,
           (double)first.us / 1e3, (double)us[REPEATS / 2] / 1e3, (double)longest / 1e3, found.n);
}

/* A text is typed a key at a time; every key is a search of its own. */
static void time_typing(struct store *s, const char *text)
{
    struct str typed = STR_INIT, what = STR_INIT;
    for (size_t i = 0; i < strlen(text);) {
        size_t n = utf8_claimed_length((unsigned char)text[i]);
        str_append(&typed, text + i, n ? n : 1);
        i += n ? n : 1;
        struct found found = first_page(s, &(struct history_filter){.query = str_cstr(&typed)});
        str_clear(&what);
        str_printf(&what, "  typing %s", str_cstr(&typed));
        printf("%-44s %6.2f ms, longest call %6.2f ms  %zu hits\n", str_cstr(&what),
               (double)found.us / 1e3, (double)found.longest_us / 1e3, found.n);
    }
    str_free(&typed);
    str_free(&what);
}

/* Words to look for: by their rank in the lexicon, or cut out of TEXT. */
static void time_words(struct store *s)
{
    static const struct {
        const char *what;
        int rank, n_words;
        const char *in_text;
    } kinds[] = {
        {"a character, frequent", 0, 1, "的"},
        {"a character, less so", 60, 1, "荷"},
        {"a word, frequent", 20, 1, "自己"},
        {"a word, less so", 1000, 1, "少年"},
        {"a word, rare", 55000, 1, "荷塘"},
        {"a phrase of two words, frequent", 40, 2, "自己的人"},
        {"a phrase of two words, rare", 400, 2, "江湖中人"},
        {"two words apart", 30, -2, "自己 少年"},
        {"two words apart, one rare", 5000, -2, "江湖 荷花"},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct str query = STR_INIT, what = STR_INIT;
        int rank = kinds[i].rank;
        size_t want = kinds[i].rank == 0 || kinds[i].rank == 60 ? 3 : 6;
        for (int n = abs(kinds[i].n_words); n > 0 && !source; n--) {
            while (words[rank].n != want)
                rank++;
            if (query.len && kinds[i].n_words < 0)
                str_putc(&query, ' ');
            str_append(&query, words[rank].text, words[rank].n);
            rank++;
        }
        if (source)
            str_puts(&query, kinds[i].in_text);
        str_printf(&what, "%s: %s", kinds[i].what, str_cstr(&query));
        time_query(s, str_cstr(&what), &(struct history_filter){.query = str_cstr(&query)});
        str_free(&query);
        str_free(&what);
    }
}

/* Until the rows are committed: a story put behind them has got its row. */
static int64_t until_committed(struct store *s, const struct made *m)
{
    int64_t began = clock_mono_ns();
    put(s, m);
    store_ref ref = store_put_story(s, "");
    while (store_row(s, ref) == 0)
        usleep(20);
    return us_since(began);
}

static void time_adding(struct store *s, struct made *m, const char *what, bool pause)
{
    static int64_t put_us[SAMPLES], commit_us[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        make(m);
        commit_us[i] = until_committed(s, m);
        if (pause)
            usleep(20000);
        flush(s);
        make(m);
        int64_t t = clock_mono_ns();
        put(s, m);
        put_us[i] = us_since(t);
        if (pause)
            usleep(20000);
        flush(s);
    }
    char line[100];
    snprintf(line, sizeof line, "%s, put by the UI thread", what);
    print_times(line, put_us, SAMPLES);
    snprintf(line, sizeof line, "%s, until committed", what);
    print_times(line, commit_us, SAMPLES);
}

/* Deletes the newest ones, one at a time. */
static void time_deleting(struct store *s)
{
    static int64_t us[DELETED];
    int64_t newest = db_int(db_path, "SELECT max(id) FROM generations");
    for (int i = 0; i < DELETED; i++) {
        int64_t began = clock_mono_ns();
        history_delete(s, &(store_ref){newest - i}, 1);
        flush(s);
        us[i] = us_since(began);
    }
    print_times("deleting, until synced", us, DELETED);
}

static void print_size(void)
{
    int64_t bytes = db_int(db_path, "SELECT page_count*page_size FROM pragma_page_count, "
                                    "pragma_page_size");
    int64_t text = db_int(db_path, "SELECT sum(length(CAST(t.body AS BLOB))) FROM generations g "
                                   "JOIN texts t ON t.id=g.text");
    if (text)
        printf("database %.1f MB, %.2f x the output text (%.1f MB)\n", (double)bytes / 1e6,
               (double)bytes / (double)text, (double)text / 1e6);
}

static void read_source(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct str text = STR_INIT;
    static char buf[65536];
    size_t n;
    str_init(&text, SIZE_MAX / 4);
    while (f && (n = fread(buf, 1, sizeof buf, f)) > 0)
        str_append(&text, buf, n);
    if (f)
        fclose(f);
    n_source = text.len;
    source = str_take(&text);
}

int main(int argc, char **argv)
{
    int64_t rows = argc > 1 ? atoll(argv[1]) : 100000;
    struct store *s = NULL;
    struct err err = ERR_INIT;
    static struct made m = {.text = STR_INIT, .prompt = STR_INIT};
    if (make_test_dir(NULL) != 0)
        return 99;
    if (argc > 2)
        snprintf(db_path, sizeof db_path, "%s", argv[2]);
    if (argc > 3)
        read_source(argv[3]);
    make_lexicon();
    int64_t began = clock_mono_ns();
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0)
        fail(&err);
    printf("open: %.1f ms\n", (double)us_since(began) / 1e3);
    n_draws = (uint64_t)history_count(s) * 1000 + 10000000;
    fill(s, &m, rows);
    print_size();
    time_query(s, "everything", &(struct history_filter){0});
    time_query(s, "everything starred (nothing)", &(struct history_filter){.starred = true});
    time_query(s, "a character, starred (nothing)",
               &(struct history_filter){.query = source ? "的" : "一", .starred = true});
    time_words(s);
    time_typing(s, source ? "走进荷塘月色" : words[1000].text);
    time_adding(s, &m, "adding, one after another", false);
    time_adding(s, &m, "adding, with pauses", true);
    time_deleting(s);
    time_words(s);
    if (store_close(s, &err) != 0)
        fail(&err);
    print_size();
    str_free(&m.text);
    str_free(&m.prompt);
    free(source);
    remove_test_dir(NULL);
    return 0;
}
