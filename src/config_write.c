/* config_write.c - see config_write.h. Lines are taken apart as config.c and inih do: blanks before
 * a line do not count, a name ends at the first = or :. */
#include "config.h"

#include "src/config_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/paths.h"
#include "src/base/utf8.h"
#include "src/config_common.h"
#include "src/option_table.h"
#include "src/textfile.h"

enum { NAMES_MAX = 100 };

static const char blanks[] = " \t";

/* ---- the text -------------------------------------------------------------------------------- */

/* One line of the text. */
struct line {
    const char *p;
    size_t n; /* without its line end */
};

static bool next_line(const char **rest, struct line *out)
{
    if (!**rest)
        return false;
    out->p = *rest;
    out->n = strcspn(*rest, "\n");
    *rest += out->n + ((*rest)[out->n] == '\n');
    if (out->n && out->p[out->n - 1] == '\r')
        out->n--;
    return true;
}

static size_t skip_blanks(const struct line *l)
{
    size_t at = 0;
    while (at < l->n && strchr(blanks, l->p[at]))
        at++;
    return at;
}

/* Is the line "[name]"? */
static bool is_section(const struct line *l, const char *name)
{
    size_t at = skip_blanks(l), n = strlen(name);
    return at + n + 2 <= l->n && l->p[at] == '[' && memcmp(l->p + at + 1, name, n) == 0 &&
           l->p[at + 1 + n] == ']';
}

static bool is_any_section(const struct line *l)
{
    size_t at = skip_blanks(l);
    return at < l->n && l->p[at] == '[';
}

static bool is_comment(const struct line *l)
{
    size_t at = skip_blanks(l);
    return at < l->n && (l->p[at] == '#' || l->p[at] == ';');
}

/* Does the line set the option? *value is where its value begins. */
static bool sets(const struct line *l, int row, size_t *value)
{
    size_t at = skip_blanks(l), end = at;
    while (end < l->n && l->p[end] != '=' && l->p[end] != ':')
        end++;
    if (end == l->n || is_comment(l))
        return false;
    *value = end + 1;
    while (*value < l->n && strchr(blanks, l->p[*value]))
        ++*value;
    while (end > at && strchr(blanks, l->p[end - 1]))
        end--;
    char *name = x_strndup(l->p + at, end - at);
    bool is = option_find(name) == row;
    free(name);
    return is;
}

/* What a pass over the text found. */
struct places {
    const char *value, *value_end; /* of the last line that sets the option; NULL: none does */
    const char *keys;              /* where the section of the keys begins that is not left again */
    const char *line_end;          /* as the first line ends */
};

static struct places look(const char *text, int row)
{
    static const char bom[] = "\xEF\xBB\xBF";
    struct places found = {.line_end = "\n"};
    const char *rest = text, *comments = NULL; /* the comment lines right above this line */
    bool in_keys = false, first = true;
    struct line l;
    if (strncmp(rest, bom, 3) == 0)
        rest += 3;
    while (next_line(&rest, &l)) {
        size_t value;
        if (first && rest >= text + 2 && rest[-1] == '\n' && rest[-2] == '\r')
            found.line_end = "\r\n";
        first = false;
        if (is_any_section(&l)) {
            in_keys = is_section(&l, config_keys_section);
            if (!in_keys)
                found.keys = NULL;
            else if (!found.keys)
                found.keys = comments ? comments : l.p;
        } else if (!in_keys && sets(&l, row, &value)) {
            found.value = l.p + value;
            found.value_end = l.p + l.n;
        }
        comments = !is_comment(&l) ? NULL : comments ? comments : l.p;
    }
    return found;
}

