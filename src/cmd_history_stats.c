/* cmd_history_stats.c - `xuxie history stats`: how much was generated, with what and when; and the
 * index of the search built anew. */
#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/uwidth.h"
#include "src/dates.h"
#include "src/history_cli.h"
#include "src/interrupt.h"
#include "src/json_text.h"
#include "src/output.h"

enum { NAME_COLUMNS = 28 };

/* N_(): the headings; keys of the JSON. */
static const struct {
    enum history_group_by by;
    const char *heading, *key;
} breakdowns[] = {
    {HISTORY_BY_MODEL, N_("by model"), "models"},
    {HISTORY_BY_TEMPLATE, N_("by template"), "templates"},
    {HISTORY_BY_MONTH, N_("by month"), "months"},
};

static double per_second(int64_t n, int64_t us)
{
    return us > 0 ? (double)n * 1e6 / (double)us : 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void row(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void row(const char *name, const char *fmt, ...)
{
    struct str s = STR_INIT;
    int width = (int)uwidth_str(name, strlen(name));
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&s, fmt, ap);
    va_end(ap);
    output_printf("  %s%*s%s\n", name, width < NAME_COLUMNS - 2 ? NAME_COLUMNS - 2 - width : 1, "",
                  str_cstr(&s));
    str_free(&s);
}

static void tell_totals(const struct history_stats *s)
{
    char from[DATE_TEXT], to[DATE_TEXT];
    row(_("generations"), _("%lld, %lld with a star"), (long long)s->n_generations,
        (long long)s->n_starred);
    if (s->n_generations)
        row(_("begun"), _("%s to %s"), date_local(s->first_ms, from), date_local(s->last_ms, to));
    row(_("characters written"), "%lld", (long long)s->n_chars);
    row(_("tokens written"), _("%lld, %.1f a second"), (long long)s->n_tokens,
        per_second(s->n_tokens, s->decode_us));
    row(_("tokens read"), _("%lld, %lld of them known already; %.1f a second"),
        (long long)s->n_prompt_tokens, (long long)s->n_reused,
        per_second(s->n_prompt_tokens - s->n_reused, s->prefill_us));
    row(_("stories"), _("%lld, %lld passages"), (long long)s->n_stories, (long long)s->n_passages);
    row(_("templates"), "%lld", (long long)s->n_templates);
    row(_("database"), "%.1f MB", (double)s->database_bytes / 1e6);
}

/* Text that ends at a column, whatever its script. */
static void cell(const char *text, int columns)
{
    int width = (int)uwidth_str(text, strlen(text));
    output_printf("%*s%s", width < columns ? columns - width : 1, "", text);
}

static void number_cell(int64_t value, int columns)
{
    output_printf(" %*lld", columns - 1, (long long)value);
}

static void tell_heading(const char *heading)
{
    int width = (int)uwidth_str(heading, strlen(heading));
    output_style(STYLE_FAINT);
    output_printf("%s%*s", heading, width < NAME_COLUMNS ? NAME_COLUMNS - width : 1, "");
    cell(_("generations"), 12);
    cell(_("characters"), 14);
    cell(_("tokens"), 14);
    cell(_("tokens/s"), 12);
    output_style(STYLE_PLAIN);
    output_puts("\n");
}

static void tell_group(const struct history_group *g)
{
    const char *name = g->name[0] ? g->name : _("(none)");
    int width = (int)uwidth_str(name, strlen(name)) + 2;
    output_puts("  ");
    output_text(name, strlen(name), false);
    output_printf("%*s", width < NAME_COLUMNS ? NAME_COLUMNS - width : 1, "");
    number_cell(g->n_generations, 12);
    number_cell(g->n_chars, 14);
    number_cell(g->n_tokens, 14);
    output_printf(" %11.1f\n", per_second(g->n_tokens, g->decode_us));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *group_json(const struct history_group *g)
{
    json_t *o = json_object();
    json_set_text(o, "name", g->name, strlen(g->name));
    json_object_set_new(o, "generations", json_integer(g->n_generations));
    json_object_set_new(o, "characters", json_integer(g->n_chars));
    json_object_set_new(o, "tokens", json_integer(g->n_tokens));
    json_object_set_new(o, "decode_ms", json_real((double)g->decode_us / 1e3));
    return o;
}

static json_t *totals_json(const struct history_stats *s)
{
    char first[DATE_TEXT], last[DATE_TEXT];
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "generations",
                          (json_int_t)s->n_generations, "starred", (json_int_t)s->n_starred,
                          "characters", (json_int_t)s->n_chars, "tokens", (json_int_t)s->n_tokens,
                          "prompt_tokens", (json_int_t)s->n_prompt_tokens, "reused_tokens",
                          (json_int_t)s->n_reused, "decode_ms", (double)s->decode_us / 1e3,
                          "prefill_ms", (double)s->prefill_us / 1e3);
    if (s->n_generations) {
        json_object_set_new(o, "first", json_string(date_iso(s->first_ms, first)));
        json_object_set_new(o, "last", json_string(date_iso(s->last_ms, last)));
    }
    json_object_set_new(o, "stories", json_integer(s->n_stories));
    json_object_set_new(o, "passages", json_integer(s->n_passages));
    json_object_set_new(o, "template_count", json_integer(s->n_templates));
    json_object_set_new(o, "database_bytes", json_integer(s->database_bytes));
    return o;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool on_reindex(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    output_progress(_("indexing %lld of %lld"), (long long)done, (long long)total);
    return !interrupt_signal();
}

static int breakdown(struct store *store, const struct history_filter *filter, size_t i,
                     json_t *json, struct err *err)
{
    struct history_group *groups;
    size_t n;
    int rc = history_get_groups(store, filter, breakdowns[i].by, &groups, &n, err);
    if (rc)
        return rc;
    json_t *list = json_array();
    if (!json && n)
        tell_heading(_(breakdowns[i].heading));
    for (size_t k = 0; k < n; k++) {
        if (json)
            json_array_append_new(list, group_json(&groups[k]));
        else
            tell_group(&groups[k]);
    }
    if (json)
        json_object_set(json, breakdowns[i].key, list);
    json_decref(list);
    history_groups_free(groups, n);
    return 0;
}

static int stats(struct store *store, const struct cli *cli, struct err *err)
{
    struct history_filter filter;
    struct history_stats s;
    int rc = history_filter_of(&cli->flags, &filter, err);
    if (!rc && cli->flags.reindex) {
        output_progress_begin();
        rc = history_reindex(store, on_reindex, NULL, err);
        output_progress_end();
    }
    if (!rc)
        rc = history_get_stats(store, &filter, &s, err);
    if (rc)
        return rc;
    json_t *json = cli->flags.json ? totals_json(&s) : NULL;
    if (!json) {
        output_style(STYLE_FAINT);
        output_printf("%s\n", _("in all"));
        output_style(STYLE_PLAIN);
        tell_totals(&s);
    }
    for (size_t i = 0; !rc && i < ARRAY_LEN(breakdowns); i++)
        rc = breakdown(store, &filter, i, json, err);
    if (json && !rc)
        output_json(json);
    else
        json_decref(json);
    return rc;
}

static int run_stats(struct cli *cli)
{
    return history_run(cli, cli->flags.reindex, stats);
}

const struct subcommand command_history_stats = {
    .name = "history stats",
    .arguments = "",
    .help = N_("Count what was generated: in all, by model, by template, by month"),
    .bit = CMD_HISTORY_STATS,
    .run = run_stats,
};
