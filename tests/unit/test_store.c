/* test_store.c - the store when all goes well: everything put comes back after a reopening, rows
 * seen with plain SQLite; modes; order; two processes on one database; refs; what is stored once;
 * migrations. */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/store_pack.h"
#include "src/store_priv.h"
#include "tests/unit/store_util.h"

enum { FLUSH_MS = 10000 };

static struct store *open_store(void)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0)
        fail_msg("%s", err.msg);
    return s;
}

static void close_store(struct store *s)
{
    struct err err = ERR_INIT;
    if (store_close(s, &err) != 0)
        fail_msg("%s", err.msg);
}

static void flush(struct store *s)
{
    struct err err = ERR_INIT;
    if (store_flush(s, FLUSH_MS, &err) != 0)
        fail_msg("%s", err.msg);
}

static const struct store_model a_model = {.identity = "0123456789abcdef0123456789abcdef",
                                           .tokenizer = "tok-a",
                                           .name = "preview",
                                           .arch = "gpt2",
                                           .type = "q8_0",
                                           .path = "/models/preview.gguf",
                                           .n_params = 8700000};

static store_ref put_generation(struct store *s, store_ref story, store_ref node)
{
    struct store_generation g = {.story = story,
                                 .node = node,
                                 .origin = "room",
                                 .model = a_model,
                                 .settings = "{\"seed\":17,\"temp\":0.8,\"top_k\":40}",
                                 .seed = UINT64_MAX - 4,
                                 .stream = 2,
                                 .started_ms = 1234567};
    return store_put_generation(s, &g);
}

/* ---- stories, nodes ---- */

static void test_story_round_trip(void **state)
{
    (void)state;
    static const char odd[] = "zero\0byte, \xFF bad, 雪\n";
    const int32_t ids[] = {1, 200, 30000, 5};
    struct store *s = open_store();
    store_ref story = store_put_story(s, "雪夜");
    store_ref a = store_put_node(s, story, 0, NODE_AUTHOR, "那一夜,雪下得很大。", 28);
    store_ref b = store_put_node(s, story, a, NODE_MODEL, "", 0);
    store_ref c = store_put_node(s, story, a, NODE_AUTHOR, odd, sizeof odd - 1);
    store_put_node_ids(s, a, ids, 4, "tok-a");
    store_put_current(s, story, c);
    store_put_draft(s, story, "not sent\nyet", 12);
    assert_true(story < 0 && a < 0 && b < a && c < b);
    flush(s);
    assert_true(store_row(s, story) > 0);
    assert_true(store_row(s, c) > store_row(s, b) && store_row(s, b) > store_row(s, a));
    int64_t row_c = store_row(s, c);

    for (int reopened = 0; reopened < 2; reopened++) {
        struct story *t = NULL;
        char *draft = NULL;
        store_ref ref = reopened ? store_last_story(s) : story;
        assert_int_equal(store_load_story(s, ref, &t, &draft, NULL), 0);
        assert_string_equal(t->title, "雪夜");
        assert_string_equal(draft, "not sent\nyet");
        struct node *na = t->root->first_child;
        assert_string_equal(na->text, "那一夜,雪下得很大。");
        assert_int_equal(na->kind, NODE_AUTHOR);
        assert_int_equal(na->n_ids, 4);
        assert_memory_equal(na->ids, ids, sizeof ids);
        assert_string_equal(na->tokenizer, "tok-a");
        assert_null(na->next);
        assert_int_equal(na->first_child->kind, NODE_MODEL);
        assert_int_equal(na->first_child->n_text, 0);
        assert_null(na->first_child->ids);
        struct node *nc = na->last_child;
        assert_ptr_equal(t->current, nc);
        assert_int_equal(nc->ref, row_c);
        assert_int_equal(nc->n_text, sizeof odd - 1);
        assert_memory_equal(nc->text, odd, sizeof odd);
        assert_true(nc->created_ms > 0);
        story_free(t);
        free(draft);
        if (!reopened) {
            close_store(s);
            s = open_store();
        }
    }
    /* rows read back are names as well */
    store_ref again = store_last_story(s);
    store_ref d = store_put_node(s, again, row_c, NODE_AUTHOR, "d", 1);
    store_put_current(s, again, 0);
    store_put_title(s, again, "another title");
    store_put_draft(s, again, "", 0);
    flush(s);
    struct story *t = NULL;
    char *draft = "untouched";
    assert_int_equal(store_load_story(s, again, &t, &draft, NULL), 0);
    assert_ptr_equal(t->current, t->root);
    assert_string_equal(t->title, "another title");
    assert_null(draft);
    assert_int_equal(t->root->first_child->last_child->first_child->ref, store_row(s, d));
    story_free(t);
    struct err err = ERR_INIT;
    assert_int_equal(store_load_story(s, 999, &t, &draft, &err), E_STORE);
    assert_non_null(strstr(err.msg, "999"));
    assert_non_null(strstr(err.msg, db_path));
    close_store(s);
    assert_int_equal(db_int(db_path, "PRAGMA foreign_key_check"), 0);
}

