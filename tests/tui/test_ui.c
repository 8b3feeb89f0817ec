/* test_ui.c - the room driven through a virtual terminal: coming and going, and the prompt. */
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

/* ---- coming and going -------------------------------------------------------------------------
 */

static void test_start_and_quit(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    struct termios t;
    vth_quiet(v, WAIT);
    assert_true(vth_alternate(v));
    assert_true(vth_mode(v, 2004));
    assert_true(vth_mode(v, 1000));
    vth_termios(v, &t);
    assert_int_equal(t.c_lflag & (ICANON | ECHO | ISIG), 0);
    assert_non_null(strstr(vth_row(v, 0), "雪夜 · 第三章"));
    assert_non_null(strstr(vth_row(v, 0), "1,842/2,048"));
    assert_non_null(strstr(vth_row(v, 23), "F1 help"));
    vth_keys(v, "\004"); /* C-d on an empty prompt asks too */
    demo_expect(v, "Leave?");
    vth_keys(v, "n");
    demo_expect_gone(v, "Leave?");
    vth_keys(v, "\003");
    demo_expect(v, "Leave?");
    vth_keys(v, "\003"); /* the second ^C leaves */
    demo_expect_exit(v, 0);
    demo_expect(v, "ended by 0");
    vth_free(v);
}

static void test_question_lets_typing_through(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "\003");
    demo_expect(v, "Leave?");
    vth_keys(v, "雪");
    demo_expect_gone(v, "Leave?");
    demo_expect(v, "│雪");
    demo_leave(v);
}

static void test_keys_typed_before_it_is_up(void **state)
{
    (void)state;
    struct vth *v = demo_start_with(NULL, demo_env, 24, 80);
    vth_keys(v, "早");
    demo_expect(v, "│早");
    demo_leave(v);
}

static void check_signal(int signo)
{
    struct vth *v = demo_start(24, 80);
    char line[64];
    vth_keys(v, "未完");
    demo_expect(v, "未完");
    int64_t t0 = clock_mono_ms();
    vth_signal(v, signo);
    demo_expect_exit(v, 0);
    assert_true(clock_mono_ms() - t0 < 1000);
    snprintf(line, sizeof line, "ended by %d hangup %d", signo, signo);
    demo_expect(v, line);
    demo_expect(v, "draft [未完]");
    vth_free(v);
}

static void test_ending_signals(void **state)
{
    (void)state;
    check_signal(SIGHUP);
    check_signal(SIGTERM);
    check_signal(SIGQUIT);
}

static void test_interrupt_signal_twice(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_signal(v, SIGINT);
    demo_expect(v, "Leave?");
    vth_signal(v, SIGINT);
    demo_expect_exit(v, 0);
    vth_free(v);
}

static void test_terminal_goes_away(void **state)
{
    (void)state;
    int status;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 5000\r");
    vth_pump(v, 100);
    vth_hang_up(v);
    assert_true(vth_wait_exit(v, 1500, &status));
    assert_true(WIFEXITED(status));
    vth_free(v);
}

/* A terminal that takes nothing more delays neither signals nor what the model writes. */
static void test_stalled_terminal(void **state)
{
    (void)state;
    char path[] = "/tmp/xuxie-log-XXXXXX", variable[64], text[1 << 14];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(variable, sizeof variable, "DEMO_LOG=%s", path);
    const char *const env[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                               "INPUTRC=/dev/null",   variable,         NULL};
    struct vth *v = demo_start_with(NULL, env, 24, 80);
    demo_expect(v, READY);
    vth_keys(v, "/flood 100000\r");
    demo_expect(v, "writing");
    vth_stall(v, true);
    vth_pump(v, 1500);
    vth_signal(v, SIGTERM);
    bool told = false;
    for (int64_t until = clock_mono_ms() + WAIT; !told && clock_mono_ms() < until;) {
        ssize_t n = pread(fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        told = strstr(text, "demo: hangup 15") != NULL;
        vth_pump(v, 10);
    }
    assert_true(told);
    vth_stall(v, false);
    demo_expect_exit(v, 0);
    vth_free(v);
    close(fd);
    unlink(path);
}

static void check_crash(const char *command, int signo)
{
    int status;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, command);
    vth_keys(v, "\r");
    assert_true(vth_wait_exit(v, WAIT, &status));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), signo);
    demo_expect_clean(v);
    demo_expect(v, "xuxie: a fault");
    vth_free(v);
}

static void test_crashes(void **state)
{
    (void)state;
    check_crash("/crash", SIGSEGV);
    check_crash("/abort", SIGABRT);
}

