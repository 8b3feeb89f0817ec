/* backend.c - see backend.h.
 *
 * Loading goes from cheap to dear, so that a bad file is refused before its pages are read: header,
 * tensors, tokenizer, plan; then the pages are touched in steps (the progress one sees), so that
 * the first words do not wait for the disk. A file larger than the free memory is not touched.
 *
 * A session's memory is one arena sized by plan.c: KV cache, activations, sampler. Only the
 * prompt's token ids, whose number nobody knows beforehand, live outside it (generate.c). */
#include "config.h"

#include "engine/backend.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/fault.h"
#include "engine/formats/weights.h"
#include "engine/forward.h"
#include "engine/generate.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/pool.h"
#include "engine/kvcache.h"
#include "engine/model.h"
#include "engine/plan.h"
#include "engine/sample.h"
#include "engine/stream_text.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/arena.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

enum {
    TOUCH_STEP_BYTES = 8 << 20,
    NAME_BYTES = 256,
    MAX_WATCHED = 16,
    PERCENT_CHECKED = 20, /* of loading is done when the file is known to be good */
};

/* Everything but `damaged` is written while loading and only read afterwards, by the engine thread,
 * its pool, and (info, tokenizer) the caller's thread. */
struct backend {
    struct model *model;
    struct tokenizer *tokenizer;
    struct plan plan;
    struct pool *pool;                /* used by the engine thread only */
    const void *watched[MAX_WATCHED]; /* by fault.c */
    size_t n_watched;
    atomic_bool damaged;           /* written by the SIGBUS handler, read by the engine thread */
    uint8_t *is_breaker, *is_keep; /* [n_vocab], see sample.h; one block */
    struct engine_info info;
    char name[NAME_BYTES], license[NAME_BYTES];
};

struct backend_session {
    struct backend *backend;
    struct arena arena;
    struct kvcache kv;
    struct generator generator;
};

/* --- loading --------------------------------------------------------------------------------- */

/* Reads a byte of every page of the files, so that they are in memory; false when the loading was
 * given up. What a checkpoint needs was read when it was put together. */
static bool touch_pages(const struct backend *b, const struct load_watch *watch)
{
    const struct weights *w = b->model->weights;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    double n_all = (double)weights_file_bytes(w), n_done = 0;
    if (b->plan.memory.fit == ENGINE_TIGHT || weights_folder(w))
        return true;
    for (size_t i = 0; i < weights_n_regions(w); i++) {
        size_t n;
        const volatile char *base = weights_region(w, i, &n);
        for (size_t at = 0; at < n;) {
            size_t end = n - at > TOUCH_STEP_BYTES ? at + TOUCH_STEP_BYTES : n;
            madvise((void *)((uintptr_t)base + at), end - at, MADV_WILLNEED);
            for (; at < end; at += page)
                (void)base[at];
            double part = (n_done + (double)end) / n_all;
            if (!watch->progress(watch->ctx,
                                 PERCENT_CHECKED + (int)(part * (99 - PERCENT_CHECKED))))
                return false;
        }
        n_done += (double)n;
    }
    return true;
}

/* Does the token's text contain one of the marks over which repetitions are not followed? A single
 * em dash counts, because —— may be spelled by two tokens. */
static bool has_breaker(const char *piece, size_t n)
{
    static const char *const marks[] = {"\n", ":",  "\"", "*",  "：", "“",
                                        "”",  "「", "」", "『", "』", "—"};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (memmem(piece, n, marks[i], strlen(marks[i])))
            return true;
    return false;
}

static int classify_tokens(struct backend *b, struct err *err)
{
    size_t n_vocab = (size_t)b->model->hp.n_vocab;
    b->is_breaker = calloc(n_vocab, 2);
    if (!b->is_breaker)
        return err_set(err, E_RESOURCE, _("There is no memory for the tables of %zu tokens."),
                       n_vocab);
    b->is_keep = b->is_breaker + n_vocab;
    int32_t n = tokenizer_count(b->tokenizer);
    for (int32_t id = 0; id < n && id < b->model->hp.n_vocab; id++) {
        size_t n_piece;
        const char *piece = tokenizer_piece(b->tokenizer, id, false, &n_piece);
        b->is_breaker[id] = has_breaker(piece, n_piece);
        b->is_keep[id] = memchr(piece, '\n', n_piece) != NULL || tokenizer_is_end(b->tokenizer, id);
    }
    return 0;
}

