/* resultfile.c - see resultfile.h. A line goes out in one write at the end of the file, so that a
 * process that dies leaves whole lines and at most the beginning of one. */
#include "config.h"

#include "src/resultfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/str.h"
#include "src/output.h"

/* What was found so far. */
struct reading {
    struct resultfile *file;
    const char *mark;
    int (*each)(void *arg, const struct jsonline *line, struct err *err);
    void *arg;
    off_t end; /* of the last complete line */
};

static int not_ours(const struct reading *r, struct err *err)
{
    return err_set(err, E_INPUT, _("%s: line %lu is no result of this command; name another file"),
                   r->file->path, r->file->n_lines + 1);
}

static int read_line(struct reading *r, const char *text, size_t n, struct err *err)
{
    struct str where = STR_INIT;
    struct jsonline line = {.text = text, .n_text = n, .number = r->file->n_lines + 1};
    json_t *object = NULL;
    if (n < strlen(r->mark) || strncmp(text, r->mark, strlen(r->mark)) != 0)
        return not_ours(r, err);
    str_printf(&where, _("%s: line %lu"), r->file->path, line.number);
    line.where = str_cstr(&where);
    int rc = jsonline_parse(line.where, text, n, &object, err);
    line.object = object;
    if (!rc)
        rc = r->each(r->arg, &line, err);
    json_decref(object);
    str_free(&where);
    if (rc)
        return rc;
    r->file->n_lines++;
    r->end += (off_t)n + 1;
    return 0;
}

/* Hands out the complete lines of the buffer and takes them out of it. */
static int read_lines(struct reading *r, struct str *buffer, struct err *err)
{
    size_t from = 0;
    int rc = 0;
    const char *end;
    while (!rc && buffer->len > from &&
           (end = memchr(buffer->data + from, '\n', buffer->len - from))) {
        const size_t n = (size_t)(end - buffer->data) - from;
        rc = read_line(r, buffer->data + from, n, err);
        from += n + 1;
    }
    str_remove(buffer, 0, from);
    if (!rc && buffer->len > LIMIT_INPUT_LINE_BYTES)
        rc = not_ours(r, err);
    return rc;
}

static int read_all(struct reading *r, struct err *err)
{
    struct str buffer = STR_INIT;
    int rc = 0;
    for (;;) {
        char piece[65536];
        ssize_t n = read(r->file->fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = err_set(err, E_IO, _("%s: cannot read: %s"), r->file->path, strerror(errno));
        if (n <= 0)
            break;
        str_append(&buffer, piece, (size_t)n);
        rc = read_lines(r, &buffer, err);
        if (rc)
            break;
    }
    /* what is left lacks its end; is it the beginning of a line of ours? */
    const size_t n = buffer.len < strlen(r->mark) ? buffer.len : strlen(r->mark);
    if (!rc && strncmp(str_cstr(&buffer), r->mark, n) != 0)
        rc = not_ours(r, err);
    str_free(&buffer);
    return rc;
}

static int cannot_open(const char *path, struct err *err)
{
    return err_set(err, E_INPUT, _("%s: cannot be written: %s"), path, strerror(errno));
}

static int open_fd(const char *path, int *out, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return cannot_open(path, err);
    int rc = 0;
    if (fstat(fd, &st) != 0)
        rc = cannot_open(path, err);
    else if (!S_ISREG(st.st_mode))
        rc = err_set(err, E_INPUT, _("%s: not a regular file"), path);
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        rc = err_set(err, E_INPUT, _("%s: another process is writing to it"), path);
    if (rc)
        close(fd);
    else
        *out = fd;
    return rc;
}

int resultfile_open(const char *path, const char *mark,
                    int (*each)(void *arg, const struct jsonline *line, struct err *err), void *arg,
                    struct resultfile *f, struct err *err)
{
    struct resultfile file = {.fd = -1, .path = path};
    struct reading r = {.file = &file, .mark = mark, .each = each, .arg = arg};
    int rc = open_fd(path, &file.fd, err);
    if (rc)
        return rc;
    rc = read_all(&r, err);
    if (!rc && ftruncate(file.fd, r.end) != 0)
        rc = err_set(err, E_IO, _("%s: cannot be shortened: %s"), path, strerror(errno));
    if (rc)
        close(file.fd);
    else
        *f = file;
    return rc;
}

int resultfile_put(struct resultfile *f, json_t *value, struct err *err)
{
    if (!f->path) {
        output_json(value);
        output_flush();
        return 0;
    }
    struct str line = STR_INIT;
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(value);
    str_puts(&line, text ? text : "");
    str_putc(&line, '\n');
    free(text);
    int rc = 0;
    for (size_t at = 0; at < line.len && !rc;) {
        ssize_t n = write(f->fd, line.data + at, line.len - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            rc = err_set(err, E_IO, _("%s: cannot write: %s"), f->path, strerror(errno));
    }
    f->n_lines += !rc;
    str_free(&line);
    return rc;
}

int resultfile_close(struct resultfile *f, struct err *err)
{
    int rc = 0;
    if (!f->path)
        return 0;
    if (fsync(f->fd) != 0 && errno != EINVAL)
        rc = err_set(err, E_IO, _("%s: cannot write: %s"), f->path, strerror(errno));
    if (close(f->fd) != 0 && !rc)
        rc = err_set(err, E_IO, _("%s: cannot write: %s"), f->path, strerror(errno));
    *f = (struct resultfile){0};
    return rc;
}
