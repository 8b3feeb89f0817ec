/* clip.c - see clip.h. Base64 as RFC 4648, so nothing of the text itself is in the sequence. */
#include "config.h"

#include "ui/clip.h"

#include <stdint.h>

#include "src/base/i18n.h"
#include "src/base/str.h"
#include "ui/term.h"

static void base64(struct str *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16;
        v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        v |= left > 2 ? p[i + 2] : 0;
        str_putc(out, digits[v >> 18]);
        str_putc(out, digits[(v >> 12) & 63]);
        str_putc(out, left > 1 ? digits[(v >> 6) & 63] : '=');
        str_putc(out, left > 2 ? digits[v & 63] : '=');
    }
}

int clip_copy(const char *text, size_t n_bytes, struct err *err)
{
    enum { MAX_BYTES = CLIP_MAX_BASE64_BYTES / 4 * 3 };
    if (n_bytes == 0)
        return err_set(err, E_INPUT, _("There is no passage to copy."));
    if (n_bytes > MAX_BYTES)
        return err_set(
            err, E_INPUT,
            _("The passage has %zu bytes, but the terminal's clipboard takes at most %d; "
              "save it to a file with /save-as."),
            n_bytes, (int)MAX_BYTES);
    struct str s = STR_INIT;
    str_puts(&s, "\033]52;c;");
    base64(&s, (const unsigned char *)text, n_bytes);
    str_puts(&s, "\033\\");
    term_write(s.data, s.len);
    term_flush();
    str_free(&s);
    return 0;
}
