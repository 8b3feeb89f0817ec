/* examples.h - what was written becomes an example of a template: a passage of the manuscript, a
 * generation of the history, the result of a run. Which template is chosen from a list when none is
 * named; fields that cannot be known are asked for one by one. Each is a new version of the
 * template. UI thread; everything is told through the room's front end. */
#ifndef XUXIE_SRC_EXAMPLES_H
#define XUXIE_SRC_EXAMPLES_H

#include "src/room.h"
#include "src/store_history.h"
#include "src/template_run.h"

/* The newest passage of the model as the answer, the author's before it as what was asked.
 * template: a name, "" or NULL: chosen. */
void examples_add_passage(struct room *r, const char *template);
/* What a generation wrote; the template it was made with is offered first. */
void examples_add_record(struct room *r, const struct history_record *record, const char *template);
/* A run's result, to the template in memory: its owner saves it. */
void examples_add_result(struct room *r, const struct template_run_result *result,
                         struct template *t);
void examples_free(struct room *r);

#endif
