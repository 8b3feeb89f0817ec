/* cmd_run.c - `xuxie run TEMPLATE`: a prompt template put to the model, once or for every line of a
 * file.
 *
 * One query: its answer goes to standard output as it is written. Many queries: a line of JSON for
 * each answer, with the number and a hash of the line it answers and a hash of everything else the
 * answer depends on (template, settings, seed, model). So a file of answers can be continued where
 * it ends, and only with what it was begun with. The random numbers of an answer depend on the seed
 * and the line's number, not on what was answered before: a continued file holds the answers it
 * would hold had it never been interrupted.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/cli.h"
#include "src/columns.h"
#include "src/fewshot.h"
#include "src/interrupt.h"
#include "src/jsonline.h"
#include "src/output.h"
#include "src/resultfile.h"
#include "src/teller.h"
#include "src/template_text.h"
#include "src/templates.h"
#include "src/textfile.h"

/* Every line of a file of answers begins so. */
static const char mark[] = "{\"line\":";

enum { HASH_CHARACTERS = 16 };

struct query {
    unsigned long line;
    char hash[HASH_CHARACTERS + 1]; /* of the line */
    struct template_field *fields;
    size_t n_fields;
};

struct job {
    struct cli *cli;
    struct settings settings;
    struct store *store;
    struct library_template found;
    struct template *template; /* found.t */
    struct fewshot f;
    struct teller teller;
    bool per_item; /* examples are drawn anew for each query */

    struct template_field *vars; /* of the command line */
    size_t n_vars;
    struct str input; /* the value of a variable, from standard input */

    struct query *queries;
    size_t n_queries, capacity, n_done;
    struct columns columns;
    struct resultfile out;
    char setup[33], found_setup[33]; /* of this run; of the answers found, "" when there are none */
};

/* ---- one query ------------------------------------------------------------------------------- */

/* Standard input was closed: main put a descriptor there that cannot be read. */
static bool stdin_usable(void)
{
    int mode = fcntl(STDIN_FILENO, F_GETFL);
    return mode >= 0 && (mode & O_ACCMODE) != O_WRONLY && !isatty(STDIN_FILENO);
}

