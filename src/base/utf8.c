/* utf8.c - see utf8.h. Validation follows table 3-7 of the Unicode standard: the second byte's
 * range depends on the first; that one test excludes overlong forms, surrogates and values too
 * large. */
#include "config.h"

#include "src/base/utf8.h"

size_t utf8_claimed_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    if (lead >= 0xF0 && lead <= 0xF4)
        return 4;
    return 0;
}

/* Is b allowed as byte number i (1..3) after lead? */
static bool continues(unsigned char lead, size_t i, unsigned char b)
{
    unsigned lo = 0x80, hi = 0xBF;
    if (i == 1) {
        switch (lead) {
        case 0xE0: lo = 0xA0; break;
        case 0xED: hi = 0x9F; break;
        case 0xF0: lo = 0x90; break;
        case 0xF4: hi = 0x8F; break;
        default: break;
        }
    }
    return b >= lo && b <= hi;
}

size_t utf8_decode(const void *p, size_t n, uint32_t *cp)
{
    const unsigned char *s = p;
    if (n == 0)
        return 0;
    size_t len = utf8_claimed_length(s[0]);
    if (len == 0 || len > n)
        return 0;
    static const unsigned char lead_mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = s[0] & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        if (!continues(s[0], i, s[i]))
            return 0;
        c = (c << 6) | (s[i] & 0x3Fu);
    }
    *cp = c;
    return len;
}

size_t utf8_encode(uint32_t cp, char *out)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | (cp >> 6));
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | (cp >> 12));
        out[1] = (char)(0x80 | ((cp >> 6) & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (cp >> 18));
    out[1] = (char)(0x80 | ((cp >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((cp >> 6) & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

size_t utf8_valid_prefix(const void *p, size_t n)
{
    const unsigned char *s = p;
    size_t i = 0;
    uint32_t cp;
    while (i < n) {
        size_t len = utf8_decode(s + i, n - i, &cp);
        if (len == 0)
            break;
        i += len;
    }
    return i;
}

size_t utf8_incomplete_tail(const void *p, size_t n)
{
    const unsigned char *s = p;
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char lead = s[n - back];
        if ((lead & 0xC0) == 0x80)
            continue;
        size_t len = utf8_claimed_length(lead);
        if (len <= back)
            return 0;
        for (size_t i = 1; i < back; i++)
            if (!continues(lead, i, s[n - back + i]))
                return 0;
        return back;
    }
    return 0;
}

size_t utf8_floor(const void *p, size_t n, size_t at)
{
    const unsigned char *s = p;
    if (at >= n)
        return n;
    for (int i = 0; i < 3 && at > 0 && (s[at] & 0xC0) == 0x80; i++)
        at--;
    return at;
}

size_t utf8_count(const void *p, size_t n)
{
    const unsigned char *s = p;
    size_t count = 0;
    uint32_t cp;
    for (size_t i = 0; i < n; count++) {
        size_t len = utf8_decode(s + i, n - i, &cp);
        i += len ? len : 1;
    }
    return count;
}
