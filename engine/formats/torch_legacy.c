/* torch_legacy.c - a checkpoint as torch.save() wrote it before PyTorch 1.6: five pickles one after
 * the other, then the storages.
 *
 *   a magic number, the protocol 1001, a description of the machine, the object, the list of keys
 *   for each key of the list: number of elements (u64), elements, little endian
 */
#include "config.h"

#include <string.h>

#include "engine/formats/torch_common.h"
#include "src/base/i18n.h"

enum { PROTOCOL_VERSION = 1001, COUNT_BYTES = 8 };

struct legacy {
    const struct source_file *file;
    size_t pos; /* in the file */
    struct err *err;
};

static int refuse(const struct legacy *l, size_t at, const char *what)
{
    return err_set(l->err, E_INPUT, _("%s: legacy checkpoint at byte %zu: %s"), l->file->shown, at,
                   what);
}

/* The pickle at pos; pos goes behind it. */
static int next_pickle(struct legacy *l, const char *field, struct pickle **out)
{
    struct pickle_input in = {.shown = l->file->shown,
                              .field = field,
                              .data = l->file->data + l->pos,
                              .n_bytes = l->file->n_bytes - l->pos,
                              .offset = l->pos};
    size_t used = 0;
    int rc = pickle_parse(&in, out, &used, l->err);
    l->pos += used;
    return rc;
}

static int check_magic(struct legacy *l)
{
    static const char magic[10] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    struct pickle *p = NULL;
    struct meta_string number;
    int rc = next_pickle(l, _("magic"), &p);
    if (rc == 0 && (!pickle_long(p, pickle_root(p), &number) || number.n != sizeof magic ||
                    memcmp(number.s, magic, sizeof magic) != 0))
        rc = refuse(l, 0, _("the magic number is not that of torch.save()."));
    pickle_free(p);
    return rc;
}

static int check_protocol(struct legacy *l)
{
    size_t at = l->pos;
    struct pickle *p = NULL;
    int64_t version;
    int rc = next_pickle(l, _("protocol"), &p);
    if (rc == 0 && (!pickle_int(p, pickle_root(p), &version) || version != PROTOCOL_VERSION))
        rc = refuse(l, at, _("the protocol is not 1001, the only one there was."));
    pickle_free(p);
    return rc;
}

static int check_machine(struct legacy *l)
{
    size_t at = l->pos;
    struct pickle *p = NULL;
    int rc = next_pickle(l, _("machine"), &p);
    if (rc != 0)
        return rc;
    uint32_t root = pickle_root(p);
    bool is_dict = pickle_type(p, root) == PICKLE_DICT;
    bool little = is_dict;
    for (uint32_t c = is_dict ? pickle_first(p, root) : 0; c; c = pickle_next(p, c)) {
        struct meta_string key;
        bool is_it = pickle_bytes(p, pickle_item(p, c), &key) && key.n == 13 &&
                     memcmp(key.s, "little_endian", 13) == 0;
        c = pickle_next(p, c); /* keys and values come in pairs */
        if (is_it && !pickle_bool(p, pickle_item(p, c), &little))
            little = false;
    }
    if (!little)
        rc = refuse(l, at, _("it was not written by a little-endian machine, and is not read."));
    pickle_free(p);
    return rc;
}

/* Finds the elements of the storage of a key, which follow at pos. */
static int place_storage(struct legacy *l, struct torch_storages *s, struct meta_string key)
{
    const unsigned char *at = l->file->data + l->pos;
    size_t left = l->file->n_bytes - l->pos;
    size_t i = strset_find(&s->keys, key.s, key.n);
    if (i == STRSET_NONE)
        return refuse(l, l->pos,
                      _("a storage is listed that no tensor has, so its size is not "
                        "known."));
    struct torch_storage *item = &s->item[i];
    if (item->data)
        return refuse(l, l->pos, _("a storage is listed twice."));
    if (left < COUNT_BYTES || left - COUNT_BYTES < item->n_bytes)
        return refuse(l, l->pos, _("the file is truncated in the storages; download it again."));
    uint64_t count = 0;
    for (int b = COUNT_BYTES; b-- > 0;)
        count = count << 8 | at[b];
    if (count != (uint64_t)item->n_elements)
        return refuse(l, l->pos,
                      _("a storage's number of elements is not the one the pickle "
                        "has."));
    item->data = at + COUNT_BYTES;
    l->pos += COUNT_BYTES + (size_t)item->n_bytes;
    return 0;
}

static int place_storages(struct legacy *l, struct torch_storages *s, const struct pickle *keys)
{
    size_t n = 0;
    if (pickle_type(keys, pickle_root(keys)) != PICKLE_LIST)
        return refuse(l, l->pos, _("the keys of the storages are no list."));
    for (uint32_t c = pickle_first(keys, pickle_root(keys)); c; c = pickle_next(keys, c)) {
        struct meta_string key;
        if (!pickle_bytes(keys, pickle_item(keys, c), &key))
            return refuse(l, l->pos, _("a key of the storages is no text."));
        int rc = place_storage(l, s, key);
        if (rc != 0)
            return rc;
        n++;
    }
    if (n != s->n)
        return refuse(l, l->pos, _("a tensor's storage is missing in the list of storages."));
    if (l->pos != l->file->n_bytes)
        return refuse(l, l->pos, _("more bytes follow behind the last storage."));
    return 0;
}

int torch_legacy_parse(const struct source_file *file, struct source_table *table, struct err *err)
{
    struct legacy l = {.file = file, .err = err};
    struct pickle *object = NULL;
    struct pickle *keys = NULL;
    struct torch_storages storages = {0};
    int rc = check_magic(&l);
    if (rc == 0)
        rc = check_protocol(&l);
    if (rc == 0)
        rc = check_machine(&l);
    if (rc == 0)
        rc = next_pickle(&l, _("pickle"), &object);
    if (rc == 0)
        rc = next_pickle(&l, _("keys"), &keys);
    if (rc == 0)
        rc = torch_storages_init(&storages, object, file, err);
    if (rc == 0)
        rc = place_storages(&l, &storages, keys);
    if (rc == 0)
        rc = torch_tensors(&storages, file, table, err);
    torch_storages_free(&storages);
    pickle_free(keys);
    pickle_free(object);
    return rc;
}
