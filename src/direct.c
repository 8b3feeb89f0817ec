/* direct.c - see direct.h. */
#include "config.h"

#include "src/direct.h"

#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/kernels/kernels.h"
#include "src/base/i18n.h"
#include "src/interrupt.h"
#include "src/models.h"
#include "src/output.h"

static int open_model(const struct settings *settings, struct direct *d, struct err *err)
{
    struct str path = STR_INIT;
    struct weights *weights = NULL;
    int rc = models_resolve(settings->model, &path, err);
    if (!rc)
        rc = weights_open(str_cstr(&path), &weights, err);
    if (!rc)
        rc = model_open(weights, &d->model, err); /* takes the weights */
    d->path = str_take(&path);
    return rc;
}

static bool tell_progress(void *ctx, int percent)
{
    (void)ctx;
    output_progress(_("loading the model: %d %%"), percent);
    return interrupt_signal() == 0;
}

/* What it needs is known to be there. */
static int load(struct direct *d, struct err *err)
{
    char warning[400];
    if (plan_warning(&d->plan, warning, sizeof warning))
        output_warn("%s", warning);
    output_progress_begin();
    int rc = weights_load(d->model->weights, tell_progress, NULL, err);
    output_progress_end();
    return rc == E_CANCELLED ? err_set(err, rc, _("interrupted while the model was loading")) : rc;
}

int direct_open(const struct settings *settings, struct direct *d, struct err *err)
{
    struct engine_options options = {
        .n_threads = (int)settings->threads,
        .n_ctx = (int)settings->n_ctx,
        .kv = settings->kv,
    };
    memset(d, 0, sizeof *d);
    blas_init();
    int rc = open_model(settings, d, err);
    if (!rc)
        rc = plan_make(d->model, &options, &d->plan, err);
    if (!rc)
        rc = load(d, err);
    if (!rc)
        rc = pool_new(d->plan.n_threads, &d->pool, err);
    if (!rc)
        rc = arena_init(&d->arena, d->plan.total_bytes, err);
    if (rc) {
        direct_close(d);
        return rc;
    }
    kvcache_init(&d->kv, d->model, &d->plan, &d->arena);
    d->forward = forward_init(d->model, &d->plan, &d->kv, d->pool, &d->arena);
    return 0;
}

int direct_open_tokenizer(struct direct *d, struct err *err)
{
    return model_open_tokenizer(d->model, &d->tokenizer, err);
}

void direct_close(struct direct *d)
{
    arena_free(&d->arena);
    pool_free(d->pool);
    tokenizer_free(d->tokenizer);
    model_free(d->model);
    free(d->path);
    memset(d, 0, sizeof *d);
}

static bool should_stop(void *arg)
{
    (void)arg;
    return interrupt_signal() != 0;
}

int direct_eval(struct direct *d, const int32_t *ids, int n, int first,
                int (*each)(void *arg, int i, const float *logits, struct err *err), void *arg,
                struct err *err)
{
    for (int at = 0; at < n;) {
        int chunk = n - at < d->plan.n_batch ? n - at : d->plan.n_batch;
        bool wanted = each && at + chunk > first;
        int rc = forward_eval(d->forward, ids + at, chunk, wanted ? WANT_ALL : WANT_NOTHING,
                              should_stop, NULL, err);
        for (int i = 0; !rc && wanted && i < chunk; i++)
            if (at + i >= first)
                rc = each(arg, at + i, forward_logits(d->forward, i), err);
        if (rc)
            return rc;
        at += chunk;
    }
    return 0;
}
