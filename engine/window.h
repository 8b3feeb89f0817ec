/* window.h - which part of a text that outgrew the context the model still sees.
 *
 * A sawtooth: when the text and its reserve no longer fit, the oldest part is cut off in one large
 * step, at a paragraph border, else a sentence border, else a character border, so that between
 * half and three quarters of n_ctx stay (of borders of one kind the last, so that steps are large). The cut stays where
 * it is until the text outgrows the context again, so the prefix - and with it the KV cache - is
 * stable for a while. Pure functions; no allocation.
 */
#ifndef XUXIE_ENGINE_WINDOW_H
#define XUXIE_ENGINE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tokenizers/tokenizer.h"

/* Tokens kept free for the answer: min(max_tokens, n_ctx/4), at least 1. max_tokens 0 = n_ctx/4. */
int window_reserve(int max_tokens, int n_ctx);

/* The index of the first token to keep of ids[0..n). `previous` is the cut in force (0: none); it
 * is kept while n - previous + reserve <= n_ctx, unless the text has become so short (undo) that
 * less than half of n_ctx would stay. reserve is at most a quarter of n_ctx. */
int window_cut(const struct tokenizer *t, const int32_t *ids, int n, int previous, int reserve,
               int n_ctx);

#endif
