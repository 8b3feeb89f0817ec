/* eval_report.c - see eval_report.h.
 *
 * The curve is drawn on a canvas of dots, two by four in each cell as braille patterns have them
 * (U+2800 and up: one column wide in every terminal, unlike box drawing, which is two where East
 * Asian Ambiguous characters are). In ASCII a cell shows the most important thing in it.
 */
#include "config.h"

#include "src/eval_report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "src/template.h"

/* ---- tables ---------------------------------------------------------------------------------- */

enum { MAX_COLUMNS = 10 };

/* Cells row by row; the first row is the heading. */
struct table {
    int n_columns;
    char **cells;
    size_t n_cells;
    bool left[MAX_COLUMNS]; /* aligned to the left */
};

static void add_cell(struct table *t, struct str *text)
{
    t->cells = x_realloc(t->cells, (t->n_cells + 1) * sizeof t->cells[0]);
    char *cell = str_take(text);
    t->cells[t->n_cells++] = cell ? cell : x_strdup("");
}

__attribute__((format(printf, 2, 3))) static void cell(struct table *t, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&text, fmt, ap);
    va_end(ap);
    add_cell(t, &text);
}

static size_t width_of(const char *text)
{
    return uwidth_str(text, strlen(text));
}

static void put_blanks(struct str *out, size_t n)
{
    while (n-- > 0)
        str_putc(out, ' ');
}

/* Prints and frees it. */
static void print_table(struct table *t, struct str *out)
{
    size_t widths[MAX_COLUMNS] = {0};
    const size_t n = (size_t)t->n_columns;
    for (size_t i = 0; i < t->n_cells; i++)
        if (width_of(t->cells[i]) > widths[i % n])
            widths[i % n] = width_of(t->cells[i]);
    for (size_t i = 0; i < t->n_cells; i++) {
        const size_t c = i % n, blanks = widths[c] - width_of(t->cells[i]);
        const bool last = c + 1 == n;
        put_blanks(out, (c ? 2 : 0) + (t->left[c] ? 0 : blanks));
        str_puts(out, t->cells[i]);
        put_blanks(out, t->left[c] && !last ? blanks : 0);
        if (last)
            str_putc(out, '\n');
        free(t->cells[i]);
    }
    free(t->cells);
}

static void percent(struct table *t, double value)
{
    if (isnan(value))
        cell(t, "-");
    else
        cell(t, "%.1f", 100 * value);
}

static void used(struct table *t, const struct eval_result *r)
{
    if (r->k_least == r->k_most)
        cell(t, "%d", r->k_most);
    else
        cell(t, "%d-%d", r->k_least, r->k_most);
}

static void result_row(struct table *t, const struct eval_result *r, enum eval_metric metric,
                       enum eval_norm norm)
{
    if (r->k_asked == SHOTS_FIT)
        cell(t, "fit");
    else
        cell(t, "%d", r->k_asked);
    used(t, r);
    cell(t, "%zu", r->n_draws);
    percent(t, r->value);
    cell(t, "%.1f-%.1f", 100 * r->interval.low, 100 * r->interval.high);
    if (r->n_draws > 1)
        cell(t, "%.1f-%.1f", 100 * r->draw_low, 100 * r->draw_high);
    else
        cell(t, "-");
    if (metric != METRIC_CHOICE)
        percent(t, metric == METRIC_F1 ? r->exact : r->f1);
    for (int i = 0; metric == METRIC_CHOICE && i < N_EVAL_NORMS; i++)
        if (i != (int)norm)
            percent(t, r->choice[i]);
}

