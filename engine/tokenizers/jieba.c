/* jieba.c - see jieba.h. */
#include "config.h"

#include "engine/tokenizers/jieba.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/infile.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/unicode.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

/* The order of the states is that of their names, which decides between equals. */
enum state { STATE_B, STATE_E, STATE_M, STATE_S, N_STATES };

static const char magic[8] = "xuxiejb1";

#define MIN_LOG (-3.14e100) /* of what cannot be */

struct node {
    uint32_t c, first, freq;
};

struct emission {
    uint32_t c;
    double log[N_STATES];
};

struct jieba {
    struct node *node; /* [n_nodes + 1] */
    size_t n_nodes;
    struct emission *emission;
    size_t n_emissions;
    double log_total;
};

/* ---- the file ---- */

static char *table_path;

void jieba_set_path(const char *path)
{
    free(table_path);
    table_path = strdup(path);
}

static uint32_t u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint64_t u64(const char *p)
{
    return (uint64_t)u32(p) | (uint64_t)u32(p + 4) << 32;
}

static double f64(const char *p)
{
    uint64_t bits = u64(p);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

enum { HEAD_BYTES = 24, NODE_BYTES = 12, EMISSION_BYTES = 40 };

/* There is a root. Every child has a higher number than its parent, so no path through the trie is
 * endless. */
static bool read_nodes(struct jieba *j, const char *p)
{
    for (size_t i = 0; i <= j->n_nodes; i++, p += NODE_BYTES) {
        j->node[i] = (struct node){u32(p), u32(p + 4), u32(p + 8)};
        uint32_t first = j->node[i].first;
        if (first > j->n_nodes || (first <= i && i < j->n_nodes) ||
            (i > 0 && first < j->node[i - 1].first))
            return false;
    }
    return j->node[j->n_nodes].first == j->n_nodes;
}

static bool read_emissions(struct jieba *j, const char *p)
{
    for (size_t i = 0; i < j->n_emissions; i++, p += EMISSION_BYTES) {
        struct emission *e = &j->emission[i];
        uint32_t states = u32(p + 4);
        e->c = u32(p);
        for (int s = 0; s < N_STATES; s++) {
            e->log[s] = states >> s & 1 ? f64(p + 8 + 8 * s) : MIN_LOG;
            if (!isfinite(e->log[s]))
                return false;
        }
        if (i > 0 && e->c <= j->emission[i - 1].c)
            return false;
    }
    return true;
}

static int read_tables(struct jieba *j, const char *data, size_t n, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    infile_quote(shown, table_path);
    bool ok = n >= HEAD_BYTES && memcmp(data, magic, sizeof magic) == 0;
    if (ok) {
        j->n_nodes = u32(data + 8);
        j->n_emissions = u32(data + 12);
        ok = n == HEAD_BYTES + (j->n_nodes + 1) * NODE_BYTES + j->n_emissions * EMISSION_BYTES;
    }
    if (ok) {
        j->node = malloc((j->n_nodes + 1) * sizeof *j->node);
        j->emission = malloc((j->n_emissions + 1) * sizeof *j->emission);
        if (!j->node || !j->emission)
            return err_set(err, E_RESOURCE, _("%s: not enough memory for the dictionary."), shown);
        j->log_total = log((double)u64(data + 16));
        ok = j->n_nodes > 0 && u64(data + 16) > 0 && read_nodes(j, data + HEAD_BYTES) &&
             read_emissions(j, data + HEAD_BYTES + (j->n_nodes + 1) * NODE_BYTES);
    }
    if (!ok)
        return err_set(err, E_INPUT,
                       _("%s: byte 0: this is not a dictionary for jieba as xuxie makes it, or it "
                         "is damaged; install xuxie again."),
                       shown);
    return 0;
}

int jieba_open(struct jieba **out, struct err *err)
{
    char *data;
    size_t n;
    if (!table_path)
        return err_set(err, E_INPUT,
                       _("This tokenizer cuts words with jieba, and there is no dictionary for it: "
                         "jieba.bin is made when xuxie is built with python3-jieba installed."));
    int rc = infile_read(table_path, LIMIT_JIEBA_BYTES, &data, &n, err);
    if (rc != 0)
        return err_wrap(err, "%s",
                        _("This tokenizer cuts words with jieba, whose dictionary is made when "
                          "xuxie is built with python3-jieba installed"));
    struct jieba *j = calloc(1, sizeof *j);
    rc = j ? read_tables(j, data, n, err)
           : err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    free(data);
    if (rc != 0) {
        jieba_close(j);
        return rc;
    }
    *out = j;
    return 0;
}

void jieba_close(struct jieba *j)
{
    if (!j)
        return;
    free(j->node);
    free(j->emission);
    free(j);
}

/* ---- words of the dictionary ---- */

/* The child of a node for a character, or NULL. */
static const struct node *child(const struct jieba *j, const struct node *parent, uint32_t c)
{
    size_t lo = parent->first;
    size_t hi = parent[1].first;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (j->node[mid].c < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < parent[1].first && j->node[lo].c == c ? &j->node[lo] : NULL;
}

/* The frequency of a word; 0: not a word. */
static uint32_t frequency(const struct jieba *j, const uint32_t *c, size_t n)
{
    const struct node *node = j->node;
    for (size_t i = 0; i < n && node; i++)
        node = child(j, node, c[i]);
    return node && n > 0 ? node->freq : 0;
}

/* ---- one call ---- */

struct route {
    double log;    /* of the best way from here to the end */
    uint32_t next; /* where its first word ends */
};

/* Viterbi's table: the best way to each state. */
struct cell {
    double log[N_STATES];
    uint8_t from[N_STATES];
};

struct cutter {
    const struct jieba *j;
    jieba_word *word;
    void *context;
    bool hmm;
    /* The block being cut. */
    const char *text;
    uint32_t *c;     /* its characters */
    uint32_t *start; /* [n + 1] where they begin in text */
    size_t n, cap_c, cap_start;
    struct route *route;
    size_t cap_route;
    struct cell *cell;
    size_t cap_cells;
};

static bool put(const struct cutter *k, size_t from, size_t to)
{
    return to <= from ||
           k->word(k->context, k->text + k->start[from], k->start[to] - k->start[from]);
}

/* ---- the model ---- */

static const double *emission_of(const struct jieba *j, uint32_t c)
{
    static const double none[N_STATES] = {MIN_LOG, MIN_LOG, MIN_LOG, MIN_LOG};
    size_t lo = 0;
    size_t hi = j->n_emissions;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (j->emission[mid].c < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < j->n_emissions && j->emission[lo].c == c ? j->emission[lo].log : none;
}

/* finalseg/prob_start.py and prob_trans.py of jieba 0.42.1, and the states that may come before. */
static const double start_log[N_STATES] = {
    [STATE_B] = -0.26268660809250016,
    [STATE_E] = MIN_LOG,
    [STATE_M] = MIN_LOG,
    [STATE_S] = -1.4652633398537678,
};
static const double trans_log[N_STATES][N_STATES] = {
    [STATE_B] = {[STATE_E] = -0.510825623765990, [STATE_M] = -0.916290731874155},
    [STATE_E] = {[STATE_B] = -0.5897149736854513, [STATE_S] = -0.8085250474669937},
    [STATE_M] = {[STATE_E] = -0.33344856811948514, [STATE_M] = -1.2603623820268226},
    [STATE_S] = {[STATE_B] = -0.7211965654669841, [STATE_S] = -0.6658631448798212},
};
static const uint8_t before[N_STATES][2] = {
    [STATE_B] = {STATE_E, STATE_S},
    [STATE_E] = {STATE_B, STATE_M},
    [STATE_M] = {STATE_B, STATE_M},
    [STATE_S] = {STATE_E, STATE_S},
};

/* The most probable states of the characters from..to; equals go to the later name. */
static bool viterbi(struct cutter *k, size_t from, size_t to)
{
    size_t n = to - from;
    if (!array_grow((void **)&k->cell, &k->cap_cells, n, sizeof *k->cell))
        return false;
    const double *emission = emission_of(k->j, k->c[from]);
    for (int s = 0; s < N_STATES; s++)
        k->cell[0].log[s] = start_log[s] + emission[s];
    for (size_t i = 1; i < n; i++) {
        emission = emission_of(k->j, k->c[from + i]);
        for (int s = 0; s < N_STATES; s++) {
            const uint8_t *p = before[s];
            double a = k->cell[i - 1].log[p[0]] + trans_log[p[0]][s] + emission[s];
            double b = k->cell[i - 1].log[p[1]] + trans_log[p[1]][s] + emission[s];
            k->cell[i].log[s] = a > b ? a : b;
            k->cell[i].from[s] = a > b ? p[0] : p[1];
        }
    }
    /* The way back; from[0] of each cell then holds the state itself. */
    const double *last = k->cell[n - 1].log;
    uint8_t state = last[STATE_E] > last[STATE_S] ? STATE_E : STATE_S;
    for (size_t i = n; i-- > 0;) {
        uint8_t previous = i > 0 ? k->cell[i].from[state] : 0;
        k->cell[i].from[0] = state;
        state = previous;
    }
    return true;
}

static bool is_han(uint32_t c)
{
    return c >= 0x4E00 && c <= 0x9FD5;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_latin(uint32_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool cut_han(struct cutter *k, size_t from, size_t to)
{
    if (!viterbi(k, from, to))
        return false;
    size_t begin = from;
    size_t next = from;
    bool ok = true;
    for (size_t i = from; i < to && ok; i++) {
        switch (k->cell[i - from].from[0]) {
        case STATE_B: begin = i; break;
        case STATE_E:
            ok = put(k, begin, i + 1);
            next = i + 1;
            break;
        case STATE_S:
            ok = put(k, i, i + 1);
            next = i + 1;
            break;
        default: break;
        }
    }
    return ok && put(k, next, to);
}

/* Splits at [a-zA-Z0-9]+(?:\.\d+)?%? */
static bool cut_latin(struct cutter *k, size_t from, size_t to)
{
    bool ok = true;
    for (size_t at = from; at < to && ok;) {
        size_t end = at;
        if (!is_latin(k->c[at])) {
            while (end < to && !is_latin(k->c[end]))
                end++;
        } else {
            while (end < to && is_latin(k->c[end]))
                end++;
            if (end + 1 < to && k->c[end] == '.' && is_digit(k->c[end + 1])) {
                end += 2;
                while (end < to && is_digit(k->c[end]))
                    end++;
            }
            if (end < to && k->c[end] == '%')
                end++;
        }
        ok = put(k, at, end);
        at = end;
    }
    return ok;
}

/* finalseg.cut */
static bool cut_by_model(struct cutter *k, size_t from, size_t to)
{
    bool ok = true;
    for (size_t at = from; at < to && ok;) {
        bool han = is_han(k->c[at]);
        size_t end = at;
        while (end < to && is_han(k->c[end]) == han)
            end++;
        ok = han ? cut_han(k, at, end) : cut_latin(k, at, end);
        at = end;
    }
    return ok;
}

/* ---- blocks ---- */

/* The best way from each place to the end of the block; equals go to the longer word. */
static bool find_route(struct cutter *k)
{
    if (!array_grow((void **)&k->route, &k->cap_route, k->n + 1, sizeof *k->route))
        return false;
    k->route[k->n] = (struct route){0, (uint32_t)k->n};
    for (size_t at = k->n; at-- > 0;) {
        const struct node *node = k->j->node;
        bool found = false;
        for (size_t i = at; i < k->n; i++) {
            node = child(k->j, node, k->c[i]);
            if (!node)
                break;
            if (node->freq == 0)
                continue;
            double way = log((double)node->freq) - k->j->log_total + k->route[i + 1].log;
            if (!found || way >= k->route[at].log)
                k->route[at] = (struct route){way, (uint32_t)(i + 1)};
            found = true;
        }
        if (!found)
            k->route[at] = (struct route){log(1.0) - k->j->log_total + k->route[at + 1].log,
                                          (uint32_t)(at + 1)};
    }
    return true;
}

/* Single characters from..to, which no word of the way covers. */
static bool flush(struct cutter *k, size_t from, size_t to)
{
    bool ok = true;
    if (!k->hmm || to - from == 1)
        return put(k, from, to);
    if (frequency(k->j, k->c + from, to - from) == 0)
        return cut_by_model(k, from, to);
    for (size_t i = from; i < to && ok; i++)
        ok = put(k, i, i + 1);
    return ok;
}

static bool cut_block(struct cutter *k)
{
    if (!find_route(k))
        return false;
    size_t waiting = 0; /* where the single characters that were not given yet begin */
    size_t at = 0;
    bool ok = true;
    while (at < k->n && ok) {
        size_t next = k->route[at].next;
        /* Without the model only Latin letters and digits wait for each other. */
        if (next - at > 1 || (!k->hmm && !is_latin(k->c[at]))) {
            ok = (waiting == at || flush(k, waiting, at)) && put(k, at, next);
            waiting = next;
        }
        at = next;
    }
    return ok && (waiting == k->n || flush(k, waiting, k->n));
}

/* [\u4E00-\u9FD5a-zA-Z0-9+#&._%\-] */
static bool is_of_block(uint32_t c)
{
    return is_han(c) || is_latin(c) || (c < 0x80 && c != 0 && strchr("+#&._%-", (int)c));
}

/* Takes in the block that text[0..n) begins with; its bytes, or 0 when memory is out. */
static size_t take_block(struct cutter *k, const char *text, size_t n)
{
    size_t at = 0;
    k->text = text;
    k->n = 0;
    for (;;) {
        uint32_t c = 0;
        size_t len = at < n ? unicode_next(text + at, n - at, &c) : 0;
        if (!array_grow((void **)&k->c, &k->cap_c, k->n + 1, sizeof *k->c) ||
            !array_grow((void **)&k->start, &k->cap_start, k->n + 1, sizeof *k->start))
            return 0;
        k->start[k->n] = (uint32_t)at;
        if (len == 0 || !is_of_block(c))
            return at;
        k->c[k->n++] = c;
        at += len;
    }
}

bool jieba_cut(const struct jieba *j, const char *text, size_t n, bool hmm, jieba_word *word,
               void *context)
{
    struct cutter k = {.j = j, .word = word, .context = context, .hmm = hmm};
    bool ok = true;
    for (size_t at = 0; at < n && ok;) {
        uint32_t c;
        size_t len = unicode_next(text + at, n - at, &c);
        if (is_of_block(c)) {
            len = take_block(&k, text + at, n - at);
            ok = len > 0 && cut_block(&k);
        } else {
            if (c == '\r' && at + 1 < n && text[at + 1] == '\n')
                len = 2;
            ok = word(context, text + at, len);
        }
        at += len;
    }
    free(k.c);
    free(k.start);
    free(k.route);
    free(k.cell);
    return ok;
}
