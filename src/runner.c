/* runner.c - see runner.h. */
#include "config.h"

#include "src/runner.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/interrupt.h"
#include "src/models.h"
#include "src/output.h"

struct runner {
    struct engine *engine;
    struct engine_session *session;
    uint64_t last_id;
    bool quiet; /* no progress of requests */
};

/* Waits for the session or a signal. Once a signal came its descriptor stays readable: it is left
 * out then. */
static void wait_for_event(const struct runner *r)
{
    struct pollfd fds[] = {{.fd = engine_fd(r->session), .events = POLLIN},
                           {.fd = interrupt_signal() ? -1 : interrupt_fd(), .events = POLLIN}};
    poll(fds, 2, -1);
}

/* EV_ERROR's message, whatever its length, as a struct err. */
static int take_error(const struct engine_event *ev, struct err *err)
{
    return err_set(err, ev->error.code, "%.*s", (int)ev->n_bytes, ev->bytes);
}

static int wait_until_ready(struct runner *r, struct err *err)
{
    output_progress_begin();
    for (;;) {
        struct engine_event ev;
        while (engine_next_event(r->session, &ev)) {
            if (ev.type == EV_READY || ev.type == EV_ERROR)
                output_progress_end();
            if (ev.type == EV_READY)
                return 0;
            if (ev.type == EV_ERROR)
                return take_error(&ev, err);
            if (ev.type == EV_LOAD && ev.n_bytes > 0)
                output_warn("%.*s", (int)ev.n_bytes, ev.bytes);
            if (ev.type == EV_LOAD)
                output_progress(_("loading the model: %d %%"), ev.load.percent);
        }
        if (interrupt_signal())
            return err_set(err, E_CANCELLED, _("interrupted while the model was loading"));
        wait_for_event(r);
    }
}

int runner_open(const struct settings *settings, struct runner **out, struct err *err)
{
    struct engine_options options = {
        .n_threads = (int)settings->threads,
        .n_ctx = (int)settings->n_ctx,
        .kv = settings->kv,
    };
    struct runner *r = x_calloc(1, sizeof *r);
    struct str path = STR_INIT;
    int rc = models_resolve(settings->model, &path, err);
    if (!rc)
        rc = engine_open(str_cstr(&path), &options, &r->engine, err);
    if (!rc)
        rc = engine_session_new(r->engine, &r->session, err);
    if (!rc)
        rc = wait_until_ready(r, err);
    str_free(&path);
    if (rc)
        runner_free(r);
    else
        *out = r;
    return rc;
}

void runner_free(struct runner *r)
{
    if (!r)
        return;
    engine_session_free(r->session);
    engine_close(r->engine);
    free(r);
}

const struct engine_info *runner_info(const struct runner *r)
{
    return engine_info(r->engine);
}

const struct tokenizer *runner_tokenizer(const struct runner *r)
{
    return engine_tokenizer(r->engine);
}

void runner_quiet(struct runner *r)
{
    r->quiet = true;
}

int runner_generate(struct runner *r, struct engine_request *request,
                    bool (*on_event)(void *arg, const struct engine_event *ev), void *arg,
                    struct engine_event *done, struct err *err)
{
    request->id = ++r->last_id;
    int rc = engine_submit(r->session, request, err);
    if (rc)
        return rc;
    if (!r->quiet)
        output_progress_begin();
    for (;;) {
        struct engine_event ev;
        while (engine_next_event(r->session, &ev)) {
            if (ev.id != request->id)
                continue;
            if (ev.type == EV_PREFILL && !r->quiet)
                output_progress(_("reading: %d of %d tokens"), ev.prefill.done, ev.prefill.total);
            if (!on_event(arg, &ev))
                engine_cancel(r->session, request->id);
            if (ev.type == EV_ERROR)
                return take_error(&ev, err);
            if (ev.type == EV_DONE) {
                *done = ev;
                return 0;
            }
        }
        if (interrupt_signal())
            engine_cancel(r->session, request->id);
        wait_for_event(r);
    }
}
