/* test_help.c - the help screen and the hints tell what the key table does; one displayable line
 * out of any text; the theme has a look for every role. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/text_safe.h"
#include "ui/help.h"
#include "ui/keymap.h"
#include "ui/line.h"
#include "ui/theme.h"

static void test_help(void **state)
{
    (void)state;
    static const struct ui_help_row commands[] = {
        {"/set", "NAME VALUE", "changes a setting"}, {"/quit", NULL, "leaves"}, {NULL, NULL, NULL}};
    struct str s = STR_INIT;
    assert_int_equal(keymap_bind("retry", "F12", NULL), 0);
    assert_int_equal(keymap_bind("copy", "", NULL), 0);
    help_text(UI_VIEW_WRITING, commands, &s);
    assert_non_null(strstr(s.data, "\n  F12  "));
    assert_null(strstr(s.data, "\n  F5 "));
    assert_null(strstr(s.data, "newest passage to the clipboard"));
    assert_non_null(strstr(s.data, "  /set NAME VALUE       changes a setting\n"));
    assert_non_null(strstr(s.data, "  /quit                 leaves\n"));
    assert_true(text_is_safe(s.data, s.len));
    str_clear(&s);
    help_text(UI_VIEW_WRITING, NULL, &s);
    assert_true(s.len > 0);
    str_free(&s);
    keymap_reset();
}

/* The keys of the view one is in come first. */
static void test_help_of_a_view(void **state)
{
    (void)state;
    static const struct {
        unsigned view;
        const char *first, *later;
    } cases[] = {{UI_VIEW_WRITING, "Writing\n", "\nHistory\n"},
                 {UI_VIEW_HISTORY, "History\n", "\nWriting\n"},
                 {UI_VIEW_TEMPLATES, "Templates\n", "\nHistory\n"},
                 {UI_VIEW_EXAMPLES, "Examples of a template\n", "\nTemplates\n"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str s = STR_INIT;
        help_text(cases[i].view, NULL, &s);
        assert_int_equal(strncmp(s.data, cases[i].first, strlen(cases[i].first)), 0);
        assert_non_null(strstr(s.data, cases[i].later));
        assert_true(strstr(s.data, "\nProgram\n") < strstr(s.data, cases[i].later));
        str_free(&s);
    }
}

static void test_hints(void **state)
{
    (void)state;
    struct str key = STR_INIT;
    const char *label;
    bool must;
    size_t n = 0;
    assert_true(help_hint(UI_VIEW_WRITING, 0, &key, &label, &must));
    assert_string_equal(str_cstr(&key), "Enter");
    for (str_clear(&key); help_hint(UI_VIEW_WRITING, n, &key, &label, &must); n++) {
        assert_true(key.len > 0 && label[0] != '\0');
        str_clear(&key);
    }
    assert_true(n > 3);
    str_free(&key);
}

static void test_line(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {{NULL, ""}, {"", ""}, {"雪夜", "雪夜"}, {"a\nb", "a b"}, {"a\033[2Jb", "a␛[2Jb"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *line = line_copy(cases[i].from);
        assert_string_equal(line, cases[i].to);
        free(line);
    }
}

static void test_theme(void **state)
{
    (void)state;
    unsetenv("NO_COLOR");
    assert_int_equal(theme_depth(0), THEME_MONO);
    assert_int_equal(theme_depth(8), THEME_8);
    assert_int_equal(theme_depth(256), THEME_16);
    setenv("NO_COLOR", "", 1);
    assert_int_equal(theme_depth(8), THEME_8);
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(theme_depth(256), THEME_MONO);
    for (int r = 0; r < N_THEME_ROLES; r++) {
        struct theme_style mono = theme_style((enum theme_role)r, THEME_MONO);
        assert_true(mono.fg < 0 && mono.bg < 0);
        assert_true(theme_style((enum theme_role)r, THEME_8).fg < 8);
    }
    /* who wrote what is told apart at every depth */
    for (int d = 0; d < N_THEME_DEPTHS; d++) {
        struct theme_style a = theme_style(THEME_AUTHOR, (enum theme_depth)d);
        struct theme_style m = theme_style(THEME_MODEL, (enum theme_depth)d);
        assert_true(a.fg != m.fg || a.attrs != m.attrs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help), cmocka_unit_test(test_help_of_a_view),
        cmocka_unit_test(test_hints), cmocka_unit_test(test_line), cmocka_unit_test(test_theme)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
