/* recorder.h - one generation of a subcommand on its way into the store: the exact prompt part by
 * part, what was written with its tokens, how it ended. It also keeps what a caller wants to see
 * of it, with or without a store.
 *
 * recorder_begin, recorder_event with every event, recorder_end; then the next one may begin. One
 * thread.
 */
#ifndef XUXIE_SRC_RECORDER_H
#define XUXIE_SRC_RECORDER_H

#include "engine/engine.h"
#include "src/base/str.h"
#include "src/options.h"
#include "src/store.h"

/* Where a generation belongs. */
struct recorder_origin {
    const char *origin;         /* "continue", "run", "eval" */
    store_ref template_version; /* 0: none, or one that is not in the database */
    bool few_shot;              /* k_asked and k_used say something */
    int k_asked, k_used;
};

struct recorder_part {
    int32_t *ids;
    size_t n, capacity;
};

/* Read by its owner, written by the functions below. */
struct recorder {
    struct store *store; /* borrowed; NULL: nothing is stored */
    store_ref generation;
    const struct engine_request *request; /* borrowed while a generation runs */
    struct recorder_part *parts;          /* ids of each segment of the prompt */
    size_t n_parts;                       /* that there is memory for; request->n_segments count */
    size_t n_prompt;                      /* ids of all segments */
    int n_dropped;                        /* tokens cut off before the first word was written */
    int n_reused;                         /* of the prompt found in the cache */
    bool prompt_stored;
    struct str text; /* all it wrote */
    /* Tokens since the last EV_TEXT: after that event (and before the next one) those that spell
     * its text; after EV_DONE those that spell nothing, as the end of the text. */
    int32_t *ids;
    float *logprobs;
    size_t n_ids, ids_capacity;
    bool told; /* ids belong to a text that was stored */
};

void recorder_init(struct recorder *r, struct store *store);
void recorder_free(struct recorder *r);

/* The settings are those of the request, `settings` with the request's seed; all but the request
 * is copied. */
void recorder_begin(struct recorder *r, const struct recorder_origin *origin,
                    const struct settings *settings, const struct engine_info *info,
                    const struct engine_request *request);
/* Every event of the request, in order. */
void recorder_event(struct recorder *r, const struct engine_event *ev);
/* The last event, EV_DONE; or, when there is none, what went wrong. */
void recorder_end(struct recorder *r, const struct engine_event *done, const struct err *failure);

#endif