static bool has_value(const struct job *j, const char *name)
{
    for (size_t i = 0; i < j->n_vars; i++)
        if (strcmp(j->vars[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < j->template->n_vars; i++)
        if (strcmp(j->template->vars[i].name, name) == 0)
            return j->template->vars[i].def != NULL;
    return false;
}

/* The value of the one variable that has none comes from standard input, without the line break at
 * its end. */
static int read_missing(struct job *j, struct err *err)
{
    const char **names, *missing = NULL;
    size_t n_missing = 0;
    struct str list = STR_INIT;
    const size_t n = template_query_vars(j->template, &names);
    for (size_t i = 0; i < n; i++) {
        if (has_value(j, names[i]))
            continue;
        str_printf(&list, "%s%s", n_missing++ ? ", " : "", names[i]);
        missing = names[i];
    }
    int rc = 0;
    if (n_missing == 1 && stdin_usable()) {
        rc = textfile_read("-", 0, LIMIT_STORY_FILE_BYTES, &j->input, err);
        if (!rc)
            rc = textfile_check("-", &j->input, err);
        if (!rc && j->input.len && j->input.data[j->input.len - 1] == '\n')
            str_truncate(&j->input, j->input.len - 1);
    }
    if (!rc && n_missing && j->input.len == 0)
        rc = err_set(err, E_USAGE, _("a value is missing for %s: give --var NAME=VALUE"),
                     str_cstr(&list));
    if (!rc && n_missing) {
        j->vars = x_realloc(j->vars, (j->n_vars + 1) * sizeof j->vars[0]);
        j->vars[j->n_vars++] =
            (struct template_field){x_strdup(missing), (char *)str_cstr(&j->input)};
    }
    str_free(&list);
    free(names);
    return rc;
}

static void tell_shots(const struct prompt *p)
{
    if (p->k_asked == SHOTS_FIT)
        output_note(P_("%d example fits.", "%d examples fit.", p->k_used), p->k_used);
    else if (p->k_used < p->k_asked)
        output_note(_("%d of %d examples fit."), p->k_used, p->k_asked);
}

static json_t *shots_json(int k)
{
    return k == SHOTS_FIT ? json_string("fit") : json_integer(k);
}

static bool on_event(void *arg, const struct engine_event *ev)
{
    struct job *j = arg;
    return teller_event(&j->teller, ev);
}

static int answer_one(struct job *j, struct err *err)
{
    const struct flags *flags = &j->cli->flags;
    struct prompt p = {0};
    struct engine_event done;
    int rc = fewshot_prompt(&j->f, j->vars, j->n_vars, &p, err);
    if (rc)
        return rc;
    if (!flags->json)
        tell_shots(&p);
    json_t *more = json_pack("{s:s, s:o, s:i}", "template", j->template->name, "k_asked",
                             shots_json(p.k_asked), "k_used", p.k_used);
    j->teller = (struct teller){.runner = j->f.runner,
                                .settings = &j->f.settings,
                                .request = &j->f.generation,
                                .recorder = &j->f.recorder,
                                .json = flags->json,
                                .raw = flags->raw,
                                .logprobs = flags->logprobs,
                                .more = more};
    rc = fewshot_generate(&j->f, &p, on_event, j, &done, err);
    teller_end(&j->teller, rc ? NULL : &done);
    json_decref(more);
    prompt_free(&p);
    return rc;
}

/* ---- many queries: reading ------------------------------------------------------------------- */

static void hash_text(const void *text, size_t n, char out[HASH_CHARACTERS + 1])
{
    snprintf(out, HASH_CHARACTERS + 1, "%016" PRIx64, (uint64_t)XXH3_64bits(text, n));
}

static void add_field(struct query *q, const char *name, char *value)
{
    q->fields = x_realloc(q->fields, (q->n_fields + 1) * sizeof q->fields[0]);
    q->fields[q->n_fields++] = (struct template_field){x_strdup(name), value};
}

static int on_query(void *arg, const struct jsonline *line, struct err *err)
{
    struct job *j = arg;
    if (j->n_queries == j->capacity) {
        j->capacity = j->capacity ? 2 * j->capacity : 64;
        j->queries = x_realloc(j->queries, j->capacity * sizeof j->queries[0]);
    }
    struct query *q = &j->queries[j->n_queries++];
    *q = (struct query){.line = line->number};
    hash_text(line->text, line->n_text, q->hash);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)line->object, key, value)
    {
        const char *name = columns_variable(&j->columns, key);
        char *text;
        if (template_is_output(name)) /* the answer that is expected: for `xuxie eval` */
            continue;
        int rc = jsonline_text(line, key, value, &text, err);
        if (rc)
            return rc;
        if (text)
            add_field(q, name, text);
    }
    const size_t n_own = q->n_fields;
    for (size_t i = 0; i < j->n_vars; i++) { /* the line's own values win */
        bool own = false;
        for (size_t k = 0; k < n_own; k++)
            own = own || strcmp(q->fields[k].name, j->vars[i].name) == 0;
        if (!own)
            add_field(q, j->vars[i].name, x_strdup(j->vars[i].value));
    }
    return 0;
}

static int read_queries(struct job *j, const char *path, struct err *err)
{
    int rc = columns_init(&j->columns, j->template, &j->cli->flags.map, err);
    if (!rc)
        rc = jsonline_each(path, on_query, j, err);
    if (!rc && j->n_queries == 0)
        rc = err_set(err, E_INPUT, _("%s: there is nothing in it"), textfile_name(path));
    return rc;
}