static void test_suspend_and_continue(void **state)
{
    (void)state;
    char *argv[] = {demo_path(), NULL};
    struct vth_options o = demo_options(argv, demo_env, 24, 80);
    o.job = true;
    struct vth *v = vth_start(&o);
    demo_expect(v, READY);
    vth_keys(v, "雪夜");
    demo_expect(v, "│雪夜");
    vth_keys(v, "\032");
    assert_true(vth_wait_stopped(v, WAIT));
    vth_quiet(v, WAIT);
    demo_expect_clean(v);
    vth_resize(v, 20, 70); /* while it is stopped */
    vth_continue(v);
    demo_expect(v, "│雪夜");
    vth_quiet(v, WAIT);
    assert_true(vth_alternate(v));
    assert_true(vth_mode(v, 2004));
    assert_non_null(strstr(vth_row(v, 19), "F1 help"));
    vth_signal(v, SIGTSTP); /* from outside */
    assert_true(vth_wait_stopped(v, WAIT));
    vth_quiet(v, WAIT);
    demo_expect_clean(v);
    vth_continue(v);
    demo_expect(v, "│雪夜");
    vth_signal(v, SIGSTOP); /* cannot be caught; only SIGCONT tells */
    assert_true(vth_wait_stopped(v, WAIT));
    vth_continue(v);
    vth_quiet(v, WAIT);
    vth_keys(v, "x");
    demo_expect(v, "│雪夜x");
    demo_leave(v);
}

static void test_suspend_without_a_shell(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80); /* its group is orphaned: nobody could continue it */
    vth_keys(v, "甲\032乙");
    demo_expect(v, "│甲乙");
    demo_leave(v);
}

/* ---- the prompt -------------------------------------------------------------------------------
 */

static void test_typing_chinese(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "那一夜，雪下得很大。");
    demo_expect(v, "│那一夜，雪下得很大。");
    demo_expect_cursor(v, 21, 1 + 20);
    vth_keys(v, "\r");
    demo_expect(v, READY);
    demo_expect_row(v, 2, "那一夜，雪下得很大。");
    demo_expect_cursor(v, 21, 1);
    demo_leave(v);
}

static void test_grapheme_clusters(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "a👨‍👩‍👧e\u0301x");
    vth_quiet(v, WAIT);
    vth_keys(v, "\033[D\033[D"); /* before e-acute */
    demo_expect_cursor(v, 21, 1 + 1 + 6);
    vth_keys(v, "\x7F"); /* the whole family */
    demo_expect_cursor(v, 21, 2);
    vth_keys(v, "\033[3~");
    demo_expect(v, "│ax");
    vth_keys(v, "\r");
    demo_expect(v, READY);
    demo_expect_row(v, 2, "│ax");
    demo_leave(v);
}

static void test_vi_replaces_by_chinese(void **state)
{
    (void)state;
    struct vth *v = demo_start_with("vi", demo_env, 24, 80);
    demo_expect(v, READY);
    demo_expect(v, "vi insert");
    vth_keys(v, "甲乙丙");
    demo_expect(v, "甲乙丙");
    vth_keys(v, "\033");
    demo_expect(v, "vi command");
    vth_keys(v, "0r中");
    demo_expect(v, "│中乙丙");
    vth_keys(v, "$x"); /* by clusters, and stays on one */
    demo_expect(v, "│中乙");
    demo_expect_cursor(v, 21, 3);
    vth_keys(v, "lll"); /* not behind the last */
    demo_expect_cursor(v, 21, 3);
    vth_keys(v, "dh");
    demo_expect_cursor(v, 21, 1);
    vth_keys(v, "\003"); /* ^C: empty, and insert mode again */
    demo_expect(v, "vi insert");
    vth_keys(v, "新");
    demo_expect(v, "│新");
    demo_leave(v);
}

static void test_several_lines(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "从前\r"); /* something in the history */
    demo_expect(v, READY);
    vth_keys(v, "one\ntwo\033\rthree"); /* C-j, M-RET */
    demo_expect(v, "│three");
    demo_expect_row(v, 19, "│one");
    demo_expect_cursor(v, 21, 6);
    vth_keys(v, "\033[A");
    demo_expect_cursor(v, 20, 4);
    vth_keys(v, "!");
    demo_expect(v, "│two!");
    vth_keys(v, "\033[A\033[A"); /* to the first row, then into the history */
    demo_expect(v, "Prompt");
    vth_quiet(v, WAIT);
    assert_int_equal(vth_find(v, "│one"), -1);
    assert_non_null(strstr(vth_row(v, 21), "从前"));
    vth_keys(v, "\033[B"); /* and back */
    demo_expect(v, "│two!");
    vth_keys(v, "\r");
    demo_expect(v, READY);
    demo_expect_row(v, 4, "│two!");
    demo_leave(v);
}

