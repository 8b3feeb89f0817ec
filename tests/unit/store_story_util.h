/* store_story_util.h - a story with everything the store keeps, to put and to expect; for the tests
 * of the store when things go wrong. Include after cmocka.h. */
#ifndef XUXIE_TESTS_STORE_STORY_UTIL_H
#define XUXIE_TESTS_STORE_STORY_UTIL_H

#include "src/base/str.h"
#include "src/store.h"
#include "tests/unit/store_util.h"

enum { FLUSH_MS = 10000, TEXT_PIECES = 20 };

static inline void put_story(struct store *s, const char *title, const char *word)
{
    store_ref story = store_put_story(s, title), parent = 0;
    struct store_generation g = {.story = story,
                                 .origin = "room",
                                 .model = {.identity = "m", .tokenizer = "t"},
                                 .settings = "{}"};
    parent = store_put_node(s, story, 0, NODE_AUTHOR, "begin ", 6);
    g.node = store_put_node(s, story, parent, NODE_MODEL, "", 0);
    store_ref gen = store_put_generation(s, &g);
    const struct store_prompt_part part = {"begin ", 6, (const int32_t[]){4}, 1};
    store_put_prompt(s, gen, &part, 1, 0);
    for (int i = 0; i < TEXT_PIECES; i++)
        store_put_output(s, gen, word, strlen(word), (const int32_t[]){i}, (const float[]){-1}, 1);
    store_put_done(s, gen, &(struct store_done){.reason = "eos", .n_text_tokens = TEXT_PIECES});
    store_put_current(s, story, g.node);
    store_put_input(s, word, strlen(word));
}

static inline void expect_story(struct store *s, const char *title, const char *word)
{
    struct story *t = NULL;
    struct err err = ERR_INIT;
    if (store_load_story(s, store_find_story(s, title), &t, NULL, &err) != 0)
        fail_msg("%s: %s", title, err.msg);
    struct str expected = STR_INIT, text = STR_INIT;
    str_puts(&expected, "begin ");
    for (int i = 0; i < TEXT_PIECES; i++)
        str_puts(&expected, word);
    story_text(t, &text);
    assert_string_equal(str_cstr(&text), str_cstr(&expected));
    str_free(&expected);
    str_free(&text);
    story_free(t);
}

static inline struct store *open_store(void)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0)
        fail_msg("%s", err.msg);
    return s;
}

static inline void make_database(void)
{
    struct store *s = open_store();
    put_story(s, "old", "word ");
    struct err err = ERR_INIT;
    if (store_close(s, &err) != 0)
        fail_msg("%s", err.msg);
}

static inline void expect_sound(void)
{
    char *ok = db_text(db_path, "PRAGMA integrity_check");
    assert_string_equal(ok, "ok");
    free(ok);
}

/* Saving fails, and both flush and status say the same why. */
static inline void expect_failing(struct store *s, const char *says)
{
    struct err err = ERR_INIT;
    struct store_status st;
    assert_int_equal(store_flush(s, FLUSH_MS, &err), E_STORE);
    store_get_status(s, &st);
    assert_true(st.failing && !st.saved && st.unsaved_since_ms > 0);
    if (!strstr(st.message, says) || !strstr(st.message, db_path))
        fail_msg("says \"%s\"", st.message);
    assert_string_equal(err.msg, st.message);
}

#endif
