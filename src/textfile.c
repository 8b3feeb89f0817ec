/* textfile.c - see textfile.h. Waiting for a pipe or a terminal is a poll, so that a signal that
 * comes just before the read is not missed. */
#include "config.h"

#include "src/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/utf8.h"
#include "src/interrupt.h"

const char *textfile_name(const char *path)
{
    return strcmp(path, "-") == 0 ? _("standard input") : path;
}

int textfile_open(const char *path, unsigned flags, int *out, struct err *err)
{
    if (strcmp(path, "-") == 0) {
        *out = STDIN_FILENO;
        return 0;
    }
    int mode = O_RDONLY | O_CLOEXEC | O_NOCTTY | (flags & TEXTFILE_REGULAR ? O_NONBLOCK : 0);
    int fd = open(path, mode);
    if (fd < 0) {
        if (errno == EINTR && interrupt_signal())
            return err_set(err, E_CANCELLED, _("%s: interrupted"), path);
        return err_set(err, E_INPUT, _("%s: cannot open: %s"), path, strerror(errno));
    }
    struct stat st;
    int rc = 0;
    if (fstat(fd, &st) != 0)
        rc = err_set(err, E_IO, _("%s: cannot read: %s"), path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        rc = err_set(err, E_INPUT, _("%s: this is a directory, not a file"), path);
    else if ((flags & TEXTFILE_REGULAR) && !S_ISREG(st.st_mode))
        rc = err_set(err, E_INPUT, _("%s: this is not a regular file"), path);
    if (rc)
        close(fd);
    else
        *out = fd;
    return rc;
}

/* Reads once, when there is something to read. */
static ssize_t read_once(int fd, void *buffer, size_t size)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = interrupt_fd(), .events = POLLIN}};
    for (;;) {
        if (interrupt_signal()) {
            errno = EINTR;
            return -1;
        }
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        if (!fds[0].revents)
            continue;
        ssize_t n = read(fd, buffer, size);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
    }
}

long textfile_some(const char *path, int fd, void *buffer, size_t size, struct err *err)
{
    ssize_t n = read_once(fd, buffer, size);
    if (n < 0 && errno == EINTR)
        return err_set(err, E_CANCELLED, _("%s: interrupted"), textfile_name(path));
    if (n < 0)
        return err_set(err, E_IO, _("%s: cannot read: %s"), textfile_name(path), strerror(errno));
    return n;
}

int textfile_read(const char *path, unsigned flags, size_t max_bytes, struct str *out,
                  struct err *err)
{
    int fd;
    int rc = textfile_open(path, flags, &fd, err);
    if (rc)
        return rc;
    size_t begin = out->len;
    for (;;) {
        char buffer[65536];
        long n = textfile_some(path, fd, buffer, sizeof buffer, err);
        if (n <= 0) {
            rc = (int)n;
            break;
        }
        if ((size_t)n > max_bytes - (out->len - begin)) {
            rc = err_set(err, E_INPUT, _("%s: longer than %zu bytes, the most that is read"),
                         textfile_name(path), max_bytes);
            break;
        }
        str_append(out, buffer, (size_t)n);
    }
    if (fd != STDIN_FILENO)
        close(fd);
    return rc;
}

int textfile_check(const char *path, struct str *text, struct err *err)
{
    static const char bom[] = "\xEF\xBB\xBF";
    size_t valid = utf8_valid_prefix(text->data, text->len);
    if (valid < text->len)
        return err_set(
            err, E_INPUT,
            _("%s: byte 0x%02X at offset %zu is not valid UTF-8; convert the text first"),
            textfile_name(path), (unsigned char)text->data[valid], valid);
    const char *nul = text->len ? memchr(text->data, '\0', text->len) : NULL;
    if (nul)
        return err_set(err, E_INPUT, _("%s: NUL byte at offset %zu; this is not a text"),
                       textfile_name(path), (size_t)(nul - text->data));
    if (text->len >= 3 && memcmp(text->data, bom, 3) == 0)
        str_remove(text, 0, 3);
    return 0;
}

int textfile_check_lines(const char *path, const char *text, size_t n, struct err *err)
{
    size_t valid = utf8_valid_prefix(text, n);
    const char *nul = n ? memchr(text, '\0', n) : NULL;
    if (valid == n && !nul)
        return 0;
    if (n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return err_set(err, E_INPUT,
                       _("%s: line 1: this is UTF-16, not UTF-8; convert the text first"),
                       textfile_name(path));
    bool is_nul = nul && (size_t)(nul - text) < valid;
    size_t at = is_nul ? (size_t)(nul - text) : valid;
    unsigned long line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    if (is_nul)
        return err_set(err, E_INPUT, _("%s: line %lu: a NUL byte; this is not a text"),
                       textfile_name(path), line);
    return err_set(err, E_INPUT,
                   _("%s: line %lu: byte 0x%02X is not valid UTF-8; convert the text first"),
                   textfile_name(path), line, (unsigned char)text[at]);
}
