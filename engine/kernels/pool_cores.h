/* pool_cores.h - how many cores there are, from files under a root directory ("" for the machine's
 * own), so that tests can show other machines than the one they run on. Private to pool_cores.c. */
#ifndef XUXIE_ENGINE_KERNELS_POOL_CORES_H
#define XUXIE_ENGINE_KERNELS_POOL_CORES_H

#include <sched.h>

/* Cores with at least one CPU in `usable`, by ROOT/sys/devices/system/cpu; a CPU without a topology
 * file counts as a core. At least 1. */
int pool_cores_in(const char *root, const cpu_set_t *usable);

/* The whole CPUs that the cgroup of this process and those above it may use at a time (cpu.max,
 * cgroup v2), by ROOT/proc/self/cgroup and ROOT/sys/fs/cgroup; rounded down, at least 1; INT_MAX
 * without a limit. */
int pool_quota_in(const char *root);

#endif
