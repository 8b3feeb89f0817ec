/* chat.h - a conversation as the segments of a request, in the form chat models were trained on.
 *
 * The formats are rows of one table here (ChatML, Llama 3, Llama 2). Which one a model wants is
 * seen from the special tokens of its vocabulary; the template that comes with it is a program in a
 * language of its own and is never run: words that stand in it only help to choose between rows.
 *
 * Special tokens go in as tokens. What people and models wrote goes in as text whose "<|im_end|>"
 * is nine characters, so nobody can type himself out of his turn. Line breaks at both ends of a
 * turn separate passages on the screen and are no part of it. One thread.
 */
#ifndef XUXIE_SRC_CHAT_H
#define XUXIE_SRC_CHAT_H

#include <stdint.h>

#include "engine/engine.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/err.h"
#include "src/base/str.h"

struct chat_template;

/* The row called `name`, or for "on" the one that fits. t may be NULL. E_UNSUPPORTED when the vocabulary lacks its
 * tokens, or no row fits: a sentence that names those there are. */
int chat_find(const char *name, const struct tokenizer *t, const struct chat_template **out,
              struct err *err);
const char *chat_name(const struct chat_template *row); /* "chatml" */
/* The rows' names for the option table, after "off" and "on"; ended by NULL. */
extern const char *const chat_names[];

enum chat_role { CHAT_USER, CHAT_ASSISTANT };

struct chat_span {
    uint64_t at;     /* where it begins in the text of all passages together */
    uint64_t prompt; /* and in the text of all segments */
    size_t n;        /* bytes */
};

/* A prompt in the making. Zeroed structs may be freed. */
struct chat {
    const struct chat_template *row;
    const struct tokenizer *tokenizer;
    struct engine_segment *segments; /* owned, and all they point to but passages' ids */
    struct str *shown;               /* [n] the text of each segment, "" for special tokens */
    size_t n, capacity;
    struct chat_span *spans; /* which bytes of the prompt are which of the passages */
    size_t n_spans;
    char *system;        /* owned; NULL: none, or given already */
    int32_t *tokens[64]; /* owned; the special tokens in use, one each */
    size_t n_tokens;
    struct str pending; /* text that is no segment yet */
    struct str turn;    /* what the user said, passages joined */
    uint64_t turn_at;
    enum chat_role role;         /* of the last passage */
    bool started, in_answer;     /* an assistant's turn is open */
    uint64_t n_source, n_prompt; /* bytes of passages, of segments */
};

/* system may be NULL. The tokenizer is borrowed; everything else is copied. */
void chat_begin(struct chat *c, const struct chat_template *row, const struct tokenizer *t,
                const char *system);
/* The next passage; ids (borrowed until chat_free) are its tokens where they are known, else NULL.
 * Passages of one role in a row are one turn. */
void chat_add(struct chat *c, enum chat_role role, const char *text, size_t n, const int32_t *ids,
              size_t n_ids);
/* Ends what must be ended and begins the answer; when the last passage is the assistant's, it goes
 * on. */
void chat_finish(struct chat *c);
void chat_free(struct chat *c);

/* Where in the text of all passages the byte of the prompt stands that is `n_bytes` from its
 * beginning: the first that comes from there on. What was written since follows both. */
uint64_t chat_source(const struct chat *c, uint64_t n_bytes);

#endif
