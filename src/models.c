/* models.c - see models.h. */
#include "config.h"

#include "src/models.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/formats/gguf_pieces.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/paths.h"

static const char bundled_file[] = "preview-q8_0.gguf";
static const char suffix[] = ".gguf";

static char *more_folders; /* as models_set_folders() got them; NULL: none */

void models_set_folders(const char *list)
{
    free(more_folders);
    more_folders = list ? x_strdup(list) : NULL;
}

static bool has_suffix(const char *name)
{
    size_t n = strlen(name);
    return n >= sizeof suffix && strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

int models_standard_folder(struct str *out, struct err *err)
{
    return paths_user(PATHS_DATA, "models", out, err);
}

static void put_expanded(struct str *out, const char *path, size_t n)
{
    const char *home = getenv("HOME");
    if (n >= 2 && memcmp(path, "~/", 2) == 0 && home) {
        str_puts(out, home);
        path++;
        n--;
    }
    str_append(out, path, n);
}

/* The i-th folder models are looked for in, into out; false past the last. */
static bool folder_at(size_t i, struct str *out)
{
    str_clear(out);
    if (i == 0) {
        models_standard_folder(out, NULL); /* without a home: "", where nothing is found */
        return true;
    }
    const char *p = more_folders ? more_folders : "";
    for (;;) {
        p += strspn(p, ":");
        size_t n = strcspn(p, ":");
        if (n == 0)
            return false;
        if (--i == 0) {
            put_expanded(out, p, n);
            return true;
        }
        p += n;
    }
}

bool models_find_pieces(const char *folder, const char *name, struct str *out)
{
    DIR *dir = opendir(folder);
    const struct dirent *d;
    char *found = NULL; /* of those there are, the first by name */
    while (dir && (d = readdir(dir)) != NULL) {
        size_t n_stem;
        int number, count;
        if (gguf_piece_name(d->d_name, &n_stem, &number, &count) && n_stem == strlen(name) &&
            strncmp(d->d_name, name, n_stem) == 0 && (!found || strcmp(d->d_name, found) < 0)) {
            free(found);
            found = x_strdup(d->d_name);
        }
    }
    if (dir)
        closedir(dir);
    if (found)
        str_puts(out, found);
    free(found);
    return found != NULL;
}

/* Is there DIR/NAME, DIR/NAME.gguf or NAME in pieces? out then holds it. */
static bool in_folder(const char *folder, const char *name, struct str *out)
{
    static const char *const ends[] = {"", suffix};
    for (size_t i = 0; folder[0] && i < ARRAY_LEN(ends); i++) {
        str_clear(out);
        str_printf(out, "%s/%s%s", folder, name, ends[i]);
        if (access(str_cstr(out), F_OK) == 0)
            return true;
    }
    str_clear(out);
    str_printf(out, "%s/", folder);
    return folder[0] && models_find_pieces(folder, name, out);
}

/* In the first folder that has it. */
static bool in_folders(const char *name, struct str *out)
{
    struct str folder = STR_INIT;
    bool found = false;
    for (size_t i = 0; !found && folder_at(i, &folder); i++)
        found = in_folder(str_cstr(&folder), name, out);
    str_free(&folder);
    return found;
}

static int resolve_bundled(struct str *out, struct err *err)
{
    if (paths_shipped(bundled_file, out))
        return 0;
    char quoted[360];
    err_quote(quoted, sizeof quoted, str_cstr(out), out->len);
    return err_set(
        err, E_INPUT,
        _("%s: the bundled model is not there; reinstall xuxie or name one with --model"), quoted);
}

bool models_is_bundled_name(const char *name)
{
    size_t n = sizeof bundled_file - sizeof suffix;
    return strncmp(name, bundled_file, n) == 0 &&
           (name[n] == '\0' || strcmp(name + n, suffix) == 0);
}

static int refuse_unknown(const char *model, struct err *err)
{
    struct str folder = STR_INIT;
    char quoted[360], where[360];
    models_standard_folder(&folder, NULL);
    if (more_folders)
        str_printf(&folder, ":%s", more_folders);
    err_quote(quoted, sizeof quoted, model, strlen(model));
    err_quote(where, sizeof where, str_cstr(&folder), folder.len);
    str_free(&folder);
    return err_set(err, E_INPUT,
                   _("%s: no such model, neither here nor in %s; see `xuxie model list`"), quoted,
                   where);
}

int models_resolve(const char *model, struct str *out, struct err *err)
{
    struct str found = STR_INIT;
    int rc = 0;
    if (!model || !model[0]) {
        rc = resolve_bundled(&found, err);
    } else if (strncmp(model, "~/", 2) == 0) {
        put_expanded(&found, model, strlen(model));
    } else if (strchr(model, '/') || access(model, F_OK) == 0) {
        str_puts(&found, model);
    } else if (models_is_bundled_name(model) && resolve_bundled(&found, NULL) == 0) {
        /* found */
    } else if (!in_folders(model, &found)) {
        rc = models_is_bundled_name(model) ? resolve_bundled(&found, err)
                                           : refuse_unknown(model, err);
    }
    if (!rc)
        str_append(out, found.data, found.len);
    str_free(&found);
    return rc;
}

/* Telling all: who is told, and the names told so far. */
struct telling {
    void (*fn)(void *ctx, const struct model_entry *m);
    void *ctx;
    char **names;
    size_t n;
};

static void tell(struct telling *t, const char *path, bool bundled)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t n_name = strlen(base) - (has_suffix(base) ? sizeof suffix - 1 : 0);
    int number, count;
    gguf_piece_name(base, &n_name, &number, &count); /* of one in pieces the name before them */
    char *name = x_strndup(base, n_name);
    struct model_entry entry = {.name = name, .path = path, .bundled = bundled};
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->names[i], name) == 0)
            entry.name = path;
    t->fn(t->ctx, &entry);
    t->names = x_realloc(t->names, (t->n + 1) * sizeof t->names[0]);
    t->names[t->n++] = name;
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

