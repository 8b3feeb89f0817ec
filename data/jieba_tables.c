/* jieba_tables.c - makes jieba.bin (engine/tokenizers/jieba.h) of jieba's own data files:
 *
 *   jieba_tables dict.txt prob_emit.py jieba.bin
 *
 * dict.txt has a line "word frequency tag" for every word; prob_emit.py is the emission table of
 * the hidden Markov model as a Python dictionary {'B': {'\u4e00': -3.65, ...}, 'E': ...}. Run when
 * xuxie is built; the files are trusted as far as compilers are. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

enum { MAX_WORD = 64, N_STATES = 4 };

struct word {
    uint32_t c[MAX_WORD];
    uint32_t n, freq, line;
};

/* A node of the trie: the words of a range, sorted, share their first `depth` characters. */
struct node {
    size_t lo, hi;
    uint32_t depth, c, first, freq;
};

struct emission {
    uint32_t c, states;
    double log[N_STATES];
};

static _Noreturn void fail(const char *path, size_t line, const char *what)
{
    fprintf(stderr, "jieba_tables: %s: line %zu: %s\n", path, line, what);
    exit(1);
}

static void read_file(const char *path, struct str *out)
{
    char buffer[1 << 16];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f)
        fail(path, 0, strerror(errno));
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0)
        str_append(out, buffer, n);
    if (ferror(f))
        fail(path, 0, strerror(errno));
    fclose(f);
}

/* ---- the dictionary ---- */

static int compare_words(const void *a, const void *b)
{
    const struct word *p = a;
    const struct word *q = b;
    for (uint32_t i = 0; i < p->n && i < q->n; i++)
        if (p->c[i] != q->c[i])
            return p->c[i] < q->c[i] ? -1 : 1;
    if (p->n != q->n)
        return p->n < q->n ? -1 : 1;
    return p->line < q->line ? -1 : p->line > q->line;
}

static void parse_word(const char *path, size_t line, const char *s, size_t n, struct word *w)
{
    const char *space = memchr(s, ' ', n);
    if (!space || space == s)
        fail(path, line, "not \"word frequency tag\"");
    *w = (struct word){.line = (uint32_t)line};
    for (const char *p = s; p < space;) {
        size_t len = utf8_decode(p, (size_t)(space - p), &w->c[w->n]);
        if (len == 0 || w->n + 1 == MAX_WORD)
            fail(path, line, "not UTF-8, or too long");
        p += len;
        w->n++;
    }
    w->freq = (uint32_t)strtoul(space + 1, NULL, 10);
}

/* All words, sorted; of equal ones the last line counts. */
static struct word *read_words(const char *path, size_t *n_words, uint64_t *total)
{
    struct str text = STR_INIT;
    read_file(path, &text);
    size_t n_lines = 1;
    for (size_t i = 0; i < text.len; i++)
        n_lines += text.data[i] == '\n';
    struct word *word = x_calloc(n_lines, sizeof *word);
    size_t n = 0;
    size_t line = 1;
    *total = 0;
    for (size_t at = 0; at < text.len; line++) {
        size_t len = strcspn(text.data + at, "\n");
        if (len > 0) {
            parse_word(path, line, text.data + at, len, &word[n]);
            *total += word[n++].freq;
        }
        at += len + 1;
    }
    qsort(word, n, sizeof *word, compare_words);
    *n_words = n;
    str_free(&text);
    return word;
}

/* Gives node its frequency and appends its children. */
static void expand(const struct word *word, struct node *list, size_t at, size_t *n_nodes)
{
    struct node *node = &list[at];
    size_t lo = node->lo;
    for (; lo < node->hi && word[lo].n == node->depth; lo++)
        node->freq = word[lo].freq;
    node->first = (uint32_t)*n_nodes;
    while (lo < node->hi) {
        uint32_t c = word[lo].c[node->depth];
        size_t hi = lo;
        while (hi < node->hi && word[hi].c[node->depth] == c)
            hi++;
        list[(*n_nodes)++] = (struct node){.lo = lo, .hi = hi, .depth = node->depth + 1, .c = c};
        lo = hi;
    }
}

