/* view_template.h - F4: the library of templates. The page shows the prompt put together live from
 * the template and the line, each part with its tokens; Enter runs it, and the answer streams in
 * behind it.
 *
 * What is turned (mode, K, selection, the examples' order) is kept as a new version of the template
 * when it is left, not with every turn of a knob. UI thread. A failure is told through the room's
 * front end.
 */
#ifndef XUXIE_SRC_VIEW_TEMPLATE_H
#define XUXIE_SRC_VIEW_TEMPLATE_H

#include "src/room.h"
#include "src/store_history.h"
#include "src/template.h"

struct template_view;

enum template_facet { FACET_PREVIEW, FACET_RESULT, FACET_TEXT, N_TEMPLATE_FACETS };

/* Opens it, with the template of that name selected (NULL: the one it was left with). */
void view_template_open(struct room *r, const char *name);
/* With the template and the fields of a generation. */
void view_template_reuse(struct room *r, const struct history_record *record);
bool view_template_is_open(const struct room *r);
bool view_template_action(struct room *r, enum ui_action action);
void view_template_tick(struct room *r, int64_t now_ms);
/* The run has something new to show. */
void view_template_changed(struct room *r);
/* What is not saved yet is, and the view forgets everything. */
void view_template_free(struct room *r);

/* The selected template, to be changed; NULL (told) when there is none. */
struct template *view_template_working(struct room *r);
/* It was changed; soon: saved in a moment, else when it is left. */
void view_template_touched(struct room *r, bool soon);
/* Saves what was touched, at once. */
void view_template_save(struct room *r);
/* The library was changed elsewhere. */
void view_template_reload(struct room *r);

/* For commands. */
void view_template_run(struct room *r, const char *line); /* NULL or "": what the line holds */
void view_template_show(struct room *r, enum template_facet facet);
void view_template_rename(struct room *r, const char *name);
void view_template_new(struct room *r, const char *name);

#endif
