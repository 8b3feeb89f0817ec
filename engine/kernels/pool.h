/* pool.h - the engine's worker threads. Work is split statically by index: part i of n is always
 * the same, so results never depend on timing; which thread does it may.
 *
 * The thread that calls pool_run does parts too; calls do not nest. Workers spin briefly,
 * then sleep; they block all signals but those raised by a fault of their own (SIGSEGV, SIGBUS...,
 * whose handlers must run). One pool per engine, used from the engine thread only.
 */
#ifndef XUXIE_ENGINE_KERNELS_POOL_H
#define XUXIE_ENGINE_KERNELS_POOL_H

#include <stdint.h>

#include "src/base/err.h"

struct pool;

/* n_threads >= 1, the caller included. */
int pool_new(int n_threads, struct pool **out, struct err *err);
void pool_free(struct pool *p);
int pool_size(const struct pool *p);

/* Runs fn(arg, i, n) once for each i = 0..n-1 on the n threads, usually i on thread i, and returns
 * when all are done. */
void pool_run(struct pool *p, void (*fn)(void *arg, int i, int n), void *arg);

/* The part [*begin, *end) of 0..total that belongs to part i of n; align divides its borders. */
void pool_part(int64_t total, int64_t align, int i, int n, int64_t *begin, int64_t *end);

/* Physical cores of this machine that the process may use (sysfs topology, affinity, the cgroup's
 * share of CPU time), at least 1. */
int pool_physical_cores(void);

/* CPUs (hardware threads) the process may run on, at least 1. */
int pool_cpus(void);

#endif
