/* utf8.h - UTF-8 as RFC 3629 has it: no surrogates, nothing above U+10FFFF, no overlong forms.
 * Pure functions over byte ranges; none reads past the length given. */
#ifndef XUXIE_BASE_UTF8_H
#define XUXIE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Decodes one character at p (n bytes there). Returns its length 1..4 and sets *cp, or returns 0
 * when the bytes are invalid or incomplete (or n is 0). */
size_t utf8_decode(const void *p, size_t n, uint32_t *cp);

/* Writes cp to out (4 bytes of room) and returns the length; an invalid cp becomes U+FFFD. */
size_t utf8_encode(uint32_t cp, char *out);

/* Length the character beginning with this byte claims: 1..4, or 0 for a byte that begins none. */
size_t utf8_claimed_length(unsigned char lead);

/* Number of leading bytes that are valid, complete UTF-8; == n when all of it is. */
size_t utf8_valid_prefix(const void *p, size_t n);

/* How many of the last bytes (0..3) begin a character that is not complete yet but can still
 * become valid. A stream holds these back. */
size_t utf8_incomplete_tail(const void *p, size_t n);

/* The largest character border <= at in p[0..n). Continuation bytes are stepped over backwards,
 * at most three. */
size_t utf8_floor(const void *p, size_t n, size_t at);

/* Number of characters in p[0..n); an invalid byte counts as one. */
size_t utf8_count(const void *p, size_t n);

#endif
