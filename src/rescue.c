/* rescue.c - see rescue.h.
 *
 * The name is taken with O_EXCL and stays ours: in /var/tmp, where anyone may write, nobody else
 * can replace it (the sticky bit) and no link that lay there before is followed. The text is
 * written to a second file of a random name, synced, and renamed over it.
 */
#include "config.h"

#include "src/rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/paths.h"

enum { NAMES_MAX = 100 };

static char *taken; /* the file of this process, once there is one */

/* Makes a file nobody had, empty. -1 and errno on failure. */
static int open_new(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0)
        fchmod(fd, 0600);
    return fd;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return fsync(fd) == 0;
}

static void sync_directory_of(const char *path)
{
    char *dir = x_strdup(path);
    *strrchr(dir, '/') = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(dir);
}

/* Replaces the file `path`, which is ours. */
static bool replace(const char *path, const char *text, size_t n)
{
    struct str temporary = STR_INIT;
    str_printf(&temporary, "%s.XXXXXX", path);
    int fd = mkostemp(temporary.data, O_CLOEXEC); /* 0600, O_EXCL */
    bool ok = fd >= 0 && write_all(fd, text, n) && rename(temporary.data, path) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (ok)
        sync_directory_of(path);
    else if (fd >= 0)
        unlink(temporary.data);
    str_free(&temporary);
    errno = why;
    return ok;
}

/* Takes a name in `dir` and saves there. */
static bool save_in(const char *dir, const char *text, size_t n)
{
    struct str path = STR_INIT;
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    char stamp[32];
    localtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
    int fd = -1;
    for (int i = 1; fd < 0 && i < NAMES_MAX; i++) {
        str_clear(&path);
        str_printf(&path, "%s/rescue-%s-%ld", dir, stamp, (long)getpid());
        if (i > 1)
            str_printf(&path, "-%d", i);
        str_puts(&path, ".txt");
        fd = open_new(str_cstr(&path));
        if (fd < 0 && errno != EEXIST)
            break;
    }
    bool ok = fd >= 0;
    if (ok) {
        close(fd);
        ok = replace(str_cstr(&path), text, n);
        int why = errno;
        if (!ok)
            unlink(str_cstr(&path));
        errno = why;
    }
    if (ok) {
        free(taken);
        taken = str_take(&path);
    }
    str_free(&path);
    return ok;
}

int rescue_save(const char *text, size_t n, struct str *path, struct err *err)
{
    bool ok = taken && replace(taken, text, n);
    if (!ok) {
        struct str place = STR_INIT;
        if (paths_user(PATHS_STATE, NULL, &place, NULL) == 0) {
            size_t n_dir = place.len;
            str_puts(&place, "/x"); /* paths_make_parent makes what is above this */
            paths_make_parent(str_cstr(&place), NULL);
            str_truncate(&place, n_dir);
            ok = save_in(str_cstr(&place), text, n);
        }
        str_free(&place);
    }
    if (!ok)
        ok = save_in("/var/tmp", text, n);
    if (!ok)
        return err_set(err, E_IO, _("the words so far cannot be saved in a rescue file either: %s"),
                       strerror(errno));
    str_puts(path, taken);
    return 0;
}
