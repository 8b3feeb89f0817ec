/* family.c - see family.h.
 *
 * A value that is absent has the default of the reference implementation's own configuration class.
 * A setting that changes what is computed and that xuxie does not compute is refused by name: a
 * model that runs a little wrong is worse than one that does not run. */
#include "config.h"

#include "engine/formats/family.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

enum {
    MAX_WIDTH = 1 << 20, /* as in model_hparams.c, which checks again */
    MAX_FF = 1 << 24,
    MAX_POSITIONS = 1 << 30,
    KEY_BYTES = 96,
};

void family_facts_free(struct family_facts *f)
{
    metalist_free(&f->meta);
    free(f->rope_divisor);
    *f = (struct family_facts){0};
}

/* ---- shared by the dialects ---- */

/* A member of the top object that is a small number; *out is its default. */
static int small(const struct jsonfile *c, const char *key, int64_t min, int64_t max, int *out,
                 struct err *err)
{
    int64_t v = *out;
    int rc = jsonfile_int(c, c->root, key, min, max, &v, err);
    if (rc == 0)
        *out = (int)v;
    return rc;
}

/* The same for a member without a default. */
static int needed(const struct jsonfile *c, const char *key, int64_t max, int *out, struct err *err)
{
    int v = 0;
    int rc = small(c, key, 1, max, &v, err);
    if (rc == 0 && v == 0)
        return err_set(err, E_INPUT,
                       _("%s: \"%s\" is missing; the file does not describe its "
                         "model."),
                       c->shown, key);
    if (rc == 0)
        *out = v;
    return rc;
}

static int must_be(const struct jsonfile *c, const char *key, bool wanted, bool by_default,
                   struct err *err)
{
    bool v = by_default;
    int rc = jsonfile_bool(c, c->root, key, &v, err);
    if (rc == 0 && v != wanted)
        return jsonfile_refuse(c, key, json_object_get(c->root, key), E_UNSUPPORTED, err,
                               _("xuxie does not support this setting"));
    return rc;
}

static void put_u32(struct family_facts *f, const char *key, int v)
{
    char name[KEY_BYTES];
    snprintf(name, sizeof name, "%s.%s", f->arch->name, key);
    metalist_u32(&f->meta, name, (uint32_t)v);
}

static void put_f32(struct family_facts *f, const char *key, double v)
{
    char name[KEY_BYTES];
    snprintf(name, sizeof name, "%s.%s", f->arch->name, key);
    metalist_f32(&f->meta, name, (float)v);
}

static void begin(struct family_facts *f, const char *arch)
{
    f->arch = arch_find(arch, strlen(arch));
    metalist_string(&f->meta, "general.architecture", arch);
}

/* Everything a dialect reads into variables of its own. */
struct sizes {
    int n_embd, n_ctx, n_ff;
    double eps;
};

static int put_sizes(const struct jsonfile *c, struct family_facts *f, const struct sizes *s,
                     struct err *err)
{
    if (f->head_dim == 0 && s->n_embd % f->n_head != 0)
        return err_set(err, E_INPUT,
                       _("%s: a width of %d cannot be divided into %d attention heads."), c->shown,
                       s->n_embd, f->n_head);
    bool usual = f->head_dim == 0 || f->head_dim * (int64_t)f->n_head == s->n_embd;
    if (f->head_dim == 0)
        f->head_dim = s->n_embd / f->n_head;
    if ((int64_t)f->head_dim * f->n_head > MAX_WIDTH)
        return err_set(err, E_INPUT,
                       _("%s: %d attention heads of length %d are more than %d numbers together."),
                       c->shown, f->n_head, f->head_dim, (int)MAX_WIDTH);
    put_u32(f, "context_length", s->n_ctx);
    put_u32(f, "embedding_length", s->n_embd);
    put_u32(f, "block_count", f->n_layer);
    put_u32(f, "feed_forward_length", s->n_ff);
    put_u32(f, "attention.head_count", f->n_head);
    put_u32(f, "attention.head_count_kv", f->n_head_kv);
    if (!usual) {
        put_u32(f, "attention.key_length", f->head_dim);
        put_u32(f, "attention.value_length", f->head_dim);
    }
    put_f32(f, f->arch->norm_eps_key, s->eps);
    if (f->n_vocab)
        put_u32(f, "vocab_size", f->n_vocab);
    return 0;
}

