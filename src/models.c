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

static bool has_suffix(const char *name)
{
    size_t n = strlen(name);
    return n >= sizeof suffix && strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

static bool models_folder(struct str *out)
{
    return paths_user(PATHS_DATA, "models", out, NULL) == 0;
}

/* Is there DIR/NAME, or DIR/NAME.gguf? out then holds it. */
static bool in_folder(const char *folder, const char *name, struct str *out)
{
    static const char *const ends[] = {"", suffix};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        str_clear(out);
        str_printf(out, "%s/%s%s", folder, name, ends[i]);
        if (access(str_cstr(out), F_OK) == 0)
            return true;
    }
    return false;
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

static bool is_bundled_name(const char *name)
{
    size_t n = sizeof bundled_file - sizeof suffix;
    return strncmp(name, bundled_file, n) == 0 &&
           (name[n] == '\0' || strcmp(name + n, suffix) == 0);
}

int models_resolve(const char *model, struct str *out, struct err *err)
{
    struct str found = STR_INIT, folder = STR_INIT;
    int rc = 0;
    if (!model || !model[0]) {
        rc = resolve_bundled(&found, err);
    } else if (strncmp(model, "~/", 2) == 0 && getenv("HOME")) {
        str_printf(&found, "%s/%s", getenv("HOME"), model + 2);
    } else if (strchr(model, '/') || access(model, F_OK) == 0) {
        str_puts(&found, model);
    } else if (models_folder(&folder) && in_folder(str_cstr(&folder), model, &found)) {
        /* found */
    } else if (is_bundled_name(model)) {
        str_clear(&found);
        rc = resolve_bundled(&found, err);
    } else {
        char quoted[360], where[360];
        err_quote(quoted, sizeof quoted, model, strlen(model));
        err_quote(where, sizeof where, str_cstr(&folder), folder.len);
        rc = err_set(err, E_INPUT,
                     _("%s: no such model, neither here nor in %s; see `xuxie model list`"), quoted,
                     where);
    }
    if (!rc)
        str_append(out, found.data, found.len);
    str_free(&found);
    str_free(&folder);
    return rc;
}

static void tell(void (*fn)(void *, const struct model_entry *), void *ctx, const char *path,
                 bool bundled)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    char *name = x_strndup(base, strlen(base) - (has_suffix(base) ? sizeof suffix - 1 : 0));
    struct model_entry entry = {.name = name, .path = path, .bundled = bundled};
    fn(ctx, &entry);
    free(name);
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

void models_each(void (*fn)(void *ctx, const struct model_entry *m), void *ctx)
{
    struct str path = STR_INIT, folder = STR_INIT;
    if (paths_shipped(bundled_file, &path))
        tell(fn, ctx, str_cstr(&path), true);
    struct dirent **names = NULL;
    int n = models_folder(&folder) ? scandir(str_cstr(&folder), &names, is_visible, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        str_clear(&path);
        str_printf(&path, "%s/%s", str_cstr(&folder), names[i]->d_name);
        if (is_model(str_cstr(&path)))
            tell(fn, ctx, str_cstr(&path), false);
        free(names[i]);
    }
    free(names);
    str_free(&path);
    str_free(&folder);
}
