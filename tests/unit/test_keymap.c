/* test_keymap.c - what keys do, how they are rebound, how they are told. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "ui/keymap.h"

static const struct keymap_now idle = {.view = UI_VIEW_WRITING, .empty = true};

static enum ui_action look_up(const char *bytes, const struct keymap_now *now)
{
    struct input *in = input_new();
    struct input_event ev;
    enum ui_action action = UI_NONE;
    input_feed(in, bytes, strlen(bytes));
    if (!input_next(in, &ev)) {
        input_timeout(in);
        assert_true(input_next(in, &ev));
    }
    action = keymap_lookup(&ev, now);
    input_free(in);
    return action;
}

static void test_default_keys(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum ui_action action;
    } cases[] = {
        {"\003", UI_INTERRUPT},
        {"\033[15~", UI_RETRY},
        {"\033u", UI_UNDO},
        {"\033r", UI_REDO},
        {"\033[1;3D", UI_SIBLING_PREV},
        {"\033[1;3C", UI_SIBLING_NEXT},
        {"\033\r", UI_NEWLINE},
        {"\n", UI_NEWLINE},
        {"\033w", UI_COPY},
        {"\033[5~", UI_PAGE_UP},
        {"\033[6~", UI_PAGE_DOWN},
        {"\033[1;2A", UI_SCROLL_UP},
        {"\033[1;5B", UI_SCROLL_DOWN},
        {"\033[1;5H", UI_TOP},
        {"\033[1;5F", UI_BOTTOM},
        {"\033[20~", UI_SETTINGS},
        {"\033OP", UI_HELP},
        {"\014", UI_REDRAW},
        {"\032", UI_SUSPEND},
        {"\r", UI_NONE},
        {"u", UI_NONE},
        {"雪", UI_NONE},
        {"\030", UI_NONE},
        {"\033[A", UI_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(look_up(cases[i].bytes, &idle), cases[i].action);
}

static void test_conditions(void **state)
{
    (void)state;
    const struct keymap_now typing = {.view = UI_VIEW_WRITING},
                            busy = {.view = UI_VIEW_WRITING, .busy = true},
                            vi = {.view = UI_VIEW_WRITING, .vi = true};
    assert_int_equal(look_up("\004", &idle), UI_QUIT);
    assert_int_equal(look_up("\004", &typing), UI_NONE); /* readline deletes a character */
    assert_int_equal(look_up("\033", &idle), UI_NONE);
    assert_int_equal(look_up("\033", &busy), UI_STOP);
    assert_int_equal(look_up("\033u", &vi), UI_NONE); /* ESC is a command there */
    assert_int_equal(look_up("\033[1;3D", &vi), UI_SIBLING_PREV);
    assert_int_equal(look_up("\033[15~", &vi), UI_RETRY);
}

static void test_binding(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(keymap_bind("undo", "F6, C-M-z", NULL), 0);
    assert_int_equal(look_up("\033u", &idle), UI_NONE);
    assert_int_equal(look_up("\033[17~", &idle), UI_UNDO);
    assert_int_equal(look_up("\033\032", &idle), UI_UNDO);
    assert_int_equal(keymap_bind("redo", "", NULL), 0);
    assert_int_equal(look_up("\033r", &idle), UI_NONE);
    assert_int_equal(keymap_bind("undo", "F6, Hyper", &err), E_USAGE);
    assert_non_null(strstr(err.msg, "Hyper"));
    assert_int_equal(look_up("\033[17~", &idle), UI_UNDO); /* as it was */
    assert_int_equal(keymap_bind("no\033such", "F6", &err), E_USAGE);
    assert_null(strchr(err.msg, '\033'));
    keymap_reset();
    assert_int_equal(look_up("\033u", &idle), UI_UNDO);
    assert_int_equal(look_up("\033r", &idle), UI_REDO);
}