/* ---- DAMO: ModelScope's GPT3Config ---- */

static int damo_config(const struct jsonfile *c, struct family_facts *f, struct sizes *s,
                       struct err *err)
{
    *s = (struct sizes){.n_embd = 768, .n_ctx = 2048, .eps = 1e-12};
    f->n_layer = 12;
    f->n_head = 12;
    f->n_vocab = 25600;
    f->tied = true;
    int rc = small(c, "hidden_size", 1, MAX_WIDTH, &s->n_embd, err);
    if (rc == 0)
        rc = small(c, "num_hidden_layers", 1, LIMIT_LAYERS, &f->n_layer, err);
    if (rc == 0)
        rc = small(c, "num_attention_heads", 1, MAX_WIDTH, &f->n_head, err);
    if (rc == 0)
        rc = small(c, "max_position_embeddings", 1, MAX_POSITIONS, &s->n_ctx, err);
    if (rc == 0)
        rc = small(c, "vocab_size", 1, LIMIT_VOCAB, &f->n_vocab, err);
    if (rc == 0)
        rc = jsonfile_real(c, c->root, "layernorm_epsilon", 0, 1, &s->eps, err);
    f->n_head_kv = f->n_head;
    s->n_ff = 4 * s->n_embd;
    return rc;
}

/* What the reference samples with, and the token it stops at. */
static int damo_sampling(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    double top_p = 0.9, temp = 1.0;
    int top_k = 0, eod = 1;
    int rc = jsonfile_real(c, c->root, "top_p", 0, 1, &top_p, err);
    if (rc == 0)
        rc = jsonfile_real(c, c->root, "temperature", 0, 10, &temp, err);
    if (rc == 0)
        rc = small(c, "top_k", 0, LIMIT_VOCAB, &top_k, err);
    if (rc == 0)
        rc = small(c, "eod_id", 0, f->n_vocab - 1, &eod, err);
    if (rc != 0)
        return rc;
    metalist_f32(&f->meta, "xuxie.sampling.temp", (float)temp);
    if (top_k > 0) /* either of the two in the reference, and top_p where both are set; 1: greedy */
        metalist_u32(&f->meta, "xuxie.sampling.top_k", (uint32_t)top_k);
    if (top_p > 0)
        metalist_f32(&f->meta, "xuxie.sampling.top_p", (float)top_p);
    metalist_u32(&f->meta, "tokenizer.ggml.eos_token_id", (uint32_t)eod);
    return 0;
}

/* base and large: exact GELU and four times the width, whatever config.json says */
int family_damo(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    struct sizes s;
    begin(f, "gpt2");
    int rc = damo_config(c, f, &s, err);
    if (rc == 0)
        rc = put_sizes(c, f, &s, err);
    if (rc == 0)
        rc = damo_sampling(c, f, err);
    metalist_string(&f->meta, "xuxie.activation", "gelu_erf");
    metalist_bool(&f->meta, "tokenizer.ggml.add_bos_token", true); /* texts begin with [CLS] */
    return rc;
}

int family_megatron(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    struct sizes s;
    bool fused = true;
    begin(f, "gpt2");
    int rc = damo_config(c, f, &s, err);
    if (rc == 0)
        rc = small(c, "ffn_hidden_size", 1, MAX_FF, &s.n_ff, err);
    if (rc == 0)
        rc = small(c, "kv_channels", 1, MAX_WIDTH, &f->head_dim, err);
    if (rc == 0 && f->head_dim && (int64_t)f->head_dim * f->n_head != s.n_embd)
        rc = jsonfile_refuse(
            c, "kv_channels", json_object_get(c->root, "kv_channels"), E_UNSUPPORTED, err,
            _("this family computes with %d / %d numbers a head"), s.n_embd, f->n_head);
    if (rc == 0)
        rc = must_be(c, "apply_residual_connection_post_layernorm", false, false, err);
    if (rc == 0)
        rc = jsonfile_bool(c, c->root, "bias_gelu_fusion", &fused, err);
    if (rc == 0)
        rc = put_sizes(c, f, &s, err);
    if (rc == 0)
        rc = damo_sampling(c, f, err);
    if (!fused)
        metalist_string(&f->meta, "xuxie.activation", "gelu_erf");
    return rc;
}

