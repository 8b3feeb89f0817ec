/* checkpoint_files.c - see checkpoint_files.h. The order is that of the reference programs:
 * Megatron's files first, then safetensors before pickles, a whole file before an index. */
#include "config.h"

#include "engine/formats/checkpoint_files.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/formats/infile.h"
#include "engine/formats/jsonfile.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

enum { MAX_RANKS = 100, RANK_NAME_BYTES = 48 };

static int no_memory(struct err *err)
{
    return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
}

static char *join_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static bool is_there(const char *folder, const char *name)
{
    char *path = join_path(folder, name);
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* Adds FOLDER/NAME, once. */
static int add(struct checkpoint_files *f, const char *name, struct err *err)
{
    char *path = join_path(f->folder, name);
    for (size_t i = 0; path && i < f->n; i++) {
        if (strcmp(f->path[i], path) == 0) {
            free(path);
            return 0;
        }
    }
    char **grown = path ? realloc(f->path, (f->n + 1) * sizeof grown[0]) : NULL;
    if (!grown) {
        free(path);
        return no_memory(err);
    }
    f->path = grown;
    f->path[f->n++] = path;
    return 0;
}

static void rank_name(char out[RANK_NAME_BYTES], int rank)
{
    snprintf(out, RANK_NAME_BYTES, "model/mp_rank_%02d_model_states.pt", rank);
}

static int add_ranks(struct checkpoint_files *f, struct err *err)
{
    char name[RANK_NAME_BYTES], missing[RANK_NAME_BYTES], shown[INFILE_QUOTE_BYTES];
    int n = 0, rc = 0;
    f->ranks = true;
    for (rank_name(name, 0); rc == 0 && n < MAX_RANKS && is_there(f->folder, name);
         rank_name(name, n)) {
        rc = add(f, name, err);
        n++;
    }
    rank_name(missing, n);
    for (int i = n + 1; rc == 0 && i < MAX_RANKS; i++) {
        rank_name(name, i);
        if (is_there(f->folder, name))
            rc = err_set(err, E_INPUT,
                         _("%s: %s is missing, but %s is there; all pieces of the "
                           "model are needed."),
                         infile_quote(shown, f->folder), missing, name);
    }
    return rc;
}

/* May the index name this file? Only plain names: what lies in the folder itself. */
static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && !strchr(name, '/') && strlen(name) <= 255;
}

static int add_indexed(struct checkpoint_files *f, const char *index, struct err *err)
{
    struct jsonfile file = {.root = NULL};
    const json_t *map = NULL;
    int rc = jsonfile_open(f->folder, index, LIMIT_CHECKPOINT_INDEX_BYTES, &file, err);
    if (rc == 0)
        rc = jsonfile_object(&file, file.root, "weight_map", &map, err);
    if (rc == 0 && (!map || json_object_size(map) == 0))
        rc = err_set(err, E_INPUT, _("%s: \"%s\" is missing; the index names no files."),
                     file.shown, "weight_map");
    for (void *it = rc ? NULL : json_object_iter((json_t *)map); rc == 0 && it;
         it = json_object_iter_next((json_t *)map, it)) {
        const json_t *value = json_object_iter_value(it);
        const char *name = json_string_value(value);
        if (!name || !is_plain_name(name))
            rc = jsonfile_refuse(&file, json_object_iter_key(it), value, E_INPUT, err,
                                 _("the name of a file in the same folder is needed"));
        else
            rc = add(f, name, err);
        if (rc == 0 && f->n > LIMIT_CHECKPOINT_FILES)
            rc = err_set(err, E_INPUT, _("%s: the index names more than %u files."), file.shown,
                         LIMIT_CHECKPOINT_FILES);
    }
    jsonfile_close(&file);
    return rc;
}

static int find_in_folder(struct checkpoint_files *f, struct err *err)
{
    static const struct {
        const char *name;
        int (*add)(struct checkpoint_files *f, const char *name, struct err *err);
    } table[] = {
        {"model.safetensors", add},
        {"model.safetensors.index.json", add_indexed},
        {"pytorch_model.bin", add},
        {"pytorch_model.bin.index.json", add_indexed},
    };
    char first[RANK_NAME_BYTES], shown[INFILE_QUOTE_BYTES];
    rank_name(first, 0);
    if (is_there(f->folder, first))
        return add_ranks(f, err);
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (is_there(f->folder, table[i].name))
            return table[i].add(f, table[i].name, err);
    return err_set(err, E_INPUT,
                   _("%s: this folder holds no weights; looked for were model.safetensors, "
                     "pytorch_model.bin, their .index.json and %s."),
                   infile_quote(shown, f->folder), first);
}

static int single_file(const char *path, struct checkpoint_files *f, struct err *err)
{
    const char *slash = strrchr(path, '/');
    f->folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    f->path = calloc(1, sizeof f->path[0]);
    if (!f->folder || !f->path || !(f->path[0] = strdup(path)))
        return no_memory(err);
    f->n = 1;
    return 0;
}

int checkpoint_files_find(const char *path, struct checkpoint_files *out, struct err *err)
{
    struct checkpoint_files f = {.n = 0};
    struct stat st;
    int rc;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        rc = single_file(path, &f, err);
    } else {
        size_t n = strlen(path);
        while (n > 1 && path[n - 1] == '/')
            n--;
        f.folder = strndup(path, n);
        rc = f.folder ? find_in_folder(&f, err) : no_memory(err);
    }
    if (rc == 0)
        *out = f;
    else
        checkpoint_files_free(&f);
    return rc;
}

void checkpoint_files_free(struct checkpoint_files *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->path[i]);
    free(f->path);
    free(f->folder);
    *f = (struct checkpoint_files){0};
}
