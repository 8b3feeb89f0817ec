/* str.h - a growing byte buffer, always NUL-terminated, with a hard maximum.
 *
 * A struct str starts as STR_INIT (or str_init with a maximum of its own) and ends with str_free.
 * Growth goes through x_realloc; an append that would pass the maximum appends nothing, sets
 * `overflow` and returns false. `data` is never NULL after the first append; str_cstr() is safe at
 * any time. Not shared between threads.
 */
#ifndef XUXIE_BASE_STR_H
#define XUXIE_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
    char *data;
    size_t len;    /* bytes, without the NUL */
    size_t cap;    /* bytes allocated */
    size_t max;    /* hard maximum of len; 0 = STR_MAX_DEFAULT */
    bool overflow; /* an append was refused */
};

#define STR_MAX_DEFAULT ((size_t)256 << 20)
#define STR_INIT                                                                                   \
    {                                                                                              \
        NULL, 0, 0, 0, false                                                                       \
    }

void str_init(struct str *s, size_t max_bytes);
void str_free(struct str *s);  /* frees and resets; NULL-safe */
void str_clear(struct str *s); /* len = 0, keeps the memory */
void str_truncate(struct str *s, size_t len);
bool str_append(struct str *s, const void *bytes, size_t n);
bool str_puts(struct str *s, const char *text);
bool str_putc(struct str *s, char c);
bool str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool str_vprintf(struct str *s, const char *fmt, va_list ap);
void str_remove(struct str *s, size_t at, size_t n); /* takes n bytes out */
const char *str_cstr(const struct str *s);           /* "" when empty */
char *str_take(struct str *s); /* the caller owns the memory; s is empty again */

#endif
