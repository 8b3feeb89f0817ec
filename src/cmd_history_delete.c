/* cmd_history_delete.c - `xuxie history delete`: the one command that takes something away for
 * good. It says what will go before it asks, and never takes silence for a yes. */
#include "config.h"

#include <stdlib.h>

#include "src/ask.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/history_cli.h"
#include "src/interrupt.h"
#include "src/output.h"

enum { SHOWN = 10, FLUSH_MS = 200 };

struct doomed {
    store_ref *refs;
    size_t n, cap, n_starred;
};

/* True when it is to be shown. */
static bool add(struct doomed *d, store_ref generation, bool starred)
{
    if (d->n == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 64;
        d->refs = x_realloc(d->refs, d->cap * sizeof d->refs[0]);
    }
    if (d->n == 0)
        output_puts(_("These generations will be deleted:\n"));
    d->n_starred += starred;
    d->refs[d->n++] = generation;
    return d->n <= SHOWN;
}

static int add_hit(void *ctx, const struct history_hit *hit, struct err *err)
{
    (void)err;
    if (add(ctx, hit->generation, hit->starred))
        history_print_hit(hit, true);
    return 0;
}

static int add_record(void *ctx, const struct history_record *r, struct err *err)
{
    struct doomed *d = ctx;
    (void)err;
    for (size_t i = 0; i < d->n; i++)
        if (d->refs[i] == r->generation)
            return 0; /* the same number twice */
    if (add(d, r->generation, r->starred))
        history_print_record(r);
    return 0;
}

static int find(struct store *store, const struct cli *cli, struct doomed *d, struct err *err)
{
    struct history_filter filter;
    if (cli->n_args)
        return history_each_record(store, cli, add_record, d, err);
    int rc = history_filter_of(&cli->flags, &filter, err);
    return rc ? rc : history_each(store, &filter, cli->flags.limit, add_hit, d, err);
}

/* What the list above does not show: how many in all, what is dear, what stays. */
static void tell(const struct doomed *d, int64_t n_all)
{
    if (d->n > SHOWN)
        output_printf(P_("        ... and %zu more\n", "        ... and %zu more\n", d->n - SHOWN),
                      d->n - SHOWN);
    output_printf(
        P_("%zu generation in all; %lld stay.", "%zu generations in all; %lld stay.", d->n), d->n,
        (long long)(n_all - (int64_t)d->n));
    if (d->n_starred)
        output_printf(P_(" %zu of them has a star.", " %zu of them have a star.", d->n_starred),
                      d->n_starred);
    output_printf(" %s\n",
                  _("Prompts, tokens, tags and notes go with them; the passages of stories "
                    "keep their text."));
}

/* Deleting goes on to its end once it has begun, but for a signal. */
static int carry_out(struct store *store, const struct doomed *d, struct err *err)
{
    history_delete(store, d->refs, d->n);
    output_progress_begin();
    for (;;) {
        struct store_status status;
        int rc = store_flush(store, FLUSH_MS, err);
        store_get_status(store, &status);
        if (!rc || status.failing || status.read_only)
            return rc;
        if (interrupt_signal())
            return err_set(err, E_CANCELLED, _("interrupted"));
        output_progress("%s", _("deleting..."));
    }
}

static int delete (struct store *store, const struct cli *cli, struct err *err)
{
    struct doomed d = {0};
    int rc = find(store, cli, &d, err);
    if (!rc && d.n == 0) {
        output_note("%s", _("No generation is like this."));
    } else if (!rc) {
        tell(&d, history_count(store));
        output_flush();
        if (cli->flags.yes)
            rc = carry_out(store, &d, err);
        else if (!ask_possible())
            rc = err_set(err, E_USAGE,
                         _("nothing was deleted: there is no terminal to ask on; "
                           "--yes deletes without asking"));
        else if (ask_yes(_("Delete them for good?")))
            rc = carry_out(store, &d, err);
        else if (!interrupt_signal())
            output_note("%s", _("Nothing was deleted."));
    }
    free(d.refs);
    return rc ? rc : interrupt_signal() ? err_set(err, E_CANCELLED, _("interrupted")) : 0;
}

static int run_delete(struct cli *cli)
{
    bool filtered = history_has_filter(&cli->flags);
    if (cli->n_args && filtered)
        return cli_usage(cli->command, _("give either numbers or what they shall be like"));
    if (!cli->n_args && !filtered)
        return cli_usage(cli->command, _("say which: numbers, or options such as --until"));
    return history_run(cli, true, delete);
}

const struct subcommand command_history_delete = {
    .name = "history delete",
    .arguments = N_("[NUMBER...]"),
    .help = N_("Delete generations for good"),
    .about = N_("Those of the numbers, or all that are like the options say. What will go is told "
                "first and must be confirmed, on the terminal or with --yes. Passages of stories "
                "keep their text; their prompts, settings and tokens are gone."),
    .bit = CMD_HISTORY_DELETE,
    .max_args = 10000,
    .run = run_delete,
};
