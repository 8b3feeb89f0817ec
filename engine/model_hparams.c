/* model_hparams.c - metadata of a model file to checked numbers.
 *
 * Invariant after hparams_read: every number is positive and small enough that the products used to
 * size tensors fit an int (heads x head_dim, 3 x width) or, times a position count, a size_t that
 * plan.c checks; head counts divide what they must divide. */
#include "config.h"

#include "engine/model_hparams.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"
#include "src/base/mem.h"

enum {
    MAX_WIDTH = 1 << 20, /* of the residual stream, of all heads together */
    MAX_FF = 1 << 24,
    MAX_POSITIONS = 1 << 30,
    KEY_BYTES = 96,
};

static const char *path_of(const struct weights *w, char *out, size_t out_size)
{
    const char *path = weights_path(w);
    return err_quote(out, out_size, path, strlen(path));
}

static void arch_key(char out[KEY_BYTES], const struct arch *arch, const char *key)
{
    snprintf(out, KEY_BYTES, "%s.%s", arch->name, key);
}

/* *out keeps its value (the default) when the key is absent. */
static int read_int(const struct weights *w, const struct arch *arch, const char *key, int64_t min,
                    int64_t max, int *out, struct err *err)
{
    char name[KEY_BYTES];
    arch_key(name, arch, key);
    int64_t v = *out;
    int rc = weights_meta_int(w, name, min, max, &v, err);
    if (rc == 0)
        *out = (int)v;
    return rc;
}

static int read_float(const struct weights *w, const struct arch *arch, const char *key, double min,
                      double max, float *out, struct err *err)
{
    char name[KEY_BYTES];
    arch_key(name, arch, key);
    double v = (double)*out;
    int rc = weights_meta_float(w, name, min, max, &v, err);
    if (rc == 0)
        *out = (float)v;
    return rc;
}

static int require_int(const struct weights *w, const struct arch *arch, const char *key,
                       int64_t max, int *out, struct err *err)
{
    int v = 0;
    int rc = read_int(w, arch, key, 1, max, &v, err);
    if (rc == 0 && v == 0) {
        char path[360];
        return err_set(err, E_INPUT,
                       _("%s: the key \"%s.%s\" is missing; the file does not describe its model"),
                       path_of(w, path, sizeof(path)), arch->name, key);
    }
    if (rc == 0)
        *out = v;
    return rc;
}

static int read_heads(const struct weights *w, const struct arch *arch, struct hparams *hp,
                      struct err *err)
{
    char path[360];
    int rc = require_int(w, arch, "attention.head_count", MAX_WIDTH, &hp->n_head, err);
    if (rc)
        return rc;
    hp->n_head_kv = hp->n_head;
    rc = read_int(w, arch, "attention.head_count_kv", 1, hp->n_head, &hp->n_head_kv, err);
    if (rc)
        return rc;
    if (hp->n_head % hp->n_head_kv != 0)
        return err_set(err, E_INPUT,
                       _("%s: %d attention heads cannot share %d key heads evenly "
                         "(%s.attention.head_count, %s.attention.head_count_kv)"),
                       path_of(w, path, sizeof(path)), hp->n_head, hp->n_head_kv, arch->name,
                       arch->name);
    int value_dim = 0;
    rc = read_int(w, arch, "attention.key_length", 1, MAX_WIDTH, &hp->head_dim, err);
    if (rc == 0)
        rc = read_int(w, arch, "attention.value_length", 1, MAX_WIDTH, &value_dim, err);
    if (rc)
        return rc;
    if (hp->head_dim == 0) {
        if (hp->n_embd % hp->n_head != 0)
            return err_set(err, E_INPUT,
                           _("%s: a width of %d cannot be divided into %d attention heads "
                             "(%s.embedding_length, %s.attention.head_count)"),
                           path_of(w, path, sizeof(path)), hp->n_embd, hp->n_head, arch->name,
                           arch->name);
        hp->head_dim = hp->n_embd / hp->n_head;
    }
    if (value_dim != 0 && value_dim != hp->head_dim)
        return err_set(err, E_UNSUPPORTED,
                       _("%s: keys of length %d with values of length %d are not supported"),
                       path_of(w, path, sizeof(path)), hp->head_dim, value_dim);
    if ((int64_t)hp->n_head * hp->head_dim > MAX_WIDTH)
        return err_set(err, E_INPUT,
                       _("%s: %d attention heads of length %d are more than %d numbers together"),
                       path_of(w, path, sizeof(path)), hp->n_head, hp->head_dim, (int)MAX_WIDTH);
    hp->attn_scale = 1.0f / sqrtf((float)hp->head_dim);
    return 0;
}

