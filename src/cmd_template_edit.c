/* cmd_template_edit.c - `xuxie template edit`: a template in the person's own editor. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/cmd_template.h"
#include "src/output.h"
#include "src/template_edit.h"
#include "src/template_text.h"

struct editing {
    struct store *store;
    store_ref template;
};

/* Another name renames the template; it must not be that of a third one. */
static int check_name(void *ctx, const struct template *t, struct err *err)
{
    const struct editing *e = ctx;
    store_ref other = library_exact(e->store, t->name);
    if (!other || other == e->template)
        return 0;
    return err_set(err, E_INPUT, _("%s: line 2: there is another template of this name"), t->name);
}

static int keep(struct editing *e, const struct str *before, const char *old_name,
                struct template *t, struct err *err)
{
    struct str after = STR_INIT, changes = STR_INIT;
    int rc = 0;
    template_print(t, &after);
    if (after.len == before->len && memcmp(after.data, before->data, after.len) == 0) {
        output_note("%s", _("Nothing was changed."));
    } else {
        if (strcmp(old_name, t->name) != 0)
            store_rename_template(e->store, e->template, t->name);
        rc = library_put(e->store, &t, 1, err);
        template_changes(str_cstr(before), str_cstr(&after), &changes);
        output_text(str_cstr(&changes), changes.len, false);
    }
    str_free(&after);
    str_free(&changes);
    return rc;
}

static int edit(struct store *s, const struct cli *cli, struct err *err)
{
    struct library_template l;
    struct str before = STR_INIT, old_name = STR_INIT;
    int rc = templates_find(s, cli->args[0], &l, err);
    if (rc)
        return rc;
    struct editing e = {s, l.template};
    template_print(l.t, &before);
    str_puts(&old_name, l.t->name);
    if (!l.template)
        rc = err_set(err, E_INPUT, _("%s: this is a file; edit it as it is"), cli->args[0]);
    else
        rc = template_edit(&l.t, check_name, &e, err);
    if (!rc)
        rc = keep(&e, &before, str_cstr(&old_name), l.t, err);
    str_free(&before);
    str_free(&old_name);
    library_template_free(&l);
    return rc;
}

static int run_edit(struct cli *cli)
{
    return library_run(cli, LIBRARY_WRITE, edit);
}

const struct subcommand command_template_edit = {
    .name = "template edit",
    .arguments = N_("NAME"),
    .help = N_("Change a template in your editor"),
    .about =
        N_("Opens the text form in $VISUAL or $EDITOR. What cannot be read comes back with the "
           "line that is wrong; saved as a new version, the old ones stay."),
    .bit = CMD_TEMPLATE_EDIT,
    .min_args = 1,
    .max_args = 1,
    .run = run_edit,
};
