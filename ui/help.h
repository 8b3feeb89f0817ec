/* help.h - the help screen's text, written from the key table and the house's commands. */
#ifndef XUXIE_UI_HELP_H
#define XUXIE_UI_HELP_H

#include "src/base/str.h"
#include "ui/ui.h"

/* commands: as in ui_options, may be NULL. */
void help_text(const struct ui_help_row *commands, struct str *out);

/* One key with its label for the bottom line: the i-th; false past the end. */
bool help_hint(size_t i, struct str *key, const char **label);

#endif
