/* term.c - see term.h.
 *
 * Invariants
 * - term.saved are the modes found at the start; they are on the terminal whenever the state is
 *   CLOSED or LENT, and raw modes whenever it is OPEN or SHOWN.
 * - We write to a descriptor of our own (the terminal opened again by name), so that making it
 *   non-blocking does not touch the shell's. Where that fails, the shared one is polled first.
 * - crash_text is complete before the handlers are set and never changes afterwards: the handler
 *   does one write() and one tcsetattr().
 * - curses assumes ONLCR off; we clear OPOST altogether, as nothing but curses draws.
 */
#include "config.h"

#include "ui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

/* The mode table: with what terminfo says for $TERM and OSC 52, all that is ever sent. */
#define SEQ_PASTE_ON      "\033[?2004h"
#define SEQ_PASTE_OFF     "\033[?2004l"
#define SEQ_MOUSE_ON      "\033[?1000h\033[?1006h"
#define SEQ_MOUSE_OFF     "\033[?1006l\033[?1000l"
#define SEQ_SYNC_BEGIN    "\033[?2026h"
#define SEQ_SYNC_END      "\033[?2026l"
#define SEQ_ASK_AMBIGUOUS "\r\xE2\x80\x9C\033[6n" /* U+201C, then where the cursor is */
#define SEQ_ASK_SYNC      "\033[?2026$p"
#define SEQ_ERASE_LINE    "\r\033[K"
#define SEQ_ASK_IDENTITY  "\033[c"

enum { CLOSE_WAIT_MS = 500, CRASH_TEXT_BYTES = 512, ALT_STACK_BYTES = 64 << 10 };

enum term_state { TERM_CLOSED, TERM_OPEN, TERM_SHOWN, TERM_LENT };

static struct {
    enum term_state state;
    struct termios saved, raw;
    int fd, fd_out; /* ours, non-blocking, one for both; or those the shell gave us */
    bool fd_is_ours;
    bool gone; /* EIO, EPIPE: nothing more is sent */
    bool synchronized;
    bool modes_due; /* modes on after the next frame: they must not overtake the screen */
    bool mouse;
    enum term_cursor shape;
    int stderr_saved; /* -1: not redirected */
    SCREEN *screen;
    int frame_fd; /* the memory file curses writes to */
    FILE *frame_file;
    struct str out;
    size_t sent; /* bytes of out that are gone */
} term = {.fd = -1, .fd_out = -1, .stderr_saved = -1, .frame_fd = -1};

/* What the crash handler needs, fixed before it is armed. */
static struct {
    char text[CRASH_TEXT_BYTES];
    size_t n_text;
    char message[CRASH_TEXT_BYTES];
    size_t n_message;
    bool (*on_fault)(void *address);
    void *stack;
    stack_t stack_before;
} crash;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
static struct sigaction crash_before[ARRAY_LEN(crash_signals)];

/* ---- what the terminal can --------------------------------------------------------------------
 */

