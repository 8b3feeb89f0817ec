/* test_kill_room.c - kills the room with SIGKILL at random moments while the model writes, and
 * looks what is there afterwards.
 *
 * The harness records when each state of the manuscript pane became visible, on the monotonic
 * clock. After each kill the database must be whole, and the room opened again must hold everything
 * that was on the screen 200 ms before the kill, and the draft that stood in the prompt 1 s before
 * it.
 *
 * XUXIE_KILLS sets the number of kills (default 3).
 */
#include "config.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "tests/tui/rig.h"
#include "tests/tui/vth.h"

enum { TEXT_MS = 200, DRAFT_MS = 1000, LONGEST_MS = 2500, MAX_SEEN = 4096, EVERY_NEW_STORY = 10 };

/* One state of the pane, and when it was first seen. */
struct seen {
    int64_t ms;
    char *text;
    size_t n;
};

struct witness {
    struct seen seen[MAX_SEEN];
    size_t n;
    int64_t draft_ms; /* 0: no draft was seen */
    char draft[64];
};

static int n_checks, n_failed;
static int64_t
    unprotected_ms; /* the youngest text that was lost, by age at the kill; -1: none was */

static bool check(bool ok, int round, const char *what)
{
    n_checks++;
    if (!ok) {
        n_failed++;
        printf("# kill %d: %s\n", round, what);
    }
    return ok;
}

static void forget(struct witness *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->seen[i].text);
    *w = (struct witness){0};
}

static void look(struct rig *r, struct witness *w)
{
    struct str pane = STR_INIT;
    if (rig_pane(r, &pane) && pane.len > 0 && w->n < MAX_SEEN &&
        (w->n == 0 || w->seen[w->n - 1].n != pane.len ||
         memcmp(w->seen[w->n - 1].text, pane.data, pane.len) != 0))
        w->seen[w->n++] = (struct seen){clock_mono_ms(), x_strndup(pane.data, pane.len), pane.len};
    if (w->draft[0] != '\0' && w->draft_ms == 0 && rig_prompt(r, &pane) &&
        strcmp(str_cstr(&pane), w->draft) == 0)
        w->draft_ms = clock_mono_ms();
    str_free(&pane);
}

/* Lets it write for a random time, with a draft in the prompt now and then, and kills it. */
static int64_t write_and_kill(struct rig *r, struct witness *w, int round)
{
    char line[128];
    snprintf(line, sizeof line, "第%d夜，%s", round, RIG_OPENING);
    rig_enter(r, rig_random(3) == 0 ? "" : line);
    if (rig_random(2) == 0) {
        snprintf(w->draft, sizeof w->draft, "草稿%d号", round);
        vth_keys(r->v, w->draft);
    }
    int64_t until = clock_mono_ms() + rig_random(LONGEST_MS);
    while (clock_mono_ms() < until) {
        vth_pump(r->v, 2);
        look(r, w);
    }
    int64_t killed = clock_mono_ms();
    kill(vth_pid(r->v), SIGKILL);
    rig_stop(r);
    return killed;
}

static bool database_is_whole(const struct rig *r)
{
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    snprintf(path, sizeof path, "%s/.local/share/xuxie/xuxie.db", r->home);
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return ok;
}

static void compare(struct rig *r, const struct witness *w, int64_t killed, int round)
{
    struct str story = STR_INIT, all = STR_INIT, prompt = STR_INIT;
    rig_prompt(r, &prompt);
    if (w->draft_ms != 0 && killed - w->draft_ms > DRAFT_MS)
        check(strcmp(str_cstr(&prompt), w->draft) == 0, round, "the draft is lost");
    vth_keys(r->v, "\025"); /* C-u */
    vth_wait_text(r->v, "Write on", rig_patience(10000));
    if (check(rig_story(r, &story), round, "/save-as does not answer")) {
        rig_squeeze(&all, str_cstr(&story), story.len);
        bool kept = true;
        for (size_t i = 0; i < w->n; i++) {
            int64_t age = killed - w->seen[i].ms;
            bool there = memmem(str_cstr(&all), all.len, w->seen[i].text, w->seen[i].n) != NULL;
            if (!there && age > unprotected_ms)
                unprotected_ms = age;
            if (!there && age > TEXT_MS && kept) {
                kept = false;
                printf("# lost after %d ms: %.*s\n", (int)age, (int)w->seen[i].n, w->seen[i].text);
            }
        }
        check(kept, round, "text that was on the screen is lost");
    }
    str_free(&story);
    str_free(&all);
    str_free(&prompt);
}

int main(void)
{
    static struct witness w;
    const char *given = getenv("XUXIE_KILLS");
    int n_kills = given != NULL ? atoi(given) : 3, n_seen = 0, n_drafts = 0;
    int64_t slowest = 0;
    struct rig r;
    rig_init(&r);
    unprotected_ms = -1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("1..1");
    bool up = check(rig_open(&r, NULL), 0, "the room does not open");
    for (int i = 1; i <= n_kills && up; i++) {
        if (i % EVERY_NEW_STORY == 0) {
            rig_enter(&r, "/new");
            vth_wait_text(r.v, "untitled", rig_patience(10000));
        }
        int64_t killed = write_and_kill(&r, &w, i);
        check(database_is_whole(&r), i, "integrity_check");
        int64_t t0 = clock_mono_ms();
        up = check(rig_open(&r, NULL), i, "the room does not open again");
        if (clock_mono_ms() - t0 > slowest)
            slowest = clock_mono_ms() - t0;
        if (up)
            compare(&r, &w, killed, i);
        n_seen += (int)w.n;
        n_drafts += w.draft_ms != 0 && killed - w.draft_ms > DRAFT_MS;
        forget(&w);
    }
    if (!up && r.v != NULL)
        printf("%s\n", vth_screen(r.v));
    rig_free(&r);
    printf("# %d kills, %d states of the screen and %d drafts compared, %d of %d checks failed\n",
           n_kills, n_seen, n_drafts, n_failed, n_checks);
    if (unprotected_ms >= 0)
        printf("# the oldest text lost was seen %d ms before the kill\n", (int)unprotected_ms);
    printf("# the room was open again after at most %d ms\n", (int)slowest);
    printf("%sok 1 - nothing older than %d ms is lost in %d kills\n", n_failed ? "not " : "",
           TEXT_MS, n_kills);
    return n_failed != 0;
}