static void test_stories(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct store_story_row *rows = NULL;
    size_t n = 7;
    assert_int_equal(store_stories(s, &rows, &n, NULL), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_last_story(s), 0);
    store_stories_free(rows, n);

    store_ref a = store_put_story(s, "雪夜"), b = store_put_story(s, "雪夜行");
    store_ref c = store_put_story(s, "");
    char line[300];
    memset(line, 'x', sizeof line);
    memcpy(line + 119, "雪", 3);
    store_put_node(s, a, 0, NODE_AUTHOR, "first\nsecond", 12);
    store_put_node(s, a, 0, NODE_AUTHOR, "third", 5);
    store_put_node(s, b, 0, NODE_AUTHOR, line, sizeof line);
    store_put_current(s, a, 0);
    flush(s);
    assert_int_equal(store_stories(s, &rows, &n, NULL), 0);
    assert_int_equal(n, 3);
    assert_int_equal(rows[0].ref, store_row(s, a));
    assert_int_equal(rows[1].ref, store_row(s, c));
    assert_int_equal(rows[2].ref, store_row(s, b));
    assert_string_equal(rows[0].first_line, "first");
    assert_string_equal(rows[1].first_line, "");
    assert_int_equal(strlen(rows[2].first_line), 119); /* no part of a character */
    assert_int_equal(rows[0].n_nodes, 2);
    assert_true(rows[0].changed_ms >= rows[0].created_ms);
    assert_int_equal(rows[1].changed_ms, rows[1].created_ms); /* no passage yet */
    assert_string_equal(rows[0].title, "雪夜");
    assert_int_equal(store_last_story(s), rows[0].ref);
    store_stories_free(rows, n);

    assert_int_equal(store_find_story(s, "雪夜"), store_row(s, a)); /* exact, though two begin so */
    assert_int_equal(store_find_story(s, "雪夜行"), store_row(s, b));
    assert_int_equal(store_find_story(s, "雪"), 0);
    assert_int_equal(store_find_story(s, "no"), 0);
    assert_int_equal(store_find_story(s, ""), 0);
    store_put_title(s, a, "白");
    flush(s);
    assert_int_equal(store_find_story(s, "雪"), store_row(s, b));
    close_store(s);
}

static void test_inputs(void **state)
{
    (void)state;
    struct store *s = open_store();
    static const char *const typed[] = {"one",  "two",        "three", "one",
                                        "four", "two\nlines", "three"};
    for (size_t i = 0; i < ARRAY_LEN(typed); i++)
        store_put_input(s, typed[i], strlen(typed[i]));
    flush(s);
    char **inputs = NULL;
    size_t n = 0;
    assert_int_equal(store_inputs(s, 4, &inputs, &n, NULL), 0);
    static const char *const newest[] = {"one", "four", "two\nlines", "three"};
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(inputs[i], newest[i]);
    store_inputs_free(inputs, n);
    assert_int_equal(store_inputs(s, 1000, &inputs, &n, NULL), 0);
    assert_int_equal(n, 5);
    assert_string_equal(inputs[0], "two");
    store_inputs_free(inputs, n);
    close_store(s);
}

