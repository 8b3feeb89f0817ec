/* test_store_mark.c - a generation read whole; stars, notes, tags, deleting, figures. */
#include "config.h"

#include <math.h>
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

static struct history_record *load(struct store *s, store_ref generation)
{
    struct history_record *r = NULL;
    struct err err = ERR_INIT;
    if (history_load(s, generation, &r, &err) != 0)
        fail_msg("%s", err.msg);
    return r;
}

static void test_record(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "雪夜");
    store_ref node = store_put_node(s, story, 0, NODE_MODEL, "", 0);
    store_ref version = store_put_template(s, "t", "h", NULL, 0, false);
    struct store_generation g = {.story = story,
                                 .node = node,
                                 .origin = "room",
                                 .template_version = version,
                                 .k_asked = -1,
                                 .k_used = 4,
                                 .model = {"id", "tok", "name", "gpt2", "q8_0", "/m.gguf", 7},
                                 .settings = "{\"seed\":3,\"temp\":0.5}",
                                 .seed = UINT64_MAX,
                                 .stream = 2,
                                 .started_ms = 123};
    store_ref ref = store_put_generation(s, &g);
    const int32_t ids[] = {5, 300, 70000};
    const struct store_prompt_part parts[] = {
        {"", 0, ids, 1}, {"a\0b", 3, ids, 2}, {"雪", 3, ids + 2, 1}};
    store_put_prompt(s, ref, parts, 3, 9);
    flush(s);
    struct history_record *r = load(s, ref); /* begun, nothing written */
    assert_string_equal(r->text, "");
    assert_null(r->reason);
    assert_int_equal(r->n_ids, 0);
    history_record_free(r);

    const float logprobs[] = {-0.5f, -1.0f, -2.0f};
    store_put_output(s, ref, "夜", 3, ids, logprobs, 1);
    store_put_output(s, ref, "深", 3, ids + 1, logprobs + 1, 2);
    flush(s);
    for (int done = 0; done < 2; done++) {
        r = load(s, ref);
        assert_int_equal(r->generation, store_row(s, ref));
        assert_int_equal(r->story, store_row(s, story));
        assert_int_equal(r->node, store_row(s, node));
        assert_string_equal(r->origin, "room");
        assert_string_equal(r->story_title, "雪夜");
        assert_string_equal(r->model_name, "name");
        assert_string_equal(r->model_identity, "id");
        assert_string_equal(r->model_path, "/m.gguf");
        assert_string_equal(r->tokenizer, "tok");
        assert_string_equal(r->model_type, "q8_0");
        assert_string_equal(r->settings, "{\"temp\":0.5}");
        assert_true(r->seed == UINT64_MAX);
        assert_int_equal(r->stream, 2);
        assert_int_equal(r->n_prompt, 3);
        assert_int_equal(r->prompt[0].n_text, 0);
        assert_int_equal(r->prompt[1].n_text, 3);
        assert_memory_equal(r->prompt[1].text, "a\0b", 3);
        assert_int_equal(r->prompt[1].n_ids, 2);
        assert_int_equal(r->prompt[1].ids[1], 300);
        assert_string_equal(r->prompt[2].text, "雪");
        assert_int_equal(r->prompt[2].ids[0], 70000);
        assert_int_equal(r->n_dropped, 9);
        assert_string_equal(r->text, "夜深");
        assert_int_equal(r->n_text, 6);
        assert_int_equal(r->n_ids, 3);
        assert_memory_equal(r->ids, ids, sizeof ids);
        assert_int_equal(r->n_logprobs, 3);
        assert_true(fabsf(r->logprobs[2] + 2.0f) < 0.01f);
        assert_int_equal(r->template_version, store_row(s, version));
        assert_string_equal(r->template, "t");
        assert_int_equal(r->template_number, 1);
        assert_int_equal(r->k_asked, -1);
        assert_int_equal(r->k_used, 4);
        assert_int_equal(r->started_ms, 123);
        assert_false(r->starred);
        assert_string_equal(r->note, "");
        assert_int_equal(r->n_tags, 0);
        if (done) {
            assert_string_equal(r->reason, "error");
            assert_string_equal(r->error, "it broke");
            assert_int_equal(r->n_text_tokens, 2);
            assert_int_equal(r->n_prompt_tokens, 4);
            assert_int_equal(r->n_reused, 1);
            assert_int_equal(r->prefill_us, 10);
            assert_int_equal(r->decode_us, 20);
        } else {
            assert_null(r->reason);
            assert_null(r->error);
            assert_int_equal(r->n_text_tokens, -1);
        }
        history_record_free(r);
        store_put_done(s, ref,
                       &(struct store_done){.reason = "error",
                                            .error = "it broke",
                                            .n_prompt = 4,
                                            .n_reused = 1,
                                            .n_tokens = 3,
                                            .n_text_tokens = 2,
                                            .prefill_us = 10,
                                            .decode_us = 20});
        flush(s);
    }
    struct err err = ERR_INIT;
    assert_int_equal(history_load(s, 4711, &r, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "4711"));
    assert_int_equal(store_close(s, NULL), 0);

    /* bare: no model name, no story, no prompt, no settings, no template */
    s = open_store();
    g = (struct store_generation){.origin = "run", .model = {.identity = "x"}};
    ref = store_put_generation(s, &g);
    flush(s);
    r = load(s, ref);
    assert_null(r->model_name);
    assert_null(r->story_title);
    assert_null(r->settings);
    assert_null(r->template);
    assert_int_equal(r->k_used, -2);
    assert_int_equal(r->n_prompt, 0);
    history_record_free(r);
    assert_int_equal(store_close(s, NULL), 0);
}

