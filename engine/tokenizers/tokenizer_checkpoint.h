/* tokenizer_checkpoint.h - the tokenizer in a checkpoint's folder. */
#ifndef XUXIE_ENGINE_TOKENIZERS_TOKENIZER_CHECKPOINT_H
#define XUXIE_ENGINE_TOKENIZERS_TOKENIZER_CHECKPOINT_H

#include "engine/tokenizers/tokenizer.h"
#include "engine/tokenizers/vocab_source.h"

/* `w` is a checkpoint (weights_folder). Where its config.json, or what is known of its family, names
 * the tokens a text begins or ends with, they overrule those of the tokenizer's own files. */
int vocab_source_from_checkpoint(const struct weights *w, struct vocab_source *src,
                                 struct err *err);
int tokenizer_from_checkpoint(const struct weights *w, struct tokenizer **out, struct err *err);

#endif
