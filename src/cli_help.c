/* cli_help.c - --help and --version, made from the tables. */
#include "config.h"

#include <gnu/libc-version.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/base/uwidth.h"
#include "src/cli.h"
#include "src/output.h"
#include "ui/wrap.h"

enum { COLUMNS = 79, HELP_COLUMN = 27 };

/* Versions of the libraries the build found; configure fills it. */
#ifndef XUXIE_LIBRARIES
#define XUXIE_LIBRARIES ""
#endif

/* Appends text from `column` on, wrapped as the manuscript is (ui/wrap.h). */
static void wrap(struct str *out, const char *text, size_t column)
{
    struct wrap w;
    wrap_init(&w);
    wrap_paragraph(&w, text, strlen(text), (int)(COLUMNS - column));
    for (size_t i = 0; i < w.n_rows; i++) {
        size_t end = w.rows[i].end;
        while (end > w.rows[i].begin && text[end - 1] == ' ')
            end--;
        if (i)
            str_printf(out, "%*s", (int)column, "");
        str_append(out, text + w.rows[i].begin, end - w.rows[i].begin);
        str_putc(out, '\n');
    }
    wrap_free(&w);
}

/* Arguments of a subcommand, translated; gettext answers "" with the catalogue's header. */
static const char *arguments(const struct subcommand *c)
{
    return c->arguments[0] ? _(c->arguments) : "";
}

static void print_option(struct str *out, const struct option_row *row)
{
    char name[64];
    size_t begin = out->len;
    if (row->letter)
        str_printf(out, "  -%c, ", row->letter);
    else
        str_puts(out, "      ");
    str_printf(out, "--%s", option_hyphens(row, name));
    if (row->arg)
        str_printf(out, row->bare ? "[=%s]" : " %s", _(row->arg));
    else if (!row->is_flag)
        str_puts(out, "[=on|off]");
    size_t width = uwidth_str(out->data + begin, out->len - begin);
    if (width + 2 > HELP_COLUMN) {
        str_printf(out, "\n%*s", HELP_COLUMN, "");
    } else {
        str_printf(out, "%*s", (int)(HELP_COLUMN - width), "");
    }
    wrap(out, _(row->help), HELP_COLUMN);
    if (!row->allowed || (row->type == OPTION_BOOL && row->is_flag))
        return;
    struct str more = STR_INIT;
    if (row->def && !row->in_preset)
        str_printf(&more, _("allowed: %s; default: %s"), _(row->allowed), row->def);
    else
        str_printf(&more, _("allowed: %s"), _(row->allowed));
    str_printf(out, "%*s", HELP_COLUMN, "");
    wrap(out, str_cstr(&more), HELP_COLUMN);
    str_free(&more);
}

static void print_options(struct str *out, const struct subcommand *command)
{
    for (int group = 0; group < N_GROUPS; group++) {
        bool first = true;
        for (size_t i = 0; i < n_option_rows; i++) {
            const struct option_row *row = &option_rows[i];
            if ((int)row->group != group || !(row->commands & command->bit) ||
                !(row->scope & SCOPE_CLI))
                continue;
            if (first)
                str_printf(out, "\n%s:\n", _(option_group_names[group]));
            first = false;
            print_option(out, row);
        }
    }
}

static void print_presets(struct str *out)
{
    const char *help;
    str_printf(out, "\n%s:\n", _("Presets"));
    for (size_t i = 0;; i++) {
        const char *name = preset_name(i, &help);
        if (!name)
            break;
        str_printf(out, "  %-12s", name);
        wrap(out, help, 14);
    }
}

static void print_command(struct str *out, const struct subcommand *c)
{
    struct str line = STR_INIT;
    str_printf(&line, "  xuxie %s %s", c->name, arguments(c));
    size_t width = uwidth_str(line.data, line.len);
    str_append(out, line.data, line.len);
    if (width + 2 > HELP_COLUMN + 10)
        str_printf(out, "\n%*s", HELP_COLUMN + 10, "");
    else
        str_printf(out, "%*s", (int)(HELP_COLUMN + 10 - width), "");
    wrap(out, _(c->help), HELP_COLUMN + 10);
    str_free(&line);
}

void cli_help(const struct subcommand *command)
{
    struct str out = STR_INIT;
    bool room = command == &command_room;
    str_printf(&out, "%s xuxie%s%s %s %s\n\n", _("Usage:"), room ? "" : " ", command->name,
               _("[OPTION]..."), arguments(command));
    wrap(&out, _(command->help), 0);
    if (command->about) {
        str_putc(&out, '\n');
        wrap(&out, _(command->about), 0);
    }
    if (room) {
        str_printf(&out, "\n%s:\n", _("Commands"));
        for (size_t i = 1; subcommands[i]; i++)
            print_command(&out, subcommands[i]);
        wrap(&out, _("Each has a --help of its own."), 0);
    }
    print_options(&out, command);
    str_printf(&out, "\n  -h, --help%*s%s\n  -V, --version%*s%s\n", HELP_COLUMN - 12, "",
               _("Print this help"), HELP_COLUMN - 15, "", _("Print the version"));
    if (command->bit & (CMD_ROOM | CMD_CONTINUE))
        print_presets(&out);
    str_putc(&out, '\n');
    wrap(&out,
         _("Exit status: 0 done, 1 input refused, 2 wrong usage, 3 database, 4 no memory or disk, "
           "130 interrupted."),
         0);
    output_write(out.data, out.len);
    str_free(&out);
}

void cli_help_family(const char *word)
{
    struct str out = STR_INIT;
    str_printf(&out, "%s:\n", _("Commands"));
    size_t n = strlen(word);
    for (size_t i = 1; subcommands[i]; i++)
        if (strncmp(subcommands[i]->name, word, n) == 0 && subcommands[i]->name[n] == ' ')
            print_command(&out, subcommands[i]);
    output_write(out.data, out.len);
    str_free(&out);
}

void cli_version(void)
{
    output_printf("xuxie %s\n", PACKAGE_VERSION);
    output_printf("%s\n", _("Licence GPL-3.0-or-later <https://gnu.org/licenses/gpl.html>. This is "
                            "free software; there is no warranty."));
    output_printf(_("Libraries: %s\n"), XUXIE_LIBRARIES[0] ? XUXIE_LIBRARIES : "-");
    output_printf(_("Running with glibc %s, jansson %s\n"), gnu_get_libc_version(),
                  jansson_version_str());
}
