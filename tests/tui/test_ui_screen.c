/* test_ui_screen.c - the room driven through a virtual terminal: the manuscript, pop-ups, sizes,
 * terminals, locales. */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/uwidth.h"
#include "tests/tui/demo_rig.h"

/* ---- the manuscript ---------------------------------------------------------------------------
 */

static void test_scrolling_stays_nailed(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/lines 200\r");
    demo_expect(v, "line 0200");
    vth_keys(v, "\033[5~\033[5~");
    demo_expect(v, "new lines");
    vth_quiet(v, WAIT);
    char *top = x_strdup(vth_row(v, 2)), *bottom = x_strdup(vth_row(v, 17));
    assert_non_null(strstr(top, "line 0"));
    vth_keys(v, "/stream 400\r");
    vth_wait_text(v, "writing", WAIT);
    /* submitting follows again; scroll away while it streams */
    vth_keys(v, "\033[5~\033[5~");
    demo_expect(v, "new lines");
    vth_pump(v, 100);
    free(top);
    top = x_strdup(vth_row(v, 2));
    free(bottom);
    bottom = x_strdup(vth_row(v, 17));
    for (int i = 0; i < 10; i++) {
        vth_pump(v, 50);
        vth_keys(v, "x"); /* typing does not move it either */
        assert_string_equal(vth_row(v, 2), top);
        assert_string_equal(vth_row(v, 17), bottom);
    }
    vth_keys(v, "\033[1;5F"); /* C-End follows again */
    demo_expect_gone(v, "new lines");
    vth_keys(v, "\033[1;5H");
    demo_expect(v, "line 0001");
    free(top);
    free(bottom);
    demo_leave(v);
}

static void test_wide_characters_at_the_border(void **state)
{
    (void)state;
    for (int columns = 40; columns <= 47; columns++) {
        struct vth *v = demo_start(12, columns);
        vth_keys(v, "/stream 300\r");
        vth_pump(v, 100);
        vth_keys(v, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十");
        demo_expect_gone(v, "writing");
        vth_quiet(v, WAIT);
        for (int y = 1; y < 11; y++) {
            const char *row = vth_row(v, y);
            assert_int_equal(uwidth_str(row, strlen(row)), columns);
            assert_null(strstr(row, "│，"));
            assert_null(strstr(row, "│。"));
            assert_null(strstr(row, "┃，"));
            assert_null(strstr(row, "┃。"));
        }
        demo_leave(v);
    }
}

static void test_context_mark(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/lines 12\r");
    demo_expect(v, "line 0012");
    vth_keys(v, "/mark\r");
    demo_expect(v, "the model reads from here");
    vth_quiet(v, WAIT);
    demo_expect_row(v, 2 + 9, "the model reads");
    demo_expect_row(v, 2 + 10, "line 0010");
    demo_leave(v);
}

static void test_hostile_text(void **state)
{
    (void)state;
    size_t n;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/warn\r");
    demo_expect(v, "a warning␛[31m");
    vth_keys(v, "/evil\r");
    demo_expect(v, "<U+202E>");
    demo_expect(v, "A␛]52;c;");
    const char *raw = vth_raw(v, &n);
    assert_null(memmem(raw, n, "\033]52", 4));
    assert_null(memmem(raw, n, "\033]0;", 4));
    assert_null(vth_offence(v));
    demo_leave(v);
}

/* The same run with a benign and a hostile text sends the same kinds of sequences. */
static void test_kinds_of_sequences(void **state)
{
    (void)state;
    static const char *const commands[] = {"/lines 3\r", "/evil\r"};
    char *kinds[2];
    for (int i = 0; i < 2; i++) {
        struct vth *v = demo_start(24, 80);
        vth_keys(v, commands[i]);
        vth_quiet(v, WAIT);
        vth_keys(v, "\014"); /* C-l */
        vth_quiet(v, WAIT);
        vth_keys(v, "\003\003");
        demo_expect_exit(v, 0);
        kinds[i] = x_strdup(vth_kinds(v));
        vth_free(v);
    }
    /* how the cursor gets somewhere may differ; what is new must be a movement or an erasure */
    static const char *const motions[] = {"CSI A", "CSI B", "CSI C", "CSI D", "CSI G", "CSI H",
                                          "CSI J", "CSI K", "CSI X", "CSI b", "CSI d", "CSI P",
                                          "CSI @", "C0 08", "C0 09", "C0 0a", "C0 0d", "CSI L",
                                          "CSI M", "CSI r", "ESC M"};
    for (char *save, *k = strtok_r(kinds[1], "\n", &save); k != NULL;
         k = strtok_r(NULL, "\n", &save)) {
        bool known = strstr(kinds[0], k) != NULL;
        for (size_t m = 0; m < ARRAY_LEN(motions); m++)
            known = known || strcmp(motions[m], k) == 0;
        if (!known)
            fail_msg("the hostile text made %s appear", k);
    }
    free(kinds[0]);
    free(kinds[1]);
}

static void test_copy(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    size_t n;
    vth_keys(v, "\033w");
    demo_expect(v, "no passage");
    vth_keys(v, "/stream 3\r");
    vth_quiet(v, WAIT);
    vth_keys(v, "\033w");
    demo_expect(v, "clipboard");
    const char *raw = vth_raw(v, &n);
    assert_non_null(memmem(raw, n, "\033]52;c;6YKj5LiA5aSc\033\\", 21)); /* 那一夜 */
    demo_leave(v);
}

/* ---- the screen -------------------------------------------------------------------------------
 */

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int rows, columns;
    } sizes[] = {{10, 40}, {5, 20},   {1, 1},  {2, 10}, {1, 200},
                 {200, 1}, {60, 200}, {3, 12}, {24, 80}};
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 100\r");
    vth_quiet(v, WAIT);
    vth_keys(v, "雪夜");
    demo_expect(v, "│雪夜");
    char *before = x_strdup(vth_screen(v));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        vth_resize(v, sizes[i].rows, sizes[i].columns);
        vth_quiet(v, WAIT);
        if (sizes[i].columns >= 4 && sizes[i].rows < 100)
            demo_expect(v, "雪夜");
        vth_keys(v, "\033[D\033[C");
        assert_null(vth_offence(v));
    }
    vth_quiet(v, WAIT);
    assert_string_equal(vth_screen(v), before);
    free(before);
    vth_resize(v, 10, 40);
    vth_quiet(v, WAIT);
    demo_expect_row(v, 1, "Manuscript");
    vth_resize(v, 5, 20);
    demo_expect_gone(v, "Manuscript");
    demo_leave(v);
}

