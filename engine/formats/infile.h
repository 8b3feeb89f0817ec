/* infile.h - opening a file that is only read: regular files, without ever blocking on anything
 * else that a path may name (a FIFO, a device, a socket). */
#ifndef XUXIE_ENGINE_FORMATS_INFILE_H
#define XUXIE_ENGINE_FORMATS_INFILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "src/base/err.h"

enum { INFILE_QUOTE_BYTES = 560 };

/* A path as messages show it: escaped, and only its last 240 bytes when it is longer. Returns out.
 */
const char *infile_quote(char out[INFILE_QUOTE_BYTES], const char *path);

/* Opens path for reading; *st is what fstat() says. E_INPUT when it is missing, not a regular file
 * or not readable, E_RESOURCE when the process has no descriptor left. */
int infile_open(const char *path, int *fd, struct stat *st, struct err *err);

/* Maps the n > 0 bytes of an open file, read-only; `shown` is the file as messages name it.
 * E_RESOURCE with the figures when the process may not map so much. */
int infile_map(const char *shown, int fd, size_t n, void **out, struct err *err);

/* The whole file in memory, followed by a NUL that is not counted; the caller frees *data.
 * E_INPUT also when it is larger than max_bytes. */
int infile_read(const char *path, size_t max_bytes, char **data, size_t *n_bytes, struct err *err);

#endif
