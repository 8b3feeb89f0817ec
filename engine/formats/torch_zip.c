/* torch_zip.c - a checkpoint as torch.save() writes it since PyTorch 1.6: a zip archive of
 *
 *   ROOT/data.pkl     the pickle
 *   ROOT/data/KEY     the elements of a storage, little endian
 *   ROOT/byteorder    "little", newer versions only
 *   ROOT/version ...  more that nobody needs
 *
 * All members are stored, so tensors are read where they lie; deflated ones, which other programs
 * make, are unpacked as far as zip_unpack() allows.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/formats/torch_common.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/zip.h"

enum { BYTE_ORDER_MAX = 64 };

struct archive {
    const struct source_file *file;
    struct zip *zip;
    size_t n_root;                       /* of a member's name, with the slash */
    char name[LIMIT_ZIP_NAME_BYTES + 1]; /* begins with the root */
    struct err *err;
};

static int find_root(struct archive *a, const struct zip_member **pickle)
{
    static const char wanted[] = "/data.pkl";
    enum { N = sizeof wanted - 1 };
    const struct zip_member *found = NULL;
    for (size_t i = 0; i < zip_count(a->zip); i++) {
        const struct zip_member *m = zip_at(a->zip, i);
        if (m->n_name <= N || memcmp(m->name + m->n_name - N, wanted, N) != 0)
            continue;
        if (found)
            return err_set(a->err, E_INPUT,
                           _("%s: the archive has two members data.pkl; a checkpoint has one."),
                           a->file->shown);
        found = m;
    }
    if (!found)
        return err_set(a->err, E_INPUT,
                       _("%s: the archive has no member data.pkl; this is no checkpoint of "
                         "PyTorch."),
                       a->file->shown);
    a->n_root = found->n_name - (N - 1);
    memcpy(a->name, found->name, a->n_root);
    *pickle = found;
    return 0;
}

/* The member ROOT/folder/key, NULL when there is none. */
static const struct zip_member *find_member(struct archive *a, const char *folder,
                                            struct meta_string key)
{
    size_t n = strlen(folder);
    if (key.n > sizeof a->name - 1 - a->n_root - n)
        return NULL;
    memcpy(a->name + a->n_root, folder, n);
    memcpy(a->name + a->n_root + n, key.s, key.n);
    a->name[a->n_root + n + key.n] = '\0';
    return zip_find(a->zip, a->name);
}

static int check_byte_order(struct archive *a)
{
    const struct zip_member *m = find_member(a, "", (struct meta_string){"byteorder", 9});
    if (!m)
        return 0;
    unsigned char *text;
    int rc = zip_unpack(a->zip, m, BYTE_ORDER_MAX, &text, a->err);
    if (rc != 0)
        return rc;
    if (m->n_bytes < 6 || memcmp(text, "little", 6) != 0) {
        char quoted[360];
        rc = err_set(a->err, E_UNSUPPORTED,
                     _("%s: member byteorder: \"%s\"; only little-endian checkpoints are read."),
                     a->file->shown, err_quote(quoted, sizeof quoted, text, (size_t)m->n_bytes));
    }
    free(text);
    return rc;
}

static int find_storage(struct archive *a, struct torch_storage *s, struct source_table *table)
{
    char quoted[360];
    const struct zip_member *m = find_member(a, "data/", s->key);
    err_quote(quoted, sizeof quoted, s->key.s, s->key.n);
    if (!m)
        return err_set(a->err, E_INPUT,
                       _("%s: storage %s: the archive has no member of that name; the checkpoint "
                         "is incomplete, download it again."),
                       a->file->shown, quoted);
    if (m->n_bytes != s->n_bytes)
        return err_set(a->err, E_INPUT,
                       _("%s: storage %s at byte %llu: it has %llu bytes, but its %lld elements "
                         "need %llu."),
                       a->file->shown, quoted, (unsigned long long)m->offset,
                       (unsigned long long)m->n_bytes, (long long)s->n_elements,
                       (unsigned long long)s->n_bytes);
    s->data = m->data;
    if (m->stored)
        return 0;
    unsigned char *bytes;
    int rc = zip_unpack(a->zip, m, LIMIT_ZIP_UNPACKED_BYTES, &bytes, a->err);
    if (rc == 0) {
        s->data = bytes;
        rc = source_table_keep(table, a->file, bytes, a->err);
    }
    return rc;
}

static int read_pickle(struct archive *a, const struct zip_member *m, const unsigned char *bytes,
                       struct source_table *table)
{
    char field[360];
    struct pickle_input in = {.shown = a->file->shown,
                              .field = err_quote(field, sizeof field, m->name, m->n_name),
                              .data = bytes,
                              .n_bytes = (size_t)m->n_bytes};
    struct pickle *p = NULL;
    struct torch_storages storages = {0};
    int rc = pickle_parse(&in, &p, NULL, a->err);
    if (rc == 0)
        rc = torch_storages_init(&storages, p, a->file, a->err);
    for (size_t i = 0; i < storages.n && rc == 0; i++)
        rc = find_storage(a, &storages.item[i], table);
    if (rc == 0)
        rc = torch_tensors(&storages, a->file, table, a->err);
    torch_storages_free(&storages);
    pickle_free(p);
    return rc;
}

int torch_zip_parse(const struct source_file *file, struct source_table *table, struct err *err)
{
    struct archive a = {.file = file, .err = err};
    const struct zip_member *m = NULL;
    unsigned char *bytes = NULL;
    int rc = zip_open(file->shown, file->data, file->n_bytes, &a.zip, err);
    if (rc == 0)
        rc = find_root(&a, &m);
    if (rc == 0)
        rc = check_byte_order(&a);
    if (rc == 0)
        rc = zip_unpack(a.zip, m, LIMIT_PICKLE_BYTES, &bytes, err);
    if (rc == 0)
        rc = read_pickle(&a, m, bytes, table);
    free(bytes);
    zip_close(a.zip);
    return rc;
}

int torch_zip_check(const struct source_file *file, struct err *err)
{
    struct zip *zip;
    int rc = zip_open(file->shown, file->data, file->n_bytes, &zip, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < zip_count(zip) && rc == 0; i++)
        if (zip_at(zip, i)->stored)
            rc = zip_check(zip, zip_at(zip, i), err);
    zip_close(zip);
    return rc;
}
