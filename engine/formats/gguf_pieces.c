/* gguf_pieces.c - see gguf_pieces.h. Written after what tools/gguf-split of llama.cpp writes and
 * what its loader asks for. */
#include "config.h"

#include "engine/formats/gguf_pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/strset.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

static const char form[] = "-00000-of-00000.gguf";
enum { FORM_BYTES = sizeof form - 1, NUMBER_AT = 1, COUNT_AT = 10, DIGITS = 5 };

static const char count_key[] = "split.count";
static const char number_key[] = "split.no";
static const char n_tensors_key[] = "split.tensors.count";

static int read_digits(const char *s)
{
    int n = 0;
    for (int i = 0; i < DIGITS; i++)
        n = n * 10 + (s[i] - '0');
    return n;
}

bool gguf_piece_name(const char *path, size_t *n_stem, int *number, int *count)
{
    size_t n = strlen(path);
    if (n <= FORM_BYTES || path[n - FORM_BYTES - 1] == '/')
        return false;
    const char *end = path + n - FORM_BYTES;
    for (int i = 0; i < FORM_BYTES; i++)
        if (form[i] == '0' ? end[i] < '0' || end[i] > '9' : end[i] != form[i])
            return false;
    int is = read_digits(end + NUMBER_AT), of = read_digits(end + COUNT_AT);
    if (is < 1 || is > of)
        return false;
    *n_stem = n - FORM_BYTES;
    *number = is;
    *count = of;
    return true;
}

char *gguf_piece_path(const char *path, int number)
{
    char *out = strdup(path);
    char digits[16];
    if (!out)
        return NULL;
    snprintf(digits, sizeof digits, "%05d", number);
    memcpy(out + strlen(out) - FORM_BYTES + NUMBER_AT, digits, DIGITS);
    return out;
}

/* ---- what a piece says of itself ---- */

/* A whole number under the key; *out stays as it is when there is none. */
static int read_number(const struct gguf *g, const char *name, const char *key, uint64_t max,
                       uint64_t *out, struct err *err)
{
    const struct meta_value *v = gguf_meta_find(g, key);
    if (!v)
        return 0;
    bool is_number = v->type == META_UINT || (v->type == META_INT && v->i >= 0);
    uint64_t n = !is_number ? 0 : v->type == META_UINT ? v->u : (uint64_t)v->i;
    if (!is_number || n > max)
        return err_set(err, E_INPUT,
                       _("%s: %s at byte %llu: a whole number from 0 to %llu is needed."), name,
                       key, (unsigned long long)v->offset, (unsigned long long)max);
    *out = n;
    return 0;
}

int gguf_count_pieces(const struct gguf *g, const char *name, int *count, struct err *err)
{
    uint64_t n = 0;
    int rc = read_number(g, name, count_key, LIMIT_CHECKPOINT_FILES, &n, err);
    *count = n > 1 ? (int)n : 1;
    return rc;
}

static int check_piece(const struct gguf *g, const char *name, int i, int n, struct err *err)
{
    uint64_t number = 0;
    int count;
    int rc = gguf_count_pieces(g, name, &count, err);
    if (rc == 0)
        rc = read_number(g, name, number_key, LIMIT_CHECKPOINT_FILES, &number, err);
    if (rc == 0 && (count != n || number != (uint64_t)i))
        rc = err_set(err, E_INPUT,
                     _("%s: by its metadata this is piece %llu of %d, not %d of %d: the pieces are "
                       "not of one model, or were given other names."),
                     name, (unsigned long long)number + 1, count, i + 1, n);
    return rc;
}

/* ---- the pieces as one ---- */

struct gguf_set {
    struct gguf **piece; /* owned */
    int n_pieces;
    size_t n_tensors;
    const struct tensor **tensor;
    struct meta_string *name; /* borrowed from the pieces */
    struct strset names;
};

static int no_memory(struct err *err)
{
    return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
}

