/* torch_common.c - see torch_common.h.
 *
 * A state dict is walked with a stack of its own, LIMIT_STATE_DICT_DEPTH deep at most; a pickle may
 * share dictionaries, or put one into itself, so the steps are counted, too.
 */
#include "config.h"

#include "engine/formats/torch_common.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

/* ---- storages ---- */

static int no_memory(const struct source_file *file, struct err *err)
{
    return err_set(err, E_RESOURCE, _("%s: not enough memory for the table of tensors."),
                   file->shown);
}

static int add_storage(struct torch_storages *s, size_t i, const struct source_file *file,
                       struct err *err)
{
    const struct pickle_storage *p = pickle_storage_at(s->pickle, i);
    char quoted[360];
    err_quote(quoted, sizeof quoted, p->key.s, p->key.n);
    size_t element =
        p->dtype == PICKLE_UNTYPED ? 1 : source_dtype_bytes((enum source_dtype)p->dtype);
    uint64_t n_bytes;
    if (__builtin_mul_overflow((uint64_t)p->n_elements, element, &n_bytes) ||
        n_bytes > SIZE_MAX / 2)
        return err_set(err, E_INPUT,
                       _("%s: storage %s: %lld elements are more than any file "
                         "holds."),
                       file->shown, quoted, (long long)p->n_elements);
    s->key[s->n] = p->key;
    size_t at = strset_add(&s->keys, s->n);
    struct torch_storage *item = &s->item[at];
    s->of[i] = (uint32_t)at;
    if (at == s->n) {
        s->n++;
        *item = (struct torch_storage){p->key, p->dtype, p->n_elements, n_bytes, NULL};
    } else if (item->dtype != p->dtype || item->n_elements != p->n_elements) {
        return err_set(err, E_INPUT,
                       _("%s: storage %s: it is described twice, with different types or sizes."),
                       file->shown, quoted);
    }
    return 0;
}

