/* cli.c - from argv to a running subcommand.
 *
 * The first word that is not an option names the subcommand; without one it is the story or file
 * the room opens (after `--` it always is). Options may stand before the subcommand when it knows
 * them. The ini file is read between parsing, which needs nothing, and applying, because the
 * command line wins.
 */
#include "config.h"

#include "src/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/app.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/paths.h"
#include "src/closest.h"
#include "src/interrupt.h"
#include "src/models.h"
#include "src/output.h"

/* clang-format off */
const struct subcommand *const subcommands[] = {
    &command_room,
    &command_continue,
    &command_run,
    &command_template_list,
    &command_template_show,
    &command_template_add,
    &command_template_edit,
    &command_template_remove,
    &command_template_import,
    &command_template_export,
    &command_template_preview,
    &command_eval,
    &command_history_list,
    &command_history_search,
    &command_history_show,
    &command_history_diff,
    &command_history_star,
    &command_history_tag,
    &command_history_note,
    &command_history_replay,
    &command_history_export,
    &command_history_stats,
    &command_history_delete,
    &command_story_list,
    &command_story_export,
    &command_model_list,
    &command_model_info,
    &command_model_check,
    &command_model_tensors,
    &command_model_logits,
    &command_model_use,
    &command_model_remove,
    &command_model_import,
    &command_model_quantize,
    &command_tokenize,
    &command_detokenize,
    &command_perplexity,
    &command_bench,
    NULL,
};
/* clang-format on */

/* What getopt_long returns for a row of the table; its letters are below, and these three. */
enum { VALUE_ROW = 256, VALUE_HELP = 'h', VALUE_VERSION = 'V', VALUE_DUMP = 255 };

/* Options in the order given; values point into argv. */
struct given {
    struct {
        int row;
        const char *value;
    } * items;
    size_t n;
    bool help, version;
    const char *dump;
};

static int run_room(struct cli *cli)
{
    return room_main(&cli->settings, cli->n_args ? cli->args[0] : NULL);
}

const struct subcommand command_room = {
    .name = "",
    .arguments = N_("[STORY-OR-FILE]"),
    .help = N_("Open the writing room"),
    .about = N_("Opens the last story, the story of that title, or a new story with a copy of the "
                "file's text; the file itself is never changed. Inside, F1 tells the keys."),
    .bit = CMD_ROOM,
    .max_args = 1,
    .run = run_room,
};

int cli_usage(const struct subcommand *command, const char *fmt, ...)
{
    struct err err = ERR_INIT;
    struct str text = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&text, fmt, ap);
    va_end(ap);
    const char *name = command ? command->name : "";
    err_set(&err, E_USAGE, _("%s; see `xuxie%s%s --help`"), str_cstr(&text), name[0] ? " " : "",
            name);
    str_free(&text);
    return output_error(&err);
}

/* ---- parsing --------------------------------------------------------------------------------- */

static const char *row_word(size_t i)
{
    return i < n_option_rows ? option_rows[i].name : NULL;
}

static const char *command_word(size_t i)
{
    const struct subcommand *c = subcommands[i + 1]; /* not the room */
    return c ? c->name : NULL;
}

const char *cli_closest_command(const char *word)
{
    return closest_word(word, command_word);
}

/* The arrays getopt_long wants, for the options of the commands in mask. */
struct getopt_tables {
    struct option *longs;
    char (*names)[64];
    char shorts[128];
};

static void tables_make(struct getopt_tables *t, command_set mask, const char *shorts_begin)
{
    size_t n = 0;
    t->longs = x_calloc(n_option_rows + 4, sizeof t->longs[0]);
    t->names = x_calloc(n_option_rows, sizeof t->names[0]);
    struct str shorts = STR_INIT;
    str_printf(&shorts, "%shV", shorts_begin);
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(row->commands & mask) || !(row->scope & SCOPE_CLI))
            continue;
        bool is_switch = option_is_switch(row);
        t->longs[n++] = (struct option){
            .name = option_hyphens(row, t->names[i]),
            .has_arg = is_switch ? optional_argument : required_argument,
            .val = VALUE_ROW + (int)i,
        };
        if (row->letter)
            str_printf(&shorts, "%c%s", row->letter, is_switch ? "" : ":");
    }
    t->longs[n++] = (struct option){.name = "help", .val = VALUE_HELP};
    t->longs[n++] = (struct option){.name = "version", .val = VALUE_VERSION};
    t->longs[n++] =
        (struct option){.name = "dump", .has_arg = required_argument, .val = VALUE_DUMP};
    snprintf(t->shorts, sizeof t->shorts, "%s", str_cstr(&shorts));
    str_free(&shorts);
}

