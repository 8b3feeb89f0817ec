/* weights.h - a model file, whatever its format: named tensors over a read-only mapping, and
 * metadata. weights_open() finds the format by content: a GGUF file (of a model in several pieces any
 * one, gguf_pieces.h), or a published checkpoint (checkpoint.h), a folder or its one file.
 *
 * Everything returned is borrowed from the struct weights and was bounds-checked when it was
 * opened: every tensor's bytes lie inside the file, every size was computed without overflow.
 * Strings from the file are not sanitised and may hold any bytes.
 *
 * Threads: immutable after opening and weights_load().
 */
#ifndef XUXIE_ENGINE_FORMATS_WEIGHTS_H
#define XUXIE_ENGINE_FORMATS_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/quant.h"
#include "src/base/err.h"

struct weights;

struct tensor {
    const char *name;
    enum quant_type type;
    int n_dims;
    int64_t dim[4];   /* ggml order: dim[0] is the row length (contiguous), dim[1] the rows */
    const void *data; /* 32-byte aligned at least when the file says so; see weights_load() */
    size_t n_bytes;
};

/* Metadata values. Arrays: of strings, integers, floats or bools; never of arrays. */
enum meta_type { META_NONE, META_BOOL, META_INT, META_UINT, META_FLOAT, META_STRING, META_ARRAY };

struct meta_string {
    const char *s; /* not NUL-terminated */
    size_t n;
};

struct meta_value {
    enum meta_type type;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double f;
        struct meta_string str;
        struct {
            enum meta_type type; /* of the elements */
            size_t n;
            const struct meta_string *strings; /* META_STRING */
            const void *raw;                   /* numbers, bools: little endian, unaligned */
            int element_bytes;
        } array;
    };
    int n_bytes;     /* width in the file of a number or bool: 1, 2, 4 or 8 */
    uint64_t offset; /* of the value in the file, for messages */
};

/* E_INPUT with file, field and offset when the file is bad. Opens folders and regular files only,
 * without blocking on anything else. */
int weights_open(const char *path, struct weights **out, struct err *err);
/* The same over bytes in memory, borrowed until weights_close(); `name` stands for the path. */
int weights_from_bytes(const char *name, const void *data, size_t n_bytes, struct weights **out,
                       struct err *err);
void weights_close(struct weights *w);

/* Matrices of a checkpoint may have to be put together first: only after this is every tensor's
 * data there (vectors' are from the beginning, and everything of a GGUF file). progress(ctx,
 * percent) may be NULL; E_CANCELLED when it answers false, E_RESOURCE when memory is out. */
int weights_load(struct weights *w, bool (*progress)(void *ctx, int percent), void *ctx,
                 struct err *err);

/* Bytes of memory weights_load() takes; they are reserved already, but nothing is in them. */
size_t weights_made_bytes(const struct weights *w);

/* Compares the checksums that the files of a checkpoint have; a GGUF file has none. */
int weights_check(const struct weights *w, struct err *err);

/* Rows first .. first + n - 1 of one of its tensors, dim[0] elements each (a vector is one row), at
 * any time: as they are stored, or as f32. For those who take a few at once. E_RESOURCE. */
void weights_read_stored(const struct weights *w, const struct tensor *t, int64_t first, int64_t n,
                         void *out);
int weights_read_rows(const struct weights *w, const struct tensor *t, int64_t first, int64_t n,
                      float *out, struct err *err);

const char *weights_path(const struct weights *w);
const char *weights_format(const struct weights *w); /* "GGUF v3" */
int64_t weights_file_bytes(const struct weights *w);
/* The folder of a checkpoint, where its tokenizer lies; NULL for a GGUF file. */
const char *weights_folder(const struct weights *w);
/* The mapping of a GGUF file, of a model in pieces that of the first, where all metadata are; NULL,
 * 0 bytes for a checkpoint. */
const void *weights_base(const struct weights *w, size_t *n_bytes);
/* The mappings tensors point into, one for each file, for engine_fault(). */
size_t weights_n_regions(const struct weights *w);
const void *weights_region(const struct weights *w, size_t i, size_t *n_bytes);
/* Was one of the files written to since it was opened? One that was replaced by another file of its
 * name, or removed, lives on in the mapping as it was. */
bool weights_changed(const struct weights *w);

size_t weights_count(const struct weights *w);
const struct tensor *weights_at(const struct weights *w, size_t i);
const struct tensor *weights_find(const struct weights *w, const char *name); /* NULL: none */

size_t weights_meta_count(const struct weights *w);
const char *weights_meta_at(const struct weights *w, size_t i, const struct meta_value **value);
const struct meta_value *weights_meta(const struct weights *w, const char *key); /* NULL: none */

/* Typed readers. Absent: *out untouched, 0. Present with another type or out of [min,max]: E_INPUT
 * naming file, key, offset, value. */
int weights_meta_int(const struct weights *w, const char *key, int64_t min, int64_t max,
                     int64_t *out, struct err *err);
int weights_meta_float(const struct weights *w, const char *key, double min, double max,
                       double *out, struct err *err); /* NaN and infinities are refused */
int weights_meta_bool(const struct weights *w, const char *key, bool *out, struct err *err);
int weights_meta_string(const struct weights *w, const char *key, struct meta_string *out,
                        struct err *err);
int64_t meta_array_int(const struct meta_value *array, size_t i);
double meta_array_float(const struct meta_value *array, size_t i);

/* XXH3-128 of metadata, file size and the first and last 64 KiB of every tensor, as 32 hex digits.
 */
void weights_identity(const struct weights *w, char out[33]);

#endif
