/* cmd_history_diff.c - `xuxie history diff`: two generations side by side, as one text with what
 * was removed and what was added; and which of their settings differ. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/dates.h"
#include "src/diff.h"
#include "src/history_cli.h"
#include "src/json_text.h"
#include "src/output.h"

/* ---- what is compared ------------------------------------------------------------------------ */

static void text_of(const struct history_record *r, bool prompt, struct str *out)
{
    str_init(out, SIZE_MAX / 4);
    if (!prompt)
        str_append(out, r->text, r->n_text);
    for (size_t i = 0; prompt && i < r->n_prompt; i++)
        str_append(out, r->prompt[i].text, r->prompt[i].n_text);
}

/* Settings, and what else decides about a text. */
static json_t *facts_of(const struct history_record *r)
{
    json_t *o = history_settings(r);
    json_object_set_new(o, "model",
                        output_json_string(r->model_name ? r->model_name : "",
                                           r->model_name ? strlen(r->model_name) : 0));
    json_object_set_new(o, "model_identity",
                        output_json_string(r->model_identity, strlen(r->model_identity)));
    json_object_set_new(o, "stream", json_integer(r->stream));
    if (r->template_version) {
        struct str s = STR_INIT;
        str_printf(&s, "%s %lld", r->template ? r->template : "?", (long long)r->template_number);
        json_object_set_new(o, "template", output_json_string(str_cstr(&s), s.len));
        json_object_set_new(o, "shots", json_integer(r->k_used));
        str_free(&s);
    }
    return o;
}

/* ---- settings -------------------------------------------------------------------------------- */

static json_t *difference(const char *name, json_t *a, json_t *b)
{
    return json_pack("{s:s, s:O?, s:O?}", "name", name, "a", a, "b", b);
}

/* A list of {name, a, b}; a or b is null where there is none. */
static json_t *differing(json_t *a, json_t *b)
{
    json_t *list = json_array(), *value;
    const char *name;
    json_object_foreach(a, name, value)
    {
        json_t *other = json_object_get(b, name);
        if (!other || !json_equal(value, other))
            json_array_append_new(list, difference(name, value, other));
    }
    json_object_foreach(b, name, value)
    {
        if (!json_object_get(a, name))
            json_array_append_new(list, difference(name, NULL, value));
    }
    return list;
}

static void print_value(const json_t *value, enum output_style style)
{
    struct str s = STR_INIT;
    history_value_text(json_is_null(value) ? NULL : value, &s);
    output_style(style);
    output_text(s.len ? str_cstr(&s) : "-", s.len ? s.len : 1, false);
    output_style(STYLE_PLAIN);
    str_free(&s);
}

static void print_settings(const json_t *list)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        const char *name = json_string_value(json_object_get(o, "name"));
        output_puts("  ");
        output_text(name, strlen(name), false);
        output_puts(": ");
        print_value(json_object_get(o, "a"), STYLE_REMOVED);
        output_puts(" → ");
        print_value(json_object_get(o, "b"), STYLE_ADDED);
        output_puts("\n");
    }
    if (json_array_size(list) == 0)
        output_printf("  %s\n", _("same model, same settings"));
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_run(const struct diff_run *run, const char *a, const char *b)
{
    static const char *const before[] = {"", "[-", "{+"}, *const behind[] = {"", "-]", "+}"};
    static const enum output_style styles[] = {STYLE_PLAIN, STYLE_REMOVED, STYLE_ADDED};
    bool styled = output_has_styles();
    const char *p = run->kind == DIFF_ADDED ? b + run->b_begin : a + run->a_begin;
    size_t n = run->kind == DIFF_ADDED ? run->b_end - run->b_begin : run->a_end - run->a_begin;
    output_style(styles[run->kind]);
    output_puts(styled ? "" : before[run->kind]);
    output_text(p, n, false);
    output_puts(styled ? "" : behind[run->kind]);
    output_style(STYLE_PLAIN);
}

static void print_head(const char *mark, const struct history_record *r, enum output_style style)
{
    char when[DATE_TEXT];
    output_style(style);
    output_printf("%s %lld", mark, (long long)r->generation);
    output_style(STYLE_PLAIN);
    output_printf("  %s  ", date_local(r->started_ms, when));
    output_text(r->origin, strlen(r->origin), false);
    output_puts("\n");
}

static json_t *run_json(const struct diff_run *run, const char *a, const char *b)
{
    static const char *const names[] = {"same", "removed", "added"};
    json_t *o = json_pack("{s:s}", "op", names[run->kind]);
    if (run->kind == DIFF_ADDED)
        json_set_text(o, "text", b + run->b_begin, run->b_end - run->b_begin);
    else
        json_set_text(o, "text", a + run->a_begin, run->a_end - run->a_begin);
    return o;
}

static void tell(const struct history_record *a, const struct history_record *b,
                 const struct flags *f)
{
    struct str text_a, text_b;
    struct diff d;
    json_t *facts_a = facts_of(a), *facts_b = facts_of(b);
    json_t *settings = differing(facts_a, facts_b);
    text_of(a, f->prompt, &text_a);
    text_of(b, f->prompt, &text_b);
    diff_texts(str_cstr(&text_a), text_a.len, str_cstr(&text_b), text_b.len, &d);
    diff_tidy(&d, str_cstr(&text_a));
    if (f->json) {
        json_t *runs = json_array();
        for (size_t i = 0; i < d.n_runs; i++)
            json_array_append_new(runs, run_json(&d.runs[i], str_cstr(&text_a), str_cstr(&text_b)));
        output_json(json_pack("{s:I, s:I, s:O, s:o}", "a", (json_int_t)a->generation, "b",
                              (json_int_t)b->generation, "settings", settings, "runs", runs));
    } else {
        print_head("---", a, STYLE_REMOVED);
        print_head("+++", b, STYLE_ADDED);
        print_settings(settings);
        output_puts("\n");
        for (size_t i = 0; i < d.n_runs; i++)
            print_run(&d.runs[i], str_cstr(&text_a), str_cstr(&text_b));
        output_puts("\n");
    }
    diff_free(&d);
    str_free(&text_a);
    str_free(&text_b);
    json_decref(settings);
    json_decref(facts_a);
    json_decref(facts_b);
}

static int diff(struct store *store, const struct cli *cli, struct err *err)
{
    struct history_record *a = NULL, *b = NULL;
    int rc = history_load_arg(store, cli->args[0], &a, err);
    if (!rc)
        rc = history_load_arg(store, cli->args[1], &b, err);
    if (!rc)
        tell(a, b, &cli->flags);
    history_record_free(a);
    history_record_free(b);
    return rc;
}

static int run_diff(struct cli *cli)
{
    return history_run(cli, false, diff);
}

const struct subcommand command_history_diff = {
    .name = "history diff",
    .arguments = N_("NUMBER NUMBER"),
    .help = N_("Show what differs between two generations"),
    .about =
        N_("Settings that differ, then the text of both: what only the first has and what only "
           "the second has in colours, or as [-removed-]{+added+} where there are none. Chinese "
           "is compared by characters, other scripts by words."),
    .bit = CMD_HISTORY_DIFF,
    .min_args = 2,
    .max_args = 2,
    .run = run_diff,
};
