/* presets.c - the table of presets. A value is written as a person would type it, so that a preset
 * and an ini file say the same thing in the same words.
 *
 * Sources. story: min-p at the middle of its recommended 0.01-0.1, DRY at its author's 0.8; allowed
 * length 4 because near-character tokens make 2 punish Chinese names. creative: the combination
 * XTC's author recommends. damo: the defaults of ModelScope's GPT-3 configuration. gpt3: the
 * released samples of Brown et al. 2020. qwen: the model cards. The reference code of damo, gpt3
 * and qwen divides by the temperature before it truncates, hence their order.
 */
#include "config.h"

#include "src/presets.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/options.h"

#define TEMP_FIRST "bias;penalties;dry;temp;top_k;typical;top_p;min_p;xtc"

struct value {
    const char *option, *value;
};

static const struct {
    const char *name, *help;
    struct value values[8]; /* ended by a NULL option */
} presets[] = {
    {"story",
     N_("long prose: min-p against nonsense, DRY against loops; takes what the model recommends"),
     {{"temp", "1"},
      {"min_p", "0.05"},
      {"dry_multiplier", "0.8"},
      {"dry_base", "1.75"},
      {"dry_allowed_length", "4"}}},
    {"creative",
     N_("more surprise: XTC now and then leaves out the obvious"),
     {{"temp", "1"},
      {"min_p", "0.02"},
      {"xtc_threshold", "0.1"},
      {"xtc_probability", "0.5"},
      {"dry_multiplier", "0.8"},
      {"dry_base", "1.75"},
      {"dry_allowed_length", "4"}}},
    {"damo",
     N_("as ModelScope's Chinese GPT-3 models: top-p 0.9"),
     {{"temp", "1"}, {"top_p", "0.9"}, {"samplers", TEMP_FIRST}}},
    {"gpt3",
     N_("as the samples of the GPT-3 paper: top-p 0.85"),
     {{"temp", "1"}, {"top_p", "0.85"}, {"samplers", TEMP_FIRST}}},
    {"qwen",
     N_("as Qwen's model cards: temperature 0.7, top-p 0.8, top-k 20"),
     {{"temp", "0.7"}, {"top_p", "0.8"}, {"top_k", "20"}, {"samplers", TEMP_FIRST}}},
    {"greedy", N_("always the likeliest token; the same text every time"), {{"temp", "0"}}},
};

const char *preset_name(size_t i, const char **help)
{
    if (i >= ARRAY_LEN(presets))
        return NULL;
    if (help)
        *help = _(presets[i].help);
    return presets[i].name;
}

const char *preset_value(const char *preset, const char *option)
{
    for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
        if (strcmp(presets[i].name, preset) != 0)
            continue;
        for (const struct value *v = presets[i].values; v->option; v++)
            if (strcmp(v->option, option) == 0)
                return v->value;
    }
    return NULL;
}