static void test_prompt_grows_and_scrolls(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    for (int i = 0; i < 20; i++)
        vth_keys(v, "行\n");
    vth_keys(v, "末");
    demo_expect(v, "│末");
    vth_quiet(v, WAIT);
    demo_expect_row(v, 24 - 1 - 1 - 8 - 1, "Prompt"); /* a third of 24 rows */
    for (int i = 0; i < 20; i++)
        vth_keys(v, "\033[A");
    demo_expect_cursor(v, 14, 1 + 2);
    demo_leave(v);
}

static void test_paste(void **state)
{
    (void)state;
    enum { LINES = 1500, PER_LINE = 70 };
    struct vth *v = demo_start(24, 80);
    struct str s = STR_INIT;
    for (int i = 0; i < LINES; i++) {
        for (int k = 0; k < PER_LINE; k++)
            str_puts(&s, "雪");
        str_puts(&s, "\n");
    }
    str_puts(&s, "终");
    assert_true(s.len > 315000);
    int64_t t0 = clock_mono_ms();
    vth_paste(v, s.data, s.len);
    demo_expect(v, "│终");
    assert_true(clock_mono_ms() - t0 < 4000);
    vth_keys(v, "\037"); /* one undo step */
    demo_expect(v, READY);
    vth_paste(v, s.data, s.len);
    demo_expect(v, "│终");
    vth_keys(v, "\r");
    demo_expect(v, READY);
    vth_keys(v, "\003y");
    demo_expect_exit(v, 0);
    char line[64];
    snprintf(line, sizeof line, "submitted 1 last %zu", s.len);
    demo_expect(v, line);
    str_free(&s);
    vth_free(v);
}

static void test_paste_too_long_for_the_prompt(void **state)
{
    (void)state;
    enum { N = 5 << 20 };
    struct vth *v = demo_start(24, 80);
    char *text = x_malloc(N);
    memset(text, 'x', N);
    vth_paste(v, text, N);
    demo_expect(v, "a passage was offered");
    demo_expect(v, READY);
    vth_signal(v, SIGTERM);
    demo_expect_exit(v, 0);
    demo_expect(v, "passage 5242880");
    vth_free(v);
    free(text);
}

static void test_paste_is_not_keys(void **state)
{
    (void)state;
    static const char hostile[] = "a\033[201~b\r\n\003c\033[A\td\x1b]0;x\007";
    struct vth *v = demo_start(24, 80);
    vth_paste(v, hostile, sizeof hostile - 1);
    vth_quiet(v, WAIT);
    assert_null(vth_offence(v));
    demo_leave(v);
}

static void test_interrupt_order(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 2000\r");
    demo_expect(v, "writing");
    vth_keys(v, "半句");
    demo_expect(v, "│半句");
    int64_t t0 = clock_mono_ms();
    vth_keys(v, "\003"); /* first the model */
    demo_expect_gone(v, "writing");
    assert_true(clock_mono_ms() - t0 < 500);
    assert_true(vth_find(v, "│半句") > 0);
    vth_keys(v, "\003"); /* then the prompt */
    demo_expect(v, READY);
    assert_int_equal(vth_find(v, "Leave?"), -1);
    vth_keys(v, "\003");
    demo_expect(v, "Leave?");
    vth_keys(v, "\033"); /* Escape is no */
    demo_expect_gone(v, "Leave?");
    vth_keys(v, "\031"); /* C-y: what was cleared */
    demo_expect(v, "│半句");
    demo_leave(v);
}

static void test_interrupt_that_comes_too_late(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 60\r半句");
    demo_expect(v, "writing");
    demo_expect(v, "│半句");
    demo_expect_gone(v, "writing");
    vth_keys(v, "\003"); /* was meant to stop: the prompt stays */
    vth_quiet(v, WAIT);
    demo_expect(v, "│半句");
    vth_keys(v, "\003");
    demo_expect(v, READY);
    demo_leave(v);
}

static void test_interrupt_ends_a_search(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "雪夜归人\r");
    demo_expect(v, READY);
    vth_keys(v, "\022夜");
    demo_expect(v, "(reverse-i-search)");
    vth_keys(v, "\003");
    demo_expect(v, READY);
    vth_keys(v, "新");
    demo_expect(v, "│新");
    vth_quiet(v, WAIT);
    demo_expect_row(v, 2, "│雪夜归人"); /* in the manuscript, not in the prompt */
    vth_keys(v, "\003\0334");           /* an argument is under way */
    demo_expect(v, "(arg: 4)");
    vth_keys(v, "\003");
    demo_expect(v, READY);
    demo_leave(v);
}

