/* safetensors.c - the safetensors container: a length, a JSON header, the data.
 *
 * Format: https://huggingface.co/docs/safetensors (format specification). The header is scanned for
 * depth and number of values before jansson builds it in memory. The tensors must tile the data
 * without holes and overlaps, as the specification demands.
 */
#include "config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/source_format.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

typedef unsigned long long ull; /* what %llu takes */

enum { LENGTH_BYTES = 8 };

/* Where a tensor's data lie in the data part. */
struct place {
    uint64_t begin, end;
    size_t index;
};

struct reader {
    const struct source_file *file;
    const unsigned char *data; /* behind the header */
    uint64_t n_data;
    struct source_table *table;
    struct place *place; /* one for each tensor */
    struct err *err;
};

__attribute__((format(printf, 3, 4))) static int
refuse_tensor(const struct reader *r, const char *name, const char *fmt, ...)
{
    char text[480];
    char quoted[360];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->err, E_INPUT, _("%s: header: tensor %s: %s"), r->file->shown,
                   err_quote(quoted, sizeof quoted, name, strlen(name)), text);
}

/* Bounds what jansson will make of the text: depth, and number of values. */
static int scan(const struct source_file *file, const char *s, size_t n, struct err *err)
{
    size_t depth = 0;
    size_t n_values = 0;
    bool in_text = false;
    for (size_t i = 0; i < n; i++) {
        if (in_text && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            in_text = !in_text;
        else if (!in_text && (s[i] == '{' || s[i] == '['))
            depth++;
        else if (!in_text && depth > 0 && (s[i] == '}' || s[i] == ']'))
            depth--;
        else if (in_text || (s[i] != ',' && s[i] != ':'))
            continue;
        if (depth > LIMIT_JSON_DEPTH)
            return err_set(err, E_INPUT, _("%s: header at byte %zu: nested more than %u deep."),
                           file->shown, LENGTH_BYTES + i, LIMIT_JSON_DEPTH);
        if (++n_values > LIMIT_SAFETENSORS_VALUES)
            return err_set(err, E_INPUT,
                           _("%s: header at byte %zu: more than %u brackets, commas and colons."),
                           file->shown, LENGTH_BYTES + i, LIMIT_SAFETENSORS_VALUES);
    }
    return 0;
}

static int load_header(const struct source_file *file, size_t n, json_t **out, struct err *err)
{
    const char *text = (const char *)file->data + LENGTH_BYTES;
    json_error_t e;
    int rc = scan(file, text, n, err);
    if (rc != 0)
        return rc;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!root) {
        char why[360];
        return err_set(err, E_INPUT, _("%s: header at byte %zu: it is not valid JSON: %s."),
                       file->shown, LENGTH_BYTES + (size_t)(e.position > 0 ? e.position : 0),
                       err_quote(why, sizeof why, e.text, strlen(e.text)));
    }
    *out = root;
    return 0;
}

static int check_metadata(const struct source_file *file, const json_t *metadata, struct err *err)
{
    bool good = json_is_object(metadata);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)metadata, key, value) good = good && json_is_string(value);
    if (!good)
        return err_set(err, E_INPUT, _("%s: header: __metadata__ must be an object of texts."),
                       file->shown);
    return 0;
}

static int read_dtype(const struct reader *r, const char *name, const json_t *dtype,
                      struct source_tensor *t)
{
    char quoted[360];
    if (!json_is_string(dtype))
        return refuse_tensor(r, name, _("its dtype is missing or no text."));
    const char *word = json_string_value(dtype);
    for (int i = 0; i < N_SOURCE_DTYPES; i++)
        if (strcmp(word, source_dtype_name((enum source_dtype)i)) == 0) {
            t->dtype = (enum source_dtype)i;
            return 0;
        }
    return refuse_tensor(r, name,
                         _("dtype %s; F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL are "
                           "read."),
                         err_quote(quoted, sizeof quoted, word, strlen(word)));
}

/* The shape, and the strides of a tensor without gaps; *n_bytes is what it takes. */
static int read_shape(const struct reader *r, const char *name, const json_t *shape,
                      struct source_tensor *t, uint64_t *n_bytes)
{
    size_t n_dims = json_array_size(shape);
    if (!json_is_array(shape) || n_dims > SOURCE_MAX_DIMS)
        return refuse_tensor(r, name, _("its shape must be a list of at most %d numbers."),
                             SOURCE_MAX_DIMS);
    t->n_dims = (int)n_dims;
    bool empty = false;
    for (size_t i = 0; i < n_dims; i++) {
        const json_t *size = json_array_get(shape, i);
        t->shape[i] = json_integer_value(size);
        if (!json_is_integer(size) || t->shape[i] < 0)
            return refuse_tensor(r, name, _("size %zu of its shape must be a whole number from 0."),
                                 i);
        empty = empty || t->shape[i] == 0;
    }
    int64_t n = 1;
    int64_t bytes = 0;
    for (size_t i = n_dims; i-- > 0;) {
        t->stride[i] = empty ? 0 : n;
        if (!empty && __builtin_mul_overflow(n, t->shape[i], &n))
            return refuse_tensor(r, name, _("its shape holds more elements than can be counted."));
    }
    if (!empty && __builtin_mul_overflow(n, (int64_t)source_dtype_bytes(t->dtype), &bytes))
        return refuse_tensor(r, name, _("its shape holds more elements than can be counted."));
    *n_bytes = (uint64_t)bytes;
    return 0;
}

