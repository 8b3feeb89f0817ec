/* room_story.c - which story is open: how one is found, begun or read from a file, and changed for
 * another while the model may be writing. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/cli.h"
#include "src/import.h"
#include "src/room_priv.h"

enum { NAME_CHARACTERS = 16 };

struct story *room_begin_story(struct room *r, const char *title)
{
    return story_new(store_put_story(r->store, title), title);
}

static struct story *load_story(struct room *r, store_ref ref, char **draft, struct err *err)
{
    struct story *s = NULL;
    if (store_flush(r->store, ROOM_FLUSH_MS, err) != 0 ||
        store_load_story(r->store, ref, &s, draft, err) != 0)
        return NULL;
    return s;
}

/* A file becomes a new story; its name without directory and suffix is the title. */
static struct story *story_from_file(struct room *r, const char *path, struct err *err)
{
    struct str text = STR_INIT;
    str_init(&text, 0);
    if (import_text(path, &text, err) != 0) {
        str_free(&text);
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    char *title = x_strdup(slash ? slash + 1 : path);
    char *dot = strrchr(title, '.');
    if (dot && dot != title)
        *dot = '\0';
    struct story *s = room_begin_story(r, title);
    free(title);
    if (text.len) {
        store_ref ref = store_put_node(r->store, s->ref, 0, NODE_AUTHOR, str_cstr(&text), text.len);
        story_add(s, s->root, ref, NODE_AUTHOR, str_cstr(&text), text.len);
        store_put_current(r->store, s->ref, ref);
    }
    str_free(&text);
    return s;
}

/* A title, else a file; NULL = the last story, else a new one. */
struct story *room_find_story(struct room *r, const char *what, char **draft, struct err *err)
{
    if (!what) {
        store_ref last = r->store ? store_last_story(r->store) : 0;
        struct story *s = last ? load_story(r, last, draft, err) : NULL;
        if (s || err->code == E_OK)
            return s ? s : room_begin_story(r, "");
        return NULL;
    }
    bool is_path = strchr(what, '/') != NULL;
    store_ref ref = r->store ? store_find_story(r->store, what) : 0;
    if (ref)
        return load_story(r, ref, draft, err);
    if (is_path || access(what, F_OK) == 0)
        return story_from_file(r, what, err);
    char quoted[360];
    err_quote(quoted, sizeof quoted, what, strlen(what));
    const char *near = cli_closest_command(what);
    if (near)
        err_set(err, E_INPUT,
                _("%s: no story has this title and no file this name; did you mean `xuxie %s`?"),
                quoted, near);
    else
        err_set(err, E_INPUT, _("%s: no story has this title and no file this name"), quoted);
    return NULL;
}

static void take_story(struct room *r, struct story *s, char *draft)
{
    struct story *old = r->story;
    room_rescue_keep(r);
    r->story = s;
    store_put_current(r->store, s->ref, s->current == s->root ? 0 : s->current->ref);
    turn_set_story(r->turn, s);
    story_free(old);
    r->rescued_bytes = 0;
    free(r->draft);
    r->draft = x_strdup(draft ? draft : "");
    r->front->prompt_set(r->front->ctx, r->draft);
    free(draft);
}

static void change_story(void *arg)
{
    struct room *r = arg;
    struct err err = ERR_INIT;
    char *draft = NULL;
    struct story *s = r->change_to     ? load_story(r, r->change_to, &draft, &err)
                      : r->change_what ? room_find_story(r, r->change_what, &draft, &err)
                                       : room_begin_story(r, "");
    if (s)
        take_story(r, s, draft);
    else
        room_say(r, TURN_ERROR, err.msg);
}

/* The passage of that row in the open story. */
static struct node *find_node(struct room *r, struct node *n, store_ref row)
{
    while (n) {
        if (n->ref == row || store_row(r->store, n->ref) == row)
            return n;
        if (n->first_child) {
            n = n->first_child;
            continue;
        }
        while (n && !n->next)
            n = n->parent;
        n = n ? n->next : NULL;
    }
    return NULL;
}

static void go_now(void *arg)
{
    struct room *r = arg;
    if (store_row(r->store, r->story->ref) != r->go_story) {
        r->change_to = r->go_story;
        change_story(r);
    }
    if (store_row(r->store, r->story->ref) != r->go_story || !r->go_node)
        return; /* it could not be opened, which was told */
    struct node *n = find_node(r, r->story->root, r->go_node);
    if (n)
        turn_goto(r->turn, n);
    else
        room_say(r, TURN_WARNING, _("That passage is not in its story any more."));
}

void room_go(struct room *r, store_ref story, store_ref node)
{
    store_flush(r->store, ROOM_FLUSH_MS, NULL); /* gives everything its number */
    r->go_story = story;
    r->go_node = node;
    turn_when_idle(r->turn, go_now, r);
}

static void change_when_idle(struct room *r, store_ref ref, const char *what)
{
    free(r->change_what);
    r->change_what = what ? x_strdup(what) : NULL;
    r->change_to = ref;
    turn_when_idle(r->turn, change_story, r);
}

void room_new_story(struct room *r)
{
    if (!r->story->root->first_child && !r->story->title[0]) {
        room_say(r, TURN_INFO, _("This story is still empty: write."));
        return;
    }
    change_when_idle(r, 0, NULL);
}

void room_open_story(struct room *r, store_ref story)
{
    change_when_idle(r, story, NULL);
}

void room_open_what(struct room *r, const char *what)
{
    change_when_idle(r, 0, what);
}

const char *room_story_name(const struct room *r)
{
    static char name[256];
    if (r->story->title[0])
        return r->story->title;
    const struct node *first = r->story->current;
    while (first->parent && first->parent != r->story->root)
        first = first->parent;
    const char *s = first->text ? first->text : "";
    size_t n = strcspn(s, "\n");
    size_t end = 0;
    for (int i = 0; i < NAME_CHARACTERS && end < n; i++) {
        size_t len = utf8_claimed_length((unsigned char)s[end]);
        end += len ? len : 1;
    }
    if (n == 0)
        snprintf(name, sizeof name, "%s", _("untitled"));
    else
        snprintf(name, sizeof name, "%.*s%s", (int)(end < n ? end : n), s, end < n ? "…" : "");
    return name;
}
