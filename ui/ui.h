/* ui.h - the door of the writing room's screen: a manuscript pane, a prompt pane (GNU readline), a
 * status line, pop-ups, views over the manuscript. It knows nothing of engines, databases or
 * stories; the house (front_tui.c) feeds it text and gets back what the person did.
 *
 * Threads: everything here on the UI thread. Wake-ups come through descriptors (ui_add_source).
 * Text handed in may hold any bytes: it passes text_safe() on its way to the screen, while copies
 * and saves keep the original.
 */
#ifndef XUXIE_UI_UI_H
#define XUXIE_UI_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct ui;

/* Who wrote a passage: decides its colour (and attribute where there is no colour). */
enum ui_kind {
    UI_AUTHOR, /* the person */
    UI_MODEL,  /* the model */
};

/* What a key or a command can ask of the house. One row each in ui/keymap.c, which also holds the
 * default keys and the line of help; those that concern only the screen (scroll, redraw, help) never
 * reach the house. */
enum ui_action {
    UI_NONE = 0,
    UI_STOP,        /* ^C while something runs */
    UI_RETRY,       /* F5 */
    UI_UNDO,        /* M-u */
    UI_REDO,        /* M-r */
    UI_SIBLING_PREV,/* M-Left */
    UI_SIBLING_NEXT,/* M-Right */
    UI_SETTINGS,    /* F9 */
    UI_QUIT,        /* asked for and confirmed */
    UI_HELP,        /* F1: handled by ui/ itself */
    UI_SCROLL_UP, UI_SCROLL_DOWN, UI_PAGE_UP, UI_PAGE_DOWN, UI_TOP, UI_BOTTOM,
    UI_EDITOR,      /* C-x C-e: handled by ui/ itself */
    UI_NEWLINE,     /* M-RET, C-j */
    UI_REDRAW,      /* C-l */
    UI_SUSPEND,     /* C-z */
    UI_COPY,        /* M-w: the newest passage to the clipboard, OSC 52 */
    UI_INTERRUPT,   /* C-c: cancels, clears, or offers to leave, by state */
    UI_HISTORY,     /* F3 */
    UI_TEMPLATES,   /* F4 */
    UI_ADD_EXAMPLE, /* M-a: what is selected, or the newest passage, becomes an example */
    /* of a view; handled by ui/ itself */
    UI_BACK,        /* Esc */
    UI_FOCUS,       /* TAB, when there is nothing to complete */
    UI_ROW_UP, UI_ROW_DOWN,
    UI_COMMAND,     /* M-x: a slash command, whatever the line holds */
    /* of a view; what they do is said by ui/keymap.c */
    UI_GO, UI_SHOW, UI_STAR, UI_TAG, UI_NOTE, UI_REUSE, UI_EXPORT, UI_DIFF,
    UI_RUN, UI_MODE, UI_FEWER, UI_MORE, UI_FIT, UI_SELECT, UI_EXAMPLES, UI_TOGGLE, UI_MOVE_UP,
    UI_MOVE_DOWN, UI_REMOVE, UI_EDIT, UI_NEW, UI_RENAME, UI_KEEP,
    N_UI_ACTIONS,
};

/* Where the person is; bits, so that a key can belong to several. */
enum ui_view {
    UI_VIEW_WRITING = 1,
    UI_VIEW_HISTORY = 2,
    UI_VIEW_TEMPLATES = 4,
    UI_VIEW_EXAMPLES = 8, /* of one template */
};

struct ui_candidate {
    char *text;  /* what is inserted */
    char *help;  /* one line, may be NULL */
};