/* ---- Hugging Face ---- */

/* A token id that may stand beyond the vocabulary, and then never occurs; a list names several ends
 * of a text, the first of which is the usual one. */
static int put_token(const struct jsonfile *c, struct family_facts *f, const char *key,
                     const char *const meta_keys[], size_t n_keys, struct err *err)
{
    const json_t *v = json_object_get(c->root, key);
    const json_t *all[3] = {v, NULL, NULL};
    if (json_is_array(v))
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
            all[i] = json_array_get(v, i);
    for (size_t i = 0; i < n_keys && all[i]; i++) {
        if (json_is_null(all[i]))
            continue;
        if (!json_is_integer(all[i]))
            return jsonfile_refuse(c, key, v, E_INPUT, err, _("the number of a token is needed"));
        json_int_t id = json_integer_value(all[i]);
        if (id >= 0 && id < f->n_vocab)
            metalist_u32(&f->meta, meta_keys[i], (uint32_t)id);
    }
    return 0;
}

static int put_tokens(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    static const char *const bos[] = {"tokenizer.ggml.bos_token_id"};
    static const char *const eos[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                      "tokenizer.ggml.eom_token_id"};
    int rc = put_token(c, f, "bos_token_id", bos, ARRAY_LEN(bos), err);
    return rc ? rc : put_token(c, f, "eos_token_id", eos, ARRAY_LEN(eos), err);
}

/* Weights in a packing of their own, which only other programs can undo. */
static int refuse_packed(const struct jsonfile *c, struct err *err)
{
    const json_t *v = json_object_get(c->root, "quantization_config");
    if (!v || json_is_null(v))
        return 0;
    return jsonfile_refuse(c, "quantization_config", v, E_UNSUPPORTED, err,
                           _("the checkpoint before this quantisation is needed"));
}

static int put_activation(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    static const struct {
        const char *name, *ours; /* NULL: what the architecture's row says */
    } table[] = {
        {"gelu_new", NULL}, {"gelu_fast", NULL}, {"gelu_pytorch_tanh", NULL}, {"gelu", "gelu_erf"},
        {"relu", "relu"},   {"silu", "silu"},    {"swish", "silu"},
    };
    const char *name = "gelu_new";
    int rc = jsonfile_string(c, c->root, "activation_function", &name, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(name, table[i].name) != 0)
            continue;
        if (table[i].ours)
            metalist_string(&f->meta, "xuxie.activation", table[i].ours);
        return 0;
    }
    return jsonfile_refuse(
        c, "activation_function", json_object_get(c->root, "activation_function"), E_UNSUPPORTED,
        err, _("supported are gelu_new, gelu_fast, gelu_pytorch_tanh, gelu, relu, silu and swish"));
}

int family_gpt2(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    struct sizes s = {.n_embd = 768, .n_ctx = 1024, .eps = 1e-5};
    begin(f, "gpt2");
    f->n_layer = 12;
    f->n_head = 12;
    f->n_vocab = 50257;
    f->tied = true;
    int rc = refuse_packed(c, err);
    if (rc == 0)
        rc = small(c, "n_embd", 1, MAX_WIDTH, &s.n_embd, err);
    if (rc == 0)
        rc = small(c, "n_layer", 1, LIMIT_LAYERS, &f->n_layer, err);
    if (rc == 0)
        rc = small(c, "n_head", 1, MAX_WIDTH, &f->n_head, err);
    if (rc == 0) /* an older name, which the newer one overrules */
        rc = small(c, "n_ctx", 1, MAX_POSITIONS, &s.n_ctx, err);
    if (rc == 0)
        rc = small(c, "n_positions", 1, MAX_POSITIONS, &s.n_ctx, err);
    if (rc == 0)
        rc = small(c, "vocab_size", 1, LIMIT_VOCAB, &f->n_vocab, err);
    s.n_ff = 4 * s.n_embd;
    f->n_head_kv = f->n_head;
    if (rc == 0)
        rc = small(c, "n_inner", 1, MAX_FF, &s.n_ff, err);
    if (rc == 0)
        rc = jsonfile_real(c, c->root, "layer_norm_epsilon", 0, 1, &s.eps, err);
    if (rc == 0)
        rc = jsonfile_bool(c, c->root, "tie_word_embeddings", &f->tied, err);
    if (rc == 0)
        rc = must_be(c, "scale_attn_weights", true, true, err);
    if (rc == 0)
        rc = must_be(c, "scale_attn_by_inverse_layer_idx", false, false, err);
    if (rc == 0)
        rc = must_be(c, "add_cross_attention", false, false, err);
    if (rc == 0)
        rc = put_sizes(c, f, &s, err);
    if (rc == 0)
        rc = put_activation(c, f, err);
    if (rc == 0)
        rc = put_tokens(c, f, err);
    return rc;
}

