/* dispatch.c - which kernels run here: asks the CPU once and fills one table per instruction set.
 *
 * This file is compiled without special flags. The tables are written under pthread_once and only
 * read afterwards.
 */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/mem.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
/* Every CPU with AVX2 has F16C and FMA too, but they are bits of their own that a virtual machine
 * may hide. Not all compilers know the name "f16c". */
static bool has_avx2(void)
{
    unsigned eax, ebx, ecx, edx;
    bool has_f16c = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
    return has_f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
static bool has_avx2(void)
{
    return false;
}

static bool has_avx512(void)
{
    return false;
}
#endif

/* From the plainest to the fastest. */
static const struct isa {
    const char *name;
    bool (*is_here)(void);
    void (*fill)(struct kernels *k);
} isas[] = {
    {"generic", always, kernels_generic},
    {"avx2", has_avx2, kernels_avx2},
    {"avx512", has_avx512, kernels_avx512},
};

static struct kernels tables[ARRAY_LEN(isas)]; /* name NULL: not for this machine */
static const struct kernels *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct kernels *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        if (tables[i].name && strcmp(tables[i].name, name) == 0)
            return &tables[i];
    return NULL;
}

static void fill_tables(void)
{
    for (size_t i = 0; i < ARRAY_LEN(isas); i++) {
        if (!isas[i].is_here())
            continue;
        kernels_generic(&tables[i]);
        isas[i].fill(&tables[i]);
        chosen = &tables[i];
    }
    const char *wish = getenv("XUXIE_CPU");
    if (!wish || !*wish)
        return;
    const struct kernels *k = find(wish);
    if (k) {
        chosen = k;
        return;
    }
    char quoted[360];
    log_warn("kernels: XUXIE_CPU=%s is not available on this machine, which may use generic, "
             "avx2 or avx512 as far as its CPU goes; using %s",
             err_quote(quoted, sizeof quoted, wish, strlen(wish)), chosen->name);
}

const struct kernels *kernels_get(void)
{
    pthread_once(&once, fill_tables);
    return chosen;
}

const struct kernels *kernels_named(const char *name)
{
    pthread_once(&once, fill_tables);
    return find(name);
}
