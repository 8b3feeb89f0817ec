/* weights.c - see weights.h. Formats are rows of functions over their own parsed form; the row is
 * found by the first bytes, never by the name of the file; only the pieces of one model find each
 * other by name. GGUF files are mapped here, the files of a checkpoint by their own readers. */
#include "config.h"

#include "engine/formats/weights.h"

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
#include "engine/formats/gguf_pieces.h"
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
    char *own_path;   /* the same, when nobody else has it */
    const void *data; /* our mapping of it, NULL: none (an empty file, or a checkpoint's) */
    size_t n_bytes;
};

struct weights {
    const struct format *format;
    void *tables;                  /* the format's */
    struct checkpoint *checkpoint; /* the same, when it is one */
    struct gguf_set *set;          /* likewise, when it is GGUF */
    const void *data;              /* of the file with the metadata; borrowed */
    size_t n_bytes;
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
    gguf_set_free(tables);
}

static void gguf_row_describe(const void *tables, char *out, size_t size)
{
    int version = gguf_version(gguf_set_piece(tables, 0)), n = gguf_set_n_pieces(tables);
    if (n == 1)
        snprintf(out, size, "GGUF v%d", version);
    else
        snprintf(out, size, _("GGUF v%d, %d pieces"), version, n);
}

static size_t gguf_row_n_tensors(const void *tables)
{
    return gguf_set_n_tensors(tables);
}

static const struct tensor *gguf_row_tensor(const void *tables, size_t i)
{
    return gguf_set_tensor(tables, i);
}

static const struct tensor *gguf_row_find(const void *tables, const char *name)
{
    return gguf_set_find(tables, name);
}

static size_t gguf_row_n_meta(const void *tables)
{
    return gguf_n_meta(gguf_set_piece(tables, 0));
}

static const char *gguf_row_meta_key(const void *tables, size_t i)
{
    return gguf_meta_key(gguf_set_piece(tables, 0), i);
}

static const struct meta_value *gguf_row_meta_value(const void *tables, size_t i)
{
    return gguf_meta_value(gguf_set_piece(tables, 0), i);
}

