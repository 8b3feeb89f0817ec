/* plan.c - see plan.h. Sums are done with overflow checks and compared with what the machine has
 * free, so that a model that does not fit is refused with figures instead of being killed later.
 *
 * Weights in mapped files need no memory of their own: what is missing is read from the disk again,
 * each time. So a model is too large only when what must be written to does not fit (session,
 * matrices put together), and tight when that fits, but not together with the mapped weights.
 * Mappings exist already when the plan is made, also the empty one for matrices to be put together:
 * the limit of the address space is compared with the session alone. */
#include "config.h"

#include "engine/plan.h"

#include <stdio.h>

#include "engine/forward.h"
#include "engine/kvcache.h"
#include "engine/sample.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/mem.h"

enum { MIN_BATCH = 16, MAX_BATCH = 512 };

/* A chunk's logits, when all are wanted, stay below this. */
static const double max_logits_bytes = 128.0 * 1024 * 1024;
static const double block_seconds = 0.1;
/* Attention goes row by row: an operation there costs about as much as three in a product. */
static const double attention_cost = 3;

/* Tokens of one chunk, so that a transformer block takes about block_seconds at most. */
static int chunk_tokens(const struct model *m, int n_ctx, int n_threads)
{
    const struct hparams *hp = &m->hp;
    const double q = (double)hp->n_head * hp->head_dim, kv = (double)hp->n_head_kv * hp->head_dim;
    const int n_ff_matrices = m->arch->mlp == MLP_GATED ? 3 : 2;
    const double weights =
        hp->n_embd * (2 * q + 2 * kv) + (double)n_ff_matrices * hp->n_embd * hp->n_ff;
    const double attention = 4 * q * n_ctx;
    const double flops_per_token = 2 * weights + attention_cost * attention;
    double n = block_seconds * kernels_get()->flops * n_threads / flops_per_token;
    const double n_logits = max_logits_bytes / (sizeof(float) * (double)hp->n_vocab);
    if (n > n_logits)
        n = n_logits;
    if (n > n_ctx)
        n = n_ctx;
    if (n > MAX_BATCH)
        n = MAX_BATCH;
    if (n < MIN_BATCH)
        n = n_ctx < MIN_BATCH ? n_ctx : MIN_BATCH;
    return (int)n;
}

static int context_size(const struct model *m, int wanted, int *out, struct err *err)
{
    const int n_train = m->hp.n_ctx_train;
    if (wanted < 0)
        return err_set(err, E_USAGE, _("n_ctx is %d and must not be negative"), wanted);
    if (wanted == 0) {
        *out = n_train < (int)LIMIT_CONTEXT_DEFAULT ? n_train : (int)LIMIT_CONTEXT_DEFAULT;
        return 0;
    }
    if (wanted > n_train && m->arch->position == POSITION_LEARNED)
        return err_set(err, E_USAGE,
                       _("n_ctx is %d, but this model has learned positions for %d tokens only"),
                       wanted, n_train);
    if (wanted > n_train)
        log_warn("plan: n_ctx %d is more than the %d the model was made for", wanted, n_train);
    *out = wanted;
    return 0;
}

/* Bytes of all tensors, as they are computed with. */
static size_t weight_bytes(const struct model *m)
{
    size_t sum = 0;
    for (size_t i = 0; i < weights_count(m->weights); i++)
        if (!add_size(sum, weights_at(m->weights, i)->n_bytes, &sum))
            return SIZE_MAX;
    return sum;
}

static bool is_above(size_t a, size_t b, size_t limit)
{
    size_t sum;
    return !add_size(a, b, &sum) || sum > limit;
}

static size_t least(const struct memory_room *room)
{
    size_t n = room->ram < room->address ? room->ram : room->address;
    return n < room->data ? n : room->data;
}

