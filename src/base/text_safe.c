/* text_safe.c - see text_safe.h.
 *
 * One pass, one verdict per character. The verdict looks only backwards: at the last base in the
 * output and the marks that follow it. So the displayable form of a text does not depend on how it
 * was cut into calls (into the same `out`, at character borders), nothing already shown ever
 * changes, and the function is the identity on its own output.
 *
 * A joiner passes after a pictograph or a letter of a script in which joiners mean something: by
 * UAX #29 it then belongs to that letter's cluster, whatever follows. A mark without a base gets a
 * dotted circle, for a terminal would put it on whatever stands to the left, be it a frame. */
#include "config.h"

#include "src/base/text_safe.h"

#include <string.h>

#include <utf8proc.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"

#define DOTTED_CIRCLE "\xE2\x97\x8C" /* U+25CC */

enum {
    ZWNJ = 0x200C,
    ZWJ = 0x200D,
    MARKS_MAX = 4, /* ncurses keeps five code points in a cell */
    LOOK_BACK_MAX = MARKS_MAX + 1,
};

/* What the next character meets. */
struct context {
    uint32_t base; /* last character that takes a column; 0 at the start of a line */
    uint32_t last; /* last character of any kind */
    int n_marks;   /* marks since the base */
};

enum verdict { PASS, PASS_ON_CIRCLE, DROP, SHOW };

static bool is_noncharacter(uint32_t cp)
{
    return (cp >= 0xFDD0 && cp <= 0xFDEF) || (cp & 0xFFFE) == 0xFFFE || cp > 0x10FFFF;
}

/* Plain characters by comparison: printable ASCII, ideographs, kana, full-width forms. */
static bool is_common(uint32_t cp)
{
    return (cp >= 0x20 && cp < 0x7F) || (cp >= 0x3400 && cp <= 0x9FFF) ||
           (cp >= 0x3000 && cp <= 0x3029) || (cp >= 0x3041 && cp <= 0x3096) ||
           (cp >= 0x30A0 && cp <= 0x30FF) || (cp >= 0xFF01 && cp <= 0xFF60);
}

bool text_safe_is_plain(uint32_t cp)
{
    if (is_common(cp) || cp == '\n' || cp == '\t')
        return true;
    if (is_noncharacter(cp))
        return false;
    switch (utf8proc_get_property((utf8proc_int32_t)cp)->category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF: /* bidi controls, tags, zero-width, soft hyphen, interlinear */
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return false;
    default: return true;
    }
}

/* Blocks of scripts whose letters join, or whose conjuncts are steered by joiners. */
static bool in_joining_script(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {
        {0x0600, 0x08FF},   /* Arabic, Syriac, N'Ko, Mandaic */
        {0x0900, 0x0DFF},   /* the Indic scripts to Sinhala */
        {0x1000, 0x109F},   /* Myanmar */
        {0x1780, 0x18AF},   /* Khmer, Mongolian */
        {0xA840, 0xA87F},   /* Phags-pa */
        {0xFB50, 0xFDFF},   /* Arabic presentation forms */
        {0xFE70, 0xFEFC},   /* the same, B */
        {0x10AC0, 0x10AFF}, /* Manichaean */
        {0x10B80, 0x10BAF}, /* Psalter Pahlavi */
        {0x10D00, 0x10D3F}, /* Hanifi Rohingya */
        {0x10F30, 0x10FDF}, /* Sogdian, Old Uyghur, Chorasmian */
        {0x11000, 0x11FFF}, /* Brahmi and its descendants */
        {0x1E900, 0x1E95F}, /* Adlam */
    };
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        if (cp >= blocks[i].first && cp <= blocks[i].last)
            return true;
    return false;
}

static bool is_pictograph(uint32_t cp)
{
    const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)cp);
    return p->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
           (cp >= 0x1F3FB && cp <= 0x1F3FF); /* skin tones */
}

static bool joiner_belongs(const struct context *c, uint32_t cp)
{
    if (c->base == 0 || c->last == ZWJ || c->last == ZWNJ)
        return false;
    return in_joining_script(c->base) || (cp == ZWJ && is_pictograph(c->base));
}

