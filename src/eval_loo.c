/* eval_loo.c - see eval_loo.h. */
#include "config.h"

#include "src/eval_loo.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/eval.h"
#include "src/interrupt.h"
#include "src/output.h"

struct answer {
    double likelihood; /* ln P a token */
    double exact;
};

struct work {
    struct eval_loo *l;
    size_t *shown; /* examples that are on and fit, in order */
    size_t n_shown, n_asked;
    struct answer *with_all; /* of shown[0..n_asked) */
    struct fewshot_score score;
    size_t n_done, n_all;
    int64_t began_ms;
};

static int cancelled(struct err *err)
{
    return err_set(err, E_CANCELLED, _("interrupted"));
}

/* The answer to an example's own question, itself not shown. */
static int ask(struct work *w, size_t example, struct answer *out, struct err *err)
{
    struct fewshot *f = w->l->f;
    const struct template_example *e = &w->l->t->examples[example];
    struct eval_item item = {.answers = (char **)&e->output, .n_answers = 1};
    struct eval_verdict v;
    struct engine_event done;
    struct prompt p = {0};
    f->request.except = example;
    int rc =
        interrupt_signal() ? cancelled(err) : fewshot_prompt(f, e->fields, e->n_fields, &p, err);
    if (!rc)
        rc = fewshot_score(f, &p, NULL, e->output, &w->score, err);
    if (!rc)
        rc = fewshot_generate(f, &p, NULL, NULL, &done, err);
    if (!rc && done.done.reason == DONE_CANCELLED)
        rc = cancelled(err);
    if (!rc) {
        eval_judge(&item, str_cstr(&f->recorder.text), f->recorder.text.len, &v);
        out->exact = v.exact;
        out->likelihood = w->score.n_tokens ? w->score.sum / w->score.n_tokens : 0;
        w->n_done++;
    } else if (rc != E_CANCELLED) {
        err_wrap(err, _("example %zu"), example + 1);
    }
    prompt_free(&p);
    return rc;
}

static void tell_progress(const struct work *w)
{
    const int64_t each_ms = w->n_done ? (clock_mono_ms() - w->began_ms) / (int64_t)w->n_done : 0;
    output_progress(_("%zu of %zu questions, about %lld s left"), w->n_done, w->n_all,
                    (long long)(each_ms * (int64_t)(w->n_all - w->n_done) / 1000));
}

/* The longest question and the most examples that fit with it; the others are put off. */
static int choose_shown(struct work *w, struct err *err)
{
    struct template *t = w->l->t;
    struct prompt_request *r = &w->l->f->request;
    int rc = 0, longest = 0;
    size_t longest_at = 0;
    r->select = SELECT_FIRST;
    r->reserve_query_tokens = 0;
    r->except = SIZE_MAX;
    r->k = 0;
    for (size_t i = 0; !rc && i < t->n_examples; i++) {
        struct prompt p = {0};
        rc = fewshot_prompt(w->l->f, t->examples[i].fields, t->examples[i].n_fields, &p, err);
        if (!rc && p.parts[p.n_parts - 1].n_tokens > longest) {
            longest = p.parts[p.n_parts - 1].n_tokens;
            longest_at = i;
        }
        prompt_free(&p);
    }
    struct prompt p = {0};
    r->k = SHOTS_FIT;
    r->reserve_query_tokens = longest;
    if (!rc && t->n_examples)
        rc = fewshot_prompt(w->l->f, t->examples[longest_at].fields,
                            t->examples[longest_at].n_fields, &p, err);
    w->shown = x_calloc(p.n_parts + 1, sizeof w->shown[0]);
    for (size_t i = 0; !rc && i < p.n_parts; i++)
        if (p.parts[i].kind == PROMPT_EXAMPLE)
            w->shown[w->n_shown++] = p.parts[i].example;
    prompt_free(&p);
    if (!rc && w->n_shown < 2)
        rc = err_set(err, E_INPUT,
                     _("%s: leaving one out needs two examples or more that fit the context"),
                     t->name);
    return rc;
}

/* Only what is shown stays on. */
static void put_others_off(struct work *w)
{
    struct template *t = w->l->t;
    size_t at = 0;
    for (size_t i = 0; i < t->n_examples; i++) {
        const bool shown = at < w->n_shown && w->shown[at] == i;
        w->l->n_left_out += !shown && !t->examples[i].off;
        at += shown;
        t->examples[i].off = !shown;
    }
}

static int ask_with_all(struct work *w, struct err *err)
{
    struct eval_loo *l = w->l;
    int rc = 0;
    for (size_t i = 0; !rc && i < w->n_asked; i++) {
        tell_progress(w);
        rc = ask(w, w->shown[i], &w->with_all[i], err);
        l->likelihood += w->with_all[i].likelihood / (double)w->n_asked;
        l->exact += w->with_all[i].exact / (double)w->n_asked;
    }
    l->n_answers = w->n_asked;
    return rc;
}

static int ask_without(struct work *w, size_t at, struct err *err)
{
    struct eval_helper *h = &w->l->helpers[at];
    int rc = 0;
    h->example = w->shown[at];
    w->l->t->examples[h->example].off = true;
    for (size_t i = 0; !rc && i < w->n_asked; i++) {
        struct answer without;
        if (i == at)
            continue;
        tell_progress(w);
        rc = ask(w, w->shown[i], &without, err);
        if (rc)
            break;
        h->d_likelihood += w->with_all[i].likelihood - without.likelihood;
        h->d_accuracy += w->with_all[i].exact - without.exact;
        h->n++;
    }
    w->l->t->examples[h->example].off = false;
    if (h->n) {
        h->d_likelihood /= (double)h->n;
        h->d_accuracy /= (double)h->n;
    }
    return rc;
}

int eval_loo_run(struct eval_loo *l, struct err *err)
{
    struct work w = {.l = l};
    bool *off = x_malloc((l->t->n_examples + 1) * sizeof off[0]);
    for (size_t i = 0; i < l->t->n_examples; i++)
        off[i] = l->t->examples[i].off;
    runner_quiet(l->f->runner);
    int rc = choose_shown(&w, err);
    if (!rc) {
        put_others_off(&w);
        l->n = w.n_shown;
        l->helpers = x_calloc(l->n, sizeof l->helpers[0]);
        w.n_asked = l->max_answers && l->max_answers < l->n ? l->max_answers : l->n;
        w.with_all = x_calloc(w.n_asked, sizeof w.with_all[0]);
        w.n_all = w.n_asked * l->n; /* all of them, and each other one without one */
        w.began_ms = clock_mono_ms();
        output_progress_begin();
        rc = ask_with_all(&w, err);
        for (size_t j = 0; !rc && j < l->n; j++)
            rc = ask_without(&w, j, err);
        output_progress_end();
        eval_helpers_sort(l->helpers, l->n);
    }
    for (size_t i = 0; i < l->t->n_examples; i++)
        l->t->examples[i].off = off[i];
    l->f->request.except = SIZE_MAX;
    free(off);
    free(w.shown);
    free(w.with_all);
    fewshot_score_free(&w.score);
    return rc;
}

void eval_loo_free(struct eval_loo *l)
{
    free(l->helpers);
    *l = (struct eval_loo){0};
}
