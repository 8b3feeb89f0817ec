/* pretok.c - see pretok.h. */
#include "config.h"

#include "engine/tokenizers/pretok.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/tokenizers/unicode.h"
#include "src/base/mem.h"

enum char_class { CLASS_SPACE, CLASS_LETTER, CLASS_NUMBER, CLASS_OTHER };

static enum char_class class_of(uint32_t cp)
{
    if (unicode_is_space(cp))
        return CLASS_SPACE;
    if (unicode_is_letter(cp))
        return CLASS_LETTER;
    return unicode_is_number(cp) ? CLASS_NUMBER : CLASS_OTHER;
}

/* The class of the first character of text[0..n), n > 0, and its length. */
static enum char_class first_class(const char *text, size_t n, size_t *len)
{
    uint32_t cp;
    *len = unicode_next(text, n, &cp);
    return class_of(cp);
}

/* The end of the run of characters of one class that begins at `at`. */
static size_t run_end(const char *text, size_t n, size_t at, enum char_class class)
{
    size_t len;
    while (at < n && first_class(text + at, n - at, &len) == class)
        at += len;
    return at;
}

/* 's 't 're 've 'm 'll 'd: the length, or 0. */
static size_t contraction(const char *text, size_t n)
{
    if (n >= 2 && memchr("stmd", text[1], 4))
        return 2;
    if (n >= 3 &&
        (!memcmp(text + 1, "re", 2) || !memcmp(text + 1, "ve", 2) || !memcmp(text + 1, "ll", 2)))
        return 3;
    return 0;
}

/* A run of white space, without its last character if a word follows, which takes that along:
 * \s+(?!\S)|\s+ */
static size_t space_run(const char *text, size_t n)
{
    size_t at = 0;
    size_t last = 0;
    size_t len;
    while (at < n && first_class(text + at, n - at, &len) == CLASS_SPACE) {
        last = at;
        at += len;
    }
    return at == n || last == 0 ? at : last;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static size_t first_gpt2(const char *text, size_t n)
{
    size_t len = text[0] == '\'' ? contraction(text, n) : 0;
    if (len != 0)
        return len;
    size_t at = text[0] == ' ' && n > 1 ? 1 : 0;
    enum char_class class = first_class(text + at, n - at, &len);
    if (class == CLASS_SPACE)
        return space_run(text, n);
    return run_end(text, n, at + len, class);
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d): the length, or 0. Case folding has the long s (U+017F) match s. */
static size_t contraction_any_case(const char *text, size_t n)
{
    char lower[3] = {'\'', 0, 0};
    for (size_t i = 1; i < 3 && i < n; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    if (n >= 3 && !memcmp(text + 1, "\xC5\xBF", 2))
        return 3;
    return contraction(lower, n < 3 ? n : 3);
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* A run of white space up to its last line end; without one, as space_run has it:
 * \s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t space_lines(const char *text, size_t n)
{
    size_t end = run_end(text, n, 0, CLASS_SPACE);
    while (end > 0 && !is_line_end(text[end - 1]))
        end--;
    return end > 0 ? end : space_run(text, n);
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max_digits}|
 *  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t first_modern(const char *text, size_t n, int max_digits)
{
    size_t len = text[0] == '\'' ? contraction_any_case(text, n) : 0;
    if (len != 0)
        return len;
    enum char_class class = first_class(text, n, &len);
    if (class == CLASS_LETTER)
        return run_end(text, n, len, CLASS_LETTER);
    size_t next;
    if (class == CLASS_NUMBER) {
        while (--max_digits > 0 && len < n &&
               first_class(text + len, n - len, &next) == CLASS_NUMBER)
            len += next;
        return len;
    }
    if (!is_line_end(text[0]) && len < n && first_class(text + len, n - len, &next) == CLASS_LETTER)
        return run_end(text, n, len, CLASS_LETTER);
    size_t at = text[0] == ' ' && n > 1 ? 1 : 0;
    if (first_class(text + at, n - at, &len) != CLASS_OTHER)
        return space_lines(text, n);
    at = run_end(text, n, at, CLASS_OTHER);
    while (at < n && is_line_end(text[at]))
        at++;
    return at;
}

static size_t first_llama3(const char *text, size_t n)
{
    return first_modern(text, n, 3);
}

static size_t first_qwen2(const char *text, size_t n)
{
    return first_modern(text, n, 1);
}

#define GPT2_REGEX                                                                                 \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define MODERN_REGEX(digits)                                                                       \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits                           \
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct pretok table[] = {
    {.name = "gpt-2", .regex = GPT2_REGEX, .first = first_gpt2},
    {.name = "default", .first = first_gpt2},
    {.name = "", .first = first_gpt2},
    {.name = "llama-bpe",
     .regex = MODERN_REGEX("\\p{N}{1,3}"),
     .first = first_llama3,
     .ignore_merges = true,
     .add_bos = true},
    {.name = "qwen2", .regex = MODERN_REGEX("\\p{N}"), .first = first_qwen2, .nfc = true},
};

/* Other names for the same tokenizer, by llama.cpp's llama-vocab.cpp. */
static const struct {
    const char *name, *row;
} aliases[] = {
    {"llama3", "llama-bpe"},       {"llama-v3", "llama-bpe"},
    {"falcon3", "llama-bpe"},      {"pixtral", "llama-bpe"},
    {"midm-2.0", "llama-bpe"},     {"lfm2", "llama-bpe"},
    {"deepseek-r1-qwen", "qwen2"}, {"kormo", "qwen2"},
    {"f2llmv2", "qwen2"},          {"phi-2", "gpt-2"},
    {"gigachat", "gpt-2"},         {"a.x-4.0", "gpt-2"},
    {"mellum", "gpt-2"},
};

const struct pretok *pretok_of_regex(const char *regex)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].regex && strcmp(table[i].regex, regex) == 0)
            return &table[i];
    return NULL;
}

const struct pretok *pretok_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (strcmp(aliases[i].name, name) == 0)
            name = aliases[i].row;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
