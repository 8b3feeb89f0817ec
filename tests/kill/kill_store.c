/* kill_store.c - kill -9 against the store: `kill_store [N]`, N times (default 10).
 *
 * A child writes numbered pieces of a generation through the store and puts, after each, the number
 * and the time into memory shared with the parent: as a screen shows them. The parent kills it at a
 * random moment, opens the database, and compares: whatever was shown 200 ms before the kill or
 * earlier must be there, in order; what is there must be a beginning of what was put; and
 * integrity_check must be content. TAP. The times are taken so that an unfair machine cannot hide a
 * loss: "shown" is noted after the put, "killed" before the kill.
 */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "src/base/clock.h"
#include "src/base/rng.h"
#include "src/store.h"
#include "tests/unit/store_util.h"

enum { SHOWN_MAX = 4096, LOST_MAX_MS = 200, RUN_MIN_MS = 30, RUN_MAX_MS = 1300 };

struct shown {
    atomic_int n;
    int64_t ms[SHOWN_MAX]; /* when piece i was on the screen */
};

static struct shown *shown;

static void write_until_killed(uint64_t seed)
{
    struct store *s = NULL;
    if (store_open(db_path, STORE_CREATE, &s, NULL) != 0)
        _exit(1);
    store_ref story = store_put_story(s, "kill");
    store_ref node = store_put_node(s, story, 0, NODE_MODEL, "", 0);
    struct store_generation g = {.story = story,
                                 .node = node,
                                 .origin = "room",
                                 .model = {.identity = "m", .tokenizer = "t"},
                                 .settings = "{}"};
    store_ref gen = store_put_generation(s, &g);
    store_put_current(s, story, node);
    for (int i = 0; i < SHOWN_MAX; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "%d,", i);
        store_put_output(s, gen, text, (size_t)n, (const int32_t[]){i}, (const float[]){-1}, 1);
        shown->ms[i] = clock_mono_ms();
        shown->n = i + 1;
        if (i % 50 == 49)
            store_put_draft(s, story, text, (size_t)n);
        usleep(500 + (useconds_t)(rng_uniform(seed, 1, (uint64_t)i, 0) * 6000));
    }
    pause();
}

/* How many pieces the database has, -1 when they are not 0,1,2,... in order. */
static int pieces_kept(void)
{
    struct store *s = NULL;
    struct story *t = NULL;
    struct err err = ERR_INIT;
    if (store_open(db_path, STORE_CREATE, &s, &err) != 0) {
        printf("# %s\n", err.msg);
        return -1;
    }
    store_ref story = store_last_story(s);
    int n = 0;
    if (story && store_load_story(s, story, &t, NULL, &err) == 0) {
        const char *p = t->root->first_child ? t->root->first_child->text : "";
        for (; *p; n++) {
            char expected[16];
            size_t len = (size_t)snprintf(expected, sizeof expected, "%d,", n);
            if (strncmp(p, expected, len) != 0) {
                n = -1;
                break;
            }
            p += len;
        }
        story_free(t);
    }
    return store_close(s, &err) == 0 ? n : -1;
}

static bool one_kill(uint64_t seed, uint64_t i, int64_t *worst_ms)
{
    shown->n = 0;
    pid_t child = fork();
    if (child == 0)
        write_until_killed(seed + i);
    int64_t run_ms = RUN_MIN_MS + (int64_t)(rng_uniform(seed, 0, i, 0) * (RUN_MAX_MS - RUN_MIN_MS));
    usleep((useconds_t)run_ms * 1000);
    int64_t killed_ms = clock_mono_ms();
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    int n_shown = shown->n, n_kept = pieces_kept();
    char *ok = db_text(db_path, "PRAGMA integrity_check");
    bool sound = ok && strcmp(ok, "ok") == 0;
    free(ok);
    int64_t lost_ms = n_kept >= 0 && n_kept < n_shown ? killed_ms - shown->ms[n_kept] : 0;
    *worst_ms = lost_ms > *worst_ms ? lost_ms : *worst_ms;
    bool good = sound && n_kept >= 0 && n_kept <= n_shown + 1 && lost_ms <= LOST_MAX_MS;
    if (!good)
        printf("# kill %d after %lld ms: shown %d, kept %d, oldest lost %lld ms, integrity %s\n",
               (int)i, (long long)run_ms, n_shown, n_kept, (long long)lost_ms,
               sound ? "ok" : "bad");
    return good;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 10, n_bad = 0;
    uint64_t seed = rng_fresh_seed();
    int64_t worst_ms = 0;
    shown = mmap(NULL, sizeof *shown, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shown == MAP_FAILED || make_test_dir(NULL) != 0)
        return 99;
    printf("1..1\n# seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    for (int i = 0; i < n; i++)
        n_bad += !one_kill(seed, (uint64_t)i, &worst_ms);
    printf("# %d kills, oldest words lost: %lld ms before the kill\n", n, (long long)worst_ms);
    printf("%s 1 - nothing older than %d ms lost\n", n_bad ? "not ok" : "ok", LOST_MAX_MS);
    if (n_bad)
        printf("# the database is left at %s\n", db_path);
    else
        remove_test_dir(NULL);
    return n_bad != 0;
}
