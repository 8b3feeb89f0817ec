/* eval.c - see eval.h. */
#include "config.h"

#include "src/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/interrupt.h"
#include "src/output.h"
#include "src/template_format.h"

enum { ANSWER_SPARE = 8 }; /* tokens an answer may have beyond twice the longest right one */

size_t eval_draws(const struct eval *e, size_t shot)
{
    const bool drawn = e->f->request.select == SELECT_RANDOM && e->shots[shot] != 0;
    return drawn ? e->n_draws : 1;
}

/* ---- what must fit --------------------------------------------------------------------------- */

static int wrap_item(const struct eval *e, size_t item, struct err *err)
{
    const unsigned long line = e->items->items[item].line;
    return line ? err_wrap(err, _("line %lu of the test"), line)
                : err_wrap(err, _("question %zu"), item + 1);
}

static int longest_answer(const struct eval *e)
{
    int longest = 0;
    for (size_t i = 0; i < e->items->n; i++) {
        const struct eval_item *item = &e->items->items[i];
        const bool choice = e->metric == METRIC_CHOICE;
        char **texts = choice ? item->choices : item->answers;
        for (size_t k = 0; k < (choice ? item->n_choices : item->n_answers); k++) {
            const int n = fewshot_count(e->f, texts[k], strlen(texts[k]), false);
            longest = n > longest ? n : longest;
        }
    }
    return longest;
}

/* How many tokens are kept for the answer. Free ones may be a good deal longer than the right one,
 * when nobody says how long. */
static int reserve(struct eval *e, struct err *err)
{
    struct fewshot *f = e->f;
    const int row = option_find("max_tokens");
    const int n = longest_answer(e);
    if (e->metric == METRIC_CHOICE || e->by_likelihood)
        return fewshot_reserve(f, n > 0 ? n : 1, err);
    if (f->settings.origin[row] < ORIGIN_INI)
        f->settings.max_tokens = 2 * (int64_t)n + ANSWER_SPARE;
    f->generation.max_tokens = (int)f->settings.max_tokens;
    return fewshot_reserve(f, f->generation.max_tokens, err);
}

/* Every query must fit without examples; the longest decides how many of them all see. */
static int measure(struct eval *e, struct err *err)
{
    struct prompt_request *r = &e->f->request;
    int rc = reserve(e, err);
    r->k = 0;
    r->reserve_query_tokens = 0;
    for (size_t i = 0; !rc && i < e->items->n; i++) {
        const struct eval_item *item = &e->items->items[i];
        struct prompt p = {0};
        rc = fewshot_prompt(e->f, item->fields, item->n_fields, &p, err);
        if (rc)
            return wrap_item(e, i, err);
        const int n = p.n_parts ? p.parts[p.n_parts - 1].n_tokens : 0;
        if (n > r->reserve_query_tokens)
            r->reserve_query_tokens = n;
        prompt_free(&p);
    }
    return rc;
}

/* ---- choices --------------------------------------------------------------------------------- */

static void tell_progress(const struct eval *e, int64_t began_ms)
{
    const size_t n = e->n_done - e->n_known, left = e->n_all - e->n_done;
    const int64_t each_ms = n ? (clock_mono_ms() - began_ms) / (int64_t)n : 0;
    output_progress(_("%zu of %zu questions, about %lld s left"), e->n_done, e->n_all,
                    (long long)(each_ms * (int64_t)left / 1000));
}

/* ln P of every choice after the answer context alone. Before all else, because the engine forgets
 * the examples over it. */
static int measure_alone(struct eval *e, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < e->items->n; i++)
        n += e->items->items[i].n_choices;
    e->alone = x_calloc(n + 1, sizeof e->alone[0]);
    output_progress_begin();
    size_t at = 0;
    for (size_t i = 0; i < e->items->n; i++) {
        const struct eval_item *item = &e->items->items[i];
        output_progress(_("choices by themselves: %zu of %zu"), at, n);
        for (size_t c = 0; c < item->n_choices; c++) {
            e->alone[at++] = (double)NAN;
            if (!e->answer_context)
                continue;
            int rc = fewshot_score(e->f, NULL, e->answer_context, item->choices[c], &e->score, err);
            if (rc)
                return rc == E_CANCELLED ? rc : wrap_item(e, i, err);
            e->alone[at - 1] = e->score.sum;
        }
    }
    output_progress_end();
    return 0;
}

