/* wake.c - see wake.h. Both ends are non-blocking: raising an already raised wake does nothing. */
#include "config.h"

#include "src/base/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SYS_EVENTFD_H
#include <sys/eventfd.h>
#endif

#include "src/base/i18n.h"

int wake_init(struct wake *w, struct err *err)
{
#ifdef HAVE_SYS_EVENTFD_H
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd >= 0) {
        w->fd_read = w->fd_write = fd;
        return 0;
    }
#endif
    int p[2];
    if (pipe(p) != 0)
        return err_set(err, E_RESOURCE, _("cannot make a pipe: %s"), strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(p[i], F_SETFL, O_NONBLOCK);
        fcntl(p[i], F_SETFD, FD_CLOEXEC);
    }
    w->fd_read = p[0];
    w->fd_write = p[1];
    return 0;
}

void wake_free(struct wake *w)
{
    if (w->fd_write >= 0 && w->fd_write != w->fd_read)
        close(w->fd_write);
    if (w->fd_read >= 0)
        close(w->fd_read);
    w->fd_read = w->fd_write = -1;
}

void wake_raise(struct wake *w)
{
    int saved = errno;
    uint64_t one = 1; /* eventfd wants eight bytes; a pipe takes them as well */
    ssize_t n = write(w->fd_write, &one, sizeof one);
    (void)n;
    errno = saved;
}

void wake_clear(struct wake *w)
{
    uint64_t buf[32];
    while (read(w->fd_read, buf, sizeof buf) == (ssize_t)sizeof buf)
        ;
}