/* An answer found: is it that to the query of the same place? */
static int on_found(void *arg, const struct jsonline *line, struct err *err)
{
    struct job *j = arg;
    const char *hash = json_string_value(json_object_get(line->object, "hash"));
    const char *setup = json_string_value(json_object_get(line->object, "setup"));
    const json_t *seed = json_object_get(line->object, "seed");
    const json_int_t number = json_integer_value(json_object_get(line->object, "line"));
    const size_t at = line->number - 1;
    if (!hash || !setup || !json_is_integer(seed))
        return err_set(err, E_INPUT, _("%s: not an answer of `xuxie run`; name another file"),
                       line->where);
    if (at >= j->n_queries || number != (json_int_t)j->queries[at].line ||
        strcmp(hash, j->queries[at].hash) != 0)
        return err_set(err, E_INPUT,
                       _("%s: it answers another query than line %zu of the input; name another "
                         "file"),
                       line->where, at + 1);
    if (at && strcmp(setup, j->found_setup) != 0)
        return err_set(err, E_INPUT, _("%s: not made like the lines before it; name another file"),
                       line->where);
    snprintf(j->found_setup, sizeof j->found_setup, "%s", setup);
    if (j->settings.seed < 0)
        j->settings.seed = json_integer_value(seed);
    return 0;
}

/* ---- many queries: answering ----------------------------------------------------------------- */

/* A hash of all an answer depends on but its query. */
static void make_setup(struct job *j)
{
    const struct prompt_request *r = &j->f.request;
    struct str all = STR_INIT;
    template_print(j->template, &all);
    char *settings = settings_json(&j->f.settings, j->f.generation.seed);
    str_printf(&all, "\n%s\n%s\n%d %d %s %d %d", settings, runner_info(j->f.runner)->identity, r->k,
               (int)r->select, r->tag ? r->tag : "", r->budget_tokens, (int)j->per_item);
    for (size_t i = 0; i < j->n_vars; i++)
        str_printf(&all, "\n%s=%s", j->vars[i].name, j->vars[i].value);
    free(settings);
    const XXH128_hash_t h = XXH3_128bits(all.data, all.len);
    snprintf(j->setup, sizeof j->setup, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64,
             (uint64_t)h.low64);
    str_free(&all);
}

static int wrap_line(struct job *j, const struct query *q, struct err *err)
{
    return err_wrap(err, _("%s: line %lu"), textfile_name(j->cli->flags.input), q->line);
}

/* Every query must fit, at least without examples; the longest one decides how many examples all of
 * them see. */
static int measure(struct job *j, struct err *err)
{
    const int k = j->f.request.k;
    int rc = 0, longest = 0;
    j->f.request.k = 0;
    for (size_t i = 0; !rc && i < j->n_queries; i++) {
        struct prompt p = {0};
        rc = fewshot_prompt(&j->f, j->queries[i].fields, j->queries[i].n_fields, &p, err);
        if (rc) {
            wrap_line(j, &j->queries[i], err);
            break;
        }
        const int n = p.n_parts ? p.parts[p.n_parts - 1].n_tokens : 0;
        longest = n > longest ? n : longest;
        prompt_free(&p);
    }
    j->f.request.k = k;
    j->f.request.reserve_query_tokens = longest;
    return rc;
}

static int put_answer(struct job *j, const struct query *q, const struct prompt *p,
                      const struct engine_event *done, struct err *err)
{
    const struct str *text = &j->f.recorder.text;
    json_t *input = json_object();
    for (size_t i = 0; i < q->n_fields; i++)
        json_object_set_new(input, q->fields[i].name,
                            output_json_string(q->fields[i].value, strlen(q->fields[i].value)));
    return resultfile_put(&j->out,
                          json_pack("{s:I, s:s, s:o, s:o, s:s, s:o, s:i, s:i, s:i, s:i, s:I, s:s}",
                                    "line", (json_int_t)q->line, "hash", q->hash, "input", input,
                                    "output", output_json_string(text->data, text->len), "reason",
                                    engine_done_name(done->done.reason), "k_asked",
                                    shots_json(p->k_asked), "k_used", p->k_used, "prompt_tokens",
                                    done->done.n_prompt, "reused_tokens", done->done.n_reused,
                                    "tokens", done->done.n_tokens, "seed",
                                    (json_int_t)j->f.generation.seed, "setup", j->setup),
                          err);
}

