/* test_dispatch.c - which kernels are taken, with and without XUXIE_CPU; each case in a process of
 * its own, because the choice is made once. */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"

/* Whether kernels_get() gives the table of that name where XUXIE_CPU is `wish` (NULL: not set). */
static bool gives(const char *wish, const char *name)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (wish)
            setenv("XUXIE_CPU", wish, 1);
        else
            unsetenv("XUXIE_CPU");
        const struct kernels *k = kernels_get();
        _exit(strcmp(k->name, name) == 0 && k == kernels_named(name) && k == kernels_get() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The best table of this machine, by the CPU's own word. */
static const char *best(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "avx2";
#endif
    return "generic";
}

static void test_choice(void **state)
{
    (void)state;
    assert_true(gives(NULL, best()));
    assert_true(gives("", best()));
    assert_true(gives("generic", "generic"));
    assert_true(gives(best(), best()));
    assert_true(gives("avx9\033[31m", best()));
    if (strcmp(best(), "avx512") == 0)
        assert_true(gives("avx2", "avx2"));
    else
        assert_true(gives("avx512", best()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
