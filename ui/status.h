/* status.h - the status line: story, model, context, activity, saved or not; what does not fit is
 * dropped, the least needed first. And the line of hints below. */
#ifndef XUXIE_UI_STATUS_H
#define XUXIE_UI_STATUS_H

#include <stddef.h>

#include "ui/layout.h"
#include "ui/ui.h"

struct status_line {
    const struct ui_status *status; /* displayable text */
    const char *mode;               /* "" or vi's */
    size_t below;                   /* rows of text below the window; 0: it follows */
    const char *view, *about;       /* in a view: its name in place of the story's, what it shows */
};

/* Draw into the first row of the rectangle. */
void status_draw(const struct status_line *s, const struct rect *r);
void status_draw_hints(unsigned view, const struct rect *r);

#endif
