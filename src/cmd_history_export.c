/* cmd_history_export.c - `xuxie history export`: generations to a file, one after the other as they
 * are read, so that a million takes no more memory than one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/csv_write.h"
#include "src/dates.h"
#include "src/history_cli.h"
#include "src/json_text.h"
#include "src/outfile.h"
#include "src/output.h"

struct exporting {
    struct outfile *out;
    const struct format *format;
    bool raw; /* csv */
    int64_t n;
};

/* ---- jsonl ----------------------------------------------------------------------------------- */

static void write_jsonl(struct exporting *e, const struct history_record *r)
{
    json_write_line(history_json(r), e->out);
}

/* ---- txt, md --------------------------------------------------------------------------------- */

static void put_where(const struct history_record *r, struct str *s)
{
    char when[DATE_TEXT];
    str_printf(s, "%s, %s", date_local(r->started_ms, when), r->origin);
    if (r->story_title && r->story_title[0])
        str_printf(s, ", %s", r->story_title);
    if (r->template)
        str_printf(s, ", [%s]", r->template);
    if (r->model_name && r->model_name[0])
        str_printf(s, ", %s", r->model_name);
}

static void write_txt(struct exporting *e, const struct history_record *r)
{
    struct str head = STR_INIT;
    str_printf(&head, "%s---- %lld, ", e->n ? "\n" : "", (long long)r->generation);
    put_where(r, &head);
    str_puts(&head, "\n\n");
    outfile_write(e->out, head.data, head.len);
    outfile_write(e->out, r->text, r->n_text);
    if (!r->n_text || r->text[r->n_text - 1] != '\n')
        outfile_write(e->out, "\n", 1);
    str_free(&head);
}

/* A fence longer than any row of backticks in the text. */
static size_t fence_of(const char *text, size_t n)
{
    size_t longest = 2, row = 0;
    for (size_t i = 0; i < n; i++) {
        row = text[i] == '`' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    return longest + 1;
}

static void put_fenced(struct outfile *out, const char *text, size_t n)
{
    struct str fence = STR_INIT;
    for (size_t i = fence_of(text, n); i > 0; i--)
        str_putc(&fence, '`');
    outfile_puts(out, str_cstr(&fence));
    outfile_puts(out, "text\n");
    outfile_write(out, text, n);
    outfile_puts(out, n && text[n - 1] == '\n' ? "" : "\n");
    outfile_puts(out, str_cstr(&fence));
    outfile_puts(out, "\n");
    str_free(&fence);
}

/* A line of a list that is text, whatever is in it. */
static void put_item(struct outfile *out, const char *name, const char *value)
{
    struct str s = STR_INIT;
    str_printf(&s, "- %s: ", name);
    for (const char *p = value; *p; p++) {
        if (strchr("\\`*_[]<&#", *p))
            str_putc(&s, '\\');
        str_putc(&s, *p == '\n' || *p == '\r' ? ' ' : *p);
    }
    str_putc(&s, '\n');
    outfile_write(out, s.data, s.len);
    str_free(&s);
}

static void write_md(struct exporting *e, const struct history_record *r)
{
    struct str s = STR_INIT;
    str_printf(&s, "%s## %lld%s\n\n", e->n ? "\n" : "", (long long)r->generation,
               r->starred ? " ★" : "");
    outfile_write(e->out, s.data, s.len);
    str_clear(&s);
    put_where(r, &s);
    put_item(e->out, _("begun"), str_cstr(&s));
    put_item(e->out, _("ended"), history_reason(r->reason));
    for (size_t i = 0; i < r->n_tags; i++)
        put_item(e->out, _("tag"), r->tags[i]);
    if (r->note[0])
        put_item(e->out, _("note"), r->note);
    if (r->settings)
        put_item(e->out, _("settings"), r->settings);
    str_clear(&s);
    str_printf(&s, "%llu", (unsigned long long)r->seed);
    put_item(e->out, _("seed"), str_cstr(&s));
    str_clear(&s);
    s.max = SIZE_MAX / 4;
    for (size_t i = 0; i < r->n_prompt; i++)
        str_append(&s, r->prompt[i].text, r->prompt[i].n_text);
    outfile_puts(e->out, "\n");
    put_fenced(e->out, str_cstr(&s), s.len);
    outfile_puts(e->out, "\n");
    put_fenced(e->out, r->text, r->n_text);
    str_free(&s);
}

/* ---- csv ------------------------------------------------------------------------------------- */

static void begin_csv(struct exporting *e)
{
    static const char *const names[] = {
        "generation", "started",    "origin",     "story",     "story_title",    "passage",
        "template",   "version",    "shots_used", "model",     "model_identity", "seed",
        "settings",   "reason",     "starred",    "tags",      "note",           "prompt_tokens",
        "tokens",     "characters", "prefill_ms", "decode_ms", "prompt",         "text"};
    struct str line = STR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        csv_text(&line, names[i], strlen(names[i]), true);
    csv_end_line(&line);
    outfile_write(e->out, line.data, line.len);
    str_free(&line);
}

static void put_text(const struct exporting *e, struct str *line, const char *text)
{
    csv_text(line, text ? text : "", text ? strlen(text) : 0, e->raw);
}

static void write_csv(struct exporting *e, const struct history_record *r)
{
    struct str line, prompt, tags = STR_INIT;
    char when[DATE_TEXT], seed[32];
    str_init(&line, SIZE_MAX / 4);
    str_init(&prompt, SIZE_MAX / 4);
    for (size_t i = 0; i < r->n_prompt; i++)
        str_append(&prompt, r->prompt[i].text, r->prompt[i].n_text);
    for (size_t i = 0; i < r->n_tags; i++)
        str_printf(&tags, "%s%s", i ? "," : "", r->tags[i]);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed);
    csv_int(&line, r->generation);
    put_text(e, &line, date_iso(r->started_ms, when));
    put_text(e, &line, r->origin);
    csv_int_or_empty(&line, r->story);
    put_text(e, &line, r->story_title);
    csv_int_or_empty(&line, r->node);
    put_text(e, &line, r->template);
    csv_int_or_empty(&line, r->template_number);
    if (r->k_used >= 0)
        csv_int(&line, r->k_used);
    else
        put_text(e, &line, NULL);
    put_text(e, &line, r->model_name);
    put_text(e, &line, r->model_identity);
    put_text(e, &line, seed);
    put_text(e, &line, r->settings);
    put_text(e, &line, r->reason);
    csv_int(&line, r->starred);
    put_text(e, &line, str_cstr(&tags));
    put_text(e, &line, r->note);
    csv_int(&line, r->n_prompt_tokens);
    csv_int(&line, (int64_t)r->n_ids);
    csv_int(&line, (int64_t)utf8_count(r->text, r->n_text));
    csv_int(&line, r->prefill_us / 1000);
    csv_int(&line, r->decode_us / 1000);
    csv_text(&line, str_cstr(&prompt), prompt.len, e->raw);
    csv_text(&line, r->text, r->n_text, e->raw);
    csv_end_line(&line);
    outfile_write(e->out, line.data, line.len);
    str_free(&line);
    str_free(&prompt);
    str_free(&tags);
}

