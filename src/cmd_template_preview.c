/* cmd_template_preview.c - `xuxie template preview`: the exact prompt, part by part, with its
 * tokens, without asking the model. Only the model's header and tokenizer are read. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/model.h"
#include "engine/plan.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/cmd_template.h"
#include "src/fewshot.h"
#include "src/models.h"
#include "src/output.h"
#include "src/template_text.h"
#include "src/token_counter.h"

/* What is needed of a model. */
struct measure {
    struct model *model;
    struct tokenizer *tokenizer;
    struct token_counter *counter;
    int n_ctx;
};

static int measure_open(const struct settings *settings, struct measure *m, struct err *err)
{
    const struct engine_options options = {.n_ctx = (int)settings->n_ctx, .n_threads = 1};
    struct str path = STR_INIT;
    struct weights *weights;
    struct plan plan;
    *m = (struct measure){.counter = token_counter_new()};
    int rc = models_resolve(settings->model, &path, err);
    if (!rc)
        rc = weights_open(str_cstr(&path), &weights, err);
    if (!rc)
        rc = model_open(weights, &m->model, err); /* takes the weights */
    if (!rc)
        rc = model_open_tokenizer(m->model, &m->tokenizer, err);
    if (!rc)
        rc = plan_make(m->model, &options, &plan, err);
    if (!rc) {
        token_counter_use(m->counter, m->tokenizer);
        m->n_ctx = plan.n_ctx;
    }
    str_free(&path);
    return rc;
}

static void measure_close(struct measure *m)
{
    token_counter_free(m->counter);
    tokenizer_free(m->tokenizer);
    model_free(m->model);
}

/* The room for the prompt: the context without the answer, or less by --budget. */
static int take_budget(const struct measure *m, const struct settings *settings,
                       struct prompt_request *r, struct err *err)
{
    const int answer = settings->max_tokens ? (int)settings->max_tokens : m->n_ctx / 4;
    const int room = m->n_ctx - tokenizer_adds_bos(m->tokenizer) - answer;
    if (room <= 0)
        return err_set(err, E_USAGE,
                       _("max_tokens: an answer of %d tokens leaves no room for a prompt in a "
                         "context of %d"),
                       answer, m->n_ctx);
    if (r->budget_tokens <= 0 || r->budget_tokens > room)
        r->budget_tokens = room;
    return 0;
}

/* ---- the query ------------------------------------------------------------------------------- */

/* The fields of a query: those given, and for others that have no default their own name, so that a
 * prompt can be looked at before there is anything to ask. */
struct query {
    struct template_field *given, *all;
    size_t n_given, n_all;
    char **places; /* "{{题目}}" */
    size_t n_places;
    const char **names;
};

