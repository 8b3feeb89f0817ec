/* models.h - where models lie: the bundled one among xuxie's own data, others in
 * $XDG_DATA_HOME/xuxie/models, and anywhere a person keeps them, by path. A model is a GGUF file or
 * the folder of a published checkpoint. */
#ifndef XUXIE_SRC_MODELS_H
#define XUXIE_SRC_MODELS_H

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct model_entry {
    const char *name; /* what --model takes: the file's name without .gguf, or the folder's */
    const char *path;
    bool bundled;
};

/* Finds the file of a model argument and appends its path to out. NULL or empty: the bundled model.
 * A word with a slash is a path ("~/" is the home directory); else a file of the current directory,
 * else a name models_each() tells, with or without .gguf. E_INPUT says where it was looked for. The
 * file itself is not opened. */
int models_resolve(const char *model, struct str *out, struct err *err);

/* Tells every model that lies in a known place: the bundled one first, then by name. Entries are
 * borrowed for the call. */
void models_each(void (*fn)(void *ctx, const struct model_entry *m), void *ctx);

#endif
