/* family.h - what a checkpoint's config.json says, as the metadata of a model file: one function
 * per dialect of config.json, named in the rows of names.c. */
#ifndef XUXIE_ENGINE_FORMATS_FAMILY_H
#define XUXIE_ENGINE_FORMATS_FAMILY_H

#include <stdbool.h>

#include "engine/arch.h"
#include "engine/formats/jsonfile.h"
#include "engine/formats/metalist.h"
#include "src/base/err.h"

struct family_facts {
    const struct arch *arch;
    struct metalist meta; /* the keys model_hparams.c reads, as a converted file would have them */
    int n_vocab;          /* rows of the embedding; 0: config.json does not say */
    int n_layer, n_head, n_head_kv, head_dim;
    bool tied;           /* the output head is the embedding; a stored one is left out */
    float *rope_divisor; /* [head_dim/2] of Llama 3's scaling, owned; NULL: none */
};

void family_facts_free(struct family_facts *f); /* zeroed structs are fine */

/* All fill *facts (zeroed by the caller, freed by it also on failure). E_INPUT for values that make
 * no sense, E_UNSUPPORTED for those xuxie cannot compute with; both name the key. */
int family_damo(const struct jsonfile *config, struct family_facts *facts, struct err *err);
int family_megatron(const struct jsonfile *config, struct family_facts *facts, struct err *err);
int family_gpt2(const struct jsonfile *config, struct family_facts *facts, struct err *err);
int family_llama(const struct jsonfile *config, struct family_facts *facts, struct err *err);

#endif
