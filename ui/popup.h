/* popup.h - what lies over the manuscript for a while: a list to choose from, or a page to read.
 * It holds its own copies, as displayable text. Keys come as decoded events; what it does not want
 * it passes on. */
#ifndef XUXIE_UI_POPUP_H
#define XUXIE_UI_POPUP_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/input.h"
#include "ui/layout.h"
#include "ui/ui.h"

enum popup_result {
    POPUP_KEEP,   /* it used the event */
    POPUP_CLOSE,  /* Escape */
    POPUP_CHOSEN, /* popup_selected() */
    POPUP_PASS,   /* not for it: close it and give the event to the prompt */
};

struct popup;

/* completion: a list under the prompt's completion; TAB walks it and typing goes on in the prompt.
 */
struct popup *popup_list(const char *title, const struct ui_candidate *items, size_t n,
                         size_t selected, bool completion);
struct popup *popup_text(const char *title, const char *text, size_t n_bytes);
void popup_free(struct popup *p);

enum popup_result popup_event(struct popup *p, const struct input_event *ev);
/* Rows down (+) or up; for the mouse wheel. */
void popup_scroll(struct popup *p, int rows);
/* A click on row y of the screen: chooses, or keeps. */
enum popup_result popup_click(struct popup *p, int y);
size_t popup_selected(const struct popup *p);

/* Rows it would fill with its frame: a list as many as it has items, a page all there are. */
int popup_rows(const struct popup *p, int rows);
/* Draws into these rows, framed when there is room; tells where the cursor belongs. */
void popup_draw(struct popup *p, const struct rect *r, int *cursor_y, int *cursor_x);

#endif
