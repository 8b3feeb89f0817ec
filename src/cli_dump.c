/* cli_dump.c - what is generated from the tables when the program is built: the option lists of the
 * manual pages, the bash completion and a commented xuxie.ini. English, whatever the locale. */
#include "config.h"

#include <ctype.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/cli.h"
#include "src/output.h"

/* ---- manual pages -------------------------------------------------------------------------------- */

/* Text for roff: backslashes, hyphens that are typed, and control characters at the head of a line. */
static void roff(struct str *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        str_puts(out, "\\&");
    for (const char *p = text; *p; p++) {
        if (*p == '\\')
            str_puts(out, "\\e");
        else if (*p == '-')
            str_puts(out, "\\-");
        else
            str_putc(out, *p);
    }
}

static void man_body(struct str *out, const struct option_row *row)
{
    roff(out, _(row->help));
    str_puts(out, ".\n");
    if (!row->allowed || (row->type == OPTION_BOOL && row->is_flag))
        return;
    str_puts(out, "Allowed: ");
    roff(out, _(row->allowed));
    if (row->in_preset)
        str_puts(out, "; default: from the preset");
    else if (row->def) {
        str_puts(out, "; default: ");
        roff(out, row->def);
    }
    str_puts(out, ".\n");
}

static void man_option(struct str *out, const struct option_row *row, bool ini)
{
    char name[64];
    str_puts(out, ".TP\n");
    if (ini) {
        str_printf(out, ".BR %s \" = \\fI%s\\fP\"\n", row->name, row->arg ? _(row->arg) : "on|off");
    } else {
        str_puts(out, ".BR ");
        if (row->letter)
            str_printf(out, "\\-%c \", \" ", row->letter);
        roff(out, "--");
        roff(out, option_hyphens(row, name));
        if (row->arg)
            str_printf(out, " \" \\fI%s\\fP\"", _(row->arg));
        str_putc(out, '\n');
    }
    man_body(out, row);
}

/* Groups in order, each with its heading; the rows of one command, or (bit 0) of the ini file. */
static void man_options(struct str *out, unsigned bit)
{
    for (int group = 0; group < N_GROUPS; group++) {
        bool first = true;
        for (size_t i = 0; i < n_option_rows; i++) {
            const struct option_row *row = &option_rows[i];
            bool belongs = bit ? (row->commands & bit) && (row->scope & SCOPE_CLI)
                               : (row->scope & SCOPE_INI) != 0;
            if ((int)row->group != group || !belongs)
                continue;
            if (first)
                str_printf(out, ".SS %s\n", _(option_group_names[group]));
            first = false;
            man_option(out, row, !bit);
        }
    }
}

/* "model info", "model-info" and "room" all name a subcommand. */
static const struct subcommand *named(const char *name)
{
    if (strcmp(name, "room") == 0)
        return &command_room;
    for (size_t i = 1; subcommands[i]; i++) {
        const char *a = subcommands[i]->name, *b = name;
        while (*a && (*a == *b || (*a == ' ' && *b == '-'))) {
            a++;
            b++;
        }
        if (*a == *b)
            return subcommands[i];
    }
    return NULL;
}

/* ---- bash completion ----------------------------------------------------------------------------- */

static void bash_choices(struct str *out, const struct option_row *row)
{
    if (row->type == OPTION_PRESET) {
        const char *name;
        for (size_t i = 0; (name = preset_name(i, NULL)); i++)
            str_printf(out, "%s%s", i ? " " : "", name);
    }
    for (size_t i = 0; row->choices && row->choices[i]; i++)
        str_printf(out, "%s%s", i ? " " : "", row->choices[i]);
}

/* A case of "$command $prev" for each option whose values are known. */
static void bash_values(struct str *out)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        bool chosen = row->choices || row->type == OPTION_PRESET;
        bool file = row->type == OPTION_TEXT && strcmp(row->name, "ids") != 0;
        if (option_is_switch(row) || !(row->scope & SCOPE_CLI))
            continue;
        char name[64];
        option_hyphens(row, name);
        str_puts(out, "    ");
        bool first = true;
        for (size_t c = 0; subcommands[c]; c++) {
            if (!(subcommands[c]->bit & row->commands))
                continue;
            str_printf(out, "%s'%s --%s'", first ? "" : "|", subcommands[c]->name, name);
            if (row->letter)
                str_printf(out, "|'%s -%c'", subcommands[c]->name, row->letter);
            first = false;
        }
        str_puts(out, ")\n        ");
        if (chosen) {
            str_puts(out, "COMPREPLY=($(compgen -W '");
            bash_choices(out, row);
            str_puts(out, "' -- \"$cur\"))\n        ");
        } else if (file) {
            str_puts(out, "compopt -o filenames\n        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                          "        ");
        }
        str_puts(out, "return ;;\n");
    }
}

