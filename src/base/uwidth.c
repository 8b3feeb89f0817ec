/* uwidth.c - see uwidth.h. Widths are utf8proc's (Unicode 15), with a few deviations that make
 * them what terminals do: ambiguous characters as chosen; conjoining Hangul vowels and finals 0;
 * unassigned code points of the ideographic planes 2, as UAX #11 prescribes (a font that is newer
 * than the table will draw them so); format characters 0, the soft hyphen among them.
 *
 * Most of a Chinese manuscript are ideographs, kana and ASCII: those are answered by comparisons,
 * without a property lookup. */
#include "config.h"

#include "src/base/uwidth.h"

#include <stdbool.h>

#include <utf8proc.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/base/uwidth_table.h"

/* Written by uwidth_set_ambiguous on the UI thread, read there. */
static int ambiguous_columns = 1;

void uwidth_set_ambiguous(int columns)
{
    ambiguous_columns = columns == 2 ? 2 : 1;
}

int uwidth_ambiguous(void)
{
    return ambiguous_columns;
}

static bool is_ambiguous(uint32_t cp)
{
    size_t lo = 0, hi = ARRAY_LEN(ambiguous_ranges);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (cp > ambiguous_ranges[mid].last)
            lo = mid + 1;
        else if (cp < ambiguous_ranges[mid].first)
            hi = mid;
        else
            return true;
    }
    return false;
}

/* Planes and blocks whose unassigned code points are kept for ideographs (UAX #11, section 5). */
static bool is_future_ideograph(uint32_t cp)
{
    return (cp >= 0x20000 && cp <= 0x2FFFD) || (cp >= 0x30000 && cp <= 0x3FFFD) ||
           (cp >= 0xF900 && cp <= 0xFAFF);
}

int uwidth_cp(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7F)
        return 1;
    if (cp >= 0x3400 && cp <= 0x9FFF)
        return 2; /* the hexagrams among them are wide since Unicode 16, and in glibc always */
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp > 0x10FFFF)
        return -1;
    if ((cp >= 0x1160 && cp <= 0x11FF) || (cp >= 0xD7B0 && cp <= 0xD7FF))
        return 0;
    const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)cp);
    switch (p->category) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return 0;
    case UTF8PROC_CATEGORY_CS: return -1;
    case UTF8PROC_CATEGORY_CN: return is_future_ideograph(cp) ? 2 : 1;
    default: break;
    }
    if (p->charwidth == 1 && ambiguous_columns == 2 && is_ambiguous(cp))
        return 2;
    return p->charwidth;
}

size_t uwidth_str(const char *s, size_t n_bytes)
{
    size_t columns = 0;
    for (size_t i = 0; i < n_bytes;) {
        uint32_t cp;
        size_t len = utf8_decode(s + i, n_bytes - i, &cp);
        if (len == 0) {
            cp = 0xFFFD;
            len = 1;
        }
        int w = uwidth_cp(cp);
        if (w > 0)
            columns += (size_t)w;
        i += len;
    }
    return columns;
}

enum { CLUSTER_MAX_CODE_POINTS = 32, CLUSTER_MAX_COLUMNS = 16 };

/* Two of these side by side never share a cluster: none extends, joins or prepends. */
static bool stands_alone(uint32_t cp)
{
    return (cp >= 0x20 && cp < 0x7F) || (cp >= 0x3400 && cp <= 0x9FFF) ||
           (cp >= 0x2010 && cp <= 0x2027) || (cp >= 0x3000 && cp <= 0x3029) ||
           (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A0 && cp <= 0x30FF) ||
           (cp >= 0xFF01 && cp <= 0xFF60);
}

/* The most frequent clusters by their bytes: printable ASCII or an ideograph (U+4000..U+9FFF),
 * before one of these or before any ASCII. Returns their length, 0 for all others. */
static size_t frequent_cluster(const unsigned char *s, size_t n)
{
    size_t len = 0;
    if (s[0] >= 0x20 && s[0] < 0x7F)
        len = 1;
    else if (s[0] >= 0xE4 && s[0] <= 0xE9 && n >= 3 && (s[1] & 0xC0) == 0x80 &&
             (s[2] & 0xC0) == 0x80)
        len = 3;
    bool alone = len > 0 && (n == len || s[len] < 0x80 || (s[len] >= 0xE4 && s[len] <= 0xE9));
    return alone ? len : 0;
}

size_t uwidth_cluster(const char *s, size_t n_bytes, int *columns)
{
    size_t frequent = n_bytes ? frequent_cluster((const unsigned char *)s, n_bytes) : 0;
    if (frequent) {
        *columns = frequent == 1 ? 1 : 2;
        return frequent;
    }
    uint32_t cp, next;
    size_t end = utf8_decode(s, n_bytes, &cp);
    if (end == 0) {
        *columns = n_bytes ? uwidth_cp(0xFFFD) : 0;
        return n_bytes ? 1 : 0;
    }
    int w = uwidth_cp(cp);
    *columns = w > 0 ? w : 0;
    utf8proc_int32_t state = 0;
    for (int i = 1; i < CLUSTER_MAX_CODE_POINTS && end < n_bytes; i++) {
        size_t len = utf8_decode(s + end, n_bytes - end, &next);
        if (len == 0 || (stands_alone(cp) && stands_alone(next)))
            break;
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)cp, (utf8proc_int32_t)next, &state))
            break;
        w = uwidth_cp(next);
        if (*columns + w > CLUSTER_MAX_COLUMNS)
            break;
        *columns += w > 0 ? w : 0;
        end += len;
        cp = next;
    }
    return end;
}