void eval_table(const struct eval_result *results, size_t n, enum eval_metric metric,
                enum eval_norm norm, struct str *out)
{
    static const char *const norms[N_EVAL_NORMS] = {
        [EVAL_TOKEN] = N_("by token"),
        [EVAL_CONTEXT] = N_("normalised"),
        [EVAL_SUM] = N_("by sum"),
        [EVAL_CHARACTER] = N_("by char."),
    };
    struct table t = {.n_columns = metric == METRIC_CHOICE ? 6 + N_EVAL_NORMS - 1 : 7};
    cell(&t, "K");
    cell(&t, "%s", _("used"));
    cell(&t, "%s", _("draws"));
    cell(&t, "%s",
         metric == METRIC_F1      ? "F1"
         : metric == METRIC_EXACT ? _("exact")
                                  : _(norms[norm]));
    cell(&t, "%s", "95 %");
    cell(&t, "%s", _("of a draw"));
    if (metric != METRIC_CHOICE)
        cell(&t, "%s", metric == METRIC_F1 ? _("exact") : "F1");
    for (int i = 0; metric == METRIC_CHOICE && i < N_EVAL_NORMS; i++)
        if (i != (int)norm)
            cell(&t, "%s", _(norms[i]));
    for (size_t i = 0; i < n; i++)
        result_row(&t, &results[i], metric, norm);
    print_table(&t, out);
}

/* ---- the curve ------------------------------------------------------------------------------- */

enum { WIDTH = 68, HEIGHT = 12, DOTS_X = 2 * WIDTH, DOTS_Y = 4 * HEIGHT };
enum { BAR = 1, POINT = 2 };

struct canvas {
    unsigned char dots[HEIGHT][WIDTH];  /* in the order of Unicode's braille patterns */
    unsigned char marks[HEIGHT][WIDTH]; /* BAR, POINT */
    double top;                         /* value of the upper edge */
};

static void dot(struct canvas *c, int x, int y, unsigned mark)
{
    static const unsigned char bits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || x >= DOTS_X || y < 0 || y >= DOTS_Y)
        return;
    c->dots[y / 4][x / 2] |= bits[y % 4][x % 2];
    c->marks[y / 4][x / 2] |= (unsigned char)mark;
}

static int y_of(const struct canvas *c, double value)
{
    return (int)lround((1 - value / c->top) * (DOTS_Y - 1));
}

/* K is shown where it was used, not where it was asked for. */
static int x_of(const struct eval_result *results, size_t n, size_t i)
{
    double least = log2(results[0].k_most + 1.0), most = least;
    for (size_t j = 1; j < n; j++) {
        const double v = log2(results[j].k_most + 1.0);
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    const double at = log2(results[i].k_most + 1.0);
    return most > least ? 2 + (int)lround((at - least) / (most - least) * (DOTS_X - 6))
                        : DOTS_X / 2;
}

static void line(struct canvas *c, int x0, int y0, int x1, int y1)
{
    const int steps = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);
    for (int i = 0; i <= steps; i++)
        dot(c, x0 + (int)lround((double)(x1 - x0) * i / (steps ? steps : 1)),
            y0 + (int)lround((double)(y1 - y0) * i / (steps ? steps : 1)), 0);
}

/* Of a few round values the first that nothing reaches above. */
static double top_of(const struct eval_result *results, size_t n)
{
    static const double tops[] = {0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1};
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = results[i].interval.high > most ? results[i].interval.high : most;
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(tops) && tops[i] < most)
        i++;
    return tops[i];
}

static void put_cell(const struct canvas *c, int row, int column, bool braille, struct str *out)
{
    const unsigned char dots = c->dots[row][column], marks = c->marks[row][column];
    if (!braille) {
        str_putc(out, marks & POINT ? '*' : marks & BAR ? '|' : dots ? '.' : ' ');
    } else if (!dots) {
        str_putc(out, ' ');
    } else { /* U+2800 + dots in UTF-8 */
        const unsigned char all = marks & POINT ? 0xFF : dots;
        str_putc(out, (char)0xE2);
        str_putc(out, (char)(0xA0 | all >> 6));
        str_putc(out, (char)(0x80 | (all & 0x3F)));
    }
}

