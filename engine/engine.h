/* engine.h - the door between the program and the transformer.
 *
 * Two objects. An `engine` is a loaded model: weights, tokenizer, hyperparameters; immutable once
 * READY and shareable. An `engine_session` is one mutable timeline: a KV cache and the tokens in it.
 *
 * Callers always give the whole text of a request. The session finds the longest common prefix with
 * what its cache holds and evaluates only the rest; there is no "append" to get out of step with.
 *
 * Threads. All functions below are called from one thread (the caller's, "UI thread"), except
 * engine_cancel, which any thread or signal handler may call. All computing happens on the engine's
 * own thread and its pool. Nothing is shared but the mailbox (mutex), each session's ring (ring.h)
 * and each session's atomic cancel id.
 *
 * Life. engine_open returns at once; loading goes on in the engine thread. Sessions may be made
 * right after it and receive EV_LOAD events, then EV_READY or EV_ERROR (id 0). Every accepted
 * request yields, in this order: EV_PROMPT..., EV_CUT?, EV_PREFILL..., (EV_TOKEN | EV_TEXT | EV_CUT
 * | EV_PREFILL | EV_STATS)..., and exactly one EV_DONE or EV_ERROR with its id. A request that scores
 * yields EV_PROMPT..., (EV_PREFILL | EV_SCORE)..., and the one EV_DONE or EV_ERROR.
 * End: engine_session_free (cancels and waits for the engine thread to let go), then engine_close
 * (joins the thread). Both take NULL.
 *
 * Cancel guarantee: tested before each transformer block, and prefill chunks are sized so that one
 * block takes at most about 100 ms; the KV cache stays valid up to the last complete position.
 */
#ifndef XUXIE_ENGINE_ENGINE_H
#define XUXIE_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/sample_params.h"
#include "src/base/err.h"

struct engine;
struct engine_session;
struct tokenizer; /* engine/tokenizers/tokenizer.h */

enum engine_kv_type { ENGINE_KV_F16, ENGINE_KV_F32 };

struct engine_options {
    int n_threads;            /* 0: the number of physical cores */
    int n_ctx;                /* tokens; 0: the model's own, at most 4096 */
    enum engine_kv_type kv;
};

/* Does a model fit into the memory that is free? */
enum engine_fit {
    ENGINE_FITS,
    ENGINE_TIGHT,     /* it works, but its mapped weights are read from the disk again and again */
    ENGINE_TOO_LARGE, /* what must be in memory is more than is free: it is refused */
};

/* The figures of that question, from before loading. */
struct engine_memory {
    size_t session_bytes; /* KV cache, activations and scratch of one session */
    size_t made_bytes;    /* weights that loading puts together in memory */
    size_t mapped_bytes;  /* weights that stay in the files */
    size_t free_bytes;    /* SIZE_MAX: not known */
    enum engine_fit fit;
};

/* What is known of a loaded model. Strings are borrowed from the engine, not sanitised. */
struct engine_info {
    const char *path;
    const char *name;         /* general.name, or the file's name */
    const char *arch;         /* "gpt2" */
    const char *type;         /* dominant tensor type, "q8_0" */
    const char *license;      /* "" when the file does not say */
    const char *cpu;          /* kernels in use: "generic", "avx2", "avx512" */
    char identity[33];        /* XXH3-128 of header and samples of every tensor, hex (LIBS.md) */
    char tokenizer_identity[33]; /* XXH3-128 of the vocabulary: stored ids are valid where it is equal */
    int64_t n_params;
    int64_t file_bytes;
    int n_vocab, n_embd, n_layer, n_head, n_head_kv;
    int n_ctx_train;          /* what the model was made for */
    int n_ctx;                /* in use */
    enum engine_kv_type kv;   /* likewise */
    int n_threads;
    struct engine_memory memory;
    struct sample_hint hint;  /* sampling values the file recommends (xuxie.sampling.*) */
    const struct tokenizer *tokenizer; /* borrowed; NULL where the model has none (tests) */
};

enum engine_segment_kind {
    SEGMENT_TEXT, /* bytes: tokenised by the engine */
    SEGMENT_IDS,  /* tokens that were stored: taken as they are */
};

struct engine_segment {
    enum engine_segment_kind kind;
    const char *text;   /* SEGMENT_TEXT */
    size_t n_bytes;
    const int32_t *ids; /* SEGMENT_IDS */
    size_t n_ids;
    bool scored;        /* in a request that scores: tell the probabilities of these tokens */
    bool special;       /* SEGMENT_TEXT: special tokens written out in it are those tokens */
};

struct engine_request {
    uint64_t id;                            /* the caller's, > 0 and growing */
    const struct engine_segment *segments;  /* the whole prompt, in order */
    size_t n_segments;
    int n_streams;                          /* takes from one prefix; only 1 is accepted so far */
    struct sample_params sampling;          /* logit bias and dry breakers are copied too */
    uint64_t seed;
    uint32_t stream;                        /* take number for the random numbers */
    const char *const *stops;               /* stop strings, UTF-8 */
    size_t n_stops;
    int max_tokens;                         /* new tokens; 0: until n_ctx is full; */
    int max_length;                         /* prompt + new tokens; 0: no such limit */
    int64_t deadline_ms;                    /* from submit; 0: none. Ends with DONE_DEADLINE */
    bool ignore_eos;
    bool keep_whole;                        /* never cut the oldest text: E_INPUT when it does not fit */
    int first_cut;                          /* replay: tokens that EV_CUT said were dropped before the
                                               first EV_TOKEN; 0: the engine decides. E_INPUT when the
                                               window cannot be that */
    bool score;                             /* write nothing: tell how likely the tokens of the scored
                                               segments are, each given all that lies before it. At
                                               least one segment must be scored; the whole prompt must
                                               fit into n_ctx (else E_INPUT). Sampling, stops,
                                               max_tokens, max_length and first_cut are not looked at */
};

