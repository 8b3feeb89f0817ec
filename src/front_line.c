/* front_line.c - the room on a terminal that can only print lines (TERM=dumb, a printer, a screen
 * reader): the same stories, commands and keys of readline, the text streamed as it comes.
 * While the model writes, ^C stops it; at the prompt, an empty ^D leaves. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/app.h"
#include "src/base/clock.h"
#include "src/base/err.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/commands.h"
#include "src/line_views.h"
#include "src/locale_setup.h"
#include "src/room.h"
#include "ui/ui.h"

enum { TICK_MS = 100, SHOWN_ON_OPEN = 600, MAX_WATCHED = 4 };

struct line {
    struct room room;
    struct front front;
    int watched[MAX_WATCHED];
    size_t n_watched;
    bool leaving;
    bool column_zero; /* the cursor stands at the beginning of a line */
    bool soon;        /* a tick was asked for */
    char *standing;
    struct line_views *views;
    char **environment; /* of the editor */
};

/* Set by the handler, read by the loop below. */
static volatile sig_atomic_t interrupted, hung_up;

static void on_signal(int sig)
{
    if (sig == SIGINT)
        interrupted = 1;
    else
        hung_up = sig;
}

static void print_safe(struct line *l, const char *text, size_t n)
{
    struct str s = STR_INIT;
    text_safe(&s, text, n);
    if (s.len) {
        fwrite(s.data, 1, s.len, stdout);
        fflush(stdout);
        l->column_zero = s.data[s.len - 1] == '\n';
    }
    str_free(&s);
}

static void new_line(struct line *l)
{
    if (!l->column_zero)
        print_safe(l, "\n", 1);
}

/* ---- news from the room ---------------------------------------------------------------------- */

static void on_grew(void *ctx, enum node_kind kind, const char *text, size_t n)
{
    if (kind == NODE_MODEL) /* what the author typed stands on the terminal already */
        print_safe(ctx, text, n);
}

/* Shows where the story stands now: its end. */
static void on_moved(void *ctx)
{
    struct line *l = ctx;
    struct str text = STR_INIT;
    story_text(l->room.story, &text);
    size_t from =
        text.len > SHOWN_ON_OPEN ? utf8_floor(text.data, text.len, text.len - SHOWN_ON_OPEN) : 0;
    new_line(l);
    printf("--- %s ---\n", room_story_name(&l->room));
    l->column_zero = true;
    if (from)
        print_safe(l, "…", strlen("…"));
    if (text.len)
        print_safe(l, text.data + from, text.len - from);
    new_line(l);
    str_free(&text);
}

static void on_notice(void *ctx, enum turn_level level, const char *text)
{
    struct line *l = ctx;
    new_line(l);
    print_safe(l, level == TURN_INFO ? "* " : "! ", 2);
    print_safe(l, text, strlen(text));
    new_line(l);
}

static void on_ended(void *ctx, const char *reason)
{
    (void)reason;
    new_line(ctx);
}

static void on_watch(void *ctx, int fd, bool on)
{
    struct line *l = ctx;
    for (size_t i = 0; i < l->n_watched; i++)
        if (l->watched[i] == fd)
            l->watched[i--] = l->watched[--l->n_watched];
    if (on && l->n_watched < MAX_WATCHED)
        l->watched[l->n_watched++] = fd;
}

static void on_standing(void *ctx, const char *text)
{
    struct line *l = ctx;
    if (text && (!l->standing || strcmp(text, l->standing) != 0))
        on_notice(l, TURN_WARNING, text);
    free(l->standing);
    l->standing = text ? x_strdup(text) : NULL;
}

static void on_show_text(void *ctx, const char *title, const char *text)
{
    struct line *l = ctx;
    on_notice(l, TURN_INFO, title);
    print_safe(l, text, strlen(text));
    new_line(l);
}

static void on_show_help(void *ctx)
{
    struct line *l = ctx;
    const char *name, *args, *help;
    new_line(l);
    for (size_t i = 0; commands_at(i, &name, &args, &help); i++)
        printf("  /%s %s\n      %s\n", name, args, help);
    l->column_zero = true;
}

