/* checkpoint_files.h - which files hold the weights of a published checkpoint. */
#ifndef XUXIE_ENGINE_FORMATS_CHECKPOINT_FILES_H
#define XUXIE_ENGINE_FORMATS_CHECKPOINT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

struct checkpoint_files {
    char *folder;
    char **path; /* [n] */
    size_t n;
    bool ranks; /* every file holds a piece of every tensor, in this order */
};

/* Of a folder: model/mp_rank_NN_model_states.pt, or model.safetensors, or pytorch_model.bin, or the
 * files their index names, none of which may lie elsewhere. A path that is no folder is the one
 * file. Nothing is opened but an index. */
int checkpoint_files_find(const char *path, struct checkpoint_files *out, struct err *err);
void checkpoint_files_free(struct checkpoint_files *f); /* zeroed structs are fine */

#endif
