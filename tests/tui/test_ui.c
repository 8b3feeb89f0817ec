/* test_ui.c - the room's screen driven through a virtual terminal: what TUI people notice when it is
 * wrong. The program under test is ui_demo, found through $XUXIE_UI_DEMO or beside the build. */
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
#include "tests/tui/vth.h"

enum { WAIT = 10000 };

#define READY "Write on"

static const char *const env_utf8[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                       "INPUTRC=/dev/null", NULL};

static struct vth_options options(char *const *argv, const char *const *env, int rows, int columns)
{
    return (struct vth_options){.argv = argv, .env = env, .rows = rows, .columns = columns,
                                .synchronized = true};
}

static char *demo_path(void)
{
    static char path[4096];
    const char *given = getenv("XUXIE_UI_DEMO");
    snprintf(path, sizeof path, "%s", given != NULL ? given : "tests/tui/ui_demo");
    return path;
}

static struct vth *start_with(const char *mode, const char *const *env, int rows, int columns)
{
    char *argv[] = {demo_path(), (char *)mode, NULL};
    struct vth_options o = options(argv, env, rows, columns);
    return vth_start(&o);
}

/* Messages of cmocka are short; a screen is not. */
static void fail_with_screen(struct vth *v, const char *text, const char *what)
{
    fprintf(stderr, "\"%s\" %s:\n%s\n", text, what, vth_screen(v));
    fail();
}

static struct vth *start(int rows, int columns)
{
    struct vth *v = start_with(NULL, env_utf8, rows, columns);
    if (!vth_wait_text(v, READY, WAIT))
        fail_with_screen(v, READY, "did not come up");
    return v;
}

static void expect(struct vth *v, const char *text)
{
    if (!vth_wait_text(v, text, WAIT))
        fail_with_screen(v, text, "did not appear");
}

static void expect_gone(struct vth *v, const char *text)
{
    if (!vth_wait_gone(v, text, WAIT))
        fail_with_screen(v, text, "did not go");
}

static void expect_row(struct vth *v, int row, const char *text)
{
    int64_t until = clock_mono_ms() + WAIT;
    while (strstr(vth_row(v, row), text) == NULL) {
        if (clock_mono_ms() >= until) {
            fprintf(stderr, "not in row %d: ", row);
            fail_with_screen(v, text, "is not there");
        }
        vth_pump(v, 5);
    }
}

static void expect_cursor(struct vth *v, int row, int column)
{
    int y, x;
    vth_quiet(v, WAIT);
    vth_cursor(v, &y, &x);
    if (y != row || x != column) {
        fprintf(stderr, "the cursor is at %d,%d and not at %d,%d\n", y, x, row, column);
        fail_with_screen(v, "the cursor", "is elsewhere");
    }
}

/* The program is gone and left no trace on the terminal. */
static void expect_clean(struct vth *v)
{
    assert_false(vth_alternate(v));
    assert_true(vth_termios_restored(v));
    assert_false(vth_mode(v, 2004));
    assert_false(vth_mode(v, 1000));
    assert_false(vth_mode(v, 1006));
    assert_false(vth_mode(v, 2026));
    if (vth_offence(v) != NULL)
        fail_msg("offence: %s", vth_offence(v));
}

static void expect_exit(struct vth *v, int code)
{
    int status;
    if (!vth_wait_exit(v, WAIT, &status))
        fail_with_screen(v, "the program", "did not end");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
    expect_clean(v);
}

/* Ends the room in whatever state it is. */
static void leave(struct vth *v)
{
    vth_signal(v, SIGTERM);
    expect_exit(v, 0);
    vth_free(v);
}

/* ---- coming and going ------------------------------------------------------------------------- */

static void test_start_and_quit(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
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
    expect(v, "Leave?");
    vth_keys(v, "n");
    expect_gone(v, "Leave?");
    vth_keys(v, "\003");
    expect(v, "Leave?");
    vth_keys(v, "\003"); /* the second ^C leaves */
    expect_exit(v, 0);
    expect(v, "ended by 0");
    vth_free(v);
}

