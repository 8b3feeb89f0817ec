/* test_room.c - the real program with the bundled model on a virtual terminal: storms, large
 * pastes, signals, modes. $XUXIE names the program; XUXIE_STORM makes the storms of resizes and
 * keys longer. */
#include "config.h"

#include <fcntl.h>
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
#include "tests/tui/rig.h"
#include "tests/unit/shared_dir.h"
#include "tests/tui/vth.h"

#define READY "Write on"

static int wait_ms;

static int setup(void **state)
{
    struct rig *r = x_calloc(1, sizeof *r);
    wait_ms = rig_patience(10000);
    rig_init(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    free(*state);
    return 0;
}

/* Messages of cmocka are short; a screen is not. */
static void fail_with_screen(struct vth *v, const char *what)
{
    fprintf(stderr, "# %s; the screen:\n%s\n", what, vth_screen(v));
    fail();
}

static void expect(struct vth *v, const char *text)
{
    if (!vth_wait_text(v, text, wait_ms)) {
        fprintf(stderr, "# \"%s\" did not appear\n", text);
        fail_with_screen(v, "missing");
    }
}

/* Waits until the prompt ends with text; exactly: until it is text. */
static void wait_prompt(struct rig *r, const char *text, bool exactly)
{
    struct str prompt = STR_INIT;
    int64_t until = clock_mono_ms() + wait_ms;
    size_t n = strlen(text);
    bool same = false;
    while (!same && clock_mono_ms() < until) {
        vth_pump(r->v, 10);
        same = rig_prompt(r, &prompt) && prompt.len >= n && (!exactly || prompt.len == n) &&
               strcmp(str_cstr(&prompt) + prompt.len - n, text) == 0;
    }
    str_free(&prompt);
    if (!same) {
        fprintf(stderr, "# the prompt is not \"%s\"\n", text);
        fail_with_screen(r->v, "prompt");
    }
}

static void expect_prompt(struct rig *r, const char *text)
{
    wait_prompt(r, text, true);
}

static void open_room(struct rig *r, const char *const *args)
{
    if (!rig_open(r, args))
        fail_with_screen(r->v, "the room did not open");
}

static void open_and_write(struct rig *r)
{
    open_room(r, NULL);
    rig_enter(r, RIG_OPENING);
    if (!rig_writes(r))
        fail_with_screen(r->v, "it does not write");
}

/* The terminal is as the program found it. */
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

static void quit_cleanly(struct rig *r)
{
    if (vth_find(r->v, "chars/s") >= 0)
        assert_true(rig_stop_writing(r));
    assert_int_equal(rig_quit(r), 0);
    expect_clean(r->v);
}

/* The heavy line marks the newest passage on the left and is the scroll bar on the right. */
static bool is_edge(const char *s)
{
    return strncmp(s, "│", strlen("│")) == 0 || strncmp(s, "┃", strlen("┃")) == 0;
}

/* Frames reach from border to border, and what the pane shows is the end of the story. */
static void expect_right_screen(struct rig *r, int rows)
{
    struct str story = STR_INIT;
    vth_quiet(r->v, wait_ms);
    for (int y = 1; y < rows - 1; y++) {
        const char *row = vth_row(r->v, y);
        size_t n = strlen(row), edge = strlen("│");
        if (is_edge(row) && (n < 2 * edge || !is_edge(row + n - edge)))
            fail_with_screen(r->v, "a row has no right border");
    }
    assert_true(rig_story(r, &story));
    if (!rig_pane_is_end_of(r, &story))
        fail_with_screen(r->v, "the screen is not the story");
    str_free(&story);
}

/* ---- resizing -------------------------------------------------------------------------------- */

static int storm_length(void)
{
    const char *given = getenv("XUXIE_STORM");
    return given != NULL ? atoi(given) : 200;
}

static void test_resize_storm(void **state)
{
    struct rig *r = *state;
    int n = storm_length();
    open_and_write(r);
    for (int i = 0; i < n; i++) {
        vth_resize(r->v, 1 + rig_random(70), 1 + rig_random(220));
        vth_pump(r->v, 1 + rig_random(8));
    }
    vth_resize(r->v, 24, 80);
    expect(r->v, "chars/s");
    assert_true(rig_stop_writing(r));
    expect_right_screen(r, 24);
    quit_cleanly(r);
}

static void test_one_cell_and_back(void **state)
{
    struct rig *r = *state;
    static const int sizes[][2] = {{1, 1},  {1, 200}, {200, 1}, {2, 10},
                                   {5, 20}, {10, 40}, {60, 200}};
    open_and_write(r);
    vth_keys(r->v, "留着");
    expect(r->v, "留着");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        vth_resize(r->v, sizes[i][0], sizes[i][1]);
        vth_pump(r->v, 100);
    }
    vth_resize(r->v, 24, 80);
    expect(r->v, "chars/s");
    assert_true(rig_stop_writing(r));
    expect_prompt(r, "留着");
    vth_keys(r->v, "\003"); /* empties the prompt */
    expect(r->v, READY);
    expect_right_screen(r, 24);
    quit_cleanly(r);
}

