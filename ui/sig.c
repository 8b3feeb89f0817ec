/* sig.c - see sig.h. The flags are lock-free atomics: written by the handler on any thread, taken
 * by the UI thread. The flag is set before the descriptor is raised and read after it is cleared,
 * so a signal that comes in between is seen now or at the next turn, never lost. */
#include "config.h"

#include "ui/sig.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/wake.h"

static const int sig_caught[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGTERM, SIGINT, SIGQUIT};

enum { N_CAUGHT = ARRAY_LEN(sig_caught) };

static atomic_bool sig_flag[NSIG];
static struct wake sig_wake = {-1, -1};
static struct sigaction sig_before[N_CAUGHT], sig_pipe_before;
static bool sig_is_open;

static void on_signal(int signo)
{
    int saved = errno;
    atomic_store(&sig_flag[signo], true);
    wake_raise(&sig_wake);
    errno = saved;
}

static void handler_set(int signo, void (*handler)(int), struct sigaction *before)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = handler;
    sa.sa_flags = SA_RESTART;
    sigemptyset(&sa.sa_mask);
    sigaction(signo, &sa, before);
}

static struct sigaction *before_of(int signo)
{
    for (size_t i = 0; i < N_CAUGHT; i++) {
        if (sig_caught[i] == signo)
            return &sig_before[i];
    }
    return NULL;
}

int sig_open(struct err *err)
{
    int rc = wake_init(&sig_wake, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < N_CAUGHT; i++) {
        int signo = sig_caught[i];
        atomic_store(&sig_flag[signo], false);
        handler_set(signo, on_signal, &sig_before[i]);
        if (sig_before[i].sa_handler == SIG_IGN)
            sigaction(signo, &sig_before[i], NULL);
    }
    handler_set(SIGPIPE, SIG_IGN, &sig_pipe_before);
    sig_is_open = true;
    return 0;
}

void sig_close(void)
{
    if (!sig_is_open)
        return;
    for (size_t i = 0; i < N_CAUGHT; i++)
        sigaction(sig_caught[i], &sig_before[i], NULL);
    sigaction(SIGPIPE, &sig_pipe_before, NULL);
    wake_free(&sig_wake);
    sig_is_open = false;
}

int sig_fd(void)
{
    return sig_wake.fd_read;
}

void sig_clear(void)
{
    wake_clear(&sig_wake);
}

bool sig_take(int signo)
{
    return atomic_exchange(&sig_flag[signo], false);
}

bool sig_came(int signo)
{
    return atomic_load(&sig_flag[signo]);
}

void sig_stop_by_default(bool on)
{
    if (before_of(SIGTSTP)->sa_handler != SIG_IGN)
        handler_set(SIGTSTP, on ? SIG_DFL : on_signal, NULL);
}

void sig_stop_job(void)
{
    sig_stop_by_default(true);
    kill(0, SIGTSTP);
    sig_stop_by_default(false);
    sig_take(SIGTSTP);
}