static void test_resize_storm(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 2000\r");
    demo_expect(v, "writing");
    unsigned seed = 1;
    for (int i = 0; i < 200; i++) {
        seed = seed * 1103515245u + 12345u;
        vth_resize(v, 2 + (int)(seed >> 16) % 50, 2 + (int)(seed >> 20) % 150);
        vth_pump(v, 1);
    }
    vth_resize(v, 24, 80);
    vth_keys(v, "\003");
    demo_expect_gone(v, "writing");
    vth_quiet(v, WAIT);
    vth_keys(v, "雪");
    demo_expect(v, "│雪");
    vth_quiet(v, WAIT);
    char *before = x_strdup(vth_screen(v));
    vth_keys(v, "\014"); /* C-l: the same picture again */
    vth_quiet(v, WAIT);
    assert_string_equal(vth_screen(v), before);
    free(before);
    assert_null(vth_offence(v));
    demo_leave(v);
}

static void test_bytes_per_frame(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_quiet(v, WAIT);
    size_t bytes = vth_bytes(v), frames = vth_frames(v);
    vth_keys(v, "/stream 300\r");
    demo_expect(v, "writing");
    demo_expect_gone(v, "writing");
    vth_quiet(v, WAIT);
    frames = vth_frames(v) - frames;
    bytes = vth_bytes(v) - bytes;
    assert_true(frames > 20);
    assert_true(bytes / frames < 400); /* 1200 while scrolling; this text hardly scrolls */
    vth_pump(v, 300);                  /* idle: not one byte */
    bytes = vth_bytes(v);
    vth_pump(v, 400);
    assert_int_equal(vth_bytes(v), bytes);
    demo_leave(v);
}

static void test_flood(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/flood 60000\r");
    demo_expect(v, "writing");
    for (int i = 0; i < 10; i++) {
        char key[2] = {(char)('0' + i), '\0'};
        vth_keys(v, key);
        vth_pump(v, 20);
    }
    demo_expect(v, "│0123456789");
    size_t bytes = vth_bytes(v), frames = vth_frames(v);
    vth_pump(v, 300);
    frames = vth_frames(v) - frames;
    assert_true(frames <= 300 / 16 + 3);
    assert_true(vth_bytes(v) - bytes < (frames + 1) * 4000);
    vth_keys(v, "\003");
    demo_expect_gone(v, "writing");
    demo_leave(v);
}