/* ---- Llama, Mistral, Qwen ---- */

/* Llama 3's scaling (transformers, modeling_rope_utils): slow rotations are slowed by the factor,
 * fast ones kept, those between interpolated. What model files store is the divisor of each. */
static int llama3_divisors(const struct jsonfile *c, const json_t *rope, double theta,
                           double factor, struct family_facts *f, struct err *err)
{
    double low = 1, high = 4, original = 8192;
    int rc = jsonfile_real(c, rope, "low_freq_factor", 1e-3, 1e6, &low, err);
    if (rc == 0)
        rc = jsonfile_real(c, rope, "high_freq_factor", 1e-3, 1e6, &high, err);
    if (rc == 0)
        rc = jsonfile_real(c, rope, "original_max_position_embeddings", 1, MAX_POSITIONS, &original,
                           err);
    if (rc == 0 && high <= low)
        rc = jsonfile_refuse(c, "high_freq_factor", json_object_get(rope, "high_freq_factor"),
                             E_INPUT, err, _("it must be greater than low_freq_factor"));
    if (rc != 0)
        return rc;
    size_t n = (size_t)f->head_dim / 2;
    f->rope_divisor = calloc(n ? n : 1, sizeof f->rope_divisor[0]);
    if (!f->rope_divisor)
        return err_set(err, E_RESOURCE, _("not enough memory to open a model."));
    for (size_t i = 0; i < n; i++) {
        double freq = pow(theta, -2.0 * (double)i / f->head_dim);
        double turns = original * freq / (2 * M_PI); /* over the original context */
        double smooth = fmin(fmax((turns - low) / (high - low), 0), 1);
        f->rope_divisor[i] = (float)(1 / ((1 - smooth) / factor + smooth));
    }
    return 0;
}

static int put_yarn(const struct jsonfile *c, const json_t *rope, double factor, int n_ctx,
                    struct family_facts *f, struct err *err)
{
    double fast = 32, slow = 1, usual = 0.1 * log(factor) + 1, attention = usual;
    int64_t original = n_ctx;
    bool truncate = true;
    int rc =
        jsonfile_int(c, rope, "original_max_position_embeddings", 1, MAX_POSITIONS, &original, err);
    if (rc == 0)
        rc = jsonfile_real(c, rope, "beta_fast", 1e-3, 1e6, &fast, err);
    if (rc == 0)
        rc = jsonfile_real(c, rope, "beta_slow", 1e-3, 1e6, &slow, err);
    if (rc == 0)
        rc = jsonfile_real(c, rope, "attention_factor", 1e-3, 1e3, &attention, err);
    if (rc == 0)
        rc = jsonfile_bool(c, rope, "truncate", &truncate, err);
    if (rc != 0)
        return rc;
    const char *unsupported = !truncate                              ? "truncate"
                              : jsonfile_has(rope, "mscale")         ? "mscale"
                              : jsonfile_has(rope, "mscale_all_dim") ? "mscale_all_dim"
                                                                     : NULL;
    if (unsupported)
        return jsonfile_refuse(c, unsupported, json_object_get(rope, unsupported), E_UNSUPPORTED,
                               err, _("xuxie does not support this setting"));
    put_u32(f, "rope.scaling.original_context_length", (int)original);
    if (fast != 32)
        put_f32(f, "rope.scaling.yarn_beta_fast", fast);
    if (slow != 1)
        put_f32(f, "rope.scaling.yarn_beta_slow", slow);
    if (attention != usual) /* a factor on the usual one */
        put_f32(f, "rope.scaling.yarn_attn_factor", attention / usual);
    return 0;
}

