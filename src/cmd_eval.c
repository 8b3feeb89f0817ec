/* cmd_eval.c - `xuxie eval TASK|TEMPLATE`: how good are the model's answers, with how many
 * examples?
 *
 * Answers are drawn greedily unless the command line says otherwise, whatever the template's preset
 * is, because a test is to be repeatable; for the same reason the seed is 1 when none is given.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/cli.h"
#include "src/eval.h"
#include "src/eval_dump.h"
#include "src/eval_loo.h"
#include "src/interrupt.h"
#include "src/locale_setup.h"
#include "src/output.h"
#include "src/templates.h"

enum { TASK_ITEMS = 100, TITLE_CHARACTERS = 30, MAX_SHOTS = 64 };

struct job {
    struct cli *cli;
    const struct flags *flags;
    struct settings settings;
    struct store *store;
    const struct eval_task *task; /* NULL: a template of the library */
    struct library_template found;
    struct template *template;
    struct eval_items items;
    int shots[MAX_SHOTS];
    struct prompt_request request;
    struct fewshot f;
    struct eval eval;
    struct str answer_context;
    struct eval_dump dump;
};

/* ---- what is asked for ----------------------------------------------------------------------- */

static enum eval_style style_of(const struct flags *flags)
{
    if (!flags->style)
        return EVAL_STYLE_SHARED;
    return strcmp(flags->style, "paper") == 0 ? EVAL_STYLE_PAPER : EVAL_STYLE_LM_EVAL;
}

/* "0,1,8,fit" */
static int read_shots(struct job *j, const char *list, struct err *err)
{
    char *text = x_strdup(list), *rest = text, *one;
    int rc = 0;
    while (!rc && (one = strsep(&rest, ","))) {
        struct flags flags = {.shots = one};
        struct prompt_request r;
        if (j->eval.n_shots == MAX_SHOTS)
            rc = err_set(err, E_USAGE, _("shots: more than %d numbers"), MAX_SHOTS);
        else
            rc = fewshot_choose(&r, j->template, &flags, err);
        if (!rc)
            j->shots[j->eval.n_shots++] = r.k;
    }
    free(text);
    return rc;
}

static size_t count_on(const struct template *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_examples; i++)
        n += !t->examples[i].off;
    return n;
}

/* Without a word about it: none, one, and the template's own number, as in the paper; as far as
 * there are examples. */
static int choose_shots(struct job *j, struct err *err)
{
    struct flags flags = *j->flags;
    flags.shots = NULL;
    int rc = fewshot_choose(&j->request, j->template, &flags, err);
    if (rc)
        return rc;
    if (j->request.select == SELECT_FIRST && !j->flags->select)
        j->request.select = SELECT_RANDOM;
    if (j->flags->shots) {
        if (flags.zero_shot || flags.one_shot || flags.few_shot)
            return err_set(err, E_USAGE,
                           _("give one of --shots, --zero-shot, --one-shot and --few-shot"));
        return read_shots(j, j->flags->shots, err);
    }
    const bool said = flags.zero_shot || flags.one_shot || flags.few_shot;
    const int all[] = {0, 1, j->request.k};
    const size_t n_all = said ? 3 : count_on(j->template) < 2 ? count_on(j->template) + 1 : 3;
    for (size_t i = said ? 2 : 0; i < n_all; i++)
        if (i < 2 || said || (all[i] != 0 && all[i] != 1))
            j->shots[j->eval.n_shots++] = all[i];
    return 0;
}

static int read_files(struct job *j, struct err *err)
{
    const struct flags *flags = j->flags;
    struct columns columns;
    int rc = columns_init(&columns, j->template, &flags->map, err);
    if (rc)
        return rc;
    if (flags->train)
        rc = eval_items_read_examples(flags->train, &columns, j->template, err);
    if (!rc && flags->test) {
        eval_items_free(&j->items);
        rc = eval_items_read(flags->test, &columns, &j->items, err);
    }
    columns_free(&columns);
    return rc;
}

static int make_task(struct job *j, struct err *err)
{
    size_t n = j->flags->items ? (size_t)j->flags->items : TASK_ITEMS;
    const size_t asked = n;
    int rc = eval_task_make(j->task, style_of(j->flags), (uint64_t)j->settings.seed,
                            j->flags->word_list, &n, &j->template, &j->items, err);
    if (!rc && j->flags->items && n < asked && !j->flags->test)
        output_note(_("%s has only %zu questions besides its examples."), j->task->name, n);
    return rc;
}

