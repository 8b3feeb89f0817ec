/* kvcache.c - see kvcache.h. Which positions count is n_used alone: rewinding forgets by moving it,
 * and whatever lies behind is overwritten by the next evaluation. */
#include "config.h"

#include "engine/kvcache.h"

#include <assert.h>

#include "src/base/mem.h"

static size_t element_bytes(enum engine_kv_type type)
{
    return type == ENGINE_KV_F16 ? sizeof(uint16_t) : sizeof(float);
}

/* Bytes of K (or V) of all layers, SIZE_MAX when that is no number. */
static size_t half_bytes(const struct model *m, int n_ctx, enum engine_kv_type type)
{
    const struct hparams *hp = &m->hp;
    size_t n = element_bytes(type);
    const bool fits = mul_size(n, (size_t)hp->n_head_kv, &n) &&
                      mul_size(n, (size_t)hp->head_dim, &n) && mul_size(n, (size_t)n_ctx, &n) &&
                      mul_size(n, (size_t)hp->n_layer, &n);
    return fits ? n : SIZE_MAX;
}

size_t kvcache_bytes(const struct model *m, int n_ctx, enum engine_kv_type type)
{
    const size_t arena_slack = 3 * (size_t)64;
    size_t half = half_bytes(m, n_ctx, type), n;
    if (!mul_size(half, 2, &n) || !add_size(n, (size_t)n_ctx * sizeof(int32_t), &n) ||
        !add_size(n, arena_slack, &n))
        return SIZE_MAX;
    return n;
}

void kvcache_init(struct kvcache *c, const struct model *m, const struct plan *p, struct arena *a)
{
    *c = (struct kvcache){
        .type = p->kv,
        .n_ctx = p->n_ctx,
        .n_layer = m->hp.n_layer,
        .n_head_kv = m->hp.n_head_kv,
        .head_dim = m->hp.head_dim,
    };
    c->ids = arena_take(a, (size_t)p->n_ctx * sizeof(*c->ids));
    c->k = arena_take(a, half_bytes(m, p->n_ctx, p->kv));
    c->v = arena_take(a, half_bytes(m, p->n_ctx, p->kv));
    assert(c->ids && c->k && c->v);
}

int kvcache_common(const struct kvcache *c, const int32_t *ids, int n)
{
    int i = 0;
    while (i < n && i < c->n_used && c->ids[i] == ids[i])
        i++;
    return i;
}

void kvcache_rewind(struct kvcache *c, int n)
{
    assert(n >= 0);
    if (n < c->n_used)
        c->n_used = n;
}

size_t kvcache_row_bytes(const struct kvcache *c)
{
    return element_bytes(c->type) * (size_t)c->n_head_kv * (size_t)c->head_dim;
}

static size_t row_offset(const struct kvcache *c, int layer, int position)
{
    return ((size_t)layer * (size_t)c->n_ctx + (size_t)position) * kvcache_row_bytes(c);
}

void *kvcache_k(struct kvcache *c, int layer, int position)
{
    return (char *)c->k + row_offset(c, layer, position);
}

void *kvcache_v(struct kvcache *c, int layer, int position)
{
    return (char *)c->v + row_offset(c, layer, position);
}