static int ask_choices(struct eval *e, const struct prompt *p, struct eval_outcome *o,
                       struct err *err)
{
    const struct eval_item *item = &e->items->items[o->item];
    size_t before = 0;
    for (size_t i = 0; i < o->item; i++)
        before += e->items->items[i].n_choices;
    e->choices = x_realloc(e->choices, item->n_choices * sizeof e->choices[0]);
    for (size_t c = 0; c < item->n_choices; c++) {
        const char *text = item->choices[c];
        int rc = fewshot_score(e->f, p, NULL, text, &e->score, err);
        if (rc)
            return rc;
        e->choices[c] = (struct eval_choice){
            .sum = e->score.sum,
            .alone = e->alone[before + c],
            .n_tokens = e->score.n_tokens,
            .n_characters = eval_count_characters(text, strlen(text)),
        };
    }
    o->choices = e->choices;
    o->verdict = (struct eval_verdict){.by_choice = true, .exact = (double)NAN, .f1 = (double)NAN};
    for (int i = 0; i < N_EVAL_NORMS; i++) {
        o->picked[i] = eval_choose(e->choices, item->n_choices, (enum eval_norm)i);
        o->verdict.right[i] = o->picked[i] == item->correct;
        o->verdict.measured[i] = i != EVAL_CONTEXT || e->answer_context;
    }
    return 0;
}

/* ---- free answers ---------------------------------------------------------------------------- */

void eval_judge(const struct eval_item *item, const char *output, size_t n, struct eval_verdict *v)
{
    *v = (struct eval_verdict){0};
    for (size_t i = 0; i < item->n_answers; i++) {
        const char *answer = item->answers[i];
        const double f1 = eval_f1(answer, strlen(answer), output, n);
        v->f1 = f1 > v->f1 ? f1 : v->f1;
        if (eval_exact(answer, strlen(answer), output, n))
            v->exact = 1;
    }
}

static int ask_free(struct eval *e, const struct prompt *p, struct eval_outcome *o, struct err *err)
{
    struct engine_event done;
    e->f->generation.stream = (uint32_t)o->item;
    int rc = fewshot_generate(e->f, p, NULL, NULL, &done, err);
    if (rc)
        return rc;
    if (done.done.reason == DONE_CANCELLED)
        return err_set(err, E_CANCELLED, _("interrupted"));
    o->output = str_cstr(&e->f->recorder.text);
    o->n_output = e->f->recorder.text.len;
    o->reason = engine_done_name(done.done.reason);
    eval_judge(&e->items->items[o->item], o->output, o->n_output, &o->verdict);
    return 0;
}

struct comparing {
    const struct fewshot_score *right;
    int n, n_same;
};

static bool compare_token(void *arg, const struct engine_event *ev)
{
    struct comparing *c = arg;
    if (ev->type == EV_TOKEN && c->n < c->right->n_tokens)
        c->n_same += ev->token.id == c->right->ids[c->n++];
    return true;
}

/* lm-eval: each token of the answer must be the likeliest, given those before it. The likeliest
 * ones are what the model writes when it always takes the likeliest. */
