/* linefile.c - see linefile.h. The buffer is compacted only when a read is needed, so handing out
 * short lines of a large read costs no copying. */
#include "config.h"

#include "src/linefile.h"

#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/textfile.h"

int linefile_open(const char *path, size_t max_bytes, struct linefile *f, struct err *err)
{
    int fd;
    int rc = textfile_open(path, 0, &fd, err);
    if (rc)
        return rc;
    memset(f, 0, sizeof *f);
    f->path = path;
    f->fd = fd;
    f->max_bytes = max_bytes;
    return 0;
}

void linefile_close(struct linefile *f)
{
    if (f->fd > STDIN_FILENO)
        close(f->fd);
    str_free(&f->buffer);
}

static int fill(struct linefile *f, struct err *err)
{
    char piece[65536];
    str_remove(&f->buffer, 0, f->from);
    f->searched -= f->from;
    f->from = 0;
    if (f->buffer.len > f->max_bytes)
        return err_set(err, E_INPUT, _("%s: line %lu is longer than %zu bytes"),
                       textfile_name(f->path), f->line + 1, f->max_bytes);
    long n = textfile_some(f->path, f->fd, piece, sizeof piece, err);
    if (n < 0)
        return (int)n;
    f->ended = n == 0;
    str_append(&f->buffer, piece, (size_t)n);
    return 0;
}

int linefile_next(struct linefile *f, const char **line, size_t *n_bytes, struct err *err)
{
    for (;;) {
        size_t n = f->buffer.len - f->searched;
        const char *end = n ? memchr(f->buffer.data + f->searched, '\n', n) : NULL;
        if (end || (f->ended && f->buffer.len > f->from)) {
            size_t stop = end ? (size_t)(end - f->buffer.data) : f->buffer.len;
            *line = f->buffer.data + f->from;
            *n_bytes = stop - f->from;
            f->from = f->searched = stop + (end ? 1 : 0);
            f->line++;
            return 1;
        }
        if (f->ended)
            return 0;
        f->searched = f->buffer.len;
        int rc = fill(f, err);
        if (rc)
            return rc;
    }
}
