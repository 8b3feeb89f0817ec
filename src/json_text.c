/* json_text.c - see json_text.h. */
#include "config.h"

#include "src/json_text.h"

#include <stdlib.h>

#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/output.h"

/* RFC 4648. */
static void base64(struct str *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)p[i] << 16;
        v |= i + 1 < n ? (unsigned)p[i + 1] << 8 : 0;
        v |= i + 2 < n ? (unsigned)p[i + 2] : 0;
        str_putc(out, digits[v >> 18]);
        str_putc(out, digits[v >> 12 & 63]);
        str_putc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
        str_putc(out, i + 2 < n ? digits[v & 63] : '=');
    }
}

void json_set_text(json_t *object, const char *key, const void *bytes, size_t n)
{
    json_object_set_new(object, key, output_json_string(bytes, n));
    if (n == 0 || utf8_valid_prefix(bytes, n) == n)
        return;
    struct str name = STR_INIT, text;
    str_init(&text, SIZE_MAX / 4);
    str_printf(&name, "%s_base64", key);
    base64(&text, bytes, n);
    json_object_set_new(object, str_cstr(&name), json_stringn(text.data, text.len));
    str_free(&name);
    str_free(&text);
}

void json_write_line(json_t *value, struct outfile *out)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(value);
    if (line) {
        outfile_puts(out, line);
        outfile_write(out, "\n", 1);
    }
    free(line);
}