/* ---- pasting --------------------------------------------------------------------------------- */

/* n characters of Chinese prose, with paragraphs; each passage can be told from the others. */
static void make_prose(struct str *out, size_t n_bytes)
{
    static const char *const parts[] = {"老人推开门",       "只见阶前立着一个孩子", "雪还在下",
                                        "灯火照不到的地方", "谁也没有说话",         "远处传来犬吠"};
    for (unsigned i = 0; out->len < n_bytes; i++) {
        str_puts(out, parts[i * 7 % ARRAY_LEN(parts)]);
        str_printf(out, "%u", i);
        str_puts(out, i % 9 == 8 ? "。\n" : "，");
    }
}

static void test_large_paste(void **state)
{
    struct rig *r = *state;
    struct str prose = STR_INIT, tail = STR_INIT, story = STR_INIT;
    open_room(r, NULL);
    expect(r->v, READY);
    make_prose(&prose, 300000);
    rig_squeeze(&tail, prose.data + prose.len - 60, 60);
    const char *end =
        str_cstr(&tail) + tail.len - 40; /* begins within a character, as the tail may */

    for (int round = 0; round < 2; round++) {
        int64_t t0 = clock_mono_ms();
        vth_paste(r->v, prose.data, prose.len);
        wait_prompt(r, end, false);
        print_message("# 300 KB pasted in %d ms\n", (int)(clock_mono_ms() - t0));
        if (round == 0) { /* one undo takes it all back */
            vth_keys(r->v, "\037");
            expect(r->v, READY);
        }
    }
    vth_keys(r->v, "\r");
    if (!rig_writes(r))
        fail_with_screen(r->v, "it does not write");
    assert_true(rig_stop_writing(r));
    expect(r->v, READY);
    assert_true(rig_story(r, &story));
    assert_true(story.len > prose.len);
    assert_memory_equal(story.data, prose.data, prose.len);
    quit_cleanly(r);
    str_free(&prose);
    str_free(&tail);
    str_free(&story);
}

static void test_paste_is_not_keys(void **state)
{
    struct rig *r = *state;
    struct str story = STR_INIT;
    open_room(r, NULL);
    expect(r->v, READY);
    vth_paste(r->v, "一\r\n二\033[A\003三", strlen("一\r\n二\033[A\003三"));
    expect(r->v, "三");
    rig_enter(r, "");
    assert_true(rig_writes(r));
    assert_true(rig_stop_writing(r));
    assert_true(rig_story(r, &story));
    assert_int_equal(strncmp(str_cstr(&story), "一\n二", strlen("一\n二")), 0);
    quit_cleanly(r);
    str_free(&story);
}

/* ---- signals --------------------------------------------------------------------------------- */

static void test_suspend(void **state)
{
    struct rig *r = *state;
    static const char *const args[] = {"--ignore-eos", "-n", "1000000", "--seed", "3", NULL};
    for (int by_key = 0; by_key < 2; by_key++) {
        rig_start_with(r, 24, 80, args, NULL, true);
        expect(r->v, "xuxie-preview");
        rig_enter(r, RIG_OPENING);
        assert_true(rig_writes(r));
        if (by_key)
            vth_keys(r->v, "\032");
        else
            vth_signal(r->v, SIGTSTP);
        if (!vth_wait_stopped(r->v, wait_ms))
            fail_with_screen(r->v, "it does not stop");
        vth_quiet(r->v, wait_ms);
        expect_clean(r->v);
        vth_resize(r->v, 30, 90);
        vth_continue(r->v);
        expect(r->v, "chars/s");
        assert_true(vth_alternate(r->v));
        assert_true(rig_stop_writing(r));
        expect_right_screen(r, 30);
        quit_cleanly(r);
        rig_stop(r);
    }
}

