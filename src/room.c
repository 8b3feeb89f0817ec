/* room.c - see room.h.
 *
 * Invariants
 *  1  story and turn exist from room_open to room_close
 *  2  `engine` is READY; `next_engine` is loading, and takes its place when READY and the turn idle
 *  3  while the store is missing or failing, the rescue file holds the manuscript, at most 500 ms
 *     behind what is on the screen
 */
#include "config.h"

#include "src/room_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/commands.h"
#include "src/database.h"
#include "src/rescue.h"
#include "src/view_template.h"
#include "src/views.h"

enum { RESCUE_EVERY_MS = 500, HISTORY_MAX = 1000 };

/* ---- the turn's voice, passed on to the front end -------------------------------------------- */

static void on_grew(void *ctx, enum node_kind kind, const char *text, size_t n)
{
    struct room *r = ctx;
    r->front->grew(r->front->ctx, kind, text, n);
}

static void on_moved(void *ctx)
{
    struct room *r = ctx;
    r->front->moved(r->front->ctx);
}

static void on_notice(void *ctx, enum turn_level level, const char *text)
{
    struct room *r = ctx;
    r->front->notice(r->front->ctx, level, text);
}

static void on_ended(void *ctx, const char *reason)
{
    struct room *r = ctx;
    r->front->ended(r->front->ctx, reason);
    views_ended(r);
}

/* ---- the run of a template, on the turn's session ---------------------------------------------
 */

static void on_stray(void *ctx, const struct engine_event *ev)
{
    struct room *r = ctx;
    template_run_event(r->run, ev);
}

static uint64_t run_next_id(void *ctx)
{
    struct room *r = ctx;
    return turn_request_id(r->turn);
}

static void run_changed(void *ctx)
{
    view_template_changed(ctx);
}

static void run_ended(void *ctx)
{
    views_ended(ctx);
}

/* ---- the store ------------------------------------------------------------------------------- */

static void open_store(struct room *r)
{
    struct str path = STR_INIT;
    struct err err = ERR_INIT;
    int rc = database_open(&r->settings, STORE_CREATE, &path, &r->store, &err);
    r->db_path = str_take(&path);
    if (rc != 0) {
        r->store = NULL;
        r->store_problem = x_strdup(err.msg);
        log_error("store: %s", err.msg);
    }
}

/* A database that was there but empty must not become a new one in silence. */
static void tell_if_empty(struct room *r)
{
    struct store_status st;
    if (!r->store)
        return;
    store_get_status(r->store, &st);
    if (st.was_empty)
        room_say(r, TURN_WARNING, st.message);
}

/* Keeps the manuscript in the rescue file while the store does not. */
static void rescue(struct room *r, int64_t now_ms)
{
    uint64_t bytes = story_text_bytes(r->story);
    if ((bytes == r->rescued_bytes && r->story->current == r->rescued_node) ||
        (r->rescue_path && now_ms - r->rescued_ms < RESCUE_EVERY_MS))
        return;
    struct str text = STR_INIT;
    struct str path = STR_INIT;
    struct err err = ERR_INIT;
    str_append(&text, r->rescued_before.data, r->rescued_before.len);
    story_text(r->story, &text);
    if (rescue_save(str_cstr(&text), text.len, &path, &err) == 0) {
        free(r->rescue_path);
        r->rescue_path = str_take(&path);
        r->rescued_bytes = bytes;
        r->rescued_node = r->story->current;
    } else {
        log_error("rescue: %s", err.msg);
    }
    r->rescued_ms = now_ms;
    str_free(&text);
    str_free(&path);
}

void room_rescue_keep(struct room *r)
{
    if (r->store && !r->store_problem)
        return;
    story_text(r->story, &r->rescued_before);
    if (r->rescued_before.len)
        str_puts(&r->rescued_before, "\n\n");
}

static void show_standing(struct room *r, const char *problem)
{
    if (!problem) {
        r->front->standing(r->front->ctx, NULL);
        return;
    }
    struct str s = STR_INIT;
    if (r->rescue_path)
        str_printf(&s, _("Your words are kept in %s: %s"), r->rescue_path, problem);
    else
        str_puts(&s, problem);
    r->front->standing(r->front->ctx, str_cstr(&s));
    str_free(&s);
}

void room_tick(struct room *r, int64_t now_ms)
{
    views_tick(r, now_ms);
    if (!r->store) {
        if (r->store_problem) {
            rescue(r, now_ms);
            show_standing(r, r->store_problem);
        }
        return;
    }
    struct store_status st;
    store_get_status(r->store, &st);
    if (st.failing || st.read_only) {
        rescue(r, now_ms);
        show_standing(r, st.message);
        free(r->store_problem);
        r->store_problem = x_strdup(st.message);
    } else if (r->store_problem) {
        free(r->store_problem);
        r->store_problem = NULL;
        show_standing(r, NULL);
        if (r->rescue_path)
            room_say(r, TURN_INFO, _("The database takes words again; everything is saved."));
    }
}

