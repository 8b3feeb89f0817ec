/* story.c - see story.h.
 *
 * Invariants
 *  1  the root has no parent; every other node is in its parent's list of children, once
 *  2  last_left of a node on the path is the next node of the path; of others, the child through
 * which the path went when it last came this way, NULL if it never did. Redo goes there, else to
 * the newest child 3  nothing recurses: a story may be many thousand passages deep
 */
#include "config.h"

#include "src/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/mem.h"

struct story *story_new(store_ref ref, const char *title)
{
    struct story *s = x_calloc(1, sizeof *s);
    s->ref = ref;
    s->title = x_strdup(title);
    s->root = x_calloc(1, sizeof *s->root);
    s->root->kind = NODE_ROOT;
    s->root->text = x_strdup("");
    s->current = s->root;
    return s;
}

static void node_free(struct node *n)
{
    free(n->text);
    free(n->ids);
    free(n);
}

void story_free(struct story *s)
{
    if (!s)
        return;
    /* leaves first: go down while there are children, then free and go on with the next */
    struct node *n = s->root;
    while (n) {
        if (n->first_child) {
            struct node *child = n->first_child;
            n->first_child = NULL;
            n = child;
            continue;
        }
        struct node *after = n->next ? n->next : n->parent;
        node_free(n);
        n = after;
    }
    free(s->title);
    free(s);
}

/* ---- adding ---- */

struct node *story_attach(struct node *parent, store_ref ref, enum node_kind kind, const char *text,
                          size_t n)
{
    struct node *node = x_calloc(1, sizeof *node);
    node->ref = ref;
    node->kind = kind;
    node->text = x_strndup(n ? text : "", n);
    node->n_text = n;
    node->created_ms = clock_wall_ms();
    node->parent = parent;
    node->prev = parent->last_child;
    if (parent->last_child)
        parent->last_child->next = node;
    else
        parent->first_child = node;
    parent->last_child = node;
    return node;
}

struct node *story_add(struct story *s, struct node *parent, store_ref ref, enum node_kind kind,
                       const char *text, size_t n)
{
    struct node *node = story_attach(parent, ref, kind, text, n);
    if (parent != s->current)
        story_goto(s, parent);
    parent->last_left = node;
    s->current = node;
    return node;
}

/* Room for n bytes and a NUL, in powers of two, so that growing token by token copies little. */
static size_t room_for(size_t n)
{
    size_t room = 16;
    while (room <= n)
        room *= 2;
    return room;
}

void story_grow(struct node *n, const char *text, size_t n_text)
{
    if (n_text == 0)
        return;
    n->text = x_realloc(n->text, room_for(n->n_text + n_text));
    memcpy(n->text + n->n_text, text, n_text);
    n->n_text += n_text;
    n->text[n->n_text] = '\0';
}

void story_set_ids(struct node *n, const int32_t *ids, size_t n_ids, const char *tokenizer)
{
    int32_t *copy = ids ? x_memdup(ids, n_ids * sizeof ids[0]) : NULL;
    free(n->ids);
    n->ids = copy;
    n->n_ids = ids ? n_ids : 0;
    snprintf(n->tokenizer, sizeof n->tokenizer, "%s", ids ? tokenizer : "");
}

/* ---- moving ---- */

void story_goto(struct story *s, struct node *n)
{
    for (struct node *at = n; at->parent; at = at->parent)
        at->parent->last_left = at;
    s->current = n;
}

bool story_undo(struct story *s)
{
    if (!s->current->parent)
        return false;
    s->current = s->current->parent;
    return true;
}

bool story_redo(struct story *s)
{
    struct node *to = s->current->last_left ? s->current->last_left : s->current->last_child;
    if (!to)
        return false;
    s->current->last_left = to;
    s->current = to;
    return true;
}

bool story_sibling(struct story *s, int step)
{
    struct node *to = step < 0 ? s->current->prev : s->current->next;
    if (!to)
        return false;
    to->parent->last_left = to;
    s->current = to;
    return true;
}

int story_sibling_index(const struct node *n, int *n_siblings)
{
    int index = 1, count = 1;
    for (const struct node *p = n->prev; p; p = p->prev)
        index++;
    count = index;
    for (const struct node *p = n->next; p; p = p->next)
        count++;
    *n_siblings = count;
    return index;
}

/* ---- the path ---- */

size_t story_path_length(const struct story *s)
{
    size_t length = 0;
    for (const struct node *n = s->current; n->parent; n = n->parent)
        length++;
    return length;
}

size_t story_path(const struct story *s, struct node **out, size_t capacity)
{
    size_t length = story_path_length(s), i = length;
    for (struct node *n = s->current; n->parent; n = n->parent)
        if (--i < capacity)
            out[i] = n;
    return length < capacity ? length : capacity;
}

void story_text(const struct story *s, struct str *out)
{
    if (!out->max)
        out->max = SIZE_MAX / 4; /* a manuscript is as long as it is */
    size_t n = story_path_length(s);
    struct node **path = x_calloc(n, sizeof path[0]);
    story_path(s, path, n);
    for (size_t i = 0; i < n; i++)
        str_append(out, path[i]->text, path[i]->n_text);
    free(path);
}

size_t story_text_bytes(const struct story *s)
{
    size_t n_bytes = 0;
    for (const struct node *n = s->current; n->parent; n = n->parent)
        n_bytes += n->n_text;
    return n_bytes;
}