static void test_escape(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 2000\r");
    demo_expect(v, "writing");
    vth_keys(v, "\033"); /* stops */
    demo_expect_gone(v, "writing");
    vth_keys(v, "\033u"); /* M-u at once */
    demo_expect(v, "action 3");
    vth_keys(v, "\033");
    vth_quiet(v, WAIT);
    vth_keys(v, "r"); /* M-r typed slowly */
    demo_expect(v, "action 4");
    vth_keys(v, "ab cd\033");
    vth_quiet(v, WAIT);
    vth_keys(v, "b"); /* M-b is readline's */
    demo_expect_cursor(v, 21, 1 + 3);
    demo_leave(v);
}

static void test_actions(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *action;
    } cases[] = {{"\033[15~", "action 2"},
                 {"\033[1;3D", "action 5"},
                 {"\033[1;3C", "action 6"},
                 {"\033[20~", "action 7"}};
    struct vth *v = demo_start(24, 80);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        vth_keys(v, cases[i].keys);
        demo_expect(v, cases[i].action);
    }
    vth_keys(v, "x"); /* the next key ends a message */
    demo_expect_gone(v, "action");
    demo_leave(v);
}

static void test_completion(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/s\t");
    demo_expect(v, "Completions");
    demo_expect(v, "│/st");
    vth_keys(v, "\t\t\r"); /* the third: /stderr */
    demo_expect_gone(v, "Completions");
    demo_expect(v, "│/stderr");
    vth_keys(v, "\003/f\t"); /* the only one */
    demo_expect(v, "│/flood");
    vth_keys(v, "\003/s\t");
    demo_expect(v, "Completions");
    vth_keys(v, "r"); /* typing goes on in the prompt */
    demo_expect_gone(v, "Completions");
    demo_expect(v, "│/str");
    vth_keys(v, "\t");
    demo_expect(v, "│/stream");
    demo_leave(v);
}

static void test_external_editor(void **state)
{
    (void)state;
    const char *const env[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8",         "HOME=/nonexistent",
                               "INPUTRC=/dev/null",   "VISUAL=sed -i s/雪/雨/", NULL};
    struct vth *v = demo_start_with(NULL, env, 24, 80);
    demo_expect(v, READY);
    vth_keys(v, "雪夜\030\005");
    demo_expect(v, "│雨夜");
    vth_quiet(v, WAIT);
    assert_true(vth_alternate(v));
    vth_keys(v, "！");
    demo_expect(v, "│雨夜！");
    demo_leave(v);
    const char *const none[] = {"TERM=xterm-256color",    "LC_ALL=C.UTF-8",
                                "HOME=/nonexistent",      "INPUTRC=/dev/null",
                                "EDITOR=/nonexistent/ed", NULL};
    v = demo_start_with(NULL, none, 24, 80);
    demo_expect(v, READY);
    vth_keys(v, "雪\030\005");
    demo_expect(v, "cannot be started");
    demo_expect(v, "│雪");
    demo_leave(v);
}

static void test_draft(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "草稿");
    vth_pump(v, 400);
    vth_keys(v, "二");
    demo_expect(v, "草稿二");
    vth_signal(v, SIGKILL); /* only that nothing hangs; what the house heard is tested below */
    assert_true(vth_wait_exit(v, WAIT, NULL));
    vth_free(v);
    v = demo_start(24, 80);
    vth_keys(v, "草稿");
    vth_pump(v, 400);
    vth_signal(v, SIGTERM);
    demo_expect_exit(v, 0);
    demo_expect(v, "draft [草稿]");
    vth_free(v);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_and_quit),
        cmocka_unit_test(test_question_lets_typing_through),
        cmocka_unit_test(test_keys_typed_before_it_is_up),
        cmocka_unit_test(test_ending_signals),
        cmocka_unit_test(test_interrupt_signal_twice),
        cmocka_unit_test(test_terminal_goes_away),
        cmocka_unit_test(test_stalled_terminal),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_suspend_and_continue),
        cmocka_unit_test(test_suspend_without_a_shell),
        cmocka_unit_test(test_typing_chinese),
        cmocka_unit_test(test_grapheme_clusters),
        cmocka_unit_test(test_vi_replaces_by_chinese),
        cmocka_unit_test(test_several_lines),
        cmocka_unit_test(test_prompt_grows_and_scrolls),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_paste_too_long_for_the_prompt),
        cmocka_unit_test(test_paste_is_not_keys),
        cmocka_unit_test(test_interrupt_order),
        cmocka_unit_test(test_interrupt_that_comes_too_late),
        cmocka_unit_test(test_interrupt_ends_a_search),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_external_editor),
        cmocka_unit_test(test_draft),
    };
    if (!demo_is_there())
        return 99;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