static void test_question_lets_typing_through(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "\003");
    expect(v, "Leave?");
    vth_keys(v, "雪");
    expect_gone(v, "Leave?");
    expect(v, "│雪");
    leave(v);
}

static void test_keys_typed_before_it_is_up(void **state)
{
    (void)state;
    struct vth *v = start_with(NULL, env_utf8, 24, 80);
    vth_keys(v, "早");
    expect(v, "│早");
    leave(v);
}

static void check_signal(int signo)
{
    struct vth *v = start(24, 80);
    char line[64];
    vth_keys(v, "未完");
    expect(v, "未完");
    int64_t t0 = clock_mono_ms();
    vth_signal(v, signo);
    expect_exit(v, 0);
    assert_true(clock_mono_ms() - t0 < 1000);
    snprintf(line, sizeof line, "ended by %d hangup %d", signo, signo);
    expect(v, line);
    expect(v, "draft [未完]");
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
    struct vth *v = start(24, 80);
    vth_signal(v, SIGINT);
    expect(v, "Leave?");
    vth_signal(v, SIGINT);
    expect_exit(v, 0);
    vth_free(v);
}

static void test_terminal_goes_away(void **state)
{
    (void)state;
    int status;
    struct vth *v = start(24, 80);
    vth_keys(v, "/stream 5000\r");
    vth_pump(v, 100);
    vth_hang_up(v);
    assert_true(vth_wait_exit(v, 1500, &status));
    assert_true(WIFEXITED(status));
    vth_free(v);
}

static void check_crash(const char *command, int signo)
{
    int status;
    struct vth *v = start(24, 80);
    vth_keys(v, command);
    vth_keys(v, "\r");
    assert_true(vth_wait_exit(v, WAIT, &status));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), signo);
    expect_clean(v);
    expect(v, "xuxie: a fault");
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
    struct vth_options o = options(argv, env_utf8, 24, 80);
    o.job = true;
    struct vth *v = vth_start(&o);
    expect(v, READY);
    vth_keys(v, "雪夜");
    expect(v, "│雪夜");
    vth_keys(v, "\032");
    assert_true(vth_wait_stopped(v, WAIT));
    vth_quiet(v, WAIT);
    expect_clean(v);
    vth_resize(v, 20, 70); /* while it is stopped */
    vth_continue(v);
    expect(v, "│雪夜");
    vth_quiet(v, WAIT);
    assert_true(vth_alternate(v));
    assert_true(vth_mode(v, 2004));
    assert_non_null(strstr(vth_row(v, 19), "F1 help"));
    vth_signal(v, SIGTSTP); /* from outside */
    assert_true(vth_wait_stopped(v, WAIT));
    vth_quiet(v, WAIT);
    expect_clean(v);
    vth_continue(v);
    expect(v, "│雪夜");
    vth_signal(v, SIGSTOP); /* cannot be caught; only SIGCONT tells */
    assert_true(vth_wait_stopped(v, WAIT));
    vth_continue(v);
    vth_quiet(v, WAIT);
    vth_keys(v, "x");
    expect(v, "│雪夜x");
    leave(v);
}

static void test_suspend_without_a_shell(void **state)
{
    (void)state;
    struct vth *v = start(24, 80); /* its group is orphaned: nobody could continue it */
    vth_keys(v, "甲\032乙");
    expect(v, "│甲乙");
    leave(v);
}

/* ---- the prompt ------------------------------------------------------------------------------- */

static void test_typing_chinese(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "那一夜，雪下得很大。");
    expect(v, "│那一夜，雪下得很大。");
    expect_cursor(v, 21, 1 + 20);
    vth_keys(v, "\r");
    expect(v, READY);
    expect_row(v, 2, "那一夜，雪下得很大。");
    expect_cursor(v, 21, 1);
    leave(v);
}

