/* room.h - the writing room without its screen: the open story, the store it is kept in, the engine
 * that writes, and the turn between them. Front ends call these; commands.c is built on them.
 *
 * Threads: UI thread only.
 */
#ifndef XUXIE_SRC_ROOM_H
#define XUXIE_SRC_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "src/base/err.h"
#include "src/base/str.h"
#include "src/export.h"
#include "src/front.h"
#include "src/options.h"
#include "src/store.h"
#include "src/story.h"
#include "src/template_run.h"
#include "src/turn.h"

struct room {
    struct settings settings;
    const struct front *front;
    struct turn_view view; /* of the turn: passes on to front */

    struct store *store; /* NULL: nothing can be saved */
    char *db_path;
    char *store_problem; /* why, a sentence; NULL when all is well */
    char *open_problem;  /* why the last story could not be opened; NULL: it was */
    struct story *story;
    struct turn *turn;

    struct engine *engine; /* in use; NULL while the first one loads */
    struct engine_session *session;
    char *model_path;
    struct engine *next_engine; /* loading */
    struct engine_session *next_session;
    char *next_path;
    int next_percent;
    bool next_ready; /* waits for the turn to be idle */
    bool load_failed;

    store_ref change_to; /* the story to change to when the turn is idle ... */
    char *change_what;   /* ... or a title or file; neither: a new one */

    char *rescue_path;               /* written while the store is not working */
    uint64_t rescued_bytes;          /* what it holds: the manuscript of this length ... */
    const struct node *rescued_node; /* ... that ends with this passage */
    struct str rescued_before;       /* stories left behind while the store was not working */
    int64_t rescued_ms;
    char *draft; /* last draft given to the store */
    bool leaving;

    store_ref go_story, go_node; /* where to go when the turn is idle (room_go) */

    /* views over the manuscript and what belongs to them; NULL until first used */
    struct history_view *history;
    struct template_view *templates;
    struct examples_view *examples;
    struct template_run *run; /* from room_open on */
    struct template_run_host run_host;
    struct adding *adding;   /* examples.c */
    struct editing *editing; /* view_template_edit.c */

    /* what a list on the screen is about: its rows' stories or names. One is open at a time. */
    struct {
        store_ref *refs;
        char **names;
        size_t n;
    } pick;
    struct { /* a file that is there already, while the person is asked */
        char *path;
        enum export_format format;
    } save;
};

/* Builds the room: store, story (by `what`: NULL the last one, a title, or a file to copy in),
 * engine (starts loading). settings are copied. A store that cannot be used is no failure: the room
 * works without and says so. Fails (E_INPUT) when `what` is neither story nor file, or the file is
 * bad. */
int room_open(struct room *r, const struct settings *settings, const char *what,
              const struct front *front, struct err *err);
/* Call when the front end can show things: tells it the story, problems, history and draft. */
void room_show(struct room *r);
/* Stops the turn and lets go of the engine: nothing is watched any more. Before the front end ends.
 */
void room_stop(struct room *r);
/* Ends what is left, in order: turn, store. Returns the exit status; tells on stderr what could not
 * be saved and where the rescue file is. */
int room_close(struct room *r);

/* A sentence for the person. */
void room_say(struct room *r, enum turn_level level, const char *text);
/* Enter in the prompt: a slash command, or text for the manuscript. */
void room_submit(struct room *r, const char *text, size_t n);
/* Another take of the current passage. */
void room_retry(struct room *r);
/* Ends what the model is writing: a template's answer first, else the passage. */
void room_stop_writing(struct room *r);
/* To a passage of a story, which is opened when it is another one. node 0: where it was left. */
void room_go(struct room *r, store_ref story, store_ref node);
/* A text into the prompt. What was being typed there goes to the history: Up brings it back. */
void room_put_in_prompt(struct room *r, const char *text);
/* Is there a model, or will there be? */
bool room_has_model(const struct room *r);
/* A descriptor told with front->watch is readable. */
void room_pump(struct room *r);
/* About every 100 ms: store status, rescue file. */
void room_tick(struct room *r, int64_t now_ms);
void room_draft(struct room *r, const char *text, size_t n);
/* The terminal is gone or a signal ends us: stop writing, flush. */
void room_hangup(struct room *r);
/* Leaves when the running generation has ended. */
void room_leave(struct room *r);
bool room_busy(const struct room *r);

/* room_story.c. Another story; ends a running generation first. E_INPUT / E_STORE as a notice. */
void room_new_story(struct room *r);
void room_open_story(struct room *r, store_ref story);
/* By title, or a file to copy in. */
void room_open_what(struct room *r, const char *what);
/* room_model.c. Loads a model (name or path; NULL: the one in use again, with changed settings). The old one
 * stays in use until the new one is ready. */
void room_load_model(struct room *r, const char *model);

/* room_chat.c: sends a question; the settings ask for a chat. */
void room_ask(struct room *r, const char *text, size_t n);
/* Can the model in use hold the chat the settings ask for? E_UNSUPPORTED with why not. */
int room_check_chat(const struct room *r, struct err *err);

/* The story's title, or the beginning of its text, or "untitled". Borrowed until the next call. */
const char *room_story_name(const struct room *r);

struct room_status {
    char activity[96]; /* "" when idle */
    char saved[600];
    bool warning;
    char model[128]; /* "xuxie-preview · q8_0" */
    struct turn_progress progress;
    int sibling, n_siblings;
};
void room_get_status(struct room *r, struct room_status *out);

#endif
