/* history_page.c - see history_page.h. */
#include "config.h"

#include "src/history_page.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/dates.h"
#include "src/diff.h"

enum { BEFORE_BYTES = 600, N_WORDS = 16 };

static const struct {
    const char *word, *title;
} facets[N_HISTORY_FACETS] = {
    [FACET_OUTPUT] = {"output", N_("what it wrote")},
    [FACET_PROMPT] = {"prompt", N_("the exact prompt")},
    [FACET_SETTINGS] = {"settings", N_("model and settings")},
    [FACET_TOKENS] = {"tokens", N_("tokens")},
};

const char *history_facet_title(enum history_facet facet)
{
    return _(facets[facet].title);
}

const char *history_facet_word(enum history_facet facet)
{
    return facets[facet].word;
}

bool history_facet_find(const char *word, enum history_facet *out)
{
    for (int i = 0; i < N_HISTORY_FACETS; i++) {
        if (strcmp(facets[i].word, word) == 0) {
            *out = (enum history_facet)i;
            return true;
        }
    }
    return false;
}

const char *history_record_where(const struct history_record *r)
{
    if (r->template)
        return r->template;
    if (r->story_title && r->story_title[0])
        return r->story_title;
    return r->story ? _("untitled") : r->origin;
}

/* ---- matches --------------------------------------------------------------------------------- */

struct words {
    struct {
        const char *s;
        size_t n;
    } word[N_WORDS];
    size_t n;
    struct ui_text *out;
    size_t *reveal;
};

/* The words of a search that may be seen in a text: phrases without their quotes, no "-word". */
static void split(struct words *w, const char *text)
{
    for (const char *s = text ? text : ""; *s && w->n < N_WORDS;) {
        s += strspn(s, " ");
        bool quoted = *s == '"', not = *s == '-';
        s += quoted;
        size_t n = strcspn(s, quoted ? "\"" : " "), full = n;
        while (!quoted && n > 0 && s[n - 1] == '*')
            n--;
        if (n > 0 && !not ) {
            w->word[w->n].s = s;
            w->word[w->n++].n = n;
        }
        s += full;
        s += *s == '"';
    }
}

/* Bytes of the word that begins at s, 0: none does. Letters of ASCII match in either case. */
static size_t match(const struct words *w, const char *s, size_t n)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->word[i].n <= n && strncasecmp(s, w->word[i].s, w->word[i].n) == 0)
            return w->word[i].n;
    return 0;
}

static void put_matched(const struct words *w, enum ui_style style, const char *text, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; w->n > 0 && i < n;) {
        size_t hit = match(w, text + i, n - i);
        if (hit == 0) {
            i++;
            continue;
        }
        ui_put(w->out, style, text + from, i - from);
        if (w->reveal && *w->reveal == SIZE_MAX)
            *w->reveal = ui_text_length(w->out);
        ui_put(w->out, UI_MATCH, text + i, hit);
        i = from = i + hit;
    }
    ui_put(w->out, style, text + from, n - from);
}

/* A field that the record may lack. */
static const char *told(const char *text)
{
    return text ? text : "-";
}

/* ---- what it wrote --------------------------------------------------------------------------- */

static const char *reason_text(const struct history_record *r)
{
    static const struct {
        const char *reason, *text;
    } texts[] = {{"eos", N_("the model ended it")}, {"length", N_("reached the length set")},
                 {"stop", N_("reached a stop")},    {"cancelled", N_("was stopped")},
                 {"deadline", N_("out of time")},   {"error", N_("failed")}};
    for (size_t i = 0; r->reason && i < ARRAY_LEN(texts); i++)
        if (strcmp(texts[i].reason, r->reason) == 0)
            return _(texts[i].text);
    return r->reason ? r->reason : _("not ended");
}

static void put_head(const struct history_record *r, const struct words *w)
{
    char date[DATE_TEXT];
    size_t n_chars = utf8_count(r->text, r->n_text);
    ui_printf(w->out, UI_DIM, "%s · %s · ", date_local(r->started_ms, date), told(r->model_name));
    ui_printf(w->out, UI_DIM, P_("%zu character", "%zu characters", n_chars), n_chars);
    if (r->decode_us > 0)
        ui_printf(w->out, UI_DIM, _(" · %.1f chars/s"),
                  (double)n_chars * 1e6 / (double)r->decode_us);
    ui_printf(w->out, UI_DIM, " · %s\n", reason_text(r));
    if (r->error)
        ui_printf(w->out, UI_ALARM, "%s\n", r->error);
    if (r->template)
        ui_printf(w->out, UI_DIM, _("template %s, version %lld, %d of %d examples\n"), r->template,
                  (long long)r->template_number, r->k_used,
                  r->k_asked < 0 ? r->k_used : r->k_asked);
    for (size_t i = 0; i < r->n_tags; i++)
        ui_printf(w->out, UI_STRONG, "%s#%s", i ? " " : "", r->tags[i]);
    if (r->n_tags)
        ui_puts(w->out, UI_PLAIN, "\n");
    if (r->note && r->note[0]) {
        put_matched(w, UI_STRONG, r->note, strlen(r->note));
        ui_puts(w->out, UI_PLAIN, "\n");
    }
    ui_puts(w->out, UI_PLAIN, "\n");
}