/* What the house provides. Every callback runs on the UI thread, inside ui_run. */
struct ui_host {
    void *ctx;
    /* Enter in the prompt pane: text is borrowed, may be empty. */
    void (*on_submit)(void *ctx, const char *text, size_t n);
    /* An action of the keymap that concerns the house. */
    void (*on_action)(void *ctx, enum ui_action action);
    /* Completion of the prompt line: candidates for the word that ends at `cursor`; *start is where
     * that word begins. Fills a malloc'ed array (ui frees it and its strings); returns the count. */
    size_t (*on_complete)(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out);
    /* The prompt text changed (called at most every 250 ms, and once before leaving). */
    void (*on_draft)(void *ctx, const char *text, size_t n);
    /* Called about every 100 ms, and after each batch of events, before drawing. */
    void (*on_tick)(void *ctx, int64_t now_ms);
    /* A paste too large for the prompt (4 MiB to 64 MiB): offered as a passage of the manuscript. */
    void (*on_passage)(void *ctx, const char *text, size_t n);
    /* SIGHUP, SIGTERM or a dead terminal: save everything; ui_run returns afterwards. */
    void (*on_hangup)(void *ctx, int signal);
    /* Is something running that ^C would stop? */
    bool (*is_busy)(void *ctx);
    /* May ^C on an empty prompt leave? (the text asked about; NULL = _("Leave?")) */
    const char *(*quit_question)(void *ctx);
};

struct ui_options {
    bool mouse;
    int ambiguous_width;    /* 0 = probe, 1, 2 */
    int escape_delay_ms;    /* 0 = default: 25, over ssh 50 */
    const char *app_name;   /* "xuxie": readline's rl_readline_name */
    const char *prompt_hint;/* shown in an empty prompt pane */
    /* Slash commands for the help screen: {name, args, help} rows ended by NULL name; texts already
     * translated. Borrowed. */
    const struct ui_help_row { const char *name, *args, *help; } *commands;
    /* Restores for a crash: called async-signal-safely with the fault address of SIGBUS; true when the
     * fault was repaired and the program may go on (engine_fault). May be NULL. */
    bool (*on_fault)(void *address);
    /* The environment of children (the editor), as it was before the locale was changed; NULL: the
     * present one. Borrowed. */
    char *const *child_environ;
};

/* Is the terminal able to show the room? False: use line mode (TERM dumb or unknown, no cup, stdin
 * or stdout not a terminal). *why, when not NULL, gets a short sentence (borrowed, translated). */
bool ui_possible(const char **why);

/* Takes the terminal over. Only one ui exists at a time. On failure the terminal is as before. */
int ui_open(const struct ui_options *options, const struct ui_host *host, struct ui **out,
            struct err *err);
/* Runs until ui_quit, a hangup or end of input. Returns 0, or the signal that ended it. */
int ui_run(struct ui *ui);
void ui_quit(struct ui *ui);
/* Gives the terminal back exactly as it was. NULL-safe. */
void ui_close(struct ui *ui);

/* Calls cb(arg) in the loop whenever fd is readable. ui_remove_source undoes it. */
void ui_add_source(struct ui *ui, int fd, void (*cb)(void *arg), void *arg);
void ui_remove_source(struct ui *ui, int fd);

/* The manuscript. Offsets are bytes of the text as handed in. */
void ui_append(struct ui *ui, enum ui_kind kind, const char *text, size_t n);
void ui_truncate(struct ui *ui, uint64_t n_bytes);    /* keep the first n_bytes */
void ui_clear(struct ui *ui);                         /* another story */
void ui_mark_newest(struct ui *ui, uint64_t from);    /* the passage set off as the newest; UINT64_MAX: none */
void ui_mark_context(struct ui *ui, uint64_t from);   /* "the model reads from here"; UINT64_MAX: none */
uint64_t ui_length(const struct ui *ui);
void ui_follow(struct ui *ui);                        /* scroll to the end */

/* The status line's parts; NULL or "" leaves one out. All are copied. */
struct ui_status {
    const char *story;   /* 雪夜 · 第三章 */
    const char *model;   /* preview-9m·q8_0 */
    int ctx_used, ctx_size;
    const char *activity;/* reading 62 %, writing 12.3 tok/s; "" when idle */
    const char *saved;   /* ● saved / ○ saving / ! not saved: DIR full */
    bool warning;        /* draw `saved` as a warning */
    int sibling, n_siblings; /* 1/3 ◂ ▸ on the manuscript's frame when n_siblings > 1 */
};
void ui_set_status(struct ui *ui, const struct ui_status *status);