/* May what lies in this directory be believed? Ours or the system's, writable by nobody else. */
static bool directory_is_ours(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return true; /* not there: nothing to be read */
    return (st.st_uid == geteuid() || st.st_uid == 0) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void term_distrust_environment(void)
{
    const char *one = getenv("TERMINFO");
    if (one != NULL && !directory_is_ours(one))
        unsetenv("TERMINFO");
    const char *many = getenv("TERMINFO_DIRS");
    if (many == NULL)
        return;
    char *copy = x_strdup(many), *rest = copy, *part;
    bool trusted = true;
    while ((part = strsep(&rest, ":")) != NULL)
        trusted = trusted && (part[0] == '\0' || directory_is_ours(part));
    free(copy);
    if (!trusted)
        unsetenv("TERMINFO_DIRS");
}

/* A string capability, NULL when the terminal has none. */
static char *capability(const char *name)
{
    char *s = tigetstr(name);
    return s == (char *)-1 ? NULL : s;
}

/* setupterm decides, not newterm: that one succeeds on a dumb terminal and leaves it changed. */
bool term_possible(const char **why)
{
    const char *reason = NULL;
    const char *name = getenv("TERM");
    int rc = 0;

    term_distrust_environment();
    if (!isatty(STDIN_FILENO))
        reason = _("Standard input is not a terminal.");
    else if (!isatty(STDOUT_FILENO))
        reason = _("Standard output is not a terminal.");
    else if (name == NULL || name[0] == '\0')
        reason = _("TERM is not set, so nothing is known about this terminal.");
    else if (strchr(name, '/') != NULL || setupterm(NULL, STDOUT_FILENO, &rc) != OK)
        reason = _("TERM names a terminal that is not in the terminfo database.");
    else {
        if (capability("cup") == NULL)
            reason = _("This terminal cannot move its cursor.");
        del_curterm(cur_term);
    }
    if (why != NULL)
        *why = reason;
    return reason == NULL;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

void term_write(const void *bytes, size_t n_bytes)
{
    if (!term.gone)
        str_append(&term.out, bytes, n_bytes);
}

static void write_text(const char *text)
{
    term_write(text, strlen(text));
}

bool term_waiting(void)
{
    return term.sent < term.out.len;
}

static bool can_write_now(int timeout_ms)
{
    struct pollfd p = {.fd = term.fd_out, .events = POLLOUT};
    return poll(&p, 1, timeout_ms) == 1 && (p.revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
}

bool term_flush(void)
{
    while (!term.gone && term_waiting()) {
        if (!term.fd_is_ours && !can_write_now(0))
            return true;
        ssize_t n = write(term.fd_out, term.out.data + term.sent, term.out.len - term.sent);
        if (n > 0)
            term.sent += (size_t)n;
        else if (errno == EAGAIN)
            return true;
        else if (errno != EINTR)
            term.gone = true;
    }
    str_clear(&term.out);
    term.sent = 0;
    return !term.gone;
}

/* Before the terminal is given away all of it must be out, unless it does not take it. */
static void flush_waiting(void)
{
    int64_t until = clock_mono_ms() + CLOSE_WAIT_MS;
    while (term_flush() && term_waiting()) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0 || !can_write_now((int)left)) {
            str_clear(&term.out);
            term.sent = 0;
            return;
        }
    }
}

/* Moves what curses wrote into the memory file to the end of the queue. */
static size_t take_frame(bool synchronized)
{
    off_t n = lseek(term.frame_fd, 0, SEEK_CUR);
    if (n <= 0)
        return 0;
    char *bytes = x_malloc((size_t)n);
    ssize_t got = pread(term.frame_fd, bytes, (size_t)n, 0);
    if (got > 0) {
        if (synchronized)
            write_text(SEQ_SYNC_BEGIN);
        term_write(bytes, (size_t)got);
        if (synchronized)
            write_text(SEQ_SYNC_END);
    }
    free(bytes);
    if (ftruncate(term.frame_fd, 0) != 0 || lseek(term.frame_fd, 0, SEEK_SET) != 0)
        log_error("term: the frame file cannot be emptied: %s", strerror(errno));
    return got > 0 ? (size_t)got : 0;
}

size_t term_frame(void)
{
    size_t n = take_frame(term.synchronized);
    if (term.modes_due) {
        term.modes_due = false;
        write_text(SEQ_PASTE_ON);
        if (term.mouse)
            write_text(SEQ_MOUSE_ON);
    }
    term_flush();
    return n;
}

static void modes_off(void)
{
    if (term.shape != TERM_CURSOR_DEFAULT)
        term_cursor_shape(TERM_CURSOR_DEFAULT);
    if (term.mouse)
        write_text(SEQ_MOUSE_OFF);
    write_text(SEQ_PASTE_OFF);
}

void term_cursor_shape(enum term_cursor shape)
{
    static const int number[] = {/* DECSCUSR; 0 is what the person configured */
                                 [TERM_CURSOR_DEFAULT] = 0,
                                 [TERM_CURSOR_BAR] = 6,
                                 [TERM_CURSOR_BLOCK] = 2};
    char *set = capability("Ss");
    if (set == NULL || shape == term.shape)
        return;
    term.shape = shape;
    write_text(tiparm(set, number[shape]));
}

/* ---- receiving --------------------------------------------------------------------------------
 */

int term_fd(void)
{
    return term.fd;
}

long term_read(void *buffer, size_t n_bytes)
{
    ssize_t n = read(term.fd, buffer, n_bytes);
    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    term.gone = true;
    return -1;
}

void term_probe(bool ambiguous_width)
{
    if (ambiguous_width)
        write_text(SEQ_ASK_AMBIGUOUS);
    write_text(SEQ_ASK_SYNC SEQ_ERASE_LINE SEQ_ASK_IDENTITY);
    term_flush();
}

void term_set_synchronized(bool on)
{
    term.synchronized = on;
}

void term_size(int *rows, int *cols)
{
    enum { MAX_ROWS = 1024 };
    struct winsize ws = {0};
    int y = 24, x = 80;
    if (ioctl(term.fd_out, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0) {
        y = ws.ws_row < MAX_ROWS ? ws.ws_row : MAX_ROWS;
        x = ws.ws_col < LIMIT_SCREEN_COLUMNS ? ws.ws_col : LIMIT_SCREEN_COLUMNS;
    }
    if (term.screen != NULL && (y != LINES || x != COLS))
        resizeterm(y, x);
    *rows = y;
    *cols = x;
}

/* ---- crashes ----------------------------------------------------------------------------------
 */

static void crash_append(const char *text)
{
    for (; text != NULL && *text != '\0' && crash.n_text < CRASH_TEXT_BYTES; text++) {
        if (text[0] == '$' && text[1] == '<') { /* a delay, nothing for the terminal */
            const char *end = strchr(text, '>');
            if (end == NULL)
                return;
            text = end;
            continue;
        }
        crash.text[crash.n_text++] = *text;
    }
}

/* Async-signal-safe: write, tcsetattr, dup2, raise. */
static void on_crash(int signo, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    if (signo == SIGBUS && info->si_code > 0 && crash.on_fault != NULL &&
        crash.on_fault(info->si_addr)) {
        errno = saved;
        return;
    }
    if (term.state == TERM_SHOWN && write(STDOUT_FILENO, crash.text, crash.n_text) < 0)
        errno = saved; /* nothing more can be done */
    tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
    if (term.stderr_saved >= 0)
        dup2(term.stderr_saved, STDERR_FILENO);
    if (write(STDERR_FILENO, crash.message, crash.n_message) < 0)
        errno = saved;
    signal(signo, SIG_DFL);
    raise(signo);
}

static void crash_prepare(void)
{
    int rc;
    crash.n_text = 0;
    if (setupterm(NULL, STDOUT_FILENO, &rc) != OK)
        return;
    crash_append("\033\\"); /* ends an OSC 52 that was cut off */
    crash_append(SEQ_SYNC_END SEQ_MOUSE_OFF SEQ_PASTE_OFF);
    if (capability("Ss") != NULL)
        crash_append("\033[0 q");
    crash_append(capability("sgr0"));
    crash_append(capability("cnorm"));
    crash_append(capability("rmcup"));
    crash_append("\r\n");
    del_curterm(cur_term);
}

static void crash_arm(bool (*on_fault)(void *address))
{
    const char *sentence =
        _("xuxie: a fault in the program ended it; what was written until then is "
          "saved, and the log tells more.");
    int n = snprintf(crash.message, sizeof crash.message, "%s\n", sentence);
    crash.n_message = n > 0 && (size_t)n < sizeof crash.message ? (size_t)n : strlen(crash.message);
    crash.on_fault = on_fault;

    crash.stack = x_malloc(ALT_STACK_BYTES);
    stack_t stack = {.ss_sp = crash.stack, .ss_size = ALT_STACK_BYTES};
    sigaltstack(&stack, &crash.stack_before);
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++) {
        struct sigaction sa;
        memset(&sa, 0, sizeof sa);
        sa.sa_sigaction = on_crash;
        sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&sa.sa_mask);
        sigaction(crash_signals[i], &sa, &crash_before[i]);
    }
}

