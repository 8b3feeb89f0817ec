/* torch_common.h - what the two containers of torch.save() share: storages by key, and the tensors
 * of a state dict. Private to torch_zip.c and torch_legacy.c. */
#ifndef XUXIE_ENGINE_FORMATS_TORCH_COMMON_H
#define XUXIE_ENGINE_FORMATS_TORCH_COMMON_H

#include "engine/formats/pickle.h"
#include "engine/formats/source_format.h"

/* A storage and where its bytes were found. */
struct torch_storage {
    struct meta_string key;
    int dtype; /* enum source_dtype or PICKLE_UNTYPED */
    int64_t n_elements;
    uint64_t n_bytes;
    const unsigned char *data; /* NULL: not found yet */
};

/* The storages of a pickle, each key once. */
struct torch_storages {
    const struct pickle *pickle;
    struct torch_storage *item;
    size_t n;
    uint32_t *of; /* item of each of the pickle's storages */
    struct meta_string *key;
    struct strset keys; /* of item[] */
};

/* E_INPUT when a key comes with two types or sizes. */
int torch_storages_init(struct torch_storages *s, const struct pickle *p,
                        const struct source_file *file, struct err *err);
void torch_storages_free(struct torch_storages *s);

/* Adds the tensors of the pickle's state dict (source.h says which that is) to the table. Every
 * storage has its data. */
int torch_tensors(const struct torch_storages *s, const struct source_file *file,
                  struct source_table *table, struct err *err);

#endif