static bool go_on(void *arg, const struct engine_event *ev)
{
    (void)arg;
    (void)ev;
    return output_ok();
}

static int answer_query(struct job *j, const struct query *q, struct err *err)
{
    struct prompt p = {0};
    struct engine_event done;
    j->f.generation.stream = (uint32_t)q->line;
    if (j->per_item)
        j->f.request.seed = fewshot_item_seed(j->f.generation.seed, q->line);
    int rc = fewshot_prompt(&j->f, q->fields, q->n_fields, &p, err);
    if (!rc)
        rc = fewshot_generate(&j->f, &p, go_on, NULL, &done, err);
    if (!rc && done.done.reason == DONE_CANCELLED)
        rc = err_set(err, E_CANCELLED, _("interrupted"));
    if (!rc)
        rc = put_answer(j, q, &p, &done, err);
    else if (rc != E_CANCELLED)
        wrap_line(j, q, err);
    prompt_free(&p);
    return rc;
}

static void tell_progress(const struct job *j, int64_t began_ms, size_t n_before)
{
    const size_t n = j->n_done - n_before, left = j->n_queries - j->n_done;
    const int64_t each_ms = n ? (clock_mono_ms() - began_ms) / (int64_t)n : 0;
    output_progress(_("%zu of %zu answered, about %lld s left"), j->n_done, j->n_queries,
                    (long long)(each_ms * (int64_t)left / 1000));
}

static void tell_interrupted(const struct job *j)
{
    if (j->out.path)
        output_note(_("%zu of %zu queries are answered in %s; the same command goes on."),
                    j->n_done, j->n_queries, j->out.path);
    else
        output_note(_("%zu of %zu queries are answered; with --output the next time can go on."),
                    j->n_done, j->n_queries);
}

static int answer_all(struct job *j, struct err *err)
{
    runner_quiet(j->f.runner);
    int rc = measure(j, err);
    const size_t n_before = j->n_done;
    const int64_t began_ms = clock_mono_ms();
    output_progress_begin();
    while (!rc && j->n_done < j->n_queries && output_ok()) {
        tell_progress(j, began_ms, n_before);
        rc = interrupt_signal() ? err_set(err, E_CANCELLED, _("interrupted"))
                                : answer_query(j, &j->queries[j->n_done], err);
        j->n_done += !rc;
    }
    output_progress_end();
    if (rc == E_CANCELLED && interrupt_signal())
        tell_interrupted(j);
    return rc;
}

/* The file of answers, with what is in it already. */
static int open_answers(struct job *j, struct err *err)
{
    const char *path = j->cli->flags.output;
    if (j->cli->flags.resume && access(path, F_OK) != 0)
        return err_set(err, E_INPUT, _("%s: there is no such file to go on with"), path);
    int rc = resultfile_open(path, mark, on_found, j, &j->out, err);
    j->n_done = rc ? 0 : j->out.n_lines;
    return rc;
}

