/* fault.c - see fault.h. The table is read from a signal handler, so it is a fixed array of
 * atomics.
 *
 * A row is free while its base is 0. fault_watch claims a row by its `claimed` flag, fills the
 * rest, then stores base with release; the handler loads base with acquire. fault_unwatch clears in
 * the opposite order. A handler can only meet an address of a mapping that is in use, and a mapping
 * in use is not unwatched, so it never sees a row change under it. */
#include "config.h"

#include "engine/fault.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/engine.h"
#include "src/base/mem.h"

enum { MAX_WATCHED = 32 };

/* Written by the threads that open and close models, read by signal handlers. */
static struct {
    atomic_bool claimed;
    atomic_uintptr_t base;
    atomic_size_t n_bytes;
    atomic_bool *_Atomic damaged;
} watched[MAX_WATCHED];

bool fault_watch(const void *base, size_t n_bytes, atomic_bool *damaged)
{
    for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
        if (atomic_exchange(&watched[i].claimed, true))
            continue;
        atomic_store(&watched[i].n_bytes, n_bytes);
        atomic_store(&watched[i].damaged, damaged);
        atomic_store(&watched[i].base, (uintptr_t)base);
        return true;
    }
    return false;
}

void fault_unwatch(const void *base)
{
    for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
        if (atomic_load(&watched[i].base) != (uintptr_t)base)
            continue;
        atomic_store(&watched[i].base, 0);
        atomic_store(&watched[i].claimed, false);
        return;
    }
}

/* mmap and sysconf(_SC_PAGESIZE) are not on POSIX's list of async-signal-safe functions; on Linux
 * the first is a bare system call and the second reads a constant. */
bool engine_fault(void *address)
{
    uintptr_t at = (uintptr_t)address;
    for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
        uintptr_t base = atomic_load(&watched[i].base);
        size_t n_bytes = atomic_load(&watched[i].n_bytes);
        if (base == 0 || at < base || at - base >= n_bytes)
            continue;
        int saved = errno;
        /* Everything behind the place is lost as well: one mapping instead of a fault a page. */
        uintptr_t page = at & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
        void *zeros = mmap((void *)page, base + n_bytes - page, PROT_READ,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        errno = saved;
        if (zeros == MAP_FAILED)
            return false;
        atomic_store(atomic_load(&watched[i].damaged), true);
        return true;
    }
    return false;
}
