/* model.c - see model.h.
 *
 * Every slot of the architecture's row is looked up by name and its shape compared with the
 * hyperparameters before a byte of tensor data is read. Tensors with one dimension are converted to
 * f32 once (they are small and every layer wants them so); matrices stay where they are, in the
 * mapping, in the type of the file. */
#include "config.h"

#include "engine/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/infile.h"
#include "engine/model_hparams.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

/* Lengths a tensor can have, named by what they count. */
enum dim { DIM_NONE, DIM_V, DIM_P, DIM_C, DIM_QKV, DIM_Q, DIM_KV, DIM_D, DIM_F, DIM_R, N_DIMS };

/* {row length, rows}; rows DIM_NONE: a vector. */
static const uint8_t slot_shape[N_SLOTS][2] = {
    [SLOT_TOKEN_EMBD] = {DIM_C, DIM_V}, [SLOT_POSITION_EMBD] = {DIM_C, DIM_P},
    [SLOT_OUTPUT_NORM] = {DIM_C},       [SLOT_OUTPUT_NORM_B] = {DIM_C},
    [SLOT_OUTPUT] = {DIM_C, DIM_V},     [SLOT_ROPE_FREQS] = {DIM_R},
    [SLOT_ATTN_NORM] = {DIM_C},         [SLOT_ATTN_NORM_B] = {DIM_C},
    [SLOT_ATTN_QKV] = {DIM_C, DIM_QKV}, [SLOT_ATTN_QKV_B] = {DIM_QKV},
    [SLOT_ATTN_Q] = {DIM_C, DIM_Q},     [SLOT_ATTN_Q_B] = {DIM_Q},
    [SLOT_ATTN_K] = {DIM_C, DIM_KV},    [SLOT_ATTN_K_B] = {DIM_KV},
    [SLOT_ATTN_V] = {DIM_C, DIM_KV},    [SLOT_ATTN_V_B] = {DIM_KV},
    [SLOT_ATTN_Q_NORM] = {DIM_D},       [SLOT_ATTN_K_NORM] = {DIM_D},
    [SLOT_ATTN_OUT] = {DIM_Q, DIM_C},   [SLOT_ATTN_OUT_B] = {DIM_C},
    [SLOT_FFN_NORM] = {DIM_C},          [SLOT_FFN_NORM_B] = {DIM_C},
    [SLOT_FFN_GATE] = {DIM_C, DIM_F},   [SLOT_FFN_GATE_B] = {DIM_F},
    [SLOT_FFN_UP] = {DIM_C, DIM_F},     [SLOT_FFN_UP_B] = {DIM_F},
    [SLOT_FFN_DOWN] = {DIM_F, DIM_C},   [SLOT_FFN_DOWN_B] = {DIM_C},
};

/* What is wrong with the tensors, collected so that one message tells all (or the first few). */
struct complaints {
    int n, n_told;
    size_t n_bytes;
    char text[560];
};

enum { MAX_TOLD = 6, SHAPE_BYTES = 96, NAME_BYTES = 64 };

static void complain(struct complaints *c, const char *what)
{
    const size_t room = sizeof(c->text) - c->n_bytes;
    c->n++;
    if (c->n_told == MAX_TOLD || strlen(what) + strlen("; ") >= room)
        return;
    c->n_bytes += (size_t)snprintf(c->text + c->n_bytes, room, "%s%s", c->n_told ? "; " : "", what);
    c->n_told++;
}

static const char *shape_text(char out[SHAPE_BYTES], const int64_t *dim, int n_dims)
{
    size_t used = (size_t)snprintf(out, SHAPE_BYTES, "[");
    for (int i = 0; i < n_dims && used < SHAPE_BYTES; i++)
        used += (size_t)snprintf(out + used, SHAPE_BYTES - used, "%s%lld", i ? ", " : "",
                                 (long long)dim[i]);
    if (used < SHAPE_BYTES)
        snprintf(out + used, SHAPE_BYTES - used, "]");
    return out;
}

static void slot_name(char out[NAME_BYTES], enum slot slot, int layer)
{
    if ((int)slot < (int)N_MODEL_SLOTS)
        snprintf(out, NAME_BYTES, "%s", slot_gguf_name[slot]);
    else
        snprintf(out, NAME_BYTES, "blk.%d.%s", layer, slot_gguf_name[slot] + strlen("blk.%d."));
}

static void dims_of(const struct hparams *hp, int64_t dims[N_DIMS])
{
    dims[DIM_NONE] = 1;
    dims[DIM_V] = hp->n_vocab;
    dims[DIM_P] = hp->n_ctx_train;
    dims[DIM_C] = hp->n_embd;
    dims[DIM_Q] = (int64_t)hp->n_head * hp->head_dim;
    dims[DIM_KV] = (int64_t)hp->n_head_kv * hp->head_dim;
    dims[DIM_QKV] = dims[DIM_Q] + 2 * dims[DIM_KV];
    dims[DIM_D] = hp->head_dim;
    dims[DIM_F] = hp->n_ff;
    dims[DIM_R] = hp->n_rot / 2;
}

