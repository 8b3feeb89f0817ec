/* editor.c - the prompt, or a text of the house, in the person's own editor: $VISUAL, $EDITOR, else
 * what Debian calls the editor, nano or vi.
 *
 * No shell: the variable is split at blanks and run by posix_spawnp. The text lies in a 0600 file
 * in $XDG_RUNTIME_DIR (or /tmp) meanwhile. The loop goes on beneath, so that what the model writes
 * is saved; only the terminal is lent. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "ui/draw.h"
#include "ui/edit.h"
#include "ui/room.h"
#include "ui/sig.h"
#include "ui/term.h"

enum { MAX_WORDS = 32, CHECK_MS = 30, PATH_BYTES = EDITOR_PATH_BYTES };

extern char **environ;

/* ---- the file ---------------------------------------------------------------------------------
 */

static int write_file(char path[PATH_BYTES], const char *text, size_t n_bytes, const char *suffix,
                      struct err *err)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    int n = -1;

    if (dir != NULL && dir[0] == '/' && access(dir, W_OK | X_OK) == 0)
        n = snprintf(path, PATH_BYTES, "%s/xuxie-XXXXXX%s", dir, suffix);
    if (n < 0 || (size_t)n >= PATH_BYTES)
        snprintf(path, PATH_BYTES, "/tmp/xuxie-XXXXXX%s", suffix);
    int fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC); /* 0600, O_EXCL */
    if (fd < 0)
        return err_set(err, E_IO, _("A file for the editor cannot be made at %s: %s."), path,
                       strerror(errno));
    for (size_t at = 0; at < n_bytes;) {
        ssize_t w = write(fd, text + at, n_bytes - at);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0) {
            err_set(err, E_IO, _("The text for the editor cannot be written to %s: %s."), path,
                    strerror(errno));
            close(fd);
            unlink(path);
            return E_IO;
        }
        at += (size_t)w;
    }
    close(fd);
    return 0;
}

/* What the editor left is appended to out; the file is removed, unless it is longer than out may
 * be. */
static int read_file(const char *path, struct str *out, struct err *err)
{
    char buffer[1 << 14];
    int rc = 0;
    ssize_t n = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, E_IO, _("What the editor saved cannot be read from %s: %s."), path,
                       strerror(errno));
    while ((n = read(fd, buffer, sizeof buffer)) > 0 && str_append(out, buffer, (size_t)n))
        ;
    if (n < 0)
        rc = err_set(err, E_IO, _("What the editor saved cannot be read from %s: %s."), path,
                     strerror(errno));
    else if (out->overflow)
        rc = err_set(err, E_INPUT,
                     _("What the editor saved in %s is longer than the %zu bytes that may be "
                       "written here; the file was left there."),
                     path, out->max);
    close(fd);
    if (rc == 0)
        unlink(path);
    return rc;
}

/* ---- the program ------------------------------------------------------------------------------
 */

/* Words of the command, then the file, then NULL. copy is what they point into. */
static bool split_command(char *copy, char *path, char *words[MAX_WORDS])
{
    size_t n = 0;
    for (char *save, *w = strtok_r(copy, " \t", &save); w != NULL;
         w = strtok_r(NULL, " \t", &save)) {
        if (n == MAX_WORDS - 2)
            return false;
        words[n++] = w;
    }
    words[n] = path;
    words[n + 1] = NULL;
    return n > 0;
}

static int spawn(const char *command, char *path, char *const *environment, pid_t *pid)
{
    char *words[MAX_WORDS];
    char *copy = x_strdup(command);
    posix_spawnattr_t attr;
    sigset_t set;
    int rc = EINVAL;

    posix_spawnattr_init(&attr);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGPIPE); /* we ignore these, the editor should not */
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (split_command(copy, path, words))
        rc = posix_spawnp(pid, words[0], NULL, &attr, words,
                          environment != NULL ? environment : environ);
    posix_spawnattr_destroy(&attr);
    free(copy);
    return rc;
}

/* The person's choice, or the first that is installed. */
static int spawn_editor(char *path, char *const *environment, pid_t *pid, const char **name)
{
    static const char *const variables[] = {"VISUAL", "EDITOR"};
    static const char *const usual[] = {"editor", "nano", "vi"};
    int rc = ENOENT;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        *name = getenv(variables[i]);
        if (*name != NULL && (*name)[0] != '\0')
            return spawn(*name, path, environment, pid);
    }
    for (size_t i = 0; i < ARRAY_LEN(usual) && rc == ENOENT; i++) {
        *name = usual[i];
        rc = spawn(usual[i], path, environment, pid);
    }
    return rc;
}

static int not_started(const char *name, int rc, struct err *err)
{
    char quoted[360];
    return err_set(err, E_IO,
                   _("The editor %s cannot be started: %s. Set VISUAL or EDITOR to one that is "
                     "installed."),
                   err_quote(quoted, sizeof quoted, name, strlen(name)), strerror(rc));
}

