/* test_store_search.c - searching what was generated: what is found, in which order, page by page,
 * filters, snippets; against a plain scan of every text. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/store_template.h"
#include "tests/unit/random_text.h"
#include "tests/unit/store_history_util.h"

static void test_found(void **state)
{
    (void)state;
    struct store *s = open_store();
    put_run(s, "题目：雪夜", "那少年走进了荷塘，月色很好。");
    put_run(s, "题目：春日", "The cat sat on the Mat. 春天来了");
    flush(s);
    static const struct {
        const char *query;
        size_t n;
    } cases[] = {
        {"少年", 1},      {"荷塘", 1},        {"走进了荷塘", 1},
        {"塘月", 0},      {"月", 1},          {"题目", 2},
        {"雪夜", 1},      {"写", 0},          {"cat", 1},
        {"CAT", 1},       {"ca", 0},          {"ca*", 1},
        {"mat", 1},       {"春 cat", 1},      {"少年 cat", 0},
        {"题目 -cat", 1}, {"\"the mat\"", 1}, {"\"mat the\"", 0},
        {"mat,春天", 1},  {"ｃａｔ", 1},      {NULL, 2},
        {"", 2},          {"荷 -月", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int scan = 0; scan < 2; scan++) {
            size_t n =
                count_hits(s, &(struct history_filter){.query = cases[i].query, .scan = scan});
            if (n != cases[i].n)
                fail_msg("%s: %zu hits, not %zu", cases[i].query, n, cases[i].n);
        }
    assert_int_equal(store_close(s, NULL), 0);
}

/* ---- against a plain scan ---- */

/* Words in small letters, so that the scan below needs no folding; few characters, so that much is
 * found. */
