/* bench_views.c - how long a key takes to the screen in the History view, and until its hits are
 * there, in a database of many generations (bench_history makes one), idle and while the model
 * writes:
 *
 *     bench_views DATABASE [KEYS]        (default 100)
 *
 * The words typed are taken from what the list shows. A time ends when the harness has drawn what
 * it waits for, so its own work counts. Meant to be met on an idle machine: keys within 16 ms
 * (median) and 50 ms (99 %).
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "tests/tui/rig.h"
#include "tests/tui/vth.h"

enum { WAIT = 60000, FIRST_ROW = 2, WORD_KEYS = 6 };

static double since(int64_t t0)
{
    return (double)(clock_mono_ns() - t0) / 1e6;
}

static void need(bool ok, struct rig *r, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_views: %s\n%s", what, r->v != NULL ? vth_screen(r->v) : "");
    rig_free(r);
    exit(1);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const char *what, double *times, int n)
{
    qsort(times, (size_t)n, sizeof times[0], compare_times);
    printf("%-34s %5d %8.1f %8.1f %8.1f %8.1f\n", what, n, times[n / 2], times[(n - 1) * 9 / 10],
           times[(n - 1) * 99 / 100], times[n - 1]);
}

/* The next Chinese characters of a row of the list, from the nth on. */
static size_t take_word(struct rig *r, int row, size_t skip, char out[WORD_KEYS][8])
{
    const char *s = vth_row(r->v, row);
    size_t n = 0, left = strlen(s);
    while (left > 0 && n < WORD_KEYS) {
        uint32_t cp;
        size_t len = utf8_decode(s, left, &cp);
        len = len ? len : 1;
        if (cp >= 0x4E00 && cp < 0x9FFF) {
            if (skip > 0)
                skip--;
            else
                snprintf(out[n++], 8, "%.*s", (int)len, s);
        } else if (n > 0) {
            break; /* a word ends at punctuation */
        }
        s += len;
        left -= len;
    }
    return n;
}

/* Types words key by key; times of each key, and of the hits of the last one of each word. */
static void type_words(struct rig *r, double *keys, int n_keys, double *hits, int *n_hits)
{
    *n_hits = 0;
    for (int i = 0; i < n_keys;) {
        char word[WORD_KEYS][8];
        struct str line = STR_INIT;
        size_t n = take_word(r, FIRST_ROW + rig_random(4), (size_t)rig_random(12), word);
        str_puts(&line, "│");
        int64_t t0 = clock_mono_ns();
        for (size_t k = 0; k < n && i < n_keys; k++) {
            vth_pump(r->v, 20 + rig_random(100));
            str_puts(&line, word[k]);
            t0 = clock_mono_ns();
            vth_keys(r->v, word[k]);
            need(vth_wait_text(r->v, str_cstr(&line), WAIT), r, "a key does not come");
            keys[i++] = since(t0);
        }
        need(vth_wait_text(r->v, " found", WAIT), r, "nothing is looked for");
        need(vth_wait_text(r->v, "▸", WAIT), r, "nothing is found");
        hits[(*n_hits)++] = since(t0);
        vth_keys(r->v, "\025");
        need(vth_wait_text(r->v, "in all", WAIT), r, "the line is not emptied");
        vth_quiet(r->v, WAIT);
        str_free(&line);
    }
}

static void bench(struct rig *r, const char *what, int n)
{
    double *keys = x_calloc((size_t)n, sizeof keys[0]), *hits = x_calloc((size_t)n, sizeof keys[0]);
    char label[64];
    int n_hits;
    type_words(r, keys, n, hits, &n_hits);
    snprintf(label, sizeof label, "key to screen, %s", what);
    tell(label, keys, n);
    snprintf(label, sizeof label, "last key to hits, %s", what);
    tell(label, hits, n_hits);
    free(keys);
    free(hits);
}

int main(int argc, char **argv)
{
    struct rig r;
    int n = argc > 2 ? atoi(argv[2]) : 100;
    if (argc < 2 || n < 1) {
        fprintf(stderr, "usage: bench_views DATABASE [KEYS]\n");
        return 2;
    }
    rig_init(&r);
    need(rig_open(&r, (const char *const[]){"--db", argv[1], NULL}), &r, "no room");
    int64_t t0 = clock_mono_ns();
    vth_keys(r.v, "\033OR");
    need(vth_wait_text(r.v, "▸", WAIT), &r, "no history");
    printf("%-34s %22.1f ms\n", "F3 to the first rows", since(t0));
    printf("%-34s %5s %8s %8s %8s %8s\n", "ms", "n", "median", "90 %", "99 %", "most");
    vth_quiet(r.v, WAIT);
    bench(&r, "idle", n);
    vth_keys(r.v, "\033");
    vth_pump(r.v, 200);
    rig_enter(&r, RIG_OPENING);
    need(rig_writes(&r), &r, "it does not write");
    vth_keys(r.v, "\033OR");
    need(vth_wait_text(r.v, "▸", WAIT), &r, "no history");
    bench(&r, "while it writes", n);
    rig_free(&r);
    return 0;
}