/* Values of the command line for the variables that a question has no own value of. */
static int add_vars(struct job *j, struct err *err)
{
    struct template_field *vars;
    size_t n_vars;
    int rc = fewshot_vars(j->template, j->flags, &vars, &n_vars, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < j->items.n; i++) {
        struct eval_item *item = &j->items.items[i];
        const size_t n_own = item->n_fields;
        for (size_t v = 0; v < n_vars; v++) {
            bool own = false;
            for (size_t k = 0; k < n_own; k++)
                own = own || strcmp(item->fields[k].name, vars[v].name) == 0;
            if (!own)
                eval_item_add_field(item, vars[v].name, vars[v].value);
        }
    }
    fewshot_vars_free(vars, n_vars);
    return 0;
}

static int find_what(struct job *j, struct err *err)
{
    const char *what = j->cli->args[0];
    j->store = fewshot_open_store(&j->settings, !j->flags->no_store);
    j->task = eval_task_find(what);
    int rc = j->task ? make_task(j, err) : templates_find(j->store, what, &j->found, err);
    if (!rc && !j->task)
        j->template = template_copy(j->found.t);
    if (!rc)
        rc = read_files(j, err);
    if (!rc && j->items.n == 0 && !j->flags->leave_one_out)
        rc = err_set(err, E_USAGE,
                     _("%s is a template: give questions with --test FILE, or --leave-one-out"),
                     j->template->name);
    while (!rc && j->flags->items && j->items.n > (size_t)j->flags->items)
        eval_items_drop_last(&j->items);
    return rc ? rc : add_vars(j, err);
}

static int choose_metric(struct job *j, struct err *err)
{
    const char *metric = j->flags->metric;
    size_t n_choice = 0;
    for (size_t i = 0; i < j->items.n; i++)
        n_choice += j->items.items[i].n_choices > 0;
    const bool all = n_choice == j->items.n && n_choice;
    j->eval.metric = !metric                         ? all ? METRIC_CHOICE : METRIC_EXACT
                     : strcmp(metric, "choice") == 0 ? METRIC_CHOICE
                     : strcmp(metric, "f1") == 0     ? METRIC_F1
                                                     : METRIC_EXACT;
    j->eval.style = style_of(j->flags);
    const bool lm_eval = j->eval.style == EVAL_STYLE_LM_EVAL;
    j->eval.by_likelihood = lm_eval && j->task && eval_task_lm_eval_greedy(j->task) &&
                            !j->flags->test && j->eval.metric == METRIC_EXACT;
    j->eval.norm = lm_eval ? EVAL_SUM : j->flags->answer_context ? EVAL_CONTEXT : EVAL_TOKEN;
    if (j->eval.metric != METRIC_CHOICE)
        return 0;
    if (j->flags->answer_context)
        str_puts(&j->answer_context, j->flags->answer_context);
    else
        eval_default_answer_context(j->template, &j->answer_context);
    if (j->answer_context.len)
        j->eval.answer_context = j->answer_context.data;
    return eval_items_make_choices(&j->items, j->template, (size_t)j->flags->choices,
                                   (uint64_t)j->settings.seed, err);
}

static int prepare(struct job *j, struct err *err)
{
    if (j->settings.seed < 0)
        j->settings.seed = 1;
    int rc = find_what(j, err);
    if (!rc)
        rc = fewshot_settings(&j->settings, j->template, false, err);
    if (!rc)
        rc = settings_set(&j->settings, "preset", "greedy", ORIGIN_TEMPLATE, err);
    if (!rc)
        rc = choose_shots(j, err);
    if (!rc)
        rc = choose_metric(j, err);
    if (!rc)
        rc = fewshot_open(&j->f, j->template, &j->settings, &j->request, err);
    if (rc)
        return rc;
    j->f.recorder.store = j->flags->no_store ? NULL : j->store;
    j->f.origin = (struct recorder_origin){.origin = "eval", .template_version = j->found.version};
    return 0;
}

/* ---- a test ---------------------------------------------------------------------------------- */

static const char *name_of(const struct job *j)
{
    return j->task ? j->task->name : j->template->name;
}

static void put_safe(struct str *out, const char *text)
{
    text_safe(out, text, strlen(text));
}

