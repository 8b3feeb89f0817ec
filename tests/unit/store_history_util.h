/* store_history_util.h - generations to put, and searches, for the tests of the history. Include
 * after cmocka.h. */
#ifndef XUXIE_TESTS_STORE_HISTORY_UTIL_H
#define XUXIE_TESTS_STORE_HISTORY_UTIL_H

#include "src/store_history.h"
#include "tests/unit/store_story_util.h"

/* A generation with a prompt of its own, done. */
static inline store_ref put_run(struct store *s, const char *prompt, const char *output)
{
    struct store_generation g = {.origin = "run",
                                 .model = {.identity = "m", .tokenizer = "t", .name = "preview"},
                                 .settings = "{\"temp\":0.8}",
                                 .started_ms = 1000};
    store_ref ref = store_put_generation(s, &g);
    const struct store_prompt_part parts[] = {{"写：", 6, (const int32_t[]){7, 8}, 2},
                                              {prompt, strlen(prompt), (const int32_t[]){9}, 1}};
    store_put_prompt(s, ref, parts, 2, 0);
    store_put_output(s, ref, output, strlen(output), (const int32_t[]){1, 2},
                     (const float[]){-1, -2}, 2);
    store_put_done(s, ref,
                   &(struct store_done){.reason = "eos", .n_tokens = 2, .n_text_tokens = 2});
    return ref;
}

static inline void flush(struct store *s)
{
    struct err err = ERR_INIT;
    if (store_flush(s, FLUSH_MS, &err) != 0)
        fail_msg("%s", err.msg);
}

/* All hits of a filter, page by page. */
static inline size_t search_all(struct store *s, const struct history_filter *f, size_t page,
                                struct history_hit **out)
{
    struct history_search *h = NULL;
    struct err err = ERR_INIT;
    struct history_hit *all = NULL;
    size_t n = 0;
    bool done = false;
    if (history_search_new(s, f, &h, &err) != 0)
        fail_msg("%s: %s", f->query ? f->query : "", err.msg);
    while (!done) {
        struct history_hit *hits = NULL;
        size_t n_hits = 0;
        if (history_search_next(h, page, 10, &hits, &n_hits, &done, &err) != 0)
            fail_msg("%s: %s", f->query ? f->query : "", err.msg);
        assert_true(n_hits <= page);
        all = x_realloc(all, (n + n_hits + 1) * sizeof all[0]);
        memcpy(all + n, hits, n_hits * sizeof hits[0]);
        n += n_hits;
        free(hits);
    }
    history_search_free(h);
    *out = all;
    return n;
}

static inline size_t count_hits(struct store *s, const struct history_filter *f)
{
    struct history_hit *hits = NULL;
    size_t n = search_all(s, f, 50, &hits);
    history_hits_free(hits, n);
    return n;
}

static inline size_t count_query(struct store *s, const char *query)
{
    return count_hits(s, &(struct history_filter){.query = query});
}

#endif
