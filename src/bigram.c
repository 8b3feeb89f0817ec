/* bigram.c - see bigram.h.
 *
 * One folding serves index, query and highlighting: a row of numbers, each a folded character, 0
 * for what separates. A letter of a word carries LETTER, so that where words begin and end can be
 * seen in the row itself. Both ends are a 0, so a neighbour can always be looked at.
 */
#include "config.h"

#include "src/bigram.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

enum {
    TERMS_PER_CLAUSE = 16, /* a longer one is looked up by so many of its terms, spread evenly */
    TERMS_PER_QUERY = 64,
    FOLDED_MAX = 32, /* characters one can become: U+FDFA has 18 */
};

static const uint32_t LETTER = 1u << 31;

/* The terms for beginnings of words: so many letters and this, which no other term has in it. */
static const size_t beginnings[] = {1, 2, 3, 5};
static const char beginning_mark[] = "·";

/* ---- kinds of characters ---- */

/* Scripts written without blanks, and blocks whose assigned characters are all of that kind. */
static bool is_unspaced(uint32_t cp)
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {
        {0x0E00, 0x0FFF},   /* Thai, Lao, Tibetan */
        {0x1000, 0x109F},   /* Myanmar */
        {0x1100, 0x11FF},   /* Hangul jamo */
        {0x1780, 0x17FF},   /* Khmer */
        {0x2E80, 0x2FDF},   /* radicals */
        {0x3005, 0x3007},   /* iteration mark, closing mark, zero */
        {0x3021, 0x303C},   /* Hangzhou numerals, kana repeat marks */
        {0x3041, 0x318F},   /* kana, bopomofo, jamo */
        {0x31A0, 0x31FF},   /* bopomofo, strokes, kana */
        {0x3400, 0x4DBF},   /* Han, extension A */
        {0x4E00, 0xA4CF},   /* Han, Yi */
        {0xA960, 0xA97F},   /* jamo */
        {0xAC00, 0xD7FF},   /* Hangul */
        {0xF900, 0xFAFF},   /* Han, compatibility */
        {0x16FE0, 0x18DFF}, /* Tangut, Khitan, Nushu */
        {0x1AFF0, 0x1B2FF}, /* kana, Nushu */
        {0x20000, 0x3FFFF}, /* Han, extensions */
    };
    for (size_t i = 0; i < ARRAY_LEN(ranges) && cp >= ranges[i].from; i++)
        if (cp <= ranges[i].to)
            return true;
    return false;
}

/* What a folded character counts as: 0 (it separates), cp itself, or a letter of a word. */
static uint32_t classify(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9') ? cp | LETTER : 0;
    if (cp >= 0x4E00 && cp < 0xA000)
        return cp;
    switch (utf8proc_get_property((utf8proc_int32_t)cp)->category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return is_unspaced(cp) ? cp : cp | LETTER;
    case UTF8PROC_CATEGORY_SO:
    case UTF8PROC_CATEGORY_CO: return cp;
    case UTF8PROC_CATEGORY_SK: return cp >= 0x1F000 ? cp : 0;                 /* skin tones */
    case UTF8PROC_CATEGORY_CN: return cp >= 0x20000 && cp < 0x40000 ? cp : 0; /* Han to come */
    default: return 0;
    }
}

/* Can it become one with the character before: a sound mark of kana, a vowel or final of Hangul, an
 * accent? */
static bool may_combine(uint32_t cp)
{
    return cp >= 0x300 && (utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0 ||
                           (cp >= 0x1161 && cp <= 0x11C2));
}

/* The two as one, 0 when there is no such character. */
static uint32_t combine(uint32_t a, uint32_t b)
{
    utf8proc_int32_t two[2] = {(utf8proc_int32_t)a, (utf8proc_int32_t)b};
    utf8proc_ssize_t n = utf8proc_normalize_utf32(two, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return n == 1 ? (uint32_t)two[0] : 0;
}

static bool is_accent(uint32_t cp)
{
    return cp >= 0x300 && cp <= 0x36F;
}

/* ---- folding ---- */

static void add(struct bigram_text *t, uint32_t c, size_t begin, size_t end)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->chars = x_realloc(t->chars, t->cap * sizeof t->chars[0]);
        t->begin = x_realloc(t->begin, t->cap * sizeof t->begin[0]);
        t->end = x_realloc(t->end, t->cap * sizeof t->end[0]);
    }
    t->chars[t->n] = c;
    t->begin[t->n] = (uint32_t)begin;
    t->end[t->n++] = (uint32_t)end;
}

