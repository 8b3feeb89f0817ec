/* text_safe.h - the choke point between foreign bytes and the screen (RELIABILITY B.1.7).
 *
 * Everything that becomes UI text passes text_safe() once: model output, file metadata, pasted
 * text, file names, database rows. What is stored, copied or piped stays byte-exact.
 */
#ifndef XUXIE_BASE_TEXT_SAFE_H
#define XUXIE_BASE_TEXT_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

/* May this code point be shown as it is? False for C0 (but \n and \t), DEL, C1, line and paragraph
 * separators, bidi controls, tags, interlinear marks, zero-width characters, noncharacters. */
bool text_safe_is_plain(uint32_t cp);

/* Appends the displayable form of bytes to out: valid UTF-8 in which everything not plain is a
 * visible mark (␛ for C0, <U+202E> for the rest) and invalid bytes are U+FFFD. ZWJ and ZWNJ pass
 * inside emoji and joining-script clusters. At most 4 combining marks follow a base.
 * A character must not be split between two calls (streams hold incomplete tails back). */
void text_safe(struct str *out, const void *bytes, size_t n_bytes);

/* Is text_safe() the identity on these bytes? */
bool text_is_safe(const void *bytes, size_t n_bytes);

#endif