static const struct meta_value *gguf_row_meta_find(const void *tables, const char *key)
{
    return gguf_meta_find(gguf_set_piece(tables, 0), key);
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

/* Maps the file at its path; an empty one has no bytes. */
static int map_file(struct opened_file *f, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    int fd;
    infile_quote(shown, f->path);
    int rc = infile_open(f->path, &fd, &f->st, err);
    if (rc != 0)
        return rc;
    if ((unsigned long long)f->st.st_size > SIZE_MAX) {
        rc = err_set(err, E_RESOURCE, _("%s: the file is too large for this machine."), shown);
    } else if (f->st.st_size > 0) {
        size_t n = (size_t)f->st.st_size;
        void *p;
        rc = infile_map(shown, fd, n, &p, err);
        if (rc == 0) {
            f->data = p;
            f->n_bytes = n;
        }
    }
    close(fd);
    return rc;
}

static void close_files(struct weights *w)
{
    for (size_t i = 0; i < w->n_files; i++) {
        if (w->file[i].data)
            munmap((void *)w->file[i].data, w->file[i].n_bytes);
        free(w->file[i].own_path);
    }
    free(w->file);
    w->file = NULL;
    w->n_files = 0;
    w->data = NULL;
    w->n_bytes = 0;
}

/* Makes room for the n pieces; the one that is open gets its place among them. */
static int add_files(struct weights *w, int number, int n, struct err *err)
{
    struct opened_file *file = calloc((size_t)n, sizeof file[0]);
    if (!file)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    file[number - 1] = w->file[0];
    free(w->file);
    w->file = file;
    w->n_files = (size_t)n;
    for (int i = 0; i < n; i++) {
        if (i == number - 1)
            continue;
        file[i].path = file[i].own_path = gguf_piece_path(w->path, i + 1);
        if (!file[i].path)
            return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    }
    return 0;
}

static int open_piece(struct opened_file *f, int n, const char *shown, struct gguf **out,
                      struct err *err)
{
    if (access(f->path, F_OK) != 0)
        return err_set(err, E_INPUT,
                       _("%s: there is no such file; all %d pieces of the model are needed."),
                       shown, n);
    int rc = map_file(f, err);
    return rc != 0 ? rc : gguf_parse(shown, f->data ? f->data : "", f->n_bytes, out, err);
}

/* The path of the whole is that of the first piece, whichever was given. */
static int take_first_path(struct weights *w, int number, struct err *err)
{
    char *first = strdup(w->file[0].path);
    if (!first)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    w->file[number - 1].own_path = w->path;
    w->path = first;
    infile_quote(w->shown, first);
    return 0;
}

/* Opens the other pieces of the model; takes g, the one at w->path. */
static int open_set(struct weights *w, struct gguf *g, int number, int n, struct err *err)
{
    struct gguf **piece = calloc((size_t)n, sizeof piece[0]);
    char(*shown)[INFILE_QUOTE_BYTES] = calloc((size_t)n, sizeof shown[0]);
    const char **name = calloc((size_t)n, sizeof name[0]);
    struct gguf_set *set = NULL;
    int rc = piece && shown && name
                 ? add_files(w, number, n, err)
                 : err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    for (int i = 0; rc == 0 && i < n; i++) {
        name[i] = infile_quote(shown[i], w->file[i].path);
        if (i != number - 1)
            rc = open_piece(&w->file[i], n, name[i], &piece[i], err);
    }
    if (rc == 0) {
        piece[number - 1] = g;
        rc = gguf_set_new(piece, name, n, &set, err); /* takes them */
    } else {
        for (int i = 0; piece && i < n; i++)
            gguf_free(piece[i]);
        gguf_free(g);
    }
    if (rc == 0) {
        w->set = set;
        w->data = w->file[0].data;
        w->n_bytes = w->file[0].n_bytes;
        set_format(w, &format_gguf, set);
        rc = number == 1 ? 0 : take_first_path(w, number, err);
    }
    free(piece);
    free(shown);
    free(name);
    return rc;
}

/* Is the path that of piece *number of n, with another piece beside it? */
static bool is_among_pieces(const char *path, int n, int *number)
{
    size_t n_stem;
    int count;
    if (!gguf_piece_name(path, &n_stem, number, &count) || count != n)
        return false;
    char *other = gguf_piece_path(path, *number == 1 ? 2 : 1);
    bool is = other && access(other, F_OK) == 0;
    free(other);
    return is;
}

/* Which piece the open file is, by its name; by that of what a link leads to, when the others lie
 * there. 0: its name says nothing. */
static int find_number(struct weights *w, int n)
{
    size_t n_stem;
    int number, count;
    if (is_among_pieces(w->path, n, &number))
        return number;
    char *real = realpath(w->path, NULL);
    if (real && is_among_pieces(real, n, &number)) {
        free(w->path);
        w->path = real;
        w->file[0].path = real;
        infile_quote(w->shown, real);
        return number;
    }
    free(real);
    return gguf_piece_name(w->path, &n_stem, &number, &count) && count == n ? number : 0;
}

static int parse_gguf(struct weights *w, struct err *err)
{
    struct gguf *g;
    int n = 1, number;
    int rc = gguf_parse(w->shown, w->data, w->n_bytes, &g, err);
    if (rc != 0)
        return rc;
    rc = gguf_count_pieces(g, w->shown, &n, err);
    if (rc == 0 && n > 1) {
        if (w->n_files == 1 && (number = find_number(w, n)) > 0)
            return open_set(w, g, number, n, err);
        rc = err_set(err, E_INPUT,
                     _("%s: this is a piece of a model in %d files; they are found by their names, "
                       "NAME-00001-of-%05d.gguf and so on: give this one its name back."),
                     w->shown, n, n);
    }
    if (rc != 0) {
        gguf_free(g);
        return rc;
    }
    rc = gguf_set_new(&g, &(const char *){w->shown}, 1, &w->set, err); /* takes it */
    if (rc == 0)
        set_format(w, &format_gguf, w->set);
    return rc;
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
    close_files(w);
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

static int map(struct weights *w, struct err *err)
{
    w->file = calloc(1, sizeof w->file[0]);
    if (!w->file)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    w->n_files = 1;
    w->file[0].path = w->path;
    int rc = map_file(&w->file[0], err);
    w->data = w->file[0].data ? w->file[0].data : "";
    w->n_bytes = w->file[0].n_bytes;
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
        close_files(w);
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
    close_files(w);
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
    return w->checkpoint ? checkpoint_n_files(w->checkpoint) : w->n_files ? w->n_files : 1;
}

const void *weights_region(const struct weights *w, size_t i, size_t *n_bytes)
{
    if (w->checkpoint)
        return checkpoint_region(w->checkpoint, i, n_bytes);
    if (w->n_files == 0) /* bytes in memory */
        return weights_base(w, n_bytes);
    *n_bytes = w->file[i].n_bytes;
    return w->file[i].data;
}

bool weights_changed(const struct weights *w)
{
    for (size_t i = 0; i < w->n_files; i++) {
        const struct stat *then = &w->file[i].st;
        struct stat now;
        if (stat(w->file[i].path, &now) == 0 && now.st_dev == then->st_dev &&
            now.st_ino == then->st_ino &&
            (now.st_size != then->st_size || now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
             now.st_mtim.tv_nsec != then->st_mtim.tv_nsec))
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

/* The parts of a checkpoint's metadata and tensors that tell it from another one. */
static void hash_checkpoint(const struct weights *w, XXH3_state_t *state)
{
    static const unsigned char nothing[IDENTITY_SAMPLE_BYTES];
    for (size_t i = 0; i < weights_meta_count(w); i++) {
        const struct meta_value *v;
        const char *key = weights_meta_at(w, i, &v);
        /* A folder may be moved, and its card rewritten. */
        if (strcmp(key, "general.name") == 0 || strcmp(key, "general.license") == 0)
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

static void hash_header(const struct gguf *g, const void *data, size_t n_bytes, XXH3_state_t *state)
{
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)((uint64_t)n_bytes >> (8 * i));
    XXH3_128bits_update(state, data, gguf_header_bytes(g));
    XXH3_128bits_update(state, size, sizeof size);
}

static void hash_gguf(const struct weights *w, XXH3_state_t *state)
{
    for (int i = 0; i < gguf_set_n_pieces(w->set); i++) {
        size_t n_bytes;
        const void *data = weights_region(w, (size_t)i, &n_bytes);
        hash_header(gguf_set_piece(w->set, i), data, n_bytes, state);
    }
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