static int read_rotation(const struct weights *w, const struct arch *arch, struct hparams *hp,
                         struct err *err)
{
    hp->rope_scale = 1.0f;
    if (arch->position == POSITION_LEARNED)
        return 0;
    hp->rope_theta = 10000.0f;
    hp->n_rot = hp->head_dim;
    int rc = read_float(w, arch, "rope.freq_base", 1.5, 1e15, &hp->rope_theta, err);
    if (rc == 0)
        rc = read_int(w, arch, "rope.dimension_count", 2, hp->head_dim, &hp->n_rot, err);
    if (rc == 0 && hp->n_rot % 2 != 0) {
        char path[360];
        rc = err_set(err, E_INPUT,
                     _("%s: rotary positions need an even number of elements, not %d "
                       "(%s.rope.dimension_count)"),
                     path_of(w, path, sizeof(path)), hp->n_rot, arch->name);
    }
    return rc;
}

static int read_activation(const struct weights *w, const struct arch *arch, struct hparams *hp,
                           struct err *err)
{
    static const struct {
        const char *name;
        enum arch_act act;
    } table[] = {{"gelu_tanh", ACT_GELU_TANH},
                 {"gelu_erf", ACT_GELU_ERF},
                 {"silu", ACT_SILU},
                 {"relu", ACT_RELU}};

    hp->act = arch->act;
    struct meta_string name = {NULL, 0};
    int rc = weights_meta_string(w, "xuxie.activation", &name, err);
    if (rc || !name.s)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strlen(table[i].name) == name.n && memcmp(table[i].name, name.s, name.n) == 0) {
            hp->act = table[i].act;
            return 0;
        }
    }
    char path[360], quoted[360];
    return err_set(err, E_UNSUPPORTED,
                   _("%s: the activation \"%s\" (xuxie.activation) is not known; "
                     "it can be gelu_tanh, gelu_erf, silu or relu"),
                   path_of(w, path, sizeof(path)),
                   err_quote(quoted, sizeof(quoted), name.s, name.n));
}

int hparams_read(const struct weights *w, const struct arch *arch, struct hparams *hp,
                 struct err *err)
{
    struct hparams h = {.norm_eps = arch->norm_eps_default};
    int64_t window_from = 0;
    int rc = require_int(w, arch, "embedding_length", MAX_WIDTH, &h.n_embd, err);
    if (rc == 0)
        rc = require_int(w, arch, "block_count", LIMIT_LAYERS, &h.n_layer, err);
    if (rc == 0)
        rc = require_int(w, arch, "context_length", MAX_POSITIONS, &h.n_ctx_train, err);
    if (rc == 0)
        rc = require_int(w, arch, "feed_forward_length", MAX_FF, &h.n_ff, err);
    if (rc == 0)
        rc = read_heads(w, arch, &h, err);
    if (rc == 0)
        rc = read_float(w, arch, arch->norm_eps_key, 0, 1, &h.norm_eps, err);
    if (rc == 0)
        rc = read_rotation(w, arch, &h, err);
    if (rc == 0)
        rc = read_int(w, arch, "attention.sliding_window", 0, INT_MAX, &h.window, err);
    if (rc == 0)
        rc = weights_meta_int(w, "xuxie.sliding_window_from", 0, h.n_layer, &window_from, err);
    if (rc == 0)
        rc = read_activation(w, arch, &h, err);
    h.window_from = (int)window_from;
    if (rc == 0)
        *hp = h;
    return rc;
}

/* YaRN (Peng et al. 2023): slow rotations are interpolated by the factor, fast ones kept, with a
 * linear ramp between the pairs that turn beta_fast and beta_slow times (32 and once, unless the
 * file says otherwise) over the original context. */
struct yarn {
    float beta_fast, beta_slow, attn_factor;
};

static void yarn(struct hparams *hp, float factor, int original, const struct yarn *y, float *freq)
{
    const double turns_fast = (double)y->beta_fast, turns_slow = (double)y->beta_slow;
    const double two_pi = 2 * M_PI;
    const double denominator = 2 * log((double)hp->rope_theta);
    double lo = floor(hp->n_rot * log(original / (two_pi * turns_fast)) / denominator);
    double hi = ceil(hp->n_rot * log(original / (two_pi * turns_slow)) / denominator);
    lo = fmax(lo, 0);
    hi = fmin(hi, hp->n_rot - 1);
    if (lo == hi)
        hi += 0.001;
    for (int i = 0; i < hp->n_rot / 2; i++) {
        const double ramp = fmin(fmax((i - lo) / (hi - lo), 0), 1);
        freq[i] = (float)(freq[i] / factor * ramp + freq[i] * (1 - ramp));
    }
    hp->rope_scale = y->attn_factor * (0.1f * logf(factor) + 1.0f);
}

