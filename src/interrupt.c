/* interrupt.c - see interrupt.h. OpenBLAS starts threads before main with an empty signal mask, so
 * a handler may run in any thread: it touches only a sig_atomic_t and a descriptor. */
#include "config.h"

#include "src/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/wake.h"

static volatile sig_atomic_t received;
static bool installed;
static struct wake wake;

/* Composed beforehand: gettext may not be called in a handler. */
static char bus_message[256];

static int status_of(int sig)
{
    return sig == SIGINT ? 130 : 1;
}

static void on_end(int sig)
{
    if (received)
        _exit(status_of(received));
    received = sig;
    wake_raise(&wake);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    if (engine_fault(info->si_addr))
        return;
    static atomic_flag told = ATOMIC_FLAG_INIT; /* several threads may run into it */
    if (!atomic_flag_test_and_set(&told)) {
        ssize_t ignored = write(STDERR_FILENO, bus_message, strlen(bus_message));
        (void)ignored;
    }
    _exit(1);
}

int interrupt_install(struct err *err)
{
    if (wake_init(&wake, err))
        return E_RESOURCE;
    installed = true;
    snprintf(bus_message, sizeof bus_message, "xuxie: %s\n",
             _("a file was cut short while in use, probably the model"));
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct sigaction old, sa = {.sa_handler = on_end};
        sigemptyset(&sa.sa_mask);
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ends[i], &sa, NULL);
    }
    struct sigaction pipe = {.sa_handler = SIG_IGN};
    sigemptyset(&pipe.sa_mask);
    sigaction(SIGPIPE, &pipe, NULL);
    struct sigaction bus = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    sigemptyset(&bus.sa_mask);
    sigaction(SIGBUS, &bus, NULL);
    return 0;
}

int interrupt_signal(void)
{
    return received;
}

int interrupt_fd(void)
{
    return installed ? wake.fd_read : -1;
}

int interrupt_status(void)
{
    return received ? status_of(received) : 0;
}