/* The tensor of a slot, or NULL; complains when it is missing or has another shape. */
static const struct tensor *resolve(const struct model *m, enum slot slot, int layer,
                                    const int64_t dims[N_DIMS], struct complaints *c)
{
    char name[NAME_BYTES], what[512], got[SHAPE_BYTES], wanted[SHAPE_BYTES];
    if (m->arch->need[slot] == SLOT_ABSENT)
        return NULL;
    slot_name(name, slot, layer);
    const struct tensor *t = weights_find(m->weights, name);
    if (!t) {
        if (m->arch->need[slot] == SLOT_REQUIRED) {
            snprintf(what, sizeof(what), _("%s is missing"), name);
            complain(c, what);
        }
        return NULL;
    }
    const int n_dims = slot_shape[slot][1] == DIM_NONE ? 1 : 2;
    const int64_t want[2] = {dims[slot_shape[slot][0]], dims[slot_shape[slot][1]]};
    if (t->n_dims == n_dims && t->dim[0] == want[0] && (n_dims == 1 || t->dim[1] == want[1]))
        return t;
    snprintf(what, sizeof(what), _("%s has the shape %s and should have %s"), name,
             shape_text(got, t->dim, t->n_dims), shape_text(wanted, want, n_dims));
    complain(c, what);
    return NULL;
}

/* Does the row know a tensor of this name? */
static bool known_name(const struct model *m, const char *name)
{
    int layer = -1, prefix = 0;
    if (sscanf(name, "blk.%4d.%n", &layer, &prefix) == 1 && prefix > 0 && layer >= 0 &&
        layer < m->hp.n_layer) {
        char canonical[NAME_BYTES];
        for (int s = N_MODEL_SLOTS; s < N_SLOTS; s++) {
            slot_name(canonical, (enum slot)s, layer);
            if (m->arch->need[s] != SLOT_ABSENT && strcmp(canonical, name) == 0)
                return true;
        }
        return false;
    }
    for (int s = 0; s < N_MODEL_SLOTS; s++)
        if (m->arch->need[s] != SLOT_ABSENT && strcmp(slot_gguf_name[s], name) == 0)
            return true;
    return false;
}

static int resolve_all(struct model *m, struct err *err)
{
    struct complaints c = {.n = 0};
    int64_t dims[N_DIMS];
    dims_of(&m->hp, dims);
    size_t n_found = 0;
    for (int s = 0; s < N_MODEL_SLOTS; s++) {
        m->slots[s] = resolve(m, (enum slot)s, 0, dims, &c);
        n_found += m->slots[s] != NULL;
    }
    for (int l = 0; l < m->hp.n_layer; l++) {
        for (int s = N_MODEL_SLOTS; s < N_SLOTS; s++) {
            m->layers[l][s] = resolve(m, (enum slot)s, l, dims, &c);
            n_found += m->layers[l][s] != NULL;
        }
    }
    /* A tensor that the graph would not use changes what the model computes: better told. */
    for (size_t i = 0; n_found < weights_count(m->weights) && i < weights_count(m->weights); i++) {
        const char *name = weights_at(m->weights, i)->name;
        if (known_name(m, name))
            continue;
        char what[512], quoted[360];
        snprintf(what, sizeof(what), _("%s is not part of this architecture"),
                 err_quote(quoted, sizeof(quoted), name, strlen(name)));
        complain(&c, what);
    }
    if (c.n == 0)
        return 0;
    char path[360];
    const char *p = weights_path(m->weights);
    err_quote(path, sizeof(path), p, strlen(p));
    if (c.n > c.n_told)
        return err_set(err, E_INPUT,
                       _("%s: the tensors do not make a whole %s model: %s; and %d more"), path,
                       m->arch->name, c.text, c.n - c.n_told);
    return err_set(err, E_INPUT, _("%s: the tensors do not make a whole %s model: %s"), path,
                   m->arch->name, c.text);
}

static size_t vector_elems(const struct tensor *t)
{
    return t && t->n_dims == 1 ? (size_t)t->dim[0] : 0;
}

/* Unpacks t to *next and moves it on; NULL for what is no vector. */
static const float *unpack_vector(const struct tensor *t, float **next)
{
    const size_t n = vector_elems(t);
    if (n == 0)
        return NULL;
    float *out = *next;
    const struct quant *q = quant_of((uint32_t)t->type);
    assert(q);
    q->unpack(t->data, out, (int64_t)n);
    *next += n;
    return out;
}

