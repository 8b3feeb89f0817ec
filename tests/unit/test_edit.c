/* test_edit.c - readline fed from a queue, without a terminal: the traps it has and that they are
 * avoided. */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "ui/edit.h"

static void feed(const char *bytes)
{
    edit_feed(bytes, strlen(bytes));
}

/* One at a time, as the decoder gives them: key sequences and characters. */
static void feed_keys(const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        feed(keys[i]);
}
#define KEYS(...)                                                                                  \
    feed_keys((const char *const[]){__VA_ARGS__},                                                  \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void expect(const char *line, size_t point)
{
    struct edit_state e;
    char *text;
    edit_get(&e);
    text = x_strndup(e.line, e.n_bytes);
    assert_string_equal(text, line);
    assert_int_equal(e.point, point);
    free(text);
}

static int open_editor(void **state)
{
    (void)state;
    assert_int_equal(edit_open("xuxie", "\\C-x\\C-e", NULL), 0);
    edit_set_mode("emacs");
    edit_cancel();
    return 0;
}

static int close_editor(void **state)
{
    (void)state;
    edit_close();
    return 0;
}

static void test_chinese(void **state)
{
    (void)state;
    feed("那一夜，雪");
    expect("那一夜，雪", 15);
    KEYS("\002", "\002", "\177"); /* C-b C-b DEL */
    expect("那一，雪", 6);
    feed("\001");
    feed("\033[C");
    expect("那一，雪", 3);
}

static void test_submitting(void **state)
{
    (void)state;
    KEYS("甲", "\r", "乙", "\n", "丙", "\r");
    char *line = edit_take_submitted();
    assert_string_equal(line, "甲");
    free(line);
    line = edit_take_submitted();
    assert_string_equal(line, "乙\n丙"); /* C-j is a new line */
    free(line);
    assert_null(edit_take_submitted());
    expect("", 0);
}

static void test_clusters(void **state)
{
    (void)state;
    static const char family[] = "👨‍👩‍👧", flag[] = "🇨🇳", acute[] = "e\xCC\x81";
    edit_insert(family, strlen(family));
    edit_insert(flag, strlen(flag));
    edit_insert(acute, strlen(acute));
    feed("\002");
    expect("👨‍👩‍👧🇨🇳e\xCC\x81", strlen(family) + strlen(flag));
    feed("\002");
    expect("👨‍👩‍👧🇨🇳e\xCC\x81", strlen(family));
    feed("\177");
    expect("🇨🇳e\xCC\x81", 0);
    feed("\033[3~");
    expect("e\xCC\x81", 0);
    feed("\006");
    expect("e\xCC\x81", 3);
    KEYS("\033", "3", "\177"); /* more than there are */
    expect("", 0);
}

static void test_vi_replace(void **state)
{
    (void)state;
    struct edit_state e;
    edit_set_mode("vi");
    KEYS("甲乙丙", "\033", "0", "r", "中");
    expect("中乙丙", 0);
    edit_get(&e);
    assert_int_equal(e.mode, EDIT_VI_COMMAND);
    KEYS("l", "l", "l"); /* not behind the last character */
    expect("中乙丙", 6);
    feed("x");
    expect("中乙", 3);
    KEYS("0", "d", "l");
    expect("乙", 0);
    feed("d"); /* half a command */
    edit_get(&e);
    assert_false(e.plain);
    edit_cancel();
    edit_get(&e);
    assert_int_equal(e.mode, EDIT_VI_INSERT);
    assert_true(e.plain);
    expect("", 0);
}

static void test_cancel_in_a_search(void **state)
{
    (void)state;
    struct edit_state e;
    edit_history_add("雪夜归人");
    KEYS("\022", "夜");
    edit_get(&e);
    assert_non_null(strstr(e.prompt, "reverse-i-search"));
    assert_false(e.plain);
    edit_cancel();
    expect("", 0);
    edit_get(&e);
    assert_string_equal(e.prompt, "");
    feed("x");
    expect("x", 1);
    KEYS("\177", "\033", "4");
    edit_get(&e);
    assert_non_null(strstr(e.prompt, "arg"));
    edit_cancel();
    edit_get(&e);
    assert_string_equal(e.prompt, "");
    KEYS("a");
    expect("a", 1);
}

static void test_cancel_while_walking_history(void **state)
{
    (void)state;
    edit_history_add("one");
    edit_history_add("two");
    KEYS("draft", "\033[A", "\033[A", "!");
    expect("one!", 4);
    edit_cancel();
    expect("", 0);
    feed("\033[A");
    expect("two", 3);
    feed("\033[A");
    expect("one", 3); /* the history itself was not changed */
    KEYS("\033[B", "\033[B");
    expect("", 0);
}

/* The line kept while a search runs has an undo list of its own. */
static void test_cancel_keeps_undo_lists_apart(void **state)
{
    (void)state;
    edit_history_add("雪夜归人");
    for (int i = 0; i < 3; i++) {
        KEYS("typed", "\022", "雪");
        edit_cancel();
        KEYS("typed", "\022", "雪", "\033", "\033[B", "x");
        edit_cancel();
        KEYS("typed", "\033[A", "y", "\033[B", "z", "\037");
        edit_cancel();
        expect("", 0);
    }
}

static void test_return_after_an_argument(void **state)
{
    (void)state;
    edit_set_mode("vi");
    KEYS("句", "\033", "3", "\r");
    char *line = edit_take_submitted();
    assert_non_null(line);
    assert_string_equal(line, "句");
    free(line);
    expect("", 0);
}

static void test_cleared_text_comes_back(void **state)
{
    (void)state;
    feed("一句话");
    edit_cancel();
    feed("\031");
    expect("一句话", 9);
}

static void test_paste_is_one_undo_step(void **state)
{
    (void)state;
    feed("a");
    edit_insert("第一行\n第二行", strlen("第一行\n第二行"));
    expect("a第一行\n第二行", 1 + 19);
    feed("\037");
    expect("a", 1);
    edit_set("全换了", 9);
    expect("全换了", 9);
    feed("\037");
    expect("a", 1);
}

static void test_broken_bytes(void **state)
{
    (void)state;
    edit_insert("a\xFF\0b\xE4\xB8", 6);
    expect("a\xEF\xBF\xBD"
           "b\xEF\xBF\xBD\xEF\xBF\xBD",
           11);
}

static void test_insertion_ends_a_search(void **state)
{
    (void)state;
    struct edit_state e;
    edit_history_add("雪夜归人");
    KEYS("\022", "归");
    edit_insert("！", 3);
    edit_get(&e);
    assert_true(e.plain);
    assert_string_equal(e.prompt, "");
}

static void test_history(void **state)
{
    (void)state;
    edit_history_add("old\nwith two lines");
    edit_history_add("old\nwith two lines"); /* once */
    edit_history_add("");
    KEYS("\020");
    expect("old\nwith two lines", 18);
    feed("\016");
    expect("", 0);
}

static void test_requests(void **state)
{
    (void)state;
    assert_false(edit_take_request(EDIT_COMPLETE));
    feed("\t");
    assert_true(edit_take_request(EDIT_COMPLETE));
    assert_false(edit_take_request(EDIT_COMPLETE));
    KEYS("\030", "\005");
    assert_true(edit_take_request(EDIT_EXTERNAL));
    edit_set_mode("vi");
    KEYS("x", "\033", "v");
    assert_true(edit_take_request(EDIT_EXTERNAL));
    expect("x", 0);
}

/* Walks through history, searches, arguments, undo and changes from outside, in any order: this is
 * where readline's undo lists and ours could meet. A sanitizer says whether they did. */
static void test_random_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "\033[A", "\033[B", "\033[C", "\033[D", "\033[3~", "雪",   "a", "b",     "\r",    "\n",
        "\022",   "\023",   "\033",   "\037",   "\031",    "\177", "3", "\033b", "\033d", "\033y",
        "\001",   "\005",   "\013",   "\025",   "\027",    "\007", "k", "j",     "x",     "dd",
        "u",      "p",      "i",      "r中",    "cw",      "U",    "/", "n",     "\033p", "\033<",
    };
    uint32_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245u + 12345u;
        uint32_t r = seed >> 16;
        if (i % 1000 == 0)
            edit_set_mode(i % 2000 == 0 ? "emacs" : "vi");
        switch (r % 60) {
        case 0: edit_cancel(); break;
        case 1: edit_insert("行\nq", 5); break;
        case 2: edit_set("set", 3); break;
        case 3: edit_replace(r % 7, r % 11, "REPL", 4); break;
        case 4: edit_set_point(r % 13); break;
        default: feed(keys[(seed >> 8) % ARRAY_LEN(keys)]); break;
        }
        for (char *line; (line = edit_take_submitted()) != NULL; free(line))
            edit_history_add(line);
    }
    edit_take_request(EDIT_COMPLETE);
    edit_take_request(EDIT_EXTERNAL);
    edit_cancel();
    expect("", 0);
}

static void test_setting_the_cursor(void **state)
{
    (void)state;
    feed("雪夜");
    edit_set_point(3);
    expect("雪夜", 3);
    edit_set_point(99);
    expect("雪夜", 6);
    edit_replace(3, 6, "花", 3);
    expect("雪花", 6);
    edit_replace(90, 99, "！", 3);
    expect("雪花！", 9);
}

int main(void)
{
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("INPUTRC", "/dev/null", 1);
    setlocale(LC_ALL, "");
#define T(f) cmocka_unit_test_setup_teardown(f, open_editor, close_editor)
    const struct CMUnitTest tests[] = {
        T(test_chinese),
        T(test_submitting),
        T(test_clusters),
        T(test_vi_replace),
        T(test_cancel_in_a_search),
        T(test_cancel_while_walking_history),
        T(test_cancel_keeps_undo_lists_apart),
        T(test_return_after_an_argument),
        T(test_cleared_text_comes_back),
        T(test_paste_is_one_undo_step),
        T(test_broken_bytes),
        T(test_insertion_ends_a_search),
        T(test_history),
        T(test_requests),
        T(test_random_keys),
        T(test_setting_the_cursor),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
