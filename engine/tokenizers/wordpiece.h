/* wordpiece.h - the longest-match split of WordPiece, for BERT's own files and for tokenizer.json.
 */
#ifndef XUXIE_ENGINE_TOKENIZERS_WORDPIECE_H
#define XUXIE_ENGINE_TOKENIZERS_WORDPIECE_H

#include "engine/tokenizers/lexicon.h"
#include "engine/tokenizers/textbuf.h"
#include "engine/tokenizers/tokenizer_kind.h"

enum { WORDPIECE_MAX_CHARS = 1024, WORDPIECE_MAX_PREFIX = 16 };

struct wordpiece {
    struct lexicon lexicon;
    char prefix[WORDPIECE_MAX_PREFIX]; /* of a piece that continues a word: "##" */
    size_t n_prefix;
    size_t max_chars; /* longer words are unknown; at most WORDPIECE_MAX_CHARS */
    int32_t unk;
};

/* The ids of one word: the longest piece first, or the unknown token for all of it. */
void wordpiece_encode(const struct wordpiece *w, const char *word, size_t n, struct id_sink *sink);

/* BERT's cleaning of a text, and a word without accents (scratch is the callee's). */
void bert_clean(const struct bert_options *o, const char *text, size_t n, struct textbuf *out);
void bert_strip_accents(const char *text, size_t n, struct textbuf *scratch, struct textbuf *out);

#endif