void room_draft(struct room *r, const char *text, size_t n)
{
    if (r->draft && strlen(r->draft) == n && memcmp(r->draft, text, n) == 0)
        return;
    free(r->draft);
    r->draft = x_strndup(text, n);
    store_put_draft(r->store, r->story->ref, text, n);
}

/* ---- what the person does -------------------------------------------------------------------- */

void room_say(struct room *r, enum turn_level level, const char *text)
{
    r->front->notice(r->front->ctx, level, text);
}

void room_pump(struct room *r)
{
    turn_pump(r->turn);
    room_pump_next(r);
}

static bool is_command(const char *text, size_t n)
{
    return n > 1 && text[0] == '/' && text[1] != '/';
}

bool room_has_model(const struct room *r)
{
    return r->engine || r->next_engine || !r->load_failed;
}

static void say_no_model(struct room *r)
{
    room_say(r, TURN_WARNING, _("No model is loaded: /model chooses one."));
}

void room_submit(struct room *r, const char *text, size_t n)
{
    if (n) {
        store_put_input(r->store, text, n);
        char *copy = x_strndup(text, n);
        r->front->history_add(r->front->ctx, copy);
        free(copy);
    }
    room_draft(r, "", 0);
    if (is_command(text, n)) {
        commands_run(r, text, n);
        return;
    }
    if (n > 1 && text[0] == '/' && text[1] == '/') {
        text++;
        n--;
    }
    if (room_has_model(r)) {
        if (r->settings.chat && n)
            room_ask(r, text, n);
        else
            turn_submit(r->turn, text, n);
    } else {
        turn_add(r->turn, text, n);
        say_no_model(r);
    }
}

void room_retry(struct room *r)
{
    if (room_has_model(r))
        turn_retry(r->turn);
    else
        say_no_model(r);
}

bool room_busy(const struct room *r)
{
    return turn_state_of(r->turn) != TURN_IDLE || template_run_busy(r->run);
}

void room_stop_writing(struct room *r)
{
    if (template_run_busy(r->run))
        template_run_stop(r->run);
    else
        turn_stop(r->turn);
}

void room_put_in_prompt(struct room *r, const char *text)
{
    if (r->draft[0]) {
        store_put_input(r->store, r->draft, strlen(r->draft));
        r->front->history_add(r->front->ctx, r->draft);
    }
    r->front->prompt_set(r->front->ctx, text);
}

static void leave_now(void *arg)
{
    struct room *r = arg;
    r->front->quit(r->front->ctx);
}

void room_leave(struct room *r)
{
    r->leaving = true;
    turn_when_idle(r->turn, leave_now, r);
}

void room_hangup(struct room *r)
{
    struct err err = ERR_INIT;
    turn_stop(r->turn);
    template_run_stop(r->run);
    view_template_save(r);
    int64_t until = clock_mono_ms() + 300;
    while (room_busy(r) && clock_mono_ms() < until) {
        room_pump(r);
        usleep(2000);
    }
    if (store_flush(r->store, ROOM_FLUSH_MS, &err) != 0)
        log_error("store: %s", err.msg);
}

/* ---- life ------------------------------------------------------------------------------------ */

int room_open(struct room *r, const struct settings *settings, const char *what,
              const struct front *front, struct err *err)
{
    *r = (struct room){.front = front};
    settings_copy(&r->settings, settings);
    r->view = (struct turn_view){r, on_grew, on_moved, on_notice, on_ended, on_stray};
    r->run_host = (struct template_run_host){r, run_next_id, run_changed, on_notice, run_ended};
    open_store(r);
    char *draft = NULL;
    struct err why = ERR_INIT;
    r->story = room_find_story(r, what, &draft, &why);
    if (!r->story && what) {
        if (err)
            *err = why;
        store_close(r->store, NULL);
        free(r->db_path);
        free(r->store_problem);
        settings_free(&r->settings);
        return why.code;
    }
    if (!r->story) { /* the last story cannot be read: the room opens all the same */
        r->story = room_begin_story(r, "");
        r->open_problem = x_strdup(why.msg);
    }
    r->draft = draft ? draft : x_strdup("");
    r->turn = turn_new(r->story, r->store, &r->settings, &r->view);
    r->run = template_run_new(r->store, &r->settings, &r->run_host);
    return 0;
}

