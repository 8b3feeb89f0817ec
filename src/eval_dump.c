/* eval_dump.c - see eval_dump.h. */
#include "config.h"

#include "src/eval_dump.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "src/base/i18n.h"
#include "src/output.h"
#include "src/template_text.h"

static const char mark[] = "{\"eval\":";

static const char *const styles[] = {
    [EVAL_STYLE_SHARED] = "shared", [EVAL_STYLE_PAPER] = "paper", [EVAL_STYLE_LM_EVAL] = "lm-eval"};
static const char *const metrics[] = {
    [METRIC_EXACT] = "exact", [METRIC_F1] = "f1", [METRIC_CHOICE] = "choice"};

static json_t *text_json(const char *text)
{
    return output_json_string(text, strlen(text));
}

static json_t *shots_json(int k)
{
    return k == SHOTS_FIT ? json_string("fit") : json_integer(k);
}

/* What is no number is null. */
static json_t *number_json(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *eval_head_json(const struct eval *e, const char *name)
{
    const struct engine_info *info = runner_info(e->f->runner);
    json_error_t error;
    char *text = settings_json(&e->f->settings, e->seed);
    json_t *settings = json_loads(text, 0, &error), *shots = json_array();
    free(text);
    for (size_t i = 0; i < e->n_shots; i++)
        json_array_append_new(shots, shots_json(e->shots[i]));
    return json_pack("{s:o, s:{s:o, s:s, s:i}, s:s, s:s, s:s, s:b, s:o, s:I, s:o, s:I, s:I, s:o}",
                     "task", text_json(name), "model", "name", text_json(info->name), "identity",
                     info->identity, "n_ctx", info->n_ctx, "style", styles[e->style], "metric",
                     metrics[e->metric], "choice_by", eval_norm_names[e->norm], "by_likelihood",
                     (int)e->by_likelihood, "answer_context",
                     e->answer_context ? text_json(e->answer_context) : json_null(), "items",
                     (json_int_t)e->items->n, "shots", shots, "draws", (json_int_t)e->n_draws,
                     "seed", (json_int_t)e->seed, "settings", settings ? settings : json_null());
}

json_t *eval_result_json(const struct eval *e, const struct eval_result *r)
{
    json_t *o = json_pack("{s:o, s:[i,i], s:I, s:I, s:o, s:[f,f], s:[f,f]}", "k_asked",
                          shots_json(r->k_asked), "k_used", r->k_least, r->k_most, "items",
                          (json_int_t)r->n_items, "draws", (json_int_t)r->n_draws, "value",
                          number_json(r->value), "interval", r->interval.low, r->interval.high,
                          "draw_range", r->draw_low, r->draw_high);
    if (e->metric == METRIC_CHOICE) {
        for (int i = 0; i < N_EVAL_NORMS; i++)
            json_object_set_new(o, eval_norm_names[i], number_json(r->choice[i]));
    } else {
        json_object_set_new(o, "exact", number_json(r->exact));
        json_object_set_new(o, "f1", number_json(r->f1));
    }
    return o;
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void add_texts(struct str *out, char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        str_puts(out, texts[i]);
        str_putc(out, '\0');
    }
    str_putc(out, '\1');
}

static void make_setup(struct eval_dump *d)
{
    const struct eval *e = d->eval;
    const struct prompt_request *r = &e->f->request;
    struct str all = STR_INIT;
    json_t *head = eval_head_json(e, d->name);
    char *text = json_dumps(head, JSON_COMPACT);
    str_puts(&all, text ? text : "");
    free(text);
    json_decref(head);
    str_printf(&all, "\n%d %s %d\n", (int)r->select, r->tag ? r->tag : "", r->budget_tokens);
    template_print(e->f->template, &all);
    for (size_t i = 0; i < e->items->n; i++) {
        const struct eval_item *item = &e->items->items[i];
        for (size_t k = 0; k < item->n_fields; k++)
            str_printf(&all, "%s=%s\n", item->fields[k].name, item->fields[k].value);
        add_texts(&all, item->answers, item->n_answers);
        add_texts(&all, item->choices, item->n_choices);
        str_printf(&all, "%zu\n", item->correct);
    }
    const XXH128_hash_t h = XXH3_128bits(all.data, all.len);
    snprintf(d->setup, sizeof d->setup, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64,
             (uint64_t)h.low64);
    str_free(&all);
}

/* ---- going on -------------------------------------------------------------------------------- */

static int read_head(struct eval_dump *d, const struct jsonline *line, struct err *err)
{
    const char *setup = json_string_value(json_object_get(line->object, "setup"));
    d->has_head = true;
    if (setup && strcmp(setup, d->setup) == 0)
        return 0;
    return err_set(err, E_INPUT,
                   _("%s: it belongs to another test, template, model or settings; name another "
                     "file"),
                   line->where);
}

static double number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static int read_outcome(void *arg, const struct jsonline *line, struct err *err)
{
    struct eval_dump *d = arg;
    const json_t *o = line->object, *picked = json_object_get(o, "picked");
    struct eval_verdict v = {.by_choice = d->eval->metric == METRIC_CHOICE,
                             .exact = number(o, "exact"),
                             .f1 = number(o, "f1")};
    if (!d->has_head)
        return read_head(d, line, err);
    for (int i = 0; i < N_EVAL_NORMS; i++) {
        const json_t *choice = json_object_get(picked, eval_norm_names[i]);
        v.measured[i] = json_is_integer(choice);
        v.right[i] = v.measured[i] && json_integer_value(choice) ==
                                          json_integer_value(json_object_get(o, "correct"));
    }
    if (eval_know(d->eval, (size_t)json_integer_value(json_object_get(o, "shot")),
                  (size_t)json_integer_value(json_object_get(o, "draw")),
                  (size_t)json_integer_value(json_object_get(o, "item")),
                  (int)json_integer_value(json_object_get(o, "k_used")), &v))
        return 0;
    return err_set(err, E_INPUT, _("%s: not the question whose turn it is; name another file"),
                   line->where);
}

int eval_dump_open(struct eval_dump *d, struct eval *e, const char *path, const char *name,
                   struct err *err)
{
    *d = (struct eval_dump){.eval = e, .name = name};
    make_setup(d);
    int rc = resultfile_open(path, mark, read_outcome, d, &d->file, err);
    if (rc || d->has_head)
        return rc;
    json_t *head = json_pack("{s:s}", "eval", "head"), *rest = eval_head_json(e, name);
    json_object_update(head, rest);
    json_object_set_new(head, "setup", json_string(d->setup));
    json_decref(rest);
    return resultfile_put(&d->file, head, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_free(json_t *o, const struct eval_outcome *out, const struct eval_item *item)
{
    json_t *answers = json_array();
    for (size_t i = 0; i < item->n_answers; i++)
        json_array_append_new(answers, text_json(item->answers[i]));
    json_object_set_new(o, "answers", answers);
    json_object_set_new(o, "output", output_json_string(out->output, out->n_output));
    json_object_set_new(o, "reason", json_string(out->reason));
    if (out->score) {
        json_object_set_new(o, "answer_sum", number_json(out->score->sum));
        json_object_set_new(o, "answer_tokens", json_integer(out->score->n_tokens));
    }
    json_object_set_new(o, "exact", number_json(out->verdict.exact));
    json_object_set_new(o, "f1", number_json(out->verdict.f1));
}

static void add_choices(json_t *o, const struct eval_outcome *out, const struct eval_item *item)
{
    json_t *choices = json_array(), *picked = json_object();
    for (size_t i = 0; i < item->n_choices; i++) {
        const struct eval_choice *c = &out->choices[i];
        json_t *one =
            json_pack("{s:o, s:i, s:i, s:o}", "text", text_json(item->choices[i]), "tokens",
                      c->n_tokens, "characters", c->n_characters, "alone", number_json(c->alone));
        for (int norm = 0; norm < N_EVAL_NORMS; norm++)
            json_object_set_new(one, eval_norm_names[norm],
                                number_json(eval_choice_value(c, (enum eval_norm)norm)));
        json_array_append_new(choices, one);
    }
    for (int norm = 0; norm < N_EVAL_NORMS; norm++)
        json_object_set_new(picked, eval_norm_names[norm],
                            out->verdict.measured[norm]
                                ? json_integer((json_int_t)out->picked[norm])
                                : json_null());
    json_object_set_new(o, "choices", choices);
    json_object_set_new(o, "correct", json_integer((json_int_t)item->correct));
    json_object_set_new(o, "picked", picked);
}

int eval_dump_put(struct eval_dump *d, const struct eval_outcome *out, struct err *err)
{
    const struct eval_item *item = &d->eval->items->items[out->item];
    const struct prompt *p = out->prompt;
    json_t *examples = json_array();
    for (size_t i = 0; i < p->n_parts; i++)
        if (p->parts[i].kind == PROMPT_EXAMPLE)
            json_array_append_new(examples, json_integer((json_int_t)p->parts[i].example));
    json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:o, s:i, s:I, s:o, s:o}", "eval", "item", "shot",
                          (json_int_t)out->shot, "draw", (json_int_t)out->draw, "item",
                          (json_int_t)out->item, "k_asked", shots_json(d->eval->shots[out->shot]),
                          "k_used", out->k_used, "seed", (json_int_t)out->seed, "examples",
                          examples, "prompt", output_json_string(p->text.data, p->text.len));
    if (item->line)
        json_object_set_new(o, "line", json_integer((json_int_t)item->line));
    if (out->verdict.by_choice)
        add_choices(o, out, item);
    else
        add_free(o, out, item);
    return resultfile_put(&d->file, o, err);
}

int eval_dump_close(struct eval_dump *d, struct err *err)
{
    return resultfile_close(&d->file, err);
}
