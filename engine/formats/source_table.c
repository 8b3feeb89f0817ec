/* source_table.c - the tensors a format found; see source_format.h. */
#include "config.h"

#include "engine/formats/source_format.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

static int no_memory(const struct source_file *file, struct err *err)
{
    return err_set(err, E_RESOURCE, _("%s: not enough memory for the table of tensors."),
                   file->shown);
}

/* Both arrays at once. */
static bool grow(struct source_table *table)
{
    size_t cap = table->cap ? 2 * table->cap : 64;
    void *tensor = realloc(table->tensor, cap * sizeof *table->tensor);
    if (!tensor)
        return false;
    table->tensor = tensor;
    void *name = realloc(table->name, cap * sizeof *table->name);
    if (!name)
        return false;
    table->name = name;
    table->cap = cap;
    return true;
}

int source_table_add(struct source_table *table, const struct source_file *file, const char *name,
                     size_t n, const struct source_tensor *t, struct err *err)
{
    char quoted[360];
    if (n == 0 || n > LIMIT_SOURCE_NAME_BYTES || memchr(name, '\0', n))
        return err_set(
            err, E_INPUT, _("%s: tensor %s: a name of %zu bytes; 1 to %u without NUL are allowed."),
            file->shown, err_quote(quoted, sizeof quoted, name, n), n, LIMIT_SOURCE_NAME_BYTES);
    if (table->n == LIMIT_SOURCE_TENSORS)
        return err_set(err, E_INPUT, _("%s: more than %u tensors."), file->shown,
                       LIMIT_SOURCE_TENSORS);
    if (table->n == table->cap && !grow(table))
        return no_memory(file, err);
    char *copy = malloc(n + 1);
    if (!copy)
        return no_memory(file, err);
    memcpy(copy, name, n);
    copy[n] = '\0';
    table->name[table->n] = (struct meta_string){copy, n};
    table->tensor[table->n] = *t;
    table->tensor[table->n++].name = copy;
    return 0;
}

int source_table_keep(struct source_table *table, const struct source_file *file, void *block,
                      struct err *err)
{
    if (table->n_blocks == table->cap_blocks) {
        size_t cap = table->cap_blocks ? 2 * table->cap_blocks : 8;
        void *grown = realloc(table->block, cap * sizeof *table->block);
        if (!grown) {
            free(block);
            return no_memory(file, err);
        }
        table->block = grown;
        table->cap_blocks = cap;
    }
    table->block[table->n_blocks++] = block;
    return 0;
}

int source_table_finish(struct source_table *table, const struct source_file *file, struct err *err)
{
    char quoted[360];
    if (!strset_init(&table->names, table->name, table->n))
        return no_memory(file, err);
    for (size_t i = 0; i < table->n; i++)
        if (strset_add(&table->names, i) != i)
            return err_set(err, E_INPUT, _("%s: tensor %s: this name is there twice."), file->shown,
                           err_quote(quoted, sizeof quoted, table->name[i].s, table->name[i].n));
    return 0;
}

void source_table_free(struct source_table *table)
{
    for (size_t i = 0; i < table->n; i++)
        free((char *)table->name[i].s);
    for (size_t i = 0; i < table->n_blocks; i++)
        free(table->block[i]);
    free(table->tensor);
    free(table->name);
    free(table->block);
    strset_free(&table->names);
    *table = (struct source_table){0};
}