/* Copies a string of the metadata, cut at a character border; "" when there is none. */
static void copy_meta(const struct weights *w, const char *key, char out[NAME_BYTES])
{
    struct meta_string s = {"", 0};
    weights_meta_string(w, key, &s, NULL);
    size_t n = utf8_floor(s.s, s.n, NAME_BYTES - 1);
    memcpy(out, s.s, n);
    out[n] = '\0';
}

static void fill_info(struct backend *b)
{
    const struct weights *w = b->model->weights;
    const struct hparams *hp = &b->model->hp;
    const char *path = weights_path(w);
    const char *slash = strrchr(path, '/');
    copy_meta(w, "general.name", b->name);
    copy_meta(w, "general.license", b->license);
    b->info = (struct engine_info){
        .path = path,
        .name = b->name[0] ? b->name
                : slash    ? slash + 1
                           : path,
        .arch = b->model->arch->name,
        .type = model_type_name(b->model),
        .license = b->license,
        .cpu = kernels_get()->name,
        .n_params = model_n_params(b->model),
        .file_bytes = weights_file_bytes(w),
        .n_vocab = hp->n_vocab,
        .n_embd = hp->n_embd,
        .n_layer = hp->n_layer,
        .n_head = hp->n_head,
        .n_head_kv = hp->n_head_kv,
        .n_ctx_train = hp->n_ctx_train,
        .n_ctx = b->plan.n_ctx,
        .kv = b->plan.kv,
        .n_threads = b->plan.n_threads,
        .memory = b->plan.memory,
        .hint = b->model->hint,
        .tokenizer = b->tokenizer,
    };
    weights_identity(w, b->info.identity);
    tokenizer_identity(b->tokenizer, b->info.tokenizer_identity);
}

/* From now on a file that is cut short only sets the flag. Of a model of very many files the first
 * are watched. */
static void watch_files(struct backend *b, const struct weights *w)
{
    for (size_t i = 0; i < weights_n_regions(w) && b->n_watched < MAX_WATCHED; i++) {
        size_t n_bytes;
        const void *region = weights_region(w, i, &n_bytes);
        if (region && fault_watch(region, n_bytes, &b->damaged))
            b->watched[b->n_watched++] = region;
    }
}

static void unwatch_files(struct backend *b)
{
    while (b->n_watched > 0)
        fault_unwatch(b->watched[--b->n_watched]);
}

/* The percentages of weights_load() as those of loading. */
static bool load_progress(void *arg, int percent)
{
    const struct load_watch *watch = arg;
    return watch->progress(watch->ctx, PERCENT_CHECKED + percent * (99 - PERCENT_CHECKED) / 100);
}

static void warn_of_memory(const struct plan *plan, const struct load_watch *watch)
{
    char sentence[400];
    if (plan_warning(plan, sentence, sizeof sentence))
        watch->warn(watch->ctx, sentence);
}

/* Everything that can refuse the file. */
static int load_checked(struct backend *b, const char *path, const struct engine_options *options,
                        const struct load_watch *watch, struct err *err)
{
    struct weights *weights;
    int rc = weights_open(path, &weights, err);
    if (rc < 0)
        return rc;
    watch_files(b, weights);
    rc = model_open(weights, &b->model, err); /* takes the weights */
    if (rc < 0) {
        unwatch_files(b);
        return rc;
    }
    if (!watch->progress(watch->ctx, PERCENT_CHECKED / 2))
        return E_CANCELLED;
    rc = model_open_tokenizer(b->model, &b->tokenizer, err);
    if (rc == 0)
        rc = plan_make(b->model, options, &b->plan, err);
    if (rc == 0)
        rc = classify_tokens(b, err);
    if (rc == 0)
        rc = pool_new(b->plan.n_threads, &b->pool, err);
    if (rc)
        return rc;
    warn_of_memory(&b->plan, watch);
    struct load_watch copy = *watch;
    return weights_load(weights, load_progress, &copy, err);
}

