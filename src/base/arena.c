/* arena.c - see arena.h. */
#include "config.h"

#include "src/base/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"

enum { ALIGN_BYTES = 64, PAGE_BYTES = 4096 };

int arena_init(struct arena *a, size_t size_bytes, struct err *err)
{
    size_t rounded;
    if (!add_size(size_bytes, PAGE_BYTES - 1, &rounded))
        return err_set(err, E_RESOURCE, _("cannot take %zu bytes of memory: the size is absurd"),
                       size_bytes);
    rounded &= ~(size_t)(PAGE_BYTES - 1);
    if (rounded == 0)
        rounded = PAGE_BYTES;
    void *p = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return err_set(err, E_RESOURCE, _("cannot take %zu MiB of memory: %s"), rounded >> 20,
                       strerror(errno));
#ifdef MADV_HUGEPAGE
    madvise(p, rounded, MADV_HUGEPAGE);
#endif
    *a = (struct arena){.base = p, .size_bytes = rounded, .used_bytes = 0};
    return 0;
}

void arena_free(struct arena *a)
{
    if (!a || !a->base)
        return;
    munmap(a->base, a->size_bytes);
    *a = (struct arena){NULL, 0, 0};
}

void *arena_take(struct arena *a, size_t n_bytes)
{
    size_t rounded;
    if (!add_size(n_bytes, ALIGN_BYTES - 1, &rounded))
        return NULL;
    rounded &= ~(size_t)(ALIGN_BYTES - 1);
    if (rounded > a->size_bytes - a->used_bytes)
        return NULL;
    void *p = a->base + a->used_bytes;
    a->used_bytes += rounded;
    return p;
}
