/* mem.c - see mem.h. */
#include "config.h"

#include "src/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void (*exhausted_handler)(void);

void mem_on_exhausted(void (*handler)(void))
{
    exhausted_handler = handler;
}

static void *checked(void *p)
{
    if (p)
        return p;
    static int once;
    if (!once++ && exhausted_handler)
        exhausted_handler();
    static const char msg[] = "xuxie: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, msg, sizeof msg - 1);
    (void)ignored;
    abort();
}

void *x_malloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *x_calloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1));
}

void *x_realloc(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

char *x_strdup(const char *s)
{
    return x_strndup(s, strlen(s));
}

char *x_strndup(const char *s, size_t n)
{
    char *p = x_malloc(n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

void *x_memdup(const void *p, size_t n)
{
    void *q = x_malloc(n);
    memcpy(q, p, n);
    return q;
}
