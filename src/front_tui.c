/* front_tui.c - the room on the screen: passes the person's doings from ui/ to room.c and the
 * room's news to ui/. No state of its own but what is shown. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "src/app.h"
#include "src/base/err.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/commands.h"
#include "src/locale_setup.h"
#include "src/room.h"
#include "src/views.h"
#include "ui/ui.h"

struct shown {
    const struct node *node;
    uint64_t end; /* manuscript bytes up to and with this node */
};

struct tui {
    struct ui *ui;
    struct room room;
    struct front front;
    struct shown *shown; /* the nodes whose text the manuscript pane holds */
    size_t n_shown, cap_shown;
    char *standing;
};

static enum ui_kind kind_of(enum node_kind kind)
{
    return kind == NODE_MODEL ? UI_MODEL : UI_AUTHOR;
}

static void remember_shown(struct tui *t, const struct node *n, uint64_t end)
{
    if (t->n_shown == t->cap_shown) {
        t->cap_shown = t->cap_shown ? t->cap_shown * 2 : 64;
        t->shown = x_realloc(t->shown, t->cap_shown * sizeof t->shown[0]);
    }
    t->shown[t->n_shown++] = (struct shown){n, end};
}

/* ---- news from the room ---------------------------------------------------------------------- */

static void refresh(struct tui *t)
{
    struct room_status s;
    room_get_status(&t->room, &s);
    struct ui_status u = {
        .story = room_story_name(&t->room),
        .model = s.model,
        .ctx_used = s.progress.ctx_used,
        .ctx_size = s.progress.ctx_used ? s.progress.ctx_size : 0,
        .activity = s.activity,
        .saved = s.saved,
        .warning = s.warning,
        .sibling = s.sibling,
        .n_siblings = s.n_siblings,
    };
    ui_set_status(t->ui, &u);
    ui_mark_newest(t->ui, s.progress.newest_from);
    ui_mark_context(t->ui, s.progress.context_from ? s.progress.context_from : UINT64_MAX);
}

static void on_grew(void *ctx, enum node_kind kind, const char *text, size_t n)
{
    struct tui *t = ctx;
    const struct node *current = t->room.story->current;
    if (t->n_shown && t->shown[t->n_shown - 1].node == current)
        t->shown[t->n_shown - 1].end += n;
    else
        remember_shown(t, current, ui_length(t->ui) + n);
    ui_append(t->ui, kind_of(kind), text, n);
}

/* Another path: keeps what both have in common on the screen. */
static void on_moved(void *ctx)
{
    struct tui *t = ctx;
    struct story *s = t->room.story;
    size_t n = story_path_length(s);
    struct node **path = x_calloc(n, sizeof path[0]);
    story_path(s, path, n);
    size_t same = 0;
    uint64_t end = 0;
    while (same < n && same < t->n_shown && t->shown[same].node == path[same] &&
           t->shown[same].end == end + path[same]->n_text)
        end = t->shown[same++].end;
    t->n_shown = same;
    ui_truncate(t->ui, end);
    for (size_t i = same; i < n; i++) {
        end += path[i]->n_text;
        remember_shown(t, path[i], end);
        ui_append(t->ui, kind_of(path[i]->kind), path[i]->text, path[i]->n_text);
    }
    free(path);
    ui_follow(t->ui);
    refresh(t);
}

static void on_notice(void *ctx, enum turn_level level, const char *text)
{
    struct tui *t = ctx;
    static const enum ui_level levels[] = {
        [TURN_INFO] = UI_INFO, [TURN_WARNING] = UI_WARNING, [TURN_ERROR] = UI_ERROR};
    ui_message(t->ui, levels[level], text);
}

static void on_ended(void *ctx, const char *reason)
{
    (void)reason;
    refresh(ctx);
}

static void engine_ready(void *arg)
{
    struct tui *t = arg;
    room_pump(&t->room);
}

static void on_watch(void *ctx, int fd, bool on)
{
    struct tui *t = ctx;
    if (on)
        ui_add_source(t->ui, fd, engine_ready, t);
    else
        ui_remove_source(t->ui, fd);
}

static void on_standing(void *ctx, const char *text)
{
    struct tui *t = ctx;
    if ((!text && !t->standing) || (text && t->standing && strcmp(text, t->standing) == 0))
        return;
    free(t->standing);
    t->standing = text ? x_strdup(text) : NULL;
    ui_standing(t->ui, text);
}

static void on_show_text(void *ctx, const char *title, const char *text)
{
    struct tui *t = ctx;
    ui_show_text(t->ui, title, text, strlen(text));
}

static void on_show_help(void *ctx)
{
    struct tui *t = ctx;
    ui_show_help(t->ui);
}

