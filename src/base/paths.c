/* paths.c - see paths.h. A build tree is recognised by the config.status beside the program. */
#include "config.h"

#include "src/base/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"

static const struct {
    const char *variable, *below_home, *what;
} places[] = {
    [PATHS_DATA] = {"XDG_DATA_HOME", ".local/share", "XDG_DATA_HOME"},
    [PATHS_CONFIG] = {"XDG_CONFIG_HOME", ".config", "XDG_CONFIG_HOME"},
    [PATHS_STATE] = {"XDG_STATE_HOME", ".local/state", "XDG_STATE_HOME"},
};

static const char *home(void)
{
    const char *h = getenv("HOME");
    if (h && h[0] == '/')
        return h;
    const struct passwd *pw = getpwuid(getuid());
    return pw && pw->pw_dir && pw->pw_dir[0] == '/' ? pw->pw_dir : NULL;
}

int paths_user(enum paths_dir dir, const char *name, struct str *out, struct err *err)
{
    const char *base = getenv(places[dir].variable);
    if (base && base[0] == '/') {
        str_puts(out, base);
    } else {
        const char *h = home();
        if (!h)
            return err_set(err, E_IO,
                           _("no home directory: HOME is not set; set HOME or %s to a directory"),
                           places[dir].what);
        str_printf(out, "%s/%s", h, places[dir].below_home);
    }
    str_puts(out, "/xuxie");
    if (name)
        str_printf(out, "/%s", name);
    return 0;
}

int paths_make_parent(const char *path, struct err *err)
{
    char *copy = x_strdup(path);
    char *last = strrchr(copy, '/');
    int rc = 0;
    if (!last || last == copy)
        goto out;
    *last = '\0';
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char c = *p;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            int e = errno;
            struct stat st;
            /* a parent we may not write to is fine as long as it is there */
            if (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)) {
                rc = err_set(err, E_IO, _("%s: cannot make the directory: %s"), copy, strerror(e));
                goto out;
            }
        }
        *p = c;
        if (c == '\0')
            break;
    }
out:
    free(copy);
    return rc;
}

/* The directory of the running program when that is a build tree; false otherwise. */
static bool build_tree(struct str *out)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return false;
    *slash = '\0';
    struct str probe = STR_INIT;
    str_printf(&probe, "%s/config.status", exe);
    bool found = access(str_cstr(&probe), F_OK) == 0;
    str_free(&probe);
    if (found)
        str_puts(out, exe);
    return found;
}

bool paths_shipped(const char *name, struct str *out)
{
    const char *env = getenv("XUXIE_DATADIR");
    struct str tree = STR_INIT;
    bool found = false;
    if (env && env[0]) {
        str_printf(out, "%s/%s", env, name);
        found = access(str_cstr(out), R_OK) == 0;
    } else if (build_tree(&tree)) {
        str_printf(out, "%s/data/%s", str_cstr(&tree), name);
        found = access(str_cstr(out), R_OK) == 0;
    }
    if (!found) {
        str_clear(out);
        str_printf(out, "%s/%s", XUXIE_PKGDATADIR, name);
        found = access(str_cstr(out), R_OK) == 0;
    }
    str_free(&tree);
    return found;
}

void paths_locale(struct str *out)
{
    struct str tree = STR_INIT;
    if (build_tree(&tree))
        str_printf(out, "%s/po/locale", str_cstr(&tree));
    else
        str_puts(out, XUXIE_LOCALEDIR);
    str_free(&tree);
}
