/* replay.h - makes a stored generation once more and compares it with the record, token by token.
 *
 * The engine's numbers depend on the prompt's tokens alone - not on threads, not on what was found
 * in the cache - so a generation can be made again from what the store keeps of it: the prompt's
 * ids, the tokens cut off at its front, the settings, seed and stream. What it does depend on
 * besides: the model's weights, the context's size, the type of the cache, and in the last bits
 * the C library's mathematics.
 *
 * One thread, as runner.h.
 */
#ifndef XUXIE_SRC_REPLAY_H
#define XUXIE_SRC_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/options.h"
#include "src/runner.h"

struct replay_part {
    const int32_t *ids;
    size_t n_ids;
};

/* What the store knows of a generation (store.h); all borrowed. */
struct replay {
    const struct replay_part *parts; /* the exact prompt */
    size_t n_parts;
    int n_prompt;          /* its tokens, as EV_DONE counted them; 0: not known */
    int n_dropped;         /* tokens cut off at its front before writing began */
    const char *settings;  /* settings_json()'s */
    uint64_t seed;
    uint32_t stream;
    const char *model;     /* engine_info.identity; NULL: not compared */
    const char *tokenizer; /* likewise */
    const int32_t *ids;    /* all tokens that were sampled */
    size_t n_ids;
    const char *text;      /* what was written */
    size_t n_text;
    const char *reason;    /* "eos", "length", ...; NULL: nobody lived to say it */
};

enum replay_verdict {
    REPLAY_IDENTICAL,
    REPLAY_DIFFERENT,  /* why says in what; for tokens n_same, then and now */
    REPLAY_IMPOSSIBLE, /* why says why it cannot be made here */
};

struct replay_result {
    enum replay_verdict verdict;
    bool whole;                         /* false: the generation was broken off (cancelled, deadline,
                                           an error); it was compared as far as it went */
    size_t n_same;                      /* tokens that agree */
    int32_t then, now;                  /* the first tokens that do not; -1: none came any more */
    const char *then_piece, *now_piece; /* their bytes, borrowed from the runner's tokenizer */
    size_t n_then_piece, n_now_piece;
    char why[1024];                     /* a sentence; "" when identical */
};

/* The settings a runner for this generation should be opened with: the recorded ones; the caller
 * may still choose threads, and another path of the same model. E_INPUT as settings_from_json(). */
int replay_settings(const struct replay *g, struct settings *s, struct err *err);

/* Makes it again and fills *out; ends at the first token that differs. E_CANCELLED when a signal
 * came; otherwise an error only where the engine failed in a way that says nothing about the
 * generation. */
int replay_run(struct runner *r, const struct replay *g, struct replay_result *out,
               struct err *err);

#endif
