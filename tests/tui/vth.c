/* vth.c - see vth.h. The program's terminal is the slave of a pty; everything happens in
 * vth_pump(), which reads what it wrote, shows it to libvterm and the tokenizer, and writes the
 * answers back. */
#include "config.h"

#include "tests/tui/vth.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vterm.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

enum { MAX_KINDS = 256, KIND_BYTES = 48, MAX_MODES = 32, QUIET_MS = 50 };

enum token_state { T_GROUND, T_ESCAPE, T_CSI, T_STRING, T_STRING_ESCAPE };

struct tokenizer {
    enum token_state state;
    char seq[KIND_BYTES * 2];
    size_t n_seq;
    char string_kind;
    unsigned char text[4]; /* an incomplete character */
    size_t n_text;
    char kinds[MAX_KINDS][KIND_BYTES];
    size_t n_kinds;
    char offence[128];
    struct {
        int number;
        bool on;
    } modes[MAX_MODES];
    size_t n_modes;
    size_t n_frames;
    bool asked_sync;
};

struct vth {
    int master;
    pid_t child; /* of ours: the program, or the tiny shell */
    pid_t program;
    bool exited;
    int status;
    bool synchronized, mute, wide, alternate, stalled;
    struct termios before;
    VTerm *vt;
    VTermScreen *screen;
    VTermPos cursor;
    int rows, columns;
    struct tokenizer tokens;
    struct str raw, row, dump, kinds;
    struct str answers;
    int64_t last_output_ms;
};

/* ---- the tokenizer ----------------------------------------------------------------------------
 */

static void offend(struct tokenizer *t, const char *what, unsigned value)
{
    if (t->offence[0] == '\0')
        snprintf(t->offence, sizeof t->offence, "%s 0x%02x", what, value);
}

static void note(struct tokenizer *t, const char *kind)
{
    for (size_t i = 0; i < t->n_kinds; i++) {
        if (strcmp(t->kinds[i], kind) == 0)
            return;
    }
    if (t->n_kinds < MAX_KINDS)
        snprintf(t->kinds[t->n_kinds++], KIND_BYTES, "%s", kind);
}

static void set_mode(struct tokenizer *t, int number, bool on)
{
    if (number == 2026 && on)
        t->n_frames++;
    for (size_t i = 0; i < t->n_modes; i++) {
        if (t->modes[i].number == number) {
            t->modes[i].on = on;
            return;
        }
    }
    if (t->n_modes < MAX_MODES) {
        t->modes[t->n_modes].number = number;
        t->modes[t->n_modes++].on = on;
    }
}

static void end_csi(struct tokenizer *t)
{
    char kind[KIND_BYTES], final = t->seq[t->n_seq - 1];
    t->seq[t->n_seq] = '\0';
    if (t->seq[0] == '?' && (final == 'h' || final == 'l')) {
        for (char *save, *p = strtok_r(t->seq + 1, ";hl", &save); p != NULL;
             p = strtok_r(NULL, ";hl", &save)) {
            set_mode(t, atoi(p), final == 'h');
            snprintf(kind, sizeof kind, "CSI ?%s%c", p, final);
            note(t, kind);
        }
        return;
    }
    if (strcmp(t->seq, "?2026$p") == 0)
        t->asked_sync = true;
    size_t n = 0;
    kind[0] = '\0';
    for (size_t i = 0; i < t->n_seq && n + 1 < sizeof kind - 8; i++) {
        if ((t->seq[i] < '0' || t->seq[i] > '9') && t->seq[i] != ';' && t->seq[i] != ':')
            kind[n++] = t->seq[i];
    }
    kind[n] = '\0';
    char full[KIND_BYTES];
    snprintf(full, sizeof full, "CSI %.40s", kind);
    note(t, full);
}

static void end_string(struct tokenizer *t)
{
    char kind[KIND_BYTES];
    t->seq[t->n_seq] = '\0';
    if (t->string_kind == ']')
        snprintf(kind, sizeof kind, "OSC %d", atoi(t->seq));
    else
        snprintf(kind, sizeof kind, "ESC %c string", t->string_kind);
    note(t, kind);
}

