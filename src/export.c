/* export.c - see export.h. Formats are rows of one table. */
#include "config.h"

#include "src/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"

static void render_txt(const struct story *s, struct str *out)
{
    story_text(s, out);
    if (out->len && out->data[out->len - 1] != '\n')
        str_putc(out, '\n');
}

/* Characters that would mean something to Markdown at this place of a line. */
static bool needs_escape(char c, bool at_line_start)
{
    return strchr("\\`*_[]<&", c) || (at_line_start && strchr("#>+-=~|", c));
}

/* One line as a paragraph: nothing in it is markup, not even "1." or an indent of four spaces. */
static void render_md_line(const char *p, size_t n, struct str *out)
{
    size_t i = 0;
    for (; i < n && (p[i] == ' ' || p[i] == '\t'); i++)
        str_puts(out, p[i] == ' ' ? "&nbsp;" : "&nbsp;&nbsp;&nbsp;&nbsp;");
    size_t digits = i + strspn(p + i, "0123456789");
    for (size_t start = i; i < n; i++) {
        bool numbers = i == digits && digits > start && (p[i] == '.' || p[i] == ')');
        if (p[i] && (numbers || needs_escape(p[i], i == start)))
            str_putc(out, '\\');
        str_putc(out, p[i]);
    }
}

static void render_md(const struct story *s, struct str *out)
{
    struct str text = STR_INIT;
    story_text(s, &text);
    if (s->title[0]) {
        str_puts(out, "# ");
        render_md_line(s->title, strlen(s->title), out);
        str_puts(out, "\n\n");
    }
    const char *p = str_cstr(&text), *end = p + text.len;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = newline ? (size_t)(newline - p) : (size_t)(end - p);
        render_md_line(p, n, out);
        if (n)
            str_puts(out, "\n\n");
        p += n + (newline != NULL);
    }
    str_free(&text);
}

static const struct format {
    const char *suffix;
    void (*render)(const struct story *s, struct str *out);
} formats[] = {
    {".txt", render_txt},
    {".md", render_md},
};

static const struct format *format_of(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        size_t m = strlen(formats[i].suffix);
        if (n > m && strcmp(path + n - m, formats[i].suffix) == 0)
            return &formats[i];
    }
    return NULL;
}

char *export_path(const char *typed, struct err *err)
{
    struct str p = STR_INIT;
    const char *home = getenv("HOME");
    if (typed[0] == '~' && typed[1] == '/' && home)
        str_printf(&p, "%s%s", home, typed + 1);
    else
        str_puts(&p, typed);
    const char *slash = strrchr(str_cstr(&p), '/');
    const char *name = slash ? slash + 1 : str_cstr(&p);
    if (!strchr(name, '.'))
        str_puts(&p, ".txt");
    if (format_of(str_cstr(&p)))
        return str_take(&p);
    err_set(err, E_USAGE, _("%s: the name must end in .txt or .md"), str_cstr(&p));
    str_free(&p);
    return NULL;
}

bool export_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

int export_story(const struct story *s, const char *path, struct err *err)
{
    const struct format *f = format_of(path);
    struct str text = STR_INIT;
    struct str temp = STR_INIT;
    int rc = 0;
    f->render(s, &text);
    str_printf(&temp, "%s.XXXXXX", path);
    int fd = mkostemp(temp.data, O_CLOEXEC);
    if (fd < 0) {
        rc = err_set(err, E_IO, _("%s: cannot be written: %s"), path, strerror(errno));
        goto out;
    }
    mode_t mask = umask(0);
    umask(mask);
    bool ok = write_all(fd, str_cstr(&text), text.len) == 0 && fchmod(fd, 0666 & ~mask) == 0 &&
              fsync(fd) == 0;
    int saved = errno;
    close(fd);
    if (ok && rename(str_cstr(&temp), path) != 0) {
        ok = false;
        saved = errno;
    }
    if (!ok) {
        unlink(str_cstr(&temp));
        rc = err_set(err, E_IO, _("%s: cannot be written: %s"), path, strerror(saved));
    }
out:
    str_free(&text);
    str_free(&temp);
    return rc;
}
