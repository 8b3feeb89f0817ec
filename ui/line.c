/* line.c - see line.h. */
#include "config.h"

#include "ui/line.h"

#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"

char *line_copy(const char *text)
{
    struct str s = STR_INIT;
    if (text != NULL)
        text_safe(&s, text, strlen(text));
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '\n')
            s.data[i] = ' ';
    }
    return s.data != NULL ? str_take(&s) : x_strdup("");
}