static int convert_vectors(struct model *m, struct err *err)
{
    /* Sums of at most layers x slots numbers that were checked to be small: no overflow. */
    size_t n = (size_t)m->hp.n_rot / 2;
    for (int s = 0; s < N_MODEL_SLOTS; s++)
        n += vector_elems(m->slots[s]);
    for (int l = 0; l < m->hp.n_layer; l++)
        for (int s = N_MODEL_SLOTS; s < N_SLOTS; s++)
            n += vector_elems(m->layers[l][s]);

    float *next = malloc((n + 1) * sizeof(*next));
    if (!next)
        return err_set(err, E_RESOURCE, _("not enough memory for %zu bytes of model parameters"),
                       n * sizeof(*next));
    m->vec_memory = next;
    for (int s = 0; s < N_MODEL_SLOTS; s++)
        m->vec[s] = unpack_vector(m->slots[s], &next);
    for (int l = 0; l < m->hp.n_layer; l++)
        for (int s = N_MODEL_SLOTS; s < N_SLOTS; s++)
            m->layer_vec[l][s] = unpack_vector(m->layers[l][s], &next);
    m->rope_freq = next;
    return hparams_rope(m->weights, m->arch, &m->hp, m->vec[SLOT_ROPE_FREQS], next, err);
}

static int find_arch(struct model *m, struct err *err)
{
    char path[360], quoted[360];
    const char *p = weights_path(m->weights);
    err_quote(path, sizeof(path), p, strlen(p));
    struct meta_string name = {NULL, 0};
    int rc = weights_meta_string(m->weights, "general.architecture", &name, err);
    if (rc)
        return rc;
    if (!name.s)
        return err_set(err, E_INPUT,
                       _("%s: the key \"general.architecture\" is missing; "
                         "the file does not say what model it holds"),
                       path);
    m->arch = arch_find(name.s, name.n);
    if (!m->arch)
        return err_set(err, E_UNSUPPORTED,
                       _("%s: general.architecture is \"%s\", which is not known; known are: %s"),
                       path, err_quote(quoted, sizeof(quoted), name.s, name.n), arch_names());
    return 0;
}

static int find_vocab(struct model *m, struct err *err)
{
    const struct tensor *t = weights_find(m->weights, slot_gguf_name[SLOT_TOKEN_EMBD]);
    if (!t || t->n_dims != 2)
        return 0; /* resolve_all tells */
    if (t->dim[1] < 1 || t->dim[1] > LIMIT_VOCAB) {
        char path[360];
        const char *p = weights_path(m->weights);
        return err_set(err, E_INPUT, _("%s: %s has %lld rows; a vocabulary has 1 to %u"),
                       err_quote(path, sizeof(path), p, strlen(p)), t->name, (long long)t->dim[1],
                       LIMIT_VOCAB);
    }
    m->hp.n_vocab = (int)t->dim[1];
    return 0;
}

int model_open(struct weights *weights, struct model **out, struct err *err)
{
    struct model *m = calloc(1, sizeof(*m));
    if (!m) {
        weights_close(weights);
        return err_set(err, E_RESOURCE, _("not enough memory to open the model"));
    }
    m->weights = weights;
    int rc = find_arch(m, err);
    if (rc == 0)
        rc = hparams_read(weights, m->arch, &m->hp, err);
    if (rc == 0)
        rc = find_vocab(m, err);
    if (rc)
        goto out;
    m->layers = calloc((size_t)m->hp.n_layer, sizeof(*m->layers));
    m->layer_vec = calloc((size_t)m->hp.n_layer, sizeof(*m->layer_vec));
    if (!m->layers || !m->layer_vec) {
        rc = err_set(err, E_RESOURCE, _("not enough memory to open the model"));
        goto out;
    }
    rc = resolve_all(m, err);
    if (rc == 0)
        rc = convert_vectors(m, err);
    if (rc == 0)
        hparams_hint(weights, &m->hint);
out:
    if (rc)
        model_free(m);
    else
        *out = m;
    return rc;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    free(m->vec_memory);
    free(m->layer_vec);
    free(m->layers);
    weights_close(m->weights);
    free(m);
}

int model_open_tokenizer(const struct model *m, struct tokenizer **out, struct err *err)
{
    struct tokenizer *t = NULL;
    int rc = tokenizer_from_weights(m->weights, &t, err);
    if (rc)
        return rc;
    if (tokenizer_count(t) > m->hp.n_vocab) {
        char shown[INFILE_QUOTE_BYTES];
        rc = err_set(
            err, E_INPUT, _("%s: token_embd.weight has %d rows, but the vocabulary has %d tokens"),
            infile_quote(shown, weights_path(m->weights)), m->hp.n_vocab, (int)tokenizer_count(t));
        tokenizer_free(t);
        return rc;
    }
    *out = t;
    return 0;
}

int64_t model_n_params(const struct model *m)
{
    int64_t sum = 0;
    for (size_t i = 0; i < weights_count(m->weights); i++) {
        const struct tensor *t = weights_at(m->weights, i);
        int64_t n = 1;
        for (int d = 0; d < t->n_dims; d++)
            n *= t->dim[d];
        sum += n;
    }
    return sum;
}

const char *model_type_name(const struct model *m)
{
    enum { N_TYPES = 64 };
    size_t bytes[N_TYPES] = {0};
    uint32_t best = 0;
    for (size_t i = 0; i < weights_count(m->weights); i++) {
        const struct tensor *t = weights_at(m->weights, i);
        const uint32_t type = (uint32_t)t->type;
        assert(type < N_TYPES);
        bytes[type] += t->n_bytes;
        if (bytes[type] > bytes[best])
            best = type;
    }
    return quant_of(best)->name;
}