/* Records that make no sense are told, not followed. */
static void test_damaged_record(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "UPDATE prompts SET before=id",
        "UPDATE prompts SET before=77",
        "UPDATE prompts SET spelling=77",
        "UPDATE spellings SET ids=x'80'",
        "UPDATE generations SET logprobs=x'FFFFFFFFFFFFFF01'",
        "UPDATE generations SET tail=x'80'",
    };
    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        unlink(db_path);
        struct store *s = open_store();
        put_run(s, "题目", "雪夜");
        assert_int_equal(store_close(s, NULL), 0);
        db_int(db_path, damages[i]);
        s = open_store();
        struct history_record *r = NULL;
        struct err err = ERR_INIT;
        if (history_load(s, 1, &r, &err) != E_STORE)
            fail_msg("%s: loaded", damages[i]);
        assert_non_null(strstr(err.msg, "generation 1"));
        assert_null(r);
        assert_int_equal(count_query(s, "雪夜"), 1); /* the text is still found */
        store_close(s, NULL);
    }
}

static void test_marks(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref a = put_run(s, "一", "甲"), b = put_run(s, "二", "乙");
    history_put_star(s, a, true);
    history_put_note(s, a, "很好的雪夜");
    history_put_tag(s, a, "诗", true);
    history_put_tag(s, a, "best", true);
    history_put_tag(s, a, "best", true);
    history_put_tag(s, b, "best", true);
    history_put_tag(s, 99, "best", true); /* no such generation */
    history_put_note(s, 99, "nothing");
    flush(s);
    struct history_record *r = load(s, a);
    assert_true(r->starred);
    assert_string_equal(r->note, "很好的雪夜");
    assert_int_equal(r->n_tags, 2);
    assert_string_equal(r->tags[0], "best");
    assert_string_equal(r->tags[1], "诗");
    history_record_free(r);
    struct history_tag *tags = NULL;
    size_t n = 0;
    assert_int_equal(history_tags(s, &tags, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_string_equal(tags[0].tag, "best");
    assert_int_equal(tags[0].n, 2);
    assert_int_equal(tags[1].n, 1);
    history_tags_free(tags, n);
    assert_int_equal(count_query(s, "雪夜"), 1);
    assert_int_equal(count_hits(s, &(struct history_filter){.tag = "best"}), 2);
    assert_int_equal(count_hits(s, &(struct history_filter){.tag = "诗", .query = "甲"}), 1);
    assert_int_equal(count_hits(s, &(struct history_filter){.tag = "bes"}), 0);
    assert_int_equal(count_hits(s, &(struct history_filter){.starred = true}), 1);

    history_put_star(s, a, false);
    history_put_note(s, a, "another");
    history_put_tag(s, a, "诗", false);
    flush(s);
    assert_int_equal(count_query(s, "雪夜"), 0); /* the index still has it, the text decides */
    assert_int_equal(count_query(s, "another"), 1);
    assert_int_equal(count_hits(s, &(struct history_filter){.starred = true}), 0);
    assert_int_equal(count_hits(s, &(struct history_filter){.tag = "诗"}), 0);
    history_put_note(s, a, "");
    flush(s);
    r = load(s, a);
    assert_string_equal(r->note, "");
    history_record_free(r);
    assert_int_equal(count_query(s, "another"), 0);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM texts WHERE body IN "
                                     "('another', '很好的雪夜', 'nothing')"),
                     0);
    assert_int_equal(store_close(s, NULL), 0);
}

/* ---- deleting ---- */

static int64_t count_rows(const char *table)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    return db_int(db_path, sql);
}

/* Who refers to whom. */
static const struct {
    const char *table, *column, *to;
} references[] = {
    {"generations", "text", "texts"},         {"generations", "settings", "texts"},
    {"generations", "note", "texts"},         {"nodes", "text", "texts"},
    {"spellings", "text", "texts"},           {"inputs", "text", "texts"},
    {"template_versions", "head", "texts"},   {"examples", "body", "texts"},
    {"generations", "spelling", "spellings"}, {"nodes", "spelling", "spellings"},
    {"prompts", "spelling", "spellings"},     {"generations", "prompt", "prompts"},
    {"prompts", "before", "prompts"},         {"nodes", "generation", "generations"},
    {"pieces", "generation", "generations"},  {"tags", "generation", "generations"},
};

