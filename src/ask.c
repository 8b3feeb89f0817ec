/* ask.c - see ask.h. No shell is involved: the variable is split at blanks. */
#include "config.h"

#include "src/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/text_safe.h"
#include "src/locale_setup.h"
#include "src/output.h"
#include "src/textfile.h"

enum { MAX_WORDS = 32, ANSWER_BYTES = 256 };

bool ask_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool ask_yes(const char *question)
{
    char answer[ANSWER_BYTES];
    struct str s = STR_INIT;
    output_flush();
    text_safe(&s, question, strlen(question));
    str_puts(&s, " [y/N] ");
    ssize_t written = write(STDERR_FILENO, s.data, s.len);
    str_free(&s);
    long n = written > 0 ? textfile_some("-", STDIN_FILENO, answer, sizeof answer - 1, NULL) : 0;
    if (n <= 0)
        return false;
    answer[n] = '\0';
    return answer[0] == 'y' || answer[0] == 'Y' || rpmatch(answer) == 1;
}

/* ---- the editor ------------------------------------------------------------------------------ */

static int make_file(const struct str *text, char path[], size_t size, struct err *err)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    int n = -1;
    if (dir && dir[0] == '/' && access(dir, W_OK | X_OK) == 0)
        n = snprintf(path, size, "%s/xuxie-XXXXXX.txt", dir);
    if (n < 0 || (size_t)n >= size)
        snprintf(path, size, "/tmp/xuxie-XXXXXX.txt");
    int fd = mkostemps(path, 4, O_CLOEXEC); /* 0600, O_EXCL */
    if (fd < 0)
        return err_set(err, E_IO, _("A file for the editor cannot be made at %s: %s."), path,
                       strerror(errno));
    const char *p = str_cstr(text);
    for (size_t left = text->len; left > 0;) {
        ssize_t w = write(fd, p, left);
        if (w < 0 && errno != EINTR) {
            err_set(err, E_IO, _("%s: cannot be written: %s"), path, strerror(errno));
            close(fd);
            unlink(path);
            return E_IO;
        }
        p += w > 0 ? w : 0;
        left -= w > 0 ? (size_t)w : 0;
    }
    close(fd);
    return 0;
}

static int spawn(const char *command, char *path, pid_t *pid)
{
    char *words[MAX_WORDS], *copy = x_strdup(command), *save;
    size_t n = 0;
    int rc = EINVAL;
    for (char *w = strtok_r(copy, " \t", &save); w && n < MAX_WORDS - 2;
         w = strtok_r(NULL, " \t", &save))
        words[n++] = w;
    words[n] = path;
    words[n + 1] = NULL;
    char **environment = locale_child_environ();
    posix_spawnattr_t attr;
    sigset_t set;
    posix_spawnattr_init(&attr);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (n > 0)
        rc = posix_spawnp(pid, words[0], NULL, &attr, words, environment);
    posix_spawnattr_destroy(&attr);
    free(environment);
    free(copy);
    return rc;
}

/* The person's choice, or the first that is installed; its name goes to *name. */
static int spawn_editor(char *path, pid_t *pid, const char **name)
{
    static const char *const variables[] = {"VISUAL", "EDITOR"};
    static const char *const usual[] = {"editor", "nano", "vi"};
    int rc = ENOENT;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        *name = getenv(variables[i]);
        if (*name && (*name)[0])
            return spawn(*name, path, pid);
    }
    for (size_t i = 0; i < ARRAY_LEN(usual) && rc == ENOENT; i++) {
        *name = usual[i];
        rc = spawn(usual[i], path, pid);
    }
    return rc;
}

/* Runs it to its end. ^C is the editor's while it has the terminal. */
static int run_editor(char *path, struct err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
    const char *name = NULL;
    char quoted[360];
    pid_t pid;
    int status = 0;
    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    int why = spawn_editor(path, &pid, &name);
    pid_t done = 0;
    while (!why && (done = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    if (why) {
        unlink(path);
        return err_set(err, E_IO,
                       _("The editor %s cannot be started: %s. Set VISUAL or EDITOR to one that is "
                         "installed."),
                       err_quote(quoted, sizeof quoted, name, strlen(name)), strerror(why));
    }
    if (done < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, E_IO, _("The editor did not end well; its file is %s."), path);
    return 0;
}

int ask_editor(struct str *text, size_t limit, struct err *err)
{
    char path[4096];
    struct str edited = STR_INIT;
    str_init(&edited, limit + 1);
    int rc = make_file(text, path, sizeof path, err);
    if (rc)
        return rc;
    rc = run_editor(path, err);
    if (!rc)
        rc = textfile_read(path, TEXTFILE_REGULAR, limit, &edited, err);
    if (!rc) { /* else what was typed is still in the file */
        unlink(path);
        str_clear(text);
        str_append(text, str_cstr(&edited), edited.len);
    }
    str_free(&edited);
    return rc;
}