static void random_words(struct random *r, struct str *out, size_t n_max)
{
    static const char *const pieces[] = {
        "雪", "夜", "月", "荷", "塘", "的", "𠀀",    "か",     "한",    "雪夜", "荷塘", "，",
        "。", "\n", " ",  "😀",  "!",  "…",  " cat ", " cats ", " dog ", "gpt2", "x"};
    for (size_t n = random_below(r, n_max) + 1; n > 0; n--)
        str_puts(out, pieces[random_below(r, ARRAY_LEN(pieces))]);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Does the clause (no blanks, no punctuation) stand in the text, its words whole? */
static bool stands_in(const char *text, const char *clause)
{
    size_t n = strlen(clause);
    for (const char *p = text; (p = strstr(p, clause)); p++) {
        bool begins = !is_letter(clause[0]) || p == text || !is_letter(p[-1]);
        bool ends = !is_letter(clause[n - 1]) || !is_letter(p[n]);
        if (begins && ends)
            return true;
    }
    return false;
}

enum { ORACLE_ROWS = 400, ORACLE_QUERIES = 300, CLAUSES = 2 };

struct oracle_row {
    char *prompt, *output;
};

static bool naively_found(const struct oracle_row *row, char clauses[][40], int n, int not_first)
{
    for (int i = 0; i < n; i++) {
        bool found = stands_in(row->output, clauses[i]) || stands_in(row->prompt, clauses[i]);
        if (found == (i == 0 && not_first && n > 1))
            return false;
    }
    return true;
}

/* 1 to 5 neighbouring letters or characters, none that separates, no emoji modifiers. */
static bool make_clause(struct random *r, const struct oracle_row *rows, char out[40])
{
    const struct oracle_row *row = &rows[random_below(r, ORACLE_ROWS)];
    const char *text = random_below(r, 2) ? row->output : row->prompt;
    size_t n = strlen(text), from = utf8_floor(text, n, random_below(r, n));
    size_t want = 1 + random_below(r, 5), at = from;
    while (want-- > 0 && at < n) {
        uint32_t cp;
        size_t len = utf8_decode(text + at, n - at, &cp);
        if (cp < 0x80 ? !is_letter((char)cp) : (cp >= 0x2000 && cp < 0x3040) || cp >= 0xFF00)
            if (cp != 0x20000 && cp != 0x1F600)
                break;
        at += len;
    }
    if (at == from || at - from >= 40)
        return false;
    memcpy(out, text + from, at - from);
    out[at - from] = '\0';
    return true;
}

static void test_oracle(void **state)
{
    (void)state;
    struct random r = {42};
    struct store *s = open_store();
    static struct oracle_row rows[ORACLE_ROWS];
    for (int i = 0; i < ORACLE_ROWS; i++) {
        struct str prompt = STR_INIT, output = STR_INIT;
        random_words(&r, &prompt, 6);
        random_words(&r, &output, 25);
        rows[i] = (struct oracle_row){str_take(&prompt), str_take(&output)};
        put_run(s, rows[i].prompt, rows[i].output);
        if (i % 7 == 0)
            flush(s); /* an index of many segments */
    }
    flush(s);
    size_t n_all = 0;
    for (int i = 0; i < ORACLE_QUERIES; i++) {
        char clauses[CLAUSES][40];
        int n = 1 + (int)random_below(&r, CLAUSES), negate = (int)random_below(&r, 4) == 0;
        bool made = true;
        for (int c = 0; c < n; c++)
            made = make_clause(&r, rows, clauses[c]) && made;
        if (!made)
            continue;
        struct str query = STR_INIT;
        for (int c = 0; c < n; c++)
            str_printf(&query, "%s%s ", negate && n > 1 && c == 0 ? "-" : "", clauses[c]);
        for (int mode = 0; mode < 3; mode++) {
            struct history_hit *hits = NULL;
            struct history_filter f = {
                .query = str_cstr(&query), .scan = mode == 1, .ranked = mode == 2};
            size_t n_hits = search_all(s, &f, 1 + random_below(&r, 60), &hits), at = 0;
            bool found[ORACLE_ROWS + 1] = {false};
            for (size_t k = 0; k < n_hits; k++) {
                assert_in_range(hits[k].generation, 1, ORACLE_ROWS);
                assert_false(found[hits[k].generation]);
                found[hits[k].generation] = true;
            }
            for (int k = ORACLE_ROWS; k > 0; k--) {
                bool expected = naively_found(&rows[k - 1], clauses, n, negate);
                if (found[k] != expected)
                    fail_msg("[%s] in [%s] [%s]: %s", str_cstr(&query), rows[k - 1].prompt,
                             rows[k - 1].output, expected ? "not found" : "found");
                if (expected && mode != 2) /* newest first */
                    assert_int_equal(hits[at++].generation, k);
            }
            history_hits_free(hits, n_hits);
            n_all += n_hits;
        }
        str_free(&query);
    }
    print_message("# %zu hits, all as a plain scan has them\n", n_all);
    assert_true(n_all > 10000);
    for (int i = 0; i < ORACLE_ROWS; i++) {
        free(rows[i].prompt);
        free(rows[i].output);
    }
    assert_int_equal(store_close(s, NULL), 0);
}

/* ---- pages, filters, what a hit shows ---- */

static void test_pages(void **state)
{
    (void)state;
    struct store *s = open_store();
    for (int i = 0; i < 300; i++)
        put_run(s, "题", i % 3 == 0 ? "雪夜" : "春日");
    flush(s);
    struct history_search *h = NULL;
    struct history_hit *hits = NULL;
    size_t n = 0;
    bool done = false;
    assert_int_equal(history_search_new(s, &(struct history_filter){.query = "雪夜"}, &h, NULL), 0);
    assert_int_equal(history_search_next(h, 40, 1000, &hits, &n, &done, NULL), 0);
    assert_int_equal(n, 40);
    assert_false(done);
    assert_int_equal(hits[0].generation, 298);
    assert_int_equal(hits[39].generation, 298 - 39 * 3);
    history_hits_free(hits, n);
    put_run(s, "题", "雪夜");                                /* added later: not seen */
    history_delete(s, (const store_ref[]){298 - 40 * 3}, 1); /* gone before its page */
    flush(s);
    assert_int_equal(history_search_next(h, 100, 1000, &hits, &n, &done, NULL), 0);
    assert_int_equal(n, 59);
    assert_true(done);
    assert_int_equal(hits[0].generation, 298 - 41 * 3);
    history_hits_free(hits, n);
    assert_int_equal(history_search_next(h, 100, 1000, &hits, &n, &done, NULL), 0);
    assert_int_equal(n, 0);
    assert_true(done);
    history_hits_free(hits, n);
    history_search_free(h);
    history_search_free(NULL);

    /* no time at all: it still gets on */
    assert_int_equal(history_search_new(s, &(struct history_filter){.query = "春"}, &h, NULL), 0);
    size_t total = 0;
    do {
        assert_int_equal(history_search_next(h, 10, 0, &hits, &n, &done, NULL), 0);
        history_hits_free(hits, n);
        total += n;
    } while (!done);
    assert_int_equal(total, 200);
    history_search_free(h);
    assert_int_equal(history_count(s), 300);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_empty(void **state)
{
    (void)state;
    struct store *s = open_store();
    assert_int_equal(count_hits(s, &(struct history_filter){0}), 0);
    assert_int_equal(count_query(s, "雪"), 0);
    assert_int_equal(history_count(s), 0);
    struct history_search *h = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(history_search_new(s, &(struct history_filter){.query = "，。"}, &h, &err),
                     E_INPUT);
    assert_int_equal(history_search_new(s, &(struct history_filter){.query = "-x"}, &h, &err),
                     E_INPUT);
    assert_null(h);
    assert_int_equal(history_search_new(NULL, &(struct history_filter){0}, &h, &err), E_STORE);
    assert_int_equal(store_close(s, NULL), 0);
}

static store_ref put_made(struct store *s, store_ref story, const char *origin, const char *model,
                          store_ref version, int64_t started_ms, const char *output)
{
    struct store_generation g = {.story = story,
                                 .origin = origin,
                                 .model = {.identity = model, .name = model},
                                 .template_version = version,
                                 .k_asked = 1,
                                 .started_ms = started_ms};
    store_ref ref = store_put_generation(s, &g);
    store_put_output(s, ref, output, strlen(output), NULL, NULL, 0);
    store_put_done(s, ref, &(struct store_done){.reason = "eos", .n_text_tokens = -1});
    return ref;
}

static void test_filters(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref snow = store_put_story(s, "雪夜"), moon = store_put_story(s, "雪夜归人");
    store_ref poem = store_put_template(s, "写诗", "h", NULL, 0, false);
    store_ref letter = store_put_template(s, "写信", "h", NULL, 0, false);
    store_ref a = put_made(s, snow, "room", "qwen", 0, 100, "春");
    put_made(s, moon, "room", "qwen2", 0, 200, "春天");
    put_made(s, 0, "run", "qwen", poem, 300, "春天来");
    put_made(s, 0, "eval", "gpt", letter, 400, "夏天来了");
    history_put_star(s, a, true);
    flush(s);
    const struct {
        struct history_filter f;
        size_t n;
    } cases[] = {
        {{.story = snow}, 1},
        {{.story = store_row(s, snow)}, 1},
        {{.story = 77}, 0},
        {{.story_title = "雪夜"}, 1}, /* exact */
        {{.story_title = "雪"}, 2},   /* a part */
        {{.story_title = "归人"}, 1},
        {{.story_title = "nothing"}, 0},
        {{.template = "写诗"}, 1},
        {{.template = "写"}, 2},
        {{.model = "qwen"}, 2},
        {{.model = "q"}, 3},
        {{.origin = "room"}, 2},
        {{.origin = "roo"}, 0},
        {{.from_ms = 200}, 3},
        {{.until_ms = 200}, 1},
        {{.from_ms = 200, .until_ms = 400}, 2},
        {{.starred = true}, 1},
        {{.min_chars = 2}, 3},
        {{.max_chars = 2}, 2},
        {{.min_chars = 2, .max_chars = 3}, 2},
        {{.query = "春"}, 3},
        {{.query = "春", .origin = "room"}, 2},
        {{.query = "春天", .origin = "room", .model = "qwen2"}, 1},
        {{.query = "来", .min_chars = 4}, 1},
        {{.query = "写诗"}, 1}, /* the template's name is searched too */
        {{.query = "写诗 来"}, 1},
        {{.query = "春", .ranked = true, .origin = "room"}, 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int scan = 0; scan < 2; scan++) {
            struct history_filter f = cases[i].f;
            f.scan = scan;
            size_t n = count_hits(s, &f);
            if (n != cases[i].n)
                fail_msg("case %zu, scan %d: %zu hits, not %zu", i, scan, n, cases[i].n);
        }
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_hit(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "题目");
    store_ref node = store_put_node(s, story, 0, NODE_MODEL, "", 0);
    store_ref version = store_put_template(s, "写诗", "h", NULL, 0, false);
    struct store_generation g = {.story = story,
                                 .node = node,
                                 .origin = "room",
                                 .template_version = version,
                                 .model = {.identity = "m", .name = "qwen"},
                                 .started_ms = 5};
    store_ref ref = store_put_generation(s, &g);
    struct str text = STR_INIT;
    str_puts(&text, "\n\n开头。");
    for (int i = 0; i < 200; i++)
        str_puts(&text, "字");
    str_puts(&text, "\n荷塘\t荷塘");
    for (int i = 0; i < 200; i++)
        str_puts(&text, "尾");
    store_put_output(s, ref, str_cstr(&text), text.len, (const int32_t[]){1}, (const float[]){-1},
                     1);
    const struct store_prompt_part part = {"那是一座桥", 15, (const int32_t[]){1}, 1};
    store_put_prompt(s, ref, &part, 1, 0);
    store_put_done(s, ref, &(struct store_done){.reason = "stop", .n_tokens = 7});
    history_put_note(s, ref, "记住：这里");
    flush(s);
    struct history_hit *hits = NULL;
    assert_int_equal(search_all(s, &(struct history_filter){.query = "荷塘"}, 9, &hits), 1);
    const struct history_hit *hit = &hits[0];
    assert_int_equal(hit->generation, store_row(s, ref));
    assert_int_equal(hit->story, store_row(s, story));
    assert_int_equal(hit->node, store_row(s, node));
    assert_int_equal(hit->started_ms, 5);
    assert_string_equal(hit->origin, "room");
    assert_string_equal(hit->story_title, "题目");
    assert_string_equal(hit->template, "写诗");
    assert_string_equal(hit->model, "qwen");
    assert_string_equal(hit->reason, "stop");
    assert_int_equal(hit->n_tokens, 7);
    assert_int_equal(hit->n_chars, 2 + 3 + 200 + 1 + 5 + 200);
    assert_true(hit->has_note && !hit->starred);
    assert_true(strlen(hit->snippet) <= 200 && !strpbrk(hit->snippet, "\n\t"));
    assert_int_equal(utf8_valid_prefix(hit->snippet, strlen(hit->snippet)), strlen(hit->snippet));
    assert_int_equal(hit->n_marks, 2);
    for (size_t i = 0; i < hit->n_marks; i++) {
        assert_int_equal(hit->marks[i].n, 6);
        assert_memory_equal(hit->snippet + hit->marks[i].begin, "荷塘", 6);
    }
    history_hits_free(hits, 1);

    static const struct {
        const char *query, *snippet, *marked;
    } cases[] = {
        {"一座", "那是一座桥", "一座"}, {"记住", "记住：这里", "记住"}, {"写诗", "写诗", "写诗"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(search_all(s, &(struct history_filter){.query = cases[i].query}, 9, &hits),
                         1);
        assert_string_equal(hits[0].snippet, cases[i].snippet);
        assert_int_equal(hits[0].n_marks, 1);
        assert_memory_equal(hits[0].snippet + hits[0].marks[0].begin, cases[i].marked,
                            hits[0].marks[0].n);
        history_hits_free(hits, 1);
    }
    assert_int_equal(search_all(s, &(struct history_filter){0}, 9, &hits), 1);
    assert_memory_equal(hits[0].snippet, "开头。", 9);
    assert_int_equal(hits[0].n_marks, 0);
    history_hits_free(hits, 1);
    str_free(&text);
    assert_int_equal(store_close(s, NULL), 0);
}

/* A match longer than a snippet is cut. */
static void test_long_match(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct str text = STR_INIT;
    for (int i = 0; i < 300; i++) {
        char c[4];
        str_append(&text, c, utf8_encode(0x4E00 + (uint32_t)i, c));
    }
    put_run(s, "x", str_cstr(&text));
    flush(s);
    struct history_hit *hits = NULL;
    assert_int_equal(search_all(s, &(struct history_filter){.query = str_cstr(&text)}, 9, &hits),
                     1);
    assert_int_equal(hits[0].n_marks, 1);
    assert_int_equal(hits[0].marks[0].n, strlen(hits[0].snippet));
    history_hits_free(hits, 1);
    str_free(&text);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_ranked(void **state)
{
    (void)state;
    struct store *s = open_store();
    put_run(s, "x", "雪，雪，雪"); /* much of it, short */
    put_run(s, "x", "一个很长的句子里只有一处雪，其余都是别的东西，没有了。");
    put_run(s, "x", "雪和月");
    for (int i = 0; i < 50; i++)
        put_run(s, "x", "月月月");
    put_run(s, "x", "月月月，雪");
    flush(s);
    struct history_hit *hits = NULL;
    struct history_filter f = {.query = "雪", .ranked = true};
    assert_int_equal(search_all(s, &f, 2, &hits), 4);
    assert_int_equal(hits[0].generation, 1);
    assert_int_equal(hits[3].generation, 2);
    history_hits_free(hits, 4);
    f.query = "雪 月";
    assert_int_equal(search_all(s, &f, 2, &hits), 2);
    history_hits_free(hits, 2);
    assert_int_equal(store_close(s, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found),   TEST(test_oracle), TEST(test_pages),      TEST(test_empty),
        TEST(test_filters), TEST(test_hit),    TEST(test_long_match), TEST(test_ranked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
