/* book.c - see book.h.
 *
 * What makes a heading: its first word, and then that it ends, or that something stands there which
 * separates (a blank, a colon), or at least that no punctuation shows it to be a sentence. "第一回
 * 见到他，是在雪夜。" is none.
 */
#include "config.h"

#include "src/book.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "src/base/text_safe.h"
#include "src/base/utf8.h"

enum { HEADING_CHARS = 60, NAME_BYTES = 200 };

/* ---- lines ----------------------------------------------------------------------------------- */

bool book_line(const char *text, size_t n, size_t *at, struct book_span *line)
{
    if (*at >= n)
        return false;
    const char *p = text + *at, *newline = memchr(p, '\n', n - *at);
    size_t n_line = newline ? (size_t)(newline - p) : n - *at;
    *at += n_line + (newline != NULL);
    if (newline && n_line && p[n_line - 1] == '\r')
        n_line--;
    *line = (struct book_span){p, n_line};
    return true;
}

static const char wide_blank[] = "\u3000";

struct book_span book_trim(struct book_span s)
{
    for (;;) {
        size_t head = 0, tail = 0;
        if (s.n && strchr(" \t\r", s.p[0]) && s.p[0])
            head = 1;
        else if (s.n >= 3 && memcmp(s.p, wide_blank, 3) == 0)
            head = 3;
        s.p += head;
        s.n -= head;
        if (s.n && strchr(" \t\r", s.p[s.n - 1]) && s.p[s.n - 1])
            tail = 1;
        else if (s.n >= 3 && memcmp(s.p + s.n - 3, wide_blank, 3) == 0)
            tail = 3;
        s.n -= tail;
        if (!head && !tail)
            return s;
    }
}

/* ---- headings -------------------------------------------------------------------------------- */

