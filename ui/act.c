/* act.c - what events do. A key goes, in this order, to a question, a pop-up, the key table, our
 * own movement inside a prompt of several rows, and, as the bytes it came as, to readline.
 *
 * ESC typed alone is held back in emacs mode for one key, so that ESC u typed slowly is M-u of the
 * key table too; what the table does not want is given to readline with its ESC. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "ui/browse.h"
#include "ui/draw.h"
#include "ui/edit.h"
#include "ui/keymap.h"
#include "ui/room.h"
#include "ui/sig.h"
#include "ui/term.h"

enum {
    READ_BYTES = 1 << 16,
    WHEEL_ROWS = 3,
    DRAFT_MS = 250,
    HELD_ESCAPE_MS = 500, /* an ESC and a key further apart than this are no Meta key */
    INTERRUPT_TWICE_MS = 2000,
    TOO_LATE_MS = 400,
    BUTTON_LEFT = 0,
    WHEEL_UP = 64,
    WHEEL_DOWN = 65,
};

bool act_is_busy(const struct ui *ui)
{
    return ui->host.is_busy != NULL && ui->host.is_busy(ui->host.ctx);
}

static void tell_house(struct ui *ui, enum ui_action action)
{
    if (browse_action(ui, action))
        return;
    if (ui->host.on_action != NULL)
        ui->host.on_action(ui->host.ctx, action);
}

void act_watch(struct ui *ui)
{
    bool busy = act_is_busy(ui);
    if (ui->was_busy && !busy && !ui->stop_sent)
        ui->came_to_end_ms = clock_mono_ms();
    if (!busy)
        ui->stop_sent = false;
    ui->was_busy = busy;
}

/* A key meant to stop what ended by itself a moment ago must not clear the prompt or ask to leave.
 */
static bool stops_too_late(const struct ui *ui)
{
    return ui->came_to_end_ms != 0 && clock_mono_ms() - ui->came_to_end_ms < TOO_LATE_MS;
}

/* ---- leaving ----------------------------------------------------------------------------------
 */

void act_draft(struct ui *ui)
{
    struct edit_state e;
    edit_get(&e);
    size_t n = e.n_bytes;
    const char *text = browse_draft(ui, &n);
    if (text == NULL)
        text = e.line;
    loop_timer_off(ui->loop, LOOP_DRAFT);
    if (n == ui->draft.len && memcmp(text, str_cstr(&ui->draft), n) == 0)
        return;
    str_clear(&ui->draft);
    str_append(&ui->draft, text, n);
    if (ui->host.on_draft != NULL)
        ui->host.on_draft(ui->host.ctx, str_cstr(&ui->draft), ui->draft.len);
}

void act_end(struct ui *ui, int signo)
{
    if (ui->ended)
        return;
    ui->ended = true;
    ui->ended_by = signo;
    editor_abandon(ui, signo);
    act_draft(ui);
    if (signo != 0 && ui->host.on_hangup != NULL)
        ui->host.on_hangup(ui->host.ctx, signo);
    loop_stop(ui->loop);
}

static void on_leave_answer(void *ctx, bool yes)
{
    if (yes)
        tell_house(ctx, UI_QUIT);
}

static void ask_to_leave(struct ui *ui)
{
    const char *text = ui->host.quit_question != NULL ? ui->host.quit_question(ui->host.ctx) : NULL;
    ui_ask(ui, text != NULL ? text : _("Leave?"), on_leave_answer, ui);
    ui->question.leaving = true;
}

static void answer(struct ui *ui, bool yes)
{
    struct question q = ui->question;
    memset(&ui->question, 0, sizeof ui->question);
    free(q.text);
    loop_dirty(ui->loop);
    if (q.on_answer != NULL)
        q.on_answer(q.ctx, yes);
}

/* True when the key was the answer; any other text means no and is typed. */
static bool question_key(struct ui *ui, const struct input_event *ev)
{
    uint32_t code;
    unsigned mods;
    bool key = keymap_chord(ev, &code, &mods);
    bool yes = key && ((mods == 0 && (code == 'y' || code == 'Y')) ||
                       (ui->question.leaving && mods == MOD_CTRL && (code == 'c' || code == 'd')));
    answer(ui, yes);
    return key && (yes || mods != 0 || code == 'n' || code == 'N' || code == KEYCODE_ESCAPE);
}

/* ---- messages ---------------------------------------------------------------------------------
 */

