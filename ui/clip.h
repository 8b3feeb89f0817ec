/* clip.h - the clipboard of the person's terminal, by OSC 52. Written only on an explicit copy key;
 * never asked for. */
#ifndef XUXIE_UI_CLIP_H
#define XUXIE_UI_CLIP_H

#include <stddef.h>

#include "src/base/err.h"

enum { CLIP_MAX_BASE64_BYTES = 74994 }; /* what xterm and those after it accept */

/* Sends text to the clipboard, bytes as they are. E_INPUT when it is empty or too long. */
int clip_copy(const char *text, size_t n_bytes, struct err *err);

#endif
