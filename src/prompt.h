/* prompt.h - from a template, K of its examples and a query to the exact prompt. Pure: the same
 * request gives the same bytes, always; no I/O.
 *
 * Order: instruction, the examples, the query, the template's separator between them (behind an
 * instruction only when there is one). When they do not fit the budget, K gets smaller: whole
 * examples are dropped, from the end (so that the beginning stays the same from query to query and
 * its KV is used again; of those like the query the least like go). The instruction and the query
 * are never cut: E_INPUT with figures when these two alone do not fit.
 *
 * Each part is one segment of the engine's request and is tokenised on its own: what precedes the
 * query has the same tokens for every query. (A part begins behind a separator, mostly a line
 * break, where tokens end anyway.) One thread.
 */
#ifndef XUXIE_SRC_PROMPT_H
#define XUXIE_SRC_PROMPT_H

#include "src/bm25.h"
#include "src/template.h"

enum prompt_kind { PROMPT_INSTRUCTION, PROMPT_EXAMPLE, PROMPT_QUERY };

struct prompt_piece {
    enum prompt_kind kind;
    size_t example;  /* index in the template; SIZE_MAX: none */
    size_t begin, n; /* bytes in the prompt's text, the separator behind it included */
    int n_tokens;    /* counted */
};

struct prompt {
    struct str text;
    struct prompt_piece *parts;
    size_t n_parts;
    int n_tokens;
    int k_asked; /* k, or how many there are to choose from when fewer; SHOTS_FIT stays SHOTS_FIT */
    int k_used;  /* less than k_asked only where the budget was too small */
};

struct prompt_request {
    const struct template *template;
    const struct template_field *fields; /* the query's variables */
    size_t n_fields;
    int k; /* 0, 1, n, SHOTS_FIT */
    enum template_select select;
    const char *tag;          /* SELECT_TAG */
    uint64_t seed;            /* SELECT_RANDOM: one draw serves all queries of this seed */
    size_t except;            /* an example never shown (leave-one-out); SIZE_MAX: none */
    int budget_tokens;        /* for the whole prompt; 0: no limit */
    int reserve_query_tokens; /* for choosing K, count the query as at least this long: then K does
                                 not change from query to query */
    /* How many tokens the text makes, after `before` or at the very beginning. NULL with budget 0:
     * nothing is counted. */
    int (*count)(void *ctx, const char *text, size_t n, bool at_beginning);
    void *ctx;
    /* SELECT_SIMILAR for many queries: prompt_similar_new() of the template; NULL: found out anew
     */
    const struct bm25 *similar;
};

/* The template's own mode, k, select and tag; seed 0, no budget. Fields and budget are the
 * caller's. */
void prompt_request_init(struct prompt_request *r, const struct template *t);
/* E_INPUT: a variable that has no value and no default, or nothing fits. *out is untouched then. */
int prompt_make(const struct prompt_request *r, struct prompt *out, struct err *err);
void prompt_free(struct prompt *p);

/* Which examples a request would show, in order, before any budget: indices into out (n_examples of
 * room). For evaluation and previews. */
size_t prompt_select(const struct prompt_request *r, size_t *out);

/* What likeness to a query is measured against: the query's variables in each example, with the
 * statistics of this set (not of everything ever written: what is rare among these examples is what
 * tells them apart, and a template file without a database ranks the same). Freed with bm25_free;
 * the template's examples must stay as they are meanwhile. */
struct bm25 *prompt_similar_new(const struct template *t);

/* A format with its variables replaced, appended; lookup answers NULL for one that has no value,
 * which is E_INPUT. Stops before {{output}} when `upto_output`. */
int prompt_expand(const char *format, const char *(*lookup)(void *ctx, const char *name), void *ctx,
                  bool upto_output, struct str *out, struct err *err);

#endif
