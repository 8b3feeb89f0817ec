/* prompt.c - see prompt.h.
 *
 * Examples are ranked first, by what matters for keeping them: those that a smaller K would show
 * stand before those it would leave out. Fitting the budget is then taking a beginning of that
 * ranking; showing is putting what was taken in order (the likest last, next to the query; else as
 * ranked). So with K' < K one sees exactly what was asked with K'.
 */
#include "config.h"

#include "src/prompt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/template_format.h"

/* Draws of examples do not meet those of tokens, which have small lanes. */
enum { LANE_EXAMPLES = 0x65786D70 };

void prompt_request_init(struct prompt_request *r, const struct template *t)
{
    static const int shots[] = {[TEMPLATE_ZERO] = 0, [TEMPLATE_ONE] = 1};
    *r = (struct prompt_request){
        .template = t,
        .k = t->mode == TEMPLATE_FEW ? t->k : shots[t->mode],
        .select = t->select,
        .tag = t->select_tag,
        .except = SIZE_MAX,
    };
}

void prompt_free(struct prompt *p)
{
    str_free(&p->text);
    free(p->parts);
    memset(p, 0, sizeof *p);
}

/* ---- formats --------------------------------------------------------------------------------- */

int prompt_expand(const char *format, const char *(*lookup)(void *ctx, const char *name), void *ctx,
                  bool upto_output, struct str *out, struct err *err)
{
    struct format_piece piece;
    char name[LIMIT_TEMPLATE_NAME_BYTES + 1];
    int more;
    while ((more = format_next(&format, &piece, err)) > 0) {
        if (!piece.is_var) {
            str_append(out, piece.s, piece.n);
            continue;
        }
        format_name(&piece, name);
        if (upto_output && template_is_output(name))
            return 0;
        const char *value = lookup(ctx, name);
        if (!value) {
            char quoted[360];
            return err_set(err, E_INPUT, _("the variable %s has no value"),
                           err_quote(quoted, sizeof quoted, name, strlen(name)));
        }
        str_puts(out, value);
    }
    return more;
}

static const char *default_of(const struct template *t, const char *name)
{
    for (size_t i = 0; i < t->n_vars; i++)
        if (strcmp(t->vars[i].name, name) == 0)
            return t->vars[i].def;
    return NULL;
}

