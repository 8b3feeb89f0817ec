/* source_format.h - between source.c and the formats it reads. Private to them.
 *
 * A format's parse() fills a table of tensors from the file's bytes. Names are copied into the
 * table; blocks of memory that tensors point into (what was unpacked) belong to it, too.
 */
#ifndef XUXIE_ENGINE_FORMATS_SOURCE_FORMAT_H
#define XUXIE_ENGINE_FORMATS_SOURCE_FORMAT_H

#include <stdbool.h>

#include "engine/formats/source.h"
#include "engine/formats/strset.h"

struct source_file {
    const char *shown; /* for messages */
    const unsigned char *data;
    size_t n_bytes;
};

struct source_table {
    struct source_tensor *tensor;
    struct meta_string *name; /* tensor[i].name is name[i].s */
    size_t n, cap;
    struct strset names; /* made by source_table_finish() */
    void **block;
    size_t n_blocks, cap_blocks;
};

/* Adds a tensor under a name of n bytes, checks both. *t is copied; t->name is not looked at. */
int source_table_add(struct source_table *table, const struct source_file *file, const char *name,
                     size_t n, const struct source_tensor *t, struct err *err);
/* Takes a block of memory over; frees it when that fails. */
int source_table_keep(struct source_table *table, const struct source_file *file, void *block,
                      struct err *err);
/* After the last: no name may be there twice. */
int source_table_finish(struct source_table *table, const struct source_file *file,
                        struct err *err);
void source_table_free(struct source_table *table);

int safetensors_parse(const struct source_file *file, struct source_table *table, struct err *err);
int torch_zip_parse(const struct source_file *file, struct source_table *table, struct err *err);
int torch_zip_check(const struct source_file *file, struct err *err);
int torch_legacy_parse(const struct source_file *file, struct source_table *table, struct err *err);

#endif