/* ---- generations ---- */

static void test_generation_round_trip(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "");
    store_ref a = store_put_node(s, story, 0, NODE_AUTHOR, "雪", 3);
    store_ref m = store_put_node(s, story, a, NODE_MODEL, "", 0);
    store_ref g = put_generation(s, story, m);
    const int32_t bos[] = {50256}, snow[] = {165, 249, 103};
    const struct store_prompt_part parts[] = {{"", 0, bos, 1}, {"雪", 3, snow, 3}};
    store_put_prompt(s, g, parts, 2, 11);
    const int32_t out[] = {1, 300, 70000, 2};
    const float lp[] = {-0.5f, -3.25f, -0.0f, -12.0f};
    store_put_output(s, g, "夜", 3, out, lp, 1);
    store_put_output(s, g, "深了", 6, out + 1, lp + 1, 2);
    flush(s);
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, story, &t, NULL, NULL), 0);
    assert_string_equal(t->root->first_child->first_child->text, "夜深了"); /* still running */
    story_free(t);

    store_put_output(s, g, "", 0, out + 3, lp + 3, 1);
    struct store_done d = {.reason = "eos",
                           .n_prompt = 4,
                           .n_reused = 1,
                           .n_tokens = 4,
                           .n_text_tokens = 3,
                           .prefill_us = 1000,
                           .decode_us = 2000};
    store_put_done(s, g, &d);
    close_store(s);

    s = open_store();
    assert_int_equal(store_load_story(s, store_last_story(s), &t, NULL, NULL), 0);
    struct node *n = t->root->first_child->first_child;
    assert_string_equal(n->text, "夜深了");
    assert_int_equal(n->n_ids, 3);
    assert_memory_equal(n->ids, out, 3 * sizeof out[0]);
    assert_true(n->generation > 0);
    story_free(t);
    close_store(s);

    char *row = db_text(
        db_path, "SELECT g.origin||','||g.seed||','||g.stream||','||g.started_ms||','||"
                 "g.n_dropped||','||g.reason||','||g.n_prompt||','||g.n_reused||','||"
                 "g.n_tokens||','||g.n_text_tokens||','||g.prefill_us||','||g.decode_us||','||"
                 "hex(g.tail)||','||t.body||','||m.name||','||k.identity||','||x.body "
                 "FROM generations g JOIN texts t ON t.id=g.text JOIN models m ON m.id=g.model "
                 "JOIN tokenizers k ON k.id=m.tokenizer JOIN texts x ON x.id=g.settings");
    assert_string_equal(row, "room,-5,2,1234567,11,eos,4,1,4,3,1000,2000,02,夜深了,preview,tok-a,"
                             "{\"temp\":0.8,\"top_k\":40}");
    free(row);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM pieces"), 0);
    char *prompt = db_text(
        db_path,
        "WITH RECURSIVE c(i, id, before, spelling) AS (SELECT 0, p.id, p.before, p.spelling "
        "FROM prompts p JOIN generations g ON g.prompt=p.id UNION ALL SELECT i+1, p.id, "
        "p.before, p.spelling FROM prompts p JOIN c ON p.id=c.before) SELECT "
        "group_concat(x, ' ') FROM (SELECT t.body||'='||hex(s.ids) AS x FROM c JOIN spellings "
        "s ON s.id=c.spelling JOIN texts t ON t.id=s.text ORDER BY i DESC)");
    assert_string_equal(prompt, "=D08803 雪=A501F90167");
    free(prompt);
    char *packed = db_text(db_path, "SELECT logprobs FROM generations");
    float *back = NULL;
    size_t n_back = 0;
    assert_true(unpack_logprobs(packed, strlen(packed), &back, &n_back));
    assert_int_equal(n_back, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabsf(back[i] - lp[i]) < 0.005f);
    free(back);
    free(packed);
}

