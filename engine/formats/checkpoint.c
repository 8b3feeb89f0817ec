/* checkpoint.c - see checkpoint.h.
 *
 * A tensor is a matrix of rows x columns (a vector: rows x 1) put together from the pieces of one
 * or several files. Every way in which checkpoints differ comes down to three things here: the
 * strides of a piece (a transposed matrix has them exchanged), the row of the checkpoint a row of
 * ours is (source_row), and the piece a row or a run of columns lies in. So one function copies any
 * of them, and no tensor is ever held twice.
 */
#include "config.h"

#include "engine/formats/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/formats/checkpoint_files.h"
#include "engine/formats/family.h"
#include "engine/formats/infile.h"
#include "engine/formats/model_card.h"
#include "engine/formats/names.h"
#include "engine/formats/source.h"
#include "engine/formats/strset.h"
#include "engine/memory.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

enum {
    NAME_BYTES = 64, /* of our own names */
    N_LAYER_SLOTS = N_SLOTS - N_MODEL_SLOTS,
    ARENA_ALIGNMENT = 64,
    LOAD_STEP_BYTES = 8 << 20,
};

struct piece {
    const unsigned char *data;
    int64_t row_stride, column_stride; /* in elements */
};

struct entry {
    struct tensor tensor;
    char name[NAME_BYTES];
    enum recipe recipe;
    enum join join;
    enum source_dtype dtype;
    int n_head, head_dim;  /* for the recipes that need them */
    int64_t rows, columns; /* of the whole */
    int64_t piece_rows, piece_cols;
    struct piece *piece; /* [n_pieces], owned */
    size_t n_pieces;
    float *vector; /* owned content of a vector; NULL: a matrix */
    bool in_arena;
};

struct checkpoint {
    struct checkpoint_files files;
    struct source **source; /* [files.n] */
    const struct family *family;
    struct family_facts facts;
    struct entry *entry;
    size_t n;
    struct meta_string *name; /* [n], for by_name */
    struct strset by_name;
    unsigned char *arena; /* reserved: an address for every matrix that has to be made */
    size_t arena_bytes;
};

bool checkpoint_matches(const unsigned char *p, size_t n)
{
    static const unsigned char zip[] = "PK\3\4", pickle[] = {0x80, 2, 0x8a, 0x0a};
    if (n >= 4 && (memcmp(p, zip, 4) == 0 || memcmp(p, pickle, 4) == 0))
        return true;
    /* safetensors: the length of a JSON text, 64 bits, and the text */
    return n >= 9 && p[8] == '{' && p[4] == 0 && p[5] == 0 && p[6] == 0 && p[7] == 0;
}

static int no_memory(struct err *err)
{
    return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
}

/* ---- what is wrong with the tensors, so that one message tells it all, or the beginning ---- */

struct complaints {
    size_t n, n_told, n_bytes;
    char text[600];
};

enum { MAX_TOLD = 6 };

__attribute__((format(printf, 2, 3))) static void complain(struct complaints *c, const char *fmt,
                                                           ...)
{
    char what[480];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    c->n++;
    size_t room = sizeof c->text - c->n_bytes;
    if (c->n_told == MAX_TOLD || strlen(what) + strlen("; ") >= room)
        return;
    c->n_bytes += (size_t)snprintf(c->text + c->n_bytes, room, "%s%s", c->n_told ? "; " : "", what);
    c->n_told++;
}

static int tell(const struct checkpoint *c, const struct complaints *all, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    if (all->n == 0)
        return 0;
    infile_quote(shown, c->files.folder);
    if (all->n > all->n_told)
        return err_set(err, E_INPUT,
                       _("%s: the tensors do not make a whole model (%s): %s; and "
                         "%zu more."),
                       shown, c->family->name, all->text, all->n - all->n_told);
    return err_set(err, E_INPUT, _("%s: the tensors do not make a whole model (%s): %s."), shown,
                   c->family->name, all->text);
}

/* ---- files and family ---- */

static int open_sources(struct checkpoint *c, struct err *err)
{
    c->source = calloc(c->files.n, sizeof c->source[0]);
    if (!c->source)
        return no_memory(err);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->files.n; i++)
        rc = source_open(c->files.path[i], &c->source[i], err);
    return rc;
}

