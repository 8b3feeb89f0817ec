/* test_browser.c - views over the manuscript, and questions answered in the prompt pane, driven
 * through a virtual terminal. */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "tests/tui/demo_rig.h"

#define SEARCH    "Type to search."
#define ESC       "\033"
#define UP        "\033[A"
#define DOWN      "\033[B"
#define LEFT      "\033[D"
#define PAGE_DOWN "\033[6~"

static struct vth *open_view(int rows, int columns, const char *n)
{
    char command[32];
    struct vth *v = demo_start(rows, columns);
    snprintf(command, sizeof command, "/browse %s\r", n);
    vth_keys(v, command);
    demo_expect(v, SEARCH);
    return v;
}

/* ---- the line -------------------------------------------------------------------------------- */

/* The draft comes back byte for byte, its cursor too, and undo does not reach behind it. */
static void test_draft_comes_back(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "甲e\xCC\x81乙\n丙" LEFT);
    demo_expect_cursor(v, 21, 1);
    vth_keys(v, "\033OR"); /* F3 */
    demo_expect(v, SEARCH);
    assert_int_equal(vth_find(v, "乙"), -1);
    vth_keys(v, "/over\r"); /* a view on the view */
    demo_expect(v, "3 rows");
    vth_keys(v, "灯" ESC);
    demo_expect(v, "view closed");
    vth_keys(v, "火" ESC);
    demo_expect(v, "│丙");
    demo_expect_row(v, 20, "│甲e\xCC\x81乙");
    demo_expect_cursor(v, 21, 1);
    vth_keys(v, "\037\037"); /* C-_: nothing to undo */
    vth_quiet(v, WAIT);
    demo_expect(v, "│丙");
    vth_keys(v, "了");
    demo_expect(v, "│了丙");
    vth_signal(v, SIGTERM);
    demo_expect_exit(v, 0);
    demo_expect(v, "draft [甲e\xCC\x81乙");
    vth_free(v);
}

static void test_draft_set_under_a_view(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "30");
    vth_keys(v, "/draft\r"); /* the house sets the draft */
    demo_expect(v, SEARCH);
    assert_int_equal(vth_find(v, "另一稿"), -1);
    vth_keys(v, "灯");
    demo_expect(v, "[灯]");
    vth_keys(v, ESC);
    demo_expect(v, "│另一稿");
    demo_expect_cursor(v, 21, 1 + 6);
    demo_leave(v);
}

/* What is told as the draft is never the view's line. */
static void test_hangup_in_a_view(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "30");
    vth_keys(v, "/draft\r");
    vth_keys(v, "不是草稿");
    demo_expect(v, "[不是草稿]");
    vth_pump(v, 400); /* the time after which a draft is told */
    vth_signal(v, SIGHUP);
    demo_expect_exit(v, 0);
    demo_expect(v, "draft [另一稿]");
    vth_free(v);
}

static void test_every_change_is_told(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "30");
    vth_keys(v, "雪");
    demo_expect(v, "[雪]");
    vth_keys(v, "夜归");
    demo_expect(v, "[雪夜归]");
    vth_keys(v, "\x7F");
    demo_expect(v, "[雪夜]");
    vth_keys(v, "\r"); /* stays */
    demo_expect(v, "sent [雪夜] on 1");
    demo_expect(v, "│雪夜");
    vth_keys(v, "\003"); /* ^C: first the line, then the view */
    demo_expect(v, "[]");
    demo_expect(v, SEARCH);
    vth_keys(v, "\003");
    demo_expect(v, READY);
    demo_leave(v);
}

static void test_history_does_not_mix(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "从前\r");
    demo_expect(v, READY);
    vth_keys(v, "/browse 30\r");
    demo_expect(v, SEARCH);
    vth_keys(v, "\020\020"); /* C-p: readline's history, edited ... */
    demo_expect(v, "[从前]");
    vth_keys(v, "改");
    demo_expect(v, "[从前改]");
    vth_keys(v, "\033");
    demo_expect(v, READY);
    vth_keys(v, "\033[A\033[A"); /* ... is as it was */
    demo_expect(v, "│从前 ");
    demo_leave(v);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void test_moving(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "1000");
    demo_expect(v, "1/1000");
    demo_expect(v, "▸ row 0000001");
    demo_expect(v, "page of 1");
    vth_keys(v, DOWN DOWN DOWN);
    demo_expect(v, "▸ row 0000004");
    demo_expect(v, "page of 4");
    vth_keys(v, UP);
    demo_expect(v, "3/1000");
    vth_keys(v, PAGE_DOWN);
    demo_expect(v, "8/1000");
    vth_keys(v, "\033[1;5F"); /* C-End */
    demo_expect(v, "▸ row 0001000");
    demo_expect(v, "page of 1000");
    vth_keys(v, DOWN);
    vth_quiet(v, WAIT);
    demo_expect(v, "1000/1000");
    vth_keys(v, "\033[1;5H");
    demo_expect(v, "1/1000");
    vth_keys(v, "\033s"); /* an action gets the row */
    demo_expect(v, "star 1");
    demo_leave(v);
}