static int ask_greedy(struct eval *e, const struct prompt *p, struct eval_outcome *o,
                      struct err *err)
{
    struct engine_event done;
    const struct engine_request kept = e->f->generation;
    struct engine_request *g = &e->f->generation;
    int rc = fewshot_score(e->f, p, NULL, e->items->items[o->item].answers[0], &e->score, err);
    if (rc)
        return rc;
    struct comparing c = {.right = &e->score};
    g->max_tokens = e->score.n_tokens;
    g->n_stops = 0;
    g->ignore_eos = true;
    rc = fewshot_generate(e->f, p, compare_token, &c, &done, err);
    *g = kept;
    if (rc)
        return rc;
    if (done.done.reason == DONE_CANCELLED)
        return err_set(err, E_CANCELLED, _("interrupted"));
    o->output = str_cstr(&e->f->recorder.text);
    o->n_output = e->f->recorder.text.len;
    o->reason = engine_done_name(done.done.reason);
    o->score = &e->score;
    o->verdict = (struct eval_verdict){.exact = c.n_same == e->score.n_tokens, .f1 = (double)NAN};
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

int eval_open(struct eval *e, struct err *err)
{
    e->tallies = x_calloc(e->n_shots + 1, sizeof e->tallies[0]);
    for (size_t i = 0; i < e->n_shots; i++) {
        const size_t n_draws = eval_draws(e, i);
        eval_tally_init(&e->tallies[i], e->metric, e->norm, e->items->n, n_draws);
        e->n_all += n_draws * e->items->n;
    }
    runner_quiet(e->f->runner);
    return measure(e, err);
}

void eval_close(struct eval *e)
{
    for (size_t i = 0; e->tallies && i < e->n_shots; i++)
        eval_tally_free(&e->tallies[i]);
    free(e->tallies);
    free(e->alone);
    free(e->choices);
    fewshot_score_free(&e->score);
    *e = (struct eval){0};
}

static size_t place_of(const struct eval *e, size_t shot, size_t draw, size_t item)
{
    size_t before = 0;
    for (size_t i = 0; i < shot; i++)
        before += eval_draws(e, i) * e->items->n;
    return before + draw * e->items->n + item;
}

bool eval_know(struct eval *e, size_t shot, size_t draw, size_t item, int k_used,
               const struct eval_verdict *v)
{
    if (shot >= e->n_shots || draw >= eval_draws(e, shot) || item >= e->items->n ||
        place_of(e, shot, draw, item) != e->n_known)
        return false;
    eval_tally_add(&e->tallies[shot], item, draw, k_used, v);
    e->n_done = ++e->n_known;
    return true;
}

static int ask(struct eval *e, size_t shot, size_t draw, size_t item, struct err *err)
{
    struct eval_outcome o = {.shot = shot, .draw = draw, .item = item, .seed = e->seed + draw};
    struct prompt_request *r = &e->f->request;
    struct prompt p = {0};
    r->k = e->shots[shot];
    r->seed = e->style == EVAL_STYLE_SHARED ? o.seed : fewshot_item_seed(o.seed, item);
    int rc =
        fewshot_prompt(e->f, e->items->items[item].fields, e->items->items[item].n_fields, &p, err);
    if (!rc && e->metric == METRIC_CHOICE)
        rc = ask_choices(e, &p, &o, err);
    else if (!rc && e->by_likelihood)
        rc = ask_greedy(e, &p, &o, err);
    else if (!rc)
        rc = ask_free(e, &p, &o, err);
    if (!rc) {
        o.prompt = &p;
        o.k_used = p.k_used;
        rc = e->told ? e->told(e->arg, &o, err) : 0;
    } else if (rc != E_CANCELLED) {
        wrap_item(e, item, err);
    }
    if (!rc) {
        eval_tally_add(&e->tallies[shot], item, draw, p.k_used, &o.verdict);
        e->n_done++;
    }
    prompt_free(&p);
    return rc;
}

int eval_run(struct eval *e, struct err *err)
{
    const int64_t began_ms = clock_mono_ms();
    int rc = e->metric == METRIC_CHOICE && e->n_known < e->n_all ? measure_alone(e, err) : 0;
    size_t place = 0;
    output_progress_begin();
    for (size_t shot = 0; !rc && shot < e->n_shots; shot++)
        for (size_t draw = 0; !rc && draw < eval_draws(e, shot); draw++)
            for (size_t item = 0; !rc && item < e->items->n; item++) {
                if (place++ < e->n_known)
                    continue;
                tell_progress(e, began_ms);
                rc = interrupt_signal() ? err_set(err, E_CANCELLED, _("interrupted"))
                                        : ask(e, shot, draw, item, err);
            }
    output_progress_end();
    return rc;
}

bool eval_get(const struct eval *e, size_t shot, struct eval_result *out)
{
    if (e->tallies[shot].n == 0)
        return false;
    eval_tally_result(&e->tallies[shot], out);
    out->k_asked = e->shots[shot];
    return true;
}

void eval_default_answer_context(const struct template *t, struct str *out)
{
    struct format_piece piece;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    struct str tail = STR_INIT;
    const char *format = t->query_format ? t->query_format : t->example_format;
    while (format_next(&format, &piece, NULL) > 0) {
        if (piece.is_var && template_is_output(format_name(&piece, name)))
            break;
        if (piece.is_var)
            str_clear(&tail);
        else
            str_append(&tail, piece.s, piece.n);
    }
    const char *newline = tail.len ? strrchr(tail.data, '\n') : NULL;
    str_puts(out, newline ? newline + 1 : str_cstr(&tail));
    str_free(&tail);
}
