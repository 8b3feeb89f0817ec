/* config.c - reads xuxie.ini into the settings. inih finds names and values; the option table
 * decides what they mean. Sections are for the reader's eye: `[story]` changes nothing. Only
 * `[keys]` does: its names are actions of the room, its values keys.
 *
 * inih gives no line numbers, but asks for one line at a time and calls back before it asks for the
 * next: the reader counts. It is given the text in memory, checked before: at most 1 MiB, no line
 * longer than its buffer (inih would take the rest for another line), no NUL.
 */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/config_common.h"
#include "src/options.h"
#include "src/textfile.h"

const char config_keys_section[] = "keys";

struct reading {
    struct settings *settings;
    const char *path;
    const char *rest; /* of the text */
    int line;         /* handed out last */
    unsigned n_messages;
    void (*tell)(void *arg, const char *message);
    void *arg;
};

/* Tells a message; past the limit it is only counted. */
__attribute__((format(printf, 2, 3))) static void tell(struct reading *r, const char *fmt, ...)
{
    if (++r->n_messages >= LIMIT_CONFIG_MESSAGES || !r->tell)
        return;
    char message[1280];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    r->tell(r->arg, message);
}

static char *next_line(char *out, int size, void *arg)
{
    struct reading *r = arg;
    if (!*r->rest)
        return NULL;
    r->line++;
    r->rest += strspn(r->rest, " \t"); /* an indented line is a line like any other */
    size_t n = strcspn(r->rest, "\n");
    n += r->rest[n] == '\n';
    if (n > (size_t)size - 1)
        n = (size_t)size - 1;
    memcpy(out, r->rest, n);
    out[n] = '\0';
    r->rest += n;
    /* told here with its number: inih itself only remembers the first one */
    const char *end = out + strcspn(out, "\r\n");
    bool plain = *out && !strchr(";#[\r\n", *out);
    if ((plain && !strpbrk(out, "=:")) || (*out == '[' && !strchr(out, ']'))) {
        char quoted[360];
        err_quote(quoted, sizeof quoted, out, (size_t)(end - out));
        tell(r, _("%s: line %d: neither \"name = value\" nor \"[section]\": \"%s\""), r->path,
             r->line, quoted);
    }
    return out;
}

static int on_value(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    struct err err = ERR_INIT;
    if (strcmp(section, config_keys_section) == 0) {
        settings_add_key(r->settings, name, value, r->line);
        return 1;
    }
    if (settings_set(r->settings, name, value, ORIGIN_INI, &err) != 0)
        tell(r, _("%s: line %d: %s"), r->path, r->line, err.msg);
    return 1;
}

static int check(const char *path, const struct str *text, struct err *err)
{
    int line = 1;
    for (const char *p = str_cstr(text); *p; line++) {
        size_t n = strcspn(p, "\n");
        if (n > LIMIT_CONFIG_LINE_BYTES)
            return err_set(err, E_INPUT, _("%s: line %d is longer than %u bytes"), path, line,
                           LIMIT_CONFIG_LINE_BYTES);
        p += n + (p[n] == '\n');
    }
    return 0;
}

int settings_read_ini(struct settings *s, const char *path,
                      void (*tell_fn)(void *arg, const char *message), void *arg, struct err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    struct str text = STR_INIT;
    int rc = textfile_read(path, TEXTFILE_REGULAR, CONFIG_MAX_BYTES, &text, err);
    if (!rc)
        rc = textfile_check(path, &text, err);
    if (!rc)
        rc = check(path, &text, err);
    if (rc)
        goto out;
    ini_use_stack = false;
    ini_max_line = ini_initial_alloc = LIMIT_CONFIG_LINE_BYTES + 3;
    ini_allow_inline_comments = false; /* a stop text may hold " ;" */
    ini_allow_multiline = false;
    struct reading r = {.settings = s, .path = path, .tell = tell_fn, .arg = arg};
    r.rest = str_cstr(&text);
    if (ini_parse_stream(next_line, &r, on_value, &r) == -2)
        rc = err_set(err, E_RESOURCE, _("%s: no memory to read it"), path);
    if (r.n_messages >= LIMIT_CONFIG_MESSAGES && tell_fn) {
        struct str last = STR_INIT;
        unsigned more = r.n_messages - LIMIT_CONFIG_MESSAGES + 1;
        str_printf(&last, P_("%s: %u more line is wrong", "%s: %u more lines are wrong", more),
                   path, more);
        tell_fn(arg, str_cstr(&last));
        str_free(&last);
    }
out:
    str_free(&text);
    return rc;
}