void act_end_message(struct ui *ui, bool by_key)
{
    int64_t now = clock_mono_ms();
    if (ui->message.text == NULL)
        return;
    if (by_key && now < ui->message.until_ms) {
        loop_timer_at(ui->loop, LOOP_MESSAGE, ui->message.until_ms);
        return;
    }
    free(ui->message.text);
    ui->message.text = NULL;
    loop_timer_off(ui->loop, LOOP_MESSAGE);
    loop_dirty(ui->loop);
}

/* ---- pop-ups ----------------------------------------------------------------------------------
 */

static void take_candidate(struct ui *ui, int chosen)
{
    struct completion c = ui->completion;
    struct edit_state e;
    edit_get(&e);
    ui->completing = false;
    if (chosen >= 0 && c.end <= e.n_bytes)
        edit_replace(c.begin, c.end, c.items[chosen].text, strlen(c.items[chosen].text));
    complete_free(&c);
}

void act_close_popup(struct ui *ui, int chosen)
{
    void (*on_choice)(void *ctx, int index) = ui->on_choice;
    if (ui->popup == NULL)
        return;
    popup_free(ui->popup);
    ui->popup = NULL;
    ui->on_choice = NULL;
    loop_dirty(ui->loop);
    if (ui->completing)
        take_candidate(ui, chosen);
    else if (on_choice != NULL)
        on_choice(ui->choice_ctx, chosen);
}

/* True when the pop-up is done with the event. */
static bool popup_took(struct ui *ui, enum popup_result result)
{
    loop_dirty(ui->loop);
    switch (result) {
    case POPUP_CLOSE: act_close_popup(ui, -1); return true;
    case POPUP_CHOSEN: act_close_popup(ui, (int)popup_selected(ui->popup)); return true;
    case POPUP_PASS: act_close_popup(ui, -1); return false;
    default: return true;
    }
}

static void start_completion(struct ui *ui)
{
    struct completion c;
    struct edit_state e;
    bool found = false;
    edit_get(&e);
    if (!browse_complete(ui, &e, &c, &found))
        found = complete_ask(&ui->host, e.line, e.n_bytes, e.point, &c);
    if (!found)
        return;
    edit_replace(c.begin, c.end, c.common, strlen(c.common));
    c.end = c.begin + strlen(c.common);
    if (c.n_items == 1) {
        complete_free(&c);
        return;
    }
    act_close_popup(ui, -1);
    ui->completion = c;
    ui->completing = true;
    ui->popup = popup_list(_("Completions"), c.items, c.n_items, 0, true);
    loop_dirty(ui->loop);
}

/* ---- actions ----------------------------------------------------------------------------------
 */

void act_resize(struct ui *ui)
{
    term_size(&ui->rows, &ui->columns);
    edit_resize(ui->rows, ui->columns);
    loop_dirty(ui->loop);
}

void act_redraw(struct ui *ui)
{
    act_resize(ui);
    draw_redraw();
}

static void suspend(struct ui *ui)
{
    term_leave();
    sig_stop_job();
    term_resume();
    sig_take(SIGCONT);
    act_redraw(ui);
}

static void stop(struct ui *ui)
{
    ui->stop_sent = true;
    tell_house(ui, UI_STOP);
}

static void interrupt(struct ui *ui)
{
    struct edit_state e;
    edit_get(&e);
    str_clear(&ui->held_escape);
    if (act_is_busy(ui)) {
        stop(ui);
    } else if (stops_too_late(ui)) {
        ui->came_to_end_ms = 0;
    } else if (ui->popup != NULL) {
        act_close_popup(ui, -1);
    } else if (e.n_bytes > 0 || !e.plain) {
        edit_cancel();
        loop_dirty_prompt(ui->loop);
    } else if (!browse_back(ui)) {
        ask_to_leave(ui);
    }
}

static void scroll(struct ui *ui, long rows)
{
    view_scroll(ui->view, rows);
    loop_dirty(ui->loop);
}

static bool scrolls(enum ui_action action)
{
    return action >= UI_SCROLL_UP && action <= UI_BOTTOM;
}

