/* fewshot.h - a prompt template put to a model, query by query: which examples are shown and how
 * many fit, with which settings, how each answer is recorded. What `xuxie run` and `xuxie eval`
 * have in common. One thread. */
#ifndef XUXIE_SRC_FEWSHOT_H
#define XUXIE_SRC_FEWSHOT_H

#include "engine/engine.h"
#include "src/option_table.h"
#include "src/options.h"
#include "src/prompt.h"
#include "src/recorder.h"
#include "src/runner.h"

struct fewshot {
    const struct template *template; /* borrowed */
    struct settings settings;        /* the template's, the command line's over them */
    struct runner *runner;
    struct recorder recorder;
    struct recorder_origin origin;
    struct prompt_request request; /* how prompts are made; the query's fields are the caller's */
    struct bm25 *similar;
    int asked_budget;
    struct engine_request generation; /* what does not change from query to query */
    struct engine_segment *segments;
    size_t n_segments; /* that there is memory for */
};

/* The store with the prompt library (templates.h), and to record in unless not asked to. NULL when
 * it cannot be used: a warning tells why, where something was to be recorded. */
struct store *fewshot_open_store(const struct settings *settings, bool record);
void fewshot_close_store(struct store *s, bool record);

/* Which examples and how many: --shots, --zero-shot, --one-shot, --few-shot, --select, --tag,
 * --budget, --seed over what the template says. E_USAGE. */
int fewshot_choose(struct prompt_request *r, const struct template *t, const struct flags *flags,
                   struct err *err);

/* The values of --var NAME=VALUE. E_USAGE: no such variable. *out is an array of borrowed strings
 * but for the names, freed by fewshot_vars_free. */
int fewshot_vars(const struct template *t, const struct flags *flags, struct template_field **out,
                 size_t *n, struct err *err);
void fewshot_vars_free(struct template_field *fields, size_t n);

/* Puts what the template says under what the command line says. `all`: the way of drawing tokens
 * too, else only lengths and stops. When nobody says where to stop, the answer ends before what
 * follows an answer in the examples: fewshot_default_stop(). */
int fewshot_settings(struct settings *s, const struct template *t, bool all, struct err *err);

/* What always stands behind an answer (the rest of the example's format, the separator, the
 * beginning of the format): its line breaks when it begins with some, else its first line; all of
 * it when an example's own answer contains that. Appends nothing when there is no such text. */
void fewshot_default_stop(const struct template *t, struct str *out);

/* Loads the model, takes `settings` (as fewshot_settings made them) and fixes the seed. The struct
 * stays where it is until fewshot_close. The origin and f->recorder.store are the caller's to set;
 * fewshot_reserve comes next. */
int fewshot_open(struct fewshot *f, const struct template *t, const struct settings *settings,
                 const struct prompt_request *request, struct err *err);
void fewshot_close(struct fewshot *f); /* a zeroed one too */

/* Sets the budget of prompts: the context without n_answer tokens (0: without a quarter), but not
 * more than what request->budget_tokens was. E_USAGE when that leaves no room. */
int fewshot_reserve(struct fewshot *f, int n_answer, struct err *err);

/* Tokens of a text, as the engine would make them; for prompt_request.count. */
int fewshot_count(void *fewshot, const char *text, size_t n, bool at_beginning);

/* The prompt for a query, by f->request. */
int fewshot_prompt(struct fewshot *f, const struct template_field *fields, size_t n_fields,
                   struct prompt *out, struct err *err);

/* Lets the model answer, with the settings of f->generation (max_tokens and stream may be changed
 * between calls), and records it. on_event (NULL: none) as in runner.h. Afterwards f->recorder has
 * text and figures. */
int fewshot_generate(struct fewshot *f, const struct prompt *p,
                     bool (*on_event)(void *arg, const struct engine_event *ev), void *arg,
                     struct engine_event *done, struct err *err);

/* A seed for item number `item` of many: for what is drawn anew for each of them. */
uint64_t fewshot_item_seed(uint64_t seed, uint64_t item);

/* How likely a text is. */
struct fewshot_score {
    double sum; /* ln P */
    int n_tokens;
    int n_prompt, n_reused; /* tokens before it; of all, those found in the cache */
    int32_t *ids;           /* of the text; NULL or malloc'ed, used again */
    float *logprobs;
    size_t capacity;
};
/* After a prompt, or (p NULL) after `context`. Nothing is recorded. */
int fewshot_score(struct fewshot *f, const struct prompt *p, const char *context, const char *text,
                  struct fewshot_score *out, struct err *err);
void fewshot_score_free(struct fewshot_score *s);

#endif
