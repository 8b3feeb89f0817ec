/* memory.c - see memory.h. The files of the kernel that say it; what is missing there is no limit.
 */
#include "config.h"

#include "engine/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Reads "LABEL NUMBER" from a small text file of the kernel; label "" reads the first number. */
static bool read_number(const char *path, const char *label, unsigned long long *out)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof(line), f)) {
        char *end;
        const size_t n = strlen(label);
        if (strncmp(line, label, n) != 0)
            continue;
        *out = strtoull(line + n, &end, 10);
        found = end != line + n;
    }
    fclose(f);
    return found;
}

/* A limit, less what is in use and cannot be dropped (pages of files can). */
static void limit_by(const char *folder, const char *limit_name, const char *stat_label,
                     unsigned long long *best)
{
    char path[1200];
    unsigned long long limit, used = 0;
    snprintf(path, sizeof(path), "%s/%s", folder, limit_name);
    if (!read_number(path, "", &limit)) /* "max": none */
        return;
    snprintf(path, sizeof(path), "%s/memory.stat", folder);
    read_number(path, stat_label, &used);
    const unsigned long long left = limit > used ? limit - used : 0;
    if (left < *best)
        *best = left;
}

/* The memory limits of this process's control group and those above it, version 2; then version 1.
 */
static void limit_by_cgroup(unsigned long long *best)
{
    static const char root[] = "/sys/fs/cgroup";
    char line[1024] = "", folder[1100];
    size_t n_root = sizeof(root) - 1;
    snprintf(folder, sizeof(folder), "%s", root);
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0)
            snprintf(folder, sizeof(folder), "%s%s", root, line + 3);
    }
    if (f)
        fclose(f);
    for (;;) {
        limit_by(folder, "memory.max", "anon ", best);
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < n_root)
            break;
        *slash = '\0';
    }
    limit_by("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "total_rss ", best);
}

static size_t clamp(unsigned long long n)
{
    return n < SIZE_MAX ? (size_t)n : SIZE_MAX;
}

/* A limit of this process, less what /proc/self/status says is in use of it. */
static size_t left_of(__rlimit_resource_t resource, const char *label)
{
    struct rlimit limit;
    unsigned long long kib;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        !read_number("/proc/self/status", label, &kib))
        return SIZE_MAX;
    return limit.rlim_cur > kib * 1024 ? clamp(limit.rlim_cur - kib * 1024) : 0;
}

void memory_room(struct memory_room *out)
{
    unsigned long long ram = ULLONG_MAX, n;
    if (read_number("/proc/meminfo", "MemAvailable:", &n) && n < ram / 1024)
        ram = n * 1024;
    limit_by_cgroup(&ram);
    *out = (struct memory_room){.ram = clamp(ram),
                                .address = left_of(RLIMIT_AS, "VmSize:"),
                                .data = left_of(RLIMIT_DATA, "VmData:")};
}