static void test_grapheme_clusters(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "a👨‍👩‍👧e\u0301x");
    vth_quiet(v, WAIT);
    vth_keys(v, "\033[D\033[D"); /* before e-acute */
    expect_cursor(v, 21, 1 + 1 + 6);
    vth_keys(v, "\x7F"); /* the whole family */
    expect_cursor(v, 21, 2);
    vth_keys(v, "\033[3~");
    expect(v, "│ax");
    vth_keys(v, "\r");
    expect(v, READY);
    expect_row(v, 2, "│ax");
    leave(v);
}

static void test_vi_replaces_by_chinese(void **state)
{
    (void)state;
    struct vth *v = start_with("vi", env_utf8, 24, 80);
    expect(v, READY);
    expect(v, "vi insert");
    vth_keys(v, "甲乙丙");
    expect(v, "甲乙丙");
    vth_keys(v, "\033");
    expect(v, "vi command");
    vth_keys(v, "0r中");
    expect(v, "│中乙丙");
    vth_keys(v, "$x"); /* by clusters, and stays on one */
    expect(v, "│中乙");
    expect_cursor(v, 21, 3);
    vth_keys(v, "lll"); /* not behind the last */
    expect_cursor(v, 21, 3);
    vth_keys(v, "dh");
    expect_cursor(v, 21, 1);
    vth_keys(v, "\003"); /* ^C: empty, and insert mode again */
    expect(v, "vi insert");
    vth_keys(v, "新");
    expect(v, "│新");
    leave(v);
}

static void test_several_lines(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "从前\r"); /* something in the history */
    expect(v, READY);
    vth_keys(v, "one\ntwo\033\rthree"); /* C-j, M-RET */
    expect(v, "│three");
    expect_row(v, 19, "│one");
    expect_cursor(v, 21, 6);
    vth_keys(v, "\033[A");
    expect_cursor(v, 20, 4);
    vth_keys(v, "!");
    expect(v, "│two!");
    vth_keys(v, "\033[A\033[A"); /* to the first row, then into the history */
    expect(v, "Prompt");
    vth_quiet(v, WAIT);
    assert_int_equal(vth_find(v, "│one"), -1);
    assert_non_null(strstr(vth_row(v, 21), "从前"));
    vth_keys(v, "\033[B"); /* and back */
    expect(v, "│two!");
    vth_keys(v, "\r");
    expect(v, READY);
    expect_row(v, 4, "│two!");
    leave(v);
}

static void test_prompt_grows_and_scrolls(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    for (int i = 0; i < 20; i++)
        vth_keys(v, "行\n");
    vth_keys(v, "末");
    expect(v, "│末");
    vth_quiet(v, WAIT);
    expect_row(v, 24 - 1 - 1 - 8 - 1, "Prompt"); /* a third of 24 rows */
    for (int i = 0; i < 20; i++)
        vth_keys(v, "\033[A");
    expect_cursor(v, 14, 1 + 2);
    leave(v);
}

static void test_paste(void **state)
{
    (void)state;
    enum { LINES = 1500, PER_LINE = 70 };
    struct vth *v = start(24, 80);
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
    expect(v, "│终");
    assert_true(clock_mono_ms() - t0 < 4000);
    vth_keys(v, "\037"); /* one undo step */
    expect(v, READY);
    vth_paste(v, s.data, s.len);
    expect(v, "│终");
    vth_keys(v, "\r");
    expect(v, READY);
    vth_keys(v, "\003y");
    expect_exit(v, 0);
    char line[64];
    snprintf(line, sizeof line, "submitted 1 last %zu", s.len);
    expect(v, line);
    str_free(&s);
    vth_free(v);
}

static void test_paste_is_not_keys(void **state)
{
    (void)state;
    static const char hostile[] = "a\033[201~b\r\n\003c\033[A\td\x1b]0;x\007";
    struct vth *v = start(24, 80);
    vth_paste(v, hostile, sizeof hostile - 1);
    vth_quiet(v, WAIT);
    assert_null(vth_offence(v));
    leave(v);
}

