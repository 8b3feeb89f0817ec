/* vocab_write.h - the tokenizer of a checkpoint's folder as the tokenizer.ggml.* metadata of a GGUF
 * file, so that the model made of the folder needs nothing beside it. */
#ifndef XUXIE_ENGINE_TOKENIZERS_VOCAB_WRITE_H
#define XUXIE_ENGINE_TOKENIZERS_VOCAB_WRITE_H

#include "engine/formats/gguf_write.h"
#include "engine/formats/weights.h"

/* `w` is a checkpoint; keys it has itself (the ends of a text that config.json names) are left to
 * it. The list of tokens gets as many entries as the embedding has rows. E_UNSUPPORTED for kinds of
 * tokenizers that have no form in a GGUF file. */
int vocab_write(const struct weights *w, struct gguf_writer *out, struct err *err);

#endif
