/* rope.c - rotary positions (Su et al. 2021): pairs of a head's elements turned by position x
 * frequency. The frequencies, with whatever scaling the model asks for, come from model.c; cosines
 * and sines are computed once per chunk and shared by all layers and heads. */
#include "config.h"

#include "engine/layers/layers.h"

#include <math.h>

struct angles_job {
    const struct hparams *hp;
    const float *freq;
    int first, T;
    float *cs;
};

static void angles_part(void *arg, int i, int n)
{
    const struct angles_job *job = arg;
    const int R = job->hp->n_rot;
    const float scale = job->hp->rope_scale;
    int64_t begin, end;
    pool_part(job->T, 1, i, n, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        float *cs = job->cs + t * R;
        for (int p = 0; p < R / 2; p++) {
            const float angle = (float)(job->first + t) * job->freq[p];
            cs[p] = cosf(angle) * scale;
            cs[R / 2 + p] = sinf(angle) * scale;
        }
    }
}

void rope_angles(const struct layer_env *env, const struct hparams *hp, const float *freq,
                 int first, int T, float *cs)
{
    struct angles_job job = {hp, freq, first, T, cs};
    layer_run(env, (int64_t)50 * T * hp->n_rot, angles_part, &job);
}

void rope_forward(enum arch_position kind, const float *cs, int R, float *head)
{
    const int half = R / 2;
    const int step = kind == POSITION_ROPE_NORM ? 2 : 1;
    const int other = kind == POSITION_ROPE_NORM ? 1 : half;
    for (int p = 0; p < half; p++) {
        float *a = &head[p * step], *b = &head[p * step + other];
        const float x = *a, y = *b;
        *a = x * cs[p] - y * cs[half + p];
        *b = y * cs[p] + x * cs[half + p];
    }
}
