/* import.h - a text file becomes the beginning of a story. */
#ifndef XUXIE_SRC_IMPORT_H
#define XUXIE_SRC_IMPORT_H

#include "src/base/err.h"
#include "src/base/str.h"

/* Reads a regular text file whole into out, at most LIMIT_STORY_FILE_BYTES: checked UTF-8
 * (textfile_check), line ends become \n. */
int import_text(const char *path, struct str *out, struct err *err);

#endif
