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

static const struct keymap_now idle = {.empty = true};

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
    const struct keymap_now typing = {.empty = false}, busy = {.busy = true}, vi = {.vi = true};
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

/* Two rows that can be true at once never share a key, and every row can be told. */
static void test_table(void **state)
{
    (void)state;
    const struct keymap_row *row;
    struct str all = STR_INIT;
    size_t n = 0;
    for (; (row = keymap_row(n)) != NULL; n++) {
        assert_true(row->help[0] != '\0');
        if (row->when != KEYMAP_ALWAYS)
            continue;
        struct str mine = STR_INIT;
        str_printf(&mine, "|%s|", row->keys);
        assert_null(strstr(str_cstr(&all), str_cstr(&mine)));
        str_puts(&all, str_cstr(&mine));
        str_free(&mine);
    }
    assert_true(n > 15);
    str_free(&all);
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
        cmocka_unit_test(test_binding),      cmocka_unit_test(test_table),
        cmocka_unit_test(test_showing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