static void crash_disarm(void)
{
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], &crash_before[i], NULL);
    if (crash.stack_before.ss_sp == NULL)
        crash.stack_before.ss_flags = SS_DISABLE;
    sigaltstack(&crash.stack_before, NULL);
    free(crash.stack);
    crash.stack = NULL;
}

/* ---- open, lend, close ------------------------------------------------------------------------
 */

/* Libraries and assertions print to stderr; while the screen is ours that goes to the log. */
static void stderr_to_log(void)
{
    int fd = log_fd();
    int null = fd < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
    fflush(stderr);
    term.stderr_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (term.stderr_saved >= 0)
        dup2(fd >= 0 ? fd : null, STDERR_FILENO);
    if (null >= 0)
        close(null);
}

static void stderr_back(void)
{
    if (term.stderr_saved < 0)
        return;
    fflush(stderr);
    dup2(term.stderr_saved, STDERR_FILENO);
    close(term.stderr_saved);
    term.stderr_saved = -1;
}

/* The terminal opened once more, so that O_NONBLOCK is ours alone. */
static void open_own_descriptor(void)
{
    char name[256];
    term.fd = STDIN_FILENO;
    term.fd_out = STDOUT_FILENO;
    term.fd_is_ours = false;
    if (ttyname_r(STDIN_FILENO, name, sizeof name) != 0)
        return;
    int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct stat a, b;
    if (fd < 0)
        return;
    if (fstat(fd, &a) != 0 || fstat(STDOUT_FILENO, &b) != 0 || a.st_rdev != b.st_rdev) {
        close(fd);
        return;
    }
    term.fd = term.fd_out = fd;
    term.fd_is_ours = true;
}

