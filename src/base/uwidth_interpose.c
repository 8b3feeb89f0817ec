/* uwidth_interpose.c - wcwidth() and wcswidth() of the whole program.
 *
 * A definition in the executable comes before libc's for every library it loads, so ncurses and
 * readline count columns with uwidth.c's numbers. Linked into the program itself, never into a
 * library; `nm -D` must show both as T. */
#include "config.h"

#include <wchar.h>

#include "src/base/uwidth.h"

int wcwidth(wchar_t wc)
{
    return wc == L'\0' ? 0 : uwidth_cp((uint32_t)wc);
}

int wcswidth(const wchar_t *s, size_t n)
{
    int columns = 0;
    for (size_t i = 0; i < n && s[i] != L'\0'; i++) {
        int w = wcwidth(s[i]);
        if (w < 0)
            return -1;
        columns += w;
    }
    return columns;
}
