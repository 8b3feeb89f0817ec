/* test_overlays.c - History and Templates in the real program with the bundled model, on a virtual
 * terminal. $XUXIE names the program; XUXIE_STORM makes the storm of resizes longer. */
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
#include "tests/tui/vth.h"

#define READY "Write on"
#define F3    "\033OR"
#define F4    "\033OS"
#define ESC   "\033"
#define DOWN  "\033[B"
#define UP    "\033[A"

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

static void fail_with_screen(struct vth *v, const char *text, const char *what)
{
    fprintf(stderr, "# \"%s\" %s; the screen:\n%s\n", text, what, vth_screen(v));
    fail();
}

static void expect(struct rig *r, const char *text)
{
    if (!vth_wait_text(r->v, text, wait_ms))
        fail_with_screen(r->v, text, "did not appear");
}

static void expect_gone(struct rig *r, const char *text)
{
    if (!vth_wait_gone(r->v, text, wait_ms))
        fail_with_screen(r->v, text, "did not go");
}

static void keys(struct rig *r, const char *bytes)
{
    vth_keys(r->v, bytes);
}

/* The room with takes of forty tokens. */
static void open_room(struct rig *r, const char *const *env)
{
    static const char *const args[] = {"-n", "40", "--seed", "3", "--ignore-eos", NULL};
    rig_start_with(r, 24, 80, args, env, false);
    expect(r, "xuxie-preview");
}

/* Sends a line and waits until the model has gone on from it and ended. */
static void write_on(struct rig *r, const char *line)
{
    struct str story = STR_INIT;
    int64_t until = clock_mono_ms() + wait_ms;
    const char *at = NULL;
    rig_enter(r, line);
    while ((at == NULL || strlen(at) < strlen(line) + 30) && clock_mono_ms() < until) {
        vth_pump(r->v, 100);
        assert_true(rig_story(r, &story));
        at = strstr(str_cstr(&story), line);
    }
    assert_non_null(at);
    expect_gone(r, "chars/s");
    vth_pump(r->v, 500); /* a ^C that comes at once is taken to be meant for what just ended */
    str_free(&story);
}

/* Leaves the view: an Escape that is followed by something at once would be a Meta key. */
static void leave_view(struct rig *r)
{
    keys(r, ESC);
    vth_pump(r->v, 150);
}

static void write_three(struct rig *r)
{
    write_on(r, "雪夜里有一盏灯。");
    write_on(r, "老人推开了门。");
    write_on(r, "孩子举起了灯笼。");
}

static void quit_cleanly(struct rig *r)
{
    assert_int_equal(rig_quit(r), 0);
    if (vth_offence(r->v) != NULL)
        fail_msg("offence: %s", vth_offence(r->v));
    rig_stop(r);
}

/* ---- history --------------------------------------------------------------------------------- */

static void test_search(void **state)
{
    struct rig *r = *state;
    open_room(r, NULL);
    write_three(r);
    keys(r, "草稿" F3);
    expect(r, "3 in all");
    expect(r, "1/3");
    keys(r, "老人");
    expect(r, "1 found");
    keys(r, " starred:");
    expect(r, "0 found");
    expect(r, "Nothing is like that.");
    keys(r, "\027\027"); /* C-w: the words go */
    expect(r, "3 in all");
    keys(r, "灯");
    expect(r, "found");
    leave_view(r);
    expect(r, "│草稿");
    keys(r, F3 F3); /* and its own key closes it */
    expect(r, "│草稿");
    keys(r, "\003");
    quit_cleanly(r);
}

/* The search line is no draft: after a kill in the middle of a search the draft is there. */
static void test_kill_in_a_view(void **state)
{
    struct rig *r = *state;
    struct str prompt = STR_INIT;
    open_room(r, NULL);
    write_on(r, "雪夜里有一盏灯。");
    keys(r, "未写完的草稿");
    expect(r, "未写完的草稿");
    keys(r, F3);
    expect(r, "1 in all");
    keys(r, "查找");
    expect(r, "0 found");
    vth_pump(r->v, 1500);
    vth_signal(r->v, SIGKILL);
    assert_true(vth_wait_exit(r->v, wait_ms, NULL));
    rig_stop(r);
    open_room(r, NULL);
    expect(r, "未写完的草稿");
    assert_true(rig_prompt(r, &prompt));
    assert_string_equal(str_cstr(&prompt), "未写完的草稿");
    keys(r, "\003");
    quit_cleanly(r);
    str_free(&prompt);
}

