/* test_two_rooms.c - two rooms on one database, both writing, and one of them killed: neither loses
 * a word. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/str.h"
#include "tests/tui/rig.h"
#include "tests/tui/vth.h"

enum { WRITE_MS = 2000, TEXT_MS = 200 };

static int n_checks, n_failed;

static void check(bool ok, const char *what)
{
    printf("%sok %d - %s\n", ok ? "" : "not ", ++n_checks, what);
    n_failed += !ok;
}

static bool is_part(const struct str *part, const struct str *story)
{
    struct str all = STR_INIT;
    rig_squeeze(&all, str_cstr(story), story->len);
    bool ok = part->len > 0 && memmem(str_cstr(&all), all.len, part->data, part->len) != NULL;
    str_free(&all);
    return ok;
}

/* Opens the story of that title in a third room and reads it. */
static bool story_of(struct rig *r, const char *title, struct str *out)
{
    const char *const args[] = {title, NULL};
    bool ok = rig_open(r, args) && rig_story(r, out) && rig_quit(r) == 0;
    rig_stop(r);
    return ok;
}

int main(void)
{
    struct rig a, b, reader;
    struct str pane_a = STR_INIT, pane_b = STR_INIT, story = STR_INIT;
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("1..7");
    rig_init(&a);
    b = reader = a; /* one home, three programs */
    reader.n_saved = 1000;

    bool up = rig_open(&a, NULL);
    rig_enter(&a, "/title first");
    vth_quiet(a.v, 1000);
    up = up && rig_open(&b, NULL);
    rig_enter(&b, "/new");
    vth_wait_text(b.v, "untitled", rig_patience(5000));
    rig_enter(&b, "/title second");
    vth_quiet(b.v, 1000);
    check(up, "two rooms are open");
    rig_enter(&a, "第一个故事。");
    rig_enter(&b, "第二个故事。");
    int64_t until = clock_mono_ms() + WRITE_MS;
    while (clock_mono_ms() < until) {
        vth_pump(a.v, 5);
        vth_pump(b.v, 5);
    }
    check(rig_pane(&a, &pane_a) && pane_a.len > 100, "the first writes");
    check(rig_pane(&b, &pane_b) && pane_b.len > 100, "the second writes");
    until = clock_mono_ms() + TEXT_MS;
    while (clock_mono_ms() < until) {
        vth_pump(a.v, 5);
        vth_pump(b.v, 5);
    }
    kill(vth_pid(a.v), SIGKILL);
    rig_stop(&a);
    rig_stop_writing(&b);
    check(rig_quit(&b) == 0, "the second leaves with status 0");
    check(strstr(vth_screen(b.v), "xuxie:") == NULL, "and has no complaint");
    rig_stop(&b);
    check(story_of(&reader, "first", &story) && is_part(&pane_a, &story),
          "the first story is kept");
    check(story_of(&reader, "second", &story) && is_part(&pane_b, &story),
          "the second story is kept");
    rig_free(&reader);
    str_free(&pane_a);
    str_free(&pane_b);
    str_free(&story);
    return n_failed != 0;
}