static void on_pick(void *ctx, const char *title, const struct front_item *items, size_t n,
                    size_t selected, void (*chosen)(void *arg, int index), void *arg)
{
    struct tui *t = ctx;
    struct ui_candidate *list = x_calloc(n, sizeof list[0]);
    for (size_t i = 0; i < n; i++) {
        list[i].text = x_strdup(items[i].text);
        list[i].help = items[i].help ? x_strdup(items[i].help) : NULL;
    }
    ui_pick(t->ui, title, list, n, selected, chosen, arg);
    for (size_t i = 0; i < n; i++) {
        free(list[i].text);
        free(list[i].help);
    }
    free(list);
}

static void on_ask(void *ctx, const char *question, void (*answered)(void *arg, bool yes),
                   void *arg)
{
    struct tui *t = ctx;
    ui_ask(t->ui, question, answered, arg);
}

static void on_prompt_set(void *ctx, const char *text)
{
    struct tui *t = ctx;
    ui_prompt_set(t->ui, text, strlen(text));
}

static void on_history_add(void *ctx, const char *text)
{
    struct tui *t = ctx;
    ui_history_add(t->ui, text);
}

static void on_edit_mode(void *ctx, const char *mode)
{
    struct tui *t = ctx;
    ui_editing_mode(t->ui, mode);
}

static void on_copy(void *ctx, const char *text, size_t n)
{
    struct tui *t = ctx;
    ui_copy(t->ui, text, n);
}

static void on_redraw(void *ctx)
{
    struct tui *t = ctx;
    ui_redraw(t->ui);
}

static void on_quit(void *ctx)
{
    struct tui *t = ctx;
    ui_quit(t->ui);
}

static void on_ask_line(void *ctx, const char *question, const char *initial,
                        void (*answered)(void *arg, const char *text), void *arg)
{
    struct tui *t = ctx;
    ui_ask_line(t->ui, question, initial, answered, arg);
}

static int on_edit_text(void *ctx, const char *text, size_t n, const char *suffix,
                        void (*done)(void *arg, const char *text, size_t n), void *arg,
                        struct err *err)
{
    struct tui *t = ctx;
    return ui_edit_text(t->ui, text, n, suffix, done, arg, err);
}

static void on_browse(void *ctx, const struct ui_browser *browser)
{
    struct tui *t = ctx;
    ui_browse(t->ui, browser);
}

static void on_browser_close(void *ctx)
{
    struct tui *t = ctx;
    ui_browser_close(t->ui);
}

static void on_browser_changed(void *ctx)
{
    struct tui *t = ctx;
    ui_browser_changed(t->ui);
}

static void on_browser_select(void *ctx, size_t i)
{
    struct tui *t = ctx;
    ui_browser_select(t->ui, i);
}

static size_t on_browser_selected(void *ctx)
{
    struct tui *t = ctx;
    return ui_browser_selected(t->ui);
}

static void on_browser_focus(void *ctx, enum ui_pane pane)
{
    struct tui *t = ctx;
    ui_browser_focus(t->ui, pane);
}

static enum ui_pane on_browser_pane(void *ctx)
{
    struct tui *t = ctx;
    return ui_browser_pane(t->ui);
}

static void on_browser_set_line(void *ctx, const char *text)
{
    struct tui *t = ctx;
    ui_browser_set_line(t->ui, text, strlen(text));
}

static void *on_browser_ctx(void *ctx)
{
    struct tui *t = ctx;
    return ui_browser_ctx(t->ui);
}

static void on_soon(void *ctx)
{
    struct tui *t = ctx;
    ui_soon(t->ui);
}

/* ---- what the person does -------------------------------------------------------------------- */

static void host_submit(void *ctx, const char *text, size_t n)
{
    struct tui *t = ctx;
    room_submit(&t->room, text, n);
    refresh(t);
}

static void host_action(void *ctx, enum ui_action action)
{
    struct tui *t = ctx;
    struct room *r = &t->room;
    switch (action) {
    case UI_STOP: room_stop_writing(r); break;
    case UI_RETRY: room_retry(r); break;
    case UI_UNDO: turn_undo(r->turn); break;
    case UI_REDO: turn_redo(r->turn); break;
    case UI_SIBLING_PREV: turn_sibling(r->turn, -1); break;
    case UI_SIBLING_NEXT: turn_sibling(r->turn, +1); break;
    case UI_SETTINGS: commands_settings(r); break;
    case UI_COPY: on_copy(t, r->story->current->text, r->story->current->n_text); break;
    case UI_QUIT: room_leave(r); break;
    default: views_key(r, action); break;
    }
    refresh(t);
}

static size_t host_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                            struct ui_candidate **out)
{
    struct tui *t = ctx;
    return commands_offer(&t->room, line, cursor, start, out);
}

static void host_draft(void *ctx, const char *text, size_t n)
{
    struct tui *t = ctx;
    room_draft(&t->room, text, n);
}

static void host_tick(void *ctx, int64_t now_ms)
{
    struct tui *t = ctx;
    room_tick(&t->room, now_ms);
    refresh(t);
}

static void host_passage(void *ctx, const char *text, size_t n)
{
    struct tui *t = ctx;
    turn_add(t->room.turn, text, n);
    refresh(t);
}