void room_show(struct room *r)
{
    char **inputs = NULL;
    size_t n = 0;
    if (r->store && store_inputs(r->store, HISTORY_MAX, &inputs, &n, NULL) == 0) {
        for (size_t i = 0; i < n; i++)
            r->front->history_add(r->front->ctx, inputs[i]);
        store_inputs_free(inputs, n);
    }
    store_put_current(r->store, r->story->ref,
                      r->story->current == r->story->root ? 0 : r->story->current->ref);
    r->front->moved(r->front->ctx);
    r->front->prompt_set(r->front->ctx, r->draft);
    if (r->store_problem)
        show_standing(r, r->store_problem);
    tell_if_empty(r);
    if (r->open_problem)
        room_say(r, TURN_ERROR, r->open_problem);
    room_load_model(r, NULL);
}

void room_stop(struct room *r)
{
    room_hangup(r);
    room_drop_next(r);
    if (r->session)
        r->front->watch(r->front->ctx, engine_fd(r->session), false);
    engine_session_free(r->session);
    engine_close(r->engine);
    r->session = NULL;
    r->engine = NULL;
    template_run_end(r->run);
    turn_end(r->turn);
}

int room_close(struct room *r)
{
    struct err err = ERR_INIT;
    int status = 0;
    views_free(r);
    bool words = story_text_bytes(r->story) + r->rescued_before.len > 0;
    bool unsaved = !r->store && words;
    if (store_close(r->store, &err) != 0)
        unsaved = true;
    else if (r->store_problem)
        unsaved = words;
    if (unsaved) {
        r->rescued_ms = 0;
        r->rescued_bytes = 0;
        rescue(r, clock_mono_ms() + RESCUE_EVERY_MS);
        const char *why = err.msg[0] ? err.msg : r->store_problem ? r->store_problem : "";
        if (r->rescue_path)
            fprintf(stderr, _("xuxie: %s; your words are in %s\n"), why, r->rescue_path);
        else
            fprintf(stderr, "xuxie: %s\n", why);
        status = err_exit_status(E_STORE);
    }
    template_run_free(r->run);
    turn_free(r->turn);
    story_free(r->story);
    settings_free(&r->settings);
    free(r->model_path);
    free(r->db_path);
    free(r->store_problem);
    free(r->open_problem);
    free(r->rescue_path);
    str_free(&r->rescued_before);
    free(r->change_what);
    free(r->draft);
    return status;
}

/* ---- status ---------------------------------------------------------------------------------- */

/* A template's answer, which goes before the manuscript's passage. */
static bool describe_run(const struct room *r, char *out, size_t size)
{
    struct template_run_result run;
    template_run_get(r->run, &run);
    switch (run.state) {
    case RUN_WAITING:
        if (!r->engine)
            return false; /* that the model is loading is told anyway */
        snprintf(out, size, "%s", _("the template waits"));
        return true;
    case RUN_READING:
        if (run.total > 0)
            snprintf(out, size, _("reading %d %%"), run.done * 100 / run.total);
        else
            snprintf(out, size, "%s", _("reading"));
        return true;
    case RUN_WRITING:
        snprintf(out, size, _("writing %.1f chars/s"), (double)run.chars_per_s);
        return true;
    default: return false;
    }
}

static void describe_activity(const struct room *r, const struct turn_progress *p, char *out,
                              size_t size)
{
    if (describe_run(r, out, size))
        return;
    switch (p->state) {
    case TURN_WAITING: snprintf(out, size, _("loading the model %d %%"), r->next_percent); break;
    case TURN_READING:
        if (p->total > 0)
            snprintf(out, size, _("reading %d %%"), p->done * 100 / p->total);
        else
            snprintf(out, size, "%s", _("reading"));
        break;
    case TURN_WRITING:
        snprintf(out, size, _("writing %.1f chars/s"), (double)p->chars_per_s);
        break;
    case TURN_IDLE:
        if (r->next_engine)
            snprintf(out, size, _("loading the model %d %%"), r->next_percent);
        else
            out[0] = '\0';
        break;
    }
}

void room_get_status(struct room *r, struct room_status *out)
{
    *out = (struct room_status){0};
    turn_get_progress(r->turn, &out->progress);
    describe_activity(r, &out->progress, out->activity, sizeof out->activity);
    const struct engine_info *info = r->engine ? engine_info(r->engine) : NULL;
    if (info)
        snprintf(out->model, sizeof out->model, "%s·%s", info->name, info->type);
    else
        snprintf(out->model, sizeof out->model, "%s", r->load_failed ? _("no model") : "");
    struct store_status st = {.saved = false};
    if (r->store)
        store_get_status(r->store, &st);
    if (!r->store || st.failing || st.read_only) {
        snprintf(out->saved, sizeof out->saved, "%s", _("! not saved"));
        out->warning = true;
    } else {
        snprintf(out->saved, sizeof out->saved, "%s", st.saved ? _("● saved") : _("○ saving"));
    }
    out->sibling = story_sibling_index(r->story->current, &out->n_siblings);
}