static enum engine_fit judge(const struct plan *p, const struct memory_room *room)
{
    if (is_above(p->total_bytes, p->memory.made_bytes, room->ram) ||
        is_above(p->total_bytes, p->memory.made_bytes, room->data) ||
        is_above(p->total_bytes, 0, room->address))
        return ENGINE_TOO_LARGE;
    return is_above(p->total_bytes + p->memory.made_bytes, p->memory.mapped_bytes, room->ram)
               ? ENGINE_TIGHT
               : ENGINE_FITS;
}

int plan_figure(const struct model *m, const struct engine_options *options,
                const struct memory_room *room, struct plan *out, struct err *err)
{
    struct plan p = {.kv = options->kv, .n_threads = options->n_threads};
    if (p.n_threads <= 0)
        p.n_threads = pool_physical_cores();
    int rc = context_size(m, options->n_ctx, &p.n_ctx, err);
    if (rc)
        return rc;
    p.n_batch = chunk_tokens(m, p.n_ctx, p.n_threads);
    p.kv_bytes = kvcache_bytes(m, p.n_ctx, p.kv);
    p.act_bytes = forward_bytes(m, &p);
    p.scratch_bytes = sampler_bytes(m->hp.n_vocab, p.n_ctx);

    const size_t arena_slack = 64;
    if (!add_size(p.kv_bytes, p.act_bytes, &p.total_bytes) ||
        !add_size(p.total_bytes, p.scratch_bytes, &p.total_bytes) ||
        !add_size(p.total_bytes, arena_slack, &p.total_bytes))
        p.total_bytes = SIZE_MAX;

    const size_t all = weight_bytes(m), made = weights_made_bytes(m->weights);
    p.memory = (struct engine_memory){
        .session_bytes = p.total_bytes,
        .made_bytes = made,
        .mapped_bytes = all > made ? all - made : 0,
        .free_bytes = least(room),
    };
    p.memory.fit = judge(&p, room);
    *out = p;
    return 0;
}

int plan_check(const struct plan *p, struct err *err)
{
    const struct engine_memory *m = &p->memory;
    if (m->fit != ENGINE_TOO_LARGE)
        return 0;
    size_t needed = SIZE_MAX;
    if (m->made_bytes == 0)
        return err_set(
            err, E_RESOURCE,
            _("a context of %d tokens needs %zu MiB of memory (KV cache %zu MiB), but %zu "
              "MiB are free; choose a smaller n_ctx or kv f16"),
            p->n_ctx, p->total_bytes >> 20, p->kv_bytes >> 20, m->free_bytes >> 20);
    if (!add_size(p->total_bytes, m->made_bytes, &needed))
        needed = SIZE_MAX;
    return err_set(
        err, E_RESOURCE,
        _("the model needs %zu MiB of memory (%zu MiB of its matrices must be put together, a "
          "context "
          "of %d tokens takes %zu MiB), but %zu MiB are free; `xuxie model import` makes a file of "
          "it that needs no such memory"),
        needed >> 20, m->made_bytes >> 20, p->n_ctx, p->total_bytes >> 20, m->free_bytes >> 20);
}

bool plan_warning(const struct plan *p, char *out, size_t size)
{
    const struct engine_memory *m = &p->memory;
    if (m->fit != ENGINE_TIGHT)
        return false;
    snprintf(
        out, size,
        _("This model is larger than the memory that is free (%zu MiB of weights and %zu MiB to "
          "work with, %zu MiB free): it is read from the disk again and again, and writes "
          "slowly."),
        (m->mapped_bytes + m->made_bytes) >> 20, m->session_bytes >> 20, m->free_bytes >> 20);
    return true;
}

int plan_make(const struct model *m, const struct engine_options *options, struct plan *out,
              struct err *err)
{
    struct memory_room room;
    struct plan p;
    memory_room(&room);
    int rc = plan_figure(m, options, &room, &p, err);
    if (rc == 0)
        rc = plan_check(&p, err);
    if (rc == 0)
        *out = p;
    return rc;
}