/* Ends it while it writes; all that was on the screen is there when the room opens again. */
static void check_ending(struct rig *r, int signo)
{
    struct str shown = STR_INIT, story = STR_INIT, squeezed = STR_INIT;
    int status;
    open_and_write(r);
    vth_keys(r->v, "未完的草稿");
    expect(r->v, "未完的草稿");
    assert_true(rig_shows_more_than(r, 200));
    assert_true(rig_pane(r, &shown));
    int64_t t0 = clock_mono_ms();
    if (signo != 0)
        vth_signal(r->v, signo);
    else
        vth_hang_up(r->v);
    if (!vth_wait_exit(r->v, wait_ms, &status))
        fail_with_screen(r->v, "it does not end");
    print_message("# signal %d: ended after %d ms\n", signo, (int)(clock_mono_ms() - t0));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    if (signo != 0)
        expect_clean(r->v);
    rig_stop(r);

    open_room(r, NULL);
    expect_prompt(r, "未完的草稿");
    vth_keys(r->v, "\003");
    expect(r->v, READY);
    assert_true(rig_story(r, &story));
    rig_squeeze(&squeezed, str_cstr(&story), story.len);
    if (memmem(squeezed.data, squeezed.len, shown.data, shown.len) == NULL) {
        fprintf(stderr, "# shown: %s\n# kept: %s\n", str_cstr(&shown), str_cstr(&squeezed));
        fail();
    }
    quit_cleanly(r);
    str_free(&shown);
    str_free(&story);
    str_free(&squeezed);
}

static void test_hangup(void **state)
{
    check_ending(*state, SIGHUP);
}

static void test_terminate(void **state)
{
    check_ending(*state, SIGTERM);
}

static void test_terminal_closed(void **state)
{
    check_ending(*state, 0);
}

