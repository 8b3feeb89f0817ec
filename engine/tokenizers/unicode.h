/* unicode.h - what the tokenizers ask of a character, and the normal forms. All answers come from
 * utf8proc, so they are those of its Unicode version: a character that a newer or older version of
 * the original tokenizer classifies otherwise may get other ids. Pure. */
#ifndef XUXIE_ENGINE_TOKENIZERS_UNICODE_H
#define XUXIE_ENGINE_TOKENIZERS_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tokenizers/textbuf.h"

enum normal_form { NORMAL_NFC, NORMAL_NFD, NORMAL_NFKC, NORMAL_NFKD };

/* No character: a byte that is not part of valid UTF-8. Every question below answers no to it. */
#define UNICODE_INVALID UINT32_MAX

/* The first character of text[0..n), n > 0: its length, and *cp or UNICODE_INVALID (length 1). */
size_t unicode_next(const char *text, size_t n, uint32_t *cp);

bool unicode_is_space(uint32_t cp);        /* the property White_Space: \s */
bool unicode_is_python_space(uint32_t cp); /* str.isspace(): also U+001C-001F */
bool unicode_is_letter(uint32_t cp);       /* \p{L} */
bool unicode_is_number(uint32_t cp);       /* \p{N} */
bool unicode_is_digit(uint32_t cp);        /* str.isdigit(): decimal and other digits */
bool unicode_is_decimal(uint32_t cp);      /* \p{Nd}: \d */
bool unicode_is_punctuation(uint32_t cp);  /* category P, and ASCII's 33-47 58-64 91-96 123-126 */
bool unicode_is_mark(uint32_t cp);         /* \p{M} */
bool unicode_is_nonspacing(uint32_t cp);   /* \p{Mn} */
bool unicode_is_separator(uint32_t cp);    /* category Zs */
bool unicode_is_other(uint32_t cp);        /* category C */
bool unicode_is_word(uint32_t cp);         /* \w */
/* The CJK ideographs that BERT puts spaces around. */
bool unicode_is_cjk(uint32_t cp);

/* Appends cp in lower case (a full mapping of single characters: U+0130 becomes two). */
void unicode_lower(uint32_t cp, struct textbuf *out);

/* Appends text[0..n) in a normal form. Bytes that are not valid UTF-8 stay as they are. */
void unicode_normalize(enum normal_form form, const char *text, size_t n, struct textbuf *out);

#endif
