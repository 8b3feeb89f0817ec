/* bench_view.c - the manuscript pane without a terminal: how long a 10 MB Chinese manuscript takes
 * to come in, and a frame of streaming at its end. Prints one line of JSON. Targets: append and
 * first rows 50 ms; a frame (6 bytes appended, rows asked for) 1 ms. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/str.h"
#include "ui/textlog.h"
#include "ui/view.h"

enum { MANUSCRIPT_BYTES = 10 << 20, FRAMES = 2000, ROWS = 50, COLUMNS = 100 };

static const char paragraph[] =
    "那一夜,雪下得很大。老人推开门,只见阶前立着一个孩子,手里举着一盏灯。“你从哪里来？”老人问。"
    "孩子不答,只把手里的灯举高了些——灯光照在雪上，白茫茫的一片……";

static double ms_since(int64_t start_ns)
{
    return (double)(clock_mono_ns() - start_ns) / 1e6;
}

/* Mean of a frame that appends `piece`. */
static double stream(struct textlog *t, struct view *v, const char *piece)
{
    size_t n;
    int64_t start = clock_mono_ns();
    for (int i = 0; i < FRAMES; i++) {
        textlog_append(t, 1, piece, strlen(piece));
        view_changed(v);
        view_rows(v, &n);
    }
    return ms_since(start) / FRAMES;
}

int main(void)
{
    struct str text = STR_INIT;
    for (int i = 0; text.len < MANUSCRIPT_BYTES; i++)
        str_puts(&text, i % 2 ? "\n" : paragraph);
    size_t n;

    int64_t start = clock_mono_ns();
    struct textlog *t = textlog_new();
    textlog_append(t, 0, text.data, text.len);
    struct view *v = view_new(t);
    view_resize(v, ROWS, COLUMNS);
    view_rows(v, &n);
    double open_ms = ms_since(start);

    double frame_ms = stream(t, v, "雪夜");
    view_scroll(v, -20000);
    start = clock_mono_ns();
    size_t below = view_below(v);
    double below_first_ms = ms_since(start);
    start = clock_mono_ns();
    view_changed(v);
    below += view_below(v);
    double below_ms = ms_since(start);
    view_to_end(v);

    /* one paragraph of 1 MB, without a newline */
    str_clear(&text);
    while (text.len < (size_t)1 << 20)
        str_puts(&text, paragraph);
    textlog_append(t, 0, text.data, text.len);
    start = clock_mono_ns();
    view_changed(v);
    view_rows(v, &n);
    double long_first_ms = ms_since(start);
    double long_frame_ms = stream(t, v, "雪夜");

    printf("{\"open_ms\":%.2f,\"frame_ms\":%.4f,\"below_first_ms\":%.2f,\"below_ms\":%.3f,"
           "\"long_paragraph_ms\":%.2f,\"long_paragraph_frame_ms\":%.4f,\"below\":%zu}\n",
           open_ms, frame_ms, below_first_ms, below_ms, long_first_ms, long_frame_ms, below);
    view_free(v);
    textlog_free(t);
    str_free(&text);
    return 0;
}