static void test_interrupt_key(void **state)
{
    struct rig *r = *state;
    int status;
    open_and_write(r);
    vth_keys(r->v, "\003");
    assert_true(vth_wait_gone(r->v, "chars/s", wait_ms));
    assert_true(vth_find(r->v, "Leave?") < 0);
    vth_keys(r->v, "草稿");
    expect(r->v, "草稿");
    vth_keys(r->v, "\003"); /* the prompt goes first */
    expect(r->v, READY);
    vth_keys(r->v, "\003");
    expect(r->v, "Leave?");
    vth_keys(r->v, "\003");
    assert_true(vth_wait_exit(r->v, wait_ms, &status));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_clean(r->v);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void write_file(const char *path, const char *bytes, size_t n, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

/* With a fixed seed a retry is another take all the same; undo and redo move between them. */
static void test_retry_with_seed(void **state)
{
    struct rig *r = *state;
    struct str takes[2] = {STR_INIT, STR_INIT}, now = STR_INIT;
    size_t n = strlen(RIG_OPENING) + 60;
    open_and_write(r);
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            vth_keys(r->v, "\033[15~"); /* F5 */
        assert_true(rig_writes(r));
        assert_true(rig_shows_more_than(r, n));
        assert_true(rig_stop_writing(r));
        assert_true(vth_find(r->v, "context 0/") < 0);
        assert_true(rig_story(r, &takes[i]));
    }
    assert_true(takes[0].len > n && takes[1].len > n);
    assert_int_equal(memcmp(takes[0].data, takes[1].data, strlen(RIG_OPENING)), 0);
    assert_int_not_equal(memcmp(takes[0].data, takes[1].data, n), 0);
    vth_keys(r->v, "\033u");
    assert_true(rig_story(r, &now));
    assert_string_equal(str_cstr(&now), RIG_OPENING "\n");
    vth_keys(r->v, "\033r");
    assert_true(rig_story(r, &now));
    assert_string_equal(str_cstr(&now), str_cstr(&takes[1]));
    quit_cleanly(r);
    str_free(&takes[0]);
    str_free(&takes[1]);
    str_free(&now);
}

/* [keys] of xuxie.ini: another key for an action, none for another, and a row that is wrong. */
static void test_bound_keys(void **state)
{
    struct rig *r = *state;
    char path[128];
    static const char ini[] = "[keys]\nhelp = F2\nredraw =\nfly = F7\nundo = F6, Hyper\n";
    snprintf(path, sizeof path, "%s/.config", r->home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/xuxie", r->home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/xuxie/xuxie.ini", r->home);
    write_file(path, ini, strlen(ini), 0600);
    rig_start_with(r, 24, 80, (const char *const[]){"--model", "preview-q8_0", NULL}, NULL, false);
    expect(r->v, READY);
    expect(r->v, "xuxie.ini: line 4:"); /* the first of two */
    vth_keys(r->v, "\033OP");           /* F1 */
    vth_quiet(r->v, wait_ms);
    assert_true(vth_find(r->v, "Moving") < 0 && vth_find(r->v, "Writing") < 0);
    vth_keys(r->v, "\033OQ"); /* F2 */
    expect(r->v, "Writing");
    expect(r->v, "M-u"); /* undo kept its key */
    vth_keys(r->v, "q");
    rig_enter(r, "/quit");
    int status;
    assert_true(vth_wait_exit(r->v, wait_ms, &status));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A chat: the model must be made for it; questions and answers are passages of their own. */
static void test_chat(void **state)
{
    struct rig *r = *state;
    struct str story = STR_INIT;
    char model[512];
    int status;
    rig_start_with(r, 24, 80, (const char *const[]){"--model", "preview-q8_0", NULL}, NULL, false);
    expect(r->v, "xuxie-preview");
    rig_enter(r, "/set chat on");
    expect(r->v, "no chat format");
    rig_enter(r, "/set chat");
    expect(r->v, "chat = off");
    rig_enter(r, "/quit");
    assert_true(vth_wait_exit(r->v, wait_ms, &status));
    if (!shared_path(model, sizeof model, "fixtures/e3_qwen2_gqa_bias_fp16"))
        skip();
    rig_stop(r);
    rig_start_with(r, 24, 80,
                   (const char *const[]){"--model", model, "--chat", "--seed", "3", "-n", "12",
                                         "--ignore-eos", NULL},
                   NULL, false);
    expect(r->v, READY);
    for (int i = 0; i < 2; i++) {
        rig_enter(r, i ? "again" : "hello");
        assert_true(rig_shows_more_than(r, i ? strlen("helloagain") : strlen("hello")));
        vth_quiet(r->v, wait_ms);
    }
    assert_true(rig_story(r, &story));
    assert_int_equal(strncmp(str_cstr(&story), "hello\n\n", 7), 0);
    const char *second = strstr(str_cstr(&story), "\n\nagain\n\n");
    assert_non_null(second);
    assert_true(second[strlen("\n\nagain\n\n")] != '\0');
    assert_null(strstr(str_cstr(&story), "user"));
    rig_enter(r, "/quit");
    assert_true(vth_wait_exit(r->v, wait_ms, &status));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    str_free(&story);
}

/* Without a model the room takes the author's words and says what is missing. */
static void test_no_model(void **state)
{
    struct rig *r = *state;
    struct str story = STR_INIT;
    rig_start_with(r, 24, 80, (const char *const[]){"--model", "/nonexistent/m.gguf", NULL}, NULL,
                   false);
    expect(r->v, "/nonexistent/m.gguf");
    expect(r->v, READY);
    vth_keys(r->v, "\033[15~"); /* F5 */
    expect(r->v, "No model is loaded");
    assert_true(vth_find(r->v, "loading") < 0);
    rig_enter(r, RIG_OPENING);
    assert_true(rig_story(r, &story));
    assert_string_equal(str_cstr(&story), RIG_OPENING "\n");
    rig_enter(r, "/model preview-q8_0");
    expect(r->v, "xuxie-preview");
    vth_keys(r->v, "\r");
    assert_true(rig_shows_more_than(r, strlen(RIG_OPENING)));
    rig_stop_writing(r);
    quit_cleanly(r);
    str_free(&story);
}

static void test_mouse_wheel(void **state)
{
    struct rig *r = *state;
    struct str text = STR_INIT, before = STR_INIT, now = STR_INIT;
    char path[128];
    for (int i = 0; i < 100; i++)
        str_printf(&text, "第%d行\n", i);
    snprintf(path, sizeof path, "%s/lines.txt", r->home);
    write_file(path, str_cstr(&text), text.len, 0600);
    open_room(r, (const char *const[]){path, NULL});
    expect(r->v, "第99行");
    vth_quiet(r->v, wait_ms);
    rig_pane(r, &before);
    for (int i = 0; i < 3; i++)
        vth_mouse(r->v, 64, 5, 10);
    assert_true(vth_wait_gone(r->v, "第99行", wait_ms));
    for (int i = 0; i < 5; i++)
        vth_mouse(r->v, 65, 5, 10);
    expect(r->v, "第99行");
    vth_quiet(r->v, wait_ms);
    rig_pane(r, &now);
    assert_string_equal(str_cstr(&now), str_cstr(&before));
    quit_cleanly(r);
    str_free(&text);
    str_free(&before);
    str_free(&now);
}

static void test_vi_mode(void **state)
{
    struct rig *r = *state;
    open_room(r, (const char *const[]){"--edit-mode", "vi", NULL});
    vth_keys(r->v, "甲乙丙");
    expect_prompt(r, "甲乙丙");
    vth_keys(r->v, "\033");
    vth_pump(r->v, 150); /* an ESC alone is one after a while */
    vth_keys(r->v, "0r中");
    expect_prompt(r, "中乙丙");
    vth_keys(r->v, "\003");
    expect(r->v, READY);
    quit_cleanly(r);
}

static void test_editor(void **state)
{
    struct rig *r = *state;
    static const char script[] = "#!/bin/sh\nprintf '改过的' >>\"$1\"\n";
    char path[128], variable[160];
    snprintf(path, sizeof path, "%s/editor", r->home);
    write_file(path, script, sizeof script - 1, 0700);
    snprintf(variable, sizeof variable, "EDITOR=%s", path);
    rig_start_with(r, 24, 80, NULL, (const char *const[]){variable, NULL}, false);
    expect(r->v, "xuxie-preview");
    vth_keys(r->v, "初稿");
    expect_prompt(r, "初稿");
    vth_keys(r->v, "\030\005");
    expect_prompt(r, "初稿改过的");
    assert_true(vth_alternate(r->v));
    vth_keys(r->v, "\003");
    expect(r->v, READY);
    quit_cleanly(r);
}

/* Is there an SGR that sets a colour? */
static bool has_colour(const char *raw, size_t n)
{
    for (size_t i = 0; i + 2 < n; i++) {
        if (raw[i] != '\033' || raw[i + 1] != '[')
            continue;
        size_t end = i + 2;
        while (end < n &&
               ((raw[end] >= '0' && raw[end] <= '9') || raw[end] == ';' || raw[end] == ':'))
            end++;
        if (end >= n || raw[end] != 'm')
            continue;
        for (const char *p = raw + i + 2; p < raw + end; p++) {
            long value = strtol(p, (char **)&p, 10);
            if ((value >= 30 && value < 50 && value != 39 && value != 49) ||
                (value >= 90 && value < 108))
                return true;
        }
    }
    return false;
}

/* One press of a random key; not those that leave, suspend or run an editor. */
static void press_random_key(struct vth *v)
{
    static const char *const keys[] = {"\033[A",
                                       "\033[B",
                                       "\033[C",
                                       "\033[D",
                                       "\033[H",
                                       "\033[F",
                                       "\033[5~",
                                       "\033[6~",
                                       "\033[3~",
                                       "\033OP",
                                       "\033[15~",
                                       "\033[20~",
                                       "\033u",
                                       "\033r",
                                       "\033[1;3D",
                                       "\033[1;3C",
                                       "\r",
                                       "\033\r",
                                       "\n",
                                       "\t",
                                       "\033",
                                       "\033[<64;5;5M",
                                       "\033[<0;9;21M",
                                       "\033[",
                                       "雪",
                                       "👨‍👩‍👧",
                                       "e\xCC\x81",
                                       "\xE4\xB8",
                                       "/",
                                       "/set ",
                                       "\022",
                                       "\033[200~"};
    char byte[2] = {0};
    int kind = rig_random(4);
    if (kind == 0) {
        vth_keys(v, keys[rig_random((int)ARRAY_LEN(keys))]);
        return;
    }
    do {
        byte[0] = (char)(kind == 1 ? 1 + rig_random(31) : 1 + rig_random(255));
    } while (strchr("\003\004\030\032", byte[0]) != NULL);
    vth_send(v, byte, 1);
}

/* Keys at random while it writes: it lives, sends nothing a terminal should not get, and everything
 * is kept. */
static void test_key_mash(void **state)
{
    struct rig *r = *state;
    int n = storm_length() * 20, status;
    open_and_write(r);
    for (int i = 0; i < n; i++) {
        press_random_key(r->v);
        vth_pump(r->v, i % 8 == 0);
        if (vth_wait_exit(r->v, 0, &status))
            fail_with_screen(r->v, "it ended");
    }
    vth_keys(r->v, "\033[201~\007"); /* a paste may be open */
    vth_quiet(r->v, wait_ms);
    if (vth_offence(r->v) != NULL)
        fail_msg("offence: %s", vth_offence(r->v));
    vth_signal(r->v, SIGTERM);
    assert_true(vth_wait_exit(r->v, wait_ms, &status));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    expect_clean(r->v);
}

static void test_no_color(void **state)
{
    struct rig *r = *state;
    size_t n;
    for (int colours = 0; colours < 2; colours++) {
        rig_start_with(r, 24, 80, NULL, colours ? NULL : (const char *const[]){"NO_COLOR=1", NULL},
                       false);
        expect(r->v, "xuxie-preview");
        rig_enter(r, RIG_OPENING);
        vth_wait_text(r->v, "chars/s", 1000);
        rig_stop_writing(r);
        quit_cleanly(r);
        const char *raw = vth_raw(r->v, &n);
        assert_int_equal(has_colour(raw, n), colours);
        rig_stop(r);
    }
}

static void test_line_mode(void **state)
{
    struct rig *r = *state;
    static const char *const args[] = {"--ignore-eos", "-n", "1000000", "--seed", "3", NULL};
    static const char *const env[] = {"TERM=dumb", NULL};
    struct str story = STR_INIT;
    int status;
    rig_start_with(r, 24, 80, args, env, false);
    expect(r->v, "line mode");
    expect(r->v, ">");
    rig_enter(r, RIG_OPENING);
    size_t n0 = vth_bytes(r->v);
    int64_t until = clock_mono_ms() + wait_ms;
    while (vth_bytes(r->v) < n0 + 600 && clock_mono_ms() < until)
        vth_pump(r->v, 20);
    assert_true(vth_bytes(r->v) >= n0 + 600);
    vth_keys(r->v, "\003");
    vth_quiet(r->v, wait_ms);
    assert_true(rig_story(r, &story));
    assert_true(story.len > strlen(RIG_OPENING) + 100);
    assert_int_equal(strncmp(str_cstr(&story), RIG_OPENING, strlen(RIG_OPENING)), 0);
    vth_keys(r->v, "\004");
    if (!vth_wait_exit(r->v, wait_ms, &status))
        fail_with_screen(r->v, "^D does not leave");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(vth_termios_restored(r->v));
    str_free(&story);
}

#define ROOM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(test_resize_storm),  ROOM_TEST(test_one_cell_and_back),
        ROOM_TEST(test_large_paste),   ROOM_TEST(test_paste_is_not_keys),
        ROOM_TEST(test_suspend),       ROOM_TEST(test_hangup),
        ROOM_TEST(test_terminate),     ROOM_TEST(test_terminal_closed),
        ROOM_TEST(test_interrupt_key), ROOM_TEST(test_retry_with_seed),
        ROOM_TEST(test_no_model),      ROOM_TEST(test_mouse_wheel),
        ROOM_TEST(test_vi_mode),       ROOM_TEST(test_editor),
        ROOM_TEST(test_key_mash),      ROOM_TEST(test_no_color),
        ROOM_TEST(test_line_mode),     ROOM_TEST(test_bound_keys),
        ROOM_TEST(test_chat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