static int put_scaling(const struct jsonfile *c, const json_t *rope, double theta, int n_ctx,
                       struct family_facts *f, struct err *err)
{
    const char *key = jsonfile_has(rope, "rope_type") ? "rope_type" : "type";
    const char *type = "default";
    double factor = 1;
    char name[KEY_BYTES];
    int rc = jsonfile_string(c, rope, key, &type, err);
    if (rc != 0 || strcmp(type, "default") == 0)
        return rc;
    bool llama3 = strcmp(type, "llama3") == 0;
    bool yarn = strcmp(type, "yarn") == 0;
    if (!llama3 && !yarn && strcmp(type, "linear") != 0)
        return jsonfile_refuse(c, key, json_object_get(rope, key), E_UNSUPPORTED, err,
                               _("supported are default, linear, llama3 and yarn"));
    if (!jsonfile_has(rope, "factor"))
        return err_set(err, E_INPUT, _("%s: \"%s\" is missing beside \"%s\"."), c->shown, "factor",
                       key);
    rc = jsonfile_real(c, rope, "factor", 1, 1e6, &factor, err);
    if (rc != 0)
        return rc;
    if (llama3)
        return llama3_divisors(c, rope, theta, factor, f, err);
    snprintf(name, sizeof name, "%s.rope.scaling.type", f->arch->name);
    metalist_string(&f->meta, name, type);
    put_f32(f, "rope.scaling.factor", factor);
    return yarn ? put_yarn(c, rope, factor, n_ctx, f, err) : 0;
}

/* rope_theta beside rope_scaling, or all in rope_parameters (transformers 5) */
static int put_rotation(const struct jsonfile *c, int n_ctx, struct family_facts *f,
                        struct err *err)
{
    const json_t *rope = NULL;
    double theta = 10000, partial = 1;
    int rc = jsonfile_real(c, c->root, "rope_theta", 1.5, 1e15, &theta, err);
    if (rc == 0)
        rc = jsonfile_object(c, c->root, "rope_scaling", &rope, err);
    if (rc == 0)
        rc = jsonfile_object(c, c->root, "rope_parameters", &rope, err);
    if (rc == 0 && rope)
        rc = jsonfile_real(c, rope, "rope_theta", 1.5, 1e15, &theta, err);
    if (rc == 0)
        rc = jsonfile_real(c, c->root, "partial_rotary_factor", 0, 1, &partial, err);
    if (rc == 0 && rope)
        rc = jsonfile_real(c, rope, "partial_rotary_factor", 0, 1, &partial, err);
    if (rc == 0 && partial != 1)
        rc = err_set(err, E_UNSUPPORTED, _("%s: \"%s\": %g; xuxie does not support this setting."),
                     c->shown, "partial_rotary_factor", partial);
    if (rc != 0)
        return rc;
    if (f->head_dim % 2 != 0)
        return err_set(err, E_INPUT,
                       _("%s: heads of length %d; rotary positions need an even number."), c->shown,
                       f->head_dim);
    put_f32(f, "rope.freq_base", theta);
    put_u32(f, "rope.dimension_count", f->head_dim);
    return rope ? put_scaling(c, rope, theta, n_ctx, f, err) : 0;
}

/* The first layer in which a position sees only the latest ones (n_layer: none), by the newer list
 * of layer types or by the older keys. */
static int first_windowed(const struct jsonfile *c, const char *model_type, int n_layer, int *out,
                          struct err *err)
{
    const json_t *types = json_object_get(c->root, "layer_types");
    *out = n_layer;
    if (json_is_array(types)) {
        for (int i = n_layer - 1; i >= 0; i--) {
            const char *type = json_string_value(json_array_get(types, (size_t)i));
            bool windowed = type && strcmp(type, "sliding_attention") == 0;
            if (windowed && *out > i + 1)
                return jsonfile_refuse(c, "layer_types", types, E_UNSUPPORTED, err,
                                       _("supported are windows in all layers from one on"));
            if (windowed)
                *out = i;
        }
        return 0;
    }
    bool used = strcmp(model_type, "mistral") == 0;
    if (used) {
        *out = 0;
        return 0;
    }
    int from = 28;
    int rc = jsonfile_bool(c, c->root, "use_sliding_window", &used, err);
    if (rc == 0 && used)
        rc = small(c, "max_window_layers", 0, MAX_POSITIONS, &from, err);
    if (used && from < n_layer)
        *out = from;
    return rc;
}

