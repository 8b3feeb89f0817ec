/* teller.h - tells one generation on standard output while it happens: its text and nothing else,
 * or every event as a line of JSON. For subcommands; one thread. */
#ifndef XUXIE_SRC_TELLER_H
#define XUXIE_SRC_TELLER_H

#include <jansson.h>

#include "src/options.h"
#include "src/recorder.h"
#include "src/runner.h"

/* Zeroed and filled in by its owner; all borrowed. */
struct teller {
    const struct runner *runner;
    const struct settings *settings; /* of the request */
    const struct engine_request *request;
    const struct recorder *recorder; /* has seen each event before the teller does */
    bool json, raw, logprobs;        /* the options */
    const json_t *more;              /* an object whose members the start event gets too; NULL */
    /* private */
    bool started, ends_with_newline;
    int n_cuts; /* times the window moved */
    uint64_t n_bytes_dropped;
};

/* Takes the events of the request. False when nobody reads any more. */
bool teller_event(struct teller *t, const struct engine_event *ev);
/* After the last event; done is NULL when the request failed. */
void teller_end(struct teller *t, const struct engine_event *done);
/* The JSON event of a failure. */
void teller_error(const struct err *err);

#endif
