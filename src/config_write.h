/* config_write.h - changes one setting in xuxie.ini and nothing else: comments, order, blanks and
 * line ends of all other lines stay byte for byte. */
#ifndef XUXIE_SRC_CONFIG_WRITE_H
#define XUXIE_SRC_CONFIG_WRITE_H

#include "src/base/err.h"
#include "src/base/str.h"

/* The text with name = value; `out` is appended to. Where the setting stands already, the last such
 * line (the one that counts) gets the value; else a line is added, at the end or, where that would
 * be in the section of the keys, before that. Pure. */
void config_edit(const char *text, const char *name, const char *value, struct str *out);

/* The same in the file at path. A missing one is made, 0600, with its folders; a link is followed,
 * and the file's mode stays. The new text appears whole or not at all. E_INPUT for a value an ini
 * file cannot hold and for a file that is no such text; E_IO. */
int config_set(const char *path, const char *name, const char *value, struct err *err);

#endif
