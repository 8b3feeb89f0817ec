/* story.h - the story tree in memory: passages, the current path, takes, undo. No I/O.
 *
 * A node is a passage; the manuscript is the path from the root to the current node. Nodes are only
 * added. The root is an empty node every story has. References (store_ref, see store.h) are
 * negative while only this process knows them, positive once read from the database.
 */
#ifndef XUXIE_SRC_STORY_H
#define XUXIE_SRC_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

typedef int64_t store_ref; /* 0: none */

enum node_kind { NODE_ROOT, NODE_AUTHOR, NODE_MODEL };

struct node {
    store_ref ref;
    enum node_kind kind;
    struct node *parent, *first_child, *last_child, *next,
        *prev;              /* siblings in order of creation */
    struct node *last_left; /* the child redo goes back to */
    char *text;             /* original bytes, NUL-terminated; owned */
    size_t n_text;
    int32_t *ids; /* tokens that spell the text exactly, NULL when unknown; owned */
    size_t n_ids;
    char tokenizer[33];   /* identity the ids belong to */
    store_ref generation; /* of a model passage */
    int64_t created_ms;
};

struct story {
    store_ref ref;
    char *title; /* "" until named; owned */
    struct node *root;
    struct node *current;
};

struct story *story_new(store_ref ref, const char *title);
void story_free(struct story *s);

/* Adds a child after the present ones and makes it the current node. Text is copied (may be empty
 * and grow with story_grow). */
struct node *story_add(struct story *s, struct node *parent, store_ref ref, enum node_kind kind,
                       const char *text, size_t n);
/* The same without moving there. */
struct node *story_attach(struct node *parent, store_ref ref, enum node_kind kind, const char *text,
                          size_t n);
void story_grow(struct node *n, const char *text, size_t n_text);
/* ids are copied; NULL forgets them. */
void story_set_ids(struct node *n, const int32_t *ids, size_t n_ids, const char *tokenizer);

/* Moves; each returns false when there is nowhere to go. undo passes over nothing: one node a step.
 */
bool story_undo(struct story *s);
bool story_redo(struct story *s);
bool story_sibling(struct story *s, int step); /* -1 or +1 among the current node's siblings */
void story_goto(struct story *s, struct node *n);

/* Place among siblings, 1-based, and their number. */
int story_sibling_index(const struct node *n, int *n_siblings);

/* Nodes from the first below the root to the current one, into out (a str of struct node *). */
size_t story_path(const struct story *s, struct node **out, size_t capacity);
size_t story_path_length(const struct story *s);
/* The manuscript, appended to out. */
void story_text(const struct story *s, struct str *out);
size_t story_text_bytes(const struct story *s);

#endif
