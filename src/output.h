/* output.h - standard output and standard error of the subcommands.
 *
 * Output is collected and written on output_flush(), or when 64 KiB are waiting. Once writing
 * failed all further output is dropped and output_ok() is false; output_finish() then decides the
 * exit status: a reader that went away (closed pipe) is no failure. Messages go to standard error,
 * always made harmless (text_safe), one line each. One thread.
 */
#ifndef XUXIE_SRC_OUTPUT_H
#define XUXIE_SRC_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

/* Opens /dev/null in place of standard descriptors that are closed, the wrong way round, so that no
 * file of ours gets their number and using them still fails. Call first of all. */
void output_secure_descriptors(void);

void output_write(const void *bytes, size_t n);
void output_puts(const char *text);
void output_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Text of a model or a file: as it is, or made harmless when standard output is a terminal and raw
 * is false. n_bytes must not end inside a character. */
void output_text(const void *bytes, size_t n_bytes, bool raw);
/* One line of JSON; takes the value. Strings in it must be made with output_json_string when they
 * may be anything. */
void output_json(json_t *value);
/* Bytes as a JSON string; invalid UTF-8 becomes U+FFFD. */
json_t *output_json_string(const void *bytes, size_t n_bytes);

/* How the words that follow look, on a terminal that can and may (no NO_COLOR, no TERM=dumb);
 * output that goes elsewhere never gets an escape sequence. Ask output_has_styles() to mark them in
 * another way. */
enum output_style { STYLE_PLAIN, STYLE_STRONG, STYLE_FAINT, STYLE_REMOVED, STYLE_ADDED };
bool output_has_styles(void);
void output_style(enum output_style style);

/* Writes what waits; false when output has failed. */
bool output_flush(void);
bool output_ok(void);
/* Is standard output a terminal? */
bool output_is_tty(void);
/* Flushes and returns the exit status: the command's own, 0 when the reader went away, 4 (told)
 * when writing failed otherwise. */
int output_finish(int status);

/* "xuxie: message", returns the exit status for err->code. */
int output_error(const struct err *err);
/* "xuxie: warning: ..." */
void output_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line without anything before it on standard error. */
void output_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Shows a passing line on standard error when that is a terminal and half a second has gone by
 * since output_progress_begin(). Other output removes it. */
void output_progress_begin(void);
void output_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void output_progress_end(void);

#endif
