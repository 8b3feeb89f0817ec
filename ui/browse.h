/* browse.h - who has the prompt pane: the manuscript's draft, a view over the manuscript, or a
 * question that is answered there. Each that comes puts the line of the one beneath aside and
 * brings it back when it goes. Ties browser.h to the screen. */
#ifndef XUXIE_UI_BROWSE_H
#define XUXIE_UI_BROWSE_H

#include "ui/browser.h"
#include "ui/edit.h"
#include "ui/input.h"
#include "ui/room.h"

/* The view that is seen, NULL: the manuscript. */
struct browser *browse_seen(const struct ui *ui);
/* Where keys belong to: an enum ui_view, or KEYMAP_ANSWERING. */
unsigned browse_view(const struct ui *ui);
/* The question that is answered in the prompt pane, NULL: none. Displayable. */
const char *browse_question(const struct ui *ui);
/* What an empty prompt pane says, NULL: nothing. */
const char *browse_hint(const struct ui *ui);
/* The manuscript's draft while it is put aside; NULL: it is in the prompt pane. */
const char *browse_draft(const struct ui *ui, size_t *n_bytes);
void browse_set_draft(struct ui *ui, const char *text, size_t n_bytes);

/* Each true when it was theirs. */
bool browse_submit(struct ui *ui, const char *text, size_t n_bytes);
bool browse_action(struct ui *ui, enum ui_action action);
bool browse_mouse(struct ui *ui, const struct input_event *ev);
bool browse_complete(struct ui *ui, const struct edit_state *e, struct completion *out,
                     bool *found);
/* The uppermost goes, as on Escape. False: there is none. */
bool browse_back(struct ui *ui);
/* Tells the house what has become of the line. After each batch of events. */
void browse_watch(struct ui *ui);
/* The screen is closed: nobody is asked or told any more. */
void browse_free(struct ui *ui);

#endif
