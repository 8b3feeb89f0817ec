/* test_pool_cores.c - cores and quotas of made-up machines, written as files under a directory. */
#include "config.h"

#include "engine/kernels/pool_cores.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/kernels/pool.h"
#include "src/base/mem.h"

static char root[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/xuxie-cores-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

/* Writes a file below root, with the directories it needs. */
static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void put_siblings(int cpu, const char *list)
{
    char name[128];
    snprintf(name, sizeof name, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    put(name, list);
}

static cpu_set_t set_of(unsigned bits)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = 0; i < 32; i++)
        if (bits >> i & 1)
            CPU_SET(i, &set);
    return set;
}

static void test_cores(void **state)
{
    (void)state;
    static const char *const by_two[] = {"0-1\n", "0-1\n", "2-3\n", "2-3\n"};
    static const char *const far_apart[] = {"0,2\n", "1,3\n", "0,2\n", "1,3\n"};
    static const char *const alone[] = {"0\n", "1\n", "2\n", "3\n"};
    static const char *const broken[] = {"", "x\n", "9-\n", "-1\n"};
    static const struct {
        const char *const *lists;
        unsigned usable;
        int cores;
    } cases[] = {
        {by_two, 0xf, 2}, {by_two, 0x5, 2},    {by_two, 0x3, 1},    {by_two, 0x8, 1},
        {alone, 0xf, 4},  {far_apart, 0xf, 2}, {far_apart, 0xc, 2}, {far_apart, 0x5, 1},
        {alone, 0, 1},    {alone, 0xff, 8}, /* four CPUs more without a file */
        {broken, 0xf, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int cpu = 0; cpu < 4; cpu++)
            put_siblings(cpu, cases[i].lists[cpu]);
        cpu_set_t usable = set_of(cases[i].usable);
        assert_int_equal(pool_cores_in(root, &usable), cases[i].cores);
    }
}

static void test_quota(void **state)
{
    (void)state;
    assert_int_equal(pool_quota_in(root), INT_MAX); /* no files at all */
    put("/proc/self/cgroup", "9:name=systemd:/\n1:cpu:/\n");
    assert_int_equal(pool_quota_in(root), INT_MAX); /* not version 2 */
    put("/proc/self/cgroup", "9:name=systemd:/\n0::/a.slice/b\n");
    assert_int_equal(pool_quota_in(root), INT_MAX); /* no cpu.max */
    put("/sys/fs/cgroup/a.slice/b/cpu.max", "max 100000\n");
    assert_int_equal(pool_quota_in(root), INT_MAX);
    put("/sys/fs/cgroup/a.slice/cpu.max", "350000 100000\n");
    assert_int_equal(pool_quota_in(root), 3);
    put("/sys/fs/cgroup/a.slice/b/cpu.max", "50000 100000\n");
    assert_int_equal(pool_quota_in(root), 1);
    put("/proc/self/cgroup", "0::/\n");
    assert_int_equal(pool_quota_in(root), INT_MAX);
    put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_int_equal(pool_quota_in(root), 2);
    put("/sys/fs/cgroup/cpu.max", "what\n");
    assert_int_equal(pool_quota_in(root), INT_MAX);
    put("/sys/fs/cgroup/cpu.max", "100000 0\n");
    assert_int_equal(pool_quota_in(root), INT_MAX);
}

static void test_this_machine(void **state)
{
    (void)state;
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(pool_cpus(), CPU_COUNT(&before));
    assert_true(pool_physical_cores() >= 1 && pool_physical_cores() <= pool_cpus());

    size_t last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &before))
        last--;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(pool_cpus(), 1);
    assert_int_equal(pool_physical_cores(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quota, set_up, tear_down),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