/* The options of each subcommand. */
static void bash_options(struct str *out)
{
    for (size_t c = 0; subcommands[c]; c++) {
        str_printf(out, "    '%s') options='--help --version", subcommands[c]->name);
        for (size_t i = 0; i < n_option_rows; i++) {
            char name[64];
            if ((option_rows[i].commands & subcommands[c]->bit) &&
                (option_rows[i].scope & SCOPE_CLI))
                str_printf(out, " --%s", option_hyphens(&option_rows[i], name));
        }
        str_puts(out, "' ;;\n");
    }
}

/* The words a subcommand can begin with, or those that may follow `family`. */
static void bash_words(struct str *out, const char *family)
{
    size_t n_family = family ? strlen(family) : 0;
    const char *last = NULL;
    for (size_t c = 1; subcommands[c]; c++) {
        const char *name = subcommands[c]->name;
        const char *blank = strchr(name, ' ');
        if (family) {
            if (blank && strncmp(name, family, n_family) == 0)
                str_printf(out, "%s%s", last ? " " : "", blank + 1);
            last = blank ? name : last;
            continue;
        }
        size_t n = blank ? (size_t)(blank - name) : strlen(name);
        if (!last || strncmp(last, name, n) != 0 || !strchr(" ", last[n]))
            str_printf(out, "%s%.*s", last ? " " : "", (int)n, name);
        last = name;
    }
}

static void dump_bash(struct str *out)
{
    str_puts(out, "# bash completion for xuxie. Generated by `xuxie --dump=bash`.\n"
                  "_xuxie()\n{\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                  "    local command= options= i word\n"
                  "    # bash makes words of --name=value's three parts\n"
                  "    if [[ $cur == '=' ]]; then\n"
                  "        cur=\n"
                  "    elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then\n"
                  "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
                  "    fi\n"
                  "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "        word=${COMP_WORDS[i]}\n"
                  "        case \"$command $word\" in\n");
    for (size_t c = 1; subcommands[c]; c++) {
        const char *name = subcommands[c]->name;
        const char *blank = strchr(name, ' ');
        if (!blank)
            str_printf(out, "        ' %s') command=%s ;;\n", name, name);
        else
            str_printf(out, "        ' %.*s') command=%.*s ;;\n        '%s') command='%s' ;;\n",
                       (int)(blank - name), name, (int)(blank - name), name, name, name);
    }
    str_puts(out, "        esac\n    done\n    case \"$command $prev\" in\n");
    bash_values(out);
    str_puts(out, "    esac\n    case $command in\n");
    str_puts(out, "    model) COMPREPLY=($(compgen -W '");
    bash_words(out, "model");
    str_puts(out, "' -- \"$cur\")); return ;;\n");
    bash_options(out);
    str_puts(out, "    esac\n"
                  "    compopt -o filenames\n"
                  "    if [[ $cur == -* ]]; then\n"
                  "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
                  "    elif [[ -z $command ]]; then\n"
                  "        COMPREPLY=($(compgen -W '");
    bash_words(out, NULL);
    str_puts(out, "' -f -- \"$cur\"))\n"
                  "    else\n"
                  "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                  "    fi\n"
                  "}\n"
                  "complete -F _xuxie xuxie\n");
}

/* ---- xuxie.ini ----------------------------------------------------------------------------------- */

static void dump_ini(struct str *out)
{
    struct settings s;
    settings_init(&s);
    str_puts(out, "# xuxie.ini - settings of xuxie, see xuxie.ini(5). It belongs into\n"
                  "# $XDG_CONFIG_HOME/xuxie, which is ~/.config/xuxie if not set otherwise.\n"
                  "# What is written here are the defaults; take the ; away to set a value.\n");
    for (int group = 0; group < N_GROUPS; group++) {
        bool first = true;
        for (size_t i = 0; i < n_option_rows; i++) {
            const struct option_row *row = &option_rows[i];
            if ((int)row->group != group || !(row->scope & SCOPE_INI))
                continue;
            if (first)
                str_printf(out, "\n# ---- %s ----\n", _(option_group_names[group]));
            first = false;
            str_printf(out, "\n# %s\n", _(row->help));
            if (row->allowed)
                str_printf(out, "# %s\n", _(row->allowed));
            str_printf(out, ";%s = ", row->name);
            settings_get(&s, row->name, out);
            str_putc(out, '\n');
        }
    }
    settings_free(&s);
}

int cli_dump(const char *what)
{
    struct str out = STR_INIT;
    int status = 0;
    setlocale(LC_MESSAGES, "C");
    const struct subcommand *command = strncmp(what, "man:", 4) == 0 ? named(what + 4) : NULL;
    if (command)
        man_options(&out, command->bit);
    else if (strcmp(what, "man:ini") == 0)
        man_options(&out, 0);
    else if (strcmp(what, "bash") == 0)
        dump_bash(&out);
    else if (strcmp(what, "ini") == 0)
        dump_ini(&out);
    else
        status = cli_usage(NULL, _("--dump takes bash, ini, man:ini or man:COMMAND"));
    output_write(out.data, out.len);
    str_free(&out);
    return status;
}
