/* source.c - see source.h. A table of formats, found by the first bytes; and elements as f32. */
#include "config.h"

#include "engine/formats/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/formats/infile.h"
#include "engine/formats/sniff.h"
#include "engine/formats/source_format.h"
#include "engine/kernels/quant.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

struct format {
    const char *name;
    bool (*matches)(const unsigned char *p, size_t n);
    int (*parse)(const struct source_file *file, struct source_table *table, struct err *err);
    int (*check)(const struct source_file *file, struct err *err); /* NULL: no checksums */
};

struct source {
    const struct format *format;
    struct source_file file;
    struct source_table table;
    bool mapped;
    char *path;
    char shown[INFILE_QUOTE_BYTES];
};

/* ---- formats ---- */

static bool is_zip(const unsigned char *p, size_t n)
{
    return n >= 4 && memcmp(p, "PK\x03\x04", 4) == 0;
}

/* Protocol 2 and LONG1 of 10 bytes: the magic number, or what is left of it in a damaged file. */
static bool is_legacy(const unsigned char *p, size_t n)
{
    return n >= 4 && memcmp(p, "\x80\x02\x8a\x0a", 4) == 0;
}

static bool is_gguf(const unsigned char *p, size_t n)
{
    return n >= 4 && memcmp(p, "GGUF", 4) == 0;
}

static bool is_other_pickle(const unsigned char *p, size_t n)
{
    return n >= 2 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5;
}

/* A header that begins as one, or at least a length, less than 2^40, that is nothing else. */
static bool is_safetensors(const unsigned char *p, size_t n)
{
    if (n > 8 && p[8] == '{')
        return true;
    return n >= 8 && p[5] == 0 && p[6] == 0 && p[7] == 0 && !is_gguf(p, n) &&
           !is_other_pickle(p, n);
}

static const struct format formats[] = {
    {"torch zip", is_zip, torch_zip_parse, torch_zip_check},
    {"torch legacy", is_legacy, torch_legacy_parse, NULL},
    {"safetensors", is_safetensors, safetensors_parse, NULL},
};

/* What is none of these, told better than sniff.h can, which speaks to who wants a GGUF file. */
static int refuse(const struct source_file *f, struct err *err)
{
    if (is_gguf(f->data, f->n_bytes))
        return err_set(
            err, E_INPUT,
            _("%s: magic at byte 0: this is a GGUF model, not a published checkpoint; it "
              "can be used as it is."),
            f->shown);
    if (is_other_pickle(f->data, f->n_bytes))
        return err_set(err, E_UNSUPPORTED,
                       _("%s: magic at byte 0: this is a Python pickle, but not a checkpoint that "
                         "torch.save() wrote; nothing of it was read."),
                       f->shown);
    return sniff_refuse(f->shown, f->data, f->n_bytes, err);
}

/* ---- opening ---- */

static struct source *source_new(const char *path)
{
    struct source *s = calloc(1, sizeof *s);
    char *copy = strdup(path);
    if (!s || !copy) {
        free(s);
        free(copy);
        return NULL;
    }
    s->path = copy;
    s->file = (struct source_file){.shown = infile_quote(s->shown, path),
                                   .data = (const unsigned char *)""};
    return s;
}

static int parse(struct source *s, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(formats) && !s->format; i++)
        if (formats[i].matches(s->file.data, s->file.n_bytes))
            s->format = &formats[i];
    if (!s->format)
        return refuse(&s->file, err);
    int rc = s->format->parse(&s->file, &s->table, err);
    if (rc == 0)
        rc = source_table_finish(&s->table, &s->file, err);
    if (rc == 0 && s->file.n_bytes <= LIMIT_SOURCE_CHECKSUMS)
        rc = source_check(s, err);
    return rc;
}

/* Maps the file; an empty one stays unmapped, with no bytes. */
static int map(struct source *s, struct err *err)
{
    int fd;
    struct stat st;
    int rc = infile_open(s->path, &fd, &st, err);
    if (rc != 0)
        return rc;
    if ((unsigned long long)st.st_size > SIZE_MAX) {
        rc = err_set(err, E_RESOURCE, _("%s: the file is too large for this machine."), s->shown);
    } else if (st.st_size > 0) {
        size_t n = (size_t)st.st_size;
        void *p;
        rc = infile_map(s->shown, fd, n, &p, err);
        if (rc == 0) {
            s->file.data = p;
            s->file.n_bytes = n;
            s->mapped = true;
        }
    }
    close(fd);
    return rc;
}