/* What is large or comes again is stored once. */
static void test_stored_once(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "");
    enum { N = 50 };
    struct store_prompt_part parts[N];
    char text[N][16];
    int32_t ids[N];
    store_ref parent = 0;
    for (int i = 0; i < N; i++) {
        int n = snprintf(text[i], sizeof text[i], "passage %d", i);
        ids[i] = i;
        parts[i] = (struct store_prompt_part){text[i], (size_t)n, &ids[i], 1};
        parent = store_put_node(s, story, parent, NODE_AUTHOR, text[i], (size_t)n);
        store_put_node_ids(s, parent, &ids[i], 1, "tok-a");
        store_ref g = put_generation(s, story, 0);
        store_put_prompt(s, g, parts, (size_t)i + 1, 0);
        store_put_output(s, g, "same words", 10, (const int32_t[]){9}, (const float[]){-1}, 1);
        store_put_done(s, g, &(struct store_done){.reason = "length", .n_text_tokens = 1});
    }
    /* another way to cut the same text, and another front */
    store_ref g = put_generation(s, story, 0);
    parts[0].ids = &ids[1];
    store_put_prompt(s, g, parts, 2, 0);
    store_put_prompt(s, g, parts, 0, 0);
    close_store(s);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM texts"), N + 2); /* output, settings */
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM spellings"), N + 2);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM prompts"), N + 2);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM models"), 1);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM generations"), N + 1);
    assert_int_equal(db_int(db_path, "SELECT prompt IS NULL FROM generations ORDER BY id DESC"), 1);
}

/* A text that ends inside a token, an error, a generation of no story, one that wrote nothing. */
static void test_odd_generations(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "");
    store_ref m = store_put_node(s, story, 0, NODE_MODEL, "", 0);
    store_ref g = put_generation(s, story, m);
    const int32_t ids[] = {1, 2, 3};
    const float lp[] = {NAN, -INFINITY, -1};
    store_put_output(s, g, "ab", 2, ids, lp, 3);
    store_put_done(s, g,
                   &(struct store_done){.reason = "cancelled", .n_tokens = 3, .n_text_tokens = -1});
    store_ref h = put_generation(s, 0, 0);
    store_put_done(
        s, h, &(struct store_done){.reason = "error", .error = "it broke", .n_text_tokens = 0});
    close_store(s);
    char *row =
        db_text(db_path, "SELECT (spelling IS NULL)||hex(tail)||(n_text_tokens IS NULL)||reason "
                         "FROM generations ORDER BY id");
    assert_string_equal(row, "1010203"
                             "1cancelled");
    free(row);
    row = db_text(db_path, "SELECT (story IS NULL)||(node IS NULL)||(tail IS NULL)||"
                           "(logprobs IS NULL)||error||(SELECT body FROM texts WHERE id=text)||'.' "
                           "FROM generations ORDER BY id DESC");
    assert_string_equal(row, "1111it broke.");
    free(row);
    s = open_store();
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, store_last_story(s), &t, NULL, NULL), 0);
    assert_string_equal(t->root->first_child->text, "ab");
    assert_null(t->root->first_child->ids);
    story_free(t);
    close_store(s);
}

/* ---- without a store, status ---- */