/* Decides about cp and moves the context past it. */
static enum verdict judge(struct context *c, uint32_t cp)
{
    if (is_common(cp)) {
        *c = (struct context){cp, cp, 0};
        return PASS;
    }
    if (cp == '\n' || cp == '\t') {
        *c = (struct context){0, cp, 0};
        return PASS;
    }
    bool joiner = cp == ZWJ || cp == ZWNJ;
    if (joiner ? !joiner_belongs(c, cp) || c->n_marks >= MARKS_MAX : !text_safe_is_plain(cp)) {
        *c = (struct context){'>', '>', 0};
        return SHOW;
    }
    if (!joiner && uwidth_cp(cp) > 0) {
        *c = (struct context){cp, cp, 0};
        return PASS;
    }
    if (c->base == 0) {
        *c = (struct context){0x25CC, cp, 1};
        return PASS_ON_CIRCLE;
    }
    if (c->n_marks >= MARKS_MAX)
        return DROP;
    c->last = cp;
    c->n_marks++;
    return PASS;
}

/* The context at the end of s[0..n). */
static struct context context_of(const char *s, size_t n)
{
    struct context c = {0, 0, 0};
    for (int i = 0; i < LOOK_BACK_MAX && n > 0; i++) {
        size_t at = utf8_floor(s, n, n - 1);
        uint32_t cp;
        if (utf8_decode(s + at, n - at, &cp) != n - at)
            break;
        if (c.last == 0)
            c.last = cp;
        if (cp == '\n' || cp == '\t')
            break;
        if (uwidth_cp(cp) > 0) {
            c.base = cp;
            break;
        }
        c.n_marks++;
        n = at;
    }
    return c;
}

static bool is_continuation(char b)
{
    return ((unsigned char)b & 0xC0) == 0x80;
}

/* Length of the common character at s, by its bytes alone; 0 when it is none, or may be none. */
static size_t common_length(const char *s, size_t n)
{
    unsigned char b = (unsigned char)s[0];
    if (b >= 0x20 && b < 0x7F)
        return 1;
    if (n < 3 || !is_continuation(s[1]) || !is_continuation(s[2]))
        return 0;
    bool ideograph = b >= 0xE4 && b <= 0xE9; /* U+4000..U+9FFF */
    bool punctuation = b == 0xE3 && s[1] == '\x80' && (unsigned char)s[2] < 0xAA;
    bool full_width = b == 0xEF && s[1] == '\xBC' && s[2] != '\x80';
    return ideograph || punctuation || full_width ? 3 : 0;
}

/* Moves past the common characters, nearly all of a Chinese manuscript; sets the context when there
 * are any. Returns their bytes. */
static size_t skip_common(struct context *c, const char *s, size_t n)
{
    size_t i = 0, last = 0;
    for (size_t len; i < n && (len = common_length(s + i, n - i)) > 0; i += len)
        last = i;
    uint32_t cp;
    if (i > 0 && utf8_decode(s + last, n - last, &cp))
        judge(c, cp);
    return i;
}

static void show(struct str *out, uint32_t cp)
{
    if (cp < 0x20 || cp == 0x7F) {
        char picture[4];
        size_t len = utf8_encode(cp == 0x7F ? 0x2421 : 0x2400 + cp, picture);
        str_append(out, picture, len);
    } else {
        str_printf(out, "<U+%04X>", (unsigned)cp);
    }
}

void text_safe(struct str *out, const void *bytes, size_t n_bytes)
{
    const char *s = bytes;
    struct context c = context_of(str_cstr(out), out->len);
    size_t copied = 0; /* s[copied..i) passes and is not appended yet */
    for (size_t i = 0; i < n_bytes;) {
        i += skip_common(&c, s + i, n_bytes - i);
        if (i == n_bytes)
            break;
        uint32_t cp;
        size_t len = utf8_decode(s + i, n_bytes - i, &cp);
        bool valid = len > 0;
        enum verdict v = judge(&c, valid ? cp : 0xFFFD);
        len = valid ? len : 1;
        if (!valid || v != PASS) {
            str_append(out, s + copied, i - copied);
            copied = i + len;
            if (!valid) {
                str_puts(out, UTF8_REPLACEMENT);
            } else if (v == SHOW) {
                show(out, cp);
            } else if (v == PASS_ON_CIRCLE) {
                str_puts(out, DOTTED_CIRCLE);
                str_append(out, s + i, len);
            }
        }
        i += len;
    }
    str_append(out, s + copied, n_bytes - copied);
}

bool text_is_safe(const void *bytes, size_t n_bytes)
{
    const char *s = bytes;
    struct context c = {0, 0, 0};
    for (size_t i = 0; i < n_bytes;) {
        i += skip_common(&c, s + i, n_bytes - i);
        if (i == n_bytes)
            break;
        uint32_t cp;
        size_t len = utf8_decode(s + i, n_bytes - i, &cp);
        if (len == 0 || judge(&c, cp) != PASS)
            return false;
        i += len;
    }
    return true;
}
