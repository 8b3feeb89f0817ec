/* cmd_history_replay.c - `xuxie history replay`: generations made once more (replay.h) and compared
 * with what is recorded. A model stays loaded from one to the next that needs the same. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/history_cli.h"
#include "src/interrupt.h"
#include "src/json_text.h"
#include "src/models.h"
#include "src/output.h"
#include "src/replay.h"

struct replaying {
    const struct cli *cli;
    struct runner *runner;
    char *opened; /* the settings it was opened with, as a text that compares */
    int64_t n_identical, n_different, n_impossible;
};

/* ---- the model ------------------------------------------------------------------------------- */

struct wanted {
    const char *identity;
    char *path; /* where it was found */
};

static void try_path(struct wanted *w, const char *path)
{
    struct weights *weights;
    char identity[33];
    if (w->path || weights_open(path, &weights, NULL) != 0)
        return;
    weights_identity(weights, identity);
    weights_close(weights);
    if (strcmp(identity, w->identity) == 0)
        w->path = x_strdup(path);
}

static void try_entry(void *ctx, const struct model_entry *m)
{
    try_path(ctx, m->path);
}

/* The file of the recorded model: where it lay, or wherever it lies now. NULL: nowhere. */
static char *find_model(const struct history_record *r)
{
    struct wanted w = {.identity = r->model_identity};
    if (r->model_path)
        try_path(&w, r->model_path);
    models_each(try_entry, &w);
    return w.path;
}

