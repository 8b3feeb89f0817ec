/* history_page.h - what is told of one generation, or of two, as a page (struct ui_text). Only
 * formats: reads records, changes nothing. */
#ifndef XUXIE_SRC_HISTORY_PAGE_H
#define XUXIE_SRC_HISTORY_PAGE_H

#include "src/store_history.h"
#include "ui/ui.h"

struct tokenizer;

enum history_facet { FACET_OUTPUT, FACET_PROMPT, FACET_SETTINGS, FACET_TOKENS, N_HISTORY_FACETS };

/* "what it wrote", ...; translated. */
const char *history_facet_title(enum history_facet facet);
/* By the word a command is given ("output", "prompt", "settings", "tokens"). */
bool history_facet_find(const char *word, enum history_facet *out);
const char *history_facet_word(enum history_facet facet);

struct history_page {
    const struct history_record *record;
    enum history_facet facet;
    const char *words; /* of the search: set off in the texts; NULL or "": nothing is */
    const struct tokenizer *tokenizer; /* of the model in use; NULL: none */
    const char *tokenizer_identity;    /* its pieces are shown when it is the record's */
};

/* Appends the page. The place of the first match goes to *reveal when there is one. */
void history_page_put(const struct history_page *p, struct ui_text *out, size_t *reveal);
/* What b has otherwise than a: settings, then the text. plain: styles are not seen. */
void history_page_compare(const struct history_record *a, const struct history_record *b,
                          bool plain, struct ui_text *out);

/* Story or template, as short as it can be told: for titles. Borrowed from r, or translated. */
const char *history_record_where(const struct history_record *r);

#endif
