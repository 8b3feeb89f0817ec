/* models.h - where models lie: the bundled one among xuxie's own data, others in
 * $XDG_DATA_HOME/xuxie/models and in the folders of the setting model_dirs, and anywhere a person
 * keeps them, by path. A model is a GGUF file or the folder of a published checkpoint.
 * One thread. */
#ifndef XUXIE_SRC_MODELS_H
#define XUXIE_SRC_MODELS_H

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct model_entry {
    const char *name; /* what --model takes: the file's name without .gguf (and without
                       * -00001-of-..., gguf_pieces.h), or the folder's; the path where a model of
                       * this name comes before it */
    const char *path;
    bool bundled;
};

/* The setting model_dirs: folders to look in, with colons between them; copied. "~/" at the head of
 * one is the home directory. NULL: none. */
void models_set_folders(const char *list);

/* $XDG_DATA_HOME/xuxie/models, which need not be there. E_IO without a home. */
int models_standard_folder(struct str *out, struct err *err);

/* Is it what the bundled model is called, with or without .gguf? */
bool models_is_bundled_name(const char *name);

/* Is there a model NAME in pieces in the folder? Then appends the name of its first one. */
bool models_find_pieces(const char *folder, const char *name, struct str *out);

/* Finds the file of a model argument and appends its path to out. NULL or empty: the bundled model.
 * A word with a slash is a path ("~/" is the home directory); else a file of the current directory,
 * else a name models_each() tells, with or without .gguf. E_INPUT says where it was looked for. The
 * file itself is not opened. */
int models_resolve(const char *model, struct str *out, struct err *err);

/* Tells every model that lies in a known place: the bundled one first, then folder by folder, by
 * name. Entries are borrowed for the call. */
void models_each(void (*fn)(void *ctx, const struct model_entry *m), void *ctx);

#endif