/* The piece a tensor is in, from 0. */
static int piece_of(const struct gguf_set *s, size_t i)
{
    for (int p = 0; p < s->n_pieces; p++) {
        if (i < gguf_n_tensors(s->piece[p]))
            return p;
        i -= gguf_n_tensors(s->piece[p]);
    }
    return s->n_pieces - 1;
}

static int add_tensors(struct gguf_set *s, const struct gguf *g, const char *name, struct err *err)
{
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct tensor *t = gguf_tensor(g, i);
        size_t at = s->n_tensors++;
        s->tensor[at] = t;
        s->name[at] = (struct meta_string){t->name, strlen(t->name)};
        size_t found = strset_add(&s->names, at);
        if (found != at) {
            char quoted[360];
            return err_set(err, E_INPUT, _("%s: tensor %s is in piece %d already."), name,
                           err_quote(quoted, sizeof quoted, t->name, s->name[at].n),
                           piece_of(s, found) + 1);
        }
    }
    return 0;
}

static int join(struct gguf_set *s, const char *const *name, struct err *err)
{
    size_t n = 0;
    for (int i = 0; i < s->n_pieces; i++) {
        int rc = s->n_pieces == 1 ? 0 : check_piece(s->piece[i], name[i], i, s->n_pieces, err);
        if (rc != 0)
            return rc;
        n += gguf_n_tensors(s->piece[i]); /* each at most LIMIT_GGUF_TENSORS */
    }
    uint64_t announced = n;
    int rc = s->n_pieces == 1
                 ? 0
                 : read_number(s->piece[0], name[0], n_tensors_key, UINT32_MAX, &announced, err);
    if (rc != 0)
        return rc;
    if (n > LIMIT_GGUF_TENSORS || announced != n)
        return err_set(err, E_INPUT,
                       _("%s: %s says that there are %llu tensors, the pieces have %zu; at most %u "
                         "are allowed."),
                       name[0], n_tensors_key, (unsigned long long)announced, n,
                       LIMIT_GGUF_TENSORS);
    s->tensor = calloc(n + 1, sizeof s->tensor[0]);
    s->name = calloc(n + 1, sizeof s->name[0]);
    if (!s->tensor || !s->name || !strset_init(&s->names, s->name, n))
        return no_memory(err);
    for (int i = 0; rc == 0 && i < s->n_pieces; i++)
        rc = add_tensors(s, s->piece[i], name[i], err);
    return rc;
}

int gguf_set_new(struct gguf **piece, const char *const *name, int n, struct gguf_set **out,
                 struct err *err)
{
    struct gguf_set *s = calloc(1, sizeof *s);
    struct gguf **copy = s ? calloc((size_t)n, sizeof copy[0]) : NULL;
    if (!copy) {
        for (int i = 0; i < n; i++)
            gguf_free(piece[i]);
        free(s);
        return no_memory(err);
    }
    memcpy(copy, piece, (size_t)n * sizeof copy[0]);
    s->piece = copy;
    s->n_pieces = n;
    int rc = join(s, name, err);
    if (rc != 0) {
        gguf_set_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

void gguf_set_free(struct gguf_set *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n_pieces; i++)
        gguf_free(s->piece[i]);
    strset_free(&s->names);
    free(s->piece);
    free(s->tensor);
    free(s->name);
    free(s);
}

int gguf_set_n_pieces(const struct gguf_set *s)
{
    return s->n_pieces;
}

const struct gguf *gguf_set_piece(const struct gguf_set *s, int i)
{
    return s->piece[i];
}

size_t gguf_set_n_tensors(const struct gguf_set *s)
{
    return s->n_tensors;
}

const struct tensor *gguf_set_tensor(const struct gguf_set *s, size_t i)
{
    return i < s->n_tensors ? s->tensor[i] : NULL;
}

const struct tensor *gguf_set_find(const struct gguf_set *s, const char *name)
{
    size_t i = strset_find(&s->names, name, strlen(name));
    return i == STRSET_NONE ? NULL : s->tensor[i];
}
