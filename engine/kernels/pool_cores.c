/* pool_cores.c - how many threads make sense: one per physical core that this process may use.
 *
 * Two CPUs of one core share its arithmetic units, and products gain nothing from the second; three
 * limits are respected, the affinity mask, the topology, and the CPU time a container may take.
 */
#include "config.h"

#include "engine/kernels/pool_cores.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/kernels/pool.h"

/* The first bytes of a small file as a string; false when it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    if (n < 0)
        return false;
    text[n] = '\0';
    return true;
}

/* Whether a list such as "0,64" or "8-9" names a CPU of the set below `cpu`: then that one stands
 * for the core. */
static bool has_earlier_sibling(const char *list, int cpu, const cpu_set_t *usable)
{
    while (*list >= '0' && *list <= '9') {
        char *end;
        long first = strtol(list, &end, 10);
        long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        for (long c = first; c <= last && c < cpu; c++)
            if (CPU_ISSET((size_t)c, usable))
                return true;
        list = *end == ',' ? end + 1 : "";
    }
    return false;
}

int pool_cores_in(const char *root, const cpu_set_t *usable)
{
    int n_cores = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, usable))
            continue;
        char path[PATH_MAX], list[256];
        snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                 root, cpu);
        if (!read_text(path, list, sizeof list) || !has_earlier_sibling(list, cpu, usable))
            n_cores++;
    }
    return n_cores > 0 ? n_cores : 1;
}

/* "150000 100000": microseconds of CPU time in each period; "max 100000": no limit */
static int quota_of(const char *cpu_max)
{
    char *end;
    long long quota = strtoll(cpu_max, &end, 10);
    long long period = end != cpu_max ? strtoll(end, NULL, 10) : 0;
    if (quota <= 0 || period <= 0 || quota / period >= INT_MAX)
        return INT_MAX;
    return quota >= period ? (int)(quota / period) : 1;
}

int pool_quota_in(const char *root)
{
    char path[PATH_MAX], text[PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!read_text(path, text, sizeof text))
        return INT_MAX;
    char *group = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
    if (!group)
        return INT_MAX;
    group = strchr(group, '/');
    group[strcspn(group, "\n")] = '\0';

    /* a limit may stand at the group or at any one above it */
    int least = INT_MAX;
    for (char *end = group + strlen(group); end; end = strrchr(group, '/')) {
        *end = '\0';
        char cpu_max[64];
        int n = snprintf(path, sizeof path, "%s/sys/fs/cgroup%s/cpu.max", root, group);
        if (n > 0 && (size_t)n < sizeof path && read_text(path, cpu_max, sizeof cpu_max)) {
            int quota = quota_of(cpu_max);
            least = quota < least ? quota : least;
        }
    }
    return least;
}

static void usable_cpus(cpu_set_t *set)
{
    if (sched_getaffinity(0, sizeof *set, set) == 0)
        return;
    /* more CPUs than a cpu_set_t holds: take the first ones */
    CPU_ZERO(set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < n && i < CPU_SETSIZE; i++)
        CPU_SET((size_t)i, set);
}

int pool_cpus(void)
{
    cpu_set_t usable;
    usable_cpus(&usable);
    int n = CPU_COUNT(&usable);
    return n > 0 ? n : 1;
}

int pool_physical_cores(void)
{
    cpu_set_t usable;
    usable_cpus(&usable);
    int n_cores = pool_cores_in("", &usable);
    int quota = pool_quota_in("");
    return n_cores < quota ? n_cores : quota;
}
