/* cli_dump.c - what is generated from the tables when the program is built: the option lists of the
 * manual pages, the bash completion and a commented xuxie.ini. English, whatever the locale. */
#include "config.h"

#include <libintl.h>
#include <locale.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/cli.h"
#include "src/commands.h"
#include "src/config_common.h"
#include "src/output.h"
#include "ui/keymap.h"

/* ---- manual pages ---------------------------------------------------------------------------- */

/* Text for roff: backslashes, hyphens that are typed, control characters at the head of a line;
 * what stands between backquotes becomes bold. */
static void roff(struct str *out, const char *text)
{
    bool bold = false;
    if (text[0] == '.' || text[0] == '\'')
        str_puts(out, "\\&");
    for (const char *p = text; *p; p++) {
        if (*p == '`') {
            bold = !bold;
            str_puts(out, bold ? "\\fB" : "\\fR");
        } else if (*p == '\\') {
            str_puts(out, "\\e");
        } else if (*p == '-') {
            str_puts(out, "\\-");
        } else {
            str_putc(out, *p);
        }
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
    if (row->def && !row->in_preset) {
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
            str_printf(out, row->bare ? " \"[=\\fI%s\\fP]\"" : " \" \\fI%s\\fP\"", _(row->arg));
        str_putc(out, '\n');
    }
    man_body(out, row);
}

/* Groups in order, each with its heading; the rows of one command, or (bit 0) of the ini file. */
static void man_options(struct str *out, command_set bit)
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

static void man_presets(struct str *out)
{
    const char *name, *help;
    for (size_t i = 0; (name = preset_name(i, &help)); i++) {
        str_printf(out, ".TP\n.B %s\n", name);
        roff(out, help);
        str_puts(out, ".\n");
    }
}

static void man_slash_commands(struct str *out)
{
    const char *name, *args, *help;
    for (size_t i = 0; commands_at(i, &name, &args, &help); i++) {
        str_printf(out, ".TP\n.B /%s", name);
        if (args[0]) {
            str_puts(out, " \\fI");
            roff(out, args);
            str_puts(out, "\\fP");
        }
        str_putc(out, '\n');
        roff(out, help);
        str_puts(out, ".\n");
    }
}

static void man_keys(struct str *out)
{
    const struct keymap_row *row;
    enum keymap_section section = N_KEYMAP_SECTIONS;
    for (size_t i = 0; (row = keymap_row(i)); i++) {
        struct str keys = STR_INIT;
        if (row->section != section) {
            section = row->section;
            str_printf(out, ".PP\n.I %s\n", keymap_section_title(section));
        }
        keymap_show(row->keys, SIZE_MAX, &keys);
        if (keys.len) {
            str_puts(out, ".TP\n.B \"");
            roff(out, keys.data);
            str_puts(out, "\"\n");
            roff(out, _(row->help));
            str_puts(out, ".\n");
        }
        str_free(&keys);
    }
}

/* The i-th action that can be bound, each name once; NULL past the last. */
static const struct keymap_row *binding_at(size_t i)
{
    const struct keymap_row *row;
    for (size_t r = 0; (row = keymap_row(r)); r++) {
        const char *name = row->name;
        bool known = false;
        for (size_t k = 0; name && !known && k < r; k++)
            known = keymap_row(k)->name && strcmp(keymap_row(k)->name, name) == 0;
        if (name && !known && i-- == 0)
            return keymap_row(r);
    }
    return NULL;
}

static void man_bindings(struct str *out)
{
    const struct keymap_row *row;
    for (size_t i = 0; (row = binding_at(i)); i++) {
        str_printf(out, ".TP\n.BR %s \" = ", row->name);
        roff(out, row->keys);
        str_puts(out, "\"\n");
        roff(out, _(row->help));
        str_puts(out, ".\n");
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

/* ---- bash completion ------------------------------------------------------------------------- */

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

static bool names_a_file(const struct option_row *row)
{
    static const char *const args[] = {"FILE", "PATH", "OUT", "MODEL"};
    for (size_t i = 0; i < ARRAY_LEN(args); i++)
        if (row->type == OPTION_TEXT && strcmp(row->arg, args[i]) == 0)
            return true;
    return false;
}

static bool is_known_somewhere(const struct option_row *row)
{
    for (size_t c = 0; subcommands[c]; c++)
        if (subcommands[c]->bit & row->commands)
            return true;
    return false;
}

/* A case of "$command $prev" for each option whose values are known. */
static void bash_values(struct str *out)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        bool chosen = row->choices || row->type == OPTION_PRESET;
        bool file = names_a_file(row);
        if (option_is_switch(row) || !(row->scope & SCOPE_CLI) || !is_known_somewhere(row))
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

/* Bytes of the first word of subcommand c, 0 when the one before begins with the same. */
static size_t first_word(size_t c)
{
    const char *name = subcommands[c]->name, *before = subcommands[c - 1]->name;
    size_t n = strcspn(name, " ");
    return strncmp(name, before, n) == 0 && before[n] == ' ' ? 0 : n;
}

/* The words a subcommand can begin with. */
static void bash_first_words(struct str *out)
{
    for (size_t c = 1; subcommands[c]; c++)
        if (first_word(c))
            str_printf(out, "%s%.*s", c > 1 ? " " : "", (int)first_word(c), subcommands[c]->name);
}

/* For each first word that needs a second: the case that offers them. */
static void bash_second_words(struct str *out)
{
    for (size_t c = 1; subcommands[c]; c++) {
        const char *name = subcommands[c]->name;
        size_t n = first_word(c);
        if (!n || name[n] != ' ')
            continue;
        str_printf(out, "    %.*s) COMPREPLY=($(compgen -W '", (int)n, name);
        for (size_t i = c; subcommands[i] && (i == c || !first_word(i)); i++)
            str_printf(out, "%s%s", i > c ? " " : "", subcommands[i]->name + n + 1);
        str_puts(out, "' -- \"$cur\")); return ;;\n");
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
        size_t n = first_word(c);
        if (n)
            str_printf(out, "        ' %.*s') command=%.*s ;;\n", (int)n, name, (int)n, name);
        if (strchr(name, ' '))
            str_printf(out, "        '%s') command='%s' ;;\n", name, name);
    }
    str_puts(out, "        esac\n    done\n    case \"$command $prev\" in\n");
    bash_values(out);
    str_puts(out, "    esac\n    case $command in\n");
    bash_second_words(out);
    bash_options(out);
    str_puts(out, "    esac\n"
                  "    compopt -o filenames\n"
                  "    if [[ $cur == -* ]]; then\n"
                  "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
                  "    elif [[ -z $command ]]; then\n"
                  "        COMPREPLY=($(compgen -W '");
    bash_first_words(out);
    str_puts(out, "' -f -- \"$cur\"))\n"
                  "    else\n"
                  "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                  "    fi\n"
                  "}\n"
                  "complete -F _xuxie xuxie\n");
}

/* ---- xuxie.ini ------------------------------------------------------------------------------- */

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
    const struct keymap_row *key;
    str_printf(out, "\n# ---- keys of the writing room ----\n\n;[%s]\n", config_keys_section);
    for (size_t i = 0; (key = binding_at(i)); i++)
        str_printf(out, "\n# %s\n;%s = %s\n", _(key->help), key->name, key->keys);
}

static void man_ini(struct str *out)
{
    man_options(out, 0);
}

int cli_dump(const char *what)
{
    static const struct {
        const char *what;
        void (*dump)(struct str *out);
    } dumps[] = {
        {"bash", dump_bash},
        {"ini", dump_ini},
        {"commands", man_slash_commands},
        {"keys", man_keys},
        {"man:ini", man_ini},
        {"man:presets", man_presets},
        {"man:bindings", man_bindings},
    };
    struct str out = STR_INIT;
    int status = 0;
    setlocale(LC_MESSAGES, "C");
    const struct subcommand *command = strncmp(what, "man:", 4) == 0 ? named(what + 4) : NULL;
    size_t i = 0;
    while (i < ARRAY_LEN(dumps) && strcmp(dumps[i].what, what) != 0)
        i++;
    if (command)
        man_options(&out, command->bit);
    else if (i < ARRAY_LEN(dumps))
        dumps[i].dump(&out);
    else
        status = cli_usage(NULL, _("--dump takes bash, ini, commands, keys, man:ini, man:presets, "
                                   "man:bindings or man:COMMAND"));
    output_write(out.data, out.len);
    str_free(&out);
    return status;
}
