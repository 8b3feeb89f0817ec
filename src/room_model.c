/* room_model.c - which model writes: the next one loads beside the one in use, and takes its place
 * when it is READY and nothing is being written. */
#include "config.h"

#include <stdlib.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/models.h"
#include "src/room_priv.h"

void room_drop_next(struct room *r)
{
    if (!r->next_engine)
        return;
    r->front->watch(r->front->ctx, engine_fd(r->next_session), false);
    engine_session_free(r->next_session);
    engine_close(r->next_engine);
    r->next_engine = NULL;
    r->next_session = NULL;
    free(r->next_path);
    r->next_path = NULL;
    r->next_ready = false;
}

static int start_loading(struct room *r, const char *model, struct err *err)
{
    struct str path = STR_INIT;
    struct engine *e = NULL;
    struct engine_session *s = NULL;
    struct engine_options o = {.n_threads = (int)r->settings.threads,
                               .n_ctx = (int)r->settings.n_ctx,
                               .kv = r->settings.kv};
    int rc = models_resolve(model, &path, err);
    if (rc == 0)
        rc = engine_open(str_cstr(&path), &o, &e, err);
    if (rc == 0)
        rc = engine_session_new(e, &s, err);
    if (rc != 0) {
        engine_close(e);
        str_free(&path);
        return rc;
    }
    room_drop_next(r);
    r->next_engine = e;
    r->next_session = s;
    r->next_path = str_take(&path);
    r->next_percent = 0;
    r->front->watch(r->front->ctx, engine_fd(s), true);
    return 0;
}

void room_load_model(struct room *r, const char *model)
{
    struct err err = ERR_INIT;
    const char *what = model ? model : r->model_path ? r->model_path : r->settings.model;
    if (start_loading(r, what, &err) == 0)
        return;
    room_say(r, TURN_ERROR, err.msg);
    if (!r->engine && !r->next_engine) {
        r->load_failed = true;
        turn_engine_failed(r->turn);
    }
}

static void use_next(struct room *r)
{
    struct engine *old_engine = r->engine;
    struct engine_session *old_session = r->session;
    const struct engine_info *info = engine_info(r->next_engine);
    if (old_session)
        r->front->watch(r->front->ctx, engine_fd(old_session), false);
    r->engine = r->next_engine;
    r->session = r->next_session;
    free(r->model_path);
    r->model_path = r->next_path;
    r->next_engine = NULL;
    r->next_session = NULL;
    r->next_path = NULL;
    r->next_ready = false;
    r->load_failed = false;
    settings_hint(&r->settings, &info->hint);
    turn_set_engine(r->turn, info, r->session);
    template_run_set_engine(r->run, r->engine, r->session);
    engine_session_free(old_session);
    engine_close(old_engine);
    log_info("model: %s, %s, n_ctx %d, %d threads, %s", info->name, info->type, info->n_ctx,
             info->n_threads, info->cpu);
}

static void take_events(struct room *r)
{
    struct engine_event ev;
    while (r->next_session && engine_next_event(r->next_session, &ev)) {
        if (ev.type == EV_LOAD) {
            r->next_percent = ev.load.percent;
            if (ev.n_bytes > 0) {
                char *warning = x_strndup(ev.bytes, ev.n_bytes);
                room_say(r, TURN_WARNING, warning);
                free(warning);
            }
        } else if (ev.type == EV_READY) {
            r->next_ready = true;
            return;
        } else if (ev.type == EV_ERROR) {
            char *message = x_strndup(ev.bytes, ev.n_bytes);
            room_drop_next(r);
            room_say(r, TURN_ERROR, message);
            free(message);
            if (!r->engine) {
                r->load_failed = true;
                turn_engine_failed(r->turn);
            }
            return;
        }
    }
}

void room_pump_next(struct room *r)
{
    take_events(r);
    if (r->next_ready && !(r->engine && template_run_busy(r->run)) &&
        (turn_state_of(r->turn) == TURN_IDLE || turn_state_of(r->turn) == TURN_WAITING))
        use_next(r);
}