static void on_pick(void *ctx, const char *title, const struct front_item *items, size_t n,
                    size_t selected, void (*chosen)(void *arg, int index), void *arg)
{
    struct line *l = ctx;
    (void)selected;
    on_notice(l, TURN_INFO, title);
    for (size_t i = 0; i < n; i++) {
        printf("%3zu  ", i + 1);
        l->column_zero = false;
        print_safe(l, items[i].text, strlen(items[i].text));
        if (items[i].help) {
            print_safe(l, "  ", 2);
            print_safe(l, items[i].help, strlen(items[i].help));
        }
        new_line(l);
    }
    bool stopped = false;
    char *answer = ui_read_line(_("number: "), NULL, &stopped);
    long k = answer && !stopped ? strtol(answer, NULL, 10) : 0;
    free(answer);
    chosen(arg, k >= 1 && (size_t)k <= n ? (int)k - 1 : -1);
}

static void on_ask(void *ctx, const char *question, void (*answered)(void *arg, bool yes),
                   void *arg)
{
    on_notice(ctx, TURN_INFO, question);
    bool stopped = false;
    char *answer = ui_read_line(_("y or n: "), NULL, &stopped);
    bool yes = answer && !stopped && (answer[0] == 'y' || answer[0] == 'Y');
    free(answer);
    answered(arg, yes);
}

static void on_prompt_set(void *ctx, const char *text)
{
    if (text[0])
        on_notice(ctx, TURN_INFO, text);
}

static void on_history_add(void *ctx, const char *text)
{
    (void)ctx;
    ui_history_add(NULL, text);
}

static void on_edit_mode(void *ctx, const char *mode)
{
    (void)ctx;
    ui_editing_mode(NULL, mode);
}

static void on_copy(void *ctx, const char *text, size_t n)
{
    print_safe(ctx, text, n);
    new_line(ctx);
}

static void on_redraw(void *ctx)
{
    on_moved(ctx);
}

static void on_quit(void *ctx)
{
    struct line *l = ctx;
    l->leaving = true;
}

static void on_ask_line(void *ctx, const char *question, const char *initial,
                        void (*answered)(void *arg, const char *text), void *arg)
{
    struct line *l = ctx;
    struct str prompt = STR_INIT;
    bool stopped = false;
    new_line(l);
    text_safe(&prompt, question, strlen(question));
    str_putc(&prompt, ' ');
    char *answer = ui_read_line_from(str_cstr(&prompt), initial, NULL, &stopped);
    l->column_zero = true;
    answered(arg, stopped ? NULL : answer);
    free(answer);
    str_free(&prompt);
}

static int on_edit_text(void *ctx, const char *text, size_t n, const char *suffix,
                        void (*done)(void *arg, const char *text, size_t n), void *arg,
                        struct err *err)
{
    struct line *l = ctx;
    struct str out = STR_INIT;
    struct err why = ERR_INIT;
    str_init(&out, LIMIT_PASTE_PROMPT_BYTES);
    int rc = ui_edit_plainly(text, n, suffix, l->environment, &out, &why);
    if (rc != 0)
        on_notice(l, TURN_ERROR, why.msg);
    done(arg, rc == 0 ? str_cstr(&out) : NULL, out.len);
    str_free(&out);
    (void)err;
    return 0;
}

static void print_views(void *ctx, const char *text, size_t n)
{
    print_safe(ctx, text, n);
}

static void on_browse(void *ctx, const struct ui_browser *browser)
{
    struct line *l = ctx;
    line_views_browse(l->views, browser);
}

static void on_browser_close(void *ctx)
{
    struct line *l = ctx;
    line_views_close(l->views);
}

static void on_browser_changed(void *ctx)
{
    struct line *l = ctx;
    line_views_changed(l->views);
}

static void on_browser_select(void *ctx, size_t i)
{
    struct line *l = ctx;
    line_views_select(l->views, i);
}

static size_t on_browser_selected(void *ctx)
{
    struct line *l = ctx;
    return line_views_selected(l->views);
}

