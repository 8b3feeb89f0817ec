/* weights.c - see weights.h. Formats are rows of functions over their own parsed form; the row is
 * found by the first bytes, never by the name of the file. A GGUF file is mapped here, the files of
 * a checkpoint by their own readers. */
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

#include "engine/formats/checkpoint.h"
#include "engine/formats/gguf.h"
#include "engine/formats/infile.h"
#include "engine/formats/sniff.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

enum { IDENTITY_SAMPLE_BYTES = 64 << 10 };

struct format {
    void (*free)(void *tables);
    void (*describe)(const void *tables, char *out, size_t size);
    size_t (*n_tensors)(const void *tables);
    const struct tensor *(*tensor)(const void *tables, size_t i);
    const struct tensor *(*find)(const void *tables, const char *name);
    size_t (*n_meta)(const void *tables);
    const char *(*meta_key)(const void *tables, size_t i);
    const struct meta_value *(*meta_value)(const void *tables, size_t i);
    const struct meta_value *(*meta_find)(const void *tables, const char *key);
};

/* A file as it was when it was opened. */
struct opened_file {
    const char *path; /* borrowed */
    struct stat st;
};

struct weights {
    const struct format *format;
    void *tables;                  /* the format's */
    struct checkpoint *checkpoint; /* the same, when it is one */
    const void *data;
    size_t n_bytes;
    bool mapped;              /* data is our mapping of the file at path */
    struct opened_file *file; /* [n_files], owned; none for bytes in memory */
    size_t n_files;
    char *path;
    char shown[INFILE_QUOTE_BYTES]; /* path, for messages */
    char name[48];                  /* of the format */
};

/* ---- GGUF ---- */

static bool is_gguf(const unsigned char *p, size_t n) /* also a file cut within the first bytes */
{
    return n > 0 && memcmp(p, "GGUF", n < 4 ? n : 4) == 0;
}

static void gguf_row_free(void *tables)
{
    gguf_free(tables);
}

