/* convert.c - see convert.h.
 *
 * A panel of rows is read, packed and written at a time. The threads of a pool share the rows of a
 * panel; rows do not know of each other, so the result does not depend on their number. */
#include "config.h"

#include "engine/formats/convert.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arch.h"
#include "engine/formats/infile.h"
#include "engine/kernels/pool.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

enum { PANEL_BYTES = 32 << 20 };

static const char file_type_key[] = "general.file_type";

/* general.file_type of the GGUF specification: what most matrices are. */
static uint32_t file_type(enum quant_type type)
{
    switch (type) {
    case QUANT_F16: return 1;
    case QUANT_Q4_0: return 2;
    case QUANT_Q4_1: return 3;
    case QUANT_Q5_0: return 8;
    case QUANT_Q5_1: return 9;
    case QUANT_Q2_K: return 10;
    case QUANT_Q3_K: return 11;
    case QUANT_IQ4_NL: return 25;
    case QUANT_IQ4_XS: return 30;
    case QUANT_Q8_0: return 7;
    case QUANT_Q4_K: return 14;
    case QUANT_Q5_K: return 16;
    case QUANT_Q6_K: return 18;
    case QUANT_BF16: return 32;
    default: return 0;
    }
}

bool convert_can(int type)
{
    const struct quant *q = quant_of((uint32_t)type);
    return q && q->pack;
}

static bool fits(enum quant_type type, const struct tensor *t)
{
    return t->dim[0] % quant_of((uint32_t)type)->block_elems == 0;
}

/* Has it fewer bits a weight than q6_K? */
static bool is_coarse(enum quant_type type)
{
    const struct quant *q = quant_of((uint32_t)type), *q6 = quant_of(QUANT_Q6_K);
    return q->block_bytes * q6->block_elems < q6->block_bytes * q->block_elems;
}

/* Is it the matrix the logits come from? */
static bool is_head(const struct weights *in, const struct tensor *t)
{
    const char *output = slot_gguf_name[SLOT_OUTPUT];
    return strcmp(t->name, weights_find(in, output) ? output : slot_gguf_name[SLOT_TOKEN_EMBD]) ==
           0;
}

enum quant_type convert_type(const struct weights *in, const struct tensor *t, int type)
{
    if (t->n_dims != 2 || strcmp(t->name, slot_gguf_name[SLOT_POSITION_EMBD]) == 0)
        return QUANT_F32;
    if (type == CONVERT_AS_STORED)
        return t->type;
    enum quant_type wanted = (enum quant_type)type;
    if (is_coarse(wanted) && is_head(in, t))
        wanted = QUANT_Q6_K;
    if (fits(wanted, t))
        return wanted;
    return fits(QUANT_Q8_0, t) ? QUANT_Q8_0 : t->type;
}

static int64_t n_rows(const struct tensor *t)
{
    return t->dim[1] * t->dim[2] * t->dim[3];
}

static size_t row_bytes(enum quant_type type, const struct tensor *t)
{
    size_t n = 0;
    quant_row_bytes(type, t->dim[0], &n); /* the shape fits: convert_type saw to it */
    return n;
}

uint64_t convert_bytes(const struct weights *in, int type)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < weights_count(in); i++) {
        const struct tensor *t = weights_at(in, i);
        sum += (uint64_t)n_rows(t) * row_bytes(convert_type(in, t, type), t);
    }
    return sum;
}

/* ---- a panel ---- */

struct panel {
    const struct weights *in;
    const struct tensor *t;
    enum quant_type to;
    int64_t first, n;
    float *rows;           /* [n][dim[0]] */
    unsigned char *packed; /* [n] rows of `to` */
    atomic_int failed;     /* the code of a thread that ran out of memory */
};

/* Thread i of n of the pool. */
static void pack_part(void *arg, int i, int n)
{
    struct panel *p = arg;
    int64_t begin, end, width = p->t->dim[0];
    pool_part(p->n, 1, i, n, &begin, &end);
    if (begin == end)
        return;
    unsigned char *packed = p->packed + (size_t)begin * row_bytes(p->to, p->t);
    if (p->to == p->t->type) {
        weights_read_stored(p->in, p->t, p->first + begin, end - begin, packed);
        return;
    }
    float *rows = p->rows + begin * width;
    int rc = weights_read_rows(p->in, p->t, p->first + begin, end - begin, rows, NULL);
    if (rc == 0)
        quant_of((uint32_t)p->to)->pack(rows, packed, (end - begin) * width);
    else
        atomic_store(&p->failed, rc);
}

struct work {
    const struct convert_request *request;
    struct gguf_writer *out;
    struct pool *pool;
    uint64_t n_done, n_all; /* bytes of the result's tensors */
};

