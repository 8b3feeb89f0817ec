/* styled.h - struct ui_text from inside: pieces of text, each with a style, as the views hand them
 * to the screen. It is a textlog whose kinds are styles. */
#ifndef XUXIE_UI_STYLED_H
#define XUXIE_UI_STYLED_H

#include <stdbool.h>

#include "ui/textlog.h"
#include "ui/theme.h"
#include "ui/ui.h"

/* Blanks take the place of newlines from here on: the text is one line. */
void styled_one_line(struct ui_text *t);
const struct textlog *styled_log(const struct ui_text *t);

enum theme_role styled_role(enum ui_style style);
/* Draws at most max_columns of displayable bytes [begin, end) of a paragraph in their styles, or
 * all in *instead when that is not NULL. Returns the columns used. */
int styled_draw(const struct textlog *log, size_t paragraph, size_t begin, size_t end,
                const enum theme_role *instead, int max_columns);
/* Draws a one-line text; what is longer than max_columns ends with an ellipsis. */
void styled_draw_line(const struct ui_text *t, const enum theme_role *instead, int max_columns);
int styled_columns(const struct ui_text *t); /* of its first line */

#endif
