/* json_text.h - bytes in JSON, exactly. */
#ifndef XUXIE_SRC_JSON_TEXT_H
#define XUXIE_SRC_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "src/outfile.h"

/* Sets object[key] to the bytes as a string. JSON has no place for what is not UTF-8: then U+FFFD
 * stands for it there, and the bytes are in object["KEY_base64"]. */
void json_set_text(json_t *object, const char *key, const void *bytes, size_t n);

/* One line of JSON; takes the value. */
void json_write_line(json_t *value, struct outfile *out);

#endif