/* Takes word off the head of s, small and capital letters alike. */
static bool take(struct book_span *s, const char *word)
{
    size_t n = strlen(word);
    if (s->n < n || strncasecmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

static bool take_one(struct book_span *s, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (take(s, words[i]))
            return true;
    return false;
}

static bool take_blanks(struct book_span *s)
{
    static const char *const blanks[] = {" ", "\t", wide_blank, NULL};
    bool any = false;
    while (take_one(s, blanks))
        any = true;
    return any;
}

/* Does a heading end here, or go on behind something that separates? */
static bool ends_or_separates(struct book_span rest)
{
    static const char *const separators[] = {" ",  "\t", wide_blank, "：", ":", "、",
                                             "·",  "．", ".",        "—",  "–", "-",
                                             "（", "(",  "《",       "「", NULL};
    return rest.n == 0 || take_one(&rest, separators);
}

static bool has_any(struct book_span s, const char *const *words)
{
    for (; s.n; s.p++, s.n--) {
        struct book_span here = s;
        if (take_one(&here, words))
            return true;
    }
    return false;
}

static const char *const digits[] = {"零", "〇", "一", "二", "三", "四", "五", "六", "七", "八",
                                     "九", "十", "百", "千", "万", "两", "廿", "卅", "０", "１",
                                     "２", "３", "４", "５", "６", "７", "８", "９", "0",  "1",
                                     "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  NULL};

/* What no heading has, not even behind a colon. */
static const char *const full_stops[] = {"。", "；", NULL};

/* 第…章 and its like. */
static bool chinese_number(struct book_span s)
{
    static const char *const units[] = {"章", "回", "节", "卷", "部", "集",
                                        "篇", "幕", "话", "折", NULL};
    static const char *const sentence[] = {"，", "。", "！", "？", "；", "…",
                                           "“",  "”",  ",",  "!",  "?",  NULL};
    if (!take(&s, "第"))
        return false;
    take_blanks(&s);
    if (!take_one(&s, digits))
        return false;
    while (take_one(&s, digits) || take_blanks(&s))
        ;
    return take_one(&s, units) && !has_any(s, full_stops) &&
           (ends_or_separates(s) || !has_any(s, sentence));
}

static bool chinese_word(struct book_span s)
{
    static const char *const words[] = {"序章", "序幕", "序言", "楔子", "引子",
                                        "引言", "前言", "尾声", "后记", "番外",
                                        "终章", "结语", "序",   "跋",   NULL};
    if (!take_one(&s, words))
        return false;
    while (take_one(&s, digits)) /* 番外二 */
        ;
    return ends_or_separates(s) && !has_any(s, full_stops);
}

/* What follows "Chapter 3": nothing, something that separates, or words that are no sentence. */
static bool english_rest(struct book_span s)
{
    if (s.n && s.p[0] == ' ')
        return !strchr(".,;!?", s.p[s.n - 1]);
    return ends_or_separates(s);
}

/* Chapter 3, PART II, Book One: Winter. The number must be there. */
static bool english_number(struct book_span s)
{
    static const char *const units[] = {"chapter", "part", "book", "volume", NULL};
    static const char *const numbers[] = {
        "one",     "two",     "three",     "four",     "five",     "six",      "seven",
        "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen", "fourteen",
        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",   NULL};
    if (!take_one(&s, units) || !take_blanks(&s))
        return false;
    size_t n_digits = 0, n_roman = 0;
    while (n_digits < s.n && s.p[n_digits] >= '0' && s.p[n_digits] <= '9')
        n_digits++;
    while (n_roman < s.n && strchr("IVXLCivxlc", s.p[n_roman]) && s.p[n_roman])
        n_roman++;
    size_t n_number = n_digits ? n_digits : n_roman;
    struct book_span rest = {s.p + n_number, s.n - n_number};
    if (n_number && english_rest(rest))
        return true;
    for (size_t i = 0; numbers[i]; i++) {
        rest = s;
        if (take(&rest, numbers[i]) && english_rest(rest))
            return true;
    }
    return false;
}

static bool english_word(struct book_span s)
{
    static const char *const words[] = {"prologue",  "epilogue",  "foreword", "preface",
                                        "afterword", "interlude", NULL};
    return take_one(&s, words) && (s.n == 0 || take(&s, ":"));
}

/* # to ###### and a blank. */
static bool take_hashes(struct book_span *s)
{
    size_t n = 0;
    while (n < s->n && n < 7 && s->p[n] == '#')
        n++;
    struct book_span rest = {s->p + n, s->n - n};
    if (n < 1 || n > 6 || !take_blanks(&rest) || rest.n == 0)
        return false;
    *s = rest;
    return true;
}

bool book_heading(struct book_span line, struct book_span *title)
{
    struct book_span s = book_trim(line);
    if (s.n == 0 || s.n > 4 * HEADING_CHARS || utf8_count(s.p, s.n) > HEADING_CHARS)
        return false;
    bool is = take_hashes(&s) || chinese_number(s) || chinese_word(s) || english_number(s) ||
              english_word(s);
    if (is)
        *title = s;
    return is;
}

/* ---- language -------------------------------------------------------------------------------- */

static bool is_han(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) ||
           (cp >= 0x20000 && cp <= 0x323AF);
}

const char *book_language(const char *text, size_t n)
{
    size_t n_han = 0, n_words = 0;
    bool in_word = false;
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t len = utf8_decode(text + i, n - i, &cp);
        bool letter = len && ((cp | 0x20) - 'a' < 26 || (cp >= 0xC0 && cp <= 0x24F));
        n_han += len && is_han(cp);
        n_words += letter && !in_word;
        in_word = letter || (in_word && cp == '\'');
        i += len ? len : 1;
    }
    return n_words > n_han ? "en" : "zh";
}

/* ---- file names ------------------------------------------------------------------------------ */

void book_file_name(const char *title, const char *untitled, struct str *out)
{
    size_t n = strlen(title), begin = out->len;
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t len = utf8_decode(title + i, n - i, &cp);
        bool at_head = out->len == begin;
        bool shown = len && text_safe_is_plain(cp) && cp != '\n' && cp != '\t';
        if (out->len - begin + len > NAME_BYTES)
            break;
        if (cp == '/' && shown && !at_head)
            str_putc(out, '_');
        else if (shown && !(at_head && strchr("./- ~", (int)(cp < 0x80 ? cp : 'x'))))
            str_append(out, title + i, len);
        i += len ? len : 1;
    }
    while (out->len > begin && out->data[out->len - 1] == ' ')
        str_truncate(out, out->len - 1);
    if (out->len == begin)
        str_puts(out, untitled);
}
