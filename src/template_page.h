/* template_page.h - what is told of a template as a page (struct ui_text). Only formats. */
#ifndef XUXIE_SRC_TEMPLATE_PAGE_H
#define XUXIE_SRC_TEMPLATE_PAGE_H

#include "src/base/str.h"
#include "src/template_run.h"
#include "src/view_template.h"
#include "ui/ui.h"

const char *template_page_title(enum template_facet facet); /* translated */
/* By the word a command is given ("prompt", "result", "text"). */
bool template_facet_find(const char *word, enum template_facet *out);
const char *template_facet_word(enum template_facet facet);

struct template_page {
    struct template_run *run; /* counts tokens, knows the budget */
    const struct template *template;
    const char *line; /* the query */
    uint64_t draw;    /* seed of the choice of examples */
    bool has_model;
    const struct bm25 *similar; /* prompt.h; NULL: found out anew */
};

/* The prompt as it would be sent, part by part with its tokens. figures gets it in a few words, for
 * a title; *query where the query begins in out. */
void template_page_preview(const struct template_page *p, struct ui_text *out, struct str *figures,
                           size_t *query);
/* The prompt that was sent, and behind it what came. */
void template_page_result(const struct template_run_result *r, struct ui_text *out);
/* The template's text form. */
void template_page_text(const struct template *t, struct ui_text *out);
/* One example: how it stands in a prompt, and what else is known of it. */
void template_page_example(const struct template *t, size_t i, struct ui_text *out);

#endif
