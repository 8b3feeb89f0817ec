/* str.c - see str.h. Capacity doubles; the NUL is kept at every step so that data is always a C
 * string for those who may treat it as one. */
#include "config.h"

#include "src/base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

void str_init(struct str *s, size_t max_bytes)
{
    *s = (struct str)STR_INIT;
    s->max = max_bytes;
}

void str_free(struct str *s)
{
    if (!s)
        return;
    free(s->data);
    str_init(s, s->max);
}

void str_clear(struct str *s)
{
    str_truncate(s, 0);
    s->overflow = false;
}

void str_truncate(struct str *s, size_t len)
{
    if (len < s->len)
        s->len = len;
    if (s->data)
        s->data[s->len] = '\0';
}

static bool reserve(struct str *s, size_t extra)
{
    size_t max = s->max ? s->max : STR_MAX_DEFAULT;
    if (extra > max || s->len > max - extra) {
        s->overflow = true;
        return false;
    }
    size_t need = s->len + extra + 1;
    if (need <= s->cap)
        return true;
    size_t cap = s->cap ? s->cap : 64;
    while (cap < need)
        cap *= 2;
    s->data = x_realloc(s->data, cap);
    s->cap = cap;
    return true;
}

bool str_append(struct str *s, const void *bytes, size_t n)
{
    if (!reserve(s, n))
        return false;
    if (n)
        memcpy(s->data + s->len, bytes, n);
    s->len += n;
    s->data[s->len] = '\0';
    return true;
}

bool str_puts(struct str *s, const char *text)
{
    return str_append(s, text, strlen(text));
}

bool str_putc(struct str *s, char c)
{
    return str_append(s, &c, 1);
}

bool str_vprintf(struct str *s, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    bool ok = n >= 0 && reserve(s, (size_t)n);
    if (ok) {
        vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
        s->len += (size_t)n;
    }
    va_end(again);
    return ok;
}

bool str_printf(struct str *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = str_vprintf(s, fmt, ap);
    va_end(ap);
    return ok;
}

void str_remove(struct str *s, size_t at, size_t n)
{
    if (at >= s->len)
        return;
    if (n > s->len - at)
        n = s->len - at;
    memmove(s->data + at, s->data + at + n, s->len - at - n);
    str_truncate(s, s->len - n);
}

const char *str_cstr(const struct str *s)
{
    return s->data ? s->data : "";
}

char *str_take(struct str *s)
{
    if (!s->data)
        return x_strdup("");
    char *p = s->data;
    size_t max = s->max;
    *s = (struct str)STR_INIT;
    s->max = max;
    return p;
}
