/* textlog.h - the manuscript as the screen knows it: an append-only text with runs of kinds and an
 * index of paragraphs. It holds both the original bytes (for copying) and the displayable form
 * (text_safe), and maps between their offsets at run borders and paragraph starts. Pure data. */
#ifndef XUXIE_UI_TEXTLOG_H
#define XUXIE_UI_TEXTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textlog;

struct textlog *textlog_new(void);
void textlog_free(struct textlog *t);

/* Appends original bytes of a kind (any small number; ui_kind). Only whole characters should come,
 * whatever comes is shown safely. */
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
/* Grows with every change; changes below `first_changed` paragraph need no re-wrap. */
uint64_t textlog_version(const struct textlog *t);

#endif
