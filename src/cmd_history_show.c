/* cmd_history_show.c - `xuxie history show`: everything known of one generation. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "src/dates.h"
#include "src/history_cli.h"
#include "src/models.h"
#include "src/output.h"

/* ---- facts ----------------------------------------------------------------------------------- */

/* "  name      value": columns of the name whatever its script. */
static void begin_fact(const char *name)
{
    int width = (int)uwidth_str(name, strlen(name));
    output_style(STYLE_FAINT);
    output_printf("  %s", name);
    output_style(STYLE_PLAIN);
    output_printf("%*s", width < 10 ? 11 - width : 1, "");
}

static void fact(const char *name, const char *value)
{
    begin_fact(name);
    output_text(value, strlen(value), false);
    output_puts("\n");
}

static void tell_where(const struct history_record *r)
{
    if (r->story) {
        struct str s = STR_INIT;
        bool titled = r->story_title && r->story_title[0];
        str_printf(&s, _("%s (number %lld)"), titled ? r->story_title : _("untitled"),
                   (long long)r->story);
        if (r->node)
            str_printf(&s, _(", passage %lld"), (long long)r->node);
        fact(_("story"), str_cstr(&s));
        str_free(&s);
    }
    if (r->template_version) {
        struct str s = STR_INIT;
        str_printf(&s, _("%s, version %lld"), r->template ? r->template : "?",
                   (long long)r->template_number);
        if (r->k_used >= 0)
            str_printf(&s, P_(", %d example", ", %d examples", r->k_used), r->k_used);
        if (r->k_asked >= 0 && r->k_asked != r->k_used)
            str_printf(&s, _(" of %d asked for"), r->k_asked);
        fact(_("template"), str_cstr(&s));
        str_free(&s);
    }
}

static void tell_tokens(const struct history_record *r)
{
    begin_fact(_("prompt"));
    output_printf(P_("%lld token", "%lld tokens", r->n_prompt_tokens),
                  (long long)r->n_prompt_tokens);
    if (r->n_reused)
        output_printf(_(", %lld of them known already"), (long long)r->n_reused);
    if (r->n_dropped)
        output_printf(_(", %d cut off before them"), r->n_dropped);
    output_printf(_(", read in %.3f s\n"), (double)r->prefill_us / 1e6);
    begin_fact(_("written"));
    output_printf(P_("%zu token", "%zu tokens", r->n_ids), r->n_ids);
    output_printf(_(" in %.3f s"), (double)r->decode_us / 1e6);
    if (r->decode_us > 0)
        output_printf(_(", %.1f a second"), (double)r->n_ids * 1e6 / (double)r->decode_us);
    output_puts("\n");
}

static void tell_marks(const struct history_record *r)
{
    struct str tags = STR_INIT;
    for (size_t i = 0; i < r->n_tags; i++)
        str_printf(&tags, "%s%s", i ? ", " : "", r->tags[i]);
    if (r->n_tags)
        fact(_("tags"), str_cstr(&tags));
    if (r->note && r->note[0])
        fact(_("note"), r->note);
    str_free(&tags);
}