static bool has_embedding(const struct checkpoint *c, const struct family *f)
{
    for (size_t s = 0; s < c->files.n; s++) {
        for (size_t i = 0; i < source_count(c->source[s]); i++) {
            int layer;
            const char *name = source_at(c->source[s], i)->name;
            if (names_match(f, name, &layer) == &f->rows[0])
                return true;
        }
    }
    return false;
}

/* The family is known by the name of its embedding, whatever config.json says. */
static int find_family(struct checkpoint *c, struct err *err)
{
    for (size_t i = 0; families[i]; i++) {
        if (has_embedding(c, families[i])) {
            c->family = families[i];
            return 0;
        }
    }
    char shown[INFILE_QUOTE_BYTES], known[200] = "", quoted[360] = "";
    infile_quote(shown, c->files.folder);
    for (size_t i = 0, n = 0; families[i] && n < sizeof known; i++)
        n +=
            (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? "; " : "", families[i]->name);
    if (source_count(c->source[0]) == 0)
        return err_set(err, E_INPUT, _("%s: the file holds no tensors."),
                       infile_quote(shown, c->files.path[0]));
    const char *name = source_at(c->source[0], 0)->name;
    err_quote(quoted, sizeof quoted, name, strlen(name));
    return err_set(err, E_UNSUPPORTED,
                   _("%s: no family xuxie knows has tensors with such names (the first is \"%s\"); "
                     "known are: %s."),
                   shown, quoted, known);
}

static int read_config(struct checkpoint *c, struct err *err)
{
    struct jsonfile config;
    int rc =
        jsonfile_open(c->files.folder, "config.json", LIMIT_CHECKPOINT_CONFIG_BYTES, &config, err);
    if (rc != 0)
        return rc;
    rc = c->family->describe(&config, &c->facts, err);
    jsonfile_close(&config);
    if (rc != 0)
        return rc;
    const char *slash = strrchr(c->files.folder, '/');
    metalist_string(&c->facts.meta, "general.name", slash ? slash + 1 : c->files.folder);
    char *license = model_card_license(c->files.folder);
    if (license)
        metalist_string(&c->facts.meta, "general.license", license);
    free(license);
    return c->facts.meta.failed ? no_memory(err) : 0;
}

/* ---- finding every tensor's pieces ---- */

/* The tensors of the files, by slot, layer and rank. */
struct found {
    const struct source_tensor **at; /* [n_places][n_ranks] */
    const struct name_row **row;     /* [n_places] */
    size_t n_places, n_ranks;
};

static size_t place_of(enum slot slot, int layer)
{
    if ((int)slot < (int)N_MODEL_SLOTS)
        return (size_t)slot;
    return (size_t)N_MODEL_SLOTS + (size_t)layer * N_LAYER_SLOTS + ((size_t)slot - N_MODEL_SLOTS);
}

static enum slot_need need_of(const struct checkpoint *c, enum slot slot)
{
    if (slot == SLOT_OUTPUT && !c->facts.tied)
        return SLOT_REQUIRED;
    return (enum slot_need)c->facts.arch->need[slot];
}

static void place_tensor(const struct checkpoint *c, const struct source_tensor *t, size_t rank,
                         struct found *f, struct complaints *all)
{
    char quoted[360];
    int layer;
    const struct name_row *row = names_match(c->family, t->name, &layer);
    if (row ? row->slot == SLOT_OUTPUT && c->facts.tied : names_ignored(c->family, t->name))
        return;
    err_quote(quoted, sizeof quoted, t->name, strlen(t->name));
    if (!row || layer >= c->facts.n_layer || need_of(c, row->slot) == SLOT_ABSENT) {
        complain(all, _("%s is not part of this architecture"), quoted);
        return;
    }
    size_t place = place_of(row->slot, layer);
    if (f->at[place * f->n_ranks + rank]) {
        complain(all, _("%s is there twice"), quoted);
        return;
    }
    f->at[place * f->n_ranks + rank] = t;
    f->row[place] = row;
}