static void test_interrupt_order(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/stream 2000\r");
    expect(v, "writing");
    vth_keys(v, "半句");
    expect(v, "│半句");
    int64_t t0 = clock_mono_ms();
    vth_keys(v, "\003"); /* first the model */
    expect_gone(v, "writing");
    assert_true(clock_mono_ms() - t0 < 500);
    assert_true(vth_find(v, "│半句") > 0);
    vth_keys(v, "\003"); /* then the prompt */
    expect(v, READY);
    assert_int_equal(vth_find(v, "Leave?"), -1);
    vth_keys(v, "\003");
    expect(v, "Leave?");
    vth_keys(v, "\033"); /* Escape is no */
    expect_gone(v, "Leave?");
    vth_keys(v, "\031"); /* C-y: what was cleared */
    expect(v, "│半句");
    leave(v);
}

static void test_interrupt_ends_a_search(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "雪夜归人\r");
    expect(v, READY);
    vth_keys(v, "\022夜");
    expect(v, "(reverse-i-search)");
    vth_keys(v, "\003");
    expect(v, READY);
    vth_keys(v, "新");
    expect(v, "│新");
    vth_quiet(v, WAIT);
    expect_row(v, 2, "│雪夜归人"); /* in the manuscript, not in the prompt */
    vth_keys(v, "\003\0334"); /* an argument is under way */
    expect(v, "(arg: 4)");
    vth_keys(v, "\003");
    expect(v, READY);
    leave(v);
}

static void test_escape(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/stream 2000\r");
    expect(v, "writing");
    vth_keys(v, "\033"); /* stops */
    expect_gone(v, "writing");
    vth_keys(v, "\033u"); /* M-u at once */
    expect(v, "action 3");
    vth_keys(v, "\033");
    vth_quiet(v, WAIT);
    vth_keys(v, "r"); /* M-r typed slowly */
    expect(v, "action 4");
    vth_keys(v, "ab cd\033");
    vth_quiet(v, WAIT);
    vth_keys(v, "b"); /* M-b is readline's */
    expect_cursor(v, 21, 1 + 3);
    leave(v);
}

static void test_actions(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *action;
    } cases[] = {{"\033[15~", "action 2"},  {"\033[1;3D", "action 5"}, {"\033[1;3C", "action 6"},
                 {"\033[20~", "action 7"}};
    struct vth *v = start(24, 80);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        vth_keys(v, cases[i].keys);
        expect(v, cases[i].action);
    }
    vth_keys(v, "x"); /* the next key ends a message */
    expect_gone(v, "action");
    leave(v);
}

static void test_completion(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/s\t");
    expect(v, "Completions");
    expect(v, "│/st");
    vth_keys(v, "\t\t\r"); /* the third: /stderr */
    expect_gone(v, "Completions");
    expect(v, "│/stderr");
    vth_keys(v, "\003/f\t"); /* the only one */
    expect(v, "│/flood");
    vth_keys(v, "\003/s\t");
    expect(v, "Completions");
    vth_keys(v, "r"); /* typing goes on in the prompt */
    expect_gone(v, "Completions");
    expect(v, "│/str");
    vth_keys(v, "\t");
    expect(v, "│/stream");
    leave(v);
}

static void test_external_editor(void **state)
{
    (void)state;
    const char *const env[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                               "INPUTRC=/dev/null", "VISUAL=sed -i s/雪/雨/", NULL};
    struct vth *v = start_with(NULL, env, 24, 80);
    expect(v, READY);
    vth_keys(v, "雪夜\030\005");
    expect(v, "│雨夜");
    vth_quiet(v, WAIT);
    assert_true(vth_alternate(v));
    vth_keys(v, "！");
    expect(v, "│雨夜！");
    leave(v);
    const char *const none[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                "INPUTRC=/dev/null", "EDITOR=/nonexistent/ed", NULL};
    v = start_with(NULL, none, 24, 80);
    expect(v, READY);
    vth_keys(v, "雪\030\005");
    expect(v, "cannot be started");
    expect(v, "│雪");
    leave(v);
}

