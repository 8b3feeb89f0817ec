/* weights.c - see weights.h. A table of formats, each a row of functions over its own parsed form;
 * the row is found by the first bytes, never by the name of the file. */
#include "config.h"

#include "engine/formats/weights.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_STATIC_LINKING_ONLY /* the hash state on the stack */
#include <xxhash.h>

#include "engine/formats/gguf.h"
#include "engine/formats/infile.h"
#include "engine/formats/sniff.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

enum { IDENTITY_SAMPLE_BYTES = 64 << 10 };

struct format {
    /* Do the first bytes say so? Also true for a file cut within them. */
    bool (*matches)(const unsigned char *p, size_t n);
    int (*parse)(const char *shown, const void *data, size_t n, void **tables, struct err *err);
    void (*free)(void *tables);
    void (*describe)(const void *tables, char *out, size_t size);
    size_t (*header_bytes)(const void *tables);
    size_t (*n_tensors)(const void *tables);
    const struct tensor *(*tensor)(const void *tables, size_t i);
    const struct tensor *(*find)(const void *tables, const char *name);
    size_t (*n_meta)(const void *tables);
    const char *(*meta_key)(const void *tables, size_t i);
    const struct meta_value *(*meta_value)(const void *tables, size_t i);
    const struct meta_value *(*meta_find)(const void *tables, const char *key);
};

struct weights {
    const struct format *format;
    void *tables; /* the format's */
    const void *data;
    size_t n_bytes;
    bool mapped;    /* data is our mapping of the file at path */
    struct stat st; /* when it was mapped */
    char *path;
    char shown[INFILE_QUOTE_BYTES]; /* path, for messages */
    char name[16];                  /* of the format */
};

/* ---- GGUF ---- */

static bool gguf_row_matches(const unsigned char *p, size_t n)
{
    return n > 0 && memcmp(p, "GGUF", n < 4 ? n : 4) == 0;
}

static int gguf_row_parse(const char *shown, const void *data, size_t n, void **tables,
                          struct err *err)
{
    struct gguf *g;
    int rc = gguf_parse(shown, data, n, &g, err);
    if (rc == 0)
        *tables = g;
    return rc;
}

static void gguf_row_free(void *tables)
{
    gguf_free(tables);
}

static void gguf_row_describe(const void *tables, char *out, size_t size)
{
    snprintf(out, size, "GGUF v%d", gguf_version(tables));
}

static size_t gguf_row_header_bytes(const void *tables)
{
    return gguf_header_bytes(tables);
}

static size_t gguf_row_n_tensors(const void *tables)
{
    return gguf_n_tensors(tables);
}

static const struct tensor *gguf_row_tensor(const void *tables, size_t i)
{
    return gguf_tensor(tables, i);
}

static const struct tensor *gguf_row_find(const void *tables, const char *name)
{
    return gguf_find(tables, name);
}

static size_t gguf_row_n_meta(const void *tables)
{
    return gguf_n_meta(tables);
}

static const char *gguf_row_meta_key(const void *tables, size_t i)
{
    return gguf_meta_key(tables, i);
}

static const struct meta_value *gguf_row_meta_value(const void *tables, size_t i)
{
    return gguf_meta_value(tables, i);
}

static const struct meta_value *gguf_row_meta_find(const void *tables, const char *key)
{
    return gguf_meta_find(tables, key);
}

static const struct format formats[] = {
    {
        .matches = gguf_row_matches,
        .parse = gguf_row_parse,
        .free = gguf_row_free,
        .describe = gguf_row_describe,
        .header_bytes = gguf_row_header_bytes,
        .n_tensors = gguf_row_n_tensors,
        .tensor = gguf_row_tensor,
        .find = gguf_row_find,
        .n_meta = gguf_row_n_meta,
        .meta_key = gguf_row_meta_key,
        .meta_value = gguf_row_meta_value,
        .meta_find = gguf_row_meta_find,
    },
};

/* ---- opening ---- */