static void complain_missing(const struct checkpoint *c, const struct found *f,
                             const struct name_row *row, int layer, struct complaints *all)
{
    char name[128], shown[INFILE_QUOTE_BYTES];
    size_t place = place_of(row->slot, layer);
    size_t n_needed = row->join == JOIN_SAME ? 1 : f->n_ranks;
    names_spell(row, layer, name, sizeof name);
    if (!f->row[place]) {
        if (need_of(c, row->slot) == SLOT_REQUIRED)
            complain(all, _("%s is missing"), name);
        return;
    }
    for (size_t r = 0; r < n_needed; r++)
        if (!f->at[place * f->n_ranks + r])
            complain(all, _("%s is missing in %s"), name, infile_quote(shown, c->files.path[r]));
}

static int find_tensors(const struct checkpoint *c, struct found *f, struct complaints *all,
                        struct err *err)
{
    f->n_ranks = c->files.ranks ? c->files.n : 1;
    f->n_places = (size_t)N_MODEL_SLOTS + (size_t)c->facts.n_layer * N_LAYER_SLOTS;
    f->at = calloc(f->n_places * f->n_ranks, sizeof(f->at[0]));
    f->row = calloc(f->n_places, sizeof(f->row[0]));
    if (!f->at || !f->row)
        return no_memory(err);
    for (size_t s = 0; s < c->files.n; s++)
        for (size_t i = 0; i < source_count(c->source[s]); i++)
            place_tensor(c, source_at(c->source[s], i), c->files.ranks ? s : 0, f, all);
    for (const struct name_row *row = c->family->rows; row->pattern; row++) {
        int n = (int)row->slot < (int)N_MODEL_SLOTS ? 1 : c->facts.n_layer;
        for (int layer = 0; layer < n; layer++)
            complain_missing(c, f, row, layer, all);
    }
    return 0;
}

/* ---- making a tensor of pieces ---- */

static enum quant_type type_of(enum source_dtype dtype)
{
    switch (dtype) {
    case SOURCE_F16: return QUANT_F16;
    case SOURCE_BF16: return QUANT_BF16;
    default: return QUANT_F32;
    }
}

static bool is_weight(enum source_dtype dtype)
{
    return dtype == SOURCE_F32 || dtype == SOURCE_F16 || dtype == SOURCE_BF16 ||
           dtype == SOURCE_F64;
}

/* Shape and strides of a piece as a matrix of ours. */
static void piece_of(const struct source_tensor *t, enum recipe recipe, struct piece *p,
                     int64_t *rows, int64_t *columns)
{
    bool matrix = t->n_dims == 2;
    *rows = t->shape[0];
    *columns = matrix ? t->shape[1] : 1;
    *p = (struct piece){t->data, t->stride[0], matrix ? t->stride[1] : 0};
    if (recipe == RECIPE_TRANSPOSED) {
        int64_t n = *rows;
        *rows = *columns;
        *columns = n;
        *p = (struct piece){t->data, t->stride[1], t->stride[0]};
    }
}

static int gather_pieces(struct entry *e, const struct source_tensor *const *at, size_t n_ranks,
                         const char *name, struct complaints *all, struct err *err)
{
    e->n_pieces = e->join == JOIN_SAME ? 1 : n_ranks;
    e->piece = calloc(e->n_pieces, sizeof e->piece[0]);
    if (!e->piece)
        return no_memory(err);
    e->dtype = at[0]->dtype;
    for (size_t i = 0; i < e->n_pieces; i++) {
        const struct source_tensor *t = at[i];
        int64_t rows, columns;
        if (t->n_dims < 1 || t->n_dims > 2 || t->n_dims != at[0]->n_dims ||
            (t->n_dims == 1 && (e->recipe == RECIPE_TRANSPOSED || e->join == JOIN_COLUMNS))) {
            complain(all, _("%s has %d dimensions"), name, t->n_dims);
            return 0;
        }
        if (t->dtype != e->dtype || !is_weight(t->dtype)) {
            complain(all, _("%s is of the type %s"), name, source_dtype_name(t->dtype));
            return 0;
        }
        piece_of(t, e->recipe, &e->piece[i], &rows, &columns);
        if (i == 0) {
            e->piece_rows = rows;
            e->piece_cols = columns;
        }
        if (rows != e->piece_rows || columns != e->piece_cols || rows < 1 || columns < 1) {
            complain(all, _("the pieces of %s do not fit together"), name);
            return 0;
        }
    }
    int64_t n = (int64_t)e->n_pieces; /* at most 100, and a piece has fewer than 2^62 elements */
    e->rows = e->piece_rows;
    e->columns = e->piece_cols;
    int64_t *joined = e->join == JOIN_COLUMNS ? &e->columns : &e->rows;
    int64_t n_elems;
    if (__builtin_mul_overflow(*joined, n, joined) ||
        __builtin_mul_overflow(e->rows, e->columns, &n_elems) || n_elems > INT64_MAX / 8) {
        complain(all, _("%s is too large"), name);
        e->rows = 0;
    }
    return 0;
}

