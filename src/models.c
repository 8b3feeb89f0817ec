/* models.c - see models.h. */
#include "config.h"

#include "src/models.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Is there DIR/NAME, or DIR/NAME.gguf? out then holds it. */
static bool in_folder(const char *folder, const char *name, struct str *out)
{
    static const char *const ends[] = {"", suffix};
    for (size_t i = 0; folder[0] && i < ARRAY_LEN(ends); i++) {
        str_clear(out);
        str_printf(out, "%s/%s%s", folder, name, ends[i]);
        if (access(str_cstr(out), F_OK) == 0)
            return true;
    }
    return false;
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
    char *name = x_strndup(base, strlen(base) - (has_suffix(base) ? sizeof suffix - 1 : 0));
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

static void tell_folder(struct telling *t, const char *folder)
{
    struct dirent **names = NULL;
    struct str path = STR_INIT;
    int n = folder[0] ? scandir(folder, &names, is_visible, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        str_clear(&path);
        str_printf(&path, "%s/%s", folder, names[i]->d_name);
        if (is_model(str_cstr(&path)))
            tell(t, str_cstr(&path), false);
        free(names[i]);
    }
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
