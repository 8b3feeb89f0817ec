/* err.h - how every fallible function of xuxie tells what went wrong.
 *
 * A fallible function returns int: 0, or one of the negative codes below, and takes a
 * `struct err *` (may be NULL) as its last parameter, which then holds one complete sentence:
 * what is wrong, where (file, field, offset), what to do. Out-parameters are untouched on failure.
 * Data quoted from files goes through err_quote() first, so a message never carries control bytes.
 *
 * Threads: a struct err belongs to its caller; nothing here is shared.
 */
#ifndef XUXIE_BASE_ERR_H
#define XUXIE_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

enum err_code {
    E_OK = 0,
    E_INPUT = -1,       /* a file or text was refused                      exit status 1   */
    E_USAGE = -2,       /* the command line or an option is wrong          exit status 2   */
    E_STORE = -3,       /* the database cannot be used                     exit status 3   */
    E_RESOURCE = -4,    /* no memory, no disk, a limit of the system       exit status 4   */
    E_REMOTE = -5,      /* a remote engine failed (reserved)               exit status 5   */
    E_CANCELLED = -6,   /* the person stopped it                           exit status 130 */
    E_BUSY = -7,        /* try again: a request is already waiting         exit status 1   */
    E_UNSUPPORTED = -8, /* well-formed, but not something xuxie can do     exit status 1   */
    E_IO = -9,          /* reading or writing failed                       exit status 4   */
};

struct err {
    enum err_code code;
    char msg[1024]; /* one sentence, UTF-8, no trailing newline */
};

#define ERR_INIT                                                                                   \
    {                                                                                              \
        E_OK, ""                                                                                   \
    }

/* Sets code and message (printf style) and returns code, so `return err_set(err, ...)` works.
 * err may be NULL. A message that does not fit is cut at a character border. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message already in err; returns err->code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The exit status of the program for a code, as RELIABILITY B.1.2 and xuxie(1) list them. */
int err_exit_status(enum err_code code);

/* Copies at most max_in bytes of untrusted data into out as printable UTF-8 (control characters,
 * invalid bytes and invisible formatting are written \xNN or \u{N}; cut with "..." after 80 bytes);
 * returns out. out_size is at least 32; 360 always suffices. */
const char *err_quote(char *out, size_t out_size, const void *data, size_t n_bytes);

#endif