void config_edit(const char *text, const char *name, const char *value, struct str *out)
{
    struct places at = look(text, option_find(name));
    if (at.value) {
        str_append(out, text, (size_t)(at.value - text));
        str_puts(out, value);
        str_puts(out, at.value_end);
        return;
    }
    size_t before = at.keys ? (size_t)(at.keys - text) : strlen(text);
    str_append(out, text, before);
    if (before && text[before - 1] != '\n')
        str_puts(out, at.line_end);
    str_printf(out, "%s = %s%s", name, value, at.line_end);
    str_puts(out, text + before);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int cannot_write(const char *path, int why, struct err *err)
{
    return err_set(err, E_IO, _("%s: cannot be written: %s"), path, strerror(why));
}

/* A value that comes back as it is: one line, nothing that is trimmed, UTF-8. */
static int check_value(const char *path, const char *name, const char *value, struct err *err)
{
    size_t n = strlen(value);
    bool trimmed = n && (strchr(" \t\r\v\f", value[0]) || strchr(" \t\r\v\f", value[n - 1]));
    if (!trimmed && !strpbrk(value, "\r\n") && utf8_valid_prefix(value, n) == n &&
        n + strlen(name) + 3 <= LIMIT_CONFIG_LINE_BYTES)
        return 0;
    char quoted[360];
    return err_set(err, E_INPUT, _("%s: this value of %s cannot stand in such a file: \"%s\""),
                   path, name, err_quote(quoted, sizeof quoted, value, n));
}

/* The text that is there, "" where there is none; *mode of the new file; the file a link leads to
 * into *target. */
static int read_old(const char *path, struct str *text, mode_t *mode, char **target,
                    struct err *err)
{
    struct stat st;
    *mode = 0600;
    *target = NULL;
    if (lstat(path, &st) != 0 && errno == ENOENT) {
        *target = x_strdup(path);
        return paths_make_parent(path, err);
    }
    int rc = textfile_read(path, TEXTFILE_REGULAR, CONFIG_MAX_BYTES, text, err);
    if (rc)
        return rc;
    if (strlen(str_cstr(text)) != text->len ||
        utf8_valid_prefix(text->data, text->len) != text->len)
        return err_set(err, E_INPUT, _("%s: this is no text in UTF-8; it is left as it is"), path);
    *target = realpath(path, NULL);
    if (!*target || stat(*target, &st) != 0)
        return cannot_write(path, errno, err);
    *mode = st.st_mode & 07777;
    return 0;
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno != EINTR)
            return -1;
        p += w > 0 ? w : 0;
        n -= w > 0 ? (size_t)w : 0;
    }
    return 0;
}

static void sync_folder(const char *path)
{
    char *folder = x_strdup(path);
    *(strrchr(folder, '/') + 1) = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

/* A new file beside the target takes its name when all of it is on the disk. */
static int replace(const char *target, const struct str *text, mode_t mode, struct err *err)
{
    struct str temporary = STR_INIT;
    int fd = -1, why = 0;
    errno = EEXIST;
    for (int i = 0; fd < 0 && errno == EEXIST && i < NAMES_MAX; i++) {
        str_clear(&temporary);
        str_printf(&temporary, "%s.%ld-%d", target, (long)getpid(), i);
        fd = open(str_cstr(&temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        why = errno;
        str_free(&temporary);
        return cannot_write(target, why, err);
    }
    if (write_all(fd, str_cstr(text), text->len) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        why = errno;
    if (close(fd) != 0 && !why)
        why = errno;
    if (!why && rename(str_cstr(&temporary), target) != 0)
        why = errno;
    if (why)
        unlink(str_cstr(&temporary));
    else
        sync_folder(target);
    str_free(&temporary);
    return why ? cannot_write(target, why, err) : 0;
}

int config_set(const char *path, const char *name, const char *value, struct err *err)
{
    struct str old = STR_INIT, text = STR_INIT;
    mode_t mode;
    char *target = NULL;
    int rc = check_value(path, name, value, err);
    if (!rc)
        rc = read_old(path, &old, &mode, &target, err);
    if (!rc) {
        config_edit(str_cstr(&old), name, value, &text);
        rc = replace(target, &text, mode, err);
    }
    free(target);
    str_free(&old);
    str_free(&text);
    return rc;
}
