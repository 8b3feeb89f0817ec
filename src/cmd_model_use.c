/* cmd_model_use.c - `xuxie model use`: which model writes when none is named, remembered in
 * xuxie.ini. The model is opened first, so that a bad one is not found out about tomorrow. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/formats/weights.h"
#include "engine/model.h"
#include "engine/plan.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/paths.h"
#include "src/cli.h"
#include "src/config_write.h"
#include "src/models.h"
#include "src/output.h"

/* Reads the header, tensors' places and tokenizer, as loading does before anything dear; warns when
 * it is a good model, but not for this machine. */
static int try_model(const char *path, const struct settings *settings, struct err *err)
{
    struct engine_options options = {
        .n_threads = (int)settings->threads, .n_ctx = (int)settings->n_ctx, .kv = settings->kv};
    struct weights *weights = NULL;
    struct model *model = NULL;
    struct tokenizer *tokenizer = NULL;
    struct memory_room room;
    struct plan plan;
    struct err too_large = ERR_INIT;
    char warning[400];
    memory_room(&room);
    int rc = weights_open(path, &weights, err);
    if (!rc)
        rc = model_open(weights, &model, err); /* takes the weights */
    if (!rc)
        rc = model_open_tokenizer(model, &tokenizer, err);
    if (!rc)
        rc = plan_figure(model, &options, &room, &plan, err);
    if (!rc && plan_check(&plan, &too_large) != 0)
        output_warn("%s", too_large.msg);
    else if (!rc && plan_warning(&plan, warning, sizeof warning))
        output_warn("%s", warning);
    tokenizer_free(tokenizer);
    model_free(model);
    return rc;
}

/* What is written down: a name stays a name, a path becomes one that is right in any folder. */
static int lasting_name(const char *model, struct str *out, struct err *err)
{
    bool is_path = strchr(model, '/') || access(model, F_OK) == 0;
    if (is_path && model[0] != '/' && strncmp(model, "~/", 2) != 0) {
        char *here = getcwd(NULL, 0);
        if (!here)
            return err_set(err, E_IO, _("the name of this folder cannot be found out: %s"),
                           strerror(errno));
        str_printf(out, "%s/", here);
        free(here);
    }
    str_puts(out, model);
    return 0;
}

static int tell_present(const struct cli *cli, struct err *err)
{
    struct str path = STR_INIT;
    const char *model = cli->settings.model;
    int rc = models_resolve(model, &path, err);
    if (!rc) {
        const char *name = model ? model : _("the bundled model");
        output_text(name, strlen(name), false);
        if (strcmp(name, str_cstr(&path)) != 0) {
            output_puts(" (");
            output_text(path.data, path.len, false);
            output_puts(")");
        }
        output_puts("\n");
    }
    str_free(&path);
    return rc;
}

static int use(const struct cli *cli, const char *model, struct err *err)
{
    struct str path = STR_INIT, ini = STR_INIT, name = STR_INIT;
    int rc = models_resolve(model, &path, err);
    if (!rc)
        rc = try_model(str_cstr(&path), &cli->settings, err);
    if (!rc)
        rc = lasting_name(model, &name, err);
    if (!rc)
        rc = paths_user(PATHS_CONFIG, "xuxie.ini", &ini, err);
    if (!rc)
        rc = config_set(str_cstr(&ini), "model", str_cstr(&name), err);
    if (!rc) {
        struct str line = STR_INIT;
        if (!strchr(str_cstr(&name), '/'))
            str_printf(&name, " (%s)", str_cstr(&path));
        str_printf(&line, _("The default model is now %s; this stands in %s.\n"), str_cstr(&name),
                   str_cstr(&ini));
        output_text(line.data, line.len, false);
        str_free(&line);
    }
    str_free(&path);
    str_free(&ini);
    str_free(&name);
    return rc;
}

static int run_use(struct cli *cli)
{
    struct err err = ERR_INIT;
    int rc = cli->n_args ? use(cli, cli->args[0], &err) : tell_present(cli, &err);
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_model_use = {
    .name = "model use",
    .arguments = N_("[MODEL]"),
    .help = N_("Choose the model that writes when none is named"),
    .about =
        N_("MODEL is a name of `xuxie model list` or a path. It is opened to see that it is good, "
           "and then remembered in xuxie.ini, where only that one line changes. Without MODEL the "
           "present choice is told."),
    .bit = CMD_MODEL_USE,
    .max_args = 1,
    .run = run_use,
};