static struct node *build_trie(const struct word *word, size_t n_words, size_t *n_nodes)
{
    size_t most = 2;
    for (size_t i = 0; i < n_words; i++)
        most += word[i].n;
    struct node *list = x_calloc(most, sizeof *list);
    list[0] = (struct node){.hi = n_words};
    *n_nodes = 1;
    for (size_t at = 0; at < *n_nodes; at++)
        expand(word, list, at, n_nodes);
    list[*n_nodes].first = (uint32_t)*n_nodes;
    return list;
}

/* ---- the model ---- */

static int compare_emissions(const void *a, const void *b)
{
    const struct emission *p = a;
    const struct emission *q = b;
    return p->c < q->c ? -1 : p->c > q->c;
}

/* What stands between quotation marks: '\u4e00', or the character itself. */
static uint32_t parse_character(const char *s, size_t n)
{
    uint32_t c = 0;
    if (n == 6 && s[0] == '\\' && s[1] == 'u')
        return (uint32_t)strtoul(s + 2, NULL, 16);
    return utf8_decode(s, n, &c) == n ? c : 0;
}

/* One entry for each character and state; then those of one character become one. */
static struct emission *read_emissions(const char *path, size_t *n_emissions)
{
    static const char names[N_STATES] = "BEMS";
    struct str text = STR_INIT;
    read_file(path, &text);
    size_t most = 1;
    for (size_t i = 0; i < text.len; i++)
        most += text.data[i] == ':';
    struct emission *list = x_calloc(most, sizeof *list);
    size_t n = 0;
    const char *state = NULL;
    const char *p = strchr(str_cstr(&text), '{');
    while (p && (p = strchr(p, '\'')) != NULL) {
        const char *end = strchr(++p, '\'');
        if (!end || end[1] != ':')
            fail(path, 0, "not a table of emissions");
        const char *value = end + 2 + strspn(end + 2, " \n");
        if (*value == '{')
            state = memchr(names, *p, sizeof names);
        uint32_t c = *value == '{' ? 0 : parse_character(p, (size_t)(end - p));
        if (!state || (*value != '{' && c == 0))
            fail(path, 0, "a state or character is not understood");
        if (c != 0) {
            size_t s = (size_t)(state - names);
            list[n] = (struct emission){.c = c, .states = 1u << s};
            list[n++].log[s] = strtod(value, NULL);
        }
        p = value;
    }
    qsort(list, n, sizeof *list, compare_emissions);
    size_t n_out = 0;
    for (size_t i = 0; i < n; i++) {
        if (n_out == 0 || list[n_out - 1].c != list[i].c) {
            list[n_out++] = list[i];
            continue;
        }
        list[n_out - 1].states |= list[i].states;
        for (size_t s = 0; s < N_STATES; s++)
            list[n_out - 1].log[s] += list[i].log[s]; /* one of the two is 0 */
    }
    *n_emissions = n_out;
    str_free(&text);
    return list;
}

/* ---- writing ---- */

static void put(struct str *out, uint64_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        str_putc(out, (char)(value >> (8 * i)));
}

static void put_double(struct str *out, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    put(out, bits, 8);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: jieba_tables dict.txt prob_emit.py jieba.bin\n");
        return 2;
    }
    size_t n_words, n_nodes, n_emissions;
    uint64_t total;
    struct word *word = read_words(argv[1], &n_words, &total);
    struct node *node = build_trie(word, n_words, &n_nodes);
    struct emission *emission = read_emissions(argv[2], &n_emissions);
    struct str out = STR_INIT;
    str_append(&out, "xuxiejb1", 8);
    put(&out, n_nodes, 4);
    put(&out, n_emissions, 4);
    put(&out, total, 8);
    for (size_t i = 0; i <= n_nodes; i++) {
        put(&out, node[i].c, 4);
        put(&out, node[i].first, 4);
        put(&out, node[i].freq, 4);
    }
    for (size_t i = 0; i < n_emissions; i++) {
        put(&out, emission[i].c, 4);
        put(&out, emission[i].states, 4);
        for (size_t s = 0; s < N_STATES; s++)
            put_double(&out, emission[i].log[s]);
    }
    FILE *f = fopen(argv[3], "wb");
    if (!f || fwrite(out.data, 1, out.len, f) != out.len || fclose(f) != 0)
        fail(argv[3], 0, strerror(errno));
    str_free(&out);
    free(word);
    free(node);
    free(emission);
    return 0;
}
