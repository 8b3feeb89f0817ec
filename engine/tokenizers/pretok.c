/* pretok.c - see pretok.h. */
#include "config.h"

#include "engine/tokenizers/pretok.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

enum char_class { CLASS_SPACE, CLASS_LETTER, CLASS_NUMBER, CLASS_OTHER };

/* The property White_Space, which \s stands for. */
static bool is_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

static enum char_class class_of(uint32_t cp)
{
    if (is_space(cp))
        return CLASS_SPACE;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return CLASS_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return CLASS_NUMBER;
    default: return CLASS_OTHER;
    }
}

/* The class of the first character of text[0..n), n > 0, and its length. */
static enum char_class first_class(const char *text, size_t n, size_t *len)
{
    uint32_t cp;
    *len = utf8_decode(text, n, &cp);
    if (*len != 0)
        return class_of(cp);
    *len = 1;
    return CLASS_OTHER;
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

static const struct pretok table[] = {
    {"gpt-2", first_gpt2},
    {"default", first_gpt2},
    {"", first_gpt2},
};

const struct pretok *pretok_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