/* The end of what it went on from. */
static void put_before(const struct history_record *r, const struct words *w)
{
    if (r->n_prompt == 0)
        return;
    const struct history_part *last = &r->prompt[r->n_prompt - 1];
    size_t from = last->n_text > BEFORE_BYTES
                      ? utf8_floor(last->text, last->n_text, last->n_text - BEFORE_BYTES)
                      : 0;
    if (from)
        ui_puts(w->out, UI_DIM, "…");
    put_matched(w, r->template ? UI_QUERY : UI_BY_AUTHOR, last->text + from, last->n_text - from);
}

static void put_output(const struct history_page *p, const struct words *w)
{
    const struct history_record *r = p->record;
    put_head(r, w);
    put_before(r, w);
    put_matched(w, UI_BY_MODEL, r->text, r->n_text);
}

/* ---- the prompt ------------------------------------------------------------------------------ */

/* Parts of a template's prompt in the order of prompt.h; passages in turns of two looks. */
static enum ui_style part_style(const struct history_record *r, size_t i)
{
    if (!r->template)
        return i % 2 ? UI_BY_AUTHOR : UI_PLAIN;
    if (i + 1 == r->n_prompt)
        return UI_QUERY;
    size_t n_examples = r->k_used > 0 ? (size_t)r->k_used : 0;
    return i + 1 + n_examples >= r->n_prompt ? UI_EXAMPLE : UI_INSTRUCTION;
}

