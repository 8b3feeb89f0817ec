/* metalist.c - see metalist.h. A model has a few dozen keys: they are searched one by one. */
#include "config.h"

#include "engine/formats/metalist.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct metalist *m)
{
    if (m->n < m->capacity)
        return true;
    size_t capacity = m->capacity ? 2 * m->capacity : 32;
    char **key = realloc(m->key, capacity * sizeof key[0]);
    if (key)
        m->key = key;
    struct meta_value *value = realloc(m->value, capacity * sizeof value[0]);
    if (value)
        m->value = value;
    if (!key || !value)
        return false;
    m->capacity = capacity;
    return true;
}

static void put(struct metalist *m, const char *key, const struct meta_value *value)
{
    if (m->failed)
        return;
    char *copy = strdup(key);
    if (!copy || !grow(m)) {
        free(copy);
        m->failed = true;
        return;
    }
    m->key[m->n] = copy;
    m->value[m->n++] = *value;
}

void metalist_free(struct metalist *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->key[i]);
        if (m->value[i].type == META_STRING)
            free((char *)m->value[i].str.s);
    }
    free(m->key);
    free(m->value);
    *m = (struct metalist){0};
}

void metalist_u32(struct metalist *m, const char *key, uint32_t v)
{
    put(m, key, &(struct meta_value){.type = META_UINT, .u = v, .n_bytes = 4});
}

void metalist_f32(struct metalist *m, const char *key, float v)
{
    put(m, key, &(struct meta_value){.type = META_FLOAT, .f = (double)v, .n_bytes = 4});
}

void metalist_bool(struct metalist *m, const char *key, bool v)
{
    put(m, key, &(struct meta_value){.type = META_BOOL, .b = v, .n_bytes = 1});
}

void metalist_string(struct metalist *m, const char *key, const char *text)
{
    char *copy = strdup(text);
    size_t before = m->n;
    if (copy)
        put(m, key, &(struct meta_value){.type = META_STRING, .str = {copy, strlen(copy)}});
    if (!copy || m->n == before) {
        free(copy);
        m->failed = true;
    }
}

const struct meta_value *metalist_find(const struct metalist *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->key[i], key) == 0)
            return &m->value[i];
    return NULL;
}
