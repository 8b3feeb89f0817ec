/* gguf_write.c - see gguf_write.h.
 *
 * Metadata and tensor table are collected in memory and written at once by gguf_write_header, the
 * tensors' data then go straight to the file. The file grows under another name beside the target:
 * created O_EXCL | O_NOFOLLOW, so a planted link is never followed; on disk (fsync) before the
 * rename, and the rename on disk (fsync of the folder) before finish returns.
 */
#include "config.h"

#include "engine/formats/gguf_write.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/formats/infile.h"
#include "engine/formats/strset.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

enum { ALIGNMENT = 32, FILE_BUFFER_BYTES = 1 << 20, TEMP_NAME_TRIES = 100 };
enum {
    TYPE_UINT32 = 4,
    TYPE_INT32 = 5,
    TYPE_FLOAT32 = 6,
    TYPE_BOOL = 7,
    TYPE_STRING = 8,
    TYPE_ARRAY = 9
};

static const char alignment_key[] = "general.alignment";

struct bytes {
    unsigned char *p;
    size_t n, cap;
};

/* Names given so far: where each lies in a struct bytes. */
struct name_ref {
    size_t at, n;
};
struct name_list {
    struct name_ref *ref;
    size_t n, cap;
};

struct gguf_writer {
    char *path, *temp_path;
    char shown[INFILE_QUOTE_BYTES];
    int dir_fd;
    FILE *file;
    mode_t mode;      /* the finished file's */
    bool temp_exists; /* to be removed unless it gets the target's name */
    bool header_written;
    struct err first; /* the first error of a gguf_put_* or gguf_add_tensor */
    struct bytes meta, infos;
    struct name_list keys, names;
    size_t *tensor_bytes; /* [cap_tensors] */
    size_t cap_tensors;
    uint64_t data_end; /* sum of the padded tensors so far added */
    size_t tensor;     /* the one being written */
    size_t tensor_done;
};

/* ---- collecting ---- */

static void fail(struct gguf_writer *w, enum err_code code, const char *text)
{
    if (w->first.code == E_OK)
        err_set(&w->first, code, "%s: %s", w->shown, text);
}

static bool put_bytes(struct gguf_writer *w, struct bytes *b, const void *p, size_t n)
{
    size_t end;
    if (!add_size(b->n, n, &end)) {
        fail(w, E_RESOURCE, _("the header is too large."));
        return false;
    }
    if (end > b->cap) {
        size_t cap = end + end / 2 + 256;
        unsigned char *grown = cap > end ? realloc(b->p, cap) : NULL;
        if (!grown) {
            fail(w, E_RESOURCE, _("not enough memory to write a model."));
            return false;
        }
        b->p = grown;
        b->cap = cap;
    }
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n = end;
    return true;
}

static void put_number(struct gguf_writer *w, struct bytes *b, uint64_t v, int n_bytes)
{
    unsigned char le[8];
    for (int i = 0; i < n_bytes; i++)
        le[i] = (unsigned char)(v >> (8 * i));
    put_bytes(w, b, le, (size_t)n_bytes);
}

static void put_text(struct gguf_writer *w, struct bytes *b, const char *s, size_t n)
{
    put_number(w, b, n, 8);
    put_bytes(w, b, s, n);
}

static uint32_t float_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* A key or tensor name, remembered in list. */
static bool put_name(struct gguf_writer *w, struct bytes *b, struct name_list *list,
                     const char *name, size_t max_bytes)
{
    size_t n = strlen(name);
    if (n == 0 || n > max_bytes) {
        fail(w, E_INPUT, _("a key or tensor name is empty or too long."));
        return false;
    }
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 64;
        struct name_ref *grown = realloc(list->ref, cap * sizeof *grown);
        if (!grown) {
            fail(w, E_RESOURCE, _("not enough memory to write a model."));
            return false;
        }
        list->ref = grown;
        list->cap = cap;
    }
    put_number(w, b, n, 8);
    list->ref[list->n++] = (struct name_ref){b->n, n};
    return put_bytes(w, b, name, n);
}

/* Key and type; false when there is nothing to be added behind them. */
static bool begin_value(struct gguf_writer *w, const char *key, uint32_t type)
{
    assert(!w->header_written);
    if (strcmp(key, alignment_key) == 0 && w->keys.n > 0)
        return false; /* the writer's own, put by gguf_writer_new */
    if (!put_name(w, &w->meta, &w->keys, key, LIMIT_GGUF_KEY_BYTES))
        return false;
    put_number(w, &w->meta, type, 4);
    return true;
}

