/* outfile.c - see outfile.h. */
#include "config.h"

#include "src/outfile.h"

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
#include "src/interrupt.h"
#include "src/output.h"

enum { BUFFER_BYTES = 65536, NAMES_MAX = 100 };

struct outfile {
    char *path, *temporary;
    int fd; /* -1: standard output */
    bool replace;
    int failed; /* errno of the first failure; 0: none */
    struct str waiting;
};

static int cannot_write(const char *path, int why, struct err *err)
{
    if (why == EINTR)
        return err_set(err, E_CANCELLED, _("%s: interrupted"), path);
    return err_set(err, E_IO, _("%s: cannot be written: %s"), path, strerror(why));
}

bool outfile_exists(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && lstat(path, &st) == 0;
}

/* A new file beside `path`; its name goes to *name. -1 and errno on failure. */
static int open_beside(const char *path, struct str *name)
{
    int fd = -1;
    errno = EEXIST;
    for (int i = 0; fd < 0 && errno == EEXIST && i < NAMES_MAX; i++) {
        str_clear(name);
        str_printf(name, "%s.%ld-%d", path, (long)getpid(), i);
        fd = open(str_cstr(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    }
    return fd;
}

int outfile_open(const char *path, bool replace, struct outfile **out, struct err *err)
{
    struct stat st;
    bool is_file = strcmp(path, "-") != 0;
    if (is_file && lstat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
            return err_set(err, E_INPUT, _("%s: this is not a regular file"), path);
        if (!replace)
            return err_set(err, E_INPUT, _("%s is there already; --force replaces it"), path);
    }
    struct str temporary = STR_INIT;
    int fd = -1;
    if (is_file && (fd = open_beside(path, &temporary)) < 0) {
        int why = errno;
        str_free(&temporary);
        return cannot_write(path, why, err);
    }
    struct outfile *f = x_calloc(1, sizeof *f);
    f->path = x_strdup(path);
    f->temporary = str_take(&temporary); /* "" for standard output */
    f->fd = fd;
    f->replace = replace;
    *out = f;
    return 0;
}

static void flush(struct outfile *f)
{
    const char *p = str_cstr(&f->waiting);
    size_t n = f->waiting.len;
    while (n && !f->failed) {
        ssize_t w = write(f->fd, p, n);
        if (w >= 0) {
            p += w;
            n -= (size_t)w;
        } else if (errno != EINTR) {
            f->failed = errno;
        }
        if (interrupt_signal())
            f->failed = EINTR;
    }
    str_clear(&f->waiting);
}

void outfile_write(struct outfile *f, const void *bytes, size_t n)
{
    if (f->fd < 0) {
        output_write(bytes, n);
        return;
    }
    for (const char *p = bytes; n && !f->failed;) {
        size_t room = BUFFER_BYTES - f->waiting.len, part = n < room ? n : room;
        str_append(&f->waiting, p, part);
        p += part;
        n -= part;
        if (f->waiting.len == BUFFER_BYTES)
            flush(f);
    }
}

void outfile_puts(struct outfile *f, const char *text)
{
    outfile_write(f, text, strlen(text));
}

bool outfile_ok(const struct outfile *f)
{
    return f->fd < 0 ? output_ok() : !f->failed;
}

/* The rename survives a power cut. Some file systems cannot sync a folder; the data are safe. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? x_strndup(path, (size_t)(slash - path) + 1) : x_strdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

/* The temporary file takes its name; 0 or an errno. EEXIST: somebody was faster. */
static int take_name(const struct outfile *f)
{
    if (f->replace)
        return rename(f->temporary, f->path) == 0 ? 0 : errno;
    if (renameat2(AT_FDCWD, f->temporary, AT_FDCWD, f->path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (outfile_exists(f->path)) /* a file system that cannot do it in one step */
        return EEXIST;
    return rename(f->temporary, f->path) == 0 ? 0 : errno;
}

int outfile_finish(struct outfile *f, struct err *err)
{
    int rc = 0;
    if (f->fd >= 0) {
        flush(f);
        if (!f->failed && fsync(f->fd) != 0)
            f->failed = errno;
        if (close(f->fd) != 0 && !f->failed)
            f->failed = errno;
        f->fd = -1;
        if (!f->failed)
            f->failed = take_name(f);
        if (!f->failed)
            sync_folder(f->path);
        else if (f->failed == EEXIST)
            rc = err_set(err, E_INPUT, _("%s is there already; --force replaces it"), f->path);
        else
            rc = cannot_write(f->path, f->failed, err);
        if (f->failed)
            unlink(f->temporary);
        f->temporary[0] = '\0';
    }
    outfile_abandon(f);
    return rc;
}

void outfile_abandon(struct outfile *f)
{
    if (!f)
        return;
    if (f->fd >= 0) {
        close(f->fd);
        unlink(f->temporary);
    }
    str_free(&f->waiting);
    free(f->path);
    free(f->temporary);
    free(f);
}