static void host_hangup(void *ctx, int signo)
{
    (void)signo;
    struct tui *t = ctx;
    room_hangup(&t->room);
}

static bool host_busy(void *ctx)
{
    struct tui *t = ctx;
    return room_busy(&t->room);
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct ui_help_row *help_rows(void)
{
    size_t n = 0;
    const char *name, *args, *help;
    while (commands_at(n, &name, &args, &help))
        n++;
    struct ui_help_row *rows = x_calloc(n + 1, sizeof rows[0]);
    for (size_t i = 0; i < n; i++) {
        commands_at(i, &name, &rows[i].args, &rows[i].help);
        struct str typed = STR_INIT;
        str_printf(&typed, "/%s", name);
        rows[i].name = str_take(&typed);
    }
    return rows;
}

/* The keys of xuxie.ini. What is wrong is told before the screen opens, and the first of it, when
 * there is something, on it. */
static char *bind_keys(const struct settings *settings)
{
    char *first = NULL;
    for (size_t i = 0; i < settings->n_keys; i++) {
        const struct key_setting *k = &settings->keys[i];
        struct err err = ERR_INIT;
        if (ui_bind(k->action, k->keys, &err) == 0)
            continue;
        struct str s = STR_INIT;
        str_printf(&s, _("xuxie.ini: line %d: %s"), k->line, err.msg);
        log_warn("%s", str_cstr(&s));
        fprintf(stderr, _("xuxie: warning: %s\n"), str_cstr(&s));
        if (!first)
            first = x_strdup(str_cstr(&s));
        str_free(&s);
    }
    return first;
}

static const struct front members = {.grew = on_grew,
                                     .moved = on_moved,
                                     .notice = on_notice,
                                     .ended = on_ended,
                                     .watch = on_watch,
                                     .standing = on_standing,
                                     .show_text = on_show_text,
                                     .show_help = on_show_help,
                                     .pick = on_pick,
                                     .ask = on_ask,
                                     .prompt_set = on_prompt_set,
                                     .history_add = on_history_add,
                                     .edit_mode = on_edit_mode,
                                     .copy = on_copy,
                                     .redraw = on_redraw,
                                     .quit = on_quit,
                                     .ask_line = on_ask_line,
                                     .edit_text = on_edit_text,
                                     .browse = on_browse,
                                     .browser_close = on_browser_close,
                                     .browser_changed = on_browser_changed,
                                     .browser_select = on_browser_select,
                                     .browser_selected = on_browser_selected,
                                     .browser_focus = on_browser_focus,
                                     .browser_pane = on_browser_pane,
                                     .browser_set_line = on_browser_set_line,
                                     .browser_ctx = on_browser_ctx,
                                     .soon = on_soon};

int front_tui_run(const struct settings *settings, const char *what)
{
    struct tui t = {.front = members};
    struct err err = ERR_INIT;
    t.front.ctx = &t;
    int rc = room_open(&t.room, settings, what, &t.front, &err);
    if (rc != 0) {
        fprintf(stderr, "xuxie: %s\n", err.msg);
        return err_exit_status(err.code);
    }
    struct ui_help_row *rows = help_rows();
    char **environment = locale_child_environ();
    struct ui_options options = {
        .mouse = settings->mouse,
        .ambiguous_width = (int)settings->ambiguous_width,
        .escape_delay_ms = (int)settings->escape_delay,
        .app_name = "xuxie",
        .prompt_hint = _("Write on, or press Enter and the model does."),
        .commands = rows,
        .on_fault = engine_fault,
        .child_environ = environment,
    };
    struct ui_host host = {.ctx = &t,
                           .on_submit = host_submit,
                           .on_action = host_action,
                           .on_complete = host_complete,
                           .on_draft = host_draft,
                           .on_tick = host_tick,
                           .on_passage = host_passage,
                           .on_hangup = host_hangup,
                           .is_busy = host_busy};
    int ended_by = 0;
    char *wrong_key = bind_keys(settings);
    rc = ui_open(&options, &host, &t.ui, &err);
    if (rc == 0) {
        if (settings->edit_mode)
            ui_editing_mode(t.ui, settings->edit_mode);
        room_show(&t.room);
        if (wrong_key)
            ui_message(t.ui, UI_WARNING, wrong_key);
        refresh(&t);
        ended_by = ui_run(t.ui);
    }
    /* what runs ends while the screen can still show it; messages on stderr come after the screen
     */
    if (rc == 0)
        room_stop(&t.room);
    ui_close(t.ui);
    int status = room_close(&t.room);
    if (rc != 0) {
        fprintf(stderr, "xuxie: %s\n", err.msg);
        status = err_exit_status(err.code);
    }
    for (size_t i = 0; rows[i].name; i++)
        free((char *)rows[i].name);
    free(rows);
    free(wrong_key);
    free(environment);
    free(t.shown);
    free(t.standing);
    return ended_by == SIGINT ? 130 : ended_by ? 1 : status;
}