static void test_no_store(void **state)
{
    (void)state;
    store_ref a = store_put_story(NULL, "t"), b = store_put_node(NULL, a, 0, NODE_AUTHOR, "x", 1);
    assert_true(a < 0 && b < 0 && a != b);
    store_put_current(NULL, a, b);
    store_put_draft(NULL, a, "d", 1);
    store_put_title(NULL, a, "t");
    store_put_input(NULL, "i", 1);
    store_put_node_ids(NULL, b, (const int32_t[]){1}, 1, "t");
    store_ref g = put_generation(NULL, a, b);
    assert_true(g < 0);
    store_put_prompt(NULL, g, NULL, 0, 0);
    store_put_output(NULL, g, "x", 1, NULL, NULL, 0);
    store_put_done(NULL, g, &(struct store_done){.reason = "eos"});
    assert_int_equal(store_fd(NULL), -1);
    assert_int_equal(store_row(NULL, a), 0);
    assert_int_equal(store_find_story(NULL, "t"), 0);
    assert_int_equal(store_last_story(NULL), 0);
    assert_int_equal(store_flush(NULL, 10, NULL), E_STORE);
    assert_int_equal(store_close(NULL, NULL), 0);
}

static void test_status(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct store_status st;
    store_get_status(s, &st);
    assert_true(st.saved && !st.failing && !st.read_only && !st.was_empty);
    store_ref story = store_put_story(s, "");
    int64_t until = clock_mono_ms() + 5000;
    do
        store_get_status(s, &st);
    while (!st.saved && clock_mono_ms() < until);
    assert_true(st.saved);
    assert_true(store_row(s, story) > 0);
    assert_int_equal(st.unsaved_since_ms, 0);
    assert_true(store_fd(s) >= 0);
    assert_true(store_row(s, -77) == 0);
    close_store(s);
}

/* Text is committed within 100 ms without anyone asking, seen by another connection. */
static void test_commit_in_time(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref g = put_generation(s, 0, 0);
    flush(s);
    int64_t worst = 0;
    for (int i = 1; i <= 10; i++) {
        int64_t put = clock_mono_ms();
        store_put_output(s, g, "x", 1, NULL, NULL, 0);
        while (db_int(db_path, "SELECT count(*) FROM pieces") < i && clock_mono_ms() < put + 5000)
            usleep(1000);
        int64_t took = clock_mono_ms() - put;
        worst = took > worst ? took : worst;
    }
    print_message("# slowest of 10 commits of streamed text: %lld ms\n", (long long)worst);
    assert_true(worst < 1000); /* 55 ms on a quiet machine; this one may be busy */
    close_store(s);
}

/* ---- files, clock, processes ---- */

static void test_modes(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 0477};
    for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
        mode_t old = umask(masks[i]);
        struct store *s = NULL;
        struct err err = ERR_INIT;
        snprintf(db_path, sizeof db_path, "%s/%zu/xuxie.db", test_dir, i);
        int rc = store_open(db_path, STORE_CREATE, &s, &err);
        umask(old);
        assert_int_equal(rc, 0);
        store_put_story(s, "");
        flush(s);
        char name[400], folder[400];
        snprintf(folder, sizeof folder, "%s/%zu", test_dir, i);
        assert_int_equal(mode_of(folder) & 077, 0);
        assert_int_equal(mode_of(db_path), 0600);
        snprintf(name, sizeof name, "%s-wal", db_path);
        assert_int_equal(mode_of(name), 0600);
        snprintf(name, sizeof name, "%s-shm", db_path);
        assert_int_equal(mode_of(name), 0600);
        close_store(s);
        chmod(folder, 0700);
    }
}

static int64_t fake_ms = 2000000000000;

static int64_t fake_clock(void)
{
    return fake_ms;
}