/* Rows are put into another order only when there are as many as the order is made for. */
static void check_rows(const struct checkpoint *c, struct entry *e, enum slot slot,
                       const char *name, struct complaints *all)
{
    const struct family_facts *f = &c->facts;
    int64_t wanted = e->rows;
    e->n_head = e->recipe == RECIPE_ROPE_K ? f->n_head_kv : f->n_head;
    e->head_dim = f->head_dim;
    if (e->recipe == RECIPE_QKV_HEADS)
        wanted = 3 * (int64_t)f->n_head * f->head_dim;
    else if (e->recipe != RECIPE_PLAIN && e->recipe != RECIPE_TRANSPOSED)
        wanted = (int64_t)e->n_head * e->head_dim;
    else if (slot == SLOT_TOKEN_EMBD && f->n_vocab)
        wanted = f->n_vocab;
    if (e->rows != wanted)
        complain(all, _("%s has %lld rows and should have %lld"), name, (long long)e->rows,
                 (long long)wanted);
}

/* Can the engine use the bytes of the file as they are? */
static bool lies_ready(const struct entry *e)
{
    const struct piece *p = &e->piece[0];
    return e->n_pieces == 1 && (e->recipe == RECIPE_PLAIN || e->recipe == RECIPE_TRANSPOSED) &&
           p->column_stride == 1 && p->row_stride == e->columns && e->dtype != SOURCE_F64 &&
           (uintptr_t)p->data % source_dtype_bytes(e->dtype) == 0;
}

static int64_t source_row(const struct entry *e, int64_t row)
{
    int64_t d = e->head_dim;
    switch (e->recipe) {
    case RECIPE_QKV_HEADS: {
        int64_t part = row / (e->n_head * d), head = row / d % e->n_head;
        return (3 * head + part) * d + row % d;
    }
    case RECIPE_ROPE_Q:
    case RECIPE_ROPE_K: {
        int64_t in_head = row % d;
        return row - in_head + in_head % 2 * (d / 2) + in_head / 2;
    }
    default: return row;
    }
}

/* n elements, `stride` apart, to out, `step` apart; f64 becomes f32. */
static void copy_elements(enum source_dtype dtype, const unsigned char *in, int64_t stride,
                          unsigned char *out, int64_t step, int64_t n)
{
    size_t size = source_dtype_bytes(dtype);
    if (dtype == SOURCE_F64) {
        for (int64_t i = 0; i < n; i++) {
            double d;
            memcpy(&d, in + i * stride * 8, sizeof d);
            float f = (float)d;
            memcpy(out + i * step * 4, &f, sizeof f);
        }
    } else if (stride == 1 && step == 1) {
        memcpy(out, in, (size_t)n * size);
    } else if (size == 4) {
        for (int64_t i = 0; i < n; i++)
            memcpy(out + i * step * 4, in + i * stride * 4, 4);
    } else {
        for (int64_t i = 0; i < n; i++)
            memcpy(out + i * step * 2, in + i * stride * 2, 2);
    }
}