static int row_of_letter(int letter, command_set mask)
{
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].letter == letter && (option_rows[i].commands & mask))
            return (int)i;
    return -1;
}

/* An option getopt_long did not take: why. */
static int refuse_option(const struct subcommand *command, const char *arg, int letter)
{
    if (letter == VALUE_HELP || letter == VALUE_VERSION)
        return cli_usage(command, _("--help and --version take no value"));
    if (letter < 0 || letter > 126) /* a byte of a Chinese word, say */
        return cli_usage(command, _("write -- before words that begin with a hyphen"));
    if (letter) /* 0 for long ones */
        return cli_usage(command, _("there is no option -%c here"), letter);
    const char *equals = strchr(arg, '=');
    char *name = x_strndup(arg + 2, equals ? (size_t)(equals - arg) - 2 : strlen(arg + 2));
    char quoted[360];
    err_quote(quoted, sizeof quoted, name, strlen(name));
    int row = option_find(name);
    const char *close = row < 0 ? closest_word(name, row_word) : NULL;
    int status;
    char hyphens[64];
    if (row >= 0)
        status = cli_usage(command, _("the option --%s does not belong here"), quoted);
    else if (close && option_find_for(close, command->bit) >= 0)
        status = cli_usage(command, _("there is no option --%s (did you mean --%s?)"), quoted,
                           option_hyphens(&option_rows[option_find(close)], hyphens));
    else
        status = cli_usage(command, _("there is no option --%s, or it is not clear which is meant"),
                           quoted);
    free(name);
    return status;
}

/* Parses the options of argv[1..]; leaves the first other argument in *next. `only_before` stops
 * there, else all options are taken wherever they stand. The exit status, 0 to go on. */
static int parse(const struct subcommand *command, int argc, char **argv, bool only_before,
                 struct given *given, int *next)
{
    struct getopt_tables t;
    tables_make(&t, command->bit, only_before ? "+:" : ":");
    int status = 0;
    optind = 0; /* GNU: begin anew */
    opterr = 0;
    while (!status) {
        int value = getopt_long(argc, argv, t.shorts, t.longs, NULL);
        if (value == -1)
            break;
        int row = value >= VALUE_ROW ? value - VALUE_ROW : row_of_letter(value, command->bit);
        char name[64];
        if (value == '?')
            status = refuse_option(command, argv[optind - 1], optopt);
        else if (value == ':' && optopt == VALUE_DUMP)
            status = cli_usage(command, _("the option --dump needs a value"));
        else if (value == ':') {
            row = optopt >= VALUE_ROW ? optopt - VALUE_ROW : row_of_letter(optopt, command->bit);
            status = cli_usage(command, _("the option --%s needs a value"),
                               option_hyphens(&option_rows[row], name));
        } else if (value == VALUE_HELP)
            given->help = true;
        else if (value == VALUE_VERSION)
            given->version = true;
        else if (value == VALUE_DUMP)
            given->dump = optarg;
        else {
            given->items[given->n].row = row;
            given->items[given->n++].value = optarg ? optarg : "on";
        }
    }
    *next = optind;
    free(t.longs);
    free(t.names);
    return status;
}

/* ---- finding the subcommand ------------------------------------------------------------------ */

/* Is `name` the word, or does it begin with the word and a blank? */
static bool begins_with_word(const char *name, const char *word)
{
    size_t n = strlen(word);
    return n && strncmp(name, word, n) == 0 && (name[n] == '\0' || name[n] == ' ');
}

/* The subcommand argv[0..n) begins with; *n_words is how many words it took. *family is set when
 * the first word only begins names ("model"). */
static const struct subcommand *find_command(int n, char **argv, int *n_words, bool *family)
{
    *family = false;
    for (size_t i = 1; subcommands[i] && n > 0; i++) {
        const char *name = subcommands[i]->name;
        if (!begins_with_word(name, argv[0]))
            continue;
        const char *second = strchr(name, ' ');
        if (second && (n < 2 || strcmp(second + 1, argv[1]) != 0)) {
            *family = true;
            continue;
        }
        *n_words = second ? 2 : 1;
        return subcommands[i];
    }
    return NULL;
}

static int unknown_in_family(int n, char **argv)
{
    if (n < 2)
        return cli_usage(NULL, _("`xuxie %s` needs one word more"), argv[0]);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help_family(argv[0]);
        return output_finish(0);
    }
    char quoted[360];
    err_quote(quoted, sizeof quoted, argv[1], strlen(argv[1]));
    struct str whole = STR_INIT;
    str_printf(&whole, "%s %s", argv[0], argv[1]);
    const char *close = cli_closest_command(str_cstr(&whole));
    str_free(&whole);
    if (close)
        return cli_usage(NULL, _("there is no command `xuxie %s %s` (did you mean `xuxie %s`?)"),
                         argv[0], quoted, close);
    return cli_usage(NULL, _("there is no command `xuxie %s %s`"), argv[0], quoted);
}