static void test_clock_set_back(void **state)
{
    (void)state;
    clock_set_wall(fake_clock);
    struct store *s = open_store();
    store_ref a = store_put_story(s, "a");
    store_ref x = store_put_node(s, a, 0, NODE_AUTHOR, "x", 1);
    store_put_input(s, "x", 1);
    fake_ms = 1000000000000; /* 30 years back */
    store_ref b = store_put_story(s, "b");
    store_ref y = store_put_node(s, a, 0, NODE_AUTHOR, "y", 1);
    store_put_input(s, "y", 1);
    flush(s);
    clock_set_wall(NULL);
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, a, &t, NULL, NULL), 0);
    assert_int_equal(t->root->first_child->ref, store_row(s, x));
    assert_int_equal(t->root->last_child->ref, store_row(s, y));
    assert_true(t->root->first_child->created_ms > t->root->last_child->created_ms);
    story_free(t);
    assert_int_equal(store_last_story(s), store_row(s, b));
    char **inputs = NULL;
    size_t n = 0;
    assert_int_equal(store_inputs(s, 10, &inputs, &n, NULL), 0);
    assert_string_equal(inputs[1], "y");
    store_inputs_free(inputs, n);
    close_store(s);
}

enum { WRITERS = 2, PUTS = 200 };

static void write_many(int who)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    char text[64];
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0) {
        fprintf(stderr, "# writer %d: %s\n", who, err.msg);
        _exit(1);
    }
    snprintf(text, sizeof text, "writer %d", who);
    store_ref story = store_put_story(s, text);
    store_ref parent = 0;
    for (int i = 0; i < PUTS; i++) {
        int n = snprintf(text, sizeof text, "%d:%d ", who, i);
        parent = store_put_node(s, story, parent, NODE_AUTHOR, text, (size_t)n);
        if (i % 10 == 0)
            store_put_input(s, text, (size_t)n);
        usleep(1000);
    }
    store_put_current(s, story, parent);
    if (store_close(s, &err) != 0) {
        fprintf(stderr, "# writer %d: %s\n", who, err.msg);
        _exit(1);
    }
    _exit(0);
}

/* They also create the database at the same moment. */
static void test_two_processes(void **state)
{
    (void)state;
    pid_t child[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        child[w] = fork();
        assert_true(child[w] >= 0);
        if (child[w] == 0)
            write_many(w);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status = -1;
        assert_int_equal(waitpid(child[w], &status, 0), child[w]);
        assert_int_equal(status, 0);
    }
    struct store *s = open_store();
    for (int w = 0; w < WRITERS; w++) {
        char title[32];
        struct story *t = NULL;
        struct str expected = STR_INIT, text = STR_INIT;
        snprintf(title, sizeof title, "writer %d", w);
        assert_int_equal(store_load_story(s, store_find_story(s, title), &t, NULL, NULL), 0);
        for (int i = 0; i < PUTS; i++)
            str_printf(&expected, "%d:%d ", w, i);
        story_text(t, &text);
        assert_string_equal(str_cstr(&text), str_cstr(&expected));
        story_free(t);
        str_free(&text);
        str_free(&expected);
    }
    close_store(s);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM inputs"), WRITERS * PUTS / 10);
    char *ok = db_text(db_path, "PRAGMA integrity_check");
    assert_string_equal(ok, "ok");
    free(ok);
}

/* A process that dies between two commits: what it wrote reads back, with no reason. */
static void test_interrupted(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *s = NULL;
        if (store_open(db_path, STORE_CREATE, &s, NULL) != 0)
            _exit(1);
        store_ref story = store_put_story(s, "cut off");
        store_ref m = store_put_node(s, story, 0, NODE_MODEL, "", 0);
        store_ref g = put_generation(s, story, m);
        store_put_current(s, story, m);
        store_put_output(s, g, "half a ", 7, (const int32_t[]){1, 2}, (const float[]){-1, -1}, 2);
        store_put_output(s, g, "sentence", 8, (const int32_t[]){3}, (const float[]){-1}, 1);
        _exit(store_flush(s, FLUSH_MS, NULL) == 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct store *s = open_store();
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, store_last_story(s), &t, NULL, NULL), 0);
    assert_string_equal(t->current->text, "half a sentence");
    assert_null(t->current->ids);
    story_free(t);
    struct store_story_row *rows = NULL;
    size_t n = 0;
    assert_int_equal(store_stories(s, &rows, &n, NULL), 0);
    assert_int_equal(rows[0].n_nodes, 1);
    store_stories_free(rows, n);
    close_store(s);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM generations WHERE reason IS NULL"), 1);
}

