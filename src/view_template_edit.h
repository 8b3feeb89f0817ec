/* view_template_edit.h - a template, or one of its examples, in the person's own editor, in the
 * text form. What cannot be read comes back into the editor with the reason on its first line,
 * until it can or the file is emptied. UI thread; everything is told through the room's front end.
 */
#ifndef XUXIE_SRC_VIEW_TEMPLATE_EDIT_H
#define XUXIE_SRC_VIEW_TEMPLATE_EDIT_H

#include "src/room.h"
#include "src/template.h"

/* What is saved is a new version; another name in it renames the template. */
void view_template_edit_whole(struct room *r, const struct template *t);
/* A new template of that name. */
void view_template_edit_new(struct room *r, const char *name);
/* Example i of the template at hand (view_template_working); SIZE_MAX: a new one. */
void view_template_edit_example(struct room *r, const struct template *t, size_t i);
void view_template_edit_free(struct room *r);

#endif
