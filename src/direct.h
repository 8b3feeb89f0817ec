/* direct.h - a model computed on the calling thread, without the engine's thread and messages: for
 * the subcommands that want logits (model logits, perplexity, bench). */
#ifndef XUXIE_SRC_DIRECT_H
#define XUXIE_SRC_DIRECT_H

#include "engine/forward.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/arena.h"
#include "src/options.h"

struct direct {
    char *path;
    struct model *model;
    struct tokenizer *tokenizer; /* NULL before direct_open_tokenizer() */
    struct plan plan;
    struct arena arena;
    struct kvcache kv;
    struct pool *pool;
    struct forward *forward;
};

/* Opens the settings' model with their n_ctx, threads and kv. On failure *d is empty. */
int direct_open(const struct settings *settings, struct direct *d, struct err *err);
void direct_close(struct direct *d); /* an empty one too */
/* For those who need more than token ids. */
int direct_open_tokenizer(struct direct *d, struct err *err);

/* Evaluates ids[0..n) after what the cache holds, in chunks; each(arg, i, logits) is called for
 * every token i from `first` on when it is not NULL. E_CANCELLED on a signal. */
int direct_eval(struct direct *d, const int32_t *ids, int n, int first,
                int (*each)(void *arg, int i, const float *logits, struct err *err), void *arg,
                struct err *err);

#endif