/* ---- the command ----------------------------------------------------------------------------- */

static const struct format {
    const char *name;
    void (*begin)(struct exporting *e); /* NULL: nothing */
    void (*write)(struct exporting *e, const struct history_record *r);
} formats[] = {
    {"jsonl", NULL, write_jsonl},
    {"md", NULL, write_md},
    {"txt", NULL, write_txt},
    {"csv", begin_csv, write_csv},
};

/* --format, else the suffix of the file, else jsonl. */
static const struct format *format_of(const struct flags *f)
{
    const char *dot = f->output ? strrchr(f->output, '.') : NULL;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (f->format ? strcmp(formats[i].name, f->format) == 0
                      : dot && strcasecmp(formats[i].name, dot + 1) == 0)
            return &formats[i];
    return &formats[0];
}

static int export_one(void *ctx, const struct history_record *r, struct err *err)
{
    struct exporting *e = ctx;
    e->format->write(e, r);
    e->n++;
    output_progress(P_("%lld generation", "%lld generations", e->n), (long long)e->n);
    /* what went wrong, outfile_finish() tells */
    return outfile_ok(e->out) ? 0 : err_set(err, E_CANCELLED, _("interrupted"));
}

static int export(struct store *store, const struct cli *cli, struct err *err)
{
    const struct flags *f = &cli->flags;
    const char *path = f->output ? f->output : "-";
    struct exporting e = {.format = format_of(f), .raw = f->raw};
    int rc = outfile_open(path, f->force, &e.out, err);
    if (rc)
        return rc;
    if (e.format->begin)
        e.format->begin(&e);
    output_progress_begin();
    rc = history_each_record(store, cli, export_one, &e, err);
    output_progress_end();
    if (rc && outfile_ok(e.out)) {
        outfile_abandon(e.out);
        return rc;
    }
    int finished = outfile_finish(e.out, err);
    return finished ? finished : rc;
}

static int run_export(struct cli *cli)
{
    if (cli->n_args && history_has_filter(&cli->flags))
        return cli_usage(cli->command, _("give either numbers or what they shall be like"));
    return history_run(cli, false, export);
}

const struct subcommand command_history_export = {
    .name = "history export",
    .arguments = N_("[NUMBER...]"),
    .help = N_("Write generations to a file or standard output: jsonl, md, txt, csv"),
    .about =
        N_("Those of the numbers, or all that are like the options say. jsonl has everything, "
           "tokens included. In csv a text that a spreadsheet would take for a formula gets an "
           "apostrophe in front."),
    .bit = CMD_HISTORY_EXPORT,
    .max_args = 10000,
    .run = run_export,
};