static void escape_byte(struct tokenizer *t, unsigned char c)
{
    char kind[KIND_BYTES];
    if (c >= 0x20 && c <= 0x2F && t->n_seq + 2 < sizeof t->seq) {
        t->seq[t->n_seq++] = (char)c;
        return;
    }
    t->state = T_GROUND;
    if (c == '[' && t->n_seq == 0) {
        t->state = T_CSI;
    } else if (t->n_seq == 0 && (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')) {
        t->state = T_STRING;
        t->string_kind = (char)c;
    } else if (c >= 0x30 && c <= 0x7E) {
        t->seq[t->n_seq] = '\0';
        snprintf(kind, sizeof kind, "ESC %.20s%c", t->seq, c);
        note(t, kind);
    } else {
        offend(t, "broken escape sequence", c);
    }
}

static void csi_byte(struct tokenizer *t, unsigned char c)
{
    if (c < 0x20 || c > 0x7E || t->n_seq + 2 >= sizeof t->seq) {
        offend(t, "broken control sequence", c);
        t->state = T_GROUND;
        return;
    }
    t->seq[t->n_seq++] = (char)c;
    if (c >= 0x40) {
        end_csi(t);
        t->state = T_GROUND;
    }
}

static void string_byte(struct tokenizer *t, unsigned char c)
{
    if (t->state == T_STRING_ESCAPE) {
        t->state = T_GROUND;
        if (c == '\\')
            end_string(t);
        else
            offend(t, "broken string", c);
    } else if (c == 0x1B) {
        t->state = T_STRING_ESCAPE;
    } else if (c == 0x07) {
        end_string(t);
        t->state = T_GROUND;
    } else if (c < 0x20 || c == 0x7F) {
        offend(t, "control in a string", c);
    } else if (t->n_seq + 1 < sizeof t->seq) {
        t->seq[t->n_seq++] = (char)c;
    }
}

static void text_byte(struct tokenizer *t, unsigned char c)
{
    uint32_t cp;
    t->text[t->n_text++] = c;
    if (utf8_decode(t->text, t->n_text, &cp) > 0) {
        if (cp < 0xA0 && cp >= 0x7F)
            offend(t, "C1 or DEL", cp);
        if ((cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069))
            offend(t, "bidirectional control", cp);
        t->n_text = 0;
    } else if (utf8_incomplete_tail(t->text, t->n_text) != t->n_text) {
        offend(t, "broken UTF-8", c);
        t->n_text = 0;
    }
}

static void tokenize(struct tokenizer *t, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (t->state == T_ESCAPE) {
            escape_byte(t, c);
        } else if (t->state == T_CSI) {
            csi_byte(t, c);
        } else if (t->state == T_STRING || t->state == T_STRING_ESCAPE) {
            string_byte(t, c);
        } else if (c == 0x1B) {
            t->state = T_ESCAPE;
            t->n_seq = 0;
        } else if (c < 0x20) {
            char kind[KIND_BYTES];
            snprintf(kind, sizeof kind, "C0 %02x", c);
            note(t, kind);
        } else {
            text_byte(t, c);
        }
    }
}

/* ---- libvterm ---------------------------------------------------------------------------------
 */

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
    struct vth *v = user;
    (void)old, (void)visible;
    v->cursor = pos;
    return 1;
}

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
    struct vth *v = user;
    if (prop == VTERM_PROP_ALTSCREEN)
        v->alternate = value->boolean;
    return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.movecursor = on_cursor,
                                                      .settermprop = on_property};

/* libvterm 0.1.4 crashes on a wide character when it has one column only: it gets two then. */
static int model_columns(int columns)
{
    return columns < 2 ? 2 : columns;
}

static void open_screen(struct vth *v)
{
    v->vt = vterm_new(v->rows, model_columns(v->columns));
    vterm_set_utf8(v->vt, 1);
    v->screen = vterm_obtain_screen(v->vt);
    vterm_screen_enable_altscreen(v->screen, 1);
    vterm_screen_set_callbacks(v->screen, &screen_callbacks, v);
    vterm_screen_reset(v->screen, 1);
}

/* ---- processes --------------------------------------------------------------------------------
 */

static _Noreturn void run_program(const struct vth_options *o)
{
    const char *path = getenv("PATH");
    char *keep = x_strdup(path != NULL ? path : "/usr/bin:/bin");
    static const char *const passed[] = {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS",
                                         "TSAN_OPTIONS"};
    char *values[ARRAY_LEN(passed)];
    for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
        const char *value = getenv(passed[i]);
        values[i] = value != NULL ? x_strdup(value) : NULL;
    }
    clearenv();
    setenv("PATH", keep, 1);
    for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
        if (values[i] != NULL)
            setenv(passed[i], values[i], 1);
    }
    for (size_t i = 0; o->env != NULL && o->env[i] != NULL; i++)
        putenv(x_strdup(o->env[i]));
    execv(o->argv[0], o->argv);
    fprintf(stderr, "vth: %s: %s\n", o->argv[0], strerror(errno));
    _exit(127);
}

