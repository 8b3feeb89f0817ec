/* log.c - see log.h. A file larger than 4 MiB is turned over to NAME.1 when it is opened. */
#include "config.h"

#include "src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"

enum { LINE_BYTES = 512, TURN_OVER_BYTES = 4 << 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects the two below */
static int sink_fd = -1;
static enum log_level sink_level = LOG_INFO;

int log_open(const char *path, enum log_level level, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_size > TURN_OVER_BYTES) {
        char old[4096];
        if (snprintf(old, sizeof old, "%s.1", path) < (int)sizeof old)
            rename(path, old);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return err_set(err, E_IO, _("%s: cannot open the log: %s"), path, strerror(errno));
    pthread_mutex_lock(&lock);
    if (sink_fd >= 0)
        close(sink_fd);
    sink_fd = fd;
    sink_level = level;
    pthread_mutex_unlock(&lock);
    return 0;
}

void log_close(void)
{
    pthread_mutex_lock(&lock);
    if (sink_fd >= 0)
        close(sink_fd);
    sink_fd = -1;
    pthread_mutex_unlock(&lock);
}

int log_fd(void)
{
    return sink_fd;
}

void log_write(enum log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    char line[LINE_BYTES];
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    gmtime_r(&now, &tm);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ", &tm);
    n += (size_t)snprintf(line + n, sizeof line - n, "[%ld] %s: ", (long)getpid(), names[level]);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
    va_end(ap);
    if (m < 0)
        return;
    n += (size_t)m < sizeof line - n - 1 ? (size_t)m : sizeof line - n - 2;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    line[n++] = '\n';
    pthread_mutex_lock(&lock);
    if (sink_fd >= 0 && level <= sink_level) {
        ssize_t ignored = write(sink_fd, line, n);
        (void)ignored;
    }
    pthread_mutex_unlock(&lock);
}
