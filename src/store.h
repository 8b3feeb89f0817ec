/* store.h - everything ever written, in SQLite: stories, nodes, generations, prompts, drafts.
 *
 * Threads. All functions are called from the UI thread. Writing is done by the store's own thread,
 * the only one that writes SQLite: the put functions copy their arguments into a queue and return
 * at once. What was queued is committed within 100 ms, in order; the end of a generation, choices
 * and settings are synced to disk before store_status reports them saved. Reading uses a second,
 * read-only connection on the calling thread.
 *
 * References. put functions return a store_ref < 0, valid in this process as the name of the thing;
 * the writer maps it to the row it got. Rows read back have refs > 0. Both are accepted everywhere.
 *
 * Failure. When the database cannot be opened, store_open says why and returns E_STORE: the house
 * goes on without (store = NULL is accepted by every put function, which then does nothing and
 * returns a ref all the same) and keeps a rescue file. When writing fails later, the queue is kept
 * in memory, retried every second, and store_status tells.
 *
 * Durability (RELIABILITY B.4): WAL; NORMAL for streaming text, FULL sync at the end of each
 * generation and every 2 s.
 */
#ifndef XUXIE_SRC_STORE_H
#define XUXIE_SRC_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/story.h"

struct store;

enum store_flags {
    STORE_CREATE = 1, /* make it when it is not there */
    STORE_READ_ONLY = 2,
};

struct store_status {
    bool saved;        /* everything put so far is committed (and synced where promised) */
    bool failing;      /* the last write failed; retrying */
    bool read_only;    /* the file or folder cannot be written, or is damaged; nothing is saved */
    bool was_empty;    /* a file of 0 bytes lay at the path and was made a database at open */
    char message[512]; /* a sentence when failing, read_only or was_empty */
    int64_t unsaved_since_ms; /* monotonic time of the oldest unsaved put; 0 = none */
};

/* Opens or creates the database at path (an absolute file name). E_STORE with a sentence: corrupt,
 * newer ("needs xuxie with schema >= N"), not a database, another program's database. The file is
 * then untouched. A file or folder that may not be written, or a file with damaged pages, opens
 * read-only, told by store_status. A process opens a database once (POSIX locks belong to the
 * process). */
int store_open(const char *path, unsigned flags, struct store **out, struct err *err);
/* Writes what is queued, syncs, ends the thread. Returns E_STORE when something could not be saved.
 */
int store_close(struct store *s, struct err *err);
void store_get_status(struct store *s, struct store_status *out);
/* Readable when the status changed (poll it). -1 without a store. */
int store_fd(const struct store *s);
/* Waits until everything put so far is committed and synced, at most timeout_ms. */
int store_flush(struct store *s, int timeout_ms, struct err *err);
/* The row of a ref: > 0 once it is committed, 0 before. */
int64_t store_row(struct store *s, store_ref ref);

/* --- stories and nodes (store_story.c) --- */

store_ref store_put_story(struct store *s, const char *title);
void store_put_title(struct store *s, store_ref story, const char *title);
/* parent 0: below the root. text may be empty when a generation will fill it. */
store_ref store_put_node(struct store *s, store_ref story, store_ref parent, enum node_kind kind,
                         const char *text, size_t n_text);
/* The tokens that spell a node's text, with the tokenizer they belong to. */
void store_put_node_ids(struct store *s, store_ref node, const int32_t *ids, size_t n_ids,
                        const char *tokenizer);
/* Where the person is: the current node of a story (0: the root), and which story is open. */
void store_put_current(struct store *s, store_ref story, store_ref node);
/* The unsent prompt of a story, "" forgets it. */
void store_put_draft(struct store *s, store_ref story, const char *text, size_t n);
/* A prompt that was sent: readline's history. */
void store_put_input(struct store *s, const char *text, size_t n);

struct store_story_row {
    store_ref ref;
    char *title;
    char *first_line; /* beginning of its text, at most 120 bytes */
    int64_t n_nodes, created_ms, opened_ms;
    int64_t changed_ms; /* its newest passage began, or it was made */
};
/* Newest opened first. malloc'ed array, freed by store_stories_free. */
int store_stories(struct store *s, struct store_story_row **out, size_t *n, struct err *err);
void store_stories_free(struct store_story_row *rows, size_t n);
/* The story opened last; 0 when there is none. */
store_ref store_last_story(struct store *s);
/* Reads a story whole, current node included. *draft (malloc'ed, may be NULL). A cycle of parents
 * or a missing parent makes a child of the root. */
int store_load_story(struct store *s, store_ref story, struct story **out, char **draft,
                     struct err *err);
/* A story by exact title, else by unique beginning of it; 0 when none. */
store_ref store_find_story(struct store *s, const char *title);
/* The newest distinct prompts, oldest first. Freed by store_inputs_free. */
int store_inputs(struct store *s, size_t max, char ***out, size_t *n, struct err *err);
void store_inputs_free(char **inputs, size_t n);

/* --- generations (store_history.c) --- */

struct store_model {
    const char *identity, *tokenizer, *name, *arch, *type, *path;
    int64_t n_params;
};

/* One part of an exact prompt: ids always, text as it was. */
struct store_prompt_part {
    const char *text;
    size_t n_text;
    const int32_t *ids;
    size_t n_ids;
};

struct store_generation {
    store_ref story, node; /* 0: none (`continue`, `run`, `eval`) */
    const char *origin;    /* "room", "continue", "run", "eval" */
    store_ref template_version; /* store_template.h; 0: none */
    bool few_shot;              /* a template's examples were shown, whether it is stored or not */
    int k_asked, k_used;        /* shots; meaningful with a template or few_shot */
    struct store_model model;
    const char *settings; /* JSON object with every setting, stored once by hash */
    uint64_t seed;
    uint32_t stream;
    int64_t started_ms; /* wall clock */
};

/* A generation begins; its prompt may come right after, when the engine has told the ids. */
store_ref store_put_generation(struct store *s, const struct store_generation *g);
/* The exact prompt; n_dropped: tokens cut off at its front. Parts are stored once by hash. */
void store_put_prompt(struct store *s, store_ref generation, const struct store_prompt_part *parts,
                      size_t n_parts, int n_dropped);
/* What it wrote since the last call. */
void store_put_output(struct store *s, store_ref generation, const char *text, size_t n_text,
                      const int32_t *ids, const float *logprobs, size_t n_tokens);
struct store_done {
    const char *reason; /* "eos", "length", "stop", "cancelled", "deadline", "error" */
    const char *error;  /* message, NULL */
    int n_prompt, n_reused, n_tokens;
    int n_text_tokens; /* see engine.h; -1 when unknown */
    int64_t prefill_us, decode_us;
};
void store_put_done(struct store *s, store_ref generation, const struct store_done *d);

#endif
