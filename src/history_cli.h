/* history_cli.h - what the history's subcommands have in common: which generations a command line
 * names, going through them, how one is shown. */
#ifndef XUXIE_SRC_HISTORY_CLI_H
#define XUXIE_SRC_HISTORY_CLI_H

#include <jansson.h>

#include "src/cli.h"
#include "src/store_history.h"

/* Opens the database of the settings and calls fn, which returns 0, an error, or an exit status > 0
 * when all has been told. With `writes` a database that can only be read is refused, and what fn
 * put is on disk in the end, or that it is not is told. The exit status. */
int history_run(struct cli *cli, bool writes,
                int (*fn)(struct store *store, const struct cli *cli, struct err *err));

/* A generation's number. E_USAGE. */
int history_number(const char *arg, store_ref *out, struct err *err);
/* The record with that number; E_USAGE, E_INPUT when there is none. As history_load. */
int history_load_arg(struct store *s, const char *arg, struct history_record **out,
                     struct err *err);

/* The filter the flags give; what it points to is theirs. E_USAGE. */
int history_filter_of(const struct flags *f, struct history_filter *out, struct err *err);
/* Do the flags choose at all? */
bool history_has_filter(const struct flags *f);

/* Calls fn with each hit, the newest first (or as ranked), at most limit of them (0: all), until it
 * returns other than 0. E_CANCELLED when a signal came. */
typedef int history_hit_fn(void *ctx, const struct history_hit *hit, struct err *err);
int history_each(struct store *s, const struct history_filter *filter, int64_t limit,
                 history_hit_fn *fn, void *ctx, struct err *err);
/* The same with whole records: those of the numbers on the command line when there are any, else
 * those of the filter. */
typedef int history_record_fn(void *ctx, const struct history_record *r, struct err *err);
int history_each_record(struct store *s, const struct cli *cli, history_record_fn *fn, void *ctx,
                        struct err *err);

/* One line: number, time, origin, story and template, model, length; with `snippet` a second line
 * with what matched, or the beginning. */
void history_print_hit(const struct history_hit *hit, bool snippet);
/* The same of a record. */
void history_print_record(const struct history_record *r);

/* All of a record, and the value of one of its settings as text ("" when it has none). */
json_t *history_json(const struct history_record *r);
/* The settings as an object with the seed; {} when they cannot be read. */
json_t *history_settings(const struct history_record *r);
/* A setting's value as a person would type it, appended. */
void history_value_text(const json_t *value, struct str *out);
/* "interrupted" for a generation that has no end. */
const char *history_reason(const char *reason);

#endif