static int check_setup(struct job *j, struct err *err)
{
    make_setup(j);
    if (!j->found_setup[0])
        return 0;
    if (strcmp(j->setup, j->found_setup) != 0)
        return err_set(err, E_INPUT,
                       _("%s: its answers were made with another template, model or settings; give "
                         "the same ones or name another file"),
                       j->out.path);
    output_note(_("%s: %zu of %zu answers are there; going on."), j->out.path, j->n_done,
                j->n_queries);
    return 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int open_job(struct job *j, struct err *err)
{
    const struct flags *flags = &j->cli->flags;
    struct prompt_request request;
    j->store = fewshot_open_store(&j->settings, !flags->no_store);
    int rc = templates_find(j->store, j->cli->args[0], &j->found, err);
    j->template = j->found.t;
    if (!rc)
        rc = fewshot_settings(&j->settings, j->template, true, err);
    if (!rc)
        rc = fewshot_choose(&request, j->template, flags, err);
    if (!rc)
        rc = fewshot_vars(j->template, flags, &j->vars, &j->n_vars, err);
    if (!rc)
        rc = flags->input ? read_queries(j, flags->input, err) : read_missing(j, err);
    if (!rc && flags->output)
        rc = open_answers(j, err);
    if (!rc)
        rc = fewshot_open(&j->f, j->template, &j->settings, &request, err);
    if (!rc)
        rc = fewshot_reserve(&j->f, j->f.generation.max_tokens, err);
    if (rc)
        return rc;
    j->f.recorder.store = flags->no_store ? NULL : j->store;
    j->f.origin = (struct recorder_origin){.origin = "run", .template_version = j->found.version};
    j->per_item = flags->style && strcmp(flags->style, "paper") == 0;
    return 0;
}

static void close_job(struct job *j)
{
    fewshot_close(&j->f);
    for (size_t i = 0; i < j->n_queries; i++) {
        for (size_t k = 0; k < j->queries[i].n_fields; k++) {
            free(j->queries[i].fields[k].name);
            free(j->queries[i].fields[k].value);
        }
        free(j->queries[i].fields);
    }
    free(j->queries);
    columns_free(&j->columns);
    fewshot_vars_free(j->vars, j->n_vars);
    library_template_free(&j->found);
    str_free(&j->input);
    settings_free(&j->settings);
}

static int run(struct cli *cli)
{
    struct job j = {.cli = cli};
    struct err err = ERR_INIT, closing = ERR_INIT;
    settings_copy(&j.settings, &cli->settings);
    int rc = open_job(&j, &err);
    if (!rc && cli->flags.input) {
        rc = check_setup(&j, &err);
        if (!rc)
            rc = answer_all(&j, &err);
    } else if (!rc) {
        rc = answer_one(&j, &err);
    }
    if (resultfile_close(&j.out, &closing) != 0 && !rc) {
        rc = closing.code;
        err = closing;
    }
    if (rc && rc != E_CANCELLED && cli->flags.json && !cli->flags.input)
        teller_error(&err);
    int status = interrupt_status();
    if (rc && rc != E_CANCELLED)
        status = output_error(&err);
    fewshot_close_store(j.store, !cli->flags.no_store);
    close_job(&j);
    return status;
}

static int run_run(struct cli *cli)
{
    const struct flags *flags = &cli->flags;
    if (flags->logprobs && (!flags->json || flags->input))
        return cli_usage(cli->command, _("--logprobs needs --json, and one query"));
    if (flags->output && !flags->input)
        return cli_usage(cli->command, _("--output needs --input"));
    if (flags->resume && !flags->output)
        return cli_usage(cli->command, _("--resume needs --output"));
    if (flags->style && strcmp(flags->style, "lm-eval") == 0)
        return cli_usage(cli->command, _("--style=lm-eval belongs to `xuxie eval`"));
    return run(cli);
}

const struct subcommand command_run = {
    .name = "run",
    .arguments = N_("TEMPLATE"),
    .help = N_("Put a prompt template to the model, once or for many queries"),
    .about = N_("The prompt is the template's instruction, as many of its examples as are asked "
                "for and fit, and the query. The values of its variables come from --var and "
                "standard input, or with --input from the lines of a file; then each answer is a "
                "line of JSON, and a file that --output names is continued where it ends."),
    .bit = CMD_RUN,
    .min_args = 1,
    .max_args = 1,
    .run = run_run,
};