/* Every row that is referred to is there, and every text, spelling and prompt is referred to. */
static void expect_consistent(void)
{
    static const char *const kept[] = {"texts", "spellings", "prompts"};
    struct str sql = STR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(references); i++) {
        str_clear(&sql);
        str_printf(&sql,
                   "SELECT count(*) FROM %s c WHERE %s IS NOT NULL AND NOT EXISTS(SELECT 1 "
                   "FROM %s p WHERE p.id=c.%s)",
                   references[i].table, references[i].column, references[i].to,
                   references[i].column);
        if (db_int(db_path, str_cstr(&sql)) != 0)
            fail_msg("%s", str_cstr(&sql));
    }
    for (size_t k = 0; k < ARRAY_LEN(kept); k++) {
        str_clear(&sql);
        str_printf(&sql, "SELECT count(*) FROM %s p WHERE 1", kept[k]);
        for (size_t i = 0; i < ARRAY_LEN(references); i++)
            if (strcmp(references[i].to, kept[k]) == 0)
                str_printf(&sql, " AND NOT EXISTS(SELECT 1 FROM %s c WHERE c.%s=p.id)",
                           references[i].table, references[i].column);
        if (db_int(db_path, str_cstr(&sql)) != 0)
            fail_msg("%s", str_cstr(&sql));
    }
    str_free(&sql);
    expect_sound();
}

static void test_delete(void **state)
{
    (void)state;
    struct store *s = open_store();
    put_story(s, "old", "word ");
    store_ref a = put_run(s, "荷塘", "一夜无话");
    store_ref b = put_run(s, "荷塘", "一夜无话"); /* all of it shared */
    store_ref c = put_run(s, "月色", "另一个");
    history_put_note(s, c, "记一笔");
    history_put_tag(s, c, "t", true);
    flush(s);
    int64_t of_story = db_int(db_path, "SELECT id FROM generations WHERE origin='room'");
    history_delete(s, &a, 1);
    flush(s);
    expect_consistent();
    assert_int_equal(count_query(s, "一夜"), 1);
    struct history_record *r = load(s, b);
    assert_string_equal(r->text, "一夜无话");
    assert_string_equal(r->prompt[1].text, "荷塘");
    history_record_free(r);

    store_ref rest[] = {b, c, of_story, 4711};
    history_delete(s, rest, 4);
    flush(s);
    expect_consistent();
    assert_int_equal(count_query(s, "一夜"), 0);
    assert_int_equal(count_query(s, "记"), 0);
    assert_int_equal(history_count(s), 0);
    assert_int_equal(count_rows("prompts"), 0);
    assert_int_equal(count_rows("tags"), 0);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM texts WHERE body LIKE '%夜%' OR body "
                                     "LIKE '%temp%' OR body LIKE '%笔%'"),
                     0);
    assert_int_equal(db_int(db_path, "SELECT count(*) FROM nodes WHERE generation IS NOT NULL"), 0);
    expect_story(s, "old", "word "); /* the passage keeps its text */
    struct err err = ERR_INIT;
    assert_int_equal(history_load(s, b, &r, &err), E_INPUT);
    assert_int_equal(store_close(s, NULL), 0);

    /* nothing of it is left in the file either */
    FILE *f = fopen(db_path, "rb");
    struct str bytes = STR_INIT;
    char buf[4096];
    size_t n;
    while (f && (n = fread(buf, 1, sizeof buf, f)) > 0)
        str_append(&bytes, buf, n);
    assert_non_null(f);
    fclose(f);
    assert_null(memmem(bytes.data, bytes.len, "无话", 6));
    assert_non_null(memmem(bytes.data, bytes.len, "word ", 5));
    str_free(&bytes);
}

/* One whose process died, with a passage that is still in pieces. */
static void test_delete_interrupted(void **state)
{
    (void)state;
    struct store *s = open_store();
    store_ref story = store_put_story(s, "s");
    store_ref node = store_put_node(s, story, 0, NODE_MODEL, "", 0);
    struct store_generation g = {
        .story = story, .node = node, .origin = "room", .model = {.identity = "m"}};
    store_ref ref = store_put_generation(s, &g);
    store_put_output(s, ref, "半句", 6, (const int32_t[]){1}, (const float[]){-1}, 1);
    assert_int_equal(store_close(s, NULL), 0);
    s = open_store();
    flush(s);
    assert_int_equal(count_query(s, "半句"), 1); /* indexed at open */
    history_delete(s, (const store_ref[]){1}, 1);
    flush(s);
    expect_consistent();
    struct story *t = NULL;
    assert_int_equal(store_load_story(s, store_last_story(s), &t, NULL, NULL), 0);
    assert_string_equal(t->root->first_child->text, "半句");
    story_free(t);
    assert_int_equal(count_query(s, "半句"), 0);
    assert_int_equal(db_int(db_path, "SELECT state FROM search_index"), 0);
    assert_int_equal(store_close(s, NULL), 0);
}