static int finish_opening(struct source *s, int rc, struct source **out)
{
    if (rc != 0) {
        source_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

int source_open(const char *path, struct source **out, struct err *err)
{
    struct source *s = source_new(path);
    if (!s)
        return err_set(err, E_RESOURCE, _("not enough memory to open a checkpoint."));
    int rc = map(s, err);
    if (rc == 0)
        rc = parse(s, err);
    return finish_opening(s, rc, out);
}

int source_from_bytes(const char *name, const void *data, size_t n_bytes, struct source **out,
                      struct err *err)
{
    struct source *s = source_new(name);
    if (!s)
        return err_set(err, E_RESOURCE, _("not enough memory to open a checkpoint."));
    s->file.data = data;
    s->file.n_bytes = n_bytes;
    return finish_opening(s, parse(s, err), out);
}

void source_close(struct source *s)
{
    if (!s)
        return;
    source_table_free(&s->table);
    if (s->mapped)
        munmap((void *)s->file.data, s->file.n_bytes);
    free(s->path);
    free(s);
}

int source_check(const struct source *s, struct err *err)
{
    return s->format->check ? s->format->check(&s->file, err) : 0;
}

const char *source_format(const struct source *s)
{
    return s->format->name;
}

const char *source_path(const struct source *s)
{
    return s->path;
}

size_t source_count(const struct source *s)
{
    return s->table.n;
}

const struct source_tensor *source_at(const struct source *s, size_t i)
{
    return i < s->table.n ? &s->table.tensor[i] : NULL;
}

const struct source_tensor *source_find(const struct source *s, const char *name)
{
    size_t i = strset_find(&s->table.names, name, strlen(name));
    return i == STRSET_NONE ? NULL : &s->table.tensor[i];
}

/* ---- elements ---- */

/* n elements, `step` bytes apart, as f32. Loads go through memcpy: files align nothing. */
typedef void convert_fn(const unsigned char *p, ptrdiff_t step, int64_t n, float *out);

#define CONVERT(name, type, expression)                                                            \
    static void name(const unsigned char *p, ptrdiff_t step, int64_t n, float *out)                \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            type v;                                                                                \
            memcpy(&v, p + i * step, sizeof v);                                                    \
            out[i] = expression;                                                                   \
        }                                                                                          \
    }

CONVERT(from_f32, float, v)
CONVERT(from_f16, uint16_t, f16_to_f32(v))
CONVERT(from_bf16, uint16_t, bf16_to_f32(v))
CONVERT(from_f64, double, (float)v)
CONVERT(from_i64, int64_t, (float)v)
CONVERT(from_i32, int32_t, (float)v)
CONVERT(from_i16, int16_t, (float)v)
CONVERT(from_i8, int8_t, (float)v)
CONVERT(from_u8, uint8_t, (float)v)
CONVERT(from_bool, uint8_t, v ? 1.0f : 0.0f)

static const struct {
    const char *name;
    size_t n_bytes;
    convert_fn *convert;
} dtypes[N_SOURCE_DTYPES] = {
    [SOURCE_F32] = {"F32", 4, from_f32},    [SOURCE_F16] = {"F16", 2, from_f16},
    [SOURCE_BF16] = {"BF16", 2, from_bf16}, [SOURCE_F64] = {"F64", 8, from_f64},
    [SOURCE_I64] = {"I64", 8, from_i64},    [SOURCE_I32] = {"I32", 4, from_i32},
    [SOURCE_I16] = {"I16", 2, from_i16},    [SOURCE_I8] = {"I8", 1, from_i8},
    [SOURCE_U8] = {"U8", 1, from_u8},       [SOURCE_BOOL] = {"BOOL", 1, from_bool},
};

const char *source_dtype_name(enum source_dtype t)
{
    return dtypes[t].name;
}

size_t source_dtype_bytes(enum source_dtype t)
{
    return dtypes[t].n_bytes;
}

int64_t source_n_elements(const struct source_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->n_dims; i++)
        if (t->shape[i] == 0)
            return 0;
    for (int i = 0; i < t->n_dims; i++)
        n *= t->shape[i];
    return n;
}

void source_read_f32(const struct source_tensor *t, int64_t first, int64_t n, float *out)
{
    int64_t size = (int64_t)dtypes[t->dtype].n_bytes;
    convert_fn *convert = dtypes[t->dtype].convert;
    int64_t index[SOURCE_MAX_DIMS] = {0};
    int64_t rest = first;
    int last = t->n_dims - 1;
    if (n <= 0)
        return; /* the tensor may be empty, and have no element to begin with */
    for (int i = last; i >= 0; i--) {
        index[i] = rest % t->shape[i];
        rest /= t->shape[i];
    }
    /* Runs along the last dimension, as an odometer. */
    while (n > 0) {
        int64_t at = 0;
        for (int i = 0; i <= last; i++)
            at += index[i] * t->stride[i];
        int64_t run = last < 0 ? 1 : t->shape[last] - index[last];
        if (run > n)
            run = n;
        convert((const unsigned char *)t->data + at * size,
                last < 0 ? 0 : (ptrdiff_t)(t->stride[last] * size), run, out);
        out += run;
        n -= run;
        if (last < 0)
            break;
        index[last] += run;
        for (int i = last; i > 0 && index[i] == t->shape[i]; i--) {
            index[i] = 0;
            index[i - 1]++;
        }
    }
}
