/* runner.h - the engine for a subcommand: opens a model and waits for it, submits one request and
 * waits for its end, with progress on standard error and signals answered.
 * One thread, the caller's; interrupt_install() must have been called. */
#ifndef XUXIE_SRC_RUNNER_H
#define XUXIE_SRC_RUNNER_H

#include "engine/engine.h"
#include "src/options.h"

struct runner;

/* Finds and loads the model of the settings. E_CANCELLED when a signal came meanwhile. */
int runner_open(const struct settings *settings, struct runner **out, struct err *err);
void runner_free(struct runner *r); /* NULL-safe; cancels what runs and waits for the engine */

const struct engine_info *runner_info(const struct runner *r);
const struct tokenizer *runner_tokenizer(const struct runner *r);

/* From now on runner_generate shows no progress: its caller does. */
void runner_quiet(struct runner *r);

/* Submits the request (its id is given here) and hands every event to on_event until EV_DONE, which
 * is handed on too and copied to *done. When on_event returns false, or a signal comes, the request
 * is cancelled; its EV_DONE still arrives. Returns 0, or the code and message of EV_ERROR. */
int runner_generate(struct runner *r, struct engine_request *request,
                    bool (*on_event)(void *arg, const struct engine_event *ev), void *arg,
                    struct engine_event *done, struct err *err);

#endif