static void head_text(const struct job *j, struct str *out)
{
    struct str what = STR_INIT, model = STR_INIT;
    put_safe(&what, name_of(j));
    if (j->task)
        str_printf(&what, " (%s)", _(j->task->about));
    put_safe(&model, runner_info(j->f.runner)->name);
    str_printf(out, P_("%s: %s, %zu question\n", "%s: %s, %zu questions\n", j->items.n),
               str_cstr(&what), str_cstr(&model), j->items.n);
    if (j->task && j->task->n_least && !j->flags->word_list)
        str_puts(out, _("The words are xuxie's own list, not the paper's: compare roughly.\n"));
    str_putc(out, '\n');
    str_free(&what);
    str_free(&model);
}

static void tell_results(struct job *j)
{
    struct eval_result results[MAX_SHOTS];
    struct str out = STR_INIT;
    size_t n = 0;
    for (size_t i = 0; i < j->eval.n_shots; i++)
        n += eval_get(&j->eval, i, &results[n]);
    for (size_t i = 0; j->flags->json && i < n; i++) {
        json_t *event = json_pack("{s:s}", "event", "result");
        json_t *result = eval_result_json(&j->eval, &results[i]);
        json_object_update(event, result);
        json_decref(result);
        output_json(event);
    }
    if (!j->flags->json && n) {
        head_text(j, &out);
        eval_table(results, n, j->eval.metric, j->eval.norm, &out);
        if (n > 1) {
            str_putc(&out, '\n');
            eval_curve(results, n, locale_was_utf8(), &out);
        }
        output_write(out.data, out.len);
    }
    str_free(&out);
    output_flush();
}

static void tell_head(struct job *j)
{
    json_t *event = json_pack("{s:s}", "event", "start"), *head;
    head = eval_head_json(&j->eval, name_of(j));
    json_object_update(event, head);
    json_decref(head);
    output_json(event);
    output_flush();
}

static int on_outcome(void *arg, const struct eval_outcome *o, struct err *err)
{
    struct job *j = arg;
    return j->flags->dump ? eval_dump_put(&j->dump, o, err) : 0;
}

static int test(struct job *j, struct err *err)
{
    struct eval *e = &j->eval;
    e->f = &j->f;
    e->items = &j->items;
    e->shots = j->shots;
    e->n_draws = (size_t)j->flags->seeds;
    e->seed = (uint64_t)j->settings.seed;
    e->told = on_outcome;
    e->arg = j;
    int rc = eval_open(e, err);
    if (!rc && j->flags->dump)
        rc = eval_dump_open(&j->dump, e, j->flags->dump, name_of(j), err);
    if (rc)
        return rc;
    if (e->n_known)
        output_note(_("%s: %zu of %zu answers are there; going on."), j->flags->dump, e->n_known,
                    e->n_all);
    if (j->flags->json)
        tell_head(j);
    rc = eval_run(e, err);
    if (!rc)
        tell_results(j);
    struct err closing;
    if (j->flags->dump && eval_dump_close(&j->dump, &closing) != 0 && !rc) {
        rc = closing.code;
        *err = closing;
    }
    if (rc == E_CANCELLED && j->flags->dump)
        output_note(_("%zu of %zu questions are answered in %s; the same command goes on."),
                    e->n_done, e->n_all, j->flags->dump);
    else if (rc == E_CANCELLED)
        output_note(_("%zu of %zu questions were answered; with --dump the next time can go on."),
                    e->n_done, e->n_all);
    return rc;
}

/* ---- leaving one out ------------------------------------------------------------------------- */

/* What an example is about: the beginning of its first field, in one line. */
static const char *title(void *ctx, size_t example)
{
    static char out[TITLE_CHARACTERS * 4 + 1];
    const struct template_example *e = &((const struct template *)ctx)->examples[example];
    const char *text = e->n_fields ? e->fields[0].value : e->output;
    struct str safe = STR_INIT;
    size_t n = strcspn(text, "\n"), end = 0;
    text_safe(&safe, text, n);
    for (int i = 0; i < TITLE_CHARACTERS && end < safe.len; i++)
        end += utf8_claimed_length((unsigned char)safe.data[end]);
    memcpy(out, str_cstr(&safe), end);
    out[end] = '\0';
    str_free(&safe);
    return out;
}

static json_t *helper_json(const struct eval_helper *h)
{
    return json_pack("{s:s, s:I, s:f, s:f, s:I}", "event", "example", "example",
                     (json_int_t)h->example + 1, "likelihood", h->d_likelihood, "exact",
                     h->d_accuracy, "answers", (json_int_t)h->n);
}