int hparams_rope(const struct weights *w, const struct arch *arch, struct hparams *hp,
                 const float *divisor, float *freq, struct err *err)
{
    const int n = hp->n_rot / 2;
    for (int i = 0; i < n; i++)
        freq[i] = (float)(pow((double)hp->rope_theta, -2.0 * i / hp->n_rot) /
                          (divisor ? (double)divisor[i] : 1.0));

    char key[KEY_BYTES];
    arch_key(key, arch, "rope.scaling.type");
    struct meta_string type = {"none", 4};
    float factor = 1;
    int original = hp->n_ctx_train;
    int rc = weights_meta_string(w, key, &type, err);
    /* The key of 2023, before scalings had types: linear; 0 is none. The newer ones overrule it. */
    char factor_key[KEY_BYTES];
    arch_key(factor_key, arch, "rope.scaling.factor");
    if (rc == 0 && !weights_meta(w, key) && !weights_meta(w, factor_key)) {
        rc = read_float(w, arch, "rope.scale_linear", 0, 1e6, &factor, err);
        if (factor > 1)
            type = (struct meta_string){"linear", 6};
    }
    if (rc == 0)
        rc = read_float(w, arch, "rope.scaling.factor", 1, 1e6, &factor, err);
    if (rc == 0)
        rc = read_int(w, arch, "rope.scaling.original_context_length", 1, MAX_POSITIONS, &original,
                      err);
    struct yarn y = {.beta_fast = 32, .beta_slow = 1, .attn_factor = 1};
    if (rc == 0)
        rc = read_float(w, arch, "rope.scaling.yarn_beta_fast", 1e-3, 1e6, &y.beta_fast, err);
    if (rc == 0)
        rc = read_float(w, arch, "rope.scaling.yarn_beta_slow", 1e-3, 1e6, &y.beta_slow, err);
    if (rc == 0)
        rc = read_float(w, arch, "rope.scaling.yarn_attn_factor", 1e-4, 1e4, &y.attn_factor, err);
    if (rc)
        return rc;
    if (type.n == 4 && memcmp(type.s, "none", 4) == 0)
        return 0;
    if (type.n == 6 && memcmp(type.s, "linear", 6) == 0) {
        for (int i = 0; i < n; i++)
            freq[i] /= factor;
        return 0;
    }
    if (type.n == 4 && memcmp(type.s, "yarn", 4) == 0) {
        yarn(hp, factor, original, &y, freq);
        return 0;
    }
    char path[360], quoted[360];
    return err_set(err, E_UNSUPPORTED,
                   _("%s: the position scaling \"%s\" (%s) is not supported; "
                     "it can be none, linear or yarn"),
                   path_of(w, path, sizeof(path)),
                   err_quote(quoted, sizeof(quoted), type.s, type.n), key);
}

static void hint_float(const struct weights *w, const char *key, double min, double max, float *out)
{
    struct err err = ERR_INIT;
    double v = NAN;
    if (weights_meta_float(w, key, min, max, &v, &err))
        log_warn("model: %s", err.msg);
    *out = (float)v;
}

static void hint_int(const struct weights *w, const char *key, int64_t max, int *out)
{
    struct err err = ERR_INIT;
    int64_t v = -1;
    if (weights_meta_int(w, key, 0, max, &v, &err))
        log_warn("model: %s", err.msg);
    *out = (int)v;
}

void hparams_hint(const struct weights *w, struct sample_hint *hint)
{
    hint_float(w, "xuxie.sampling.temp", 0, 10, &hint->temp);
    hint_float(w, "xuxie.sampling.top_p", 0, 1, &hint->top_p);
    hint_float(w, "xuxie.sampling.min_p", 0, 1, &hint->min_p);
    hint_float(w, "xuxie.sampling.dry_multiplier", 0, 100, &hint->dry_multiplier);
    hint_float(w, "xuxie.sampling.dry_base", 1, 8, &hint->dry_base);
    hint_int(w, "xuxie.sampling.top_k", LIMIT_VOCAB, &hint->top_k);
    hint_int(w, "xuxie.sampling.dry_allowed_length", 1 << 20, &hint->dry_allowed_length);
}
