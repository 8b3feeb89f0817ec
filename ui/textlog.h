/* textlog.h - the manuscript as the screen knows it: an append-only text with runs of kinds and an
 * index of paragraphs. It holds both the original bytes (for copying) and the displayable form
 * (text_safe; a tab is four spaces), and maps between their offsets. Pure data. */
#ifndef XUXIE_UI_TEXTLOG_H
#define XUXIE_UI_TEXTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textlog;

struct textlog *textlog_new(void);
void textlog_free(struct textlog *t);

/* The most it holds; what is appended beyond is left out. */
#define TEXTLOG_MAX_BYTES ((uint64_t)512 << 20)

/* Appends original bytes of a kind (any small number; ui_kind). What is displayed does not depend on
 * how the text was cut into appends: a character that is not complete yet is shown when it is. */
void textlog_append(struct textlog *t, int kind, const char *text, size_t n);
/* Keeps the first n original bytes. */
void textlog_truncate(struct textlog *t, uint64_t n);
void textlog_clear(struct textlog *t);

uint64_t textlog_length(const struct textlog *t);        /* original bytes */
/* Original bytes [from, to), contiguous, borrowed until the next change. */
const char *textlog_original(const struct textlog *t, uint64_t from, uint64_t to);

/* Paragraphs of the displayable text, split at newlines (which belong to none). There is always at
 * least one; text that ends in a newline has an empty last one. */
size_t textlog_paragraphs(const struct textlog *t);
/* Displayable bytes of paragraph i, borrowed until the next change. */
const char *textlog_paragraph(const struct textlog *t, size_t i, size_t *n_bytes);
/* Kind at displayable byte b of paragraph i, and how far (exclusive) it reaches in the paragraph. */
int textlog_kind(const struct textlog *t, size_t i, size_t b, size_t *end);
/* Where an original offset is displayed, and the reverse (nearest character at or before). */
void textlog_locate(const struct textlog *t, uint64_t original, size_t *paragraph, size_t *byte);
uint64_t textlog_offset(const struct textlog *t, size_t paragraph, size_t byte);
/* Grows with every change. */
uint64_t textlog_version(const struct textlog *t);
/* The version at which paragraph i was begun or last cut short. As long as it is the same, the
 * paragraph has only grown at its end. */
uint64_t textlog_birth(const struct textlog *t, size_t paragraph);

#endif
