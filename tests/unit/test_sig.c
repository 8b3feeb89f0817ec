/* test_sig.c - signals become flags and a readable descriptor. */
#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "ui/sig.h"

static bool readable(void)
{
    struct pollfd p = {.fd = sig_fd(), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void test_flags(void **state)
{
    (void)state;
    static const int caught[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGTERM, SIGINT, SIGQUIT};
    assert_int_equal(sig_open(NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(caught); i++) {
        assert_false(readable());
        assert_false(sig_take(caught[i]));
        raise(caught[i]);
        raise(caught[i]);
        assert_true(readable());
        sig_clear();
        assert_false(readable());
        assert_true(sig_came(caught[i]));
        assert_true(sig_take(caught[i]));
        assert_false(sig_take(caught[i]));
    }
    raise(SIGPIPE); /* ignored */
    sig_close();
    sig_close();
}

static void test_ignored_stays_ignored(void **state)
{
    (void)state;
    struct sigaction now;
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(sig_open(NULL), 0);
    raise(SIGHUP);
    assert_false(sig_take(SIGHUP));
    sig_close();
    sigaction(SIGHUP, NULL, &now);
    assert_true(now.sa_handler == SIG_IGN);
    signal(SIGHUP, SIG_DFL);
}

static void test_dispositions_come_back(void **state)
{
    (void)state;
    struct sigaction now;
    assert_int_equal(sig_open(NULL), 0);
    sigaction(SIGTERM, NULL, &now);
    assert_true(now.sa_handler != SIG_DFL);
    sig_stop_by_default(true);
    sigaction(SIGTSTP, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
    sig_close();
    sigaction(SIGTERM, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_flags),
                                       cmocka_unit_test(test_ignored_stays_ignored),
                                       cmocka_unit_test(test_dispositions_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
