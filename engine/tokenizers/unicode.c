/* unicode.c - see unicode.h. */
#include "config.h"

#include "engine/tokenizers/unicode.h"

#include <stdlib.h>

#include <utf8proc.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

enum { STRETCH = 1 << 16 };

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *r, size_t n, uint32_t cp)
{
    for (size_t i = 0; i < n; i++)
        if (cp >= r[i].first && cp <= r[i].last)
            return true;
    return false;
}

size_t unicode_next(const char *text, size_t n, uint32_t *cp)
{
    size_t len = utf8_decode(text, n, cp);
    if (len != 0)
        return len;
    *cp = UNICODE_INVALID;
    return 1;
}

/* utf8proc takes signed code points and says "unassigned" to what is none. */
static utf8proc_category_t category(uint32_t cp)
{
    return cp == UNICODE_INVALID ? UTF8PROC_CATEGORY_SO : utf8proc_category((utf8proc_int32_t)cp);
}

bool unicode_is_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

bool unicode_is_python_space(uint32_t cp)
{
    return unicode_is_space(cp) || (cp >= 0x1C && cp <= 0x1F);
}

bool unicode_is_letter(uint32_t cp)
{
    switch (category(cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return true;
    default: return false;
    }
}

bool unicode_is_number(uint32_t cp)
{
    switch (category(cp)) {
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
    }
}

bool unicode_is_decimal(uint32_t cp)
{
    return category(cp) == UTF8PROC_CATEGORY_ND;
}

bool unicode_is_digit(uint32_t cp)
{
    /* Numeric_Type=Digit, which utf8proc does not tell: superscripts, circled digits and so on. */
    static const struct range digits[] = {
        {0x00B2, 0x00B3},   {0x00B9, 0x00B9},   {0x1369, 0x1371},   {0x19DA, 0x19DA},
        {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
        {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
        {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
        {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A},
    };
    return unicode_is_decimal(cp) || (cp >= 0x80 && in_ranges(digits, ARRAY_LEN(digits), cp));
}

bool unicode_is_punctuation(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= 33 && cp <= 47) || (cp >= 58 && cp <= 64) || (cp >= 91 && cp <= 96) ||
               (cp >= 123 && cp <= 126);
    switch (category(cp)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO: return true;
    default: return false;
    }
}

bool unicode_is_nonspacing(uint32_t cp)
{
    return category(cp) == UTF8PROC_CATEGORY_MN;
}

bool unicode_is_mark(uint32_t cp)
{
    utf8proc_category_t c = category(cp);
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME;
}

bool unicode_is_separator(uint32_t cp)
{
    return category(cp) == UTF8PROC_CATEGORY_ZS;
}

bool unicode_is_other(uint32_t cp)
{
    switch (category(cp)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO: return true;
    default: return false;
    }
}

bool unicode_is_word(uint32_t cp)
{
    /* Alphabetic, but neither letter, mark nor number: circled and squared letters. */
    static const struct range symbols[] = {
        {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};
    utf8proc_category_t c = category(cp);
    return unicode_is_letter(cp) || unicode_is_mark(cp) || c == UTF8PROC_CATEGORY_ND ||
           c == UTF8PROC_CATEGORY_NL || c == UTF8PROC_CATEGORY_PC || cp == 0x200C || cp == 0x200D ||
           in_ranges(symbols, ARRAY_LEN(symbols), cp);
}

bool unicode_is_cjk(uint32_t cp)
{
    static const struct range cjk[] = {
        {0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
        {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F},
    };
    return cp >= 0x3400 && in_ranges(cjk, ARRAY_LEN(cjk), cp);
}

void unicode_lower(uint32_t cp, struct textbuf *out)
{
    if (cp == 0x130) { /* the one character whose lower case is two */
        textbuf_put(out, "i\xCC\x87", 3);
        return;
    }
    textbuf_put_char(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp));
}

/* How much of text[0..n) is normalized at once: about STRETCH bytes, up to an ASCII character. No
 * normal form lets one of those act on what comes before it. */
static size_t stretch(const char *text, size_t n)
{
    size_t end = STRETCH < n ? STRETCH : n;
    while (end < n && (unsigned char)text[end] >= 0x80)
        end++;
    return end;
}

/* A stretch of valid UTF-8. */
static void normalize_valid(utf8proc_option_t options, const char *text, size_t n,
                            struct textbuf *out)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &mapped, options);
    if (len >= 0)
        textbuf_put(out, (const char *)mapped, (size_t)len);
    else
        out->failed = true;
    free(mapped);
}

void unicode_normalize(enum normal_form form, const char *text, size_t n, struct textbuf *out)
{
    static const int options[] = {
        [NORMAL_NFC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
        [NORMAL_NFD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
        [NORMAL_NFKC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [NORMAL_NFKD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
    };
    for (size_t at = 0; at < n && !out->failed;) {
        size_t valid = utf8_valid_prefix(text + at, stretch(text + at, n - at));
        if (valid > 0)
            normalize_valid((utf8proc_option_t)options[form], text + at, valid, out);
        at += valid;
        if (valid == 0)
            textbuf_put(out, text + at++, 1);
    }
}