static void test_views(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum ui_action writing, history, templates, examples, answering;
    } cases[] = {
        {"\033OR", UI_HISTORY, UI_HISTORY, UI_HISTORY, UI_HISTORY, UI_HISTORY},
        {"\033OS", UI_TEMPLATES, UI_TEMPLATES, UI_TEMPLATES, UI_TEMPLATES, UI_TEMPLATES},
        {"\033", UI_NONE, UI_BACK, UI_BACK, UI_BACK, UI_BACK},
        {"\033s", UI_NONE, UI_STAR, UI_SELECT, UI_NONE, UI_NONE},
        {"\033[A", UI_NONE, UI_ROW_UP, UI_ROW_UP, UI_ROW_UP, UI_NONE},
        {"\033[1;3A", UI_NONE, UI_NONE, UI_NONE, UI_MOVE_UP, UI_NONE},
        {"\033[1;3C", UI_SIBLING_NEXT, UI_NONE, UI_MORE, UI_NONE, UI_NONE},
        {"\033u", UI_UNDO, UI_NONE, UI_NONE, UI_NONE, UI_NONE},
        {"\033w", UI_COPY, UI_COPY, UI_COPY, UI_NONE, UI_NONE},
        {"\033a", UI_ADD_EXAMPLE, UI_ADD_EXAMPLE, UI_ADD_EXAMPLE, UI_NONE, UI_NONE},
        {"\033x", UI_NONE, UI_COMMAND, UI_COMMAND, UI_COMMAND, UI_NONE},
        {"\t", UI_NONE, UI_NONE, UI_NONE, UI_NONE, UI_NONE}, /* asks for completion first */
        {"\033[20~", UI_SETTINGS, UI_SETTINGS, UI_SETTINGS, UI_SETTINGS, UI_SETTINGS},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *bytes = cases[i].bytes;
        assert_int_equal(look_up(bytes, &idle), cases[i].writing);
        assert_int_equal(look_up(bytes, &(struct keymap_now){.view = UI_VIEW_HISTORY}),
                         cases[i].history);
        assert_int_equal(look_up(bytes, &(struct keymap_now){.view = UI_VIEW_TEMPLATES}),
                         cases[i].templates);
        assert_int_equal(look_up(bytes, &(struct keymap_now){.view = UI_VIEW_EXAMPLES}),
                         cases[i].examples);
        assert_int_equal(look_up(bytes, &(struct keymap_now){.view = KEYMAP_ANSWERING}),
                         cases[i].answering);
    }
    /* a name that several views have is bound in all of them */
    assert_int_equal(keymap_bind("copy", "F8", NULL), 0);
    assert_int_equal(look_up("\033[19~", &idle), UI_COPY);
    assert_int_equal(look_up("\033[19~", &(struct keymap_now){.view = UI_VIEW_HISTORY}), UI_COPY);
    keymap_reset();
}

/* Two rows that can be true at once never share a key, no row goes where its section does not, no
 * Meta letter is one of readline's own (but those that yield in the writing view), and every row
 * can be told. */
static void test_table(void **state)
{
    (void)state;
    static const char *const taken[] = {"M-b", "M-c", "M-d", "M-f", "M-l",
                                        "M-n", "M-p", "M-t", "M-y"};
    const struct keymap_row *row;
    size_t n = 0;
    for (; (row = keymap_row(n)) != NULL; n++) {
        struct keymap_row mine = *row;
        assert_true(mine.help[0] != '\0' && mine.views != 0);
        assert_true((mine.views & keymap_section_views(mine.section)) != 0);
        for (size_t i = 0; i < ARRAY_LEN(taken); i++)
            assert_null(strstr(mine.keys, taken[i]));
        for (size_t i = 0; i < n; i++) {
            const struct keymap_row *other = keymap_row(i);
            if ((other->views & mine.views) && other->when == mine.when)
                assert_string_not_equal(other->keys, mine.keys);
        }
    }
    assert_true(n > 60);
}

static void test_showing(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    keymap_show("C-c", 9, &s);
    assert_string_equal(str_cstr(&s), "^C");
    str_clear(&s);
    keymap_show("M-RET, C-j, C-Home", 2, &s);
    assert_string_equal(str_cstr(&s), "M-RET, ^J");
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_keys), cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_binding),      cmocka_unit_test(test_views),
        cmocka_unit_test(test_table),        cmocka_unit_test(test_showing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