/* One folded character; what belongs to the one before joins it. */
static void push(struct bigram_text *t, uint32_t cp, size_t begin, size_t end, size_t *n_word)
{
    uint32_t *last = &t->chars[t->n - 1];
    if (*last && may_combine(cp)) {
        uint32_t base = *last & ~LETTER, both = 0;
        if (!is_accent(cp) || base >= 0x400)
            both = combine(base, cp);
        if (both && classify(both))
            *last = classify(both);
        if (both || is_accent(cp)) {
            t->end[t->n - 1] = (uint32_t)end;
            return;
        }
    }
    uint32_t c = classify(cp);
    if (c == 0 && *last == 0)
        return;
    *n_word = c & LETTER ? *n_word + 1 : 0;
    if (*n_word > BIGRAM_WORD_MAX)
        t->end[t->n - 1] = (uint32_t)end;
    else
        add(t, c, begin, end);
}

void bigram_fold(struct bigram_text *t, const char *text, size_t n)
{
    const utf8proc_option_t how =
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    size_t n_word = 0;
    t->n = 0;
    add(t, 0, 0, 0);
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t len = utf8_decode(text + i, n - i, &cp);
        size_t begin = i;
        i += len ? len : 1;
        if (len == 0) {
            push(t, ' ', begin, i, &n_word);
        } else if (cp < 0x80) {
            push(t, cp >= 'A' && cp <= 'Z' ? cp + 32 : cp, begin, i, &n_word);
        } else if ((cp >= 0x3400 && cp < 0xA000) || (cp >= 0xAC00 && cp < 0xD7A4)) {
            push(t, cp, begin, i, &n_word);
        } else {
            utf8proc_int32_t out[FOLDED_MAX];
            int boundary = UTF8PROC_BOUNDCLASS_START;
            utf8proc_ssize_t k =
                utf8proc_decompose_char((utf8proc_int32_t)cp, out, FOLDED_MAX, how, &boundary);
            for (utf8proc_ssize_t j = 0; j < k && j < FOLDED_MAX; j++)
                push(t, (uint32_t)out[j], begin, i, &n_word);
        }
    }
    if (t->chars[t->n - 1] != 0)
        add(t, 0, n, n);
}

void bigram_text_free(struct bigram_text *t)
{
    free(t->chars);
    free(t->begin);
    free(t->end);
    *t = (struct bigram_text){0};
}

/* ---- terms ---- */

static bool is_character(uint32_t c)
{
    return c != 0 && !(c & LETTER);
}

/* The next term of a row at *at: its length in numbers, 0 at the end. Of a run of characters each
 * is followed by the pair it begins; inside a clause (`sparse`), where pairs say it all, single
 * ones are left out. */
struct terms {
    const uint32_t *chars;
    size_t n, at;
    bool sparse;
    bool pair_next; /* the character at `at` was given alone */
};

static size_t next_term(struct terms *t, const uint32_t **term)
{
    while (t->at < t->n) {
        const uint32_t *c = *term = t->chars + t->at;
        bool has_next = t->at + 1 < t->n && is_character(c[1]);
        bool had_previous = t->at > 0 && is_character(c[-1]);
        if (*c == 0) {
            t->at++;
        } else if (*c & LETTER) {
            size_t len = 1;
            while (t->at + len < t->n && c[len] & LETTER)
                len++;
            t->at += len;
            return len;
        } else if (t->sparse ? !has_next && !had_previous : !t->pair_next) {
            t->pair_next = has_next;
            t->at += !has_next;
            return 1;
        } else {
            t->pair_next = false;
            t->at++;
            if (has_next)
                return 2;
        }
    }
    return 0;
}

static void put_term(struct str *out, const uint32_t *term, size_t n)
{
    char bytes[4];
    for (size_t i = 0; i < n; i++)
        str_append(out, bytes, utf8_encode(term[i] & ~LETTER, bytes));
}

bool bigram_is_beginning(const char *term, size_t n)
{
    const size_t n_mark = sizeof beginning_mark - 1;
    return n >= n_mark && memcmp(term + n - n_mark, beginning_mark, n_mark) == 0;
}