static const char *query_value(void *ctx, const char *name)
{
    const struct prompt_request *r = ctx;
    for (size_t i = 0; i < r->n_fields; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return r->fields[i].value;
    return default_of(r->template, name);
}

struct example_ctx {
    const struct template *template;
    const struct template_example *example;
};

static const char *example_value(void *ctx, const char *name)
{
    const struct example_ctx *c = ctx;
    const char *value = template_example_value(c->example, name);
    return value ? value : default_of(c->template, name);
}

static int expand_query(const struct prompt_request *r, struct str *out, struct err *err)
{
    const struct template *t = r->template;
    const char *format = t->query_format ? t->query_format : t->example_format;
    return prompt_expand(format, query_value, (void *)r, true, out, err);
}

static int expand_example(const struct prompt_request *r, size_t i, struct str *out,
                          struct err *err)
{
    struct example_ctx ctx = {r->template, &r->template->examples[i]};
    int rc = prompt_expand(r->template->example_format, example_value, &ctx, false, out, err);
    if (rc)
        err_wrap(err, _("example %zu"), i + 1);
    str_puts(out, r->template->separator);
    return rc;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static bool has_tag(const struct template_example *e, const char *tag)
{
    for (size_t i = 0; i < e->n_tags; i++)
        if (strcmp(e->tags[i], tag) == 0)
            return true;
    return false;
}

static bool is_eligible(const struct prompt_request *r, size_t i)
{
    const struct template_example *e = &r->template->examples[i];
    return !e->off && i != r->except && (r->select != SELECT_TAG || (r->tag && has_tag(e, r->tag)));
}

/* An example and what it is ordered by, the greatest first; equal ones in their order. */
struct ranked {
    double key;
    size_t example;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return (x->example > y->example) - (x->example < y->example);
}

/* The values of the query's variables, one a line: what likeness is about. */
static void subject(const struct template *t, const char *(*lookup)(void *, const char *),
                    void *ctx, struct str *out)
{
    const char **names;
    size_t n = template_query_vars(t, &names);
    for (size_t i = 0; i < n; i++) {
        const char *value = lookup(ctx, names[i]);
        str_puts(out, value ? value : "");
        str_putc(out, '\n');
    }
    free(names);
}

struct bm25 *prompt_similar_new(const struct template *t)
{
    struct bm25 *b = bm25_new();
    struct str text = STR_INIT;
    for (size_t i = 0; i < t->n_examples; i++) {
        struct example_ctx ctx = {t, &t->examples[i]};
        str_clear(&text);
        subject(t, example_value, &ctx, &text);
        bm25_add(b, str_cstr(&text), text.len);
    }
    str_free(&text);
    return b;
}

/* A score for each example, malloc'ed. */
static double *similarities(const struct prompt_request *r)
{
    double *scores = x_calloc(r->template->n_examples + 1, sizeof scores[0]);
    struct bm25 *own = r->similar ? NULL : prompt_similar_new(r->template);
    struct str query = STR_INIT;
    subject(r->template, query_value, (void *)r, &query);
    bm25_scores(r->similar ? r->similar : own, str_cstr(&query), query.len, scores);
    str_free(&query);
    bm25_free(own);
    return scores;
}

/* The examples that may be shown, ranked, into out (n_examples of room). At most k of them. */
static size_t rank(const struct prompt_request *r, size_t *out)
{
    const struct template *t = r->template;
    struct ranked *list = x_malloc((t->n_examples + 1) * sizeof list[0]);
    double *scores = r->select == SELECT_SIMILAR && r->k != 0 ? similarities(r) : NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->n_examples; i++) {
        if (!is_eligible(r, i))
            continue;
        list[n].example = i;
        list[n++].key = scores                       ? scores[i]
                        : r->select == SELECT_RANDOM ? rng_uniform(r->seed, 0, i, LANE_EXAMPLES)
                                                     : 0;
    }
    qsort(list, n, sizeof list[0], compare);
    if (r->k >= 0 && n > (size_t)r->k)
        n = (size_t)r->k;
    for (size_t i = 0; i < n; i++)
        out[i] = list[i].example;
    free(scores);
    free(list);
    return n;
}

/* From ranked to as they are shown. */
static void put_in_order(const struct prompt_request *r, size_t *examples, size_t n)
{
    if (r->select != SELECT_SIMILAR)
        return;
    for (size_t i = 0; i < n / 2; i++) {
        size_t other = examples[n - 1 - i];
        examples[n - 1 - i] = examples[i];
        examples[i] = other;
    }
}

size_t prompt_select(const struct prompt_request *r, size_t *out)
{
    size_t n = rank(r, out);
    put_in_order(r, out, n);
    return n;
}

/* ---- fitting --------------------------------------------------------------------------------- */

/* What is being assembled. */
struct making {
    const struct prompt_request *r;
    struct str instruction, query;
    size_t *examples; /* ranked, later in order; the first n are taken */
    size_t n;
    struct str *texts;                        /* of the examples, by rank */
    int64_t *tokens;                          /* of each when it does not begin the prompt */
    int64_t instruction_tokens, query_tokens; /* of the query likewise */
};

static int64_t count(const struct prompt_request *r, const struct str *text, bool at_beginning)
{
    return r->count && text->len ? r->count(r->ctx, text->data, text->len, at_beginning) : 0;
}

static int no_room(const struct making *m, int64_t query_tokens, struct err *err)
{
    return err_set(err, E_INPUT,
                   _("the instruction (%lld tokens) and the query (%lld) do not fit into the %d "
                     "tokens there are for the prompt; shorten them or make more room"),
                   (long long)m->instruction_tokens, (long long)query_tokens, m->r->budget_tokens);
}

/* Takes of the n ranked examples as many as fit, texts and all. */
static int take(struct making *m, size_t n, struct err *err)
{
    const struct prompt_request *r = m->r;
    const bool bare = m->instruction.len == 0; /* the first example begins the prompt */
    int64_t query_alone = count(r, &m->query, bare), sum = m->instruction_tokens;
    if (r->budget_tokens && sum + query_alone > r->budget_tokens)
        return no_room(m, query_alone, err);
    int64_t query = m->query_tokens = count(r, &m->query, false);
    if (query < r->reserve_query_tokens)
        query = r->reserve_query_tokens;
    int64_t first_more = 0; /* what the example that begins the prompt has more than elsewhere */
    size_t n_bytes = m->instruction.len + m->query.len;
    for (m->n = 0; m->n < n; m->n++) {
        struct str *text = &m->texts[m->n];
        if (expand_example(r, m->examples[m->n], text, err) != 0)
            return E_INPUT;
        int64_t tokens = m->tokens[m->n] = count(r, text, false);
        if (bare && r->count && (m->n == 0 || r->select == SELECT_SIMILAR))
            first_more = count(r, text, true) - tokens;
        if (r->budget_tokens && sum + tokens + first_more + query > r->budget_tokens)
            break;
        sum += tokens;
        n_bytes += text->len;
        if (n_bytes > LIMIT_PROMPT_BYTES)
            return err_set(err, E_INPUT, _("the prompt is longer than %u bytes, the most there is"),
                           LIMIT_PROMPT_BYTES);
    }
    return 0;
}

/* n_tokens: what it makes when it does not begin the prompt. */
static void add_part(struct prompt *p, const struct prompt_request *r, enum prompt_kind kind,
                     size_t example, const struct str *text, int64_t n_tokens)
{
    struct prompt_piece *part = &p->parts[p->n_parts];
    *part = (struct prompt_piece){.kind = kind,
                                  .example = example,
                                  .begin = p->text.len,
                                  .n = text->len,
                                  .n_tokens = (int)(p->n_parts ? n_tokens : count(r, text, true))};
    str_append(&p->text, text->data, text->len);
    p->n_tokens += part->n_tokens;
    p->n_parts++;
}

static void assemble(struct making *m, struct prompt *p)
{
    const struct prompt_request *r = m->r;
    p->parts = x_calloc(m->n + 2, sizeof p->parts[0]);
    if (m->instruction.len)
        add_part(p, r, PROMPT_INSTRUCTION, SIZE_MAX, &m->instruction, 0);
    for (size_t i = 0; i < m->n; i++) {
        size_t at = r->select == SELECT_SIMILAR ? m->n - 1 - i : i;
        add_part(p, r, PROMPT_EXAMPLE, m->examples[at], &m->texts[at], m->tokens[at]);
    }
    add_part(p, r, PROMPT_QUERY, SIZE_MAX, &m->query, m->query_tokens);
    p->k_used = (int)m->n;
}

int prompt_make(const struct prompt_request *r, struct prompt *out, struct err *err)
{
    const struct template *t = r->template;
    struct making m = {.r = r};
    size_t n = 0;
    int rc = expand_query(r, &m.query, err);
    if (!rc && t->instruction[0]) {
        str_puts(&m.instruction, t->instruction);
        str_puts(&m.instruction, t->separator);
        m.instruction_tokens = count(r, &m.instruction, true);
    }
    if (!rc && m.query.len + m.instruction.len > LIMIT_PROMPT_BYTES)
        rc = err_set(err, E_INPUT, _("the prompt is longer than %u bytes, the most there is"),
                     LIMIT_PROMPT_BYTES);
    if (!rc) {
        m.examples = x_malloc((t->n_examples + 1) * sizeof m.examples[0]);
        n = rank(r, m.examples);
        m.texts = x_calloc(n + 1, sizeof m.texts[0]);
        m.tokens = x_calloc(n + 1, sizeof m.tokens[0]);
        rc = take(&m, n, err);
    }
    if (!rc) {
        struct prompt p = {.k_asked = r->k < 0 ? SHOTS_FIT : (int)n};
        assemble(&m, &p);
        *out = p;
    }
    for (size_t i = 0; i < n; i++)
        str_free(&m.texts[i]);
    str_free(&m.instruction);
    str_free(&m.query);
    free(m.examples);
    free(m.texts);
    free(m.tokens);
    return rc;
}
