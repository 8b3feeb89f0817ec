/* metalist.h - metadata that is made, not read: a growing list of keys and values in the form of
 * weights.h. Keys and texts are copied. When memory runs out the list is marked as failed and takes
 * nothing more; its maker looks once, at the end. */
#ifndef XUXIE_ENGINE_FORMATS_METALIST_H
#define XUXIE_ENGINE_FORMATS_METALIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/weights.h"

struct metalist {
    size_t n, capacity;
    char **key;
    struct meta_value *value;
    bool failed;
};

void metalist_free(struct metalist *m); /* zeroed structs are fine */

void metalist_u32(struct metalist *m, const char *key, uint32_t v);
void metalist_f32(struct metalist *m, const char *key, float v);
void metalist_bool(struct metalist *m, const char *key, bool v);
void metalist_string(struct metalist *m, const char *key, const char *text);

const struct meta_value *metalist_find(const struct metalist *m, const char *key); /* NULL: none */

#endif
