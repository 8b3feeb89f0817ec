/* command_rows.h - functions of rows of the command table (commands.c) that lie in other files. Each
 * gets the rest of its line, which it may change. */
#ifndef XUXIE_SRC_COMMAND_ROWS_H
#define XUXIE_SRC_COMMAND_ROWS_H

#include "src/room.h"

/* Offers a candidate of completion; help may be NULL. */
typedef void add_fn(void *ctx, const char *text, const char *help);

/* commands_view.c: the views over the manuscript */
void cmd_history(struct room *r, char *arg);
void cmd_template(struct room *r, char *arg);
void cmd_example(struct room *r, char *arg);
void cmd_back(struct room *r, char *arg);
void cmd_star(struct room *r, char *arg);
void cmd_tag(struct room *r, char *arg);
void cmd_note(struct room *r, char *arg);
void cmd_reuse(struct room *r, char *arg);
void cmd_save_output(struct room *r, char *arg);
void cmd_show(struct room *r, char *arg);
void cmd_go(struct room *r, char *arg);
void cmd_compare(struct room *r, char *arg);
void cmd_run(struct room *r, char *arg);
void cmd_keep(struct room *r, char *arg);
void cmd_shots(struct room *r, char *arg);
void cmd_select(struct room *r, char *arg);
void cmd_examples(struct room *r, char *arg);
void cmd_toggle(struct room *r, char *arg);
void cmd_move(struct room *r, char *arg);
void cmd_remove(struct room *r, char *arg);
void cmd_edit(struct room *r, char *arg);
void cmd_new_template(struct room *r, char *arg);
void cmd_new_example(struct room *r, char *arg);
void cmd_rename(struct room *r, char *arg);

void complete_history(struct room *r, const char *arg, add_fn *add, void *ctx);
void complete_template(struct room *r, const char *arg, add_fn *add, void *ctx);
void complete_show(struct room *r, const char *arg, add_fn *add, void *ctx);
void complete_select(struct room *r, const char *arg, add_fn *add, void *ctx);
void complete_move(struct room *r, const char *arg, add_fn *add, void *ctx);

#endif
