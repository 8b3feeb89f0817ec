/* ui.c - the door of the screen; see ui.h. It ties the rooms of ui/ together and holds what the
 * house told: text, status, messages. What events do is in act.c, what frames look like in paint.c.
 */
#include "config.h"

#include "ui/ui.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "ui/browse.h"
#include "ui/clip.h"
#include "ui/draw.h"
#include "ui/edit.h"
#include "ui/help.h"
#include "ui/keymap.h"
#include "ui/line.h"
#include "ui/room.h"
#include "ui/sig.h"
#include "ui/term.h"

enum {
    PROBE_MS = 50,
    TICK_MS = 100,
    ESCAPE_DELAY_MS = 25,
    ESCAPE_DELAY_SSH_MS = 50,
    MESSAGE_STAYS_MS = 4000,
    PROBE_READ_BYTES = 4096,
};

bool ui_possible(const char **why)
{
    return term_possible(why);
}

/* ---- the loop's hooks -------------------------------------------------------------------------
 */

static void tick(struct ui *ui)
{
    if (ui->host.on_tick != NULL)
        ui->host.on_tick(ui->host.ctx, clock_mono_ms());
}

static void on_timer(void *arg, enum loop_timer timer)
{
    struct ui *ui = arg;
    switch (timer) {
    case LOOP_ESCAPE: act_escape_timeout(ui); break;
    case LOOP_TICK: loop_timer_at(ui->loop, LOOP_TICK, clock_mono_ms() + TICK_MS); break;
    case LOOP_DRAFT: act_draft(ui); break;
    case LOOP_MESSAGE: act_end_message(ui, false); break;
    case LOOP_CHILD: editor_check(ui); break;
    default: break;
    }
}

static void on_batch(void *arg)
{
    struct ui *ui = arg;
    if (!ui->ended) {
        browse_watch(ui);
        tick(ui);
    }
    act_watch(ui);
}

