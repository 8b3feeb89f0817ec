/* closest.c - see closest.h. Optimal string alignment distance over three rows. */
#include "config.h"

#include "src/closest.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_WORD = 40 };

static int cost(char a, char b)
{
    return a != b && !(strchr("-_", a) && strchr("-_", b));
}

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

static int distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    int rows[3][MAX_WORD + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n_b; j++)
        last[j] = (int)j;
    for (size_t i = 1; i <= n_a; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= n_b; j++) {
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost(a[i - 1], b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        int *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[n_b];
}

const char *closest_word(const char *word, const char *(*word_at)(size_t i))
{
    size_t n = strlen(word);
    if (n == 0 || n > MAX_WORD)
        return NULL;
    const char *best = NULL;
    int least = (int)(n + 2) / 3 + 1;
    for (size_t i = 0;; i++) {
        const char *candidate = word_at(i);
        if (!candidate)
            return best;
        size_t n_candidate = strlen(candidate);
        if (n_candidate > MAX_WORD)
            continue;
        int d = distance(word, n, candidate, n_candidate);
        if (d < least) {
            least = d;
            best = candidate;
        }
    }
}