/* ---- migrations ---- */

static void exists(const char *suffix, bool yes)
{
    char name[400];
    snprintf(name, sizeof name, "%s%s", db_path, suffix);
    if ((access(name, F_OK) == 0) != yes)
        fail_msg("%s: %s", name, yes ? "is not there" : "is there");
}

static void test_migration(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "kept");
    flush(s);
    int64_t row = store_row(s, story);
    close_store(s);
    const char *const first = store_schema.migrations[0], *const second =
                                                              store_schema.migrations[1];
    const char *next[] = {first, second,
                          "ALTER TABLE stories ADD COLUMN star INTEGER;"
                          "CREATE TABLE more(id INTEGER PRIMARY KEY)"};
    const char *bad[] = {first, second,
                         "CREATE TABLE more(id INTEGER PRIMARY KEY);"
                         "CREATE TABLE stories(x)"};
    struct schema newer = {next, 3}, broken = {bad, 3};
    struct err err = ERR_INIT;

    /* one that fails changes nothing; the copy stays */
    assert_int_equal(store_open_schema(db_path, STORE_CREATE, &broken, &s, &err), E_STORE);
    assert_non_null(strstr(err.msg, db_path));
    assert_int_equal(db_int(db_path, "PRAGMA user_version"), 2);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM sqlite_schema WHERE name='more'"), 0);
    exists(".v2-backup", true);
    exists(".v2-backup-2", false);

    assert_int_equal(store_open_schema(db_path, STORE_CREATE, &newer, &s, NULL), 0);
    exists(".v2-backup-2", true);
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, row, &t, NULL, NULL), 0);
    assert_string_equal(t->title, "kept");
    story_free(t);
    close_store(s);
    assert_int_equal(db_int(db_path, "PRAGMA user_version"), 3);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM more"), 0);

    /* the copy is whole, private, and an older xuxie can use it */
    char copy[400];
    snprintf(copy, sizeof copy, "%s.v2-backup-2", db_path);
    assert_int_equal(mode_of(copy), 0600);
    assert_int_equal(store_open(copy, 0, &s, NULL), 0);
    assert_int_equal(store_last_story(s), row);
    close_store(s);

    /* this xuxie is now too old for it */
    assert_int_equal(store_open(db_path, STORE_CREATE, &s, &err), E_STORE);
    assert_non_null(strstr(err.msg, "schema >= 3"));
    assert_int_equal(store_open_schema(db_path, 0, &newer, &s, NULL), 0);
    close_store(s);
    exists(".v2-backup-3", false);
}

/* An older program that runs on while a newer one upgrades the database writes no more to it. */
static void test_upgraded_under_us(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_put_story(s, "");
    flush(s);
    assert_int_equal(db_int(db_path, "PRAGMA user_version=3"), 0);
    store_put_story(s, "late");
    struct err err = ERR_INIT;
    assert_int_equal(store_flush(s, FLUSH_MS, &err), E_STORE);
    assert_non_null(strstr(err.msg, "newer xuxie"));
    assert_int_equal(store_close(s, &err), E_STORE);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM stories"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_story_round_trip),
        TEST(test_stories),
        TEST(test_inputs),
        TEST(test_generation_round_trip),
        TEST(test_stored_once),
        TEST(test_odd_generations),
        TEST(test_no_store),
        TEST(test_status),
        TEST(test_commit_in_time),
        TEST(test_modes),
        TEST(test_clock_set_back),
        TEST(test_two_processes),
        TEST(test_interrupted),
        TEST(test_migration),
        TEST(test_upgraded_under_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
