/* eval_score.c - see eval_score.h. */
#include "config.h"

#include "src/eval_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/unicode.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

const char *const eval_norm_names[N_EVAL_NORMS] = {
    [EVAL_TOKEN] = "per_token",
    [EVAL_CONTEXT] = "normalised",
    [EVAL_SUM] = "sum",
    [EVAL_CHARACTER] = "per_character",
};

/* ---- free answers ---------------------------------------------------------------------------- */

static void trim(const char **text, size_t *n)
{
    uint32_t cp;
    size_t len, keep = 0;
    while (*n && (len = unicode_next(*text, *n, &cp)) && unicode_is_space(cp)) {
        *text += len;
        *n -= len;
    }
    for (size_t at = 0; at < *n; at += len) {
        len = unicode_next(*text + at, *n - at, &cp);
        if (!unicode_is_space(cp))
            keep = at + len;
    }
    *n = keep;
}

bool eval_exact(const char *answer, size_t n_answer, const char *output, size_t n_output)
{
    trim(&answer, &n_answer);
    trim(&output, &n_output);
    return n_answer == n_output && (n_answer == 0 || memcmp(answer, output, n_answer) == 0);
}

/* The words of a text, each ended by a NUL in `text`. */
struct words {
    struct str text;
    size_t *begins; /* in text */
    size_t n, capacity;
    struct textbuf lower; /* of one character */
};

static void add_word(struct words *w, size_t begin)
{
    static const char *const articles[] = {"a", "an", "the"};
    const char *word = str_cstr(&w->text) + begin;
    if (w->text.len == begin)
        return;
    for (size_t i = 0; i < ARRAY_LEN(articles); i++) {
        if (strcmp(word, articles[i]) == 0) {
            str_truncate(&w->text, begin);
            return;
        }
    }
    if (w->n == w->capacity) {
        w->capacity = w->capacity ? 2 * w->capacity : 64;
        w->begins = x_realloc(w->begins, w->capacity * sizeof w->begins[0]);
    }
    w->begins[w->n++] = begin;
    str_putc(&w->text, '\0');
}

static void add_lower(struct words *w, uint32_t cp)
{
    w->lower.n = 0;
    unicode_lower(cp, &w->lower);
    str_append(&w->text, w->lower.data, w->lower.n);
}

static void find_words(struct words *w, const char *text, size_t n)
{
    size_t begin = 0, len;
    for (size_t at = 0; at < n; at += len) {
        uint32_t cp;
        len = unicode_next(text + at, n - at, &cp);
        if (unicode_is_punctuation(cp))
            continue;
        const bool own_word = unicode_is_cjk(cp);
        if (own_word || unicode_is_space(cp)) {
            add_word(w, begin);
            begin = w->text.len;
        }
        if (unicode_is_space(cp))
            continue;
        if (cp == UNICODE_INVALID)
            str_append(&w->text, text + at, len);
        else
            add_lower(w, cp);
        if (own_word) {
            add_word(w, begin);
            begin = w->text.len;
        }
    }
    add_word(w, begin);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words in order of their bytes; the caller frees. */
static const char **sorted_words(struct words *w)
{
    const char **list = x_malloc((w->n + 1) * sizeof list[0]);
    for (size_t i = 0; i < w->n; i++)
        list[i] = w->text.data + w->begins[i];
    if (w->n)
        qsort(list, w->n, sizeof list[0], compare_words);
    return list;
}

static void free_words(struct words *w)
{
    str_free(&w->text);
    textbuf_free(&w->lower);
    free(w->begins);
}

double eval_f1(const char *answer, size_t n_answer, const char *output, size_t n_output)
{
    struct words a = {.text = STR_INIT}, b = {.text = STR_INIT};
    find_words(&a, answer, n_answer);
    find_words(&b, output, n_output);
    const char **x = sorted_words(&a), **y = sorted_words(&b);
    size_t common = 0;
    for (size_t i = 0, j = 0; i < a.n && j < b.n;) {
        const int order = strcmp(x[i], y[j]);
        common += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    /* 2 precision recall / (precision + recall), with precision = common / b.n, recall = common /
     * a.n */
    const double f1 =
        a.n == 0 || b.n == 0 ? a.n == b.n : 2.0 * (double)common / (double)(a.n + b.n);
    free(x);
    free(y);
    free_words(&a);
    free_words(&b);
    return f1;
}

/* ---- choices --------------------------------------------------------------------------------- */

double eval_choice_value(const struct eval_choice *c, enum eval_norm norm)
{
    switch (norm) {
    case EVAL_TOKEN: return c->n_tokens ? c->sum / c->n_tokens : (double)NAN;
    case EVAL_CONTEXT: return c->sum - c->alone;
    case EVAL_CHARACTER: return c->n_characters ? c->sum / c->n_characters : (double)NAN;
    default: return c->sum;
    }
}

size_t eval_choose(const struct eval_choice *choices, size_t n, enum eval_norm norm)
{
    size_t best = 0;
    double best_value = eval_choice_value(&choices[0], norm);
    for (size_t i = 1; i < n; i++) {
        const double value = eval_choice_value(&choices[i], norm);
        if (value > best_value || (isnan(best_value) && !isnan(value))) {
            best = i;
            best_value = value;
        }
    }
    return best;
}

int eval_count_characters(const char *text, size_t n)
{
    uint32_t cp;
    size_t len;
    while (n && (len = unicode_next(text, n, &cp)) && unicode_is_space(cp)) {
        text += len;
        n -= len;
    }
    return (int)utf8_count(text, n);
}

/* ---- intervals ------------------------------------------------------------------------------- */

static const double z = 1.959963984540054; /* the normal distribution's 97.5 % point */

static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* Wilson, "Probable inference, the law of succession, and statistical inference", J. Am. Stat.
 * Assoc. 22 (1927), 209-212: all probabilities of which p lies within z standard deviations, that
 * is the solutions q of (p - q)^2 = z^2 q (1 - q) / n. Unlike p +- z sqrt(p (1 - p) / n) it is
 * right for few items and near 0 and 1 (Brown, Cai, DasGupta, Stat. Sci. 16 (2001), 101-133). */
struct eval_interval eval_wilson(double p, double n)
{
    if (!(n > 0))
        return (struct eval_interval){0, 1};
    const double zz = z * z;
    const double centre = (p + zz / (2 * n)) / (1 + zz / n);
    const double half = z / (1 + zz / n) * sqrt(p * (1 - p) / n + zz / (4 * n * n));
    /* 0 and 1 exactly where rounding would miss them */
    return (struct eval_interval){p <= 0 ? 0 : clamp(centre - half),
                                  p >= 1 ? 1 : clamp(centre + half)};
}

struct eval_interval eval_mean_interval(double mean, double variance, double n)
{
    if (n < 2)
        return (struct eval_interval){0, 1};
    const double half = z * sqrt((variance > 0 ? variance : 0) / n);
    return (struct eval_interval){clamp(mean - half), clamp(mean + half)};
}