static bool begin_array(struct gguf_writer *w, const char *key, uint32_t type, size_t n)
{
    if (!begin_value(w, key, TYPE_ARRAY))
        return false;
    put_number(w, &w->meta, type, 4);
    put_number(w, &w->meta, n, 8);
    return true;
}

void gguf_put_string(struct gguf_writer *w, const char *key, const char *s, size_t n)
{
    if (begin_value(w, key, TYPE_STRING))
        put_text(w, &w->meta, s, n);
}

void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t v)
{
    if (begin_value(w, key, TYPE_UINT32))
        put_number(w, &w->meta, v, 4);
}

void gguf_put_f32(struct gguf_writer *w, const char *key, float v)
{
    if (begin_value(w, key, TYPE_FLOAT32))
        put_number(w, &w->meta, float_bits(v), 4);
}

void gguf_put_bool(struct gguf_writer *w, const char *key, bool v)
{
    if (begin_value(w, key, TYPE_BOOL))
        put_number(w, &w->meta, v, 1);
}

static void put_texts(struct gguf_writer *w, const struct meta_string *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_text(w, &w->meta, s[i].s, s[i].n);
}

void gguf_put_strings(struct gguf_writer *w, const char *key, const struct meta_string *s, size_t n)
{
    if (begin_array(w, key, TYPE_STRING, n))
        put_texts(w, s, n);
}

void gguf_put_i32s(struct gguf_writer *w, const char *key, const int32_t *v, size_t n)
{
    if (!begin_array(w, key, TYPE_INT32, n))
        return;
    for (size_t i = 0; i < n; i++)
        put_number(w, &w->meta, (uint32_t)v[i], 4);
}

void gguf_put_f32s(struct gguf_writer *w, const char *key, const float *v, size_t n)
{
    if (!begin_array(w, key, TYPE_FLOAT32, n))
        return;
    for (size_t i = 0; i < n; i++)
        put_number(w, &w->meta, float_bits(v[i]), 4);
}

/* GGUF's number for a scalar of this type and width. */
static uint32_t scalar_type(enum meta_type type, int n_bytes)
{
    static const uint32_t of_uint[9] = {[1] = 0, [2] = 2, [4] = 4, [8] = 10};
    static const uint32_t of_int[9] = {[1] = 1, [2] = 3, [4] = 5, [8] = 11};
    switch (type) {
    case META_BOOL: return TYPE_BOOL;
    case META_STRING: return TYPE_STRING;
    case META_UINT: return of_uint[n_bytes];
    case META_INT: return of_int[n_bytes];
    case META_FLOAT: return n_bytes == 4 ? TYPE_FLOAT32 : 12;
    default: assert(0 && "no scalar"); return 0;
    }
}

static uint64_t scalar_bits(const struct meta_value *v)
{
    switch (v->type) {
    case META_BOOL: return v->b;
    case META_INT: return (uint64_t)v->i;
    case META_UINT: return v->u;
    default: break;
    }
    if (v->n_bytes == 4)
        return float_bits((float)v->f);
    uint64_t bits;
    memcpy(&bits, &v->f, sizeof bits);
    return bits;
}

void gguf_put_copy(struct gguf_writer *w, const char *key, const struct meta_value *v)
{
    if (v->type == META_ARRAY) {
        uint32_t type = scalar_type(v->array.type, v->array.element_bytes);
        if (!begin_array(w, key, type, v->array.n))
            return;
        if (v->array.type == META_STRING)
            put_texts(w, v->array.strings, v->array.n);
        else
            put_bytes(w, &w->meta, v->array.raw, v->array.n * (size_t)v->array.element_bytes);
    } else if (v->type == META_STRING) {
        gguf_put_string(w, key, v->str.s, v->str.n);
    } else if (begin_value(w, key, scalar_type(v->type, v->n_bytes))) {
        put_number(w, &w->meta, scalar_bits(v), v->n_bytes);
    }
}

