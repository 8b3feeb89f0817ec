/* mem.h - memory for src/ and ui/: the x_ functions never return NULL; when memory is out they call
 * the handler (which saves the draft) and abort. engine/ does not use these: it takes its memory
 * from an arena sized beforehand and reports E_RESOURCE. */
#ifndef XUXIE_BASE_MEM_H
#define XUXIE_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void *x_malloc(size_t n);
void *x_calloc(size_t n, size_t size);
void *x_realloc(void *p, size_t n);
char *x_strdup(const char *s);
char *x_strndup(const char *s, size_t n); /* n bytes, then a NUL; the bytes may hold anything */
void *x_memdup(const void *p, size_t n);

/* Called once, before abort(), when memory is out. */
void mem_on_exhausted(void (*handler)(void));

/* *out = a * b, or a + b; false when it does not fit. Every size that comes from a file goes
 * through these. */
static inline bool mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

#endif
