/* model_hparams.h - private to model.c: what the metadata of a file says about a model. */
#ifndef XUXIE_ENGINE_MODEL_HPARAMS_H
#define XUXIE_ENGINE_MODEL_HPARAMS_H

#include "engine/model.h"

/* Everything but n_vocab (model.c takes it from the embedding). E_INPUT when a value is missing,
 * out of range or at odds with another; E_UNSUPPORTED when it asks for something xuxie cannot do.
 */
int hparams_read(const struct weights *w, const struct arch *arch, struct hparams *hp,
                 struct err *err);

/* freq[n_rot/2] = radians per position; divisor[n_rot/2] may be NULL. Also sets hp->rope_scale. */
int hparams_rope(const struct weights *w, const struct arch *arch, struct hparams *hp,
                 const float *divisor, float *freq, struct err *err);

/* xuxie.sampling.*; values that make no sense are left out, with a line in the log. */
void hparams_hint(const struct weights *w, struct sample_hint *hint);

#endif