static void tell_facts(const struct history_record *r)
{
    char when[DATE_TEXT], number[64];
    struct str s = STR_INIT;
    output_style(STYLE_STRONG);
    output_printf(_("generation %lld"), (long long)r->generation);
    output_puts(r->starred ? " ★\n" : "\n");
    output_style(STYLE_PLAIN);
    fact(_("begun"), date_local(r->started_ms, when));
    fact(_("made by"), r->origin);
    tell_where(r);
    str_printf(&s, "%s (%s)", r->model_name ? r->model_name : "?",
               r->model_type ? r->model_type : "?");
    fact(_("model"), str_cstr(&s));
    snprintf(number, sizeof number, "%llu", (unsigned long long)r->seed);
    fact(_("seed"), number);
    tell_tokens(r);
    str_clear(&s);
    str_puts(&s, history_reason(r->reason));
    if (r->error)
        str_printf(&s, ": %s", r->error);
    fact(_("ended"), str_cstr(&s));
    tell_marks(r);
    str_free(&s);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void tell_settings(const struct history_record *r)
{
    json_t *settings = history_settings(r);
    const char *name;
    json_t *value;
    json_object_foreach(settings, name, value)
    {
        struct str s = STR_INIT;
        history_value_text(value, &s);
        output_text(name, strlen(name), false);
        output_puts(" = ");
        output_text(str_cstr(&s), s.len, false);
        output_puts("\n");
        str_free(&s);
    }
    json_decref(settings);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* The tokenizer that the tokens belong to, wherever a model with it lies. */
struct wanted {
    const char *identity;
    struct weights *weights;
    struct tokenizer *tokenizer;
};

static void try_model(struct wanted *w, const char *path)
{
    struct weights *weights = NULL;
    struct tokenizer *tokenizer = NULL;
    char identity[33];
    if (w->tokenizer || weights_open(path, &weights, NULL) != 0)
        return;
    if (tokenizer_from_weights(weights, &tokenizer, NULL) == 0)
        tokenizer_identity(tokenizer, identity);
    if (tokenizer && strcmp(identity, w->identity) == 0) {
        w->weights = weights;
        w->tokenizer = tokenizer;
        return;
    }
    tokenizer_free(tokenizer);
    weights_close(weights);
}

static void try_entry(void *ctx, const struct model_entry *m)
{
    try_model(ctx, m->path);
}

/* Each token on its line, also one that is a line break or half a character. */
static void print_piece(const char *piece, size_t n)
{
    struct str s = STR_INIT;
    while (n) {
        uint32_t cp = 0;
        size_t len = utf8_decode(piece, n, &cp);
        unsigned char c = (unsigned char)*piece;
        if (len && cp == '\n')
            str_puts(&s, "\\n");
        else if (!len || cp < 0x20 || cp == 0x7F)
            str_printf(&s, "\\x%02X", c);
        else
            str_append(&s, piece, len);
        piece += len ? len : 1;
        n -= len ? len : 1;
    }
    output_puts("\"");
    output_text(str_cstr(&s), s.len, false);
    output_puts("\"");
    str_free(&s);
}

static void tell_token_table(const struct history_record *r)
{
    struct wanted w = {.identity = r->tokenizer ? r->tokenizer : ""};
    if (r->n_ids && r->model_path)
        try_model(&w, r->model_path);
    if (r->n_ids && w.identity[0])
        models_each(try_entry, &w);
    if (r->n_ids && !w.tokenizer)
        output_note("%s", _("No model here has the tokenizer of these tokens: they are shown as "
                            "numbers only."));
    for (size_t i = 0; i < r->n_ids && output_ok(); i++) {
        double logprob = i < r->n_logprobs ? (double)r->logprobs[i] : (double)NAN;
        size_t n = 0;
        output_printf("%6zu %8d ", i + 1, (int)r->ids[i]);
        if (isnan(logprob))
            output_puts("                   ");
        else
            output_printf("%9.3f %8.2f%% ", logprob, exp(logprob) * 100);
        if (w.tokenizer && r->ids[i] >= 0 && r->ids[i] < tokenizer_count(w.tokenizer)) {
            const char *piece = tokenizer_piece(w.tokenizer, r->ids[i], true, &n);
            print_piece(piece, n);
        }
        output_puts("\n");
    }
    tokenizer_free(w.tokenizer);
    weights_close(w.weights);
}

/* ---- the command ----------------------------------------------------------------------------- */

static void tell_prompt(const struct history_record *r, bool raw)
{
    for (size_t i = 0; i < r->n_prompt; i++)
        output_text(r->prompt[i].text, r->prompt[i].n_text, raw);
}

/* A text that does not end with a newline must not spoil the shell's prompt. */
static void end_on_tty(bool ends_with_newline)
{
    if (output_is_tty() && !ends_with_newline)
        output_puts("\n");
}

static bool ends_well(const char *text, size_t n)
{
    return n && text[n - 1] == '\n';
}

static void tell(const struct history_record *r, const struct flags *f)
{
    const struct history_part *last = r->n_prompt ? &r->prompt[r->n_prompt - 1] : NULL;
    if (f->json) {
        output_json(history_json(r));
    } else if (f->prompt) {
        tell_prompt(r, f->raw);
        end_on_tty(last && ends_well(last->text, last->n_text));
    } else if (f->text) {
        output_text(r->text, r->n_text, f->raw);
        end_on_tty(ends_well(r->text, r->n_text));
    } else if (f->tell_settings) {
        tell_settings(r);
    } else if (f->tokens) {
        tell_token_table(r);
    } else {
        tell_facts(r);
        output_puts("\n");
        output_text(r->text, r->n_text, f->raw);
        if (!ends_well(r->text, r->n_text))
            output_puts("\n");
    }
}

static int show(struct store *store, const struct cli *cli, struct err *err)
{
    struct history_record *r;
    int rc = history_load_arg(store, cli->args[0], &r, err);
    if (rc)
        return rc;
    tell(r, &cli->flags);
    history_record_free(r);
    return 0;
}

static int run_show(struct cli *cli)
{
    const struct flags *f = &cli->flags;
    if (f->json + f->prompt + f->text + f->tell_settings + f->tokens > 1)
        return cli_usage(cli->command,
                         _("give one of --json, --prompt, --text, --settings, --tokens"));
    return history_run(cli, false, show);
}

const struct subcommand command_history_show = {
    .name = "history show",
    .arguments = N_("NUMBER"),
    .help = N_("Show one generation: what was written, from what, and how"),
    .about =
        N_("Without an option: the facts, then what was written. With one, only that: the exact "
           "prompt, the text, the settings, or a table of the tokens with the natural logarithm "
           "of their probability and the probability itself. --json tells everything."),
    .bit = CMD_HISTORY_SHOW,
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
};
