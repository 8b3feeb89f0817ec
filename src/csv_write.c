/* csv_write.c - see csv_write.h. */
#include "config.h"

#include "src/csv_write.h"

#include <string.h>

static void separate(struct str *line)
{
    if (line->len)
        str_putc(line, ',');
}

bool csv_is_formula(const char *text, size_t n)
{
    static const char *const wide[] = {"＝", "＋", "－", "＠"}; /* some read these alike */
    for (; n && *text == '\''; n--)
        text++;
    if (n && text[0] && strchr("=+-@\t\r\n", text[0]))
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (n >= 3 && memcmp(text, wide[i], 3) == 0)
            return true;
    return false;
}

void csv_text(struct str *line, const char *text, size_t n, bool raw)
{
    separate(line);
    str_putc(line, '"');
    if (!raw && csv_is_formula(text, n))
        str_putc(line, '\'');
    for (const char *end = text + n; text < end;) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        size_t part = quote ? (size_t)(quote - text) + 1 : (size_t)(end - text);
        str_append(line, text, part);
        if (quote)
            str_putc(line, '"');
        text += part;
    }
    str_putc(line, '"');
}

void csv_int(struct str *line, int64_t value)
{
    separate(line);
    str_printf(line, "%lld", (long long)value);
}

void csv_int_or_empty(struct str *line, int64_t value)
{
    if (value)
        csv_int(line, value);
    else
        csv_text(line, "", 0, true);
}

void csv_end_line(struct str *line)
{
    str_puts(line, "\r\n");
}