static void test_marks(void **state)
{
    struct rig *r = *state;
    open_room(r, NULL);
    write_three(r);
    keys(r, F3);
    expect(r, "3 in all");
    keys(r, DOWN "\033s");
    expect(r, "★");
    keys(r, "\033h");
    expect(r, "Its tags");
    keys(r, "好 夜\r");
    expect(r, "#好");
    expect(r, "#夜");
    keys(r, "\033e");
    expect(r, "The note on it");
    keys(r, "门开得好\r");
    expect(r, "门开得好");
    keys(r, "tag:夜");
    expect(r, "1 found");
    keys(r, "\025门开得好"); /* notes are searched too */
    expect(r, "1 found");
    keys(r, "\025starred:");
    expect(r, "1 found");
    keys(r, "\033h");
    expect(r, "Its tags");
    keys(r, "\025夜\r"); /* these and no others */
    expect_gone(r, "#好");
    expect(r, "#夜");
    keys(r, "\033s"); /* no star any more: the next search does not find it */
    expect_gone(r, "★");
    leave_view(r);
    quit_cleanly(r);
}

static void test_pages(void **state)
{
    struct rig *r = *state;
    open_room(r, NULL);
    write_three(r);
    keys(r, F3);
    expect(r, "what it wrote");
    keys(r, "\033v");
    expect(r, "the exact prompt");
    expect(r, "in 5 parts");
    keys(r, "\033v");
    expect(r, "model and settings");
    expect(r, "identity");
    keys(r, "\033v");
    expect(r, "chance");
    keys(r, "\033v\033m"); /* marks it */
    expect(r, "±");
    keys(r, DOWN "\033m");
    expect(r, "compared with");
    keys(r, "\033x"); /* a command while the line keeps what it holds */
    expect(r, "A command:");
    keys(r, "show output\r");
    expect(r, "what it wrote");
    leave_view(r);
    quit_cleanly(r);
}

/* Goes to where it stands in its story, and the later passages are still there. */
static void test_go_there(void **state)
{
    struct rig *r = *state;
    struct str before = STR_INIT, after = STR_INIT;
    open_room(r, NULL);
    write_on(r, "雪夜里有一盏灯。");
    assert_true(rig_story(r, &before));
    write_on(r, "老人推开了门。");
    rig_enter(r, "/new");
    write_on(r, "另一个故事。");
    keys(r, F3);
    expect(r, "3 in all");
    vth_quiet(r->v, wait_ms); /* the newest one's record may still be coming in */
    keys(r, DOWN DOWN);
    expect(r, "3/3");
    keys(r, "\r"); /* reads it ... */
    vth_quiet(r->v, wait_ms);
    keys(r, "\r"); /* ... and goes there */
    expect(r, READY);
    vth_quiet(r->v, wait_ms);
    assert_true(rig_story(r, &after));
    assert_string_equal(str_cstr(&after), str_cstr(&before));
    keys(r, "\033r"); /* redo: what came after */
    vth_quiet(r->v, wait_ms);
    assert_true(rig_story(r, &after));
    assert_non_null(strstr(str_cstr(&after), "老人推开了门。"));
    quit_cleanly(r);
    str_free(&before);
    str_free(&after);
}

static void test_reuse_and_file(void **state)
{
    struct rig *r = *state;
    char path[128], text[4096];
    open_room(r, NULL);
    write_on(r, "雪夜里有一盏灯。");
    keys(r, F3);
    expect(r, "1 in all");
    keys(r, "\033o");
    expect(r, "The file it is written to");
    snprintf(path, sizeof path, "%s/passage.txt", r->home);
    keys(r, "\025");
    rig_enter(r, path);
    expect(r, "Saved as");
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof text) > 40);
    close(fd);
    keys(r, "\033i");
    expect(r, "│雪夜里有一盏灯。");
    expect_gone(r, "History");
    keys(r, "\003");
    quit_cleanly(r);
}

/* The model goes on behind the view; what it wrote comes in by itself. */
static void test_writing_behind(void **state)
{
    struct rig *r = *state;
    assert_true(rig_open(r, NULL)); /* it writes without end */
    rig_enter(r, RIG_OPENING);
    assert_true(rig_writes(r));
    keys(r, F3);
    expect(r, "in all");
    expect(r, "chars/s");
    keys(r, "\003");
    expect_gone(r, "chars/s");
    expect(r, "stopped");
    leave_view(r);
    expect(r, READY);
    quit_cleanly(r);
}

/* ---- templates ------------------------------------------------------------------------------- */

static void open_template(struct rig *r, const char *name)
{
    char line[64];
    snprintf(line, sizeof line, "/template %s", name);
    rig_enter(r, line);
    expect(r, "templates");
    snprintf(line, sizeof line, "▸ %s", name);
    expect(r, line);
}