static void test_page_scrolls(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "1000");
    demo_expect(v, "page line 01");
    vth_keys(v, "\033[1;2B\033[1;2B\033[1;2B"); /* S-Down, from the list */
    demo_expect_gone(v, "page line 02");
    demo_expect(v, "1/1000");
    vth_keys(v, "\t" PAGE_DOWN); /* the page has the keys now */
    demo_expect(v, "page line 12");
    vth_keys(v, DOWN);
    demo_expect(v, "page line 20");
    demo_expect(v, "1/1000");
    vth_keys(v, "\033[1;5F");
    demo_expect(v, "page line 50");
    vth_keys(v, "\t" DOWN); /* another row: another page, from its top */
    demo_expect(v, "page of 2");
    demo_expect(v, "page line 01");
    demo_leave(v);
}

static void test_mouse(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "1000");
    demo_expect(v, "row 0000006");
    vth_mouse(v, 0, 4, 20);
    demo_expect(v, "▸ row 0000003");
    vth_mouse(v, 65, 4, 20); /* the wheel moves the window, not the selection */
    demo_expect(v, "row 0000009");
    demo_expect(v, "3/1000");
    demo_expect(v, "page line 01");
    vth_mouse(v, 65, 14, 20);
    demo_expect_gone(v, "page line 01");
    demo_expect(v, "row 0000009");
    vth_mouse(v, 0, 14, 20); /* a click gives the page the keys */
    vth_keys(v, DOWN);
    demo_expect(v, "3/1000");
    demo_leave(v);
}

/* A million rows: only what is in sight is asked for. */
static void test_lazy(void **state)
{
    (void)state;
    unsigned long asked = 0;
    struct vth *v = open_view(24, 80, "1000000");
    vth_keys(v, "\033[1;5F");
    demo_expect(v, "1000000/1000000");
    demo_expect(v, "▸ row 1000000");
    vth_keys(v, ESC);
    demo_expect(v, READY);
    vth_signal(v, SIGTERM);
    demo_expect_exit(v, 0);
    demo_expect(v, "rows asked");
    const char *row = vth_row(v, vth_find(v, "rows asked"));
    assert_int_equal(sscanf(row, "rows asked %lu", &asked), 1);
    assert_true(asked > 0 && asked < 500);
    vth_free(v);
}

static void test_growing(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "0");
    demo_expect(v, "nothing is here");
    demo_expect(v, "page of 0");
    vth_keys(v, DOWN UP "\t\t");
    vth_keys(v, "/more\r");
    demo_expect(v, "▸ row 0000001");
    vth_keys(v, DOWN DOWN);
    demo_expect(v, "3/100");
    vth_keys(v, "/more\r");
    demo_expect(v, "3/200");
    demo_expect(v, "▸ row 0000003");
    demo_leave(v);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int rows, columns;
        bool both;
    } sizes[] = {{60, 200, true}, {30, 100, true}, {24, 80, true},
                 {14, 60, false}, {10, 40, false}, {6, 30, false}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct vth *v = open_view(sizes[i].rows, sizes[i].columns, "50");
        demo_expect(v, "▸ row 0000001");
        vth_quiet(v, WAIT);
        assert_int_equal(vth_find(v, "page line 01") >= 0, sizes[i].both);
        vth_keys(v, "\t");
        demo_expect(v, "page line 01");
        if (sizes[i].rows >= 10) {
            for (int y = 1; y < sizes[i].rows - 1; y++) {
                const char *row = vth_row(v, y);
                if (uwidth_str(row, strlen(row)) != (size_t)sizes[i].columns)
                    demo_fail(v, row, "is not as wide as the screen");
            }
        }
        demo_leave(v);
    }
}