static struct weights *weights_new(const char *path)
{
    struct weights *w = calloc(1, sizeof *w);
    char *copy = strdup(path);
    if (!w || !copy) {
        free(w);
        free(copy);
        return NULL;
    }
    w->path = copy;
    infile_quote(w->shown, path);
    return w;
}

/* Finds the format of w->data and reads its tables. */
static int parse(struct weights *w, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (!formats[i].matches(w->data, w->n_bytes))
            continue;
        int rc = formats[i].parse(w->shown, w->data, w->n_bytes, &w->tables, err);
        if (rc != 0)
            return rc;
        w->format = &formats[i];
        w->format->describe(w->tables, w->name, sizeof w->name);
        return 0;
    }
    return sniff_refuse(w->shown, w->data, w->n_bytes, err);
}

/* Maps the file; an empty one stays unmapped, with no bytes. */
static int map(struct weights *w, struct err *err)
{
    int fd;
    int rc = infile_open(w->path, &fd, &w->st, err);
    if (rc != 0)
        return rc;
    w->data = "";
    if ((unsigned long long)w->st.st_size > SIZE_MAX) {
        rc = err_set(err, E_RESOURCE, _("%s: the file is too large for this machine."), w->shown);
    } else if (w->st.st_size > 0) {
        size_t n = (size_t)w->st.st_size;
        void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            rc = err_set(err, E_RESOURCE, _("%s: cannot map the file's %zu bytes: %s."), w->shown,
                         n, strerror(errno));
        } else {
            w->data = p;
            w->n_bytes = n;
            w->mapped = true;
        }
    }
    close(fd);
    return rc;
}

static int finish_opening(struct weights *w, int rc, struct weights **out)
{
    if (rc != 0) {
        weights_close(w);
        return rc;
    }
    *out = w;
    return 0;
}

int weights_open(const char *path, struct weights **out, struct err *err)
{
    struct weights *w = weights_new(path);
    if (!w)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    int rc = map(w, err);
    if (rc == 0)
        rc = parse(w, err);
    return finish_opening(w, rc, out);
}

int weights_from_bytes(const char *name, const void *data, size_t n_bytes, struct weights **out,
                       struct err *err)
{
    struct weights *w = weights_new(name);
    if (!w)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    w->data = data;
    w->n_bytes = n_bytes;
    return finish_opening(w, parse(w, err), out);
}

void weights_close(struct weights *w)
{
    if (!w)
        return;
    if (w->format)
        w->format->free(w->tables);
    if (w->mapped)
        munmap((void *)w->data, w->n_bytes);
    free(w->path);
    free(w);
}

const char *weights_path(const struct weights *w)
{
    return w->path;
}

const char *weights_format(const struct weights *w)
{
    return w->name;
}

int64_t weights_file_bytes(const struct weights *w)
{
    return (int64_t)w->n_bytes;
}

const void *weights_base(const struct weights *w, size_t *n_bytes)
{
    *n_bytes = w->n_bytes;
    return w->data;
}

bool weights_changed(const struct weights *w)
{
    if (!w->mapped)
        return false;
    struct stat now;
    if (stat(w->path, &now) != 0)
        return true;
    return now.st_dev != w->st.st_dev || now.st_ino != w->st.st_ino ||
           now.st_size != w->st.st_size || now.st_mtim.tv_sec != w->st.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != w->st.st_mtim.tv_nsec;
}

size_t weights_count(const struct weights *w)
{
    return w->format->n_tensors(w->tables);
}

const struct tensor *weights_at(const struct weights *w, size_t i)
{
    return w->format->tensor(w->tables, i);
}

const struct tensor *weights_find(const struct weights *w, const char *name)
{
    return w->format->find(w->tables, name);
}

/* ---- metadata ---- */

size_t weights_meta_count(const struct weights *w)
{
    return w->format->n_meta(w->tables);
}

const char *weights_meta_at(const struct weights *w, size_t i, const struct meta_value **value)
{
    *value = w->format->meta_value(w->tables, i);
    return w->format->meta_key(w->tables, i);
}

const struct meta_value *weights_meta(const struct weights *w, const char *key)
{
    return w->format->meta_find(w->tables, key);
}

