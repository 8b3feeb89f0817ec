/* template_edit.h - a template in the person's own editor. */
#ifndef XUXIE_SRC_TEMPLATE_EDIT_H
#define XUXIE_SRC_TEMPLATE_EDIT_H

#include "src/template.h"

/* Opens the text form of *t in the editor; what comes back is *t (the old one freed). What cannot
 * be read comes into the editor again with the sentence that says why on top, until it can or is
 * left as it was; then E_INPUT, and the text is kept in a file, which is told. `check` (NULL: none)
 * may refuse what was read otherwise. Nothing changed: *t stays. */
int template_edit(struct template **t,
                  int (*check)(void *ctx, const struct template *t, struct err *err), void *ctx,
                  struct err *err);

/* Appends the lines that differ between two texts, what went away as [-...-], what came as {+...+}.
 */
void template_changes(const char *before, const char *after, struct str *out);

#endif
