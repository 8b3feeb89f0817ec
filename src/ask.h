/* ask.h - a subcommand asks the person at the terminal. */
#ifndef XUXIE_SRC_ASK_H
#define XUXIE_SRC_ASK_H

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* Is there somebody to ask: are standard input and standard error a terminal? */
bool ask_possible(void);
/* The question and " [y/N] " on standard error, then a line from standard input: was it a yes, in
 * the language of the locale or in English? False also at the end of input and on a signal. */
bool ask_yes(const char *question);

/* Lets the person change a text in $VISUAL, $EDITOR, or the first usual editor that is installed.
 * The text lies in a file of mode 0600 meanwhile. `limit` bytes are read back at most. E_IO when no
 * editor starts or it ends with a failure: text is then as it was. */
int ask_editor(struct str *text, size_t limit, struct err *err);

#endif