static void put_prompt(const struct history_page *p, const struct words *w)
{
    const struct history_record *r = p->record;
    ui_printf(w->out, UI_DIM, P_("%lld token", "%lld tokens", (unsigned long)r->n_prompt_tokens),
              (long long)r->n_prompt_tokens);
    ui_printf(w->out, UI_DIM, P_(" in %zu part", " in %zu parts", r->n_prompt), r->n_prompt);
    if (r->n_reused > 0)
        ui_printf(w->out, UI_DIM, _(", %lld of them known already"), (long long)r->n_reused);
    ui_puts(w->out, UI_DIM, "\n");
    if (r->n_dropped > 0)
        ui_printf(w->out, UI_ALARM,
                  P_("The model did not see the first %d token.\n",
                     "The model did not see the first %d tokens.\n", (unsigned long)r->n_dropped),
                  r->n_dropped);
    ui_puts(w->out, UI_DIM, "\n");
    for (size_t i = 0; i < r->n_prompt; i++)
        put_matched(w, part_style(r, i), r->prompt[i].text, r->prompt[i].n_text);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void put_value(struct str *out, const json_t *value)
{
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    str_puts(out, json_is_string(value) ? json_string_value(value) : text ? text : "");
    free(text);
}

static void put_line(struct ui_text *out, const char *name, const char *value)
{
    ui_printf(out, UI_STRONG, "%-20s ", name);
    ui_printf(out, UI_PLAIN, "%s\n", value ? value : "");
}

static void put_number(struct ui_text *out, const char *name, long long value)
{
    ui_printf(out, UI_STRONG, "%-20s ", name);
    ui_printf(out, UI_PLAIN, "%lld\n", value);
}

static void put_settings(const struct history_page *p, struct ui_text *out)
{
    const struct history_record *r = p->record;
    const char *name;
    json_t *value, *all = r->settings ? json_loads(r->settings, 0, NULL) : NULL;
    put_line(out, "model", r->model_name);
    put_line(out, "type", r->model_type);
    put_line(out, "path", r->model_path);
    put_line(out, "identity", r->model_identity);
    put_line(out, "tokenizer", r->tokenizer);
    ui_printf(out, UI_STRONG, "%-20s ", "seed");
    ui_printf(out, UI_PLAIN, _("%llu, take %u\n"), (unsigned long long)r->seed, r->stream);
    put_line(out, "origin", r->origin);
    put_line(out, "ended", reason_text(r));
    put_number(out, "prompt tokens", r->n_prompt_tokens);
    put_number(out, "reused tokens", r->n_reused);
    put_number(out, "tokens", (long long)r->n_ids);
    put_number(out, "reading ms", r->prefill_us / 1000);
    put_number(out, "writing ms", r->decode_us / 1000);
    ui_puts(out, UI_PLAIN, "\n");
    json_object_foreach(all, name, value)
    {
        struct str text = STR_INIT;
        put_value(&text, value);
        put_line(out, name, str_cstr(&text));
        str_free(&text);
    }
    json_decref(all);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* The piece in one line, between bars so that blanks are seen. */
static void put_piece(const struct history_page *p, size_t i, struct str *out)
{
    const struct history_record *r = p->record;
    size_t n;
    const char *piece = tokenizer_piece(p->tokenizer, r->ids[i], true, &n);
    str_putc(out, '|');
    for (size_t k = 0; k < n; k++) {
        if (piece[k] == '\n')
            str_puts(out, "\\n");
        else
            str_putc(out, piece[k]);
    }
    str_putc(out, '|');
}

static void put_tokens(const struct history_page *p, struct ui_text *out)
{
    const struct history_record *r = p->record;
    bool pieces = p->tokenizer && p->tokenizer_identity && r->tokenizer &&
                  strcmp(p->tokenizer_identity, r->tokenizer) == 0;
    if (!pieces)
        ui_puts(out, UI_ALARM,
                _("The model in use has another tokenizer: only the numbers are shown.\n"));
    ui_printf(out, UI_DIM, "%5s %8s %9s\n", _("no."), _("token"), _("chance"));
    for (size_t i = 0; i < r->n_ids; i++) {
        double chance = i < r->n_logprobs ? exp((double)r->logprobs[i]) : NAN;
        struct str piece = STR_INIT;
        if (pieces && r->ids[i] >= 0 && r->ids[i] < tokenizer_count(p->tokenizer))
            put_piece(p, i, &piece);
        ui_printf(out, UI_DIM, "%5zu %8d ", i + 1, r->ids[i]);
        if (isnan(chance))
            ui_puts(out, UI_DIM, "        ?");
        else
            ui_printf(out, chance < 0.01 ? UI_ALARM : UI_PLAIN, "%7.2f %%", chance * 100);
        ui_printf(out, UI_BY_MODEL, "  %s\n", str_cstr(&piece));
        str_free(&piece);
    }
}

void history_page_put(const struct history_page *p, struct ui_text *out, size_t *reveal)
{
    struct words w = {.out = out, .reveal = reveal};
    split(&w, p->words);
    switch (p->facet) {
    case FACET_OUTPUT: put_output(p, &w); break;
    case FACET_PROMPT: put_prompt(p, &w); break;
    case FACET_SETTINGS: put_settings(p, out); break;
    default: put_tokens(p, out); break;
    }
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void put_change(const char *name, const char *a, const char *b, struct ui_text *out)
{
    if (strcmp(a, b) == 0)
        return;
    ui_printf(out, UI_STRONG, "%s ", name);
    ui_printf(out, UI_REMOVED, "%s", a);
    ui_puts(out, UI_DIM, " → ");
    ui_printf(out, UI_ADDED, "%s", b);
    ui_puts(out, UI_PLAIN, "\n");
}

/* Names of both, each once: those of `a`, then those only `b` has. */
static void compare_settings(json_t *a, json_t *b, bool only_missing, struct ui_text *out)
{
    const char *name;
    json_t *value;
    json_object_foreach(a, name, value)
    {
        const json_t *other = json_object_get(b, name);
        struct str x = STR_INIT, y = STR_INIT;
        if (only_missing && other)
            continue;
        put_value(&x, value);
        if (other)
            put_value(&y, other);
        if (only_missing)
            put_change(name, str_cstr(&y), str_cstr(&x), out);
        else
            put_change(name, str_cstr(&x), str_cstr(&y), out);
        str_free(&x);
        str_free(&y);
    }
}

static void put_run(const struct diff_run *run, const char *a, const char *b, bool plain,
                    struct ui_text *out)
{
    switch (run->kind) {
    case DIFF_SAME: ui_put(out, UI_PLAIN, a + run->a_begin, run->a_end - run->a_begin); break;
    case DIFF_REMOVED:
        ui_puts(out, UI_DIM, plain ? "[-" : "");
        ui_put(out, UI_REMOVED, a + run->a_begin, run->a_end - run->a_begin);
        ui_puts(out, UI_DIM, plain ? "-]" : "");
        break;
    case DIFF_ADDED:
        ui_puts(out, UI_DIM, plain ? "{+" : "");
        ui_put(out, UI_ADDED, b + run->b_begin, run->b_end - run->b_begin);
        ui_puts(out, UI_DIM, plain ? "+}" : "");
        break;
    }
}

void history_page_compare(const struct history_record *a, const struct history_record *b,
                          bool plain, struct ui_text *out)
{
    json_t *of_a = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    json_t *of_b = b->settings ? json_loads(b->settings, 0, NULL) : NULL;
    char date_a[DATE_TEXT], date_b[DATE_TEXT], seed_a[32], seed_b[32];
    struct diff d;

    put_change(_("when"), date_local(a->started_ms, date_a), date_local(b->started_ms, date_b),
               out);
    put_change("model", told(a->model_name), told(b->model_name), out);
    put_change("template", told(a->template), told(b->template), out);
    snprintf(seed_a, sizeof seed_a, "%llu/%u", (unsigned long long)a->seed, a->stream);
    snprintf(seed_b, sizeof seed_b, "%llu/%u", (unsigned long long)b->seed, b->stream);
    put_change("seed", seed_a, seed_b, out);
    compare_settings(of_a, of_b, false, out);
    compare_settings(of_b, of_a, true, out);
    json_decref(of_a);
    json_decref(of_b);
    ui_puts(out, UI_PLAIN, "\n");

    diff_texts(a->text ? a->text : "", a->n_text, b->text ? b->text : "", b->n_text, &d);
    diff_tidy(&d, a->text ? a->text : "");
    for (size_t i = 0; i < d.n_runs; i++)
        put_run(&d.runs[i], a->text, b->text, plain, out);
    diff_free(&d);
}