/* Rows first .. first + n - 1, packed. */
static void read_rows(const struct entry *e, int64_t first, int64_t n, unsigned char *out)
{
    const int64_t size = (int64_t)source_dtype_bytes(e->dtype);
    const int64_t out_size = quant_of((uint32_t)type_of(e->dtype))->block_bytes;
    if (e->recipe == RECIPE_TRANSPOSED) { /* down the columns: that is how they lie in memory */
        const struct piece *p = &e->piece[0];
        for (int64_t k = 0; k < e->columns; k++)
            copy_elements(e->dtype, p->data + (first * p->row_stride + k * p->column_stride) * size,
                          p->row_stride, out + k * out_size, e->columns, n);
        return;
    }
    for (int64_t i = 0; i < n; i++, out += e->columns * out_size) {
        int64_t row = source_row(e, first + i);
        if (e->join == JOIN_COLUMNS) {
            for (size_t p = 0; p < e->n_pieces; p++)
                copy_elements(e->dtype, e->piece[p].data + row * e->piece[p].row_stride * size,
                              e->piece[p].column_stride,
                              out + (int64_t)p * e->piece_cols * out_size, 1, e->piece_cols);
        } else {
            const struct piece *p = &e->piece[row / e->piece_rows];
            copy_elements(e->dtype, p->data + row % e->piece_rows * p->row_stride * size,
                          p->column_stride, out, 1, e->columns);
        }
    }
}

/* Vectors are few and small: they are made at once, as f32. */
static int make_vector(struct entry *e, struct err *err)
{
    float *v = malloc((size_t)e->rows * sizeof v[0]);
    unsigned char *packed = malloc((size_t)e->rows * sizeof v[0]);
    if (!v || !packed) {
        free(v);
        free(packed);
        return no_memory(err);
    }
    read_rows(e, 0, e->rows, packed);
    quant_of((uint32_t)type_of(e->dtype))->unpack(packed, v, e->rows);
    free(packed);
    e->vector = v;
    e->tensor = (struct tensor){.name = e->name,
                                .type = QUANT_F32,
                                .n_dims = 1,
                                .dim = {e->rows, 1, 1, 1},
                                .data = v,
                                .n_bytes = (size_t)e->rows * sizeof v[0]};
    return 0;
}

static int make_entry(struct checkpoint *c, const struct found *f, size_t place, enum slot slot,
                      int layer, struct complaints *all, struct err *err)
{
    const struct name_row *row = f->row[place];
    const struct source_tensor *const *at = &f->at[place * f->n_ranks];
    struct entry *e = &c->entry[c->n];
    char name[128];
    names_spell(row, layer, name, sizeof name);
    c->n++; /* its pieces are freed with it */
    bool pairs_neighbours = c->facts.arch->position == POSITION_ROPE_NORM;
    e->join = f->n_ranks > 1 ? (enum join)row->join : JOIN_SAME;
    e->recipe = (enum recipe)row->recipe;
    if ((e->recipe == RECIPE_ROPE_Q || e->recipe == RECIPE_ROPE_K) && !pairs_neighbours)
        e->recipe = RECIPE_PLAIN;
    if ((int)slot < (int)N_MODEL_SLOTS)
        snprintf(e->name, sizeof e->name, "%s", slot_gguf_name[slot]);
    else
        snprintf(e->name, sizeof e->name, "blk.%d.%s", layer,
                 slot_gguf_name[slot] + strlen("blk.%d."));
    size_t n_before = all->n;
    int rc = gather_pieces(e, at, f->n_ranks, name, all, err);
    if (rc == 0 && all->n == n_before)
        check_rows(c, e, slot, name, all);
    if (rc != 0 || all->n > 0)
        return rc; /* told when all are looked at; what was found is not read */
    if (at[0]->n_dims == 1)
        return make_vector(e, err);
    e->tensor = (struct tensor){.name = e->name,
                                .type = type_of(e->dtype),
                                .n_dims = 2,
                                .dim = {e->columns, e->rows, 1, 1}};
    e->tensor.n_bytes =
        (size_t)(e->rows * e->columns) * (size_t)quant_of((uint32_t)e->tensor.type)->block_bytes;
    if (lies_ready(e)) {
        e->tensor.data = e->piece[0].data;
        return 0;
    }
    e->in_arena = true;
    size_t padded;
    if (!add_size(e->tensor.n_bytes, ARENA_ALIGNMENT - 1, &padded) ||
        !add_size(c->arena_bytes, padded & ~(size_t)(ARENA_ALIGNMENT - 1), &c->arena_bytes))
        return no_memory(err);
    return 0;
}

