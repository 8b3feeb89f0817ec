/* gguf_build.h - puts GGUF files together byte by byte, right or wrong, for tests. Independent of
 * gguf_write.c on purpose. */
#ifndef XUXIE_TESTS_UNIT_GGUF_BUILD_H
#define XUXIE_TESTS_UNIT_GGUF_BUILD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { T_U8, T_I8, T_U16, T_I16, T_U32, T_I32, T_F32, T_BOOL, T_STR, T_ARR, T_U64, T_I64, T_F64 };

struct build {
    unsigned char *p;
    size_t n, cap;
};

static inline void b_raw(struct build *b, const void *p, size_t n)
{
    if (b->n + n > b->cap) {
        b->cap = 2 * (b->n + n) + 64;
        b->p = realloc(b->p, b->cap);
        if (!b->p)
            abort();
    }
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void b_num(struct build *b, uint64_t v, int n_bytes)
{
    unsigned char le[8];
    for (int i = 0; i < n_bytes; i++)
        le[i] = (unsigned char)(v >> (8 * i));
    b_raw(b, le, (size_t)n_bytes);
}

static inline void b_u32(struct build *b, uint64_t v)
{
    b_num(b, v, 4);
}

static inline void b_u64(struct build *b, uint64_t v)
{
    b_num(b, v, 8);
}

static inline void b_str(struct build *b, const char *s)
{
    b_u64(b, strlen(s));
    b_raw(b, s, strlen(s));
}

static inline void b_f32(struct build *b, float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    b_u32(b, bits);
}

static inline void b_head(struct build *b, uint64_t version, uint64_t n_tensors, uint64_t n_kv)
{
    b_raw(b, "GGUF", 4);
    b_u32(b, version);
    b_u64(b, n_tensors);
    b_u64(b, n_kv);
}

static inline void b_key(struct build *b, const char *key, uint32_t type)
{
    b_str(b, key);
    b_u32(b, type);
}

static inline void b_kv_u32(struct build *b, const char *key, uint64_t v)
{
    b_key(b, key, T_U32);
    b_u32(b, v);
}

static inline void b_kv_str(struct build *b, const char *key, const char *v)
{
    b_key(b, key, T_STR);
    b_str(b, v);
}

static inline void b_kv_strs(struct build *b, const char *key, const char *const *v, size_t n)
{
    b_key(b, key, T_ARR);
    b_u32(b, T_STR);
    b_u64(b, n);
    for (size_t i = 0; i < n; i++)
        b_str(b, v[i]);
}

static inline void b_kv_i32s(struct build *b, const char *key, const int32_t *v, size_t n)
{
    b_key(b, key, T_ARR);
    b_u32(b, T_I32);
    b_u64(b, n);
    for (size_t i = 0; i < n; i++)
        b_u32(b, (uint32_t)v[i]);
}

static inline void b_info(struct build *b, const char *name, uint32_t n_dims, const uint64_t *dim,
                          uint32_t type, uint64_t offset)
{
    b_str(b, name);
    b_u32(b, n_dims);
    for (uint32_t i = 0; i < n_dims; i++)
        b_u64(b, dim[i]);
    b_u32(b, type);
    b_u64(b, offset);
}

static inline void b_pad(struct build *b, size_t alignment)
{
    while (b->n % alignment)
        b_num(b, 0, 1);
}

/* n bytes of data, none of them zero. */
static inline void b_data(struct build *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        b_num(b, 1 + i % 255, 1);
}

static inline void b_free(struct build *b)
{
    free(b->p);
    *b = (struct build){0};
}

/* The same bytes in a block of exactly that size, so that reading past the end is seen. */
static inline void *b_exact(const struct build *b, size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        abort();
    if (n)
        memcpy(p, b->p, n);
    return p;
}

#endif
