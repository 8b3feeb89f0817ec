/* view_examples.h - the examples of the template at hand (view_template.h): their order, off and
 * on, edit, remove, find. Changes are saved as a new version a moment later. UI thread. */
#ifndef XUXIE_SRC_VIEW_EXAMPLES_H
#define XUXIE_SRC_VIEW_EXAMPLES_H

#include "src/room.h"

void view_examples_open(struct room *r);
bool view_examples_action(struct room *r, enum ui_action action);

#endif