static void act_on(struct ui *ui, enum ui_action action)
{
    long page = ui->layout.text.rows > 2 ? ui->layout.text.rows - 2 : 1;
    loop_dirty(ui->loop);
    if (browse_seen(ui) != NULL && scrolls(action)) {
        browse_action(ui, action);
        return;
    }
    switch (action) {
    case UI_INTERRUPT: interrupt(ui); break;
    case UI_STOP: stop(ui); break;
    case UI_QUIT: ask_to_leave(ui); break;
    case UI_HELP: ui_show_help(ui); break;
    case UI_SCROLL_UP: scroll(ui, -1); break;
    case UI_SCROLL_DOWN: scroll(ui, 1); break;
    case UI_PAGE_UP: scroll(ui, -page); break;
    case UI_PAGE_DOWN: scroll(ui, page); break;
    case UI_TOP: view_to_top(ui->view); break;
    case UI_BOTTOM: view_to_end(ui->view); break;
    case UI_NEWLINE: edit_insert("\n", 1); break;
    case UI_REDRAW: act_redraw(ui); break;
    case UI_SUSPEND: suspend(ui); break;
    default: tell_house(ui, action); break;
    }
}

/* ---- the prompt -------------------------------------------------------------------------------
 */

/* Up or down inside a prompt of several rows; false at its first or last row. */
static bool move_row(struct ui *ui, int by)
{
    struct edit_state e;
    edit_get(&e);
    int columns = paint_prompt_columns(ui);
    edit_view_layout(&ui->prompt, e.prompt, e.line, e.n_bytes, e.point, columns);
    size_t row = ui->prompt.cursor_row;
    if (!e.plain || (by < 0 && row == 0) || (by > 0 && row + 1 >= ui->prompt.n_rows))
        return false;
    edit_set_point(edit_view_locate(&ui->prompt, e.prompt, e.line, e.n_bytes, columns,
                                    by < 0 ? row - 1 : row + 1, ui->prompt.cursor_column));
    return true;
}

static void take_requests(struct ui *ui)
{
    char *line;
    while ((line = edit_take_submitted()) != NULL) {
        if (!browse_submit(ui, line, strlen(line))) {
            edit_history_add(line);
            view_to_end(ui->view);
            if (ui->host.on_submit != NULL)
                ui->host.on_submit(ui->host.ctx, line, strlen(line));
        }
        free(line);
        loop_dirty(ui->loop);
    }
    if (edit_take_request(EDIT_COMPLETE))
        start_completion(ui);
    if (edit_take_request(EDIT_EXTERNAL))
        editor_start(ui);
}

void act_feed(struct ui *ui, const char *bytes, size_t n_bytes)
{
    edit_feed(bytes, n_bytes);
    take_requests(ui);
}

