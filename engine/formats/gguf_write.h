/* gguf_write.h - writes GGUF v3 files: metadata and tensor table first, then the data, to a
 * temporary file beside the target that replaces it only when everything is on disk.
 *
 *   gguf_writer_new(path) -> gguf_put_* ... -> gguf_add_tensor ... -> gguf_write_header ->
 *   gguf_write_tensor for each in the same order -> gguf_writer_finish
 * gguf_writer_free without finish removes the temporary file: never a half-written target.
 */
#ifndef XUXIE_ENGINE_FORMATS_GGUF_WRITE_H
#define XUXIE_ENGINE_FORMATS_GGUF_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/weights.h"
#include "src/base/err.h"

struct gguf_writer;

int gguf_writer_new(const char *path, struct gguf_writer **out, struct err *err);
void gguf_writer_free(struct gguf_writer *w);

/* Metadata; the first error is remembered and told by gguf_write_header (also a key or a tensor
 * given twice). general.alignment is written by the writer itself; giving it again does nothing. */
void gguf_put_string(struct gguf_writer *w, const char *key, const char *s, size_t n);
void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t v);
void gguf_put_f32(struct gguf_writer *w, const char *key, float v);
void gguf_put_bool(struct gguf_writer *w, const char *key, bool v);
void gguf_put_strings(struct gguf_writer *w, const char *key, const struct meta_string *s,
                      size_t n);
void gguf_put_i32s(struct gguf_writer *w, const char *key, const int32_t *v, size_t n);
void gguf_put_f32s(struct gguf_writer *w, const char *key, const float *v, size_t n);
/* Copies a value read from another file, byte for byte, whatever its type. */
void gguf_put_copy(struct gguf_writer *w, const char *key, const struct meta_value *value);

void gguf_add_tensor(struct gguf_writer *w, const char *name, enum quant_type type, int n_dims,
                     const int64_t *dim);
int gguf_write_header(struct gguf_writer *w, struct err *err);
/* The data of the next tensor, n_bytes as its type and shape need; may come in several pieces. */
int gguf_write_tensor(struct gguf_writer *w, const void *data, size_t n_bytes, struct err *err);
int gguf_writer_finish(struct gguf_writer *w, struct err *err);

#endif
