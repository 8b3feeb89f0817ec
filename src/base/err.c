/* err.c - see err.h. The only subtle point is cutting: messages are UTF-8 and may be shown in a
 * pane, so a message that does not fit is cut before the character that did not. */
#include "config.h"

#include "src/base/err.h"

#include <stdio.h>
#include <string.h>

#include "src/base/text_safe.h"
#include "src/base/utf8.h"

enum { QUOTE_MAX_BYTES = 80 };

static void cut_at_character(char *s, size_t size)
{
    size_t n = strlen(s);
    if (n + 1 < size)
        return;
    s[n - utf8_incomplete_tail(s, n)] = '\0';
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (!err)
        return code;
    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    cut_at_character(err->msg, sizeof err->msg);
    return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return E_INPUT;
    char old[sizeof err->msg];
    memcpy(old, err->msg, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg)
        snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", old);
    cut_at_character(err->msg, sizeof err->msg);
    return err->code;
}

int err_exit_status(enum err_code code)
{
    switch (code) {
    case E_OK: return 0;
    case E_INPUT:
    case E_BUSY:
    case E_UNSUPPORTED: return 1;
    case E_USAGE: return 2;
    case E_STORE: return 3;
    case E_RESOURCE:
    case E_IO: return 4;
    case E_REMOTE: return 5;
    case E_CANCELLED: return 130;
    }
    return 1;
}

const char *err_quote(char *out, size_t out_size, const void *data, size_t n_bytes)
{
    const unsigned char *p = data;
    size_t n_out = 0;
    size_t n_in = n_bytes < QUOTE_MAX_BYTES ? n_bytes : QUOTE_MAX_BYTES;
    size_t i = 0;
    while (i < n_in) {
        char piece[16];
        uint32_t cp;
        size_t len = utf8_decode(p + i, n_bytes - i, &cp);
        if (len == 0) {
            snprintf(piece, sizeof piece, "\\x%02X", p[i]);
            len = 1;
        } else if (cp == '\n' || cp == '\t' || !text_safe_is_plain(cp)) {
            snprintf(piece, sizeof piece, "\\u{%X}", (unsigned)cp);
        } else {
            memcpy(piece, p + i, len);
            piece[len] = '\0';
        }
        size_t n_piece = strlen(piece);
        if (n_out + n_piece + 4 > out_size)
            break;
        memcpy(out + n_out, piece, n_piece);
        n_out += n_piece;
        i += len;
    }
    if (i < n_bytes) {
        memcpy(out + n_out, "...", 3);
        n_out += 3;
    }
    out[n_out] = '\0';
    return out;
}
