/* norm.c - layer normalisation (Ba et al. 2016) and its RMS form (Zhang, Sennrich 2019), row by
 * row. */
#include "config.h"

#include "engine/layers/layers.h"

struct norm_job {
    const struct layer_env *env;
    enum arch_norm kind;
    const float *x, *g, *b;
    float eps;
    int T, C;
    float *y;
};

static void norm_part(void *arg, int i, int n)
{
    const struct norm_job *job = arg;
    const struct kernels *k = job->env->k;
    int64_t begin, end;
    pool_part(job->T, 1, i, n, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        const float *x = job->x + t * job->C;
        float *y = job->y + t * job->C;
        if (job->kind == NORM_RMS)
            k->rmsnorm(x, job->g, job->eps, y, job->C);
        else
            k->layernorm(x, job->g, job->b, job->eps, y, job->C);
    }
}

void norm_forward(const struct layer_env *env, enum arch_norm kind, const float *x, const float *g,
                  const float *b, float eps, int T, int C, float *y)
{
    struct norm_job job = {env, kind, x, g, b, eps, T, C, y};
    layer_run(env, T == 1 ? 0 : (int64_t)4 * T * C, norm_part, &job);
}