enum ui_level { UI_INFO, UI_WARNING, UI_ERROR };
/* One line above the prompt until the next key (warnings and errors: at least 4 s). Copied. */
void ui_message(struct ui *ui, enum ui_level level, const char *text);
/* A warning that stays until cleared with NULL ("not saved: ..."). */
void ui_standing(struct ui *ui, const char *text);

/* To the clipboard by OSC 52, and says so (or why not) in the message line. */
void ui_copy(struct ui *ui, const char *text, size_t n);
/* Paints everything anew (C-l). */
void ui_redraw(struct ui *ui);

/* The draft: the prompt pane's text, or what was put aside for a view or a question. */
void ui_prompt_set(struct ui *ui, const char *text, size_t n);
/* Malloc'ed. */
char *ui_prompt_get(struct ui *ui);
/* Adds to readline's history; oldest first at start. Entries may hold newlines. What is submitted is
 * added by the room and by ui_read_line themselves; repeats are not. ui may be NULL (line mode). */
void ui_history_add(struct ui *ui, const char *text);
/* "emacs" or "vi": changes readline's mode; NULL leaves inputrc's choice. */
void ui_editing_mode(struct ui *ui, const char *mode);
/* Binds an action ("undo", "retry", ...; the names in ui/keymap.c) to other keys: "M-u, F6", "" for
 * none. E_USAGE tells what is wrong. May be called before ui_open. */
int ui_bind(const char *action, const char *keys, struct err *err);

/* A pop-up list over the manuscript. on_choice gets the index, or -1 for Escape. Strings copied. */
void ui_pick(struct ui *ui, const char *title, const struct ui_candidate *items, size_t n,
             size_t selected, void (*on_choice)(void *ctx, int index), void *ctx);
/* A yes-or-no question in the message line. */
void ui_ask(struct ui *ui, const char *question, void (*on_answer)(void *ctx, bool yes), void *ctx);
/* A question that is answered in the prompt pane. What stood there is put aside and comes back.
 * on_answer gets the text, NULL when the person changed his mind; borrowed. A second question takes
 * the place of the first, which gets NULL. */
void ui_ask_line(struct ui *ui, const char *question, const char *initial,
                 void (*on_answer)(void *ctx, const char *text), void *ctx);
/* Gives a text to the person's editor. on_done gets what was saved, NULL when the editor failed or
 * could not be started (which is told). `suffix` of the file: ".txt". E_BUSY while another runs. */
int ui_edit_text(struct ui *ui, const char *text, size_t n, const char *suffix,
                 void (*on_done)(void *ctx, const char *text, size_t n), void *ctx,
                 struct err *err);
/* A screen of text to read and scroll (help, model info). Title and text are copied. */
void ui_show_text(struct ui *ui, const char *title, const char *text, size_t n);
/* The help screen: keys of the current view, then the commands; searchable with /. */
void ui_show_help(struct ui *ui);

/* ---- views over the manuscript -------------------------------------------------------------------
 * A list with a page beside it (below it on a narrow screen; one at a time on a small one). The
 * prompt pane is the view's line meanwhile: the person's draft is put aside and comes back byte for
 * byte, with its cursor. The manuscript may go on growing behind it.
 */

/* What a stretch of text is; decides its look. Without colour the attributes differ. */
enum ui_style {
    UI_PLAIN,
    UI_DIM,
    UI_STRONG,
    UI_MATCH, /* what a search found */
    UI_BY_AUTHOR,
    UI_BY_MODEL,
    UI_INSTRUCTION, /* the parts of a prompt */
    UI_EXAMPLE,
    UI_QUERY,
    UI_ADDED, /* the sides of a comparison */
    UI_REMOVED,
    UI_ALARM,
    N_UI_STYLES,
};