/* The longest beginning that is indexed of a word's first n letters. */
static void put_beginning(struct str *out, const uint32_t *word, size_t n)
{
    size_t i = ARRAY_LEN(beginnings) - 1;
    while (beginnings[i] > n)
        i--;
    put_term(out, word, beginnings[i]);
    str_puts(out, beginning_mark);
}

void bigram_terms(struct str *out, const char *text, size_t n)
{
    struct bigram_text folded = {0};
    bigram_fold(&folded, text, n);
    struct terms terms = {.chars = folded.chars, .n = folded.n};
    const uint32_t *term;
    size_t len;
    while ((len = next_term(&terms, &term)) > 0) {
        str_putc(out, ' ');
        put_term(out, term, len);
        for (size_t i = 0; *term & LETTER && i < ARRAY_LEN(beginnings) && beginnings[i] <= len;
             i++) {
            str_putc(out, ' ');
            put_beginning(out, term, beginnings[i]);
        }
    }
    bigram_text_free(&folded);
}

/* ---- a query ---- */

struct clause {
    struct bigram_text text; /* folded; chars[first .. first + n) is what to look for */
    size_t first, n;
    bool beginning; /* its last word goes on */
    char *match;
};

struct bigram_query {
    struct clause *must, *must_not;
    size_t n_must, n_must_not;
    struct str match;
};

/* A clause's terms as FTS5 strings with AND between them. */
static size_t put_match(struct str *out, const struct clause *c, size_t max)
{
    struct terms count = {.chars = c->text.chars + c->first, .n = c->n, .sparse = true};
    struct terms terms = count;
    const uint32_t *term;
    size_t n = 0, n_put = 0, len;
    while (next_term(&count, &term) > 0)
        n++;
    max = max < n ? max : n;
    for (size_t i = 0; (len = next_term(&terms, &term)) > 0; i++) {
        /* of n terms the last and max - 1 others */
        if (i != n - 1 && i * max / n == (i + 1) * max / n)
            continue;
        if (n_put++)
            str_puts(out, " AND ");
        str_putc(out, '"');
        if (i == n - 1 && c->beginning)
            put_beginning(out, term, len);
        else
            put_term(out, term, len);
        str_putc(out, '"');
    }
    return n_put;
}

static void add_clause(struct bigram_query *q, const char *text, size_t n, bool must_not,
                       bool beginning)
{
    struct clause c = {0};
    bigram_fold(&c.text, text, n);
    c.first = 1;
    c.n = c.text.n > 1 ? c.text.n - 1 : 0;
    while (c.n > 0 && c.text.chars[c.first] == 0) {
        c.first++;
        c.n--;
    }
    while (c.n > 0 && c.text.chars[c.first + c.n - 1] == 0)
        c.n--;
    if (c.n == 0) {
        bigram_text_free(&c.text);
        return;
    }
    c.beginning = beginning && c.text.chars[c.first + c.n - 1] & LETTER;
    struct clause **list = must_not ? &q->must_not : &q->must;
    size_t *n_list = must_not ? &q->n_must_not : &q->n_must;
    *list = x_realloc(*list, (*n_list + 1) * sizeof(*list)[0]);
    (*list)[(*n_list)++] = c;
}

/* Length of what stands at p if it is a blank, or a quotation mark of the keyboard or of Chinese
 * typography. */
static size_t blank_at(const char *p, size_t n)
{
    return n >= 3 && memcmp(p, "\xE3\x80\x80", 3) == 0 ? 3 : n && strchr(" \t\r\n", *p) ? 1 : 0;
}

static size_t quote_at(const char *p, size_t n)
{
    return n >= 3 && (memcmp(p, "“", 3) == 0 || memcmp(p, "”", 3) == 0) ? 3 : n && *p == '"';
}

static void parse(struct bigram_query *q, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t blank = blank_at(text + i, n - i);
        if (blank) {
            i += blank;
            continue;
        }
        bool minus = text[i] == '-';
        i += minus;
        size_t quote = quote_at(text + i, n - i), begin = i + quote, end = begin;
        while (end < n && !quote_at(text + end, n - end) &&
               (quote || !blank_at(text + end, n - end)))
            end++;
        bool star = !quote && end > begin && text[end - 1] == '*';
        add_clause(q, text + begin, end - begin, minus, star);
        i = end + (quote ? quote_at(text + end, n - end) : 0);
    }
}

