/* cli.h - the command line: which subcommands there are, and what is given to them.
 *
 * A subcommand is one src/cmd_*.c that ends in its row, a struct subcommand; cli.c lists the rows
 * and nothing else knows them. Which options a subcommand takes stands in the option table
 * (option_table.c) under its bit.
 */
#ifndef XUXIE_SRC_CLI_H
#define XUXIE_SRC_CLI_H

#include "src/option_table.h"
#include "src/options.h"

struct cli {
    const struct subcommand *command;
    struct settings settings; /* defaults, ini file and command line, in that order */
    struct flags flags;
    char **args; /* what is not an option */
    int n_args;
};

struct subcommand {
    const char *name;      /* "continue", "model info"; "" is the writing room */
    const char *arguments; /* N_() "[FILE|-]" */
    const char *help;      /* N_() one line */
    const char *about;     /* N_() a paragraph for --help */
    command_set bit;       /* CMD_NAME */
    int min_args, max_args;
    int (*run)(struct cli *cli); /* returns the exit status */
};

extern const struct subcommand *const subcommands[]; /* the room first, ended by NULL */

/* clang-format off */
extern const struct subcommand
    command_room,
    command_continue,
    command_run,
    command_template_list,
    command_template_show,
    command_template_add,
    command_template_edit,
    command_template_remove,
    command_template_import,
    command_template_export,
    command_template_preview,
    command_eval,
    command_history_list,
    command_history_search,
    command_history_show,
    command_history_diff,
    command_history_star,
    command_history_tag,
    command_history_note,
    command_history_replay,
    command_history_export,
    command_history_stats,
    command_history_delete,
    command_story_list,
    command_story_export,
    command_model_list,
    command_model_info,
    command_model_check,
    command_model_tensors,
    command_model_logits,
    command_model_use,
    command_model_remove,
    command_model_import,
    command_model_quantize,
    command_tokenize,
    command_detokenize,
    command_perplexity,
    command_bench;
/* clang-format on */

/* Everything from the command line to the exit status. */
int cli_main(int argc, char **argv);

/* "xuxie: message; see `xuxie NAME --help`", status 2. */
int cli_usage(const struct subcommand *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The subcommand whose name is nearest to a mistyped word, NULL when none is near: for the room,
 * whose argument may be one. */
const char *cli_closest_command(const char *word);

/* `xuxie continue` on standard input (what NULL) or a file: the room without a terminal. */
int cli_continue_stdin(struct settings *settings, const char *what);

/* cli_help.c: --help of a subcommand, of all that begin with a word ("model"), and --version. */
void cli_help(const struct subcommand *command);
void cli_help_family(const char *word);
void cli_version(void);

/* cli_dump.c: "bash", "ini", "man:NAME", "man:ini" on standard output; made at build time. The exit
 * status. */
int cli_dump(const char *what);

#endif