static void test_help(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "\033OP");
    demo_expect(v, "Writing");
    demo_expect(v, "write the newest passage once more");
    vth_keys(v, "/scribble\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7flists\r");
    vth_keys(v, "/a list\r");
    demo_expect(v, "/pick");
    vth_keys(v, "\033");
    demo_expect_gone(v, "/pick");
    demo_expect(v, "Manuscript");
    demo_leave(v);
}

static void test_lists_and_questions(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/pick\r");
    demo_expect(v, "the first one");
    vth_keys(v, "\033[B\r");
    demo_expect(v, "chose 2");
    vth_keys(v, "/pick\r");
    demo_expect(v, "the first one");
    vth_keys(v, "\033");
    demo_expect(v, "chose -1");
    vth_keys(v, "/pick\r");
    demo_expect(v, "the first one");
    vth_quiet(v, WAIT);
    vth_mouse(v, 0, vth_find(v, "the first one"), 4);
    demo_expect(v, "chose 0");
    vth_keys(v, "/ask\r");
    demo_expect(v, "Sure?");
    vth_keys(v, "y");
    demo_expect(v, "answered yes");
    vth_keys(v, "/ask\r");
    demo_expect(v, "Sure?");
    vth_keys(v, "\003");
    demo_expect(v, "answered no");
    vth_keys(v, "/standing\r");
    demo_expect(v, "not saved: the disk is full");
    vth_keys(v, "x");
    vth_quiet(v, WAIT);
    demo_expect(v, "not saved: the disk is full");
    demo_leave(v);
}

static void test_mouse(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/lines 100\r");
    demo_expect(v, "line 0100");
    vth_mouse(v, 64, 10, 10);
    demo_expect(v, "new lines");
    vth_quiet(v, WAIT);
    assert_int_equal(vth_find(v, "line 0100"), -1);
    vth_mouse(v, 65, 10, 10);
    demo_expect_gone(v, "new lines");
    vth_keys(v, "甲乙丙丁");
    demo_expect(v, "│甲乙丙丁");
    vth_mouse(v, 0, 21, 1 + 4);
    demo_expect_cursor(v, 21, 1 + 4);
    vth_keys(v, "x");
    demo_expect(v, "│甲乙x丙丁");
    demo_leave(v);
}

static void test_colours(void **state)
{
    (void)state;
    const char *const mono[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                "INPUTRC=/dev/null",   "NO_COLOR=1",     NULL};
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "作者\r/stream 3\r");
    demo_expect(v, "那一夜");
    vth_quiet(v, WAIT);
    assert_true(vth_coloured(v, 2, 1));
    assert_false(vth_coloured(v, 3, 1));
    demo_leave(v);
    v = demo_start_with(NULL, mono, 24, 80);
    demo_expect(v, READY);
    vth_keys(v, "作者\r/stream 3\r");
    demo_expect(v, "那一夜");
    vth_quiet(v, WAIT);
    for (int x = 0; x < 80; x++)
        assert_false(vth_coloured(v, 2, x) || vth_coloured(v, 0, x) || vth_coloured(v, 21, x));
    assert_true(vth_bold(v, 2, 1));
    assert_false(vth_bold(v, 3, 1));
    demo_leave(v);
}

static void test_terminals(void **state)
{
    (void)state;
    static const char *const names[] = {"TERM=vt100",           "TERM=linux",         "TERM=screen",
                                        "TERM=screen-256color", "TERM=tmux-256color", "TERM=xterm"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *const env[] = {names[i], "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                   "INPUTRC=/dev/null", NULL};
        struct vth *v = demo_start_with(NULL, env, 24, 80);
        demo_expect(v, READY);
        vth_keys(v, "雪夜\r");
        demo_expect(v, READY);
        vth_keys(v, "/stream 30\r");
        demo_expect(v, "那一夜");
        vth_quiet(v, WAIT);
        demo_expect_row(v, 2, "│雪夜");
        demo_leave(v);
    }
}

static void test_locales(void **state)
{
    (void)state;
    static const char *const locales[][2] = {
        {"LC_ALL=C", "X=1"}, {"LANG=zh_CN.UTF-8", "X=1"}, {"LC_ALL=zh_CN.GBK", "X=1"}};
    for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
        const char *const env[] = {"TERM=xterm-256color", locales[i][0],       locales[i][1],
                                   "HOME=/nonexistent",   "INPUTRC=/dev/null", NULL};
        struct vth *v = demo_start_with(NULL, env, 24, 80);
        demo_expect(v, READY);
        vth_keys(v, "雪夜中");
        demo_expect(v, "│雪夜中");
        demo_leave(v);
    }
}