int bigram_query_new(const char *text, struct bigram_query **out, struct err *err)
{
    struct bigram_query *q = x_calloc(1, sizeof *q);
    parse(q, text, strlen(text));
    if (q->n_must == 0) {
        char quoted[360];
        int rc = err_set(
            err, E_INPUT,
            q->n_must_not ? _("%s: this only says what must not occur; give a word to look for too")
                          : _("%s: there is no word or character in this to look for"),
            err_quote(quoted, sizeof quoted, text, strlen(text)));
        bigram_query_free(q);
        return rc;
    }
    size_t n_terms = 0;
    for (size_t i = 0; i < q->n_must; i++) {
        struct str match = STR_INIT;
        size_t n = put_match(&match, &q->must[i], TERMS_PER_CLAUSE);
        if (n_terms + n <= TERMS_PER_QUERY) {
            if (n_terms)
                str_puts(&q->match, " AND ");
            str_puts(&q->match, str_cstr(&match));
            n_terms += n;
        }
        q->must[i].match = str_take(&match);
    }
    *out = q;
    return 0;
}

static void free_clauses(struct clause *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bigram_text_free(&c[i].text);
        free(c[i].match);
    }
    free(c);
}

void bigram_query_free(struct bigram_query *q)
{
    if (!q)
        return;
    free_clauses(q->must, q->n_must);
    free_clauses(q->must_not, q->n_must_not);
    str_free(&q->match);
    free(q);
}

const char *bigram_query_match(const struct bigram_query *q)
{
    return str_cstr(&q->match);
}

size_t bigram_query_n_clauses(const struct bigram_query *q)
{
    return q->n_must;
}

const char *bigram_clause_match(const struct bigram_query *q, size_t clause)
{
    return q->must[clause].match;
}

/* ---- matching ---- */

/* Where the clause next stands in the text, from `at` on; t->n when nowhere. */
static size_t find(const struct clause *c, const struct bigram_text *t, size_t at)
{
    const uint32_t *want = c->text.chars + c->first;
    for (; at + c->n < t->n; at++) {
        const uint32_t *have = t->chars + at;
        if (*have == *want && memcmp(have, want, c->n * sizeof want[0]) == 0 &&
            !(*want & LETTER && have[-1] & LETTER) &&
            (c->beginning || !(want[c->n - 1] & LETTER && have[c->n] & LETTER)))
            return at;
    }
    return t->n;
}

static int count_in(const struct clause *c, const struct bigram_text *texts, size_t n_texts,
                    bool all)
{
    int n = 0;
    for (size_t i = 0; i < n_texts; i++)
        for (size_t at = 1; (at = find(c, &texts[i], at)) < texts[i].n; at += c->n) {
            n++;
            if (!all)
                return n;
        }
    return n;
}

bool bigram_found(const struct bigram_query *q, const struct bigram_text *texts, size_t n_texts,
                  int *counts)
{
    for (size_t i = 0; i < q->n_must; i++) {
        int n = count_in(&q->must[i], texts, n_texts, counts != NULL);
        if (n == 0)
            return false;
        if (counts)
            counts[i] = n;
    }
    for (size_t i = 0; i < q->n_must_not; i++)
        if (count_in(&q->must_not[i], texts, n_texts, false) > 0)
            return false;
    return true;
}

size_t bigram_marks(const struct bigram_query *q, const struct bigram_text *t,
                    struct bigram_mark *marks, size_t max)
{
    size_t n = 0, at = 1;
    size_t *next = x_calloc(q->n_must, sizeof next[0]); /* where each clause stands next */
    while (at < t->n) {
        size_t first = t->n, len = 0; /* the first of all from here on, of those the longest */
        for (size_t i = 0; i < q->n_must; i++) {
            if (next[i] < at)
                next[i] = find(&q->must[i], t, at);
            if (next[i] < first || (next[i] == first && q->must[i].n > len)) {
                first = next[i];
                len = q->must[i].n;
            }
        }
        if (first == t->n)
            break;
        size_t begin = t->begin[first], end = t->end[first + len - 1];
        struct bigram_mark *last = n ? &marks[n - 1] : NULL;
        if (last && begin <= last->begin + last->n) {
            if (end > last->begin + last->n)
                last->n = end - last->begin;
        } else if (n == max) {
            break;
        } else {
            marks[n++] = (struct bigram_mark){begin, end - begin};
        }
        at = first + 1;
    }
    free(next);
    return n;
}
