/* gguf_pieces.h - a model in several GGUF files, as llama.cpp's gguf-split cuts it:
 *
 *   NAME-00001-of-00003.gguf   all metadata, and maybe tensors
 *   NAME-00002-of-00003.gguf   tensors
 *   NAME-00003-of-00003.gguf   tensors
 *
 * Each says split.count and its own split.no (from 0); the first says split.tensors.count, how many
 * tensors there are in all. A tensor lies whole in one piece. */
#ifndef XUXIE_ENGINE_FORMATS_GGUF_PIECES_H
#define XUXIE_ENGINE_FORMATS_GGUF_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/formats/gguf.h"

/* Has the file name (or path) the form of a piece's? Then the length of what stands before
 * "-00001-of-00003.gguf", which piece it is (from 1) and how many there are; else nothing is
 * written. */
bool gguf_piece_name(const char *path, size_t *n_stem, int *number, int *count);
/* The path of another piece beside the one at `path`, malloc'ed; NULL when memory is out. */
char *gguf_piece_path(const char *path, int number);

/* How many pieces the model has that g is one of: 1 when it is a file of its own. E_INPUT when the
 * metadata that say so are of a wrong kind. `name` for messages. */
int gguf_count_pieces(const struct gguf *g, const char *name, int *count, struct err *err);

/* The pieces as one: metadata of the first, tensors of all. A file of its own is a set of one, and
 * what its split.* keys may still say of an earlier life does not count. */
struct gguf_set;

/* Takes the n parsed pieces, also on failure; name[i] is how messages call each. E_INPUT when they
 * do not belong together: another number, a tensor in two, tensors missing. */
int gguf_set_new(struct gguf **piece, const char *const *name, int n, struct gguf_set **out,
                 struct err *err);
void gguf_set_free(struct gguf_set *s);

int gguf_set_n_pieces(const struct gguf_set *s);
const struct gguf *gguf_set_piece(const struct gguf_set *s, int i);
size_t gguf_set_n_tensors(const struct gguf_set *s);
const struct tensor *gguf_set_tensor(const struct gguf_set *s, size_t i);
const struct tensor *gguf_set_find(const struct gguf_set *s, const char *name);

#endif
