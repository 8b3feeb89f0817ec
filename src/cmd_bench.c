/* cmd_bench.c - `xuxie bench`: tokens per second, reading and writing. The fields of --json have
 * the names of llama-bench's, so that both can be put side by side. Tokens are drawn at random;
 * only their number matters. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/cli.h"
#include "src/direct.h"
#include "src/interrupt.h"
#include "src/output.h"

struct bench {
    struct direct d;
    int32_t *ids;
    int n_prompt, n_gen;
    int64_t *samples_ns;
    size_t n_samples;
};

static void cpu_info(char *out, size_t size)
{
    char line[512];
    FILE *f = fopen("/proc/cpuinfo", "re");
    snprintf(out, size, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        colon += 1 + strspn(colon + 1, " ");
        snprintf(out, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        break;
    }
    if (f)
        fclose(f);
}

/* Once through: n_prompt tokens at once, or n_gen one after the other. */
static int once(struct bench *b, int n_prompt, int n_gen, struct err *err)
{
    kvcache_rewind(&b->d.kv, 0);
    int rc = n_prompt ? direct_eval(&b->d, b->ids, n_prompt, 0, NULL, NULL, err) : 0;
    for (int i = 0; !rc && i < n_gen; i++) {
        rc = interrupt_signal()
                 ? err_set(err, E_CANCELLED, _("interrupted"))
                 : forward_eval(b->d.forward, b->ids + i, 1, WANT_LAST, NULL, NULL, err);
    }
    return rc;
}

static void mean_and_deviation(const double *v, size_t n, double *mean, double *deviation)
{
    *mean = *deviation = 0;
    for (size_t i = 0; i < n; i++)
        *mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        *deviation += (v[i] - *mean) * (v[i] - *mean);
    *deviation = n > 1 ? sqrt(*deviation / (double)(n - 1)) : 0;
}

static json_t *numbers(const double *v, size_t n, bool whole)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, whole ? json_integer((json_int_t)v[i]) : json_real(v[i]));
    return list;
}

/* What one measurement found, as llama-bench calls it. */
static json_t *report(const struct bench *b, int n_prompt, int n_gen, double *avg_ts,
                      double *stddev_ts)
{
    char cpu[256], now[32];
    time_t t = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
    cpu_info(cpu, sizeof cpu);
    double *ns = x_calloc(b->n_samples, sizeof ns[0]), *ts = x_calloc(b->n_samples, sizeof ts[0]);
    double avg_ns, stddev_ns;
    for (size_t i = 0; i < b->n_samples; i++) {
        ns[i] = (double)b->samples_ns[i];
        ts[i] = 1e9 * (n_prompt + n_gen) / ns[i];
    }
    mean_and_deviation(ns, b->n_samples, &avg_ns, &stddev_ns);
    mean_and_deviation(ts, b->n_samples, avg_ts, stddev_ts);
    const struct direct *d = &b->d;
    const char *kv = d->plan.kv == ENGINE_KV_F16 ? "f16" : "f32";
    json_t *o = json_object();
    json_object_set_new(o, "build_commit", json_string(PACKAGE_STRING));
    json_object_set_new(o, "cpu_info", output_json_string(cpu, strlen(cpu)));
    json_object_set_new(o, "backends", json_string(kernels_get()->name));
    json_object_set_new(o, "model_filename", output_json_string(d->path, strlen(d->path)));
    struct str type = STR_INIT;
    str_printf(&type, "%s %s", d->model->arch->name, model_type_name(d->model));
    json_object_set_new(o, "model_type", json_string(str_cstr(&type)));
    str_free(&type);
    json_object_set_new(o, "model_size", json_integer(weights_file_bytes(d->model->weights)));
    json_object_set_new(o, "model_n_params", json_integer(model_n_params(d->model)));
    json_object_set_new(o, "n_batch", json_integer(d->plan.n_batch));
    json_object_set_new(o, "n_threads", json_integer(d->plan.n_threads));
    json_object_set_new(o, "type_k", json_string(kv));
    json_object_set_new(o, "type_v", json_string(kv));
    json_object_set_new(o, "n_prompt", json_integer(n_prompt));
    json_object_set_new(o, "n_gen", json_integer(n_gen));
    json_object_set_new(o, "test_time", json_string(now));
    json_object_set_new(o, "avg_ns", json_integer((json_int_t)avg_ns));
    json_object_set_new(o, "stddev_ns", json_integer((json_int_t)stddev_ns));
    json_object_set_new(o, "avg_ts", json_real(*avg_ts));
    json_object_set_new(o, "stddev_ts", json_real(*stddev_ts));
    json_object_set_new(o, "samples_ns", numbers(ns, b->n_samples, true));
    json_object_set_new(o, "samples_ts", numbers(ts, b->n_samples, false));
    free(ns);
    free(ts);
    return o;
}

