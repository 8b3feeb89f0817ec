/* gguf.c - see gguf.h.
 *
 * One cursor walks the file once, front to back. Nothing the file says is believed before need()
 * has compared it with the bytes that are left, sums and products are checked for overflow, and no
 * table is larger than what the rest of the file could fill (take()). Values are not copied but
 * point into the file; keys and tensor names are copied, to end in a NUL.
 *
 * After the walk the tensors are placed: every one lies inside the file, at an aligned offset, and
 * no two overlap (sorted by offset, so neighbours are enough).
 *
 * Messages have one form: FILE: FIELD at byte N: what was found and what is allowed.
 */
#include "config.h"

#include "engine/formats/gguf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/sniff.h"
#include "engine/formats/strset.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

typedef unsigned long long ull; /* what %llu takes */

enum {
    ALIGNMENT_DEFAULT = 32,
    ALIGNMENT_MIN = 8,
    /* The fewest bytes an entry can have: key of one byte, type, value of one byte; name of one
     * byte, one dimension, type, offset. */
    ENTRY_MIN_BYTES = 8 + 1 + 4 + 1,
    TENSOR_MIN_BYTES = 8 + 1 + 4 + 8 + 4 + 8,
    FREE_ALLOC_BYTES = 1 << 20, /* the constant part of the bound on every allocation */
};

/* GGUF's value types, by number. */
enum { GGUF_BOOL = 7, GGUF_STRING = 8, GGUF_ARRAY = 9, N_GGUF_TYPES = 13 };

static const struct {
    enum meta_type type;
    int n_bytes; /* 0: of variable length */
} value_types[N_GGUF_TYPES] = {
    {META_UINT, 1}, {META_INT, 1},   {META_UINT, 2},  {META_INT, 2},    {META_UINT, 4},
    {META_INT, 4},  {META_FLOAT, 4}, {META_BOOL, 1},  {META_STRING, 0}, {META_ARRAY, 0},
    {META_UINT, 8}, {META_INT, 8},   {META_FLOAT, 8},
};

struct gguf {
    int version;
    size_t n_meta;
    struct meta_string *key; /* NUL-terminated copies */
    struct meta_value *value;
    struct strset keys;
    size_t n_tensors;
    struct meta_string *name; /* NUL-terminated copies, tensor[i].name is name[i].s */
    struct tensor *tensor;
    struct strset names;
    size_t header_bytes;
};

/* What is being read, for messages. */
enum part { PART_HEADER, PART_META, PART_TENSOR };

struct reader {
    const char *file;
    const unsigned char *data;
    uint64_t size;
    uint64_t pos; /* <= size */
    enum part part;
    size_t index;                    /* of the entry or tensor */
    const struct meta_string *label; /* its key or name, once read */
    const char *header_field;
    struct err *err;
};

/* Where a tensor's data lies; kept only until all are checked. */
struct place {
    uint64_t offset;       /* as the file gives it, from the start of the data */
    uint64_t begin, end;   /* from the start of the file */
    uint64_t field_offset; /* where the file gives it */
    size_t index;
};

static const char *field_name(const struct reader *r, char *out, size_t size)
{
    char quoted[360];
    if (r->part == PART_HEADER)
        snprintf(out, size, "%s", r->header_field);
    else if (r->label && r->part == PART_META)
        snprintf(out, size, "%s", err_quote(quoted, sizeof quoted, r->label->s, r->label->n));
    else if (r->label)
        snprintf(out, size, _("tensor %s"),
                 err_quote(quoted, sizeof quoted, r->label->s, r->label->n));
    else if (r->part == PART_META)
        snprintf(out, size, _("metadata entry %zu"), r->index);
    else
        snprintf(out, size, _("tensor %zu"), r->index);
    return out;
}

__attribute__((format(printf, 4, 5))) static int refuse(const struct reader *r, enum err_code code,
                                                        uint64_t at, const char *fmt, ...)
{
    char field[400];
    char text[480];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->err, code, _("%s: %s at byte %llu: %s"), r->file,
                   field_name(r, field, sizeof field), (ull)at, text);
}