static bool told(struct work *w, size_t n_bytes)
{
    w->n_done += n_bytes;
    int percent = w->n_all ? (int)((double)w->n_done / (double)w->n_all * 100) : 100;
    return !w->request->progress || w->request->progress(w->request->ctx, percent);
}

static int convert_tensor(struct work *w, const struct tensor *t, struct err *err)
{
    struct panel p = {.in = w->request->in, .t = t};
    p.to = convert_type(p.in, t, w->request->type);
    size_t width_bytes, out_bytes = row_bytes(p.to, t), size;
    int64_t all = n_rows(t);
    int rc = 0;
    if (!mul_size((size_t)t->dim[0], sizeof p.rows[0], &width_bytes))
        width_bytes = SIZE_MAX;
    int64_t step = PANEL_BYTES / (int64_t)(width_bytes / 2 + 1) + 1;
    step = step < all ? step : all;
    p.rows = mul_size((size_t)step, width_bytes, &size) ? malloc(size) : NULL;
    p.packed = mul_size((size_t)step, out_bytes, &size) ? malloc(size) : NULL;
    if (!p.rows || !p.packed)
        rc = E_RESOURCE;
    for (; rc == 0 && p.first < all; p.first += p.n) {
        p.n = all - p.first < step ? all - p.first : step;
        pool_run(w->pool, pack_part, &p);
        rc = atomic_load(&p.failed);
        if (rc == 0)
            rc = gguf_write_tensor(w->out, p.packed, (size_t)p.n * out_bytes, err);
        else
            break;
        if (rc == 0 && !told(w, (size_t)p.n * out_bytes))
            rc = err_set(err, E_CANCELLED, _("interrupted"));
    }
    free(p.rows);
    free(p.packed);
    return rc == E_RESOURCE ? err_set(err, E_RESOURCE, _("not enough memory to convert a model."))
                            : rc;
}

static bool is_written(const struct weights *in, int type)
{
    for (size_t i = 0; i < weights_count(in); i++)
        if (!convert_can((int)convert_type(in, weights_at(in, i), type)) &&
            convert_type(in, weights_at(in, i), type) != weights_at(in, i)->type)
            return false;
    return true;
}

static void put_header(struct work *w, enum quant_type type)
{
    const struct weights *in = w->request->in;
    bool has_type = false;
    for (size_t i = 0; i < weights_meta_count(in); i++) {
        const struct meta_value *value;
        const char *key = weights_meta_at(in, i, &value);
        if (strncmp(key, "split.", 6) == 0) /* how it lay in pieces: the result is one file */
            continue;
        bool is_type = strcmp(key, file_type_key) == 0 && w->request->type != CONVERT_AS_STORED;
        has_type |= strcmp(key, file_type_key) == 0;
        if (is_type)
            gguf_put_u32(w->out, key, file_type(type));
        else
            gguf_put_copy(w->out, key, value);
    }
    if (!has_type)
        gguf_put_u32(w->out, file_type_key, file_type(type));
    for (size_t i = 0; i < weights_count(in); i++) {
        const struct tensor *t = weights_at(in, i);
        gguf_add_tensor(w->out, t->name, convert_type(in, t, w->request->type), t->n_dims, t->dim);
    }
}

/* The type of most bytes. */
static enum quant_type main_type(const struct weights *in)
{
    const struct tensor *largest = NULL;
    for (size_t i = 0; i < weights_count(in); i++)
        if (!largest || weights_at(in, i)->n_bytes > largest->n_bytes)
            largest = weights_at(in, i);
    return largest ? largest->type : QUANT_F32;
}

int convert_run(const struct convert_request *r, struct err *err)
{
    struct work w = {.request = r, .n_all = convert_bytes(r->in, r->type)};
    char shown[INFILE_QUOTE_BYTES];
    if ((r->type != CONVERT_AS_STORED && !convert_can(r->type)) || !is_written(r->in, r->type))
        return err_set(err, E_UNSUPPORTED, _("%s: xuxie does not write tensors of this type."),
                       infile_quote(shown, r->out_path));
    enum quant_type type =
        r->type == CONVERT_AS_STORED ? main_type(r->in) : (enum quant_type)r->type;
    int rc = gguf_writer_new(r->out_path, &w.out, err);
    if (rc == 0)
        rc = pool_new(r->n_threads, &w.pool, err);
    if (rc == 0) {
        put_header(&w, type);
        rc = r->more ? r->more(r->ctx, w.out, err) : 0;
    }
    if (rc == 0)
        rc = gguf_write_header(w.out, err);
    for (size_t i = 0; rc == 0 && i < weights_count(r->in); i++)
        rc = convert_tensor(&w, weights_at(r->in, i), err);
    if (rc == 0)
        rc = gguf_writer_finish(w.out, err);
    pool_free(w.pool);
    gguf_writer_free(w.out);
    return rc;
}
