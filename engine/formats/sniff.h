/* sniff.h - tells what a file that is no model of ours seems to be. */
#ifndef XUXIE_ENGINE_FORMATS_SNIFF_H
#define XUXIE_ENGINE_FORMATS_SNIFF_H

#include <stddef.h>

#include "src/base/err.h"

/* Sets and returns E_INPUT with a sentence that names the format the first bytes look like, and
 * what to do about it. `shown` is the file as messages name it. */
int sniff_refuse(const char *shown, const void *data, size_t n_bytes, struct err *err);

#endif