static void gguf_row_describe(const void *tables, char *out, size_t size)
{
    snprintf(out, size, "GGUF v%d", gguf_version(tables));
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

static const struct format format_gguf = {
    .free = gguf_row_free,
    .describe = gguf_row_describe,
    .n_tensors = gguf_row_n_tensors,
    .tensor = gguf_row_tensor,
    .find = gguf_row_find,
    .n_meta = gguf_row_n_meta,
    .meta_key = gguf_row_meta_key,
    .meta_value = gguf_row_meta_value,
    .meta_find = gguf_row_meta_find,
};

/* ---- checkpoints ---- */

static void checkpoint_row_free(void *tables)
{
    checkpoint_close(tables);
}

static void checkpoint_row_describe(const void *tables, char *out, size_t size)
{
    size_t n = checkpoint_n_files(tables);
    if (n == 1)
        snprintf(out, size, "%s", checkpoint_format(tables));
    else
        snprintf(out, size, "%s, %zu files", checkpoint_format(tables), n);
}

static size_t checkpoint_row_n_tensors(const void *tables)
{
    return checkpoint_n_tensors(tables);
}

static const struct tensor *checkpoint_row_tensor(const void *tables, size_t i)
{
    return checkpoint_tensor(tables, i);
}

static const struct tensor *checkpoint_row_find(const void *tables, const char *name)
{
    return checkpoint_find(tables, name);
}

static size_t checkpoint_row_n_meta(const void *tables)
{
    return checkpoint_n_meta(tables);
}

static const char *checkpoint_row_meta_key(const void *tables, size_t i)
{
    return checkpoint_meta_key(tables, i);
}

static const struct meta_value *checkpoint_row_meta_value(const void *tables, size_t i)
{
    return checkpoint_meta_value(tables, i);
}

static const struct meta_value *checkpoint_row_meta_find(const void *tables, const char *key)
{
    return checkpoint_meta_find(tables, key);
}

static const struct format format_checkpoint = {
    .free = checkpoint_row_free,
    .describe = checkpoint_row_describe,
    .n_tensors = checkpoint_row_n_tensors,
    .tensor = checkpoint_row_tensor,
    .find = checkpoint_row_find,
    .n_meta = checkpoint_row_n_meta,
    .meta_key = checkpoint_row_meta_key,
    .meta_value = checkpoint_row_meta_value,
    .meta_find = checkpoint_row_meta_find,
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

static void set_format(struct weights *w, const struct format *format, void *tables)
{
    w->format = format;
    w->tables = tables;
    format->describe(tables, w->name, sizeof w->name);
}

static int parse_gguf(struct weights *w, struct err *err)
{
    struct gguf *g;
    int rc = gguf_parse(w->shown, w->data, w->n_bytes, &g, err);
    if (rc == 0)
        set_format(w, &format_gguf, g);
    return rc;
}

static void unmap(struct weights *w)
{
    if (w->mapped)
        munmap((void *)w->data, w->n_bytes);
    w->mapped = false;
    w->data = NULL;
    w->n_bytes = 0;
}

static int open_checkpoint(struct weights *w, struct err *err)
{
    int rc = checkpoint_open(w->path, &w->checkpoint, err);
    if (rc != 0)
        return rc;
    set_format(w, &format_checkpoint, w->checkpoint);
    size_t n = checkpoint_n_files(w->checkpoint);
    struct opened_file *file = calloc(n, sizeof file[0]);
    if (!file)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    free(w->file);
    w->file = file;
    w->n_files = n;
    for (size_t i = 0; i < n; i++) {
        file[i].path = checkpoint_file(w->checkpoint, i);
        if (stat(file[i].path, &file[i].st) != 0)
            return err_set(err, E_INPUT, _("%s: the files changed while they were opened."),
                           w->shown);
    }
    return 0;
}

/* Finds the format of w->data and reads its tables. */
static int parse(struct weights *w, struct err *err)
{
    return is_gguf(w->data, w->n_bytes) ? parse_gguf(w, err)
                                        : sniff_refuse(w->shown, w->data, w->n_bytes, err);
}

/* Maps the file; an empty one stays unmapped, with no bytes. */
static int map(struct weights *w, struct err *err)
{
    int fd;
    w->file = calloc(1, sizeof w->file[0]);
    if (!w->file)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    struct stat *st = &w->file[0].st;
    int rc = infile_open(w->path, &fd, st, err);
    if (rc != 0)
        return rc;
    w->file[0].path = w->path;
    w->n_files = 1;
    w->data = "";
    if ((unsigned long long)st->st_size > SIZE_MAX) {
        rc = err_set(err, E_RESOURCE, _("%s: the file is too large for this machine."), w->shown);
    } else if (st->st_size > 0) {
        size_t n = (size_t)st->st_size;
        void *p;
        rc = infile_map(w->shown, fd, n, &p, err);
        if (rc == 0) {
            w->data = p;
            w->n_bytes = n;
            w->mapped = true;
        }
    }
    close(fd);
    return rc;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
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
    if (is_folder(path))
        return finish_opening(w, open_checkpoint(w, err), out);
    int rc = map(w, err);
    if (rc == 0 && checkpoint_matches(w->data, w->n_bytes)) {
        unmap(w);
        rc = open_checkpoint(w, err);
    } else if (rc == 0) {
        rc = parse(w, err);
    }
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
    unmap(w);
    free(w->file);
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
    int64_t sum = 0;
    for (size_t i = 0; i < w->n_files; i++)
        sum += w->file[i].st.st_size;
    return w->n_files ? sum : (int64_t)w->n_bytes;
}

const char *weights_folder(const struct weights *w)
{
    return w->checkpoint ? checkpoint_folder(w->checkpoint) : NULL;
}

const void *weights_base(const struct weights *w, size_t *n_bytes)
{
    *n_bytes = w->n_bytes;
    return w->data;
}

size_t weights_n_regions(const struct weights *w)
{
    return w->checkpoint ? checkpoint_n_files(w->checkpoint) : 1;
}

const void *weights_region(const struct weights *w, size_t i, size_t *n_bytes)
{
    return w->checkpoint ? checkpoint_region(w->checkpoint, i, n_bytes) : weights_base(w, n_bytes);
}

bool weights_changed(const struct weights *w)
{
    for (size_t i = 0; i < w->n_files; i++) {
        const struct stat *then = &w->file[i].st;
        struct stat now;
        if (stat(w->file[i].path, &now) != 0)
            return true;
        if (now.st_dev != then->st_dev || now.st_ino != then->st_ino ||
            now.st_size != then->st_size || now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != then->st_mtim.tv_nsec)
            return true;
    }
    return false;
}

int weights_load(struct weights *w, bool (*progress)(void *ctx, int percent), void *ctx,
                 struct err *err)
{
    return w->checkpoint ? checkpoint_load(w->checkpoint, progress, ctx, err) : 0;
}

size_t weights_made_bytes(const struct weights *w)
{
    return w->checkpoint ? checkpoint_made_bytes(w->checkpoint) : 0;
}

int weights_check(const struct weights *w, struct err *err)
{
    return w->checkpoint ? checkpoint_check(w->checkpoint, err) : 0;
}

void weights_read_stored(const struct weights *w, const struct tensor *t, int64_t first, int64_t n,
                         void *out)
{
    if (w->checkpoint) {
        checkpoint_read(w->checkpoint, t, first, n, out);
        return;
    }
    size_t row_bytes = t->n_bytes / (size_t)(t->dim[1] * t->dim[2] * t->dim[3]);
    memcpy(out, (const char *)t->data + (size_t)first * row_bytes, (size_t)n * row_bytes);
}

int weights_read_rows(const struct weights *w, const struct tensor *t, int64_t first, int64_t n,
                      float *out, struct err *err)
{
    const size_t row_bytes = t->n_bytes / (size_t)(t->dim[1] * t->dim[2] * t->dim[3]);
    const struct quant *q = quant_of((uint32_t)t->type);
    if (t->type == QUANT_F32) {
        weights_read_stored(w, t, first, n, out);
    } else if (!w->checkpoint) {
        q->unpack((const char *)t->data + (size_t)first * row_bytes, out, n * t->dim[0]);
    } else {
        void *stored = malloc((size_t)n * row_bytes);
        if (!stored)
            return err_set(err, E_RESOURCE, _("not enough memory for %zu bytes of a tensor."),
                           (size_t)n * row_bytes);
        weights_read_stored(w, t, first, n, stored);
        q->unpack(stored, out, n * t->dim[0]);
        free(stored);
    }
    return 0;
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

/* The parts of a checkpoint's metadata and tensors that tell it from another one. */
static void hash_checkpoint(const struct weights *w, XXH3_state_t *state)
{
    static const unsigned char nothing[IDENTITY_SAMPLE_BYTES];
    for (size_t i = 0; i < weights_meta_count(w); i++) {
        const struct meta_value *v;
        const char *key = weights_meta_at(w, i, &v);
        if (strcmp(key, "general.name") == 0) /* a folder may be moved */
            continue;
        XXH3_128bits_update(state, key, strlen(key));
        if (v->type == META_STRING)
            XXH3_128bits_update(state, v->str.s, v->str.n);
        else
            XXH3_128bits_update(state, &v->u, v->type == META_BOOL ? 1 : sizeof v->u);
    }
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        int64_t row_bytes = (int64_t)t->n_bytes / t->dim[1];
        int64_t n = IDENTITY_SAMPLE_BYTES / row_bytes;
        n = n < 1 ? 1 : n > t->dim[1] ? t->dim[1] : n;
        void *rows = malloc((size_t)(n * row_bytes));
        if (!rows) { /* the identity is another one then, and nothing is taken for the same */
            XXH3_128bits_update(state, nothing, sizeof nothing);
            continue;
        }
        weights_read_stored(w, t, 0, n, rows);
        XXH3_128bits_update(state, rows, (size_t)(n * row_bytes));
        weights_read_stored(w, t, t->dim[1] - n, n, rows);
        XXH3_128bits_update(state, rows, (size_t)(n * row_bytes));
        free(rows);
    }
}

static void hash_gguf(const struct weights *w, XXH3_state_t *state)
{
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)((uint64_t)w->n_bytes >> (8 * i));
    XXH3_128bits_update(state, w->data, gguf_header_bytes(w->tables));
    XXH3_128bits_update(state, size, sizeof size);
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        size_t n = t->n_bytes < IDENTITY_SAMPLE_BYTES ? t->n_bytes : IDENTITY_SAMPLE_BYTES;
        XXH3_128bits_update(state, t->data, n);
        XXH3_128bits_update(state, (const char *)t->data + (t->n_bytes - n), n);
    }
}

void weights_identity(const struct weights *w, char out[33])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    if (w->checkpoint)
        hash_checkpoint(w, &state);
    else
        hash_gguf(w, &state);
    XXH128_hash_t h = XXH3_128bits_digest(&state);
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}
