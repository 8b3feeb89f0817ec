/* rescue.h - the last resort: the words so far as a plain text file, when the database does not
 * take them.
 *
 * The file is $XDG_STATE_HOME/xuxie/rescue-YYYYMMDD-HHMMSS-PID.txt, or the same name in /var/tmp
 * when that place cannot be written; 0600. It appears whole or not at all, and each further call in
 * this process replaces it with what is given then. Never deleted by xuxie.
 *
 * Threads: UI thread only.
 */
#ifndef XUXIE_SRC_RESCUE_H
#define XUXIE_SRC_RESCUE_H

#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* Saves n bytes and appends the file's path to *path. E_IO when no place takes it; the path is then
 * untouched, and a file that an earlier call made still holds what it held. */
int rescue_save(const char *text, size_t n, struct str *path, struct err *err);

#endif