/* A word where a story was expected, but more follows or it can only be a mistyped command. */
static int too_many(const struct subcommand *command, int n_args, char **args)
{
    const char *close = command == &command_room && n_args ? cli_closest_command(args[0]) : NULL;
    char quoted[360];
    err_quote(quoted, sizeof quoted, args[n_args - 1], strlen(args[n_args - 1]));
    if (close)
        return cli_usage(command, _("one argument too many: \"%s\" (did you mean `xuxie %s`?)"),
                         quoted, close);
    return cli_usage(command, _("one argument too many: \"%s\""), quoted);
}

/* ---- running --------------------------------------------------------------------------------- */

static void tell_config(void *arg, const char *message)
{
    (void)arg;
    output_warn("%s", message);
}

static int read_config(struct settings *s, struct err *err)
{
    struct str path = STR_INIT;
    int rc = 0;
    if (paths_user(PATHS_CONFIG, "xuxie.ini", &path, NULL) == 0) /* no home: no ini file */
        rc = settings_read_ini(s, str_cstr(&path), tell_config, NULL, err);
    str_free(&path);
    return rc;
}

static int apply(struct cli *cli, const struct given *given, struct err *err)
{
    for (size_t i = 0; i < given->n; i++) {
        const struct option_row *row = &option_rows[given->items[i].row];
        const char *value = given->items[i].value;
        int rc = row->is_flag ? option_store(row, &cli->flags, value, err)
                              : settings_set(&cli->settings, row->name, value, ORIGIN_CLI, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int run(struct cli *cli, const struct given *given)
{
    struct err err = ERR_INIT;
    int status;
    flags_init(&cli->flags);
    settings_init(&cli->settings);
    bool room = cli->command == &command_room; /* it has signal handlers of its own */
    if (read_config(&cli->settings, &err) != 0 || apply(cli, given, &err) != 0 ||
        (!room && interrupt_install(&err) != 0))
        status = output_error(&err);
    else {
        models_set_folders(cli->settings.model_dirs);
        status = cli->command->run(cli);
    }
    models_set_folders(NULL);
    settings_free(&cli->settings);
    flags_free(&cli->flags);
    return output_finish(status);
}

/* The options given before the subcommand must be its own too. */
static int check_given(const struct given *given, const struct subcommand *command)
{
    for (size_t i = 0; i < given->n; i++) {
        const struct option_row *row = &option_rows[given->items[i].row];
        char name[64];
        if (!(row->commands & command->bit))
            return cli_usage(command, _("the option --%s does not belong here"),
                             option_hyphens(row, name));
    }
    return 0;
}

static int dispatch(int argc, char **argv, struct given *given)
{
    struct cli cli = {.command = &command_room};
    int at, n_words = 0;
    bool family;
    int status = parse(cli.command, argc, argv, true, given, &at);
    if (status)
        return status;
    if (given->dump)
        return output_finish(cli_dump(given->dump));
    bool literal = at > 1 && strcmp(argv[at - 1], "--") == 0;
    const struct subcommand *found =
        literal ? NULL : find_command(argc - at, argv + at, &n_words, &family);
    if (!literal && !found && family)
        return unknown_in_family(argc - at, argv + at);
    if (found) {
        cli.command = found;
        status = check_given(given, found);
        at += n_words - 1;
    } else if (!literal) {
        at--;
    }
    if (!status && !literal) {
        int next;
        status = parse(cli.command, argc - at, argv + at, false, given, &next);
        at += next;
    }
    if (status)
        return status;
    if (given->help)
        cli_help(cli.command);
    else if (given->version)
        cli_version();
    if (given->help || given->version)
        return output_finish(0);
    cli.args = argv + at;
    cli.n_args = argc - at;
    if (cli.n_args > cli.command->max_args)
        return too_many(cli.command, cli.n_args, cli.args);
    if (cli.n_args < cli.command->min_args)
        return cli_usage(cli.command, _("something is missing after `xuxie %s`"),
                         cli.command->name);
    return run(&cli, given);
}

int cli_main(int argc, char **argv)
{
    struct given given = {0};
    /* every option takes at least a byte of an argument */
    size_t n = 0;
    for (int i = 1; i < argc; i++)
        n += strlen(argv[i]) + 1;
    given.items = x_calloc(n + 1, sizeof given.items[0]);
    int status = dispatch(argc, argv, &given);
    free(given.items);
    return status;
}
