/* template_format.c - see template_format.h. There is no nesting: between {{ and the next }} stands
 * a name and nothing else, so what is put in is never read as a format again. */
#include "config.h"

#include "src/template_format.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/template.h"

enum { MAX_INSIDE = 2 * LIMIT_TEMPLATE_NAME_BYTES }; /* between {{ and }}, blanks and all */

bool format_is_name(const char *name, size_t n)
{
    if (n == 0 || n > LIMIT_TEMPLATE_NAME_BYTES || name[0] == ' ' || name[n - 1] == ' ' ||
        name[0] == '@' || utf8_valid_prefix(name, n) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7F || strchr("{}=\"\\", name[i]))
            return false;
    return true;
}

static int read_variable(const char **format, struct format_piece *out, struct err *err)
{
    char quoted[360];
    /* no name is longer, so one brace after another costs no search through all of the text */
    const char *name = *format + 2;
    const char *close = memmem(name, strnlen(name, MAX_INSIDE), "}}", 2);
    if (!close)
        return err_set(err, E_INPUT, _("\"%s\" is not closed with }}; a plain {{ is written \\{{"),
                       err_quote(quoted, sizeof quoted, *format, strlen(*format)));
    const char *end = close;
    while (name < end && *name == ' ')
        name++;
    while (end > name && end[-1] == ' ')
        end--;
    if (!format_is_name(name, (size_t)(end - name)))
        return err_set(err, E_INPUT,
                       _("\"%s\" is no name of a variable; a plain {{ is written \\{{"),
                       err_quote(quoted, sizeof quoted, *format, (size_t)(close - *format) + 2));
    *out = (struct format_piece){true, name, (size_t)(end - name)};
    *format = close + 2;
    return 1;
}

int format_next(const char **format, struct format_piece *out, struct err *err)
{
    const char *p = *format;
    if (!*p)
        return 0;
    if (strncmp(p, "{{{", 3) == 0) { /* a brace before a variable */
        *out = (struct format_piece){false, p, 1};
        *format = p + 1;
        return 1;
    }
    if (strncmp(p, "{{", 2) == 0)
        return read_variable(format, out, err);
    if (strncmp(p, "\\{{", 3) == 0) {
        *out = (struct format_piece){false, p + 1, 2};
        *format = p + 3;
        return 1;
    }
    size_t n = 1;
    while (p[n] && strncmp(p + n, "{{", 2) != 0 && strncmp(p + n, "\\{{", 3) != 0)
        n++;
    *out = (struct format_piece){false, p, n};
    *format = p + n;
    return 1;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Is the name among those collected so far? */
static bool is_listed(const struct format_piece *names, size_t n, const struct format_piece *p)
{
    for (size_t i = 0; i < n; i++)
        if (names[i].n == p->n && memcmp(names[i].s, p->s, p->n) == 0)
            return true;
    return false;
}

const char *format_name(const struct format_piece *p, char out[LIMIT_TEMPLATE_NAME_BYTES + 1])
{
    memcpy(out, p->s, p->n); /* format_is_name bounds it */
    out[p->n] = '\0';
    return out;
}

size_t format_names(const char *format, bool until_output, const char ***out)
{
    struct format_piece names[LIMIT_TEMPLATE_FIELDS], piece;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    size_t n = 0, n_bytes = 0;
    while (n < ARRAY_LEN(names) && format_next(&format, &piece, NULL) > 0) {
        if (until_output && piece.is_var && template_is_output(format_name(&piece, name)))
            break;
        if (!piece.is_var || is_listed(names, n, &piece))
            continue;
        names[n++] = piece;
        n_bytes += piece.n + 1;
    }
    /* the array is followed by the names it points to: formats hold them unterminated */
    const char **list = x_malloc(n * sizeof list[0] + n_bytes + 1);
    char *text = (char *)(list + n);
    for (size_t i = 0; i < n; i++) {
        list[i] = format_name(&names[i], text);
        text += names[i].n + 1;
    }
    *out = list;
    return n;
}
