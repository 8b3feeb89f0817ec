/* bench_latency.c - how long a key takes to the screen while the model writes at full speed, how
 * long the first frame takes after the start, and how long ^C takes to stop the model. The real
 * program runs on a virtual terminal; a time ends when the harness has drawn what it waits for, so
 * its own work counts.
 *
 *     bench_latency [KEYS [STARTS]]        (default 300 and 10)
 *
 * Meant to be met on an idle machine: median <= 16 ms, 99 % <= 50 ms, first frame <= 150 ms, ^C <=
 * 100 ms.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "tests/tui/rig.h"
#include "tests/tui/vth.h"

enum { WAIT = 10000, LINE_KEYS = 60, MAX_STARTS = 1000 };

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One row of the table; times in milliseconds. */
static void tell(const char *what, double *times, int n)
{
    if (n == 0)
        return;
    qsort(times, (size_t)n, sizeof times[0], compare_times);
    printf("%-34s %5d %8.1f %8.1f %8.1f %8.1f\n", what, n, times[n / 2], times[(n - 1) * 9 / 10],
           times[(n - 1) * 99 / 100], times[n - 1]);
}

static double since(int64_t t0)
{
    return (double)(clock_mono_ns() - t0) / 1e6;
}

static void need(bool ok, struct rig *r, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_latency: %s\n%s", what, r->v != NULL ? vth_screen(r->v) : "");
    rig_free(r);
    exit(1);
}

/* Types letters at random gaps into the prompt, which is emptied when its row is full. */
static void type_keys(struct rig *r, double *times, int n)
{
    char expected[LINE_KEYS + 8] = "│";
    const size_t edge = strlen(expected);
    int typed = 0;
    for (int i = 0; i < n; i++) {
        if (typed == LINE_KEYS) {
            vth_keys(r->v, "\025"); /* C-u */
            need(vth_wait_text(r->v, "│Write on", WAIT), r, "C-u does not empty the prompt");
            typed = 0;
        }
        vth_pump(r->v, 20 + rig_random(101));
        char key[2] = {(char)('a' + i % 26), '\0'};
        expected[edge + (size_t)typed++] = key[0];
        expected[edge + (size_t)typed] = '\0';
        int64_t t0 = clock_mono_ns();
        vth_keys(r->v, key);
        need(vth_wait_text(r->v, expected, WAIT), r, "a key does not come to the screen");
        times[i] = since(t0);
    }
    vth_keys(r->v, "\025");
}

static void bench_typing(struct rig *r, int n_keys)
{
    double *times = x_calloc((size_t)n_keys, sizeof times[0]);
    need(rig_open(r, NULL), r, "the room does not open");
    type_keys(r, times, n_keys);
    tell("key to screen, idle", times, n_keys);
    vth_keys(r->v, "\003");
    vth_quiet(r->v, WAIT);
    rig_enter(r, RIG_OPENING);
    need(rig_writes(r), r, "it does not write");
    size_t frames = vth_frames(r->v), bytes = vth_bytes(r->v);
    int64_t t0 = clock_mono_ns();
    type_keys(r, times, n_keys);
    double seconds = since(t0) / 1000;
    need(vth_find(r->v, "chars/s") >= 0, r, "it stopped writing meanwhile");
    tell("key to screen, while it writes", times, n_keys);
    printf("# meanwhile %.1f frames/s of %.0f bytes; %s\n",
           (double)(vth_frames(r->v) - frames) / seconds,
           (double)(vth_bytes(r->v) - bytes) / (double)(vth_frames(r->v) - frames + 1),
           vth_row(r->v, 0));
    free(times);
    rig_stop(r);
}

static void bench_start(struct rig *r, int n)
{
    double frame[MAX_STARTS], model[MAX_STARTS];
    for (int i = 0; i < n; i++) {
        int64_t t0 = clock_mono_ns();
        rig_start_with(r, 24, 80, NULL, NULL, false);
        need(vth_wait_text(r->v, "F1 help", WAIT), r, "no first frame");
        frame[i] = since(t0);
        need(vth_wait_text(r->v, "xuxie-preview", WAIT), r, "the model does not load");
        model[i] = since(t0);
        need(rig_quit(r) == 0, r, "it does not leave");
        rig_stop(r);
    }
    tell("start to first frame", frame, n);
    tell("start to model ready", model, n);
}

/* Until the manuscript pane is another one. */
static bool wait_words(struct rig *r)
{
    struct str before = STR_INIT, now = STR_INIT;
    int64_t t0 = clock_mono_ns();
    rig_pane(r, &before);
    do {
        vth_pump(r->v, 1);
        rig_pane(r, &now);
    } while (strcmp(str_cstr(&now), str_cstr(&before)) == 0 && since(t0) < WAIT);
    bool came = strcmp(str_cstr(&now), str_cstr(&before)) != 0;
    str_free(&before);
    str_free(&now);
    return came;
}

static void bench_stop(struct rig *r, int n)
{
    double first[MAX_STARTS], stop[MAX_STARTS];
    need(rig_open(r, NULL), r, "the room does not open");
    for (int i = 0; i < n; i++) {
        vth_quiet(r->v, WAIT);
        int64_t t0 = clock_mono_ns();
        vth_keys(r->v, "\r");
        need(wait_words(r), r, "no words come");
        first[i] = since(t0);
        need(rig_writes(r), r, "it does not write");
        vth_pump(r->v, 200 + rig_random(300));
        t0 = clock_mono_ns();
        vth_keys(r->v, "\003");
        need(vth_wait_gone(r->v, "chars/s", WAIT), r, "^C does not stop it");
        stop[i] = since(t0);
    }
    tell("Enter to the first words", first, n);
    tell("^C to the end of writing", stop, n);
    rig_stop(r);
}

int main(int argc, char **argv)
{
    int n_keys = argc > 1 ? atoi(argv[1]) : 300, n_starts = argc > 2 ? atoi(argv[2]) : 10;
    struct rig r;
    if (n_keys < 1 || n_starts < 1 || n_starts > MAX_STARTS) {
        fprintf(stderr, "usage: bench_latency [KEYS [STARTS]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    rig_init(&r);
    printf("%-34s %5s %8s %8s %8s %8s\n", "milliseconds", "n", "median", "90 %", "99 %", "worst");
    bench_start(&r, n_starts);
    bench_typing(&r, n_keys);
    bench_stop(&r, n_starts);
    rig_free(&r);
    return 0;
}