static int put_window(const struct jsonfile *c, const char *model_type, int n_ctx,
                      struct family_facts *f, struct err *err)
{
    int window = json_object_get(c->root, "sliding_window") ? 0 : 4096; /* null is none */
    int from = 0;
    if (strcmp(model_type, "llama") == 0)
        return 0;
    int rc = small(c, "sliding_window", 1, MAX_POSITIONS, &window, err);
    if (rc == 0)
        rc = first_windowed(c, model_type, f->n_layer, &from, err);
    if (rc != 0 || window == 0 || from == f->n_layer || window >= n_ctx)
        return rc;
    put_u32(f, "attention.sliding_window", window);
    if (from > 0) /* GGUF has no word for it */
        metalist_u32(&f->meta, "xuxie.sliding_window_from", (uint32_t)from);
    return 0;
}

static int model_arch(const struct jsonfile *c, struct family_facts *f, const char **model_type,
                      struct err *err)
{
    static const struct {
        const char *model_type, *arch;
    } table[] = {{"llama", "llama"}, {"mistral", "llama"}, {"qwen2", "qwen2"}, {"qwen3", "qwen3"}};
    const char *type = NULL;
    int rc = jsonfile_string(c, c->root, "model_type", &type, err);
    if (rc != 0)
        return rc;
    if (!type)
        return err_set(err, E_INPUT,
                       _("%s: \"%s\" is missing; the file does not describe its model."), c->shown,
                       "model_type");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].model_type, type) == 0) {
            *model_type = type;
            begin(f, table[i].arch);
            return 0;
        }
    }
    return jsonfile_refuse(c, "model_type", json_object_get(c->root, "model_type"), E_UNSUPPORTED,
                           err, _("supported are llama, mistral, qwen2 and qwen3"));
}

static int llama_sizes(const struct jsonfile *c, struct family_facts *f, struct sizes *s,
                       struct err *err)
{
    int rc = needed(c, "hidden_size", MAX_WIDTH, &s->n_embd, err);
    if (rc == 0)
        rc = needed(c, "intermediate_size", MAX_FF, &s->n_ff, err);
    if (rc == 0)
        rc = needed(c, "num_hidden_layers", LIMIT_LAYERS, &f->n_layer, err);
    if (rc == 0)
        rc = needed(c, "num_attention_heads", MAX_WIDTH, &f->n_head, err);
    if (rc != 0)
        return rc;
    f->n_head_kv = f->n_head;
    rc = small(c, "num_key_value_heads", 1, f->n_head, &f->n_head_kv, err);
    if (rc == 0)
        rc = small(c, "head_dim", 1, MAX_WIDTH, &f->head_dim, err);
    if (rc == 0)
        rc = needed(c, "max_position_embeddings", MAX_POSITIONS, &s->n_ctx, err);
    if (rc == 0)
        rc = needed(c, "vocab_size", LIMIT_VOCAB, &f->n_vocab, err);
    if (rc == 0)
        rc = jsonfile_real(c, c->root, "rms_norm_eps", 0, 1, &s->eps, err);
    return rc;
}

int family_llama(const struct jsonfile *c, struct family_facts *f, struct err *err)
{
    const char *model_type = "", *act = "silu";
    struct sizes s = {.eps = 1e-6};
    int rc = model_arch(c, f, &model_type, err);
    if (rc == 0)
        rc = refuse_packed(c, err);
    if (rc == 0)
        rc = llama_sizes(c, f, &s, err);
    if (rc == 0)
        rc = jsonfile_bool(c, c->root, "tie_word_embeddings", &f->tied, err);
    if (rc == 0)
        rc = jsonfile_string(c, c->root, "hidden_act", &act, err);
    if (rc == 0 && strcmp(act, "silu") != 0)
        rc = jsonfile_refuse(c, "hidden_act", json_object_get(c->root, "hidden_act"), E_UNSUPPORTED,
                             err, _("supported is silu"));
    if (rc == 0)
        rc = put_sizes(c, f, &s, err);
    if (rc == 0)
        rc = put_rotation(c, s.n_ctx, f, err);
    if (rc == 0)
        rc = put_window(c, model_type, s.n_ctx, f, err);
    if (rc == 0)
        rc = put_tokens(c, f, err);
    return rc;
}
