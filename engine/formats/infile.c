/* infile.c - see infile.h. The type is asked of the open descriptor, not of the path, so nothing
 * can be swapped in between; O_NONBLOCK makes open() return at once for a FIFO without a writer. */
#include "config.h"

#include "engine/formats/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/memory.h"
#include "src/base/i18n.h"
#include "src/base/utf8.h"

enum { QUOTE_TAIL_BYTES = 240, QUOTE_PIECE_BYTES = 80 };

const char *infile_quote(char out[INFILE_QUOTE_BYTES], const char *path)
{
    size_t n = strlen(path);
    size_t at = 0;
    size_t n_out = 0;
    if (n > QUOTE_TAIL_BYTES) {
        at = utf8_floor(path, n, n - QUOTE_TAIL_BYTES);
        memcpy(out, "...", 3);
        n_out = 3;
    }
    out[n_out] = '\0';
    /* err_quote() shows at most 80 bytes at a time; 32 is the least room it takes. */
    while (at < n && n_out + 32 <= INFILE_QUOTE_BYTES) {
        size_t end = n - at > QUOTE_PIECE_BYTES ? utf8_floor(path, n, at + QUOTE_PIECE_BYTES) : n;
        err_quote(out + n_out, INFILE_QUOTE_BYTES - n_out, path + at, end - at);
        n_out += strlen(out + n_out);
        at = end;
    }
    return out;
}

static int refuse_type(const char *shown, mode_t mode, struct err *err)
{
    if (S_ISDIR(mode))
        return err_set(err, E_INPUT, _("%s: this is a folder; a file is needed."), shown);
    if (S_ISFIFO(mode))
        return err_set(err, E_INPUT, _("%s: this is a pipe; a regular file is needed."), shown);
    if (S_ISCHR(mode) || S_ISBLK(mode))
        return err_set(err, E_INPUT, _("%s: this is a device; a regular file is needed."), shown);
    return err_set(err, E_INPUT, _("%s: this is not a regular file."), shown);
}

static int refuse_open(const char *shown, int why, struct err *err)
{
    switch (why) {
    case ENOENT: return err_set(err, E_INPUT, _("%s: there is no such file."), shown);
    case ELOOP: return err_set(err, E_INPUT, _("%s: the symbolic links lead in a circle."), shown);
    /* A socket, or a device without a driver. */
    case ENXIO:
    case ENODEV: return err_set(err, E_INPUT, _("%s: this is not a regular file."), shown);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return err_set(err, E_RESOURCE, _("%s: cannot open the file: %s."), shown, strerror(why));
    default: return err_set(err, E_INPUT, _("%s: cannot open the file: %s."), shown, strerror(why));
    }
}

int infile_open(const char *path, int *fd, struct stat *st, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    infile_quote(shown, path);
    int opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (opened < 0)
        return refuse_open(shown, errno, err);
    struct stat found;
    int rc = 0;
    if (fstat(opened, &found) != 0)
        rc = refuse_open(shown, errno, err);
    else if (!S_ISREG(found.st_mode))
        rc = refuse_type(shown, found.st_mode, err);
    if (rc != 0) {
        close(opened);
        return rc;
    }
    *fd = opened;
    *st = found;
    return 0;
}

/* Reads until n bytes are there or the file ends; the bytes read, or -1. */
static ssize_t read_full(int fd, char *out, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(fd, out + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int infile_map(const char *shown, int fd, size_t n, void **out, struct err *err)
{
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p != MAP_FAILED) {
        *out = p;
        return 0;
    }
    int error = errno;
    struct memory_room room;
    memory_room(&room);
    if (room.address < n)
        return err_set(
            err, E_RESOURCE,
            _("%s: the file's %zu MiB cannot be mapped: the limit of the address space leaves "
              "%zu MiB."),
            shown, n >> 20, room.address >> 20);
    return err_set(err, E_RESOURCE, _("%s: the file's %zu MiB cannot be mapped: %s."), shown,
                   n >> 20, strerror(error));
}

int infile_read(const char *path, size_t max_bytes, char **data, size_t *n_bytes, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    infile_quote(shown, path);
    int fd;
    struct stat st;
    int rc = infile_open(path, &fd, &st, err);
    if (rc != 0)
        return rc;
    char *buf = NULL;
    if (st.st_size < 0 || (unsigned long long)st.st_size > max_bytes) {
        rc = err_set(err, E_INPUT, _("%s: the file has %lld bytes; at most %zu are read."), shown,
                     (long long)st.st_size, max_bytes);
        goto out;
    }
    size_t n = (size_t)st.st_size;
    buf = malloc(n + 1);
    if (!buf) {
        rc = err_set(err, E_RESOURCE, _("%s: not enough memory to read %zu bytes."), shown, n);
        goto out;
    }
    ssize_t got = read_full(fd, buf, n);
    if (got < 0) {
        rc = err_set(err, E_IO, _("%s: cannot read the file: %s."), shown, strerror(errno));
        goto out;
    }
    buf[got] = '\0';
    *data = buf;
    *n_bytes = (size_t)got;
    buf = NULL;
out:
    free(buf);
    close(fd);
    return rc;
}
