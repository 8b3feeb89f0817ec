/* template_page.c - see template_page.h. */
#include "config.h"

#include "src/template_page.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/query_line.h"
#include "src/shots.h"
#include "src/template_text.h"

static const struct {
    const char *word, *title;
} facets[N_TEMPLATE_FACETS] = {
    [FACET_PREVIEW] = {"prompt", N_("prompt")},
    [FACET_RESULT] = {"result", N_("result")},
    [FACET_TEXT] = {"text", N_("text")},
};

const char *template_page_title(enum template_facet facet)
{
    return _(facets[facet].title);
}

const char *template_facet_word(enum template_facet facet)
{
    return facets[facet].word;
}

bool template_facet_find(const char *word, enum template_facet *out)
{
    for (int i = 0; i < N_TEMPLATE_FACETS; i++) {
        if (strcmp(facets[i].word, word) == 0) {
            *out = (enum template_facet)i;
            return true;
        }
    }
    return false;
}

static enum ui_style style_of(enum prompt_kind kind)
{
    switch (kind) {
    case PROMPT_INSTRUCTION: return UI_INSTRUCTION;
    case PROMPT_EXAMPLE: return UI_EXAMPLE;
    default: return UI_QUERY;
    }
}

/* ---- the preview ----------------------------------------------------------------------------- */

/* "few-shot, 5 of 7 · 412/824 tokens" */
static void put_figures(const struct template *t, const struct prompt_request *request,
                        const struct prompt *prompt, struct str *out)
{
    str_puts(out, shots_mode_name(t));
    if (prompt->k_asked != 0)
        str_printf(out, _(", %d of %zu"), prompt->k_used, shots_available(t));
    if (request->budget_tokens > 0)
        str_printf(out, _(" · %d/%d tokens"), prompt->n_tokens, request->budget_tokens);
}

/* Which examples, and what stands in the way. */
static void put_choice(const struct template_page *p, const struct prompt_request *request,
                       const struct prompt *prompt, struct ui_text *out)
{
    if (prompt->k_asked == SHOTS_FIT)
        ui_printf(out, UI_DIM, _("as many examples as fit, %s\n"),
                  shots_selection_name(p->template));
    else if (prompt->k_asked > 0)
        ui_printf(out, UI_DIM, P_("%d example, %s\n", "%d examples, %s\n", prompt->k_asked),
                  prompt->k_asked, shots_selection_name(p->template));
    if (prompt->k_asked > 0 && prompt->k_used < prompt->k_asked)
        ui_printf(out, UI_ALARM,
                  P_("The context has room for %d of them.\n",
                     "The context has room for %d of them.\n", prompt->k_used),
                  prompt->k_used);
    if (request->budget_tokens == 0)
        ui_puts(out, UI_DIM,
                p->has_model ? _("This model's tokens cannot be counted.\n")
                             : _("Tokens are counted once a model is loaded.\n"));
}

static void put_label(const struct prompt_piece *piece, bool counted, struct ui_text *out)
{
    if (piece->kind == PROMPT_INSTRUCTION)
        ui_puts(out, UI_DIM, _("— instruction"));
    else if (piece->kind == PROMPT_EXAMPLE)
        ui_printf(out, UI_DIM, _("— example %zu"), piece->example + 1);
    else
        ui_puts(out, UI_DIM, _("— query"));
    if (counted)
        ui_printf(out, UI_DIM, P_(" · %d token", " · %d tokens", (unsigned long)piece->n_tokens),
                  piece->n_tokens);
    ui_puts(out, UI_DIM, "\n");
}

/* Each part under its label; the line breaks at its end are the separator's, seen as they are. */
static void put_parts(const struct prompt *prompt, bool counted, struct ui_text *out, size_t *query)
{
    for (size_t i = 0; i < prompt->n_parts; i++) {
        const struct prompt_piece *piece = &prompt->parts[i];
        const char *text = str_cstr(&prompt->text) + piece->begin;
        if (piece->n == 0)
            continue;
        if (piece->kind == PROMPT_QUERY)
            *query = ui_text_length(out);
        put_label(piece, counted, out);
        ui_put(out, style_of(piece->kind), text, piece->n);
        if (text[piece->n - 1] != '\n')
            ui_puts(out, UI_PLAIN, "\n");
    }
}

/* What is missing stands there as {{name}}, and is told. */
static size_t fill(const struct template_page *p, struct template_field **fields,
                   struct ui_text *out)
{
    size_t n = query_line_parse(p->template, p->line, fields), n_given = n;
    const char *missing;
    for (size_t i = 0; (missing = query_line_missing(p->template, *fields, n_given, i)) != NULL;
         i++) {
        struct str shown = STR_INIT;
        str_printf(&shown, "{{%s}}", missing);
        ui_printf(out, UI_DIM, i == 0 ? _("Enter asks for %s") : ", %s", missing);
        *fields = x_realloc(*fields, (n + 1) * sizeof **fields);
        (*fields)[n++] = (struct template_field){x_strdup(missing), str_take(&shown)};
    }
    if (n > n_given)
        ui_puts(out, UI_DIM, "\n");
    return n;
}