static int no_memory(const struct reader *r)
{
    return err_set(r->err, E_RESOURCE, _("%s: not enough memory to read the file's tables."),
                   r->file);
}

static uint64_t left(const struct reader *r)
{
    return r->size - r->pos;
}

/* Are n more bytes there? The only gate between the file and its numbers. */
static int need(const struct reader *r, uint64_t n)
{
    if (n <= left(r))
        return 0;
    uint64_t end;
    if (__builtin_add_overflow(r->pos, n, &end) || end > INT64_MAX)
        return refuse(r, E_INPUT, r->pos, _("%llu bytes are announced, more than any file holds."),
                      (ull)n);
    return refuse(r, E_INPUT, r->pos,
                  _("the file is truncated at byte %llu of %llu or more; download it again."),
                  (ull)r->size, (ull)end);
}

/* A zeroed table of n elements, never larger than 4 x the bytes unread + 1 MiB. */
static int take(const struct reader *r, size_t n, size_t size, void **out)
{
    size_t n_bytes;
    if (!mul_size(n, size, &n_bytes) || n_bytes / 4 > left(r) + FREE_ALLOC_BYTES / 4)
        return refuse(r, E_INPUT, r->pos, _("%zu elements do not fit into this file."), n);
    void *p = calloc(n ? n : 1, size);
    if (!p)
        return no_memory(r);
    *out = p;
    return 0;
}