static pid_t shell_job;

static void on_foreground(int signo)
{
    (void)signo;
    tcsetpgrp(STDIN_FILENO, shell_job);
    kill(-shell_job, SIGCONT);
}

/* A shell that knows one job: in the foreground until it stops, again on SIGUSR1. */
static _Noreturn void run_shell(const struct vth_options *o, int report)
{
    int status;
    signal(SIGTTOU, SIG_IGN);
    signal(SIGUSR1, on_foreground);
    shell_job = fork();
    if (shell_job == 0) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
        signal(SIGUSR1, SIG_DFL);
        close(report);
        run_program(o);
    }
    setpgid(shell_job, shell_job);
    if (write(report, &shell_job, sizeof shell_job) < 0)
        _exit(126);
    close(report);
    for (;;) {
        if (waitpid(shell_job, &status, WUNTRACED) < 0) {
            if (errno == EINTR)
                continue;
            _exit(126);
        }
        if (WIFSTOPPED(status)) {
            tcsetpgrp(STDIN_FILENO, getpid());
            continue;
        }
        if (WIFSIGNALED(status)) {
            signal(WTERMSIG(status), SIG_DFL);
            raise(WTERMSIG(status));
        }
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
    }
}

/* The modes a fresh pty has, with UTF-8. */
static void initial_modes(struct termios *t)
{
    int master, slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0 || tcgetattr(slave, t) != 0)
        abort();
    t->c_iflag |= IUTF8;
    close(master);
    close(slave);
}

struct vth *vth_start(const struct vth_options *o)
{
    struct vth *v = x_calloc(1, sizeof *v);
    struct winsize ws = {.ws_row = (unsigned short)o->rows, .ws_col = (unsigned short)o->columns};
    int report[2] = {-1, -1};

    v->rows = o->rows;
    v->columns = o->columns;
    v->synchronized = o->synchronized;
    v->mute = o->mute;
    v->wide = o->wide;
    initial_modes(&v->before);
    str_init(&v->raw, (size_t)1 << 30);
    open_screen(v);
    if (o->job && pipe(report) != 0)
        abort();
    v->child = forkpty(&v->master, NULL, &v->before, &ws);
    if (v->child < 0)
        abort();
    if (v->child == 0) {
        if (o->job) {
            close(report[0]);
            run_shell(o, report[1]);
        }
        run_program(o);
    }
    v->program = v->child;
    if (o->job) {
        close(report[1]);
        if (read(report[0], &v->program, sizeof v->program) < 0)
            abort();
        close(report[0]);
    }
    fcntl(v->master, F_SETFL, O_NONBLOCK);
    fcntl(v->master, F_SETFD, FD_CLOEXEC);
    return v;
}

void vth_free(struct vth *v)
{
    if (v == NULL)
        return;
    if (!v->exited) {
        kill(v->program, SIGKILL);
        kill(v->child, SIGKILL);
        waitpid(v->child, NULL, 0);
    }
    if (v->master >= 0)
        close(v->master);
    vterm_free(v->vt);
    str_free(&v->raw);
    str_free(&v->row);
    str_free(&v->dump);
    str_free(&v->kinds);
    str_free(&v->answers);
    free(v);
}

pid_t vth_pid(const struct vth *v)
{
    return v->program;
}

void vth_signal(struct vth *v, int signo)
{
    kill(v->program, signo);
}

void vth_continue(struct vth *v)
{
    kill(v->child, SIGUSR1);
}

void vth_stall(struct vth *v, bool on)
{
    v->stalled = on;
}

void vth_hang_up(struct vth *v)
{
    close(v->master);
    v->master = -1;
}

/* ---- pumping ----------------------------------------------------------------------------------
 */

static void queue_answer(struct vth *v, const void *bytes, size_t n)
{
    str_append(&v->answers, bytes, n);
}

static void collect_answers(struct vth *v)
{
    char bytes[256];
    size_t n;
    while ((n = vterm_output_read(v->vt, bytes, sizeof bytes)) > 0) {
        char *width = v->wide ? memmem(bytes, n, ";2R", 3) : NULL;
        if (width != NULL)
            width[1] = '3';
        if (!v->mute)
            queue_answer(v, bytes, n);
    }
    if (v->tokens.asked_sync && v->synchronized && !v->mute)
        queue_answer(v, "\033[?2026;2$y", 11);
    v->tokens.asked_sync = false;
}

/* libvterm 0.1.4 prints the final of a sequence whose '$' it does not know: keep the query from it.
 */
