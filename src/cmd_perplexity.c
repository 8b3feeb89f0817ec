/* cmd_perplexity.c - `xuxie perplexity FILE`: how surprised a model is by a text.
 *
 * As llama.cpp's perplexity tool does it: the text's tokens are cut into consecutive windows of
 * n_ctx; each is evaluated on its own (its first token replaced by BOS where the model wants one);
 * the tokens after the first half are scored, so that each is seen with at least n_ctx/2 - 1 tokens
 * before it. The result is exp(mean of -ln p) with its standard error exp(mean) * sqrt(variance /
 * (count - 1)).
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/cli.h"
#include "src/direct.h"
#include "src/interrupt.h"
#include "src/output.h"
#include "src/textfile.h"

struct scoring {
    const int32_t *window; /* [n_ctx] */
    int n_ctx, n_vocab;
    double sum, sum_squares; /* of -ln p */
    int64_t count;
};

struct estimate {
    double perplexity, error; /* error is 0 where there is none yet */
};

/* -ln softmax(logits)[id], in double: the sum has tens of thousands of terms. */
static double surprise(const float *logits, int n, int32_t id)
{
    float max = logits[0];
    for (int i = 1; i < n; i++)
        if (logits[i] > max)
            max = logits[i];
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp((double)logits[i] - (double)max);
    return log(sum) + (double)max - (double)logits[id];
}

static int score(void *arg, int i, const float *logits, struct err *err)
{
    struct scoring *s = arg;
    (void)err;
    if (i + 1 >= s->n_ctx)
        return 0; /* predicts what belongs to the next window */
    double v = surprise(logits, s->n_vocab, s->window[i + 1]);
    s->sum += v;
    s->sum_squares += v * v;
    s->count++;
    return 0;
}

static struct estimate estimate(const struct scoring *s)
{
    double n = (double)s->count, mean = s->sum / n;
    double variance = s->sum_squares / n - mean * mean;
    struct estimate e = {.perplexity = exp(mean)};
    if (variance > 0 && s->count > 1)
        e.error = sqrt(variance / (n - 1)) * e.perplexity;
    return e;
}

static int tokens_of(const char *path, const struct direct *d, int32_t **ids, size_t *n,
                     struct err *err)
{
    struct str text = STR_INIT;
    int rc = textfile_read(path, 0, LIMIT_STORY_FILE_BYTES, &text, err);
    if (!rc)
        rc = textfile_check(path, &text, err);
    if (!rc) {
        size_t capacity = text.len + 2;
        *ids = x_malloc(capacity * sizeof **ids);
        rc = tokenizer_encode(d->tokenizer, str_cstr(&text), text.len, TOKENIZE_SPECIAL, *ids,
                              capacity, n, err);
        if (!rc && *n > capacity)
            rc = err_set(err, E_UNSUPPORTED, _("%s: more tokens than bytes"), textfile_name(path));
    }
    str_free(&text);
    return rc;
}

static void tell_window(const struct cli *cli, const struct scoring *s, size_t window,
                        size_t n_windows)
{
    struct estimate e = estimate(s);
    if (cli->flags.json)
        output_json(json_pack("{s:s, s:I, s:I, s:I, s:f, s:f}", "event", "window", "window",
                              (json_int_t)window, "windows", (json_int_t)n_windows, "tokens",
                              (json_int_t)s->count, "perplexity", e.perplexity, "error", e.error));
    else
        output_printf("[%zu/%zu] %.4f\n", window, n_windows, e.perplexity);
    output_flush();
}

static void tell_final(const struct cli *cli, const struct scoring *s, size_t n_windows)
{
    struct estimate e = estimate(s);
    if (cli->flags.json)
        output_json(json_pack("{s:s, s:I, s:i, s:I, s:f, s:f}", "event", "done", "windows",
                              (json_int_t)n_windows, "n_ctx", s->n_ctx, "tokens",
                              (json_int_t)s->count, "perplexity", e.perplexity, "error", e.error));
    else
        output_printf(_("perplexity %.4f +/- %.5f on %lld tokens\n"), e.perplexity, e.error,
                      (long long)s->count);
}

static int measure(const struct cli *cli, struct direct *d, const char *path, struct err *err)
{
    int32_t *ids = NULL;
    size_t n = 0;
    const int n_ctx = d->plan.n_ctx;
    int rc = tokens_of(path, d, &ids, &n, err);
    if (!rc && (n_ctx < 2 || n < (size_t)n_ctx))
        rc = err_set(err, E_INPUT,
                     _("%s: %zu tokens, less than one window of %d; take a longer text or a "
                       "smaller --n-ctx"),
                     textfile_name(path), n, n_ctx);
    struct scoring s = {.n_ctx = n_ctx, .n_vocab = d->model->hp.n_vocab};
    size_t n_windows = n / (size_t)n_ctx;
    for (size_t w = 0; !rc && w < n_windows && output_ok(); w++) {
        int32_t *window = ids + w * (size_t)n_ctx;
        if (tokenizer_adds_bos(d->tokenizer))
            window[0] = tokenizer_bos(d->tokenizer);
        s.window = window;
        kvcache_rewind(&d->kv, 0);
        rc = direct_eval(d, window, n_ctx, n_ctx / 2, score, &s, err);
        if (!rc)
            tell_window(cli, &s, w + 1, n_windows);
    }
    if (!rc && output_ok())
        tell_final(cli, &s, n_windows);
    free(ids);
    return rc;
}

static int run_perplexity(struct cli *cli)
{
    struct direct d;
    struct err err = ERR_INIT;
    int rc = direct_open(&cli->settings, &d, &err);
    if (!rc)
        rc = direct_open_tokenizer(&d, &err);
    if (!rc)
        rc = measure(cli, &d, cli->args[0], &err);
    direct_close(&d);
    output_flush();
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_perplexity = {
    .name = "perplexity",
    .arguments = N_("FILE|-"),
    .help = N_("Measure how well a model predicts a text"),
    .about =
        N_("The text is cut into windows of the context's size; the first half of each is only "
           "context. Smaller is better; compare only models with the same tokenizer."),
    .bit = CMD_PERPLEXITY,
    .min_args = 1,
    .max_args = 1,
    .run = run_perplexity,
};
