/* store_history.h - reading, searching and marking what was generated; see store.h for threads,
 * refs and failure. Recording is in store.h.
 *
 * Search. Texts are indexed as overlapping bigrams of Chinese characters and as words of other
 * scripts, case folded (bigram.h), in an FTS5 table, so that a Chinese substring of any length and
 * an English word are found. Searched are the output, what was new in the prompt (the query, the
 * last passage), the note, and the template's name. A query is words separated by blanks: all must
 * occur;
 * "..." is a phrase; -word must not occur; word* is a beginning.
 *
 * Order is newest first, which is the order of the ids; order by bm25 only where there are fewer
 * than HISTORY_RANKED_MAX hits.
 */
#ifndef XUXIE_SRC_STORE_HISTORY_H
#define XUXIE_SRC_STORE_HISTORY_H

#include "src/store.h"

enum { HISTORY_RANKED_MAX = 20000 };

struct history_filter {
    const char *query;                                         /* NULL or "": everything */
    store_ref story;                                           /* 0: any */
    const char *story_title, *template, *model, *origin, *tag; /* NULL: any; exact, or (titles,
                                                                  template, model) a part of it */
    int64_t from_ms, until_ms;    /* wall clock, 0: no limit; until is exclusive */
    bool starred;                 /* only these */
    int64_t min_chars, max_chars; /* of the output; 0: no limit */
    bool ranked;                  /* by bm25 */
    bool scan; /* look into every text instead of the index: slow, for when that is damaged */
};

struct history_hit {
    store_ref generation, story, node;
    int64_t started_ms;
    char *origin, *story_title, *template, *model;
    char *snippet; /* of the output (or of what matched), one line, at most ~200 bytes */
    struct history_mark {
        size_t begin, n;
    } marks[8]; /* bytes of snippet that match */
    size_t n_marks;
    bool starred, has_note;
    int64_t n_tokens, n_chars;
    char *reason; /* NULL: running or interrupted */
};

/* A search under way: pages come as they are found. On the UI thread; each call looks for at most
 * about max_ms and may return fewer hits, even none, before the end (*done). Marked invalid by
 * nothing: generations that are added later are not seen. */
struct history_search;
int history_search_new(struct store *s, const struct history_filter *filter,
                       struct history_search **out,
                       struct err *err); /* E_INPUT: a query that says nothing (only "-x", '"') */
int history_search_next(struct history_search *q, size_t max_hits, int max_ms,
                        struct history_hit **hits, size_t *n, bool *done,
                        struct err *err); /* malloc'ed */
void history_search_free(struct history_search *q);
void history_hits_free(struct history_hit *hits, size_t n);
/* How many generations there are in all. */
int64_t history_count(struct store *s);

struct history_part {
    char *text;
    size_t n_text;
    int32_t *ids;
    size_t n_ids;
};

/* One generation whole. */
struct history_record {
    store_ref generation, story, node;
    char *origin, *story_title;
    char *model_name, *model_identity, *model_path, *tokenizer, *model_type;
    char *settings; /* JSON, without the seed */
    uint64_t seed;
    uint32_t stream;
    struct history_part *prompt; /* in order */
    size_t n_prompt;
    int n_dropped;
    char *text; /* what it wrote */
    size_t n_text;
    int32_t *ids; /* all tokens sampled */
    float *logprobs;
    size_t n_ids, n_logprobs;
    int n_text_tokens;
    int64_t n_prompt_tokens, n_reused, prefill_us, decode_us, started_ms;
    char *reason, *error; /* NULL: none */
    store_ref template_version;
    char *template; /* its name; NULL: none */
    int64_t template_number;
    int k_asked, k_used; /* -2: not a few-shot run */
    bool starred;
    char *note; /* "" */
    char **tags;
    size_t n_tags;
};
/* E_INPUT: there is none; E_STORE: it is damaged. */
int history_load(struct store *s, store_ref generation, struct history_record **out,
                 struct err *err);
void history_record_free(struct history_record *r);

/* --- marking --- */
void history_put_star(struct store *s, store_ref generation, bool on);
void history_put_note(struct store *s, store_ref generation, const char *note); /* "" removes it */
void history_put_tag(struct store *s, store_ref generation, const char *tag, bool on);
/* Every tag in use with how often, by name; malloc'ed. */
struct history_tag {
    char *tag;
    int64_t n;
};
int history_tags(struct store *s, struct history_tag **out, size_t *n, struct err *err);
void history_tags_free(struct history_tag *tags, size_t n);

/* --- deleting: for an explicit command that has asked --- */
/* Removes the record (prompt, settings, tokens, note, tags, index entry) and every text that
 * nothing else refers to. A passage of a story keeps its text. */
void history_delete(struct store *s, const store_ref *generations, size_t n);

/* --- the index --- */

/* Builds the search index anew, for a command (`xuxie history stats --reindex`): while it works,
 * history_search_new with a query refuses in every process. progress (may be NULL) is called every
 * few hundred generations and stops the work by returning false (E_CANCELLED). Returns when all is
 * done, which for a million takes minutes. */
int history_reindex(struct store *s, bool (*progress)(void *ctx, int64_t done, int64_t total),
                    void *ctx, struct err *err);

struct history_stats {
    int64_t n_generations, n_tokens, n_chars, n_prompt_tokens, n_reused, decode_us, prefill_us;
    int64_t n_stories, n_passages, n_templates, n_starred, first_ms, last_ms, database_bytes;
};
/* Sums over the generations that pass the filter, whose query is not looked at (NULL: all);
 * stories, passages, templates and bytes are those of the whole database. Reads every generation:
 * a second for a million. */
int history_get_stats(struct store *s, const struct history_filter *filter,
                      struct history_stats *out, struct err *err);

/* The same by model, by template or by month ("2026-11", local time; the oldest first), else the
 * one with the most first. Without a query. malloc'ed, freed by history_groups_free. */
enum history_group_by { HISTORY_BY_MODEL, HISTORY_BY_TEMPLATE, HISTORY_BY_MONTH };
struct history_group {
    char *name; /* "": no template, a model without a name */
    int64_t n_generations, n_tokens, n_chars, decode_us;
};
int history_get_groups(struct store *s, const struct history_filter *filter,
                       enum history_group_by by, struct history_group **out, size_t *n,
                       struct err *err);
void history_groups_free(struct history_group *groups, size_t n);

#endif