static void test_preview(void **state)
{
    struct rig *r = *state;
    open_room(r, NULL);
    open_template(r, "写诗");
    expect(r, "few-shot, 5 of 7");
    keys(r, "\033[1;3D"); /* M-Left: fewer */
    expect(r, "few-shot, 4 of 7");
    keys(r, "\033[1;3C\033[1;3C");
    expect(r, "few-shot, 6 of 7");
    keys(r, "\033k"); /* as many as fit */
    expect(r, "few-shot, 7 of 7");
    keys(r, "\033m");
    expect(r, "zero-shot");
    keys(r, "\033m");
    expect(r, "one-shot, 1 of 7");
    keys(r, "\033m\033s");
    expect(r, "drawn at random");
    keys(r, "\033s");
    expect(r, "tagged #七言");
    keys(r, "\033s");
    expect(r, "tagged #五言");
    keys(r, "\033s");
    expect(r, "the most similar");
    keys(r, "\033s\033s\033s");
    expect(r, "tagged #七言");
    keys(r, "夜雪");
    expect(r, "题目：夜雪");
    expect(r, "{{起句}}");
    keys(r, " 起句=一灯如豆");
    expect(r, "│一灯如豆");
    leave_view(r);
    expect(r, READY);
    open_template(r, "写诗"); /* what was turned stays, and the query */
    expect(r, "│夜雪 起句=一灯如豆");
    keys(r, "\025");
    expect(r, "tagged #七言");
    keys(r, "\003\003");
    quit_cleanly(r);
}

static void test_run_and_keep(void **state)
{
    struct rig *r = *state;
    struct str story = STR_INIT;
    open_room(r, NULL);
    keys(r, "草稿");
    keys(r, F4);
    expect(r, "templates");
    keys(r, "\033x");
    expect(r, "A command:");
    keys(r, "template 写诗\r");
    expect(r, "▸ 写诗");
    keys(r, "夜雪\r"); /* what is missing is asked for */
    expect(r, "起句:");
    keys(r, "一灯如豆夜沉沉，\r");
    expect(r, "result");
    expect(r, "— ");
    keys(r, "\033[15~"); /* F5: another take */
    vth_quiet(r->v, wait_ms);
    expect(r, "— ");
    keys(r, "\033g"); /* into the manuscript */
    expect(r, "│草稿");
    vth_pump(r->v, 500);
    keys(r, "\003");
    expect(r, READY);
    assert_true(rig_story(r, &story));
    assert_true(story.len > strlen("一二三"));
    keys(r, F3);
    expect(r, "2 in all");
    expect(r, "写诗:");
    expect(r, "template 写诗, version 1, 5 of 5 examples");
    keys(r, "\033i"); /* its template again, with the same fields */
    expect(r, "▸ 写诗");
    expect(r, "│夜雪 起句=一灯如豆夜沉沉，");
    leave_view(r);
    quit_cleanly(r);
    str_free(&story);
}

static void test_examples(void **state)
{
    struct rig *r = *state;
    open_room(r, NULL);
    open_template(r, "写诗");
    keys(r, "\033o");
    expect(r, "7 of 7 are on");
    expect(r, "写诗 · example 1");
    keys(r, "\033o");
    expect(r, "6 of 7 are on");
    keys(r, "\033[1;3B"); /* M-Down */
    expect(r, "写诗 · example 2");
    expect(r, "2/7");
    keys(r, "春雨");
    expect(r, "3/7");
    keys(r, "\033z");
    expect(r, "5 of 6 are on");
    leave_view(r);
    leave_view(r);
    expect(r, READY);
    open_template(r, "写诗");
    keys(r, "\033o");
    expect(r, "5 of 6 are on");
    assert_true(vth_find(r->v, "早行") < vth_find(r->v, "山中夜坐"));
    leave_view(r);
    leave_view(r);
    quit_cleanly(r);
}