/* Styled text that is put together piece by piece. Bytes may be any; they are copied. */
struct ui_text;
struct ui_text *ui_text_new(void);
void ui_text_free(struct ui_text *t);
void ui_text_clear(struct ui_text *t);
void ui_put(struct ui_text *t, enum ui_style style, const char *text, size_t n);
void ui_puts(struct ui_text *t, enum ui_style style, const char *text);
void ui_printf(struct ui_text *t, enum ui_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
size_t ui_text_length(const struct ui_text *t); /* bytes put so far */
/* The bytes without their styles, NUL-terminated; borrowed until the next change. */
const char *ui_text_bytes(const struct ui_text *t);

struct ui_row {
    struct ui_text *text; /* one line, cut where the list ends */
    struct ui_text *side; /* at its right end, where there is room to spare; may stay empty */
};

struct ui_page {
    struct ui_text *text;
    const char *title; /* on its frame; borrowed */
    uint64_t key;      /* the page of another key begins at its top ... */
    size_t reveal;     /* ... or shows this byte of the text; SIZE_MAX: none */
    bool plain;        /* given: styles are not seen where this goes */
};

enum ui_pane { UI_PANE_LIST, UI_PANE_PAGE };

/* What the house provides. Every callback runs on the UI thread; `selected` is SIZE_MAX while the
 * list is empty. Rows are asked for when they are drawn, and only those in sight; a page when
 * another row was selected or after ui_browser_changed(). NULL is allowed where it says so. */
struct ui_browser {
    void *ctx;
    enum ui_view view;
    const char *title;  /* of the list; borrowed while the view is open */
    const char *prompt; /* on the frame of the prompt pane: what is typed there; borrowed too */
    const char *hint;   /* in it while it is empty */
    size_t (*count)(void *ctx);
    void (*row)(void *ctx, size_t i, struct ui_row *out);
    void (*page)(void *ctx, size_t selected, struct ui_page *out);
    /* For the status line: how many, which filters. Borrowed until the next call. NULL: nothing. */
    const char *(*about)(void *ctx);
    /* Said in place of an empty list. NULL: nothing. */
    const char *(*empty)(void *ctx);
    /* The view's line changed. NULL: it is only read when it is sent. */
    void (*on_line)(void *ctx, const char *text, size_t n);
    bool finds; /* what the line is for: it changes the list; else it is sent with Enter */
    /* Enter. True: the line stays as it is. */
    bool (*on_submit)(void *ctx, const char *text, size_t n, size_t selected);
    /* False: not for this view, the house's own on_action gets it. */
    bool (*on_action)(void *ctx, enum ui_action action, size_t selected);
    /* As the host's on_complete; when there is nothing to complete TAB goes to the other pane. NULL:
     * always. */
    size_t (*on_complete)(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out);
    void (*on_close)(void *ctx); /* NULL: nothing to do */
};

/* Opens a view; over another one, which is seen again, as it was, when this one is closed. The
 * struct is copied. */
void ui_browse(struct ui *ui, const struct ui_browser *browser);
/* Closes the uppermost one, as Esc does. Nothing without one. */
void ui_browser_close(struct ui *ui);
/* Rows, count or page of the uppermost one are others now; works at the next frame. */
void ui_browser_changed(struct ui *ui);
void ui_browser_select(struct ui *ui, size_t i);
void ui_browser_focus(struct ui *ui, enum ui_pane pane);
enum ui_pane ui_browser_pane(const struct ui *ui);
size_t ui_browser_selected(const struct ui *ui);
/* Its line; on_line is told. */
void ui_browser_set_line(struct ui *ui, const char *text, size_t n);
/* The ctx of the uppermost view, NULL without one. */
void *ui_browser_ctx(const struct ui *ui);

/* Calls on_tick again as soon as keys and the screen have had their turn: for work in slices. */
void ui_soon(struct ui *ui);

/* Readline without a screen, for line mode: a line (malloc'ed), NULL at end of input; *interrupted
 * when ^C was typed. Same history, completion and bindings as the room's. */
char *ui_read_line(const char *prompt, const struct ui_host *host, bool *interrupted);
/* The same with a line to begin with (borrowed, may be NULL). */
char *ui_read_line_from(const char *prompt, const char *initial, const struct ui_host *host,
                        bool *interrupted);
/* The person's editor without a screen: waits for its end; what was saved is appended to out, whose
 * limit is that of the text. E_IO when no editor starts or it ends with a failure, E_INPUT when the
 * text is too long: what was typed is then still in the file that the message names. */
int ui_edit_plainly(const char *text, size_t n, const char *suffix, char *const *environment,
                    struct str *out, struct err *err);

#endif
