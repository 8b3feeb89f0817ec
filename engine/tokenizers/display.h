/* display.h - how the programs that BERT vocabularies come from show a list of tokens as text.
 * Whole lists only: these rules replace and trim across tokens. Pure. */
#ifndef XUXIE_ENGINE_TOKENIZERS_DISPLAY_H
#define XUXIE_ENGINE_TOKENIZERS_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/tokenizers/textbuf.h"

/* Is every character of a word a Chinese one, or punctuation (ModelScope's rule)? The empty word is
 * Chinese. */
bool display_is_chinese(const char *word, size_t n);

/* Each puts the text of tokens, given as the vocabulary writes them with a NUL after each, at the
 * end of out. */
void display_bert(const struct textbuf *tokens, struct textbuf *out);
void display_modelscope(const struct textbuf *tokens, struct textbuf *out);
void display_gpt2_chinese(const struct textbuf *tokens, struct textbuf *out);

#endif