/* The one tensor that is no part of the files: what Llama 3's scaling divides frequencies by. */
static void make_divisors(struct checkpoint *c)
{
    struct entry *e = &c->entry[c->n++];
    snprintf(e->name, sizeof e->name, "%s", slot_gguf_name[SLOT_ROPE_FREQS]);
    e->rows = c->facts.head_dim / 2;
    e->columns = 1;
    e->vector = c->facts.rope_divisor;
    c->facts.rope_divisor = NULL;
    e->tensor = (struct tensor){.name = e->name,
                                .type = QUANT_F32,
                                .n_dims = 1,
                                .dim = {e->rows, 1, 1, 1},
                                .data = e->vector,
                                .n_bytes = (size_t)e->rows * sizeof e->vector[0]};
}

static int make_entries(struct checkpoint *c, struct err *err)
{
    struct complaints all = {.n = 0};
    struct found f = {.at = NULL};
    int rc = find_tensors(c, &f, &all, err);
    if (rc == 0) {
        c->entry = calloc(f.n_places + 1, sizeof c->entry[0]);
        rc = c->entry ? 0 : no_memory(err);
    }
    bool whole = all.n == 0;
    for (size_t place = 0; rc == 0 && whole && place < f.n_places; place++) {
        size_t in_layers = place < N_MODEL_SLOTS ? 0 : place - N_MODEL_SLOTS;
        enum slot slot =
            (enum slot)(place < N_MODEL_SLOTS ? place : N_MODEL_SLOTS + in_layers % N_LAYER_SLOTS);
        if (f.row[place])
            rc = make_entry(c, &f, place, slot, (int)(in_layers / N_LAYER_SLOTS), &all, err);
        else if (slot == SLOT_ROPE_FREQS && c->facts.rope_divisor)
            make_divisors(c);
    }
    if (rc == 0)
        rc = tell(c, &all, err);
    free(f.at);
    free(f.row);
    return rc;
}

/* ---- addresses ---- */

/* Addresses cost nothing until checkpoint_load() writes to them. */
static int reserve(struct checkpoint *c, struct err *err)
{
    if (c->arena_bytes == 0)
        return 0;
    void *p =
        mmap(NULL, c->arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        char shown[INFILE_QUOTE_BYTES];
        struct memory_room room;
        memory_room(&room);
        return err_set(
            err, E_RESOURCE,
            _("%s: %zu MiB of its matrices must be put together in memory, but the limit of "
              "the address space leaves %zu MiB."),
            infile_quote(shown, c->files.folder), c->arena_bytes >> 20, room.address >> 20);
    }
    c->arena = p;
    size_t at = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct entry *e = &c->entry[i];
        if (!e->in_arena)
            continue;
        e->tensor.data = c->arena + at;
        at += (e->tensor.n_bytes + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    }
    return 0;
}

static int index_names(struct checkpoint *c, struct err *err)
{
    c->name = calloc(c->n ? c->n : 1, sizeof c->name[0]);
    if (!c->name || !strset_init(&c->by_name, c->name, c->n))
        return no_memory(err);
    for (size_t i = 0; i < c->n; i++) {
        c->name[i] = (struct meta_string){c->entry[i].name, strlen(c->entry[i].name)};
        strset_add(&c->by_name, i);
    }
    return 0;
}

int checkpoint_open(const char *path, struct checkpoint **out, struct err *err)
{
    struct checkpoint *c = calloc(1, sizeof *c);
    if (!c)
        return no_memory(err);
    int rc = checkpoint_files_find(path, &c->files, err);
    if (rc == 0)
        rc = open_sources(c, err);
    if (rc == 0)
        rc = find_family(c, err);
    if (rc == 0)
        rc = read_config(c, err);
    if (rc == 0)
        rc = make_entries(c, err);
    if (rc == 0)
        rc = reserve(c, err);
    if (rc == 0)
        rc = index_names(c, err);
    if (rc == 0)
        *out = c;
    else
        checkpoint_close(c);
    return rc;
}

void checkpoint_close(struct checkpoint *c)
{
    if (!c)
        return;
    if (c->arena)
        munmap(c->arena, c->arena_bytes);
    for (size_t i = 0; i < c->n; i++) {
        free(c->entry[i].piece);
        free(c->entry[i].vector);
    }
    strset_free(&c->by_name);
    free(c->name);
    free(c->entry);
    family_facts_free(&c->facts);
    for (size_t i = 0; c->source && i < c->files.n; i++)
        source_close(c->source[i]);
    free(c->source);
    checkpoint_files_free(&c->files);
    free(c);
}

