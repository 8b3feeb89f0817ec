/* sample_params.h - the numbers that decide how the next token is drawn. A plain value struct,
 * shared by the door (engine.h), the samplers (sample.h) and the option table of the program. */
#ifndef XUXIE_ENGINE_SAMPLE_PARAMS_H
#define XUXIE_ENGINE_SAMPLE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The stages, applied in the order of sample_params.order. `name` in the table of sample.c. */
enum sample_stage {
    STAGE_END = 0,
    STAGE_BIAS,        /* logit bias */
    STAGE_PENALTIES,   /* repetition, presence, frequency */
    STAGE_DRY,
    STAGE_TOP_K,
    STAGE_TYPICAL,
    STAGE_TOP_P,
    STAGE_MIN_P,
    STAGE_XTC,
    STAGE_TEMP,
    N_STAGES,
};

struct logit_bias {
    int32_t id;
    float bias; /* added to the logit; -INFINITY bans the token */
};

struct sample_params {
    float temp;               /* 1; 0 = greedy */
    int top_k;                /* 0 = off */
    float top_p;              /* 1 = off */
    float min_p;              /* 0 = off */
    float typical;            /* 1 = off */
    float repeat_penalty;     /* 1 = off */
    float presence_penalty;   /* 0 = off */
    float frequency_penalty;  /* 0 = off */
    int penalty_last_n;       /* tokens looked back on; 0 = the whole context. default 256 */
    float dry_multiplier;     /* 0 = off */
    float dry_base;           /* 1.75 */
    int dry_allowed_length;   /* 4 */
    float xtc_threshold;      /* 0 = off */
    float xtc_probability;    /* 0 = off */
    uint8_t order[N_STAGES];  /* enum sample_stage, ended by STAGE_END */
    const struct logit_bias *bias;
    size_t n_bias;
};

/* What a model file recommends (metadata xuxie.sampling.*); NAN / -1 where it says nothing. */
struct sample_hint {
    float temp, top_p, min_p, dry_multiplier, dry_base;
    int top_k, dry_allowed_length;
};

#endif