static void test_draft(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "草稿");
    vth_pump(v, 400);
    vth_keys(v, "二");
    expect(v, "草稿二");
    vth_signal(v, SIGKILL); /* only that nothing hangs; what the house heard is tested below */
    assert_true(vth_wait_exit(v, WAIT, NULL));
    vth_free(v);
    v = start(24, 80);
    vth_keys(v, "草稿");
    vth_pump(v, 400);
    vth_signal(v, SIGTERM);
    expect_exit(v, 0);
    expect(v, "draft [草稿]");
    vth_free(v);
}

/* ---- the manuscript --------------------------------------------------------------------------- */

static void test_scrolling_stays_nailed(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/lines 200\r");
    expect(v, "line 0200");
    vth_keys(v, "\033[5~\033[5~");
    expect(v, "new lines");
    vth_quiet(v, WAIT);
    char *top = x_strdup(vth_row(v, 2)), *bottom = x_strdup(vth_row(v, 17));
    assert_non_null(strstr(top, "line 0"));
    vth_keys(v, "/stream 400\r");
    vth_wait_text(v, "writing", WAIT);
    /* submitting follows again; scroll away while it streams */
    vth_keys(v, "\033[5~\033[5~");
    expect(v, "new lines");
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
    expect_gone(v, "new lines");
    vth_keys(v, "\033[1;5H");
    expect(v, "line 0001");
    free(top);
    free(bottom);
    leave(v);
}

static void test_wide_characters_at_the_border(void **state)
{
    (void)state;
    for (int columns = 40; columns <= 47; columns++) {
        struct vth *v = start(12, columns);
        vth_keys(v, "/stream 300\r");
        vth_pump(v, 100);
        vth_keys(v, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十");
        expect_gone(v, "writing");
        vth_quiet(v, WAIT);
        for (int y = 1; y < 11; y++) {
            const char *row = vth_row(v, y);
            assert_int_equal(uwidth_str(row, strlen(row)), columns);
            assert_null(strstr(row, "│，"));
            assert_null(strstr(row, "│。"));
            assert_null(strstr(row, "┃，"));
            assert_null(strstr(row, "┃。"));
        }
        leave(v);
    }
}

static void test_context_mark(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/lines 12\r");
    expect(v, "line 0012");
    vth_keys(v, "/mark\r");
    expect(v, "the model reads from here");
    vth_quiet(v, WAIT);
    expect_row(v, 2 + 9, "the model reads");
    expect_row(v, 2 + 10, "line 0010");
    leave(v);
}

static void test_hostile_text(void **state)
{
    (void)state;
    size_t n;
    struct vth *v = start(24, 80);
    vth_keys(v, "/warn\r");
    expect(v, "a warning␛[31m");
    vth_keys(v, "/evil\r");
    expect(v, "<U+202E>");
    expect(v, "A␛]52;c;");
    const char *raw = vth_raw(v, &n);
    assert_null(memmem(raw, n, "\033]52", 4));
    assert_null(memmem(raw, n, "\033]0;", 4));
    assert_null(vth_offence(v));
    leave(v);
}

/* The same run with a benign and a hostile text sends the same kinds of sequences. */
static void test_kinds_of_sequences(void **state)
{
    (void)state;
    static const char *const commands[] = {"/lines 3\r", "/evil\r"};
    char *kinds[2];
    for (int i = 0; i < 2; i++) {
        struct vth *v = start(24, 80);
        vth_keys(v, commands[i]);
        vth_quiet(v, WAIT);
        vth_keys(v, "\014"); /* C-l */
        vth_quiet(v, WAIT);
        vth_keys(v, "\003\003");
        expect_exit(v, 0);
        kinds[i] = x_strdup(vth_kinds(v));
        vth_free(v);
    }
    /* how the cursor gets somewhere may differ; what is new must be a movement or an erasure */
    static const char *const motions[] = {"CSI A", "CSI B", "CSI C", "CSI D", "CSI G", "CSI H", "CSI J",
                                          "CSI K", "CSI X", "CSI b", "CSI d", "CSI P", "CSI @", "C0 08",
                                          "C0 09", "C0 0a", "C0 0d", "CSI L", "CSI M", "CSI r", "ESC M"};
    for (char *save, *k = strtok_r(kinds[1], "\n", &save); k != NULL; k = strtok_r(NULL, "\n", &save)) {
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
    struct vth *v = start(24, 80);
    size_t n;
    vth_keys(v, "\033w");
    expect(v, "no passage");
    vth_keys(v, "/stream 3\r");
    vth_quiet(v, WAIT);
    vth_keys(v, "\033w");
    expect(v, "clipboard");
    const char *raw = vth_raw(v, &n);
    assert_non_null(memmem(raw, n, "\033]52;c;6YKj5LiA5aSc\033\\", 21)); /* 那一夜 */
    leave(v);
}

/* ---- the screen ------------------------------------------------------------------------------- */

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int rows, columns;
    } sizes[] = {{10, 40}, {5, 20}, {1, 1}, {2, 10}, {1, 200}, {200, 1}, {60, 200}, {3, 12}, {24, 80}};
    struct vth *v = start(24, 80);
    vth_keys(v, "/stream 100\r");
    vth_quiet(v, WAIT);
    vth_keys(v, "雪夜");
    expect(v, "│雪夜");
    char *before = x_strdup(vth_screen(v));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        vth_resize(v, sizes[i].rows, sizes[i].columns);
        vth_quiet(v, WAIT);
        if (sizes[i].columns >= 4 && sizes[i].rows < 100)
            expect(v, "雪夜");
        vth_keys(v, "\033[D\033[C");
        assert_null(vth_offence(v));
    }
    vth_quiet(v, WAIT);
    assert_string_equal(vth_screen(v), before);
    free(before);
    vth_resize(v, 10, 40);
    vth_quiet(v, WAIT);
    expect_row(v, 1, "Manuscript");
    vth_resize(v, 5, 20);
    expect_gone(v, "Manuscript");
    leave(v);
}

