/* mlp.c - the feed-forward layer, plain or gated (GLU variants: Shazeer 2020). */
#include "config.h"

#include "engine/layers/layers.h"

static enum linear_then then_act(enum arch_act act)
{
    switch (act) {
    case ACT_GELU_ERF: return LINEAR_GELU_ERF;
    case ACT_SILU: return LINEAR_SILU;
    case ACT_RELU: return LINEAR_RELU;
    case ACT_GELU_TANH: break;
    }
    return LINEAR_GELU_TANH;
}

void mlp_forward(const struct layer_env *env, const struct mlp *p, const float *h, int T,
                 float *hidden, float *x)
{
    const int64_t F = p->up->dim[1], C = p->down->dim[1];
    if (p->gate) {
        linear_forward(env, p->gate, p->gate_b, h, T, then_act(p->act), hidden, F);
        linear_forward(env, p->up, p->up_b, h, T, LINEAR_MUL, hidden, F);
    } else {
        linear_forward(env, p->up, p->up_b, h, T, then_act(p->act), hidden, F);
    }
    linear_forward(env, p->down, p->down_b, hidden, T, LINEAR_ADD, x, C);
}