static void show(struct vth *v, const char *bytes, size_t n)
{
    static const char query[] = "\033[?2026$p";
    const char *at = memmem(bytes, n, query, sizeof query - 1);
    if (at != NULL) {
        size_t before = (size_t)(at - bytes), skip = before + sizeof query - 1;
        vterm_input_write(v->vt, bytes, before);
        show(v, bytes + skip, n - skip);
        return;
    }
    vterm_input_write(v->vt, bytes, n);
}

static bool read_some(struct vth *v)
{
    char bytes[1 << 14];
    ssize_t n = read(v->master, bytes, sizeof bytes);
    if (n <= 0)
        return false;
    v->last_output_ms = clock_mono_ms();
    str_append(&v->raw, bytes, (size_t)n);
    tokenize(&v->tokens, bytes, (size_t)n);
    show(v, bytes, (size_t)n);
    collect_answers(v);
    return true;
}

static void reap(struct vth *v)
{
    if (!v->exited && waitpid(v->child, &v->status, WNOHANG) == v->child)
        v->exited = true;
}

/* One wait of at most ms; true when something came. */
static bool pump_once(struct vth *v, int ms)
{
    struct pollfd p = {.fd = v->master, .events = v->stalled ? 0 : POLLIN};
    if (v->answers.len > 0)
        p.events |= POLLOUT;
    if (v->master < 0 || poll(&p, 1, ms) <= 0) {
        if (v->master < 0)
            poll(NULL, 0, ms);
        reap(v);
        return false;
    }
    if (p.revents & POLLOUT) {
        ssize_t n = write(v->master, v->answers.data, v->answers.len);
        if (n > 0)
            str_remove(&v->answers, 0, (size_t)n);
    }
    bool got = (p.revents & (POLLIN | POLLHUP)) != 0 && read_some(v);
    reap(v);
    if (!got && (p.revents & POLLHUP))
        poll(NULL, 0, ms < 5 ? ms : 5);
    return got;
}

void vth_pump(struct vth *v, int ms)
{
    int64_t until = clock_mono_ms() + ms;
    do {
        int64_t left = until - clock_mono_ms();
        pump_once(v, left > 0 ? (int)left : 0);
    } while (clock_mono_ms() < until);
}

bool vth_quiet(struct vth *v, int timeout_ms)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    v->last_output_ms = clock_mono_ms();
    while (clock_mono_ms() < until) {
        pump_once(v, QUIET_MS);
        if (v->answers.len == 0 && clock_mono_ms() - v->last_output_ms >= QUIET_MS)
            return true;
    }
    return false;
}

bool vth_wait_text(struct vth *v, const char *text, int timeout_ms)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    while (vth_find(v, text) < 0) {
        if (clock_mono_ms() >= until || (v->exited && !pump_once(v, 0)))
            return vth_find(v, text) >= 0;
        pump_once(v, 20);
    }
    return true;
}

bool vth_wait_gone(struct vth *v, const char *text, int timeout_ms)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    while (vth_find(v, text) >= 0) {
        if (clock_mono_ms() >= until)
            return false;
        pump_once(v, 20);
    }
    return true;
}

bool vth_wait_exit(struct vth *v, int timeout_ms, int *status)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    while (!v->exited && clock_mono_ms() < until)
        pump_once(v, 10);
    while (v->exited && v->master >= 0 && read_some(v))
        ;
    if (v->exited && status != NULL)
        *status = v->status;
    return v->exited;
}

bool vth_wait_stopped(struct vth *v, int timeout_ms)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)v->program);
    while (clock_mono_ms() < until) {
        FILE *f = fopen(path, "r");
        char *end = f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
        if (f != NULL)
            fclose(f);
        /* and the shell has noticed: it has the terminal again */
        if (end != NULL && end[2] == 'T' &&
            (v->child == v->program || tcgetpgrp(v->master) == v->child))
            return true;
        pump_once(v, 10);
    }
    return false;
}

/* ---- input ------------------------------------------------------------------------------------
 */

void vth_send(struct vth *v, const char *bytes, size_t n)
{
    int64_t until = clock_mono_ms() + 20000;
    for (size_t at = 0; at < n && clock_mono_ms() < until;) {
        ssize_t w = write(v->master, bytes + at, n - at < 4096 ? n - at : 4096);
        if (w > 0)
            at += (size_t)w;
        else
            pump_once(v, 5);
    }
}

void vth_keys(struct vth *v, const char *bytes)
{
    vth_send(v, bytes, strlen(bytes));
}