static bool size_of_tensor(enum quant_type type, int n_dims, const int64_t *dim, size_t *n_bytes)
{
    if (n_dims < 1 || n_dims > (int)LIMIT_GGUF_DIMS || !quant_of(type) || dim[0] < 1 ||
        !quant_row_bytes(type, dim[0], n_bytes))
        return false;
    for (int i = 1; i < n_dims; i++)
        if (dim[i] < 1 || !mul_size(*n_bytes, (size_t)dim[i], n_bytes))
            return false;
    return *n_bytes <= INT64_MAX / 2;
}

void gguf_add_tensor(struct gguf_writer *w, const char *name, enum quant_type type, int n_dims,
                     const int64_t *dim)
{
    assert(!w->header_written);
    size_t n_bytes;
    if (!size_of_tensor(type, n_dims, dim, &n_bytes)) {
        fail(w, E_INPUT, _("the shape of a tensor does not fit its type."));
        return;
    }
    if (w->names.n == w->cap_tensors) {
        size_t cap = w->cap_tensors ? 2 * w->cap_tensors : 64;
        size_t *grown = realloc(w->tensor_bytes, cap * sizeof *grown);
        if (!grown) {
            fail(w, E_RESOURCE, _("not enough memory to write a model."));
            return;
        }
        w->tensor_bytes = grown;
        w->cap_tensors = cap;
    }
    w->tensor_bytes[w->names.n] = n_bytes;
    if (!put_name(w, &w->infos, &w->names, name, LIMIT_GGUF_NAME_BYTES))
        return;
    put_number(w, &w->infos, (uint64_t)n_dims, 4);
    for (int i = 0; i < n_dims; i++)
        put_number(w, &w->infos, (uint64_t)dim[i], 8);
    put_number(w, &w->infos, (uint64_t)type, 4);
    put_number(w, &w->infos, w->data_end, 8);
    uint64_t padded = ((uint64_t)n_bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    if (__builtin_add_overflow(w->data_end, padded, &w->data_end) || w->data_end > INT64_MAX)
        fail(w, E_INPUT, _("the tensors are larger than any file can be."));
}

/* Fails when a name stands twice in the list. */
static void check_unique(struct gguf_writer *w, const struct bytes *b, const struct name_list *list)
{
    struct strset set = {0};
    struct meta_string *s = calloc(list->n ? list->n : 1, sizeof *s);
    if (!s || !strset_init(&set, s, list->n)) {
        fail(w, E_RESOURCE, _("not enough memory to write a model."));
        free(s);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        s[i] = (struct meta_string){(const char *)b->p + list->ref[i].at, list->ref[i].n};
        if (strset_add(&set, i) != i)
            fail(w, E_INPUT, _("a key or tensor name is given twice."));
    }
    strset_free(&set);
    free(s);
}

/* ---- the file ---- */

static int io_error(const struct gguf_writer *w, int why, struct err *err)
{
    return err_set(err, E_IO, _("%s: cannot write the model: %s; the file is left as it was."),
                   w->shown, strerror(why));
}

/* The folder's part of the path ("." when it has none) into *dir, owned. */
static const char *split_path(const char *path, char **dir)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        *dir = strdup(".");
    else
        *dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    return slash ? slash + 1 : path;
}

static int open_temp(struct gguf_writer *w, struct err *err)
{
    char *dir = NULL;
    const char *base = split_path(w->path, &dir);
    size_t size = strlen(w->path) + 32;
    w->temp_path = malloc(size);
    int fd = -1;
    int rc = 0;
    if (!dir || !w->temp_path) {
        rc = err_set(err, E_RESOURCE, _("%s: not enough memory to write a model."), w->shown);
        goto out;
    }
    w->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir_fd < 0) {
        rc = io_error(w, errno, err);
        goto out;
    }
    errno = EEXIST;
    for (int i = 0; i < TEMP_NAME_TRIES && fd < 0 && errno == EEXIST; i++) {
        snprintf(w->temp_path, size, "%.*s.%.200s.%08x", (int)(base - w->path), w->path, base,
                 (unsigned)strset_seed());
        /* Asked for as the finished file shall be, to learn what the umask leaves of it. */
        fd = open(w->temp_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    }
    if (fd < 0) {
        rc = io_error(w, errno, err);
        goto out;
    }
    w->temp_exists = true;
    struct stat st;
    if (fstat(fd, &st) != 0 || fchmod(fd, 0600) != 0 || !(w->file = fdopen(fd, "wb"))) {
        rc = io_error(w, errno, err);
        close(fd);
        goto out;
    }
    w->mode = st.st_mode & 0777;
    setvbuf(w->file, NULL, _IOFBF, FILE_BUFFER_BYTES);
out:
    free(dir);
    return rc;
}