static void at_exit(void)
{
    term_close();
}

int term_open(const struct term_options *options, struct err *err)
{
    static bool registered;

    if (tcgetattr(STDIN_FILENO, &term.saved) != 0)
        return err_set(err, E_IO, _("The terminal's modes cannot be read: %s."), strerror(errno));
    term.raw = term.saved;
    term.raw.c_iflag &=
        ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | IXON | BRKINT | PARMRK | INPCK);
    term.raw.c_oflag &= ~(tcflag_t)OPOST;
    term.raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
    term.raw.c_cc[VMIN] = 1;
    term.raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &term.raw) != 0)
        return err_set(err, E_IO, _("The terminal's modes cannot be set: %s."), strerror(errno));

    term.mouse = options->mouse;
    term.gone = false;
    term.synchronized = false;
    term.shape = TERM_CURSOR_DEFAULT;
    open_own_descriptor();
    stderr_to_log();
    crash_prepare();
    crash_arm(options->on_fault);
    term.state = TERM_OPEN;
    if (!registered)
        registered = atexit(at_exit) == 0;
    return 0;
}

static int open_frame_file(void)
{
    int fd = memfd_create("xuxie-frame", MFD_CLOEXEC);
    if (fd >= 0)
        return fd;
    FILE *f = tmpfile();
    if (f == NULL)
        return -1;
    fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
    fclose(f);
    return fd;
}

static char *exchange_variable(const char *name, const char *value)
{
    const char *old = getenv(name);
    char *before = old != NULL ? x_strdup(old) : NULL;
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
    return before;
}

/* A picture in memory has no size that could be asked for, and some terminfo entries (linux) have
 * none either: curses begins with one given to it, and then comes the kernel's. */
static SCREEN *new_screen(void)
{
    char *rows = exchange_variable("LINES", "24"), *cols = exchange_variable("COLUMNS", "80");
    SCREEN *screen = newterm(NULL, term.frame_file, stdin);
    free(exchange_variable("LINES", rows));
    free(exchange_variable("COLUMNS", cols));
    free(rows);
    free(cols);
    return screen;
}

int term_enter(struct err *err)
{
    int rows, cols;

    term.frame_fd = open_frame_file();
    term.frame_file = term.frame_fd >= 0 ? fdopen(term.frame_fd, "w+") : NULL;
    if (term.frame_file == NULL)
        return err_set(err, E_RESOURCE, _("There is no room for a picture of the screen: %s."),
                       strerror(errno));
    term.screen = new_screen();
    if (term.screen == NULL)
        return err_set(err, E_UNSUPPORTED, _("curses does not know this terminal (TERM)."));
    nonl();
    typeahead(-1);
    term.modes_due = true;
    term.state = TERM_SHOWN;
    term_size(&rows, &cols);
    return 0;
}

void term_leave(void)
{
    if (term.state != TERM_SHOWN)
        return;
    term_flush();
    modes_off();
    endwin();
    take_frame(false);
    flush_waiting();
    tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
    stderr_back();
    term.state = TERM_LENT;
}

void term_resume(void)
{
    if (term.state != TERM_LENT && term.state != TERM_SHOWN)
        return;
    tcsetattr(STDIN_FILENO, TCSANOW, &term.raw);
    if (term.stderr_saved < 0)
        stderr_to_log();
    if (term.state ==
        TERM_SHOWN) { /* stopped without being asked: the screen is not ours any more */
        endwin();
        take_frame(false);
    }
    clearok(curscr, TRUE);
    term.modes_due = true;
    term.state = TERM_SHOWN;
}

void term_close(void)
{
    if (term.state == TERM_CLOSED)
        return;
    term_leave();
    flush_waiting();
    if (term.state == TERM_OPEN) {
        tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
        stderr_back();
    }
    term.state = TERM_CLOSED;
    crash_disarm();
    if (term.screen != NULL)
        delscreen(term.screen);
    term.screen = NULL;
    if (term.frame_file != NULL)
        fclose(term.frame_file);
    else if (term.frame_fd >= 0)
        close(term.frame_fd);
    term.frame_file = NULL;
    term.frame_fd = -1;
    if (term.fd_is_ours)
        close(term.fd);
    term.fd = term.fd_out = -1;
    str_free(&term.out);
    term.sent = 0;
}
