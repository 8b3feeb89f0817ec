/* help.h - the help screen's text, written from the key table and the house's commands. */
#ifndef XUXIE_UI_HELP_H
#define XUXIE_UI_HELP_H

#include "src/base/str.h"
#include "ui/ui.h"

/* The keys of the view (keymap.h) first, then all others, then the commands: as in ui_options, may
 * be NULL. */
void help_text(unsigned view, const struct ui_help_row *commands, struct str *out);

/* One key of the view with its label for the bottom line: the i-th; false past the end. must: it is
 * there however narrow the line. */
bool help_hint(unsigned view, size_t i, struct str *key, const char **label, bool *must);

#endif