int gguf_writer_new(const char *path, struct gguf_writer **out, struct err *err)
{
    struct gguf_writer *w = calloc(1, sizeof *w);
    char *copy = strdup(path);
    if (!w || !copy) {
        free(w);
        free(copy);
        return err_set(err, E_RESOURCE, _("not enough memory to write a model."));
    }
    w->path = copy;
    w->dir_fd = -1;
    infile_quote(w->shown, path);
    int rc = open_temp(w, err);
    if (rc != 0) {
        gguf_writer_free(w);
        return rc;
    }
    gguf_put_u32(w, alignment_key, ALIGNMENT);
    *out = w;
    return 0;
}

void gguf_writer_free(struct gguf_writer *w)
{
    if (!w)
        return;
    if (w->file)
        fclose(w->file);
    if (w->temp_exists)
        unlink(w->temp_path);
    if (w->dir_fd >= 0)
        close(w->dir_fd);
    free(w->meta.p);
    free(w->infos.p);
    free(w->keys.ref);
    free(w->names.ref);
    free(w->tensor_bytes);
    free(w->temp_path);
    free(w->path);
    free(w);
}

static int write_out(struct gguf_writer *w, const void *p, size_t n, struct err *err)
{
    if (n > 0 && fwrite(p, 1, n, w->file) != n)
        return io_error(w, errno, err);
    return 0;
}

static int write_padding(struct gguf_writer *w, uint64_t n_before, struct err *err)
{
    static const unsigned char zero[ALIGNMENT];
    return write_out(w, zero, (size_t)(-n_before & (ALIGNMENT - 1)), err);
}

int gguf_write_header(struct gguf_writer *w, struct err *err)
{
    assert(!w->header_written);
    check_unique(w, &w->meta, &w->keys);
    check_unique(w, &w->infos, &w->names);
    struct bytes head = {0};
    put_bytes(w, &head, "GGUF", 4);
    put_number(w, &head, 3, 4);
    put_number(w, &head, w->names.n, 8);
    put_number(w, &head, w->keys.n, 8);
    int rc = 0;
    if (w->first.code != E_OK)
        rc = err_set(err, w->first.code, "%s", w->first.msg);
    if (rc == 0)
        rc = write_out(w, head.p, head.n, err);
    if (rc == 0)
        rc = write_out(w, w->meta.p, w->meta.n, err);
    if (rc == 0)
        rc = write_out(w, w->infos.p, w->infos.n, err);
    if (rc == 0)
        rc = write_padding(w, head.n + w->meta.n + w->infos.n, err);
    free(head.p);
    if (rc == 0)
        w->header_written = true;
    return rc;
}

int gguf_write_tensor(struct gguf_writer *w, const void *data, size_t n_bytes, struct err *err)
{
    assert(w->header_written);
    if (w->tensor == w->names.n || n_bytes > w->tensor_bytes[w->tensor] - w->tensor_done)
        return err_set(err, E_INPUT, _("%s: more tensor data than announced."), w->shown);
    int rc = write_out(w, data, n_bytes, err);
    if (rc != 0)
        return rc;
    w->tensor_done += n_bytes;
    if (w->tensor_done < w->tensor_bytes[w->tensor])
        return 0;
    rc = write_padding(w, w->tensor_done, err);
    w->tensor++;
    w->tensor_done = 0;
    return rc;
}

int gguf_writer_finish(struct gguf_writer *w, struct err *err)
{
    if (!w->header_written || w->tensor != w->names.n)
        return err_set(err, E_INPUT, _("%s: less tensor data than announced."), w->shown);
    int fd = fileno(w->file);
    if (fflush(w->file) != 0 || fchmod(fd, w->mode) != 0 || fsync(fd) != 0)
        return io_error(w, errno, err);
    FILE *file = w->file;
    w->file = NULL;
    if (fclose(file) != 0 || rename(w->temp_path, w->path) != 0)
        return io_error(w, errno, err);
    w->temp_exists = false;
    /* Some file systems cannot sync a folder; the data themselves are safe by now. */
    if (fsync(w->dir_fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        return err_set(err, E_IO, _("%s: cannot sync the folder: %s."), w->shown, strerror(errno));
    return 0;
}