static void test_resize_storm(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/stream 2000\r");
    expect(v, "writing");
    unsigned seed = 1;
    for (int i = 0; i < 200; i++) {
        seed = seed * 1103515245u + 12345u;
        vth_resize(v, 2 + (int)(seed >> 16) % 50, 2 + (int)(seed >> 20) % 150);
        vth_pump(v, 1);
    }
    vth_resize(v, 24, 80);
    vth_keys(v, "\003");
    expect_gone(v, "writing");
    vth_quiet(v, WAIT);
    vth_keys(v, "雪");
    expect(v, "│雪");
    vth_quiet(v, WAIT);
    char *before = x_strdup(vth_screen(v));
    vth_keys(v, "\014"); /* C-l: the same picture again */
    vth_quiet(v, WAIT);
    assert_string_equal(vth_screen(v), before);
    free(before);
    assert_null(vth_offence(v));
    leave(v);
}

static void test_bytes_per_frame(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_quiet(v, WAIT);
    size_t bytes = vth_bytes(v), frames = vth_frames(v);
    vth_keys(v, "/stream 300\r");
    expect(v, "writing");
    expect_gone(v, "writing");
    vth_quiet(v, WAIT);
    frames = vth_frames(v) - frames;
    bytes = vth_bytes(v) - bytes;
    assert_true(frames > 20);
    assert_true(bytes / frames < 400); /* 1200 while scrolling; this text hardly scrolls */
    vth_pump(v, 300); /* idle: not one byte */
    bytes = vth_bytes(v);
    vth_pump(v, 400);
    assert_int_equal(vth_bytes(v), bytes);
    leave(v);
}

static void test_flood(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/flood 60000\r");
    expect(v, "writing");
    for (int i = 0; i < 10; i++) {
        char key[2] = {(char)('0' + i), '\0'};
        vth_keys(v, key);
        vth_pump(v, 20);
    }
    expect(v, "│0123456789");
    size_t bytes = vth_bytes(v), frames = vth_frames(v);
    vth_pump(v, 300);
    frames = vth_frames(v) - frames;
    assert_true(frames <= 300 / 16 + 3);
    assert_true(vth_bytes(v) - bytes < (frames + 1) * 4000);
    vth_keys(v, "\003");
    expect_gone(v, "writing");
    leave(v);
}