static void on_draw(void *arg, bool whole)
{
    if (whole)
        paint_whole(arg);
    else
        paint_prompt(arg);
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

/* Asks the terminal and takes what it answers in time; later answers re-lay out. */
static void probe(struct ui *ui)
{
    int64_t until = clock_mono_ms() + PROBE_MS;
    char bytes[PROBE_READ_BYTES];
    bool width = ui->options.ambiguous_width == 0;

    uwidth_set_ambiguous(width ? 1 : ui->options.ambiguous_width);
    if (width)
        input_expect(ui->input, REPLY_CURSOR);
    input_expect(ui->input, REPLY_DECRQM);
    input_expect(ui->input, REPLY_DA);
    term_probe(width);
    while (!ui->probed) {
        int64_t left = until - clock_mono_ms();
        struct pollfd p = {.fd = term_fd(), .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            break;
        long n = term_read(bytes, sizeof bytes);
        if (n < 0)
            break;
        input_feed(ui->input, bytes, (size_t)n);
        act_on_events(ui, true);
    }
}

static struct ui *ui_new(const struct ui_options *options, const struct ui_host *host)
{
    struct ui *ui = x_calloc(1, sizeof *ui);
    struct loop_hooks hooks = {.arg = ui,
                               .on_signals = act_on_signals,
                               .on_input = act_on_input,
                               .on_timer = on_timer,
                               .on_batch = on_batch,
                               .on_draw = on_draw};
    ui->options = *options;
    ui->host = *host;
    if (ui->options.escape_delay_ms <= 0)
        ui->options.escape_delay_ms = getenv("SSH_TTY") != NULL || getenv("SSH_CONNECTION") != NULL
                                          ? ESCAPE_DELAY_SSH_MS
                                          : ESCAPE_DELAY_MS;
    if (ui->options.app_name == NULL)
        ui->options.app_name = "xuxie";
    ui->newest_from = ui->context_from = UINT64_MAX;
    ui->loop = loop_new(&hooks);
    ui->input = input_new();
    ui->log = textlog_new();
    ui->view = view_new(ui->log);
    edit_view_init(&ui->prompt);
    ui_set_status(ui, &(struct ui_status){0});
    return ui;
}

static void free_status(struct ui_status *s)
{
    free((char *)s->story);
    free((char *)s->model);
    free((char *)s->activity);
    free((char *)s->saved);
}

static void ui_free(struct ui *ui)
{
    browse_free(ui);
    popup_free(ui->popup);
    if (ui->completing)
        complete_free(&ui->completion);
    free_status(&ui->status);
    free(ui->message.text);
    free(ui->standing);
    free(ui->question.text);
    edit_view_free(&ui->prompt);
    view_free(ui->view);
    textlog_free(ui->log);
    input_free(ui->input);
    loop_free(ui->loop);
    str_free(&ui->typed_ahead);
    str_free(&ui->held_escape);
    str_free(&ui->draft);
    free(ui);
}

/* The key sequence of the key table's editor row, as readline writes it. */
static const char *external_keys(void)
{
    static char keys[64];
    const struct keymap_row *row;
    for (size_t i = 0; (row = keymap_row(i)) != NULL && row->action != UI_EDITOR; i++)
        ;
    size_t n = 0;
    for (const char *p = row != NULL ? row->keys : ""; *p != '\0' && n + 2 < sizeof keys; p++) {
        if (p[0] == 'C' && p[1] == '-')
            keys[n++] = '\\';
        if (*p != ' ')
            keys[n++] = *p;
    }
    keys[n] = '\0';
    return keys;
}

int ui_open(const struct ui_options *options, const struct ui_host *host, struct ui **out,
            struct err *err)
{
    struct term_options term_options = {.mouse = options->mouse, .on_fault = options->on_fault};
    const char *why;
    int rc;

    if (!term_possible(&why))
        return err_set(err, E_UNSUPPORTED, "%s", why);
    struct ui *ui = ui_new(options, host);
    rc = sig_open(err);
    if (rc < 0)
        goto fail;
    rc = term_open(&term_options, err);
    if (rc < 0)
        goto fail;
    rc = edit_open(ui->options.app_name, external_keys(), err);
    if (rc < 0)
        goto fail;
    probe(ui);
    rc = term_enter(err);
    if (rc < 0)
        goto fail;
    draw_open();
    act_resize(ui);
    *out = ui;
    return 0;
fail:
    ui_close(ui);
    return rc;
}

int ui_run(struct ui *ui)
{
    loop_timer_at(ui->loop, LOOP_TICK, clock_mono_ms() + TICK_MS);
    loop_dirty(ui->loop);
    if (ui->typed_ahead.len > 0) {
        input_feed(ui->input, ui->typed_ahead.data, ui->typed_ahead.len);
        str_clear(&ui->typed_ahead);
        act_on_events(ui, false);
    }
    if (strcmp(getenv("TERM"), "linux") == 0)
        ui_message(
            ui, UI_INFO,
            _("The Linux console has no Chinese characters in its font: they are written and "
              "saved, but shown as blanks or boxes."));
    if (!ui->ended)
        loop_run(ui->loop);
    return ui->ended_by;
}

void ui_quit(struct ui *ui)
{
    act_end(ui, 0);
}

void ui_close(struct ui *ui)
{
    if (ui == NULL)
        return;
    term_close();
    draw_close();
    edit_close();
    sig_close();
    ui_free(ui);
}

void ui_add_source(struct ui *ui, int fd, void (*cb)(void *arg), void *arg)
{
    loop_add(ui->loop, fd, cb, arg);
}

void ui_remove_source(struct ui *ui, int fd)
{
    loop_remove(ui->loop, fd);
}

/* ---- the manuscript ---------------------------------------------------------------------------
 */

static void text_changed(struct ui *ui)
{
    view_changed(ui->view);
    loop_dirty(ui->loop);
}

void ui_append(struct ui *ui, enum ui_kind kind, const char *text, size_t n)
{
    textlog_append(ui->log, (int)kind, text, n);
    text_changed(ui);
}

void ui_truncate(struct ui *ui, uint64_t n_bytes)
{
    textlog_truncate(ui->log, n_bytes);
    text_changed(ui);
}

void ui_clear(struct ui *ui)
{
    textlog_clear(ui->log);
    ui->newest_from = ui->context_from = UINT64_MAX;
    view_to_end(ui->view);
    text_changed(ui);
}

void ui_mark_newest(struct ui *ui, uint64_t from)
{
    ui->newest_from = from;
    loop_dirty(ui->loop);
}

void ui_mark_context(struct ui *ui, uint64_t from)
{
    ui->context_from = from;
    loop_dirty(ui->loop);
}

uint64_t ui_length(const struct ui *ui)
{
    return textlog_length(ui->log);
}

void ui_follow(struct ui *ui)
{
    view_to_end(ui->view);
    loop_dirty(ui->loop);
}

/* ---- the lines around it ----------------------------------------------------------------------
 */

void ui_set_status(struct ui *ui, const struct ui_status *status)
{
    struct ui_status s = *status;
    s.story = line_copy(status->story);
    s.model = line_copy(status->model);
    s.activity = line_copy(status->activity);
    s.saved = line_copy(status->saved);
    free_status(&ui->status);
    ui->status = s;
    loop_dirty(ui->loop);
}

void ui_message(struct ui *ui, enum ui_level level, const char *text)
{
    free(ui->message.text);
    ui->message.text = text != NULL && text[0] != '\0' ? line_copy(text) : NULL;
    ui->message.level = level;
    ui->message.until_ms = level == UI_INFO ? 0 : clock_mono_ms() + MESSAGE_STAYS_MS;
    loop_timer_off(ui->loop, LOOP_MESSAGE);
    loop_dirty(ui->loop);
}

void ui_copy(struct ui *ui, const char *text, size_t n)
{
    struct err err = ERR_INIT;
    if (clip_copy(text, n, &err) < 0)
        ui_message(ui, UI_WARNING, err.msg);
    else
        ui_message(ui, UI_INFO, _("The passage was sent to the terminal's clipboard."));
}

void ui_redraw(struct ui *ui)
{
    act_redraw(ui);
    loop_dirty(ui->loop);
}

void ui_soon(struct ui *ui)
{
    loop_timer_at(ui->loop, LOOP_TICK, clock_mono_ms() + 1);
}

void ui_standing(struct ui *ui, const char *text)
{
    free(ui->standing);
    ui->standing = text != NULL ? line_copy(text) : NULL;
    loop_dirty(ui->loop);
}

void ui_ask(struct ui *ui, const char *question, void (*on_answer)(void *ctx, bool yes), void *ctx)
{
    struct str s = STR_INIT;
    char *line = line_copy(question);
    str_printf(&s, _("%s (y = yes, any other key = no)"), line);
    free(line);
    free(ui->question.text);
    ui->question = (struct question){.text = str_take(&s), .on_answer = on_answer, .ctx = ctx};
    loop_dirty(ui->loop);
}

/* ---- the prompt -------------------------------------------------------------------------------
 */

void ui_prompt_set(struct ui *ui, const char *text, size_t n)
{
    size_t n_draft;
    if (browse_draft(ui, &n_draft) != NULL)
        browse_set_draft(ui, text, n);
    else
        edit_set(text, n);
    loop_dirty(ui->loop);
}

char *ui_prompt_get(struct ui *ui)
{
    struct edit_state e;
    size_t n;
    const char *draft = browse_draft(ui, &n);
    if (draft != NULL)
        return x_strndup(draft, n);
    edit_get(&e);
    return x_strndup(e.line, e.n_bytes);
}

void ui_history_add(struct ui *ui, const char *text)
{
    (void)ui;
    edit_history_add(text);
}

void ui_editing_mode(struct ui *ui, const char *mode)
{
    if (mode != NULL)
        edit_set_mode(mode);
    if (ui != NULL)
        loop_dirty(ui->loop);
}

int ui_bind(const char *action, const char *keys, struct err *err)
{
    return keymap_bind(action, keys, err);
}

/* ---- pop-ups ----------------------------------------------------------------------------------
 */

static void open_popup(struct ui *ui, struct popup *p)
{
    act_close_popup(ui, -1);
    ui->popup = p;
    loop_dirty(ui->loop);
}

void ui_pick(struct ui *ui, const char *title, const struct ui_candidate *items, size_t n,
             size_t selected, void (*on_choice)(void *ctx, int index), void *ctx)
{
    open_popup(ui, popup_list(title, items, n, selected, false));
    ui->on_choice = on_choice;
    ui->choice_ctx = ctx;
}

void ui_show_text(struct ui *ui, const char *title, const char *text, size_t n)
{
    open_popup(ui, popup_text(title, text, n));
}

void ui_show_help(struct ui *ui)
{
    struct str s = STR_INIT;
    help_text(browse_view(ui), ui->options.commands, &s);
    ui_show_text(ui, _("Help"), str_cstr(&s), s.len);
    str_free(&s);
}