int backend_load(const char *path, const struct engine_options *options,
                 const struct load_watch *watch, struct backend **out, struct err *err)
{
    struct backend *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(err, E_RESOURCE, _("There is no memory for the engine."));
    blas_init();
    int rc = load_checked(b, path, options, watch, err);
    if (rc < 0)
        goto fail;
    fill_info(b);
    if (!touch_pages(b, watch)) {
        rc = E_CANCELLED;
        goto fail;
    }
    if (atomic_load(&b->damaged)) {
        rc = generate_file_changed(b->model, err);
        goto fail;
    }
    log_info("engine: %s, %s, %s, %d threads, context %d, %zu MiB a session", b->info.arch,
             b->info.type, b->info.cpu, b->info.n_threads, b->info.n_ctx,
             b->plan.total_bytes >> 20);
    *out = b;
    return 0;
fail:
    backend_free(b);
    return rc;
}

void backend_free(struct backend *b)
{
    if (!b)
        return;
    pool_free(b->pool);
    free(b->is_breaker);
    tokenizer_free(b->tokenizer);
    unwatch_files(b);
    model_free(b->model);
    free(b);
}

const struct engine_info *backend_info(const struct backend *b)
{
    return &b->info;
}

const struct tokenizer *backend_tokenizer(const struct backend *b)
{
    return b->tokenizer;
}

/* --- sessions -------------------------------------------------------------------------------- */

int backend_session_new(struct backend *b, struct backend_session **out, struct err *err)
{
    const struct plan *p = &b->plan;
    struct backend_session *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, E_RESOURCE, _("There is no memory for a session of the engine."));
    s->backend = b;
    int rc = arena_init(&s->arena, p->total_bytes, err);
    if (rc < 0)
        goto fail;
    struct generator *g = &s->generator;
    int n_vocab = b->model->hp.n_vocab;
    kvcache_init(&s->kv, b->model, p, &s->arena);
    *g = (struct generator){
        .model = b->model,
        .tokenizer = b->tokenizer,
        .kv = &s->kv,
        .forward = forward_init(b->model, p, &s->kv, b->pool, &s->arena),
        .sampler = sampler_init(arena_take(&s->arena, sampler_bytes(n_vocab, p->n_ctx)), n_vocab,
                                p->n_ctx, b->is_breaker, b->is_keep),
        .text = stream_text_new(),
        .measure = stream_text_new(),
        .damaged = &b->damaged,
        .n_ctx = p->n_ctx,
        .n_batch = p->n_batch,
    };
    const int32_t n_used = tokenizer_used(b->tokenizer); /* not more than n_vocab */
    sampler_limit(g->sampler, n_used);
    if (!g->text || !g->measure) {
        rc = err_set(err, E_RESOURCE, _("There is no memory for a session of the engine."));
        goto fail;
    }
    *out = s;
    return 0;
fail:
    backend_session_free(s);
    return rc;
}

void backend_session_free(struct backend_session *s)
{
    if (!s)
        return;
    stream_text_free(s->generator.text);
    stream_text_free(s->generator.measure);
    free(s->generator.ids);
    free(s->generator.segment_ends);
    arena_free(&s->arena);
    free(s);
}

void backend_run(struct backend_session *s, const struct engine_request *request,
                 const struct emitter *out)
{
    const struct backend *b = s->backend;
    if (!atomic_load(&b->damaged) && !weights_changed(b->model->weights)) {
        generate_run(&s->generator, request, out);
        return;
    }
    struct err err = ERR_INIT;
    struct engine_event ev = {.type = EV_ERROR, .id = request->id, .stream = request->stream};
    ev.error.code = (enum err_code)generate_file_changed(b->model, &err);
    ev.bytes = err.msg;
    ev.n_bytes = strlen(err.msg);
    out->emit(out->ctx, &ev);
}