static void tell_loo(struct job *j, const struct eval_loo *l)
{
    struct str out = STR_INIT;
    if (j->flags->json) {
        for (size_t i = 0; i < l->n; i++)
            output_json(helper_json(&l->helpers[i]));
        output_json(json_pack("{s:s, s:I, s:I, s:f, s:f, s:I}", "event", "done", "examples",
                              (json_int_t)l->n, "left_out", (json_int_t)l->n_left_out, "likelihood",
                              l->likelihood, "exact", l->exact, "answers",
                              (json_int_t)l->n_answers));
        return;
    }
    struct str name = STR_INIT;
    put_safe(&name, name_of(j));
    str_printf(&out,
               _("%s: %zu examples; with all others shown: ln P %.4f a token, %.1f %% exact\n"),
               str_cstr(&name), l->n, l->likelihood, 100 * l->exact);
    str_free(&name);
    if (l->n_left_out)
        str_printf(&out, _("%zu more do not fit the context.\n"), l->n_left_out);
    str_puts(&out, _("What an example adds to the answers of the others:\n\n"));
    eval_helpers_table(l->helpers, l->n, title, j->template, &out);
    output_write(out.data, out.len);
    str_free(&out);
}

static int leave_one_out(struct job *j, struct err *err)
{
    const int row = option_find("max_tokens");
    struct eval_loo l = {.f = &j->f, .t = j->template, .max_answers = (size_t)j->flags->items};
    int longest = 0;
    for (size_t i = 0; i < j->template->n_examples; i++) {
        const char *output = j->template->examples[i].output;
        const int n = fewshot_count(&j->f, output, strlen(output), false);
        longest = n > longest ? n : longest;
    }
    if (j->f.settings.origin[row] < ORIGIN_INI)
        j->f.settings.max_tokens = j->f.generation.max_tokens = 2 * longest + 8;
    int rc = fewshot_reserve(&j->f, j->f.generation.max_tokens, err);
    if (!rc)
        rc = eval_loo_run(&l, err);
    if (!rc)
        tell_loo(j, &l);
    eval_loo_free(&l);
    return rc;
}

/* ---- the command ----------------------------------------------------------------------------- */

static void close_job(struct job *j)
{
    fewshot_close_store(j->store, !j->flags->no_store);
    eval_close(&j->eval);
    fewshot_close(&j->f);
    eval_items_free(&j->items);
    template_free(j->template);
    library_template_free(&j->found);
    str_free(&j->answer_context);
    settings_free(&j->settings);
}

static int run(struct cli *cli)
{
    struct job j = {.cli = cli, .flags = &cli->flags};
    struct err err = ERR_INIT;
    settings_copy(&j.settings, &cli->settings);
    int rc = prepare(&j, &err);
    if (!rc)
        rc = cli->flags.leave_one_out ? leave_one_out(&j, &err) : test(&j, &err);
    output_flush();
    int status = interrupt_status();
    if (rc && rc != E_CANCELLED)
        status = output_error(&err);
    close_job(&j);
    return status;
}

static int list_tasks(const struct flags *flags)
{
    for (size_t i = 0; i < n_eval_tasks; i++) {
        const struct eval_task *t = &eval_tasks[i];
        if (flags->json)
            output_json(
                json_pack("{s:s, s:s, s:i}", "task", t->name, "about", _(t->about), "k", t->k));
        else
            output_printf("%-11s %4d  %s\n", t->name, t->k, _(t->about));
    }
    return 0;
}

static int run_eval(struct cli *cli)
{
    const struct flags *flags = &cli->flags;
    if (flags->list)
        return cli->n_args ? cli_usage(cli->command, _("--list stands alone")) : list_tasks(flags);
    if (cli->n_args == 0)
        return cli_usage(cli->command, _("name a task (`xuxie eval --list`) or a template"));
    if (flags->leave_one_out && (flags->dump || flags->test || flags->shots))
        return cli_usage(cli->command,
                         _("--leave-one-out takes all examples, and no --test, --shots or --dump"));
    return run(cli);
}

const struct subcommand command_eval = {
    .name = "eval",
    .arguments = N_("TASK|TEMPLATE"),
    .help = N_("Measure how good the model's answers are, with how many examples"),
    .about =
        N_("Asks the questions of a task that comes with xuxie (--list names them), or of a "
           "file for one's own template, with no, one and several examples shown, and tells "
           "how many answers are right: a table with confidence intervals, and a learning curve."),
    .bit = CMD_EVAL,
    .max_args = 1,
    .run = run_eval,
};