int torch_storages_init(struct torch_storages *s, const struct pickle *p,
                        const struct source_file *file, struct err *err)
{
    size_t n = pickle_n_storages(p);
    *s = (struct torch_storages){.pickle = p,
                                 .item = calloc(n + 1, sizeof *s->item),
                                 .of = calloc(n + 1, sizeof *s->of),
                                 .key = calloc(n + 1, sizeof *s->key)};
    int rc = 0;
    if (!s->item || !s->of || !s->key || !strset_init(&s->keys, s->key, n))
        rc = no_memory(file, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add_storage(s, i, file, err);
    if (rc != 0)
        torch_storages_free(s);
    return rc;
}

void torch_storages_free(struct torch_storages *s)
{
    free(s->item);
    free(s->of);
    free(s->key);
    strset_free(&s->keys);
    *s = (struct torch_storages){0};
}

/* ---- the state dict ---- */

/* A dictionary being walked: the cell of the next key, and how long its own name is. */
struct level {
    uint32_t cell;
    size_t n_prefix;
};

struct walk {
    const struct torch_storages *storages;
    const struct source_file *file;
    struct source_table *table;
    struct level level[LIMIT_STATE_DICT_DEPTH];
    size_t depth;
    size_t n_entries;                   /* looked at so far */
    char name[LIMIT_SOURCE_NAME_BYTES]; /* of the entry, not terminated */
    struct err *err;
};

/* The value of a key of a dictionary that is a dictionary itself; the last one, as in Python. */
static bool find_dict(const struct pickle *p, uint32_t dict, const char *key, uint32_t *out)
{
    uint32_t value = 0;
    bool found = false;
    for (uint32_t c = pickle_first(p, dict); c; c = pickle_next(p, c)) {
        struct meta_string word;
        bool is_it = pickle_bytes(p, pickle_item(p, c), &word) && word.n == strlen(key) &&
                     memcmp(word.s, key, word.n) == 0;
        c = pickle_next(p, c); /* keys and values come in pairs */
        if (is_it) {
            value = pickle_item(p, c);
            found = true;
        }
    }
    if (!found || pickle_type(p, value) != PICKLE_DICT)
        return false;
    *out = value;
    return true;
}

static uint32_t state_dict(const struct pickle *p)
{
    static const char *const keys[] = {"state_dict", "module", "model"};
    uint32_t dict = pickle_root(p);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (find_dict(p, pickle_root(p), keys[i], &dict))
            break;
    return dict;
}

static int refuse(const struct walk *w, const char *what)
{
    char quoted[360];
    size_t n = w->depth ? w->level[w->depth - 1].n_prefix : 0;
    return err_set(w->err, E_INPUT, _("%s: state dict at \"%s\": %s"), w->file->shown,
                   err_quote(quoted, sizeof quoted, w->name, n), what);
}

/* A key as a part of a name; false for one that can be none of a tensor. */
static bool key_text(const struct pickle *p, uint32_t key, char digits[24], struct meta_string *out)
{
    int64_t number;
    if (!pickle_int(p, key, &number))
        return pickle_bytes(p, key, out);
    *out = (struct meta_string){digits, (size_t)snprintf(digits, 24, "%" PRId64, number)};
    return true;
}

/* Puts a key behind the dictionary's own name; false when that is too long. */
static bool join(struct walk *w, struct meta_string key, size_t *n_name)
{
    size_t n = w->level[w->depth - 1].n_prefix;
    size_t n_dot = n > 0;
    if (n + n_dot > sizeof w->name || key.n > sizeof w->name - n - n_dot)
        return false;
    if (n_dot)
        w->name[n++] = '.';
    memcpy(w->name + n, key.s, key.n);
    *n_name = n + key.n;
    return true;
}

static int add_tensor(struct walk *w, const struct pickle_tensor *t, size_t n_name)
{
    const struct torch_storage *s = &w->storages->item[w->storages->of[t->storage]];
    size_t element = source_dtype_bytes((enum source_dtype)s->dtype); /* no tensor is untyped */
    struct source_tensor out = {.dtype = (enum source_dtype)s->dtype,
                                .n_dims = t->n_dims,
                                .data = s->data + (size_t)t->offset * element};
    memcpy(out.shape, t->shape, sizeof out.shape);
    memcpy(out.stride, t->stride, sizeof out.stride);
    return source_table_add(w->table, w->file, w->name, n_name, &out, w->err);
}

/* Goes one key on in the innermost dictionary. */
static int step(struct walk *w)
{
    const struct pickle *p = w->storages->pickle;
    struct level *l = &w->level[w->depth - 1];
    if (l->cell == 0) {
        w->depth--;
        return 0;
    }
    uint32_t key = pickle_item(p, l->cell);
    uint32_t value_cell = pickle_next(p, l->cell);
    uint32_t value = pickle_item(p, value_cell);
    l->cell = pickle_next(p, value_cell);
    if (++w->n_entries > LIMIT_STATE_DICT_ENTRIES)
        return refuse(w, _("its dictionaries have too many entries, or hold one another in a "
                           "circle."));
    const struct pickle_tensor *t = pickle_tensor(p, value);
    bool is_dict = pickle_type(p, value) == PICKLE_DICT;
    char digits[24];
    struct meta_string word;
    if ((!t && !is_dict) || !key_text(p, key, digits, &word))
        return 0;
    size_t n_name = 0;
    if (!join(w, word, &n_name))
        return refuse(w, _("a name below it is too long."));
    if (t)
        return add_tensor(w, t, n_name);
    if (w->depth == LIMIT_STATE_DICT_DEPTH)
        return refuse(w, _("its dictionaries are nested too deep, or hold one another in a "
                           "circle."));
    w->level[w->depth++] = (struct level){.cell = pickle_first(p, value), .n_prefix = n_name};
    return 0;
}

int torch_tensors(const struct torch_storages *s, const struct source_file *file,
                  struct source_table *table, struct err *err)
{
    const struct pickle *p = s->pickle;
    if (pickle_type(p, pickle_root(p)) != PICKLE_DICT)
        return err_set(err, E_INPUT,
                       _("%s: the pickle's object is not a dictionary of tensors, as a checkpoint "
                         "is."),
                       file->shown);
    struct walk w = {.storages = s, .file = file, .table = table, .depth = 1, .err = err};
    w.level[0].cell = pickle_first(p, state_dict(p));
    int rc = 0;
    while (w.depth > 0 && rc == 0)
        rc = step(&w);
    if (rc == 0 && table->n == 0)
        rc = err_set(err, E_INPUT, _("%s: the state dict holds no tensor."), file->shown);
    return rc;
}