void template_page_preview(const struct template_page *p, struct ui_text *out, struct str *figures,
                           size_t *query)
{
    struct prompt_request request;
    struct prompt prompt;
    struct err err = ERR_INIT;
    struct template_field *fields;
    struct ui_text *missing = ui_text_new();
    template_run_request(p->run, p->template, p->draw, &request);
    request.similar = p->similar;
    request.n_fields = fill(p, &fields, missing);
    request.fields = fields;
    if (prompt_make(&request, &prompt, &err) == 0) {
        put_figures(p->template, &request, &prompt, figures);
        put_choice(p, &request, &prompt, out);
        ui_puts(out, UI_DIM, ui_text_bytes(missing));
        put_parts(&prompt, request.count != NULL, out, query);
        prompt_free(&prompt);
    } else {
        ui_printf(out, UI_ALARM, "%s\n", err.msg);
    }
    ui_text_free(missing);
    query_fields_free(fields, request.n_fields);
}

/* ---- the result ------------------------------------------------------------------------------ */

static void put_end(const struct template_run_result *r, struct ui_text *out)
{
    if (r->reason[0] == '\0')
        return;
    ui_puts(out, UI_PLAIN, "\n");
    if (r->error[0]) {
        ui_printf(out, UI_ALARM, "%s\n", r->error);
        return;
    }
    if (strcmp(r->reason, "length") == 0)
        ui_puts(out, UI_DIM, _("— reached the length set"));
    else if (strcmp(r->reason, "cancelled") == 0)
        ui_puts(out, UI_DIM, _("— was stopped"));
    else
        ui_puts(out, UI_DIM, _("— ended"));
    if (r->chars_per_s > 0)
        ui_printf(out, UI_DIM, _(" · %.1f chars/s"), (double)r->chars_per_s);
    ui_puts(out, UI_DIM, "\n");
}

void template_page_result(const struct template_run_result *r, struct ui_text *out)
{
    for (size_t i = 0; r->prompt && i < r->prompt->n_parts; i++) {
        const struct prompt_piece *piece = &r->prompt->parts[i];
        ui_put(out, style_of(piece->kind), str_cstr(&r->prompt->text) + piece->begin, piece->n);
    }
    ui_put(out, UI_BY_MODEL, r->text, r->n_text);
    put_end(r, out);
}

/* ---- the template ---------------------------------------------------------------------------- */

void template_page_text(const struct template *t, struct ui_text *out)
{
    struct str text = STR_INIT;
    template_print(t, &text);
    for (const char *s = str_cstr(&text); *s;) {
        const char *newline = strchr(s, '\n');
        size_t n = newline ? (size_t)(newline - s) + 1 : strlen(s);
        bool heading = strncmp(s, "== ", 3) == 0 || strncmp(s, "-- ", 3) == 0;
        ui_put(out, heading ? UI_STRONG : UI_PLAIN, s, n);
        s += n;
    }
    str_free(&text);
}

struct values {
    const struct template *t;
    const struct template_example *e;
};

static const char *look_up(void *ctx, const char *name)
{
    const struct values *v = ctx;
    const char *value = template_example_value(v->e, name);
    for (size_t i = 0; !value && i < v->t->n_vars; i++)
        if (strcmp(v->t->vars[i].name, name) == 0)
            value = v->t->vars[i].def;
    return value;
}

void template_page_example(const struct template *t, size_t i, struct ui_text *out)
{
    const struct template_example *e = &t->examples[i];
    struct values values = {t, e};
    struct str text = STR_INIT;
    struct err err = ERR_INIT;
    if (e->off)
        ui_puts(out, UI_ALARM, _("It is off: the model never sees it.\n"));
    for (size_t k = 0; k < e->n_tags; k++)
        ui_printf(out, UI_STRONG, "%s#%s", k ? " " : "", e->tags[k]);
    if (e->n_tags)
        ui_puts(out, UI_PLAIN, "\n");
    if (e->note && e->note[0])
        ui_printf(out, UI_DIM, "%s\n", e->note);
    if (e->source && e->source[0])
        ui_printf(out, UI_DIM, _("from %s\n"), e->source);
    if (ui_text_length(out) > 0)
        ui_puts(out, UI_PLAIN, "\n");
    if (prompt_expand(t->example_format, look_up, &values, false, &text, &err) == 0)
        ui_put(out, UI_EXAMPLE, str_cstr(&text), text.len);
    else
        ui_printf(out, UI_ALARM, "%s\n", err.msg);
    str_free(&text);
}
