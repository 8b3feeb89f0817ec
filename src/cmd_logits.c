/* cmd_logits.c - `xuxie model logits`: what the model computes for given tokens, as a NumPy file,
 * to compare with other programs. Keys and values are always f32, so that only the weights' type
 * and the order of summation differ from a reference. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/cli.h"
#include "src/direct.h"
#include "src/interrupt.h"
#include "src/npy.h"
#include "src/output.h"

/* "1,2,3" (blanks allowed) to a malloc'ed array. */
static int parse_ids(const char *text, int n_vocab, int32_t **out, int *n_out, struct err *err)
{
    size_t n = 0, capacity = strlen(text) / 2 + 1; /* an id takes two bytes at least */
    int32_t *ids = x_malloc(capacity * sizeof ids[0]);
    for (const char *p = text; *(p += strspn(p, ", \t\n"));) {
        char *end, quoted[360];
        errno = 0;
        long id = strtol(p, &end, 10);
        size_t len = strcspn(p, ", \t\n");
        err_quote(quoted, sizeof quoted, p, len);
        if (end != p + len || errno || id < 0 || id >= n_vocab) {
            free(ids);
            return err_set(err, E_INPUT,
                           _("--ids: entry %zu, \"%s\", is not a token; they go from 0 "
                             "to %d"),
                           n + 1, quoted, n_vocab - 1);
        }
        ids[n++] = (int32_t)id;
        p = end;
    }
    *out = ids;
    *n_out = (int)n;
    return 0;
}

static int write_row(void *arg, int i, const float *logits, struct err *err)
{
    (void)i;
    return npy_row(arg, logits, err);
}

static int logits(const struct cli *cli, struct err *err)
{
    struct settings settings = {0};
    struct direct d;
    struct npy *npy = NULL;
    int32_t *ids = NULL;
    int n = 0;
    settings_copy(&settings, &cli->settings);
    settings.kv = ENGINE_KV_F32;
    int rc = direct_open(&settings, &d, err);
    settings_free(&settings);
    if (rc)
        return rc;
    rc = parse_ids(cli->flags.ids, d.model->hp.n_vocab, &ids, &n, err);
    if (!rc && (n < 1 || n > d.plan.n_ctx))
        rc = err_set(err, E_INPUT, _("--ids: %d tokens; the context takes 1 to %d"), n,
                     d.plan.n_ctx);
    if (!rc)
        rc = npy_create(cli->flags.npy, (size_t)n, (size_t)d.model->hp.n_vocab, &npy, err);
    if (!rc)
        rc = direct_eval(&d, ids, n, 0, write_row, npy, err);
    if (!rc)
        rc = npy_finish(npy, err);
    npy_free(npy);
    free(ids);
    direct_close(&d);
    return rc;
}

static int run_logits(struct cli *cli)
{
    struct err err = ERR_INIT;
    if (!cli->flags.ids)
        return cli_usage(cli->command, _("the option --ids is missing"));
    if (!cli->flags.npy)
        return cli_usage(cli->command, _("the option --npy is missing"));
    int rc = logits(cli, &err);
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_model_logits = {
    .name = "model logits",
    .arguments = "",
    .help = N_("Write the logits of given tokens to a NumPy file"),
    .bit = CMD_MODEL_LOGITS,
    .run = run_logits,
};
