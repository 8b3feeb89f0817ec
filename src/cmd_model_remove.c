/* cmd_model_remove.c - `xuxie model remove`: deletes what lies in the folder of models, after
 * saying exactly what. Nothing outside that folder is touched: names are looked up in the opened
 * folder, never followed when they are links, and a folder is walked by fts(3), which does not
 * leave it. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/formats/gguf_pieces.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/cli.h"
#include "src/interrupt.h"
#include "src/models.h"
#include "src/output.h"

/* What will go. */
struct removal {
    struct str folder; /* the folder of models */
    char **names;      /* in it; owned */
    size_t n_names;
    size_t n_files;
    int64_t n_bytes;
};

static void removal_free(struct removal *r)
{
    for (size_t i = 0; i < r->n_names; i++)
        free(r->names[i]);
    free(r->names);
    str_free(&r->folder);
}

static void add_name(struct removal *r, const char *name)
{
    r->names = x_realloc(r->names, (r->n_names + 1) * sizeof r->names[0]);
    r->names[r->n_names++] = x_strdup(name);
}

static char *path_of(const struct removal *r, const char *name)
{
    struct str path = STR_INIT;
    str_printf(&path, "%s/%s", str_cstr(&r->folder), name);
    return str_take(&path);
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool has_suffix(const char *name)
{
    static const char suffix[] = ".gguf";
    size_t n = strlen(name), m = sizeof suffix - 1;
    return n > m && strcmp(name + n - m, suffix) == 0;
}

/* Is there something of this name that may be removed? A link is, whatever it leads to. */
static bool is_there(const struct removal *r, const char *name)
{
    struct stat st;
    char *path = path_of(r, name);
    bool is = lstat(path, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode) ||
                                        (S_ISREG(st.st_mode) && has_suffix(name)));
    free(path);
    return is;
}

/* All pieces of the file a piece belongs to. */
static void add_pieces(struct removal *r, const char *name)
{
    size_t n_stem;
    int number, count;
    if (!gguf_piece_name(name, &n_stem, &number, &count)) {
        add_name(r, name);
        return;
    }
    for (int i = 1; i <= count; i++) {
        char *piece = gguf_piece_path(name, i);
        if (piece && is_there(r, piece))
            add_name(r, piece);
        free(piece);
    }
}

/* The part of a path behind the folder of models; NULL when it does not lie right in there. */
static const char *name_in_folder(const struct removal *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return path;
    char *parent = x_strndup(path, (size_t)(slash - path) + 1);
    char *real = realpath(parent, NULL), *folder = realpath(str_cstr(&r->folder), NULL);
    bool same = real && folder && strcmp(real, folder) == 0;
    free(parent);
    free(real);
    free(folder);
    return same ? slash + 1 : NULL;
}

static int find(const char *model, struct removal *r, struct err *err)
{
    struct str typed = STR_INIT;
    const char *home = getenv("HOME");
    if (strncmp(model, "~/", 2) == 0 && home)
        str_printf(&typed, "%s%s", home, model + 1);
    else
        str_puts(&typed, model);
    while (typed.len > 1 && typed.data[typed.len - 1] == '/') /* a folder's, as completed */
        str_truncate(&typed, typed.len - 1);
    int rc = models_standard_folder(&r->folder, err);
    const char *name = rc ? NULL : name_in_folder(r, str_cstr(&typed));
    bool plain = name && name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    struct str with_suffix = STR_INIT, piece = STR_INIT;
    str_printf(&with_suffix, "%s.gguf", plain ? name : "");
    char quoted[360], where[360];
    err_quote(quoted, sizeof quoted, model, strlen(model));
    err_quote(where, sizeof where, str_cstr(&r->folder), r->folder.len);
    if (plain && is_there(r, name))
        add_pieces(r, name);
    else if (plain && is_there(r, str_cstr(&with_suffix)))
        add_pieces(r, str_cstr(&with_suffix));
    else if (plain && models_find_pieces(str_cstr(&r->folder), name, &piece))
        add_pieces(r, str_cstr(&piece));
    else if (!rc && plain && models_is_bundled_name(name))
        rc = err_set(err, E_INPUT,
                     _("%s: the bundled model belongs to xuxie and cannot be removed"), quoted);
    else if (!rc)
        rc = err_set(
            err, E_INPUT,
            _("%s: no such model in %s; only what lies there is removed, other files with rm"),
            quoted, where);
    str_free(&with_suffix);
    str_free(&piece);
    str_free(&typed);
    return rc;
}