static uint64_t little_endian(const unsigned char *p, int n_bytes)
{
    uint64_t v = 0;
    for (int i = n_bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static int read_number(struct reader *r, int n_bytes, uint64_t *out)
{
    int rc = need(r, (uint64_t)n_bytes);
    if (rc != 0)
        return rc;
    *out = little_endian(r->data + r->pos, n_bytes);
    r->pos += (uint64_t)n_bytes;
    return 0;
}

static int read_string(struct reader *r, uint64_t max_bytes, struct meta_string *out)
{
    uint64_t at = r->pos;
    uint64_t n;
    int rc = read_number(r, 8, &n);
    if (rc != 0)
        return rc;
    if (n > max_bytes)
        return refuse(r, E_INPUT, at, _("a text of %llu bytes; at most %llu are allowed."), (ull)n,
                      (ull)max_bytes);
    rc = need(r, n);
    if (rc != 0)
        return rc;
    *out = (struct meta_string){(const char *)r->data + r->pos, (size_t)n};
    r->pos += n;
    return 0;
}

/* A key or a tensor's name: copied, so that it ends in a NUL. *out owns the copy. */
static int read_label(struct reader *r, uint64_t max_bytes, struct meta_string *out)
{
    uint64_t at = r->pos;
    struct meta_string s;
    int rc = read_string(r, max_bytes, &s);
    if (rc != 0)
        return rc;
    if (s.n == 0)
        return refuse(r, E_INPUT, at, _("its name is empty."));
    if (memchr(s.s, '\0', s.n))
        return refuse(r, E_INPUT, at, _("its name holds a NUL byte."));
    char *copy = malloc(s.n + 1);
    if (!copy)
        return no_memory(r);
    memcpy(copy, s.s, s.n);
    copy[s.n] = '\0';
    *out = (struct meta_string){copy, s.n};
    return 0;
}

static int read_count(struct reader *r, const char *field, uint64_t max, uint64_t min_bytes,
                      size_t *out)
{
    r->header_field = field;
    uint64_t at = r->pos;
    uint64_t n;
    int rc = read_number(r, 8, &n);
    if (rc != 0)
        return rc;
    if (n > max)
        return refuse(r, E_INPUT, at, _("%llu; at most %llu are allowed."), (ull)n, (ull)max);
    rc = need(r, n * min_bytes); /* both are small */
    if (rc != 0)
        return rc;
    *out = (size_t)n;
    return 0;
}

static int read_header(struct reader *r, struct gguf *g)
{
    static const char magic[4] = "GGUF";
    r->header_field = _("magic");
    size_t n_magic = r->size < sizeof magic ? (size_t)r->size : sizeof magic;
    if (r->size == 0 || memcmp(r->data, magic, n_magic) != 0)
        return sniff_refuse(r->file, r->data, (size_t)r->size, r->err);
    int rc = need(r, sizeof magic);
    if (rc != 0)
        return rc;
    r->pos = sizeof magic;

    r->header_field = _("version");
    uint64_t at = r->pos;
    uint64_t version;
    rc = read_number(r, 4, &version);
    if (rc != 0)
        return rc;
    if (version != 0 && (version & 0xFFFF) == 0)
        return refuse(r, E_UNSUPPORTED, at,
                      _("this is a big-endian file; xuxie reads little-endian GGUF."));
    if (version == 1)
        return refuse(r, E_UNSUPPORTED, at,
                      _("GGUF version 1 is too old, versions 2 and 3 are read; convert the model "
                        "again."));
    if (version != 2 && version != 3)
        return refuse(r, E_UNSUPPORTED, at,
                      _("GGUF version %llu is not known, versions 2 and 3 are read."),
                      (ull)version);
    g->version = (int)version;
    size_t n_tensors = 0;
    size_t n_meta = 0;
    rc = read_count(r, _("tensor count"), LIMIT_GGUF_TENSORS, TENSOR_MIN_BYTES, &n_tensors);
    if (rc == 0)
        rc = read_count(r, _("metadata count"), LIMIT_GGUF_KV, ENTRY_MIN_BYTES, &n_meta);
    if (rc == 0)
        rc = take(r, n_meta, sizeof *g->key, (void **)&g->key);
    if (rc == 0)
        rc = take(r, n_meta, sizeof *g->value, (void **)&g->value);
    if (rc == 0)
        rc = take(r, n_tensors, sizeof *g->name, (void **)&g->name);
    if (rc == 0)
        rc = take(r, n_tensors, sizeof *g->tensor, (void **)&g->tensor);
    if (rc == 0 &&
        (!strset_init(&g->keys, g->key, n_meta) || !strset_init(&g->names, g->name, n_tensors)))
        rc = no_memory(r);
    if (rc != 0)
        return rc;
    g->n_meta = n_meta;
    g->n_tensors = n_tensors;
    return 0;
}

static int read_type(struct reader *r, uint64_t *type)
{
    uint64_t at = r->pos;
    int rc = read_number(r, 4, type);
    if (rc == 0 && *type >= N_GGUF_TYPES)
        rc = refuse(r, E_INPUT, at, _("value type %llu is not known; types 0 to %d are."),
                    (ull)*type, N_GGUF_TYPES - 1);
    return rc;
}

static int read_strings(struct reader *r, uint64_t n, struct meta_value *v)
{
    /* Every string has at least its length before it. */
    uint64_t n_bytes;
    if (__builtin_mul_overflow(n, 8, &n_bytes))
        n_bytes = UINT64_MAX;
    int rc = need(r, n_bytes);
    if (rc != 0)
        return rc;
    struct meta_string *s = NULL;
    rc = take(r, (size_t)n, sizeof *s, (void **)&s);
    if (rc != 0)
        return rc;
    v->array.strings = s; /* freed with the value, also on failure */
    for (size_t i = 0; i < n; i++) {
        rc = read_string(r, LIMIT_GGUF_STRING_BYTES, &s[i]);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int check_bools(const struct reader *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (r->data[r->pos + i] > 1)
            return refuse(r, E_INPUT, r->pos + i, _("a yes-or-no value of %d; 0 or 1 is needed."),
                          r->data[r->pos + i]);
    return 0;
}

static int read_array(struct reader *r, struct meta_value *v)
{
    uint64_t at = r->pos;
    uint64_t type;
    int rc = read_type(r, &type);
    if (rc != 0)
        return rc;
    if (type == GGUF_ARRAY)
        return refuse(r, E_UNSUPPORTED, at, _("an array of arrays, which xuxie does not read."));
    uint64_t n;
    rc = read_number(r, 8, &n);
    if (rc != 0)
        return rc;
    v->array.type = value_types[type].type;
    v->array.element_bytes = value_types[type].n_bytes;
    if (type == GGUF_STRING) {
        rc = read_strings(r, n, v);
    } else {
        uint64_t n_bytes;
        if (__builtin_mul_overflow(n, (uint64_t)value_types[type].n_bytes, &n_bytes))
            n_bytes = UINT64_MAX;
        rc = need(r, n_bytes);
        if (rc == 0 && type == GGUF_BOOL)
            rc = check_bools(r, n);
        if (rc == 0) {
            v->array.raw = r->data + r->pos;
            r->pos += n_bytes;
        }
    }
    if (rc == 0)
        v->array.n = (size_t)n;
    return rc;
}

static double float_of(uint64_t bits, int n_bytes)
{
    if (n_bytes == 4) {
        uint32_t b = (uint32_t)bits;
        float f;
        memcpy(&f, &b, sizeof f);
        return (double)f;
    }
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static int64_t sign_extended(uint64_t bits, int n_bytes)
{
    uint64_t sign = UINT64_C(1) << (8 * n_bytes - 1);
    return (int64_t)((bits ^ sign) - sign);
}

static int read_value(struct reader *r, struct meta_value *v)
{
    uint64_t type;
    int rc = read_type(r, &type);
    if (rc != 0)
        return rc;
    v->type = value_types[type].type;
    v->n_bytes = value_types[type].n_bytes;
    v->offset = r->pos;
    if (type == GGUF_STRING)
        return read_string(r, LIMIT_GGUF_STRING_BYTES, &v->str);
    if (type == GGUF_ARRAY)
        return read_array(r, v);
    rc = need(r, (uint64_t)v->n_bytes);
    if (rc == 0 && type == GGUF_BOOL)
        rc = check_bools(r, 1);
    if (rc != 0)
        return rc;
    uint64_t bits = little_endian(r->data + r->pos, v->n_bytes);
    r->pos += (uint64_t)v->n_bytes;
    switch (v->type) {
    case META_BOOL: v->b = bits != 0; break;
    case META_INT: v->i = sign_extended(bits, v->n_bytes); break;
    case META_FLOAT: v->f = float_of(bits, v->n_bytes); break;
    default: v->u = bits; break;
    }
    return 0;
}

static int read_metadata(struct reader *r, struct gguf *g)
{
    r->part = PART_META;
    for (size_t i = 0; i < g->n_meta; i++) {
        uint64_t at = r->pos;
        r->index = i;
        r->label = NULL;
        int rc = read_label(r, LIMIT_GGUF_KEY_BYTES, &g->key[i]);
        if (rc != 0)
            return rc;
        r->label = &g->key[i];
        if (strset_add(&g->keys, i) != i)
            return refuse(r, E_INPUT, at, _("this key is there twice."));
        rc = read_value(r, &g->value[i]);
        if (rc != 0)
            return rc;
    }
    r->label = NULL;
    return 0;
}

static int read_alignment(struct reader *r, const struct gguf *g, uint64_t *alignment)
{
    static const char key[] = "general.alignment";
    size_t i = strset_find(&g->keys, key, sizeof key - 1);
    if (i == STRSET_NONE) {
        *alignment = ALIGNMENT_DEFAULT;
        return 0;
    }
    const struct meta_value *v = &g->value[i];
    r->part = PART_META;
    r->label = &g->key[i];
    if (v->type != META_UINT || v->n_bytes != 4)
        return refuse(r, E_INPUT, v->offset, _("an unsigned 32-bit number is needed."));
    if (v->u < ALIGNMENT_MIN || v->u > LIMIT_GGUF_ALIGNMENT || (v->u & (v->u - 1)) != 0)
        return refuse(r, E_INPUT, v->offset, _("%llu; a power of two from %d to %u is needed."),
                      (ull)v->u, ALIGNMENT_MIN, LIMIT_GGUF_ALIGNMENT);
    *alignment = v->u;
    return 0;
}

static int read_dims(struct reader *r, struct tensor *t)
{
    uint64_t at = r->pos;
    uint64_t n_dims;
    int rc = read_number(r, 4, &n_dims);
    if (rc != 0)
        return rc;
    if (n_dims < 1 || n_dims > LIMIT_GGUF_DIMS)
        return refuse(r, E_INPUT, at, _("%llu dimensions; 1 to %u are allowed."), (ull)n_dims,
                      LIMIT_GGUF_DIMS);
    t->n_dims = (int)n_dims;
    int64_t n_elems = 1;
    for (int i = 0; i < 4; i++)
        t->dim[i] = 1;
    for (int i = 0; i < t->n_dims; i++) {
        at = r->pos;
        uint64_t n;
        rc = read_number(r, 8, &n);
        if (rc != 0)
            return rc;
        if (n == 0 || n > INT64_MAX)
            return refuse(r, E_INPUT, at, _("dimension %d is %lld; it must be positive."), i,
                          (long long)n);
        if (__builtin_mul_overflow(n_elems, (int64_t)n, &n_elems))
            return refuse(r, E_INPUT, at,
                          _("dimension %d is %llu; the number of elements is too large."), i,
                          (ull)n);
        t->dim[i] = (int64_t)n;
    }
    return 0;
}

/* The element type, and with it the size in bytes. */
static int read_element_type(struct reader *r, struct tensor *t)
{
    uint64_t at = r->pos;
    uint64_t type;
    int rc = read_number(r, 4, &type);
    if (rc != 0)
        return rc;
    const struct quant *q = quant_of((uint32_t)type);
    const char *name = quant_name((uint32_t)type);
    if (!q && name)
        return refuse(r, E_UNSUPPORTED, at, _("its type %s is not supported by xuxie."), name);
    if (!q)
        return refuse(r, E_INPUT, at, _("its type %lld is not known."), (long long)(int32_t)type);
    t->type = q->type;
    size_t row_bytes;
    size_t n_bytes;
    if (t->dim[0] % q->block_elems != 0)
        return refuse(r, E_INPUT, at,
                      _("rows of %lld elements; those of type %s come in blocks of %d."),
                      (long long)t->dim[0], q->name, q->block_elems);
    if (!quant_row_bytes(q->type, t->dim[0], &row_bytes) ||
        !mul_size(row_bytes, (size_t)t->dim[1], &n_bytes) ||
        !mul_size(n_bytes, (size_t)t->dim[2], &n_bytes) ||
        !mul_size(n_bytes, (size_t)t->dim[3], &n_bytes))
        return refuse(r, E_INPUT, at, _("its size in bytes is too large for any file."));
    t->n_bytes = n_bytes;
    return 0;
}

static int read_tensor_info(struct reader *r, struct gguf *g, size_t i, struct place *place)
{
    uint64_t at = r->pos;
    r->index = i;
    r->label = NULL;
    int rc = read_label(r, LIMIT_GGUF_NAME_BYTES, &g->name[i]);
    if (rc != 0)
        return rc;
    r->label = &g->name[i];
    struct tensor *t = &g->tensor[i];
    t->name = g->name[i].s;
    if (strset_add(&g->names, i) != i)
        return refuse(r, E_INPUT, at, _("this tensor is there twice."));
    rc = read_dims(r, t);
    if (rc == 0)
        rc = read_element_type(r, t);
    place->index = i;
    place->field_offset = r->pos;
    if (rc == 0)
        rc = read_number(r, 8, &place->offset);
    return rc;
}

static int by_begin(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Turns offsets into pointers, after every check. */
static int place_tensors(struct reader *r, struct gguf *g, struct place *place, uint64_t alignment)
{
    /* r->pos <= INT64_MAX and alignment is small: no overflow. */
    uint64_t data_begin = (r->pos + alignment - 1) & ~(alignment - 1);
    uint64_t needed = 0;
    const struct place *last = NULL;
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct place *p = &place[i];
        r->label = &g->name[p->index];
        if (p->offset % alignment != 0)
            return refuse(r, E_INPUT, p->field_offset,
                          _("its data begin at offset %llu; a multiple of the alignment %llu is "
                            "needed."),
                          (ull)p->offset, (ull)alignment);
        if (__builtin_add_overflow(p->offset, data_begin, &p->begin) ||
            __builtin_add_overflow(p->begin, g->tensor[p->index].n_bytes, &p->end) ||
            p->end > INT64_MAX)
            return refuse(r, E_INPUT, p->field_offset,
                          _("its data begin at offset %llu and have %zu bytes, more than any file "
                            "holds."),
                          (ull)p->offset, g->tensor[p->index].n_bytes);
        if (p->end > needed) {
            needed = p->end;
            last = p;
        }
    }
    if (last && needed > r->size) {
        r->label = &g->name[last->index];
        return refuse(r, E_INPUT, last->field_offset,
                      _("its data end beyond the file, which is truncated at byte %llu of %llu; "
                        "download it again."),
                      (ull)r->size, (ull)needed);
    }
    qsort(place, g->n_tensors, sizeof *place, by_begin);
    for (size_t i = 0; i < g->n_tensors; i++) {
        const struct place *p = &place[i];
        if (i > 0 && p->begin < place[i - 1].end) {
            char other[360];
            const struct meta_string *name = &g->name[place[i - 1].index];
            r->label = &g->name[p->index];
            return refuse(r, E_INPUT, p->field_offset, _("its data overlap those of tensor %s."),
                          err_quote(other, sizeof other, name->s, name->n));
        }
        g->tensor[p->index].data = r->data + p->begin;
    }
    return 0;
}

static int read_tensors(struct reader *r, struct gguf *g)
{
    uint64_t alignment = ALIGNMENT_DEFAULT;
    int rc = read_alignment(r, g, &alignment);
    if (rc != 0)
        return rc;
    r->part = PART_TENSOR;
    r->index = 0;
    r->label = NULL;
    struct place *place = NULL;
    rc = need(r, g->n_tensors * (uint64_t)TENSOR_MIN_BYTES);
    if (rc == 0)
        rc = take(r, g->n_tensors, sizeof *place, (void **)&place);
    for (size_t i = 0; rc == 0 && i < g->n_tensors; i++)
        rc = read_tensor_info(r, g, i, &place[i]);
    if (rc == 0) {
        g->header_bytes = (size_t)r->pos;
        rc = place_tensors(r, g, place, alignment);
    }
    free(place);
    return rc;
}

int gguf_parse(const char *name, const void *data, size_t n_bytes, struct gguf **out,
               struct err *err)
{
    struct reader r = {.file = name, .data = data, .size = n_bytes, .err = err};
    struct gguf *g = calloc(1, sizeof *g);
    if (!g)
        return no_memory(&r);
    int rc = read_header(&r, g);
    if (rc == 0)
        rc = read_metadata(&r, g);
    if (rc == 0)
        rc = read_tensors(&r, g);
    if (rc != 0) {
        gguf_free(g);
        return rc;
    }
    *out = g;
    return 0;
}

void gguf_free(struct gguf *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_meta; i++) {
        free((char *)g->key[i].s);
        if (g->value[i].type == META_ARRAY)
            free((struct meta_string *)g->value[i].array.strings);
    }
    for (size_t i = 0; i < g->n_tensors; i++)
        free((char *)g->name[i].s);
    strset_free(&g->keys);
    strset_free(&g->names);
    free(g->key);
    free(g->value);
    free(g->name);
    free(g->tensor);
    free(g);
}

int gguf_version(const struct gguf *g)
{
    return g->version;
}

size_t gguf_n_tensors(const struct gguf *g)
{
    return g->n_tensors;
}

const struct tensor *gguf_tensor(const struct gguf *g, size_t i)
{
    return i < g->n_tensors ? &g->tensor[i] : NULL;
}

const struct tensor *gguf_find(const struct gguf *g, const char *name)
{
    size_t i = strset_find(&g->names, name, strlen(name));
    return i == STRSET_NONE ? NULL : &g->tensor[i];
}

size_t gguf_n_meta(const struct gguf *g)
{
    return g->n_meta;
}

const char *gguf_meta_key(const struct gguf *g, size_t i)
{
    return i < g->n_meta ? g->key[i].s : NULL;
}

const struct meta_value *gguf_meta_value(const struct gguf *g, size_t i)
{
    return i < g->n_meta ? &g->value[i] : NULL;
}

const struct meta_value *gguf_meta_find(const struct gguf *g, const char *key)
{
    size_t i = strset_find(&g->keys, key, strlen(key));
    return i == STRSET_NONE ? NULL : &g->value[i];
}

size_t gguf_header_bytes(const struct gguf *g)
{
    return g->header_bytes;
}
