/* room.h - the writing room's screen from inside: shared by ui.c (the door), paint.c (frames) and
 * act.c (what events do). Everything is on the UI thread. */
#ifndef XUXIE_UI_ROOM_H
#define XUXIE_UI_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/str.h"
#include "ui/complete.h"
#include "ui/edit_view.h"
#include "ui/input.h"
#include "ui/layout.h"
#include "ui/loop.h"
#include "ui/popup.h"
#include "ui/textlog.h"
#include "ui/ui.h"
#include "ui/view.h"

enum { EDITOR_PATH_BYTES = 256 };

struct message {
    char *text; /* displayable; NULL: none */
    enum ui_level level;
    int64_t until_ms; /* a key does not end it before */
};

struct question {
    char *text;   /* NULL: nothing is asked */
    bool leaving; /* ^C again is a yes */
    void (*on_answer)(void *ctx, bool yes);
    void *ctx;
};

struct layer; /* browse.c */

struct ui {
    struct ui_options options; /* its strings are borrowed */
    struct ui_host host;
    struct loop *loop;
    struct input *input;
    struct str typed_ahead; /* keys that came while the terminal was asked */
    bool probed;            /* it has answered */
    struct str held_escape;    /* an ESC that may become Meta with the next key ... */
    int64_t held_escape_ms;    /* ... when that is typed soon after */

    struct textlog *log;
    struct view *view;
    uint64_t newest_from, context_from; /* UINT64_MAX: none */

    struct layout layout;
    int rows, columns;
    struct edit_view prompt;
    size_t prompt_top; /* first row of it in sight */

    struct ui_status status; /* its strings are ours and displayable */
    struct message message;
    char *standing; /* NULL: none */
    struct question question;

    struct popup *popup;
    void (*on_choice)(void *ctx, int index);
    void *choice_ctx;
    struct completion completion; /* while its list is open */
    bool completing;
    struct layer *layer; /* who has the prompt pane; NULL: the draft */

    struct str draft;       /* the prompt's text as the house last heard it */
    int64_t interrupted_ms; /* the last SIGINT */
    bool was_busy, stop_sent;
    int64_t came_to_end_ms; /* when what ran ended by itself */
    int ended_by;           /* a signal, 0 */
    bool ended;

    struct {
        pid_t pid; /* 0: none */
        char path[EDITOR_PATH_BYTES];
        void (*on_done)(void *ctx, const char *text, size_t n); /* NULL: it has the prompt */
        void *ctx;
    } editor;
};

/* paint.c */
void paint_whole(struct ui *ui);
void paint_prompt(struct ui *ui);
/* The prompt's width in columns, as laid out. */
int paint_prompt_columns(const struct ui *ui);

/* act.c */
void act_on_input(void *arg); /* the terminal has bytes */
void act_on_signals(void *arg);
void act_feed(struct ui *ui, const char *bytes, size_t n_bytes);
/* Takes the events the decoder has; while `probing` replies are used and keys put aside. */
void act_on_events(struct ui *ui, bool probing);
void act_escape_timeout(struct ui *ui);
void act_resize(struct ui *ui);
void act_redraw(struct ui *ui);
void act_end(struct ui *ui, int signo);
void act_draft(struct ui *ui);
void act_close_popup(struct ui *ui, int chosen);
void act_end_message(struct ui *ui, bool by_key);
bool act_is_busy(const struct ui *ui);
/* Notices when what ran has ended. */
void act_watch(struct ui *ui);

/* editor.c */
void editor_start(struct ui *ui); /* with the prompt */
void editor_check(struct ui *ui);              /* has it ended? */
void editor_abandon(struct ui *ui, int signo); /* we are leaving */

#endif