static const char *type_phrase(enum meta_type type)
{
    switch (type) {
    case META_BOOL: return _("a yes-or-no value");
    case META_INT:
    case META_UINT: return _("a whole number");
    case META_FLOAT: return _("a decimal number");
    case META_STRING: return _("a text");
    case META_ARRAY: return _("a list");
    case META_NONE: break;
    }
    return _("nothing");
}

static int refuse_type(const struct weights *w, const char *key, const struct meta_value *v,
                       enum meta_type wanted, struct err *err)
{
    return err_set(err, E_INPUT, _("%s: %s at byte %llu: this is %s; %s is needed."), w->shown, key,
                   (unsigned long long)v->offset, type_phrase(v->type), type_phrase(wanted));
}

int weights_meta_int(const struct weights *w, const char *key, int64_t min, int64_t max,
                     int64_t *out, struct err *err)
{
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    unsigned long long at = v->offset;
    if (v->type == META_UINT && v->u > INT64_MAX)
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %llu; from %lld to %lld is allowed."),
                       w->shown, key, at, (unsigned long long)v->u, (long long)min, (long long)max);
    if (v->type != META_UINT && v->type != META_INT)
        return refuse_type(w, key, v, META_INT, err);
    int64_t i = v->type == META_UINT ? (int64_t)v->u : v->i;
    if (i < min || i > max)
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %lld; from %lld to %lld is allowed."),
                       w->shown, key, at, (long long)i, (long long)min, (long long)max);
    *out = i;
    return 0;
}

int weights_meta_float(const struct weights *w, const char *key, double min, double max,
                       double *out, struct err *err)
{
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    if (v->type != META_FLOAT)
        return refuse_type(w, key, v, META_FLOAT, err);
    if (!isfinite(v->f) || v->f < min || v->f > max)
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %g; from %g to %g is allowed."),
                       w->shown, key, (unsigned long long)v->offset, v->f, min, max);
    *out = v->f;
    return 0;
}

int weights_meta_bool(const struct weights *w, const char *key, bool *out, struct err *err)
{
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    if (v->type != META_BOOL)
        return refuse_type(w, key, v, META_BOOL, err);
    *out = v->b;
    return 0;
}

int weights_meta_string(const struct weights *w, const char *key, struct meta_string *out,
                        struct err *err)
{
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    if (v->type != META_STRING)
        return refuse_type(w, key, v, META_STRING, err);
    *out = v->str;
    return 0;
}

/* Element i of an array of numbers, as it stands in the file. */
static uint64_t array_bits(const struct meta_value *array, size_t i)
{
    int n_bytes = array->array.element_bytes;
    const unsigned char *p = (const unsigned char *)array->array.raw + i * (size_t)n_bytes;
    uint64_t v = 0;
    for (int k = n_bytes - 1; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}

int64_t meta_array_int(const struct meta_value *array, size_t i)
{
    uint64_t v = array_bits(array, i);
    if (array->array.type != META_INT)
        return (int64_t)v;
    uint64_t sign = UINT64_C(1) << (8 * array->array.element_bytes - 1);
    return (int64_t)((v ^ sign) - sign);
}

double meta_array_float(const struct meta_value *array, size_t i)
{
    uint64_t v = array_bits(array, i);
    if (array->array.element_bytes == 4) {
        uint32_t bits = (uint32_t)v;
        float f;
        memcpy(&f, &bits, sizeof f);
        return (double)f;
    }
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}

void weights_identity(const struct weights *w, char out[33])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)((uint64_t)w->n_bytes >> (8 * i));
    XXH3_128bits_update(&state, w->data, w->format->header_bytes(w->tables));
    XXH3_128bits_update(&state, size, sizeof size);
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        size_t n = t->n_bytes < IDENTITY_SAMPLE_BYTES ? t->n_bytes : IDENTITY_SAMPLE_BYTES;
        XXH3_128bits_update(&state, t->data, n);
        XXH3_128bits_update(&state, (const char *)t->data + (t->n_bytes - n), n);
    }
    XXH128_hash_t h = XXH3_128bits_digest(&state);
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}
