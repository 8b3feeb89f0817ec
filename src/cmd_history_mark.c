/* cmd_history_mark.c - `xuxie history star`, `tag` and `note`: what a person thinks of a
 * generation. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/ask.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/history_cli.h"
#include "src/output.h"
#include "src/textfile.h"

enum { TAG_BYTES = 64 };

/* ---- star ------------------------------------------------------------------------------------ */

/* Every number is looked at before the first star is set. */
static int star(struct store *store, const struct cli *cli, struct err *err)
{
    store_ref *refs = x_calloc((size_t)cli->n_args, sizeof refs[0]);
    int rc = 0;
    for (int i = 0; !rc && i < cli->n_args; i++) {
        struct history_record *r = NULL;
        rc = history_load_arg(store, cli->args[i], &r, err);
        if (!rc)
            refs[i] = r->generation;
        history_record_free(r);
    }
    for (int i = 0; !rc && i < cli->n_args; i++)
        history_put_star(store, refs[i], !cli->flags.off);
    free(refs);
    return rc;
}

static int run_star(struct cli *cli)
{
    return history_run(cli, true, star);
}

/* ---- tag ------------------------------------------------------------------------------------- */

static void print_tag(const char *tag, int64_t n, bool json)
{
    if (json) {
        json_t *o = json_pack("{s:o}", "tag", output_json_string(tag, strlen(tag)));
        if (n)
            json_object_set_new(o, "generations", json_integer(n));
        output_json(o);
        return;
    }
    if (n)
        output_printf("%7lld  ", (long long)n);
    output_text(tag, strlen(tag), false);
    output_puts("\n");
}

static int list_tags(struct store *store, const struct cli *cli, struct err *err)
{
    bool json = cli->flags.json;
    if (cli->n_args == 1) {
        struct history_record *r;
        int rc = history_load_arg(store, cli->args[0], &r, err);
        if (rc)
            return rc;
        for (size_t i = 0; i < r->n_tags; i++)
            print_tag(r->tags[i], 0, json);
        history_record_free(r);
        return 0;
    }
    struct history_tag *tags;
    size_t n;
    int rc = history_tags(store, &tags, &n, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        print_tag(tags[i].tag, tags[i].n, json);
    history_tags_free(tags, n);
    return 0;
}

static int check_tag(const char *tag, struct err *err)
{
    char quoted[360];
    size_t n = strlen(tag);
    bool plain = n > 0 && n <= TAG_BYTES && utf8_valid_prefix(tag, n) == n;
    for (size_t i = 0; plain && i < n; i++)
        plain = (unsigned char)tag[i] > ' ' && tag[i] != 0x7F && tag[i] != ',';
    if (plain)
        return 0;
    return err_set(err, E_USAGE,
                   _("\"%s\" cannot be a tag; a tag is 1 to %d bytes without blanks and commas"),
                   err_quote(quoted, sizeof quoted, tag, n), TAG_BYTES);
}

static int put_tags(struct store *store, const struct cli *cli, struct err *err)
{
    struct history_record *r;
    int rc = history_load_arg(store, cli->args[0], &r, err);
    if (rc)
        return rc;
    for (int i = 1; !rc && !cli->flags.off && i < cli->n_args; i++)
        rc = check_tag(cli->args[i], err);
    for (int i = 1; !rc && i < cli->n_args; i++)
        history_put_tag(store, r->generation, cli->args[i], !cli->flags.off);
    history_record_free(r);
    return rc;
}

static int run_tag(struct cli *cli)
{
    if (cli->flags.off && cli->n_args < 2)
        return cli_usage(cli->command, _("--off needs a number and tags"));
    bool puts = cli->n_args > 1;
    return history_run(cli, puts, puts ? put_tags : list_tags);
}

/* ---- note ------------------------------------------------------------------------------------ */

/* The end of a note is not a blank line. */
static void trim_end(struct str *text)
{
    while (text->len && strchr(" \t\r\n", text->data[text->len - 1]) &&
           text->data[text->len - 1] != '\0')
        str_truncate(text, text->len - 1);
}

/* From the command line, standard input, or the editor that begins with the old one. */
static int get_note(const struct cli *cli, const char *old, struct str *note, struct err *err)
{
    int rc = 0;
    if (cli->n_args == 2 && strcmp(cli->args[1], "-") != 0) {
        str_puts(note, cli->args[1]);
    } else if (cli->n_args == 2) {
        rc = textfile_read("-", 0, LIMIT_PASTE_PROMPT_BYTES, note, err);
    } else {
        str_puts(note, old);
        rc = ask_editor(note, LIMIT_PASTE_PROMPT_BYTES, err);
    }
    if (!rc)
        rc = textfile_check(_("the note"), note, err);
    if (!rc)
        trim_end(note);
    return rc;
}

static int put_note(struct store *store, const struct cli *cli, struct err *err)
{
    struct history_record *r;
    struct str note = STR_INIT;
    int rc = history_load_arg(store, cli->args[0], &r, err);
    if (rc)
        return rc;
    rc = get_note(cli, r->note, &note, err);
    if (!rc && strcmp(str_cstr(&note), r->note) != 0)
        history_put_note(store, r->generation, str_cstr(&note));
    str_free(&note);
    history_record_free(r);
    return rc;
}

static int print_note(struct store *store, const struct cli *cli, struct err *err)
{
    struct history_record *r;
    int rc = history_load_arg(store, cli->args[0], &r, err);
    if (rc)
        return rc;
    output_text(r->note, strlen(r->note), false);
    if (r->note[0])
        output_puts("\n");
    history_record_free(r);
    return 0;
}

static int run_note(struct cli *cli)
{
    bool edits = cli->n_args == 1 && ask_possible() && output_is_tty();
    bool puts = cli->n_args == 2 || edits;
    return history_run(cli, puts, puts ? put_note : print_note);
}

/* ---- rows ------------------------------------------------------------------------------------ */

const struct subcommand command_history_star = {
    .name = "history star",
    .arguments = N_("NUMBER..."),
    .help = N_("Give generations a star, or take it away"),
    .bit = CMD_HISTORY_STAR,
    .min_args = 1,
    .max_args = 1000,
    .run = run_star,
};

const struct subcommand command_history_tag = {
    .name = "history tag",
    .arguments = N_("[NUMBER [TAG...]]"),
    .help = N_("Tag a generation, or list tags"),
    .about =
        N_("Without tags those of the generation are listed; without a number, every tag in use "
           "and how often."),
    .bit = CMD_HISTORY_TAG,
    .max_args = 1000,
    .run = run_tag,
};

const struct subcommand command_history_note = {
    .name = "history note",
    .arguments = N_("NUMBER [TEXT|-]"),
    .help = N_("Write a note to a generation, or show it"),
    .about =
        N_("TEXT becomes the note, an empty one removes it, - reads it from standard input. "
           "Without TEXT the note is opened in $VISUAL or $EDITOR; when there is no terminal it "
           "is printed."),
    .bit = CMD_HISTORY_NOTE,
    .min_args = 1,
    .max_args = 2,
    .run = run_note,
};
