/* line_views.h - views (struct ui_browser) on a terminal that can only print lines: the list with
 * numbers, a number chooses and prints its page, commands do what keys do elsewhere.
 *
 * Borrows nothing but the callbacks' contexts. UI thread.
 */
#ifndef XUXIE_SRC_LINE_VIEWS_H
#define XUXIE_SRC_LINE_VIEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/ui.h"

struct line_views;

/* print gets bytes as they are (the caller makes them safe). */
struct line_views *line_views_new(void (*print)(void *ctx, const char *text, size_t n), void *ctx);
void line_views_free(struct line_views *v);

bool line_views_open(const struct line_views *v); /* is there one? */
/* What to ask for the next line with; NULL when there is none. */
const char *line_views_prompt(const struct line_views *v);
/* The line that was typed: empty shows more rows, a number chooses, anything else is the view's. A
 * command (slash) is not for here. */
void line_views_submit(struct line_views *v, const char *text);
/* Prints what became different: after the views' work is done, or while it goes on. */
void line_views_show(struct line_views *v);

/* The members of struct front of the same names. */
void line_views_browse(struct line_views *v, const struct ui_browser *browser);
void line_views_close(struct line_views *v);
void line_views_changed(struct line_views *v);
void line_views_select(struct line_views *v, size_t i);
size_t line_views_selected(const struct line_views *v);
void line_views_focus(struct line_views *v, enum ui_pane pane);
enum ui_pane line_views_pane(const struct line_views *v);
void line_views_set_line(struct line_views *v, const char *text);
void *line_views_ctx(const struct line_views *v);

#endif