static int ended_badly(const char *path, struct err *err)
{
    return err_set(
        err, E_IO,
        _("The editor did not end well, so the text was left as it was; its file is %s."), path);
}

static void take_terminal_back(struct ui *ui)
{
    ui->editor.pid = 0;
    loop_timer_off(ui->loop, LOOP_CHILD);
    sig_stop_by_default(false);
    sig_take(SIGTSTP);
    sig_take(SIGCONT);
    sig_take(SIGINT);
    term_resume();
    draw_redraw();
    loop_lend_terminal(ui->loop, false);
    act_resize(ui);
}

static int start(struct ui *ui, const char *text, size_t n_bytes, const char *suffix,
                 struct err *err)
{
    const char *name = NULL;

    if (ui->editor.pid != 0)
        return err_set(err, E_BUSY, _("The editor has another text open."));
    if (write_file(ui->editor.path, text, n_bytes, suffix, err) < 0)
        return err->code;
    term_leave();
    loop_lend_terminal(ui->loop, true);
    sig_stop_by_default(true);
    int rc = spawn_editor(ui->editor.path, ui->options.child_environ, &ui->editor.pid, &name);
    if (rc != 0) {
        take_terminal_back(ui);
        unlink(ui->editor.path);
        return not_started(name, rc, err);
    }
    loop_timer_at(ui->loop, LOOP_CHILD, clock_mono_ms() + CHECK_MS);
    return 0;
}

void editor_start(struct ui *ui)
{
    struct err err = ERR_INIT;
    struct edit_state e;

    edit_get(&e);
    if (start(ui, e.line, e.n_bytes, ".txt", &err) < 0) {
        ui_message(ui, UI_ERROR, err.msg);
        return;
    }
    ui->editor.on_done = NULL;
}

int ui_edit_text(struct ui *ui, const char *text, size_t n, const char *suffix,
                 void (*on_done)(void *ctx, const char *text, size_t n), void *ctx, struct err *err)
{
    struct err why = ERR_INIT;
    int rc = start(ui, text, n, suffix, &why);
    if (rc < 0) {
        if (err != NULL)
            *err = why;
        return rc;
    }
    ui->editor.on_done = on_done;
    ui->editor.ctx = ctx;
    return 0;
}

/* What was saved goes to the prompt (one newline at the end is the editor's), or to the house. */
static void deliver(struct ui *ui, struct str *text)
{
    if (ui->editor.on_done != NULL) {
        ui->editor.on_done(ui->editor.ctx, str_cstr(text), text->len);
        return;
    }
    if (text->len > 0 && text->data[text->len - 1] == '\n')
        str_truncate(text, text->len - 1);
    edit_set(str_cstr(text), text->len);
}

static void fail(struct ui *ui, enum ui_level level, const struct err *err)
{
    ui_message(ui, level, err->msg);
    if (ui->editor.on_done != NULL)
        ui->editor.on_done(ui->editor.ctx, NULL, 0);
}

void editor_check(struct ui *ui)
{
    struct err err = ERR_INIT;
    struct str text = STR_INIT;
    int status = 0;
    if (ui->editor.pid == 0)
        return;
    pid_t done = waitpid(ui->editor.pid, &status, WNOHANG);
    if (done == 0) {
        loop_timer_at(ui->loop, LOOP_CHILD, clock_mono_ms() + CHECK_MS);
        return;
    }
    take_terminal_back(ui);
    str_init(&text, LIMIT_PASTE_PROMPT_BYTES);
    if (done < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ended_badly(ui->editor.path, &err);
        fail(ui, UI_WARNING, &err);
    } else if (read_file(ui->editor.path, &text, &err) < 0) {
        fail(ui, UI_ERROR, &err);
    } else {
        deliver(ui, &text);
    }
    str_free(&text);
    act_on_events(ui, false); /* typed before the editor came up */
}

void editor_abandon(struct ui *ui, int signo)
{
    if (ui->editor.pid == 0)
        return;
    kill(ui->editor.pid, signo != 0 ? signo : SIGTERM);
    ui->editor.pid = 0;
    loop_timer_off(ui->loop, LOOP_CHILD);
}

/* ---- without a screen -------------------------------------------------------------------------
 */

/* Runs it to its end. ^C is the editor's while it has the terminal. */
static int run_editor(char *path, char *const *environment, struct err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
    const char *name = NULL;
    pid_t pid = 0, done = 0;
    int status = 0;

    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    int rc = spawn_editor(path, environment, &pid, &name);
    while (rc == 0 && (done = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    if (rc != 0) {
        unlink(path);
        return not_started(name, rc, err);
    }
    return done < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ? ended_badly(path, err) : 0;
}

int ui_edit_plainly(const char *text, size_t n, const char *suffix, char *const *environment,
                    struct str *out, struct err *err)
{
    char path[PATH_BYTES];
    int rc = write_file(path, text, n, suffix, err);
    if (rc == 0)
        rc = run_editor(path, environment, err);
    return rc == 0 ? read_file(path, out, err) : rc;
}