static bool has_value(const struct template *t, const struct query *q, const char *name)
{
    for (size_t i = 0; i < q->n_given; i++)
        if (strcmp(q->given[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < t->n_vars; i++)
        if (strcmp(t->vars[i].name, name) == 0 && t->vars[i].def)
            return true;
    return false;
}

static int query_init(struct query *q, const struct template *t, const struct flags *f,
                      struct err *err)
{
    *q = (struct query){0};
    int rc = fewshot_vars(t, f, &q->given, &q->n_given, err);
    if (rc)
        return rc;
    size_t n = template_query_vars(t, &q->names);
    q->all = x_calloc(q->n_given + n + 1, sizeof q->all[0]);
    q->places = x_calloc(n + 1, sizeof q->places[0]);
    for (size_t i = 0; i < q->n_given; i++)
        q->all[q->n_all++] = q->given[i];
    for (size_t i = 0; i < n; i++) {
        if (has_value(t, q, q->names[i]))
            continue;
        struct str place = STR_INIT;
        str_printf(&place, "{{%s}}", q->names[i]);
        q->places[q->n_places] = str_take(&place);
        q->all[q->n_all++] = (struct template_field){(char *)q->names[i], q->places[q->n_places++]};
    }
    return 0;
}

static void query_free(struct query *q)
{
    fewshot_vars_free(q->given, q->n_given);
    for (size_t i = 0; i < q->n_places; i++)
        free(q->places[i]);
    free(q->places);
    free(q->all);
    free(q->names);
}

/* ---- showing --------------------------------------------------------------------------------- */

static void shots_text(int k, struct str *out)
{
    if (k == SHOTS_FIT)
        str_puts(out, _("as many as fit"));
    else
        str_printf(out, "%d", k);
}

static void part_title(const struct template *t, const struct prompt_piece *part, struct str *out)
{
    switch (part->kind) {
    case PROMPT_INSTRUCTION: str_puts(out, _("instruction")); break;
    case PROMPT_QUERY: str_puts(out, _("query")); break;
    case PROMPT_EXAMPLE: {
        struct str tags = STR_INIT;
        template_print_tags(&t->examples[part->example], &tags);
        str_printf(out, _("example %zu"), part->example + 1);
        str_printf(out, "%s%s", tags.len ? " " : "", str_cstr(&tags));
        str_free(&tags);
        break;
    }
    }
}

static void show_text(const struct template *t, const struct prompt_request *r,
                      const struct prompt *p)
{
    struct str line = STR_INIT, asked = STR_INIT;
    for (size_t i = 0; i < p->n_parts; i++) {
        const struct prompt_piece *part = &p->parts[i];
        const char *text = p->text.data + part->begin;
        str_clear(&line);
        str_puts(&line, "── ");
        part_title(t, part, &line);
        str_printf(&line, P_(", %d token", ", %d tokens", part->n_tokens), part->n_tokens);
        str_puts(&line, " ──\n");
        output_text(str_cstr(&line), line.len, false);
        output_text(text, part->n, false);
        output_puts(part->n && text[part->n - 1] == '\n' ? "" : "\n");
    }
    shots_text(p->k_asked, &asked);
    output_printf("── ");
    output_printf(_("%d of %d tokens; examples: %s asked for, %d used"), p->n_tokens,
                  r->budget_tokens, str_cstr(&asked), p->k_used);
    if (r->select == SELECT_RANDOM)
        output_printf(_("; seed %llu"), (unsigned long long)r->seed);
    output_puts(" ──\n");
    str_free(&line);
    str_free(&asked);
}

static void show_json(const struct library_template *l, const struct prompt_request *r,
                      const struct prompt *p)
{
    static const char *const kinds[] = {[PROMPT_INSTRUCTION] = "instruction",
                                        [PROMPT_EXAMPLE] = "example",
                                        [PROMPT_QUERY] = "query"};
    json_t *parts = json_array();
    for (size_t i = 0; i < p->n_parts; i++) {
        const struct prompt_piece *part = &p->parts[i];
        json_t *o =
            json_pack("{s:s, s:i, s:o}", "kind", kinds[part->kind], "tokens", part->n_tokens,
                      "text", output_json_string(p->text.data + part->begin, part->n));
        if (part->kind == PROMPT_EXAMPLE)
            json_object_set_new(o, "example", json_integer((json_int_t)part->example + 1));
        json_array_append_new(parts, o);
    }
    output_json(json_pack("{s:o, s:I, s:o, s:i, s:i, s:i, s:I, s:o}", "template",
                          output_json_string(l->t->name, strlen(l->t->name)), "version",
                          (json_int_t)l->number, "k_asked",
                          p->k_asked == SHOTS_FIT ? json_string("fit") : json_integer(p->k_asked),
                          "k_used", p->k_used, "tokens", p->n_tokens, "budget", r->budget_tokens,
                          "seed", (json_int_t)r->seed, "parts", parts));
}

/* ---- the command ----------------------------------------------------------------------------- */

static int make(const struct library_template *l, const struct cli *cli, struct err *err)
{
    struct settings settings = {0};
    struct prompt_request r;
    struct measure m = {.counter = NULL};
    struct query q;
    struct prompt p;
    int rc = fewshot_choose(&r, l->t, &cli->flags, err);
    if (rc || (rc = query_init(&q, l->t, &cli->flags, err)))
        return rc;
    settings_copy(&settings, &cli->settings);
    rc = fewshot_settings(&settings, l->t, true, err);
    if (!rc)
        rc = measure_open(&settings, &m, err);
    if (!rc)
        rc = take_budget(&m, &settings, &r, err);
    if (!rc) {
        r.seed = settings.seed < 0 ? rng_fresh_seed() : (uint64_t)settings.seed;
        r.count = token_counter_count;
        r.ctx = m.counter;
        r.fields = q.all;
        r.n_fields = q.n_all;
        rc = prompt_make(&r, &p, err);
    }
    if (!rc) {
        if (cli->flags.json)
            show_json(l, &r, &p);
        else
            show_text(l->t, &r, &p);
        prompt_free(&p);
    }
    measure_close(&m);
    settings_free(&settings);
    query_free(&q);
    return rc;
}

static int preview(struct store *s, const struct cli *cli, struct err *err)
{
    struct library_template l;
    int rc = library_find(s, cli, cli->args[0], &l, err);
    if (!rc) {
        rc = make(&l, cli, err);
        library_template_free(&l);
    }
    return rc;
}

static int run_preview(struct cli *cli)
{
    return library_run(cli, LIBRARY_LOOK, preview);
}

const struct subcommand command_template_preview = {
    .name = "template preview",
    .arguments = N_("NAME|FILE"),
    .help = N_("Show the exact prompt a template makes, with its tokens"),
    .about =
        N_("Nothing is generated; of the model only the tokenizer is loaded. Variables without "
           "a value are shown by their names. When there is not enough room, whole examples "
           "are left out, never a part of the instruction or of the query."),
    .bit = CMD_TEMPLATE_PREVIEW,
    .min_args = 1,
    .max_args = 1,
    .run = run_preview,
};