void vth_paste(struct vth *v, const char *text, size_t n)
{
    bool bracketed = vth_mode(v, 2004);
    if (bracketed)
        vth_keys(v, "\033[200~");
    vth_send(v, text, n);
    if (bracketed)
        vth_keys(v, "\033[201~");
}

void vth_mouse(struct vth *v, int button, int row, int column)
{
    char bytes[64];
    snprintf(bytes, sizeof bytes, "\033[<%d;%d;%dM", button, column + 1, row + 1);
    vth_keys(v, bytes);
}

void vth_resize(struct vth *v, int rows, int columns)
{
    struct winsize ws = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    v->rows = rows;
    v->columns = columns;
    vterm_set_size(v->vt, rows, model_columns(columns));
    ioctl(v->master, TIOCSWINSZ, &ws);
}

/* ---- the screen -------------------------------------------------------------------------------
 */

static bool cell_at(struct vth *v, int row, int column, VTermScreenCell *cell)
{
    VTermPos pos = {.row = row, .col = column};
    return vterm_screen_get_cell(v->screen, pos, cell) != 0;
}

const char *vth_row(struct vth *v, int y)
{
    VTermScreenCell cell;
    size_t end = 0;
    str_clear(&v->row);
    for (int x = 0; x < v->columns && cell_at(v, y, x, &cell); x++) {
        if (cell.chars[0] == UINT32_MAX)
            continue; /* the right half of a wide character */
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++) {
            char bytes[4];
            str_append(&v->row, bytes, utf8_encode(cell.chars[i], bytes));
        }
        if (cell.chars[0] == 0)
            str_putc(&v->row, ' ');
        else if (cell.chars[0] != ' ')
            end = v->row.len;
    }
    str_truncate(&v->row, end);
    return str_cstr(&v->row);
}

const char *vth_screen(struct vth *v)
{
    str_clear(&v->dump);
    for (int y = 0; y < v->rows; y++)
        str_printf(&v->dump, "%s\n", vth_row(v, y));
    return str_cstr(&v->dump);
}

int vth_find(struct vth *v, const char *text)
{
    for (int y = 0; y < v->rows; y++) {
        if (strstr(vth_row(v, y), text) != NULL)
            return y;
    }
    return -1;
}

void vth_cursor(const struct vth *v, int *row, int *column)
{
    *row = v->cursor.row;
    *column = v->cursor.col;
}

bool vth_alternate(const struct vth *v)
{
    return v->alternate;
}

bool vth_bold(struct vth *v, int row, int column)
{
    VTermScreenCell cell;
    return cell_at(v, row, column, &cell) && cell.attrs.bold;
}

bool vth_reverse(struct vth *v, int row, int column)
{
    VTermScreenCell cell;
    return cell_at(v, row, column, &cell) && cell.attrs.reverse;
}

bool vth_coloured(struct vth *v, int row, int column)
{
    VTermScreenCell cell;
    return cell_at(v, row, column, &cell) && !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg);
}

void vth_termios(const struct vth *v, struct termios *out)
{
    tcgetattr(v->master, out);
}

bool vth_termios_restored(const struct vth *v)
{
    struct termios now;
    vth_termios(v, &now);
    return now.c_iflag == v->before.c_iflag && now.c_oflag == v->before.c_oflag &&
           now.c_lflag == v->before.c_lflag && now.c_cflag == v->before.c_cflag &&
           memcmp(now.c_cc, v->before.c_cc, sizeof now.c_cc) == 0;
}

bool vth_mode(const struct vth *v, int mode)
{
    for (size_t i = 0; i < v->tokens.n_modes; i++) {
        if (v->tokens.modes[i].number == mode)
            return v->tokens.modes[i].on;
    }
    return false;
}

size_t vth_bytes(const struct vth *v)
{
    return v->raw.len;
}

size_t vth_frames(const struct vth *v)
{
    return v->tokens.n_frames;
}

const char *vth_raw(const struct vth *v, size_t *n)
{
    *n = v->raw.len;
    return str_cstr(&v->raw);
}

static int compare_kinds(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *vth_kinds(struct vth *v)
{
    struct tokenizer *t = &v->tokens;
    qsort(t->kinds, t->n_kinds, KIND_BYTES, compare_kinds);
    str_clear(&v->kinds);
    for (size_t i = 0; i < t->n_kinds; i++)
        str_printf(&v->kinds, "%s\n", t->kinds[i]);
    return str_cstr(&v->kinds);
}

const char *vth_offence(const struct vth *v)
{
    return v->tokens.offence[0] != '\0' ? v->tokens.offence : NULL;
}