static int read_place(const struct reader *r, const char *name, const json_t *offsets,
                      uint64_t n_bytes, struct source_tensor *t, struct place *place)
{
    const json_t *begin = json_array_get(offsets, 0);
    const json_t *end = json_array_get(offsets, 1);
    json_int_t b = json_integer_value(begin);
    json_int_t e = json_integer_value(end);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        b < 0 || e < b)
        return refuse_tensor(r, name,
                             _("its data_offsets must be two whole numbers, begin and end."));
    if ((uint64_t)e > r->n_data)
        return refuse_tensor(r, name,
                             _("it ends at byte %lld of the data, but there are %llu; the file is "
                               "truncated, download it again."),
                             (long long)e, (ull)r->n_data);
    if ((uint64_t)(e - b) != n_bytes)
        return refuse_tensor(r, name, _("its shape needs %llu bytes, but it has %lld."),
                             (ull)n_bytes, (long long)(e - b));
    t->data = r->data + b;
    *place = (struct place){.begin = (uint64_t)b, .end = (uint64_t)e, .index = r->table->n};
    return 0;
}

static int read_tensor(struct reader *r, const char *name, const json_t *entry)
{
    struct source_tensor t = {0};
    uint64_t n_bytes = 0;
    if (!json_is_object(entry))
        return refuse_tensor(r, name, _("its entry must be an object."));
    int rc = read_dtype(r, name, json_object_get(entry, "dtype"), &t);
    if (rc == 0)
        rc = read_shape(r, name, json_object_get(entry, "shape"), &t, &n_bytes);
    if (rc == 0)
        rc = read_place(r, name, json_object_get(entry, "data_offsets"), n_bytes, &t,
                        &r->place[r->table->n]);
    if (rc == 0)
        rc = source_table_add(r->table, r->file, name, strlen(name), &t, r->err);
    return rc;
}

static int by_begin(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Do the tensors cover the data exactly? */
static int check_places(const struct reader *r)
{
    uint64_t at = 0;
    size_t n = r->table->n;
    qsort(r->place, n, sizeof *r->place, by_begin);
    for (size_t i = 0; i < n; i++) {
        const struct place *p = &r->place[i];
        const char *name = r->table->tensor[p->index].name;
        if (p->begin < at)
            return refuse_tensor(r, name, _("it overlaps another one, at byte %llu of the data."),
                                 (ull)p->begin);
        if (p->begin > at)
            return refuse_tensor(r, name,
                                 _("before it, from byte %llu of the data, lies something that is "
                                   "no tensor's."),
                                 (ull)at);
        at = p->end;
    }
    if (at != r->n_data)
        return err_set(r->err, E_INPUT,
                       _("%s: data at byte %llu: %llu bytes behind the last tensor are no "
                         "tensor's."),
                       r->file->shown, (ull)(r->file->n_bytes - (r->n_data - at)),
                       (ull)(r->n_data - at));
    return 0;
}

static int read_entries(struct reader *r, json_t *root)
{
    size_t n = json_object_size(root);
    const char *name;
    json_t *entry;
    int rc = 0;
    if (n > LIMIT_SOURCE_TENSORS + 1) /* and __metadata__ */
        return err_set(r->err, E_INPUT, _("%s: more than %u tensors."), r->file->shown,
                       LIMIT_SOURCE_TENSORS);
    r->place = calloc(n ? n : 1, sizeof *r->place);
    if (!r->place)
        return err_set(r->err, E_RESOURCE, _("%s: not enough memory for the table of tensors."),
                       r->file->shown);
    json_object_foreach(root, name, entry)
    {
        rc = strcmp(name, "__metadata__") == 0 ? check_metadata(r->file, entry, r->err)
                                               : read_tensor(r, name, entry);
        if (rc != 0)
            break;
    }
    if (rc == 0)
        rc = check_places(r);
    free(r->place);
    return rc;
}

int safetensors_parse(const struct source_file *file, struct source_table *table, struct err *err)
{
    uint64_t n = 0;
    for (size_t i = LENGTH_BYTES; i-- > 0;)
        n = n << 8 | file->data[i];
    uint64_t left = file->n_bytes - LENGTH_BYTES;
    if (n > LIMIT_SAFETENSORS_HEADER)
        return err_set(err, E_INPUT,
                       _("%s: header length at byte 0: %llu bytes; at most %u are allowed."),
                       file->shown, (ull)n, LIMIT_SAFETENSORS_HEADER);
    if (n > left)
        return err_set(err, E_INPUT,
                       _("%s: header length at byte 0: %llu bytes, but the file has %llu more; it "
                         "is truncated, download it again."),
                       file->shown, (ull)n, (ull)left);
    if (n < 2 || file->data[LENGTH_BYTES] != '{')
        return err_set(err, E_INPUT,
                       _("%s: header at byte %d: a JSON object {...} is needed; this is no "
                         "safetensors file, or a damaged one."),
                       file->shown, LENGTH_BYTES);
    json_t *root;
    int rc = load_header(file, (size_t)n, &root, err);
    if (rc != 0)
        return rc;
    struct reader r = {.file = file,
                       .data = file->data + LENGTH_BYTES + n,
                       .n_data = left - n,
                       .table = table,
                       .err = err};
    rc = read_entries(&r, root);
    json_decref(root);
    return rc;
}
