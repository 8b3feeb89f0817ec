/* fake_engine.h - an engine that writes from a script instead of from a model: a backend
 * (engine/backend.h) for tests of the room and of the engine's threads. Link fake_engine.o before
 * the engine's library: the real backend is then left out, everything else (threads, mailbox, ring)
 * is the real thing. Never linked into the program itself.
 *
 * A token is one character; its id is the code point. The script comes from fake_engine_script(),
 * or, in programs that are only started, from the environment: XUXIE_FAKE_TEXT, _RATE, _LOAD_MS,
 * _PREFILL_MS, _LOAD_ERROR, _FAIL_AFTER, _N_CTX, _ENDLESS, _SCORES (each with the prefix
 * XUXIE_FAKE). */
#ifndef XUXIE_TESTS_FAKE_ENGINE_H
#define XUXIE_TESTS_FAKE_ENGINE_H

#include <stdbool.h>

struct fake_script {
    const char *text;    /* what is written; takes divided by \f: request k gets take k mod n */
    double tokens_per_s; /* 0: as fast as possible */
    int load_ms;
    int prefill_ms;
    const char *load_error; /* not NULL: loading ends with this EV_ERROR */
    int fail_after;         /* > 0: EV_ERROR after this many tokens */
    int n_ctx;              /* 0: 1024; a longer prompt is cut to five eighths of it, with EV_CUT */
    bool endless;           /* begin again at the end of the text instead of EV_DONE(eos) */
    const char *scores;     /* logprobs in requests that score: a character followed by a number,
                               divided by spaces, "甲-0.5 乙-2.25"; every other character's is -1,
                               the first of all NaN. NULL: all -1 */
};

/* For engines opened from now on; strings are borrowed while they live. NULL: the environment. */
void fake_engine_script(const struct fake_script *script);

#endif
