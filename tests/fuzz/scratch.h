/* scratch.h - a folder of a fuzz target's own in $TMPDIR, which run.sh and test_findings.sh remove
 * with all that is in it. */
#ifndef XUXIE_TESTS_FUZZ_SCRATCH_H
#define XUXIE_TESTS_FUZZ_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRATCH_BYTES = 512 };

/* Makes it, its path into folder; returns a descriptor of it. */
static inline int scratch_folder(char folder[SCRATCH_BYTES])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, SCRATCH_BYTES, "%s/xuxie-fuzz-%ld", tmp ? tmp : "/tmp", (long)getpid());
    int fd = mkdir(folder, 0700) == 0 ? open(folder, O_DIRECTORY | O_RDONLY) : -1;
    if (fd < 0)
        abort();
    return fd;
}

#endif