/* ---- looking and reading ---- */

const char *checkpoint_folder(const struct checkpoint *c)
{
    return c->files.folder;
}

const char *checkpoint_format(const struct checkpoint *c)
{
    return source_format(c->source[0]);
}

size_t checkpoint_n_files(const struct checkpoint *c)
{
    return c->files.n;
}

const char *checkpoint_file(const struct checkpoint *c, size_t i)
{
    return c->files.path[i];
}

const void *checkpoint_region(const struct checkpoint *c, size_t i, size_t *n_bytes)
{
    uintptr_t begin = UINTPTR_MAX, end = 0;
    for (size_t k = 0; k < source_count(c->source[i]); k++) {
        const struct source_tensor *t = source_at(c->source[i], k);
        int64_t last = 0;
        bool empty = false;
        for (int d = 0; d < t->n_dims; d++) {
            last += (t->shape[d] - 1) * t->stride[d];
            empty |= t->shape[d] == 0;
        }
        if (empty)
            continue;
        uintptr_t from = (uintptr_t)t->data;
        uintptr_t to = from + (size_t)(last + 1) * source_dtype_bytes(t->dtype);
        begin = from < begin ? from : begin;
        end = to > end ? to : end;
    }
    *n_bytes = end > begin ? end - begin : 0;
    return *n_bytes ? (const void *)begin : NULL;
}

int checkpoint_check(const struct checkpoint *c, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->files.n; i++)
        rc = source_check(c->source[i], err);
    return rc;
}

size_t checkpoint_n_tensors(const struct checkpoint *c)
{
    return c->n;
}

const struct tensor *checkpoint_tensor(const struct checkpoint *c, size_t i)
{
    return i < c->n ? &c->entry[i].tensor : NULL;
}

const struct tensor *checkpoint_find(const struct checkpoint *c, const char *name)
{
    size_t i = strset_find(&c->by_name, name, strlen(name));
    return i == STRSET_NONE ? NULL : &c->entry[i].tensor;
}

size_t checkpoint_n_meta(const struct checkpoint *c)
{
    return c->facts.meta.n;
}

const char *checkpoint_meta_key(const struct checkpoint *c, size_t i)
{
    return i < c->facts.meta.n ? c->facts.meta.key[i] : NULL;
}

const struct meta_value *checkpoint_meta_value(const struct checkpoint *c, size_t i)
{
    return i < c->facts.meta.n ? &c->facts.meta.value[i] : NULL;
}

const struct meta_value *checkpoint_meta_find(const struct checkpoint *c, const char *key)
{
    return metalist_find(&c->facts.meta, key);
}

void checkpoint_read(const struct checkpoint *c, const struct tensor *t, int64_t first, int64_t n,
                     void *out)
{
    (void)c;
    const struct entry *e = (const struct entry *)t; /* its first member */
    if (e->vector)
        memcpy(out, e->vector + first * e->rows, (size_t)(n * e->rows) * sizeof e->vector[0]);
    else
        read_rows(e, first, n, out);
}

size_t checkpoint_made_bytes(const struct checkpoint *c)
{
    return c->arena_bytes;
}

int checkpoint_load(struct checkpoint *c, bool (*progress)(void *ctx, int percent), void *ctx,
                    struct err *err)
{
    if (!c->arena)
        return 0;
    if (mprotect(c->arena, c->arena_bytes, PROT_READ | PROT_WRITE) != 0)
        return no_memory(err);
    size_t done = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct entry *e = &c->entry[i];
        if (!e->in_arena)
            continue;
        int64_t row_bytes = (int64_t)e->tensor.n_bytes / e->rows;
        int64_t step = LOAD_STEP_BYTES / row_bytes + 1;
        unsigned char *out = c->arena + ((const unsigned char *)e->tensor.data - c->arena);
        for (int64_t row = 0; row < e->rows; row += step) {
            int64_t n = e->rows - row < step ? e->rows - row : step;
            read_rows(e, row, n, out + row * row_bytes);
            done += (size_t)(n * row_bytes);
            if (progress && !progress(ctx, (int)((double)done / (double)c->arena_bytes * 100)))
                return E_CANCELLED;
        }
    }
    mprotect(c->arena, c->arena_bytes, PROT_READ);
    return 0;
}
