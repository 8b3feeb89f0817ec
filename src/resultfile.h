/* resultfile.h - a file of results, one JSON object a line, that grows while the work goes on and
 * can be continued where it was left: by ^C, by a kill or by a full disk. One thread. */
#ifndef XUXIE_SRC_RESULTFILE_H
#define XUXIE_SRC_RESULTFILE_H

#include <jansson.h>

#include "src/base/err.h"
#include "src/jsonline.h"

struct resultfile {
    int fd;
    const char *path; /* NULL: standard output, line by line */
    unsigned long n_lines; /* complete ones, those found included */
};

/* Opens `path` (borrowed), makes it (0600) when it is not there. Hands each
 * complete line found to `each`, which may refuse it; a last line that lacks its end is cut off
 * then. Every line of ours begins with `mark`, so that no other file is ever written to: E_INPUT
 * for one that does not, for what is no regular file, and while another process writes to it.
 * Nothing is changed on failure. */
int resultfile_open(const char *path, const char *mark,
                    int (*each)(void *arg, const struct jsonline *line, struct err *err), void *arg,
                    struct resultfile *f, struct err *err);

/* Takes the value. E_IO: the line is not there, or only its beginning. */
int resultfile_put(struct resultfile *f, json_t *value, struct err *err);

/* E_IO when what was put may not be on the disk. */
int resultfile_close(struct resultfile *f, struct err *err);

#endif
