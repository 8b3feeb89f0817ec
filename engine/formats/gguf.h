/* gguf.h - GGUF v2 and v3, read over a mapping. Format: ggml/docs/gguf.md of the ggml project.
 * Used by weights.c only; fuzzed through gguf_parse(). */
#ifndef XUXIE_ENGINE_FORMATS_GGUF_H
#define XUXIE_ENGINE_FORMATS_GGUF_H

#include <stddef.h>
#include <stdint.h>

#include "engine/formats/weights.h"

struct gguf; /* parsed tables; strings and tensor data point into the bytes given */

/* Parses n_bytes at data (borrowed for the life of the result; `name` for messages). */
int gguf_parse(const char *name, const void *data, size_t n_bytes, struct gguf **out,
               struct err *err);
void gguf_free(struct gguf *g);

int gguf_version(const struct gguf *g);
size_t gguf_n_tensors(const struct gguf *g);
const struct tensor *gguf_tensor(const struct gguf *g, size_t i);
const struct tensor *gguf_find(const struct gguf *g, const char *name);
size_t gguf_n_meta(const struct gguf *g);
const char *gguf_meta_key(const struct gguf *g, size_t i);
const struct meta_value *gguf_meta_value(const struct gguf *g, size_t i);
const struct meta_value *gguf_meta_find(const struct gguf *g, const char *key);
/* Bytes of the file before the tensor data (header, metadata, tensor table). */
size_t gguf_header_bytes(const struct gguf *g);

#endif
