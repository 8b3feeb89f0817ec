/* source.h - a published checkpoint file as it is: named tensors with any strides over a read-only
 * mapping, before anybody knows which family it belongs to. Rows: safetensors, torch zip archives,
 * torch legacy files. checkpoint.c makes a struct weights of one or many of them.
 *
 * Reading executes nothing: pickles are data (RELIABILITY B.1.5). Every tensor's elements were
 * checked to lie inside its storage and the storage inside the file. Names are borrowed, not
 * sanitised. Immutable after opening.
 */
#ifndef XUXIE_ENGINE_FORMATS_SOURCE_H
#define XUXIE_ENGINE_FORMATS_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

enum source_dtype {
    SOURCE_F32,
    SOURCE_F16,
    SOURCE_BF16,
    SOURCE_F64,
    SOURCE_I64,
    SOURCE_I32,
    SOURCE_I16,
    SOURCE_I8,
    SOURCE_U8,
    SOURCE_BOOL,
    N_SOURCE_DTYPES,
};

enum { SOURCE_MAX_DIMS = 8 };

struct source_tensor {
    const char *name; /* dotted path inside the chosen state dict */
    enum source_dtype dtype;
    int n_dims;
    int64_t shape[SOURCE_MAX_DIMS];  /* torch order: the last varies fastest when contiguous */
    int64_t stride[SOURCE_MAX_DIMS]; /* in elements, never negative */
    const void *data;                /* element [0,...,0], little endian, any alignment */
};

struct source;

/* Finds the format by content. E_INPUT names file, member or opcode, and offset. For pickles the
 * state dict is: the value of the key "state_dict", "module" or "model" when there is one, else the
 * object itself; nested dicts are joined with dots. */
int source_open(const char *path, struct source **out, struct err *err);
/* The same over bytes in memory, borrowed until source_close(); `name` stands for the path. */
int source_from_bytes(const char *name, const void *data, size_t n_bytes, struct source **out,
                      struct err *err);
void source_close(struct source *s);
const char *source_format(const struct source *s); /* "safetensors", "torch zip", "torch legacy" */
const char *source_path(const struct source *s);
size_t source_count(const struct source *s);
const struct source_tensor *source_at(const struct source *s, size_t i);
const struct source_tensor *source_find(const struct source *s, const char *name);

/* Compares the checksums that the format has (torch zip). Opening does so for files of at most
 * LIMIT_SOURCE_CHECKSUMS bytes; who reads all of a larger one anyway asks for it here. */
int source_check(const struct source *s, struct err *err);

const char *source_dtype_name(enum source_dtype t); /* as safetensors spells it: "F32" */
size_t source_dtype_bytes(enum source_dtype t);

int64_t source_n_elements(const struct source_tensor *t);

/* Element `first`.. of the tensor in row-major order of its shape, n of them, as f32. */
void source_read_f32(const struct source_tensor *t, int64_t first, int64_t n, float *out);

#endif