static void on_browser_focus(void *ctx, enum ui_pane pane)
{
    struct line *l = ctx;
    line_views_focus(l->views, pane);
}

static enum ui_pane on_browser_pane(void *ctx)
{
    struct line *l = ctx;
    return line_views_pane(l->views);
}

static void on_browser_set_line(void *ctx, const char *text)
{
    struct line *l = ctx;
    line_views_set_line(l->views, text);
}

static void *on_browser_ctx(void *ctx)
{
    struct line *l = ctx;
    return line_views_ctx(l->views);
}

static void on_soon(void *ctx)
{
    struct line *l = ctx;
    l->soon = true;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static size_t host_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                            struct ui_candidate **out)
{
    struct line *l = ctx;
    return commands_offer(&l->room, line, cursor, start, out);
}

/* What a view has new, when it asked for time or nothing runs. */
static void show_views(struct line *l)
{
    while (l->soon && !hung_up && !interrupted) {
        l->soon = false;
        room_tick(&l->room, clock_mono_ms());
    }
    line_views_show(l->views);
    new_line(l);
}

/* Until the model has stopped writing, or a model that loads is there: whether it came is told. */
static void run_turn(struct line *l)
{
    while ((room_busy(&l->room) || l->room.next_engine) && !hung_up) {
        struct pollfd fds[MAX_WATCHED];
        for (size_t i = 0; i < l->n_watched; i++)
            fds[i] = (struct pollfd){.fd = l->watched[i], .events = POLLIN};
        if (poll(fds, l->n_watched, TICK_MS) < 0 && errno != EINTR)
            break;
        if (interrupted) {
            interrupted = 0;
            if (!room_busy(&l->room))
                break;
            room_stop_writing(&l->room);
        }
        room_pump(&l->room);
        room_tick(&l->room, clock_mono_ms());
        line_views_show(l->views); /* a template's answer streams */
    }
}

static void submit(struct line *l, const char *text)
{
    bool command = text[0] == '/' && text[1] != '\0' && text[1] != '/';
    if (line_views_open(l->views) && command)
        commands_run(&l->room, text, strlen(text));
    else if (line_views_open(l->views))
        line_views_submit(l->views, text);
    else
        room_submit(&l->room, text, strlen(text));
}

static void run(struct line *l, const struct ui_host *host)
{
    while (!l->leaving && !hung_up) {
        bool stopped = false;
        const char *of_view = line_views_prompt(l->views);
        char *text = ui_read_line(of_view ? of_view : "> ", host, &stopped);
        l->column_zero = true;
        if (stopped) {
            free(text);
            continue;
        }
        if (!text && of_view) { /* end of a view */
            new_line(l);
            line_views_close(l->views);
            show_views(l);
            continue;
        }
        if (!text) { /* end of input */
            new_line(l);
            room_leave(&l->room);
            run_turn(l);
            break;
        }
        interrupted = 0;
        submit(l, text);
        free(text);
        run_turn(l);
        room_tick(&l->room, clock_mono_ms());
        show_views(l);
    }
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

int front_line_run(const struct settings *settings, const char *what)
{
    struct line l = {.column_zero = true, .front = members};
    struct err err = ERR_INIT;
    l.front.ctx = &l;
    int rc = room_open(&l.room, settings, what, &l.front, &err);
    if (rc != 0) {
        fprintf(stderr, "xuxie: %s\n", err.msg);
        return err_exit_status(err.code);
    }
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGHUP, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (settings->edit_mode)
        ui_editing_mode(NULL, settings->edit_mode);
    l.views = line_views_new(print_views, &l);
    l.environment = locale_child_environ();
    puts(_("xuxie in line mode: write and press Enter; /help lists the commands; ^D leaves."));
    struct ui_host host = {.ctx = &l, .on_complete = host_complete};
    room_show(&l.room);
    run(&l, &host);
    room_stop(&l.room);
    int status = room_close(&l.room);
    line_views_free(l.views);
    free(l.environment);
    free(l.standing);
    return hung_up ? 1 : status;
}
