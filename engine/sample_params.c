/* sample_params.c - the sampling numbers: neutral values, ranges, and the spelling of orders. */
#include "config.h"

#include "engine/sample_params.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "engine/sample.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

static const char *const stage_name[N_STAGES] = {
    [STAGE_BIAS] = "bias",       [STAGE_PENALTIES] = "penalties",
    [STAGE_DRY] = "dry",         [STAGE_TOP_K] = "top_k",
    [STAGE_TYPICAL] = "typical", [STAGE_TOP_P] = "top_p",
    [STAGE_MIN_P] = "min_p",     [STAGE_XTC] = "xtc",
    [STAGE_TEMP] = "temp",
};
#define STAGE_NAMES "bias, penalties, dry, top_k, typical, top_p, min_p, xtc, temp"

const uint8_t sample_order_default[N_STAGES] = {
    STAGE_BIAS,  STAGE_PENALTIES, STAGE_DRY, STAGE_TOP_K, STAGE_TYPICAL,
    STAGE_TOP_P, STAGE_MIN_P,     STAGE_XTC, STAGE_TEMP,  STAGE_END,
};

void sample_params_init(struct sample_params *p)
{
    *p = (struct sample_params){
        .temp = 1,
        .top_p = 1,
        .typical = 1,
        .repeat_penalty = 1,
        .penalty_last_n = 256,
        .dry_base = 1.75f,
        .dry_allowed_length = 4,
    };
    memcpy(p->order, sample_order_default, sizeof(p->order));
}

static int stage_find(const char *name, size_t n)
{
    for (int s = STAGE_END + 1; s < N_STAGES; s++)
        if (strlen(stage_name[s]) == n && memcmp(stage_name[s], name, n) == 0)
            return s;
    return STAGE_END;
}

int sample_order_parse(const char *text, uint8_t order[N_STAGES], struct err *err)
{
    static const char separators[] = ";, ";
    uint8_t result[N_STAGES] = {STAGE_END};
    char quoted[360];
    int n = 0;
    for (const char *s = text + strspn(text, separators); *s; s += strspn(s, separators)) {
        const size_t length = strcspn(s, separators);
        const int stage = stage_find(s, length);
        if (stage == STAGE_END)
            return err_set(err, E_USAGE, _("there is no sampler \"%s\"; there are: %s"),
                           err_quote(quoted, sizeof(quoted), s, length), STAGE_NAMES);
        if (memchr(result, stage, (size_t)n))
            return err_set(err, E_USAGE, _("the sampler \"%s\" is named twice"), stage_name[stage]);
        result[n++] = (uint8_t)stage;
        s += length;
    }
    memcpy(order, result, sizeof(result));
    return 0;
}

void sample_order_format(const uint8_t order[N_STAGES], char *out, size_t out_size)
{
    size_t used = 0;
    if (out_size > 0)
        out[0] = '\0';
    for (int i = 0; i < N_STAGES && order[i] != STAGE_END && used < out_size; i++)
        used += (size_t)snprintf(out + used, out_size - used, "%s%s", i ? ";" : "",
                                 stage_name[order[i]]);
}

static int check_order(const uint8_t order[N_STAGES], struct err *err)
{
    bool seen[N_STAGES] = {false};
    for (int i = 0; i < N_STAGES; i++) {
        if (order[i] == STAGE_END)
            return 0;
        if (order[i] >= N_STAGES || seen[order[i]])
            break;
        seen[order[i]] = true;
    }
    return err_set(err, E_USAGE, _("the order of samplers is not a list of different samplers"));
}

int sample_params_check(const struct sample_params *p, struct err *err)
{
    const struct {
        const char *name;
        float value, min, max;
    } floats[] = {
        {"temp", p->temp, 0, 100},
        {"top_p", p->top_p, 0, 1},
        {"min_p", p->min_p, 0, 1},
        {"typical", p->typical, 0, 1},
        {"repeat_penalty", p->repeat_penalty, 0.01f, 100},
        {"presence_penalty", p->presence_penalty, -100, 100},
        {"frequency_penalty", p->frequency_penalty, -100, 100},
        {"dry_multiplier", p->dry_multiplier, 0, 100},
        {"dry_base", p->dry_base, 1, 8},
        {"xtc_threshold", p->xtc_threshold, 0, 1},
        {"xtc_probability", p->xtc_probability, 0, 1},
    };
    const struct {
        const char *name;
        int value;
    } counts[] = {
        {"top_k", p->top_k},
        {"penalty_last_n", p->penalty_last_n},
        {"dry_allowed_length", p->dry_allowed_length},
    };
    for (size_t i = 0; i < ARRAY_LEN(floats); i++) /* written so that NaN fails */
        if (!(floats[i].value >= floats[i].min && floats[i].value <= floats[i].max))
            return err_set(err, E_USAGE, _("%s is %g and must be between %g and %g"),
                           floats[i].name, (double)floats[i].value, (double)floats[i].min,
                           (double)floats[i].max);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (counts[i].value < 0)
            return err_set(err, E_USAGE, _("%s is %d and must not be negative"), counts[i].name,
                           counts[i].value);
    for (size_t i = 0; i < p->n_bias; i++) {
        const struct logit_bias *b = &p->bias[i];
        const bool fine = b->bias == -INFINITY || fabsf(b->bias) <= 1e6f;
        if (b->id < 0 || !fine)
            return err_set(err, E_USAGE,
                           _("the logit bias %g of token %d is out of range; it can be -inf or "
                             "between -1000000 and 1000000"),
                           (double)b->bias, b->id);
    }
    return check_order(p->order, err);
}
