/* demo_rig.c - see demo_rig.h. */
#include "config.h"

#include "tests/tui/demo_rig.h"

#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"

const char *const demo_env[] = {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                "INPUTRC=/dev/null", NULL};

struct vth_options demo_options(char *const *argv, const char *const *env, int rows, int columns)
{
    return (struct vth_options){
        .argv = argv, .env = env, .rows = rows, .columns = columns, .synchronized = true};
}

char *demo_path(void)
{
    static char path[4096];
    const char *given = getenv("XUXIE_UI_DEMO");
    snprintf(path, sizeof path, "%s", given != NULL ? given : "tests/tui/ui_demo");
    return path;
}

struct vth *demo_start_with(const char *mode, const char *const *env, int rows, int columns)
{
    char *argv[] = {demo_path(), (char *)mode, NULL};
    struct vth_options o = demo_options(argv, env, rows, columns);
    return vth_start(&o);
}

/* Messages of cmocka are short; a screen is not. */
void demo_fail(struct vth *v, const char *text, const char *what)
{
    fprintf(stderr, "\"%s\" %s:\n%s\n", text, what, vth_screen(v));
    fail();
}

struct vth *demo_start(int rows, int columns)
{
    struct vth *v = demo_start_with(NULL, demo_env, rows, columns);
    if (!vth_wait_text(v, READY, WAIT))
        demo_fail(v, READY, "did not come up");
    return v;
}

void demo_expect(struct vth *v, const char *text)
{
    if (!vth_wait_text(v, text, WAIT))
        demo_fail(v, text, "did not appear");
}

void demo_expect_gone(struct vth *v, const char *text)
{
    if (!vth_wait_gone(v, text, WAIT))
        demo_fail(v, text, "did not go");
}

void demo_expect_row(struct vth *v, int row, const char *text)
{
    int64_t until = clock_mono_ms() + WAIT;
    while (strstr(vth_row(v, row), text) == NULL) {
        if (clock_mono_ms() >= until) {
            fprintf(stderr, "not in row %d: ", row);
            demo_fail(v, text, "is not there");
        }
        vth_pump(v, 5);
    }
}

void demo_expect_cursor(struct vth *v, int row, int column)
{
    int y, x;
    vth_quiet(v, WAIT);
    vth_cursor(v, &y, &x);
    if (y != row || x != column) {
        fprintf(stderr, "the cursor is at %d,%d and not at %d,%d\n", y, x, row, column);
        demo_fail(v, "the cursor", "is elsewhere");
    }
}

/* The program is gone and left no trace on the terminal. */
void demo_expect_clean(struct vth *v)
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

void demo_expect_exit(struct vth *v, int code)
{
    int status;
    if (!vth_wait_exit(v, WAIT, &status))
        demo_fail(v, "the program", "did not end");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
    demo_expect_clean(v);
}

/* Ends the room in whatever state it is. */
void demo_leave(struct vth *v)
{
    vth_signal(v, SIGTERM);
    demo_expect_exit(v, 0);
    vth_free(v);
}

bool demo_is_there(void)
{
    if (access(demo_path(), X_OK) == 0)
        return true;
    fprintf(stderr, "%s: the program under test is not there\n", demo_path());
    return false;
}
