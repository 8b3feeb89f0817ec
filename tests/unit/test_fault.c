/* test_fault.c - engine/fault.c: a mapping whose file was cut off reads as zeros, and says so. */
#include "config.h"

#include "engine/fault.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/engine.h"

static volatile sig_atomic_t n_handled;

static void on_bus_error(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    if (engine_fault(info->si_addr)) {
        n_handled++;
        return;
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void test_truncated_mapping(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 8 * page;
    char path[] = "/tmp/xuxie-fault-XXXXXX";
    int fd = mkstemp(path);
    char *content = malloc(n);
    memset(content, 'x', n);
    assert_int_equal(write(fd, content, n), n);
    const volatile char *map = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    struct sigaction sa = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO}, before;
    sigaction(SIGBUS, &sa, &before);

    atomic_bool damaged = false;
    assert_true(fault_watch((const void *)(uintptr_t)map, n, &damaged));
    assert_int_equal(map[n - 1], 'x');
    assert_int_equal(ftruncate(fd, (off_t)(2 * page)), 0);
    assert_int_equal(map[0], 'x');
    assert_false(atomic_load(&damaged));
    assert_int_equal(map[5 * page + 17], 0);
    assert_true(atomic_load(&damaged));
    assert_int_equal(n_handled, 1);
    assert_int_equal(map[n - 1], 0); /* all behind it came with it */
    assert_int_equal(n_handled, 1);
    assert_int_equal(map[3 * page], 0); /* before it: one more fault */
    assert_int_equal(n_handled, 2);
    assert_int_equal(map[2 * page - 1], 'x');

    assert_false(engine_fault(content)); /* other memory */
    assert_false(engine_fault(NULL));
    fault_unwatch((const void *)(uintptr_t)map);
    assert_false(engine_fault((void *)(uintptr_t)map));
    sigaction(SIGBUS, &before, NULL);
    munmap((void *)(uintptr_t)map, n);
    free(content);
    close(fd);
    unlink(path);
}

static void test_table_full(void **state)
{
    (void)state;
    static char bases[1000];
    atomic_bool damaged = false;
    for (int round = 0; round < 3; round++) { /* places are given back */
        int n = 0;
        while (n < 1000 && fault_watch(bases + n, 1, &damaged))
            n++;
        assert_in_range(n, 8, 999);
        while (n > 0)
            fault_unwatch(bases + --n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated_mapping),
        cmocka_unit_test(test_table_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