static void test_help(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "\033OP");
    expect(v, "Writing");
    expect(v, "write the newest passage once more");
    vth_keys(v, "/scribble\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7flists\r");
    vth_keys(v, "/a list\r");
    expect(v, "/pick");
    vth_keys(v, "\033");
    expect_gone(v, "/pick");
    expect(v, "Manuscript");
    leave(v);
}

static void test_lists_and_questions(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/pick\r");
    expect(v, "the first one");
    vth_keys(v, "\033[B\r");
    expect(v, "chose 2");
    vth_keys(v, "/pick\r");
    expect(v, "the first one");
    vth_keys(v, "\033");
    expect(v, "chose -1");
    vth_keys(v, "/pick\r");
    expect(v, "the first one");
    vth_quiet(v, WAIT);
    vth_mouse(v, 0, vth_find(v, "the first one"), 4);
    expect(v, "chose 0");
    vth_keys(v, "/ask\r");
    expect(v, "Sure?");
    vth_keys(v, "y");
    expect(v, "answered yes");
    vth_keys(v, "/ask\r");
    expect(v, "Sure?");
    vth_keys(v, "\003");
    expect(v, "answered no");
    vth_keys(v, "/standing\r");
    expect(v, "not saved: the disk is full");
    vth_keys(v, "x");
    vth_quiet(v, WAIT);
    expect(v, "not saved: the disk is full");
    leave(v);
}

static void test_mouse(void **state)
{
    (void)state;
    struct vth *v = start(24, 80);
    vth_keys(v, "/lines 100\r");
    expect(v, "line 0100");
    vth_mouse(v, 64, 10, 10);
    expect(v, "new lines");
    vth_quiet(v, WAIT);
    assert_int_equal(vth_find(v, "line 0100"), -1);
    vth_mouse(v, 65, 10, 10);
    expect_gone(v, "new lines");
    vth_keys(v, "甲乙丙丁");
    expect(v, "│甲乙丙丁");
    vth_mouse(v, 0, 21, 1 + 4);
    expect_cursor(v, 21, 1 + 4);
    vth_keys(v, "x");
    expect(v, "│甲乙x丙丁");
    leave(v);
}

static void test_colours(void **state)
{
    (void)state;
    const char *const mono[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                "INPUTRC=/dev/null", "NO_COLOR=1", NULL};
    struct vth *v = start(24, 80);
    vth_keys(v, "作者\r/stream 3\r");
    expect(v, "那一夜");
    vth_quiet(v, WAIT);
    assert_true(vth_coloured(v, 2, 1));
    assert_false(vth_coloured(v, 3, 1));
    leave(v);
    v = start_with(NULL, mono, 24, 80);
    expect(v, READY);
    vth_keys(v, "作者\r/stream 3\r");
    expect(v, "那一夜");
    vth_quiet(v, WAIT);
    for (int x = 0; x < 80; x++)
        assert_false(vth_coloured(v, 2, x) || vth_coloured(v, 0, x) || vth_coloured(v, 21, x));
    assert_true(vth_bold(v, 2, 1));
    assert_false(vth_bold(v, 3, 1));
    leave(v);
}

static void test_terminals(void **state)
{
    (void)state;
    static const char *const names[] = {"TERM=vt100",  "TERM=linux", "TERM=screen",
                                        "TERM=screen-256color", "TERM=tmux-256color", "TERM=xterm"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *const env[] = {names[i], "LC_ALL=C.UTF-8", "HOME=/nonexistent", "INPUTRC=/dev/null",
                                   NULL};
        struct vth *v = start_with(NULL, env, 24, 80);
        expect(v, READY);
        vth_keys(v, "雪夜\r");
        expect(v, READY);
        vth_keys(v, "/stream 30\r");
        expect(v, "那一夜");
        vth_quiet(v, WAIT);
        expect_row(v, 2, "│雪夜");
        leave(v);
    }
}

