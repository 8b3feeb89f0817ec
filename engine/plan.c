/* plan.c - see plan.h. Sums are done with overflow checks and compared with what the machine has
 * free, so that a model that does not fit is refused with figures instead of being killed later. */
#include "config.h"

#include "engine/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

/* Reads "LABEL NUMBER" from a small text file of the kernel; label "" reads the first number. */
static bool read_number(const char *path, const char *label, unsigned long long *out)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof(line), f)) {
        char *end;
        const size_t n = strlen(label);
        if (strncmp(line, label, n) != 0)
            continue;
        *out = strtoull(line + n, &end, 10);
        found = end != line + n;
    }
    fclose(f);
    return found;
}

/* The memory limit of this process's control group, version 2, then 1; *best falls to it. */
static void limit_by_cgroup(unsigned long long *best)
{
    char line[1024] = "", path[1100] = "/sys/fs/cgroup/memory.max";
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0)
            snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/memory.max", line + 4);
    }
    if (f)
        fclose(f);
    unsigned long long n;
    if (read_number(path, "", &n) && n < *best)
        *best = n;
    if (read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes", "", &n) && n < *best)
        *best = n;
}

/* The tightest of: memory the kernel thinks it can give, the limit of the control group, and what
 * the address space limit leaves. SIZE_MAX when nothing is known. */
static size_t available_bytes(void)
{
    unsigned long long best = SIZE_MAX, n;
    if (read_number("/proc/meminfo", "MemAvailable:", &n) && n < best / 1024)
        best = n * 1024;
    limit_by_cgroup(&best);
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        read_number("/proc/self/status", "VmSize:", &n)) {
        const unsigned long long left = limit.rlim_cur > n * 1024 ? limit.rlim_cur - n * 1024 : 0;
        if (left < best)
            best = left;
    }
    return (size_t)best;
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

int plan_make(const struct model *m, const struct engine_options *options, struct plan *out,
              struct err *err)
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
    const bool fits = add_size(p.kv_bytes, p.act_bytes, &p.total_bytes) &&
                      add_size(p.total_bytes, p.scratch_bytes, &p.total_bytes) &&
                      add_size(p.total_bytes, arena_slack, &p.total_bytes);
    const size_t available = available_bytes();
    if (!fits || p.total_bytes > available)
        return err_set(
            err, E_RESOURCE,
            _("a context of %d tokens needs %zu MiB of memory (KV cache %zu MiB), but %zu "
              "MiB are free; choose a smaller n_ctx or kv f16"),
            p.n_ctx, (fits ? p.total_bytes : SIZE_MAX) >> 20, p.kv_bytes >> 20, available >> 20);
    *out = p;
    return 0;
}
