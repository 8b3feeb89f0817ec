/* pickle.h - a Python pickle as PyTorch writes it, read as data: protocols 2 to 5, the opcodes and
 * globals that checkpoints use, and nothing else.
 *
 * Nothing is imported, called or executed. A global is a constant of a closed table; "calling" one
 * of the few that may be called makes a dictionary, a tensor's description or an opaque value here.
 * Any other opcode, global or call is refused with its name and offset (RELIABILITY.md B.1.5).
 *
 * Values are numbered; containers hold numbers, so a value may be shared and even hold itself:
 * who walks deeper than one level bounds depth and steps. Texts point into the pickle's bytes,
 * which are borrowed until pickle_free().
 *
 * Threads: immutable after parsing.
 */
#ifndef XUXIE_ENGINE_FORMATS_PICKLE_H
#define XUXIE_ENGINE_FORMATS_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/source.h"
#include "engine/formats/weights.h"

struct pickle;

/* Where the bytes come from, for messages. */
struct pickle_input {
    const char *shown; /* the file */
    const char *field; /* the part of it, "archive/data.pkl"; both made harmless */
    const void *data;
    size_t n_bytes;
    uint64_t offset; /* of data in what offsets are told of */
};

enum pickle_type {
    PICKLE_OPAQUE, /* a value nobody needs */
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_LONG, /* an integer of more than 64 bits */
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_SET,
    PICKLE_DICT,
    PICKLE_GLOBAL,
    PICKLE_STORAGE,
    PICKLE_TENSOR,
};

enum { PICKLE_UNTYPED = N_SOURCE_DTYPES }; /* a storage of bytes */

/* A block of elements outside the pickle. */
struct pickle_storage {
    struct meta_string key;
    int dtype; /* enum source_dtype or PICKLE_UNTYPED */
    int64_t n_elements;
    int64_t view_begin,
        view_elements; /* the part of them that tensors see; all, but in old files */
};

/* A view of a storage: every element was checked to lie inside it. */
struct pickle_tensor {
    uint32_t storage; /* index */
    int n_dims;
    int64_t offset; /* from the storage's first element; in elements, as are the strides */
    int64_t shape[SOURCE_MAX_DIMS];
    int64_t stride[SOURCE_MAX_DIMS];
};

/* Reads one pickle, up to and with its STOP; *n_used is how many bytes that took (NULL: it must be
 * all of them). */
int pickle_parse(const struct pickle_input *in, struct pickle **out, size_t *n_used,
                 struct err *err);
void pickle_free(struct pickle *p);

uint32_t pickle_root(const struct pickle *p);
enum pickle_type pickle_type(const struct pickle *p, uint32_t value);
/* False when the value is of another type. */
bool pickle_int(const struct pickle *p, uint32_t value, int64_t *out);
bool pickle_bool(const struct pickle *p, uint32_t value, bool *out);
bool pickle_bytes(const struct pickle *p, uint32_t value, struct meta_string *out); /* and TEXT */
bool pickle_long(const struct pickle *p, uint32_t value, struct meta_string *out);  /* its bytes */
const struct pickle_tensor *pickle_tensor(const struct pickle *p, uint32_t value);

/* The items of a container front to back, those of a DICT as key, value, key, value...:
 *   for (uint32_t c = pickle_first(p, v); c; c = pickle_next(p, c)) use(pickle_item(p, c));  */
uint32_t pickle_first(const struct pickle *p, uint32_t value);
uint32_t pickle_next(const struct pickle *p, uint32_t cell);
uint32_t pickle_item(const struct pickle *p, uint32_t cell);

/* Every persistent id is a storage of its own here, also when keys are equal. */
size_t pickle_n_storages(const struct pickle *p);
const struct pickle_storage *pickle_storage_at(const struct pickle *p, size_t i);

#endif