static void test_locales(void **state)
{
    (void)state;
    static const char *const locales[][2] = {{"LC_ALL=C", "X=1"}, {"LANG=zh_CN.UTF-8", "X=1"}, {"LC_ALL=zh_CN.GBK", "X=1"}};
    for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
        const char *const env[] = {"TERM=xterm-256color", locales[i][0], locales[i][1],
                                   "HOME=/nonexistent", "INPUTRC=/dev/null", NULL};
        struct vth *v = start_with(NULL, env, 24, 80);
        expect(v, READY);
        vth_keys(v, "雪夜中");
        expect(v, "│雪夜中");
        leave(v);
    }
}

static void test_wide_ambiguous(void **state)
{
    (void)state;
    char *argv[] = {demo_path(), NULL};
    struct vth_options o = options(argv, env_utf8, 24, 80);
    o.wide = true;
    struct vth *v = vth_start(&o);
    expect(v, READY);
    expect(v, "+ Manuscript -");
    vth_keys(v, "\003y");
    expect_exit(v, 0);
    vth_free(v);
}

static void test_mute_terminal(void **state)
{
    (void)state;
    char *argv[] = {demo_path(), NULL};
    struct vth_options o = options(argv, env_utf8, 24, 80);
    o.mute = true;
    struct vth *v = vth_start(&o);
    expect(v, "│" READY);
    assert_int_equal(vth_frames(v), 0);
    vth_keys(v, "\033[5;3R"); /* the answer comes late: two columns */
    expect(v, "+ Manuscript -");
    vth_keys(v, "\003y");
    expect_exit(v, 0);
    vth_free(v);
}

static void test_no_room(void **state)
{
    (void)state;
    static const char *const names[] = {"TERM=dumb", "TERM=nosuchterm", "TERM=../x", "X="};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *const env[] = {names[i], "LC_ALL=C.UTF-8", "HOME=/nonexistent", "INPUTRC=/dev/null",
                                   NULL};
        struct vth *v = start_with(NULL, env, 24, 80);
        expect(v, "line mode:");
        expect(v, ">");
        vth_keys(v, "雪夜\x7f\x7f大雪\r");
        expect(v, "read [大雪]");
        expect_exit(v, 0);
        vth_free(v);
        v = start_with(NULL, env, 24, 80);
        expect(v, ">");
        vth_keys(v, "abc\003");
        expect(v, "read [] interrupted");
        expect_exit(v, 0);
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
                               "INPUTRC=/dev/null", variable, NULL};
    struct vth *v = start_with(NULL, env, 24, 80);
    expect(v, READY);
    leave(v);
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
                               "INPUTRC=/dev/null", variable, NULL};
    struct vth *v = start_with(NULL, env, 24, 80);
    expect(v, READY);
    vth_keys(v, "/stderr\r");
    vth_quiet(v, WAIT);
    assert_int_equal(vth_find(v, "SCRIBBLE"), -1);
    leave(v);
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
    struct vth *v = start(24, 80);
    unsigned seed = 7;
    char bytes[4000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (char)(seed >> 16);
        if (bytes[i] == '\003' || bytes[i] == '\004' || bytes[i] == '\032' ||
            bytes[i] == '\030' || bytes[i] == 'y')
            bytes[i] = 'a'; /* not to leave, stop or edit */
    }
    vth_send(v, bytes, sizeof bytes);
    vth_quiet(v, WAIT);
    assert_null(vth_offence(v));
    vth_signal(v, SIGTERM);
    expect_exit(v, 0);
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
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_suspend_and_continue),
        cmocka_unit_test(test_suspend_without_a_shell),
        cmocka_unit_test(test_typing_chinese),
        cmocka_unit_test(test_grapheme_clusters),
        cmocka_unit_test(test_vi_replaces_by_chinese),
        cmocka_unit_test(test_several_lines),
        cmocka_unit_test(test_prompt_grows_and_scrolls),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_paste_is_not_keys),
        cmocka_unit_test(test_interrupt_order),
        cmocka_unit_test(test_interrupt_ends_a_search),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_external_editor),
        cmocka_unit_test(test_draft),
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
    if (access(demo_path(), X_OK) != 0) {
        fprintf(stderr, "test_ui: %s: the program under test is not there\n", demo_path());
        return 99;
    }
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
