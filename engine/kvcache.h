/* kvcache.h - keys and values of the positions evaluated so far, and the tokens they belong to.
 *
 * Layout: per layer, K[n_ctx][KV heads][D] then V the same, f16 or f32, position-major, so that a
 * position is written in one piece and a head is read at a constant stride.
 * Invariant: positions [0, n_used) are complete in all layers and belong to ids[0..n_used).
 * One session, engine thread only.
 */
#ifndef XUXIE_ENGINE_KVCACHE_H
#define XUXIE_ENGINE_KVCACHE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/model.h"
#include "engine/plan.h"
#include "src/base/arena.h"

struct kvcache {
    enum engine_kv_type type;
    int n_ctx, n_layer, n_head_kv, head_dim;
    int n_used;
    int32_t *ids;          /* [n_ctx] */
    void *k, *v;           /* [n_layer][n_ctx][n_head_kv*head_dim] */
};

size_t kvcache_bytes(const struct model *m, int n_ctx, enum engine_kv_type type);
void kvcache_init(struct kvcache *c, const struct model *m, const struct plan *p, struct arena *a);

/* Length of the common prefix of what is cached and ids[0..n). */
int kvcache_common(const struct kvcache *c, const int32_t *ids, int n);
/* Forgets positions from n on. */
void kvcache_rewind(struct kvcache *c, int n);

void *kvcache_k(struct kvcache *c, int layer, int position);
void *kvcache_v(struct kvcache *c, int layer, int position);
size_t kvcache_row_bytes(const struct kvcache *c);

#endif