/* Random generations with much in common, deleted in random order: always consistent, and what is
 * left is as it was. */
static void test_delete_random(void **state)
{
    (void)state;
    enum { N = 120 };
    static const char *const texts[] = {"甲乙", "丙丁", "戊己", "庚辛", "写："};
    struct random r = {11};
    struct store *s = open_store();
    store_ref story = store_put_story(s, "s"), refs[N], parent = 0;
    struct {
        const char *prompt, *output;
    } kept[N];
    for (int i = 0; i < N; i++) {
        kept[i].prompt = texts[random_below(&r, ARRAY_LEN(texts))];
        kept[i].output = texts[random_below(&r, ARRAY_LEN(texts))];
        refs[i] = put_run(s, kept[i].prompt, kept[i].output);
        if (random_below(&r, 3) == 0)
            history_put_note(s, refs[i], texts[random_below(&r, ARRAY_LEN(texts))]);
        if (random_below(&r, 5) == 0) {
            const char *text = texts[random_below(&r, ARRAY_LEN(texts))];
            parent = store_put_node(s, story, parent, NODE_AUTHOR, text, strlen(text));
            store_put_node_ids(s, parent, (const int32_t[]){1, 2}, 2, "t");
        }
    }
    flush(s);
    for (int left = N; left > 0; left--) {
        size_t i = random_below(&r, (size_t)left);
        history_delete(s, &refs[i], 1);
        refs[i] = refs[left - 1];
        kept[i] = kept[left - 1];
        if (left % 20 != 1)
            continue;
        flush(s);
        expect_consistent();
        for (int k = 0; k < left - 1; k++) {
            struct history_record *rec = load(s, refs[k]);
            assert_string_equal(rec->text, kept[k].output);
            assert_string_equal(rec->prompt[1].text, kept[k].prompt);
            history_record_free(rec);
        }
    }
    assert_int_equal(history_count(s), 0);
    assert_int_equal(db_int(db_path, "SELECT state FROM search_index"), 0);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_stats(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct history_stats st;
    assert_int_equal(history_get_stats(s, NULL, &st, NULL), 0);
    assert_int_equal(st.n_generations, 0);
    assert_int_equal(st.first_ms, 0);
    put_story(s, "story", "word ");
    put_run(s, "题目", "雪夜");
    store_ref b = put_run(s, "题目", "四个汉字");
    history_put_star(s, b, true);
    store_put_template(s, "t", "h", NULL, 0, false);
    flush(s);
    assert_int_equal(history_get_stats(s, &(struct history_filter){0}, &st, NULL), 0);
    assert_int_equal(st.n_generations, 3);
    assert_int_equal(st.n_chars, 5 * TEXT_PIECES + 6);
    assert_int_equal(st.n_stories, 1);
    assert_int_equal(st.n_passages, 2);
    assert_int_equal(st.n_templates, 1);
    assert_int_equal(st.n_starred, 1);
    assert_true(st.database_bytes > 4096);
    assert_int_equal(history_get_stats(s, &(struct history_filter){.origin = "run"}, &st, NULL), 0);
    assert_int_equal(st.n_generations, 2);
    assert_int_equal(st.n_tokens, 4);
    assert_int_equal(st.n_chars, 6);
    assert_int_equal(st.first_ms, 1000);
    assert_int_equal(store_close(s, NULL), 0);
}

static void test_no_store(void **state)
{
    (void)state;
    struct history_record *r = NULL;
    struct history_tag *tags = NULL;
    struct history_stats st;
    size_t n = 0;
    history_put_star(NULL, 1, true);
    history_put_note(NULL, 1, "n");
    history_put_tag(NULL, 1, "t", true);
    history_delete(NULL, (const store_ref[]){1}, 1);
    assert_int_equal(history_load(NULL, 1, &r, NULL), E_STORE);
    assert_int_equal(history_tags(NULL, &tags, &n, NULL), E_STORE);
    assert_int_equal(history_get_stats(NULL, NULL, &st, NULL), E_STORE);
    assert_int_equal(history_reindex(NULL, NULL, NULL, NULL), E_STORE);
    assert_int_equal(history_count(NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_dir, remove_test_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_record), TEST(test_damaged_record),     TEST(test_marks),
        TEST(test_delete), TEST(test_delete_interrupted), TEST(test_delete_random),
        TEST(test_stats),  TEST(test_no_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