/* One warm-up, then every repetition; the result into `all`, or as a row of the table. */
static int measure(struct bench *b, int n_prompt, int n_gen, json_t *all, struct err *err)
{
    int rc = once(b, n_prompt, n_prompt ? 0 : 1, err);
    for (size_t i = 0; !rc && i < b->n_samples; i++) {
        int64_t begin = clock_mono_ns();
        output_progress(_("measuring: %zu of %zu"), i + 1, b->n_samples);
        rc = once(b, n_prompt, n_gen, err);
        b->samples_ns[i] = clock_mono_ns() - begin;
    }
    if (rc)
        return rc;
    double avg, deviation;
    json_t *o = report(b, n_prompt, n_gen, &avg, &deviation);
    if (all) {
        json_array_append_new(all, o);
    } else {
        output_printf("%-28s %8.2f M  %-4s %2d  %s%-6d %10.2f ± %.2f\n",
                      json_string_value(json_object_get(o, "model_type")),
                      (double)model_n_params(b->d.model) / 1e6,
                      json_string_value(json_object_get(o, "type_k")), b->d.plan.n_threads,
                      n_prompt ? "pp" : "tg", n_prompt ? n_prompt : n_gen, avg, deviation);
        json_decref(o);
    }
    return 0;
}

static int bench(const struct cli *cli, struct bench *b, struct err *err)
{
    json_t *all = cli->flags.json ? json_array() : NULL;
    const int n_ctx = b->d.plan.n_ctx;
    b->n_prompt = (int)cli->flags.n_prompt;
    b->n_gen = (int)cli->flags.n_gen;
    if (b->n_prompt > n_ctx || b->n_gen > n_ctx) {
        json_decref(all);
        return err_set(err, E_USAGE, _("the context takes %d tokens; -p and -n must not be more"),
                       n_ctx);
    }
    b->n_samples = (size_t)cli->flags.repetitions;
    b->samples_ns = x_calloc(b->n_samples, sizeof b->samples_ns[0]);
    b->ids = x_calloc((size_t)n_ctx, sizeof b->ids[0]);
    for (int i = 0; i < n_ctx; i++)
        b->ids[i] = (int32_t)(rng_uniform(1, 0, (uint64_t)i, 0) * b->d.model->hp.n_vocab);
    if (!all)
        output_printf("%-28s %10s  %-4s %2s  %-8s %10s\n", _("model"), _("size"), "kv", _("t"),
                      _("test"), _("tokens/s"));
    output_progress_begin();
    int rc = b->n_prompt ? measure(b, b->n_prompt, 0, all, err) : 0;
    output_flush();
    if (!rc && b->n_gen)
        rc = measure(b, 0, b->n_gen, all, err);
    output_progress_end();
    if (rc)
        json_decref(all);
    else if (all)
        output_json(all);
    free(b->samples_ns);
    free(b->ids);
    return rc;
}

static int run_bench(struct cli *cli)
{
    struct bench b = {0};
    struct err err = ERR_INIT;
    int rc = direct_open(&cli->settings, &b.d, &err);
    if (!rc)
        rc = bench(cli, &b, &err);
    direct_close(&b.d);
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_bench = {
    .name = "bench",
    .arguments = "",
    .help = N_("Measure tokens per second, reading (pp) and writing (tg)"),
    .bit = CMD_BENCH,
    .run = run_bench,
};
