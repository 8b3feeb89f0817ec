/* outfile.h - a file a command writes: it appears whole or not at all.
 *
 * What is written goes to a new file beside the target (O_EXCL), which takes the target's name once
 * everything is on disk. Only a regular file (or a link, which is replaced, not
 * followed) is ever replaced, and only when that was asked for. "-" is standard output
 * (src/output.h). One thread.
 */
#ifndef XUXIE_SRC_OUTFILE_H
#define XUXIE_SRC_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

struct outfile;

/* E_INPUT when something is at `path` and may not be replaced; E_IO. */
int outfile_open(const char *path, bool replace, struct outfile **out, struct err *err);
/* Failures are remembered: outfile_ok() tells, outfile_finish() explains. */
void outfile_write(struct outfile *f, const void *bytes, size_t n);
void outfile_puts(struct outfile *f, const char *text);
bool outfile_ok(const struct outfile *f);
/* Gives the file its name and frees f; on failure nothing is left behind. */
int outfile_finish(struct outfile *f, struct err *err);
/* Leaves the target alone; NULL-safe. */
void outfile_abandon(struct outfile *f);

/* Would outfile_open() refuse this path without `replace`? */
bool outfile_exists(const char *path);

#endif