/* Sees to it that the engine of the settings is open. */
static int need_runner(struct replaying *p, const struct settings *s, struct err *err)
{
    struct str key = STR_INIT;
    str_printf(&key, "%lld %d %s", (long long)s->n_ctx, (int)s->kv, s->model);
    int rc = 0;
    if (!p->opened || strcmp(p->opened, str_cstr(&key)) != 0) {
        runner_free(p->runner);
        free(p->opened);
        p->runner = NULL;
        p->opened = NULL;
        rc = runner_open(s, &p->runner, err);
        if (!rc)
            p->opened = x_strdup(str_cstr(&key));
    }
    str_free(&key);
    return rc;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void put_piece(struct str *out, int32_t id, const char *piece, size_t n)
{
    char quoted[360];
    if (id < 0)
        str_puts(out, _("the end"));
    else
        str_printf(out, "\"%s\" (%d)", err_quote(quoted, sizeof quoted, piece, n), (int)id);
}

static void tell_text(const struct history_record *r, const struct replay_result *x)
{
    struct str s = STR_INIT;
    if (x->verdict == REPLAY_IDENTICAL && x->whole) {
        str_printf(&s, P_("identical, %zu token", "identical, %zu tokens", x->n_same), x->n_same);
    } else if (x->verdict == REPLAY_IDENTICAL) {
        str_printf(&s,
                   P_("identical as far as it went, %zu token",
                      "identical as far as it went, %zu tokens", x->n_same),
                   x->n_same);
    } else if (x->verdict == REPLAY_DIFFERENT && (x->then >= 0 || x->now >= 0)) {
        struct str then = STR_INIT, now = STR_INIT;
        put_piece(&then, x->then, x->then_piece, x->n_then_piece);
        put_piece(&now, x->now, x->now_piece, x->n_now_piece);
        str_printf(&s, _("first difference at token %zu of %zu: %s instead of %s"), x->n_same + 1,
                   r->n_ids, str_cstr(&now), str_cstr(&then));
        str_free(&then);
        str_free(&now);
    } else if (x->verdict == REPLAY_DIFFERENT) {
        str_printf(&s, _("different: %s"), x->why);
    } else {
        str_printf(&s, _("cannot be made again: %s"), x->why);
    }
    output_printf("%7lld  ", (long long)r->generation);
    output_text(str_cstr(&s), s.len, false);
    output_puts("\n");
    str_free(&s);
}

static json_t *piece_json(int32_t id, const char *piece, size_t n)
{
    if (id < 0)
        return json_null();
    json_t *o = json_pack("{s:i}", "id", (int)id);
    json_set_text(o, "text", piece, n);
    return o;
}

static void tell_json(const struct history_record *r, const struct replay_result *x)
{
    static const char *const verdicts[] = {[REPLAY_IDENTICAL] = "identical",
                                           [REPLAY_DIFFERENT] = "different",
                                           [REPLAY_IMPOSSIBLE] = "impossible"};
    json_t *o = json_pack("{s:I, s:s, s:b, s:I, s:I}", "generation", (json_int_t)r->generation,
                          "verdict", verdicts[x->verdict], "whole", (int)x->whole, "tokens",
                          (json_int_t)r->n_ids, "same", (json_int_t)x->n_same);
    if (x->verdict == REPLAY_DIFFERENT) {
        json_object_set_new(o, "then", piece_json(x->then, x->then_piece, x->n_then_piece));
        json_object_set_new(o, "now", piece_json(x->now, x->now_piece, x->n_now_piece));
    }
    json_set_text(o, "why", x->why, strlen(x->why));
    output_json(o);
}

static void tell(struct replaying *p, const struct history_record *r, const struct replay_result *x)
{
    int64_t *const counts[] = {[REPLAY_IDENTICAL] = &p->n_identical,
                               [REPLAY_DIFFERENT] = &p->n_different,
                               [REPLAY_IMPOSSIBLE] = &p->n_impossible};
    ++*counts[x->verdict];
    if (p->cli->flags.json)
        tell_json(r, x);
    else
        tell_text(r, x);
    output_flush(); /* the next may take long */
}

static void tell_impossible(struct replaying *p, const struct history_record *r, const char *why)
{
    struct replay_result x = {.verdict = REPLAY_IMPOSSIBLE, .then = -1, .now = -1};
    snprintf(x.why, sizeof x.why, "%s", why);
    tell(p, r, &x);
}

/* ---- replaying ------------------------------------------------------------------------------- */

/* Makes it with the settings, whose model is found. */
static int make(struct replaying *p, const struct history_record *r, const struct replay *g,
                struct settings *s, struct err *err)
{
    struct replay_result x;
    struct err why = ERR_INIT;
    s->threads = p->cli->settings.threads;
    int rc = need_runner(p, s, &why);
    if (rc && rc != E_CANCELLED) { /* a bad file, no memory: of this one */
        tell_impossible(p, r, why.msg);
        return 0;
    }
    if (!rc)
        rc = replay_run(p->runner, g, &x, &why);
    if (rc)
        *err = why;
    else
        tell(p, r, &x);
    return rc;
}

static int replay_one(void *ctx, const struct history_record *r, struct err *err)
{
    struct replaying *p = ctx;
    struct replay_part *parts = x_calloc(r->n_prompt + 1, sizeof parts[0]);
    for (size_t i = 0; i < r->n_prompt; i++)
        parts[i] = (struct replay_part){r->prompt[i].ids, r->prompt[i].n_ids};
    const struct replay g = {.parts = parts,
                             .n_parts = r->n_prompt,
                             .n_prompt = (int)r->n_prompt_tokens,
                             .n_dropped = r->n_dropped,
                             .settings = r->settings ? r->settings : "{}",
                             .seed = r->seed,
                             .stream = r->stream,
                             .model = r->model_identity,
                             .tokenizer = r->tokenizer,
                             .ids = r->ids,
                             .n_ids = r->n_ids,
                             .text = r->text,
                             .n_text = r->n_text,
                             .reason = r->reason};
    struct settings s = {0};
    struct err why = ERR_INIT;
    int rc = 0;
    char *path = find_model(r);
    if (!path) {
        tell_impossible(p, r,
                        _("its model is not where it was, nor among those of `xuxie model "
                          "list`"));
    } else if (replay_settings(&g, &s, &why) != 0) {
        tell_impossible(p, r, why.msg);
    } else {
        free(s.model);
        s.model = path;
        path = NULL;
        rc = make(p, r, &g, &s, err);
    }
    if (!rc && !output_ok())
        rc = err_set(err, E_CANCELLED, _("interrupted"));
    settings_free(&s);
    free(path);
    free(parts);
    return rc;
}

static int replay_all(struct store *store, const struct cli *cli, struct err *err)
{
    struct replaying p = {.cli = cli};
    int rc = history_each_record(store, cli, replay_one, &p, err);
    int64_t n = p.n_identical + p.n_different + p.n_impossible;
    if (!cli->flags.json && n > 1)
        output_printf(_("%lld identical, %lld different, %lld cannot be made again\n"),
                      (long long)p.n_identical, (long long)p.n_different,
                      (long long)p.n_impossible);
    if (!rc && n == 0)
        output_note("%s", _("No generation is like this."));
    runner_free(p.runner);
    free(p.opened);
    return rc ? rc : p.n_identical < n;
}

static int run_replay(struct cli *cli)
{
    bool filtered = history_has_filter(&cli->flags);
    if (cli->n_args && filtered)
        return cli_usage(cli->command, _("give either numbers or what they shall be like"));
    if (!cli->n_args && !filtered && !cli->flags.limit)
        return cli_usage(cli->command, _("say which: numbers, or options such as --limit"));
    return history_run(cli, false, replay_all);
}

const struct subcommand command_history_replay = {
    .name = "history replay",
    .arguments = N_("[NUMBER...]"),
    .help = N_("Make generations again and compare them with the record"),
    .about = N_("With the recorded prompt, settings and seed, on the recorded model, wherever that "
                "lies now. The exit status is 0 only when every token is the same."),
    .bit = CMD_HISTORY_REPLAY,
    .max_args = 10000,
    .run = run_replay,
};