/* ---- walking --------------------------------------------------------------------------------- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Calls fn for every file, link and folder of the removal, a folder after what it holds. */
static int walk(struct removal *r, int (*fn)(struct removal *r, const FTSENT *e, struct err *err),
                struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < r->n_names; i++) {
        char *path = path_of(r, r->names[i]);
        char *const paths[] = {path, NULL};
        FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, by_name);
        FTSENT *e;
        if (!fts)
            rc = err_set(err, E_IO, "%s: %s", path, strerror(errno));
        while (!rc && fts && (errno = 0, e = fts_read(fts)) != NULL) {
            if (interrupt_signal())
                rc = err_set(err, E_CANCELLED, _("interrupted"));
            else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
                rc = err_set(err, E_IO, "%s: %s", e->fts_path, strerror(e->fts_errno));
            else if (e->fts_info != FTS_D)
                rc = fn(r, e, err);
        }
        if (!rc && fts && errno)
            rc = err_set(err, E_IO, "%s: %s", path, strerror(errno));
        if (fts)
            fts_close(fts);
        free(path);
    }
    return rc;
}

static int tell(struct removal *r, const FTSENT *e, struct err *err)
{
    (void)err;
    struct str line = STR_INIT;
    str_printf(&line, "  %s", e->fts_path);
    if (e->fts_info == FTS_DP) {
        str_puts(&line, "/");
    } else if (e->fts_info == FTS_SL || e->fts_info == FTS_SLNONE) {
        str_puts(&line, _("  (the link only, not what it leads to)"));
        r->n_files++;
    } else {
        str_printf(&line, _("  %.1f MB"), (double)e->fts_statp->st_size / 1e6);
        r->n_files++;
        r->n_bytes += e->fts_statp->st_size;
    }
    str_putc(&line, '\n');
    output_text(line.data, line.len, false);
    str_free(&line);
    return 0;
}

static int delete (struct removal *r, const FTSENT *e, struct err *err)
{
    (void)r;
    int failed = e->fts_info == FTS_DP ? rmdir(e->fts_accpath) : unlink(e->fts_accpath);
    if (failed)
        return err_set(err, E_IO, _("%s: cannot be deleted: %s"), e->fts_path, strerror(errno));
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* 1: yes, 0: no, or E_CANCELLED. */
static int ask(void)
{
    char *answer = NULL;
    size_t size = 0;
    output_flush();
    fputs(_("Delete this? [y/N] "), stderr);
    /* a signal that comes before the reading begins must end it too */
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = interrupt_fd(), .events = POLLIN}};
    while (!interrupt_signal() && poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    bool yes = !interrupt_signal() && getline(&answer, &size, stdin) > 0 && rpmatch(answer) == 1;
    free(answer);
    return interrupt_signal() ? E_CANCELLED : yes;
}

/* A link to a model's file or the file itself: does xuxie.ini name it as the default? */
static void warn_if_default(const struct cli *cli, const struct removal *r)
{
    struct str path = STR_INIT;
    if (!cli->settings.model || models_resolve(cli->settings.model, &path, NULL) != 0)
        return;
    const char *name = name_in_folder(r, str_cstr(&path));
    for (size_t i = 0; name && strchr(str_cstr(&path), '/') && i < r->n_names; i++)
        if (strcmp(name, r->names[i]) == 0)
            output_warn(_("xuxie.ini names this as the default model; `xuxie model use` chooses "
                          "another"));
    str_free(&path);
}

static int run_remove(struct cli *cli)
{
    struct removal r = {.n_names = 0};
    struct err err = ERR_INIT;
    int rc = find(cli->args[0], &r, &err);
    if (!rc && !cli->flags.yes && !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO))) {
        removal_free(&r);
        return cli_usage(cli->command, _("without a terminal to ask on, --yes is needed"));
    }
    int answer = 1;
    if (!rc) {
        output_puts(_("This will be deleted:\n"));
        rc = walk(&r, tell, &err);
    }
    if (!rc) {
        output_printf(P_("%zu file, %.1f MB\n", "%zu files, %.1f MB\n", r.n_files), r.n_files,
                      (double)r.n_bytes / 1e6);
        warn_if_default(cli, &r);
        answer = cli->flags.yes ? 1 : ask();
    }
    if (!rc && answer == 1)
        rc = walk(&r, delete, &err);
    else if (!rc && answer == 0)
        output_note("%s", _("Nothing was deleted."));
    removal_free(&r);
    if (rc == E_CANCELLED || answer == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_model_remove = {
    .name = "model remove",
    .arguments = N_("MODEL"),
    .help = N_("Delete a model from the folder of models"),
    .about =
        N_("MODEL lies in $XDG_DATA_HOME/xuxie/models: a GGUF file (with all its pieces, "
           "-00001-of-...), a folder, or a link, of which only the link is removed. What will go "
           "is told first. The bundled model stays."),
    .bit = CMD_MODEL_REMOVE,
    .min_args = 1,
    .max_args = 1,
    .run = run_remove,
};
