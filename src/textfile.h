/* textfile.h - reads a whole text from a file or standard input, within a limit. */
#ifndef XUXIE_SRC_TEXTFILE_H
#define XUXIE_SRC_TEXTFILE_H

#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"

enum textfile_flags {
    TEXTFILE_REGULAR = 1, /* refuse pipes and devices, without blocking on them */
};

/* Appends the bytes of `path` ("-": standard input) to out. E_INPUT when it cannot be opened, is a
 * directory or holds more than max_bytes; E_IO when reading fails; E_CANCELLED on a signal. On
 * failure out holds what was read. */
int textfile_read(const char *path, unsigned flags, size_t max_bytes, struct str *out,
                  struct err *err);

/* What a text must be: a UTF-8 byte order mark at its head is dropped; invalid UTF-8 and NUL are
 * E_INPUT, told with their place. `path` as above, for the message. */
int textfile_check(const char *path, struct str *text, struct err *err);

/* The same of a text that is read line by line: told with its line; the byte order mark stays. */
int textfile_check_lines(const char *path, const char *text, size_t n, struct err *err);

/* The parts of textfile_read, for readers of streams: opens as it does; reads what there is, at
 * most `size` bytes (0 at the end, negative E_* as above). */
int textfile_open(const char *path, unsigned flags, int *fd, struct err *err);
long textfile_some(const char *path, int fd, void *buffer, size_t size, struct err *err);

/* How `path` is called in messages. */
const char *textfile_name(const char *path);

#endif