static void test_resize_storm(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "500");
    unsigned r = 1;
    vth_keys(v, "搜" DOWN DOWN);
    demo_expect(v, "3/500");
    for (int i = 0; i < 150; i++) {
        r = r * 1103515245u + 12345u;
        vth_resize(v, 1 + (int)(r >> 16) % 60, 1 + (int)(r >> 8) % 180);
        if (i % 7 == 0)
            vth_keys(v, "\t");
        if (i % 5 == 0)
            vth_keys(v, "\033[1;2B");
        vth_pump(v, 3);
    }
    vth_resize(v, 24, 80);
    demo_expect(v, "3/500");
    demo_expect(v, "▸ row 0000003");
    demo_expect(v, "│搜");
    if (vth_offence(v) != NULL)
        fail_msg("offence: %s", vth_offence(v));
    vth_keys(v, ESC);
    demo_expect(v, READY);
    demo_leave(v);
}

/* ---- what goes on behind it ------------------------------------------------------------------ */

static void test_streaming_behind(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 3000\r/browse 50\r");
    demo_expect(v, SEARCH);
    demo_expect(v, "writing");
    vth_keys(v, "灯" DOWN);
    demo_expect(v, "2/50");
    assert_int_equal(vth_find(v, "那一夜"), -1);
    vth_keys(v, "\003"); /* ^C is the model's first */
    demo_expect_gone(v, "writing");
    demo_expect(v, "│灯");
    vth_keys(v, ESC);
    demo_expect(v, "那一夜");
    demo_expect(v, READY);
    demo_leave(v);
}

static void test_escape_does_not_stop(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/stream 3000\r/browse 50\r");
    demo_expect(v, SEARCH);
    vth_keys(v, ESC);
    demo_expect(v, READY);
    demo_expect(v, "writing");
    demo_leave(v);
}

static void test_pop_ups_over_a_view(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "50");
    vth_keys(v, "\033OP"); /* F1: the keys of this view first */
    demo_expect(v, "go to its place in its story");
    assert_true(vth_find(v, "History") >= 0 && vth_find(v, "History") < 4);
    vth_keys(v, ESC);
    demo_expect_gone(v, "go to its place in its story");
    demo_expect(v, "▸ row 0000001");
    demo_leave(v);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void test_question(void **state)
{
    (void)state;
    struct vth *v = demo_start(24, 80);
    vth_keys(v, "/question\r");
    demo_expect(v, "What is it called?");
    demo_expect(v, "Answer");
    vth_keys(v, "雪夜\r");
    demo_expect(v, "answered [雪夜]");
    demo_expect(v, READY);
    vth_keys(v, "/question\r");
    demo_expect(v, "What is it called?");
    vth_keys(v, ESC);
    demo_expect(v, "answered [nothing]");
    demo_leave(v);
}

static void test_question_in_a_view(void **state)
{
    (void)state;
    struct vth *v = open_view(24, 80, "50");
    vth_keys(v, "灯" LEFT "\033e");
    demo_expect(v, "A note?");
    demo_expect(v, "│旧");
    demo_expect(v, "▸ row 0000001"); /* the view is still seen */
    vth_keys(v, "的\r");
    demo_expect(v, "answered [旧的]");
    demo_expect(v, "│灯");
    demo_expect_cursor(v, 21, 1); /* where it was in the line */
    vth_keys(v, "\033e");
    demo_expect(v, "A note?");
    vth_keys(v, "/browse");
    vth_signal(v, SIGTERM); /* ends in the middle */
    demo_expect_exit(v, 0);
    vth_free(v);
}

static void test_vi_mode(void **state)
{
    (void)state;
    struct vth *v = demo_start_with("vi", demo_env, 24, 80);
    demo_expect(v, READY);
    vth_keys(v, "/browse 50\r");
    demo_expect(v, SEARCH);
    demo_expect(v, "vi insert");
    vth_keys(v, "灯火" ESC); /* leaves insert mode, not the view */
    demo_expect(v, "vi command");
    demo_expect(v, "▸ row 0000001");
    vth_keys(v, ESC);
    demo_expect(v, READY);
    demo_leave(v);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draft_comes_back),
        cmocka_unit_test(test_draft_set_under_a_view),
        cmocka_unit_test(test_hangup_in_a_view),
        cmocka_unit_test(test_every_change_is_told),
        cmocka_unit_test(test_history_does_not_mix),
        cmocka_unit_test(test_moving),
        cmocka_unit_test(test_page_scrolls),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_lazy),
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_resize_storm),
        cmocka_unit_test(test_streaming_behind),
        cmocka_unit_test(test_escape_does_not_stop),
        cmocka_unit_test(test_pop_ups_over_a_view),
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_question_in_a_view),
        cmocka_unit_test(test_vi_mode),
    };
    if (!demo_is_there())
        return 99;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