static void trim_line(struct str *out)
{
    while (out->len && out->data[out->len - 1] == ' ')
        str_truncate(out, out->len - 1);
    str_putc(out, '\n');
}

/* The numbers under the axis, those left out that would touch the one before. */
static void put_labels(const struct eval_result *results, size_t n, struct str *out)
{
    char labels[WIDTH + 16];
    memset(labels, ' ', sizeof labels);
    int free_from = 0;
    for (size_t i = 0; i < n; i++) {
        char text[16];
        const int len = snprintf(text, sizeof text, "%d", results[i].k_most);
        int at = x_of(results, n, i) / 2 - len / 2;
        at = at < 0 ? 0 : at;
        if (at < free_from)
            continue;
        memcpy(labels + at, text, (size_t)len);
        free_from = at + len + 1;
    }
    str_puts(out, "       K ");
    str_append(out, labels, sizeof labels);
    trim_line(out);
}

static int by_k(const void *a, const void *b)
{
    return ((const struct eval_result *)a)->k_most - ((const struct eval_result *)b)->k_most;
}

void eval_curve(const struct eval_result *results, size_t n, bool braille, struct str *out)
{
    struct canvas c = {.top = top_of(results, n)};
    if (n < 2)
        return;
    struct eval_result *sorted = x_memdup(results, n * sizeof results[0]);
    qsort(sorted, n, sizeof sorted[0], by_k);
    for (size_t i = 0; i < n; i++) {
        const int x = x_of(sorted, n, i), y = y_of(&c, sorted[i].value);
        for (int v = y_of(&c, sorted[i].interval.high); v <= y_of(&c, sorted[i].interval.low); v++)
            dot(&c, x, v, BAR);
        if (i)
            line(&c, x_of(sorted, n, i - 1), y_of(&c, sorted[i - 1].value), x, y);
        dot(&c, x, y, POINT);
    }
    for (int row = 0; row < HEIGHT; row++) {
        const double value = c.top * (HEIGHT - row) / HEIGHT;
        if (row % 3 == 0)
            str_printf(out, "%5.1f %% |", 100 * value);
        else
            str_puts(out, "        |");
        for (int column = 0; column < WIDTH; column++)
            put_cell(&c, row, column, braille, out);
        trim_line(out);
    }
    str_puts(out, "  0.0 % +");
    for (int column = 0; column < WIDTH; column++)
        str_putc(out, '-');
    str_putc(out, '\n');
    put_labels(sorted, n, out);
    free(sorted);
}

/* ---- which example helps --------------------------------------------------------------------- */

static int more_help(const void *a, const void *b)
{
    const struct eval_helper *x = a, *y = b;
    if (x->d_likelihood != y->d_likelihood)
        return x->d_likelihood > y->d_likelihood ? -1 : 1;
    return (x->example > y->example) - (x->example < y->example);
}

void eval_helpers_sort(struct eval_helper *helpers, size_t n)
{
    if (n)
        qsort(helpers, n, sizeof helpers[0], more_help);
}

void eval_helpers_table(const struct eval_helper *helpers, size_t n,
                        const char *(*title)(void *ctx, size_t example), void *ctx, struct str *out)
{
    struct table t = {.n_columns = 5, .left = {[4] = true}};
    cell(&t, "%s", _("example"));
    cell(&t, "%s", _("ln P a token"));
    cell(&t, "%s", _("exact"));
    cell(&t, "%s", _("on"));
    cell(&t, "%s", _("about"));
    for (size_t i = 0; i < n; i++) {
        cell(&t, "%zu", helpers[i].example + 1);
        cell(&t, "%+.4f", helpers[i].d_likelihood);
        cell(&t, "%+.1f %%", 100 * helpers[i].d_accuracy);
        cell(&t, "%zu", helpers[i].n);
        cell(&t, "%s", title(ctx, helpers[i].example));
    }
    print_table(&t, out);
}