static void test_wide_ambiguous(void **state)
{
    (void)state;
    char *argv[] = {demo_path(), NULL};
    struct vth_options o = demo_options(argv, demo_env, 24, 80);
    o.wide = true;
    struct vth *v = vth_start(&o);
    demo_expect(v, READY);
    demo_expect(v, "+ Manuscript -");
    vth_keys(v, "\003y");
    demo_expect_exit(v, 0);
    vth_free(v);
}

static void test_mute_terminal(void **state)
{
    (void)state;
    char *argv[] = {demo_path(), NULL};
    struct vth_options o = demo_options(argv, demo_env, 24, 80);
    o.mute = true;
    struct vth *v = vth_start(&o);
    demo_expect(v, "│" READY);
    assert_int_equal(vth_frames(v), 0);
    vth_keys(v, "\033[5;3R"); /* the answer comes late: two columns */
    demo_expect(v, "+ Manuscript -");
    vth_keys(v, "\003y");
    demo_expect_exit(v, 0);
    vth_free(v);
}

static void test_no_room(void **state)
{
    (void)state;
    static const char *const names[] = {"TERM=dumb", "TERM=nosuchterm", "TERM=../x", "X="};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *const env[] = {names[i], "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                   "INPUTRC=/dev/null", NULL};
        struct vth *v = demo_start_with(NULL, env, 24, 80);
        demo_expect(v, "line mode:");
        demo_expect(v, ">");
        vth_keys(v, "雪夜\x7f\x7f大雪\r");
        demo_expect(v, "read [大雪]");
        demo_expect_exit(v, 0);
        vth_free(v);
        v = demo_start_with(NULL, env, 24, 80);
        demo_expect(v, ">");
        vth_keys(v, "abc\003");
        demo_expect(v, "read [] interrupted");
        demo_expect_exit(v, 0);
        vth_free(v);
    }
}

static void test_foreign_terminfo(void **state)
{
    (void)state;
    char dir[] = "/tmp/xuxie-terminfo-XXXXXX", variable[64];
    assert_non_null(mkdtemp(dir));
    chmod(dir, 0777); /* anybody could have written there */
    snprintf(variable, sizeof variable, "TERMINFO=%s", dir);
    const char *const env[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                               "INPUTRC=/dev/null",   variable,         NULL};
    struct vth *v = demo_start_with(NULL, env, 24, 80);
    demo_expect(v, READY);
    demo_leave(v);
    rmdir(dir);
}

static void test_stderr_goes_to_the_log(void **state)
{
    (void)state;
    char path[] = "/tmp/xuxie-log-XXXXXX", variable[64], text[4096];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(variable, sizeof variable, "DEMO_LOG=%s", path);
    const char *const env[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                               "INPUTRC=/dev/null",   variable,         NULL};
    struct vth *v = demo_start_with(NULL, env, 24, 80);
    demo_expect(v, READY);
    vth_keys(v, "/stderr\r");
    vth_quiet(v, WAIT);
    assert_int_equal(vth_find(v, "SCRIBBLE"), -1);
    demo_leave(v);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "SCRIBBLE"));
    close(fd);
    unlink(path);
}

static void test_key_mash(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    unsigned seed = 7;
    char bytes[4000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (char)(seed >> 16);
        if (bytes[i] == '\003' || bytes[i] == '\004' || bytes[i] == '\032' || bytes[i] == '\030' ||
            bytes[i] == 'y')
            bytes[i] = 'a'; /* not to leave, stop or edit */
    }
    vth_send(v, bytes, sizeof bytes);
    vth_quiet(v, WAIT);
    assert_null(vth_offence(v));
    vth_signal(v, SIGTERM);
    demo_expect_exit(v, 0);
    vth_free(v);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrolling_stays_nailed),
        cmocka_unit_test(test_wide_characters_at_the_border),
        cmocka_unit_test(test_context_mark),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_kinds_of_sequences),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_resize_storm),
        cmocka_unit_test(test_bytes_per_frame),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_lists_and_questions),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_terminals),
        cmocka_unit_test(test_locales),
        cmocka_unit_test(test_wide_ambiguous),
        cmocka_unit_test(test_mute_terminal),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_foreign_terminfo),
        cmocka_unit_test(test_stderr_goes_to_the_log),
        cmocka_unit_test(test_key_mash),
    };
    if (!demo_is_there())
        return 99;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
