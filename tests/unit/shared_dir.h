/* shared_dir.h - where tests find reference data that are not part of this project. */
#ifndef XUXIE_TESTS_UNIT_SHARED_DIR_H
#define XUXIE_TESTS_UNIT_SHARED_DIR_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Puts "$XUXIE_SHARED/name" (or "$top_srcdir/../shared/name") into out. False, with a line that
 * says so, when it is not there: the test is then skipped. */
static inline bool shared_path(char *out, size_t size, const char *name)
{
    const char *dir = getenv("XUXIE_SHARED");
    const char *top = getenv("top_srcdir");
    int n = dir ? snprintf(out, size, "%s/%s", dir, name)
                : snprintf(out, size, "%s/../shared/%s", top ? top : ".", name);
    if (n > 0 && (size_t)n < size && access(out, R_OK) == 0)
        return true;
    fprintf(stderr, "# skipped: no reference data at %s\n", out);
    return false;
}

#endif