static void paste(struct ui *ui, const struct input_event *ev)
{
    struct edit_state e;
    edit_get(&e);
    if (e.n_bytes + ev->n_bytes <= LIMIT_PASTE_PROMPT_BYTES) {
        edit_insert(ev->bytes, ev->n_bytes);
    } else if (ui->host.on_passage != NULL) {
        ui->host.on_passage(ui->host.ctx, ev->bytes, ev->n_bytes);
    } else {
        ui_message(ui, UI_ERROR,
                   _("The pasted text is too long for the prompt; nothing was put in."));
    }
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static void after_key(struct ui *ui)
{
    loop_dirty_prompt(ui->loop);
    if (!loop_timer_is_on(ui->loop, LOOP_DRAFT))
        loop_timer_at(ui->loop, LOOP_DRAFT, clock_mono_ms() + DRAFT_MS);
}

static enum ui_action look_up(struct ui *ui, const struct input_event *ev)
{
    struct edit_state e;
    edit_get(&e);
    struct keymap_now now = {.view = browse_view(ui),
                             .empty = e.n_bytes == 0 && e.plain,
                             .busy = act_is_busy(ui),
                             .vi = e.mode != EDIT_EMACS};
    enum ui_action action = keymap_lookup(ev, &now);
    /* readline's own Escape goes first: it ends a search, or leaves vi's insert mode */
    bool readlines = !e.plain || (e.mode == EDIT_VI_INSERT && e.n_bytes > 0);
    if (action == UI_BACK && readlines && ev->kind == INPUT_KEY && ev->code == KEYCODE_ESCAPE)
        return UI_NONE;
    return action;
}

/* The key after a held ESC. True when both together were an action. */
static bool release_escape(struct ui *ui, const struct input_event *ev)
{
    struct input_event meta = *ev;
    str_clear(&ui->held_escape);
    if (keymap_chord(ev, &meta.code, &meta.mods)) {
        meta.kind = INPUT_KEY;
        meta.mods |= MOD_META;
        enum ui_action action = look_up(ui, &meta);
        if (action != UI_NONE) {
            act_on(ui, action);
            return true;
        }
    }
    /* readline makes Meta of ESC and one byte: the rest of a character would be left as rubbish */
    if (ev->n_bytes == 1)
        act_feed(ui, "\033", 1);
    return false;
}

static void key(struct ui *ui, const struct input_event *ev)
{
    struct edit_state e;

    act_end_message(ui, true);
    if (clock_mono_ms() - ui->held_escape_ms > HELD_ESCAPE_MS)
        str_clear(&ui->held_escape);
    if (ui->held_escape.len > 0 && release_escape(ui, ev)) {
        after_key(ui);
        return;
    }
    enum ui_action action = look_up(ui, ev);
    edit_get(&e);
    if ((action == UI_ROW_UP && move_row(ui, -1)) || (action == UI_ROW_DOWN && move_row(ui, 1))) {
        ; /* moved inside the line */
    } else if (action != UI_NONE) {
        act_on(ui, action);
    } else if (ev->kind == INPUT_KEY && ev->code == KEYCODE_ESCAPE && e.plain &&
               e.mode == EDIT_EMACS) {
        if (!stops_too_late(ui)) {
            str_append(&ui->held_escape, ev->bytes, ev->n_bytes);
            ui->held_escape_ms = clock_mono_ms();
        }
    } else if (ev->kind == INPUT_KEY && ev->mods == 0 &&
               ((ev->code == KEYCODE_UP && move_row(ui, -1)) ||
                (ev->code == KEYCODE_DOWN && move_row(ui, 1)))) {
        ; /* moved */
    } else {
        act_feed(ui, ev->bytes, ev->n_bytes);
    }
    after_key(ui);
}

/* ---- the mouse --------------------------------------------------------------------------------
 */

static bool inside(const struct rect *r, int y, int x)
{
    return y >= r->y && y < r->y + r->rows && x >= r->x && x < r->x + r->columns;
}

static void click_prompt(struct ui *ui, int y, int x)
{
    const struct rect *r = &ui->layout.prompt;
    struct edit_state e;
    edit_get(&e);
    if (!e.plain)
        return;
    edit_set_point(edit_view_locate(&ui->prompt, e.prompt, e.line, e.n_bytes,
                                    paint_prompt_columns(ui), ui->prompt_top + (size_t)(y - r->y),
                                    x - r->x));
    loop_dirty_prompt(ui->loop);
}

static void mouse(struct ui *ui, const struct input_event *ev)
{
    int y = ev->mouse.row, x = ev->mouse.column, button = ev->mouse.button;
    bool wheel = button == WHEEL_UP || button == WHEEL_DOWN;
    bool text = ui->layout.frame_text.rows > 0 ? inside(&ui->layout.frame_text, y, x)
                                               : inside(&ui->layout.text, y, x);
    if (!ev->mouse.press)
        return;
    if (wheel && inside(&ui->layout.prompt, y, x)) {
        move_row(ui, button == WHEEL_UP ? -1 : 1);
        loop_dirty_prompt(ui->loop);
    } else if (wheel && text && ui->popup != NULL) {
        popup_scroll(ui->popup, button == WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
        loop_dirty(ui->loop);
    } else if (text && ui->popup == NULL && browse_mouse(ui, ev)) {
        ; /* the view's */
    } else if (wheel && text) {
        scroll(ui, button == WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
    } else if (button == BUTTON_LEFT && text && ui->popup != NULL) {
        popup_took(ui, popup_click(ui->popup, y));
    } else if (button == BUTTON_LEFT && inside(&ui->layout.prompt, y, x)) {
        click_prompt(ui, y, x);
    }
}

/* ---- replies ----------------------------------------------------------------------------------
 */

static void reply(struct ui *ui, const struct input_event *ev)
{
    enum { SYNCHRONIZED_UPDATE = 2026, STATE_SET = 1, STATE_RESET = 2 };
    if (ev->reply.what == REPLY_DECRQM && ev->reply.a == SYNCHRONIZED_UPDATE)
        term_set_synchronized(ev->reply.b == STATE_SET || ev->reply.b == STATE_RESET);
    if (ev->reply.what == REPLY_DA)
        ui->probed = true; /* the last of the answers */
    if (ev->reply.what != REPLY_CURSOR)
        return;
    int columns = ev->reply.b == 3 ? 2 : 1; /* the quotation mark began in column 1 */
    log_info("ui: ambiguous characters are %d columns wide here", columns);
    if (columns == uwidth_ambiguous())
        return;
    uwidth_set_ambiguous(columns);
    if (ui->rows > 0) { /* a late answer: everything lies differently */
        view_changed(ui->view);
        draw_redraw();
        loop_dirty(ui->loop);
    }
}

/* ---- events -----------------------------------------------------------------------------------
 */

/* A key, or text that goes to whoever has the keyboard now. */
static void key_event(struct ui *ui, const struct input_event *ev)
{
    if (ui->question.text != NULL && question_key(ui, ev))
        return;
    bool interrupts = look_up(ui, ev) == UI_INTERRUPT;
    if (ui->popup != NULL && !interrupts && popup_took(ui, popup_event(ui->popup, ev)))
        return;
    key(ui, ev);
}

/* What came as one text was typed as single characters: the first may answer a question. */
static void text_event(struct ui *ui, const struct input_event *ev)
{
    struct input_event one = *ev;
    size_t at = 0;
    while (at < ev->n_bytes &&
           (ui->question.text != NULL || ui->popup != NULL || ui->held_escape.len > 0)) {
        uint32_t cp;
        size_t n = utf8_decode(ev->bytes + at, ev->n_bytes - at, &cp);
        one.bytes = ev->bytes + at;
        one.n_bytes = n > 0 ? n : ev->n_bytes - at;
        at += one.n_bytes;
        key_event(ui, &one);
    }
    one.bytes = ev->bytes + at;
    one.n_bytes = ev->n_bytes - at;
    if (one.n_bytes > 0)
        key_event(ui, &one);
}

static void event(struct ui *ui, const struct input_event *ev)
{
    switch (ev->kind) {
    case INPUT_REPLY: reply(ui, ev); break;
    case INPUT_MOUSE: mouse(ui, ev); break;
    case INPUT_PASTE_TOO_LARGE:
        ui_message(ui, UI_ERROR,
                   _("The pasted text is longer than 64 MiB and was left out; open it "
                     "as a file instead."));
        break;
    case INPUT_PASTE:
        act_close_popup(ui, -1);
        paste(ui, ev);
        after_key(ui);
        break;
    case INPUT_TEXT: text_event(ui, ev); break;
    case INPUT_KEY: key_event(ui, ev); break;
    default: break;
    }
}

void act_on_events(struct ui *ui, bool probing)
{
    struct input_event ev;
    while (!ui->ended && input_next(ui->input, &ev)) {
        if (!probing || ev.kind == INPUT_REPLY)
            event(ui, &ev);
        else if (ev.kind == INPUT_TEXT || ev.kind == INPUT_KEY)
            str_append(&ui->typed_ahead, ev.bytes, ev.n_bytes);
        if (ui->editor.pid != 0)
            break; /* the keys that follow are the editor's, or for later */
    }
    if (input_pending(ui->input)) {
        int delay = ui->options.escape_delay_ms;
        loop_timer_at(ui->loop, LOOP_ESCAPE, clock_mono_ms() + delay);
    }
}

void act_escape_timeout(struct ui *ui)
{
    if (input_pending(ui->input))
        input_timeout(ui->input);
    act_on_events(ui, false);
}

void act_on_input(void *arg)
{
    struct ui *ui = arg;
    static char bytes[READ_BYTES];
    long n = term_read(bytes, sizeof bytes);
    if (n < 0) {
        act_end(ui, SIGHUP);
        return;
    }
    if (n == 0)
        return;
    loop_timer_off(ui->loop, LOOP_ESCAPE);
    input_feed(ui->input, bytes, (size_t)n);
    act_on_events(ui, false);
}

void act_on_signals(void *arg)
{
    static const int ends[] = {SIGHUP, SIGTERM, SIGQUIT};
    struct ui *ui = arg;

    sig_clear();
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (sig_take(ends[i]))
            act_end(ui, ends[i]);
    }
    if (ui->ended || ui->editor.pid != 0)
        return; /* the editor has the terminal; what is left waits for its end */
    if (sig_take(SIGTSTP))
        suspend(ui);
    if (sig_take(SIGCONT)) {
        term_resume();
        act_redraw(ui);
    }
    if (sig_take(SIGWINCH))
        act_resize(ui);
    if (sig_take(SIGINT)) {
        int64_t now = clock_mono_ms();
        bool twice = ui->interrupted_ms != 0 && now - ui->interrupted_ms < INTERRUPT_TWICE_MS;
        ui->interrupted_ms = now;
        if (twice)
            act_end(ui, SIGINT);
        else
            interrupt(ui);
    }
}
