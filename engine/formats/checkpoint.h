/* checkpoint.h - a published checkpoint as a model: a folder with config.json and the files of its
 * weights, in any of the containers of source.h, one or many. Its tensors get the names, the shapes
 * and the order of rows of a GGUF file of their architecture, its config.json becomes metadata, so
 * that nothing above weights.h can tell the difference.
 *
 * A matrix that lies in a file just as it is wanted stays there, in the mapping. All others
 * (transposed, cut for several processes, their rows in another order) have an address from the
 * beginning, but no content until checkpoint_load(); checkpoint_read() gives their rows at any
 * time, a few at once, which is how a checkpoint is converted that is larger than the memory.
 * Vectors are f32 and always there.
 */
#ifndef XUXIE_ENGINE_FORMATS_CHECKPOINT_H
#define XUXIE_ENGINE_FORMATS_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/weights.h"

struct checkpoint;

/* Do the first bytes of a file look like one of source.h's containers? */
bool checkpoint_matches(const unsigned char *p, size_t n_bytes);

/* A folder, or a single file of weights with config.json beside it. E_INPUT names file and field;
 * tensors that are missing or are too many are all told in one message. */
int checkpoint_open(const char *path, struct checkpoint **out, struct err *err);
void checkpoint_close(struct checkpoint *c);

const char *checkpoint_folder(const struct checkpoint *c);
const char *checkpoint_format(const struct checkpoint *c); /* "torch zip" */
size_t checkpoint_n_files(const struct checkpoint *c);
const char *checkpoint_file(const struct checkpoint *c, size_t i); /* its path */
/* The part of file i's mapping that tensors point into. */
const void *checkpoint_region(const struct checkpoint *c, size_t i, size_t *n_bytes);

size_t checkpoint_n_tensors(const struct checkpoint *c);
const struct tensor *checkpoint_tensor(const struct checkpoint *c, size_t i);
const struct tensor *checkpoint_find(const struct checkpoint *c, const char *name);
size_t checkpoint_n_meta(const struct checkpoint *c);
const char *checkpoint_meta_key(const struct checkpoint *c, size_t i);
const struct meta_value *checkpoint_meta_value(const struct checkpoint *c, size_t i);
const struct meta_value *checkpoint_meta_find(const struct checkpoint *c, const char *key);

/* Compares the checksums the files have (torch zip archives), whatever their size. */
int checkpoint_check(const struct checkpoint *c, struct err *err);

/* Rows first .. first + n - 1 of one of the checkpoint's tensors in its type, row after row. */
void checkpoint_read(const struct checkpoint *c, const struct tensor *t, int64_t first, int64_t n,
                     void *out);

/* Bytes of the matrices that checkpoint_load() puts together. */
size_t checkpoint_made_bytes(const struct checkpoint *c);

/* Gives every tensor its content. progress(ctx, percent) may be NULL; E_CANCELLED when it answers
 * false, E_RESOURCE when memory is out. Once. */
int checkpoint_load(struct checkpoint *c, bool (*progress)(void *ctx, int percent), void *ctx,
                    struct err *err);

#endif