static void write_script(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* The first time the file is spoilt; the second time, when the reason stands in it, mended. */
static void test_editor(void **state)
{
    struct rig *r = *state;
    char path[128], variable[160];
    snprintf(path, sizeof path, "%s/editor", r->home);
    snprintf(variable, sizeof variable, "EDITOR=%s", path);
    write_script(path,
                 "#!/bin/sh\n"
                 "if grep -q '^!! .*mood' \"$1\"; then sed -i 's/^mood: x/about: 改过的/' \"$1\"\n"
                 "else sed -i 's/^about: .*/mood: x/' \"$1\"; fi\n");
    open_room(r, (const char *const[]){variable, NULL});
    open_template(r, "写诗");
    keys(r, "\033e");
    expect(r, "改过的");
    keys(r, "\033v\033v");
    expect(r, "version 2");
    keys(r, "\033q");
    expect(r, "The template's name:");
    keys(r, "\025作诗\r");
    expect(r, "▸ 作诗");
    write_script(path, "#!/bin/sh\nsed -i 's/Say here/说明/' \"$1\"\n");
    keys(r, "\033i");
    expect(r, "The new template's name:");
    keys(r, "试新\r");
    expect(r, "▸ 试新");
    leave_view(r);
    quit_cleanly(r);
}

static void test_example_from_the_manuscript(void **state)
{
    struct rig *r = *state;
    open_room(r, NULL);
    write_on(r, "雪夜里有一盏灯。");
    keys(r, "\033a");
    expect(r, "An example of which template?");
    keys(r, "/扩写\r\r");
    expect(r, "Example 5 of 扩写, version 2.");
    rig_enter(r, "/example 扩写");
    expect(r, "Example 6 of 扩写, version 3.");
    open_template(r, "扩写");
    expect(r, "6 ex.");
    keys(r, "\033o");
    expect(r, "雪夜里有一盏灯。 →");
    leave_view(r);
    leave_view(r);
    quit_cleanly(r);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void storm(struct rig *r)
{
    const char *given = getenv("XUXIE_STORM");
    static const char *const presses[] = {"\t", DOWN, UP, "\033[6~", "雪", "\x7F", "\033v"};
    int n = given != NULL ? atoi(given) : 120;
    for (int i = 0; i < n; i++) {
        vth_resize(r->v, 1 + rig_random(60), 1 + rig_random(200));
        keys(r, presses[rig_random((int)ARRAY_LEN(presses))]);
        vth_pump(r->v, 1 + rig_random(6));
    }
    vth_resize(r->v, 24, 80);
    vth_quiet(r->v, wait_ms);
}

static void test_storm(void **state)
{
    struct rig *r = *state;
    assert_true(rig_open(r, NULL));
    rig_enter(r, RIG_OPENING);
    assert_true(rig_writes(r));
    keys(r, F3);
    expect(r, "in all");
    storm(r);
    expect(r, "History");
    keys(r, F4);
    expect(r, "Templates");
    storm(r);
    expect(r, "Templates");
    keys(r, F4);
    expect(r, "chars/s");
    assert_true(rig_stop_writing(r));
    quit_cleanly(r);
}

/* Line mode waits for a line behind this prompt. */
static void wait_for_prompt(struct rig *r, const char *prompt)
{
    int64_t until = clock_mono_ms() + wait_ms;
    bool there = false;
    while (!there && clock_mono_ms() < until) {
        int row, column;
        vth_pump(r->v, 100);
        vth_cursor(r->v, &row, &column);
        there = strcmp(vth_row(r->v, row), prompt) == 0;
    }
    if (!there)
        fail_with_screen(r->v, prompt, "is not asked");
}

static void test_line_mode(void **state)
{
    struct rig *r = *state;
    static const char *const args[] = {"-n", "40", "--seed", "3", NULL};
    static const char *const env[] = {"TERM=dumb", NULL};
    rig_start_with(r, 50, 80, args, env, false);
    expect(r, "line mode");
    rig_enter(r, "雪夜里有一盏灯。");
    wait_for_prompt(r, ">");
    rig_enter(r, "/history");
    expect(r, "* History · 1 in all");
    rig_enter(r, "1");
    expect(r, "--- untitled · what it wrote");
    rig_enter(r, "/star");
    expect(r, "It has a star now.");
    rig_enter(r, "starred:");
    expect(r, "1 found");
    rig_enter(r, "/back");
    rig_enter(r, "/template 写诗");
    expect(r, "写诗  一联起句");
    rig_enter(r, "夜雪");
    expect(r, "起句:");
    rig_enter(r, "一灯如豆夜沉沉，");
    expect(r, "--- 写诗 · result");
    expect(r, "chars/s");
    rig_enter(r, "/examples");
    expect(r, "7 of 7 are on");
    rig_enter(r, "3");
    expect(r, "写诗 · example 3");
    rig_enter(r, "/toggle");
    rig_enter(r, "/back");
    rig_enter(r, "/keep");
    wait_for_prompt(r, ">");
    assert_int_equal(rig_quit(r), 0);
}

#define VIEW_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        VIEW_TEST(test_search),         VIEW_TEST(test_kill_in_a_view),
        VIEW_TEST(test_marks),          VIEW_TEST(test_pages),
        VIEW_TEST(test_go_there),       VIEW_TEST(test_reuse_and_file),
        VIEW_TEST(test_writing_behind), VIEW_TEST(test_preview),
        VIEW_TEST(test_run_and_keep),   VIEW_TEST(test_examples),
        VIEW_TEST(test_editor),         VIEW_TEST(test_example_from_the_manuscript),
        VIEW_TEST(test_storm),          VIEW_TEST(test_line_mode),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
