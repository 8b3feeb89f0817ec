/* output.c - see output.h. Not stdio, because a signal that interrupts a blocked write must neither
 * lose bytes nor make the program wait for a reader that does not read. */
#include "config.h"

#include "src/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "src/interrupt.h"

enum { FLUSH_BYTES = 65536, PROGRESS_AFTER_MS = 500 };

static struct str waiting;    /* for standard output */
static int failed_errno;      /* 0: all is well */
static size_t progress_width; /* columns of the passing line on the screen, 0: none */
static int64_t progress_since;

void output_secure_descriptors(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
            _exit(4);
}

/* All of it, waiting for a slow reader; gives up on errors and when a signal asks us to end. */
static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done >= 0) {
            p += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) {
            struct pollfd fds[] = {{.fd = fd, .events = POLLOUT},
                                   {.fd = interrupt_fd(), .events = POLLIN}};
            poll(fds, 2, -1);
            if (interrupt_signal())
                return EINTR;
        } else if (errno != EINTR || interrupt_signal()) {
            return errno;
        }
    }
    return 0;
}

bool output_flush(void)
{
    if (!failed_errno && waiting.len)
        failed_errno = write_all(STDOUT_FILENO, waiting.data, waiting.len);
    str_clear(&waiting);
    return !failed_errno;
}

bool output_ok(void)
{
    return !failed_errno;
}

bool output_is_tty(void)
{
    return isatty(STDOUT_FILENO);
}

void output_write(const void *bytes, size_t n)
{
    output_progress_end();
    str_append(&waiting, bytes, n);
    if (waiting.len >= FLUSH_BYTES)
        output_flush();
}

void output_puts(const char *text)
{
    output_write(text, strlen(text));
}

void output_printf(const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&s, fmt, ap);
    va_end(ap);
    output_write(s.data, s.len);
    str_free(&s);
}

void output_text(const void *bytes, size_t n_bytes, bool raw)
{
    if (raw || !output_is_tty()) {
        output_write(bytes, n_bytes);
        return;
    }
    struct str s = STR_INIT;
    text_safe(&s, bytes, n_bytes);
    output_write(s.data, s.len);
    str_free(&s);
}

bool output_has_styles(void)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return output_is_tty() && term && term[0] && strcmp(term, "dumb") != 0 &&
           !(no_color && no_color[0]);
}

void output_style(enum output_style style)
{
    static const char *const sequences[] = {
        [STYLE_PLAIN] = "\033[0m",    [STYLE_STRONG] = "\033[1m", [STYLE_FAINT] = "\033[2m",
        [STYLE_REMOVED] = "\033[31m", [STYLE_ADDED] = "\033[32m",
    };
    if (output_has_styles())
        output_puts(sequences[style]);
}

void output_json(json_t *value)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(value);
    if (line) {
        output_puts(line);
        output_write("\n", 1);
    }
    free(line);
}

json_t *output_json_string(const void *bytes, size_t n_bytes)
{
    const char *p = bytes;
    size_t valid = utf8_valid_prefix(p, n_bytes);
    if (valid == n_bytes)
        return json_stringn(n_bytes ? p : "", n_bytes);
    struct str s = STR_INIT;
    while (n_bytes > 0) {
        str_append(&s, p, valid);
        p += valid;
        n_bytes -= valid;
        if (n_bytes == 0)
            break;
        str_puts(&s, UTF8_REPLACEMENT);
        p++;
        n_bytes--;
        valid = utf8_valid_prefix(p, n_bytes);
    }
    json_t *value = json_stringn(s.data, s.len);
    str_free(&s);
    return value;
}

/* One line on standard error in one write. */
static void tell(const char *before, const char *text)
{
    output_progress_end();
    struct str line = STR_INIT;
    str_puts(&line, before);
    size_t from = line.len;
    text_safe(&line, text, strlen(text));
    for (size_t i = from; i < line.len; i++)
        if (line.data[i] == '\n')
            line.data[i] = ' ';
    str_putc(&line, '\n');
    write_all(STDERR_FILENO, line.data, line.len);
    str_free(&line);
}

int output_error(const struct err *err)
{
    tell("xuxie: ", err->msg);
    return err_exit_status(err->code);
}

static void vtell(const char *before, const char *fmt, va_list ap)
{
    struct str s = STR_INIT;
    str_vprintf(&s, fmt, ap);
    tell(before, str_cstr(&s));
    str_free(&s);
}

void output_warn(const char *fmt, ...)
{
    struct str before = STR_INIT;
    str_printf(&before, "xuxie: %s ", _("warning:"));
    va_list ap;
    va_start(ap, fmt);
    vtell(str_cstr(&before), fmt, ap);
    va_end(ap);
    str_free(&before);
}

void output_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vtell("", fmt, ap);
    va_end(ap);
}

int output_finish(int status)
{
    output_progress_end();
    output_flush();
    str_free(&waiting);
    if (!failed_errno || failed_errno == EINTR)
        return status;
    if (failed_errno == EPIPE)
        return status == 0 ? 0 : status;
    struct err err;
    err_set(&err, E_IO, _("standard output: cannot write: %s"), strerror(failed_errno));
    int io_status = output_error(&err);
    return status ? status : io_status;
}

void output_progress_begin(void)
{
    progress_since = clock_mono_ms();
}

void output_progress(const char *fmt, ...)
{
    if (clock_mono_ms() - progress_since < PROGRESS_AFTER_MS || !isatty(STDERR_FILENO))
        return;
    output_progress_end();
    struct str line = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&line, fmt, ap);
    va_end(ap);
    progress_width = uwidth_str(line.data, line.len);
    write_all(STDERR_FILENO, line.data, line.len);
    str_free(&line);
}

void output_progress_end(void)
{
    if (!progress_width)
        return;
    struct str line = STR_INIT;
    str_printf(&line, "\r%*s\r", (int)progress_width, "");
    progress_width = 0;
    write_all(STDERR_FILENO, line.data, line.len);
    str_free(&line);
}