/* A piece of a model whose first piece is there too. */
static bool is_later_piece(const char *path)
{
    size_t n_stem;
    int number, count;
    if (!gguf_piece_name(path, &n_stem, &number, &count) || number == 1)
        return false;
    char *first = gguf_piece_path(path, 1);
    bool is = first && access(first, F_OK) == 0;
    free(first);
    return is;
}

/* A GGUF file by its name, or a checkpoint's folder. */
static bool is_model(const char *path)
{
    struct str config = STR_INIT;
    bool is = has_suffix(path);
    str_printf(&config, "%s/config.json", path);
    is = is || access(str_cstr(&config), F_OK) == 0;
    str_free(&config);
    return is;
}

/* Of a file and pieces of one name the file has it (in_folder): pieces are told last. */
static void tell_folder(struct telling *t, const char *folder)
{
    struct dirent **names = NULL;
    struct str path = STR_INIT;
    int n = folder[0] ? scandir(folder, &names, is_visible, alphasort) : 0;
    for (int pieces = 0; pieces <= 1; pieces++) {
        for (int i = 0; i < n; i++) {
            size_t n_stem;
            int number, count;
            if (gguf_piece_name(names[i]->d_name, &n_stem, &number, &count) != (pieces == 1))
                continue;
            str_clear(&path);
            str_printf(&path, "%s/%s", folder, names[i]->d_name);
            if (is_model(str_cstr(&path)) && !is_later_piece(str_cstr(&path)))
                tell(t, str_cstr(&path), false);
        }
    }
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    str_free(&path);
}

void models_each(void (*fn)(void *ctx, const struct model_entry *m), void *ctx)
{
    struct telling t = {.fn = fn, .ctx = ctx};
    struct str path = STR_INIT;
    if (paths_shipped(bundled_file, &path))
        tell(&t, str_cstr(&path), true);
    for (size_t i = 0; folder_at(i, &path); i++)
        tell_folder(&t, str_cstr(&path));
    for (size_t i = 0; i < t.n; i++)
        free(t.names[i]);
    free(t.names);
    str_free(&path);
}