/* What the model thought of one token of the prompt. */
struct engine_score {
    int32_t id;
    uint32_t segment; /* index in the request */
    uint32_t offset;  /* of the token in the segment's ids */
    float logprob;    /* natural log of the model's own probability; NaN for the first token of all
                         when no start token lies before it: nothing predicts that one. Who wants
                         it predicted puts a start token before it, in a segment of its own */
};

enum engine_event_type {
    EV_LOAD,    /* load: percent; bytes, when there are any = a warning about the memory it takes */
    EV_READY,   /* engine_info() is now available */
    EV_PROMPT,  /* prompt: the ids of one segment, or a piece of them; bytes = int32_t[n_ids] */
    EV_CUT,     /* cut: the model does not see what lies before this place */
    EV_PREFILL, /* prefill: done of total tokens are evaluated; first one says what was reused */
    EV_SCORE,   /* score: of scored tokens, in order; bytes = struct engine_score[n] */
    EV_TOKEN,   /* token: sampled; comes before the EV_TEXT it completes */
    EV_TEXT,    /* bytes = whole UTF-8 characters */
    EV_STATS,   /* stats: about four times a second while writing */
    EV_DONE,    /* done */
    EV_ERROR,   /* error: code; bytes = message */
};

enum engine_done_reason {
    DONE_EOS,       /* the model ended the text */
    DONE_LENGTH,    /* max_tokens or max_length reached */
    DONE_STOP,      /* a stop string; it is not part of the text */
    DONE_CANCELLED, /* engine_cancel */
    DONE_DEADLINE,
    DONE_SCORED,    /* all scored segments were told */
};

/* The word stored and shown for a reason: "eos", "length", "stop", "cancelled", "deadline",
 * "scored". */
const char *engine_done_name(enum engine_done_reason reason);

struct engine_event {
    enum engine_event_type type;
    uint64_t id;     /* of the request; 0 for loading */
    uint32_t stream;
    union {
        struct { int percent; } load;
        struct {
            uint32_t segment;      /* index in the request */
            uint32_t offset;       /* of this piece in the segment's ids */
            uint32_t n_ids;        /* in this piece */
            bool last;             /* no further EV_PROMPT of this request */
        } prompt;
        struct {
            int n_tokens_dropped;  /* of the request's prompt and what was written since */
            int n_tokens_kept;
            uint64_t n_bytes_dropped; /* in the text of all segments and of what was written since */
        } cut;
        struct { int done, total, reused; } prefill;
        struct { uint32_t n; } score; /* tokens in this event */
        struct {
            int32_t id;
            float logprob;         /* natural log of the model's own probability, before samplers */
        } token;
        struct {
            float tokens_per_s;    /* since writing began */
            int n_ctx_used, n_ctx;
        } stats;
        struct {
            enum engine_done_reason reason;
            int n_prompt;          /* tokens of the whole prompt, before any cut */
            int n_reused;          /* of them found in the cache */
            int n_tokens;          /* sampled; or scored */
            int n_text_tokens;     /* the first this many tokens spell exactly the text sent; -1 when
                                      the text ends inside a token */
            int64_t prefill_us, decode_us;
        } done;
        struct { enum err_code code; } error;
    };
    const char *bytes;
    size_t n_bytes;
};

int engine_open(const char *path, const struct engine_options *options, struct engine **out,
                struct err *err);
void engine_close(struct engine *e);

/* NULL before EV_READY was taken from a session's events. */
const struct engine_info *engine_info(const struct engine *e);

/* The tokenizer, likewise; immutable, safe on the calling thread. */
const struct tokenizer *engine_tokenizer(const struct engine *e);

int engine_session_new(struct engine *e, struct engine_session **out, struct err *err);
void engine_session_free(struct engine_session *s);

/* Deep-copies the request. One may run and one may wait; a third is E_BUSY. E_INPUT for requests
 * that make no sense (n_streams, empty id). */
int engine_submit(struct engine_session *s, const struct engine_request *request, struct err *err);

/* Asks request `id` to end; a no-op for any other id. Async-signal-safe. */
void engine_cancel(struct engine_session *s, uint64_t id);

/* Readable while events wait. */
int engine_fd(const struct engine_session *s);

/* The next event, or false. ev->bytes points into the ring and is valid until the next call on this
 * session. */
bool engine_next_event(struct engine_session *s, struct engine_event *ev);

/* SIGBUS at an address inside a mapped model file: called by the crash handler (ui/term.c, main.c).
 * Maps zero pages there, marks the engine as failed (its generations end with EV_ERROR "the model
 * file changed while in use") and returns true; false when the address is not ours.
 * Async-signal-safe. */
bool engine_fault(void *address);

#endif
