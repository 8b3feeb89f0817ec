/* embed.c - token (and learned position) embeddings: rows of two tables, unpacked and added. */
#include "config.h"

#include "engine/layers/layers.h"

#include <assert.h>

struct embed_job {
    const struct layer_env *env;
    const struct tensor *token, *position;
    const int32_t *ids;
    int first, T;
    float *x;
};

static void unpack_row(const struct kernels *k, const struct tensor *t, int64_t row, float *out)
{
    const size_t row_bytes = t->n_bytes / (size_t)t->dim[1];
    k->unpack[t->type]((const char *)t->data + (size_t)row * row_bytes, out, t->dim[0]);
}

static void embed_part(void *arg, int i, int n)
{
    const struct embed_job *job = arg;
    const struct kernels *k = job->env->k;
    const int64_t C = job->token->dim[0];
    float *added = layer_scratch(job->env, i);
    int64_t begin, end;
    pool_part(job->T, 1, i, n, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        float *x = job->x + t * C;
        unpack_row(k, job->token, job->ids[t], x);
        if (!job->position)
            continue;
        unpack_row(k, job->position, job->first + t, added);
        for (int64_t c = 0; c < C; c++)
            x[c] += added[c];
    }
}

void embed_forward(const struct layer_env *env, const struct tensor *token,
                   const struct tensor *position, const int32_t *ids, int first, int T, float *x)
{
    struct embed_job job = {env, token, position, ids, first, T, x};
    assert(!position || (position->dim[0] == token->dim[0] && first + T <= position->dim[1]));
    layer_run(env, 4 * T * token->dim[0], embed_part, &job);
}
